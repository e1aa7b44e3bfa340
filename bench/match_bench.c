// SPDX-License-Identifier: EUPL-1.2
/*
 * The matcher's figures: bytes per indicator, time to build and to open, nanoseconds per probe for
 * values that are in the image and for values that are not, at 10 thousand, 1 million and 10
 * million mixed indicators; and the same for URLs and names where some indicators reach further
 * than one value. The values are made up from a seed; their kinds and lengths follow public lists.
 *
 *   match_bench [COUNT...]
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <time.h>

#include "base/must.h"
#include "match/image.h"

enum {
    BLOCK = 1024,  /* observed values made at a time */
    BLOCKS = 1024, /* a million values in a measurement; the median block counts */
    ROUNDS = 3,    /* the best one counts */
    CANDIDATES_MAX = 2 * MATCH_BATCH_CANDIDATES_MAX,
    OP_MEMORY_MAX = 1 << 20,
    TEXT_SIZE = 256,
    NS_PER_S = 1000000000,
};

static uint64_t now_ns(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * NS_PER_S + (uint64_t)now.tv_nsec;
}

static double milliseconds_since(uint64_t begin)
{
    return (double)(now_ns() - begin) / 1e6;
}

/* SplitMix64: the value of a number is the same in every run. */
static uint64_t mix(uint64_t number)
{
    number += 0x9E3779B97F4A7C15u;
    number = (number ^ (number >> 30)) * 0xBF58476D1CE4E5B9u;
    number = (number ^ (number >> 27)) * 0x94D049BB133111EBu;
    return number ^ (number >> 31);
}

static size_t letters_make(uint64_t seed, size_t count, uint8_t *text)
{
    for (size_t i = 0; i < count; i++) {
        text[i] = (uint8_t)('a' + mix(seed + i) % 26); /* letters of the alphabet */
    }
    return count;
}

static size_t domain_make(uint64_t seed, uint8_t *text)
{
    static const char *const ends[] = { ".com", ".example", ".org", ".co.uk", ".net", ".info" };
    size_t size = 0;
    if (mix(seed) % 2 == 0) {
        size += letters_make(seed + 1000, 3 + mix(seed + 1) % 6, text);
        text[size] = '.';
        size++;
    }
    size += letters_make(seed + 2000, 5 + mix(seed + 2) % 12, text + size);
    struct span end = span_of(ends[mix(seed + 3) % 6]);
    span_copy(text + size, TEXT_SIZE - size, end);
    return size + end.size;
}

static size_t bytes_make(uint64_t seed, size_t count, uint8_t *bytes)
{
    for (size_t i = 0; i < count; i++) {
        bytes[i] = (uint8_t)(mix(seed + i / 8) >> i % 8 * 8);
    }
    return count;
}

static struct span value_make(enum value_kind kind, uint64_t number, uint8_t *key)
{
    uint64_t seed = mix(number) + (uint64_t)kind;
    size_t size = 0;
    switch (kind) {
    case VALUE_IPV4:
        size = bytes_make(seed, VALUE_IPV4_SIZE, key);
        break;
    case VALUE_IPV6:
        size = bytes_make(seed, VALUE_IPV6_SIZE, key);
        key[0] = 0x20;
        break;
    case VALUE_CIDR: /* a /24 */
        bytes_make(seed, VALUE_CIDR_IPV4_SIZE, key);
        key[0] = 4;
        key[1] = 24;
        key[5] = 0;
        size = VALUE_CIDR_IPV4_SIZE;
        break;
    case VALUE_DOMAIN:
        size = domain_make(seed, key);
        break;
    case VALUE_URL:
        size = domain_make(seed, key);
        key[size] = '/';
        size += 1 + letters_make(seed + 4000, 5 + mix(seed + 5) % 40, key + size + 1);
        break;
    case VALUE_EMAIL:
        size = letters_make(seed + 4000, 8, key);
        key[size] = '@';
        size += 1 + domain_make(seed, key + size + 1);
        break;
    default:
        size = bytes_make(seed, kind == VALUE_SHA256 ? 32 : kind == VALUE_SHA1 ? 20 : 16, key);
        break;
    }
    return span_make(key, size);
}

