// SPDX-License-Identifier: EUPL-1.2
/*
 * Packed sets. What came in (the list) and what was made of it (the pack) are blobs, named by the
 * journal entry. The set as it stands is the pack of its only addition, or a file under sets/ that
 * was merged from all of them.
 */
#include "base/must.h"
#include "base/text.h"
#include "crypt/digest.h"
#include "journal/blob.h"
#include "stix/id.h"
#include "store/internal.h"

/* What the journal says of an allow list's purpose. */
#define PURPOSE_ALLOW SPAN("allow")

static struct span digest_text(struct op *op, const uint8_t *digest)
{
    struct buf text;
    struct span copy = { NULL, 0 };
    buf_init(&text, 2 * DIGEST_SHA256_SIZE);
    buf_add_hex(&text, span_make(digest, DIGEST_SHA256_SIZE));
    enum err err = op_copy(op, buf_span(&text), &copy);
    buf_done(&text);
    return err == ERR_OK ? copy : (struct span){ NULL, 0 };
}

enum err store_source_identity(struct op *op, const struct store *store, struct span name,
                               struct span *ret)
{
    if (name.size == 0) {
        *ret = store_identity(store);
        return ERR_OK;
    }
    struct buf text;
    struct json_writer w;
    buf_init(&text, 2 * STORE_NAME_SIZE_MAX * 6);
    json_writer_init(&w, &text);
    json_begin_array(&w);
    json_add_string(&w, SPAN("identity"));
    json_add_string(&w, name);
    json_end_array(&w);
    const struct uuid uuid = uuid_v5(&STIX_MEMBER_NAMESPACE, buf_span(&text));
    enum err err = text.err;
    buf_clear(&text);
    buf_add(&text, SPAN("identity--"));
    uuid_add(&text, &uuid);
    if (err == ERR_OK) {
        err = op_copy(op, buf_span(&text), ret);
    } else {
        err = op_fail(op, ERR_LIMIT, "the source's name is too long");
    }
    buf_done(&text);
    return err;
}

enum err store_member_id(struct op *op, struct span source_id, struct span set,
                         const struct value *value, struct span *ret)
{
    struct buf text;
    struct buf name;
    buf_init(&text, VALUE_TEXT_SIZE_MAX);
    buf_init(&name, 16 * VALUE_TEXT_SIZE_MAX);
    value_add_text(&text, value);
    const struct stix_member member = {
        .source = source_id,
        .set = set,
        .kind = span_of(value_kind_name(value->kind)),
        .value = buf_span(&text),
    };
    enum err err = stix_member_name(op, &name, &member);
    const struct uuid uuid = uuid_v5(&STIX_MEMBER_NAMESPACE, buf_span(&name));
    buf_clear(&text);
    buf_add(&text, SPAN("indicator--"));
    uuid_add(&text, &uuid);
    if (err == ERR_OK) {
        err = op_copy(op, buf_span(&text), ret);
    }
    buf_done(&text);
    buf_done(&name);
    return err;
}

/* ---- reading ---- */

static struct store_set row_read(struct db_query *q)
{
    struct store_set set = { 0 };
    set.id = db_i64(q);
    set.source_id = db_text(q);
    set.source = db_text(q);
    set.name = db_text(q);
    set.tlp = (enum policy_tlp)db_i64(q);
    set.pap = (enum policy_pap)db_i64(q);
    set.confidence = (uint8_t)db_i64(q);
    set.valid_until_us = db_time(q);
    set.updated_us = db_i64(q);
    set.count = (uint64_t)db_i64(q);
    set.purpose = (enum store_purpose)db_i64(q);
    set.allow.effect = (enum rank_effect)db_i64(q);
    set.allow.effect_below = (enum rank_effect)db_i64(q);
    set.allow.indicator = db_text(q);
    set.allow.inside = db_text(q);
    set.allow.reason = db_text(q);
    set.even_if = (uint32_t)db_i64(q);
    set.context = db_text(q);
    return set;
}

#define SET_COLUMNS                                                                                \
    "id, source_id, source, name, tlp, pap, confidence, valid_until, updated, count, purpose,"     \
    " effect, below, indicator, inside, reason, even_if, context"

static enum err sets_count(struct op *op, struct store *store, enum store_purpose purpose,
                           size_t *ret)
{
    struct db_query q = db_query(op, &store->db, "SELECT count(*) FROM sets WHERE purpose = ?");
    db_bind_i64(&q, purpose);
    while (db_next(&q)) {
        *ret = (size_t)db_i64(&q);
    }
    return db_end(&q);
}

