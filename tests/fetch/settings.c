// SPDX-License-Identifier: EUPL-1.2
#include "fetch/fetch.h"
#include "fetch/message.h"
#include "fetch/place.h"
#include "tests/testing.h"

enum { BODY_SIZE_MAX = 64 * 1024 };

/* "scheme host port path", or the error's name. */
static void check_place(const char *url, const char *expected)
{
    struct op op;
    struct buf text;
    struct place place;
    testing_op_begin(&op);
    buf_init(&text, BODY_SIZE_MAX);
    enum err err = place_parse(&op, span_of(url), &place);
    if (err == ERR_OK) {
        buf_add_format(&text, "%.*s %.*s %.*s %.*s", SPAN_FMT(place.scheme), SPAN_FMT(place.host),
                       SPAN_FMT(place.port), SPAN_FMT(place.path));
    } else {
        buf_add(&text, span_of(err_name(err)));
    }
    check_span(buf_span(&text), expected);
    buf_done(&text);
    op_end(&op);
}

TEST(urls_are_taken_apart)
{
    check_place("tls://siem.example:6514", "tls siem.example 6514 ");
    check_place("UDP://siem.example", "udp siem.example  ");
    check_place("tcp://[2001:db8::1]:601", "tcp 2001:db8::1 601 ");
    check_place("https://soc.example/hook?a=b", "https soc.example  ");
    check_place("unix:/dev/log", "unix   /dev/log");
    check_place("unix:dev/log", "format");
    check_place("unix:", "format");
    check_place("", "format");
    check_place("https://user@soc.example/", "format");
    check_place("https://user:word@soc.example/", "format");
    check_place("https://soc.example:port/", "format");
    check_place("https://soc.example:70000/", "format");
    check_place("https://a b/", "format");
    check_place("https://a\nb/", "format");
}

TEST(loopback_is_this_machine_by_its_name_or_address)
{
    static const char *const here[] = { "localhost", "LOCALHOST", "127.0.0.1", "127.8.9.1", "::1" };
    static const char *const elsewhere[] = {
        "localhost.example", "128.0.0.1", "10.0.0.1", "::2", "127.1", "0.0.0.0", ""
    };

    for (size_t i = 0; i < sizeof here / sizeof here[0]; i++) {
        assert_true(place_is_loopback(span_of(here[i])));
    }
    for (size_t i = 0; i < sizeof elsewhere / sizeof elsewhere[0]; i++) {
        assert_false(place_is_loopback(span_of(elsewhere[i])));
    }
}

static void check_mail(const char *from, const char *to, enum err expected)
{
    struct op op;
    testing_op_begin(&op);
    const struct fetch_output output = {
        .kind = FETCH_MAIL,
        .url = SPAN("smtps://mail.example"),
        .from = span_of(from),
        .to = span_of(to),
    };
    check_err(fetch_output_check(&op, &output), expected);
    op_end(&op);
}

TEST(mail_addresses_can_begin_no_header)
{
    check_mail("a@b.example", "c@d.example", ERR_OK);
    check_mail("a@b.example", "c@d.example  e+f@d.example", ERR_OK);
    static const char *const bad[] = {
        "",      "a",     "@b",    "a@",      "a@b@c", "a@b\r\nBcc: x@y", "<a@b>",
        "a,b@c", "a b@c", "a@b\n", "\"a\"@b", "a@b;",  "a\xFF@b",         "a\x01@b"
    };
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        check_mail(bad[i], "c@d.example", ERR_FORMAT);
        if (span_find(span_of(bad[i]), ' ') < 0) {
            check_mail("a@b.example", bad[i], ERR_FORMAT);
        }
    }
}

TEST(nothing_goes_in_the_clear_to_another_machine_by_http)
{
    static const struct {
        const char *url;
        enum err err;
    } urls[] = {
        { "https://soc.example/", ERR_OK },    { "http://localhost:8080/", ERR_OK },
        { "http://127.0.0.1/", ERR_OK },       { "http://[::1]/", ERR_OK },
        { "http://soc.example/", ERR_FORMAT }, { "http://localhost.evil.example/", ERR_FORMAT },
        { "file:///etc/passwd", ERR_FORMAT },  { "gopher://soc.example/", ERR_FORMAT },
    };
    for (size_t i = 0; i < sizeof urls / sizeof urls[0]; i++) {
        struct op op;
        testing_op_begin(&op);
        const struct fetch_output output = { .kind = FETCH_WEBHOOK, .url = span_of(urls[i].url) };
        check_err(fetch_output_check(&op, &output), urls[i].err);
        op_end(&op);
    }
}

TEST(settings_come_over_the_channel_as_they_were)
{
    struct op op;
    struct buf body;
    struct fetch_output again;
    const struct fetch_output output = {
        .name = SPAN("siem"),
        .kind = FETCH_SYSLOG,
        .url = SPAN("tls://siem.example:6514"),
        .secret = SPAN("with \0 in it"),
        .ca_file = SPAN("/ca.pem"),
        .size_max = UINT64_MAX,
        .age_max_s = 1,
        .keep = 2,
        .mode = 0640,
        .sync = true,
        .datagram = true,
        .batch_max = 3,
        .every_s = 4,
    };
    testing_op_begin(&op);
    buf_init(&body, BODY_SIZE_MAX);

    fetch_message_add_output(&body, &output);
    check_err(fetch_message_read_output(&op, buf_span(&body), &again), ERR_OK);

    assert_true(span_equal(again.name, output.name));
    assert_true(span_equal(again.url, output.url));
    assert_true(span_equal(again.secret, output.secret));
    assert_true(span_equal(again.ca_file, output.ca_file));
    assert_int_equal(again.path.size, 0);
    assert_int_equal(again.kind, FETCH_SYSLOG);
    assert_true(again.size_max == UINT64_MAX);
    assert_int_equal(again.age_max_s + again.keep + again.batch_max + again.every_s, 10);
    assert_int_equal(again.mode, 0640);
    assert_true(again.sync);
    assert_true(again.datagram);
    for (size_t size = 0; size < body.size; size++) {
        check_err(fetch_message_read_output(&op, span_slice(buf_span(&body), 0, size), &again),
                  ERR_FORMAT);
        op_fault_clear(&op);
    }
    buf_done(&body);
    op_end(&op);
}
