// SPDX-License-Identifier: EUPL-1.2
#include "history/hunt.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/memory.h"
#include "base/time.h"
#include "history/hunt_inner.h"
#include "tests/history/shadow.h"

enum {
    NOW = 20000 * HISTORY_DAY_S,
    TEXT_SIZE_MAX = 256,
    QUESTIONS_MAX = 400,
    SEGMENTS_MAX = 3,
};

/* ---- answers, summed up ---- */

struct answer_line {
    uint32_t question;
    enum value_kind kind;
    enum history_form form;
    enum match_rung rung;
    size_t key_size;
    uint8_t key[SHADOW_KEY_SIZE_MAX];
    uint64_t count;
    uint64_t postings;
};

struct answers {
    size_t count;
    size_t room;
    struct answer_line *at;
};

static void answers_add(struct answers *answers, const struct answer_line *line)
{
    if (answers->count == answers->room) {
        answers->room = answers->room * 2 + 64;
        answers->at = memory_resize(answers->at, answers->room * sizeof *answers->at);
        assert_non_null(answers->at);
    }
    answers->at[answers->count] = *line;
    answers->count++;
}

static int compare_lines(const void *left, const void *right)
{
    const struct answer_line *a = left;
    const struct answer_line *b = right;
    const int64_t differences[] = {
        (int64_t)a->question - b->question,
        (int64_t)a->kind - b->kind,
        (int64_t)a->form - b->form,
        (int64_t)a->rung - b->rung,
        span_compare(span_make(a->key, a->key_size), span_make(b->key, b->key_size)),
    };
    for (size_t i = 0; i < sizeof differences / sizeof differences[0]; i++) {
        if (differences[i] != 0) {
            return differences[i] < 0 ? -1 : 1;
        }
    }
    return 0;
}

static void answers_combine(struct answers *answers)
{
    size_t last = 0;
    if (answers->count == 0) {
        return;
    }
    qsort(answers->at, answers->count, sizeof *answers->at, compare_lines);
    for (size_t i = 1; i < answers->count; i++) {
        if (compare_lines(&answers->at[last], &answers->at[i]) == 0) {
            answers->at[last].count += answers->at[i].count;
            answers->at[last].postings += answers->at[i].postings;
        } else {
            last++;
            answers->at[last] = answers->at[i];
        }
    }
    answers->count = last + 1;
}

static void show(const char *what, const struct answer_line *line)
{
    struct buf text;
    buf_init(&text, 4 * SHADOW_KEY_SIZE_MAX);
    history_kept_add_text(&text, line->kind, line->form, span_make(line->key, line->key_size));
    print_message("# %s: question %u %s/%d %.*s %s lines %llu postings %llu\n", what,
                  line->question, value_kind_name(line->kind), (int)line->form,
                  SPAN_FMT(buf_span(&text)), match_rung_name(line->rung),
                  (unsigned long long)line->count, (unsigned long long)line->postings);
    buf_done(&text);
}

static void answers_compare(const struct answers *got, const struct answers *expected)
{
    size_t count = got->count < expected->count ? got->count : expected->count;
    size_t i = 0;
    while (i < count && compare_lines(&got->at[i], &expected->at[i]) == 0 &&
           got->at[i].count == expected->at[i].count &&
           got->at[i].postings == expected->at[i].postings) {
        i++;
    }
    if (i < got->count) {
        show("got", &got->at[i]);
    }
    if (i < expected->count) {
        show("expected", &expected->at[i]);
    }
    assert_int_equal(got->count, expected->count);
    assert_int_equal(i, count);
}

/* ---- a hunt, and the same the naive way ---- */

struct world {
    struct op op;
    struct history_rules rules;
    size_t segment_count;
    struct shadow shadows[SEGMENTS_MAX];
    struct shadow_segment segments[SEGMENTS_MAX];
    size_t question_count;
    struct hunt_question questions[QUESTIONS_MAX];
    uint8_t keys[QUESTIONS_MAX][TEXT_SIZE_MAX];
    struct hunt_options options;
    struct answers got;
    struct hunt_result result;
    uint64_t calls_left; /* then on_found ends the hunt */
    uint64_t damages;
};

