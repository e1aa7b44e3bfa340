// SPDX-License-Identifier: EUPL-1.2
/*
 * For this room only: dictionaries for the text of blocks. A block has some 3 kB of text, in which
 * words hardly come twice; but they came in other blocks. So of each kind and form of which there
 * is much text a segment keeps some of it, by which Zstandard compresses the text of later blocks
 * (RFC 8878, section 5). It is made once, of what was written up to then.
 */
#ifndef HISTORY_DICTIONARY_H
#define HISTORY_DICTIONARY_H

#include "base/buf.h"
#include "base/op.h"
#include "history/seen.h"

enum {
    DICTIONARY_GATHERED = 256 * 1024, /* text, from which one is made: less is not worth it */
    DICTIONARY_PIECE_SIZE = 1024,     /* of this as much goes into it */
    DICTIONARY_PIECE_EVERY = 8,       /* once in so many pieces */
    DICTIONARY_SIZE_MAX = 40 * 1024,
    DICTIONARIES_MAX = VALUE_KIND_COUNT * HISTORY_FORM_COUNT,
};

struct ZSTD_CDict_s;
struct ZSTD_DDict_s;

/* ---- writing ---- */

struct dictionary_writer {
    int level; /* of compression */
    enum value_kind kind;
    enum history_form form;
    bool tried;               /* for this kind and form */
    struct buf text;          /* of blocks, gathered */
    struct buf sizes;         /* of their texts: size_t each */
    struct buf made;          /* the section, up to here */
    struct ZSTD_CDict_s *now; /* of this kind and form; NULL: there is none yet */
};

/**
 * Begin.
 *
 * writer    caller's memory; to be given back with dictionary_writer_done()
 * level     of compression
 */
void dictionary_writer_begin(struct dictionary_writer *writer, int level);

/**
 * Give it back.
 *
 * writer    begun, or all zero
 */
void dictionary_writer_done(struct dictionary_writer *writer);

/**
 * The dictionary for a block, or NULL: then its text is gathered for one. There is none for digests
 * and addresses, and none where there is no memory for it.
 *
 * writer    begun; kinds and forms come one after the other
 * kind      of the block
 * form      of the block
 * text      of the block
 *
 * Returns it; lives until another kind or form comes.
 */
const struct ZSTD_CDict_s *dictionary_for(struct dictionary_writer *writer, enum value_kind kind,
                                          enum history_form form, struct span text);

/* ---- reading ---- */

struct dictionaries {
    struct ZSTD_DDict_s *of[VALUE_KIND_COUNT][HISTORY_FORM_COUNT]; /* NULL: there is none */
};

/**
 * Read what a writer made.
 *
 * bytes     of the section; borrowed until dictionaries_done()
 * ret       receives them; all zero on error
 *
 * Errors    ERR_FORMAT; ERR_LIMIT no memory
 */
MUST_USE
enum err dictionaries_read(struct span bytes, struct dictionaries *ret);

/**
 * Give them back.
 *
 * dictionaries  read, or all zero
 */
void dictionaries_done(struct dictionaries *dictionaries);

#endif
