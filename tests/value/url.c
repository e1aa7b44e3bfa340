// SPDX-License-Identifier: EUPL-1.2
#include "tests/value/told.h"

#define ROWS(rows) (rows), sizeof(rows) / sizeof((rows)[0])

TEST(urls_keep_the_case_of_path_and_query_and_lose_the_rest)
{
    static const struct told_row rows[] = {
        { "http://example.org/a?b", "url http://example.org/a?b" },
        { "HTTP://Example.ORG./A?B", "url http://example.org/A?B" },
        { "http://example.org", "url http://example.org/" },
        { "http://example.org?b", "url http://example.org/?b" },
        { "http://example.org#c", "url http://example.org/" },
        { "http://example.org/a?", "url http://example.org/a?" },
        { "http://example.org/a#b?c", "url http://example.org/a" },
        { "http://example.org/a?b#c", "url http://example.org/a?b" },
        { "http://someone:secret@example.org/a", "url http://example.org/a" },
        { "http://example.net@example.org/a", "url http://example.org/a" },
        { "http://a@b@example.org/", "url http://example.org/" },
        { "http://b\303\274cher.example/", "url http://xn--bcher-kva.example/" },
        { "http://198.51.100.7/a", "url http://198.51.100.7/a" },
        { "http://[2001:DB8::0:7]/a", "url http://[2001:db8::7]/a" },
        { "http://[::ffff:198.51.100.7]/a", "url http://198.51.100.7/a" },
        { "http://[fe80::1%25eth0]/", "url http://[fe80::1]/" },
        { "http://ex%41mple.org/", "url http://example.org/" },
        { "http://%31%39%38.51.100.7/", "url http://198.51.100.7/" },
        { "example.org/a", "url example.org/a" },
        { "localhost", "url localhost/" },
        { "git+ssh://example.org/a", "url git+ssh://example.org/a" },
    };

    check_told(VALUE_URL, ROWS(rows));
}

TEST(urls_lose_the_ports_that_a_log_may_not_say)
{
    static const struct told_row rows[] = {
        { "http://example.org:80/", "url http://example.org/" },
        { "http://example.org:0080/", "url http://example.org/" },
        { "https://example.org:443/", "url https://example.org/" },
        { "http://example.org:443/", "url http://example.org/" },
        { "example.org:443/a", "url example.org/a" },
        { "example.org:80/a", "url example.org/a" },
        { "http://example.org:/a", "url http://example.org/a" },
        { "example.org:/a", "format" },
        { "ftp://example.org:21/a", "url ftp://example.org/a" },
        { "ftp://example.org:80/a", "url ftp://example.org:80/a" },
        { "ssh://example.org:443/", "url ssh://example.org:443/" },
        { "http://example.org:8080/", "url http://example.org:8080/" },
        { "http://example.org:21/", "url http://example.org:21/" },
        { "http://[2001:db8::7]:8080/", "url http://[2001:db8::7]:8080/" },
        { "http://[2001:db8::7]:80/", "url http://[2001:db8::7]/" },
        { "http://example.org:0/", "url http://example.org:0/" },
        { "http://example.org:65535/", "url http://example.org:65535/" },
        { "http://example.org:65536/", "format" },
        { "http://example.org:99999999999999999999999/", "format" },
        { "http://example.org:8o/", "format" },
        { "http://example.org:-1/", "format" },
    };

    check_told(VALUE_URL, ROWS(rows));
}

TEST(urls_have_no_dot_segments)
{
    static const struct told_row rows[] = {
        { "http://h/a/b/c/./../../g", "url http://h/a/g" }, /* RFC 3986 section 5.2.4 */
        { "http://h/mid/content=5/../6", "url http://h/mid/6" },
        { "http://h/.", "url http://h/" },
        { "http://h/..", "url http://h/" },
        { "http://h/../../a", "url http://h/a" },
        { "http://h/a/.", "url http://h/a/" },
        { "http://h/a/..", "url http://h/" },
        { "http://h/a/b/..", "url http://h/a/" },
        { "http://h/a//../b", "url http://h/a/b" },
        { "http://h//", "url http://h//" },
        { "http://h//../a", "url http://h/a" },
        { "http://h/a/%2E%2e/b", "url http://h/b" },
        { "http://h/...", "url http://h/..." },
        { "http://h/a/.b/..c", "url http://h/a/.b/..c" },
        { "http://h/a?b/../c", "url http://h/a?b/../c" },
    };

    check_told(VALUE_URL, ROWS(rows));
}

TEST(urls_have_one_form_of_each_escape)
{
    static const struct told_row rows[] = {
        { "http://h/%41%7e%2D", "url http://h/A~-" },
        { "http://h/%2f%3a%3F", "url http://h/%2F%3A%3F" },
        { "http://h/a b", "url http://h/a%20b" },
        { "http://h/a%20b", "url http://h/a%20b" },
        { "http://h/?q=\"<>^`{|}", "url http://h/?q=%22%3C%3E%5E%60%7B%7C%7D" },
        { "http://h/\303\274", "url http://h/%C3%BC" },
        { "http://h/\001\177", "url http://h/%01%7F" },
        { "http://h/%", "url http://h/%25" },
        { "http://h/%4", "url http://h/%254" },
        { "http://h/%zz", "url http://h/%25zz" },
        { "http://h/%%34%31", "url http://h/%2541" },
        { "http://h/a\\b", "url http://h/a\\b" },
        { "http://h/!$&'()*+,;=:@[]", "url http://h/!$&'()*+,;=:@[]" },
    };

    check_told(VALUE_URL, ROWS(rows));
    assert_string_equal(told(VALUE_URL, SPAN("http://h/a\0b")), "url http://h/a%00b");
}

