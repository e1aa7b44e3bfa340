// SPDX-License-Identifier: EUPL-1.2
#include "history/merge.h"

#include <stdio.h>

#include "base/memory.h"
#include "base/time.h"
#include "tests/history/shadow.h"

enum {
    SEGMENTS_MAX = 6,
    DAY = HISTORY_DAY_S,
    HOUR = HISTORY_HOUR_S,
    NOW = 20000 * HISTORY_DAY_S + 5 * HISTORY_HOUR_S + 77,
    PAST_DAYS = 800,
};

/* ---- merging shadows ---- */

struct job {
    struct op op;
    size_t count;
    struct shadow shadows[SEGMENTS_MAX];
    struct merge_options options;
    struct history_rules rules;
    struct history_forget forget;
    struct hash_secret secret;
    int64_t budget_us;
};

static void job_begin(struct job *job, size_t count)
{
    *job = (struct job){ .count = count, .secret = shadow_secret(), .budget_us = INT64_MAX };
    testing_op_begin(&job->op);
    history_rules_default(&job->rules);
    job->rules.hour_days = 0;
    job->rules.day_days = 0;
    job->forget = (struct history_forget){ .until_s = UINT32_MAX };
    job->options = (struct merge_options){
        .rules = &job->rules,
        .now_s = NOW,
        .segment = { .secret = &job->secret, .level = SEGMENT_LEVEL_FAST },
    };
}

static void job_end(struct job *job)
{
    for (size_t i = 0; i < SEGMENTS_MAX; i++) {
        shadow_done(&job->shadows[i]);
    }
    op_end(&job->op);
}

/* Merge in memory, and read what came out of it. */
static void job_run(struct job *job, struct shadow *got, struct merge_result *result)
{
    struct shadow_segment written[SEGMENTS_MAX];
    const struct segment *segments[SEGMENTS_MAX];
    struct merge *merge;
    bool done = false;
    for (size_t i = 0; i < job->count; i++) {
        shadow_combine(&job->shadows[i]);
        shadow_write(&job->op, &job->shadows[i], &written[i]);
        segments[i] = written[i].segment;
    }
    check_err(merge_new(&job->op, segments, job->count, NULL, &job->options, &merge), ERR_OK);
    while (!done) {
        check_err(merge_step(&job->op, merge, job->budget_us, &done), ERR_OK);
    }
    check_err(merge_finish(&job->op, merge, result), ERR_OK);
    struct segment *segment;
    check_err(segment_open(&job->op, merge_bytes(merge), &job->secret, &segment), ERR_OK);
    shadow_read(&job->op, segment, got);
    segment_close(segment);
    merge_free(merge);
    for (size_t i = 0; i < job->count; i++) {
        shadow_segment_done(&written[i]);
    }
}

static void job_check(struct job *job, struct shadow *expected, uint64_t gone)
{
    struct shadow got = { 0 };
    struct merge_result result;
    shadow_combine(expected);

    job_run(job, &got, &result);

    shadow_compare(&got, expected);
    assert_int_equal(result.postings_gone, gone);
    assert_int_equal(result.damaged, 0);
    assert_int_equal(result.facts.postings, expected->count);
    shadow_done(&got);
}

/* ---- single postings ---- */

static struct shadow_posting seen(enum value_kind kind, const char *text, const char *host,
                                  uint32_t second)
{
    struct value_buf *bytes = test_malloc(sizeof *bytes);
    struct value value;
    struct shadow_posting posting = { .kind = kind,
                                      .start_s = history_span_start(HISTORY_HOUR, second),
                                      .first_s = second,
                                      .last_s = second,
                                      .count = 1 };
    check_err(value_parse(kind, span_of(text), bytes, &value), ERR_OK);
    span_copy(posting.key, sizeof posting.key, value.key);
    posting.key_size = value.key.size;
    (void)snprintf(posting.host, sizeof posting.host, "%s", host);
    test_free(bytes);
    return posting;
}

static struct shadow_posting wider(struct shadow_posting posting, enum history_width width)
{
    posting.width = width;
    posting.start_s = history_span_start(width, posting.first_s);
    return posting;
}

TEST(the_same_host_and_way_in_one_hour_become_one_posting)
{
    struct job job;
    struct shadow expected = { 0 };
    job_begin(&job, 2);
    struct shadow_posting first = seen(VALUE_DOMAIN, "example.org", "10.0.0.1", NOW - 100);
    struct shadow_posting second = first;
    second.first_s = second.last_s = first.first_s + 10;
    second.count = 5;
    shadow_add(&job.shadows[0], &first);
    shadow_add(&job.shadows[1], &second);

    first.last_s = second.last_s;
    first.count = 6;
    shadow_add(&expected, &first);
    job_check(&job, &expected, 0);

    shadow_done(&expected);
    job_end(&job);
}

