// SPDX-License-Identifier: EUPL-1.2
#include "store/event.h"

#include "base/memory.h"
#include "base/must.h"
#include "crypt/digest.h"
#include "stix/id.h"
#include "store/internal.h"

enum {
    ENTRY_MEMORY_MAX = 512 * 1024 * 1024, /* an entry's payload, and where its parts stand */
    ENTRY_KEPT_MAX = 1024 * 1024,         /* a larger one goes once it was read to its end */
    PART_MEMORY_MAX = 4 * 1024 * 1024,
    NAME_SIZE_MAX = 1024,
};

/* The entry that was read last: an entry may hold many thousand events, and readers take a few at a
 * time. */
struct store_event_entry {
    struct op op; /* its memory */
    uint64_t number;
    int64_t time_us;
    bool is_notice;
    uint8_t digest[JOURNAL_DIGEST_SIZE];
    struct span *parts; /* of a batch: the text of each fold */
    size_t count;
};

const char *store_event_type_name(enum store_event_type type)
{
    static const char *const names[STORE_EVENT_COUNT] = { "opened", "grown", "closed", "notice" };
    must(type < STORE_EVENT_COUNT);
    return names[type];
}

struct store_cursor store_events_end(const struct store *store)
{
    return (struct store_cursor){ .entry = journal_last(store->journal) + 1 };
}

/* ---- which entries hold events ---- */

enum err store_event_entry_note(struct op *op, struct store *store,
                                const struct journal_header *header, uint64_t count)
{
    if (count == 0) {
        return ERR_OK;
    }
    struct db_query q =
        db_query(op, &store->db, "INSERT INTO events (entry, time, count) VALUES (?, ?, ?)");
    db_bind_i64(&q, (int64_t)header->number);
    db_bind_i64(&q, header->time_us);
    db_bind_i64(&q, (int64_t)count);
    return db_finish(&q);
}

/* The clock may have gone back: later entries may bear an earlier time. */
enum err store_events_since(struct op *op, struct store *store, int64_t time_us,
                            struct store_cursor *ret)
{
    struct store_cursor cursor = store_events_end(store);
    struct db_query q =
        db_query(op, &store->db, "SELECT coalesce(min(entry), ?2) FROM events WHERE time >= ?1");
    db_bind_i64(&q, time_us);
    db_bind_i64(&q, (int64_t)cursor.entry);
    while (db_next(&q)) {
        cursor.entry = (uint64_t)db_i64(&q);
    }
    TRY(db_end(&q));
    *ret = cursor;
    return ERR_OK;
}

enum err store_events_behind(struct op *op, struct store *store, struct store_cursor cursor,
                             uint64_t *ret_count, int64_t *ret_oldest_us)
{
    uint64_t count = 0;
    int64_t oldest_us = TIME_US_NONE;
    struct db_query q =
        db_query(op, &store->db,
                 "SELECT coalesce(sum(CASE WHEN entry = ?1 THEN count - ?2 ELSE count END), 0),"
                 " min(time) FROM events WHERE entry > ?1 OR (entry = ?1 AND count > ?2)");
    db_bind_i64(&q, (int64_t)cursor.entry);
    db_bind_i64(&q, (int64_t)cursor.part);
    while (db_next(&q)) {
        count = (uint64_t)db_i64(&q);
        oldest_us = db_time(&q);
    }
    TRY(db_end(&q));
    *ret_count = count;
    *ret_oldest_us = oldest_us;
    return ERR_OK;
}

/* The next entry with events, at or behind a cursor; 0 where there is none. */
static enum err entry_next(struct op *op, struct store *store, struct store_cursor cursor,
                           uint64_t *ret)
{
    uint64_t number = 0;
    struct db_query q =
        db_query(op, &store->db,
                 "SELECT entry FROM events WHERE entry >= ?1 AND NOT (entry = ?1 AND count <= ?2)"
                 " ORDER BY entry LIMIT 1");
    db_bind_i64(&q, (int64_t)cursor.entry);
    db_bind_i64(&q, (int64_t)cursor.part);
    while (db_next(&q)) {
        number = (uint64_t)db_i64(&q);
    }
    TRY(db_end(&q));
    *ret = number;
    return ERR_OK;
}

