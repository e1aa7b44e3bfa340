// SPDX-License-Identifier: EUPL-1.2
/*
 * Messages in what comes over a stream, and the one line that becomes of each. Syslog over TCP and
 * TLS knows two framings (RFC 6587, sections 3.4.1 and 3.4.2; RFC 5425, section 4.3): a count of
 * bytes before each message, or a line end behind it; a sender may mix them. Other streams have a
 * line end behind each.
 */
#ifndef INTAKE_FRAME_H
#define INTAKE_FRAME_H

#include "base/err.h"
#include "base/span.h"

enum {
    INTAKE_MESSAGE_SIZE_MAX = 128 * 1024, /* longer ones are cut there */
    INTAKE_COUNT_DIGITS_MAX = 7,
};

/* What is known of a stream between two pieces of it. */
struct intake_frame {
    bool counts;  /* a message may begin with its count */
    size_t left;  /* bytes still to come of a counted message that is passed over */
    bool passing; /* what comes up to the next line end is passed over */
    uint64_t cut; /* messages that were cut */
};

/**
 * Take the next message from a stream.
 *
 * frame     all zero but for `counts` at its start
 * rest      what came and was not taken yet; moves on
 * ended     nothing more comes: what is left is a message
 * ret       its bytes, of `rest`; may be empty. One that is too long comes as its first
 *           INTAKE_MESSAGE_SIZE_MAX bytes, and is counted in `frame`
 *
 * Errors    ERR_AGAIN it is not whole yet: at most INTAKE_MESSAGE_SIZE_MAX bytes and its count are
 *           left in `rest`
 */
MUST_USE
enum err intake_frame_next(struct intake_frame *frame, struct span *rest, bool ended,
                           struct span *ret);

/**
 * The part of a message that is the line of a log: JSON behind a header of syslog (RFC 5424, RFC
 * 3164, with "@cee:" or without) stands alone, everything else is taken as it is. Spaces, line ends
 * and NULs around it are left out.
 *
 * message   of any bytes
 *
 * Returns what may still hold line ends inside; empty where nothing is left.
 */
struct span intake_line(struct span message);

#endif
