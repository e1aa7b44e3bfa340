// SPDX-License-Identifier: EUPL-1.2
#include "history/filter.h"

#include "base/memory.h"
#include "tests/testing.h"

enum { MANY = 1500 * 1000 /* more than wait until they are counted */ };

static const struct hash_secret secret = { .bytes = { 2, 7, 1, 8, 2, 8 } };

static uint64_t hash_of(uint64_t number)
{
    return hash_bytes(&secret, span_make(&number, sizeof number));
}

/* A filter of so many keys, made with a guess; its checksums are in `sums`. */
static struct filter filter_of(struct op *op, struct filter_writer *writer, struct buf *sums,
                               uint64_t count, uint64_t guess)
{
    struct span bytes;
    struct filter filter = { 0 };
    filter_writer_begin(writer, guess);
    for (uint64_t i = 0; i < count; i++) {
        check_err(filter_writer_add(op, writer, hash_of(i)), ERR_OK);
    }
    check_err(filter_writer_end(op, writer, &bytes), ERR_OK);
    buf_init(sums, SIZE_MAX / 2);
    filter_sums_add(sums, bytes);
    check_err(filter_open(bytes, buf_span(sums), &filter), ERR_OK);
    return filter;
}

static double strangers_percent(const struct filter *filter)
{
    enum { STRANGERS = 100000 };
    size_t passed = 0;
    for (uint64_t i = 0; i < STRANGERS; i++) {
        passed += filter_has(filter, hash_of(i + ((uint64_t)1 << 40))) ? 1 : 0;
    }
    return (double)passed * 100 / STRANGERS;
}

static void check_filter(uint64_t count, uint64_t guess, uint64_t line_max)
{
    struct op op;
    struct filter_writer writer;
    struct buf sums;
    testing_op_begin(&op);

    struct filter filter = filter_of(&op, &writer, &sums, count, guess);

    for (uint64_t i = 0; i < count; i++) {
        assert_true(filter_has(&filter, hash_of(i)));
    }
    assert_true(strangers_percent(&filter) < 0.6);
    assert_true(filter.line_count <= line_max);
    assert_true(filter_damaged(&filter) == UINT64_MAX);
    filter_close(&filter);
    filter_writer_done(&writer);
    buf_done(&sums);
    op_end(&op);
}

TEST(a_filter_of_few_keys_is_as_large_as_they_need)
{
    check_filter(1, 1000 * 1000 * 1000, 1);
    check_filter(1000, 1000 * 1000 * 1000, 24);
    check_filter(100000, 0, 2344);
}

TEST(a_filter_of_many_keys_is_as_large_as_was_guessed)
{
    check_filter(MANY, MANY, MANY * FILTER_BITS_PER_KEY / 512 + 1);
}

TEST(an_empty_filter_lets_nothing_pass)
{
    struct op op;
    struct filter_writer writer;
    struct buf sums;
    testing_op_begin(&op);

    struct filter filter = filter_of(&op, &writer, &sums, 0, 0);

    for (uint64_t i = 0; i < 1000; i++) {
        assert_false(filter_has(&filter, hash_of(i)));
    }
    filter_close(&filter);
    filter_writer_done(&writer);
    buf_done(&sums);
    op_end(&op);
}

TEST(a_damaged_page_lets_everything_pass_and_the_others_do_not)
{
    struct op op;
    struct filter_writer writer;
    struct buf sums;
    testing_op_begin(&op);
    struct filter filter = filter_of(&op, &writer, &sums, 100000, 0);
    uint8_t *bytes = (uint8_t *)writer.lines;
    bytes[FILTER_PAGE_SIZE + 5] ^= 1;

    double percent = strangers_percent(&filter);

    double page_percent = 100.0 * (FILTER_PAGE_SIZE / FILTER_LINE_SIZE) / (double)filter.line_count;
    assert_true(percent > page_percent / 2);
    assert_true(percent < page_percent * 2);
    assert_true(filter_damaged(&filter) == 1);
    filter_close(&filter);
    filter_writer_done(&writer);
    buf_done(&sums);
    op_end(&op);
}

