// SPDX-License-Identifier: EUPL-1.2
#include "stix/id.h"

#include "crypt/digest.h"
#include "stix/hashes.h"
#include "stix/timestamp.h"
#include "tests/testing.h"

#define UUID_TEXT "a932fcc6-e032-476c-826f-cb970a5a1ade"

TEST(id_gives_type_and_uuid)
{
    struct stix_id id;

    check_err(stix_id_parse(SPAN("course-of-action--" UUID_TEXT), &id), ERR_OK);

    struct buf buf;
    buf_init(&buf, STIX_ID_SIZE_MAX);
    check_span(id.type, "course-of-action");
    stix_id_add(&buf, id.type, &id.uuid);
    check_span(buf_span(&buf), "course-of-action--" UUID_TEXT);
    buf_done(&buf);
}

TEST(id_with_wrong_version_bits_is_read_since_published_collections_have_such)
{
    struct stix_id id;

    check_err(stix_id_parse(SPAN("tool--00000000-0000-f000-0000-000000000001"), &id), ERR_OK);
}

TEST(id_of_another_form_is_refused_and_the_result_untouched)
{
    static const char *const faulty[] = {
        "",
        "indicator",
        "indicator--",
        "indicator-" UUID_TEXT,
        "indicator--a932fcc6e032476c826fcb970a5a1ade",
        "indicator--a932fcc6-e032-476c-826f-cb970a5a1ad",
        "indicator--a932fcc6-e032-476c-826f-cb970a5a1adg",
        "indicator--A932FCC6-e032-476c-826f-cb970a5a1ade",
        "Indicator--" UUID_TEXT,
        "in--dicator--" UUID_TEXT,
        "in_dicator--" UUID_TEXT,
        "in dicator--" UUID_TEXT,
        "2fa--" UUID_TEXT,
        "-fa--" UUID_TEXT,
        "ab--" UUID_TEXT,
        "--" UUID_TEXT,
        "indicator--" UUID_TEXT " ",
    };
    for (size_t i = 0; i < sizeof faulty / sizeof faulty[0]; i++) {
        struct stix_id id = { .type = SPAN("before") };

        check_err(stix_id_parse(span_of(faulty[i]), &id), ERR_FORMAT);
        check_span(id.type, "before");
    }
}

TEST(type_has_3_to_250_letters)
{
    uint8_t name[STIX_TYPE_SIZE_MAX + 1];
    for (size_t i = 0; i < sizeof name; i++) {
        name[i] = 'a';
    }

    assert_false(stix_type_is_valid(span_make(name, STIX_TYPE_SIZE_MIN - 1)));
    assert_true(stix_type_is_valid(span_make(name, STIX_TYPE_SIZE_MIN)));
    assert_true(stix_type_is_valid(span_make(name, STIX_TYPE_SIZE_MAX)));
    assert_false(stix_type_is_valid(span_make(name, STIX_TYPE_SIZE_MAX + 1)));
    assert_true(stix_type_is_valid(SPAN("x-foo-2")));
}

static void check_member(const struct stix_member *member, const char *name, const char *uuid_text)
{
    struct op op;
    testing_op_begin(&op);
    struct buf buf;
    buf_init(&buf, 1024);

    check_err(stix_member_name(&op, &buf, member), ERR_OK);

    check_span(buf_span(&buf), name);
    const struct uuid uuid = uuid_v5(&STIX_MEMBER_NAMESPACE, buf_span(&buf));
    buf_clear(&buf);
    uuid_add(&buf, &uuid);
    check_span(buf_span(&buf), uuid_text);
    buf_done(&buf);
    op_end(&op);
}

/* The UUIDs are those that another implementation of RFC 4122 gives (Python's uuid.uuid5). */
TEST(member_has_the_same_id_on_every_node_for_ever)
{
    const struct stix_member member = {
        .source = SPAN("identity--" UUID_TEXT),
        .set = SPAN("blocklist"),
        .kind = SPAN("ipv4-addr"),
        .value = SPAN("192.0.2.1"),
    };
    check_member(&member, "[\"identity--" UUID_TEXT "\",\"blocklist\",\"ipv4-addr\",\"192.0.2.1\"]",
                 "9927b735-c646-5834-a513-06315ecda83f");
}

