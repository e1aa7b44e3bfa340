// SPDX-License-Identifier: EUPL-1.2
#include "history/code.h"

#include <stdlib.h>

#include "base/must.h"

enum {
    NODES_MAX = 2 * CODE_CLASSES,
    SELF_WEIGHT = 64, /* of what came, beside what is only near to it */
    NEAR_WEIGHT = 2,
    NEAR_MAX = 4,         /* so many classes to each side */
    ESCAPE_SELDOM = 4096, /* one number in so many is thought to be another one */
    NIBBLE_BITS = 4,
    NIBBLE_MASK = 15,
};

/* ---- sizes ---- */

struct node {
    uint64_t weight;
    uint16_t parent;
    uint16_t number; /* of a leaf: its class */
};

static int compare_nodes(const void *left, const void *right)
{
    const struct node *a = left;
    const struct node *b = right;
    return a->weight != b->weight ? (a->weight > b->weight) - (a->weight < b->weight)
                                  : (a->number > b->number) - (a->number < b->number);
}

/* The lighter of two nodes that wait: the next leaf, or the next that was joined. */
static size_t lighter(const struct node *nodes, size_t *leaf, size_t leaves, size_t *joined,
                      size_t end)
{
    bool takes_leaf =
        *leaf < leaves && (*joined == end || nodes[*leaf].weight <= nodes[*joined].weight);
    size_t *taken = takes_leaf ? leaf : joined;
    (*taken)++;
    return *taken - 1;
}

/* Leaves rise by weight, and so does what is joined: two rows, of which the lighter end is taken.
 * Returns the greatest size. */
static unsigned sizes_find(struct node *nodes, size_t leaves, uint8_t *sizes)
{
    uint8_t depths[NODES_MAX];
    size_t leaf = 0;
    size_t joined = leaves;
    size_t end = leaves;
    unsigned deepest = 0;
    while (end < 2 * leaves - 1) {
        size_t first = lighter(nodes, &leaf, leaves, &joined, end);
        size_t second = lighter(nodes, &leaf, leaves, &joined, end);
        nodes[end] = (struct node){ .weight = nodes[first].weight + nodes[second].weight };
        nodes[first].parent = (uint16_t)end;
        nodes[second].parent = (uint16_t)end;
        end++;
    }
    depths[end - 1] = 0;
    for (size_t i = end - 1; i-- > 0;) {
        depths[i] = (uint8_t)(depths[nodes[i].parent] + 1);
        if (i < leaves) {
            sizes[nodes[i].number] = depths[i];
            deepest = depths[i] > deepest ? depths[i] : deepest;
        }
    }
    return deepest;
}

/* How many classes there are: numbers end with 32 bits, and then there is the escape. */
static size_t classes_count(unsigned sharp)
{
    size_t count = (size_t)(CODE_NUMBER_BITS + 1 - sharp) << sharp;
    return count < CODE_ESCAPE ? count : CODE_ESCAPE;
}

static uint64_t weight_of(const struct code_counts *counts, size_t number)
{
    uint64_t weight = (uint64_t)counts->of[number] * SELF_WEIGHT;
    for (size_t apart = 1; apart <= NEAR_MAX; apart++) {
        uint64_t below = number >= apart ? counts->of[number - apart] : 0;
        uint64_t above = number + apart < CODE_ESCAPE ? counts->of[number + apart] : 0;
        weight += (below + above > 0 ? NEAR_WEIGHT : 0) + (below + above) / SELF_WEIGHT;
    }
    return weight;
}

static size_t leaves_make(const struct code_counts *counts, size_t classes, struct node *nodes)
{
    size_t leaves = 0;
    uint64_t sum = 0;
    for (size_t i = 0; i < classes; i++) {
        uint64_t weight = weight_of(counts, i);
        if (weight > 0) {
            nodes[leaves] = (struct node){ .weight = weight, .number = (uint16_t)i };
            leaves++;
            sum += weight;
        }
    }
    uint64_t escape = (uint64_t)counts->of[CODE_ESCAPE] * SELF_WEIGHT + sum / ESCAPE_SELDOM + 1;
    nodes[leaves] = (struct node){ .weight = escape, .number = CODE_ESCAPE };
    if (leaves == 0) { /* a code has two classes at least */
        leaves++;
        nodes[leaves] = (struct node){ .weight = 1, .number = 0 };
    }
    return leaves + 1;
}

/* Where a size is too large, weights are made more alike until none is. */
static void weights_flatten(struct node *nodes, size_t leaves)
{
    for (size_t i = 0; i < leaves; i++) {
        nodes[i].weight = nodes[i].weight / 2 + 1;
    }
}

/* ---- bits ---- */

static unsigned reversed(unsigned bits, unsigned size)
{
    unsigned turned = 0;
    for (unsigned i = 0; i < size; i++) {
        turned |= (bits >> i & 1) << (size - 1 - i);
    }
    return turned;
}

