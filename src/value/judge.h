// SPDX-License-Identifier: EUPL-1.2
/*
 * Whether a value is fit to be watched for. Lists hold values that would raise an alarm at every
 * line, or at the node's own hosts; each is refused under one of the verdicts below, and a person
 * who means it may let a verdict pass.
 *
 * This is the one place that judges. It lies in value/ because all who bring indicators need it:
 * lists and tables when they are read, packed sets and STIX objects when the index is made. Pure:
 * the same rules, value and scope give the same verdict. (The list of public suffixes is the one
 * that libpsl was built with.)
 *
 * Documentation addresses (RFC 5737, 3849, 9637) are fit: they are what examples and exercises are
 * made of, and nobody else's.
 */
#ifndef VALUE_JUDGE_H
#define VALUE_JUDGE_H

#include "value/value.h"

enum {
    VALUE_OWN_COUNT_MAX = 256,
    VALUE_WIDEST_IPV4_DEFAULT = 8,  /* prefix lengths: a narrower range has a higher number */
    VALUE_WIDEST_IPV6_DEFAULT = 19, /* the largest that a registry gave to one provider */
};

/* Their names are what refusals are counted under, and what --even-if takes. */
enum value_verdict {
    VALUE_FIT = 0,
    VALUE_UNFIT_PUBLIC_SUFFIX, /* names below it belong to many owners */
    VALUE_UNFIT_WIDE_RANGE,    /* wider than the rules allow */
    VALUE_UNFIT_OWN_NETWORK,   /* inside, or in a private network (RFC 1918, 6598, 4193, 3927) */
    VALUE_UNFIT_SPECIAL,       /* no host's address: loopback, multicast, unspecified, ... */
    VALUE_UNFIT_DIGEST,        /* of an empty file or of one byte; all bits alike */
    VALUE_UNFIT_ALL,           /* a pattern that every value fits */
    VALUE_UNFIT_COMMON,        /* what every client or file may be called */
    VALUE_UNFIT_PATTERN,       /* a regular expression that is none; never passes */
    VALUE_VERDICT_COUNT,
};

struct value_network {
    uint8_t address[VALUE_IPV6_SIZE];
    uint8_t size;   /* of the address: 4 or 16 */
    uint8_t prefix; /* bits that count */
};

struct value_rules {
    uint8_t widest_ipv4; /* shortest prefix that a range may have */
    uint8_t widest_ipv6;
    size_t own_count;
    struct value_network own[VALUE_OWN_COUNT_MAX];
};

/**
 * The rules where nothing is configured: no networks of one's own but the private ones.
 */
struct value_rules value_rules_default(void);

/**
 * Judge a value. Of several faults the one whose verdict comes first is told.
 *
 * A domain that stands for names below it must not be a public suffix, neither of a registry
 * ("co.uk") nor of a host of other people's pages ("github.io"). The name alone may be one of the
 * latter, since there may be a page at it.
 *
 * rules     borrowed
 * even_if   verdicts that a person lets pass: a bit (1 << verdict) each
 * value     canonical; of a pattern the key is its text
 * scope     one that fits the value's kind
 *
 * Returns VALUE_FIT, or why it should not be watched.
 */
enum value_verdict value_judge(const struct value_rules *rules, uint32_t even_if,
                               const struct value *value, enum value_scope scope);

/**
 * The word for a verdict: "public-suffix", "own-network", ...; "fit" for VALUE_FIT.
 *
 * verdict   any value of the enum
 */
const char *value_verdict_name(enum value_verdict verdict);

/**
 * What a verdict means, as the end of a sentence: "it is a public suffix: ...".
 *
 * verdict   any value of the enum
 */
const char *value_verdict_why(enum value_verdict verdict);

/**
 * The verdict of a word, for those that may be let pass.
 *
 * word      as value_verdict_name() writes it
 * ret       untouched on error
 *
 * Errors    ERR_ABSENT no such word
 */
MUST_USE
enum err value_verdict_from_name(struct span word, enum value_verdict *ret);

#endif
