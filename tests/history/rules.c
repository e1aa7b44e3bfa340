// SPDX-License-Identifier: EUPL-1.2
#include "history/rules.h"

#include "crypt/hmac.h"
#include "tests/testing.h"

static struct history_rules rules_with_secrets(uint8_t byte)
{
    struct history_rules rules;
    history_rules_default(&rules);
    rules.hash_secret_known = true;
    rules.host_secret_known = true;
    memset(rules.hash_secret, byte, sizeof rules.hash_secret);
    memset(rules.host_secret, byte + 1, sizeof rules.host_secret);
    return rules;
}

static struct value parse(enum value_kind kind, const char *text, struct value_buf *bytes)
{
    struct value value;
    check_err(value_parse(kind, span_of(text), bytes, &value), ERR_OK);
    return value;
}

/* What is kept of a value, as people read it. */
static void check_kept(enum history_keep keep, enum value_kind kind, const char *text,
                       const char *expected)
{
    const struct history_rules rules = rules_with_secrets(1);
    struct value_buf *bytes = test_malloc(sizeof *bytes);
    uint8_t *room = test_malloc(HISTORY_ORDER_SIZE_MAX);
    const struct value value = parse(kind, text, bytes);
    struct history_kept kept;
    struct buf shown;
    buf_init(&shown, HISTORY_ORDER_SIZE_MAX);

    check_err(history_keep_value(&rules, value.kind, value.key, keep, room, &kept), ERR_OK);
    history_kept_add_text(&shown, value.kind, kept.form, kept.key);

    check_span(buf_span(&shown), expected);
    buf_done(&shown);
    test_free(room);
    test_free(bytes);
}

TEST(words_for_what_is_kept_are_read_as_they_are_written)
{
    enum history_keep keep = HISTORY_KEEP_COUNT;
    for (int i = 0; i < HISTORY_KEEP_COUNT; i++) {
        check_err(history_keep_from_name(span_of(history_keep_name((enum history_keep)i)), &keep),
                  ERR_OK);
        assert_int_equal(keep, i);
    }
    check_err(history_keep_from_name(SPAN("TRUNCATE"), &keep), ERR_OK);
    assert_int_equal(keep, HISTORY_KEEP_TRUNCATED);
    check_err(history_keep_from_name(SPAN("half"), &keep), ERR_ABSENT);
}

TEST(without_configuration_all_is_kept_whole_and_for_ever)
{
    struct history_rules rules;
    history_rules_default(&rules);
    for (int kind = 0; kind < VALUE_KIND_COUNT; kind++) {
        assert_int_equal(rules.keep[kind], HISTORY_KEEP);
        assert_int_equal(rules.days[kind], 0);
    }
    assert_int_equal(rules.hour_days, 90);
    assert_int_equal(rules.day_days, 400);
    assert_false(rules.host_secret_known);
}

TEST(what_is_truncated_is_less_than_it_was)
{
    check_kept(HISTORY_KEEP_TRUNCATED, VALUE_IPV4, "198.51.100.77", "198.51.100.0/24");
    check_kept(HISTORY_KEEP_TRUNCATED, VALUE_IPV6, "2001:db8:1:2::3", "2001:db8:1::/48");
    check_kept(HISTORY_KEEP_TRUNCATED, VALUE_IP_PORT, "198.51.100.77:8443", "198.51.100.0/24");
    check_kept(HISTORY_KEEP_TRUNCATED, VALUE_IP_PORT, "[2001:db8:1:2::3]:1", "2001:db8:1::/48");
    check_kept(HISTORY_KEEP_TRUNCATED, VALUE_DOMAIN, "a.b.example.co.uk", "example.co.uk");
    check_kept(HISTORY_KEEP_TRUNCATED, VALUE_DOMAIN, "co.uk", "co.uk");
    check_kept(HISTORY_KEEP_TRUNCATED, VALUE_DOMAIN, "localhost", "localhost");
    check_kept(HISTORY_KEEP_TRUNCATED, VALUE_EMAIL, "someone@mail.example.org",
               "@mail.example.org");
    check_kept(HISTORY_KEEP_TRUNCATED, VALUE_URL, "http://example.org:8080/a/b?c=d",
               "example.org:8080");
    check_kept(HISTORY_KEEP_TRUNCATED, VALUE_MD5, "00112233445566778899aabbccddeeff",
               "0011223344556677...");
    check_kept(HISTORY_KEEP_TRUNCATED, VALUE_FILE_NAME, "invoice", "invo...");
    check_kept(HISTORY_KEEP_TRUNCATED, VALUE_ASN, "AS64500", "0000...");
}

