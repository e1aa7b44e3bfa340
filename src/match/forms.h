// SPDX-License-Identifier: EUPL-1.2
/*
 * For this room only: forms of URLs, by which those are found that meet more than their own key.
 *
 *   plain      the key with all escapes undone that a log may have undone (value_url_plain()); an
 *              exact URL whose plain form is not its key is in the table twice
 *   caseless   the plain form in lower case
 *   any query  the plain form up to its "?"
 *   prefix     the plain form
 *
 * An observed URL is looked up by its key, by its plain form where that differs, and by each other
 * form that some indicator has. Its prefixes end before or behind one of the bytes "/?&", or at its
 * end: so they are at most twice VALUE_PREFIX_DEPTH_MAX, however long and hostile it is, and only
 * those are looked up that hold as many of these bytes as some indicator does.
 */
#ifndef MATCH_FORMS_H
#define MATCH_FORMS_H

#include "match/image.h"

/**
 * The form by which an indicator is found.
 *
 * kind      of its value
 * scope     of the indicator
 * key       of its value
 * bytes     room for VALUE_URL_SIZE_MAX, where the form may be written
 * ret       the form, borrowed from `bytes`
 * ret_kind  which form it is
 *
 * Returns false where it is found by its key alone, or is a pattern.
 */
bool match_form_of(enum value_kind kind, enum value_scope scope, struct span key, uint8_t *bytes,
                   struct span *ret, enum match_form_kind *ret_kind);

/**
 * How many of the bytes "/?&" a form holds.
 *
 * form      of a URL
 */
size_t match_form_depth(struct span form);

/**
 * The hash of a form. Plain forms have that of the key with the same bytes, so that one probe is
 * for both.
 *
 * hasher    begun with match_hasher_init()
 * kind      of the form
 * form      hashed
 */
uint64_t match_form_hash(const struct match_hasher *hasher, enum match_form_kind kind,
                         struct span form);

/**
 * Whether a form of an image is this one.
 *
 * image     open
 * number    of the form
 * kind      looked for
 * form      looked for
 */
bool match_form_is(const struct match_image *image, uint32_t number, enum match_form_kind kind,
                   struct span form);

/**
 * Whether the forms of an image that is being opened can be walked.
 *
 * image     whose entries fit
 * header    its header
 */
bool match_forms_fit(const struct match_image *image, const struct match_header *header);

/* A walk over the forms by which an observed URL is to be looked up in an image. */
struct match_form_walk {
    const struct match_image *image;
    struct span key;
    struct span plain; /* borrowed from `plain_bytes`, or the key itself */
    unsigned step;     /* the kind of form that comes next */
    size_t prefix_end; /* of the prefix that was taken last */
    size_t depth;      /* bytes "/?&" before that */
    uint8_t plain_bytes[VALUE_URL_SIZE_MAX];
    uint8_t lower_bytes[VALUE_URL_SIZE_MAX];
};

/**
 * Begin a walk.
 *
 * walk      caller's memory
 * image     open; borrowed
 * key       of an observed URL, at most VALUE_URL_SIZE_MAX bytes; borrowed
 */
void match_form_walk_begin(struct match_form_walk *walk, const struct match_image *image,
                           struct span key);

/**
 * The next form to be looked up: the plain one first and only where it is not the key, then
 * caseless, any query, and prefixes from the longest to the shortest.
 *
 * walk      begun with match_form_walk_begin()
 * ret       the form, valid until the next call
 * ret_kind  which form it is
 *
 * Returns false at the end.
 */
bool match_form_walk_next(struct match_form_walk *walk, struct span *ret,
                          enum match_form_kind *ret_kind);

#endif