/* ---- the present entry ---- */

void store_event_entry_drop(struct store *store)
{
    if (store->event_entry != NULL) {
        op_end(&store->event_entry->op);
        memory_free(store->event_entry);
        store->event_entry = NULL;
    }
}

static enum err entry_parts(struct store_event_entry *entry, struct span payload)
{
    if (entry->is_notice) {
        entry->parts = op_alloc(&entry->op, sizeof *entry->parts);
        if (entry->parts == NULL) {
            return ERR_LIMIT;
        }
        entry->parts[0] = payload;
        entry->count = 1;
        return ERR_OK;
    }
    return json_array_spans(&entry->op, payload, SPAN("folds"), &entry->parts, &entry->count);
}

static enum err entry_read(struct store *store, struct store_event_entry *entry)
{
    struct journal_header header;
    struct span payload = { NULL, 0 };
    TRY(journal_read(&entry->op, store->journal, entry->number, &header, &payload));
    entry->time_us = header.time_us;
    entry->is_notice = span_equal(header.kind, SPAN("notice"));
    span_copy(entry->digest, sizeof entry->digest,
              span_make(header.payload_digest, sizeof header.payload_digest));
    return entry_parts(entry, payload);
}

static enum err entry_load(struct op *op, struct store *store, uint64_t number)
{
    if (store->event_entry != NULL && store->event_entry->number == number) {
        return ERR_OK;
    }
    store_event_entry_drop(store);
    struct store_event_entry *entry = memory_new(sizeof *entry);
    if (entry == NULL) {
        return op_fail(op, ERR_LIMIT, "out of memory");
    }
    static const struct actor reader = { .name = { (const uint8_t *)"events", 6 } };
    op_begin(&entry->op, &reader, ENTRY_MEMORY_MAX);
    entry->number = number;
    store->event_entry = entry;
    enum err err = entry_read(store, entry);
    if (err != ERR_OK) {
        err = op_fail(op, err, "journal entry %llu: %s", (unsigned long long)number,
                      store_entry_fault(&entry->op));
        store_event_entry_drop(store);
    }
    return err;
}

/* ---- one event ---- */

/* The digest of an entry's payload covers a random salt: where a node was restored from a backup
 * and went another way, an entry's number comes again, its id does not. */
static struct uuid event_id(const struct store *store, const struct store_event_entry *entry,
                            uint64_t part)
{
    struct buf name;
    struct buf hex;
    struct json_writer w;
    buf_init(&hex, 2 * JOURNAL_DIGEST_SIZE);
    buf_add_hex(&hex, span_make(entry->digest, sizeof entry->digest));
    buf_init(&name, NAME_SIZE_MAX);
    json_writer_init(&w, &name);
    json_begin_array(&w);
    json_add_string(&w, SPAN("event"));
    json_add_string(&w, span_make(store->world, store->world_size));
    json_add_u64(&w, entry->number);
    json_add_u64(&w, part);
    json_add_string(&w, buf_span(&hex));
    json_end_array(&w);
    const struct uuid uuid = uuid_v5(&STIX_MEMBER_NAMESPACE, buf_span(&name));
    buf_done(&name);
    buf_done(&hex);
    return uuid;
}

struct event_room {
    struct fold fold;
    struct store_notice notice;
};

static enum err event_of_fold(struct json_value root, struct event_room *room,
                              struct store_event *event)
{
    TRY(fold_json_read(json_member(root, SPAN("fold")), &room->fold));
    bool open = json_true(json_member(root, SPAN("open")));
    event->fold = &room->fold;
    event->tlp = (enum policy_tlp)room->fold.tlp;
    event->count_before =
        (uint64_t)json_integer(json_member(root, SPAN("count_before")), (int64_t)room->fold.count);
    event->rank_before = (unsigned)json_integer(json_member(root, SPAN("rank_before")), 0);
    if (!open) {
        event->type = STORE_EVENT_CLOSED;
    } else {
        event->type = event->count_before == 0 ? STORE_EVENT_OPENED : STORE_EVENT_GROWN;
    }
    return ERR_OK;
}

