// SPDX-License-Identifier: EUPL-1.2
/*
 * What the writers of exported files share; only this room includes it.
 */
#ifndef EXCHANGE_EXPORT_INNER_H
#define EXCHANGE_EXPORT_INNER_H

#include "exchange/export.h"

/* Which names a domain stands for. */
enum { REACH_SELF = 1, REACH_BELOW = 2 };

/* A value, once. */
struct export_kept {
    struct value value;
    enum value_scope scope; /* of what is no domain */
    uint8_t reach;          /* of a domain: all that was asked for together */
    struct span source;     /* the first that named it, in byte order */
};

/* What is exported, sorted by kind, key and scope. */
struct export_list {
    const struct export_options *options;
    const struct export_kept *items;
    size_t count;
};

struct export_writer {
    bool (*fits)(const struct export_options *options, const struct export_item *item);
    void (*write)(const struct export_list *list, struct export_file *files, size_t *ret_count);
};

extern const struct export_writer export_plain;
extern const struct export_writer export_nft;
extern const struct export_writer export_rpz;
extern const struct export_writer export_suricata;
extern const struct export_writer export_zeek;

/**
 * Begin a file.
 *
 * files     list of files
 * count     one is added
 * name      of the file
 *
 * Returns the buffer that receives its text.
 */
struct buf *export_file_add(struct export_file *files, size_t *count, const char *name);

/**
 * The values of a kind.
 *
 * list       sorted
 * kind       any
 * ret_count  how many
 *
 * Returns the first of them.
 */
const struct export_kept *export_of_kind(const struct export_list *list, enum value_kind kind,
                                         size_t *ret_count);

/**
 * Two lines of comment: what made the file, and what it holds.
 *
 * buf       receives them
 * mark      that begins a comment: "#", ";"
 * options   with the notice
 */
void export_add_head(struct buf *buf, const char *mark, const struct export_options *options);

#endif
