// SPDX-License-Identifier: EUPL-1.2
/*
 * Notices: what the node itself has to tell its owner, beside hits: a source has fallen silent, an
 * input cannot be read, a self test has passed. Each is an entry of the journal, and so reaches
 * every output as a hit does.
 *
 * Some stay open until another ends them ("silence" until "heard"): `linie status` shows those.
 */
#ifndef STORE_NOTICE_H
#define STORE_NOTICE_H

#include "store/store.h"

enum {
    STORE_NOTICE_TYPE_SIZE_MAX = 32,
    STORE_NOTICE_SUBJECT_SIZE_MAX = 1024,
    STORE_NOTICE_TEXT_SIZE_MAX = 4096,
};

struct store_notice {
    uint64_t entry;      /* that holds it; given by the journal */
    struct span type;    /* a word of a-z, 0-9 and '-': "silence", "heard", "input-failed", ... */
    struct span subject; /* what it is about: the name of an input, of an output, ... */
    struct span text;    /* one sentence for people */
    struct span ends;    /* type of open notices about this subject that it ends; empty: of none */
    int64_t time_us;     /* when that was which it tells of */
    enum policy_tlp tlp; /* the label by which outputs are asked whether they may get it */
    bool stays;          /* it is open until another one ends it */
    bool open;           /* it stays, and none has ended it yet; given by the store */
};

/**
 * Keep a notice. One that stays takes the place of an open one of its type about its subject.
 *
 * op         work in hand
 * store      open for writing
 * notice     borrowed until return; its entry and `open` are not looked at. Texts that are not
 *            UTF-8 are repaired, longer ones are cut
 * ret_entry  number of its journal entry; may be NULL
 *
 * Errors    ERR_FORMAT its type is no such word, or it bears no label; ERR_FULL; ERR_IO; ERR_LIMIT
 */
MUST_USE
enum err store_notice_add(struct op *op, struct store *store, const struct store_notice *notice,
                          uint64_t *ret_entry);

struct store_notice_filter {
    bool open_only;
    struct span type;     /* empty: all */
    uint64_t after_entry; /* only those of later journal entries; 0: all */
};

/**
 * Visit notices, in the order in which they were written.
 *
 * op        work in hand
 * store     open
 * grant     permission to read: what may not be read is passed over
 * filter    which
 * visit     called for each; its spans are borrowed for the call; any error ends the walk with it
 * context   handed to `visit`
 *
 * Errors    ERR_IO; ERR_LIMIT; or what `visit` returned
 */
MUST_USE
enum err store_notices_walk(struct op *op, struct store *store, const struct policy_grant *grant,
                            const struct store_notice_filter *filter,
                            enum err (*visit)(void *context, const struct store_notice *notice),
                            void *context);

/**
 * Read the payload of an entry of kind "notice".
 *
 * root      the payload, parsed
 * ret       borrows from its document; `entry` and `open` are left 0; untouched on error
 *
 * Errors    ERR_FORMAT it is none
 */
MUST_USE
enum err store_notice_read(struct json_value root, struct store_notice *ret);

#endif
