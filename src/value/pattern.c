// SPDX-License-Identifier: EUPL-1.2
/*
 * PCRE2 decides about regular expressions, with limits and without its just-in-time compiler:
 * whoever reads hostile logs has no memory that is both written and run. LIKE is decided here,
 * since as a regular expression "%a%b%c%d" would try every place of every letter.
 */
#define PCRE2_CODE_UNIT_WIDTH 8
#include "value/pattern.h"

#include <pcre2.h>

#include "base/memory.h"
#include "base/must.h"
#include "base/text.h"
#include "value/internal.h"
#include "value/pattern_scan.h"

enum {
    MESSAGE_SIZE_MAX = 160,
    RELAXED_REPEAT_MAX = 32, /* larger repeats are endless in what an automaton gets */
};

struct value_pattern {
    enum value_kind kind;
    enum value_scope scope;
    struct span like; /* of LIKE: the pattern, in lower case where case does not count */
    pcre2_general_context *general;
    pcre2_match_context *limits;
    pcre2_code *code;
};

bool value_pattern_is_caseless(enum value_kind kind)
{
    return kind == VALUE_DOMAIN || kind == VALUE_FILE_NAME;
}

bool value_pattern_is_utf8(enum value_kind kind)
{
    return kind == VALUE_USER_AGENT || kind == VALUE_FILE_NAME;
}

/* ---- refusals ---- */

/* Writes the reason down, for those who ask. */
__attribute__((format(printf, 2, 3))) static void tell(struct buf *reason, const char *format, ...)
{
    if (reason != NULL) {
        va_list args;
        va_start(args, format);
        buf_add_vformat(reason, format, args);
        va_end(args);
    }
}

static enum err no_memory(struct buf *reason)
{
    tell(reason, "out of memory");
    return ERR_LIMIT;
}

/* What is seen before it is compiled. */
static enum err text_check(enum value_kind kind, enum value_scope scope, struct span text,
                           struct buf *reason)
{
    if (!value_scope_fits(kind, scope)) {
        tell(reason, "a %s is no pattern", value_kind_name(kind));
        return ERR_FORMAT;
    }
    if (text.size == 0) {
        tell(reason, "an empty pattern");
        return ERR_FORMAT;
    }
    if (text.size > VALUE_PATTERN_SIZE_MAX) {
        tell(reason, "a pattern longer than %d bytes", VALUE_PATTERN_SIZE_MAX);
        return ERR_UNSUPPORTED;
    }
    if (!text_is_ascii(text) &&
        (!value_pattern_is_utf8(kind) || text_valid_size(text) != text.size)) {
        tell(reason, "a pattern with bytes that no %s holds", value_kind_name(kind));
        return ERR_FORMAT;
    }
    if (span_find(text, 0) != SPAN_NOT_FOUND) {
        tell(reason, "a pattern with a zero byte");
        return ERR_FORMAT;
    }
    return ERR_OK;
}

/* Constructs that steer the search or hide the pattern's structure. */
static enum err regex_pieces_check(struct span text, struct buf *reason)
{
    struct pattern_piece piece;
    while (value_pattern_scan(&text, &piece)) {
        switch (piece.kind) {
        case PATTERN_PIECE_VERB:
            tell(reason, "a pattern with \"(*\": controls of the search");
            return ERR_UNSUPPORTED;
        case PATTERN_PIECE_CALLOUT:
            tell(reason, "a pattern with \"(?C\": a callout");
            return ERR_UNSUPPORTED;
        case PATTERN_PIECE_EXTENDED:
            tell(reason, "a pattern with \"(?x\": the extended way of writing");
            return ERR_UNSUPPORTED;
        default:
            break;
        }
    }
    return ERR_OK;
}

/* ---- compiling ---- */

static void *pcre_new(size_t size, void *context)
{
    (void)context;
    return memory_new(size);
}

static void pcre_free(void *block, void *context)
{
    (void)context;
    memory_free(block);
}

static uint32_t regex_options(enum value_kind kind)
{
    uint32_t options = PCRE2_DOTALL | PCRE2_NEVER_BACKSLASH_C | PCRE2_NEVER_UCP;
    options |= value_pattern_is_caseless(kind) ? PCRE2_CASELESS : 0;
    options |= value_pattern_is_utf8(kind) ? PCRE2_UTF | PCRE2_MATCH_INVALID_UTF : PCRE2_NEVER_UTF;
    return options;
}