static enum err on_found(void *context, const struct hunt_found *found)
{
    struct world *world = context;
    struct answer_line line = { .question = (uint32_t)found->question,
                                .kind = found->kind,
                                .form = found->form,
                                .rung = found->rung,
                                .key_size = found->key.size };
    if (world->calls_left == 0) {
        return ERR_CANCELLED;
    }
    world->calls_left--;
    assert_true(found->row_count > 0);
    span_copy(line.key, sizeof line.key, found->key);
    for (size_t i = 0; i < found->row_count; i++) {
        assert_true(found->rows[i].posting_count > 0);
        for (size_t j = 0; j < found->rows[i].posting_count; j++) {
            line.count += found->rows[i].postings[j].count;
            line.postings++;
        }
    }
    answers_add(&world->got, &line);
    return ERR_OK;
}

static void on_damage(void *context, const char *text)
{
    struct world *world = context;
    assert_true(strlen(text) > 0);
    world->damages++;
}

static void world_begin(struct world *world, size_t segment_count)
{
    *world = (struct world){ .segment_count = segment_count, .calls_left = UINT64_MAX };
    testing_op_begin(&world->op);
    history_rules_default(&world->rules);
    world->rules.hash_secret_known = true;
    world->options = (struct hunt_options){
        .until_s = UINT32_MAX, .on_found = on_found, .on_damage = on_damage, .context = world
    };
}

static void world_write(struct world *world)
{
    for (size_t i = 0; i < world->segment_count; i++) {
        shadow_combine(&world->shadows[i]);
        shadow_write(&world->op, &world->shadows[i], &world->segments[i]);
    }
}

static enum err world_ask(struct world *world)
{
    const struct segment *segments[SEGMENTS_MAX];
    const struct hunt_questions questions = { .count = world->question_count,
                                              .at = world->questions };
    for (size_t i = 0; i < world->segment_count; i++) {
        segments[i] = world->segments[i].segment;
    }
    const struct hunt_sources sources = { .segments = segments,
                                          .count = world->segment_count,
                                          .rules = &world->rules };
    world->got.count = 0;
    world->damages = 0;
    enum err err = hunt_segments(&world->op, &sources, &questions, &world->options, &world->result);
    answers_combine(&world->got);
    return err;
}

static void world_end(struct world *world)
{
    for (size_t i = 0; i < world->segment_count; i++) {
        shadow_segment_done(&world->segments[i]);
        shadow_done(&world->shadows[i]);
    }
    memory_free(world->got.at);
    op_end(&world->op);
}

static void question_add(struct world *world, enum value_kind kind, enum value_scope scope,
                         struct span key)
{
    size_t number = world->question_count;
    assert_true(number < QUESTIONS_MAX);
    span_copy(world->keys[number], TEXT_SIZE_MAX, key);
    world->questions[number] = (struct hunt_question){
        .value = { .kind = kind, .key = span_make(world->keys[number], key.size) },
        .scope = scope,
    };
    world->question_count++;
}

static struct shadow_posting seen(enum value_kind kind, struct span key, uint32_t second)
{
    struct shadow_posting posting = { .kind = kind,
                                      .key_size = key.size,
                                      .start_s = history_span_start(HISTORY_HOUR, second),
                                      .first_s = second,
                                      .last_s = second,
                                      .count = 1 };
    span_copy(posting.key, sizeof posting.key, key);
    (void)snprintf(posting.host, sizeof posting.host, "10.0.0.1");
    return posting;
}

static void seen_add(struct world *world, size_t segment, enum value_kind kind, const char *text)
{
    struct value_buf *bytes = test_malloc(sizeof *bytes);
    struct value value;
    check_err(value_parse(kind, span_of(text), bytes, &value), ERR_OK);
    const struct shadow_posting posting = seen(kind, value.key, NOW);
    shadow_add(&world->shadows[segment], &posting);
    test_free(bytes);
}

/* An index of all questions, in their order. */
struct naive {
    struct buf bytes;
    struct match_image *image;
    struct match_found found[MATCH_FOUND_COUNT_MAX];
};

static struct naive *naive_new(struct world *world)
{
    struct naive *naive = memory_new(sizeof *naive);
    const struct hash_secret secret = shadow_secret();
    const struct match_origin origin = { .source = SPAN("test") };
    struct match_builder *builder;
    uint16_t number;
    check_err(match_builder_new(&world->op, &secret, 0, &builder), ERR_OK);
    check_err(match_builder_origin(builder, &origin, &number), ERR_OK);
    for (size_t i = 0; i < world->question_count; i++) {
        const struct match_indicator indicator = { .value = world->questions[i].value,
                                                   .scope = world->questions[i].scope,
                                                   .valid_from_us = TIME_US_NONE,
                                                   .valid_until_us = TIME_US_NONE };
        check_err(match_builder_add(builder, &indicator), ERR_OK);
    }
    check_err(match_builder_finish(builder, &naive->bytes), ERR_OK);
    check_err(match_image_open(&world->op, buf_span(&naive->bytes), &naive->image), ERR_OK);
    match_builder_free(builder);
    return naive;
}