TEST(counts_that_are_too_large_stay_at_the_largest)
{
    struct job job;
    struct shadow expected = { 0 };
    job_begin(&job, 2);
    struct shadow_posting posting = seen(VALUE_DOMAIN, "example.org", "10.0.0.1", NOW - 100);
    posting.count = UINT64_MAX - 1;
    shadow_add(&job.shadows[0], &posting);
    shadow_add(&job.shadows[1], &posting);

    posting.count = UINT64_MAX;
    shadow_add(&expected, &posting);
    job_check(&job, &expected, 0);

    shadow_done(&expected);
    job_end(&job);
}

TEST(hours_become_days_and_days_months_when_all_of_the_day_or_month_is_old)
{
    struct job job;
    struct shadow expected = { 0 };
    job_begin(&job, 1);
    job.rules.hour_days = 10;
    job.rules.day_days = 100;
    const struct {
        uint32_t days;
        enum history_width width;
    } cases[] = { { 1, HISTORY_HOUR }, { 10, HISTORY_HOUR },   { 11, HISTORY_DAY },
                  { 50, HISTORY_DAY }, { 132, HISTORY_MONTH }, { 700, HISTORY_MONTH } };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct shadow_posting posting =
            seen(VALUE_DOMAIN, "example.org", "10.0.0.1", NOW - cases[i].days * DAY);
        shadow_add(&job.shadows[0], &posting);
        posting = wider(posting, cases[i].width);
        shadow_add(&expected, &posting);
    }

    job_check(&job, &expected, 0);

    shadow_done(&expected);
    job_end(&job);
}

/* Days were kept as a month, and then the rules changed: there is a month and hours of its first
 * day, which become a day that would stand before the month. */
TEST(a_month_that_was_made_under_other_rules_takes_what_else_its_first_day_holds)
{
    struct job job;
    struct shadow got = { 0 };
    struct merge_result result;
    job_begin(&job, 2);
    job.rules.hour_days = 10;
    uint32_t month = history_span_start(HISTORY_MONTH, NOW - 40 * DAY);
    struct shadow_posting posting = seen(VALUE_DOMAIN, "example.org", "10.0.0.1", month + 20 * DAY);
    posting = wider(posting, HISTORY_MONTH);
    shadow_add(&job.shadows[0], &posting);
    for (uint32_t hour = 0; hour < 30; hour++) {
        posting = seen(VALUE_DOMAIN, "example.org", "10.0.0.1", month + hour * HOUR);
        shadow_add(&job.shadows[hour % 2], &posting);
    }

    job_run(&job, &got, &result);

    uint64_t count = 0;
    for (size_t i = 0; i < got.count; i++) {
        count += got.at[i].count;
    }
    assert_int_equal(count, 31);
    assert_int_equal(got.at[0].first_s, month);
    shadow_done(&got);
    job_end(&job);
}

TEST(a_kind_is_removed_by_age_and_others_stay)
{
    struct job job;
    struct shadow expected = { 0 };
    job_begin(&job, 1);
    job.rules.days[VALUE_EMAIL] = 30;
    struct shadow_posting old = seen(VALUE_EMAIL, "a@example.org", "10.0.0.1", NOW - 31 * DAY);
    struct shadow_posting young = seen(VALUE_EMAIL, "a@example.org", "10.0.0.1", NOW - 29 * DAY);
    struct shadow_posting other = seen(VALUE_DOMAIN, "example.org", "10.0.0.1", NOW - 31 * DAY);
    shadow_add(&job.shadows[0], &old);
    shadow_add(&job.shadows[0], &young);
    shadow_add(&job.shadows[0], &other);

    shadow_add(&expected, &young);
    shadow_add(&expected, &other);
    job_check(&job, &expected, 1);

    shadow_done(&expected);
    job_end(&job);
}

TEST(what_is_not_kept_any_more_goes_in_every_form)
{
    struct job job;
    struct shadow expected = { 0 };
    job_begin(&job, 1);
    job.rules.keep[VALUE_EMAIL] = HISTORY_KEEP_NOT;
    struct shadow_posting posting = seen(VALUE_EMAIL, "a@example.org", "10.0.0.1", NOW - DAY);
    for (int form = 0; form < HISTORY_FORM_COUNT; form++) {
        posting.form = (enum history_form)form;
        posting.key_size = form == HISTORY_HASHED ? HISTORY_HASH_SIZE : posting.key_size;
        shadow_add(&job.shadows[0], &posting);
    }

    job_check(&job, &expected, HISTORY_FORM_COUNT);

    job_end(&job);
}

