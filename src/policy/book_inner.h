// SPDX-License-Identifier: EUPL-1.2
/*
 * How a book is made: the table of what blocks may hold (book_words.c), values to items
 * (book_items.c), and the whole (book.c).
 */
#ifndef POLICY_BOOK_INNER_H
#define POLICY_BOOK_INNER_H

#include "format/blocks.h"
#include "policy/book.h"

/* What may stand in a value: a set of these. At most one of those that are told by a bare id. */
enum book_form {
    FORM_TEXT = 1 << 0,        /* the whole value as it is, not empty */
    FORM_WORDS = 1 << 1,       /* words, of no list */
    FORM_KIND = 1 << 2,        /* kind:ID */
    FORM_PARTY = 1 << 3,       /* ID */
    FORM_GROUP = 1 << 4,       /* group:ID */
    FORM_COUNTRY = 1 << 5,     /* country:XX */
    FORM_ANY = 1 << 6,         /* any */
    FORM_NETWORK = 1 << 7,     /* own, organisation, constituency */
    FORM_DATA = 1 << 8,        /* a class of data */
    FORM_PERSONAL = 1 << 9,    /* a personal class */
    FORM_LEVEL = 1 << 10,      /* SCHEME:LEVEL */
    FORM_CHOICE = 1 << 11,     /* one of the row's words */
    FORM_DAY = 1 << 12,        /* 2012-01-01 */
    FORM_COUNT = 1 << 13,      /* a number */
    FORM_MEANS = 1 << 14,      /* of a marking */
    FORM_IDENTITY = 1 << 15,   /* identity--... */
    FORM_DEFINITION = 1 << 16, /* marking-definition--... */
    FORM_LAND = 1 << 17,       /* XX, or int */
    FORM_SPELLINGS = 1 << 18,  /* a level as it is spelled, in one way or more, parted by "|" */
    FORM_ID = 1 << 19,         /* an id of the row's word */
};

enum {
    FIELD_NEEDED = 1 << 0,
    FIELD_LIST = 1 << 1,    /* parts, parted by commas */
    FIELD_REPEATS = 1 << 2, /* the key may stand more than once */
    FIELD_DATED = 1 << 3,   /* each part may end in "from DAY", "to DAY" */
};

/* A key that a word's blocks may have. */
struct book_rule {
    enum book_word word; /* BOOK_WORD_COUNT: every word */
    enum book_key key;
    unsigned forms;
    unsigned flags;
    enum book_word of;          /* of FORM_ID: the word that its ids are of */
    const char *const *choices; /* of FORM_CHOICE: ended by NULL */
};

struct book_name {
    enum book_word word;
    struct span id;
    uint32_t block_first; /* in the book's blocks */
    uint32_t block_count;
};

struct book_level {
    uint32_t scheme;   /* name of the classification */
    uint32_t rank;     /* within it, 0 is the lowest */
    struct span names; /* its spellings, parted by "|" */
};

struct policy_book {
    struct op *op; /* while it is read */
    struct book_block *blocks;
    size_t block_count;
    struct book_name *names; /* by word and id */
    size_t name_count;
    uint32_t first[BOOK_WORD_COUNT + 1]; /* in names: where each word's begin */
    struct book_level levels[BOOK_LEVEL_COUNT_MAX];
    size_t level_count;
};

/**
 * The rule for a key of a word, or NULL.
 *
 * word      any of the enum
 * key       as it is written
 */
const struct book_rule *book_rule_find(enum book_word word, struct span key);

/**
 * The first key that a word's blocks need and a block has not; BOOK_KEY_COUNT: none.
 *
 * block     its fields and word are filled
 */
enum book_key book_rule_missing(const struct book_block *block);

/**
 * The word of a block.
 *
 * word      as it is written
 * ret       untouched on error
 *
 * Errors    ERR_ABSENT no such word
 */
MUST_USE
enum err book_word_from_name(struct span word, enum book_word *ret);

/**
 * Take the parts of a value apart. The book's names are all known; its levels too, where the value
 * may name one.
 *
 * book      that is being read
 * rule      for the value's key
 * block     that the value stands in, for faults
 * field     its text and line are filled; receives items
 *
 * Errors    ERR_FORMAT not what may stand there (the fault names file and line);
 *           ERR_LIMIT no memory
 */
MUST_USE
enum err book_items_read(const struct policy_book *book, const struct book_rule *rule,
                         const struct book_block *block, struct book_field *field);

/**
 * A day, as days since 1970-01-01.
 *
 * text      2012-01-01
 * ret       untouched on error
 *
 * Errors    ERR_FORMAT it is none
 */
MUST_USE
enum err book_day_read(struct span text, int32_t *ret);

/**
 * Tell a fault of a line.
 *
 * book      that is being read
 * file      its name
 * line      in it
 * err       kind of the fault
 * format    what is wrong
 *
 * Errors    ERR_FORMAT, ERR_LIMIT as given
 */
__attribute__((format(printf, 5, 6))) MUST_USE enum err book_fault(const struct policy_book *book,
                                                                   struct span file, unsigned line,
                                                                   enum err err, const char *format,
                                                                   ...);

/**
 * Gather the levels of all schemes.
 *
 * book      whose levels of classifications are read, and no other values
 *
 * Errors    ERR_FORMAT two levels of one scheme are spelled alike, a scheme has several blocks;
 *           ERR_LIMIT too many levels
 */
MUST_USE
enum err book_levels_gather(struct policy_book *book);

/**
 * Check what no single value shows: what is needed together, what there may be once.
 *
 * book      whose values are read
 *
 * Errors    ERR_FORMAT something does not hold (the fault names file and line); ERR_LIMIT too much
 *           of something, or no memory
 */
MUST_USE
enum err book_check(const struct policy_book *book);

/**
 * Whether a text is a level, as its scheme spells it.
 *
 * level     of a book
 * text      in any case, with any white space between its words
 */
bool book_level_is_spelled(const struct book_level *level, struct span text);

/**
 * Check that no group holds itself, whatever the day.
 *
 * book      whose groups are read
 *
 * Errors    ERR_FORMAT one does; ERR_LIMIT groups within groups too deep, or no memory
 */
MUST_USE
enum err book_groups_check(const struct policy_book *book);

#endif
