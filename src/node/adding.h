// SPDX-License-Identifier: EUPL-1.2
/*
 * 'linie indicators add' at work: what the command line says, the present file, and what of it was
 * taken. Its formats have files of their own.
 */
#ifndef NODE_ADDING_H
#define NODE_ADDING_H

#include "exchange/exchange.h"
#include "node/flow.h"
#include "node/node.h"

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
 * Count and tell what was refused: one line for each; people see the first few, programs all.
 *
 * adding    its file is open
 * place     what the numbers of faults count; see exchange_place_name()
 * fault     why it could not be read
 */
void adding_tell_refusal(struct adding *adding, const char *place,
                         const struct exchange_fault *fault);

/**
 * As adding_tell_refusal(), of a value that can be read and is not fit.
 *
 * adding    its file is open
 * place     what the numbers of faults count
 * item      the value
 * verdict   why not
 */
void adding_tell_unfit(struct adding *adding, const char *place, const struct exchange_item *item,
                       enum value_verdict verdict);

/**
 * Add how many were refused, and why, where some were.
 *
 * flow      begun
 * part      counted
 */
void adding_refusal_words(struct flow *flow, const struct adding_part *part);

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
