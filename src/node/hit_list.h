// SPDX-License-Identifier: EUPL-1.2
/*
 * The hits that somebody is to see, the ones that matter first: those of one value together. And
 * how many lie behind: silent ones, and those that people have dealt with.
 */
#ifndef NODE_HIT_LIST_H
#define NODE_HIT_LIST_H

#include "node/allowed.h"
#include "store/hit_work.h"

/* Which hits. */
struct hit_wish {
    struct store_hit_filter filter; /* its `wanted` is not looked at */
    enum rank_level level_min;      /* RANK_SILENT: silent ones too */
    unsigned states;                /* a bit (1 << state) each */
    struct span assignee;           /* empty: whoever sees to it */
};

struct hit_item {
    int64_t row;
    uint64_t false_others; /* of its value, for store_hit_reread() */
    uint32_t group;
    uint32_t order; /* as the store told it */
    uint8_t rank;
};

/* The hits of one value: they follow each other in the list. */
struct hit_group {
    size_t first;
    size_t count;
    uint8_t rank; /* of the one that matters most */
    uint32_t order;
};

struct hit_list {
    struct buf items;                  /* struct hit_item */
    struct buf groups;                 /* struct hit_group */
    uint64_t lines;                    /* of the hits in the list */
    uint64_t states[HIT_STATE_COUNT];  /* left out for how they stand */
    uint64_t levels[RANK_LEVEL_COUNT]; /* left out for their level */
    uint64_t others;                   /* left out since somebody else sees to them */
    uint64_t unassigned;               /* left out since nobody does */
};

/**
 * The hits that one word names together: an indicator's id, or a value of any kind.
 *
 * op        work in hand; the value lives in its memory
 * text      as somebody wrote it; an id is borrowed
 * filter    its indicator or value is set; untouched on error
 *
 * Errors    ERR_FORMAT it is neither, without a fault; ERR_LIMIT no memory
 */
MUST_USE
enum err hit_filter_name(struct op *op, const char *text, struct store_hit_filter *filter);

/**
 * Gather a list.
 *
 * op        work in hand
 * node      with its store open
 * grant     permission to read
 * allowed   what is allowed now
 * wish      which
 * ret       to give back with hit_list_done(), also after an error
 *
 * Errors    ERR_IO; ERR_LIMIT; ERR_CORRUPT
 */
MUST_USE
enum err hit_list_gather(struct op *op, struct node *node, const struct policy_grant *grant,
                         const struct allowed *allowed, const struct hit_wish *wish,
                         struct hit_list *ret);

/**
 * Give a list's memory back.
 *
 * list      gathered
 */
void hit_list_done(struct hit_list *list);

/**
 * The groups, the one that matters most first; of equal ones the one with the latest line.
 *
 * list       gathered
 * ret_count  how many
 */
const struct hit_group *hit_list_groups(const struct hit_list *list, size_t *ret_count);

/**
 * The hits of a group, the one that matters most first; equal ones by time and inside host.
 *
 * list      gathered
 * group     of this list
 */
const struct hit_item *hit_list_items(const struct hit_list *list, const struct hit_group *group);

#endif
