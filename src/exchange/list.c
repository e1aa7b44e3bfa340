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
    static const char *const names[] = { "localhost",      "localhost.localdomain", "local",
                                         "broadcasthost",  "ip6-localhost",         "ip6-loopback",
                                         "ip6-localnet",   "ip6-mcastprefix",       "ip6-allnodes",
                                         "ip6-allrouters", "ip6-allhosts",          "0.0.0.0" };
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

/* The next word of a text, parted by white space. */
static struct span word_take(struct span *rest)
{
    *rest = span_trim(*rest);
    size_t size = 0;
    while (size < rest->size && rest->data[size] > ' ') {
        size++;
    }
    struct span word = span_slice(*rest, 0, size);
    *rest = span_trim(span_from(*rest, size));
    return word;
}

/* A name that is sent nowhere is meant alone: the format has no way to say more. */
enum exchange_refusal exchange_hosts_line(struct exchange_reader *reader, struct span line,
                                          struct exchange_item *item)
{
    struct span rest = comment_take(span_trim(line), &item->comment);
    struct span address = word_take(&rest);
    struct span name = word_take(&rest);
    if (name.size == 0 || rest.size > 0) {
        return EXCHANGE_REFUSAL_CELLS;
    }
    if (is_local_name(name)) {
        reader->passed++;
        return EXCHANGE_REFUSAL_NONE;
    }
    if (!is_nowhere(address)) {
        return EXCHANGE_REFUSAL_CONDITION; /* says where a name is, not that it is bad */
    }
    comment_keep(reader, item);
    enum exchange_refusal refusal = exchange_value_read(reader, VALUE_DOMAIN, name, item);
    exchange_mean_alone(item);
    return refusal;
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
