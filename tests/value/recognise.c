// SPDX-License-Identifier: EUPL-1.2
#include "tests/value/told.h"

#define COUNT(rows) (sizeof(rows) / sizeof((rows)[0]))

#define MD5_TEXT "d41d8cd98f00b204e9800998ecf8427e"
#define SHA512_TEXT                                                                                \
    "cf83e1357eefb8bdf1542850d66d8007d620e4050b5715dc83f4a921d36ce9ce"                             \
    "47d0d13c5d85f2b0ff8318d2877eec2f63b931bd47417a81a538327af927da3e"

static void check_lines(const struct told_row *rows, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        const char *got = told_line(span_of(rows[i].raw));
        if (strcmp(got, rows[i].told) != 0) {
            print_error("\"%s\" is told as \"%s\", not \"%s\"\n", rows[i].raw, got, rows[i].told);
            fail();
        }
    }
}

TEST(lines_of_each_kind_are_recognised)
{
    static const struct told_row rows[] = {
        { "198.51.100.7", "ipv4 198.51.100.7" },
        { "2001:db8::7", "ipv6 2001:db8::7" },
        { "198.51.100.0/24", "cidr 198.51.100.0/24" },
        { "198.51.100.7/32", "ipv4 198.51.100.7" },
        { "2001:db8::/32", "cidr 2001:db8::/32" },
        { "example.org", "domain example.org and below" },
        { "http://example.org/a", "url http://example.org/a" },
        { "http://localhost/a", "url http://localhost/a" },
        { MD5_TEXT, "md5 " MD5_TEXT },
        { "da:39:a3:ee:5e:6b:4b:0d:32:55:bf:ef:95:60:18:90:af:d8:07:09",
          "sha1 da39a3ee5e6b4b0d3255bfef95601890afd80709" },
        { "E3B0C44298FC1C149AFBF4C8996FB92427AE41E4649B934CA495991B7852B855",
          "sha256 e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855" },
        { "someone@example.org", "email someone@example.org" },
        { "Some One <someone@example.org>", "email someone@example.org" },
        { "invoice.exe", "domain invoice.exe and below" },
        { SHA512_TEXT, "sha512 " SHA512_TEXT },
        { "198.51.100.7:443", "ip-port 198.51.100.7:443" },
        { "198.51.100.7|443", "ip-port 198.51.100.7:443" },
        { "198[.]51[.]100[.]7[:]8080", "ip-port 198.51.100.7:8080" },
        { "[2001:db8::7]:443", "ip-port [2001:db8::7]:443" },
        { "T13D1516H2_8DAAF6152771_B186095E22B6", "ja4 t13d1516h2_8daaf6152771_b186095e22b6" },
    };

    check_lines(rows, COUNT(rows));
}

TEST(lines_say_how_far_a_domain_reaches)
{
    static const struct told_row rows[] = {
        { "example.org", "domain example.org and below" },
        { "=example.org", "domain example.org" },
        { ".example.org", "domain example.org below" },
        { "*.example.org", "domain example.org below" },
        { "*[.]example[.]org", "domain example.org below" },
        { "=198.51.100.7", "format" },
        { ".198.51.100.7", "format" },
        { "**.example.org", "format" },
        { "*example.org", "format" },
        { "..example.org", "format" },
        { "=", "format" },
        { "*.", "format" },
    };

    check_lines(rows, COUNT(rows));
}

