// SPDX-License-Identifier: EUPL-1.2
#include "base/err.h"

static const char *const err_names[] = {
    [ERR_OK] = "ok",
    [ERR_AGAIN] = "again",
    [ERR_ABSENT] = "absent",
    [ERR_EXISTS] = "exists",
    [ERR_FORMAT] = "format",
    [ERR_LIMIT] = "limit",
    [ERR_FULL] = "full",
    [ERR_DENIED] = "denied",
    [ERR_STALE] = "stale",
    [ERR_CONFLICT] = "conflict",
    [ERR_UNSUPPORTED] = "unsupported",
    [ERR_CORRUPT] = "corrupt",
    [ERR_IO] = "io",
    [ERR_TIMEOUT] = "timeout",
    [ERR_CANCELLED] = "cancelled",
};

const char *err_name(enum err err)
{
    unsigned index = (unsigned)err;
    if (index >= sizeof err_names / sizeof err_names[0]) {
        return "unknown";
    }
    return err_names[index];
}
