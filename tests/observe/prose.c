// SPDX-License-Identifier: EUPL-1.2
#include "observe/prose.h"

#include "tests/testing.h"
#include "value/value.h"

struct reading {
    struct op op;
    struct gather gather;
    struct prose prose;
    struct observe_line line;
    struct buf bytes;
    struct buf text;
};

static void reading_begin(struct reading *r)
{
    *r = (struct reading){ .gather.field = 0 };
    testing_op_begin(&r->op);
    buf_init(&r->bytes, SIZE_MAX / 2);
    buf_init(&r->text, SIZE_MAX / 2);
    check_err(gather_init(&r->gather, &r->op.arena), ERR_OK);
    r->gather.wanted = OBSERVE_WANT_ALL;
}

static void reading_end(struct reading *r)
{
    buf_done(&r->bytes);
    buf_done(&r->text);
    op_end(&r->op);
}

/* The values of a text: "kind value", one a line. */
static struct span read_prose(struct reading *r, struct span text)
{
    static const uint8_t padding[RECORD_PADDING_SIZE];
    buf_clear(&r->bytes);
    buf_add(&r->bytes, text);
    buf_add(&r->bytes, span_make(padding, sizeof padding));
    r->line = (struct observe_line){ .count = 0 };
    gather_begin(&r->gather, &r->line, false);
    prose_gather(&r->prose, &r->gather, span_make(r->bytes.data, text.size));
    buf_clear(&r->text);
    for (size_t i = 0; i < r->line.count; i++) {
        const struct value value = { .kind = r->line.observations[i].kind,
                                     .key = r->line.observations[i].key };
        buf_add_format(&r->text, "%s ", value_kind_name(value.kind));
        value_add_text(&r->text, &value);
        buf_add_byte(&r->text, '\n');
    }
    return buf_span(&r->text);
}

static void check_prose_at(const char *text, const char *expected, int at)
{
    struct reading r;
    reading_begin(&r);

    struct span seen = read_prose(&r, span_of(text));

    testing_check_span(seen, expected, __FILE__, at);
    assert_int_equal(r.line.refused + r.line.unfit, 0); /* text promises nothing */
    reading_end(&r);
}

#define check_prose(text, expected) check_prose_at(text, expected, __LINE__)

TEST(addresses_are_found_with_what_stands_around_them)
{
    check_prose("from 203.0.113.9 port 22", "ipv4 203.0.113.9\n");
    check_prose("203.0.113.9", "ipv4 203.0.113.9\n");
    check_prose("src=203.0.113.9,dst=(198.51.100.7)", "ipv4 203.0.113.9\nipv4 198.51.100.7\n");
    check_prose("client:203.0.113.9.", "ipv4 203.0.113.9\n");
    check_prose("\"203.0.113.9\"|203.0.113.8;", "ipv4 203.0.113.9\nipv4 203.0.113.8\n");
    check_prose("on 2001:db8::7, ::1; fe80::1%eth0 and 2001:db8::9: timed out",
                "ipv6 2001:db8::7\nipv6 ::1\nipv6 fe80::1\nipv6 2001:db8::9\n");
    check_prose("10.0.0.1/38912 -> 192.0.2.1#53", "ipv4 10.0.0.1\nipv4 192.0.2.1\n");
}

TEST(port_behind_an_address_is_told_too)
{
    check_prose("203.0.113.9:4711", "ipv4 203.0.113.9\nip-port 203.0.113.9:4711\n");
    check_prose("[2001:db8::7]:443 [2001:db8::8]",
                "ipv6 2001:db8::7\nip-port [2001:db8::7]:443\nipv6 2001:db8::8\n");
    check_prose("203.0.113.9@4711", "ipv4 203.0.113.9\nip-port 203.0.113.9:4711\n");
    check_prose("203.0.113.9:0 203.0.113.9:65536", "ipv4 203.0.113.9\nipv4 203.0.113.9\n");
}

TEST(range_of_one_address_is_that_address)
{
    check_prose("203.0.113.9/32 203.0.113.8/31 203.0.113.7/8080",
                "ipv4 203.0.113.9\nipv4 203.0.113.7\n");
    check_prose("2001:db8::7/128 2001:db8::6/127", "ipv6 2001:db8::7\n");
}

TEST(what_only_looks_like_an_address_is_none)
{
    check_prose("10.0.0.0/8 2001:db8::/32", "");
    check_prose("20:34:05 aa:bb:cc:dd:ee:ff 1.2.3 1.2.3.4.5 v1.2.3.4 256.1.1.1", "");
    check_prose("name-1.2.3.4.deb", "");
}

TEST(names_are_domains_where_their_last_label_is_a_top_level_domain)
{
    check_prose("www.Example.org, mail.example.co.uk. (_dmarc.example.com)",
                "domain www.example.org\ndomain mail.example.co.uk\ndomain _dmarc.example.com\n");
    check_prose("m\xC3\xBCnchen.de", "domain xn--mnchen-3ya.de\n");
    check_prose("host.example.com:8080", "domain host.example.com\n");
    check_prose("c2.bazar printer.lan www.evil.example",
                "domain c2.bazar\ndomain printer.lan\ndomain www.evil.example\n");
    check_prose("setup.exe, org.apache.http.client, e.g. error.log, foo.conf, a.b, host1", "");
    check_prose("obj.name() user.info(x)", "");
}

