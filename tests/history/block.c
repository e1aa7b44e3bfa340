// SPDX-License-Identifier: EUPL-1.2
#include "history/block.h"

#include <stdio.h>

#include "base/memory.h"
#include "tests/testing.h"

enum { HOUR = 1760000400 };

static struct column_tables tables; /* of the last block that was made */

static const struct block_bounds bounds = {
    .kind = VALUE_DOMAIN,
    .form = HISTORY_WHOLE,
    .host_count = 10,
    .way_count = 5,
    .tables = &tables,
};

static const struct history_posting postings[] = {
    { 0, 4, HOUR, HOUR + 3599, (uint64_t)UINT32_MAX * 5 },
    { 9, 0, HOUR + 5, HOUR + 5, 1 },
    { 9, 1, HOUR + 6, HOUR + 6, (uint64_t)UINT32_MAX + 1 },
};

static const struct history_row rows[] = {
    { HOUR, HISTORY_HOUR, 3, postings },
    { HOUR + 2 * HISTORY_HOUR_S, HISTORY_HOUR, 1,
      (const struct history_posting[]){
          { 3, 2, HOUR + 2 * HISTORY_HOUR_S, HOUR + 9000, UINT64_MAX } } },
};

static struct history_entry entry_of(const char *order, size_t row_count)
{
    return (struct history_entry){ VALUE_DOMAIN, HISTORY_WHOLE, span_of(order), row_count, rows };
}

static void tables_make(const struct block_writer *writer)
{
    struct buf buf;
    buf_init(&buf, BLOCK_SIZE_MAX);
    block_writer_codes_add(writer, &buf);
    column_tables_done(&tables);
    check_err(column_tables_read(buf_span(&buf), &tables), ERR_OK);
    buf_done(&buf);
}

/* A block that was ended, with bytes behind it that can be read. */
static uint8_t *block_end(struct op *op, struct block_writer *writer, size_t *ret_size)
{
    struct span bytes;
    check_err(block_writer_end(op, writer, &bytes), ERR_OK);
    uint8_t *copy = memory_new(bytes.size + COLUMN_PADDING);
    span_copy(copy, bytes.size, bytes);
    *ret_size = bytes.size;
    tables_make(writer);
    return copy;
}

/* A block of three names; with bytes behind it that can be read. */
static uint8_t *block_of(struct op *op, size_t *ret_size)
{
    static const char *const orders[] = { "gro.elpmaxe", "gro.elpmaxe.www", "gro.other" };
    struct block_writer *writer;
    check_err(block_writer_new(op, SEGMENT_LEVEL_FAST, &writer), ERR_OK);
    for (size_t i = 0; i < 3; i++) {
        const struct history_entry entry = entry_of(orders[i], 1 + i % 2);
        assert_false(block_writer_is_full(writer, &entry, 4));
        block_writer_add(writer, &entry);
    }
    uint8_t *copy = block_end(op, writer, ret_size);
    block_writer_free(writer);
    return copy;
}

static const char *read_with(struct block *block, const uint8_t *bytes, size_t size,
                             const struct block_bounds *with)
{
    const char *wrong = block_read(block, span_make(bytes, size), with);
    return wrong != NULL ? wrong : block_read_rows(block);
}

TEST(a_block_gives_back_its_entries)
{
    struct op op;
    struct block *block;
    size_t size;
    size_t count;
    testing_op_begin(&op);
    uint8_t *bytes = block_of(&op, &size);
    check_err(block_new(&op, &block), ERR_OK);

    assert_null(read_with(block, bytes, size, &bounds));

    const struct block_entry *entries = block_entries(block, &count);
    assert_int_equal(count, 3);
    assert_int_equal(entries[1].shared, 11);
    assert_int_equal(entries[1].size, 15);
    assert_int_equal(entries[1].row_count, 2);
    assert_memory_equal(block_text(block) + entries[1].text, ".www", 4);
    const struct history_row *row = block_rows(block) + entries[1].row;
    assert_int_equal(row[0].posting_count, 3);
    assert_memory_equal(row[0].postings, postings, sizeof postings);
    assert_int_equal(row[1].start_s, HOUR + 2 * HISTORY_HOUR_S);
    assert_true(row[1].postings[0].count == UINT64_MAX);
    block_free(block);
    memory_free(bytes);
    op_end(&op);
}

