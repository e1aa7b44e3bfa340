// SPDX-License-Identifier: EUPL-1.2
#include "store/pack.h"

#include <stdio.h>

#include "base/memory.h"
#include "tests/testing.h"

enum { PACK_TEST_SIZE_MAX = 64 * 1024 * 1024 };

static const struct hash_secret secret = { { 7, 7, 7 } };

static struct pack_writer *writer_of(struct op *op)
{
    struct pack_writer *writer = NULL;
    check_err(pack_writer_new(op, &secret, &writer), ERR_OK);
    return writer;
}

static struct pack_member named(const char *name)
{
    return (struct pack_member){
        .value = { .kind = VALUE_DOMAIN, .key = span_of(name) },
        .scope = VALUE_SCOPE_SUBDOMAINS,
        .confidence = PACK_CONFIDENCE_UNKNOWN,
        .tlp = PACK_TLP_OF_SET,
        .first_seen_us = TIME_US_NONE,
        .valid_from_us = TIME_US_NONE,
        .valid_until_us = TIME_US_NONE,
    };
}

static bool add(struct op *op, struct pack_writer *writer, struct pack_member member)
{
    bool fresh = false;
    check_err(pack_writer_add(op, writer, &member, &fresh), ERR_OK);
    return fresh;
}

static struct span finished(struct op *op, struct pack_writer *writer, uint64_t *ret_count)
{
    struct buf pack;
    struct span copy;
    buf_init(&pack, PACK_TEST_SIZE_MAX);
    check_err(pack_writer_finish(op, writer, &pack, ret_count), ERR_OK);
    check_err(op_copy(op, buf_span(&pack), &copy), ERR_OK);
    buf_done(&pack);
    pack_writer_free(writer);
    return copy;
}

static struct pack_member only(struct op *op, struct pack_writer *writer)
{
    uint64_t count = 0;
    struct pack_reader reader;
    struct pack_member member;
    check_err(pack_reader_open(op, finished(op, writer, &count), &reader), ERR_OK);
    assert_int_equal(count, 1);
    assert_true(pack_next(&reader, &member));
    struct pack_member nothing;
    assert_false(pack_next(&reader, &nothing));
    assert_int_equal(reader.err, ERR_OK);
    return member;
}

TEST(pack_gives_back_every_part_of_a_member)
{
    struct op op;
    testing_op_begin(&op);
    struct pack_writer *writer = writer_of(&op);
    const struct pack_member member = {
        .value = { .kind = VALUE_URL, .key = SPAN("a.example/x"), .scheme = SPAN("https") },
        .scope = VALUE_SCOPE_EXACT,
        .confidence = 85,
        .tlp = 3,
        .first_seen_us = -5,
        .valid_from_us = 0,
        .valid_until_us = TIME_US_MAX,
    };
    assert_true(add(&op, writer, member));

    struct pack_member read = only(&op, writer);

    assert_int_equal(read.value.kind, VALUE_URL);
    check_span(read.value.key, "a.example/x");
    check_span(read.value.scheme, "https");
    assert_int_equal(read.scope, VALUE_SCOPE_EXACT);
    assert_int_equal(read.confidence, 85);
    assert_int_equal(read.tlp, 3);
    assert_true(read.first_seen_us == -5);
    assert_true(read.valid_from_us == 0);
    assert_true(read.valid_until_us == TIME_US_MAX);
    op_end(&op);
}

TEST(pack_keeps_the_earlier_first_seen_and_what_the_later_one_does_not_state)
{
    struct op op;
    testing_op_begin(&op);
    struct pack_writer *writer = writer_of(&op);
    struct pack_member early = named("a.example");
    struct pack_member late = named("a.example");
    early.first_seen_us = 100;
    early.confidence = 40;
    late.first_seen_us = 200;
    late.valid_until_us = 900;

    assert_true(add(&op, writer, early));
    assert_false(add(&op, writer, late));
    assert_false(add(&op, writer, named("a.example")));

    struct pack_member read = only(&op, writer);
    assert_true(read.first_seen_us == 100);
    assert_int_equal(read.confidence, 40);
    assert_true(read.valid_until_us == TIME_US_NONE);
    op_end(&op);
}

