// SPDX-License-Identifier: EUPL-1.2
/*
 * What a history has lost: a segment or blocks of one that cannot be read, a damaged place of a
 * write-ahead file, commits that the journal knows and that are not here. Whatever is left out
 * for good is written into the manifest by the very change that leaves it out, and told with every
 * answer that it touches until a person says that it is known.
 */
#ifndef HISTORY_LOSS_H
#define HISTORY_LOSS_H

#include "base/buf.h"
#include "value/value.h"

enum {
    HISTORY_LOSS_COUNT_MAX = 256, /* in a manifest; more are put together */
    HISTORY_LOSS_NAME_SIZE = 32,  /* with its NUL */
    HISTORY_LOSS_TEXT_SIZE = 512,
};

#define HISTORY_LOSS_KINDS_ALL UINT64_MAX

/* The numbers are in manifests. */
enum history_loss_of {
    HISTORY_LOSS_SEGMENT = 0, /* all of a segment */
    HISTORY_LOSS_BLOCKS,      /* of a segment */
    HISTORY_LOSS_PLACES,      /* of a write-ahead file */
    HISTORY_LOSS_COMMITS,     /* that the journal knows */
    HISTORY_LOSS_OF_COUNT,
};

struct history_loss {
    enum history_loss_of of;
    uint64_t file;    /* number of the segment or write-ahead file; of commits that of the last */
    uint64_t count;   /* blocks, places or commits, at most; of a segment 1 */
    uint64_t kinds;   /* a bit (1 << kind) for each of which something may be missing */
    uint32_t first_s; /* what was seen from here on */
    uint32_t last_s;  /* to here may be missing */
    uint32_t found_s; /* when somebody who writes met it; 0: nobody yet */
    bool gone;        /* left out for good; else the damaged file is still there */
    bool known;       /* a person said so: it is not told any more */
};

/**
 * The name by which people speak of it: "seg-12", "wal-13", "commit-25".
 *
 * loss      any
 * ret       receives it, HISTORY_LOSS_NAME_SIZE bytes
 *
 * Returns ret.
 */
const char *history_loss_name(const struct history_loss *loss, char *ret);

/**
 * Say in one sentence what may be missing.
 *
 * buf       receives it: at most HISTORY_LOSS_TEXT_SIZE bytes
 * loss      any
 */
void history_loss_add_text(struct buf *buf, const struct history_loss *loss);

/**
 * Whether it is to be told with an answer: nobody said that it is known, and what is missing may
 * have been in the answer.
 *
 * loss      any
 * kinds     of what was asked for: a bit (1 << kind) each
 * since_s   what was seen from here on
 * until_s   to here was asked for
 */
bool history_loss_touches(const struct history_loss *loss, uint64_t kinds, uint32_t since_s,
                          uint32_t until_s);

#endif
