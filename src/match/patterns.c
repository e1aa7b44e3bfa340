// SPDX-License-Identifier: EUPL-1.2
#include "match/patterns.h"

#include <hs/hs.h>
#include <pthread.h>
#include <stdlib.h>

#include "base/memory.h"
#include "base/must.h"
#include "base/text.h"
#include "value/pattern.h"

enum {
    UNSURE_MAX = 16, /* patterns that may take too long of one value; then the rest is left out */
    RELAXED_SIZE_MAX = 4 * VALUE_PATTERN_SIZE_MAX,
    SCHEME_ROOM = sizeof "https://" - 1,
    HIT_MAX = 3 * MATCH_PATTERN_COUNT_MAX, /* a URL is scanned three times */
};

/* The patterns of one kind. */
struct pattern_set {
    hs_database_t *database; /* of those that are scanned for; NULL where there are none */
    uint32_t *unscanned;     /* places in `list` of the others */
    uint32_t unscanned_count;
    uint32_t first; /* the kind's part of `order` */
    uint32_t count;
};

struct match_patterns {
    struct value_pattern **list; /* beside `numbers` */
    const uint32_t *numbers;
    uint32_t count;
    uint32_t *order; /* places in `list`, kind by kind */
    struct pattern_set sets[VALUE_KIND_COUNT];
    pthread_mutex_t lock; /* guards the scratch lists */
    struct match_scratch *scratch_free;
    struct match_scratch *scratch_all;
};

struct match_scratch {
    hs_scratch_t *scratch;
    struct match_scratch *next_free;
    struct match_scratch *next_all;
    uint8_t url[SCHEME_ROOM + VALUE_URL_SIZE_MAX];
    uint32_t hits[HIT_MAX]; /* places in `list`, in no order; they may repeat */
    size_t hit_count;
    bool first_only;
};

bool match_patterns_have(const struct match_patterns *patterns, enum value_kind kind)
{
    return patterns->sets[kind].count > 0;
}

/* ---- compiling ---- */

static unsigned automaton_flags(enum value_kind kind)
{
    unsigned flags = HS_FLAG_DOTALL | HS_FLAG_SINGLEMATCH | HS_FLAG_ALLOWEMPTY | HS_FLAG_PREFILTER;
    flags |= value_pattern_is_caseless(kind) ? HS_FLAG_CASELESS : 0;
    flags |= value_pattern_is_utf8(kind) ? HS_FLAG_UTF8 : 0;
    return flags;
}

/* What the automaton's compiler wants, of one kind. */
struct expressions {
    const char **texts;
    unsigned *flags;
    unsigned *ids; /* places in `list` */
    unsigned count;
};

static hs_error_t expressions_compile(const struct expressions *expressions,
                                      hs_database_t **ret_database)
{
    hs_compile_error_t *error = NULL;
    hs_error_t result =
        hs_compile_multi(expressions->texts, expressions->flags, expressions->ids,
                         expressions->count, HS_MODE_BLOCK, NULL, ret_database, &error);
    hs_free_compile_error(error);
    return result;
}

/* Moves those that are not taken alone to the unscanned ones. */
static void expressions_sift(struct expressions *expressions, struct pattern_set *set)
{
    unsigned kept = 0;
    for (unsigned i = 0; i < expressions->count; i++) {
        hs_database_t *database = NULL;
        const struct expressions one = { expressions->texts + i, expressions->flags + i,
                                         expressions->ids + i, 1 };
        if (expressions_compile(&one, &database) != HS_SUCCESS) {
            set->unscanned[set->unscanned_count] = expressions->ids[i];
            set->unscanned_count++;
            continue;
        }
        hs_free_database(database);
        expressions->texts[kept] = expressions->texts[i];
        expressions->flags[kept] = expressions->flags[i];
        expressions->ids[kept] = expressions->ids[i];
        kept++;
    }
    expressions->count = kept;
}

/* All at once; else without those that fail alone; else none is scanned for. */
static void set_compile(struct pattern_set *set, struct expressions *expressions)
{
    if (hs_valid_platform() == HS_SUCCESS) {
        if (expressions_compile(expressions, &set->database) == HS_SUCCESS) {
            return;
        }
        expressions_sift(expressions, set);
        if (expressions->count > 0 &&
            expressions_compile(expressions, &set->database) == HS_SUCCESS) {
            return;
        }
    }
    set->database = NULL;
    for (unsigned i = 0; i < expressions->count; i++) {
        set->unscanned[set->unscanned_count] = expressions->ids[i];
        set->unscanned_count++;
    }
}