TEST(pack_holds_a_value_once_for_each_scope_and_scheme)
{
    struct op op;
    testing_op_begin(&op);
    struct pack_writer *writer = writer_of(&op);
    struct pack_member exact = named("a.example");
    struct pack_member other_kind = named("a.example");
    struct pack_member schemed = named("a.example");
    exact.scope = VALUE_SCOPE_EXACT;
    other_kind.value.kind = VALUE_URL;
    schemed.value.kind = VALUE_URL;
    schemed.value.scheme = SPAN("http");
    uint64_t count = 0;

    assert_true(add(&op, writer, named("a.example")));
    assert_true(add(&op, writer, exact));
    assert_true(add(&op, writer, other_kind));
    assert_true(add(&op, writer, schemed));
    assert_false(add(&op, writer, schemed));
    assert_true(pack_writer_has(writer, &exact));

    (void)finished(&op, writer, &count);
    assert_int_equal(count, 4);
    op_end(&op);
}

TEST(pack_costs_no_memory_for_a_feed_that_is_added_again)
{
    enum { COUNT = 5000, TIMES = 20 };
    struct op op;
    testing_op_begin(&op);
    struct pack_writer *once = writer_of(&op);
    struct pack_writer *often = writer_of(&op);
    char name[32];
    uint64_t count = 0;
    for (int i = 0; i < COUNT * TIMES; i++) {
        snprintf(name, sizeof name, "host-%d.example", i % COUNT);
        bool fresh = add(&op, often, named(name));
        assert_int_equal(fresh, i < COUNT);
        if (i < COUNT) {
            assert_true(add(&op, once, named(name)));
        }
    }

    struct span a = finished(&op, once, &count);
    struct span b = finished(&op, often, &count);

    assert_true(span_equal(a, b));
    assert_int_equal(count, COUNT);
    op_end(&op);
}

/* A feed may hold one URL under as many schemes as it likes. Were they found in one place, this
 * would take longer than the test may. */
TEST(pack_is_not_slowed_by_one_key_under_many_schemes)
{
    enum { COUNT = 200000 };
    struct op op;
    testing_op_begin(&op);
    struct pack_writer *writer = writer_of(&op);
    char scheme[16];
    uint64_t count = 0;
    for (int i = 0; i < COUNT; i++) {
        struct pack_member member = named("a.example/");
        snprintf(scheme, sizeof scheme, "x%d", i);
        member.value.kind = VALUE_URL;
        member.value.scheme = span_of(scheme);
        assert_true(add(&op, writer, member));
    }

    (void)finished(&op, writer, &count);

    assert_int_equal(count, COUNT);
    op_end(&op);
}

static struct pack_member with_context(const char *name, const char *context)
{
    struct pack_member member = named(name);
    member.context = span_of(context);
    return member;
}

TEST(pack_keeps_what_is_said_beside_a_value)
{
    struct op op;
    testing_op_begin(&op);
    struct pack_writer *writer = writer_of(&op);

    add(&op, writer, with_context("example.org", "[{\"comment\":\"one\"}]"));
    const struct pack_member member = only(&op, writer);

    check_span(member.value.key, "example.org");
    check_span(member.context, "[{\"comment\":\"one\"}]");
    op_end(&op);
}

TEST(pack_context_is_replaced_by_a_later_one_and_kept_where_none_is_stated)
{
    struct op op;
    testing_op_begin(&op);
    struct pack_writer *writer = writer_of(&op);

    add(&op, writer, with_context("example.org", "[{\"comment\":\"one\"}]"));
    add(&op, writer, with_context("example.org", "[{\"comment\":\"a longer second one\"}]"));
    add(&op, writer, named("example.org"));
    const struct pack_member member = only(&op, writer);

    check_span(member.context, "[{\"comment\":\"a longer second one\"}]");
    op_end(&op);
}

TEST(pack_writer_that_gathers_puts_contexts_side_by_side_once)
{
    struct op op;
    testing_op_begin(&op);
    struct pack_writer *writer = writer_of(&op);
    pack_writer_gather(writer);

    add(&op, writer, with_context("example.org", "[{\"uuid\":\"1\"}]"));
    add(&op, writer, with_context("example.org", "[{\"uuid\":\"2\"}]"));
    add(&op, writer, with_context("example.org", "[{\"uuid\":\"1\"}]"));
    add(&op, writer, named("example.org"));
    const struct pack_member member = only(&op, writer);

    check_span(member.context, "[{\"uuid\":\"1\"},{\"uuid\":\"2\"}]");
    op_end(&op);
}