TEST(lines_that_are_defanged_are_read)
{
    static const struct told_row rows[] = {
        { "198[.]51.100[.]7", "ipv4 198.51.100.7" },
        { "198(.)51(.)100(.)7", "ipv4 198.51.100.7" },
        { "198.51.100{.}0/24", "cidr 198.51.100.0/24" },
        { "198[.]51[.]100[.]0[/]24", "cidr 198.51.100.0/24" },
        { "2001[:]db8::7", "ipv6 2001:db8::7" },
        { "example[.]org", "domain example.org and below" },
        { "example[dot]org", "domain example.org and below" },
        { "example(DOT)org", "domain example.org and below" },
        { "example\\.org", "domain example.org and below" },
        { "hxxp://example.org/a", "url http://example.org/a" },
        { "hXXps://example.org/a", "url https://example.org/a" },
        { "h**p://example.org/a", "url http://example.org/a" },
        { "h**ps[:]//example[.]org/a", "url https://example.org/a" },
        { "hxxps[://]example[.]org/a[.]php", "url https://example.org/a.php" },
        { "fxp://example.org/", "url ftp://example.org/" },
        { "someone[at]example[.]org", "email someone@example.org" },
        { "someone(at)example[dot]org", "email someone@example.org" },
        { "someone[@]example.org", "email someone@example.org" },
        { "hxxp.example.org", "domain hxxp.example.org and below" },
        { "http://[2001:db8::7]/", "url http://[2001:db8::7]/" },
    };

    check_lines(rows, COUNT(rows));
}

TEST(lines_lose_the_marks_around_a_value)
{
    static const struct told_row rows[] = {
        { "  example.org\t\r\n", "domain example.org and below" },
        { "\"example.org\"", "domain example.org and below" },
        { "'example.org',", "domain example.org and below" },
        { "`example.org`", "domain example.org and below" },
        { "\"198.51.100.7\";", "ipv4 198.51.100.7" },
        { "<http://example.org/a>", "url http://example.org/a" },
        { "<\"hxxp://example[.]org/a\">", "url http://example.org/a" },
        { "\"some one\"@example.org", "email \"some one\"@example.org" },
        { "\"", "format" },
        { "<>", "format" },
        { "\"\"", "format" },
        { ",;,;", "format" },
    };

    check_lines(rows, COUNT(rows));
}

TEST(lines_with_a_slash_are_ranges_or_urls)
{
    static const struct told_row rows[] = {
        { "example.org/a", "url example.org/a" },
        { "example.org/", "url example.org/" },
        { "example.org:8080/a", "url example.org:8080/a" },
        { "198.51.100.7/a.exe", "url 198.51.100.7/a.exe" },
        { "198.51.100.7:8080/a", "url 198.51.100.7:8080/a" },
        { "[2001:db8::7]/a", "url [2001:db8::7]/a" },
        { "example.org/@someone.else", "url example.org/@someone.else" },
        { "198.51.100.7/33", "format" },
        { "198.51.100.7/99999999999999999999999", "format" },
        { "198.51.100.7/24#a", "format" },
        { "198.51.100.7/./24", "format" },
        { "198.51.100.0/0.0.0.255", "format" },
        { "198.51.100.0/255.0.255.0", "format" },
        { "198.51.100.7/255.255.255.0#a", "format" },
        { "198.51.100.7/24/a", "url 198.51.100.7/24/a" },
        { "2001:db8::/129", "format" },
        { "localhost/a", "format" },
        { "and/or", "format" },
        { "1.2/3", "format" },
        { "/", "format" },
        { "/etc/passwd", "format" },
        { "application/x-msdownload", "format" },
    };

    check_lines(rows, COUNT(rows));
}

TEST(lines_that_are_nothing_known_are_refused)
{
    static const struct told_row rows[] = {
        { "", "format" },
        { " ", "format" },
        { "com", "format" },
        { ".com", "format" },
        { "=com", "format" },
        { "example.c", "format" },
        { "example.c0m", "format" },
        { "a.xn--p1ai", "domain a.xn--p1ai and below" },
        { "198.51.100.7:0", "format" },
        { "198.51.100.7:65536", "format" },
        { "198.51.100.7:", "format" },
        { "198.51.100.7:443:1", "format" },
        { "t13d1516h2_8daaf6152771", "format" },
        { "AS64500", "format" },
        { "example.org:443", "format" },
        { "198.51.100", "format" },
        { "198.51.100.256", "format" },
        { "root@localhost", "format" },
        { "http://example.org/a b", "format" },
        { "example.org malware", "format" },
        { "d41d8cd98f00b204e9800998ecf8427", "format" },
        { "||example.org^", "format" },
        { "<b>example.org</b>", "format" },
        { "\xFF\xFE", "format" },
    };

    check_lines(rows, COUNT(rows));
    assert_string_equal(told_line(SPAN("example.org\0")), "format");
}