TEST(names_of_hosts_and_ways_that_nothing_refers_to_are_gone_too)
{
    struct job job;
    struct shadow_segment written;
    struct merge *merge;
    struct merge_result result;
    bool done = false;
    job_begin(&job, 1);
    struct shadow_posting posting = seen(VALUE_DOMAIN, "example.org", "10.0.0.1", NOW - DAY);
    shadow_add(&job.shadows[0], &posting);
    posting = seen(VALUE_DOMAIN, "example.com", "10.0.0.2", NOW - DAY);
    posting.way = 2;
    shadow_add(&job.shadows[0], &posting);
    shadow_combine(&job.shadows[0]);
    shadow_write(&job.op, &job.shadows[0], &written);
    job.forget.host = SPAN("10.0.0.2");
    job.options.forget = &job.forget;
    const struct segment *segment = written.segment;

    check_err(merge_new(&job.op, &segment, 1, NULL, &job.options, &merge), ERR_OK);
    check_err(merge_step(&job.op, merge, INT64_MAX, &done), ERR_OK);
    check_err(merge_finish(&job.op, merge, &result), ERR_OK);

    assert_int_equal(span_find_span(merge_bytes(merge), SPAN("10.0.0.2")), SPAN_NOT_FOUND);
    assert_int_equal(span_find_span(merge_bytes(merge), SPAN("suricata")), SPAN_NOT_FOUND);
    merge_free(merge);
    shadow_segment_done(&written);
    job_end(&job);
}

/* ---- forgetting ---- */

/* Of a list of values, those go that begin with "-". */
static void check_forgotten(struct job *job, enum value_kind kind, const char *const *texts)
{
    struct shadow expected = { 0 };
    uint64_t gone = 0;
    for (size_t i = 0; texts[i] != NULL; i++) {
        bool goes = texts[i][0] == '-';
        const struct shadow_posting posting =
            seen(kind, texts[i] + (goes ? 1 : 0), "10.0.0.1", NOW - DAY);
        shadow_add(&job->shadows[0], &posting);
        gone += goes ? 1 : 0;
        if (!goes) {
            shadow_add(&expected, &posting);
        }
    }
    job->options.forget = &job->forget;

    job_check(job, &expected, gone);

    shadow_done(&expected);
}

TEST(a_domain_is_forgotten_alone_or_with_the_names_below_it)
{
    static const char *const alone[] = { "-example.org",  "a.example.org", "example.organ",
                                         "x-example.org", "org",           NULL };
    static const char *const below[] = {
        "-example.org", "-a.example.org", "-b.a.example.org", "x-example.org", "org", NULL
    };
    static const char *const only[] = { "example.org", "-a.example.org", "x-example.org", NULL };
    const struct value value = { .kind = VALUE_DOMAIN, .key = SPAN("example.org") };
    const struct {
        enum value_scope scope;
        const char *const *texts;
    } cases[] = { { VALUE_SCOPE_EXACT, alone },
                  { VALUE_SCOPE_SUBDOMAINS, below },
                  { VALUE_SCOPE_SUBDOMAINS_ONLY, only } };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct job job;
        job_begin(&job, 1);
        job.forget.value = &value;
        job.forget.scope = cases[i].scope;
        check_forgotten(&job, VALUE_DOMAIN, cases[i].texts);
        job_end(&job);
    }
}

TEST(a_range_is_forgotten_with_all_addresses_in_it)
{
    static const char *const texts[] = { "-198.51.100.0", "-198.51.100.127", "198.51.100.128",
                                         "198.51.99.1", NULL };
    static const uint8_t range[] = { 4, 25, 198, 51, 100, 0 };
    const struct value value = { .kind = VALUE_CIDR, .key = span_make(range, sizeof range) };
    struct job job;
    job_begin(&job, 1);
    job.forget.value = &value;
    check_forgotten(&job, VALUE_IPV4, texts);
    job_end(&job);
}

/* A value among others; those go that are said to. */
struct fate {
    enum value_kind kind;
    const char *text;
    bool goes;
};