static struct span entry_key(const struct match_image *image, const struct match_entry *entry)
{
    return span_make(image->text.data + match_entry_text(entry), entry->key_size);
}

/* The relaxed forms of a kind's patterns, each with a zero behind it, in `text`. */
static void expressions_write(const struct match_patterns *patterns,
                              const struct match_image *image, enum value_kind kind,
                              struct expressions *expressions, struct buf *text)
{
    const struct pattern_set *set = &patterns->sets[kind];
    for (uint32_t i = 0; i < set->count; i++) {
        uint32_t place = patterns->order[set->first + i];
        const struct match_entry *entry = &image->entries[patterns->numbers[place]];
        size_t begin = text->size;
        value_pattern_relax(entry->scope, entry_key(image, entry), text);
        buf_add_byte(text, 0);
        if (text->err != ERR_OK) {
            return;
        }
        expressions->texts[i] = (const char *)text->data + begin;
        expressions->flags[i] = automaton_flags(kind);
        expressions->ids[i] = place;
    }
    expressions->count = set->count;
}

static enum err set_new(struct match_patterns *patterns, const struct match_image *image,
                        enum value_kind kind)
{
    struct pattern_set *set = &patterns->sets[kind];
    struct expressions expressions = {
        .texts = memory_new_array(set->count, sizeof *expressions.texts),
        .flags = memory_new_array(set->count, sizeof *expressions.flags),
        .ids = memory_new_array(set->count, sizeof *expressions.ids),
    };
    struct buf text;
    buf_init(&text, (size_t)set->count * RELAXED_SIZE_MAX);
    set->unscanned = memory_new_array(set->count, sizeof *set->unscanned);
    bool room = expressions.texts != NULL && expressions.flags != NULL && expressions.ids != NULL &&
                set->unscanned != NULL && buf_reserve(&text, text.size_max) != NULL;
    if (room) { /* the buffer does not move any more */
        expressions_write(patterns, image, kind, &expressions, &text);
        must(text.err == ERR_OK);
        set_compile(set, &expressions);
    }
    memory_free((void *)expressions.texts);
    memory_free(expressions.flags);
    memory_free(expressions.ids);
    buf_done(&text);
    return room ? ERR_OK : ERR_LIMIT;
}

/* The places of the patterns kind by kind, each kind's in their order. */
static enum err order_make(struct match_patterns *patterns, const struct match_image *image)
{
    uint32_t at = 0;
    for (enum value_kind kind = VALUE_IPV4; kind < VALUE_KIND_COUNT; kind++) {
        struct pattern_set *set = &patterns->sets[kind];
        set->first = at;
        for (uint32_t i = 0; i < patterns->count; i++) {
            if (image->entries[patterns->numbers[i]].kind == kind) {
                patterns->order[at] = i;
                at++;
            }
        }
        set->count = at - set->first;
        if (set->count > 0) {
            TRY(set_new(patterns, image, kind));
        }
    }
    return ERR_OK;
}

static enum err patterns_compile(struct match_patterns *patterns, const struct match_image *image)
{
    for (uint32_t i = 0; i < patterns->count; i++) {
        const struct match_entry *entry = &image->entries[patterns->numbers[i]];
        if (match_way_of(entry->kind, entry->scope) != MATCH_WAY_PATTERN) {
            return ERR_CORRUPT;
        }
        enum err err = value_pattern_new(entry->kind, entry->scope, entry_key(image, entry), NULL,
                                         &patterns->list[i]);
        if (err != ERR_OK) {
            return err == ERR_LIMIT ? err : ERR_CORRUPT;
        }
    }
    return order_make(patterns, image);
}