TEST(lines_that_are_too_long_are_told_so)
{
    static uint8_t text[VALUE_TEXT_SIZE_MAX + 1];
    memset(text, 'a', sizeof text);

    assert_string_equal(told_line(span_make(text, sizeof text)), "limit");
    memset(text, ' ', sizeof text);
    assert_string_equal(told_line(span_make(text, sizeof text)), "format");
}

TEST(cells_are_read_as_the_kind_beside_them)
{
    assert_string_equal(told_cell(VALUE_IPV4, SPAN(" \"198[.]51.100.7\" ")), "ipv4 198.51.100.7");
    assert_string_equal(told_cell(VALUE_IPV4, SPAN("2001:db8::7")), "ipv6 2001:db8::7");
    assert_string_equal(told_cell(VALUE_IPV4, SPAN("198.51.100.0/24")), "cidr 198.51.100.0/24");
    assert_string_equal(told_cell(VALUE_DOMAIN, SPAN("example[.]org")),
                        "domain example.org and below");
    assert_string_equal(told_cell(VALUE_DOMAIN, SPAN("=example.org")), "domain example.org");
    assert_string_equal(told_cell(VALUE_URL, SPAN("example.org")), "url example.org/");
    assert_string_equal(told_cell(VALUE_URL, SPAN("hxxp://example[.]org")),
                        "url http://example.org/");
    assert_string_equal(told_cell(VALUE_EMAIL, SPAN("x[@]localhost")), "email x@localhost");
    assert_string_equal(told_cell(VALUE_MD5, SPAN(MD5_TEXT)), "md5 " MD5_TEXT);
    assert_string_equal(told_cell(VALUE_JA3, SPAN(MD5_TEXT)), "ja3 " MD5_TEXT);
    assert_string_equal(told_cell(VALUE_ASN, SPAN("AS1.10")), "asn AS65546");
    assert_string_equal(told_cell(VALUE_FILE_NAME, SPAN("C:\\Users\\x\\Invoice.EXE")),
                        "file-name invoice.exe");
    assert_string_equal(told_cell(VALUE_USER_AGENT, SPAN("\"Mozilla/4.0 (compatible)\"")),
                        "user-agent Mozilla/4.0 (compatible)");
}

TEST(cells_that_are_not_of_their_kind_are_refused)
{
    assert_string_equal(told_cell(VALUE_IPV4, SPAN("example.org")), "format");
    assert_string_equal(told_cell(VALUE_DOMAIN, SPAN("198.51.100.7")), "format");
    assert_string_equal(told_cell(VALUE_DOMAIN, SPAN("com")), "format");
    assert_string_equal(told_cell(VALUE_DOMAIN, SPAN("http://example.org/")), "format");
    assert_string_equal(told_cell(VALUE_SHA256, SPAN(MD5_TEXT)), "format");
    assert_string_equal(told_cell(VALUE_URL, SPAN("")), "format");
}

TEST(lines_say_how_far_a_url_reaches)
{
    static const struct told_row rows[] = {
        { "http://example.org/a/*", "url http://example.org/a/ and what begins so" },
        { "example.org/*", "url example.org/ and what begins so" },
        { "hxxp://example[.]org/a/*", "url http://example.org/a/ and what begins so" },
        { "http://example.org/a?*", "url http://example.org/a with any query" },
        { "https://example.org/?*", "url https://example.org/ with any query" },
        { "http://example.org/a?b?*", "format" },
        { "http://example.org/a*", "url http://example.org/a*" },
        { "http://example.org/a?b=*", "url http://example.org/a?b=*" },
        { "http://example.org/*/b", "url http://example.org/*/b" },
        { "http://*", "format" },
        { "localhost/*", "format" },
    };

    check_lines(rows, COUNT(rows));
    assert_string_equal(told_cell(VALUE_URL, SPAN("http://example.org/a/*")),
                        "url http://example.org/a/ and what begins so");
    assert_string_equal(told_cell(VALUE_URL, SPAN("http://localhost/a?*")),
                        "url http://localhost/a with any query");
}

