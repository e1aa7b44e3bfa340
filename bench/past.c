// SPDX-License-Identifier: EUPL-1.2
/*
 * Values come in the order of segments, each with all its rows; those go to the segments of their
 * hours, which are all written at the same time.
 */
#include "bench/past.h"

#include <stdio.h>
#include <stdlib.h>

#include "history/history.h"

enum {
    ROWS_MAX = 100,
    POSTINGS_MAX = 12,
    LINES_MAX = 150,
    LINES_OFTEN = 12, /* one posting in so many that are of more lines than one is of many */
    VALUE_HOURS_APART = 48,
    STRANGERS_MAX = PAST_QUESTIONS,
    OP_MEMORY_MAX = 1024 * 1024 * 1024,
    TABLE_FLUSH_SIZE = 1 << 20,
    PATH_SIZE_MAX = 4096,
    /* Keys of a filter in percent of its rows: what merging finds by the filters of its sources.
     * The largest segment has more rows of the same values. */
    KEYS_PERCENT = 75,
    KEYS_PERCENT_LARGEST = 66,
    HASH_PERCENT = 10, /* of all values; half of them URLs, half digests */
};

/* How often a value comes within an hour: what the shared logs show (docs/BENCH.md). In percent:
 * that one more host or field follows, that it is the same host, that one more line follows. */
struct repetition {
    unsigned more_percent;
    unsigned same_percent;
    unsigned line_percent;
};

struct kind_plan {
    enum value_kind kind;
    unsigned percent; /* of all values, and of all questions */
    struct repetition repetition;
};

static const struct kind_plan plans[] = {
    { VALUE_IPV4, 36, { 56, 14, 60 } },   { VALUE_IPV6, 4, { 56, 14, 60 } },
    { VALUE_DOMAIN, 40, { 64, 14, 60 } }, { VALUE_URL, HASH_PERCENT, { 20, 14, 30 } },
    { VALUE_MD5, 2, { 10, 0, 30 } },      { VALUE_SHA256, 8, { 10, 0, 30 } },
};

struct past {
    struct op op;
    struct bench_random random;
    const struct past_options *options;
    struct disk *disk;
    struct manifest manifest;
    struct manifest_segment segments[PAST_SEGMENTS];
    struct disk_file *files[PAST_SEGMENTS];
    struct segment_writer *writers[PAST_SEGMENTS];
    uint32_t ends[PAST_SEGMENTS]; /* hours */
    FILE *table;
    struct buf lines; /* of the table */
    FILE *questions;
    struct buf question;
    size_t stranger_count;
    uint8_t strangers[STRANGERS_MAX][VALUE_IPV4_SIZE]; /* addresses that nobody saw; sorted */
    struct history_row rows[ROWS_MAX];
    struct history_posting postings[ROWS_MAX * POSTINGS_MAX];
};

/* ---- rows ---- */

static size_t few(struct bench_random *random, unsigned percent, size_t max)
{
    size_t count = 1;
    while (count < max && bench_random_below(random, 100) < percent) {
        count++;
    }
    return count;
}

/* Some hosts are busy: a tenth of them has 56 % of all postings (54 % in the shared logs). */
static uint32_t host_draw(struct bench_random *random)
{
    double share = (double)bench_random_below(random, 1 << 30) / (1 << 30);
    return 1 + (uint32_t)(PAST_HOSTS * (share * share) * (share * share));
}

static int compare_postings(const void *left, const void *right)
{
    const struct history_posting *a = left;
    const struct history_posting *b = right;
    return a->host != b->host ? (a->host > b->host) - (a->host < b->host)
                              : (a->way > b->way) - (a->way < b->way);
}

static void posting_make(struct bench_random *random, const struct repetition *repetition,
                         const struct history_row *row, struct history_posting *ret)
{
    uint32_t first = (uint32_t)bench_random_below(random, HISTORY_HOUR_S);
    uint64_t count = few(random, repetition->line_percent, LINES_MAX);
    if (count > 1 && bench_random_below(random, LINES_OFTEN) == 0) {
        count += bench_random_below(random, LINES_MAX);
    }
    ret->first_s = row->start_s + first;
    ret->last_s = ret->first_s +
                  (count == 1 ? 0 : (uint32_t)bench_random_below(random, HISTORY_HOUR_S - first));
    ret->count = count;
}