TEST(urls_without_a_good_host_are_refused)
{
    static const struct told_row rows[] = {
        { "", "format" },
        { "http://", "format" },
        { "http:///a", "format" },
        { "://example.org/", "format" },
        { "//example.org/", "format" },
        { "/a/b", "format" },
        { "?a", "format" },
        { "http://:80/", "format" },
        { "http://someone@/", "format" },
        { "http://exa mple.org/", "format" },
        { "http://example.org\\@example.net/", "url http://example.net/" },
        { "http://example.org\\a", "format" },
        { "http://example..org/", "format" },
        { "http://1.2.3/", "format" },
        { "http://3325256711/", "format" },
        { "http://2001:db8::7/", "format" },
        { "http://[2001:db8::7/", "format" },
        { "http://[2001:db8::7]a/", "format" },
        { "http://[example.org]/", "format" },
        { "http://exam%ple.org/", "format" },
        { "http://a%2Fb/", "format" },
        { "mailto:someone@example.org", "format" },
        { "someone@example.org/a", "format" },
        { "1x://example.org/", "format" },
        { "javascript:alert(1)", "format" },
        { "a-scheme-that-is-longer-than-thirty-two-bytes://example.org/", "format" },
    };

    check_told(VALUE_URL, ROWS(rows));
}

TEST(urls_that_are_too_long_are_told_so)
{
    static uint8_t text[VALUE_URL_SIZE_MAX + 100];
    static uint8_t key[VALUE_KEY_SIZE_MAX];
    memset(text, 'a', sizeof text);
    span_copy(text, sizeof text, SPAN("http://h/"));
    size_t fits = sizeof "http://" - 1 + VALUE_URL_SIZE_MAX;

    assert_int_equal(value_key_url(span_make(text, fits), key), VALUE_URL_SIZE_MAX);
    assert_int_equal(value_key_url(span_make(text, fits + 1), key), 0);
    assert_string_equal(told(VALUE_URL, span_make(text, fits + 1)), "limit");

    memset(text + 9, ' ', sizeof text - 9); /* three bytes each in the key */
    assert_string_equal(told(VALUE_URL, span_make(text, fits / 2)), "limit");
}

static struct span request(const char *host, unsigned port, const char *target)
{
    static uint8_t key[VALUE_KEY_SIZE_MAX];
    return span_make(key, value_key_request(span_of(host), port, span_of(target), key));
}

TEST(requests_have_the_key_of_their_url)
{
    check_span(request("example.org", 80, "/a?b"), "example.org/a?b");
    check_span(request("Example.ORG", 443, "/a/../b"), "example.org/b");
    check_span(request("example.org", 0, "/"), "example.org/");
    check_span(request("example.org", 8080, "/a"), "example.org:8080/a");
    check_span(request("example.org:8080", 3128, "/a"), "example.org:8080/a");
    check_span(request("example.org:80", 3128, "/a"), "example.org/a");
    check_span(request("198.51.100.7", 80, "/a b"), "198.51.100.7/a%20b");
    check_span(request("[2001:db8::7]", 8080, "/"), "[2001:db8::7]:8080/");
    check_span(request("example.org", 80, "?a"), "example.org/?a");
    check_span(request("example.org", 80, "/a#b"), "example.org/a");
    check_span(request("example.org", 80, "//a"), "example.org//a");
}

TEST(requests_name_their_host_in_the_target_where_they_go_through_a_proxy)
{
    check_span(request("proxy.example", 3128, "http://example.org/a"), "example.org/a");
    check_span(request("", 3128, "http://example.org:8080/a"), "example.org:8080/a");
    check_span(request("example.org:443", 3128, "example.org:443"), "example.org/");
    check_span(request("", 3128, "example.org:8443"), "example.org:8443/");
    check_span(request("", 3128, "[2001:db8::7]:8443"), "[2001:db8::7]:8443/");
    check_span(request("example.org", 80, "*"), "example.org/");
}

TEST(requests_of_which_no_url_can_be_made_have_no_key)
{
    check_span(request("", 80, "/a"), "");
    check_span(request("example.org", 80, ""), "");
    check_span(request("example.org", 80, "a"), "");
    check_span(request("example.org", 80, "a:b"), "");
    check_span(request("example.org", 80, "a:"), "");
    check_span(request("example.org", 80, "a:80/b"), "");
    check_span(request("example.org/x", 80, "/a"), "");
    check_span(request("example.org?x", 80, "/a"), "");
    check_span(request("exa mple.org", 80, "/a"), "");
    check_span(request("example.org", 80, "http://"), "");
}

