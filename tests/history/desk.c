// SPDX-License-Identifier: EUPL-1.2
#include "tests/history/desk.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/memory.h"
#include "tests/testing.h"

enum {
    VALUES = 24,
    HOSTS = 5, /* one is none */
    WAYS = 4,
    ID_SIZE = 192,
    HOURS = 40,
    ROWS_MAX = DESK_SEEN_MAX,
    KEY_TEXT_SIZE = 80,
};

#define FOLDER SPAN("history")

/* ---- names ---- */

struct named_value {
    struct value value;
    uint8_t key[KEY_TEXT_SIZE];
};

/* Addresses, digests, and domains of which some are below others. */
static void value_of(uint32_t number, struct named_value *ret)
{
    static const enum value_kind kinds[] = { VALUE_DOMAIN, VALUE_IPV4, VALUE_SHA256 };
    enum value_kind kind = kinds[number % 3];
    size_t size;
    if (kind == VALUE_DOMAIN) {
        const char *below = number % 2 == 0 ? "" : "www.";
        size = (size_t)snprintf((char *)ret->key, sizeof ret->key, "%sname%u.example", below,
                                (unsigned)(number / 6));
    } else {
        size = kind == VALUE_IPV4 ? VALUE_IPV4_SIZE : VALUE_SHA256_SIZE;
        memset(ret->key, (int)number, size);
    }
    ret->value = (struct value){ .kind = kind, .key = span_make(ret->key, size) };
}

static struct span host_of(uint32_t number)
{
    static const char *const hosts[HOSTS] = { "", "192.0.2.1", "192.0.2.2", "2001:db8::1",
                                              "2001:db8::2" };
    return span_of(hosts[number]);
}

static struct history_way way_of(uint32_t number)
{
    return (struct history_way){ .sensor = number < 2 ? SPAN("north") : SPAN("south"),
                                 .field = SPAN("dns.query"),
                                 .direction = RANK_OUTBOUND,
                                 .answer = number % 2 == 1 };
}

/* ---- begin and end ---- */

uint64_t desk_choose(struct desk *desk, uint64_t count)
{
    return testing_random(&desk->random) % count;
}

void desk_violate(struct desk *desk, const char *format, ...)
{
    if (desk->violation[0] != '\0') {
        return;
    }
    va_list args;
    va_start(args, format);
    vsnprintf(desk->violation, sizeof desk->violation, format, args);
    va_end(args);
}

void desk_begin(struct desk *desk, struct disk *disk, uint64_t seed)
{
    *desk = (struct desk){ .disk = disk, .random = seed, .hours = HOURS };
    testing_op_begin(&desk->op);
    history_rules_default(&desk->rules);
    desk->rules.hour_days = 0;
    desk->rules.day_days = 0;
    desk->now_us = (int64_t)DESK_BASE_S * 1000000;
    check_err(history_record_writer_new(&desk->op, &desk->writer), ERR_OK);
    buf_init(&desk->record, HISTORY_RECORD_SIZE_MAX);
    desk->seen = memory_new_array(DESK_SEEN_MAX, sizeof *desk->seen);
    assert_non_null(desk->seen);
}

void desk_end(struct desk *desk)
{
    desk_close(desk);
    history_record_writer_free(desk->writer);
    buf_done(&desk->record);
    memory_free(desk->seen);
    disk_close(desk->disk);
    op_end(&desk->op);
}

/* A fresh op for each act: its memory and its fault. */
static struct op *op_anew(struct desk *desk, enum desk_phase phase)
{
    op_end(&desk->op);
    testing_op_begin(&desk->op);
    desk->phase = phase;
    desk->phase_folder_syncs = 0;
    return &desk->op;
}

static enum err done(struct desk *desk, enum err err)
{
    desk->phase = DESK_IDLE;
    if (err == ERR_CORRUPT || err == ERR_FORMAT || err == ERR_CONFLICT || err == ERR_LIMIT) {
        desk_violate(desk, "an act fails with %s: %s", err_name(err), desk->op.fault.text);
    }
    return err;
}

/* ---- the shadow ---- */

static void shadow_remove(struct desk *desk, bool (*goes)(const struct desk *, size_t))
{
    size_t kept = 0;
    for (size_t i = 0; i < desk->seen_count; i++) {
        if (!goes(desk, i)) {
            desk->seen[kept] = desk->seen[i];
            kept++;
        }
    }
    desk->seen_count = kept;
}

static bool waits(const struct desk *desk, size_t i)
{
    return desk->seen[i].commit == 0;
}

