// SPDX-License-Identifier: EUPL-1.2
#include "intake/message.h"

#include "tests/testing.h"

enum { SIZE_MAX_OF_TEST = 4096 };

TEST(message_says_what_it_was_given)
{
    struct buf body;
    struct intake_source source;
    struct intake_counts counts;
    const struct intake_source given = {
        .kind = INTAKE_TLS,
        .certificate = SPAN("cert"),
        .key = SPAN("key"),
        .authorities = SPAN(""),
    };
    const struct intake_counts told = {
        .source = 3, .messages = 4, .cut = 5, .refused = 6, .broken = 7, .lost = 8
    };
    buf_init(&body, SIZE_MAX_OF_TEST);

    intake_message_add_source(&body, &given);
    check_err(intake_message_read_source(buf_span(&body), &source), ERR_OK);
    assert_int_equal(source.kind, INTAKE_TLS);
    check_span(source.certificate, "cert");
    check_span(source.key, "key");
    assert_int_equal(source.authorities.size, 0);
    buf_clear(&body);
    intake_message_add_counts(&body, &told);
    check_err(intake_message_read_counts(buf_span(&body), &counts), ERR_OK);
    assert_int_equal(counts.source, 3);
    assert_int_equal(counts.messages, 4);
    assert_int_equal(counts.lost, 8);
    buf_done(&body);
}

TEST(message_cut_at_any_byte_or_too_long_is_refused)
{
    struct buf body;
    struct intake_counts counts;
    struct intake_source source;
    buf_init(&body, SIZE_MAX_OF_TEST);

    intake_message_add_counts(&body, &(struct intake_counts){ .source = 1 });
    for (size_t size = 0; size < body.size; size++) {
        check_err(intake_message_read_counts(span_slice(buf_span(&body), 0, size), &counts),
                  ERR_FORMAT);
    }
    buf_add_byte(&body, 0);
    check_err(intake_message_read_counts(buf_span(&body), &counts), ERR_FORMAT);
    buf_clear(&body);
    intake_message_add_counts(&body, &(struct intake_counts){ .source = INTAKE_SOURCE_COUNT_MAX });
    check_err(intake_message_read_counts(buf_span(&body), &counts), ERR_FORMAT);
    buf_clear(&body);
    intake_message_add_source(&body, &(struct intake_source){ .kind = INTAKE_KIND_COUNT });
    check_err(intake_message_read_source(buf_span(&body), &source), ERR_FORMAT);
    buf_done(&body);
}