static void naive_free(struct naive *naive)
{
    match_image_close(naive->image);
    buf_done(&naive->bytes);
    memory_free(naive);
}

/* Whether a question is answered by what is kept of a value that is not whole. */
static bool kept_meets(const struct world *world, const struct hunt_question *question,
                       const struct shadow_posting *posting, enum match_rung *ret_rung)
{
    uint8_t bytes[HISTORY_ORDER_SIZE_MAX];
    struct history_kept kept;
    bool truncated = posting->form == HISTORY_TRUNCATED;
    struct span key = question->value.key;
    if (question->value.kind == VALUE_CIDR) {
        bool four = key.data[0] == 4;
        unsigned bits = key.data[1];
        bits = four && bits > HISTORY_TRUNCATE_IPV4 ? HISTORY_TRUNCATE_IPV4 : bits;
        bits = !four && bits > HISTORY_TRUNCATE_IPV6 ? HISTORY_TRUNCATE_IPV6 : bits;
        *ret_rung = MATCH_RUNG_RANGE;
        bool same = truncated && posting->kind == (four ? VALUE_IPV4 : VALUE_IPV6);
        for (unsigned bit = 0; same && bit < bits; bit++) {
            same = ((key.data[2 + bit / 8] ^ posting->key[bit / 8]) << bit % 8 & 0x80) == 0;
        }
        return same;
    }
    *ret_rung = MATCH_RUNG_EXACT;
    bool pattern = question->scope == VALUE_SCOPE_LIKE || question->scope == VALUE_SCOPE_REGEX;
    if (pattern || question->value.kind != posting->kind ||
        (!truncated && question->scope == VALUE_SCOPE_SUBDOMAINS_ONLY)) {
        return false;
    }
    check_err(history_keep_value(&world->rules, posting->kind, key,
                                 truncated ? HISTORY_KEEP_TRUNCATED : HISTORY_KEEP_HASHED, bytes,
                                 &kept),
              ERR_OK);
    return span_equal(kept.key, span_make(posting->key, posting->key_size));
}

static void naive_posting(struct world *world, struct naive *naive,
                          const struct shadow_posting *posting, struct answers *expected)
{
    struct answer_line line = { .kind = posting->kind,
                                .form = posting->form,
                                .key_size = posting->key_size,
                                .count = posting->count,
                                .postings = 1 };
    bool cut = false;
    memcpy(line.key, posting->key, posting->key_size);
    if (posting->last_s < world->options.since_s || posting->first_s > world->options.until_s ||
        (world->options.sensor.size > 0 &&
         !span_equal(world->options.sensor, shadow_ways[posting->way].sensor))) {
        return;
    }
    if (posting->form == HISTORY_WHOLE) {
        size_t count = match_find(naive->image, posting->kind,
                                  span_make(posting->key, posting->key_size), naive->found, &cut);
        for (size_t i = 0; i < count; i++) {
            line.question = naive->found[i].indicator;
            line.rung = naive->found[i].rung;
            answers_add(expected, &line);
        }
        assert_false(cut);
        return;
    }
    for (size_t i = 0; i < world->question_count; i++) {
        if (kept_meets(world, &world->questions[i], posting, &line.rung)) {
            line.question = (uint32_t)i;
            answers_add(expected, &line);
        }
    }
}

static void world_check(struct world *world)
{
    struct naive *naive = naive_new(world);
    struct answers expected = { 0 };
    for (size_t i = 0; i < world->segment_count; i++) {
        for (size_t j = 0; j < world->shadows[i].count; j++) {
            naive_posting(world, naive, &world->shadows[i].at[j], &expected);
        }
    }
    answers_combine(&expected);

    check_err(world_ask(world), ERR_OK);

    answers_compare(&world->got, &expected);
    assert_int_equal(world->result.damaged, 0);
    memory_free(expected.at);
    naive_free(naive);
}

/* ---- single ones ---- */

