// SPDX-License-Identifier: EUPL-1.2
/*
 * What the owner's allow lists say of a hit. They are laid out as an image of their own, by the
 * builder that makes that of the indicators; here is how an entry of a list becomes an indicator of
 * that image, and how a hit is put to it.
 *
 * An effect is a number of which the larger counts: this room does not judge what it means.
 */
#ifndef MATCH_ALLOW_H
#define MATCH_ALLOW_H

#include "match/match.h"

/* Of whom the entries of a list speak. */
struct match_allow_list {
    struct span name;
    struct span inside; /* only of hits at this inside host; empty: of all */
};

struct match_allow_entry {
    struct value value;
    enum value_scope scope;
    uint16_t list;          /* number given by match_allow_list() */
    uint8_t effect;         /* on the value itself, and addresses in a range */
    uint8_t effect_below;   /* on names below a domain */
    bool one_indicator;     /* it speaks only of hits of this indicator: */
    struct uuid indicator;  /* ... that of its id */
    int64_t valid_until_us; /* of the time of a hit's line; TIME_US_NONE: for ever */
};

/**
 * Name a list; entries then refer to it by number.
 *
 * builder     of an image of allowed values
 * list        copied
 * ret_number  untouched on error
 *
 * Errors    as match_builder_origin()
 */
MUST_USE
enum err match_allow_list(struct match_builder *builder, const struct match_allow_list *list,
                          uint16_t *ret_number);

/**
 * Add an entry.
 *
 * builder   of an image of allowed values
 * entry     copied; its list must have been named
 *
 * Errors    as match_builder_add()
 */
MUST_USE
enum err match_allow_add(struct match_builder *builder, const struct match_allow_entry *entry);

/* A hit: what met what, where and when. */
struct match_allow_hit {
    const struct value *indicator;
    enum value_kind observed_kind; /* VALUE_NONE: only the indicator is asked for */
    struct span observed;          /* canonical key */
    struct span indicator_id;      /* "indicator--..." */
    struct span inside;            /* canonical text of the inside host; may be empty */
    int64_t time_us;
};

struct match_allow_answer {
    uint8_t effect;   /* the largest of all entries that apply; 0: none does */
    struct span list; /* name of the list that has it; borrowed from the image */
};

/**
 * Ask what the lists say of a hit: its indicator's value, then what was observed. A range of
 * addresses is allowed where a range of a list holds all of it; a URL as its host where it names no
 * path; an address with a port as the address. Patterns of a list are only put to the indicator: an
 * attacker chooses what is observed.
 *
 * image     of allowed values
 * found     room for MATCH_FOUND_COUNT_MAX
 * hit       asked for
 *
 * Returns the answer; always the same for the same image and hit.
 */
struct match_allow_answer match_allow_ask(const struct match_image *image,
                                          struct match_found *found,
                                          const struct match_allow_hit *hit);

#endif
