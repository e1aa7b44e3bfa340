// SPDX-License-Identifier: EUPL-1.2
/*
 * Whether a line is UTF-8, at the speed of the rest of the fast record scanner. Private to
 * record*.c.
 */
#ifndef FORMAT_RECORD_UTF8_H
#define FORMAT_RECORD_UTF8_H

#include "format/record.h"

/**
 * Whether all of a line is well-formed UTF-8 (RFC 3629), as text_valid_size() has it.
 *
 * line      RECORD_PADDING_SIZE readable bytes follow it
 */
bool record_utf8_valid(struct span line);

#endif