static enum err compile_refusal(int error, size_t offset, struct buf *reason)
{
    uint8_t message[MESSAGE_SIZE_MAX];
    if (error == PCRE2_ERROR_HEAP_FAILED) {
        return no_memory(reason);
    }
    int size = pcre2_get_error_message(error, message, sizeof message);
    struct span words = span_make(message, size > 0 ? (size_t)size : 0);
    tell(reason, "no regular expression: %.*s (byte %zu)", SPAN_FMT(words), offset + 1);
    return ERR_FORMAT;
}

static enum err code_new(struct value_pattern *pattern, struct span text, struct buf *reason)
{
    int error = 0;
    size_t offset = 0;
    size_t size = 0;
    pcre2_compile_context *context = pcre2_compile_context_create(pattern->general);
    if (context == NULL) {
        return no_memory(reason);
    }
    pcre2_set_parens_nest_limit(context, VALUE_PATTERN_DEPTH_MAX);
    pattern->code =
        pcre2_compile(text.data, text.size, regex_options(pattern->kind), &error, &offset, context);
    pcre2_compile_context_free(context);
    if (pattern->code == NULL) {
        return compile_refusal(error, offset, reason);
    }
    pcre2_pattern_info(pattern->code, PCRE2_INFO_SIZE, &size);
    if (size > VALUE_PATTERN_CODE_SIZE_MAX) {
        tell(reason, "a pattern too large: its groups repeat too much");
        return ERR_UNSUPPORTED;
    }
    return ERR_OK;
}

static enum err regex_new(struct value_pattern *pattern, struct span text, struct buf *reason)
{
    TRY(regex_pieces_check(text, reason));
    pattern->general = pcre2_general_context_create(pcre_new, pcre_free, NULL);
    if (pattern->general == NULL) {
        return no_memory(reason);
    }
    pattern->limits = pcre2_match_context_create(pattern->general);
    if (pattern->limits == NULL) {
        return no_memory(reason);
    }
    pcre2_set_match_limit(pattern->limits, VALUE_PATTERN_STEPS_MAX);
    pcre2_set_depth_limit(pattern->limits, VALUE_PATTERN_STEPS_MAX);
    pcre2_set_heap_limit(pattern->limits, VALUE_PATTERN_HEAP_KIB_MAX);
    return code_new(pattern, text, reason);
}

static enum err like_new(struct value_pattern *pattern, struct span text, struct buf *reason)
{
    uint8_t *copy = memory_new(text.size);
    if (copy == NULL) {
        return no_memory(reason);
    }
    for (size_t i = 0; i < text.size; i++) {
        uint8_t byte = text.data[i];
        bool upper = byte >= 'A' && byte <= 'Z' && value_pattern_is_caseless(pattern->kind);
        copy[i] = upper ? (uint8_t)(byte | 0x20) : byte; /* to lower case */
    }
    pattern->like = span_make(copy, text.size);
    return ERR_OK;
}

/* ---- meeting ---- */

static size_t character_size(const struct value_pattern *pattern, struct span text)
{
    size_t size = 1;
    while (value_pattern_is_utf8(pattern->kind) && size < text.size &&
           size < 4 &&                         /* bytes of UTF-8 */
           (text.data[size] & 0xC0) == 0x80) { /* that go on */
        size++;
    }
    return size;
}

/* Where a "%" does not work out, it takes one character more; only the last one ever needs to. */
static bool like_meets(const struct value_pattern *pattern, struct span text)
{
    struct span like = pattern->like;
    struct span like_again = { NULL, 0 }; /* behind the last "%" */
    struct span text_again = { NULL, 0 };
    while (text.size > 0) {
        bool star = like.size > 0 && like.data[0] == '%';
        bool same = like.size > 0 && !star && (like.data[0] == '_' || like.data[0] == text.data[0]);
        if (star) {
            like = span_from(like, 1);
            like_again = like;
            text_again = text;
        } else if (same) {
            text = span_from(text, like.data[0] == '_' ? character_size(pattern, text) : 1);
            like = span_from(like, 1);
        } else if (like_again.data != NULL) {
            text_again = span_from(text_again, character_size(pattern, text_again));
            text = text_again;
            like = like_again;
        } else {
            return false;
        }
    }
    while (like.size > 0 && like.data[0] == '%') {
        like = span_from(like, 1);
    }
    return like.size == 0;
}