/* Hosts and ways are drawn, sorted, and each pair is taken once. */
static size_t postings_make(struct bench_random *random, const struct repetition *repetition,
                            const struct history_row *row, uint32_t home,
                            struct history_posting *ret)
{
    size_t drawn = few(random, repetition->more_percent, POSTINGS_MAX);
    uint32_t host = home;
    for (size_t i = 0; i < drawn; i++) {
        bool same = i == 0 || bench_random_below(random, 100) < repetition->same_percent;
        host = same ? host : host_draw(random);
        uint64_t way = bench_random_below(random, 6) * bench_random_below(random, 5);
        ret[i] = (struct history_posting){ .host = host, .way = (uint32_t)way };
        posting_make(random, repetition, row, &ret[i]);
    }
    qsort(ret, drawn, sizeof *ret, compare_postings);
    size_t count = 1;
    for (size_t i = 1; i < drawn; i++) {
        if (compare_postings(&ret[i], &ret[count - 1]) != 0) {
            ret[count] = ret[i];
            count++;
        }
    }
    return count;
}

/* Three values in four are seen in one hour; the others in some, at the same host or another. */
static size_t rows_make(struct past *past, const struct repetition *repetition)
{
    struct bench_random *random = &past->random;
    const uint32_t end = PAST_FIRST_HOUR + PAST_HOURS;
    size_t wanted = bench_random_below(random, 4) != 0 ? 1 : 1 + few(random, 75, ROWS_MAX - 1);
    size_t count = 0;
    size_t posting = 0;
    uint32_t hour = PAST_FIRST_HOUR + (uint32_t)bench_random_below(random, PAST_HOURS);
    uint32_t home = host_draw(random);
    while (count < wanted && hour < end) {
        struct history_row *row = &past->rows[count];
        *row = (struct history_row){ .start_s = hour * HISTORY_HOUR_S, .width = HISTORY_HOUR };
        row->postings = &past->postings[posting];
        row->posting_count = postings_make(random, repetition, row, home, &past->postings[posting]);
        posting += row->posting_count;
        hour += 1 + (uint32_t)bench_random_below(random, VALUE_HOURS_APART);
        bool stays = bench_random_below(random, 2) == 0;
        home = stays ? home : host_draw(random);
        count++;
    }
    return count;
}

/* ---- the table ---- */

static void value_text_add(struct buf *buf, enum value_kind kind, struct span key)
{
    const struct value value = { .kind = kind, .key = key };
    value_add_text(buf, &value);
}

static void table_flush(struct past *past)
{
    if (past->lines.err != ERR_OK ||
        fwrite(past->lines.data, 1, past->lines.size, past->table) != past->lines.size) {
        bench_fail("cannot write %s", past->options->table);
    }
    buf_clear(&past->lines);
}

/* A line for each posting: kind, value, hour, first, last, count, host. */
static void table_add(struct past *past, enum value_kind kind, struct span key, size_t row_count)
{
    uint8_t bytes[4 * BATCH_KEY_SIZE_MAX];
    struct buf text;
    buf_init(&text, sizeof bytes);
    value_text_add(&text, kind, key);
    for (size_t i = 0; i < row_count; i++) {
        const struct history_row *row = &past->rows[i];
        for (size_t k = 0; k < row->posting_count; k++) {
            const struct history_posting *posting = &row->postings[k];
            buf_add(&past->lines, span_of(value_kind_name(kind)));
            buf_add_byte(&past->lines, '\t');
            buf_add(&past->lines, buf_span(&text));
            const uint64_t numbers[] = { row->start_s / HISTORY_HOUR_S, posting->first_s,
                                         posting->last_s, posting->count, posting->host };
            for (size_t n = 0; n < sizeof numbers / sizeof numbers[0]; n++) {
                buf_add_byte(&past->lines, '\t');
                buf_add_u64(&past->lines, numbers[n]);
            }
            buf_add_byte(&past->lines, '\n');
        }
    }
    buf_done(&text);
    if (past->lines.size > TABLE_FLUSH_SIZE) {
        table_flush(past);
    }
}

