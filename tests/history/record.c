// SPDX-License-Identifier: EUPL-1.2
/*
 * Records of what was seen: what goes in comes out, counted together, whatever was told; and what
 * is no record is refused.
 */
#include "history/record.h"

#include <inttypes.h>

#include "base/memory.h"
#include "tests/testing.h"

enum {
    RECORD_MAX = HISTORY_RECORD_SIZE_MAX,
    BASE_S = 1700000000,
    MODEL_MAX = 4096,
    ROUNDS = 30,
};

/* A writer, its bytes, and an op. */
struct desk {
    struct op op;
    struct history_record_writer *writer;
    struct buf bytes;
    uint64_t left_out;
};

static void desk_begin(struct desk *desk)
{
    testing_op_begin(&desk->op);
    check_err(history_record_writer_new(&desk->op, &desk->writer), ERR_OK);
    buf_init(&desk->bytes, RECORD_MAX);
}

static void desk_end(struct desk *desk)
{
    history_record_writer_free(desk->writer);
    buf_done(&desk->bytes);
    op_end(&desk->op);
}

static struct span desk_finish(struct desk *desk)
{
    buf_clear(&desk->bytes);
    history_record_end(desk->writer, &desk->bytes, &desk->left_out);
    check_err(desk->bytes.err, ERR_OK);
    return buf_span(&desk->bytes);
}

static uint32_t way_dns(struct desk *desk)
{
    const struct history_way way = { .sensor = SPAN("north"),
                                     .field = SPAN("dns.query"),
                                     .direction = RANK_OUTBOUND,
                                     .outcome = RANK_DENIED,
                                     .answer = true };
    return history_record_way(desk->writer, &way);
}

static struct history_seen seen_domain(struct span name, uint32_t host, uint32_t way,
                                       uint32_t first_s)
{
    return (struct history_seen){ .kind = VALUE_DOMAIN,
                                  .form = HISTORY_WHOLE,
                                  .key = name,
                                  .host = host,
                                  .way = way,
                                  .first_s = first_s,
                                  .last_s = first_s,
                                  .count = 1 };
}

TEST(what_was_seen_twice_in_one_hour_is_one_and_in_two_hours_two)
{
    struct desk desk;
    desk_begin(&desk);
    uint32_t host = history_record_host(desk.writer, SPAN("192.0.2.7"));
    uint32_t way = way_dns(&desk);
    uint32_t hour = BASE_S - BASE_S % HISTORY_HOUR_S;

    static const uint32_t offsets[] = { 90, 5, HISTORY_HOUR_S - 1, HISTORY_HOUR_S };
    for (size_t i = 0; i < sizeof offsets / sizeof offsets[0]; i++) {
        struct history_seen seen =
            seen_domain(SPAN("www.example.org"), host, way, hour + offsets[i]);
        check_err(history_record_add(desk.writer, &seen), ERR_OK);
    }
    struct span bytes = desk_finish(&desk);

    struct history_record record;
    struct history_seen seen;
    check_err(history_record_read(&desk.op, bytes, &record), ERR_OK);
    assert_int_equal(record.seen_count, 2);
    check_err(history_record_next(&record, &seen), ERR_OK);
    assert_int_equal(seen.kind, VALUE_DOMAIN);
    check_span(seen.key, "www.example.org");
    check_span(record.hosts[seen.host], "192.0.2.7");
    check_span(record.ways[seen.way].sensor, "north");
    check_span(record.ways[seen.way].field, "dns.query");
    assert_int_equal(record.ways[seen.way].direction, RANK_OUTBOUND);
    assert_int_equal(record.ways[seen.way].outcome, RANK_DENIED);
    assert_true(record.ways[seen.way].answer);
    assert_false(record.ways[seen.way].assumed);
    assert_int_equal(seen.first_s, hour + 5);
    assert_int_equal(seen.last_s, hour + HISTORY_HOUR_S - 1);
    assert_int_equal(seen.count, 3);
    check_err(history_record_next(&record, &seen), ERR_OK);
    assert_int_equal(seen.first_s, hour + HISTORY_HOUR_S);
    assert_int_equal(seen.count, 1);
    check_err(history_record_next(&record, &seen), ERR_ABSENT);
    check_err(history_record_next(&record, &seen), ERR_ABSENT);
    desk_end(&desk);
}