TEST(a_block_of_another_kind_or_with_unknown_names_is_refused)
{
    struct op op;
    struct block *block;
    size_t size;
    size_t count;
    testing_op_begin(&op);
    uint8_t *bytes = block_of(&op, &size);
    check_err(block_new(&op, &block), ERR_OK);
    const struct block_bounds others[] = {
        { VALUE_URL, HISTORY_WHOLE, 10, 5, &tables, NULL },
        { VALUE_DOMAIN, HISTORY_HASHED, 10, 5, &tables, NULL },
        { VALUE_DOMAIN, HISTORY_WHOLE, 9, 5, &tables, NULL },
        { VALUE_DOMAIN, HISTORY_WHOLE, 10, 4, &tables, NULL },
    };

    for (size_t i = 0; i < sizeof others / sizeof others[0]; i++) {
        assert_non_null(read_with(block, bytes, size, &others[i]));
        (void)block_entries(block, &count);
        assert_int_equal(count, 0);
    }
    block_free(block);
    memory_free(bytes);
    op_end(&op);
}

TEST(a_block_is_refused_when_cut_or_changed_at_any_byte)
{
    struct op op;
    struct block *block;
    size_t size;
    testing_op_begin(&op);
    uint8_t *bytes = block_of(&op, &size);
    check_err(block_new(&op, &block), ERR_OK);

    for (size_t i = 0; i < size; i++) {
        assert_non_null(read_with(block, bytes, i, &bounds));
        bytes[i] ^= 0x10;
        assert_non_null(read_with(block, bytes, size, &bounds));
        bytes[i] ^= 0x10;
    }
    block_free(block);
    memory_free(bytes);
    op_end(&op);
}

TEST(a_block_takes_no_other_kind_and_not_more_than_it_can_hold)
{
    struct op op;
    struct block_writer *writer;
    testing_op_begin(&op);
    check_err(block_writer_new(&op, SEGMENT_LEVEL_FAST, &writer), ERR_OK);
    struct history_entry entry = entry_of("gro.elpmaxe", 1);
    block_writer_add(writer, &entry);

    struct history_entry other = entry;
    other.kind = VALUE_URL;
    assert_true(block_writer_is_full(writer, &other, 1));
    other = entry;
    other.form = HISTORY_HASHED;
    assert_true(block_writer_is_full(writer, &other, 1));
    size_t added = 1;
    while (!block_writer_is_full(writer, &entry, 3)) {
        block_writer_add(writer, &entry);
        added++;
    }
    assert_true(added > 10);
    assert_true(added * 3 <= BLOCK_POSTINGS_MAX);

    block_writer_free(writer);
    op_end(&op);
}

TEST(a_block_of_the_longest_keys_is_read_back)
{
    struct op op;
    struct block *block;
    struct block_writer *writer;
    size_t size;
    size_t count;
    testing_op_begin(&op);
    uint64_t state = testing_seed();
    uint8_t *key = memory_new(HISTORY_ORDER_SIZE_MAX);
    check_err(block_writer_new(&op, SEGMENT_LEVEL_SMALL, &writer), ERR_OK);
    check_err(block_new(&op, &block), ERR_OK);
    size_t added = 0;
    struct history_entry entry = entry_of("", 2);
    while (added < 200 && !block_writer_is_full(writer, &entry, 4)) {
        for (size_t i = 0; i < HISTORY_ORDER_SIZE_MAX; i++) {
            key[i] = (uint8_t)testing_random(&state);
        }
        key[0] = (uint8_t)added;
        entry.order = span_make(key, HISTORY_ORDER_SIZE_MAX);
        block_writer_add(writer, &entry);
        added++;
    }

    uint8_t *copy = block_end(&op, writer, &size);

    assert_null(read_with(block, copy, size, &bounds));
    const struct block_entry *entries = block_entries(block, &count);
    assert_int_equal(count, added);
    assert_memory_equal(block_text(block) + entries[added - 1].text, key, HISTORY_ORDER_SIZE_MAX);
    memory_free(copy);
    memory_free(key);
    block_free(block);
    block_writer_free(writer);
    op_end(&op);
}

/* Rows in which hosts of the row before come again, others do, or both, each in several ways. */
static size_t hosts_make(uint64_t *state, const struct history_row *before, struct history_row *row)
{
    static struct history_posting made[40][64];
    static size_t next;
    struct history_posting *at = made[next++ % 40];
    size_t count = 0;
    for (uint32_t host = 0; host < 10 && count < 60; host++) {
        bool known = false;
        for (size_t i = 0; before != NULL && i < before->posting_count; i++) {
            known = known || before->postings[i].host == host;
        }
        if (testing_random(state) % 10 >= (known ? 7U : 2U) && (host < 9 || count > 0)) {
            continue;
        }
        for (uint32_t way = 0; way < 5; way++) {
            if (testing_random(state) % 2 == 0 || (host == 9 && count == 0 && way == 4)) {
                uint32_t first_s = row->start_s + (uint32_t)(testing_random(state) % 3600);
                at[count] = (struct history_posting){ host, way, first_s, first_s + way * 100,
                                                      1 + testing_random(state) % 9 };
                count++;
            }
        }
    }
    row->postings = at;
    row->posting_count = count;
    return count;
}