TEST(a_domain_is_found_with_the_names_below_it_and_not_with_those_that_only_look_so)
{
    struct world *world = test_malloc(sizeof *world);
    world_begin(world, 1);
    static const char *const names[] = { "example.com",   "a.example.com", "b.a.example.com",
                                         "x-example.com", "xexample.com",  "com",
                                         "example.org" };
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        seen_add(world, 0, VALUE_DOMAIN, names[i]);
    }
    for (uint32_t i = 0; i < 1000; i++) { /* so many that it pays to look up */
        char name[32];
        (void)snprintf(name, sizeof name, "n%u.example.net", i);
        seen_add(world, 0, VALUE_DOMAIN, name);
    }
    world_write(world);
    question_add(world, VALUE_DOMAIN, VALUE_SCOPE_SUBDOMAINS, SPAN("example.com"));

    check_err(world_ask(world), ERR_OK);

    assert_int_equal(world->got.count, 3);
    check_span(span_make(world->got.at[0].key, world->got.at[0].key_size), "example.com");
    assert_int_equal(world->got.at[0].rung, MATCH_RUNG_EXACT);
    check_span(span_make(world->got.at[1].key, world->got.at[1].key_size), "a.example.com");
    assert_int_equal(world->got.at[1].rung, MATCH_RUNG_SUBDOMAIN);
    check_span(span_make(world->got.at[2].key, world->got.at[2].key_size), "b.a.example.com");
    assert_int_equal(world->result.asked, 1);
    world_end(world);
    test_free(world);
}

TEST(equal_questions_are_all_answered)
{
    struct world *world = test_malloc(sizeof *world);
    world_begin(world, 1);
    seen_add(world, 0, VALUE_DOMAIN, "example.com");
    world_write(world);
    for (int i = 0; i < 3; i++) {
        question_add(world, VALUE_DOMAIN, VALUE_SCOPE_SUBDOMAINS, SPAN("example.com"));
        question_add(world, VALUE_DOMAIN, VALUE_SCOPE_SUBDOMAINS, SPAN("example.org"));
    }

    check_err(world_ask(world), ERR_OK);

    assert_int_equal(world->got.count, 3);
    assert_int_equal(world->got.at[0].question, 0);
    assert_int_equal(world->got.at[1].question, 2);
    assert_int_equal(world->got.at[2].question, 4);
    world_end(world);
    test_free(world);
}

TEST(no_questions_have_no_answers)
{
    struct world *world = test_malloc(sizeof *world);
    world_begin(world, 1);
    seen_add(world, 0, VALUE_DOMAIN, "example.com");
    world_write(world);

    check_err(world_ask(world), ERR_OK);

    assert_int_equal(world->got.count, 0);
    assert_int_equal(world->result.asked, 0);
    world_end(world);
    test_free(world);
}

TEST(a_value_with_very_many_postings_is_told_in_pieces_and_only_within_time_and_sensor)
{
    enum { POSTINGS = 6000 };
    struct world *world = test_malloc(sizeof *world);
    world_begin(world, 1);
    for (uint32_t i = 0; i < POSTINGS; i++) {
        struct shadow_posting posting =
            seen(VALUE_DOMAIN, SPAN("example.com"), NOW + i / 100 * HISTORY_HOUR_S);
        (void)snprintf(posting.host, sizeof posting.host, "10.0.0.%u", i % 100);
        posting.way = i % 2 == 0 ? 0 : 2;
        shadow_add(&world->shadows[0], &posting);
    }
    world_write(world);
    question_add(world, VALUE_DOMAIN, VALUE_SCOPE_EXACT, SPAN("example.com"));

    check_err(world_ask(world), ERR_OK);
    assert_int_equal(world->got.count, 1);
    assert_int_equal(world->got.at[0].postings, POSTINGS);

    world->options.since_s = NOW + 10 * HISTORY_HOUR_S;
    world->options.until_s = NOW + 20 * HISTORY_HOUR_S - 1;
    world->options.sensor = SPAN("suricata");
    check_err(world_ask(world), ERR_OK);
    assert_int_equal(world->got.count, 1);
    assert_int_equal(world->got.at[0].postings, 500);
    world_end(world);
    test_free(world);
}