enum err match_patterns_new(struct op *op, const struct match_image *image, const uint32_t *numbers,
                            uint32_t count, struct match_patterns **ret)
{
    must(count > 0);
    must(count <= MATCH_PATTERN_COUNT_MAX);
    struct match_patterns *patterns = memory_new(sizeof *patterns);
    if (patterns == NULL) {
        return op_fail(op, ERR_LIMIT, "index image: no memory for its patterns");
    }
    hs_set_allocator(memory_new, memory_free);
    pthread_mutex_init(&patterns->lock, NULL);
    patterns->numbers = numbers;
    patterns->list = memory_new_array(count, sizeof(struct value_pattern *));
    patterns->order = memory_new_array(count, sizeof *patterns->order);
    enum err err = ERR_LIMIT;
    if (patterns->list != NULL && patterns->order != NULL) {
        patterns->count = count;
        err = patterns_compile(patterns, image);
    }
    if (err != ERR_OK) {
        match_patterns_free(patterns);
        return err == ERR_LIMIT ? op_fail(op, err, "index image: no memory for its patterns") : err;
    }

    *ret = patterns;
    return ERR_OK;
}

void match_patterns_free(struct match_patterns *patterns)
{
    if (patterns == NULL) {
        return;
    }
    while (patterns->scratch_all != NULL) {
        struct match_scratch *scratch = patterns->scratch_all;
        patterns->scratch_all = scratch->next_all;
        hs_free_scratch(scratch->scratch);
        memory_free(scratch);
    }
    for (size_t kind = 0; kind < VALUE_KIND_COUNT; kind++) {
        hs_free_database(patterns->sets[kind].database);
        memory_free(patterns->sets[kind].unscanned);
    }
    for (uint32_t i = 0; i < patterns->count; i++) {
        value_pattern_free(patterns->list[i]);
    }
    pthread_mutex_destroy(&patterns->lock);
    memory_free((void *)patterns->list);
    memory_free(patterns->order);
    memory_free(patterns);
}

/* ---- scratch memory ---- */

/* One that serves the automata of all kinds. */
static struct match_scratch *scratch_new(const struct match_patterns *patterns)
{
    struct match_scratch *scratch = memory_new(sizeof *scratch);
    for (size_t kind = 0; scratch != NULL && kind < VALUE_KIND_COUNT; kind++) {
        const hs_database_t *database = patterns->sets[kind].database;
        if (database != NULL && hs_alloc_scratch(database, &scratch->scratch) != HS_SUCCESS) {
            hs_free_scratch(scratch->scratch);
            memory_free(scratch);
            return NULL;
        }
    }
    return scratch;
}

struct match_scratch *match_scratch_take(struct match_patterns *patterns)
{
    pthread_mutex_lock(&patterns->lock);
    struct match_scratch *scratch = patterns->scratch_free;
    if (scratch != NULL) {
        patterns->scratch_free = scratch->next_free;
    }
    pthread_mutex_unlock(&patterns->lock);
    if (scratch != NULL) {
        return scratch;
    }
    scratch = scratch_new(patterns);
    if (scratch != NULL) {
        pthread_mutex_lock(&patterns->lock);
        scratch->next_all = patterns->scratch_all;
        patterns->scratch_all = scratch;
        pthread_mutex_unlock(&patterns->lock);
    }
    return scratch;
}

void match_scratch_give(struct match_patterns *patterns, struct match_scratch *scratch)
{
    if (scratch == NULL) {
        return;
    }
    pthread_mutex_lock(&patterns->lock);
    scratch->next_free = patterns->scratch_free;
    patterns->scratch_free = scratch;
    pthread_mutex_unlock(&patterns->lock);
}

/* ---- scanning ---- */

static int on_hit(unsigned id, unsigned long long from, unsigned long long to, unsigned flags,
                  void *context)
{
    struct match_scratch *scratch = context;
    (void)from;
    (void)to;
    (void)flags;
    must(scratch->hit_count < HIT_MAX); /* a scan tells each pattern once */
    scratch->hits[scratch->hit_count] = id;
    scratch->hit_count++;
    return scratch->first_only ? 1 : 0;
}

/* Whether the scan can be relied on: what is not UTF-8 is not for an automaton that expects it. */
static bool text_scan(const struct pattern_set *set, struct match_scratch *scratch,
                      enum value_kind kind, struct span text)
{
    if (value_pattern_is_utf8(kind) && text_valid_size(text) != text.size) {
        return false;
    }
    hs_error_t result = hs_scan(set->database, (const char *)text.data, (unsigned)text.size, 0,
                                scratch->scratch, on_hit, scratch);
    return result == HS_SUCCESS || result == HS_SCAN_TERMINATED;
}

