// SPDX-License-Identifier: EUPL-1.2
/*
 * Plain lists, hosts files and ad blockers' lists: what one line of them says.
 */
#include "exchange/internal.h"

/* ---- plain lists ---- */

/* Takes "   # comment" off the end of a line; '#' counts only behind white space, since URLs hold
 * it too. */
static struct span comment_take(struct span line, struct span *ret_comment)
{
    size_t at = 1;
    while (at < line.size) {
        ptrdiff_t mark = span_find(span_from(line, at), '#');
        if (mark == SPAN_NOT_FOUND) {
            break;
        }
        at += (size_t)mark;
        if (line.data[at - 1] == ' ' || line.data[at - 1] == '\t') {
            *ret_comment = span_trim(span_from(line, at + 1));
            return span_trim(span_slice(line, 0, at));
        }
        at++;
    }
    *ret_comment = (struct span){ NULL, 0 };
    return line;
}

static void comment_keep(struct exchange_reader *reader, struct exchange_item *item)
{
    exchange_context_begin(reader);
    exchange_context_add(reader, "comment", item->comment);
    item->context = exchange_context_end(reader);
}

/* Texts that may hold " #" themselves stand alone on their lines. */
static bool is_free_text(enum value_kind kind)
{
    return kind == VALUE_USER_AGENT || kind == VALUE_FILE_NAME;
}

enum exchange_refusal exchange_list_line(struct exchange_reader *reader, struct span line,
                                         struct exchange_item *item)
{
    struct span text = span_trim(line);
    if (!is_free_text(reader->options.kind)) {
        text = comment_take(text, &item->comment);
    }
    comment_keep(reader, item);
    return exchange_value_read(reader, reader->options.kind, text, item);
}

/* ---- hosts files ---- */

/* What every hosts file says of the machine itself. */
static bool is_local_name(struct span name)
{
    static const char *const names[] = { "localhost",     "localhost.localdomain",
                                         "local",         "broadcasthost",
                                         "ip6-localhost", "ip6-loopback",
                                         "ip6-localnet",  "ip6-mcastprefix",
                                         "ip6-allnodes",  "ip6-allrouters",
                                         "ip6-allhosts",  "0.0.0.0",
                                         "localhost4",    "localhost4.localdomain4",
                                         "localhost6",    "localhost6.localdomain6" };
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        if (span_equal_nocase(name, span_of(names[i]))) {
            return true;
        }
    }
    return false;
}

static bool is_nowhere(struct span address)
{
    static const char *const addresses[] = { "0.0.0.0", "127.0.0.1", "::", "::1" };
    for (size_t i = 0; i < sizeof addresses / sizeof addresses[0]; i++) {
        if (span_equal(address, span_of(addresses[i]))) {
            return true;
        }
    }
    return false;
}

static struct span without_space_before(struct span text)
{
    size_t size = 0;
    while (size < text.size && text.data[size] <= ' ') {
        size++;
    }
    return span_from(text, size);
}

/* The next word of a text; control characters part words as white space does. */
static struct span word_take(struct span *rest)
{
    struct span text = without_space_before(*rest);
    size_t size = 0;
    while (size < text.size && text.data[size] > ' ') {
        size++;
    }
    *rest = without_space_before(span_from(text, size));
    return span_slice(text, 0, size);
}

/* Opens the next line: an address, and the names that it has there (hosts(5)). */
static enum err hosts_line_open(struct exchange_reader *reader, struct exchange_fault *ret_fault)
{
    struct span line = { NULL, 0 };
    struct exchange_item *of = &reader->of;
    TRY(exchange_line_take(reader, of, &line, ret_fault));
    struct span names = comment_take(span_trim(line), &of->comment);
    struct span address = word_take(&names);
    if (names.size == 0) {
        return exchange_refuse(EXCHANGE_REFUSAL_CELLS, of->line, of->byte, line, ret_fault);
    }
    struct span rest = names;
    reader->names_local = is_local_name(word_take(&rest));
    if (!is_nowhere(address) && !reader->names_local) { /* where a name is, not that it is bad */
        return exchange_refuse(EXCHANGE_REFUSAL_CONDITION, of->line, of->byte, line, ret_fault);
    }
    comment_keep(reader, of);
    reader->names = names;
    return ERR_OK;
}

/* A name that is sent nowhere is meant alone: the format has no way to say more. What stands behind
 * the machine's own name is another name of the machine. */
static enum exchange_refusal hosts_name_read(struct exchange_reader *reader, struct span name,
                                             struct exchange_item *item)
{
    if (reader->names_local) {
        return EXCHANGE_REFUSAL_CONDITION;
    }
    enum exchange_refusal refusal = exchange_value_read(reader, VALUE_DOMAIN, name, item);
    exchange_mean_alone(item);
    return refusal;
}

enum err exchange_hosts_next(struct exchange_reader *reader, struct exchange_item *ret_item,
                             struct exchange_fault *ret_fault)
{
    for (;;) {
        while (reader->names.size == 0) {
            TRY(hosts_line_open(reader, ret_fault));
        }
        struct span name = word_take(&reader->names);
        if (is_local_name(name)) {
            reader->passed++;
            continue;
        }
        struct exchange_item item = reader->of;
        enum exchange_refusal refusal = hosts_name_read(reader, name, &item);
        if (refusal != EXCHANGE_REFUSAL_NONE) {
            return exchange_refuse(refusal, item.line, item.byte, name, ret_fault);
        }
        *ret_item = item;
        return ERR_OK;
    }
}

/* ---- ad blockers ---- */

/* "||example.org^" is a name and all below it. A rule with options holds only for some requests,
 * and one that begins with "@@" takes another back. */
enum exchange_refusal exchange_adblock_line(struct exchange_reader *reader, struct span line,
                                            struct exchange_item *item)
{
    struct span text = span_trim(line);
    if (!span_starts_with(text, SPAN("||"))) {
        return EXCHANGE_REFUSAL_CONDITION;
    }
    text = span_from(text, 2);
    ptrdiff_t end = span_find(text, '^');
    struct span name = end == SPAN_NOT_FOUND ? text : span_slice(text, 0, (size_t)end);
    if (end != SPAN_NOT_FOUND && (size_t)end + 1 < text.size) {
        return EXCHANGE_REFUSAL_CONDITION;
    }
    if (span_find(name, '*') != SPAN_NOT_FOUND || span_find(name, '/') != SPAN_NOT_FOUND) {
        return EXCHANGE_REFUSAL_CONDITION;
    }
    return exchange_value_read(reader, VALUE_NONE, name, item);
}