TEST(whoever_has_enough_ends_a_hunt)
{
    struct world *world = test_malloc(sizeof *world);
    static const uint8_t range[] = { 4, 16, 198, 51, 0, 0 };
    world_begin(world, 1);
    for (uint32_t i = 0; i < 5000; i++) {
        char text[32];
        (void)snprintf(text, sizeof text, "198.51.%u.%u", i / 256, i % 256);
        seen_add(world, 0, VALUE_IPV4, text);
    }
    world_write(world);
    question_add(world, VALUE_CIDR, VALUE_SCOPE_EXACT, span_make(range, sizeof range));
    world->calls_left = 100;

    check_err(world_ask(world), ERR_CANCELLED);

    assert_int_equal(world->got.count, 100);
    world_end(world);
    test_free(world);
}

TEST(more_patterns_than_one_index_takes_are_all_asked)
{
    enum { PATTERNS = MATCH_PATTERN_COUNT_MAX + 3 };
    struct world *world = test_malloc(sizeof *world);
    struct hunt_question *questions = test_malloc(PATTERNS * sizeof *questions);
    static char texts[PATTERNS][32];
    world_begin(world, 1);
    seen_add(world, 0, VALUE_DOMAIN, "a.example.com");
    seen_add(world, 0, VALUE_DOMAIN, "x999.example.com");
    seen_add(world, 0, VALUE_DOMAIN, "x1002.example.com");
    world_write(world);
    for (uint32_t i = 0; i < PATTERNS; i++) {
        (void)snprintf(texts[i], sizeof texts[i], "x%u.exam%%", i);
        questions[i] = (struct hunt_question){
            .value = { .kind = VALUE_DOMAIN, .key = span_of(texts[i]) },
            .scope = VALUE_SCOPE_LIKE,
        };
    }
    const struct segment *segment = world->segments[0].segment;
    const struct hunt_sources sources = { .segments = &segment,
                                          .count = 1,
                                          .rules = &world->rules };
    const struct hunt_questions all = { .count = PATTERNS, .at = questions };

    check_err(hunt_segments(&world->op, &sources, &all, &world->options, &world->result), ERR_OK);
    answers_combine(&world->got);

    assert_int_equal(world->got.count, 2);
    assert_int_equal(world->got.at[0].question, 999);
    assert_int_equal(world->got.at[1].question, 1002);
    assert_int_equal(world->got.at[1].rung, MATCH_RUNG_PATTERN);
    assert_false(world->result.cut);
    test_free(questions);
    world_end(world);
    test_free(world);
}

TEST(a_question_that_no_indicator_can_be_is_refused)
{
    struct world *world = test_malloc(sizeof *world);
    world_begin(world, 1);
    seen_add(world, 0, VALUE_IPV4, "198.51.100.7");
    seen_add(world, 0, VALUE_DOMAIN, "example.com");
    world_write(world);
    question_add(world, VALUE_IPV4, VALUE_SCOPE_EXACT, SPAN("12345"));
    check_err(world_ask(world), ERR_FORMAT);

    op_fault_clear(&world->op);
    world->question_count = 0;
    question_add(world, VALUE_DOMAIN, VALUE_SCOPE_REGEX, SPAN("a(b"));
    check_err(world_ask(world), ERR_FORMAT);
    world_end(world);
    test_free(world);
}

TEST(a_form_in_which_a_question_cannot_be_asked_is_not_counted_as_asked)
{
    struct world *world = test_malloc(sizeof *world);
    world_begin(world, 1);
    seen_add(world, 0, VALUE_IPV4, "198.51.100.7");
    world_write(world);
    world->rules.keep[VALUE_DOMAIN] = HISTORY_KEEP_HASHED;
    world->rules.keep[VALUE_EMAIL] = HISTORY_KEEP_NOT;
    question_add(world, VALUE_DOMAIN, VALUE_SCOPE_SUBDOMAINS, SPAN("example.com"));
    question_add(world, VALUE_DOMAIN, VALUE_SCOPE_SUBDOMAINS_ONLY, SPAN("example.com"));
    question_add(world, VALUE_DOMAIN, VALUE_SCOPE_LIKE, SPAN("%example%"));
    question_add(world, VALUE_EMAIL, VALUE_SCOPE_EXACT, SPAN("a@example.com"));
    question_add(world, VALUE_IPV4, VALUE_SCOPE_EXACT, SPAN("abcd"));

    check_err(world_ask(world), ERR_OK);

    assert_int_equal(world->result.asked, 2);
    world_end(world);
    test_free(world);
}

