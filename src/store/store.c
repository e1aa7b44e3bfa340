// SPDX-License-Identifier: EUPL-1.2
#include "store/store.h"

#include <stdio.h>

#include "base/memory.h"
#include "base/must.h"
#include "crypt/digest.h"
#include "journal/blob.h"
#include "journal/frame.h"
#include "os/clock.h"
#include "os/random.h"
#include "store/internal.h"
#include "store/schema.h"

enum {
    APPLY_MEMORY_MAX = 512 * 1024 * 1024, /* of one entry */
    TRANSACTION_ENTRIES_MAX = 1024,
};

#define DB_PATH   SPAN("linie.db")
#define LOCK_PATH SPAN("lock")

static int64_t system_clock_us(void *context)
{
    (void)context;
    return os_clock_us();
}

struct span store_identity(const struct store *store)
{
    return span_make(store->identity, store->identity_size);
}

struct journal *store_journal(struct store *store)
{
    return store->journal;
}

struct disk *store_disk(struct store *store)
{
    return store->disk;
}

enum err store_append(struct op *op, struct store *store, struct journal_entry entry,
                      const struct buf *payload, uint64_t *ret_number)
{
    if (payload->err != ERR_OK) {
        return op_fail(op, ERR_LIMIT, "journal: an entry of kind %.*s is too large",
                       SPAN_FMT(entry.kind));
    }
    uint64_t number = 0;
    entry.payload = buf_span(payload);
    TRY(journal_append(op, store->journal, &entry, &number));
    if (ret_number != NULL) {
        *ret_number = number;
    }
    return ERR_OK;
}

/* ---- applying ---- */

static const struct {
    const char *kind;
    enum err (*apply)(struct op *op, struct store *store, const struct journal_header *header,
                      struct span payload);
} appliers[] = {
    { "set.add", store_apply_set_add },
    { "set.remove", store_apply_set_remove },
    { "stix.object", store_apply_object },
    { "object.remove", store_apply_object_remove },
    { "watch.batch", store_apply_batch },
    { "watch.evidence", store_apply_evidence },
    { "object.put_back", store_apply_object_put_back },
    { "object.even_if", store_apply_object_even_if },
    { "hit.change", store_apply_hit_change },
    { "notice", store_apply_notice },
    { "history.hunt", store_apply_asked },
    { "history.request", store_apply_asked },
    { "history.approval", store_apply_asked },
    { "history.export", store_apply_asked },
    { "history.forget", store_apply_asked },
    { "history.host", store_apply_asked },
    { "history.denied", store_apply_asked },
    { "history.loss", store_apply_asked },
};

static enum err apply_init(struct op *op, struct store *store, struct span payload)
{
    struct json_value root;
    TRY(json_parse(op, payload, &root));
    struct db_query q =
        db_query(op, &store->db,
                 "INSERT OR REPLACE INTO meta (key, value) VALUES ('identity', ?), ('salt', ?)");
    db_bind_text(&q, json_string(json_member(root, SPAN("identity"))));
    db_bind_text(&q, json_string(json_member(root, SPAN("salt"))));
    return db_finish(&q);
}

/* An erased entry leaves nothing behind that was made of it. */
static enum err apply_erase(struct op *op, struct store *store, uint64_t erase_entry,
                            struct span payload)
{
    uint64_t number = 0;
    struct span rule;
    TRY(journal_erase_read(payload, &number, &rule));
    struct db_query q = db_query(op, &store->db, "DELETE FROM evidence WHERE entry = ?");
    db_bind_i64(&q, (int64_t)number);
    TRY(db_finish(&q));
    TRY(store_object_forget(op, store, number));
    return store_indicators_changed(op, store, erase_entry);
}

enum err store_apply(struct op *op, struct store *store, const struct journal_header *header,
                     struct span payload)
{
    if (payload.data == NULL) {
        return ERR_OK; /* erased by rule: the entry that says so is in the journal too */
    }
    if (span_equal(header->kind, SPAN("node.init"))) {
        return apply_init(op, store, payload);
    }
    if (span_equal(header->kind, JOURNAL_KIND_ERASE)) {
        return apply_erase(op, store, header->number, payload);
    }
    for (size_t i = 0; i < sizeof appliers / sizeof appliers[0]; i++) {
        if (span_equal(header->kind, span_of(appliers[i].kind))) {
            return appliers[i].apply(op, store, header, payload);
        }
    }
    return op_fail(op, ERR_UNSUPPORTED,
                   "journal entry %llu is of kind \"%.*s\", which this version does not know: use "
                   "the version that wrote it, or a newer one",
                   (unsigned long long)header->number, SPAN_FMT(header->kind));
}

