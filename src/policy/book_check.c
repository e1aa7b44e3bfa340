// SPDX-License-Identifier: EUPL-1.2
/*
 * What must hold in a book that no single value shows.
 */
#include <stdlib.h>

#include "policy/book_inner.h"

static bool same_name(const struct book_block *a, const struct book_block *b)
{
    return a->word == b->word && span_equal(a->id, b->id);
}

/* ---- mandates, parties ---- */

static enum err check_mandates(const struct policy_book *book)
{
    enum { EFFECT_CONSENT = 3, EFFECT_REQUEST = 4 }; /* among the words of "effect" */
    for (size_t i = 0; i < book->block_count; i++) {
        const struct book_block *block = &book->blocks[i];
        if (block->word != BOOK_MANDATE) {
            continue;
        }
        int64_t effect = policy_block_field(block, BOOK_KEY_EFFECT)->items[0].number;
        bool needs = effect >= EFFECT_CONSENT && effect != EFFECT_REQUEST;
        if (needs && policy_block_field(block, BOOK_KEY_BY) == NULL) {
            return book_fault(book, block->file, block->line, ERR_FORMAT,
                              "mandate \"%.*s\" has no by: who gives the %.*s", SPAN_FMT(block->id),
                              SPAN_FMT(policy_block_text(block, BOOK_KEY_EFFECT)));
        }
    }
    return ERR_OK;
}

/* One clearance a scheme: else the highest would count, wherever it comes from. */
static enum err check_clearances(const struct policy_book *book, const struct book_block *block)
{
    for (size_t i = 1; i < block->field_count; i++) {
        const struct book_field *field = &block->fields[i];
        for (size_t j = 0; field->key == BOOK_KEY_CLEARANCE && j < i; j++) {
            const struct book_field *other = &block->fields[j];
            if (other->key == BOOK_KEY_CLEARANCE &&
                book->levels[other->items[0].number].scheme ==
                    book->levels[field->items[0].number].scheme) {
                return book_fault(book, block->file, field->line, ERR_FORMAT,
                                  "clearance: there is one for this scheme already, in line %u",
                                  other->line);
            }
        }
    }
    return ERR_OK;
}

static enum err check_parties(const struct policy_book *book)
{
    for (size_t i = 0; i < book->block_count; i++) {
        if (book->blocks[i].word == BOOK_PARTY) {
            TRY(check_clearances(book, &book->blocks[i]));
        }
    }
    return ERR_OK;
}

/* ---- agreements, exclusions ---- */

static enum err check_agreement(const struct policy_book *book, const struct book_block *block)
{
    enum { PARTIES_MIN = 2, PARTIES_MAX = 64 };
    const struct book_field *parties = policy_block_field(block, BOOK_KEY_PARTIES);
    if (parties->count < PARTIES_MIN || parties->count > PARTIES_MAX) {
        return book_fault(book, block->file, parties->line, ERR_FORMAT,
                          "an agreement has %d to %d parties", PARTIES_MIN, PARTIES_MAX);
    }
    for (size_t i = 0; i < parties->count; i++) {
        for (size_t j = 0; j < i; j++) {
            if (parties->items[i].name == parties->items[j].name) {
                return book_fault(book, block->file, parties->line, ERR_FORMAT,
                                  "parties: \"%.*s\" stands twice",
                                  SPAN_FMT(parties->items[i].text));
            }
        }
    }
    return ERR_OK;
}

static enum err check_exclusion(const struct policy_book *book, const struct book_block *block)
{
    const struct book_field *roles = policy_block_field(block, BOOK_KEY_ROLES);
    return roles->count > 1 ? ERR_OK
                            : book_fault(book, block->file, roles->line, ERR_FORMAT,
                                         "roles: one role alone excludes nothing");
}

/* ---- what there may be once a day ---- */

static bool is_default(const struct book_block *block)
{
    return span_equal(policy_block_text(block, BOOK_KEY_DEFAULT), SPAN("yes"));
}

static bool is_for_any_act(const struct book_block *block)
{
    const struct book_field *acts = policy_block_field(block, BOOK_KEY_ACT);
    for (size_t i = 0; i < acts->count; i++) {
        if (acts->items[i].kind == BOOK_ITEM_ANY) {
            return true;
        }
    }
    return false;
}

/* Of the blocks of a word that something is true of, no two hold on one day. */
static enum err check_once(const struct policy_book *book, enum book_word word,
                           bool (*is_one)(const struct book_block *block), const char *what)
{
    const struct book_block *one = NULL;
    for (size_t i = 0; i < book->block_count; i++) {
        const struct book_block *block = &book->blocks[i];
        for (size_t j = 0; block->word == word && is_one(block) && j < i; j++) {
            one = &book->blocks[j];
            if (one->word == word && is_one(one) && one->from_day <= block->to_day &&
                block->from_day <= one->to_day) {
                return book_fault(book, block->file, block->line, ERR_FORMAT,
                                  "there is %s already on days that are the same: \"%.*s\"", what,
                                  SPAN_FMT(one->id));
            }
        }
    }
    return ERR_OK;
}

/* ---- quotes and worlds ---- */