TEST(a_damaged_block_is_told_once_and_the_rest_still_answers)
{
    enum { VALUES = 20000, ASKED = 300 };
    struct world *world = test_malloc(sizeof *world);
    world_begin(world, 1);
    for (uint32_t i = 0; i < VALUES; i++) {
        char name[32];
        (void)snprintf(name, sizeof name, "%05u.example.com", i);
        seen_add(world, 0, VALUE_DOMAIN, name);
    }
    world_write(world);
    assert_true(segment_facts(world->segments[0].segment)->blocks > 4);
    struct span bytes = segment_writer_bytes(world->segments[0].writer);
    ((uint8_t *)(uintptr_t)bytes.data)[200] ^= 1; /* in its first block */
    for (uint32_t i = 0; i < ASKED; i++) {
        char name[32];
        (void)snprintf(name, sizeof name, "%05u.example.com", i * (VALUES / ASKED));
        question_add(world, VALUE_DOMAIN, VALUE_SCOPE_EXACT, span_of(name));
    }

    check_err(world_ask(world), ERR_OK);
    assert_int_equal(world->result.damaged, 1);
    assert_int_equal(world->damages, 1);
    assert_true(world->got.count > ASKED / 2);
    assert_true(world->got.count < ASKED);

    world->question_count = 0;
    question_add(world, VALUE_DOMAIN, VALUE_SCOPE_SUBDOMAINS, SPAN("example.com"));
    check_err(world_ask(world), ERR_OK);
    assert_int_equal(world->result.damaged, 1);
    assert_true(world->got.count > VALUES / 2);
    assert_true(world->got.count < VALUES);
    world_end(world);
    test_free(world);
}

/* ---- anything ---- */

static uint32_t below(uint64_t *state, uint32_t count)
{
    return (uint32_t)(testing_random(state) % count);
}

static void words_put(uint64_t *state, struct buf *buf, const char *const *words, uint32_t count,
                      const char *between)
{
    uint32_t parts = 1 + below(state, 4);
    for (uint32_t i = 0; i < parts; i++) {
        buf_add(buf, span_of(i == 0 ? "" : between));
        buf_add(buf, span_of(words[below(state, count)]));
    }
}

static void random_domain(uint64_t *state, struct buf *buf)
{
    static const char *const words[] = { "a", "b", "x-a", "mail", "c1", "d", "e", "f" };
    words_put(state, buf, words, 8, ".");
    buf_add(buf, below(state, 3) == 0 ? SPAN(".co.uk") : SPAN(".example.org"));
}

static void random_url(uint64_t *state, struct buf *buf)
{
    static const char *const hosts[] = { "a.example", "a.example.org", "b.example:8080",
                                         "198.51.100.7", "a.example-x.org" };
    static const char *const words[] = { "a", "B",   "b",   "%5B", "[", "%25", "5b", "?",
                                         "&", "%3F", "%20", "/",   "=", "%2F", "c" };
    buf_add(buf, span_of(hosts[below(state, 5)]));
    buf_add_byte(buf, '/');
    uint32_t count = below(state, 4) == 0 ? 0 : 1 + below(state, 2);
    for (uint32_t i = 0; i < count; i++) {
        words_put(state, buf, words, 15, below(state, 2) == 0 ? "/" : "");
    }
}

static void random_bytes(uint64_t *state, struct buf *buf, size_t size)
{
    static const uint8_t choices[] = { 0, 10, 127, 128, 255, '0', '9', 'a' };
    for (size_t i = 0; i < size; i++) {
        bool varied = i + 2 >= size;
        buf_add_byte(buf, varied ? (uint8_t)below(state, 64) : choices[i % 8]);
    }
}

static const size_t byte_sizes[VALUE_KIND_COUNT] = {
    [VALUE_IPV4] = VALUE_IPV4_SIZE,
    [VALUE_IPV6] = VALUE_IPV6_SIZE,
    [VALUE_MD5] = VALUE_MD5_SIZE,
    [VALUE_SHA1] = VALUE_SHA1_SIZE,
    [VALUE_SHA256] = VALUE_SHA256_SIZE,
    [VALUE_SHA512] = VALUE_SHA512_SIZE,
    [VALUE_IP_PORT] = VALUE_IPV4_PORT_SIZE,
    [VALUE_JA3] = VALUE_MD5_SIZE,
    [VALUE_JA3S] = VALUE_MD5_SIZE,
    [VALUE_JA4] = VALUE_JA4_SIZE,
    [VALUE_HASSH] = VALUE_MD5_SIZE,
    [VALUE_CERT_SHA1] = VALUE_SHA1_SIZE,
    [VALUE_CERT_SHA256] = VALUE_SHA256_SIZE,
    [VALUE_ASN] = VALUE_ASN_SIZE,
};