/* One walk over the journal that applies as it goes. */
struct catch_up {
    struct store *store;
    struct op *op;   /* of the caller: receives the fault */
    struct op entry; /* memory of one entry */
    uint64_t applied;
    uint64_t in_transaction;
};

static enum err meta_number_write(struct op *op, struct store *store, struct span key,
                                  uint64_t number)
{
    struct db_query q =
        db_query(op, &store->db, "INSERT OR REPLACE INTO meta (key, value) VALUES (?, ?)");
    db_bind_text(&q, key);
    db_bind_i64(&q, (int64_t)number);
    return db_finish(&q);
}

enum err store_indicators_changed(struct op *op, struct store *store, uint64_t number)
{
    return meta_number_write(op, store, SPAN("indicators"), number);
}

enum err store_allowed_changed(struct op *op, struct store *store, uint64_t number)
{
    return meta_number_write(op, store, SPAN("allowed"), number);
}

static enum err meta_number(struct op *op, struct store *store, const char *key, uint64_t *ret)
{
    uint64_t number = 0;
    struct db_query q = db_query(op, &store->db, "SELECT value FROM meta WHERE key = ?");
    db_bind_text(&q, span_of(key));
    while (db_next(&q)) {
        number = (uint64_t)db_i64(&q);
    }
    TRY(db_end(&q));
    *ret = number;
    return ERR_OK;
}

enum err store_indicators_version(struct op *op, struct store *store, uint64_t *ret)
{
    return meta_number(op, store, "indicators", ret);
}

enum err store_allowed_version(struct op *op, struct store *store, uint64_t *ret)
{
    return meta_number(op, store, "allowed", ret);
}

enum err store_history_known(struct op *op, struct store *store, uint64_t number)
{
    return meta_number_write(op, store, SPAN("history"), number);
}

enum err store_history_commit(struct op *op, struct store *store, uint64_t *ret)
{
    return meta_number(op, store, "history", ret);
}

static enum err transaction_end(struct catch_up *walk)
{
    if (walk->in_transaction == 0) {
        return ERR_OK;
    }
    TRY(meta_number_write(walk->op, walk->store, SPAN("applied"), walk->applied));
    walk->in_transaction = 0;
    return db_run(walk->op, &walk->store->db, "COMMIT");
}

static enum err catch_up_visit(void *context, const struct journal_header *header,
                               struct span payload)
{
    struct catch_up *walk = context;
    if (walk->in_transaction == 0) {
        TRY(db_run(walk->op, &walk->store->db, "BEGIN IMMEDIATE"));
    }
    walk->in_transaction++;
    op_begin(&walk->entry, &walk->op->actor, APPLY_MEMORY_MAX);
    enum err err = store_apply(&walk->entry, walk->store, header, payload);
    if (err != ERR_OK) {
        err = op_fail(walk->op, err, "journal entry %llu: %s", (unsigned long long)header->number,
                      store_entry_fault(&walk->entry));
    }
    op_end(&walk->entry);
    TRY(err);
    walk->applied = header->number;
    return walk->in_transaction < TRANSACTION_ENTRIES_MAX ? ERR_OK : transaction_end(walk);
}

/* A database that is being made lacks what its maker has not come to yet: until the end it bears a
 * mark, so that no reader takes it for all there is, also where the maker was killed. */
static enum err making_end(struct op *op, struct store *store)
{
    if (store->making) {
        TRY(db_run(op, &store->db, "DELETE FROM meta WHERE key = 'making'"));
        store->making = false;
    }
    return ERR_OK;
}