TEST(prefixes_with_more_steps_than_are_looked_up_are_refused)
{
    enum { HOST_SIZE = sizeof "http://example.org" - 1 };
    static uint8_t text[HOST_SIZE + VALUE_PREFIX_DEPTH_MAX + 2];
    memset(text, '/', sizeof text);
    span_copy(text, sizeof text, SPAN("http://example.org"));

    text[HOST_SIZE + VALUE_PREFIX_DEPTH_MAX] = '*';
    struct span longest = span_make(text, HOST_SIZE + VALUE_PREFIX_DEPTH_MAX + 1);
    assert_true(span_ends_with(span_of(told_line(longest)), SPAN("// and what begins so")));

    text[HOST_SIZE + VALUE_PREFIX_DEPTH_MAX] = '/';
    text[HOST_SIZE + VALUE_PREFIX_DEPTH_MAX + 1] = '*';
    assert_string_equal(told_line(span_make(text, sizeof text)), "format");
}

static void check_scoped(enum value_kind kind, enum value_scope scope, const char *raw,
                         const char *wanted)
{
    static struct value_buf bytes;
    struct value value = { .kind = VALUE_NONE };
    struct buf text;
    buf_init(&text, VALUE_TEXT_SIZE_MAX);
    enum err err = value_recognise_scoped(kind, scope, span_of(raw), &bytes, &value, NULL);
    if (err == ERR_OK) {
        value_add_text(&text, &value);
    } else {
        assert_int_equal(value.kind, VALUE_NONE);
        buf_add(&text, span_of(err_name(err)));
    }

    check_span(buf_span(&text), wanted);

    buf_done(&text);
}

TEST(cells_are_read_under_the_scope_beside_them)
{
    check_scoped(VALUE_DOMAIN, VALUE_SCOPE_EXACT, "example.org", "example.org");
    check_scoped(VALUE_NONE, VALUE_SCOPE_SUBDOMAINS, "*.example[.]org", "example.org");
    check_scoped(VALUE_URL, VALUE_SCOPE_ANY_QUERY, "http://example.org/a?b=c",
                 "http://example.org/a");
    check_scoped(VALUE_URL, VALUE_SCOPE_PREFIX, "http://example.org/a/b", "http://example.org/a/b");
    check_scoped(VALUE_URL, VALUE_SCOPE_PREFIX, "\"example.org/a/b*\"", "example.org/a/b");
    check_scoped(VALUE_URL, VALUE_SCOPE_CASELESS, "Example.org/A?B=C", "example.org/a?b=c");
    check_scoped(VALUE_URL, VALUE_SCOPE_LIKE, "http://%/gate.php", "http://%/gate.php");
    check_scoped(VALUE_USER_AGENT, VALUE_SCOPE_REGEX, "^evil/[0-9]+$", "^evil/[0-9]+$");
}

TEST(cells_that_cannot_have_the_scope_beside_them_are_refused)
{
    check_scoped(VALUE_DOMAIN, VALUE_SCOPE_PREFIX, "example.org", "format");
    check_scoped(VALUE_NONE, VALUE_SCOPE_SUBDOMAINS, "198.51.100.7", "format");
    check_scoped(VALUE_MD5, VALUE_SCOPE_REGEX, "^d4", "format");
    check_scoped(VALUE_NONE, VALUE_SCOPE_REGEX, "^d4", "format");
    check_scoped(VALUE_URL, VALUE_SCOPE_REGEX, "a(", "format");
    check_scoped(VALUE_URL, VALUE_SCOPE_LIKE, "%", "conflict");
}