/* The key of a value as it is observed, canonical. */
static void random_key(uint64_t *state, enum value_kind kind, struct buf *buf)
{
    struct value_buf *bytes;
    struct value value;
    buf_clear(buf);
    switch (kind) {
    case VALUE_DOMAIN:
        random_domain(state, buf);
        break;
    case VALUE_EMAIL:
        buf_add(buf, below(state, 2) == 0 ? SPAN("a@") : SPAN("b@"));
        random_domain(state, buf);
        break;
    case VALUE_USER_AGENT:
    case VALUE_FILE_NAME:
        buf_add_format(buf, "agent%u a b %u.exe", below(state, 20), below(state, 20));
        break;
    case VALUE_URL:
        bytes = test_malloc(sizeof *bytes);
        random_url(state, buf);
        check_err(value_parse(VALUE_URL, buf_span(buf), bytes, &value), ERR_OK);
        buf_clear(buf);
        buf_add(buf, value.key);
        test_free(bytes);
        break;
    default:
        random_bytes(state, buf, byte_sizes[kind]);
        break;
    }
    assert_int_equal(buf->err, ERR_OK);
}

static enum value_kind random_kind(uint64_t *state)
{
    static const enum value_kind often[] = { VALUE_DOMAIN, VALUE_URL, VALUE_IPV4, VALUE_IPV6 };
    if (below(state, 4) != 0) {
        return often[below(state, 4)];
    }
    enum value_kind kind = (enum value_kind)(1 + below(state, VALUE_KIND_COUNT - 1));
    return kind == VALUE_CIDR ? VALUE_EMAIL : kind;
}

static struct shadow_posting random_posting(uint64_t *state, const struct world *world)
{
    struct buf key;
    buf_init(&key, TEXT_SIZE_MAX);
    enum value_kind kind = random_kind(state);
    random_key(state, kind, &key);
    struct shadow_posting posting =
        seen(kind, buf_span(&key), NOW + below(state, 50) * HISTORY_HOUR_S);
    posting.last_s += below(state, HISTORY_HOUR_S);
    posting.count = 1 + below(state, 5);
    posting.way = below(state, SHADOW_WAYS);
    if (below(state, 10) == 0) {
        uint8_t bytes[HISTORY_ORDER_SIZE_MAX];
        struct history_kept kept;
        enum history_keep keep = (enum history_keep)below(state, HISTORY_KEEP_NOT);
        check_err(history_keep_value(&world->rules, kind, buf_span(&key), keep, bytes, &kept),
                  ERR_OK);
        posting.form = kept.form;
        posting.key_size = kept.key.size;
        span_copy(posting.key, sizeof posting.key, kept.key);
    }
    buf_done(&key);
    return posting;
}

static void random_range(uint64_t *state, struct world *world, enum value_kind kind)
{
    struct buf key;
    uint8_t range[VALUE_CIDR_IPV6_SIZE] = { 0 };
    buf_init(&key, TEXT_SIZE_MAX);
    random_key(state, kind, &key);
    unsigned bits = (unsigned)key.size * 8;
    unsigned prefix = below(state, 2) == 0 ? below(state, bits + 1) : bits - below(state, 9);
    range[0] = kind == VALUE_IPV4 ? 4 : 6;
    range[1] = (uint8_t)prefix;
    for (unsigned bit = 0; bit < prefix; bit++) {
        range[2 + bit / 8] |= (uint8_t)(key.data[bit / 8] & 0x80 >> bit % 8);
    }
    question_add(world, VALUE_CIDR, VALUE_SCOPE_EXACT, span_make(range, 2 + key.size));
    buf_done(&key);
}

static void random_pattern(uint64_t *state, struct world *world)
{
    static const enum value_kind kinds[] = { VALUE_URL, VALUE_DOMAIN, VALUE_USER_AGENT,
                                             VALUE_FILE_NAME };
    static const char *const likes[] = { "%a.%", "%b_c%", "a%", "%[%", "agent1%", "%b%c%" };
    static const char *const regexes[] = { "a.*b", "^b", "[0-9]b", "agent[12]", "c$", "x-a" };
    bool like = below(state, 2) == 0;
    question_add(world, kinds[below(state, 4)], like ? VALUE_SCOPE_LIKE : VALUE_SCOPE_REGEX,
                 span_of((like ? likes : regexes)[below(state, 6)]));
}