static enum err catch_up(struct op *op, struct store *store, uint64_t *ret_entries)
{
    uint64_t applied = 0;
    TRY(meta_number(op, store, "applied", &applied));
    if (applied > journal_last(store->journal)) {
        return op_fail(op, ERR_CONFLICT,
                       "the database is ahead of the journal (%llu entries against %llu): the "
                       "journal has lost its end; restore it from a backup",
                       (unsigned long long)applied,
                       (unsigned long long)journal_last(store->journal));
    }
    struct catch_up walk = { .store = store, .op = op, .applied = applied };
    enum err err = journal_walk(op, store->journal, applied + 1, catch_up_visit, &walk);
    if (err == ERR_OK) {
        err = transaction_end(&walk);
    }
    if (err != ERR_OK) {
        (void)sqlite3_exec(store->db.handle, "ROLLBACK", NULL, NULL, NULL);
        return err;
    }
    *ret_entries = walk.applied - applied;
    return making_end(op, store);
}

enum err store_ready(struct op *op, struct store *store)
{
    uint64_t entries = 0;
    if (!store->behind) {
        return ERR_OK;
    }
    TRY(catch_up(op, store, &entries));
    store->behind = false;
    return ERR_OK;
}

enum err store_commit(struct op *op, struct store *store)
{
    TRY(journal_commit(op, store->journal));
    store->behind = true;
    return store_ready(op, store);
}

/* ---- opening ---- */

static enum err schema_version(struct op *op, struct db *db, int64_t *ret)
{
    struct db_query q = db_query(op, db, "PRAGMA user_version");
    while (db_next(&q)) {
        *ret = db_i64(&q);
    }
    return db_end(&q);
}

static enum err schema_make(struct op *op, struct store *store)
{
    char version[64];
    snprintf(version, sizeof version, "PRAGMA user_version = %d", STORE_SCHEMA_VERSION);
    TRY(db_run(op, &store->db, "BEGIN IMMEDIATE"));
    TRY(db_run(op, &store->db, STORE_SCHEMA));
    TRY(db_run(op, &store->db, STORE_SCHEMA_WATCH));
    TRY(db_run(op, &store->db, "INSERT INTO meta (key, value) VALUES ('making', 1)"));
    TRY(db_run(op, &store->db, version));
    return db_run(op, &store->db, "COMMIT");
}

static enum err db_path(struct op *op, struct store *store, struct span *ret)
{
    if (store->database_vfs != NULL) {
        return op_copy(op, DB_PATH, ret);
    }
    return disk_real_path(op, store->disk, DB_PATH, ret);
}

static enum err db_files_remove(struct op *op, struct store *store)
{
    const struct span paths[] = { DB_PATH, SPAN("linie.db-wal"), SPAN("linie.db-shm") };
    for (size_t i = 0; i < sizeof paths / sizeof paths[0]; i++) {
        enum err err = disk_remove(op, store->disk, paths[i]);
        if (err == ERR_ABSENT) {
            op_fault_clear(op);
        } else if (err != ERR_OK) {
            return err;
        }
    }
    return ERR_OK;
}

static enum err db_open_at(struct op *op, struct store *store, struct span path,
                           enum db_access access)
{
    TRY(db_open(op, path, access, store->database_vfs, &store->db));
    return store_judge_register(op, store);
}

static enum err db_make(struct op *op, struct store *store, struct span path)
{
    if (store->db.handle != NULL) {
        db_close(&store->db);
    }
    TRY(db_files_remove(op, store));
    TRY(db_open_at(op, store, path, DB_WRITE));
    store->making = true;
    return schema_make(op, store);
}

static enum err salt_of_journal(struct op *op, struct store *store, struct span *ret)
{
    struct journal_header header;
    struct span payload;
    struct json_value root;
    TRY(journal_read(op, store->journal, 1, &header, &payload));
    TRY(json_parse(op, payload, &root));
    *ret = json_string(json_member(root, SPAN("salt")));
    return ERR_OK;
}

/* Every world of every node has a salt of its own, in its journal's first entry: a database that
 * bears another was made from another journal (an exercise's, say), and is not to be believed. */
static enum err db_is_ours(struct op *op, struct store *store, bool *ret)
{
    struct span salt = { NULL, 0 };
    struct span theirs = { NULL, 0 };
    *ret = true;
    struct db_query q = db_query(op, &store->db, "SELECT value FROM meta WHERE key = 'salt'");
    while (db_next(&q)) {
        theirs = db_text(&q);
    }
    TRY(db_end(&q));
    if (theirs.size == 0 || journal_last(store->journal) == 0) {
        return ERR_OK; /* nothing was applied yet */
    }
    TRY(salt_of_journal(op, store, &salt));
    *ret = span_equal(salt, theirs);
    return ERR_OK;
}

