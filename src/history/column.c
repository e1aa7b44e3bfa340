// SPDX-License-Identifier: EUPL-1.2
/*
 * Bits are loaded and stored eight bytes at a time with memcpy, whatever their alignment: it
 * compiles to one instruction.
 */
#include "history/column.h"

#include "base/memory.h"
#include "base/must.h"

enum {
    BYTE_BITS = 8,
    NUMBER_BITS = 32,
    SHORT_BITS = 64 - (BYTE_BITS - 1) - (CODE_BITS_MAX + NUMBER_BITS), /* see sharp_read() */
    WAY_SAME = 0,
    WAY_PLAIN,
    WAY_CODE,        /* and all behind it */
    CODE_BITS = 512, /* that a code takes itself, about */
    CODE_GAIN_SHARE =
        128, /* one bit in so many has to be saved: reading plain numbers is quicker */
    CODE_BLOCKS_MAX = 256, /* then it is tried anew at the latest */
    SEEN_MAX = 1 << 20,
};

void column_varint_add(struct buf *buf, uint64_t value)
{
    uint8_t *place = buf_reserve(buf, VARINT_SIZE_MAX);
    if (place != NULL) {
        buf->size += (size_t)(varint_put(place, value) - place);
    }
}

static uint64_t mask_of(unsigned width)
{
    return ((uint64_t)1 << width) - 1;
}

/* ---- codes ---- */

void column_codes_turn(struct column_codes *codes)
{
    for (size_t i = 0; i < COLUMN_COUNT; i++) {
        codes->seen[i] = (struct code_counts){ 0 };
        codes->blocks[i] = 0;
    }
}

void column_codes_add(struct buf *buf, const struct column_codes *codes)
{
    for (size_t i = 0; i < COLUMN_COUNT; i++) {
        buf_add_byte(buf, (uint8_t)codes->counts[i]);
        for (size_t k = 0; k < codes->counts[i]; k++) {
            code_add(buf, &codes->codes[i][k]);
        }
    }
}

enum err column_tables_read(struct span bytes, struct column_tables *ret)
{
    struct column_tables tables = { 0 };
    struct wire_reader r = wire_reader_of(bytes);
    size_t used = 0;
    size_t room = bytes.size / 2; /* no code is shorter */
    room = room < COLUMN_COUNT * CODE_TOGETHER_MAX ? room : COLUMN_COUNT * CODE_TOGETHER_MAX;
    tables.all = memory_new_array(room + 1, sizeof *tables.all);
    if (tables.all == NULL) {
        return ERR_LIMIT;
    }
    for (size_t i = 0; i < COLUMN_COUNT && r.err == ERR_OK; i++) {
        tables.counts[i] = wire_u8(&r);
        tables.tables[i] = tables.all + used;
        if (tables.counts[i] > CODE_TOGETHER_MAX || tables.counts[i] > room - used) {
            r.err = ERR_FORMAT;
        }
        for (size_t k = 0; k < tables.counts[i] && r.err == ERR_OK; k++) {
            code_read(&r, column_sharp((enum column)i), &tables.all[used]);
            used++;
        }
    }
    if (r.err != ERR_OK || r.rest.size > 0) {
        memory_free(tables.all);
        return ERR_FORMAT;
    }
    *ret = tables;
    return ERR_OK;
}

void column_tables_done(struct column_tables *tables)
{
    memory_free(tables->all);
    *tables = (struct column_tables){ 0 };
}

/* ---- which way is the shortest ---- */

/* What is known of a column before it is written. */
struct shape {
    uint32_t base;  /* the least number */
    unsigned width; /* bits of the greatest above it */
    struct code_counts counts;
};

static void shape_find(const struct column_values *values, struct shape *ret)
{
    const unsigned sharp = column_sharp(values->column);
    uint32_t least = UINT32_MAX;
    uint32_t greatest = 0;
    *ret = (struct shape){ 0 };
    for (size_t i = 0; i < values->count; i++) {
        const uint32_t value = values->at[i];
        least = value < least ? value : least;
        greatest = value > greatest ? value : greatest;
        ret->counts.of[code_class_of(value, sharp).number]++;
    }
    ret->base = least;
    uint32_t more = greatest - least;
    ret->width = more == 0 ? 0 : NUMBER_BITS - (unsigned)__builtin_clz(more);
}

