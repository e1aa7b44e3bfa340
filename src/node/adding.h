// SPDX-License-Identifier: EUPL-1.2
/*
 * 'linie indicators add' at work: what the command line says, the present file, and what of it was
 * taken. Its formats have files of their own.
 */
#ifndef NODE_ADDING_H
#define NODE_ADDING_H

#include "exchange/exchange.h"
#include "node/node.h"
#include "node/print.h"

/* What was taken of a set: of a whole list, or of one event. */
struct adding_part {
    uint64_t items;
    uint64_t refused;
    uint64_t refusals[EXCHANGE_REFUSAL_COUNT];
    uint64_t unfit[VALUE_VERDICT_COUNT]; /* refused too, for what they are */
    uint64_t passed;                     /* entries that the file itself says are no indicators */
};

struct adding {
    struct invocation *invocation;
    struct op work; /* memory of the present file */
    struct op *op;  /* that one */
    /* what the command line says */
    struct span source;
    struct span set; /* empty: the file's name */
    bool has_tlp;
    enum policy_tlp tlp;
    enum policy_pap pap;
    uint8_t confidence;
    int64_t valid_until_us;
    uint32_t even_if;
    enum exchange_format format;
    struct exchange_options options;
    /* the present file */
    struct span name;
    struct span bytes;
    struct adding_part part;
    uint64_t faults; /* told of the file so far */
    /* all files */
    uint64_t refused_total;
};

enum { ADDING_FAULTS_SHOWN_MAX = 5 };

/**
 * Add a list, a table or events: members of packed sets.
 *
 * adding    its file is open
 * format    any that exchange/ reads
 *
 * Errors    those of exchange_open() and store_set_add()
 */
MUST_USE
enum err adding_list(struct adding *adding, enum exchange_format format);

/**
 * Add the objects of a STIX bundle.
 *
 * adding    its file is open
 *
 * Errors    those of stix_bundle_read() and store_objects_add()
 */
MUST_USE
enum err adding_stix(struct adding *adding);

#endif
