// SPDX-License-Identifier: EUPL-1.2
/*
 * What must hold of an indicator file in any format: it is read to its end, in order; each value is
 * canonical and its text gives it again; what goes along is JSON of a bounded size.
 */
#ifndef FUZZ_EXCHANGE_READING_H
#define FUZZ_EXCHANGE_READING_H

#include "exchange/exchange.h"
#include "format/json.h"
#include "fuzz/value_again.h"
#include "value/pattern.h"

static inline void reading_check_context(struct span context)
{
    const struct actor actor = { .name = SPAN("fuzz") };
    struct op op;
    struct json_value value;
    if (context.size == 0) {
        return;
    }
    must(context.size <= EXCHANGE_CONTEXT_SIZE_MAX);
    op_begin(&op, &actor, 1 << 20);
    must(json_parse(&op, context, &value) == ERR_OK);
    must(json_type(value) == JSON_OBJECT);
    op_end(&op);
}

static inline void reading_check_item(const struct exchange_item *item)
{
    static struct buf text = { .size_max = 2 * VALUE_TEXT_SIZE_MAX };
    must(item->value.kind != VALUE_NONE);
    must(item->value.key.size > 0);
    must(value_scope_fits(item->value.kind, item->scope));
    must(item->confidence <= 100 || item->confidence == EXCHANGE_CONFIDENCE_NONE);
    reading_check_context(item->context);
    if (item->scope == VALUE_SCOPE_LIKE || item->scope == VALUE_SCOPE_REGEX) {
        must(value_pattern_check(item->value.kind, item->scope, item->value.key, NULL) == ERR_OK);
        return;
    }
    if (item->scope == VALUE_SCOPE_CASELESS) {
        return; /* in lower case, which may be no canonical writing ("%2f") */
    }
    buf_clear(&text);
    value_must_come_again(&item->value, &text);
}

static inline void reading_check(struct op *op, enum exchange_format format,
                                 const struct exchange_options *options, struct span file)
{
    struct exchange_reader *reader = NULL;
    struct exchange_item item;
    struct exchange_fault fault;
    uint64_t line = 0;
    enum err err = exchange_open(op, format, options, file, &reader);
    if (err != ERR_OK) {
        must(reader == NULL);
        must(op->fault.text[0] != 0);
        return;
    }
    for (;;) {
        err = exchange_next(reader, &item, &fault);
        if (err == ERR_ABSENT || err == ERR_LIMIT) {
            break;
        }
        must(err == ERR_OK || err == ERR_FORMAT);
        uint64_t told = err == ERR_OK ? item.line : fault.line;
        uint64_t byte = err == ERR_OK ? item.byte : fault.byte;
        must(told >= line);
        must(byte <= file.size);
        line = told;
        if (err == ERR_OK) {
            reading_check_item(&item);
        } else {
            must(fault.refusal != EXCHANGE_REFUSAL_NONE);
            must(fault.text.size <= EXCHANGE_FAULT_TEXT_SIZE_MAX);
        }
    }
    reading_check_context(exchange_about(reader)->context);
    exchange_close(reader);
}

#endif