/* Codes of one size are numbers that follow each other, by class; those of the next size follow
 * them. Returns whether each row of bits has one meaning. */
static bool bits_give(const uint8_t *sizes, uint16_t *ret_bits)
{
    unsigned next[CODE_BITS_MAX + 1];
    unsigned of_size[CODE_BITS_MAX + 1] = { 0 };
    unsigned end = 0;
    for (size_t i = 0; i < CODE_CLASSES; i++) {
        of_size[sizes[i]]++;
    }
    for (unsigned size = 1; size <= CODE_BITS_MAX; size++) {
        next[size] = end << 1;
        end = next[size] + of_size[size];
        if (end > 1U << size) {
            return false;
        }
    }
    for (size_t i = 0; i < CODE_CLASSES && end == CODE_TABLE_SIZE; i++) {
        if (sizes[i] > 0) {
            ret_bits[i] = (uint16_t)reversed(next[sizes[i]], sizes[i]);
            next[sizes[i]]++;
        }
    }
    return end == CODE_TABLE_SIZE;
}

void code_make(const struct code_counts *counts, unsigned sharp, struct code *ret)
{
    struct node nodes[NODES_MAX];
    *ret = (struct code){ 0 };
    size_t leaves = leaves_make(counts, classes_count(sharp), nodes);
    qsort(nodes, leaves, sizeof nodes[0], compare_nodes);
    while (sizes_find(nodes, leaves, ret->sizes) > CODE_BITS_MAX) {
        weights_flatten(nodes, leaves);
    }
    must(bits_give(ret->sizes, ret->bits));
}

static unsigned rest_bits_of(unsigned number, unsigned sharp)
{
    if (number == CODE_ESCAPE) {
        return CODE_NUMBER_BITS;
    }
    return number >> sharp > 1 ? (number >> sharp) - 1 : 0;
}

uint64_t code_cost(const struct code *code, const struct code_counts *counts, unsigned sharp)
{
    uint64_t cost = 0;
    const unsigned escaped = code->sizes[CODE_ESCAPE] + (unsigned)CODE_NUMBER_BITS;
    for (unsigned i = 0; i < CODE_ESCAPE; i++) {
        unsigned size = code->sizes[i];
        cost += (uint64_t)counts->of[i] * (size == 0 ? escaped : size + rest_bits_of(i, sharp));
    }
    return cost + (uint64_t)counts->of[CODE_ESCAPE] * escaped;
}

void code_add(struct buf *buf, const struct code *code)
{
    size_t told = CODE_ESCAPE;
    while (told > 0 && code->sizes[told - 1] == 0) {
        told--;
    }
    buf_add_byte(buf, (uint8_t)told);
    for (size_t i = 0; i <= told; i += 2) {
        unsigned low = i < told ? code->sizes[i] : code->sizes[CODE_ESCAPE];
        unsigned high = i + 1 < told    ? code->sizes[i + 1]
                        : i + 1 == told ? code->sizes[CODE_ESCAPE]
                                        : 0;
        buf_add_byte(buf, (uint8_t)(low | high << NIBBLE_BITS));
    }
}

/* ---- reading ---- */

static void table_fill(const struct code *code, unsigned sharp, struct code_table *ret)
{
    for (unsigned i = 0; i < CODE_CLASSES; i++) {
        const unsigned size = code->sizes[i];
        const unsigned rest = rest_bits_of(i, sharp);
        const uint32_t step = (size + rest) | size << CODE_STEP_CODE_SHIFT |
                              rest << CODE_STEP_REST_SHIFT | i << CODE_STEP_CLASS_SHIFT;
        for (unsigned at = code->bits[i]; size > 0 && at < CODE_TABLE_SIZE; at += 1U << size) {
            ret->steps[at] = step;
        }
    }
}

void code_read(struct wire_reader *r, unsigned sharp, struct code_table *ret)
{
    struct code code = { 0 };
    size_t told = wire_u8(r);
    struct span nibbles = wire_take(r, told / 2 + 1);
    if (r->err != ERR_OK) {
        return;
    }
    for (size_t i = 0; i <= told; i++) {
        unsigned byte = nibbles.data[i / 2];
        unsigned size = i % 2 == 0 ? byte & NIBBLE_MASK : byte >> NIBBLE_BITS;
        size_t number = i < told ? i : CODE_ESCAPE;
        bool known = number < classes_count(sharp) || number == CODE_ESCAPE || size == 0;
        bool fits = known && size <= CODE_BITS_MAX;
        r->err = fits ? r->err : ERR_FORMAT;
        code.sizes[number] = (uint8_t)size;
    }
    if (r->err == ERR_OK && bits_give(code.sizes, code.bits)) {
        table_fill(&code, sharp, ret);
    } else {
        r->err = ERR_FORMAT;
    }
}
