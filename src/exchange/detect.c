// SPDX-License-Identifier: EUPL-1.2
/*
 * Which format a file has, by its first bytes. A format that is told wrongly gives refusals at
 * every line, so only what cannot be anything else is told; a plain list is what fits nothing.
 */
#include "exchange/internal.h"

enum { DETECT_SIZE_MAX = 8192 };

#define UTF8_BOM "\xEF\xBB\xBF"

static bool ends_with_nocase(struct span name, struct span suffix)
{
    return name.size >= suffix.size &&
           span_equal_nocase(span_from(name, name.size - suffix.size), suffix);
}

static struct span without_suffix(struct span name, struct span suffix)
{
    return ends_with_nocase(name, suffix) ? span_slice(name, 0, name.size - suffix.size) : name;
}

static bool has_separator(struct span line)
{
    return span_find(line, ',') != SPAN_NOT_FOUND || span_find(line, ';') != SPAN_NOT_FOUND ||
           span_find(line, '\t') != SPAN_NOT_FOUND;
}

/* ---- JSON ---- */

/* A walk over the keys of the outermost object of a document that may be cut anywhere. */
struct keys {
    struct span text;
    size_t at;
    int depth; /* brackets that are open */
};

/* Behind the string that begins at `at`; `ret` is what stands between its quotes. */
static size_t string_end(struct span text, size_t at, struct span *ret)
{
    size_t end = at + 1;
    while (end < text.size && text.data[end] != '"') {
        end += text.data[end] == '\\' ? 2 : 1;
    }
    end = end < text.size ? end : text.size;
    *ret = span_slice(text, at + 1 < end ? at + 1 : end, end);
    return end < text.size ? end + 1 : end;
}

static bool colon_follows(struct span text, size_t at)
{
    while (at < text.size && text.data[at] <= ' ') {
        at++;
    }
    return at < text.size && text.data[at] == ':';
}

/* The next key that stands `depth` brackets deep; false at the text's end. */
static bool keys_next(struct keys *keys, int depth, struct span *ret)
{
    while (keys->at < keys->text.size) {
        uint8_t byte = keys->text.data[keys->at];
        if (byte == '"') {
            struct span string;
            keys->at = string_end(keys->text, keys->at, &string);
            if (keys->depth == depth && colon_follows(keys->text, keys->at)) {
                *ret = string;
                return true;
            }
            continue;
        }
        keys->depth += byte == '{' || byte == '[' ? 1 : 0;
        keys->depth -= byte == '}' || byte == ']' ? 1 : 0;
        keys->at++;
    }
    return false;
}

/* A bundle is known by "objects" or its type; what is neither MISP's is taken for one, so that its
 * reader says what is wrong. */
static enum exchange_format detect_json(struct span text)
{
    static const char *const of_misp[] = { "Event", "response", "Attribute", "Object", "Orgc" };
    bool list = text.size > 0 && text.data[0] == '[';
    struct keys keys = { .text = text };
    struct span key;
    while (keys_next(&keys, list ? 2 : 1, &key)) {
        if (span_equal(key, SPAN("objects")) || span_equal(key, SPAN("spec_version"))) {
            return EXCHANGE_FORMAT_STIX;
        }
        if (!list &&
            (span_equal(key, SPAN("list")) || span_equal(key, SPAN("matching_attributes")))) {
            return EXCHANGE_FORMAT_WARNINGLIST;
        }
        for (size_t i = 0; i < sizeof of_misp / sizeof of_misp[0]; i++) {
            if (span_equal(key, span_of(of_misp[i]))) {
                return EXCHANGE_FORMAT_MISP;
            }
        }
    }
    return EXCHANGE_FORMAT_STIX;
}

/* ---- text ---- */

static bool is_zeek_intel(struct span text)
{
    struct span fields = SPAN("#fields\t");
    while (text.size > 0 && text.data[0] == '#') {
        size_t size = 0;
        struct span line = exchange_line(text, &size);
        if (span_starts_with(line, fields)) {
            return span_find_span(line, SPAN("\tindicator_type")) != SPAN_NOT_FOUND;
        }
        text = span_from(text, size);
    }
    return false;
}

static bool is_hosts_line(struct span line)
{
    static const char *const beginnings[] = { "0.0.0.0 ", "0.0.0.0\t", "127.0.0.1 ", "127.0.0.1\t",
                                              "::1 ",     "::1\t",     ":: ",        "::\t" };
    for (size_t i = 0; i < sizeof beginnings / sizeof beginnings[0]; i++) {
        if (span_starts_with(line, span_of(beginnings[i]))) {
            return true;
        }
    }
    return false;
}

static bool is_adblock(struct span text)
{
    struct span line = exchange_line_first(EXCHANGE_FORMAT_ADBLOCK, text);
    return span_starts_with_nocase(text, SPAN("[adblock")) ||
           span_starts_with(span_trim(line), SPAN("||"));
}

/* Formats without a header that only one kind of line fits. */
static enum exchange_format detect_by_line(struct span start)
{
    struct span line = span_trim(exchange_line_first(EXCHANGE_FORMAT_HOSTS, start));
    if (is_adblock(start)) {
        return EXCHANGE_FORMAT_ADBLOCK;
    }
    if (is_hosts_line(line)) {
        return EXCHANGE_FORMAT_HOSTS;
    }
    if (exchange_line_is_iprep(line)) {
        return EXCHANGE_FORMAT_SURICATA_IPREP;
    }
    if (exchange_line_is_datarep(line)) {
        return EXCHANGE_FORMAT_SURICATA_DATAREP;
    }
    return exchange_line_is_base64_text(line) ? EXCHANGE_FORMAT_SURICATA_DATASET
                                              : EXCHANGE_FORMAT_LIST;
}

enum exchange_format exchange_detect(struct span start, struct span name)
{
    name = without_suffix(without_suffix(name, SPAN(".gz")), SPAN(".zst"));
    struct span bom = SPAN(UTF8_BOM);
    start = span_starts_with(start, bom) ? span_from(start, bom.size) : start;
    start = start.size > DETECT_SIZE_MAX ? span_slice(start, 0, DETECT_SIZE_MAX) : start;
    struct span text = span_trim(start);
    bool json = ends_with_nocase(name, SPAN(".json")) || ends_with_nocase(name, SPAN(".stix"));
    if (json || span_starts_with(text, SPAN("{")) || span_starts_with(text, SPAN("[{"))) {
        return detect_json(text);
    }
    if (is_zeek_intel(start)) {
        return EXCHANGE_FORMAT_ZEEK_INTEL;
    }
    uint8_t scratch[DETECT_SIZE_MAX];
    struct exchange_record record = { .scratch = scratch, .size_max = sizeof scratch };
    struct exchange_columns columns;
    size_t data = 0;
    if (exchange_columns_find(start, &record, &columns, &data) == ERR_OK) {
        return EXCHANGE_FORMAT_CSV;
    }
    bool csv = ends_with_nocase(name, SPAN(".csv")) || ends_with_nocase(name, SPAN(".tsv"));
    enum exchange_format format = detect_by_line(start);
    bool headless = format == EXCHANGE_FORMAT_LIST && csv &&
                    has_separator(exchange_line_first(EXCHANGE_FORMAT_LIST, start));
    return headless ? EXCHANGE_FORMAT_CSV : format;
}