static void check_fates(enum value_kind kind, const char *text, enum value_scope scope,
                        const struct fate *fates, size_t count)
{
    struct job job;
    struct shadow expected = { 0 };
    struct value_buf bytes;
    struct value value;
    uint64_t gone = 0;
    check_err(value_parse(kind, span_of(text), &bytes, &value), ERR_OK);
    job_begin(&job, 1);
    for (size_t i = 0; i < count; i++) {
        const struct shadow_posting posting =
            seen(fates[i].kind, fates[i].text, "10.0.0.1", NOW - DAY);
        shadow_add(&job.shadows[0], &posting);
        gone += fates[i].goes ? 1 : 0;
        if (!fates[i].goes) {
            shadow_add(&expected, &posting);
        }
    }
    job.forget.value = &value;
    job.forget.scope = scope;
    job.options.forget = &job.forget;

    job_check(&job, &expected, gone);

    shadow_done(&expected);
    job_end(&job);
}

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

TEST(with_a_domain_go_the_urls_and_the_mail_addresses_at_it)
{
    static const struct fate with_names[] = {
        { VALUE_DOMAIN, "example.org", true },
        { VALUE_DOMAIN, "a.example.org", true },
        { VALUE_DOMAIN, "anexample.org", false },
        { VALUE_URL, "http://example.org/a?b", true },
        { VALUE_URL, "https://www.example.org:8443", true },
        { VALUE_URL, "http://example.org.other.net/", false },
        { VALUE_URL, "http://other.net/example.org", false },
        { VALUE_EMAIL, "somebody@example.org", true },
        { VALUE_EMAIL, "somebody@mx.example.org", true },
        { VALUE_EMAIL, "example.org@other.net", false },
        { VALUE_EMAIL, "somebody@anexample.org", false },
    };
    static const struct fate alone[] = {
        { VALUE_URL, "http://example.org/", true },
        { VALUE_URL, "http://www.example.org/", false },
        { VALUE_EMAIL, "somebody@example.org", true },
        { VALUE_EMAIL, "somebody@mx.example.org", false },
    };
    check_fates(VALUE_DOMAIN, "example.org", VALUE_SCOPE_SUBDOMAINS, with_names, COUNT(with_names));
    check_fates(VALUE_DOMAIN, "example.org", VALUE_SCOPE_EXACT, alone, COUNT(alone));
}

TEST(with_an_address_or_a_range_go_addresses_with_ports_and_the_urls_at_them)
{
    static const struct fate address[] = {
        { VALUE_IPV4, "198.51.100.7", true },
        { VALUE_IPV4, "198.51.100.70", false },
        { VALUE_IP_PORT, "198.51.100.7:443", true },
        { VALUE_IP_PORT, "198.51.100.8:443", false },
        { VALUE_URL, "http://198.51.100.7:8080/x", true },
        { VALUE_URL, "http://198.51.100.70/x", false },
        { VALUE_DOMAIN, "example.org", false },
    };
    static const struct fate range[] = {
        { VALUE_IPV4, "198.51.100.7", true },
        { VALUE_IPV4, "198.51.101.7", false },
        { VALUE_IP_PORT, "198.51.100.9:1", true },
        { VALUE_IP_PORT, "198.51.101.9:1", false },
        { VALUE_URL, "http://198.51.100.200/", true },
        { VALUE_URL, "http://198.51.101.200/", false },
        { VALUE_IPV6, "2001:db8::1", false },
    };
    static const struct fate longer[] = {
        { VALUE_IPV6, "2001:db8::1", true },
        { VALUE_IP_PORT, "[2001:db8::1]:53", true },
        { VALUE_URL, "http://[2001:db8::1]:8080/", true },
        { VALUE_URL, "http://[2001:db8::2]/", false },
    };
    check_fates(VALUE_IPV4, "198.51.100.7", VALUE_SCOPE_EXACT, address, COUNT(address));
    check_fates(VALUE_CIDR, "198.51.100.0/24", VALUE_SCOPE_EXACT, range, COUNT(range));
    check_fates(VALUE_IPV6, "2001:db8::1", VALUE_SCOPE_EXACT, longer, COUNT(longer));
}

TEST(with_a_mail_address_go_the_urls_that_hold_it)
{
    static const struct fate fates[] = {
        { VALUE_EMAIL, "a@example.org", true },
        { VALUE_EMAIL, "ba@example.org", false },
        { VALUE_URL, "http://x.example/?user=a@example.org", true },
        { VALUE_URL, "http://x.example/?user=A%40EXAMPLE.org&b", true },
        { VALUE_URL, "http://x.example/?user=ba@example.org", false },
        { VALUE_URL, "http://x.example/?user=a@example.org.net", false },
        { VALUE_URL, "http://x.example/a@example.org.", true },
    };
    check_fates(VALUE_EMAIL, "a@example.org", VALUE_SCOPE_EXACT, fates, COUNT(fates));
}