TEST(a_record_in_which_nothing_was_seen_has_no_bytes)
{
    struct desk desk;
    desk_begin(&desk);
    assert_int_equal(history_record_host(desk.writer, SPAN("192.0.2.7")), 1);
    assert_int_equal(way_dns(&desk), 0);

    assert_int_equal(desk_finish(&desk).size, 0);

    desk_end(&desk);
}

TEST(hosts_and_ways_are_numbered_once_and_anew_in_each_record)
{
    struct desk desk;
    desk_begin(&desk);
    for (size_t i = 0; i < 3; i++) {
        history_record_begin(desk.writer);
        assert_int_equal(history_record_host(desk.writer, SPAN("")), 0);
        assert_int_equal(history_record_host(desk.writer, SPAN("192.0.2.7")), 1);
        assert_int_equal(history_record_host(desk.writer, SPAN("2001:db8::7")), 2);
        assert_int_equal(history_record_host(desk.writer, SPAN("192.0.2.7")), 1);
        assert_int_equal(way_dns(&desk), 0);
        const struct history_way other = { .sensor = SPAN("northd"),
                                           .field = SPAN("ns.query"),
                                           .direction = RANK_OUTBOUND };
        assert_int_equal(history_record_way(desk.writer, &other), 1);
        const struct history_way assumed = { .sensor = SPAN("north"),
                                             .field = SPAN("dns.query"),
                                             .direction = RANK_OUTBOUND,
                                             .outcome = RANK_DENIED,
                                             .assumed = true,
                                             .answer = true };
        assert_int_equal(history_record_way(desk.writer, &assumed), 2);
        assert_int_equal(way_dns(&desk), 0);
    }
    desk_end(&desk);
}

TEST(a_host_that_is_no_address_and_no_pseudonym_is_none)
{
    struct desk desk;
    desk_begin(&desk);

    assert_int_equal(history_record_host(desk.writer, SPAN("router.example.org")), 0);
    assert_int_equal(history_record_host(desk.writer, SPAN("192.0.2.007")), 0);
    assert_int_equal(history_record_host(desk.writer, SPAN("2001:DB8::7")), 0);
    assert_int_equal(
        history_record_host(desk.writer, SPAN("host-0123456789ABCDEF0123456789abcdef01234567")), 0);
    assert_int_equal(
        history_record_host(desk.writer, SPAN("host-0123456789abcdef0123456789abcdef01234567")), 1);

    desk_end(&desk);
}

/* Adds one thing in a way, and reads the way back. */
static struct history_way way_again(struct desk *desk, const struct history_way *way)
{
    history_record_begin(desk->writer);
    uint32_t number = history_record_way(desk->writer, way);
    assert_int_equal(history_record_way(desk->writer, way), number);
    struct history_seen seen = seen_domain(SPAN("a.example"), 0, number, BASE_S);
    check_err(history_record_add(desk->writer, &seen), ERR_OK);
    struct history_record record;
    check_err(history_record_read(&desk->op, desk_finish(desk), &record), ERR_OK);
    assert_int_equal(record.way_count, 1);
    return record.ways[0];
}

TEST(names_of_a_way_are_cut_between_characters_and_repaired)
{
    struct desk desk;
    uint8_t name[2 * HISTORY_NAME_SIZE_MAX];
    desk_begin(&desk);
    for (size_t i = 0; i < sizeof name; i += 2) {
        span_copy(name + i, sizeof name - i, SPAN("\xC3\xA4"));
    }

    struct history_way way = { .sensor = span_make(name, sizeof name),
                               .field = SPAN("a\xFFz\xC3") };
    struct history_way read = way_again(&desk, &way);

    assert_int_equal(read.sensor.size, HISTORY_NAME_SIZE_MAX - 1);
    check_span(read.field, "a\xEF\xBF\xBDz\xEF\xBF\xBD");
    memset(name, 0xFF, sizeof name);
    way.field = span_make(name, sizeof name);
    read = way_again(&desk, &way);
    assert_int_equal(read.field.size, HISTORY_NAME_SIZE_MAX / 3 * 3);
    desk_end(&desk);
}

/* ---- a model ---- */

struct model_item {
    struct history_seen seen;
    uint8_t key[VALUE_KEY_SIZE_MAX];
};