/* ---- questions ---- */

static void question_add(struct past *past, bool planted, enum value_kind kind, struct span key)
{
    struct buf *text = &past->question;
    buf_clear(text);
    buf_add(text, planted ? SPAN("1\t") : SPAN("0\t"));
    buf_add(text, span_of(value_kind_name(kind)));
    buf_add(text, kind == VALUE_DOMAIN ? SPAN("\tsubdomains\t") : SPAN("\texact\t"));
    buf_add_hex(text, key);
    buf_add_byte(text, '\t');
    value_text_add(text, kind, key);
    buf_add_byte(text, '\n');
    if (text->err != ERR_OK || fwrite(text->data, 1, text->size, past->questions) != text->size) {
        bench_fail("cannot write the questions");
    }
}

/* No name that is made for a history has a digit behind its words. */
static void stranger_name_add(struct bench_random *random, struct buf *text, size_t number)
{
    buf_add(text, SPAN("update"));
    buf_add_u64(text, number);
    buf_add_byte(text, '-');
    batch_domain_add(random, text, bench_random_below(random, BATCH_PARTS));
}

/* Random bytes as many as a digest has meet nothing that is there. */
static void stranger_add(struct past *past, enum value_kind kind, size_t number)
{
    struct buf text;
    buf_init(&text, BATCH_KEY_SIZE_MAX);
    if (kind == VALUE_DOMAIN || kind == VALUE_URL) {
        stranger_name_add(&past->random, &text, number);
        buf_add(&text, kind == VALUE_URL ? SPAN("/gate.php") : SPAN(""));
    } else {
        size_t size = kind == VALUE_IPV4     ? VALUE_IPV4_SIZE
                      : kind == VALUE_SHA256 ? VALUE_SHA256_SIZE
                                             : VALUE_MD5_SIZE;
        batch_bytes_add(&past->random, &text, size);
    }
    if (kind == VALUE_IPV4) {
        span_copy(past->strangers[past->stranger_count], VALUE_IPV4_SIZE, buf_span(&text));
        past->stranger_count++;
    }
    question_add(past, false, kind, buf_span(&text));
    buf_done(&text);
}

static int compare_addresses(const void *left, const void *right)
{
    return memcmp(left, right, VALUE_IPV4_SIZE);
}

static void strangers_add(struct past *past)
{
    for (size_t i = 0; i < sizeof plans / sizeof plans[0]; i++) {
        size_t count = (size_t)PAST_QUESTIONS * plans[i].percent / 100;
        for (size_t k = 0; k < count - count / PAST_HIT_EVERY; k++) {
            stranger_add(past, plans[i].kind, k);
        }
    }
    qsort(past->strangers, past->stranger_count, VALUE_IPV4_SIZE, compare_addresses);
}

static bool is_stranger(const struct past *past, enum value_kind kind, struct span key)
{
    return kind == VALUE_IPV4 && bsearch(key.data, past->strangers, past->stranger_count,
                                         VALUE_IPV4_SIZE, compare_addresses) != NULL;
}

/* ---- segments ---- */

static void value_write(struct past *past, enum value_kind kind, struct span order,
                        size_t row_count)
{
    size_t at = 0;
    for (size_t i = 0; i < PAST_SEGMENTS; i++) {
        size_t begin = at;
        while (at < row_count && past->rows[at].start_s / HISTORY_HOUR_S < past->ends[i]) {
            at++;
        }
        const struct history_entry entry = {
            .kind = kind, .order = order, .row_count = at - begin, .rows = past->rows + begin
        };
        if (entry.row_count > 0) {
            bench_check(segment_writer_add(&past->op, past->writers[i], &entry), &past->op);
        }
    }
}

