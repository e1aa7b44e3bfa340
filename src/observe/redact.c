// SPDX-License-Identifier: EUPL-1.2
/*
 * Evidence lines. A line of JSON is walked once over its bytes: all is copied as it stands but the
 * values that the rule treats. The walk checks what it relies on, and fails closed: a line it does
 * not understand gives no evidence.
 */
#include "observe/redact.h"

#include "base/must.h"
#include "base/text.h"
#include "crypt/digest.h"
#include "format/json.h"
#include "format/json_writer.h"
#include "observe/reader.h"
#include "observe/redact_inner.h"

enum {
    HMAC_BLOCK_SIZE = 64,
    HASH_SHOWN_SIZE = 16,
    PAIR_NAME_SIZE_MAX = 64,
};

#define MORE_MARK "..."

/* Rules. */

static uint8_t lower(uint8_t byte)
{
    return byte >= 'A' && byte <= 'Z' ? (uint8_t)(byte | 0x20) : byte;
}

/* As observe_field_name_is(), but whatever the case: a secret is one in "Password" too. */
static bool name_is(struct span own, struct span logged)
{
    for (size_t i = 0; i < own.size; i++) {
        bool same = lower(own.data[i]) == lower(logged.data[i]);
        if (!same && (own.data[i] != '.' || logged.data[i] != '_')) {
            return false;
        }
    }
    return own.size == logged.size;
}

static bool rule_fits(const struct observe_rule *rule, struct span name)
{
    if (rule->field.size > name.size) {
        return false;
    }
    size_t begin = name.size - rule->field.size;
    bool at_word = begin == 0 || name.data[begin - 1] == '.';
    return at_word && name_is(rule->field, span_from(name, begin));
}

static const struct observe_rule *rule_named(const struct redaction *r, struct span name)
{
    for (size_t i = 0; i < r->rules->count; i++) {
        if (rule_fits(&r->rules->rules[i], name)) {
            return &r->rules->rules[i];
        }
    }
    return NULL;
}

const struct observe_rule *redact_rule_of(const struct redaction *r, size_t key_size,
                                          const struct observe_rule *inherited)
{
    struct span name = span_make(r->path, r->path_size);
    size_t key_begin = name.size - key_size;
    const struct observe_rule *rule = rule_named(r, name);
    ptrdiff_t dot = span_find_last(name, '.');
    while (rule == NULL && dot != SPAN_NOT_FOUND && (size_t)dot > key_begin) {
        name = span_slice(name, 0, (size_t)dot);
        rule = rule_named(r, name);
        dot = span_find_last(name, '.');
    }
    return rule == NULL ? inherited : rule;
}

enum observe_treatment redact_treatment_of(const struct observe_rule *rule)
{
    return rule == NULL ? OBSERVE_KEEP : rule->treatment;
}

void redact_path_push(struct redaction *r, struct span key)
{
    size_t dot = r->path_size > 0 ? 1 : 0;
    if (key.size + dot > REDACT_PATH_SIZE_MAX - r->path_size) {
        r->err = ERR_LIMIT;
        return;
    }
    if (dot == 1) {
        r->path[r->path_size] = '.';
        r->path_size++;
    }
    span_copy(r->path + r->path_size, REDACT_PATH_SIZE_MAX - r->path_size, key);
    r->path_size += key.size;
}

/* Output. */

void redact_out_add(struct redaction *r, struct span span)
{
    size_t room = OBSERVE_EVIDENCE_SIZE_MAX - (r->out->size - r->begin);
    r->full = r->full || span.size > room;
    buf_add(r->out, span_slice(span, 0, span.size < room ? span.size : room));
}

static void out_end(struct redaction *r)
{
    if (!r->full || r->out->err != ERR_OK) {
        return;
    }
    size_t kept = OBSERVE_EVIDENCE_SIZE_MAX - (sizeof OBSERVE_CUT_MARK - 1);
    struct span evidence = span_from(buf_span(r->out), r->begin);
    r->out->size = r->begin + text_valid_size(span_slice(evidence, 0, kept));
    buf_add(r->out, SPAN(OBSERVE_CUT_MARK));
}

