// SPDX-License-Identifier: EUPL-1.2
/*
 * The book: all that the gate goes by beside the object itself - parties, groups, mandates,
 * agreements, classifications - as written in files (docs/format/parties.md), for all days. It is
 * read as a whole or not at all. What it means on one day is day.h.
 */
#ifndef POLICY_BOOK_H
#define POLICY_BOOK_H

#include "base/buf.h"
#include "base/op.h"

enum {
    BOOK_FILE_COUNT_MAX = 4096,
    BOOK_NAME_COUNT_MAX = 1 << 16, /* ids of one word */
    BOOK_LEVEL_COUNT_MAX = 256,    /* of all schemes of classification together */
    BOOK_PURPOSE_COUNT_MAX = 32,
};

/* Words of blocks. */
enum book_word {
    BOOK_KIND = 0,
    BOOK_PARTY,
    BOOK_PERSON,
    BOOK_GROUP,
    BOOK_ACT,
    BOOK_PURPOSE,
    BOOK_MANDATE,
    BOOK_LEAVE,
    BOOK_EXCLUSION,
    BOOK_LEAD,
    BOOK_SITUATION,
    BOOK_DECIDER,
    BOOK_CLASSIFICATION,
    BOOK_EQUIVALENCE,
    BOOK_MARKING,
    BOOK_PRIVACY,
    BOOK_RETENTION,
    BOOK_AGREEMENT,
    BOOK_WORD_COUNT,
};

/* Keys of blocks; one key means the same in each block that has it. */
enum book_key {
    BOOK_KEY_NAME = 0,
    BOOK_KEY_VALID_FROM,
    BOOK_KEY_VALID_TO,
    BOOK_KEY_SOURCE,
    BOOK_KEY_QUOTE,
    BOOK_KEY_STATUS,
    BOOK_KEY_NOTE,
    BOOK_KEY_FUNCTION,
    BOOK_KEY_BASIS,
    BOOK_KEY_KIND,
    BOOK_KEY_COUNTRY,
    BOOK_KEY_PART_OF,
    BOOK_KEY_ORGANISATION,
    BOOK_KEY_IDENTITY,
    BOOK_KEY_KEY,
    BOOK_KEY_CLEARANCE,
    BOOK_KEY_CLIENTS,
    BOOK_KEY_CONSTITUENCY,
    BOOK_KEY_WORLD,
    BOOK_KEY_OF,
    BOOK_KEY_ROLES,
    BOOK_KEY_MEMBER,
    BOOK_KEY_COMMUNITY,
    BOOK_KEY_KNOWN_TO,
    BOOK_KEY_DEFENSIVE,
    BOOK_KEY_DEFAULT,
    BOOK_KEY_FOR,
    BOOK_KEY_WHO,
    BOOK_KEY_ACT,
    BOOK_KEY_EFFECT,
    BOOK_KEY_BY,
    BOOK_KEY_DATA,
    BOOK_KEY_NETWORK,
    BOOK_KEY_WITH,
    BOOK_KEY_PURPOSE,
    BOOK_KEY_TITLE,
    BOOK_KEY_WITHIN,
    BOOK_KEY_SITUATION,
    BOOK_KEY_LEADS,
    BOOK_KEY_DECIDES,
    BOOK_KEY_ROLE,
    BOOK_KEY_LEVEL,
    BOOK_KEY_LEVELS,
    BOOK_KEY_DEFINITION,
    BOOK_KEY_MEANS,
    BOOK_KEY_TO,
    BOOK_KEY_DO,
    BOOK_KEY_DAYS,
    BOOK_KEY_PARTIES,
    BOOK_KEY_ACTS,
    BOOK_KEY_TLP,
    BOOK_KEY_CLASS,
    BOOK_KEY_SUPPORT,
    BOOK_KEY_COUNT,
};

/* What a part of a value is. Where it names a block's id, `name` is that id's number. */
enum book_item_kind {
    BOOK_ITEM_TEXT = 0,     /* as it is written */
    BOOK_ITEM_NAME,         /* an id; of which word, the key says, or its prefix ("kind:x") */
    BOOK_ITEM_ANY,          /* "any" */
    BOOK_ITEM_OWN,          /* "own", of networks */
    BOOK_ITEM_ORGANISATION, /* "organisation", of networks */
    BOOK_ITEM_CONSTITUENCY, /* "constituency", of networks */
    BOOK_ITEM_COUNTRY,      /* "country:XX" or a country: `number` has its two or three letters */
    BOOK_ITEM_DATA,         /* a class of data: `number` is an enum policy_data */
    BOOK_ITEM_PERSONAL,     /* a personal class: `number` is an enum policy_personal */
    BOOK_ITEM_CHOICE,       /* one of a few words: `number` is its place among them */
    BOOK_ITEM_LEVEL,        /* of a classification: `number` is its number in the book */
    BOOK_ITEM_NUMBER,       /* a number, or a day: days since 1970-01-01 */
};