static bool is_unknown(const struct desk *desk, size_t i)
{
    return waits(desk, i) || desk->seen[i].commit > desk->journal;
}

static bool is_forgotten(const struct desk *desk, size_t i)
{
    return desk->seen[i].asked;
}

void desk_die(struct desk *desk)
{
    desk_close(desk);
    shadow_remove(desk, is_unknown);
}

/* ---- acts ---- */

static struct history_options options_of(const struct desk *desk, bool write)
{
    return (struct history_options){ .write = write,
                                     .acknowledged = desk->journal,
                                     .rules = &desk->rules,
                                     .merge_keys_max = desk->merge_keys_max };
}

enum err desk_open(struct desk *desk)
{
    struct op *op = op_anew(desk, DESK_OPEN);
    const struct history_options options = options_of(desk, true);
    enum err err = history_open(op, desk->disk, FOLDER, &options, &desk->history, &desk->opened);
    desk->history = err == ERR_OK ? desk->history : NULL;
    if (err == ERR_OK && !desk->damaged &&
        (desk->opened.damaged > 0 || desk->opened.behind || desk->opened.ahead)) {
        desk_violate(desk, "opened: %" PRIu64 " damaged, behind %d, ahead %d", desk->opened.damaged,
                     desk->opened.behind, desk->opened.ahead);
    }
    if (err == ERR_OK && desk->opened.made && desk->journal > 0) {
        desk_violate(desk, "the history was made anew");
    }
    return done(desk, err);
}

void desk_close(struct desk *desk)
{
    history_close(desk->history);
    desk->history = NULL;
}

static void record_begin(struct desk *desk)
{
    history_record_begin(desk->writer);
    for (uint32_t i = 0; i < HOSTS; i++) {
        assert_int_equal(history_record_host(desk->writer, host_of(i)), i);
    }
    for (uint32_t i = 0; i < WAYS; i++) {
        const struct history_way way = way_of(i);
        assert_int_equal(history_record_way(desk->writer, &way), i);
    }
}

static void record_add(struct desk *desk, const struct desk_seen *seen)
{
    struct named_value named;
    value_of(seen->value, &named);
    const struct history_seen told = { .kind = named.value.kind,
                                       .key = named.value.key,
                                       .host = seen->host,
                                       .way = seen->way,
                                       .first_s = seen->first_s,
                                       .last_s = seen->last_s,
                                       .count = seen->count };
    check_err(history_record_add(desk->writer, &told), ERR_OK);
}

static enum err record_send(struct desk *desk)
{
    uint64_t left_out;
    struct op *op = op_anew(desk, DESK_IDLE);
    buf_clear(&desk->record);
    history_record_end(desk->writer, &desk->record, &left_out);
    assert_int_equal(left_out, 0);
    return done(desk, history_add(op, desk->history, buf_span(&desk->record)));
}

enum err desk_add_one(struct desk *desk, const struct desk_seen *seen)
{
    record_begin(desk);
    record_add(desk, seen);
    TRY(record_send(desk));
    assert_true(desk->seen_count < DESK_SEEN_MAX);
    desk->seen[desk->seen_count] = *seen;
    desk->seen_count++;
    return ERR_OK;
}

static struct desk_seen seen_random(struct desk *desk)
{
    uint32_t start_s = DESK_BASE_S + (uint32_t)desk_choose(desk, desk->hours) * HISTORY_HOUR_S;
    uint32_t offset = (uint32_t)desk_choose(desk, HISTORY_HOUR_S);
    return (struct desk_seen){
        .value = (uint32_t)desk_choose(desk, VALUES),
        .host = (uint32_t)desk_choose(desk, HOSTS),
        .way = (uint32_t)desk_choose(desk, WAYS),
        .first_s = start_s + offset,
        .last_s = start_s + offset + (uint32_t)desk_choose(desk, HISTORY_HOUR_S - offset),
        .count = 1 + desk_choose(desk, 5),
    };
}

enum err desk_add(struct desk *desk, size_t count)
{
    size_t before = desk->seen_count;
    if (before + count > DESK_SEEN_MAX || count == 0) {
        return ERR_OK;
    }
    record_begin(desk);
    for (size_t i = 0; i < count; i++) {
        desk->seen[before + i] = seen_random(desk);
        record_add(desk, &desk->seen[before + i]);
    }
    TRY(record_send(desk));
    desk->seen_count = before + count;
    return ERR_OK;
}

void desk_drop(struct desk *desk)
{
    history_drop(desk->history);
    shadow_remove(desk, waits);
}