TEST(hosts_that_come_again_are_read_back)
{
    struct op op;
    struct block *block;
    struct block_writer *writer;
    size_t size;
    size_t count;
    testing_op_begin(&op);
    uint64_t state = testing_seed();
    check_err(block_new(&op, &block), ERR_OK);
    for (size_t round = 0; round < 50; round++) {
        struct history_row made[8];
        check_err(block_writer_new(&op, SEGMENT_LEVEL_FAST, &writer), ERR_OK);
        for (size_t i = 0; i < 8; i++) {
            made[i] = (struct history_row){ .start_s = HOUR + (uint32_t)i * HISTORY_HOUR_S };
            (void)hosts_make(&state, i == 0 ? NULL : &made[i - 1], &made[i]);
        }
        const struct history_entry entry = { VALUE_DOMAIN, HISTORY_WHOLE, SPAN("gro"), 8, made };
        block_writer_add(writer, &entry);
        uint8_t *bytes = block_end(&op, writer, &size);

        assert_null(read_with(block, bytes, size, &bounds));

        (void)block_entries(block, &count);
        assert_int_equal(count, 1);
        for (size_t i = 0; i < 8; i++) {
            const struct history_row *row = block_rows(block) + i;
            assert_int_equal(row->posting_count, made[i].posting_count);
            assert_memory_equal(row->postings, made[i].postings,
                                row->posting_count * sizeof row->postings[0]);
        }
        memory_free(bytes);
        block_writer_free(writer);
    }
    block_free(block);
    op_end(&op);
}

TEST(addresses_are_told_by_what_lies_between_them)
{
    static const uint8_t keys[][4] = { { 0, 0, 0, 0 },         { 0, 0, 0, 0 },
                                       { 0, 0, 0, 1 },         { 0, 1, 0, 1 },
                                       { 10, 1, 2, 3 },        { 10, 1, 2, 200 },
                                       { 255, 255, 255, 254 }, { 255, 255, 255, 255 } };
    const struct block_bounds addresses = { VALUE_IPV4, HISTORY_WHOLE, 10, 5, &tables, NULL };
    struct op op;
    struct block *block;
    struct block_writer *writer;
    size_t size;
    size_t count;
    uint8_t key[4] = { 0 };
    testing_op_begin(&op);
    check_err(block_writer_new(&op, SEGMENT_LEVEL_FAST, &writer), ERR_OK);
    check_err(block_new(&op, &block), ERR_OK);
    for (size_t i = 0; i < 8; i++) {
        const struct history_entry entry = { VALUE_IPV4, HISTORY_WHOLE,
                                             span_make(keys[i], sizeof keys[i]), 1, rows };
        block_writer_add(writer, &entry);
    }
    uint8_t *bytes = block_end(&op, writer, &size);

    assert_null(read_with(block, bytes, size, &addresses));

    const struct block_entry *entries = block_entries(block, &count);
    assert_int_equal(count, 8);
    for (size_t i = 0; i < count; i++) {
        assert_int_equal(entries[i].size, 4);
        span_copy(key + entries[i].shared, sizeof key - entries[i].shared,
                  span_make(block_text(block) + entries[i].text, 4 - entries[i].shared));
        assert_memory_equal(key, keys[i], sizeof key);
    }
    memory_free(bytes);
    block_free(block);
    block_writer_free(writer);
    op_end(&op);
}

/* ---- dictionaries ---- */

enum { NAMES = 60000, NAME_SIZE_MAX = 80 };

/* A name backwards: words that come again, in an order that does not fall. */
static struct span name_make(uint64_t *state, size_t number, char *name)
{
    static const char *const words[] = {
        "elpmaxe", "duolc",     "noitidart", "gnitekram", "swen",
        "liam",    "erutnevda", "pohs",      "tsetal",    "ecnanif"
    };
    int size =
        snprintf(name, NAME_SIZE_MAX, "moc.%06zu%s%s.%s", number, words[testing_random(state) % 10],
                 words[testing_random(state) % 10], words[testing_random(state) % 10]);
    return span_make(name, (size_t)size);
}

static void names_check(struct block *block, uint64_t *state, size_t *number)
{
    uint8_t key[NAME_SIZE_MAX];
    char name[NAME_SIZE_MAX];
    size_t count;
    const struct block_entry *entries = block_entries(block, &count);
    for (size_t i = 0; i < count; i++) {
        struct span wanted = name_make(state, *number, name);
        assert_int_equal(entries[i].size, wanted.size);
        span_copy(
            key + entries[i].shared, sizeof key - entries[i].shared,
            span_make(block_text(block) + entries[i].text, entries[i].size - entries[i].shared));
        assert_memory_equal(key, wanted.data, wanted.size);
        (*number)++;
    }
}