TEST(a_digest_is_forgotten_as_all_that_it_may_be_a_digest_of)
{
    static const char text[] = "0123456789abcdef0123456789abcdef";
    static const struct fate fates[] = {
        { VALUE_MD5, text, true },
        { VALUE_JA3, text, true },
        { VALUE_HASSH, text, true },
        { VALUE_JA3S, "ffffffffffffffffffffffffffffffff", false },
    };
    check_fates(VALUE_MD5, text, VALUE_SCOPE_EXACT, fates, COUNT(fates));
}

TEST(a_value_is_forgotten_also_where_it_is_kept_truncated_or_hashed)
{
    static const enum history_keep keeps[] = { HISTORY_KEEP_TRUNCATED, HISTORY_KEEP_HASHED };
    for (size_t i = 0; i < 2; i++) {
        struct job job;
        struct shadow expected = { 0 };
        struct history_kept kept;
        uint8_t bytes[HISTORY_ORDER_SIZE_MAX];
        job_begin(&job, 1);
        job.rules.hash_secret_known = true;
        struct shadow_posting posting = seen(VALUE_EMAIL, "a@example.org", "10.0.0.1", NOW - DAY);
        const struct value value = { .kind = VALUE_EMAIL,
                                     .key = span_make(posting.key, posting.key_size) };
        struct shadow_posting whole = posting;
        check_err(history_keep_value(&job.rules, VALUE_EMAIL, value.key, keeps[i], bytes, &kept),
                  ERR_OK);
        posting.form = kept.form;
        posting.key_size = kept.key.size;
        span_copy(posting.key, sizeof posting.key, kept.key);
        shadow_add(&job.shadows[0], &posting);
        posting.key[1] ^= 1; /* another one */
        shadow_add(&job.shadows[0], &posting);
        shadow_add(&expected, &posting);
        struct value_buf *value_bytes = test_malloc(sizeof *value_bytes);
        span_copy(value_bytes->key, sizeof value_bytes->key, span_make(whole.key, whole.key_size));
        const struct value asked = { .kind = VALUE_EMAIL,
                                     .key = span_make(value_bytes->key, whole.key_size) };
        job.forget.value = &asked;
        job.options.forget = &job.forget;

        job_check(&job, &expected, 1);

        test_free(value_bytes);
        shadow_done(&expected);
        job_end(&job);
    }
}

TEST(a_host_is_forgotten_under_its_address_and_under_its_pseudonym)
{
    struct job job;
    struct shadow expected = { 0 };
    uint8_t bytes[HISTORY_NAME_SIZE_MAX];
    job_begin(&job, 2);
    job.rules.host_secret_known = true;
    struct span name = history_host_name(&job.rules, SPAN("10.0.0.1"), bytes);
    struct shadow_posting plain = seen(VALUE_DOMAIN, "example.org", "10.0.0.1", NOW - DAY);
    struct shadow_posting hidden = plain;
    struct shadow_posting other = seen(VALUE_DOMAIN, "example.org", "", NOW - DAY);
    memset(hidden.host, 0, sizeof hidden.host);
    span_copy(hidden.host, sizeof hidden.host, name);
    shadow_add(&job.shadows[0], &plain);
    shadow_add(&job.shadows[1], &hidden);
    shadow_add(&job.shadows[1], &other);
    job.forget.host = SPAN("10.0.0.1");
    job.options.forget = &job.forget;

    shadow_add(&expected, &other);
    job_check(&job, &expected, 2);

    shadow_done(&expected);
    job_end(&job);
}

TEST(only_what_lies_wholly_within_a_time_is_forgotten)
{
    struct job job;
    struct shadow expected = { 0 };
    job_begin(&job, 1);
    struct shadow_posting within = seen(VALUE_DOMAIN, "a.example", "10.0.0.1", NOW - DAY);
    struct shadow_posting across = seen(VALUE_DOMAIN, "b.example", "10.0.0.1", NOW - DAY);
    across.last_s += 5;
    shadow_add(&job.shadows[0], &within);
    shadow_add(&job.shadows[0], &across);
    job.forget.since_s = NOW - 2 * DAY;
    job.forget.until_s = NOW - DAY + 4;
    job.options.forget = &job.forget;

    shadow_add(&expected, &across);
    job_check(&job, &expected, 1);

    shadow_done(&expected);
    job_end(&job);
}

/* ---- large ones ---- */