enum err desk_commit(struct desk *desk)
{
    uint64_t number = 0;
    struct op *op = op_anew(desk, DESK_COMMIT);
    enum err err = done(desk, history_commit(op, desk->history, &number));
    if (err == ERR_IO) {
        shadow_remove(desk, waits);
    }
    TRY(err);
    for (size_t i = 0; i < desk->seen_count; i++) {
        if (waits(desk, i)) {
            desk->seen[i].commit = number;
        }
    }
    return ERR_OK;
}

static uint64_t last_commit(const struct desk *desk)
{
    uint64_t last = desk->journal;
    for (size_t i = 0; i < desk->seen_count; i++) {
        last = desk->seen[i].commit > last ? desk->seen[i].commit : last;
    }
    return last;
}

void desk_acknowledge(struct desk *desk)
{
    desk->journal = last_commit(desk);
    history_acknowledged(desk->history);
}

/* What must be so before a segment can be made of what is live. */
static enum err settle(struct desk *desk)
{
    enum err err = desk_commit(desk);
    if (err == ERR_OK) {
        desk_acknowledge(desk);
    }
    return err;
}

enum err desk_flush(struct desk *desk)
{
    TRY(settle(desk));
    struct op *op = op_anew(desk, DESK_FLUSH);
    return done(desk, history_flush(op, desk->history));
}

enum err desk_work(struct desk *desk, int64_t budget_us)
{
    bool more;
    struct op *op = op_anew(desk, DESK_MERGE);
    return done(desk, history_work(op, desk->history, desk->now_us, budget_us, &more));
}

enum err desk_compact(struct desk *desk)
{
    TRY(settle(desk));
    struct op *op = op_anew(desk, DESK_MERGE);
    return done(desk, history_compact(op, desk->history, desk->now_us));
}

/* ---- forgetting ---- */

static bool is_below(struct span name, struct span above)
{
    return span_equal(name, above) || (name.size > above.size && span_ends_with(name, above) &&
                                       name.data[name.size - above.size - 1] == '.');
}

static bool value_meets(const struct history_forget *forget, const struct value *value)
{
    if (forget->kind != VALUE_NONE && forget->kind != value->kind) {
        return false;
    }
    if (forget->value == NULL) {
        return true;
    }
    if (forget->value->kind != value->kind) {
        return false;
    }
    return forget->scope == VALUE_SCOPE_SUBDOMAINS ? is_below(value->key, forget->value->key)
                                                   : span_equal(value->key, forget->value->key);
}

static bool forget_meets(const struct history_forget *forget, const struct desk_seen *seen)
{
    struct named_value named;
    value_of(seen->value, &named);
    bool host = forget->host.size == 0 || span_equal(forget->host, host_of(seen->host));
    return host && value_meets(forget, &named.value) && seen->first_s >= forget->since_s &&
           seen->last_s <= forget->until_s;
}

/* Times begin and end with hours, so that whole postings go. */
static struct history_forget forget_random(struct desk *desk, struct named_value *named)
{
    struct history_forget forget = { .until_s = UINT32_MAX };
    value_of((uint32_t)desk_choose(desk, VALUES), named);
    uint64_t how = desk_choose(desk, 5);
    if (how <= 1) {
        forget.value = &named->value;
        forget.scope = named->value.kind == VALUE_DOMAIN && how == 1 ? VALUE_SCOPE_SUBDOMAINS
                                                                     : VALUE_SCOPE_EXACT;
    } else if (how == 2) {
        forget.kind = named->value.kind;
        forget.host = host_of(1);
    } else if (how == 3) {
        forget.host = host_of(1 + (uint32_t)desk_choose(desk, HOSTS - 1));
    } else {
        uint32_t begin = (uint32_t)desk_choose(desk, desk->hours);
        forget.since_s = DESK_BASE_S + begin * HISTORY_HOUR_S;
        forget.until_s = forget.since_s + 5 * HISTORY_HOUR_S - 1;
    }
    return forget;
}

enum err desk_forget(struct desk *desk)
{
    struct named_value named;
    struct history_forgotten gone;
    struct history_forget forget = forget_random(desk, &named);
    TRY(settle(desk));
    struct op *op = op_anew(desk, DESK_FORGET);
    for (size_t i = 0; i < desk->seen_count; i++) {
        desk->seen[i].asked = forget_meets(&forget, &desk->seen[i]);
        desk->seen[i].forgotten = desk->seen[i].forgotten || desk->seen[i].asked;
    }
    TRY(done(desk, history_forget(op, desk->history, &forget, &gone)));
    shadow_remove(desk, is_forgotten);
    return ERR_OK;
}