static enum err sets_read(struct op *op, struct store *store, const struct policy_grant *grant,
                          enum store_purpose purpose, struct store_set **ret, size_t *ret_count)
{
    size_t room = 0;
    TRY(sets_count(op, store, purpose, &room));
    struct store_set *sets = op_alloc(op, (room + 1) * sizeof *sets);
    if (sets == NULL) {
        return ERR_LIMIT;
    }
    size_t count = 0;
    struct db_query q = db_query(
        op, &store->db, "SELECT " SET_COLUMNS " FROM sets WHERE purpose = ? ORDER BY source, name");
    db_bind_i64(&q, purpose);
    while (count < room && db_next(&q)) {
        sets[count] = row_read(&q);
        if (policy_may_read(grant, sets[count].tlp)) {
            count++;
        }
    }
    TRY(db_end(&q));
    *ret = sets;
    *ret_count = count;
    return ERR_OK;
}

enum err store_sets(struct op *op, struct store *store, const struct policy_grant *grant,
                    struct store_set **ret, size_t *ret_count)
{
    return sets_read(op, store, grant, STORE_TO_WATCH, ret, ret_count);
}

enum err store_allow_lists(struct op *op, struct store *store, const struct policy_grant *grant,
                           struct store_set **ret, size_t *ret_count)
{
    return sets_read(op, store, grant, STORE_TO_ALLOW, ret, ret_count);
}

static enum err pack_of(struct op *op, struct store *store, int64_t id, struct span *ret)
{
    struct span pack = { NULL, 0 };
    struct db_query q = db_query(op, &store->db, "SELECT pack FROM sets WHERE id = ?");
    db_bind_i64(&q, id);
    while (db_next(&q)) {
        pack = db_text(&q);
    }
    TRY(db_end(&q));
    if (pack.size == 0) {
        return op_fail(op, ERR_ABSENT, "there is no such set any more");
    }
    *ret = pack;
    return ERR_OK;
}

/* A set's own file bears its digest in its name: sets/NUMBER-DIGEST.pack. */
static enum err own_pack_map(struct op *op, struct store *store, struct span path, struct span *ret)
{
    uint8_t named[DIGEST_SHA256_SIZE];
    uint8_t found[DIGEST_SHA256_SIZE];
    ptrdiff_t dash = span_find(path, '-');
    ptrdiff_t dot = span_find_last(path, '.');
    struct span map;
    if (dash == SPAN_NOT_FOUND || dot < dash ||
        hex_parse(span_slice(path, (size_t)dash + 1, (size_t)dot), named, sizeof named) != ERR_OK) {
        return op_fail(op, ERR_CORRUPT, "the database names a set's file that cannot be one");
    }
    TRY(disk_map(op, store->disk, path, &map));
    digest_sha256(map, found);
    if (!span_equal(span_make(named, sizeof named), span_make(found, sizeof found))) {
        disk_unmap(store->disk, map);
        return op_fail(op, ERR_CORRUPT, "%.*s is damaged", SPAN_FMT(path));
    }
    *ret = map;
    return ERR_OK;
}

/* A pack's place is "blob:" and a digest, or a path below the world's folder. */
static enum err pack_map(struct op *op, struct store *store, struct span pack, struct span *ret)
{
    if (!span_starts_with(pack, SPAN("blob:"))) {
        return own_pack_map(op, store, pack, ret);
    }
    uint8_t digest[DIGEST_SHA256_SIZE];
    if (hex_parse(span_from(pack, sizeof "blob:" - 1), digest, sizeof digest) != ERR_OK) {
        return op_fail(op, ERR_CORRUPT, "the database names a pack that cannot be one");
    }
    return blob_map(op, store->disk, digest, true, ret);
}

enum err store_set_read(struct op *op, struct store *store, const struct policy_grant *grant,
                        const struct store_set *set, struct pack_reader *ret, struct span *ret_map)
{
    if (!policy_may_read(grant, set->tlp)) {
        return op_fail(op, ERR_DENIED, "the set may not be read under this grant");
    }
    struct span pack;
    struct span map;
    TRY(pack_of(op, store, set->id, &pack));
    TRY(pack_map(op, store, pack, &map));
    enum err err = pack_reader_open(op, map, ret);
    if (err != ERR_OK) {
        disk_unmap(store->disk, map);
        return err;
    }
    *ret_map = map;
    return ERR_OK;
}

/* ---- writing ---- */

static void write_times(struct json_writer *w, const struct store_set_add *add)
{
    if (add->confidence != PACK_CONFIDENCE_UNKNOWN) {
        json_member_u64(w, SPAN("confidence"), add->confidence);
    }
    if (add->valid_until_us != TIME_US_NONE) {
        json_member_time(w, SPAN("valid_until"), add->valid_until_us);
    }
}

