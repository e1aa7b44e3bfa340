// SPDX-License-Identifier: EUPL-1.2
#include "tests/store/world.h"

#include <stdio.h>
#include <stdlib.h>

#include "stix/object.h"

enum { TEXT_SIZE_MAX = 64 * 1024 * 1024 };

#define FIRST_MOMENT_US INT64_C(1795219200000000) /* 2026-11-21T00:00:00Z */

static const char identity[] =
    "{\"type\":\"identity\",\"spec_version\":\"2.1\",\"id\":\"" WORLD_IDENTITY "\","
    "\"created\":\"2026-11-01T00:00:00.000Z\",\"modified\":\"2026-11-01T00:00:00.000Z\","
    "\"name\":\"Test board\",\"identity_class\":\"organization\"}";

static int64_t clock_us(void *context)
{
    const struct world *world = context;
    return world->now_us;
}

int64_t world_hour_us(int hour)
{
    return FIRST_MOMENT_US + hour * WORLD_HOUR_US;
}

static struct store_options options_of(struct world *world, const char *name, bool write)
{
    return (struct store_options){
        .world = span_of(name),
        .write = write,
        .fold_hosts_max = world->fold_hosts_max,
        .rules = world->rules,
        .clock_us = clock_us,
        .clock_context = world,
    };
}

enum err world_open(struct world *world, const char *name, bool write, struct store **ret)
{
    const struct store_options options = options_of(world, name, write);
    return store_open(&world->op, world->disk, &options, ret, &world->opened);
}

void world_begin(struct world *world)
{
    *world = (struct world){ .now_us = world_hour_us(20) };
    testing_op_begin(&world->op);
    world->scratch = scratch_make();
    world->disk = scratch_disk(&world->op, &world->scratch);
    const struct store_options options = options_of(world, "real", true);
    check_err(store_create(&world->op, world->disk, &options, span_of(identity)), ERR_OK);
    check_err(world_open(world, "real", true, &world->store), ERR_OK);
    check_err(policy_grant_owner(&world->op, &world->grant), ERR_OK);
}

void world_reopen(struct world *world)
{
    store_close(world->store);
    check_err(world_open(world, "real", true, &world->store), ERR_OK);
}

void world_end(struct world *world)
{
    store_close(world->store);
    disk_close(world->disk);
    scratch_remove(&world->scratch);
    op_end(&world->op);
}

static struct span kept(struct world *world, struct buf *text)
{
    struct span copy;
    assert_int_equal(text->err, ERR_OK);
    check_err(op_copy(&world->op, buf_span(text), &copy), ERR_OK);
    buf_done(text);
    return copy;
}

struct span world_digest(struct world *world)
{
    uint8_t digest[JOURNAL_DIGEST_SIZE];
    struct buf hex;
    buf_init(&hex, 2 * sizeof digest);
    check_err(store_derived_digest(&world->op, world->store, digest), ERR_OK);
    buf_add_hex(&hex, span_make(digest, sizeof digest));
    return kept(world, &hex);
}

void world_check_rebuild(struct world *world)
{
    uint64_t entries = 0;
    struct span before = world_digest(world);
    check_err(store_rebuild(&world->op, world->store, &entries), ERR_OK);
    struct span after = world_digest(world);
    assert_true(span_equal(before, after));
    assert_int_equal(entries, journal_last(store_journal(world->store)));
}

/* ---- packed sets ---- */

static struct span pack_of(struct world *world, const struct world_list *list)
{
    const struct hash_secret secret = { { 1, 2, 3 } };
    struct pack_writer *writer = NULL;
    struct value_buf *bytes = op_alloc(&world->op, sizeof *bytes);
    struct span rest = span_of(list->values);
    struct span piece;
    check_err(pack_writer_new(&world->op, &secret, &writer), ERR_OK);
    while (span_next(&rest, ' ', &piece)) {
        struct pack_member member = {
            .confidence = PACK_CONFIDENCE_UNKNOWN,
            .tlp = PACK_TLP_OF_SET,
            .first_seen_us = list->first_seen_us == 0 ? TIME_US_NONE : list->first_seen_us,
            .valid_from_us = TIME_US_NONE,
            .valid_until_us = TIME_US_NONE,
        };
        check_err(value_recognise(piece, bytes, &member.value, &member.scope), ERR_OK);
        check_err(pack_writer_add(&world->op, writer, &member, NULL), ERR_OK);
    }
    struct buf pack;
    uint64_t count = 0;
    buf_init(&pack, TEXT_SIZE_MAX);
    check_err(pack_writer_finish(&world->op, writer, &pack, &count), ERR_OK);
    pack_writer_free(writer);
    return kept(world, &pack);
}