TEST(pack_contexts_that_do_not_fit_together_leave_the_first)
{
    static char texts[2][PACK_CONTEXT_SIZE_MAX / 2 + 3];
    struct op op;
    testing_op_begin(&op);
    struct pack_writer *writer = writer_of(&op);
    pack_writer_gather(writer);
    for (size_t i = 0; i < 2; i++) {
        memset(texts[i], (int)('a' + i), sizeof texts[i]);
        texts[i][0] = '[';
        texts[i][sizeof texts[i] - 2] = ']';
        texts[i][sizeof texts[i] - 1] = 0;
        add(&op, writer, with_context("example.org", texts[i]));
    }

    const struct pack_member member = only(&op, writer);

    check_span(member.context, texts[0]);
    op_end(&op);
}

TEST(pack_of_the_first_version_is_read)
{
    static const uint8_t old[] = "LINIEPK\x01\x01\0\0\0\0\0\0\0\x04\x01\0\xFF\xFF\0\x0B\0"
                                 "example.org";
    struct op op;
    struct pack_reader reader;
    struct pack_member member;
    testing_op_begin(&op);

    check_err(pack_reader_open(&op, span_make(old, sizeof old - 1), &reader), ERR_OK);

    assert_true(pack_next(&reader, &member));
    check_span(member.value.key, "example.org");
    assert_int_equal(member.context.size, 0);
    op_end(&op);
}

TEST(pack_of_another_format_or_a_newer_version_is_refused)
{
    struct op op;
    testing_op_begin(&op);
    struct pack_reader reader;
    uint8_t bytes[PACK_HEADER_SIZE] = "LINIEPK\x01";

    check_err(pack_reader_open(&op, SPAN("LINIEPK"), &reader), ERR_CORRUPT);
    op_fault_clear(&op);
    check_err(pack_reader_open(&op, SPAN("something else 12"), &reader), ERR_CORRUPT);
    op_fault_clear(&op);
    check_err(pack_reader_open(&op, span_make(bytes, sizeof bytes), &reader), ERR_OK);
    bytes[7] = 3;
    check_err(pack_reader_open(&op, span_make(bytes, sizeof bytes), &reader), ERR_UNSUPPORTED);
    op_end(&op);
}

/* Every cut and every changed byte is either read as some members, or told as damage. */
TEST(pack_that_is_damaged_gives_members_or_says_so)
{
    struct op op;
    testing_op_begin(&op);
    uint64_t seed = testing_seed();
    struct pack_writer *writer = writer_of(&op);
    uint64_t count = 0;
    char name[32];
    for (int i = 0; i < 20; i++) {
        snprintf(name, sizeof name, "host-%d.example", i);
        struct pack_member member = named(name);
        member.first_seen_us = i % 2 == 0 ? i : TIME_US_NONE;
        member.context = i % 3 == 0 ? SPAN("[{}]") : SPAN("");
        assert_true(add(&op, writer, member));
    }
    struct span pack = finished(&op, writer, &count);
    for (int round = 0; round < 5000; round++) {
        /* Memory of its own, so that a sanitizer sees a step too far. */
        size_t size =
            PACK_HEADER_SIZE + (size_t)(testing_random(&seed) % (pack.size - PACK_HEADER_SIZE + 1));
        uint8_t *bytes = memory_new(size);
        span_copy(bytes, size, span_slice(pack, 0, size));
        size_t at = PACK_HEADER_SIZE / 2 + (size_t)(testing_random(&seed) % (size - 8));
        bytes[at] = (uint8_t)testing_random(&seed);
        struct pack_reader reader;
        struct pack_member member;
        uint64_t read = 0;
        check_err(pack_reader_open(&op, span_make(bytes, size), &reader), ERR_OK);
        uint64_t stated = reader.left;

        while (pack_next(&reader, &member)) {
            assert_true(member.value.kind > VALUE_NONE && member.value.kind < VALUE_KIND_COUNT);
            assert_true(member.value.key.size <= VALUE_KEY_SIZE_MAX);
            read++;
        }

        assert_true(read == stated || reader.err == ERR_CORRUPT);
        memory_free(bytes);
    }
    op_end(&op);
}