/* Entries of sets of indicators say no purpose, as those of older versions. */
static void write_purpose(struct json_writer *w, enum store_purpose purpose)
{
    if (purpose == STORE_TO_ALLOW) {
        json_member_string(w, SPAN("purpose"), PURPOSE_ALLOW);
    }
}

static void write_text(struct json_writer *w, struct span key, struct span text)
{
    if (text.size > 0) {
        json_member_string(w, key, text);
    }
}

static void write_allow(struct json_writer *w, const struct store_allow *allow)
{
    json_member_string(w, SPAN("effect"), span_of(rank_effect_name(allow->effect)));
    json_member_string(w, SPAN("below"), span_of(rank_effect_name(allow->effect_below)));
    write_text(w, SPAN("indicator"), allow->indicator);
    write_text(w, SPAN("inside"), allow->inside);
    write_text(w, SPAN("reason"), allow->reason);
}

static void write_set_add(struct json_writer *w, const struct store_set_add *add,
                          struct span source_id, struct span file, struct span pack)
{
    json_begin_object(w);
    write_purpose(w, add->purpose);
    if (add->purpose == STORE_TO_ALLOW) {
        write_allow(w, &add->allow);
    }
    json_member_string(w, SPAN("source_id"), source_id);
    json_member_string(w, SPAN("set"), add->set);
    json_member_string(w, SPAN("tlp"), span_of(policy_tlp_name(add->tlp)));
    if (add->pap != POLICY_PAP_UNSTATED) {
        json_member_string(w, SPAN("pap"), span_of(policy_pap_name(add->pap)));
    }
    write_times(w, add);
    store_write_even_if(w, add->even_if);
    if (add->context.size > 0) {
        json_member_string(w, SPAN("context"), add->context);
    }
    json_member_string(w, SPAN("file_name"), add->file_name);
    json_member_string(w, SPAN("file"), file);
    json_member_string(w, SPAN("pack"), pack);
    json_member_u64(w, SPAN("refused"), add->refused);
    json_end_object(w);
}

/* Which set. */
struct set_key {
    enum store_purpose purpose;
    struct span source_id;
    struct span name;
};

static void bind_key(struct db_query *q, const struct set_key *key)
{
    db_bind_i64(q, key->purpose);
    db_bind_text(q, key->source_id);
    db_bind_text(q, key->name);
}

/* A set as the database has it. */
struct standing {
    bool found;
    uint64_t count;
    enum policy_tlp tlp;
    enum policy_pap pap;
    uint8_t confidence;
    int64_t valid_until_us;
    uint32_t even_if;
    struct span context;
    struct span place; /* of its pack */
};

static enum err standing_read(struct op *op, struct store *store, const struct set_key *key,
                              struct standing *ret)
{
    struct standing set = { .tlp = POLICY_TLP_CLEAR };
    struct db_query q =
        db_query(op, &store->db,
                 "SELECT count, tlp, pap, confidence, valid_until, even_if, context, pack FROM sets"
                 " WHERE purpose = ? AND source_id = ? AND name = ?");
    bind_key(&q, key);
    while (db_next(&q)) {
        set.found = true;
        set.count = (uint64_t)db_i64(&q);
        set.tlp = (enum policy_tlp)db_i64(&q);
        set.pap = (enum policy_pap)db_i64(&q);
        set.confidence = (uint8_t)db_i64(&q);
        set.valid_until_us = db_time(&q);
        set.even_if = (uint32_t)db_i64(&q);
        set.context = db_text(&q);
        set.place = db_text(&q);
    }
    TRY(db_end(&q));
    *ret = set;
    return ERR_OK;
}

/* Members to be taken out are gathered as a pack of their own: kind and key count, not scope or
 * scheme. */
static enum err wanted_add(struct op *op, struct pack_writer *wanted, const struct value *value)
{
    const struct pack_member member = {
        .value = { .kind = value->kind, .key = value->key },
        .scope = VALUE_SCOPE_EXACT,
    };
    return pack_writer_add(op, wanted, &member, NULL);
}

static bool is_wanted(const struct pack_writer *wanted, const struct pack_member *member)
{
    const struct pack_member bare = {
        .value = { .kind = member->value.kind, .key = member->value.key },
        .scope = VALUE_SCOPE_EXACT,
    };
    return pack_writer_has(wanted, &bare);
}

