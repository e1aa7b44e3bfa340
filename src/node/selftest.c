// SPDX-License-Identifier: EUPL-1.2
#include "node/selftest.h"

#include <stdio.h>

#include "base/must.h"
#include "format/json_writer.h"
#include "os/random.h"
#include "policy/policy.h"

enum { NAME_SIZE = SELFTEST_MARK_SIZE + sizeof SELFTEST_DOMAIN + 1 };

/* Version 8: an id of our own making (RFC 9562, section 5.8); "linie-selftest" is in it. */
static const struct uuid indicator_id = { .bytes = { 0x6c, 0x69, 0x6e, 0x69, 0x65, 0x2d, 0x80, 0x73,
                                                     0xa5, 0x65, 0x6c, 0x66, 0x74, 0x65, 0x73,
                                                     0x74 } };
#define INDICATOR_ID SPAN("indicator--6c696e69-652d-8073-a565-6c6674657374")

enum err selftest_index(struct match_builder *builder, struct span source)
{
    const struct match_origin from = { .source_id = source, .source = SPAN("linie selftest") };
    struct match_indicator indicator = {
        .value = { .kind = VALUE_DOMAIN, .key = SPAN(SELFTEST_DOMAIN) },
        .scope = VALUE_SCOPE_SUBDOMAINS,
        .tlp = POLICY_TLP_CLEAR,
        .confidence = RANK_CONFIDENCE_UNKNOWN,
        .has_uuid = true,
        .uuid = indicator_id,
        .valid_from_us = TIME_US_NONE,
        .valid_until_us = TIME_US_NONE,
    };
    TRY(match_builder_origin(builder, &from, &indicator.origin));
    return match_builder_add(builder, &indicator);
}

bool selftest_is_fold(const struct fold *fold)
{
    return span_equal(fold->indicator, INDICATOR_ID) &&
           span_equal(fold->value, SPAN(SELFTEST_DOMAIN));
}

void selftest_mark(char *ret)
{
    uint8_t bytes[(SELFTEST_MARK_SIZE - 1) / 2];
    struct buf hex;
    os_random(bytes, sizeof bytes);
    buf_init(&hex, SELFTEST_MARK_SIZE);
    buf_add_hex(&hex, span_make(bytes, sizeof bytes));
    must(hex.err == ERR_OK);
    span_copy(ret, SELFTEST_MARK_SIZE, buf_span(&hex));
    ret[SELFTEST_MARK_SIZE - 1] = '\0';
    buf_done(&hex);
}

static void name_of(const char *mark, char *ret)
{
    snprintf(ret, NAME_SIZE, "%s.%s", mark, SELFTEST_DOMAIN);
}

/* Addresses of documentation (RFC 5737), which nobody has. */
void selftest_line(struct buf *line, const char *mark, int64_t time_us)
{
    enum { DNS_PORT = 53, SOME_PORT = 49152 };
    char name[NAME_SIZE];
    char seconds[32];
    struct json_writer w;
    name_of(mark, name);
    snprintf(seconds, sizeof seconds, "%lld.%06lld", (long long)(time_us / US_PER_S),
             (long long)(time_us % US_PER_S));
    json_writer_init(&w, line);
    json_begin_object(&w);
    json_member_string(&w, SPAN("_path"), SPAN("dns"));
    json_key(&w, SPAN("ts"));
    json_add_raw(&w, span_of(seconds));
    json_member_string(&w, SPAN("uid"), span_of(mark));
    json_member_string(&w, SPAN("id.orig_h"), SPAN("192.0.2.1"));
    json_member_u64(&w, SPAN("id.orig_p"), SOME_PORT);
    json_member_string(&w, SPAN("id.resp_h"), SPAN("192.0.2.53"));
    json_member_u64(&w, SPAN("id.resp_p"), DNS_PORT);
    json_member_string(&w, SPAN("proto"), SPAN("udp"));
    json_member_string(&w, SPAN("query"), span_of(name));
    json_end_object(&w);
    buf_add_byte(line, '\n');
}

bool selftest_fits(const struct fold *fold, const char *mark)
{
    char name[NAME_SIZE];
    name_of(mark, name);
    return fold->count == 1 && fold->observed.count == 1 &&
           span_equal(fold->observed.at[0], span_of(name));
}