TEST(an_entry_with_very_many_postings_is_merged_as_a_whole)
{
    enum { HOSTS = 3000, HOURS = 40 };
    struct job job;
    struct shadow expected = { 0 };
    job_begin(&job, 3);
    job.rules.hour_days = 2;
    for (uint32_t i = 0; i < HOSTS * HOURS; i++) {
        char host[32];
        (void)snprintf(host, sizeof host, "10.0.%u.%u", i % HOSTS / 256, i % HOSTS % 256);
        struct shadow_posting posting =
            seen(VALUE_DOMAIN, "example.org", host, NOW - 5 * DAY + i / HOSTS * HOUR);
        shadow_add(&job.shadows[i % 3], &posting);
        posting = wider(posting, HISTORY_DAY);
        shadow_add(&expected, &posting);
    }

    job_check(&job, &expected, 0);

    shadow_done(&expected);
    job_end(&job);
}

/* All of them get one key: more than is to be gathered at a time, and not to be cut. */
TEST(very_many_values_that_get_one_key_become_one_entry)
{
    enum { VALUES = 5000 };
    struct job job;
    struct shadow expected = { 0 };
    job_begin(&job, 2);
    job.rules.keep[VALUE_DOMAIN] = HISTORY_KEEP_TRUNCATED;
    job.options.gather_size_max = 10000;
    for (uint32_t i = 0; i < VALUES; i++) {
        char name[32];
        char host[32];
        (void)snprintf(name, sizeof name, "%u.example.org", i);
        (void)snprintf(host, sizeof host, "10.0.0.%u", i % 250);
        struct shadow_posting posting = seen(VALUE_DOMAIN, name, host, NOW - i % 100 * HOUR);
        shadow_add(&job.shadows[i % 2], &posting);
        struct shadow_posting kept = seen(VALUE_DOMAIN, "example.org", host, posting.first_s);
        kept.form = HISTORY_TRUNCATED;
        shadow_add(&expected, &kept);
    }

    job_check(&job, &expected, 0);

    shadow_done(&expected);
    job_end(&job);
}

/* ---- any rules ---- */

static uint32_t below(uint64_t *state, uint32_t count)
{
    return (uint32_t)(testing_random(state) % count);
}

static const enum value_kind model_kinds[] = { VALUE_IPV4, VALUE_IPV6,  VALUE_DOMAIN, VALUE_URL,
                                               VALUE_MD5,  VALUE_EMAIL, VALUE_IP_PORT };
enum { MODEL_KINDS = sizeof model_kinds / sizeof model_kinds[0] };

static struct shadow_posting random_value(uint64_t *state)
{
    static const char *const letters[] = { "a", "b", "mail", "x-y" };
    char text[128];
    uint32_t a = below(state, 4);
    uint32_t b = below(state, 4);
    enum value_kind kind = model_kinds[below(state, MODEL_KINDS)];
    switch (kind) {
    case VALUE_IPV4:
        (void)snprintf(text, sizeof text, "198.51.%u.%u", a, b);
        break;
    case VALUE_IPV6:
        (void)snprintf(text, sizeof text, "2001:db8:%u::%u", a, b);
        break;
    case VALUE_DOMAIN:
        (void)snprintf(text, sizeof text, "%s.%s.co.uk", letters[a], letters[b]);
        break;
    case VALUE_URL:
        (void)snprintf(text, sizeof text, "%s.example.org/%s", letters[a], letters[b]);
        break;
    case VALUE_EMAIL:
        (void)snprintf(text, sizeof text, "%s@%s.example.org", letters[a], letters[b]);
        break;
    case VALUE_IP_PORT:
        (void)snprintf(text, sizeof text, "198.51.%u.7:%u", a, b + 1);
        break;
    default:
        (void)snprintf(text, sizeof text, "%032x", a * 4 + b);
        break;
    }
    return seen(kind, text, "", NOW);
}

/* Months only where they are old under all rules that the test makes; hours and days never on the
 * first of a month, whose case has a test of its own. */
static void random_time(uint64_t *state, struct shadow_posting *posting)
{
    uint32_t second = NOW - below(state, PAST_DAYS * DAY);
    while (time_to_civil((int64_t)second * US_PER_S).day == 1) {
        second -= DAY;
    }
    uint32_t age = (NOW - second) / DAY;
    posting->width = age > 400 ? (enum history_width)below(state, HISTORY_WIDTH_COUNT)
                               : (enum history_width)below(state, HISTORY_MONTH);
    posting->start_s = history_span_start(posting->width, second);
    uint32_t end = history_span_end(posting->width, posting->start_s);
    end = end < NOW ? end : NOW;
    posting->first_s = posting->start_s + below(state, end - posting->start_s);
    posting->last_s = posting->first_s + below(state, end - posting->first_s);
    posting->count = 1 + below(state, 10);
}

