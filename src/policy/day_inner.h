// SPDX-License-Identifier: EUPL-1.2
/*
 * What a day, a recipient and a bound label are made of.
 */
#ifndef POLICY_DAY_INNER_H
#define POLICY_DAY_INNER_H

#include "policy/book_inner.h"
#include "policy/day.h"
#include "policy/decide.h"

enum { DAY_NOBODY = INT32_MAX, WORD_BITS = 64 };

/* Sets of small numbers: groups, levels. */
/**
 * Whether a number is in a set.
 *
 * words     the set
 * bit       less than 64 for each of its words
 */
static inline bool bits_has(const uint64_t *words, uint32_t bit)
{
    return (words[bit / WORD_BITS] >> (bit % WORD_BITS) & 1) != 0;
}

/**
 * Put a number into a set.
 *
 * words     the set
 * bit       less than 64 for each of its words
 */
static inline void bits_set(uint64_t *words, uint32_t bit)
{
    words[bit / WORD_BITS] |= UINT64_C(1) << (bit % WORD_BITS);
}

/* A party or group that is in a group on the day. */
struct day_edge {
    uint32_t member;
    uint32_t group;
};

struct policy_day {
    const struct policy_book *book;
    int32_t day;
    uint32_t holder; /* DAY_NOBODY: not known that day */
    uint32_t party_count;
    uint32_t group_count;
    const struct book_block **parties; /* of the day; NULL: not there */
    uint32_t *organisations;           /* of each party; itself where none is said */
    struct day_edge *of_parties;       /* by member */
    size_t of_party_count;
    struct day_edge *of_groups; /* by member */
    size_t of_group_count;
    uint64_t *covers; /* level_count rows of LEVEL_WORDS: what a clearance allows */
};

enum { LEVEL_WORDS = BOOK_LEVEL_COUNT_MAX / WORD_BITS };

/* An agreement in force, of holder and recipient, whose purpose fits. */
struct day_passing {
    const struct book_block *block;
    const struct book_field *parties;
    unsigned data;                /* bits: enum policy_data */
    int tlp_max;                  /* enum policy_tlp; -1: passes nothing on */
    uint64_t covers[LEVEL_WORDS]; /* levels that its classes cover */
};

struct policy_recipient {
    const struct policy_day *day;
    const struct policy_asker *asker;
    uint32_t party;  /* DAY_NOBODY: not known that day */
    uint32_t person; /* DAY_NOBODY: the party as a whole */
    bool known;      /* with its person, where one is meant */
    int32_t purpose; /* number of its id; -1: no such purpose */
    bool defensive;
    bool own;                /* of the holder's organisation */
    bool client;             /* of the holder */
    bool community;          /* with the holder */
    struct span world;       /* of the party */
    uint64_t *groups;        /* bits: the party is in it */
    uint64_t *holder_groups; /* bits: the holder is in it */
    uint64_t cleared[LEVEL_WORDS];
    struct day_passing *passings;
    size_t passing_count;
    unsigned mandated; /* bits: enum policy_data: both mandates hold */
    enum policy_treatment treatments[POLICY_PERSONAL_COUNT];
};

struct bound_audience {
    const struct policy_list *list; /* NULL: of a marking that means a group */
    uint64_t *groups;               /* bits */
    uint32_t *parties;
    size_t party_count;
};

struct policy_bound {
    const struct policy_day *day;
    const struct policy_label *label;
    bool unreadable;        /* it holds what nobody can read: given to nobody */
    size_t statement_count; /* that nothing explains */
    struct span statement;  /* one of them */
    bool level_unknown;     /* a classification that no scheme has */
    struct span world;
    enum policy_tlp tlp; /* with what markings mean */
    uint32_t *levels;
    size_t level_count;
    struct bound_audience *audiences;
    size_t audience_count;
    uint32_t *persons;
    size_t person_count;
    uint32_t purposes; /* bits */
    bool purposes_named;
    uint32_t *sources; /* parties; DAY_NOBODY: not known that day */
    size_t source_count;
    uint32_t source_organisation; /* of all; DAY_NOBODY: none, or several */
    bool source_holder;           /* the holder is the only source */
    int64_t kept_days;            /* by retention of its class; INT64_MAX: no end */
    int64_t personal_kept_days[POLICY_PERSONAL_COUNT];
    struct policy_bound *parts;
    size_t part_count;
    struct policy_bound *origins;
    size_t origin_count;
};

/**
 * Add the groups that a party is in on a day.
 *
 * op        work in hand
 * day       made with policy_day_make()
 * party     number of its id
 * groups    receives bits, one a group; all zero before
 *
 * Errors    ERR_LIMIT no memory
 */
MUST_USE
enum err day_groups_of(struct op *op, const struct policy_day *day, uint32_t party,
                       uint64_t *groups);

/**
 * Whether a list of a block ("with", "to", "who", "network") names a party.
 *
 * day       made with policy_day_make()
 * field     of a block; NULL: names everybody
 * party     number of its id; is there that day
 * groups    bits: the groups that it is in
 */