static enum err is_making(struct op *op, struct store *store, bool *ret)
{
    uint64_t mark = 0;
    TRY(meta_number(op, store, "making", &mark));
    *ret = mark != 0;
    return ERR_OK;
}

/* For writing: a database that is missing, damaged or of another version is made anew. */
static enum err db_open_write(struct op *op, struct store *store, bool *ret_rebuilt)
{
    struct span path;
    int64_t version = 0;
    TRY(db_path(op, store, &path));
    enum err err = db_open_at(op, store, path, DB_WRITE);
    if (err == ERR_OK) {
        err = schema_version(op, &store->db, &version);
    }
    if (err == ERR_OK && version > STORE_SCHEMA_VERSION) {
        return op_fail(op, ERR_UNSUPPORTED, "the node was last used by a newer version of linie");
    }
    bool ours = false;
    if (err == ERR_OK && version == STORE_SCHEMA_VERSION) {
        err = db_is_ours(op, store, &ours);
    }
    if (err == ERR_OK && ours) {
        return is_making(op, store, &store->making);
    }
    if (err != ERR_OK && err != ERR_CORRUPT) {
        return err;
    }
    op_fault_clear(op);
    *ret_rebuilt = true;
    return db_make(op, store, path);
}

/* On a read-only file system, and in a folder that is closed to us, there is still reading. */
static enum db_access read_access(struct disk *disk)
{
    return disk_is_writable(disk) ? DB_READ : DB_READ_IN_PLACE;
}

static enum err version_check(struct op *op, struct store *store)
{
    int64_t version = 0;
    TRY(schema_version(op, &store->db, &version));
    if (version > STORE_SCHEMA_VERSION) {
        return op_fail(op, ERR_UNSUPPORTED, "the node was last used by a newer version of linie");
    }
    return version == STORE_SCHEMA_VERSION
               ? ERR_OK
               : op_fail(op, ERR_STALE,
                         "the node's database is of an older version, or is just being made: run "
                         "'linie rebuild'");
}

static enum err db_open_read(struct op *op, struct store *store)
{
    struct span path;
    bool ours = false;
    bool making = false;
    TRY(db_path(op, store, &path));
    TRY(db_open_at(op, store, path, read_access(store->disk)));
    TRY(version_check(op, store));
    TRY(is_making(op, store, &making));
    if (making) {
        return op_fail(op, ERR_STALE,
                       "the node's database is being made anew: try again when that has ended");
    }
    TRY(db_is_ours(op, store, &ours));
    return ours ? ERR_OK
                : op_fail(op, ERR_CORRUPT,
                          "the database was made from another journal: run 'linie rebuild'");
}

static enum err identity_read(struct op *op, struct store *store)
{
    struct db_query q = db_query(
        op, &store->db, "SELECT value FROM meta WHERE key IN ('identity', 'salt') ORDER BY key");
    struct span found[2] = { { NULL, 0 }, { NULL, 0 } };
    for (size_t i = 0; i < 2 && db_next(&q); i++) {
        found[i] = db_text(&q);
    }
    TRY(db_end(&q));
    if (found[0].size == 0 || found[0].size > sizeof store->identity ||
        hex_parse(found[1], store->salt, sizeof store->salt) != ERR_OK) {
        return op_fail(op, ERR_CORRUPT, "the journal does not begin with the node's identity");
    }
    span_copy(store->identity, sizeof store->identity, found[0]);
    store->identity_size = found[0].size;
    return ERR_OK;
}

static enum err lock_take(struct op *op, struct store *store)
{
    enum err err = disk_file_open(op, store->disk, LOCK_PATH, DISK_WRITE, &store->lock);
    if (err == ERR_DENIED && !disk_is_writable(store->disk)) {
        op_fault_prefix(op, "this node can only be read from here, and what is asked for is "
                            "written into its journal: ");
    }
    TRY(err);
    err = disk_lock(op, store->lock);
    if (err == ERR_AGAIN) {
        op_fault_clear(op);
        return op_fail(op, ERR_AGAIN, "another linie is writing to this node");
    }
    return err;
}

