// SPDX-License-Identifier: EUPL-1.2
// links: match value base
/*
 * Any text as a pattern, any text put to it: the image finds it exactly where the pattern alone
 * says that it fits, and then it was a candidate; LIKE says what the regular expression made of it
 * says.
 *
 * The first byte chooses kind and scope, the second how many bytes of the rest are the pattern.
 */
#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>

#include "base/must.h"
#include "base/text.h"
#include "match/image.h"
#include "value/pattern.h"

enum { OP_MEMORY_MAX = 1 << 20, TEXT_SIZE_MAX = 256, RELAXED_SIZE_MAX = 4096 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct match_image *image_make(struct op *op, const struct value *value,
                                      enum value_scope scope, struct buf *bytes)
{
    static const struct hash_secret secret = { .bytes = { 1, 2, 3, 5, 8, 13, 21, 34, 55, 89 } };
    const struct match_origin origin = { .source = SPAN("fuzz") };
    const struct match_indicator indicator = { .value = *value, .scope = scope };
    struct match_builder *builder = NULL;
    struct match_image *image = NULL;
    uint16_t number;
    must(match_builder_new(op, &secret, 1, &builder) == ERR_OK);
    must(match_builder_origin(builder, &origin, &number) == ERR_OK);
    enum err err = match_builder_add(builder, &indicator);
    if (err == ERR_OK) {
        must(match_builder_finish(builder, bytes) == ERR_OK);
        must(match_image_open(op, buf_span(bytes), &image) == ERR_OK);
    }
    match_builder_free(builder);
    return image;
}

static void check_found(const struct match_image *image, enum value_kind kind, struct span key,
                        enum value_pattern_answer answer)
{
    static struct match_found found[MATCH_FOUND_COUNT_MAX];
    static struct match_batch batch;
    static uint32_t candidates[MATCH_BATCH_CANDIDATES_MAX];
    bool cut = false;
    size_t count = match_find(image, kind, key, found, &cut);
    must(answer != VALUE_PATTERN_NO_MEMORY);
    must(count == (answer == VALUE_PATTERN_MET ? 1 : 0));
    must(!cut || answer == VALUE_PATTERN_UNSURE);
    match_batch_begin(&batch, image, candidates, MATCH_BATCH_CANDIDATES_MAX);
    match_batch_add(&batch, kind, key, 1);
    match_batch_flush(&batch);
    must(count == 0 || batch.candidate_count > 0);
}

/* Not of URLs, which are put to a pattern three times, nor of what is no UTF-8. */
static void check_like(const struct value *value, struct span key, enum value_pattern_answer answer)
{
    static struct buf relaxed = { .size_max = RELAXED_SIZE_MAX };
    int error;
    size_t offset;
    buf_clear(&relaxed);
    value_pattern_relax(VALUE_SCOPE_LIKE, value->key, &relaxed);
    uint32_t options = PCRE2_DOTALL;
    options |= value_pattern_is_utf8(value->kind) ? PCRE2_UTF : 0;
    pcre2_code *code = pcre2_compile(relaxed.data, relaxed.size, options, &error, &offset, NULL);
    pcre2_match_data *match = pcre2_match_data_create(1, NULL);
    must(code != NULL);
    must(match != NULL);
    int count = pcre2_match(code, key.data, key.size, 0, 0, match, NULL);
    must(count >= 0 || count == PCRE2_ERROR_NOMATCH || count == PCRE2_ERROR_MATCHLIMIT);
    must(count == PCRE2_ERROR_MATCHLIMIT || (count >= 0) == (answer == VALUE_PATTERN_MET));
    pcre2_match_data_free(match);
    pcre2_code_free(code);
}

static bool has_letters(struct span text)
{
    for (size_t i = 0; i < text.size; i++) {
        if (text.data[i] >= 'A' && text.data[i] <= 'Z') {
            return true;
        }
    }
    return false;
}

static void check_pattern(struct op *op, const struct value *value, enum value_scope scope,
                          struct span key)
{
    struct buf bytes = { .size_max = 0 };
    struct value_pattern *pattern = NULL;
    struct match_image *image = image_make(op, value, scope, &bytes);
    bool taken = value_pattern_new(value->kind, scope, value->key, NULL, &pattern) == ERR_OK;
    must(taken == (image != NULL));
    if (taken) {
        enum value_pattern_answer answer = value_pattern_meets(pattern, key);
        check_found(image, value->kind, key, answer);
        bool plain = value->kind != VALUE_URL && text_valid_size(key) == key.size &&
                     !(value_pattern_is_caseless(value->kind) && has_letters(value->key));
        if (scope == VALUE_SCOPE_LIKE && plain) {
            check_like(value, key, answer);
        }
        match_image_close(image);
        buf_done(&bytes);
    }
    value_pattern_free(pattern);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const enum value_kind kinds[] = { VALUE_URL, VALUE_DOMAIN, VALUE_USER_AGENT,
                                             VALUE_FILE_NAME };
    const struct actor actor = { .name = SPAN("fuzz") };
    struct op op;
    if (size < 3 || size > TEXT_SIZE_MAX) { /* the two bytes and something */
        return 0;
    }
    struct span rest = span_make(data + 2, size - 2);
    size_t pattern_size = data[1] % (rest.size + 1);
    const struct value value = { .kind = kinds[data[0] % 4], /* of the four */
                                 .key = span_slice(rest, 0, pattern_size) };
    op_begin(&op, &actor, OP_MEMORY_MAX);
    check_pattern(&op, &value, data[0] / 4 % 2 == 0 ? VALUE_SCOPE_REGEX : VALUE_SCOPE_LIKE,
                  span_from(rest, pattern_size));
    op_end(&op);
    return 0;
}