/* Ids are made from names, so a name that is repaired on the way would give two ids. */
enum err store_name_check(struct op *op, struct span name, size_t size_min)
{
    if (name.size < size_min || name.size > STORE_NAME_SIZE_MAX) {
        return op_fail(op, ERR_LIMIT, "names of sets and sources have 1 to %d bytes",
                       STORE_NAME_SIZE_MAX);
    }
    if (text_valid_size(name) != name.size) {
        return op_fail(op, ERR_FORMAT, "names of sets and sources are to be UTF-8");
    }
    return ERR_OK;
}

static enum err allow_check(struct op *op, const struct store_set_add *add)
{
    const struct store_allow *allow = &add->allow;
    struct span reason = allow->reason;
    must(add->purpose != STORE_TO_ALLOW || allow->effect != RANK_EFFECT_NONE);
    must(allow->indicator.size <= FOLD_TEXT_SIZE_MAX);
    must(allow->inside.size <= FOLD_TEXT_SIZE_MAX);
    if (reason.size > STORE_REASON_SIZE_MAX) {
        return op_fail(op, ERR_LIMIT, "a reason has at most %d bytes", STORE_REASON_SIZE_MAX);
    }
    return text_valid_size(reason) == reason.size
               ? ERR_OK
               : op_fail(op, ERR_FORMAT, "a reason is to be UTF-8");
}

/* The file as it came is kept once, however many sets it gives. */
static enum err file_put(struct op *op, struct store *store, const struct store_set_add *add,
                         uint8_t *ret)
{
    if (add->before == NULL || !add->before->filed) {
        return blob_put(op, store->disk, add->file, ret);
    }
    span_copy(ret, DIGEST_SHA256_SIZE, span_make(add->before->file, DIGEST_SHA256_SIZE));
    return ERR_OK;
}

static enum err set_add_append(struct op *op, struct store *store, const struct store_set_add *add,
                               struct span source_id, uint8_t *file)
{
    uint8_t pack[DIGEST_SHA256_SIZE];
    TRY(file_put(op, store, add, file));
    TRY(blob_put(op, store->disk, add->pack, pack));
    struct buf payload;
    struct json_writer w;
    buf_init(&payload, STORE_PAYLOAD_SIZE_MAX);
    json_writer_init(&w, &payload);
    write_set_add(&w, add, source_id, digest_text(op, file), digest_text(op, pack));
    const struct journal_entry entry = { .kind = SPAN("set.add"),
                                         .source = add->source,
                                         .marking = span_of(policy_tlp_name(add->tlp)) };
    enum err err = store_append(op, store, entry, &payload, NULL);
    buf_done(&payload);
    return err;
}

/* Whether an addition is all that the set is made of, and states nothing new. */
static bool is_known(struct op *op, const struct standing *set, const struct store_set_add *add)
{
    uint8_t digest[DIGEST_SHA256_SIZE];
    struct span prefix = SPAN("blob:");
    digest_sha256(add->pack, digest);
    bool same_members = set->found && span_starts_with(set->place, prefix) &&
                        span_equal(span_from(set->place, prefix.size), digest_text(op, digest));
    return same_members && policy_tlp_tighten(set->tlp, add->tlp) == set->tlp &&
           policy_pap_tighten(set->pap, add->pap) == set->pap &&
           set->confidence == add->confidence && set->valid_until_us == add->valid_until_us &&
           (set->even_if | add->even_if) == set->even_if &&
           (add->context.size == 0 || span_equal(set->context, add->context));
}

enum err store_set_add(struct op *op, struct store *store, const struct store_set_add *add,
                       struct store_set_added *ret)
{
    struct set_key key = { .purpose = add->purpose, .name = add->set };
    struct standing before;
    struct standing after;
    TRY(store_ready(op, store));
    TRY(store_name_check(op, add->source, 0));
    TRY(store_name_check(op, add->set, 1));
    TRY(allow_check(op, add));
    TRY(store_source_identity(op, store, add->source, &key.source_id));
    TRY(standing_read(op, store, &key, &before));
    if (add->purpose == STORE_TO_WATCH && is_known(op, &before, add)) {
        *ret = (struct store_set_added){ .count = before.count, .tlp = before.tlp };
        return ERR_OK;
    }
    struct store_set_added added = { .filed = true };
    TRY(set_add_append(op, store, add, key.source_id, added.file));
    TRY(store_commit(op, store));
    TRY(store_sets_sweep(op, store));
    TRY(standing_read(op, store, &key, &after));
    added.fresh = after.count - before.count;
    added.count = after.count;
    added.tlp = after.tlp;
    *ret = added;
    return ERR_OK;
}