struct book_item {
    enum book_item_kind kind;
    enum book_word word; /* of NAME */
    uint32_t name;       /* of NAME: among the ids of its word, 0 .. */
    int64_t number;
    int32_t from_day; /* of a member: first and last day; INT32_MIN and INT32_MAX: open */
    int32_t to_day;
    struct span text; /* as it is written */
};

struct book_field {
    enum book_key key;
    unsigned line;
    const struct book_item *items;
    size_t count;
    struct span text; /* the whole value */
};

struct book_block {
    enum book_word word;
    uint32_t name; /* number of its id among those of its word */
    struct span id;
    struct span file;
    unsigned line;
    int32_t from_day; /* INT32_MIN: has always been */
    int32_t to_day;   /* last day; INT32_MAX: no end */
    const struct book_field *fields;
    size_t field_count;
    const struct span *signer_keys; /* of an agreement: those of its file */
    size_t signer_key_count;
};

/* A file to be read. */
struct book_file {
    struct span name;               /* for faults and reasons */
    struct span text;               /* borrowed as long as the book is used */
    const struct span *signer_keys; /* public keys, in minisign's form, of those whose signature
                                       under the file's bytes was found good; borrowed likewise */
    size_t signer_key_count;
};

struct policy_book;

/**
 * Read files as one book. An empty list is an empty book, which lets nobody see anything.
 *
 * op          work in hand; the book lives in its memory
 * files       in any order: the book does not depend on it
 * file_count  at most BOOK_FILE_COUNT_MAX
 * ret         untouched on error
 *
 * Errors    ERR_FORMAT a fault in a file (the op's fault names file and line): an unknown word, key
 *           or value, an id that nothing defines, a key that is missing or there twice, blocks of
 *           one id whose days overlap, a group that holds itself; ERR_LIMIT too much of something,
 *           or no memory
 */
MUST_USE
enum err policy_book_read(struct op *op, const struct book_file *files, size_t file_count,
                          const struct policy_book **ret);

/**
 * The blocks of a book, ordered by word, id and first day.
 *
 * book       read with policy_book_read()
 * ret_count  how many
 */
const struct book_block *policy_book_blocks(const struct policy_book *book, size_t *ret_count);

/**
 * How many ids a word has.
 *
 * book      read with policy_book_read()
 * word      any of the enum
 */
size_t policy_book_name_count(const struct policy_book *book, enum book_word word);

/**
 * The number of an id among those of its word.
 *
 * book      read with policy_book_read()
 * word      any of the enum
 * id        looked up
 * ret       untouched on error
 *
 * Errors    ERR_ABSENT no block has this word and id
 */
MUST_USE
enum err policy_book_find(const struct policy_book *book, enum book_word word, struct span id,
                          uint32_t *ret);

/**
 * The block of an id that holds on a day.
 *
 * book      read with policy_book_read()
 * word      any of the enum
 * name      number of the id, less than policy_book_name_count()
 * day       days since 1970-01-01, UTC
 *
 * Returns NULL where none does.
 */
const struct book_block *policy_book_block_on(const struct policy_book *book, enum book_word word,
                                              uint32_t name, int32_t day);

/**
 * The id of a number.
 *
 * book      read with policy_book_read()
 * word      any of the enum
 * name      less than policy_book_name_count()
 */
struct span policy_book_id(const struct policy_book *book, enum book_word word, uint32_t name);

/**
 * The first field of a block with a key, or NULL. Fields that repeat stand one behind the other.
 *
 * block     of a book
 * key       any of the enum
 */
const struct book_field *policy_block_field(const struct book_block *block, enum book_key key);

/**
 * The value of a key as it is written, or an empty span.
 *
 * block     of a book
 * key       any of the enum
 */
struct span policy_block_text(const struct book_block *block, enum book_key key);

/**
 * The number of a level of classification, as somebody spells it.
 *
 * book      read with policy_book_read()
 * scheme    id of a classification
 * level     in any case, with any white space between its words
 * ret       its number in the book; untouched on error
 *
 * Errors    ERR_ABSENT no such scheme or level
 */
MUST_USE
enum err policy_book_level(const struct policy_book *book, struct span scheme, struct span level,
                           uint32_t *ret);

/**
 * The word of a block ("party"), and the key of a field ("valid-from").
 *
 * word, key  any of the enum
 */
const char *policy_word_name(enum book_word word);
const char *policy_key_name(enum book_key key);

#endif
