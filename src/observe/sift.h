// SPDX-License-Identifier: EUPL-1.2
/*
 * Values of many lines, sorted by the class of their fields. Nearly all values are in no list, so
 * that nobody wants to know what else their lines say; and a processor reads a hundred addresses in
 * a row in half the time that it takes to read them between names and digests.
 *
 * A recipe tells which fields of a line hold values, for lines that are built alike: of JSON, those
 * to which the scanner gives one number; of TSV, those below one header.
 */
#ifndef OBSERVE_SIFT_H
#define OBSERVE_SIFT_H

#include <endian.h>

#include "observe/gather.h"
#include "observe/tsv.h"

enum {
    SIFT_LINE_SIZE_MAX = 4000, /* then no limit of a line's observations or keys can be reached */
    SIFT_PICK_COUNT_MAX = 20,
    SIFT_PAIR_COUNT_MAX = 16,
    SIFT_PART_COUNT_MAX = 10,
    SIFT_TELLING_COUNT_MAX = 24,
    SIFT_TEXT_SIZE_MAX = 128 * 1024, /* of values that wait and are remembered */
    SIFT_LINE_COUNT_MAX = SIFT_PICK_COUNT_MAX + SIFT_PAIR_COUNT_MAX, /* values of one line */
    SIFT_VALUE_COUNT_MAX = 1024,
    SIFT_REQUEST_COUNT_MAX = 64,
    SIFT_RECIPE_COUNT = 512, /* a power of two */
    SIFT_QUEUE_COUNT = 2 * FIELD_CLASS_COUNT,
    SIFT_FROM_NONE = UINT16_MAX,
};

/* A class, or a class of which the field holds a list. */
struct sift_queue {
    uint16_t values[SIFT_VALUE_COUNT_MAX];
};

struct sift_value {
    const uint8_t *data;
    uint32_t size;
    uint32_t mark;
    uint16_t field;
    uint16_t order;    /* see struct observe_place */
    uint16_t context;  /* number of the line's, where it has one */
    uint8_t separator; /* of a list */
    uint8_t end;       /* see enum sift_end */
};

struct sift_pick {
    uint16_t from; /* number of the field in the record, or of the column */
    uint16_t field;
    uint8_t queue;
    uint8_t number; /* of JSON, no string */
    uint8_t end;    /* see enum sift_end */
};

/* Whether a remembered line's field is the address of one of its ends: the first of its role. */
enum sift_end { SIFT_END_NONE, SIFT_END_ORIGINATOR, SIFT_END_RESPONDER };

/* A field whose class another field's text tells; see ROLE_NAMED. */
struct sift_pair {
    uint16_t naming_from;
    uint16_t from;
    uint16_t field;
    uint8_t field_class; /* where that text tells none */
};

/* A field that has a part in a value which takes several: the URL of a request, an end of the line
 * with its port. */
struct sift_part_pick {
    uint16_t from;
    uint16_t field;
    uint8_t role;
    uint8_t number; /* of JSON, no string */
};

struct sift_part {
    struct sift_part_pick pick;
    struct span text;
};

struct sift_request {
    uint32_t mark;
    uint16_t context;
    bool responder_sure; /* see gather_begin() */
    size_t part_count;
    struct sift_part parts[SIFT_PART_COUNT_MAX];
};

/* A field that tells of its line. */
struct sift_telling {
    uint16_t from;
    uint16_t field;
    uint8_t role;
    uint8_t type; /* enum record_type, of JSON */
    uint8_t list; /* the first of it that says something tells */
};

/* A short name, to be compared at once. */
struct sift_name {
    uint64_t size; /* 0: the name is too long */
    uint64_t first;
    uint64_t last; /* eight bytes each, which may overlap; of a shorter name, all of it twice */
};

struct sift_recipe {
    uint32_t number; /* see struct record_known; 0: none */
    uint32_t age;
    const struct observe_meaning *meanings; /* of the line's stream */
    struct sift_name stream;                /* of Zeek's lines that tell it */
    uint16_t stream_from;                   /* SIFT_FROM_NONE: the line does not tell its stream */
    uint8_t usable;                         /* else such lines are read in full */
    uint8_t separator;                      /* of lists, which only TSV has */
    uint8_t pick_count;
    uint8_t pair_count;
    uint8_t part_count; /* 0: such a line has no value that takes several fields */
    uint8_t telling_count;
    uint8_t telling_once; /* no two fields have one role */
    struct sift_pick picks[SIFT_PICK_COUNT_MAX];
    struct sift_part_pick parts[SIFT_PART_COUNT_MAX];
    struct sift_pair pairs[SIFT_PAIR_COUNT_MAX];
    struct sift_telling tellings[SIFT_TELLING_COUNT_MAX]; /* where lines are remembered */
};

