// SPDX-License-Identifier: EUPL-1.2
#include "crypt/minisign.h"

#include "tests/testing.h"

/* Made with minisign 0.11: -G -W, -S, -S -l, of the bytes "agreed\n". */
#define KEY   "RWSLYWea36VkstAZ+qCQBeaUUBW5HVYyar1eJ3hVPeQVzApx8tdY2BPo"
#define BYTES SPAN("agreed\n")

static const char hashed[] =
    "untrusted comment: signature from minisign secret key\n"
    "RUSLYWea36Vksl7OW2RfyujEOU3cwAFJFkNCcjyz7S/"
    "3gS+Vwizi53sE7lSUtf4W+hNVHJvqKy5Eiu+y5I8xUVfGcWXAR0KIjww=\n"
    "trusted comment: signed for a test\n"
    "/8aDmZ0Dcm40jmUBcUjhQszzxYqTKvfF5s6DTqK7XMfHfmwaIPaUCW6fby7li0/O5tXPnmr1CYhPS/PqLNC8BA==\n";

static const char plain[] =
    "untrusted comment: signature from minisign secret key\n"
    "RWSLYWea36VkssgoOBgPEUeVrbojnQ7f7jEloP2pWFwsZKssiUuuZBn3qw7eWrmq1Kg7lZp0iu1GmudmX7za7hUN3JGLPm"
    "cz0gM=\n"
    "trusted comment: legacy\n"
    "63iF72UnmTIlMwlxfh5uDEsvMBRA680RC9DqLGBQSxYCrN2082iMiIVJUGPXBWH7+cH4dF96KB1CbBBY7LwwBw==\n";

static enum err check(struct span key, struct span bytes, struct span signature)
{
    struct op op;
    testing_op_begin(&op);
    enum err err = minisign_check(&op, key, bytes, signature);
    op_end(&op);
    return err;
}

TEST(signatures_that_minisign_made_are_good_in_both_forms)
{
    check_err(check(SPAN(KEY), BYTES, span_of(hashed)), ERR_OK);
    check_err(check(SPAN(KEY), BYTES, span_of(plain)), ERR_OK);
}

TEST(signature_of_other_bytes_is_refused)
{
    check_err(check(SPAN(KEY), SPAN("agreed"), span_of(hashed)), ERR_DENIED);
    check_err(check(SPAN(KEY), SPAN("Agreed\n"), span_of(plain)), ERR_DENIED);
}

TEST(signature_with_any_bit_of_its_meaning_changed_is_refused)
{
    char text[sizeof hashed];
    struct span whole = span_of(hashed);
    size_t first = (size_t)span_find(whole, '\n') + 1; /* the comment above is trusted by nobody */
    size_t refused = 0;
    for (size_t i = first; i + 1 < whole.size; i++) {
        span_copy(text, sizeof text, whole);
        text[i] = (char)(text[i] == 'A' ? 'B' : 'A');
        enum err err = check(SPAN(KEY), BYTES, span_make(text, whole.size));
        refused += text[i] != hashed[i] && err != ERR_OK ? 1 : 0;
    }
    assert_int_equal(refused, whole.size - first - 1);
}

TEST(signature_of_another_key_is_refused)
{
    static const char other[] = "RWQf6LRCGA9i53mlYecO4IzT51TGPpvWucNSCh1CBM0QTaLn73Y7GFO3";

    check_err(check(span_of(other), BYTES, span_of(hashed)), ERR_DENIED);
}

TEST(what_is_no_key_and_no_signature_is_a_fault_of_format)
{
    check_err(check(SPAN("RW"), BYTES, span_of(hashed)), ERR_FORMAT);
    check_err(check(SPAN(""), BYTES, span_of(hashed)), ERR_FORMAT);
    check_err(check(SPAN(KEY), BYTES, SPAN("")), ERR_FORMAT);
    check_err(check(SPAN(KEY), BYTES, SPAN("a\nb\ntrusted comment: c\nd\n")), ERR_FORMAT);
    check_err(check(SPAN(KEY), BYTES, span_make(hashed, sizeof hashed / 2)), ERR_FORMAT);
    assert_true(minisign_key_is_valid(SPAN(KEY)));
    assert_false(minisign_key_is_valid(SPAN("XX" KEY)));
}