/* A value by its text, which gives its key again; a pattern, whose text may mean another key, as it
 * stands. */
static void write_value(struct json_writer *w, const struct value *value, struct value_buf *bytes)
{
    struct buf text;
    struct value again;
    buf_init(&text, VALUE_TEXT_SIZE_MAX);
    value_add_text(&text, value);
    bool plain = value_parse(value->kind, buf_span(&text), bytes, &again) == ERR_OK &&
                 again.kind == value->kind && span_equal(again.key, value->key);
    json_begin_object(w);
    json_member_string(w, SPAN("kind"), span_of(value_kind_name(value->kind)));
    json_member_string(w, plain ? SPAN("value") : SPAN("pattern"), buf_span(&text));
    json_end_object(w);
    buf_done(&text);
}

static enum err write_set_remove(struct op *op, struct json_writer *w, const struct store_set *set,
                                 const struct value *values, size_t count)
{
    struct value_buf *bytes = op_alloc(op, sizeof *bytes);
    if (bytes == NULL) {
        return ERR_LIMIT;
    }
    json_begin_object(w);
    write_purpose(w, set->purpose);
    json_member_string(w, SPAN("source_id"), set->source_id);
    json_member_string(w, SPAN("set"), set->name);
    if (values != NULL) {
        json_key(w, SPAN("values"));
        json_begin_array(w);
        for (size_t i = 0; i < count; i++) {
            write_value(w, &values[i], bytes);
        }
        json_end_array(w);
    }
    json_end_object(w);
    return ERR_OK;
}

/* Whether one of the values is a member: nothing is written into the journal for none. */
static enum err any_is_member(struct op *op, struct store *store, struct span place,
                              const struct value *values, size_t count)
{
    struct span map;
    struct pack_writer *wanted = NULL;
    struct pack_reader reader;
    struct pack_member member;
    bool found = false;
    TRY(pack_map(op, store, place, &map));
    enum err err = pack_writer_new(op, &store->secret, &wanted);
    for (size_t i = 0; err == ERR_OK && i < count; i++) {
        err = wanted_add(op, wanted, &values[i]);
    }
    if (err == ERR_OK) {
        err = pack_reader_open(op, map, &reader);
    }
    while (err == ERR_OK && !found && pack_next(&reader, &member)) {
        found = is_wanted(wanted, &member);
    }
    pack_writer_free(wanted);
    disk_unmap(store->disk, map);
    TRY(err);
    return found ? ERR_OK : op_fail(op, ERR_ABSENT, "not a member of the set");
}

enum err store_set_remove(struct op *op, struct store *store, const struct store_set *set,
                          const struct value *values, size_t count, uint64_t *ret_removed)
{
    struct buf payload;
    struct json_writer w;
    struct standing before;
    struct standing after;
    const struct journal_entry entry = { .kind = SPAN("set.remove"), .source = set->source };
    const struct set_key key = { .purpose = set->purpose,
                                 .source_id = set->source_id,
                                 .name = set->name };
    TRY(store_ready(op, store));
    TRY(standing_read(op, store, &key, &before));
    if (!before.found) {
        return op_fail(op, ERR_ABSENT, "there is no such set any more");
    }
    if (values != NULL) {
        TRY(any_is_member(op, store, before.place, values, count));
    }
    buf_init(&payload, STORE_PAYLOAD_SIZE_MAX);
    json_writer_init(&w, &payload);
    enum err err = write_set_remove(op, &w, set, values, count);
    if (err == ERR_OK) {
        err = store_append(op, store, entry, &payload, NULL);
    }
    buf_done(&payload);
    TRY(err);
    TRY(store_commit(op, store));
    TRY(store_sets_sweep(op, store));
    TRY(standing_read(op, store, &key, &after));
    *ret_removed = before.count - after.count;
    return ERR_OK;
}

/* ---- applying ---- */

/* All members of a pack but those that are unwanted; NULL: none is. */
static enum err merge_pack(struct op *op, struct pack_writer *writer, struct span pack,
                           const struct pack_writer *unwanted)
{
    struct pack_reader reader;
    struct pack_member member;
    TRY(pack_reader_open(op, pack, &reader));
    while (pack_next(&reader, &member)) {
        if (unwanted == NULL || !is_wanted(unwanted, &member)) {
            TRY(pack_writer_add(op, writer, &member, NULL));
        }
    }
    return reader.err == ERR_OK ? ERR_OK : op_fail(op, reader.err, "a packed set is damaged");
}

/* Where a set's pack lies, and how many members it has. */
struct place {
    struct span path; /* "blob:" and a digest, or a path below the world's folder */
    uint64_t count;
};