TEST(names_of_files_are_no_domains)
{
    check_prose("libfoo.so libfoo.so.1 foo.py setup.sh README.md lib.rs evil.zip id_rsa.pub", "");
    check_prose("/usr/lib/libfoo.so C:\\x\\foo.zip", "");
    check_prose("www.foo.py x.y.zip", "domain www.foo.py\ndomain x.y.zip\n");
    check_prose("https://foo.py/a root@foo.sh",
                "url foo.py/a\ndomain foo.py\nemail root@foo.sh\ndomain foo.sh\n");
}

TEST(urls_end_where_a_sentence_or_a_bracket_does)
{
    check_prose("see http://www.example.org/a?b=c.",
                "url www.example.org/a?b=c\ndomain www.example.org\n");
    check_prose("(https://www.example.org/a(b))",
                "url www.example.org/a(b)\ndomain www.example.org\n");
    check_prose("<ftp://198.51.100.7/x>", "url 198.51.100.7/x\nipv4 198.51.100.7\n");
    check_prose("url:'http://[2001:db8::7]:8080/'", "url [2001:db8::7]:8080/\nipv6 2001:db8::7\n");
    check_prose("http:// http:/// x://", "");
}

TEST(url_in_a_url_is_found)
{
    check_prose("http://www.example.org/go?to=http://evil.example.net/x",
                "url www.example.org/go?to=http://evil.example.net/x\ndomain www.example.org\n"
                "url evil.example.net/x\ndomain evil.example.net\n");
}

TEST(mail_addresses_are_found_with_their_domain)
{
    check_prose("from=<John.Doe+x@Example.org>",
                "email john.doe+x@example.org\ndomain example.org\n");
    check_prose(
        "mailto:a@example.org; git@example.net:x/y",
        "email a@example.org\ndomain example.org\nemail git@example.net\ndomain example.net\n");
    check_prose("root@10.0.0.5 x@localhost @example.org", "ipv4 10.0.0.5\ndomain example.org\n");
}

TEST(digests_are_found_by_their_length)
{
    check_prose("md5 d41d8cd98f00b204e9800998ecf8427e", "md5 d41d8cd98f00b204e9800998ecf8427e\n");
    check_prose("SHA1=DA39A3EE5E6B4B0D3255BFEF95601890AFD80709,",
                "sha1 da39a3ee5e6b4b0d3255bfef95601890afd80709\n");
    check_prose("da:39:a3:ee:5e:6b:4b:0d:32:55:bf:ef:95:60:18:90:af:d8:07:09",
                "sha1 da39a3ee5e6b4b0d3255bfef95601890afd80709\n");
    check_prose("01234567-89ab-cdef-0123-456789abcdef d41d8cd98f00b204 0x41", "");
}

TEST(escaped_line_feeds_are_between_words)
{
    check_prose("a#012evil.example.org\\nbad.example.org",
                "domain evil.example.org\ndomain bad.example.org\n");
}

TEST(values_made_harmless_stay_so)
{
    check_prose("hxxp://evil[.]example.org evil[.]example[.]net 203[.]0[.]113[.]9",
                "domain example.org\n");
}

/* Each planted value is found, whatever stands between them. */
TEST(planted_values_are_found_in_any_text)
{
    static const char *const values[] = { "203.0.113.9",
                                          "2001:db8::7",
                                          "www.example.org",
                                          "someone@example.net",
                                          "http://www.example.com/a?b",
                                          "d41d8cd98f00b204e9800998ecf8427e" };
    static const char *const kinds[] = { "ipv4", "ipv6", "domain", "email", "url", "md5" };
    static const char *const between[] = { " ",  ", ", " = ", "\t", " \"",   "\" ",
                                           "; ", " (", ") ",  "|",  " word " };
    uint64_t random = testing_seed();
    struct reading r;
    struct buf text;
    reading_begin(&r);
    buf_init(&text, 65536);
    for (int round = 0; round < 5000; round++) {
        size_t planted[6] = { 0 };
        size_t seen[6] = { 0 };
        buf_clear(&text);
        size_t count = 1 + testing_random(&random) % 12;
        for (size_t i = 0; i < count; i++) {
            size_t which = testing_random(&random) % 6;
            buf_add(&text, span_of(between[testing_random(&random) % 11]));
            buf_add(&text, span_of(values[which]));
            planted[which]++;
        }

        (void)read_prose(&r, buf_span(&text));

        for (size_t i = 0; i < r.line.count; i++) {
            const char *kind = value_kind_name(r.line.observations[i].kind);
            for (size_t k = 0; k < 6; k++) {
                seen[k] += strcmp(kind, kinds[k]) == 0 ? 1 : 0;
            }
        }
        for (size_t k = 0; k < 6; k++) {
            bool all =
                k == 2 ? seen[k] >= planted[k] : seen[k] == planted[k]; /* hosts are domains */
            if (!all) {
                print_error("%.*s\n", SPAN_FMT(buf_span(&text)));
            }
            assert_true(all);
        }
    }
    buf_done(&text);
    reading_end(&r);
}

TEST(text_made_to_hurt_is_gone_through_in_a_moment)
{
    enum { SIZE = 1024 * 1024 };
    static const char *const pieces[] = {
        "a://", "a:", "1.", "a@", "::", "http://a/((", "\\n", ":/"
    };
    struct reading r;
    struct buf text;
    reading_begin(&r);
    buf_init(&text, SIZE + 16);
    for (size_t i = 0; i < sizeof pieces / sizeof pieces[0]; i++) {
        buf_clear(&text);
        while (text.size < SIZE) {
            buf_add(&text, span_of(pieces[i]));
        }

        (void)read_prose(&r, buf_span(&text));

        assert_true(r.line.count <= OBSERVE_OBSERVATION_COUNT_MAX);
    }
    buf_done(&text);
    reading_end(&r);
}
