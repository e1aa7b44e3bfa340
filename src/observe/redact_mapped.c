// SPDX-License-Identifier: EUPL-1.2
/*
 * Evidence of lines that a mapping read: columns by their names, text by those of its layout. Text
 * that fits no layout has no fields; a rule for "text" is one for all of it.
 */
#include "base/must.h"
#include "observe/redact_inner.h"

bool redact_is_document(const struct redaction *r, struct span name)
{
    const struct observe_mapping *mapping = r->mapping;
    for (size_t i = 0; mapping != NULL && i < mapping->field_count; i++) {
        if (mapping->fields[i].holds != 0 && span_equal(mapping->fields[i].name, name)) {
            return true;
        }
    }
    return false;
}

void redact_add_document(struct buf *buf, struct redaction *r, struct span text)
{
    struct redaction inner = { .op = r->op, .rules = r->rules, .out = buf, .text = text };
    span_copy(inner.path, sizeof inner.path, span_make(r->path, r->path_size));
    inner.path_size = r->path_size;
    redact_json(&inner);
    r->full = r->full || inner.full;
    r->err = r->err != ERR_OK ? r->err : inner.err;
}

/* The rule of a field of the line itself. A name with a space in it is asked for with '_'. */
static const struct observe_rule *rule_of_field(struct redaction *r, struct span name)
{
    size_t begin = r->path_size;
    redact_path_push(r, name);
    if (r->err != ERR_OK) {
        return NULL;
    }
    for (size_t i = begin; i < r->path_size; i++) {
        r->path[i] = r->path[i] == ' ' ? '_' : r->path[i];
    }
    return redact_rule_of(r, name.size, NULL);
}

/* The treated form of a field's value; the value itself where it is kept. */
static void add_value(struct redaction *r, const struct observe_rule *rule, struct span name,
                      struct span value, struct buf *buf)
{
    switch (redact_treatment_of(rule)) {
    case OBSERVE_KEEP:
        if (redact_is_document(r, name)) {
            redact_add_document(buf, r, value);
        } else {
            buf_add(buf, value);
        }
        break;
    case OBSERVE_DROP:
        break;
    case OBSERVE_TRUNCATE:
    case OBSERVE_HASH:
        redact_add_treated(buf, r, rule, value);
        break;
    }
    r->err = r->err != ERR_OK ? r->err : buf->err;
}

static bool is_kept(const struct redaction *r, const struct observe_rule *rule, struct span name)
{
    return redact_treatment_of(rule) == OBSERVE_KEEP && !redact_is_document(r, name);
}

/* What stands between the values is copied as it is. */
static void copy_up_to(struct redaction *r, struct span value)
{
    size_t begin = (size_t)(value.data - r->text.data);
    must(begin >= r->copied);
    redact_out_add(r, span_slice(r->text, r->copied, begin));
    r->copied = begin;
}

static void column_add(struct redaction *r, const struct csv_rule *csv, struct span name,
                       const struct csv_column *column)
{
    struct buf value;
    struct buf written;
    const struct observe_rule *rule = rule_of_field(r, name);
    copy_up_to(r, column->raw);
    if (r->err == ERR_OK && !is_kept(r, rule, name)) {
        buf_init(&value, column->value.size + 2 * OBSERVE_EVIDENCE_SIZE_MAX);
        buf_init(&written, SIZE_MAX / 2);
        add_value(r, rule, name, column->value, &value);
        csv_add(&written, csv, buf_span(&value));
        r->err = r->err != ERR_OK ? r->err : written.err;
        redact_out_add(r, buf_span(&written));
        r->copied += column->raw.size;
        buf_done(&value);
        buf_done(&written);
    }
    r->path_size = 0;
}

static void redact_csv(struct redaction *r, const struct mapped_reader *mr)
{
    const struct mapped *mapped = mr->at;
    for (size_t i = 0; i < mr->csv.count && r->err == ERR_OK && !r->full; i++) {
        struct span name = i < mapped->column_count ? mapped->column_names[i] : SPAN("");
        column_add(r, &mapped->mapping->csv, name, &mr->csv.columns[i]);
    }
    redact_out_add(r, span_from(r->text, r->copied));
}

static void capture_add(struct redaction *r, struct span name, struct span text)
{
    struct buf value;
    const struct observe_rule *rule = rule_of_field(r, name);
    copy_up_to(r, text);
    if (r->err == ERR_OK && !is_kept(r, rule, name)) {
        buf_init(&value, text.size + 2 * OBSERVE_EVIDENCE_SIZE_MAX);
        add_value(r, rule, name, text, &value);
        redact_out_add(r, value.size > 0 ? buf_span(&value) : SPAN("-"));
        r->copied += text.size;
        buf_done(&value);
    }
    r->path_size = 0;
}

static void redact_text(struct redaction *r, const struct observe_reader *reader)
{
    const struct mapped_reader *mr = reader->mapped;
    const struct observe_mapping *mapping = mr->at->mapping;
    if (!mr->laid_out) {
        capture_add(r, SPAN("text"), span_from(r->text, reader->head.size));
    }
    size_t count = mr->laid_out ? mr->found.count : 0;
    for (size_t i = 0; i < count && r->err == ERR_OK && !r->full; i++) {
        const struct layout_capture *capture = &mr->found.captures[i];
        capture_add(r, mapping->fields[capture->name].name, capture->text);
    }
    redact_out_add(r, span_from(r->text, r->copied));
}

void redact_mapped(struct redaction *r, const struct observe_reader *reader)
{
    r->mapping = reader->mapped->at->mapping;
    switch (r->mapping->format) {
    case MAPPING_CSV:
        redact_csv(r, reader->mapped);
        break;
    case MAPPING_TEXT:
        redact_text(r, reader);
        break;
    case MAPPING_NDJSON:
    case MAPPING_UNSET:
        redact_out_add(r, reader->head);
        redact_json(r);
        break;
    }
}
