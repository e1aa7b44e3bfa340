// SPDX-License-Identifier: EUPL-1.2
#include <stdio.h>
#include <stdlib.h>

#include "tests/observe/observing.h"

enum { PATH_SIZE_MAX = 512, SEEN_COUNT_MAX = 4096 };

static void begin(struct observing *o, const char *kind, const char *name, const char *ending,
                  struct span *ret_text)
{
    const char *dir = testing_data_dir();
    if (dir == NULL) {
        testing_skip("the shared data are not here");
    }
    char path[PATH_SIZE_MAX];
    snprintf(path, sizeof path, "%s/%s/%s%s", dir, kind, name, ending);
    enum observe_format format = span_equal(span_of(ending), SPAN(".log.gz")) &&
                                         span_equal(span_of(kind), SPAN("logs/zeek-tsv"))
                                     ? OBSERVE_FORMAT_ZEEK_TSV
                                 : span_equal(span_of(kind), SPAN("captures"))
                                     ? OBSERVE_FORMAT_EVE
                                     : OBSERVE_FORMAT_ZEEK_JSON;
    observing_begin(o, format, "");
    *ret_text = observing_gunzip(&o->op, path);
    assert_string_equal(
        observe_format_name(observe_detect(span_slice(*ret_text, 0, OBSERVE_DETECT_SIZE))),
        observe_format_name(format));
}

static int compare_observations(const void *left, const void *right)
{
    const struct observation *a = left;
    const struct observation *b = right;
    if (a->field != b->field) {
        return a->field < b->field ? -1 : 1;
    }
    if (a->kind != b->kind) {
        return a->kind < b->kind ? -1 : 1;
    }
    return span_compare(a->key, b->key);
}

/* The same values in the same fields, in whatever order. */
static void check_same(struct observing *json, struct observing *tsv, size_t line)
{
    qsort(json->line.observations, json->line.count, sizeof(struct observation),
          compare_observations);
    qsort(tsv->line.observations, tsv->line.count, sizeof(struct observation),
          compare_observations);
    bool same = json->line.count == tsv->line.count;
    for (size_t i = 0; same && i < json->line.count; i++) {
        same = compare_observations(&json->line.observations[i], &tsv->line.observations[i]) == 0;
    }
    if (!same) {
        print_error("line %zu: JSON gives\n%.*sTSV gives\n%.*s", line,
                    SPAN_FMT(buf_span(&json->text)), SPAN_FMT(buf_span(&tsv->text)));
        fail();
    }
    int64_t json_us = 0;
    int64_t tsv_us = 0;
    check_err(observe_time(&json->line, &json_us), ERR_OK);
    check_err(observe_time(&tsv->line, &tsv_us), ERR_OK);
    assert_int_equal(json_us, tsv_us);
    assert_true(span_equal(json->line.stream, tsv->line.stream));
    assert_true(span_equal(json->line.originator, tsv->line.originator));
    assert_true(span_equal(json->line.responder, tsv->line.responder));
    assert_int_equal(json->line.refused, tsv->line.refused);
    assert_int_equal(json->line.unfit, tsv->line.unfit);
}

/* Skip header lines. */
static bool next_event(struct observing *o, struct span *rest)
{
    struct span line;
    while (observing_next_line(rest, &line)) {
        assert_int_equal(observing_read(o, line), OBSERVE_FAULT_NONE);
        if (!o->line.no_event) {
            return true;
        }
    }
    return false;
}

TEST(the_same_traffic_as_zeek_json_and_tsv_gives_the_same_observations)
{
    static const char *const names[] = {
        "dns", "ftp", "known_services", "notice", "ntlm", "ntp", "ocsp", "rdp", "smtp",
        "ssh", "ssl", "syslog",         "weird",  "x509",
    };
    size_t observations = 0;
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        struct observing json;
        struct observing tsv;
        struct span json_rest;
        struct span tsv_rest;
        begin(&json, "logs/zeek-json", names[i], ".ndjson.gz", &json_rest);
        begin(&tsv, "logs/zeek-tsv", names[i], ".log.gz", &tsv_rest);

        size_t line = 0;
        while (next_event(&json, &json_rest)) {
            line++;
            assert_true(next_event(&tsv, &tsv_rest));
            check_same(&json, &tsv, line);
            observations += json.line.count;
        }
        assert_false(next_event(&tsv, &tsv_rest));
        assert_true(line > 0);
        observing_end(&json);
        observing_end(&tsv);
    }
    print_message("# %zu observations agree\n", observations);
    assert_true(observations > 300000);
}