struct made_block {
    uint8_t *bytes;
    size_t size;
};

static size_t names_write(struct op *op, struct block_writer *writer, uint64_t seed,
                          struct made_block *ret)
{
    char name[NAME_SIZE_MAX];
    uint64_t state = seed;
    size_t count = 0;
    for (size_t i = 0; i < NAMES; i++) {
        struct history_entry entry = { VALUE_DOMAIN, HISTORY_WHOLE, name_make(&state, i, name), 1,
                                       rows };
        if (block_writer_is_full(writer, &entry, 3)) {
            ret[count].bytes = block_end(op, writer, &ret[count].size);
            count++;
        }
        block_writer_add(writer, &entry);
    }
    ret[count].bytes = block_end(op, writer, &ret[count].size);
    return count + 1;
}

/* A tenth of a percent: of the text of a block, as it lies there. */
static size_t text_share(const struct made_block *made)
{
    const uint8_t *head = made->bytes;
    size_t text_size = (size_t)head[18] | (size_t)head[19] << 8;
    size_t stored_size = (size_t)head[20] | (size_t)head[21] << 8;
    return stored_size * 1000 / text_size;
}

TEST(much_text_of_a_kind_is_compressed_by_words_that_came_before)
{
    static struct made_block made[NAMES];
    struct op op;
    struct block *block;
    struct block_writer *writer;
    struct dictionaries dictionaries;
    struct buf buf;
    testing_op_begin(&op);
    uint64_t state = testing_seed();
    check_err(block_new(&op, &block), ERR_OK);
    check_err(block_writer_new(&op, SEGMENT_LEVEL_SMALL, &writer), ERR_OK);
    size_t count = names_write(&op, writer, state, made);
    buf_init(&buf, BLOCK_SIZE_MAX);
    block_writer_dictionaries_add(writer, &buf);

    check_err(dictionaries_read(buf_span(&buf), &dictionaries), ERR_OK);

    struct block_bounds with = bounds;
    with.dictionary = dictionaries.of[VALUE_DOMAIN][HISTORY_WHOLE];
    const struct made_block *late = &made[count - 2];
    assert_non_null(with.dictionary);
    assert_int_equal(made[0].bytes[9] & BLOCK_DICTIONARY, 0);
    assert_int_equal(late->bytes[9] & BLOCK_DICTIONARY, BLOCK_DICTIONARY);
    assert_true(text_share(late) * 10 < text_share(&made[1]) * 9);
    size_t number = 0;
    for (size_t i = 0; i < count; i++) {
        assert_null(read_with(block, made[i].bytes, made[i].size, &with));
        names_check(block, &state, &number);
    }
    assert_int_equal(number, NAMES);
    assert_non_null(read_with(block, late->bytes, late->size, &bounds)); /* which has none */

    for (size_t i = 0; i < count; i++) {
        memory_free(made[i].bytes);
    }
    dictionaries_done(&dictionaries);
    buf_done(&buf);
    block_free(block);
    block_writer_free(writer);
    op_end(&op);
}

TEST(dictionaries_that_are_cut_or_come_twice_are_refused)
{
    static struct made_block made[NAMES];
    struct op op;
    struct block_writer *writer;
    struct dictionaries dictionaries;
    struct buf buf;
    testing_op_begin(&op);
    check_err(block_writer_new(&op, SEGMENT_LEVEL_FAST, &writer), ERR_OK);
    size_t count = names_write(&op, writer, testing_seed(), made);
    buf_init(&buf, BLOCK_SIZE_MAX);
    block_writer_dictionaries_add(writer, &buf);
    const size_t whole = buf.size;

    for (size_t size = 1; size < whole; size += 1 + whole / 50) {
        check_err(dictionaries_read(span_slice(buf_span(&buf), 0, size), &dictionaries),
                  ERR_FORMAT);
    }
    block_writer_dictionaries_add(writer, &buf);
    check_err(dictionaries_read(buf_span(&buf), &dictionaries), ERR_FORMAT);
    buf.size = whole;
    buf.data[6] ^= 1; /* of the magic number of what Zstandard made */
    check_err(dictionaries_read(buf_span(&buf), &dictionaries), ERR_FORMAT);
    buf.data[6] ^= 1;
    buf.data[0] = VALUE_KIND_COUNT;
    check_err(dictionaries_read(buf_span(&buf), &dictionaries), ERR_FORMAT);

    for (size_t i = 0; i < count; i++) {
        memory_free(made[i].bytes);
    }
    buf_done(&buf);
    block_writer_free(writer);
    op_end(&op);
}