static enum err store_new(struct op *op, struct disk *disk, const struct store_options *options,
                          struct store **ret)
{
    must(options->world.size <= STORE_NAME_SIZE_MAX);
    struct store *store = memory_new(sizeof *store);
    if (store == NULL) {
        return op_fail(op, ERR_LIMIT, "out of memory");
    }
    store->disk = disk;
    store->fold_hosts_max =
        options->fold_hosts_max == 0 ? STORE_FOLD_HOSTS_MAX_DEFAULT : options->fold_hosts_max;
    store->rules = options->rules == NULL ? value_rules_default() : *options->rules;
    store->database_vfs = options->database_vfs;
    store->clock_us = options->clock_us == NULL ? system_clock_us : options->clock_us;
    store->clock_context = options->clock_context;
    span_copy(store->world, sizeof store->world, options->world);
    store->world_size = options->world.size;
    os_random(store->secret.bytes, sizeof store->secret.bytes);
    *ret = store;
    return ERR_OK;
}

static enum err journal_of(struct op *op, struct store *store, bool write, uint64_t *ret_cut)
{
    const struct journal_options options = {
        .world = span_make(store->world, store->world_size),
        .write = write,
        .clock_us = store->clock_us,
        .clock_context = store->clock_context,
    };
    return journal_open(op, store->disk, &options, &store->journal, ret_cut);
}

static enum err open_derived(struct op *op, struct store *store, struct store_opened *opened)
{
    TRY(catch_up(op, store, &opened->entries_applied));
    TRY(store_sets_check(op, store));
    TRY(store_sets_sweep(op, store));
    return identity_read(op, store);
}

/* What is derived can always be made anew: where something of it is missing or damaged, start from
 * nothing once. */
static enum err open_derived_or_rebuild(struct op *op, struct store *store,
                                        struct store_opened *opened)
{
    enum err err = open_derived(op, store, opened);
    bool derived_is_damaged = err == ERR_ABSENT || err == ERR_EXISTS || err == ERR_CORRUPT;
    if (!derived_is_damaged || opened->rebuilt) {
        return err;
    }
    op_fault_clear(op);
    opened->rebuilt = true;
    TRY(store_rebuild(op, store, &opened->entries_applied));
    return identity_read(op, store);
}

static enum err open_steps(struct op *op, struct store *store, bool write,
                           struct store_opened *opened)
{
    if (write) {
        TRY(lock_take(op, store));
        /* Derived as well: a node that was just restored has none. */
        TRY(disk_make_folder(op, store->disk, SPAN("sets")));
    }
    TRY(journal_of(op, store, write, &opened->cut_bytes));
    if (!write) {
        TRY(db_open_read(op, store));
        return identity_read(op, store);
    }
    TRY(db_open_write(op, store, &opened->rebuilt));
    uint64_t removed = 0;
    TRY(blob_sweep(op, store->disk, &removed));
    return open_derived_or_rebuild(op, store, opened);
}

enum err store_open(struct op *op, struct disk *disk, const struct store_options *options,
                    struct store **ret, struct store_opened *ret_opened)
{
    struct store *store = NULL;
    struct store_opened opened = { 0 };
    TRY(store_new(op, disk, options, &store));
    enum err err = open_steps(op, store, options->write, &opened);
    if (err != ERR_OK) {
        store_close(store);
        return err;
    }
    if (ret_opened != NULL) {
        *ret_opened = opened;
    }
    *ret = store;
    return ERR_OK;
}

void store_close(struct store *store)
{
    if (store == NULL) {
        return;
    }
    store_event_entry_drop(store);
    if (store->db.handle != NULL) {
        db_close(&store->db);
    }
    journal_close(store->journal);
    disk_file_close(store->lock);
    memory_free(store);
}

/* ---- making ---- */

