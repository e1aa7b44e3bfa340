// SPDX-License-Identifier: EUPL-1.2
/*
 * A fold: all lines of one span of event time (an hour, unless configured) in which one inside host
 * met one indicator. The first line says what was observed where; further lines count, and add at
 * most 8 further values.
 *
 * The watch makes folds of a piece of input, the store merges them into those of the world. Merging
 * is done in the order of the lines, so that the result does not depend on how the input was cut.
 */
#ifndef STORE_FOLD_H
#define STORE_FOLD_H

#include "base/time.h"
#include "base/wire.h"
#include "format/json.h"
#include "format/json_writer.h"
#include "policy/rank.h"
#include "value/value.h"

enum {
    FOLD_VALUE_COUNT_MAX = 9, /* the first line's and 8 further ones */
    FOLD_TEXT_SIZE_MAX = 1024,
    FOLD_EVIDENCE_COUNT_MAX = 3,
    FOLD_EVIDENCE_SIZE_MAX = 4096,
    FOLD_MINUTES_DEFAULT = 60,
    FOLD_MINUTES_MAX = 24 * 60,
};

#define FOLD_MINUTE_US ((int64_t)60 * US_PER_S)

/* Stands for the inside host of a noisy fold; no host is written so. */
#define FOLD_INSIDE_MANY SPAN("*")

/* Different values, the first line's first. */
struct fold_values {
    size_t count;
    bool more; /* there were further ones that are not kept */
    struct span at[FOLD_VALUE_COUNT_MAX];
};

struct fold {
    /* which fold: the key */
    struct span indicator; /* id: "indicator--..." */
    struct span inside;    /* address of the inside host; empty for none */
    int64_t start_us;      /* of its span of time: a multiple of its length */
    int64_t length_us;     /* as it was configured when the fold opened; whole minutes */

    /* the indicator, as it was when the fold opened */
    struct span value; /* canonical text */
    struct span source;
    enum value_kind kind;
    uint8_t tlp;        /* enum policy_tlp */
    uint8_t confidence; /* 0 .. 100, or RANK_CONFIDENCE_UNKNOWN */
    uint8_t sources;    /* how many sources named the value; 0 where nobody counted */

    /* what was seen */
    struct span sensor; /* of the first line, as `field` */
    struct span field;
    struct fold_values observed;
    struct fold_values outside;
    int64_t first_us;
    int64_t last_us;
    uint64_t count;          /* lines */
    bool inside_assumed;     /* neither end is inside: the originator counts as inside */
    bool before_publication; /* the first line is older than the indicator's valid_from */
    bool noisy;              /* gathers the hosts beyond the rate at which folds are made */
    bool looked_back; /* opened by looking back: its lines were seen before the indicator came */

    /* how much it matters */
    struct rank_line best; /* that of its lines which matters most */
    struct span list;      /* allow list that lowered or silenced that line; empty where none did */
    uint64_t denied;       /* lines that were denied */
    uint64_t silent;       /* lines that an allow list silenced; the fold is silent where all are */

    /* up to three of its lines, after the privacy rule */
    size_t evidence_count;
    struct span evidence[FOLD_EVIDENCE_COUNT_MAX];
    /* journal entries that hold these; known only after store_evidence_read() */
    uint64_t evidence_entries[FOLD_EVIDENCE_COUNT_MAX];
};

/**
 * As much of a text as a fold keeps: at most FOLD_TEXT_SIZE_MAX bytes, cut between two characters.
 *
 * text      any text
 */
struct span fold_text_cut(struct span text);

/**
 * Add a value, unless it is there or there is no room.
 *
 * values    changed
 * value     borrowed; longer than FOLD_TEXT_SIZE_MAX it is cut
 */
void fold_values_add(struct fold_values *values, struct span value);

/**
 * Let a further line of a fold be its best one, where it matters more.
 *
 * fold      has a best line
 * line      a further one
 * list      allow list that lowered or silenced it; borrowed; may be empty
 */
void fold_take_best(struct fold *fold, const struct rank_line *line, struct span list);

/**
 * Merge the later lines of `add` into `fold`; both have the same key, or `fold` is a noisy one.
 * What only `add` knows is borrowed from it. A noisy one takes counts and times only.
 *
 * fold      changed
 * add       of lines that came after those of `fold`
 */
void fold_merge(struct fold *fold, const struct fold *add);

/**
 * Merge what was found looking back into `fold`; both have the same key. History counts all lines,
 * also those that `fold` counted already, so that the greater counts hold, and doing it again
 * changes nothing. What only `add` knows is borrowed from it.
 *
 * fold      changed
 * add       all that history holds of it; it has no evidence
 *
 * Returns whether anything changed.
 */
bool fold_merge_back(struct fold *fold, const struct fold *add);

/**
 * Make a fold the one that gathers all further hosts of its indicator and span of time. Of the
 * first line it keeps what was observed, field and sensor; it has no ends and no evidence, since
 * which host's line comes next depends on how the input was cut.
 *
 * fold      changed
 */
void fold_make_noisy(struct fold *fold);

/**
 * What a fold's rank is made of.
 *
 * fold      any
 */
struct rank_facts fold_facts(const struct fold *fold);

/**
 * A fold's rank: 0 where it is silent, else 1 to RANK_MAX. Journals hold what it is made of, not
 * the rank: where rules change, they change for what was found before as well.
 *
 * fold      any
 */
unsigned fold_rank(const struct fold *fold);

/**
 * Whether folds may have such a length: a day is made of whole folds, so that they begin at the
 * same times every day.
 *
 * minutes   any number
 */
bool fold_length_fits(uint64_t minutes);

/**
 * Whether two folds have the same key.
 *
 * a, b      any two
 */
bool fold_same_key(const struct fold *a, const struct fold *b);

/**
 * Append a fold for the pipe between watch and store.
 *
 * buf       receives the bytes
 * fold      written
 */
void fold_wire_add(struct buf *buf, const struct fold *fold);

/**
 * Read what fold_wire_add() wrote. Every bound is checked: the writer reads hostile bytes and is
 * not trusted. A noisy fold is refused: only the store makes those.
 *
 * r          reader; its err tells of broken bytes
 * length_us  of the folds that are made now
 * ret        borrows from the reader's span
 */
void fold_wire_read(struct wire_reader *r, int64_t length_us, struct fold *ret);

/**
 * Write a fold as a JSON object, for the journal and for people; the keys are in
 * docs/format/hits.md. Evidence is not part of it.
 *
 * w         writer
 * fold      written
 */
void fold_json_add(struct json_writer *w, const struct fold *fold);

/**
 * Write a fold as members of the present object, as fold_json_add() has them.
 *
 * w         writer, inside an object
 * fold      written
 */
void fold_json_members(struct json_writer *w, const struct fold *fold);

/**
 * Read what fold_json_add() wrote.
 *
 * value     a JSON object
 * ret       borrows from the value's document; untouched on error
 *
 * Errors    ERR_FORMAT a key is missing or of another type
 */
MUST_USE
enum err fold_json_read(struct json_value value, struct fold *ret);

#endif