static void seen_add(struct code_counts *seen, const struct code_counts *counts)
{
    uint64_t sum = 0;
    for (size_t i = 0; i < CODE_CLASSES; i++) {
        seen->of[i] += counts->of[i];
        sum += seen->of[i];
    }
    for (size_t i = 0; sum > SEEN_MAX && i < CODE_CLASSES; i++) {
        seen->of[i] -= seen->of[i] / 2;
    }
}

/* The best of the codes that a column has; SIZE_MAX: it has none. */
static size_t code_find(const struct column_codes *codes, enum column column,
                        const struct code_counts *counts, uint64_t *ret_cost)
{
    size_t best = SIZE_MAX;
    *ret_cost = UINT64_MAX;
    for (size_t i = 0; i < codes->counts[column]; i++) {
        uint64_t cost = code_cost(&codes->codes[column][i], counts, column_sharp(column));
        if (cost < *ret_cost) {
            *ret_cost = cost;
            best = i;
        }
    }
    return best;
}

/* A code is worth its place if it saves more than it takes, in as many blocks as there were up to
 * here: as many will come, at a guess. */
static bool is_worth(uint64_t cost, uint64_t bound, uint64_t blocks)
{
    return cost + cost / CODE_GAIN_SHARE < bound && (bound - cost) * blocks > CODE_BITS;
}

/* Whether it is time to see what a new code would save: after one block, two, four and so on. */
static bool is_due(uint32_t blocks)
{
    return (blocks & (blocks - 1)) == 0 || blocks % CODE_BLOCKS_MAX == 0;
}

/* The best code, which may be made now, of what the column's numbers were up to here. Its number,
 * and what it costs: UINT64_MAX where there is none. */
static size_t code_choose(struct column_codes *codes, enum column column,
                          const struct code_counts *counts, uint64_t plain_cost, uint64_t *ret_cost)
{
    size_t best = code_find(codes, column, counts, ret_cost);
    size_t number = codes->counts[column];
    codes->blocks[column]++;
    if (number == CODE_TOGETHER_MAX || !is_due(codes->blocks[column])) {
        return best;
    }
    struct code *made = &codes->codes[column][number];
    const unsigned sharp = column_sharp(column);
    code_make(&codes->seen[column], sharp, made);
    uint64_t bound = *ret_cost < plain_cost ? *ret_cost : plain_cost;
    uint64_t cost = code_cost(made, counts, sharp);
    if (!is_worth(cost, bound, codes->blocks[column])) {
        return best;
    }
    codes->counts[column]++;
    *ret_cost = cost;
    return number;
}

/* ---- writing ---- */

/* Where bits go. */
struct bits {
    uint8_t *bytes;
    size_t at;
    uint64_t pending;
    unsigned held;
};

static void bits_add(struct bits *bits, uint64_t value, unsigned count)
{
    bits->pending |= value << bits->held;
    bits->held += count;
    while (bits->held >= BYTE_BITS) {
        bits->bytes[bits->at] = (uint8_t)bits->pending;
        bits->at++;
        bits->pending >>= BYTE_BITS;
        bits->held -= BYTE_BITS;
    }
}

static size_t bits_end(struct bits *bits)
{
    if (bits->held > 0) {
        bits->bytes[bits->at] = (uint8_t)bits->pending;
        bits->at++;
    }
    return bits->at;
}

static void plain_add(struct buf *buf, const struct column_values *values,
                      const struct shape *shape)
{
    buf_add_byte(buf, WAY_PLAIN);
    buf_add_byte(buf, (uint8_t)shape->width);
    column_varint_add(buf, shape->base);
    struct bits bits = { .bytes = buf_reserve(buf, values->count * sizeof(uint32_t) + 1) };
    for (size_t i = 0; bits.bytes != NULL && i < values->count; i++) {
        bits_add(&bits, values->at[i] - shape->base, shape->width);
    }
    if (bits.bytes != NULL) {
        buf->size += bits_end(&bits);
    }
}

static void coded_add(struct buf *buf, const struct column_values *values, const struct code *code,
                      size_t number)
{
    const unsigned sharp = column_sharp(values->column);
    const size_t size_max = (CODE_BITS_MAX + NUMBER_BITS) / BYTE_BITS + 1;
    buf_add_byte(buf, (uint8_t)(WAY_CODE + number));
    struct bits bits = { .bytes = buf_reserve(buf, values->count * size_max + 1) };
    for (size_t i = 0; bits.bytes != NULL && i < values->count; i++) {
        const uint32_t value = values->at[i];
        struct code_class class = code_class_of(value, sharp);
        if (code->sizes[class.number] == 0) {
            class = (struct code_class){ CODE_ESCAPE, NUMBER_BITS };
        }
        bits_add(&bits, code->bits[class.number], code->sizes[class.number]);
        bits_add(&bits, value & mask_of(class.rest_bits), class.rest_bits);
    }
    if (bits.bytes != NULL) {
        buf->size += bits_end(&bits);
    }
}