static enum err create_entries(struct op *op, struct store *store, struct span identity)
{
    struct json_value root;
    TRY(json_parse(op, identity, &root));
    struct span id = json_string(json_member(root, SPAN("id")));
    if (id.size == 0 || id.size > sizeof store->identity) {
        return op_fail(op, ERR_FORMAT, "the identity has no id");
    }
    os_random(store->salt, sizeof store->salt);
    struct buf salt;
    struct buf payload;
    buf_init(&salt, 2 * sizeof store->salt);
    buf_init(&payload, STORE_PAYLOAD_SIZE_MAX);
    buf_add_hex(&salt, span_make(store->salt, sizeof store->salt));
    struct json_writer w;
    json_writer_init(&w, &payload);
    json_begin_object(&w);
    json_member_string(&w, SPAN("identity"), id);
    json_member_string(&w, SPAN("salt"), buf_span(&salt));
    json_member_string(&w, SPAN("version"), SPAN(LINIE_VERSION));
    json_end_object(&w);
    enum err err = store_append(op, store, (struct journal_entry){ .kind = SPAN("node.init") },
                                &payload, NULL);
    buf_done(&salt);
    buf_done(&payload);
    TRY(err);
    const struct journal_entry object = { .kind = SPAN("stix.object"), .payload = identity };
    uint64_t number = 0;
    return journal_append(op, store->journal, &object, &number);
}

static enum err create_steps(struct op *op, struct store *store, struct span identity)
{
    uint64_t cut = 0;
    bool rebuilt = false;
    TRY(lock_take(op, store));
    TRY(disk_make_folder(op, store->disk, SPAN("sets")));
    TRY(journal_of(op, store, true, &cut));
    if (journal_last(store->journal) > 0) {
        return op_fail(op, ERR_EXISTS, "there is a world here already");
    }
    TRY(create_entries(op, store, identity));
    TRY(db_open_write(op, store, &rebuilt));
    return store_commit(op, store);
}

enum err store_create(struct op *op, struct disk *disk, const struct store_options *options,
                      struct span identity)
{
    struct store *store = NULL;
    TRY(store_new(op, disk, options, &store));
    enum err err = create_steps(op, store, identity);
    store_close(store);
    return err;
}

/* What is derived is not thrown away for a journal that cannot give it back. */
static enum err journal_is_whole(struct op *op, struct store *store)
{
    struct journal_check check;
    TRY(journal_check(op, store->disk, span_make(store->world, store->world_size), &check));
    if (check.faults > 0) {
        return op_fail(op, ERR_CORRUPT, "the journal is damaged, nothing was changed: %s",
                       check.first_fault_text);
    }
    return ERR_OK;
}

enum err store_rebuild(struct op *op, struct store *store, uint64_t *ret_entries)
{
    must(store->lock != NULL);
    struct span path;
    TRY(journal_is_whole(op, store));
    TRY(db_path(op, store, &path));
    store->behind = true; /* should this fail half-way, nobody may decide by what is there then */
    TRY(db_make(op, store, path));
    TRY(catch_up(op, store, ret_entries));
    store->behind = false;
    return store_sets_sweep(op, store);
}

/* ---- digest of all that is derived ---- */

/* Every table, in an order of its own columns; row numbers are left out, since they tell only in
 * which order rows came. */
static const char *const digest_queries[] = {
    "SELECT key || '=' || value FROM meta ORDER BY key",
    "SELECT json_array(purpose, source_id, source, name, tlp, pap, confidence, valid_until, "
    "updated,"
    " count, effect, below, indicator, inside, reason, even_if, context) FROM sets ORDER BY "
    "purpose, source_id, name",
    "SELECT json_array(stix_id, type, name, source, created_by, tlp, created, modified, revoked,"
    " removed, latest, confidence, valid_from, valid_until, value_count, unwatched, hex(digest),"
    " hex(content), entry, part) FROM objects ORDER BY entry, part",
    "SELECT stix_id FROM removals ORDER BY stix_id",
    "SELECT json_array(stix_id, even_if) FROM meant ORDER BY stix_id",
    "SELECT json_array(o.entry, o.part, v.kind, hex(v.key), v.scheme, v.scope)"
    " FROM pattern_values v JOIN objects o ON o.id = v.object"
    " ORDER BY o.entry, o.part, v.kind, v.key, v.scheme, v.scope",
    "SELECT json_array(number, device, inode, made, path, format, sensor, position, lines,"
    " observations, size, ended, waiting, hex(mark)) FROM inputs ORDER BY number",
    "SELECT json_array(input, reason, count) FROM input_faults ORDER BY input, reason",
    "SELECT json_array(input, begin, end, first, last) FROM stretches ORDER BY input, begin",
    "SELECT json_array(indicator, inside, start, length, value, kind, last, count, tlp, noisy,"
    " open, changed, sighting_created, sighting_modified, fold, hit, rank, list, state, state_time,"
    " state_actor, assignee) FROM folds ORDER BY indicator, start, length, inside",
    "SELECT json_array(indicator, start, length, inside, entry) FROM hit_changes"
    " ORDER BY indicator, start, length, inside, entry",
    "SELECT json_array(indicator, start, length, inside, number, entry, part) FROM evidence"
    " ORDER BY indicator, start, length, inside, number",
    "SELECT json_array(entry, time, count) FROM events ORDER BY entry",
    "SELECT json_array(entry, type, subject, text, ends, time, tlp, stays, open) FROM notices"
    " ORDER BY entry",
    "SELECT json_array(entry, act, time, about) FROM asked ORDER BY entry",
};

