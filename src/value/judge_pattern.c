// SPDX-License-Identifier: EUPL-1.2
/*
 * Patterns of values, judged before anybody watches for them: a regular expression that is none,
 * and a pattern that every value fits.
 */
#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>

#include "value/internal.h"

enum { STEPS_MAX = 100000, DEPTH_MAX = 1000, FRAMES_SIZE_MAX_KIB = 1024 };

/* Values of every kind that can be searched for a pattern, with nothing in common that a pattern
 * could be about. */
static const char *const harmless[] = {
    "www.example.org",
    "198.51.100.7/",
    "Mozilla/5.0 (X11; Linux x86_64)",
    "minutes of the meeting.odt",
    "z",
};

enum { HARMLESS_COUNT = sizeof harmless / sizeof harmless[0] };

static bool like_is_all(struct span pattern)
{
    for (size_t i = 0; i < pattern.size; i++) {
        if (pattern.data[i] != '%' && pattern.data[i] != '_') {
            return false;
        }
    }
    return span_find(pattern, '%') != SPAN_NOT_FOUND || pattern.size == 0;
}

/* Whether an expression is found in a text. One that takes too many steps on a text as short as
 * these is not to be had at all: false with `*ret_costly`. */
static bool regex_finds(const pcre2_code *code, pcre2_match_context *limits,
                        pcre2_match_data *found, struct span text, bool *ret_costly)
{
    int answer = pcre2_match(code, (PCRE2_SPTR)text.data, text.size, 0, 0, found, limits);
    *ret_costly = *ret_costly || (answer < 0 && answer != PCRE2_ERROR_NOMATCH);
    return answer >= 0;
}

static enum value_verdict regex_judge(const pcre2_code *code, pcre2_match_context *limits,
                                      pcre2_match_data *found)
{
    bool costly = false;
    bool all = true;
    for (size_t i = 0; i < HARMLESS_COUNT; i++) {
        bool here = regex_finds(code, limits, found, span_of(harmless[i]), &costly);
        all = all && here;
    }
    if (costly) {
        return VALUE_UNFIT_PATTERN;
    }
    return all ? VALUE_UNFIT_ALL : VALUE_FIT;
}

static enum value_verdict judge_regex(struct span pattern)
{
    int error = 0;
    PCRE2_SIZE offset = 0;
    enum value_verdict verdict = VALUE_UNFIT_PATTERN;
    pcre2_code *code = pcre2_compile((PCRE2_SPTR)pattern.data, pattern.size,
                                     PCRE2_UTF | PCRE2_MATCH_INVALID_UTF | PCRE2_NEVER_BACKSLASH_C,
                                     &error, &offset, NULL);
    if (code == NULL) {
        return verdict;
    }
    pcre2_match_context *limits = pcre2_match_context_create(NULL);
    pcre2_match_data *found = pcre2_match_data_create_from_pattern(code, NULL);
    if (limits != NULL && found != NULL) {
        (void)pcre2_set_match_limit(limits, STEPS_MAX);
        (void)pcre2_set_depth_limit(limits, DEPTH_MAX);
        (void)pcre2_set_heap_limit(limits, FRAMES_SIZE_MAX_KIB);
        verdict = regex_judge(code, limits, found);
    }
    pcre2_match_data_free(found);
    pcre2_match_context_free(limits);
    pcre2_code_free(code);
    return verdict;
}

enum value_verdict value_pattern_judge(struct span pattern, enum value_scope scope)
{
    if (pattern.size > VALUE_PATTERN_SIZE_MAX) {
        return VALUE_UNFIT_PATTERN;
    }
    if (scope == VALUE_SCOPE_LIKE) {
        return like_is_all(pattern) ? VALUE_UNFIT_ALL : VALUE_FIT;
    }
    return pattern.size == 0 ? VALUE_UNFIT_ALL : judge_regex(pattern);
}