/* So much of a source may be repeated, and is enough to find it. */
static enum err check_quote(const struct policy_book *book, const struct book_block *block,
                            const struct book_field *field)
{
    enum { WORDS_MAX = 25 };
    size_t words = 0;
    for (size_t i = 0; i < field->text.size; i++) {
        bool begins = field->text.data[i] != ' ' && (i == 0 || field->text.data[i - 1] == ' ');
        words += begins ? 1 : 0;
    }
    return words <= WORDS_MAX ? ERR_OK
                              : book_fault(book, block->file, field->line, ERR_FORMAT,
                                           "quote: of more than %d words", WORDS_MAX);
}

/* A public key as minisign shows it: "RW" and what base64 there is of 42 bytes. */
static bool is_key(struct span text)
{
    enum { KEY_SIZE = 56 };
    static const struct span marks = { (const uint8_t *)"+/", 2 };
    for (size_t i = 0; i < text.size; i++) {
        uint8_t byte = text.data[i];
        bool fits = (byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z') ||
                    (byte >= '0' && byte <= '9') || span_find(marks, byte) >= 0;
        if (!fits) {
            return false;
        }
    }
    return text.size == KEY_SIZE && span_starts_with(text, SPAN("RW"));
}

static enum err check_field(const struct policy_book *book, const struct book_block *block,
                            const struct book_field *field)
{
    if (field->key == BOOK_KEY_QUOTE) {
        return check_quote(book, block, field);
    }
    if (field->key == BOOK_KEY_WORLD && !blocks_id_is_valid(field->text)) {
        return book_fault(book, block->file, field->line, ERR_FORMAT,
                          "world: not real, nor the id of an exercise");
    }
    if (field->key == BOOK_KEY_KEY && !is_key(field->text)) {
        return book_fault(book, block->file, field->line, ERR_FORMAT,
                          "key: not a public key as minisign shows it");
    }
    return ERR_OK;
}

static enum err check_block(const struct policy_book *book, const struct book_block *block)
{
    for (size_t i = 0; i < block->field_count; i++) {
        TRY(check_field(book, block, &block->fields[i]));
    }
    switch (block->word) {
    case BOOK_AGREEMENT:
        return check_agreement(book, block);
    case BOOK_EXCLUSION:
        return check_exclusion(book, block);
    default:
        return ERR_OK;
    }
}

/* ---- identities ---- */

struct claim {
    struct span identity;
    const struct book_block *block;
    unsigned line;
};

static int claim_compare(const void *a, const void *b)
{
    const struct claim *one = a;
    const struct claim *other = b;
    int order = span_compare(one->identity, other->identity);
    if (order != 0) {
        return order;
    }
    return one->block < other->block ? -1 : one->block > other->block;
}

static size_t claims_of(const struct book_block *block, struct claim *claims)
{
    size_t count = 0;
    for (size_t i = 0; i < block->field_count; i++) {
        const struct book_field *field = &block->fields[i];
        if (field->key != BOOK_KEY_IDENTITY && field->key != BOOK_KEY_DEFINITION) {
            continue;
        }
        if (claims != NULL) {
            claims[count] = (struct claim){ field->text, block, field->line };
        }
        count++;
    }
    return count;
}

/* All identities and definitions; without `claims`: only their count. */
static size_t claims_gather(const struct policy_book *book, struct claim *claims)
{
    size_t count = 0;
    for (size_t i = 0; i < book->block_count; i++) {
        count += claims_of(&book->blocks[i], claims == NULL ? NULL : claims + count);
    }
    return count;
}

/* An identity is one party's or person's, on whatever day: else what comes from one could pass for
 * what comes from the other. A definition is one marking's: else it would have two meanings. */
static enum err check_identities(const struct policy_book *book)
{
    size_t count = claims_gather(book, NULL);
    struct claim *claims = op_alloc(book->op, count * sizeof *claims);
    if (claims == NULL) {
        return ERR_LIMIT;
    }
    claims_gather(book, claims);
    qsort(claims, count, sizeof *claims, claim_compare);
    for (size_t i = 1; i < count; i++) {
        const struct claim *claim = &claims[i];
        bool same = span_equal(claim->identity, claims[i - 1].identity);
        if (same && !same_name(claim->block, claims[i - 1].block)) {
            return book_fault(book, claim->block->file, claim->line, ERR_FORMAT,
                              "%s: it is that of %s \"%.*s\" too",
                              claim->block->word == BOOK_MARKING ? "definition" : "identity",
                              policy_word_name(claims[i - 1].block->word),
                              SPAN_FMT(claims[i - 1].block->id));
        }
    }
    return ERR_OK;
}

/* ---- all of it ---- */

enum err book_check(const struct policy_book *book)
{
    if (policy_book_name_count(book, BOOK_PURPOSE) > BOOK_PURPOSE_COUNT_MAX) {
        return op_fail(book->op, ERR_LIMIT, "more than %d purposes", BOOK_PURPOSE_COUNT_MAX);
    }
    TRY(check_parties(book));
    TRY(check_mandates(book));
    for (size_t i = 0; i < book->block_count; i++) {
        TRY(check_block(book, &book->blocks[i]));
    }
    TRY(check_once(book, BOOK_PURPOSE, is_default, "a default purpose"));
    TRY(check_once(book, BOOK_DECIDER, is_for_any_act, "a decider for any act"));
    return check_identities(book);
}