static enum err digest_packs(struct op *op, struct store *store, bool allowed,
                             struct digest_sha256 *digest)
{
    const struct policy_grant *grant = NULL;
    struct store_set *sets = NULL;
    size_t count = 0;
    TRY(policy_grant_owner(op, &grant));
    TRY(allowed ? store_allow_lists(op, store, grant, &sets, &count)
                : store_sets(op, store, grant, &sets, &count));
    for (size_t i = 0; i < count; i++) {
        struct pack_reader reader;
        struct span map;
        TRY(store_set_read(op, store, grant, &sets[i], &reader, &map));
        digest_sha256_add(digest, map);
        disk_unmap(store->disk, map);
    }
    return ERR_OK;
}

enum err store_derived_digest(struct op *op, struct store *store, uint8_t *ret)
{
    struct digest_sha256 digest;
    digest_sha256_init(&digest);
    for (size_t i = 0; i < sizeof digest_queries / sizeof digest_queries[0]; i++) {
        struct db_query q = db_query(op, &store->db, digest_queries[i]);
        while (db_next(&q)) {
            digest_sha256_add(&digest, db_borrow(&q));
            digest_sha256_add(&digest, SPAN("\n"));
        }
        TRY(db_end(&q));
    }
    TRY(digest_packs(op, store, false, &digest));
    TRY(digest_packs(op, store, true, &digest));
    digest_sha256_done(&digest, ret);
    return ERR_OK;
}

enum err store_applied(struct op *op, struct disk *disk, uint64_t *ret)
{
    struct store store = { .disk = disk };
    int64_t version = 0;
    struct span path;
    enum err err = disk_real_path(op, disk, DB_PATH, &path);
    if (err == ERR_OK) {
        err = db_open(op, path, read_access(disk), NULL, &store.db);
    }
    if (err == ERR_OK) {
        err = schema_version(op, &store.db, &version);
    }
    if (err == ERR_OK && version == STORE_SCHEMA_VERSION) {
        err = meta_number(op, &store, "applied", ret);
    }
    if (store.db.handle != NULL) {
        db_close(&store.db);
    }
    return err == ERR_OK && version == STORE_SCHEMA_VERSION ? ERR_OK : ERR_ABSENT;
}

/* ---- erasing ---- */

/* What others are judged by stays: an object's label may rest on a marking definition. */
static enum err is_definition(struct op *op, struct store *store, uint64_t entry, bool *ret)
{
    struct db_query q = db_query(op, &store->db,
                                 "SELECT 1 FROM objects WHERE entry = ? AND part = -1"
                                 " AND type = 'marking-definition'");
    db_bind_i64(&q, (int64_t)entry);
    *ret = db_next(&q);
    return db_end(&q);
}

enum err store_erase(struct op *op, struct store *store, uint64_t number, struct span rule)
{
    struct journal_header header;
    bool definition = false;
    TRY(store_ready(op, store));
    TRY(journal_read(op, store->journal, number, &header, NULL));
    TRY(is_definition(op, store, number, &definition));
    bool may = span_equal(header.kind, SPAN("stix.object")) ||
               span_equal(header.kind, SPAN("watch.evidence"));
    if (!may || definition) {
        return op_fail(
            op, ERR_UNSUPPORTED,
            "entry %llu is of kind %.*s%s, which stays: evidence (watch.evidence) and STIX "
            "objects (stix.object) can be erased",
            (unsigned long long)number, SPAN_FMT(header.kind),
            definition ? " and defines a marking" : "");
    }
    TRY(journal_erase(op, store->journal, number, rule));
    store->behind = true;
    return store_ready(op, store);
}