static enum value_pattern_answer regex_meets(const struct value_pattern *pattern, struct span text)
{
    pcre2_match_data *data = pcre2_match_data_create(1, pattern->general);
    if (data == NULL) {
        return VALUE_PATTERN_NO_MEMORY;
    }
    int count = pcre2_match(pattern->code, text.data, text.size, 0, 0, data, pattern->limits);
    pcre2_match_data_free(data);
    if (count >= 0) {
        return VALUE_PATTERN_MET;
    }
    if (count == PCRE2_ERROR_NOMEMORY) {
        return VALUE_PATTERN_NO_MEMORY;
    }
    return count == PCRE2_ERROR_NOMATCH ? VALUE_PATTERN_APART : VALUE_PATTERN_UNSURE;
}

static enum value_pattern_answer text_meets(const struct value_pattern *pattern, struct span text)
{
    if (pattern->scope == VALUE_SCOPE_LIKE) {
        return like_meets(pattern, text) ? VALUE_PATTERN_MET : VALUE_PATTERN_APART;
    }
    return regex_meets(pattern, text);
}

/* Without a scheme, then with each of the two that logs leave out. */
static enum value_pattern_answer url_meets(const struct value_pattern *pattern, struct span key)
{
    static const char *const schemes[] = { "", "http://", "https://" };
    uint8_t text[sizeof "https://" + VALUE_URL_SIZE_MAX];
    enum value_pattern_answer answer = VALUE_PATTERN_APART;
    for (size_t i = 0; i < sizeof schemes / sizeof schemes[0]; i++) {
        struct span scheme = span_of(schemes[i]);
        span_copy(text, sizeof text, scheme);
        span_copy(text + scheme.size, sizeof text - scheme.size, key);
        enum value_pattern_answer one =
            text_meets(pattern, span_make(text, scheme.size + key.size));
        if (one == VALUE_PATTERN_MET) {
            return one;
        }
        answer = one > answer ? one : answer;
    }
    return answer;
}

enum value_pattern_answer value_pattern_meets(const struct value_pattern *pattern, struct span key)
{
    if (pattern->kind == VALUE_URL) {
        return key.size > VALUE_URL_SIZE_MAX ? VALUE_PATTERN_APART : url_meets(pattern, key);
    }
    return text_meets(pattern, key);
}

/* ---- for others ---- */

enum err value_pattern_new(enum value_kind kind, enum value_scope scope, struct span text,
                           struct buf *reason, struct value_pattern **ret)
{
    must(scope == VALUE_SCOPE_LIKE || scope == VALUE_SCOPE_REGEX);
    TRY(text_check(kind, scope, text, reason));
    struct value_pattern *pattern = memory_new(sizeof *pattern);
    if (pattern == NULL) {
        return no_memory(reason);
    }
    pattern->kind = kind;
    pattern->scope = scope;
    enum err err = scope == VALUE_SCOPE_LIKE ? like_new(pattern, text, reason)
                                             : regex_new(pattern, text, reason);
    if (err != ERR_OK) {
        value_pattern_free(pattern);
        return err;
    }

    *ret = pattern;
    return ERR_OK;
}

void value_pattern_free(struct value_pattern *pattern)
{
    if (pattern == NULL) {
        return;
    }
    pcre2_code_free(pattern->code);
    pcre2_match_context_free(pattern->limits);
    pcre2_general_context_free(pattern->general);
    memory_free((void *)(uintptr_t)pattern->like.data);
    memory_free(pattern);
}

/* What a pattern says of a few texts. */
struct trial {
    size_t met;
    bool unsure;
    bool no_memory;
};

static void trial_add(struct trial *trial, enum value_pattern_answer answer)
{
    trial->met += answer == VALUE_PATTERN_MET ? 1 : 0;
    trial->unsure = trial->unsure || answer == VALUE_PATTERN_UNSURE;
    trial->no_memory = trial->no_memory || answer == VALUE_PATTERN_NO_MEMORY;
}

