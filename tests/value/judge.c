// SPDX-License-Identifier: EUPL-1.2
#include "value/judge.h"

#include "tests/testing.h"

static struct value_buf bytes;

/* The verdict on a value of a kind, as people write it, under given rules. */
static const char *judged_even_if(const struct value_rules *rules, uint32_t even_if,
                                  const char *kind, const char *text, const char *scope_name)
{
    enum value_kind named = VALUE_NONE;
    enum value_scope scope = VALUE_SCOPE_EXACT;
    struct value value;
    check_err(value_kind_from_name(span_of(kind), &named), ERR_OK);
    check_err(value_scope_from_name(span_of(scope_name), &scope), ERR_OK);
    if (scope == VALUE_SCOPE_LIKE || scope == VALUE_SCOPE_REGEX) {
        value = (struct value){ .kind = named, .key = span_of(text) };
    } else {
        check_err(value_parse(named, span_of(text), &bytes, &value), ERR_OK);
    }
    return value_verdict_name(value_judge(rules, even_if, &value, scope));
}

static const char *judged_by(const struct value_rules *rules, const char *kind, const char *text,
                             const char *scope)
{
    return judged_even_if(rules, 0, kind, text, scope);
}

static const char *judged(const char *kind, const char *text, const char *scope)
{
    const struct value_rules rules = value_rules_default();
    return judged_by(&rules, kind, text, scope);
}

#define check_judged(kind, text, scope, verdict)                                                   \
    assert_string_equal(judged((kind), (text), (scope)), (verdict))

TEST(judge_refuses_public_suffixes_that_stand_for_names_below_them)
{
    check_judged("domain", "com", "subdomains", "public-suffix");
    check_judged("domain", "co.uk", "subdomains", "public-suffix");
    check_judged("domain", "co.uk", "subdomains-only", "public-suffix");
    check_judged("domain", "github.io", "subdomains", "public-suffix");
    check_judged("domain", "xn--p1ai", "subdomains", "public-suffix");
    check_judged("domain", "anything.ck", "subdomains", "public-suffix");
    check_judged("domain", "no-such-top-label", "subdomains", "public-suffix");
    check_judged("domain", "%.co.uk", "like", "public-suffix");
    check_judged("domain", "www.ck", "subdomains", "fit");
    check_judged("domain", "evil.co.uk", "subdomains", "fit");
    check_judged("domain", "evil.github.io", "subdomains", "fit");
}

TEST(judge_takes_a_hosts_suffix_alone_and_refuses_that_of_a_registry)
{
    check_judged("domain", "github.io", "exact", "fit");
    check_judged("domain", "localhost", "exact", "fit");
    check_judged("domain", "co.uk", "exact", "public-suffix");
    check_judged("domain", "com", "exact", "public-suffix");
}

TEST(judge_refuses_ranges_that_are_too_wide)
{
    check_judged("cidr", "0.0.0.0/0", "exact", "wide-range");
    check_judged("cidr", "8.0.0.0/7", "exact", "wide-range");
    check_judged("cidr", "8.0.0.0/8", "exact", "fit");
    check_judged("cidr", "::/0", "exact", "wide-range");
    check_judged("cidr", "2a00::/18", "exact", "wide-range");
    check_judged("cidr", "2a00::/19", "exact", "fit");
}

TEST(judge_takes_the_widest_range_from_its_rules)
{
    struct value_rules rules = value_rules_default();
    rules.widest_ipv4 = 24;
    rules.widest_ipv6 = 48;

    assert_string_equal(judged_by(&rules, "cidr", "203.0.113.0/24", "exact"), "fit");
    assert_string_equal(judged_by(&rules, "cidr", "203.0.112.0/23", "exact"), "wide-range");
    assert_string_equal(judged_by(&rules, "cidr", "2001:db8::/48", "exact"), "fit");
    assert_string_equal(judged_by(&rules, "cidr", "2001:db8::/47", "exact"), "wide-range");
}