/* The mix: of a hundred indicators so many of each kind. */
static enum value_kind kind_of(uint64_t number)
{
    static const unsigned shares[VALUE_KIND_COUNT] = {
        [VALUE_IPV4] = 25,   [VALUE_IPV6] = 2,    [VALUE_CIDR] = 3,
        [VALUE_DOMAIN] = 35, [VALUE_URL] = 13,    [VALUE_MD5] = 5,
        [VALUE_SHA1] = 3,    [VALUE_SHA256] = 12, [VALUE_EMAIL] = 2,
    };
    unsigned left = (unsigned)(mix(number + 77) % 100);
    enum value_kind kind = VALUE_IPV4;
    while (left >= shares[kind]) {
        left -= shares[kind];
        kind++;
    }
    return kind;
}

static void indicators_add(struct match_builder *builder, uint64_t count)
{
    uint8_t key[TEXT_SIZE];
    const struct match_origin origin = { .source_id = SPAN("identity--bench"),
                                         .source = SPAN("bench"),
                                         .set = SPAN("made up") };
    uint16_t number;
    must(match_builder_origin(builder, &origin, &number) == ERR_OK);
    for (uint64_t i = 0; i < count; i++) {
        const enum value_kind kind = kind_of(i);
        const struct match_indicator indicator = {
            .value = { .kind = kind, .key = value_make(kind, i, key) },
            .scope = kind == VALUE_DOMAIN ? VALUE_SCOPE_SUBDOMAINS : VALUE_SCOPE_EXACT,
            .origin = number,
            .has_uuid = i % 20 == 0, /* one in twenty is a STIX object */
            .valid_from_us = TIME_US_NONE,
            .valid_until_us = TIME_US_NONE,
        };
        must(match_builder_add(builder, &indicator) == ERR_OK);
    }
}

/* Indicators that reach further than one value: URLs by each of their scopes, and patterns. */
struct further {
    const char *name;
    unsigned urls;     /* of each scope of URLs */
    unsigned patterns; /* of URLs and of domains */
};

static void further_one(struct match_builder *builder, enum value_kind kind, enum value_scope scope,
                        struct span key)
{
    const struct match_indicator indicator = { .value = { .kind = kind, .key = key },
                                               .scope = scope,
                                               .valid_from_us = TIME_US_NONE,
                                               .valid_until_us = TIME_US_NONE };
    must(match_builder_add(builder, &indicator) == ERR_OK);
}

static void further_add(struct match_builder *builder, const struct further *further)
{
    uint8_t key[TEXT_SIZE];
    struct buf text;
    buf_init(&text, TEXT_SIZE);
    for (unsigned i = 0; i < further->urls; i++) {
        const struct span url = value_make(VALUE_URL, mix(i), key);
        further_one(builder, VALUE_URL, VALUE_SCOPE_PREFIX, url);
        further_one(builder, VALUE_URL, VALUE_SCOPE_ANY_QUERY, url);
        further_one(builder, VALUE_URL, VALUE_SCOPE_CASELESS, url);
    }
    for (unsigned i = 0; i < further->patterns; i++) {
        buf_clear(&text);
        buf_add_format(&text, "^https?://[^/]+/w%08x/[a-z]+\\.php", (unsigned)mix(i));
        further_one(builder, VALUE_URL, VALUE_SCOPE_REGEX, buf_span(&text));
        buf_clear(&text);
        buf_add_format(&text, "%%-%08x.example", (unsigned)mix(i));
        further_one(builder, VALUE_DOMAIN, VALUE_SCOPE_LIKE, buf_span(&text));
    }
    buf_done(&text);
}

/* What making the values alone costs, to be taken off the time of building. */
static double values_ms(uint64_t count)
{
    uint8_t key[TEXT_SIZE];
    uint64_t begin = now_ns();
    size_t total = 0;
    for (uint64_t i = 0; i < count; i++) {
        total += value_make(kind_of(i), i, key).size;
    }
    must(total > 0);
    return milliseconds_since(begin);
}

static struct match_image *image_make(struct op *op, uint64_t count, const struct further *further,
                                      struct span *ret_bytes)
{
    struct hash_secret secret;
    bytes_make(now_ns(), sizeof secret.bytes, secret.bytes);
    struct match_builder *builder = NULL;
    struct buf buf;
    double making_ms = values_ms(count);
    uint64_t begin = now_ns();
    must(match_builder_new(op, &secret, 0, &builder) == ERR_OK);
    indicators_add(builder, count);
    further_add(builder, further);
    double add_ms = milliseconds_since(begin) - making_ms;
    begin = now_ns();
    must(match_builder_finish(builder, &buf) == ERR_OK);
    double finish_ms = milliseconds_since(begin);
    match_builder_free(builder);