struct store_set_added world_add_list(struct world *world, const struct world_list *list)
{
    struct store_set_added added;
    const struct store_set_add add = {
        .source = span_of(list->source),
        .set = span_of(list->set),
        .file_name = SPAN("list.txt"),
        .file = span_of(list->values),
        .pack = pack_of(world, list),
        .tlp = list->tlp,
        .confidence = PACK_CONFIDENCE_UNKNOWN,
        .valid_until_us = TIME_US_NONE,
        .even_if = list->even_if,
        .context = span_of(list->context),
    };
    check_err(store_set_add(&world->op, world->store, &add, &added), ERR_OK);
    return added;
}

struct store_set world_set(struct world *world, const char *name)
{
    struct store_set *sets = NULL;
    size_t count = 0;
    check_err(store_sets(&world->op, world->store, world->grant, &sets, &count), ERR_OK);
    for (size_t i = 0; i < count; i++) {
        if (span_equal(sets[i].name, span_of(name))) {
            return sets[i];
        }
    }
    fail_msg("there is no set %s", name);
    return (struct store_set){ 0 };
}

static int text_order(const void *a, const void *b)
{
    return span_compare(*(const struct span *)a, *(const struct span *)b);
}

static struct span sorted_text(struct world *world, struct span *texts, size_t count)
{
    struct buf all;
    buf_init(&all, TEXT_SIZE_MAX);
    qsort(texts, count, sizeof *texts, text_order);
    for (size_t i = 0; i < count; i++) {
        buf_add(&all, i == 0 ? SPAN("") : SPAN(" "));
        buf_add(&all, texts[i]);
    }
    return kept(world, &all);
}

static struct span value_text(struct world *world, const struct value *value,
                              enum value_scope scope)
{
    struct buf text;
    buf_init(&text, VALUE_TEXT_SIZE_MAX + 1);
    if (value->kind == VALUE_DOMAIN && scope != VALUE_SCOPE_SUBDOMAINS) {
        buf_add(&text, scope == VALUE_SCOPE_EXACT ? SPAN("=") : SPAN("."));
    }
    value_add_text(&text, value);
    return kept(world, &text);
}

struct span world_members(struct world *world, const char *set)
{
    const struct store_set found = world_set(world, set);
    struct pack_reader reader;
    struct pack_member member;
    struct span map;
    size_t count = 0;
    struct span *texts = op_alloc(&world->op, (found.count + 1) * sizeof *texts);
    check_err(store_set_read(&world->op, world->store, world->grant, &found, &reader, &map),
              ERR_OK);
    while (pack_next(&reader, &member)) {
        assert_true(count < found.count);
        texts[count] = value_text(world, &member.value, member.scope);
        count++;
    }
    assert_int_equal(reader.err, ERR_OK);
    assert_int_equal(count, found.count);
    disk_unmap(world->disk, map);
    return sorted_text(world, texts, count);
}

/* ---- objects ---- */

const char *world_indicator(struct world *world, unsigned number, const char *modified,
                            const char *pattern, const char *more)
{
    struct buf text;
    buf_init(&text, TEXT_SIZE_MAX);
    buf_add_format(&text,
                   "{\"type\":\"indicator\",\"spec_version\":\"2.1\","
                   "\"id\":\"indicator--22222222-2222-4222-8222-%012u\","
                   "\"created\":\"2026-11-01T00:00:00.000Z\","
                   "\"modified\":\"2026-11-%sT00:00:00.000Z\",\"pattern_type\":\"stix\","
                   "\"valid_from\":\"2026-11-01T00:00:00Z\",\"pattern\":\"%s\"%s}",
                   number, modified, pattern, more);
    return (const char *)kept(world, &text).data;
}

