// SPDX-License-Identifier: EUPL-1.2
/*
 * UUIDs (RFC 4122) as 16 bytes. Making version 4 and 5 needs random bytes or SHA-1 and lives in
 * crypt/uuid.h.
 */
#ifndef BASE_UUID_H
#define BASE_UUID_H

#include "base/buf.h"

enum { UUID_SIZE = 16, UUID_TEXT_SIZE = 36 };

struct uuid {
    uint8_t bytes[UUID_SIZE];
};

/**
 * Read "xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx", hexadecimal in either case.
 *
 * span      exactly 36 bytes
 * ret       the value; untouched on error
 *
 * Errors    ERR_FORMAT anything else
 */
MUST_USE
enum err uuid_parse(struct span span, struct uuid *ret);

/**
 * Append a UUID in lower case.
 *
 * buf       receives 36 bytes
 * uuid      appended
 */
void uuid_add(struct buf *buf, const struct uuid *uuid);

/**
 * Whether two UUIDs are the same.
 *
 * a, b      any two
 */
bool uuid_equal(const struct uuid *a, const struct uuid *b);

/**
 * The value of a hexadecimal digit in either case, or -1.
 *
 * digit     any byte
 */
int hex_digit(uint8_t digit);

/**
 * Read hexadecimal digits in either case into bytes.
 *
 * span      exactly 2 * size digits
 * bytes     receives `size` bytes; may be partly written on error
 * size      how many bytes are wanted
 *
 * Errors    ERR_FORMAT another count of digits, or not digits
 */
MUST_USE
enum err hex_parse(struct span span, uint8_t *bytes, size_t size);

#endif