struct model {
    size_t count;
    struct model_item *items;
};

static bool model_same(const struct history_seen *a, const struct history_seen *b)
{
    return a->kind == b->kind && a->form == b->form && span_equal(a->key, b->key) &&
           a->host == b->host && a->way == b->way &&
           a->first_s / HISTORY_HOUR_S == b->first_s / HISTORY_HOUR_S;
}

static struct model_item *model_find(struct model *model, const struct history_seen *seen)
{
    for (size_t i = 0; i < model->count; i++) {
        if (model_same(&model->items[i].seen, seen)) {
            return &model->items[i];
        }
    }
    return NULL;
}

static void model_add(struct model *model, const struct history_seen *seen)
{
    struct model_item *item = model_find(model, seen);
    if (item == NULL) {
        assert_true(model->count < MODEL_MAX);
        item = &model->items[model->count];
        model->count++;
        item->seen = *seen;
        span_copy(item->key, sizeof item->key, seen->key);
        item->seen.key = span_make(item->key, seen->key.size);
        return;
    }
    item->seen.first_s = seen->first_s < item->seen.first_s ? seen->first_s : item->seen.first_s;
    item->seen.last_s = seen->last_s > item->seen.last_s ? seen->last_s : item->seen.last_s;
    item->seen.count += seen->count;
}

/* Something that may be seen; its key lies in `key`. */
static struct history_seen seen_random(uint64_t *random, uint8_t *key)
{
    static const struct {
        enum value_kind kind;
        size_t size;
    } kinds[] = { { VALUE_IPV4, 4 },  { VALUE_IPV6, 16 },   { VALUE_DOMAIN, 1 },
                  { VALUE_URL, 300 }, { VALUE_SHA256, 32 }, { VALUE_DOMAIN, 17 },
                  { VALUE_ASN, 4 },   { VALUE_JA4, 36 },    { VALUE_URL, 8192 } };
    size_t chosen = testing_random(random) % (sizeof kinds / sizeof kinds[0]);
    enum history_form form = testing_random(random) % 8 == 0 ? HISTORY_HASHED : HISTORY_WHOLE;
    size_t size = form == HISTORY_HASHED ? 16 : kinds[chosen].size; /* HISTORY_HASH_SIZE */
    memset(key, 'a', size);
    key[0] = (uint8_t)('a' + testing_random(random) % 16);
    key[size - 1] = (uint8_t)('a' + testing_random(random) % 4);
    uint32_t hour = BASE_S / HISTORY_HOUR_S + (uint32_t)(testing_random(random) % 3);
    uint32_t second = (uint32_t)(testing_random(random) % HISTORY_HOUR_S);
    uint32_t longer = (uint32_t)(testing_random(random) % (HISTORY_HOUR_S - second));
    return (struct history_seen){
        .kind = kinds[chosen].kind,
        .form = form,
        .key = span_make(key, size),
        .host = (uint32_t)(testing_random(random) % 3),
        .way = (uint32_t)(testing_random(random) % 2),
        .first_s = hour * HISTORY_HOUR_S + second,
        .last_s = hour * HISTORY_HOUR_S + second + longer,
        .count = 1 + testing_random(random) % 1000,
    };
}

static void record_compare(struct desk *desk, struct span bytes, struct model *model)
{
    struct history_record record;
    struct history_seen seen;
    if (model->count == 0) {
        assert_int_equal(bytes.size, 0);
        return;
    }
    check_err(history_record_read(&desk->op, bytes, &record), ERR_OK);
    assert_int_equal(record.seen_count, model->count);
    for (size_t i = 0; i < model->count; i++) {
        check_err(history_record_next(&record, &seen), ERR_OK);
        struct model_item *item = model_find(model, &seen);
        assert_non_null(item);
        assert_int_equal(seen.first_s, item->seen.first_s);
        assert_int_equal(seen.last_s, item->seen.last_s);
        assert_int_equal(seen.count, item->seen.count);
    }
    check_err(history_record_next(&record, &seen), ERR_ABSENT);
}