/* RFC 2104, section 2; the key is shorter than a block. */
static void hmac_sha256(const uint8_t *secret, struct span value, uint8_t *ret)
{
    enum { INNER_PAD = 0x36, OUTER_PAD = 0x5C };
    uint8_t inner[HMAC_BLOCK_SIZE];
    uint8_t outer[HMAC_BLOCK_SIZE];
    for (size_t i = 0; i < HMAC_BLOCK_SIZE; i++) {
        uint8_t byte = i < OBSERVE_SECRET_SIZE ? secret[i] : 0;
        inner[i] = byte ^ INNER_PAD;
        outer[i] = byte ^ OUTER_PAD;
    }
    struct digest_sha256 digest;
    uint8_t middle[DIGEST_SHA256_SIZE];
    digest_sha256_init(&digest);
    digest_sha256_add(&digest, span_make(inner, sizeof inner));
    digest_sha256_add(&digest, value);
    digest_sha256_done(&digest, middle);
    digest_sha256_add(&digest, span_make(outer, sizeof outer));
    digest_sha256_add(&digest, span_make(middle, sizeof middle));
    digest_sha256_done(&digest, ret);
}

void redact_add_treated(struct buf *buf, const struct redaction *r, const struct observe_rule *rule,
                        struct span value)
{
    if (rule->treatment == OBSERVE_HASH) {
        uint8_t hash[DIGEST_SHA256_SIZE];
        hmac_sha256(r->rules->secret, value, hash);
        buf_add(buf, SPAN("hash:"));
        buf_add_hex(buf, span_make(hash, HASH_SHOWN_SIZE));
        return;
    }
    must(rule->treatment == OBSERVE_TRUNCATE);
    bool fits = value.size <= rule->keep_size;
    size_t kept = fits ? value.size : text_valid_size(span_slice(value, 0, rule->keep_size));
    buf_add(buf, span_slice(value, 0, kept));
    buf_add(buf, fits ? SPAN("") : SPAN(MORE_MARK));
}

/* JSON. */

static uint8_t peek(const struct redaction *r)
{
    return r->at < r->text.size ? r->text.data[r->at] : 0;
}

static void skip_space(struct redaction *r)
{
    while (peek(r) == ' ' || peek(r) == '\t' || peek(r) == '\n' || peek(r) == '\r') {
        r->at++;
    }
}

static bool take(struct redaction *r, uint8_t byte)
{
    skip_space(r);
    if (r->err != ERR_OK || peek(r) != byte) {
        return false;
    }
    r->at++;
    return true;
}

static void expect(struct redaction *r, uint8_t byte)
{
    if (r->err == ERR_OK && !take(r, byte)) {
        r->err = ERR_FORMAT;
    }
}

/* The bytes of a string with its quotes. */
static struct span take_string(struct redaction *r)
{
    skip_space(r);
    size_t begin = r->at;
    expect(r, '"');
    while (r->err == ERR_OK && peek(r) != '"') {
        struct span rest = span_from(r->text, r->at);
        ptrdiff_t quote = span_find(rest, '"');
        struct span plain = quote == SPAN_NOT_FOUND ? rest : span_slice(rest, 0, (size_t)quote);
        ptrdiff_t escape = span_find(plain, '\\');
        r->at += escape == SPAN_NOT_FOUND ? plain.size : (size_t)escape + 2; /* with its letter */
        if (r->at >= r->text.size) {
            r->err = ERR_FORMAT;
        }
    }
    if (r->err != ERR_OK) {
        return (struct span){ NULL, 0 };
    }
    r->at++;
    return span_slice(r->text, begin, r->at);
}

/* What a string means; its escapes are rare enough to leave them to the JSON parser. */
static struct span string_meaning(struct redaction *r, struct span quoted)
{
    if (r->err != ERR_OK) {
        return (struct span){ NULL, 0 };
    }
    if (span_find(quoted, '\\') == SPAN_NOT_FOUND) {
        return span_slice(quoted, 1, quoted.size - 1);
    }
    struct json_value value;
    r->err = json_parse(r->op, quoted, &value);
    return r->err == ERR_OK ? json_string(value) : (struct span){ NULL, 0 };
}

/* A number, true, false or null. */
static struct span take_word(struct redaction *r)
{
    size_t begin = r->at;
    while (r->at < r->text.size && strchr(" \t\r\n,]}", peek(r)) == NULL) {
        r->at++;
    }
    if (r->at == begin) {
        r->err = ERR_FORMAT;
    }
    return span_slice(r->text, begin, r->at);
}