/* Write what a writer gathered as the set's own file; its name is new with every entry, so that a
 * reader of the old one is not disturbed, and a crash leaves the old one in use. */
static enum err own_pack_write(struct op *op, struct store *store, struct pack_writer *writer,
                               uint64_t number, struct place *ret)
{
    struct buf bytes;
    struct buf path;
    buf_init(&bytes, PACK_SIZE_MAX);
    buf_init(&path, DISK_PATH_SIZE_MAX);
    uint8_t digest[DIGEST_SHA256_SIZE];
    enum err err = pack_writer_finish(op, writer, &bytes, &ret->count);
    digest_sha256(buf_span(&bytes), digest);
    buf_add_format(&path, "sets/%012llu-", (unsigned long long)number);
    buf_add_hex(&path, span_make(digest, sizeof digest));
    buf_add(&path, SPAN(".pack"));
    if (err == ERR_OK) {
        err = disk_replace(op, store->disk, buf_span(&path), buf_span(&bytes));
    }
    if (err == ERR_OK) {
        err = op_copy(op, buf_span(&path), &ret->path);
    }
    buf_done(&bytes);
    buf_done(&path);
    return err;
}

static enum err pack_count(struct op *op, struct span pack, uint64_t *ret)
{
    struct pack_reader reader;
    TRY(pack_reader_open(op, pack, &reader));
    *ret = reader.left;
    return ERR_OK;
}

/* The set with one more addition: the addition's own pack where it is the first. */
static enum err merged_pack(struct op *op, struct store *store, uint64_t number,
                            struct span old_place, struct span add_place, struct place *ret)
{
    struct span old = { NULL, 0 };
    struct span add = { NULL, 0 };
    struct pack_writer *writer = NULL;
    TRY(pack_map(op, store, add_place, &add));
    if (old_place.size == 0) {
        ret->path = add_place;
        enum err err = pack_count(op, add, &ret->count);
        disk_unmap(store->disk, add);
        return err;
    }
    enum err err = pack_map(op, store, old_place, &old);
    if (err == ERR_OK) {
        err = pack_writer_new(op, &store->secret, &writer);
    }
    if (err == ERR_OK) {
        err = merge_pack(op, writer, old, NULL);
    }
    if (err == ERR_OK) {
        err = merge_pack(op, writer, add, NULL);
    }
    if (err == ERR_OK) {
        err = own_pack_write(op, store, writer, number, ret);
    }
    pack_writer_free(writer);
    disk_unmap(store->disk, old);
    disk_unmap(store->disk, add);
    return err;
}

static enum policy_tlp label_read(struct json_value root)
{
    enum policy_tlp tlp = POLICY_TLP_UNKNOWN;
    if (policy_tlp_from_name(json_string(json_member(root, SPAN("tlp"))), &tlp) != ERR_OK) {
        return POLICY_TLP_UNKNOWN; /* shared with nobody */
    }
    return tlp;
}

/* What is stated but cannot be read allows nothing active. */
static enum policy_pap pap_read(struct json_value root)
{
    struct span word = json_string(json_member(root, SPAN("pap")));
    enum policy_pap pap = POLICY_PAP_UNKNOWN;
    if (word.data == NULL) {
        return POLICY_PAP_UNSTATED;
    }
    return policy_pap_from_name(word, &pap) == ERR_OK ? pap : POLICY_PAP_UNKNOWN;
}

static enum err add_place(struct op *op, struct json_value root, struct span *ret)
{
    struct buf place;
    buf_init(&place, DISK_PATH_SIZE_MAX);
    buf_add(&place, SPAN("blob:"));
    buf_add(&place, json_string(json_member(root, SPAN("pack"))));
    enum err err = op_copy(op, buf_span(&place), ret);
    buf_done(&place);
    return err;
}

static struct span text_read(struct json_value root, struct span key)
{
    struct span text = json_string(json_member(root, key));
    return text.data == NULL ? SPAN("") : text;
}

static struct set_key key_read(struct json_value root)
{
    bool allow = span_equal(text_read(root, SPAN("purpose")), PURPOSE_ALLOW);
    return (struct set_key){
        .purpose = allow ? STORE_TO_ALLOW : STORE_TO_WATCH,
        .source_id = text_read(root, SPAN("source_id")),
        .name = text_read(root, SPAN("set")),
    };
}

/* An effect of a newer version that is not known here has none: rather a hit too many. */
static enum rank_effect effect_read(struct json_value root, struct span key)
{
    enum rank_effect effect = RANK_EFFECT_NONE;
    return rank_effect_from_name(text_read(root, key), &effect) == ERR_OK ? effect
                                                                          : RANK_EFFECT_NONE;
}