/* Whether a domain begins with a label that a machine made: words have no digits. */
static bool is_below(struct span key)
{
    ptrdiff_t dot = span_find(key, '.');
    for (ptrdiff_t i = 0; i < dot; i++) {
        if (key.data[i] >= '0' && key.data[i] <= '9') {
            return true;
        }
    }
    return false;
}

/* Of a domain that is asked for, every other time the domain above it is. */
static void planted_add(struct past *past, const struct kind_plan *plan, struct span key,
                        size_t number)
{
    struct span asked = key;
    if (plan->kind == VALUE_DOMAIN && number % 2 == 0 && is_below(key)) {
        asked = span_from(key, (size_t)span_find(key, '.') + 1);
    }
    question_add(past, true, plan->kind, asked);
}

/* Values of a batch; every so many of them is asked for. */
static void batch_write(struct past *past, const struct kind_plan *plan, const struct batch *batch,
                        size_t hits)
{
    size_t every = hits > 0 ? batch->count / hits : batch->count + 1;
    for (size_t i = 0; i < batch->count; i++) {
        uint8_t key[BATCH_KEY_SIZE_MAX];
        struct span order = batch->keys[i];
        history_order(plan->kind, HISTORY_WHOLE, order, key);
        struct span value = span_make(key, order.size);
        if ((i > 0 && span_equal(order, batch->keys[i - 1])) ||
            is_stranger(past, plan->kind, value)) {
            continue;
        }
        size_t row_count = rows_make(past, &plan->repetition);
        value_write(past, plan->kind, order, row_count);
        if (past->table != NULL) {
            table_add(past, plan->kind, value, row_count);
        }
        if (i % every == every / 2 && i / every < hits) {
            planted_add(past, plan, value, i / every);
        }
    }
}

/* The first value of a batch that comes twice is passed over, and may be asked for by neither: then
 * there is a question less, which no figure hangs on. */
static void kind_write(struct past *past, const struct kind_plan *plan, size_t values)
{
    struct batch batch = { .kind = plan->kind, .planted = true };
    bool parted = plan->kind == VALUE_DOMAIN;
    size_t count = values * plan->percent / 100;
    size_t hits = (size_t)PAST_QUESTIONS * plan->percent / 100 / PAST_HIT_EVERY;
    buf_init(&batch.text, SIZE_MAX / 2);
    for (size_t part = 0; part < (parted ? BATCH_PARTS : 1); part++) {
        unsigned share = parted ? batch_share(part) : 100;
        batch_make(&past->random, &batch, count * share / 100, part);
        batch_write(past, plan, &batch, (hits * share + 50) / 100);
        batch_clear(&batch);
    }
    buf_done(&batch.text);
}

static void names_write(struct past *past, struct segment_writer *writer)
{
    char name[64];
    uint32_t number;
    for (unsigned i = 1; i <= PAST_HOSTS; i++) {
        int size = snprintf(name, sizeof name, "10.%u.%u.%u", i >> 16, i >> 8 & 255, i & 255);
        struct span host = span_make(name, (size_t)size);
        bench_check(segment_writer_host(&past->op, writer, host, &number), &past->op);
    }
    for (unsigned i = 0; i < PAST_WAYS; i++) {
        (void)snprintf(name, sizeof name, "sensor-%u", i);
        const struct history_way way = { .sensor = span_of(name), .field = SPAN("dns.query") };
        bench_check(segment_writer_way(&past->op, writer, &way, &number), &past->op);
    }
}

/* Shares of all hours. */
static const unsigned tiers[PAST_SEGMENTS] = { 64, 8, 8, 8, 8, 1, 1, 1 };