/* Put something in the place of the value that began at `begin` and was just read. */
static void replace(struct redaction *r, size_t begin, struct span json)
{
    redact_out_add(r, span_slice(r->text, r->copied, begin));
    redact_out_add(r, json);
    r->copied = r->at;
}

/* Put a text in the place of the value that began at `begin`, as a string. */
static void replace_string(struct redaction *r, size_t begin, struct span text)
{
    struct buf json;
    struct json_writer writer;
    buf_init(&json, SIZE_MAX / 2);
    json_writer_init(&writer, &json);
    json_add_string(&writer, text);
    r->err = r->err != ERR_OK ? r->err : json.err;
    replace(r, begin, buf_span(&json));
    buf_done(&json);
}

/* A string that is JSON itself: the rule holds inside it. */
static void treat_document(struct redaction *r, size_t begin, struct span meaning)
{
    struct buf inner;
    buf_init(&inner, OBSERVE_EVIDENCE_SIZE_MAX);
    redact_add_document(&inner, r, meaning);
    replace_string(r, begin, buf_span(&inner));
    buf_done(&inner);
}

static void treat_leaf(struct redaction *r, size_t begin, const struct observe_rule *rule,
                       struct span meaning)
{
    struct span name = span_make(r->path, r->path_size);
    if (r->err == ERR_OK && redact_treatment_of(rule) == OBSERVE_KEEP &&
        redact_is_document(r, name)) {
        treat_document(r, begin, meaning);
        return;
    }
    if (r->err != ERR_OK || redact_treatment_of(rule) == OBSERVE_KEEP) {
        return;
    }
    if (rule->treatment == OBSERVE_DROP) {
        replace(r, begin, SPAN("null"));
        return;
    }
    struct buf treated;
    buf_init(&treated, meaning.size + OBSERVE_EVIDENCE_SIZE_MAX);
    redact_add_treated(&treated, r, rule, meaning);
    r->err = treated.err;
    replace_string(r, begin, buf_span(&treated));
    buf_done(&treated);
}

/* What the first field of a pair says of the second, as privacy rules would call it: of HTTP's
 * headers their name, of commands whose argument is secret "password". */
static size_t pair_name(struct span naming, uint8_t name[PAIR_NAME_SIZE_MAX])
{
    static const char *const prefixes[] = { "set-",
                                            "proxy-" }; /* set-cookie, proxy-authorization */
    static const char *const secrets[] = { "pass", "auth", "apop" };
    struct span text = naming;
    for (size_t i = 0; i < sizeof secrets / sizeof secrets[0]; i++) {
        if (span_equal_nocase(naming, span_of(secrets[i]))) {
            text = SPAN("password");
        }
    }
    for (size_t i = 0; i < sizeof prefixes / sizeof prefixes[0]; i++) {
        bool has = span_starts_with_nocase(text, span_of(prefixes[i]));
        text = has ? span_from(text, span_of(prefixes[i]).size) : text;
    }
    if (text.size > PAIR_NAME_SIZE_MAX) {
        return 0;
    }
    for (size_t i = 0; i < text.size; i++) {
        uint8_t byte = text.data[i];
        name[i] = byte == '-' ? '_' : lower(byte);
    }
    return text.size;
}

static bool key_names(struct span key)
{
    return span_equal_nocase(key, SPAN("name")) || span_equal_nocase(key, SPAN("command"));
}

static bool key_is_named(struct span key)
{
    return span_equal_nocase(key, SPAN("value")) || span_equal_nocase(key, SPAN("command_data")) ||
           span_equal_nocase(key, SPAN("args"));
}

/* Over a value, whatever is in it. */
static void skip_value(struct redaction *r)
{
    size_t depth = 0;
    do {
        skip_space(r);
        uint8_t byte = peek(r);
        if (byte == '"') {
            (void)take_string(r);
        } else if (byte != '\0' && strchr("{[}],:", byte) != NULL) {
            r->at++;
            depth += byte == '{' || byte == '[' ? 1 : 0;
            depth -= (byte == '}' || byte == ']') && depth > 0 ? 1 : 0;
        } else {
            (void)take_word(r);
        }
    } while (depth > 0 && r->err == ERR_OK);
}

