// SPDX-License-Identifier: EUPL-1.2
/*
 * What is remembered of lines that are sifted is what is remembered of them when each is read in
 * full: of made-up lines of all formats, under all rules, and of real logs.
 */
#include <stdio.h>
#include <stdlib.h>

#include "history/record.h"
#include "tests/observe/observing.h"
#include "tests/watch/lane.h"
#include "watch/remember.h"

/* 2026-11-23T00:00:00Z. */
#define NOW_US (INT64_C(1795392000) * US_PER_S)

enum {
    LINE_COUNT = 3000,
    TEXT_SIZE_MAX = 8 * 1024 * 1024,
    PATH_SIZE_MAX = 512,
    LONG_LIST = 120, /* values of one list, now and then */
};

/* ---- what is remembered, in an order of its own ---- */

struct told_list {
    size_t count;
    size_t room;
    char **texts;
};

static int by_text(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

static void list_add(struct told_list *list, const struct history_record *record,
                     const struct history_seen *seen)
{
    const struct history_way *way = &record->ways[seen->way];
    struct buf text;
    buf_init(&text, TEXT_SIZE_MAX);
    buf_add_format(&text, "%s %u ", value_kind_name(seen->kind), (unsigned)seen->form);
    buf_add_hex(&text, seen->key);
    buf_add_format(&text, " %.*s %.*s %.*s %u %u %d %d %u-%u %llu",
                   SPAN_FMT(record->hosts[seen->host]), SPAN_FMT(way->field), SPAN_FMT(way->sensor),
                   (unsigned)way->direction, (unsigned)way->outcome, way->assumed, way->answer,
                   seen->first_s, seen->last_s, (unsigned long long)seen->count);
    buf_add_byte(&text, '\0');
    if (list->count == list->room) {
        list->room = 2 * list->room + 1024;
        list->texts = realloc(list->texts, list->room * sizeof *list->texts);
        assert_non_null(list->texts);
    }
    list->texts[list->count] = strdup((const char *)text.data);
    list->count++;
    buf_done(&text);
}

static void list_add_record(struct op *op, struct told_list *list, struct span bytes)
{
    struct history_record record;
    struct history_seen seen;
    if (bytes.size == 0) {
        return;
    }
    check_err(history_record_read(op, bytes, &record), ERR_OK);
    while (history_record_next(&record, &seen) == ERR_OK) {
        list_add(list, &record, &seen);
    }
    op_fault_clear(op);
}

static void list_done(struct told_list *list)
{
    for (size_t i = 0; i < list->count; i++) {
        free(list->texts[i]);
    }
    free(list->texts);
}

/* ---- both ways ---- */

struct both {
    struct lane lane;
    struct history_rules rules;
    struct watch_rules watch;
    struct watch_source source;
    const struct match_image *image;
    struct watch_work *work;
    struct watch_result result;
    struct observe_reader *reader;
    struct watch_remember *remember;
    struct watch_result full;
    size_t waited; /* values that are remembered, in all */
};

static void both_begin(struct both *b, const char *indicator)
{
    const struct lane_indicator one = { .text = indicator };
    lane_begin(&b->lane);
    history_rules_default(&b->rules);
    b->watch = *lane_rules();
    b->watch.history = &b->rules;
    b->image = lane_image(&b->lane, &one, 1);
}

static void both_start(struct both *b, enum observe_format format, const char *stream)
{
    struct op *op = &b->lane.op;
    b->source = (struct watch_source){ .format = format, .stream = span_of(stream) };
    check_err(watch_work_new(op, &b->watch, &b->work), ERR_OK);
    watch_result_init(&b->result);
    check_err(observe_reader_new(op, RECORD_ENGINE_FAST, &b->reader), ERR_OK);
    check_err(watch_remember_new(op, &b->rules, &b->remember), ERR_OK);
    observe_reader_want(b->reader, watch_remember_kinds(b->remember));
    watch_result_init(&b->full);
}

static void both_stop(struct both *b)
{
    watch_result_done(&b->full);
    watch_remember_free(b->remember);
    observe_reader_free(b->reader);
    watch_result_done(&b->result);
    watch_work_free(b->work);
}

/* Each line of a chunk, read in full. */
static void chunk_in_full(struct both *b, const struct watch_chunk *chunk, struct told_list *list)
{
    const struct told_rules told = {
        .inside = b->watch.inside,
        .host_name = b->watch.host_name,
        .now_us = chunk->now_us > 0 ? chunk->now_us : b->watch.now_us,
    };
    struct span rest = span_make(chunk->header, chunk->header_size);
    struct span text;
    struct observe_line line;
    observe_reader_begin(b->reader, b->source.format, b->source.stream);
    while (rest.size > 0 && span_next(&rest, '\n', &text)) {
        (void)!observe_reader_line(b->reader, text, &line);
    }
    watch_remember_begin(b->remember, &told);
    rest = span_make(chunk->bytes, chunk->size);
    while (rest.size > 0 && span_next(&rest, '\n', &text)) {
        if (observe_reader_line(b->reader, text, &line) == OBSERVE_FAULT_NONE) {
            watch_remember_line(b->remember, &line);
        }
    }
    b->full.seen = (struct span){ NULL, 0 };
    check_err(watch_remember_end(b->remember, &b->full), ERR_OK);
    list_add_record(&b->lane.op, list, b->full.seen);
}

static void check_lists(struct told_list *full, struct told_list *sifted)
{
    qsort(full->texts, full->count, sizeof *full->texts, by_text);
    qsort(sifted->texts, sifted->count, sizeof *sifted->texts, by_text);
    for (size_t i = 0; i < full->count && i < sifted->count; i++) {
        if (strcmp(full->texts[i], sifted->texts[i]) != 0) {
            print_error("in full: %s\nsifted:  %s\n", full->texts[i], sifted->texts[i]);
            fail();
        }
    }
    assert_int_equal(full->count, sifted->count);
}

static void check_text(struct both *b, enum observe_format format, const char *stream,
                       struct span text)
{
    struct lane *lane = &b->lane;
    const struct watch_begin begin = { .position = 0 };
    const struct watch_images images = { .indicators = b->image };
    both_start(b, format, stream);
    struct watch_input *input = lane_input(lane, lane_file(lane, text));
    check_err(lane_seek(lane, input, format, &begin), ERR_OK);
    while (lane_next(lane, input, lane->chunk) == ERR_OK) {
        lane->chunk->now_us = NOW_US;
        struct told_list full = { 0 };
        struct told_list sifted = { 0 };
        check_err(watch_work_run(b->work, &b->source, &images, lane->chunk, &b->result), ERR_OK);
        list_add_record(&lane->op, &sifted, b->result.seen);
        chunk_in_full(b, lane->chunk, &full);

        check_lists(&full, &sifted);
        assert_int_equal(b->full.first_s, b->result.first_s);
        assert_int_equal(b->full.last_s, b->result.last_s);
        assert_int_equal(b->full.counts[WATCH_COUNT_NOT_REMEMBERED],
                         b->result.counts[WATCH_COUNT_NOT_REMEMBERED]);
        assert_int_equal(b->full.counts[WATCH_COUNT_ODD_TIME],
                         b->result.counts[WATCH_COUNT_ODD_TIME]);
        b->waited += sifted.count;
        list_done(&full);
        list_done(&sifted);
    }
    op_fault_clear(&lane->op);
    watch_input_close(input);
    both_stop(b);
}

static void both_end(struct both *b)
{
    assert_true(b->waited > 0);
    lane_end(&b->lane);
}

/* ---- made-up lines ---- */

static const char *one_of(uint64_t *state, const char *const *list)
{
    size_t count = 0;
    while (list[count] != NULL) {
        count++;
    }
    return list[testing_random(state) % count];
}

static const char *const times[] = {
    "\"2026-11-21T12:00:00.123456Z\"",
    "\"2026-11-21T12:59:59.999999Z\"",
    "\"2026-11-21T13:00:00.000001Z\"",
    "\"2026-11-21T12:00:07.5Z\"",
    "\"2026-11-22T00:00:00.000000+0000\"",
    "\"2026-11-21T23:59:59.000000+0200\"",
    "1795262400.123456",
    "1795262460.1",
    "1795262400",
    "1795262400123.456",
    "1795262400.9999999",
    "\"2026-11-21T24:00:00.000000Z\"",
    "\"2026-11-21T12:00:60.000000Z\"",
    "\"1795262400.5\"",
    "\"-\"",
    "\"\"",
    "null",
    "true",
    "\"yesterday\"",
    "\"1965-01-01T00:00:00.000000Z\"",
    "\"2026-11-21T12:00:00.123456Z\"",
    "\"2026-11-21T12:00:01.123456Z\"",
    "\"2026-11-21T12:30:00.123456Z\"",
    "\"2026-02-30T12:30:00.123456Z\"",
    "\"2026-11-21T12:0x:00.123456Z\"",
    "4294967295.5",
    "9999999999.5",
    NULL,
};
static const char *const addresses[] = {
    "10.0.0.5",
    "10.0.0.6",
    "10.1.2.3",
    "192.0.2.53",
    "198.51.100.7",
    "203.0.113.9",
    "2001:db8::1",
    "::ffff:10.0.0.5",
    "fe80::1",
    "-",
    "",
    "(empty)",
    "not an address",
    "10.0.0.5",
    "10.0.0.6",
    "198.51.100.7",
    "010.0.0.5",
    "192.0.2.1%eth0",
    NULL,
};
static const char *const names[] = {
    "evil.example",
    "WWW.Evil.Example",
    "a.b.c.example.org.",
    "10.0.0.5",
    "198.51.100.7",
    "-",
    "",
    "x",
    "198.51.100.7:443",
    "10.0.0.5:40000",
    "[2001:db8::1]:8443",
    "evil.example:8080",
    "bad name",
    "evil\\u002eexample",
    "caf\xC3\xA9.example",
    "good.example",
    NULL,
};
static const char *const ports[] = { "443",   "80",      "40000", "53", "0",    "65535",
                                     "65536", "\"443\"", "null",  "-1", "8080", NULL };
static const char *const states[] = { "SF", "S0", "REJ", "RSTO", "OTH", "", "-", "weird", NULL };
static const char *const sensors[] = { "s1", "sensor-2", "-", "", NULL };
static const char *const agents[] = { "curl/8.0", "Mozilla/5.0 (X11)", "-", "", "curl/8.0", NULL };
static const char *const paths[] = { "/", "/a?b=c", "http://evil.example/x", "*",           "-",
                                     "",  "/a",     "198.51.100.7:443",      "10.0.0.5:80", NULL };
static const char *const digests[] = { "d41d8cd98f00b204e9800998ecf8427e",         "zz", "-", "",
                                       "da39a3ee5e6b4b0d3255bfef95601890afd80709", NULL };

/* A member of a line: what it is called, and its value as JSON writes it. */
struct member {
    const char *name;
    const char *const *texts;
    enum { MEMBER_STRING, MEMBER_RAW, MEMBER_LIST, MEMBER_STREAM } sort;
};

/* One of the texts; mostly one that is built as those of other lines of this shape. */
static const char *text_of(uint64_t *state, uint64_t shape, const struct member *member)
{
    uint64_t own = shape * 77 + (uint64_t)(unsigned char)member->name[0]; /* any */
    const char *usual = one_of(&own, member->texts);
    bool odd = testing_random(state) % 64 == 0;
    if (member->sort == MEMBER_STREAM || (member->sort == MEMBER_RAW && usual[0] == '{')) {
        return odd ? one_of(state, member->texts) : usual;
    }
    const char *text = one_of(state, member->texts);
    bool digit = usual[0] >= '0' && usual[0] <= '9';
    while (!odd && member->sort == MEMBER_RAW && text[0] != usual[0] &&
           !(digit && text[0] >= '0' && text[0] <= '9')) {
        text = one_of(state, member->texts);
    }
    bool rare = strchr(text, '\\') != NULL || strstr(text, "caf") != NULL;
    return rare && !odd ? usual : text;
}

static void add_member(struct buf *buf, uint64_t *state, uint64_t shape,
                       const struct member *member)
{
    const char *quote = member->sort == MEMBER_RAW ? "" : "\"";
    buf_add_format(buf, "\"%s\":", member->name);
    if (member->sort != MEMBER_LIST) {
        buf_add_format(buf, "%s%s%s", quote, text_of(state, shape, member), quote);
        return;
    }
    size_t count = shape == 5 || testing_random(state) % 64 == 0 ? LONG_LIST : shape % 4;
    buf_add_byte(buf, '[');
    for (size_t i = 0; i < count; i++) {
        buf_add_format(buf, "%s\"%s\"", i > 0 ? "," : "", text_of(state, shape, member));
    }
    buf_add_byte(buf, ']');
}

/* A line has some of the members, in some order: few orders, so that many lines are built alike. */
static void add_line(struct buf *buf, uint64_t *state, const struct member *members, size_t count)
{
    uint64_t shape = testing_random(state) % 24; /* of which there are as many */
    uint64_t order = shape * 0x9E3779B97F4A7C15u;
    size_t start = order % count;
    bool first = true;
    buf_add_byte(buf, '{');
    for (size_t i = 0; i < count; i++) {
        const struct member *member =
            &members[(start + i * (shape % 2 == 0 ? 1 : count - 1)) % count];
        bool missing = shape % 4 == 3 && (order >> i % 60 & 1) != 0;
        for (size_t again = 0; !missing && again < (shape == 7 && i == 3 ? 2u : 1u); again++) {
            buf_add(buf, first ? SPAN("") : SPAN(","));
            add_member(buf, state, shape, member);
            first = false;
        }
    }
    buf_add(buf, SPAN("}\n"));
    if (testing_random(state) % 200 == 0) {
        buf->size -= 3 + testing_random(state) % 40; /* cut short */
        buf_add_byte(buf, '\n');
    }
}

#define STRING(name, texts)                                                                        \
    {                                                                                              \
        name, texts, MEMBER_STRING                                                                 \
    }
#define STREAM(name, texts)                                                                        \
    {                                                                                              \
        name, texts, MEMBER_STREAM                                                                 \
    }
#define RAW(name, texts)                                                                           \
    {                                                                                              \
        name, texts, MEMBER_RAW                                                                    \
    }
#define LIST(name, texts)                                                                          \
    {                                                                                              \
        name, texts, MEMBER_LIST                                                                   \
    }

static const char *const zeek_streams[] = { "dns",        "http", "conn", "ssl", "files", "dhcp",
                                            "unheard_of", "dns",  "http", "",    NULL };
static const char *const protos[] = { "tcp", "udp", "icmp", "-", NULL };
static const char *const truths[] = { "true", "false", "null", "\"T\"", NULL };
static const char *const rcodes[] = { "NOERROR", "NXDOMAIN", "REFUSED", "-", NULL };

static const struct member zeek[] = {
    STREAM("_path", zeek_streams), RAW("ts", times),
    STRING("uid", agents),         STRING("id.orig_h", addresses),
    RAW("id.orig_p", ports),       STRING("id.resp_h", addresses),
    RAW("id.resp_p", ports),       STRING("proto", protos),
    STRING("conn_state", states),  STRING("_system_name", sensors),
    STRING("query", names),        LIST("answers", names),
    STRING("rcode_name", rcodes),  STRING("host", names),
    STRING("uri", paths),          STRING("user_agent", agents),
    STRING("referrer", paths),     STRING("server_name", names),
    RAW("established", truths),    LIST("tx_hosts", addresses),
    LIST("rx_hosts", addresses),   STRING("md5", digests),
    RAW("orig_asn", ports),        STRING("client_addr", addresses),
    STRING("other", names),
};

static const char *const events[] = { "dns", "http",  "alert", "flow", "drop", "fileinfo",
                                      "tls", "alert", "http",  "",     NULL };
static const char *const objects[] = {
    "{\"src_ip\":\"10.0.0.5\",\"dest_ip\":\"198.51.100.7\",\"src_port\":40000,\"dest_port\":443}",
    "{\"src_ip\":\"198.51.100.7\",\"dest_ip\":\"10.0.0.5\",\"src_port\":443,\"dest_port\":40000}",
    "{\"src_ip\":\"10.0.0.5\",\"dest_ip\":\"198.51.100.7\",\"state\":\"new\"}",
    "{\"src_ip\":\"-\",\"dest_ip\":\"198.51.100.7\",\"pkts_toclient\":0,\"state\":\"closed\"}",
    "{\"pkts_toclient\":7,\"state\":\"established\",\"action\":\"drop\"}",
    "{\"src_ip\":\"10.0.0.6\",\"dest_ip\":\"203.0.113.9\",\"src_port\":1x,\"dest_port\":443}",
    "{}",
    "[]",
    "\"flow\"",
    "{\"src_ip\":\"2001:db8::1\",\"dest_ip\":\"fe80::1\"}",
    "{\"src_ip\":\"10.0.0.5\",\"dest_ip\":\"198.51.100.7\",\"src_port\":40000,\"dest_port\":443}",
    NULL,
};
static const char *const tcps[] = { "{\"tcp_flags_tc\":\"14\"}", "{\"tcp_flags_tc\":\"1b\"}", "{}",
                                    NULL };
static const char *const https[] = {
    "{\"hostname\":\"evil.example\",\"url\":\"/a\",\"http_user_agent\":\"curl/8.0\"}",
    "{\"hostname\":\"198.51.100.7\",\"url\":\"/\",\"http_port\":8080}",
    "{\"url\":\"/x\",\"http_user_agent\":\"-\"}",
    "{\"hostname\":\"198.51.100.7:443\",\"url\":\"/\"}",
    "{\"request_headers\":[{\"name\":\"Host\",\"value\":\"evil.example\"},{\"name\":\"X-Real-IP\","
    "\"value\":\"10.0.0.5\"}],\"url\":\"/\"}",
    NULL,
};
static const char *const alerts[] = { "{\"action\":\"allowed\",\"xff\":\"10.0.0.5, 192.0.2.1\"}",
                                      "{\"action\":\"blocked\",\"source\":{\"ip\":\"10.0.0.5\"}}",
                                      NULL };

static const struct member eve[] = {
    STREAM("event_type", events),
    RAW("timestamp", times),
    STRING("src_ip", addresses),
    RAW("src_port", ports),
    STRING("dest_ip", addresses),
    RAW("dest_port", ports),
    STRING("proto", protos),
    STRING("host", sensors),
    STRING("sensor_name", sensors),
    RAW("flow", objects),
    RAW("tcp", tcps),
    RAW("http", https),
    RAW("alert", alerts),
    STRING("xff", addresses),
};

static void make_lines(struct buf *buf, uint64_t *state, const struct member *members, size_t count)
{
    buf_clear(buf);
    for (size_t i = 0; i < LINE_COUNT; i++) {
        add_line(buf, state, members, count);
    }
    assert_int_equal(buf->err, ERR_OK);
}

static void make_tsv(struct buf *buf, uint64_t *state)
{
    static const char *const plain_ports[] = { "443", "80", "40000", "-", "65536", "x", NULL };
    static const char *const plain_times[] = { "1795262400.123456",
                                               "1795262460.1",
                                               "1795262400",
                                               "-",
                                               "2026-11-21T12:00:00.123456Z",
                                               "x",
                                               "1795266000.000001",
                                               NULL };
    static const char *const lists[] = {
        "evil.example,198.51.100.7",           "-", "(empty)", "a.example",
        "198.51.100.7,198.51.100.7,x.example", NULL
    };
    static const char *const plain_names[] = {
        "evil.example",    "198.51.100.7",        "-", "198.51.100.7:443",
        "a\\x2eb.example", "caf\xC3\xA9.example", NULL
    };
    static const struct {
        const char *name;
        const char *type;
        const char *const *texts;
    } columns[] = {
        { "ts", "time", plain_times },
        { "uid", "string", agents },
        { "id.orig_h", "addr", addresses },
        { "id.orig_p", "port", plain_ports },
        { "id.resp_h", "addr", addresses },
        { "id.resp_p", "port", plain_ports },
        { "proto", "enum", protos },
        { "query", "string", plain_names },
        { "host", "string", plain_names },
        { "uri", "string", paths },
        { "answers", "vector[string]", lists },
        { "rcode_name", "string", rcodes },
        { "conn_state", "string", states },
        { "tx_hosts", "set[addr]", lists },
        { "_system_name", "string", sensors },
    };
    enum { COLUMNS = sizeof columns / sizeof columns[0] };
    buf_clear(buf);
    for (size_t i = 0; i < LINE_COUNT; i++) {
        static size_t begin;
        if (i % 500 == 0) { /* lines below each header */
            begin = testing_random(state) % COLUMNS;
            buf_add_format(buf,
                           "#separator \\x09\n#set_separator\t,\n#empty_field\t(empty)\n"
                           "#unset_field\t-\n#path\t%s\n#fields",
                           one_of(state, (const char *const[]){ "dns", "http", "conn", NULL }));
            for (size_t at = 0; at < COLUMNS; at++) {
                buf_add_format(buf, "\t%s", columns[(begin + at) % COLUMNS].name);
            }
            buf_add(buf, SPAN("\n#types"));
            for (size_t at = 0; at < COLUMNS; at++) {
                buf_add_format(buf, "\t%s", columns[(begin + at) % COLUMNS].type);
            }
            buf_add_byte(buf, '\n');
        }
        for (size_t at = 0; at < COLUMNS; at++) {
            buf_add_format(buf, "%s%s", at > 0 ? "\t" : "",
                           one_of(state, columns[(begin + at) % COLUMNS].texts));
        }
        buf_add_byte(buf, '\n');
    }
}

static void check_made_up(struct both *b, uint64_t seed)
{
    struct buf buf;
    uint64_t state = seed;
    buf_init(&buf, TEXT_SIZE_MAX);
    make_lines(&buf, &state, zeek, sizeof zeek / sizeof zeek[0]);
    check_text(b, OBSERVE_FORMAT_ZEEK_JSON, "", buf_span(&buf));
    make_lines(&buf, &state, zeek + 1, sizeof zeek / sizeof zeek[0] - 1);
    check_text(b, OBSERVE_FORMAT_ZEEK_JSON, "http", buf_span(&buf));
    make_lines(&buf, &state, eve, sizeof eve / sizeof eve[0]);
    check_text(b, OBSERVE_FORMAT_EVE, "", buf_span(&buf));
    make_tsv(&buf, &state);
    check_text(b, OBSERVE_FORMAT_ZEEK_TSV, "", buf_span(&buf));
    buf_done(&buf);
}

TEST(lines_that_are_sifted_are_remembered_as_if_each_was_read_in_full)
{
    struct both b = { 0 };
    both_begin(&b, "nothing.example");

    check_made_up(&b, testing_seed());

    both_end(&b);
}

/* The index asks for addresses with ports, too: then they are told twice. */
TEST(lines_are_remembered_alike_whatever_the_index_asks_for)
{
    struct both b = { 0 };
    both_begin(&b, "192.0.2.99:4444");

    check_made_up(&b, testing_seed());

    both_end(&b);
}

TEST(rules_hold_for_lines_that_are_sifted)
{
    struct both b = { 0 };
    uint64_t state = testing_seed();
    both_begin(&b, "nothing.example");
    for (unsigned kind = VALUE_NONE + 1; kind < VALUE_KIND_COUNT; kind++) {
        b.rules.keep[kind] = (enum history_keep)(testing_random(&state) % HISTORY_KEEP_COUNT);
    }
    b.rules.keep[VALUE_IPV4] = HISTORY_KEEP_TRUNCATED;
    b.rules.hash_secret_known = true;

    check_made_up(&b, state);

    both_end(&b);
}

TEST(hosts_that_are_pseudonyms_are_no_values_of_lines_that_are_sifted)
{
    struct both b = { 0 };
    both_begin(&b, "nothing.example");
    b.rules.host_secret_known = true;

    check_made_up(&b, testing_seed());

    both_end(&b);
}

static void check_real(struct both *b, const char *kind, const char *name,
                       enum observe_format format)
{
    char path[PATH_SIZE_MAX];
    const char *dir = testing_data_dir();
    if (dir == NULL) {
        testing_skip("the shared data are not here");
    }
    snprintf(path, sizeof path, "%s/%s/%s", dir, kind, name);
    struct span text = observing_gunzip(&b->lane.op, path);
    check_text(b, format, "", text);
}

TEST(real_logs_are_remembered_as_if_each_line_was_read_in_full)
{
    struct both b = { 0 };
    both_begin(&b, "nothing.example");

    check_real(&b, "logs/zeek-json", "dns.ndjson.gz", OBSERVE_FORMAT_ZEEK_JSON);
    check_real(&b, "logs/zeek-json", "ntlm.ndjson.gz", OBSERVE_FORMAT_ZEEK_JSON);
    check_real(&b, "logs/apt29-day1", "combined.log.gz", OBSERVE_FORMAT_ZEEK_JSON);
    check_real(&b, "captures", "expected-eve.ndjson.gz", OBSERVE_FORMAT_EVE);

    both_end(&b);
}
