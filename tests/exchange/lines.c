// SPDX-License-Identifier: EUPL-1.2
#include "tests/exchange/lines.h"

#include <inttypes.h>

enum { TOLD_SIZE_MAX = 1 << 20 };

static struct buf told = { .size_max = TOLD_SIZE_MAX };
static bool context_told;

static void tell_time(const char *name, int64_t time_us)
{
    if (time_us != TIME_US_NONE) {
        buf_add_format(&told, " %s=", name);
        time_add(&told, time_us);
    }
}

static void tell_item(const struct exchange_item *item)
{
    static const char *const scopes[VALUE_SCOPE_COUNT] = {
        [VALUE_SCOPE_EXACT] = "",
        [VALUE_SCOPE_SUBDOMAINS] = " and below",
        [VALUE_SCOPE_SUBDOMAINS_ONLY] = " below",
        [VALUE_SCOPE_ANY_QUERY] = " any query",
        [VALUE_SCOPE_PREFIX] = " prefix",
        [VALUE_SCOPE_CASELESS] = " caseless",
        [VALUE_SCOPE_LIKE] = " like",
        [VALUE_SCOPE_REGEX] = " regex",
    };
    buf_add_format(&told, "%" PRIu64 ": %s ", item->line, value_kind_name(item->value.kind));
    if (item->scope == VALUE_SCOPE_LIKE || item->scope == VALUE_SCOPE_REGEX) {
        buf_add(&told, item->value.key);
    } else {
        value_add_text(&told, &item->value);
    }
    buf_add(&told, span_of(scopes[item->scope]));
    if (item->tlp.size > 0) {
        buf_add_format(&told, " tlp=%.*s", SPAN_FMT(item->tlp));
    }
    if (item->confidence != EXCHANGE_CONFIDENCE_NONE) {
        buf_add_format(&told, " confidence=%d", item->confidence);
    }
    tell_time("from", item->valid_from_us);
    tell_time("until", item->valid_until_us);
    tell_time("seen", item->first_seen_us);
    if (item->pap.size > 0) {
        buf_add_format(&told, " pap=%.*s", SPAN_FMT(item->pap));
    }
    if (context_told) {
        buf_add_format(&told, " %.*s", SPAN_FMT(item->context));
    } else if (item->comment.size > 0) {
        buf_add_format(&told, " (%.*s)", SPAN_FMT(item->comment));
    }
    buf_add_byte(&told, '\n');
}

/* A refusal's place is the beginning of its line; of a document the place is an entry's number. */
static void check_place(const struct exchange_fault *fault, struct span file)
{
    if (file.size > 0 && (file.data[0] == '{' || file.data[0] == '[') && fault->byte == 0) {
        return;
    }
    uint64_t line = 1;
    for (size_t i = 0; i < fault->byte; i++) {
        line += file.data[i] == '\n' ? 1 : 0;
    }
    assert_int_equal(fault->line, line);
    assert_true(line == 1 || file.data[fault->byte - 1] == '\n');
}

static void tell_fault(const struct exchange_fault *fault, struct span file)
{
    check_place(fault, file);
    assert_true(fault->text.size <= EXCHANGE_FAULT_TEXT_SIZE_MAX);
    buf_add_format(&told, "%" PRIu64 "@%" PRIu64 "! %s \"%.*s\"\n", fault->line, fault->byte,
                   exchange_refusal_name(fault->refusal), SPAN_FMT(fault->text));
}

static void tell_all(struct exchange_reader *reader, struct span file)
{
    struct exchange_item item;
    struct exchange_fault fault;
    for (;;) {
        enum err err = exchange_next(reader, &item, &fault);
        if (err == ERR_ABSENT) {
            return;
        }
        if (err == ERR_OK) {
            tell_item(&item);
        } else {
            check_err(err, ERR_FORMAT);
            tell_fault(&fault, file);
        }
    }
}

static const char *tell(enum exchange_format format, const struct exchange_options *options,
                        struct span file)
{
    struct op op;
    testing_op_begin(&op);
    struct exchange_reader *reader = NULL;
    buf_clear(&told);
    enum err err = exchange_open(&op, format, options, file, &reader);
    if (err == ERR_OK) {
        tell_all(reader, file);
        if (exchange_passed(reader) > 0) {
            buf_add_format(&told, "%" PRIu64 " passed\n", exchange_passed(reader));
        }
        exchange_close(reader);
    } else {
        assert_null(reader);
        assert_true(op.fault.text[0] != 0);
        buf_add_format(&told, "! %s\n", err_name(err));
    }
    op_end(&op);
    buf_add_byte(&told, 0);
    assert_int_equal(told.err, ERR_OK);
    return (const char *)told.data;
}

const char *lines_told(enum exchange_format format, struct span file)
{
    context_told = false;
    return tell(format, NULL, file);
}

const char *lines_told_with(enum exchange_format format, const struct exchange_options *options,
                            struct span file)
{
    context_told = true;
    return tell(format, options, file);
}

void check_lines_with(enum exchange_format format, const struct exchange_options *options,
                      const char *file, const char *expected)
{
    assert_string_equal(lines_told_with(format, options, span_of(file)), expected);
}

void check_lines(enum exchange_format format, const char *file, const char *expected)
{
    assert_string_equal(lines_told(format, span_of(file)), expected);
}