TEST(member_name_is_canonical_json)
{
    const struct stix_member member = {
        .source = SPAN("identity--" UUID_TEXT),
        .set = SPAN("a \"b\\c\"\t\n\r\f\b\x01\x1F\x7F/"),
        .kind = SPAN("url"),
        .value = SPAN("http://b\xC3\xBC"
                      "cher.example/\xE2\x80\xA8"),
    };
    check_member(&member,
                 "[\"identity--" UUID_TEXT
                 "\",\"a \\\"b\\\\c\\\"\\t\\n\\r\\f\\b\\u0001\\u001f\x7F/\","
                 "\"url\",\"http://b\xC3\xBC"
                 "cher.example/\xE2\x80\xA8\"]",
                 "71b16dee-5014-5ddd-a6eb-e1c7d1561023");
}

TEST(member_that_is_not_utf8_has_no_name)
{
    const struct stix_member member = { .set = SPAN("s"), .value = SPAN("a\xFFz") };
    struct op op;
    testing_op_begin(&op);
    struct buf buf;
    buf_init(&buf, 1024);

    check_err(stix_member_name(&op, &buf, &member), ERR_FORMAT);

    buf_done(&buf);
    op_end(&op);
}

TEST(member_name_that_does_not_fit_is_refused)
{
    const struct stix_member member = { .set = SPAN("set"), .value = SPAN("192.0.2.1") };
    struct op op;
    testing_op_begin(&op);
    struct buf buf;
    buf_init(&buf, 8);

    check_err(stix_member_name(&op, &buf, &member), ERR_LIMIT);

    buf_done(&buf);
    op_end(&op);
}

TEST(timestamp_is_read_in_the_form_of_stix)
{
    int64_t time_us = 0;

    check_err(stix_timestamp_parse(SPAN("1970-01-01T00:00:01Z"), &time_us), ERR_OK);
    assert_int_equal(time_us, US_PER_S);
    check_err(stix_timestamp_parse(SPAN("1970-01-01T00:00:00.0000019Z"), &time_us), ERR_OK);
    assert_int_equal(time_us, 1);
}

TEST(timestamp_of_another_form_is_refused)
{
    static const char *const faulty[] = {
        "",
        "2016-01-20",
        "2016-01-20T12:31:12",
        "2016-01-20 12:31:12Z",
        "2016-01-20t12:31:12Z",
        "2016-01-20T12:31:12z",
        "2016-01-20T12:31:12+00:00",
        "2016-01-20T12:31:12.Z",
        "2016-01-20T12:31:12,5Z",
        "2016-02-30T12:31:12Z",
        "2016-01-20T24:00:00Z",
        "2016-01-20T12:31:12ZZ",
        " 2016-01-20T12:31:12Z",
    };
    for (size_t i = 0; i < sizeof faulty / sizeof faulty[0]; i++) {
        int64_t time_us = 7;

        check_err(stix_timestamp_parse(span_of(faulty[i]), &time_us), ERR_FORMAT);
        assert_int_equal(time_us, 7);
    }
}

TEST(hash_names_are_found_in_every_spelling)
{
    assert_string_equal(stix_hash_find(SPAN("SHA-256"))->kind, "sha256");
    assert_string_equal(stix_hash_find(SPAN("sha256"))->kind, "sha256");
    assert_string_equal(stix_hash_find(SPAN("Sha-1"))->kind, "sha1");
    assert_string_equal(stix_hash_find(SPAN("md5"))->name, "MD5");
    assert_string_equal(stix_hash_find(SPAN("Sha512"))->kind, "sha512");
    assert_null(stix_hash_find(SPAN("SHA3-512"))->kind);
    assert_null(stix_hash_find(SPAN("SHA-25")));
    assert_null(stix_hash_find(SPAN("SHA-2566")));
    assert_null(stix_hash_find(SPAN("")));
    assert_null(stix_hash_find(SPAN("MD5\0")));
}

TEST(hash_must_have_its_digits)
{
    const struct stix_hash *md5 = stix_hash_find(SPAN("MD5"));

    assert_true(stix_hash_is_possible(md5, SPAN("0123456789abcdefABCDEF0123456789")));
    assert_false(stix_hash_is_possible(md5, SPAN("0123456789abcdefABCDEF012345678")));
    assert_false(stix_hash_is_possible(md5, SPAN("0123456789abcdefABCDEF012345678g")));
    assert_true(stix_hash_is_possible(stix_hash_find(SPAN("SSDEEP")), SPAN("3:a:b")));
}