/* A value as it might be observed, or what lies above or before one. */
static void random_question(uint64_t *state, struct world *world)
{
    struct buf buf;
    enum value_kind kind = random_kind(state);
    if ((kind == VALUE_IPV4 || kind == VALUE_IPV6) && below(state, 2) == 0) {
        random_range(state, world, kind);
        return;
    }
    buf_init(&buf, TEXT_SIZE_MAX);
    random_key(state, kind, &buf);
    struct span key = buf_span(&buf);
    enum value_scope scope = VALUE_SCOPE_EXACT;
    if (kind == VALUE_DOMAIN) {
        scope = (enum value_scope)below(state, VALUE_SCOPE_ANY_QUERY);
        ptrdiff_t dot = span_find(key, '.');
        bool above = below(state, 2) == 0 && dot > 0;
        key = above ? span_from(key, (size_t)dot + 1) : key;
    }
    if (kind == VALUE_URL) {
        static const enum value_scope scopes[] = { VALUE_SCOPE_EXACT, VALUE_SCOPE_ANY_QUERY,
                                                   VALUE_SCOPE_PREFIX, VALUE_SCOPE_CASELESS };
        scope = scopes[below(state, 4)];
        size_t host = (size_t)span_find(key, '/') + 1;
        bool shorter = scope == VALUE_SCOPE_PREFIX && key.size > host;
        key = shorter ? span_slice(key, 0, host + below(state, (uint32_t)(key.size - host))) : key;
    }
    question_add(world, kind, scope, key);
    buf_done(&buf);
}

static void random_world(uint64_t *state, struct world *world)
{
    world_begin(world, 1 + below(state, SEGMENTS_MAX));
    for (size_t i = 0; i < world->segment_count; i++) {
        uint32_t count = below(state, 4) == 0 ? below(state, 20) : 4000;
        for (uint32_t j = 0; j < count; j++) {
            const struct shadow_posting posting = random_posting(state, world);
            shadow_add(&world->shadows[i], &posting);
        }
    }
    world_write(world);
    uint32_t questions = below(state, 2) == 0 ? below(state, 20) : below(state, QUESTIONS_MAX - 10);
    for (uint32_t i = 0; i < questions; i++) {
        random_question(state, world);
    }
    uint32_t patterns = below(state, 3) == 0 ? below(state, 8) : 0;
    for (uint32_t i = 0; i < patterns; i++) {
        random_pattern(state, world);
    }
    if (below(state, 3) == 0) {
        world->options.since_s = NOW + below(state, 60) * HISTORY_HOUR_S;
        world->options.until_s = world->options.since_s + below(state, 60) * HISTORY_HOUR_S;
    }
    world->options.sensor = below(state, 3) == 0 ? SPAN("zeek") : SPAN("");
}

TEST(any_questions_find_what_the_matcher_would_have_met)
{
    enum { ROUNDS = 40 };
    uint64_t state = testing_seed();
    struct world *world = test_malloc(sizeof *world);
    for (int round = 0; round < ROUNDS; round++) {
        random_world(&state, world);

        world_check(world);

        world_end(world);
    }
    test_free(world);
}

TEST(a_hunt_that_finds_no_memory_says_so_and_gives_back_what_it_had)
{
    enum err err = ERR_LIMIT;
    struct world *world = test_malloc(sizeof *world);
    uint64_t state = 1;
    world_begin(world, 1);
    for (uint32_t i = 0; i < 500; i++) {
        const struct shadow_posting posting = random_posting(&state, world);
        shadow_add(&world->shadows[0], &posting);
    }
    world_write(world);
    for (uint32_t i = 0; i < 50; i++) {
        random_question(&state, world);
    }
    random_pattern(&state, world);

    world->got.at = memory_new_array(100000, sizeof *world->got.at);
    world->got.room = 100000;
    for (uint64_t requests = 0; err != ERR_OK; requests++) {
        memory_fail_after(requests);
        err = world_ask(world);
        memory_fail_after(UINT64_MAX);
        assert_true(err == ERR_OK || err == ERR_LIMIT);
        op_fault_clear(&world->op);
    }

    world_end(world);
    test_free(world);
}