struct store_objects_added world_add_objects(struct world *world, const char *source,
                                             const char *const *objects)
{
    enum { OBJECT_COUNT_MAX = 64 };
    struct store_object_add adds[OBJECT_COUNT_MAX];
    struct store_objects_added added;
    size_t count = 0;
    const struct store_objects_options options = {
        .source = span_of(source),
        .otherwise = POLICY_TLP_GREEN,
    };
    for (; objects[count] != NULL; count++) {
        assert_true(count < OBJECT_COUNT_MAX);
        adds[count].bytes = span_of(objects[count]);
    }
    check_err(store_objects_add(&world->op, world->store, &options, adds, count, &added), ERR_OK);
    return added;
}

struct watched_list {
    struct world *world;
    struct span *texts;
    size_t count;
};

enum { WATCHED_COUNT_MAX = 10000 };

static enum err watched_visit(void *context, const struct store_watched *watched)
{
    struct watched_list *list = context;
    assert_true(list->count < WATCHED_COUNT_MAX);
    list->texts[list->count] = value_text(list->world, &watched->value, VALUE_SCOPE_SUBDOMAINS);
    list->count++;
    return ERR_OK;
}

struct span world_watched(struct world *world)
{
    struct watched_list list = { .world = world };
    list.texts = op_alloc(&world->op, WATCHED_COUNT_MAX * sizeof *list.texts);
    check_err(store_watched_walk(&world->op, world->store, watched_visit, &list), ERR_OK);
    return sorted_text(world, list.texts, list.count);
}

struct only {
    struct store_object object;
    size_t count;
};

static enum err only_visit(void *context, const struct store_object *object)
{
    struct only *only = context;
    only->object = *object;
    only->count++;
    return ERR_OK;
}

struct store_object world_object(struct world *world, const struct store_object_filter *filter)
{
    struct only only = { .count = 0 };
    check_err(store_objects_walk(&world->op, world->store, world->grant, filter, only_visit, &only),
              ERR_OK);
    assert_int_equal(only.count, 1);
    return only.object;
}

/* ---- folds ---- */

struct fold world_fold(const char *indicator, const char *inside, int hour, const char *observed)
{
    struct fold fold = {
        .indicator = span_of(indicator),
        .inside = span_of(inside),
        .start_us = world_hour_us(hour),
        .length_us = WORLD_HOUR_US,
        .value = SPAN("evil.example"),
        .source = SPAN("Feed"),
        .kind = VALUE_DOMAIN,
        .tlp = POLICY_TLP_GREEN,
        .sensor = SPAN("border"),
        .field = SPAN("dns.query"),
        .first_us = world_hour_us(hour),
        .last_us = world_hour_us(hour),
        .count = 1,
        .confidence = RANK_CONFIDENCE_UNKNOWN,
    };
    fold_values_add(&fold.observed, span_of(observed));
    return fold;
}

void world_count(struct world *world, const struct fold *folds, size_t count,
                 int64_t close_before_us)
{
    const struct store_batch batch = {
        .folds = folds,
        .fold_count = count,
    };
    check_err(store_batch_add(&world->op, world->store, &batch, NULL, NULL), ERR_OK);
    world_close(world, close_before_us, TIME_US_MAX);
}

void world_close(struct world *world, int64_t ended_before_us, int64_t quiet_before_us)
{
    size_t closed = STORE_CLOSE_COUNT_MAX;
    while (closed == STORE_CLOSE_COUNT_MAX) {
        struct op op;
        testing_op_begin(&op);
        check_err(store_folds_close(&op, world->store, ended_before_us, quiet_before_us, &closed),
                  ERR_OK);
        op_end(&op);
    }
}

static enum err hits_visit(void *context, const struct store_hit *hit)
{
    struct json_writer w;
    json_writer_init(&w, context);
    fold_json_add(&w, &hit->fold);
    buf_add_byte(context, '\n');
    return ERR_OK;
}

struct span world_hits(struct world *world)
{
    const struct store_hit_filter all = { .since_us = TIME_US_NONE };
    struct buf text;
    buf_init(&text, TEXT_SIZE_MAX);
    check_err(store_hits_walk(&world->op, world->store, world->grant, &all, hits_visit, &text),
              ERR_OK);
    return kept(world, &text);
}
