// SPDX-License-Identifier: EUPL-1.2
#include "store/notice.h"

#include "base/text.h"
#include "store/internal.h"

enum { PAYLOAD_SIZE_MAX = 64 * 1024, NOTICE_MEMORY_MAX = 1024 * 1024 };

static bool type_fits(struct span type)
{
    if (type.size == 0 || type.size > STORE_NOTICE_TYPE_SIZE_MAX) {
        return false;
    }
    for (size_t i = 0; i < type.size; i++) {
        uint8_t c = type.data[i];
        bool fits = (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-';
        if (!fits) {
            return false;
        }
    }
    return true;
}

/* ---- writing ---- */

/* As much of a text as a notice keeps, cut between two characters. */
static struct span cut(struct span text, size_t size_max)
{
    enum { CONTINUES = 0x80, CONTINUES_MASK = 0xC0 }; /* RFC 3629, section 3 */
    if (text.size <= size_max) {
        return text;
    }
    size_t size = size_max;
    while (size > 0 && (text.data[size] & CONTINUES_MASK) == CONTINUES) {
        size--;
    }
    return span_slice(text, 0, size);
}

static void write_notice(struct json_writer *w, const struct store_notice *notice)
{
    json_begin_object(w);
    json_member_string(w, SPAN("type"), notice->type);
    json_member_string(w, SPAN("subject"), cut(notice->subject, STORE_NOTICE_SUBJECT_SIZE_MAX));
    json_member_string(w, SPAN("text"), cut(notice->text, STORE_NOTICE_TEXT_SIZE_MAX));
    json_member_time(w, SPAN("time"), notice->time_us);
    json_member_string(w, SPAN("tlp"), span_of(policy_tlp_name(notice->tlp)));
    if (notice->stays) {
        json_member_bool(w, SPAN("stays"), true);
    }
    if (notice->ends.size > 0) {
        json_member_string(w, SPAN("ends"), notice->ends);
    }
    json_end_object(w);
}

static enum err notice_check(struct op *op, const struct store_notice *notice)
{
    if (!type_fits(notice->type) || (notice->ends.size > 0 && !type_fits(notice->ends))) {
        return op_fail(op, ERR_FORMAT, "the type of a notice is 1 to %d of a-z, 0-9 and '-'",
                       STORE_NOTICE_TYPE_SIZE_MAX);
    }
    if (notice->tlp >= POLICY_TLP_UNKNOWN) {
        return op_fail(op, ERR_FORMAT, "a notice without a TLP label would reach nobody");
    }
    return ERR_OK;
}

enum err store_notice_add(struct op *op, struct store *store, const struct store_notice *notice,
                          uint64_t *ret_entry)
{
    struct buf payload;
    struct json_writer w;
    uint64_t number = 0;
    TRY(notice_check(op, notice));
    TRY(store_ready(op, store));
    buf_init(&payload, PAYLOAD_SIZE_MAX);
    json_writer_init(&w, &payload);
    write_notice(&w, notice);
    enum err err = store_append(op, store, (struct journal_entry){ .kind = SPAN("notice") },
                                &payload, &number);
    buf_done(&payload);
    TRY(err);
    TRY(store_commit(op, store));
    if (ret_entry != NULL) {
        *ret_entry = number;
    }
    return ERR_OK;
}

/* ---- applying ---- */

enum err store_notice_read(struct json_value root, struct store_notice *ret)
{
    struct store_notice notice = {
        .type = json_string(json_member(root, SPAN("type"))),
        .subject = json_string(json_member(root, SPAN("subject"))),
        .text = json_string(json_member(root, SPAN("text"))),
        .ends = json_string(json_member(root, SPAN("ends"))),
        .stays = json_true(json_member(root, SPAN("stays"))),
    };
    struct span tlp = json_string(json_member(root, SPAN("tlp")));
    if (!type_fits(notice.type) || notice.subject.data == NULL || notice.text.data == NULL ||
        policy_tlp_from_name(tlp, &notice.tlp) != ERR_OK ||
        time_parse(json_string(json_member(root, SPAN("time"))), &notice.time_us) != ERR_OK) {
        return ERR_FORMAT;
    }
    *ret = notice;
    return ERR_OK;
}

/* What a notice ends: those of the type it names, and where it stays, older ones of its own. */
static enum err others_end(struct op *op, struct store *store, const struct store_notice *notice)
{
    struct db_query q = db_query(op, &store->db,
                                 "UPDATE notices SET open = 0 WHERE open AND subject = ?1"
                                 " AND (type = ?2 OR (?3 AND type = ?4))");
    db_bind_text(&q, notice->subject);
    db_bind_text(&q, notice->ends.data == NULL ? SPAN("") : notice->ends);
    db_bind_i64(&q, notice->stays ? 1 : 0);
    db_bind_text(&q, notice->type);
    return db_finish(&q);
}

enum err store_apply_notice(struct op *op, struct store *store, const struct journal_header *header,
                            struct span payload)
{
    struct json_value root;
    struct store_notice notice;
    TRY(json_parse(op, payload, &root));
    if (store_notice_read(root, &notice) != ERR_OK) {
        return op_fail(op, ERR_CORRUPT, "a notice cannot be read");
    }
    TRY(others_end(op, store, &notice));
    TRY(store_event_entry_note(op, store, header, 1));
    struct db_query q =
        db_query(op, &store->db,
                 "INSERT INTO notices (entry, type, subject, text, ends, time, tlp, stays, open)"
                 " VALUES (?, ?, ?, ?, ?, ?, ?, ?8, ?8)");
    db_bind_i64(&q, (int64_t)header->number);
    db_bind_text(&q, notice.type);
    db_bind_text(&q, notice.subject);
    db_bind_text(&q, notice.text);
    db_bind_text(&q, notice.ends.data == NULL ? SPAN("") : notice.ends);
    db_bind_i64(&q, notice.time_us);
    db_bind_i64(&q, notice.tlp);
    db_bind_i64(&q, notice.stays ? 1 : 0);
    return db_finish(&q);
}

/* ---- reading ---- */

static struct store_notice notice_of_row(struct db_query *q)
{
    struct store_notice notice = { 0 };
    notice.entry = (uint64_t)db_i64(q);
    notice.type = db_text(q);
    notice.subject = db_text(q);
    notice.text = db_text(q);
    notice.ends = db_text(q);
    notice.time_us = db_i64(q);
    notice.tlp = (enum policy_tlp)db_i64(q);
    notice.stays = db_i64(q) != 0;
    notice.open = db_i64(q) != 0;
    return notice;
}

enum err store_notices_walk(struct op *op, struct store *store, const struct policy_grant *grant,
                            const struct store_notice_filter *filter,
                            enum err (*visit)(void *context, const struct store_notice *notice),
                            void *context)
{
    struct op row; /* memory of one notice */
    op_begin(&row, &op->actor, NOTICE_MEMORY_MAX);
    struct db_query q =
        db_query(&row, &store->db,
                 "SELECT entry, type, subject, text, ends, time, tlp, stays, open FROM notices"
                 " WHERE entry > ?1 AND (NOT ?2 OR open) AND (?3 = '' OR type = ?3)"
                 " ORDER BY entry");
    db_bind_i64(&q, (int64_t)filter->after_entry);
    db_bind_i64(&q, filter->open_only ? 1 : 0);
    db_bind_text(&q, filter->type.data == NULL ? SPAN("") : filter->type);
    enum err err = ERR_OK;
    while (err == ERR_OK && db_next(&q)) {
        const struct store_notice notice = notice_of_row(&q);
        if (q.err == ERR_OK && policy_may_read(grant, notice.tlp)) {
            err = visit(context, &notice);
        }
        arena_reset(&row.arena);
    }
    enum err ended = db_end(&q);
    if (err == ERR_OK && ended != ERR_OK) {
        err = op_fail(op, ended, "%s", row.fault.text);
    }
    op_end(&row);
    return err;
}
