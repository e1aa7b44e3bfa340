// SPDX-License-Identifier: EUPL-1.2
/*
 * URLs of receivers, taken apart (by libcurl's parser, the one that connects later).
 */
#ifndef FETCH_PLACE_H
#define FETCH_PLACE_H

#include "base/op.h"

struct place {
    struct span scheme; /* lower case */
    struct span host;   /* name or address, without brackets; empty for unix: */
    struct span port;   /* decimal; empty where none was named */
    struct span path;   /* of unix: alone */
};

/**
 * Take a URL apart.
 *
 * op        work in hand; the parts live in its memory, NUL-terminated
 * url       "tls://siem.example:6514", "unix:/dev/log", "https://..."
 * ret       untouched on error
 *
 * Errors    ERR_FORMAT no URL, or one with a user or password in it; ERR_LIMIT no memory
 */
MUST_USE
enum err place_parse(struct op *op, struct span url, struct place *ret);

/**
 * Whether a host is this machine by its very name: localhost, 127.0.0.0/8, ::1.
 *
 * host      name or address
 */
bool place_is_loopback(struct span host);

#endif
