// SPDX-License-Identifier: EUPL-1.2
/*
 * Text: UTF-8 as RFC 3629 defines it. Bytes from outside are checked here before they are shown or
 * written into our own files.
 */
#ifndef BASE_TEXT_H
#define BASE_TEXT_H

#include "base/buf.h"

/**
 * How many bytes at the start of `span` are well-formed UTF-8 (RFC 3629: no overlong forms, no
 * surrogates, nothing above U+10FFFF).
 *
 * span      looked at
 *
 * Returns span.size when all of it is.
 */
size_t text_valid_size(struct span span);

/**
 * Append `span` with every byte that is not well-formed UTF-8 replaced by U+FFFD.
 *
 * buf       receives the text
 * span      any bytes
 */
void text_add_repaired(struct buf *buf, struct span span);

/**
 * Append `span` so that a terminal shows it and obeys none of it: what is not UTF-8 becomes U+FFFD,
 * control characters (C0, DEL, C1) become "\xNN", bidirectional controls become "\u{NNNN}".
 *
 * buf       receives the text
 * span      any bytes
 */
void text_add_printable(struct buf *buf, struct span span);

/**
 * Append the UTF-8 form of one code point.
 *
 * buf         receives 1 .. 4 bytes
 * code_point  U+0000 .. U+10FFFF, no surrogate; anything else gives U+FFFD
 */
void text_add_code_point(struct buf *buf, uint32_t code_point);

/**
 * Whether every byte is ASCII (below 0x80).
 *
 * span      looked at
 */
bool text_is_ascii(struct span span);

#endif