/* Of a whole log, lines of all streams between each other; most of them wait. */
static void check_sifted(const char *kind, const char *name, const char *ending)
{
    struct observing o;
    struct span text;
    begin(&o, kind, name, ending, &text);
    struct buf padded;
    static const uint8_t padding[RECORD_PADDING_SIZE];
    buf_init(&padded, SIZE_MAX / 2);
    buf_add(&padded, text);
    buf_add(&padded, span_make(padding, sizeof padding));
    assert_int_equal(padded.err, ERR_OK);

    struct span rest = span_make(padded.data, text.size);
    struct span line;
    uint32_t lines = 0;
    while (observing_next_line(&rest, &line)) {
        sifting_line(&o.sifting, line, lines);
        lines++;
    }
    sifting_end(&o.sifting);
    sifting_lines(&o.sifting, span_make(padded.data, text.size));
    sifting_end(&o.sifting);

    print_message("# %s: %zu and %zu of %u lines waited\n", name, o.sifting.waited,
                  o.sifting.together, lines);
    assert_true(o.sifting.waited + o.sifting.together > lines / 10 * 14);
    buf_done(&padded);
    observing_end(&o);
}

TEST(sifting_tells_the_values_of_real_logs_as_reading_them_does)
{
    check_sifted("logs/zeek-json", "dns", ".ndjson.gz");
    check_sifted("logs/zeek-json", "ssl", ".ndjson.gz");
    check_sifted("logs/zeek-tsv", "x509", ".log.gz");
    check_sifted("logs/zeek-tsv", "weird", ".log.gz");
    check_sifted("logs/apt29-day1", "combined", ".log.gz");
    check_sifted("captures", "expected-eve", ".ndjson.gz");
}

/* Read all; every line must be an event without fault. Counts what was seen. */
static void read_all(struct observing *o, struct span rest, size_t *ret_lines, size_t *ret_seen,
                     size_t *ret_refused)
{
    struct span line;
    while (observing_next_line(&rest, &line)) {
        enum observe_fault fault = observing_read(o, line);
        if (fault != OBSERVE_FAULT_NONE) {
            print_error("%s: %.*s\n", observe_fault_name(fault), SPAN_FMT(line));
            fail();
        }
        int64_t time_us = 0;
        check_err(observe_time(&o->line, &time_us), ERR_OK);
        *ret_lines += 1;
        *ret_seen += o->line.count;
        *ret_refused += o->line.refused;
        if (o->line.refused > 0) {
            print_message("# refused: %.*s\n", SPAN_FMT(line));
        }
    }
}

TEST(every_event_that_suricata_8_wrote_is_read)
{
    struct observing o;
    struct span text;
    begin(&o, "captures", "expected-eve", ".ndjson.gz", &text);
    size_t lines = 0;
    size_t seen = 0;
    size_t refused = 0;

    read_all(&o, text, &lines, &seen, &refused);

    assert_int_equal(lines, 6338);
    assert_int_equal(refused, 0);
    assert_true(seen > 2 * lines);
    observing_end(&o);
}

TEST(every_line_of_an_emulated_intrusion_is_read)
{
    struct observing o;
    struct span text;
    begin(&o, "logs/apt29-day1", "combined", ".log.gz", &text);
    size_t lines = 0;
    size_t seen = 0;
    size_t refused = 0;

    read_all(&o, text, &lines, &seen, &refused);

    assert_true(lines > 1000);
    assert_int_equal(refused, 0);
    assert_true(seen > lines);
    observing_end(&o);
}