TEST(what_is_kept_whole_reads_as_the_value_does)
{
    check_kept(HISTORY_KEEP, VALUE_IPV4, "198.51.100.77", "198.51.100.77");
    check_kept(HISTORY_KEEP, VALUE_IP_PORT, "198.51.100.77:53", "198.51.100.77:53");
    check_kept(HISTORY_KEEP, VALUE_ASN, "AS64500", "AS64500");
    check_kept(HISTORY_KEEP, VALUE_DOMAIN, "www.Example.org", "www.example.org");
}

TEST(the_port_of_what_is_truncated_is_gone)
{
    static const uint8_t key[] = { 0x01, 0xBB, 198, 51, 100, 77 };
    static const uint8_t network[] = { 0, 0, 198, 51, 100, 0 };
    const struct history_rules rules = rules_with_secrets(1);
    uint8_t room[HISTORY_ORDER_SIZE_MAX];
    struct history_kept kept;

    check_err(history_keep_value(&rules, VALUE_IP_PORT, span_make(key, sizeof key),
                                 HISTORY_KEEP_TRUNCATED, room, &kept),
              ERR_OK);

    assert_true(span_equal(kept.key, span_make(network, sizeof network)));
}

/* That it is HMAC-SHA256 is shown with the vectors of RFC 4231 in tests/crypt/hmac.c. */
TEST(a_hash_is_of_kind_and_key_under_the_secret)
{
    const struct history_rules rules = rules_with_secrets(1);
    const struct history_rules others = rules_with_secrets(7);
    const uint8_t kind = VALUE_DOMAIN;
    uint8_t digest[CRYPT_HMAC_SIZE];
    uint8_t rooms[3][HISTORY_ORDER_SIZE_MAX];
    struct history_kept kept[3];
    crypt_hmac(span_make(rules.hash_secret, sizeof rules.hash_secret), span_make(&kind, 1),
               SPAN("example.org"), digest);

    check_err(history_keep_value(&rules, VALUE_DOMAIN, SPAN("example.org"), HISTORY_KEEP_HASHED,
                                 rooms[0], &kept[0]),
              ERR_OK);
    check_err(history_keep_value(&others, VALUE_DOMAIN, SPAN("example.org"), HISTORY_KEEP_HASHED,
                                 rooms[1], &kept[1]),
              ERR_OK);
    check_err(history_keep_value(&rules, VALUE_URL, SPAN("example.org"), HISTORY_KEEP_HASHED,
                                 rooms[2], &kept[2]),
              ERR_OK);

    assert_int_equal(kept[0].form, HISTORY_HASHED);
    assert_true(span_equal(kept[0].key, span_make(digest, HISTORY_HASH_SIZE)));
    assert_false(span_equal(kept[0].key, kept[1].key));
    assert_false(span_equal(kept[0].key, kept[2].key));
}

TEST(what_is_not_kept_is_denied_and_a_hash_without_a_secret_too)
{
    struct history_rules rules;
    uint8_t room[HISTORY_ORDER_SIZE_MAX];
    struct history_kept kept;
    history_rules_default(&rules);

    check_err(history_keep_value(&rules, VALUE_DOMAIN, SPAN("example.org"), HISTORY_KEEP_NOT, room,
                                 &kept),
              ERR_DENIED);
    check_err(history_keep_value(&rules, VALUE_DOMAIN, SPAN("example.org"), HISTORY_KEEP_HASHED,
                                 room, &kept),
              ERR_DENIED);
}

TEST(bytes_that_are_no_key_are_truncated_and_hashed_all_the_same)
{
    const struct history_rules rules = rules_with_secrets(1);
    uint8_t room[HISTORY_ORDER_SIZE_MAX];
    struct history_kept kept;
    for (int kind = VALUE_IPV4; kind < VALUE_KIND_COUNT; kind++) {
        for (size_t size = 0; size <= 20; size++) {
            struct span key = span_make("abcdefghijklmnopqrst", size);
            check_err(history_keep_value(&rules, (enum value_kind)kind, key, HISTORY_KEEP_TRUNCATED,
                                         room, &kept),
                      ERR_OK);
            assert_in_range(kept.key.size, 0, size);
            check_err(history_keep_value(&rules, (enum value_kind)kind, key, HISTORY_KEEP_HASHED,
                                         room, &kept),
                      ERR_OK);
            assert_int_equal(kept.key.size, HISTORY_HASH_SIZE);
        }
    }
}

TEST(bytes_that_are_no_key_are_shown_all_the_same)
{
    struct buf shown;
    buf_init(&shown, 4 * HISTORY_ORDER_SIZE_MAX);
    for (int kind = 0; kind < VALUE_KIND_COUNT; kind++) {
        for (int form = 0; form < HISTORY_FORM_COUNT; form++) {
            for (size_t size = 0; size <= 20; size++) {
                history_kept_add_text(&shown, (enum value_kind)kind, (enum history_form)form,
                                      span_make("abcdefghijklmnopqrst", size));
            }
        }
    }
    assert_int_equal(shown.err, ERR_OK);
    buf_done(&shown);
}