TEST(records_hold_what_a_list_holds)
{
    struct desk desk;
    static uint8_t key[VALUE_KEY_SIZE_MAX];
    desk_begin(&desk);
    uint64_t random = testing_seed();
    struct model model = { .items = memory_new_array(MODEL_MAX, sizeof *model.items) };
    assert_non_null(model.items);
    for (size_t round = 0; round < ROUNDS; round++) {
        model.count = 0;
        history_record_begin(desk.writer);
        assert_int_equal(history_record_host(desk.writer, SPAN("10.1.2.3")), 1);
        assert_int_equal(history_record_host(desk.writer, SPAN("10.1.2.4")), 2);
        assert_int_equal(way_dns(&desk), 0);
        const struct history_way other = { .sensor = SPAN(""), .field = SPAN("x") };
        assert_int_equal(history_record_way(desk.writer, &other), 1);
        size_t count = testing_random(&random) % 1500;
        for (size_t i = 0; i < count; i++) {
            struct history_seen seen = seen_random(&random, key);
            check_err(history_record_add(desk.writer, &seen), ERR_OK);
            model_add(&model, &seen);
        }
        record_compare(&desk, desk_finish(&desk), &model);
        assert_int_equal(desk.left_out, 0);
    }
    memory_free(model.items);
    desk_end(&desk);
}

/* ---- bounds ---- */

TEST(what_cannot_be_seen_is_left_out_and_counted)
{
    struct desk desk;
    desk_begin(&desk);
    uint32_t way = way_dns(&desk);
    struct history_seen good = seen_domain(SPAN("a.example"), 0, way, BASE_S);
    struct history_seen bad[6];
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        bad[i] = good;
    }
    bad[0].kind = VALUE_IPV4;
    bad[1].host = 1;
    bad[2].way = 1;
    bad[3].last_s = good.first_s - 1;
    bad[4].last_s = good.first_s + HISTORY_HOUR_S;
    bad[5].count = 0;

    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        check_err(history_record_add(desk.writer, &bad[i]), ERR_FORMAT);
    }
    check_err(history_record_add(desk.writer, &good), ERR_OK);

    struct history_record record;
    check_err(history_record_read(&desk.op, desk_finish(&desk), &record), ERR_OK);
    assert_int_equal(record.seen_count, 1);
    assert_int_equal(desk.left_out, 6);
    desk_end(&desk);
}

TEST(a_full_record_takes_no_more_and_says_how_much_was_left_out)
{
    enum { TOO_MANY = HISTORY_RECORD_SIZE_MAX / 8000 };
    static uint8_t key[8000];
    struct desk desk;
    desk_begin(&desk);
    uint32_t way = way_dns(&desk);
    memset(key, 'x', sizeof key);

    uint64_t refused = 0;
    for (uint32_t i = 0; i < TOO_MANY + 5; i++) {
        span_copy(key, sizeof i, span_make(&i, sizeof i));
        struct history_seen seen = seen_domain(span_make(key, sizeof key), 0, way, BASE_S);
        seen.kind = VALUE_URL;
        enum err err = history_record_add(desk.writer, &seen);
        assert_true(err == ERR_OK || err == ERR_LIMIT);
        refused += err == ERR_LIMIT;
    }
    struct span bytes = desk_finish(&desk);

    struct history_record record;
    assert_true(refused >= 5);
    assert_int_equal(desk.left_out, refused);
    assert_true(bytes.size <= HISTORY_RECORD_SIZE_MAX);
    check_err(history_record_read(&desk.op, bytes, &record), ERR_OK);
    assert_int_equal(record.seen_count, TOO_MANY + 5 - refused);
    desk_end(&desk);
}

TEST(counts_stay_at_the_largest_number)
{
    struct desk desk;
    struct history_record record;
    struct history_seen read;
    desk_begin(&desk);
    struct history_seen seen = seen_domain(SPAN("a.example"), 0, way_dns(&desk), UINT32_MAX);
    seen.count = UINT64_MAX - 1;

    for (size_t i = 0; i < 3; i++) {
        check_err(history_record_add(desk.writer, &seen), ERR_OK);
    }

    check_err(history_record_read(&desk.op, desk_finish(&desk), &record), ERR_OK);
    check_err(history_record_next(&record, &read), ERR_OK);
    assert_true(read.count == UINT64_MAX);
    assert_true(read.last_s == UINT32_MAX);
    desk_end(&desk);
}