static void bind_allow(struct db_query *q, struct json_value root)
{
    db_bind_i64(q, effect_read(root, SPAN("effect")));
    db_bind_i64(q, effect_read(root, SPAN("below")));
    db_bind_text(q, text_read(root, SPAN("indicator")));
    db_bind_text(q, text_read(root, SPAN("inside")));
    db_bind_text(q, text_read(root, SPAN("reason")));
}

static enum err purpose_changed(struct op *op, struct store *store, enum store_purpose purpose,
                                uint64_t number)
{
    return purpose == STORE_TO_ALLOW ? store_allowed_changed(op, store, number)
                                     : store_indicators_changed(op, store, number);
}

static enum err set_write(struct op *op, struct store *store, const struct journal_header *header,
                          struct json_value root, const struct standing *now)
{
    int64_t valid_until_us = TIME_US_NONE;
    struct span valid_until = json_string(json_member(root, SPAN("valid_until")));
    if (valid_until.data != NULL) {
        TRY(time_parse(valid_until, &valid_until_us));
    }
    struct span context = json_string(json_member(root, SPAN("context")));
    struct db_query q = db_query(
        op, &store->db,
        "INSERT INTO sets (purpose, source_id, name, source, tlp, pap, confidence, valid_until,"
        " updated, count, pack, effect, below, indicator, inside, reason, even_if, context)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
        " ON CONFLICT (purpose, source_id, name) DO UPDATE SET tlp = excluded.tlp,"
        " pap = excluded.pap, confidence = excluded.confidence,"
        /* An allow list's values end one by one: what is not the end of all is that of none. */
        " valid_until = CASE WHEN excluded.purpose = 0 OR valid_until IS excluded.valid_until"
        " THEN excluded.valid_until END,"
        " updated = excluded.updated, count = excluded.count, pack = excluded.pack,"
        " effect = excluded.effect, below = excluded.below, indicator = excluded.indicator,"
        " inside = excluded.inside, reason = excluded.reason,"
        " even_if = even_if | excluded.even_if,"
        " context = CASE excluded.context WHEN '' THEN context ELSE excluded.context END");
    const struct set_key key = key_read(root);
    bind_key(&q, &key);
    db_bind_text(&q, header->source.data == NULL ? SPAN("") : header->source);
    db_bind_i64(&q, now->tlp);
    db_bind_i64(&q, now->pap);
    db_bind_i64(&q, json_integer(json_member(root, SPAN("confidence")), PACK_CONFIDENCE_UNKNOWN));
    db_bind_time(&q, valid_until_us);
    db_bind_i64(&q, header->time_us);
    db_bind_i64(&q, (int64_t)now->count);
    db_bind_text(&q, now->place);
    bind_allow(&q, root);
    db_bind_i64(&q, store_read_even_if(root));
    db_bind_text(&q, context.data == NULL ? SPAN("") : context);
    return db_finish(&q);
}

enum err store_apply_set_add(struct op *op, struct store *store,
                             const struct journal_header *header, struct span payload)
{
    struct json_value root;
    struct standing before;
    struct span add = { NULL, 0 };
    struct place merged = { .count = 0 };
    TRY(json_parse(op, payload, &root));
    const struct set_key key = key_read(root);
    TRY(standing_read(op, store, &key, &before));
    TRY(add_place(op, root, &add));
    TRY(merged_pack(op, store, header->number, before.place, add, &merged));
    const struct standing now = {
        /* What comes later may narrow a set's label, never widen it. */
        .tlp = policy_tlp_tighten(before.tlp, label_read(root)),
        .pap = policy_pap_tighten(before.pap, pap_read(root)),
        .count = merged.count,
        .place = merged.path,
    };
    TRY(set_write(op, store, header, root, &now));
    return purpose_changed(op, store, key.purpose, header->number);
}

static enum err set_delete(struct op *op, struct store *store, const struct set_key *key)
{
    struct db_query q = db_query(
        op, &store->db, "DELETE FROM sets WHERE purpose = ? AND source_id = ? AND name = ?");
    bind_key(&q, key);
    return db_finish(&q);
}