static struct shadow_posting random_posting(uint64_t *state)
{
    static const char *const hosts[] = { "", "10.0.0.1", "10.0.0.2", "2001:db8::7", "printer" };
    struct shadow_posting posting = random_value(state);
    random_time(state, &posting);
    (void)snprintf(posting.host, sizeof posting.host, "%s", hosts[below(state, 5)]);
    posting.way = below(state, SHADOW_WAYS);
    return posting;
}

static void random_rules(uint64_t *state, struct job *job)
{
    static const uint32_t days[] = { 0, 1, 30, 90, 200, 380 };
    job->rules.hour_days = days[below(state, 6)];
    job->rules.day_days = days[below(state, 6)];
    job->rules.hash_secret_known = below(state, 4) != 0;
    job->rules.host_secret_known = below(state, 2) != 0;
    memset(job->rules.hash_secret, 3, sizeof job->rules.hash_secret);
    memset(job->rules.host_secret, 4, sizeof job->rules.host_secret);
    for (size_t i = 0; i < MODEL_KINDS; i++) {
        job->rules.keep[model_kinds[i]] = below(state, 2) == 0
                                              ? HISTORY_KEEP
                                              : (enum history_keep)below(state, HISTORY_KEEP_COUNT);
        job->rules.days[model_kinds[i]] = below(state, 2) == 0 ? 0 : 50 + below(state, 700);
    }
    job->options.oldest_s = below(state, 3) == 0 ? NOW - 600 * DAY : 0;
    job->options.gather_size_max = below(state, 2) == 0 ? 0 : 2000;
    job->budget_us = below(state, 2) == 0 ? INT64_MAX : 0;
}

/* What the rules make of a posting, as header and documents tell it; false where it goes. */
static bool rules_apply(const struct job *job, struct shadow_posting *posting)
{
    const struct history_rules *rules = &job->rules;
    const uint32_t days = rules->days[posting->kind];
    uint8_t bytes[HISTORY_ORDER_SIZE_MAX];
    uint8_t name_bytes[HISTORY_NAME_SIZE_MAX];
    uint8_t address[VALUE_IPV6_SIZE];
    struct history_kept kept;
    if (rules->keep[posting->kind] == HISTORY_KEEP_NOT ||
        (days != 0 && posting->last_s < NOW - days * DAY) ||
        posting->last_s < job->options.oldest_s) {
        return false;
    }
    if (posting->form == HISTORY_WHOLE &&
        history_keep_value(rules, posting->kind, span_make(posting->key, posting->key_size),
                           rules->keep[posting->kind], bytes, &kept) == ERR_OK) {
        posting->form = kept.form;
        posting->key_size = kept.key.size;
        memmove(posting->key, kept.key.data, kept.key.size);
    }
    if (value_key_address(span_of(posting->host), address) > 0) {
        struct span name = history_host_name(rules, span_of(posting->host), name_bytes);
        memmove(posting->host, name.data, name.size);
        posting->host[name.size] = '\0';
    }
    uint32_t month_end =
        history_span_end(HISTORY_MONTH, history_span_start(HISTORY_MONTH, posting->start_s));
    uint32_t day_end = history_span_start(HISTORY_DAY, posting->start_s) + DAY;
    if (rules->day_days != 0 && month_end + rules->day_days * DAY <= NOW) {
        posting->width = HISTORY_MONTH;
    } else if (rules->hour_days != 0 && posting->width == HISTORY_HOUR &&
               day_end + rules->hour_days * DAY <= NOW) {
        posting->width = HISTORY_DAY;
    }
    posting->start_s = history_span_start(posting->width, posting->start_s);
    return true;
}

/* Make one segment's list, and add what the rules leave of it; how much goes. */
static uint64_t random_segment(uint64_t *state, const struct job *job, struct shadow *shadow,
                               struct shadow *expected)
{
    uint32_t postings = below(state, 300);
    uint64_t gone = 0;
    for (uint32_t i = 0; i < postings; i++) {
        struct shadow_posting posting = random_posting(state);
        shadow_add(shadow, &posting);
    }
    shadow_combine(shadow);
    for (size_t i = 0; i < shadow->count; i++) {
        struct shadow_posting posting = shadow->at[i];
        if (rules_apply(job, &posting)) {
            shadow_add(expected, &posting);
        } else {
            gone++;
        }
    }
    return gone;
}