/* What a member that stands behind names the value that is to be read now. Asked once for each
 * object at most, so that what an object of many values costs stays in proportion to its size. */
static struct span naming_behind(struct redaction *r)
{
    struct redaction ahead = *r;
    struct span naming = { NULL, 0 };
    skip_value(&ahead);
    while (naming.size == 0 && take(&ahead, ',')) {
        struct span key = string_meaning(&ahead, take_string(&ahead));
        expect(&ahead, ':');
        skip_space(&ahead);
        if (key_names(key) && peek(&ahead) == '"') {
            naming = string_meaning(&ahead, take_string(&ahead));
        } else if (ahead.err == ERR_OK) {
            skip_value(&ahead);
        }
    }
    r->err = ahead.err; /* what is not understood is not kept */
    return naming;
}

/* What one member of an object says of another. */
struct naming {
    struct span name;
    bool sought; /* also behind */
};

/* The rule of a value whose name is told by another member, as in {"name":"Cookie","value":"..."}
 * and {"command":"PASS","command_data":"..."}; its key was just pushed. */
static const struct observe_rule *rule_of_pair(struct redaction *r, size_t key_size,
                                               struct naming *naming)
{
    struct span key = span_make(r->path + r->path_size - key_size, key_size);
    uint8_t name[PAIR_NAME_SIZE_MAX];
    if (!key_is_named(key)) {
        return NULL;
    }
    if (naming->name.size == 0 && !naming->sought) {
        naming->name = naming_behind(r);
        naming->sought = true;
    }
    size_t size = naming->name.size > 0 ? pair_name(naming->name, name) : 0;
    size_t before = r->path_size - key_size;
    uint8_t path[REDACT_PATH_SIZE_MAX];
    if (size == 0 || size > REDACT_PATH_SIZE_MAX - before) {
        return NULL;
    }
    span_copy(path, REDACT_PATH_SIZE_MAX, span_make(r->path, before));
    span_copy(path + before, REDACT_PATH_SIZE_MAX - before, span_make(name, size));
    return rule_named(r, span_make(path, before + size));
}

static void walk_value(struct redaction *r, const struct observe_rule *rule, unsigned depth);

static void walk_member(struct redaction *r, const struct observe_rule *rule, unsigned depth,
                        struct naming *naming)
{
    struct span key = string_meaning(r, take_string(r));
    size_t path_size = r->path_size;
    if (r->err == ERR_OK) {
        redact_path_push(r, key);
    }
    expect(r, ':');
    if (r->err != ERR_OK) {
        return;
    }
    skip_space(r);
    size_t begin = r->at;
    const struct observe_rule *paired = rule_of_pair(r, key.size, naming);
    walk_value(r, paired != NULL ? paired : redact_rule_of(r, key.size, rule), depth);
    r->path_size = path_size;
    if (key_names(key) && r->err == ERR_OK && !r->full && r->text.data[begin] == '"') {
        naming->name = string_meaning(r, span_slice(r->text, begin, r->at));
    }
}

/* The members or elements of an object or array whose opening byte was read. */
static void walk_container(struct redaction *r, const struct observe_rule *rule, unsigned depth,
                           uint8_t closing)
{
    if (depth == RECORD_DEPTH_MAX) {
        r->err = ERR_LIMIT;
        return;
    }
    if (take(r, closing)) {
        return;
    }
    struct naming naming = { .sought = false };
    do {
        if (closing == '}') {
            walk_member(r, rule, depth + 1, &naming);
        } else {
            walk_value(r, rule, depth + 1);
        }
    } while (!r->full && take(r, ','));
    if (!r->full) {
        expect(r, closing);
    }
}

static void walk_value(struct redaction *r, const struct observe_rule *rule, unsigned depth)
{
    skip_space(r);
    size_t begin = r->at;
    if (take(r, '{')) {
        walk_container(r, rule, depth, '}');
    } else if (take(r, '[')) {
        walk_container(r, rule, depth, ']');
    } else if (peek(r) == '"') {
        struct span quoted = take_string(r);
        treat_leaf(r, begin, rule, string_meaning(r, quoted));
    } else {
        struct span word = take_word(r);
        treat_leaf(r, begin, rule, word);
    }
}