/* The same URL without a scheme, with "http://" and with "https://"; each begins before the last
 * one, so that the key is copied once. */
static bool url_scan(const struct pattern_set *set, struct match_scratch *scratch, struct span key)
{
    static const char *const schemes[] = { "", "http://", "https://" };
    if (key.size > VALUE_URL_SIZE_MAX) {
        return true; /* no URL is so long, and so no pattern fits it */
    }
    span_copy(scratch->url + SCHEME_ROOM, VALUE_URL_SIZE_MAX, key);
    for (size_t i = 0; i < sizeof schemes / sizeof schemes[0]; i++) {
        struct span scheme = span_of(schemes[i]);
        uint8_t *begin = scratch->url + SCHEME_ROOM - scheme.size;
        span_copy(begin, SCHEME_ROOM, scheme);
        if (!text_scan(set, scratch, VALUE_URL, span_make(begin, scheme.size + key.size))) {
            return false;
        }
        if (scratch->first_only && scratch->hit_count > 0) {
            return true;
        }
    }
    return true;
}

/* Whether `hits` holds all patterns of the automaton that the value may fit. */
static bool value_scan(const struct pattern_set *set, struct match_scratch *scratch,
                       enum value_kind kind, struct span key)
{
    scratch->hit_count = 0;
    if (set->database == NULL) {
        return true;
    }
    return kind == VALUE_URL ? url_scan(set, scratch, key) : text_scan(set, scratch, kind, key);
}

bool match_patterns_may_meet(const struct match_patterns *patterns, struct match_scratch *scratch,
                             enum value_kind kind, struct span key)
{
    const struct pattern_set *set = &patterns->sets[kind];
    if (scratch == NULL) {
        return true;
    }
    scratch->first_only = true;
    if (!value_scan(set, scratch, kind, key) || scratch->hit_count > 0) {
        return true;
    }
    for (uint32_t i = 0; i < set->unscanned_count; i++) {
        const struct value_pattern *pattern = patterns->list[set->unscanned[i]];
        if (value_pattern_meets(pattern, key) != VALUE_PATTERN_APART) {
            return true;
        }
    }
    return false;
}

static int number_order(const void *left, const void *right)
{
    const uint32_t a = *(const uint32_t *)left;
    const uint32_t b = *(const uint32_t *)right;
    return (a > b) - (a < b);
}

/* The places of all patterns of a kind that are to be decided one by one, in `places`, which has
 * room for all hits and all that are not scanned for. */
static size_t places_find(struct match_patterns *patterns, enum value_kind kind, struct span key,
                          uint32_t *places)
{
    const struct pattern_set *set = &patterns->sets[kind];
    struct match_scratch *scratch = match_scratch_take(patterns);
    size_t count = set->count;
    const uint32_t *from = patterns->order + set->first;
    if (scratch != NULL) {
        scratch->first_only = false;
        if (value_scan(set, scratch, kind, key)) {
            count = scratch->hit_count;
            from = scratch->hits;
        }
    }
    for (size_t i = 0; i < count; i++) {
        places[i] = from[i];
    }
    for (uint32_t i = 0; i < set->unscanned_count; i++) {
        places[count] = set->unscanned[i];
        count++;
    }
    match_scratch_give(patterns, scratch);
    qsort(places, count, sizeof *places, number_order);
    return count;
}

size_t match_patterns_find(struct match_patterns *patterns, enum value_kind kind, struct span key,
                           uint32_t *numbers, bool *ret_cut)
{
    uint32_t places[HIT_MAX + MATCH_PATTERN_COUNT_MAX];
    size_t place_count = places_find(patterns, kind, key, places);
    size_t count = 0;
    unsigned unsure = 0;
    for (size_t i = 0; i < place_count && unsure < UNSURE_MAX; i++) {
        if (i > 0 && places[i] == places[i - 1]) {
            continue; /* a URL fits it with and without a scheme */
        }
        enum value_pattern_answer answer = value_pattern_meets(patterns->list[places[i]], key);
        if (answer == VALUE_PATTERN_MET) {
            numbers[count] = patterns->numbers[places[i]];
            count++;
        } else if (answer != VALUE_PATTERN_APART) {
            unsure++;
            *ret_cut = true;
        }
    }
    return count;
}