/* ---- comparing ---- */

/* A row with one posting, under a text that tells it from all others. */
struct row {
    char id[ID_SIZE];
    uint32_t first_s;
    uint32_t last_s;
    uint64_t count;     /* at most */
    uint64_t count_min; /* less by what perhaps was forgotten */
};

struct rows {
    size_t count;
    struct row *at;
};

static int rows_order(const void *a, const void *b)
{
    return strcmp(((const struct row *)a)->id, ((const struct row *)b)->id);
}

static void row_add(struct desk *desk, struct rows *rows, enum value_kind kind, struct span key,
                    uint32_t start_s)
{
    struct buf hex;
    assert_true(rows->count < ROWS_MAX);
    struct row *row = &rows->at[rows->count];
    buf_init(&hex, ID_SIZE);
    buf_add_hex(&hex, key);
    uint32_t start = desk->by_month ? history_span_start(HISTORY_MONTH, start_s) : start_s;
    snprintf(row->id, sizeof row->id, "%s %.*s %u", value_kind_name(kind), SPAN_FMT(buf_span(&hex)),
             start);
    buf_done(&hex);
    rows->count++;
}

static void row_posting(struct rows *rows, struct span host, const struct history_way *way,
                        const struct row *figures)
{
    struct row *row = &rows->at[rows->count - 1];
    size_t used = strlen(row->id);
    snprintf(row->id + used, sizeof row->id - used, " %.*s %.*s/%.*s %d%d", SPAN_FMT(host),
             SPAN_FMT(way->sensor), SPAN_FMT(way->field), (int)way->direction, way->answer);
    row->first_s = figures->first_s;
    row->last_s = figures->last_s;
    row->count = figures->count;
    row->count_min = figures->count_min;
}

/* Sorts, and puts equal ones together. */
static void rows_fold(struct rows *rows)
{
    size_t kept = 0;
    qsort(rows->at, rows->count, sizeof *rows->at, rows_order);
    for (size_t i = 0; i < rows->count; i++) {
        struct row *row = &rows->at[i];
        struct row *last = kept == 0 ? NULL : &rows->at[kept - 1];
        if (last == NULL || strcmp(last->id, row->id) != 0) {
            rows->at[kept] = *row;
            kept++;
            continue;
        }
        last->first_s = row->first_s < last->first_s ? row->first_s : last->first_s;
        last->last_s = row->last_s > last->last_s ? row->last_s : last->last_s;
        last->count += row->count;
        last->count_min += row->count_min;
    }
    rows->count = kept;
}

static void shadow_rows(struct desk *desk, bool journal_only, struct rows *rows)
{
    for (size_t i = 0; i < desk->seen_count; i++) {
        const struct desk_seen *seen = &desk->seen[i];
        struct named_value named;
        if (waits(desk, i) || (journal_only && is_unknown(desk, i))) {
            continue;
        }
        value_of(seen->value, &named);
        row_add(desk, rows, named.value.kind, named.value.key,
                history_span_start(HISTORY_HOUR, seen->first_s));
        const struct history_way way = way_of(seen->way);
        const struct row figures = { .first_s = seen->first_s,
                                     .last_s = seen->last_s,
                                     .count = seen->count,
                                     .count_min = seen->forgotten ? 0 : seen->count };
        row_posting(rows, host_of(seen->host), &way, &figures);
    }
    rows_fold(rows);
}

static void entry_rows(struct desk *desk, const struct segment *segment,
                       const struct history_entry *entry, struct rows *rows)
{
    static uint8_t key[HISTORY_ORDER_SIZE_MAX];
    size_t names;
    history_order(entry->kind, entry->form, entry->order, key);
    for (size_t i = 0; i < entry->row_count; i++) {
        const struct history_row *row = &entry->rows[i];
        for (size_t k = 0; k < row->posting_count; k++) {
            const struct history_posting *posting = &row->postings[k];
            row_add(desk, rows, entry->kind, span_make(key, entry->order.size), row->start_s);
            const struct row figures = { .first_s = posting->first_s,
                                         .last_s = posting->last_s,
                                         .count = posting->count,
                                         .count_min = posting->count };
            row_posting(rows, segment_hosts(segment, &names)[posting->host],
                        &segment_ways(segment, &names)[posting->way], &figures);
        }
    }
}