TEST(judge_refuses_private_networks_whoever_the_owner_is)
{
    check_judged("ip", "10.1.2.3", "exact", "own-network");
    check_judged("ip", "172.31.255.255", "exact", "own-network");
    check_judged("ip", "172.32.0.0", "exact", "fit");
    check_judged("ip", "192.168.0.1", "exact", "own-network");
    check_judged("ip", "100.127.255.255", "exact", "own-network");
    check_judged("ip", "169.254.1.1", "exact", "own-network");
    check_judged("ip", "fd12::1", "exact", "own-network");
    check_judged("ip", "fe80::1", "exact", "own-network");
    check_judged("ip-port", "10.1.2.3:443", "exact", "own-network");
    check_judged("url", "http://10.1.2.3:8080/a", "exact", "own-network");
    check_judged("url", "http://[fd12::1]/a", "exact", "own-network");
    check_judged("cidr", "192.168.128.0/24", "exact", "own-network");
    check_judged("cidr", "192.0.0.0/8", "exact", "own-network");
}

TEST(judge_refuses_the_owners_networks_and_what_overlaps_them)
{
    struct value_rules rules = value_rules_default();
    rules.own[0] = (struct value_network){ { 203, 0, 113 }, 4, 25 };
    rules.own[1] = (struct value_network){ { 0x20, 0x01, 0x0D, 0xB8 }, 16, 32 };
    rules.own_count = 2;

    assert_string_equal(judged_by(&rules, "ip", "203.0.113.127", "exact"), "own-network");
    assert_string_equal(judged_by(&rules, "ip", "203.0.113.128", "exact"), "fit");
    assert_string_equal(judged_by(&rules, "cidr", "203.0.112.0/22", "exact"), "own-network");
    assert_string_equal(judged_by(&rules, "cidr", "203.0.113.128/25", "exact"), "fit");
    assert_string_equal(judged_by(&rules, "ip", "2001:db8:1::1", "exact"), "own-network");
    assert_string_equal(judged_by(&rules, "ip", "2001:db9::1", "exact"), "fit");
    assert_string_equal(judged_by(&rules, "ip", "10.0.0.1", "exact"), "own-network");
}

TEST(judge_refuses_addresses_of_no_host_and_takes_those_of_examples)
{
    static const char *const special[] = { "0.0.0.0",    "127.0.0.1", "192.0.0.1",
                                           "198.19.0.1", "224.0.0.1", "255.255.255.255",
                                           "::",         "::1",       "100::1",
                                           "2001:2::1",  "ff02::1",   "5f00::1" };
    static const char *const examples[] = { "192.0.2.1",   "198.51.100.7", "203.0.113.9",
                                            "2001:db8::1", "3fff::1",      "8.8.8.8" };
    for (size_t i = 0; i < sizeof special / sizeof special[0]; i++) {
        check_judged("ip", special[i], "exact", "special-address");
    }
    for (size_t i = 0; i < sizeof examples / sizeof examples[0]; i++) {
        check_judged("ip", examples[i], "exact", "fit");
    }
    check_judged("cidr", "224.0.0.0/24", "exact", "special-address");
    check_judged("url", "http://127.0.0.1/a", "exact", "special-address");
    check_judged("asn", "AS64512", "exact", "special-address");
    check_judged("asn", "AS0", "exact", "special-address");
    check_judged("asn", "AS4200000000", "exact", "special-address");
    check_judged("asn", "AS64511", "exact", "fit");
    check_judged("asn", "AS65536", "exact", "fit");
}