bool day_list_names(const struct policy_day *day, const struct book_field *field, uint32_t party,
                    const uint64_t *groups);

/**
 * Whether a field's list holds an item of a kind and number.
 *
 * field     of a block; NULL: holds nothing
 * kind      of the item; ANY fits each
 * number    of the item (of NAME: its name)
 */
bool day_list_has(const struct book_field *field, enum book_item_kind kind, int64_t number);

/**
 * Whether a block holds on the day.
 *
 * day       made with policy_day_make()
 * block     of its book
 */
bool day_holds(const struct policy_day *day, const struct book_block *block);

/**
 * The blocks of a word.
 *
 * book       of a day
 * word       any of the enum
 * ret_count  how many
 */
const struct book_block *day_blocks(const struct policy_book *book, enum book_word word,
                                    size_t *ret_count);

/**
 * Whether a purpose is meant by a block: its "purpose" names it, or names none and it is defensive.
 *
 * block      of a book
 * purpose    number of its id, or -1
 * defensive  whether it is
 */
bool day_purpose_fits(const struct book_block *block, int32_t purpose, bool defensive);

/**
 * The number of a purpose that is defined on the day.
 *
 * day            made with policy_day_make()
 * id             of it; empty: the default one
 * ret_defensive  whether it is defensive; untouched where there is none
 *
 * Returns -1 where there is none.
 */
int32_t day_purpose_find(const struct policy_day *day, struct span id, bool *ret_defensive);

/**
 * Whether all parties of an agreement have signed it, each with a key that is its own on the day.
 *
 * day       made with policy_day_make()
 * block     an agreement
 */
bool day_is_signed(const struct policy_day *day, const struct book_block *block);

/* One side of a handing over: who gives, or who takes. */
struct decide_side {
    uint32_t who;
    uint32_t other;
    const uint64_t *who_groups;
    const uint64_t *other_groups;
    uint32_t act;
};

/**
 * The two sides: the holder's that shares, the recipient's that receives.
 *
 * r         is known
 * ret       the two
 *
 * Returns false where the book does not define the acts.
 */
bool decide_sides(const struct policy_recipient *r, struct decide_side ret[2]);

/**
 * Whether a leave is the one that a mandate asks for.
 *
 * r         is known
 * side      of decide_sides()
 * mandate   fits
 * leave     a block [leave]
 */
bool decide_leave_fits(const struct policy_recipient *r, const struct decide_side *side,
                       const struct book_block *mandate, const struct book_block *leave);

/* The mandates that fit one side, for one class of data: the first of each. */
struct decide_mandates {
    const struct book_block *forbids;
    const struct book_block *allows; /* by itself, or with what it asks for */
    const struct book_block *with;   /* an agreement or a leave; NULL: by itself */
    const struct book_block *pends;  /* would, if somebody acted */
};

/**
 * The mandates that fit.
 *
 * r         is known
 * side      of decide_sides()
 * data      class
 * ret       what was found; NULL for what was not
 */
void decide_mandates_find(const struct policy_recipient *r, const struct decide_side *side,
                          enum policy_data data, struct decide_mandates *ret);

/**
 * The privacy block that says what becomes of a personal class: the first of the strictest.
 *
 * r         is known
 * personal  enum policy_personal
 *
 * Returns NULL where none fits.
 */
const struct book_block *decide_privacy_block(const struct policy_recipient *r, unsigned personal);

/**
 * Whether an agreement has all sources of an object as parties, and is of its data.
 *
 * b         a bound label
 * passing   of the recipient
 */
bool decide_passes_on(const struct policy_bound *b, const struct day_passing *passing);

/**
 * Whether those whom a classified object comes from allow that it goes to a recipient (rule 5).
 *
 * r, b      of one day
 * level     of classification
 */
bool decide_originator_allows(const struct policy_recipient *r, const struct policy_bound *b,
                              uint32_t level);

/**
 * The days since an object was changed.
 *
 * day       made with policy_day_make()
 * time_us   of the change; TIME_US_NONE: not known, and then as old as can be
 */
int64_t decide_age(const struct policy_day *day, int64_t time_us);

/**
 * Whether a personal class may not be given any more, for its age.
 *
 * b         a bound label
 * personal  enum policy_personal
 * age_days  of the object
 */
bool decide_is_old(const struct policy_bound *b, unsigned personal, int64_t age_days);

/**
 * The rules that say no to a part.
 *
 * r         is known
 * part      of a bound label
 * age_days  of the object
 *
 * Returns bits, as policy_refusals().
 */
unsigned decide_part_refusals(const struct policy_recipient *r, const struct policy_bound *part,
                              int64_t age_days);

/**
 * The rules that say no to an origin.
 *
 * r         is known
 * origin    of a bound label
 * age_days  of the object
 *
 * Returns bits, as policy_refusals().
 */
unsigned decide_origin_refusals(const struct policy_recipient *r, const struct policy_bound *origin,
                                int64_t age_days);

#endif