static enum err history_rows(struct desk *desk, struct history *history, struct rows *rows)
{
    const struct segment *const *segments;
    size_t count;
    TRY(history_segments(&desk->op, history, &segments, &count));
    for (size_t i = 0; i < count; i++) {
        struct segment_cursor *cursor;
        struct history_entry entry;
        TRY(segment_cursor_new(&desk->op, segments[i], &cursor));
        enum err err = segment_cursor_next(&desk->op, cursor, &entry);
        while (err == ERR_OK || (err == ERR_CORRUPT && desk->damaged)) {
            if (err == ERR_OK) {
                entry_rows(desk, segments[i], &entry, rows);
            }
            desk->blocks += err == ERR_CORRUPT ? 1 : 0;
            op_fault_clear(&desk->op);
            err = segment_cursor_next(&desk->op, cursor, &entry);
        }
        segment_cursor_free(cursor);
        if (err != ERR_ABSENT) {
            return err;
        }
    }
    rows_fold(rows);
    return ERR_OK;
}

/* Each row of the shadow is there with as much, or, where it is perhaps forgotten, less; and no
 * other. */
static void rows_compare(struct desk *desk, const struct rows *shadow, const struct rows *there)
{
    size_t at = 0;
    for (size_t i = 0; i < shadow->count; i++) {
        const struct row *expected = &shadow->at[i];
        int order = at < there->count ? strcmp(there->at[at].id, expected->id) : 1;
        const struct row *row = order == 0 ? &there->at[at] : NULL;
        uint64_t count = row != NULL ? row->count : 0;
        if (order < 0) {
            break;
        }
        bool less = count < expected->count_min;
        desk->less += less ? 1 : 0;
        if (count > expected->count || (less && !desk->damaged)) {
            desk_violate(desk, "%s: %" PRIu64 " lines, not %" PRIu64, expected->id, count,
                         expected->count);
            return;
        }
        if (count == expected->count && row != NULL &&
            (row->first_s != expected->first_s || row->last_s != expected->last_s)) {
            desk_violate(desk, "%s: another time", expected->id);
            return;
        }
        at += row != NULL ? 1 : 0;
    }
    if (at < there->count) {
        desk_violate(desk, "%s is there, and was not told", there->at[at].id);
    }
}

bool desk_compare(struct desk *desk, struct history *history, bool journal_only)
{
    struct rows shadow = { .at = memory_new_array(ROWS_MAX, sizeof(struct row)) };
    struct rows there = { .at = memory_new_array(ROWS_MAX, sizeof(struct row)) };
    assert_non_null(shadow.at);
    assert_non_null(there.at);
    (void)op_anew(desk, DESK_IDLE);
    desk->less = 0;
    desk->blocks = 0;
    shadow_rows(desk, journal_only, &shadow);
    enum err err = history_rows(desk, history, &there);
    if (err == ERR_OK) {
        rows_compare(desk, &shadow, &there);
    } else {
        desk_violate(desk, "reading fails with %s: %s", err_name(err), desk->op.fault.text);
    }
    memory_free(shadow.at);
    memory_free(there.at);
    return desk->violation[0] == '\0';
}

static void on_fault(void *context, const char *text)
{
    if (!((struct desk *)context)->damaged) {
        desk_violate(context, "the check says: %s", text);
    }
}

static void check(struct desk *desk, struct history *history)
{
    uint64_t faults = 0;
    struct op *op = op_anew(desk, DESK_IDLE);
    enum err err = history_check(op, history, on_fault, desk, &faults);
    if (err != ERR_OK) {
        desk_violate(desk, "checking fails with %s: %s", err_name(err), op->fault.text);
    }
}

bool desk_read(struct desk *desk)
{
    struct history *history;
    struct op *op = op_anew(desk, DESK_IDLE);
    const struct history_options options = options_of(desk, false);
    enum err err = history_open(op, desk->disk, FOLDER, &options, &history, NULL);
    if (err != ERR_OK) {
        bool none = err == ERR_ABSENT && desk->journal == 0;
        if (!none) {
            desk_violate(desk, "opening to read fails with %s: %s", err_name(err), op->fault.text);
        }
        return none;
    }
    (void)desk_compare(desk, history, true);
    check(desk, history);
    history_close(history);
    return desk->violation[0] == '\0';
}

bool desk_verify(struct desk *desk)
{
    desk_die(desk);
    if (!desk_read(desk)) {
        return false;
    }
    enum err err = desk_open(desk);
    if (err != ERR_OK) {
        desk_violate(desk, "opening fails with %s: %s", err_name(err), desk->op.fault.text);
        return false;
    }
    (void)desk_compare(desk, desk->history, true);
    check(desk, desk->history);
    desk_close(desk);
    return desk->violation[0] == '\0';
}