TEST(judge_refuses_digests_of_nothing)
{
    check_judged("md5", "D41D8CD98F00B204E9800998ECF8427E", "exact", "trivial-digest");
    check_judged("sha1", "da39a3ee5e6b4b0d3255bfef95601890afd80709", "exact", "trivial-digest");
    check_judged("sha256", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
                 "exact", "trivial-digest");
    check_judged("sha512",
                 "cf83e1357eefb8bdf1542850d66d8007d620e4050b5715dc83f4a921d36ce9ce"
                 "47d0d13c5d85f2b0ff8318d2877eec2f63b931bd47417a81a538327af927da3e",
                 "exact", "trivial-digest");
    check_judged("ja3", "d41d8cd98f00b204e9800998ecf8427e", "exact", "trivial-digest");
    check_judged("md5", "00000000000000000000000000000000", "exact", "trivial-digest");
    check_judged("cert-sha1", "ffffffffffffffffffffffffffffffffffffffff", "exact",
                 "trivial-digest");
    check_judged("md5", "11111111111111111111111111111111", "exact", "fit");
    check_judged("md5", "f41fc1180af994f04b40a750ec1898d4", "exact", "fit");
}

TEST(judge_refuses_patterns_that_every_value_fits)
{
    check_judged("url", "%", "like", "matches-all");
    check_judged("url", "_%_", "like", "matches-all");
    check_judged("url", "%/gate.php", "like", "fit");
    check_judged("domain", "____", "like", "fit");
    check_judged("url", ".*", "regex", "matches-all");
    check_judged("domain", "[a-z]|\\d", "regex", "matches-all");
    check_judged("domain", "(foo)?", "regex", "matches-all");
    check_judged("domain", "^(.+\\.)?evil[0-9]\\.example$", "regex", "fit");
}

TEST(judge_refuses_expressions_that_are_none_or_run_away)
{
    check_judged("url", "(a", "regex", "bad-pattern");
    check_judged("url", "", "regex", "bad-pattern");
    check_judged("url", "(?P<x", "regex", "bad-pattern");
    check_judged("url", "^(.|..|...)*(?=!)", "regex", "bad-pattern");
}

TEST(judge_refuses_what_every_client_may_be_called)
{
    check_judged("user-agent", "-", "exact", "too-common");
    check_judged("user-agent", "Mozilla/5.0", "exact", "too-common");
    check_judged("user-agent", "Mozilla/5.0 (evil)", "exact", "fit");
    check_judged("user-agent", "\xD0\x96", "exact", "fit");
    check_judged("file-name", "...", "exact", "too-common");
    check_judged("file-name", "a.exe", "exact", "fit");
}

TEST(judge_lets_pass_what_a_person_means)
{
    const struct value_rules rules = value_rules_default();
    uint32_t even_if = 1u << VALUE_UNFIT_OWN_NETWORK | 1u << VALUE_UNFIT_PUBLIC_SUFFIX;

    assert_string_equal(judged_even_if(&rules, even_if, "ip", "10.0.0.1", "exact"), "fit");
    assert_string_equal(judged_even_if(&rules, even_if, "domain", "github.io", "subdomains"),
                        "fit");
    assert_string_equal(judged_even_if(&rules, even_if, "cidr", "0.0.0.0/0", "exact"),
                        "wide-range");
    assert_string_equal(judged_even_if(&rules, even_if, "ip", "127.0.0.1", "exact"),
                        "special-address");
}

TEST(verdicts_have_words_and_all_but_a_broken_pattern_can_be_let_pass)
{
    for (int i = 0; i < VALUE_VERDICT_COUNT; i++) {
        enum value_verdict verdict = (enum value_verdict)i;
        enum value_verdict found = VALUE_FIT;
        bool may_pass = verdict != VALUE_FIT && verdict != VALUE_UNFIT_PATTERN;
        assert_true(value_verdict_why(verdict)[0] != '\0');
        check_err(value_verdict_from_name(span_of(value_verdict_name(verdict)), &found),
                  may_pass ? ERR_OK : ERR_ABSENT);
        assert_int_equal(found, may_pass ? verdict : VALUE_FIT);
    }
}
