// SPDX-License-Identifier: EUPL-1.2
/*
 * What can go wrong, named for what the caller does about it.
 *
 * The set is closed: a new error needs a new thing to do. The human text of a fault is written
 * once, where it is born, with op_fail() (base/op.h).
 */
#ifndef BASE_ERR_H
#define BASE_ERR_H

#define MUST_USE __attribute__((warn_unused_result))

enum err {
    ERR_OK = 0,
    ERR_AGAIN,       /* nothing to be had now; call again later */
    ERR_ABSENT,      /* there is no such thing */
    ERR_EXISTS,      /* it is there already; nothing was changed */
    ERR_FORMAT,      /* the input breaks the rules of its format */
    ERR_LIMIT,       /* a stated limit was reached */
    ERR_FULL,        /* no room left on the disk or in a quota */
    ERR_DENIED,      /* the actor may not do this */
    ERR_STALE,       /* made for an older state; read again, then retry */
    ERR_CONFLICT,    /* contradicts what is there; a person must decide */
    ERR_UNSUPPORTED, /* well formed, but not something this program can do */
    ERR_CORRUPT,     /* our own data is damaged */
    ERR_IO,          /* the system refused to read or write */
    ERR_TIMEOUT,     /* a deadline passed */
    ERR_CANCELLED,   /* somebody asked to stop */
};

/* Leave the function with the error of `call`, if it has one. */
#define TRY(call)                                                                                  \
    do {                                                                                           \
        enum err try_err_ = (call);                                                                \
        if (try_err_ != ERR_OK) {                                                                  \
            return try_err_;                                                                       \
        }                                                                                          \
    } while (0)

/**
 * The short name of an error, as it is shown and written to logs: "format", "limit", ...
 *
 * err       any value of the enum
 *
 * Returns a constant; "unknown" for a value outside the enum.
 */
const char *err_name(enum err err);

#endif