_Static_assert((int)SIFT_VALUE_COUNT_MAX <= (int)OBSERVE_IPV4_COUNT_MAX, "all may be IPv4");

struct sift {
    uint32_t wanted;     /* kinds of value, as bits; see observe_reader_want() */
    uint32_t remembered; /* likewise; see observe_reader_remember() */
    size_t count;        /* of values */
    size_t queue;        /* where taking goes on: everything before it is taken */
    size_t queue_at;
    uint16_t counts[SIFT_QUEUE_COUNT]; /* of the values in each queue; most are empty */
    struct sift_queue queues[SIFT_QUEUE_COUNT];
    struct sift_value values[SIFT_VALUE_COUNT_MAX];
    size_t request_count;
    size_t request_at; /* before it all are taken */
    struct sift_request requests[SIFT_REQUEST_COUNT_MAX];
    struct sift_recipe json[SIFT_RECIPE_COUNT];
    struct sift_recipe tsv;
    size_t ipv4_count;
    uint32_t ipv4[SIFT_VALUE_COUNT_MAX]; /* IPv4 addresses that were read, as numbers */
    uint32_t ipv4_marks[SIFT_VALUE_COUNT_MAX];
    struct observe_line line;                      /* stands for all lines while values are read */
    uint32_t marks[OBSERVE_OBSERVATION_COUNT_MAX]; /* by observation */
    /* Of lines that are remembered. */
    struct observe_place places[OBSERVE_OBSERVATION_COUNT_MAX];
    struct observe_place ipv4_places[SIFT_VALUE_COUNT_MAX];
    size_t text_size; /* of the values that wait */
    size_t context_count;
    struct observe_context contexts[OBSERVE_CONTEXT_COUNT_MAX];
};

/**
 * Forget the values that wait.
 *
 * sift      all zero, or used
 */
void sift_clear(struct sift *sift);

/**
 * Forget all recipes for JSON: their numbers are another scanner's from here on.
 *
 * sift      all zero, or used
 */
void sift_forget(struct sift *sift);

/**
 * Whether a line might not find room.
 *
 * sift      cleared once
 */
static inline bool sift_is_full(const struct sift *sift)
{
    return sift->count + sift->ipv4_count > SIFT_VALUE_COUNT_MAX - SIFT_LINE_COUNT_MAX ||
           sift->request_count == SIFT_REQUEST_COUNT_MAX ||
           sift->context_count == OBSERVE_CONTEXT_COUNT_MAX ||
           (sift->remembered != 0 && sift->text_size > SIFT_TEXT_SIZE_MAX);
}

/**
 * The place of the recipe for a number.
 *
 * sift      cleared once
 * number    of a known line
 */
static inline struct sift_recipe *sift_recipe(struct sift *sift, uint32_t number)
{
    return &sift->json[number % SIFT_RECIPE_COUNT];
}

/**
 * Ask for the memory of a recipe that will be needed soon.
 *
 * sift      cleared once
 * number    as for sift_recipe()
 */
static inline void sift_recipe_prefetch(struct sift *sift, uint32_t number)
{
    enum { LINE_SIZE = 64 };
    const uint8_t *recipe = (const uint8_t *)sift_recipe(sift, number);
    for (size_t at = 0; at < sizeof(struct sift_recipe); at += LINE_SIZE) {
        __builtin_prefetch(recipe + at);
    }
}

/**
 * Eight bytes as they lie: memcpy, since it compiles to one load.
 *
 * bytes     eight of them are read
 */
static inline uint64_t sift_word(const uint8_t *bytes)
{
    uint64_t word;
    memcpy(&word, bytes, sizeof word);
    return word;
}

/**
 * A name, ready to be compared.
 *
 * name      VALUE_PADDING_SIZE readable bytes follow it
 */