static enum err event_of_notice(struct json_value root, struct event_room *room,
                                struct store_event *event)
{
    TRY(store_notice_read(root, &room->notice));
    room->notice.entry = event->at.entry;
    room->notice.open = room->notice.stays;
    event->notice = &room->notice;
    event->tlp = room->notice.tlp;
    event->type = STORE_EVENT_NOTICE;
    return ERR_OK;
}

static enum err event_visit(struct op *part_op, struct store *store, struct store_events *events,
                            bool *ret_stopped)
{
    const struct store_event_entry *entry = store->event_entry;
    struct event_room *room = op_alloc(part_op, sizeof *room);
    struct json_value root;
    struct store_event event = { .at = events->cursor, .time_us = entry->time_us };
    if (room == NULL) {
        return ERR_LIMIT;
    }
    TRY(json_parse(part_op, entry->parts[event.at.part], &root));
    enum err err =
        entry->is_notice ? event_of_notice(root, room, &event) : event_of_fold(root, room, &event);
    if (err != ERR_OK) {
        return op_fail(part_op, ERR_CORRUPT, "journal entry %llu: part %llu cannot be read",
                       (unsigned long long)event.at.entry, (unsigned long long)event.at.part);
    }
    if (!policy_may_read(events->grant, event.tlp)) {
        return ERR_OK;
    }
    event.id = event_id(store, entry, event.at.part);
    enum err visited = events->visit(events->context, &event);
    *ret_stopped = visited == ERR_AGAIN;
    return visited;
}

/* ---- the walk ---- */

struct progress {
    uint64_t looked_at;
    bool stopped; /* by the visitor, who has enough */
};

static enum err part_walk(struct op *op, struct store *store, struct store_events *events,
                          bool *ret_stopped)
{
    struct op part_op;
    op_begin(&part_op, &op->actor, PART_MEMORY_MAX);
    enum err err = event_visit(&part_op, store, events, ret_stopped);
    if (err != ERR_OK && part_op.fault.err != ERR_OK) {
        err = op_fail(op, err, "%s", part_op.fault.text);
    }
    op_end(&part_op);
    return err;
}

/* Events of one entry, from the cursor on. */
static enum err entry_walk(struct op *op, struct store *store, struct store_events *events,
                           struct progress *progress)
{
    const struct store_event_entry *entry = store->event_entry;
    while (events->cursor.part < entry->count && progress->looked_at < events->count_max) {
        TRY(part_walk(op, store, events, &progress->stopped));
        events->cursor.part++;
        progress->looked_at++;
    }
    if (events->cursor.part >= entry->count) {
        events->cursor = (struct store_cursor){ .entry = entry->number + 1 };
        if (entry->op.arena.total > ENTRY_KEPT_MAX) {
            store_event_entry_drop(store);
        }
    }
    return ERR_OK;
}

static enum err entries_walk(struct op *op, struct store *store, struct store_events *events,
                             struct progress *progress)
{
    while (progress->looked_at < events->count_max) {
        uint64_t number = 0;
        TRY(op_check(op));
        TRY(entry_next(op, store, events->cursor, &number));
        if (number == 0) {
            struct store_cursor end = store_events_end(store);
            events->cursor = events->cursor.entry < end.entry ? end : events->cursor;
            return ERR_OK;
        }
        TRY(entry_load(op, store, number));
        if (number != events->cursor.entry) {
            events->cursor = (struct store_cursor){ .entry = number };
        }
        TRY(entry_walk(op, store, events, progress));
    }
    return ERR_OK;
}

enum err store_events_walk(struct op *op, struct store *store, struct store_events *events)
{
    struct progress progress = { .stopped = false };
    enum err err = entries_walk(op, store, events, &progress);
    return progress.stopped ? ERR_OK : err;
}
