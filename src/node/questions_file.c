// SPDX-License-Identifier: EUPL-1.2
#include "node/questions_file.h"

#include "exchange/exchange.h"
#include "format/inflate.h"
#include "node/argument.h"
#include "node/pasted.h"
#include "node/print.h"
#include "stix/bundle.h"
#include "stix/pattern_values.h"

enum { FAULTS_SHOWN_MAX = 5 };

/* ---- prose ---- */

static enum err on_value(void *context, const struct value *value, enum value_scope scope)
{
    return questions_add(context, value, scope);
}

enum err questions_add_prose(struct questions *questions, struct span text)
{
    const struct pasted_visitor visitor = { .visit = on_value, .context = questions };
    return pasted_prose(questions->op, text, &visitor);
}

/* A list, or prose. */
static enum err of_lines(struct questions *questions, struct span text)
{
    const struct pasted_visitor visitor = { .visit = on_value, .context = questions };
    return pasted_lines(questions->op, text, &visitor);
}

/* ---- STIX ---- */

static enum err of_pattern(struct questions *questions, struct span text, struct value_buf *bytes)
{
    struct op *op = questions->op;
    struct stix_pattern pattern;
    struct stix_pattern_values values;
    TRY(stix_pattern_parse(op, text, &pattern));
    TRY(stix_pattern_values(op, &pattern, &values));
    for (size_t i = 0; i < values.count; i++) {
        const struct stix_pattern_value *from = &values.list[i];
        enum value_kind kind = VALUE_NONE;
        enum value_scope scope = VALUE_SCOPE_EXACT;
        struct value value;
        bool read = from->comparison == STIX_PATTERN_EQUAL &&
                    value_kind_from_name(span_of(from->kind), &kind) == ERR_OK &&
                    value_recognise_as(kind, from->value, bytes, &value, &scope) == ERR_OK;
        if (!read) {
            questions->refused++;
            continue;
        }
        TRY(questions_add(questions, &value, scope));
    }
    return ERR_OK;
}

static enum err of_stix(struct questions *questions, struct span text)
{
    struct op *op = questions->op;
    struct stix_bundle bundle;
    struct value_buf *bytes = op_alloc(op, sizeof *bytes);
    if (bytes == NULL) {
        return ERR_LIMIT;
    }
    TRY(stix_bundle_read(op, text, &bundle));
    for (size_t i = 0; i < bundle.count; i++) {
        struct json_value object = bundle.items[i].value;
        if (!span_equal(json_string(json_member(object, SPAN("type"))), SPAN("indicator"))) {
            continue;
        }
        enum err err =
            of_pattern(questions, json_string(json_member(object, SPAN("pattern"))), bytes);
        if (err == ERR_FORMAT || err == ERR_UNSUPPORTED) {
            questions->refused++;
            op_fault_clear(op);
            continue;
        }
        TRY(err);
    }
    return ERR_OK;
}

/* ---- tables and exports of other programs ---- */

static enum err of_reader(struct questions *questions, const struct invocation *invocation,
                          struct exchange_reader *reader, const char *place)
{
    for (;;) {
        struct exchange_item item;
        struct exchange_fault fault;
        enum err err = exchange_next(reader, &item, &fault);
        if (err == ERR_ABSENT) {
            return ERR_OK;
        }
        if (err == ERR_FORMAT) {
            questions->refused++;
            if (questions->refused <= FAULTS_SHOWN_MAX) {
                fprintf(invocation->err, "%s %llu: %s\n", place, (unsigned long long)fault.line,
                        exchange_refusal_name(fault.refusal));
            }
            continue;
        }
        TRY(err);
        TRY(questions_add(questions, &item.value, item.scope));
    }
}

static enum err of_bytes(struct questions *questions, const struct invocation *invocation,
                         struct span bytes, struct span name)
{
    struct op *op = questions->op;
    struct exchange_reader *reader = NULL;
    enum exchange_format format = exchange_detect(bytes, name);
    if (inflate_detect(bytes) != INFLATE_PLAIN) {
        return op_fail(op, ERR_UNSUPPORTED,
                       "is compressed: unpack it first, as in 'zcat FILE | linie hunt -'");
    }
    if (format == EXCHANGE_FORMAT_LIST) {
        return of_lines(questions, bytes);
    }
    if (format == EXCHANGE_FORMAT_STIX) {
        return of_stix(questions, bytes);
    }
    TRY(exchange_open(op, format, NULL, bytes, &reader));
    enum err err = of_reader(questions, invocation, reader, exchange_place_name(format));
    exchange_close(reader);
    return err;
}

enum err questions_add_file(struct questions *questions, const struct invocation *invocation,
                            size_t argument)
{
    struct op *op = questions->op;
    struct argument_file file;
    struct span name = argument_name(invocation, argument);
    size_t before = questions->list.size;
    TRY(argument_open(op, invocation, argument, &file));
    enum err err = of_bytes(questions, invocation, file.bytes, name);
    argument_close(&file);
    if (err == ERR_OK && questions->list.size == before) {
        err = op_fail(op, ERR_FORMAT, "there is no value in it that could be asked for");
    }
    op_fault_prefix(op, "%.*s: ", SPAN_FMT(name));
    return err;
}