    /* As a map of a file lies: at the start of a page. */
    void *map = mmap(NULL, buf.size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    must(map != MAP_FAILED);
    span_copy(map, buf.size, buf_span(&buf));
    *ret_bytes = span_make(map, buf.size);
    buf_done(&buf);
    struct match_image *image = NULL;
    begin = now_ns();
    must(match_image_open(op, *ret_bytes, &image) == ERR_OK);
    double open_ms = milliseconds_since(begin);

    struct rusage usage;
    getrusage(RUSAGE_SELF, &usage);
    printf("%9" PRIu64 " indicators%s: %6.1f MB, %.1f bytes each beyond %.1f of text; add %.0f ms, "
           "finish %.0f ms, open %.1f ms; peak of the process %ld MB\n",
           count, further->name, (double)ret_bytes->size / 1e6,
           (double)(ret_bytes->size - image->text.size) / (double)count,
           (double)image->text.size / (double)count, add_ms, finish_ms, open_ms,
           usage.ru_maxrss / 1024);
    return image;
}

/* Values of a kind that are in the image, or that are not. They are made a block at a time, outside
 * the time that is measured, so that they are in the cache as a parser leaves them. */
struct values {
    enum value_kind kind;
    bool hit;
    uint64_t indicator_count;
    struct span keys[BLOCK];
    uint8_t text[BLOCK * TEXT_SIZE];
};

static void values_make(struct values *values, uint64_t block)
{
    size_t at = 0;
    for (uint64_t i = 0; i < BLOCK; i++) {
        uint64_t number = mix(block * BLOCK + i) % values->indicator_count;
        while (values->hit && kind_of(number) != values->kind) {
            number = (number + 1) % values->indicator_count;
        }
        number += values->hit ? 0 : (uint64_t)1 << 40; /* beyond all indicators */
        values->keys[i] = value_make(values->kind, number, values->text + at);
        at += values->keys[i].size;
    }
}

static double probes_per_value(const struct match_image *image, const struct values *values)
{
    static uint32_t candidates[CANDIDATES_MAX];
    static struct match_batch batch;
    size_t probes = 0;
    for (size_t i = 0; i < BLOCK; i++) {
        match_batch_begin(&batch, image, candidates, CANDIDATES_MAX);
        match_batch_add(&batch, values->kind, values->keys[i], 0);
        probes += batch.count;
    }
    return (double)probes / BLOCK;
}

static double filter_rate(const struct match_image *image, const struct values *values)
{
    size_t passed = 0;
    for (size_t i = 0; i < BLOCK; i++) {
        uint64_t hash = match_hash(&image->hasher, values->kind, values->keys[i]);
        passed += match_filter_has(image, hash) ? 1 : 0;
    }
    return (double)passed / BLOCK;
}

struct figures {
    double batch_ns;
    double find_ns;
    double candidates;
    double found;
    double probes;
    double filter;
};

/* One block through the batch, as a reader of logs does it. */
static size_t block_probe(struct match_batch *batch, const struct values *values)
{
    size_t candidates = 0;
    for (uint32_t i = 0; i < BLOCK; i++) {
        match_batch_add(batch, values->kind, values->keys[i], i);
        if (batch->candidate_count > CANDIDATES_MAX - MATCH_BATCH_CANDIDATES_MAX) {
            candidates += batch->candidate_count;
            batch->candidate_count = 0;
        }
    }
    return candidates;
}

static size_t block_find(const struct match_image *image, const struct values *values)
{
    static struct match_found found[MATCH_FOUND_COUNT_MAX];
    size_t total = 0;
    for (size_t i = 0; i < BLOCK; i++) {
        bool cut = false;
        total += match_find(image, values->kind, values->keys[i], found, &cut);
    }
    return total;
}

static int number_order(const void *left, const void *right)
{
    const double a = *(const double *)left;
    const double b = *(const double *)right;
    return (a > b) - (a < b);
}

/* Of all blocks the median, so that what else the machine does counts little. */
static double median(double *numbers, size_t count)
{
    qsort(numbers, count, sizeof *numbers, number_order);
    return numbers[count / 2];
}

static struct figures figures_take(const struct match_image *image, struct values *values)
{
    static uint32_t candidates[CANDIDATES_MAX];
    static struct match_batch batch;
    static double batch_ns[BLOCKS];
    static double find_ns[BLOCKS];
    struct figures figures = { 0 };
    match_batch_begin(&batch, image, candidates, CANDIDATES_MAX);
    for (uint64_t block = 0; block < BLOCKS; block++) {
        values_make(values, block);
        uint64_t begin = now_ns();
        figures.candidates += (double)block_probe(&batch, values);
        batch_ns[block] = (double)(now_ns() - begin) / BLOCK;
        figures.probes += probes_per_value(image, values) / BLOCKS;
        figures.filter += filter_rate(image, values) / BLOCKS;
    }
    figures.candidates += (double)batch.candidate_count;
    for (uint64_t block = 0; block < BLOCKS; block++) {
        values_make(values, BLOCKS + block);
        uint64_t begin = now_ns();
        figures.found += (double)block_find(image, values);
        find_ns[block] = (double)(now_ns() - begin) / BLOCK;
    }
    figures.batch_ns = median(batch_ns, BLOCKS);
    figures.find_ns = median(find_ns, BLOCKS);
    return figures;
}

static void values_measure(const struct match_image *image, struct values *values, const char *kind)
{
    const double all = (double)BLOCKS * BLOCK;
    const struct figures figures = figures_take(image, values);
    printf("  %-6s %-6s %5.1f ns a probe, %5.1f ns a value of %.2f probes; candidates %8.4f%%, "
           "filter passes %6.2f%%; match_find() %.0f ns, %.3f found\n",
           kind, values->hit ? "hits" : "misses",
           figures.probes > 0 ? figures.batch_ns / figures.probes : 0, figures.batch_ns,
           figures.probes, 100 * figures.candidates / all, 100 * figures.filter, figures.find_ns,
           figures.found / all);
}

static void measure_with(uint64_t count, const struct further *further)
{
    static const struct {
        enum value_kind kind;
        const char *name;
        bool further; /* what reaches further changes it */
    } kinds[] = {
        { VALUE_IPV4, "ipv4", false },     { VALUE_IPV6, "ipv6", false },
        { VALUE_DOMAIN, "domain", true },  { VALUE_URL, "url", true },
        { VALUE_SHA256, "sha256", false },
    };
    static struct values values;
    const struct actor actor = { .name = SPAN("bench") };
    struct op op;
    op_begin(&op, &actor, OP_MEMORY_MAX);
    struct span bytes;
    struct match_image *image = image_make(&op, count, further, &bytes);
    values.indicator_count = count;
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
        if (further->name[0] != 0 && !kinds[i].further) {
            continue;
        }
        values.kind = kinds[i].kind;
        values.hit = false;
        values_measure(image, &values, kinds[i].name);
        values.hit = true;
        values_measure(image, &values, kinds[i].name);
    }
    match_image_close(image);
    munmap((void *)(uintptr_t)bytes.data, bytes.size);
    op_end(&op);
}

static void measure(uint64_t count)
{
    static const struct further furthers[] = {
        { "", 0, 0 },
        { " and 300 URLs with scopes", 100, 0 },
        { " and 20 patterns", 0, 10 },
        { " and 200 patterns", 0, 100 },
        { " and 1000 patterns", 0, 500 },
    };
    for (size_t i = 0; i < sizeof furthers / sizeof furthers[0]; i++) {
        measure_with(count, &furthers[i]);
    }
}

int main(int argc, char **argv)
{
    static const uint64_t counts[] = { 10000, 1000000, 10000000 };
    if (argc < 2) {
        for (size_t i = 0; i < sizeof counts / sizeof counts[0]; i++) {
            measure(counts[i]);
        }
        return 0;
    }
    for (int i = 1; i < argc; i++) {
        uint64_t count = 0;
        if (span_to_u64(span_of(argv[i]), &count) != ERR_OK || count == 0 ||
            count > MATCH_INDICATOR_COUNT_MAX) {
            fprintf(stderr, "usage: match_bench [COUNT...]\n");
            return 2;
        }
        measure(count);
    }
    return 0;
}