void redact_json(struct redaction *r)
{
    walk_value(r, NULL, 0);
    if (r->err == ERR_OK && !r->full) {
        redact_out_add(r, span_from(r->text, r->copied));
    }
}

/* TSV. */

static void tsv_element(struct redaction *r, const struct tsv *tsv, const struct observe_rule *rule,
                        struct span element)
{
    struct span unset = span_make(tsv->unset, tsv->unset_size);
    bool nothing =
        span_equal(element, unset) || span_equal(element, span_make(tsv->empty, tsv->empty_size));
    if (nothing || redact_treatment_of(rule) == OBSERVE_KEEP) {
        redact_out_add(r, element);
        return;
    }
    if (rule->treatment == OBSERVE_DROP) {
        redact_out_add(r, unset);
        return;
    }
    struct buf meaning;
    struct buf treated;
    buf_init(&meaning, element.size);
    buf_init(&treated, element.size + OBSERVE_EVIDENCE_SIZE_MAX);
    /* A shortened value stays escaped: it must not bring a separator into the line. */
    if (rule->treatment == OBSERVE_HASH) {
        tsv_add_unescaped(&meaning, element);
    } else {
        buf_add(&meaning, element);
    }
    redact_add_treated(&treated, r, rule, buf_span(&meaning));
    r->err = meaning.err != ERR_OK ? meaning.err : treated.err;
    redact_out_add(r, buf_span(&treated));
    buf_done(&meaning);
    buf_done(&treated);
}

static void tsv_column(struct redaction *r, const struct tsv *tsv, const struct tsv_column *column,
                       struct span name, struct span value)
{
    size_t path_size = r->path_size;
    redact_path_push(r, name);
    if (r->err != ERR_OK) {
        return;
    }
    const struct observe_rule *rule = redact_rule_of(r, name.size, NULL);
    r->path_size = path_size;
    if (column->shape != TSV_SHAPE_LIST) {
        tsv_element(r, tsv, rule, value);
        return;
    }
    struct span element = { NULL, 0 };
    while (tsv_list_next(tsv, &value, &element)) {
        tsv_element(r, tsv, rule, element);
        if (value.data != NULL) {
            redact_out_add(r, span_make(tsv->set_separator, tsv->set_separator_size));
        }
    }
}

static void redact_tsv(struct redaction *r, const struct tsv *tsv)
{
    struct span names = buf_span(&tsv->names);
    struct span values = r->text;
    struct span name = { NULL, 0 };
    struct span value = { NULL, 0 };
    for (size_t i = 0; i < tsv->column_count && r->err == ERR_OK && !r->full; i++) {
        bool name_there = span_next(&names, tsv->separator, &name);
        bool value_there = span_next(&values, tsv->separator, &value);
        must(name_there);
        must(value_there);
        if (i > 0) {
            redact_out_add(r, span_make(&tsv->separator, 1));
        }
        tsv_column(r, tsv, &tsv->columns[i], name, value);
    }
}

enum err observe_redact(struct op *op, const struct observe_reader *reader,
                        const struct observe_line *line, const struct observe_rules *rules,
                        struct buf *buf)
{
    if (line->no_event || reader->text.size == 0) {
        return op_fail(op, ERR_ABSENT, "there is no log line to keep as evidence");
    }
    struct redaction r = {
        .op = op, .rules = rules, .out = buf, .begin = buf->size, .text = reader->text
    };
    bool mapped = reader->as >= OBSERVE_FORMAT_MAPPED_FIRST;
    if (!mapped && reader->as != OBSERVE_FORMAT_EVE && line->stream.size > 0) {
        redact_path_push(&r, line->stream);
    }
    if (mapped) {
        redact_mapped(&r, reader);
    } else if (r.err == ERR_OK && reader->as == OBSERVE_FORMAT_ZEEK_TSV) {
        redact_tsv(&r, &reader->tsv);
    } else if (r.err == ERR_OK) {
        redact_out_add(&r, reader->head); /* of a text that carries it */
        redact_json(&r);
    }
    out_end(&r);
    enum err err = r.err != ERR_OK ? r.err : buf->err;
    if (err != ERR_OK) {
        buf->size = r.begin;
        return op_fail(op, err, "a log line is too odd to be kept as evidence under the rule");
    }
    return ERR_OK;
}