TEST(any_segments_under_any_rules_are_what_a_naive_list_is)
{
    enum { ROUNDS = 60 };
    uint64_t state = testing_seed();
    for (int round = 0; round < ROUNDS; round++) {
        struct job job;
        struct shadow expected = { 0 };
        uint64_t gone = 0;
        job_begin(&job, 1 + below(&state, SEGMENTS_MAX));
        random_rules(&state, &job);
        for (size_t i = 0; i < job.count; i++) {
            gone += random_segment(&state, &job, &job.shadows[i], &expected);
        }

        job_check(&job, &expected, gone);

        shadow_done(&expected);
        job_end(&job);
    }
}

/* ---- what goes wrong ---- */

TEST(a_damaged_block_is_counted_once_and_the_rest_is_merged)
{
    enum { VALUES = 20000 };
    struct job job;
    struct shadow got = { 0 };
    struct shadow_segment written[2];
    const struct segment *segments[2];
    struct segment *segment;
    struct merge *merge;
    struct merge_result result;
    bool done = false;
    job_begin(&job, 2);
    job.rules.keep[VALUE_EMAIL] = HISTORY_KEEP_TRUNCATED;
    job.options.gather_size_max = 10000;
    for (uint32_t i = 0; i < VALUES; i++) {
        char name[32];
        (void)snprintf(name, sizeof name, "%u@%u.example", i, i % 1000);
        struct shadow_posting posting = seen(VALUE_EMAIL, name, "10.0.0.1", NOW - DAY);
        shadow_add(&job.shadows[i % 2], &posting);
    }
    for (size_t i = 0; i < 2; i++) {
        shadow_combine(&job.shadows[i]);
        shadow_write(&job.op, &job.shadows[i], &written[i]);
        segments[i] = written[i].segment;
    }
    struct span bytes = segment_writer_bytes(written[1].writer);
    assert_true(segment_facts(segments[1])->blocks > 3);
    ((uint8_t *)(uintptr_t)bytes.data)[200] ^= 1; /* in its first block */

    check_err(merge_new(&job.op, segments, 2, NULL, &job.options, &merge), ERR_OK);
    check_err(merge_step(&job.op, merge, INT64_MAX, &done), ERR_OK);
    check_err(merge_finish(&job.op, merge, &result), ERR_OK);
    check_err(segment_open(&job.op, merge_bytes(merge), &job.secret, &segment), ERR_OK);
    shadow_read(&job.op, segment, &got);

    uint64_t count = 0;
    for (size_t i = 0; i < got.count; i++) {
        assert_int_equal(got.at[i].form, HISTORY_TRUNCATED);
        count += got.at[i].count;
    }
    assert_int_equal(result.damaged, 1);
    assert_true(count > VALUES / 2);
    assert_true(count < VALUES);
    segment_close(segment);
    merge_free(merge);
    shadow_segment_done(&written[0]);
    shadow_segment_done(&written[1]);
    shadow_done(&got);
    job_end(&job);
}

TEST(a_merge_that_finds_no_memory_says_so_and_gives_back_what_it_had)
{
    struct job job;
    struct shadow_segment written;
    enum err err = ERR_LIMIT;
    job_begin(&job, 1);
    job.rules.keep[VALUE_DOMAIN] = HISTORY_KEEP_TRUNCATED;
    for (uint32_t i = 0; i < 100; i++) {
        char name[32];
        (void)snprintf(name, sizeof name, "%u.example%u.org", i, i % 10);
        struct shadow_posting posting = seen(VALUE_DOMAIN, name, "10.0.0.1", NOW - i * HOUR);
        shadow_add(&job.shadows[0], &posting);
    }
    shadow_combine(&job.shadows[0]);
    shadow_write(&job.op, &job.shadows[0], &written);
    const struct segment *segment = written.segment;

    for (uint64_t requests = 0; err != ERR_OK; requests++) {
        struct merge *merge = NULL;
        struct merge_result result;
        bool done = false;
        memory_fail_after(requests);
        err = merge_new(&job.op, &segment, 1, NULL, &job.options, &merge);
        err = err == ERR_OK ? merge_step(&job.op, merge, INT64_MAX, &done) : err;
        err = err == ERR_OK ? merge_finish(&job.op, merge, &result) : err;
        memory_fail_after(UINT64_MAX);
        merge_free(merge);
        assert_true(err == ERR_OK || err == ERR_LIMIT);
        op_fault_clear(&job.op);
    }

    shadow_segment_done(&written);
    job_end(&job);
}