/* A random piece out of what makes URLs difficult. */
static size_t random_piece(uint64_t *state, char *text, size_t size_max)
{
    static const char bytes[] = "aB./%2eF?#:@\\ \"\303\274";
    size_t size = testing_random(state) % size_max;
    for (size_t i = 0; i < size; i++) {
        text[i] = bytes[testing_random(state) % (sizeof bytes - 1)];
    }
    return size;
}

TEST(requests_and_urls_agree_on_random_targets)
{
    enum { COUNT = 100000, HOST_SIZE = 12, TARGET_SIZE = 40 };
    uint64_t state = testing_seed();
    static uint8_t request_key[VALUE_KEY_SIZE_MAX];
    static uint8_t url_key[VALUE_KEY_SIZE_MAX];
    for (size_t i = 0; i < COUNT; i++) {
        char url[16 + HOST_SIZE + TARGET_SIZE] = "http://example.org";
        size_t host_size = sizeof "example.org" - 1;
        char *host = url + sizeof "http://" - 1;
        if (testing_random(&state) % 4 == 0) {
            host_size = random_piece(&state, host, HOST_SIZE);
        }
        char *target = host + host_size;
        target[0] = '/';
        size_t target_size = 1 + random_piece(&state, target + 1, TARGET_SIZE);
        struct span host_span = span_make(host, host_size);
        bool splits = span_find(host_span, '/') != SPAN_NOT_FOUND ||
                      span_find(host_span, '?') != SPAN_NOT_FOUND ||
                      span_find(host_span, '#') != SPAN_NOT_FOUND;

        size_t request_size =
            value_key_request(host_span, 0, span_make(target, target_size), request_key);
        size_t url_size =
            value_key_url(span_make(url, sizeof "http://" - 1 + host_size + target_size), url_key);

        if (!splits) {
            assert_int_equal(request_size, url_size);
            assert_memory_equal(request_key, url_key, url_size);
        }
    }
}

static void check_plain(const char *key, const char *wanted)
{
    uint8_t form[VALUE_URL_SIZE_MAX];
    size_t size = value_url_plain(span_of(key), form);
    check_span(span_make(form, size), wanted);
}

TEST(the_plain_form_undoes_what_a_program_may_have_undone)
{
    check_plain("example.org/a", "example.org/a");
    check_plain("example.org/a%5Bb%2F%3Fc%26", "example.org/a[b/?c&");
    check_plain("example.org/a%20%C3%BC%22%23", "example.org/a%20%C3%BC%22%23");
    check_plain("example.org/%2541%255B", "example.org/A[");
    check_plain("example.org/%252541", "example.org/A");
    check_plain("example.org/%25%411", "example.org/%A1");
    check_plain("example.org/%25", "example.org/%25");
    check_plain("example.org/%25zz%2", "example.org/%25zz%2");
    check_plain("example.org/%%41", "example.org/%A");
    check_plain("example.org/\\xff\\x0A\\x41\\xf\\y", "example.org/%FF%0A\\x41\\xf\\y");
}

/* What Zeek logs of a request is its target with all escapes undone. */
TEST(the_plain_form_is_the_same_for_a_target_as_sent_and_as_zeek_logs_it)
{
    static const struct {
        const char *sent;
        const char *logged;
    } rows[] = {
        { "/a%5Bb%5D?c=%26d", "/a[b]?c=&d" }, { "/a%20b%2Fc", "/a b/c" },
        { "/%C3%BC%41", "/\303\274A" },       { "/a%2541b", "/a%41b" },
        { "/a%3Fb%3Dc", "/a?b=c" },           { "/100%25", "/100%" },
        { "/%B2%E2.exe", "/\\xb2\\xe2.exe" }, { "/a%09b%7F", "/a\\x09b\\x7F" },
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        uint8_t key[VALUE_KEY_SIZE_MAX];
        uint8_t sent[VALUE_KEY_SIZE_MAX];
        uint8_t logged[VALUE_KEY_SIZE_MAX];
        size_t size = value_key_request(SPAN("example.org"), 80, span_of(rows[i].sent), key);
        size_t sent_size = value_url_plain(span_make(key, size), sent);
        size = value_key_request(SPAN("example.org"), 80, span_of(rows[i].logged), key);
        size_t logged_size = value_url_plain(span_make(key, size), logged);

        assert_true(size > 0);
        assert_true(span_equal(span_make(sent, sent_size), span_make(logged, logged_size)));
    }
}

TEST(host_of_a_url_is_what_stands_before_its_port_and_path)
{
    static const char *const cases[][2] = {
        { "example.org/a?b:c", "example.org" },     { "example.org:8443/a", "example.org" },
        { "example.org?q", "example.org" },         { "198.51.100.7:80", "198.51.100.7" },
        { "[2001:db8::7]:8443/", "[2001:db8::7]" }, { "[2001:db8::7]/a:b", "[2001:db8::7]" },
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct span host = value_url_host(span_of(cases[i][0]));
        assert_true(span_equal(host, span_of(cases[i][1])));
    }
}