/* Two values of a kind that have little in common: what fits both fits nearly all. And a pattern
 * that takes its time for texts as short as these takes it for all. */
static enum err trial_check(const struct value_pattern *pattern, struct buf *reason)
{
    static const char *const samples[VALUE_KIND_COUNT][2] = {
        [VALUE_DOMAIN] = { "a.example", "xn--9-w7.k2-q.test" },
        [VALUE_URL] = { "a.example/", "[2001:db8::9]:8080/q/W_7.k?x=%20-~" },
        [VALUE_USER_AGENT] = { "curl/8.5.0", "Mozilla/5.0 (X11; Linux x86_64) Gecko Firefox" },
        [VALUE_FILE_NAME] = { "a.txt", "9_q-w minutes of a meeting 7.exe" },
    };
    const char *const *pair = samples[pattern->kind];
    struct trial empty = { .met = 0 };
    struct trial trial = { .met = 0 };
    trial_add(&empty, text_meets(pattern, SPAN("")));
    trial_add(&trial, value_pattern_meets(pattern, span_of(pair[0])));
    trial_add(&trial, value_pattern_meets(pattern, span_of(pair[1])));
    if (empty.no_memory || trial.no_memory) {
        return no_memory(reason);
    }
    if (empty.met > 0) {
        tell(reason, "a pattern that fits the empty text");
        return ERR_CONFLICT;
    }
    if (trial.met == 2) {
        tell(reason, "a pattern that fits nearly every %s", value_kind_name(pattern->kind));
        return ERR_CONFLICT;
    }
    if (empty.unsure || trial.unsure) {
        tell(reason, "a pattern that takes too many steps");
        return ERR_UNSUPPORTED;
    }
    return ERR_OK;
}

enum err value_pattern_check(enum value_kind kind, enum value_scope scope, struct span text,
                             struct buf *reason)
{
    struct value_pattern *pattern = NULL;
    TRY(value_pattern_new(kind, scope, text, reason, &pattern));
    must(pattern != NULL);
    enum err err = trial_check(pattern, reason);
    value_pattern_free(pattern);
    return err;
}

enum err value_pattern_parse(enum value_kind kind, enum value_scope scope, struct span raw,
                             struct value_buf *buf, struct value *ret, struct buf *reason)
{
    TRY(value_pattern_check(kind, scope, raw, reason));
    span_copy(buf->key, sizeof buf->key, raw);
    *ret = (struct value){ .kind = kind, .key = span_make(buf->key, raw.size) };
    return ERR_OK;
}

/* ---- for automata ---- */

static void relax_like(struct span text, struct buf *buf)
{
    static const char plain[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
    uint8_t before = 0;
    buf_add(buf, SPAN("\\A"));
    for (size_t i = 0; i < text.size; i++) {
        uint8_t byte = text.data[i];
        bool letter = byte >= 0x80 || memchr(plain, byte, sizeof plain - 1) != NULL;
        if (byte == '%') {
            buf_add(buf, before == '%' ? SPAN("") : SPAN(".*"));
        } else if (byte == '_') {
            buf_add_byte(buf, '.');
        } else {
            buf_add(buf, letter ? SPAN("") : SPAN("\\"));
            buf_add_byte(buf, byte);
        }
        before = byte;
    }
    buf_add(buf, SPAN("\\z"));
}

static void relax_regex(struct span text, struct buf *buf)
{
    struct pattern_piece piece;
    while (value_pattern_scan(&text, &piece)) {
        bool repeat = piece.kind == PATTERN_PIECE_REPEAT;
        uint64_t bound = piece.repeat_max == UINT64_MAX ? piece.repeat_min : piece.repeat_max;
        if (repeat && bound > RELAXED_REPEAT_MAX) {
            buf_add_byte(buf, piece.repeat_min == 0 ? '*' : '+');
        } else {
            buf_add(buf, piece.text);
        }
    }
}

void value_pattern_relax(enum value_scope scope, struct span text, struct buf *buf)
{
    if (scope == VALUE_SCOPE_LIKE) {
        relax_like(text, buf);
    } else {
        relax_regex(text, buf);
    }
}