/* Reads to the end; whether all of it was sound. */
static bool reads_whole(struct desk *desk, struct span bytes)
{
    struct history_record record;
    struct history_seen seen;
    op_fault_clear(&desk->op);
    enum err err = history_record_read(&desk->op, bytes, &record);
    while (err == ERR_OK) {
        err = history_record_next(&record, &seen);
    }
    assert_true(err == ERR_ABSENT || err == ERR_FORMAT);
    return err == ERR_ABSENT;
}

TEST(a_record_that_is_cut_short_or_goes_on_is_refused)
{
    struct desk desk;
    desk_begin(&desk);
    uint32_t host = history_record_host(desk.writer, SPAN("192.0.2.7"));
    uint32_t way = way_dns(&desk);
    struct history_seen seen = seen_domain(SPAN("www.example.org"), host, way, BASE_S);
    check_err(history_record_add(desk.writer, &seen), ERR_OK);
    seen.key = SPAN("example.org");
    seen.count = 1 << 20;
    check_err(history_record_add(desk.writer, &seen), ERR_OK);
    struct span bytes = desk_finish(&desk);

    assert_true(reads_whole(&desk, bytes));
    for (size_t size = 0; size < bytes.size; size++) {
        assert_false(reads_whole(&desk, span_slice(bytes, 0, size)));
    }
    buf_add_byte(&desk.bytes, 0);
    assert_false(reads_whole(&desk, buf_span(&desk.bytes)));
    desk_end(&desk);
}

/* A record by hand: one host, one way, one thing seen. */
struct parts {
    struct span hosts;
    struct span ways;
    struct span rest; /* base, count, what was seen */
};

static bool parts_read(struct desk *desk, const struct parts *parts)
{
    struct buf *bytes = &desk->bytes;
    buf_clear(bytes);
    buf_add_byte(bytes, 1);
    buf_add(bytes, parts->hosts);
    buf_add(bytes, parts->ways);
    buf_add(bytes, parts->rest);
    return reads_whole(desk, buf_span(bytes));
}

#define HOST_OK                                                                                    \
    SPAN("\1\7"                                                                                    \
         "1.2.3.4")
#define WAY_OK                                                                                     \
    SPAN("\1\1\1\1"                                                                                \
         "sf")
#define SEEN_OK                                                                                    \
    SPAN("\0\1\1\4"                                                                                \
         "abcd\1\0\0\0\1")

static void parts_refused(struct desk *desk, const struct parts *bad, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (parts_read(desk, &bad[i])) {
            print_error("record %zu is read\n", i);
            fail();
        }
    }
}

TEST(each_bound_of_the_names_in_a_record_is_checked)
{
    struct desk desk;
    desk_begin(&desk);
    const struct parts good = { HOST_OK, WAY_OK, SEEN_OK };
    assert_true(parts_read(&desk, &good));

    const struct parts bad[] = {
        { SPAN("\1\7"
               "1.2.3.x"),
          WAY_OK, SEEN_OK },
        { SPAN("\1\0"), WAY_OK, SEEN_OK },
        { SPAN("\x80\x80\x40"), WAY_OK, SEEN_OK }, /* too many hosts */
        { HOST_OK,
          SPAN("\1\4\1\1"
               "sf"),
          SEEN_OK }, /* no such direction */
        { HOST_OK,
          SPAN("\1\40\1\1"
               "sf"),
          SEEN_OK }, /* no such outcome */
        { HOST_OK,
          SPAN("\1\1\1\1"
               "s\xFF"),
          SEEN_OK }, /* no UTF-8 */
        { HOST_OK,
          SPAN("\1\1\xFF\xFF"
               "sf"),
          SEEN_OK }, /* longer than the record */
    };
    parts_refused(&desk, bad, sizeof bad / sizeof bad[0]);
    desk_end(&desk);
}