static enum err values_read(struct op *op, struct json_value values, struct pack_writer *unwanted)
{
    struct value_buf *bytes = op_alloc(op, sizeof *bytes);
    if (bytes == NULL) {
        return ERR_LIMIT;
    }
    struct json_walk walk = json_walk_begin(values);
    while (json_walk_next(&walk)) {
        enum value_kind kind = VALUE_NONE;
        struct value value;
        TRY(value_kind_from_name(json_string(json_member(walk.value, SPAN("kind"))), &kind));
        struct span pattern = json_string(json_member(walk.value, SPAN("pattern")));
        struct span text = json_string(json_member(walk.value, SPAN("value")));
        if (pattern.data != NULL) {
            value = (struct value){ .kind = kind, .key = pattern };
        } else {
            TRY(value_parse(kind, text, bytes, &value));
        }
        TRY(wanted_add(op, unwanted, &value));
    }
    return ERR_OK;
}

static enum err pack_without(struct op *op, struct store *store, uint64_t number,
                             struct span old_place, struct json_value values, struct place *ret)
{
    struct span old = { NULL, 0 };
    struct pack_writer *writer = NULL;
    struct pack_writer *unwanted = NULL;
    TRY(pack_map(op, store, old_place, &old));
    enum err err = pack_writer_new(op, &store->secret, &writer);
    if (err == ERR_OK) {
        err = pack_writer_new(op, &store->secret, &unwanted);
    }
    if (err == ERR_OK) {
        err = values_read(op, values, unwanted);
    }
    if (err == ERR_OK) {
        err = merge_pack(op, writer, old, unwanted);
    }
    if (err == ERR_OK) {
        err = own_pack_write(op, store, writer, number, ret);
    }
    pack_writer_free(writer);
    pack_writer_free(unwanted);
    disk_unmap(store->disk, old);
    return err;
}

enum err store_apply_set_remove(struct op *op, struct store *store,
                                const struct journal_header *header, struct span payload)
{
    struct json_value root;
    TRY(json_parse(op, payload, &root));
    const struct set_key key = key_read(root);
    struct json_value values = json_member(root, SPAN("values"));
    TRY(purpose_changed(op, store, key.purpose, header->number));
    if (json_type(values) != JSON_ARRAY) {
        return set_delete(op, store, &key);
    }
    struct standing before;
    struct place rest = { .count = 0 };
    TRY(standing_read(op, store, &key, &before));
    if (!before.found) {
        return ERR_OK; /* the set is gone already */
    }
    TRY(pack_without(op, store, header->number, before.place, values, &rest));
    if (rest.count == 0 && key.purpose == STORE_TO_ALLOW) {
        return set_delete(op, store, &key); /* it holds neither values nor a label */
    }
    struct db_query q = db_query(op, &store->db,
                                 "UPDATE sets SET updated = ?, count = ?, pack = ?"
                                 " WHERE purpose = ? AND source_id = ? AND name = ?");
    db_bind_i64(&q, header->time_us);
    db_bind_i64(&q, (int64_t)rest.count);
    db_bind_text(&q, rest.path);
    bind_key(&q, &key);
    return db_finish(&q);
}

/* Whether every set's own file is there and begins as a pack; the whole of it is checked where it
 * is read. What is a blob cannot be made anew. */
enum err store_sets_check(struct op *op, struct store *store)
{
    enum err err = ERR_OK;
    struct db_query q =
        db_query(op, &store->db, "SELECT pack FROM sets WHERE pack NOT LIKE 'blob:%'");
    while (err == ERR_OK && db_next(&q)) {
        struct span map = { NULL, 0 };
        struct pack_reader reader;
        err = disk_map(op, store->disk, db_text(&q), &map);
        if (err == ERR_OK) {
            err = pack_reader_open(op, map, &reader);
        }
        disk_unmap(store->disk, map);
    }
    enum err ended = db_end(&q);
    return err != ERR_OK ? err : ended;
}

static enum err pack_referred(struct op *op, struct store *store, struct span path, bool *ret)
{
    struct db_query q = db_query(op, &store->db, "SELECT 1 FROM sets WHERE pack = ?");
    db_bind_text(&q, path);
    *ret = db_next(&q);
    return db_end(&q);
}

enum err store_sets_sweep(struct op *op, struct store *store)
{
    struct span *names = NULL;
    size_t count = 0;
    TRY(disk_list(op, store->disk, SPAN("sets"), &names, &count));
    for (size_t i = 0; i < count; i++) {
        struct buf path;
        bool referred = true;
        buf_init(&path, DISK_PATH_SIZE_MAX);
        buf_add(&path, SPAN("sets/"));
        buf_add(&path, names[i]);
        enum err err = pack_referred(op, store, buf_span(&path), &referred);
        if (err == ERR_OK && !referred) {
            err = disk_remove(op, store->disk, buf_span(&path));
        }
        buf_done(&path);
        TRY(err);
    }
    return ERR_OK;
}