/* ---- inside hosts ---- */

static void check_revealed(const char *host)
{
    const struct history_rules rules = rules_with_secrets(1);
    uint8_t name_bytes[HISTORY_NAME_SIZE_MAX];
    struct buf text;
    buf_init(&text, HISTORY_NAME_SIZE_MAX);

    struct span name = history_host_name(&rules, span_of(host), name_bytes);
    assert_true(span_starts_with(name, SPAN("host-")));
    assert_int_equal(name.size, 5 + 40);
    check_err(history_host_reveal(rules.host_secret, name, &text), ERR_OK);

    check_span(buf_span(&text), host);
    buf_done(&text);
}

TEST(who_has_the_secret_reads_the_address_behind_a_pseudonym)
{
    check_revealed("10.0.0.5");
    check_revealed("0.0.0.0");
    check_revealed("2001:db8::7");
    check_revealed("::");
    check_revealed("fe80::1");
}

TEST(the_same_host_has_the_same_pseudonym_and_others_have_others)
{
    const struct history_rules rules = rules_with_secrets(1);
    uint8_t bytes[3][HISTORY_NAME_SIZE_MAX];

    struct span first = history_host_name(&rules, SPAN("10.0.0.5"), bytes[0]);
    struct span again = history_host_name(&rules, SPAN("10.0.0.5"), bytes[1]);
    struct span other = history_host_name(&rules, SPAN("10.0.0.6"), bytes[2]);

    assert_true(span_equal(first, again));
    assert_false(span_equal(first, other));
}

TEST(under_another_secret_no_pseudonym_is_revealed)
{
    const struct history_rules rules = rules_with_secrets(1);
    const struct history_rules others = rules_with_secrets(7);
    uint8_t bytes[HISTORY_NAME_SIZE_MAX];
    struct buf text;
    buf_init(&text, HISTORY_NAME_SIZE_MAX);

    struct span name = history_host_name(&rules, SPAN("2001:db8::7"), bytes);
    check_err(history_host_reveal(others.host_secret, name, &text), ERR_FORMAT);
    check_err(history_host_reveal(rules.host_secret, span_slice(name, 0, name.size - 1), &text),
              ERR_FORMAT);
    check_err(history_host_reveal(rules.host_secret, SPAN("10.0.0.5"), &text), ERR_FORMAT);
    bytes[name.size - 1] = 'x';
    check_err(history_host_reveal(rules.host_secret, name, &text), ERR_FORMAT);

    assert_int_equal(text.size, 0);
    buf_done(&text);
}

TEST(the_pseudonym_of_what_is_no_address_is_never_revealed)
{
    const struct history_rules rules = rules_with_secrets(1);
    uint8_t bytes[HISTORY_NAME_SIZE_MAX];
    struct buf text;
    buf_init(&text, HISTORY_NAME_SIZE_MAX);

    struct span name = history_host_name(&rules, SPAN("printer"), bytes);
    assert_int_equal(name.size, 5 + 40);
    check_err(history_host_reveal(rules.host_secret, name, &text), ERR_FORMAT);

    buf_done(&text);
}

TEST(without_a_secret_a_host_is_its_address_and_none_stays_none)
{
    struct history_rules rules;
    const struct history_rules hiding = rules_with_secrets(1);
    uint8_t bytes[HISTORY_NAME_SIZE_MAX];
    history_rules_default(&rules);

    check_span(history_host_name(&rules, SPAN("10.0.0.5"), bytes), "10.0.0.5");
    check_span(history_host_name(&hiding, SPAN(""), bytes), "");
}

TEST(whatever_changes_in_the_rules_but_the_size_has_another_mark)
{
    struct history_rules rules = rules_with_secrets(1);
    uint64_t marks[8];
    size_t count = 0;
    marks[count++] = history_rules_mark(&rules);
    rules.size_max++;
    assert_true(history_rules_mark(&rules) == marks[0]);

    rules.keep[VALUE_DOMAIN] = HISTORY_KEEP_NOT;
    marks[count++] = history_rules_mark(&rules);
    rules.keep[VALUE_DOMAIN] = HISTORY_KEEP_HASHED;
    marks[count++] = history_rules_mark(&rules);
    rules.days[VALUE_EMAIL] = 1;
    marks[count++] = history_rules_mark(&rules);
    rules.hour_days++;
    marks[count++] = history_rules_mark(&rules);
    rules.day_days++;
    marks[count++] = history_rules_mark(&rules);
    rules.host_secret[31] ^= 1;
    marks[count++] = history_rules_mark(&rules);
    rules.host_secret_known = false;
    marks[count++] = history_rules_mark(&rules);
    for (size_t i = 0; i < count; i++) {
        assert_true(marks[i] != 0);
        for (size_t k = 0; k < i; k++) {
            assert_true(marks[i] != marks[k]);
        }
    }
}