void column_add(struct buf *buf, struct column_codes *codes, const struct column_values *values)
{
    must(values->count <= COLUMN_COUNT_MAX);
    if (values->count == 0) {
        return;
    }
    struct shape shape;
    shape_find(values, &shape);
    seen_add(&codes->seen[values->column], &shape.counts);
    if (shape.width == 0) {
        buf_add_byte(buf, WAY_SAME);
        column_varint_add(buf, shape.base);
        return;
    }
    uint64_t cost;
    uint64_t plain_cost = (uint64_t)values->count * shape.width + 2 * BYTE_BITS;
    size_t number = code_choose(codes, values->column, &shape.counts, plain_cost, &cost);
    if (cost < plain_cost) {
        coded_add(buf, values, &codes->codes[values->column][number], number);
    } else {
        plain_add(buf, values, &shape);
    }
}

/* ---- reading ---- */

static void same_read(struct wire_reader *r, uint32_t *ret, size_t count)
{
    uint64_t value = varint_take(r);
    r->err = value > UINT32_MAX ? ERR_FORMAT : r->err;
    for (size_t i = 0; i < count; i++) {
        ret[i] = (uint32_t)value;
    }
}

static void plain_read(struct wire_reader *r, uint32_t *ret, size_t count)
{
    unsigned width = wire_u8(r);
    uint64_t base = varint_take(r);
    if (width > NUMBER_BITS || base > UINT32_MAX) {
        r->err = ERR_FORMAT;
    }
    struct span bytes = wire_take(r, (count * width + BYTE_BITS - 1) / BYTE_BITS);
    if (r->err != ERR_OK) {
        return;
    }
    const uint64_t mask = mask_of(width);
    size_t bit = 0;
    for (size_t i = 0; i < count; i++) {
        uint64_t word;
        memcpy(&word, bytes.data + bit / BYTE_BITS, sizeof word);
        ret[i] = (uint32_t)base + (uint32_t)(word >> bit % BYTE_BITS & mask);
        bit += width;
    }
}

/* Where the first of two numbers is short, both are in the word that was loaded: then the second
 * need not wait for another one. Past the end there are no numbers, whatever their bits. */
static inline void sharp_read(struct wire_reader *r, const struct code_table *table, unsigned sharp,
                              uint32_t *ret, size_t count)
{
    const uint8_t *bytes = r->rest.data;
    const size_t end = r->rest.size * BYTE_BITS;
    size_t bit = 0;
    size_t i = 0;
    while (i < count && bit < end) {
        uint64_t word;
        memcpy(&word, bytes + bit / BYTE_BITS, sizeof word);
        word >>= bit % BYTE_BITS;
        unsigned taken = code_take(table, word, sharp, &ret[i]);
        bit += taken;
        i++;
        if (taken <= SHORT_BITS && i < count) {
            bit += code_take(table, word >> taken, sharp, &ret[i]);
            i++;
        }
    }
    r->err = i < count ? ERR_FORMAT : r->err;
    (void)wire_take(r, (bit + BYTE_BITS - 1) / BYTE_BITS);
}

/* Each way is compiled by itself. */
static void coded_read(struct wire_reader *r, const struct code_table *table, enum column column,
                       uint32_t *ret, size_t count)
{
    if (column_sharp(column) == COLUMN_SHARP_NAME) {
        sharp_read(r, table, COLUMN_SHARP_NAME, ret, count);
    } else {
        sharp_read(r, table, COLUMN_SHARP_QUANTITY, ret, count);
    }
}

void column_read(struct wire_reader *r, const struct column_tables *tables, enum column column,
                 uint32_t *ret, size_t count)
{
    must(count <= COLUMN_COUNT_MAX);
    if (count == 0 || r->err != ERR_OK) {
        return;
    }
    size_t way = wire_u8(r);
    if (way == WAY_SAME) {
        same_read(r, ret, count);
    } else if (way == WAY_PLAIN) {
        plain_read(r, ret, count);
    } else if (way - WAY_CODE < tables->counts[column]) {
        coded_read(r, &tables->tables[column][way - WAY_CODE], column, ret, count);
    } else {
        r->err = ERR_FORMAT;
    }
}