static void segments_begin(struct past *past)
{
    unsigned all = 0;
    unsigned sum = 0;
    for (size_t i = 0; i < PAST_SEGMENTS; i++) {
        all += past->options->even ? 1 : tiers[i];
    }
    for (size_t i = 0; i < PAST_SEGMENTS; i++) {
        char path[64];
        unsigned share = past->options->even ? 1 : tiers[i];
        uint64_t rows = past->options->rows * share / all + BATCH_RANGE;
        uint64_t percent = share > all / 2 ? KEYS_PERCENT_LARGEST : KEYS_PERCENT;
        const struct segment_options options = { &past->manifest.secret, rows * percent / 100,
                                                 SEGMENT_LEVEL_SMALL };
        struct manifest_segment *segment = &past->segments[i];
        sum += share;
        past->ends[i] = PAST_FIRST_HOUR + PAST_HOURS * sum / all;
        segment->number = past->manifest.next_number + i;
        segment->made_s = (PAST_FIRST_HOUR + PAST_HOURS) * HISTORY_HOUR_S;
        (void)snprintf(path, sizeof path, "history/seg-%012llu",
                       (unsigned long long)segment->number);
        struct op *op = &past->op;
        bench_check(disk_file_open(op, past->disk, span_of(path), DISK_CREATE_NEW, &past->files[i]),
                    op);
        bench_check(segment_writer_new(op, past->files[i], &options, &past->writers[i]), op);
        names_write(past, past->writers[i]);
    }
}

static void segments_end(struct past *past)
{
    for (size_t i = 0; i < PAST_SEGMENTS; i++) {
        bench_check(segment_writer_finish(&past->op, past->writers[i], &past->segments[i].facts),
                    &past->op);
        segment_writer_free(past->writers[i]);
        disk_file_close(past->files[i]);
    }
}

/* ---- all of it ---- */

/* A history that is empty has a manifest, which then names the segments. */
static void history_make(struct past *past)
{
    struct history *history;
    struct history_rules rules;
    history_rules_default(&rules);
    const struct history_options options = { .write = true, .rules = &rules };
    struct op *op = &past->op;
    bench_check(history_open(op, past->disk, SPAN("history"), &options, &history, NULL), op);
    history_close(history);
    bench_check(manifest_read(op, past->disk, SPAN("history/manifest"), &past->manifest), op);
}

static FILE *file_new(const char *root, const char *name)
{
    char path[PATH_SIZE_MAX];
    int size = snprintf(path, sizeof path, "%s%s%s", root, name[0] != '\0' ? "/" : "", name);
    FILE *file = size > 0 && size < PATH_SIZE_MAX ? fopen(path, "wbe") : NULL;
    if (file == NULL) {
        bench_fail("cannot make %s/%s", root, name);
    }
    return file;
}

static void file_close(FILE *file)
{
    if (file != NULL && fclose(file) != 0) {
        bench_fail("cannot write what was made");
    }
}

void past_make(const char *root, const struct past_options *options)
{
    static struct past past;
    static const struct actor actor = { .name = { (const uint8_t *)"bench", 5 } };
    past.options = options;
    op_begin(&past.op, &actor, OP_MEMORY_MAX);
    buf_init(&past.lines, 2 * TABLE_FLUSH_SIZE);
    buf_init(&past.question, PATH_SIZE_MAX);
    bench_check(disk_open_real(&past.op, span_of(root), &past.disk), &past.op);
    past.questions = file_new(root, "questions");
    past.table = options->table != NULL ? file_new(options->table, "") : NULL;
    history_make(&past);
    strangers_add(&past);
    segments_begin(&past);
    for (size_t i = 0; i < sizeof plans / sizeof plans[0]; i++) {
        kind_write(&past, &plans[i], options->rows / 2);
    }
    segments_end(&past);
    if (past.table != NULL) {
        table_flush(&past);
    }
    past.manifest.next_number += PAST_SEGMENTS;
    past.manifest.generation++;
    past.manifest.segment_count = PAST_SEGMENTS;
    past.manifest.segments = past.segments;
    bench_check(manifest_write(&past.op, past.disk, SPAN("history/manifest"), &past.manifest),
                &past.op);
    file_close(past.questions);
    file_close(past.table);
    buf_done(&past.lines);
    buf_done(&past.question);
    disk_close(past.disk);
    op_end(&past.op);
}