TEST(bytes_that_are_no_filter_are_refused)
{
    static const uint8_t bytes[FILTER_LINE_SIZE * 2];
    struct filter filter;

    check_err(filter_open(span_make(bytes, 0), span_make(bytes, 0), &filter), ERR_FORMAT);
    check_err(filter_open(span_make(bytes, 63), span_make(bytes, 8), &filter), ERR_FORMAT);
    check_err(filter_open(span_make(bytes, 64), span_make(bytes, 7), &filter), ERR_FORMAT);
    check_err(filter_open(span_make(bytes, 64), span_make(bytes, 16), &filter), ERR_FORMAT);
}

/* ---- sketches ---- */

TEST(few_hashes_are_counted_exactly)
{
    struct filter_sketch sketch = { 0 };
    for (uint64_t i = 0; i < 5000; i++) {
        filter_sketch_add(&sketch, hash_of(i % 511));
    }
    assert_int_equal(filter_sketch_estimate(&sketch), 511);
}

TEST(many_hashes_are_counted_nearly)
{
    struct filter_sketch sketch = { 0 };
    for (uint64_t i = 0; i < 1000000; i++) {
        filter_sketch_add(&sketch, hash_of(i % 400000));
    }
    uint64_t estimate = filter_sketch_estimate(&sketch);
    assert_true(estimate > 320000);
    assert_true(estimate < 480000);
}

/* ---- keys ---- */

static size_t told(enum value_kind kind, enum history_form form, const char *key, size_t known)
{
    struct filter_keys keys;
    filter_keys_told(&secret, kind, form, span_of(key), known, &keys);
    return keys.count;
}

TEST(a_domain_is_told_with_each_name_above_that_is_not_told_yet)
{
    assert_int_equal(told(VALUE_DOMAIN, HISTORY_WHOLE, "a.b.example.org", 0), 4);
    assert_int_equal(told(VALUE_DOMAIN, HISTORY_WHOLE, "a.b.example.org", 3), 3);
    assert_int_equal(told(VALUE_DOMAIN, HISTORY_WHOLE, "a.b.example.org", 10), 3);
    assert_int_equal(told(VALUE_DOMAIN, HISTORY_WHOLE, "a.b.example.org", 11), 2);
    assert_int_equal(told(VALUE_DOMAIN, HISTORY_TRUNCATED, "example.org", 0), 2);
    assert_int_equal(told(VALUE_DOMAIN, HISTORY_HASHED, "a.b.example.org", 0), 1);
    assert_int_equal(told(VALUE_DOMAIN, HISTORY_WHOLE, "localhost", 0), 1);
}

TEST(a_name_of_very_many_labels_is_told_up_to_a_limit)
{
    char name[VALUE_DOMAIN_SIZE_MAX + 1];
    for (size_t i = 0; i < VALUE_DOMAIN_SIZE_MAX; i++) {
        name[i] = i % 2 == 0 ? 'a' : '.';
    }
    name[VALUE_DOMAIN_SIZE_MAX] = '\0';
    assert_int_equal(told(VALUE_DOMAIN, HISTORY_WHOLE, name, 0), 127);
}

TEST(a_url_is_told_in_the_form_that_all_its_forms_share)
{
    struct filter_keys a;
    struct filter_keys b;
    filter_keys_told(&secret, VALUE_URL, HISTORY_WHOLE, SPAN("example.org/A%2eb?x=1"), 0, &a);
    filter_keys_told(&secret, VALUE_URL, HISTORY_WHOLE, SPAN("example.org/a.B?X=1"), 0, &b);
    assert_int_equal(a.count, 2);
    assert_memory_equal(a.hashes, b.hashes, sizeof a.hashes[0] * 2);

    filter_keys_asked(&secret, VALUE_URL, HISTORY_WHOLE, SPAN("example.org/a.b"), &b);
    assert_int_equal(b.count, 1);
    assert_int_equal(b.hashes[0], a.hashes[1]);
}