TEST(each_bound_of_what_was_seen_is_checked)
{
    struct desk desk;
    desk_begin(&desk);
    const struct span bad[] = {
        SPAN("\0\0"), /* nothing seen */
        SPAN("\0\2\1\4"
             "abcd\1\0\0\0\1"), /* fewer than it says */
        SPAN("\0\1\0\4"
             "abcd\1\0\0\0\1"), /* no kind */
        SPAN("\0\1\x3F\4"
             "abcd\1\0\0\0\1"), /* no such kind */
        SPAN("\0\1\xC1\4"
             "abcd\1\0\0\0\1"), /* no such form */
        SPAN("\0\1\x81\4"
             "abcd\1\0\0\0\1"), /* a hash of another size */
        SPAN("\0\1\1\3"
             "abc\1\0\0\0\1"),      /* size of the key */
        SPAN("\0\1\4\0\1\0\0\0\1"), /* no key */
        SPAN("\0\1\1\4"
             "abcd\2\0\0\0\1"), /* no such host */
        SPAN("\0\1\1\4"
             "abcd\1\1\0\0\1"), /* no such way */
        SPAN("\0\1\1\4"
             "abcd\1\0\0\0\0"), /* never seen */
        SPAN("\0\1\1\4"
             "abcd\1\0\1\x8F\x1C\1"), /* ends in the next hour */
        SPAN("\xFF\xFF\xFF\xFF\x0F\1\1\4"
             "abcd\1\0\1\0\1"), /* 2^32 s */
        SPAN("\0\1\1\4"
             "abcd\1\0\0\0\x80\x80\x80\x80\x80\x80\x80\x80\x80\2"), /* 2^64 */
        SPAN("\0\1\1\4"
             "abcd\1\0\0\0\x80\x80\x80\x80\x80\x80\x80\x80\x80\x80\1"),
    };
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        const struct parts parts = { HOST_OK, WAY_OK, bad[i] };
        parts_refused(&desk, &parts, 1);
    }
    const struct parts edge = { HOST_OK, WAY_OK,
                                SPAN("\0\1\1\4"
                                     "abcd\1\0\0\x8F\x1C\1") };
    assert_true(parts_read(&desk, &edge)); /* 0 .. 3599 */
    desk_end(&desk);
}

TEST(a_record_of_another_version_is_refused)
{
    struct desk desk;
    desk_begin(&desk);
    struct history_seen seen = seen_domain(SPAN("a.example"), 0, way_dns(&desk), BASE_S);
    check_err(history_record_add(desk.writer, &seen), ERR_OK);
    struct span bytes = desk_finish(&desk);

    desk.bytes.data[0] = 2;

    assert_false(reads_whole(&desk, bytes));
    desk_end(&desk);
}

/* ---- memory ---- */

static void fill(struct desk *desk, uint32_t count)
{
    history_record_begin(desk->writer);
    uint32_t way = way_dns(desk);
    for (uint32_t i = 0; i < count; i++) {
        struct history_seen seen =
            seen_domain(span_make(&i, sizeof i), 0, way, BASE_S + i % 7 * HISTORY_HOUR_S);
        enum err err = history_record_add(desk->writer, &seen);
        assert_true(err == ERR_OK || err == ERR_LIMIT);
    }
}

TEST(a_writer_takes_no_memory_for_a_record_like_the_one_before)
{
    enum { MANY = 60000 };
    struct desk desk;
    desk_begin(&desk);
    fill(&desk, MANY);
    (void)desk_finish(&desk);

    memory_fail_after(UINT64_MAX);
    fill(&desk, MANY);
    (void)desk_finish(&desk);

    assert_int_equal(memory_request_count(), 0);
    desk_end(&desk);
}

TEST(a_writer_without_memory_leaves_out_and_stays_sound)
{
    enum { MANY = 9000 };
    for (uint64_t after = 0; after < 40; after++) {
        struct desk desk;
        testing_op_begin(&desk.op);
        buf_init(&desk.bytes, RECORD_MAX);
        memory_fail_after(after);
        enum err err = history_record_writer_new(&desk.op, &desk.writer);
        if (err != ERR_OK) {
            memory_fail_after(UINT64_MAX);
            check_err(err, ERR_LIMIT);
            op_end(&desk.op);
            continue;
        }
        history_record_begin(desk.writer);
        fill(&desk, MANY);
        memory_fail_after(UINT64_MAX);
        struct span bytes = desk_finish(&desk);

        struct history_record record;
        if (desk.left_out < MANY) {
            check_err(history_record_read(&desk.op, bytes, &record), ERR_OK);
            assert_int_equal(record.seen_count + desk.left_out, MANY);
            assert_true(reads_whole(&desk, bytes));
        }
        desk_end(&desk);
    }
}