static inline struct sift_name sift_name_of(struct span name)
{
    const size_t step = sizeof(uint64_t);
    struct sift_name ret = { .size = name.size <= 2 * step ? name.size : 0 };
    if (name.size < step) {
        ret.first = le64toh(sift_word(name.data)) & ~(UINT64_MAX << name.size * 8); /* bits */
        ret.last = ret.first;
        return ret;
    }
    ret.first = le64toh(sift_word(name.data));
    ret.last = le64toh(sift_word(name.data + name.size - step));
    return ret;
}

/**
 * Whether two names are the same for certain.
 *
 * a         one
 * b         the other
 */
static inline bool sift_name_is(struct sift_name a, struct sift_name b)
{
    uint64_t differs = (a.size ^ b.size) | (a.first ^ b.first) | (a.last ^ b.last);
    return differs == 0 && a.size != 0;
}

/**
 * Make the recipe for lines of JSON that are built like one.
 *
 * sift      knows what is wanted
 * recipe    overwritten
 * known     tells how the line is built
 * record    the line's fields
 * streams   meanings of slots by which a field tells the stream
 * meanings  of slots in the line's stream
 */
void sift_recipe_json(const struct sift *sift, struct sift_recipe *recipe,
                      const struct record_known *known, const struct record *record,
                      const struct observe_meaning *streams,
                      const struct observe_meaning *meanings);

/**
 * Make the recipe for lines below a header.
 *
 * sift      knows what is wanted
 * recipe    overwritten
 * tsv       with columns
 * meanings  of slots in the lines' stream
 */
void sift_recipe_tsv(const struct sift *sift, struct sift_recipe *recipe, const struct tsv *tsv,
                     const struct observe_meaning *meanings);

/**
 * Let the values of a known line wait.
 *
 * sift      not full
 * gather    to note with what the line tells
 * recipe    usable, and for such lines
 * known     the line
 * mark      of the line
 *
 * Returns what takes several fields of the line, for the caller to say whether its responder is
 * sure; NULL where nothing does.
 */
struct sift_request *sift_add_json(struct sift *sift, struct gather *gather,
                                   const struct sift_recipe *recipe,
                                   const struct record_known *known, uint32_t mark);

/**
 * How many lines of a recipe find room.
 *
 * sift      cleared once
 * recipe    of the lines
 */
static inline size_t sift_room(const struct sift *sift, const struct sift_recipe *recipe)
{
    size_t values = (size_t)recipe->pick_count + recipe->pair_count;
    size_t room = (SIFT_VALUE_COUNT_MAX - sift->count - sift->ipv4_count) / (values + 1);
    size_t requests = SIFT_REQUEST_COUNT_MAX - sift->request_count;
    room = recipe->part_count > 0 && requests < room ? requests : room;
    if (sift->remembered == 0) {
        return room;
    }
    size_t contexts = OBSERVE_CONTEXT_COUNT_MAX - sift->context_count;
    room = sift->text_size > SIFT_TEXT_SIZE_MAX ? 0 : room;
    return contexts < room ? contexts : room;
}

/* Lines that are built alike, and their marks. */
struct sift_lines {
    const struct record_alike *alike;
    const uint32_t *marks; /* by line of those */
    size_t begin;          /* the first that is meant */
    size_t end;
};

/**
 * Let the values of lines that are built alike wait; addresses are read at once.
 *
 * sift      with room for them; see sift_room()
 * gather    to note with what lines tell
 * recipe    usable, and for such lines
 * lines     which
 *
 * Returns how many requests were added, one for each line or none; see sift_add_json().
 */
size_t sift_add_alike(struct sift *sift, struct gather *gather, const struct sift_recipe *recipe,
                      const struct sift_lines *lines);

/**
 * Let the values of a line of TSV wait.
 *
 * sift      not full
 * gather    to note with what the line tells
 * recipe    usable, and for the header in force
 * line      without escapes
 * cut       of the line
 * mark      of the line
 */
void sift_add_tsv(struct sift *sift, struct gather *gather, const struct sift_recipe *recipe,
                  struct span line, const struct tsv_cut *cut, uint32_t mark);

/**
 * Read values that wait; see observe_sift_take().
 *
 * sift      holds them
 * gather    reads them; holds the observations
 * ret       receives them
 *
 * Returns false where none are left.
 */
MUST_USE
bool sift_take(struct sift *sift, struct gather *gather, struct observe_sifted *ret);

#endif
