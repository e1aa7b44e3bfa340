// SPDX-License-Identifier: EUPL-1.2
#include <string.h>

#include "policy/label_stix.h"
#include "policy/label_text.h"
#include "policy/personal.h"
#include "tests/testing.h"

enum { TEXT_SIZE_MAX = 64 * 1024 };

#define HEAD                                                                                       \
    "\"spec_version\":\"2.1\",\"created\":\"2026-01-01T00:00:00.000Z\","                           \
    "\"modified\":\"2026-01-01T00:00:00.000Z\","
#define SIGHTING                                                                                   \
    "{\"type\":\"sighting\",\"id\":\"sighting--00000000-0000-4000-8000-000000000001\"," HEAD       \
    "\"sighting_of_ref\":\"indicator--00000000-0000-4000-8000-000000000002\","                     \
    "\"where_sighted_refs\":[\"identity--00000000-0000-4000-8000-000000000003\"]"
#define GREEN     "marking-definition--bab4a63c-aed9-4cf5-a766-dfca5abac2bb"
#define RED       "marking-definition--e828b379-4e03-4974-9ac4-e53a884c97c1"
#define STATEMENT "marking-definition--00000000-0000-4000-8000-00000000000a"
#define AUDIENCE  "marking-definition--00000000-0000-4000-8000-00000000000b"
#define STRANGE   "marking-definition--00000000-0000-4000-8000-00000000000c"

static enum err find(struct op *op, void *context, struct span id, struct policy_definition *ret)
{
    static const char statement[] =
        "{\"type\":\"marking-definition\",\"definition_type\":\"statement\","
        "\"definition\":{\"statement\":\"NATO  restricted\"}}";
    static const char audience[] =
        "{\"type\":\"marking-definition\",\"extensions\":{\"" POLICY_AUDIENCE_EXTENSION
        "\":{\"audience\":[\"identity--x\"],\"persons\":[\"identity--y\"],\"purposes\":["
        "\"warning\"]}}}";
    const char *text = span_equal(id, SPAN(STATEMENT))  ? statement
                       : span_equal(id, SPAN(AUDIENCE)) ? audience
                                                        : "{\"type\":\"marking-definition\"}";
    struct json_value value;
    (void)context;
    TRY(json_parse(op, span_of(text), &value));
    return policy_definition_read(op, value, ret);
}

static struct policy_label label_of(struct op *op, const char *text)
{
    struct json_value value;
    struct stix_object object;
    struct policy_label label;
    const struct policy_label_from from = {
        .find = find,
        .otherwise = POLICY_TLP_AMBER_STRICT,
        .source = SPAN("identity--giver"),
        .world = SPAN("real"),
    };
    check_err(json_parse(op, span_of(text), &value), ERR_OK);
    check_err(stix_object_read(op, value, &object), ERR_OK);
    check_err(policy_label_of(op, value, &object, &from, &label), ERR_OK);
    return label;
}

TEST(object_without_a_marking_bears_the_label_of_its_source)
{
    struct op op;
    testing_op_begin(&op);

    struct policy_label label = label_of(&op, SIGHTING "}");

    assert_int_equal(label.tlp, POLICY_TLP_AMBER_STRICT);
    assert_int_equal(label.data, POLICY_DATA_SIGHTING);
    assert_int_equal(label.sources.count, 1);
    check_span(label.sources.items[0], "identity--giver");
    op_end(&op);
}

TEST(who_was_hit_is_a_part_of_a_sighting_that_can_be_taken_out)
{
    struct op op;
    testing_op_begin(&op);

    struct policy_label label = label_of(&op, SIGHTING "}");

    assert_int_equal(label.part_count, 1);
    assert_int_equal(label.parts[0].label.data, POLICY_DATA_VICTIM);
    assert_false(label.parts[0].fixed);
    check_span(label.parts[0].selectors.items[0], "where_sighted_refs");
    op_end(&op);
}

TEST(part_that_is_marked_by_itself_is_a_part_and_one_that_is_needed_is_fixed)
{
    struct op op;
    testing_op_begin(&op);

    struct policy_label label = label_of(
        &op, SIGHTING ",\"description\":\"x\",\"object_marking_refs\":[\"" GREEN "\"],"
                      "\"granular_markings\":[{\"marking_ref\":\"" RED "\",\"selectors\":"
                      "[\"description\"]},{\"marking_ref\":\"" RED "\",\"selectors\":"
                      "[\"sighting_of_ref\"]},{\"lang\":\"nl\",\"selectors\":[\"description\"]}]}");

    assert_int_equal(label.tlp, POLICY_TLP_GREEN);
    assert_int_equal(label.part_count, 3); /* who was hit, and the two */
    assert_int_equal(label.parts[1].label.tlp, POLICY_TLP_RED);
    assert_false(label.parts[1].fixed);
    assert_true(label.parts[2].fixed);
    op_end(&op);
}

TEST(markings_in_words_are_kept_and_unknown_ones_are_told_as_such)
{
    struct op op;
    testing_op_begin(&op);

    struct policy_label label =
        label_of(&op, SIGHTING ",\"object_marking_refs\":[\"" STATEMENT "\",\"" STRANGE "\"]}");

    assert_int_equal(label.tlp, POLICY_TLP_AMBER_STRICT); /* none of the two is a label */
    assert_int_equal(label.statement_count, 2);
    check_span(label.statements[0].text, "NATO  restricted");
    assert_false(label.statements[0].unknown);
    assert_true(label.statements[1].unknown);
    op_end(&op);
}

TEST(marking_says_for_whom_and_for_what_an_object_is)
{
    struct op op;
    testing_op_begin(&op);

    struct policy_label label =
        label_of(&op, SIGHTING ",\"object_marking_refs\":[\"" RED "\",\"" AUDIENCE "\"]}");

    assert_int_equal(label.tlp, POLICY_TLP_RED);
    assert_int_equal(label.audience_count, 1);
    check_span(label.audiences[0].items[0], "identity--x");
    check_span(label.persons.items[0], "identity--y");
    check_span(label.purposes.items[0], "warning");
    op_end(&op);
}

TEST(personal_data_is_found_where_stix_has_a_place_for_it_and_in_texts)
{
    static const struct {
        const char *text;
        unsigned personal;
        unsigned fixed;
    } rows[] = {
        { "{\"type\":\"email-addr\",\"value\":\"a@b.example\"}", 1U << POLICY_PERSONAL_MAIL_ADDRESS,
          1U << POLICY_PERSONAL_MAIL_ADDRESS },
        { "{\"type\":\"note\",\"abstract\":\"ask a.b@c.example now\",\"content\":\"x\"}",
          1U << POLICY_PERSONAL_MAIL_ADDRESS, 0 },
        { "{\"type\":\"note\",\"content\":\"ask a.b@c.example now\"}",
          1U << POLICY_PERSONAL_MAIL_ADDRESS, 1U << POLICY_PERSONAL_MAIL_ADDRESS },
        { "{\"type\":\"indicator\",\"pattern\":\"[user-account:user_id = 'x']\"}",
          1U << POLICY_PERSONAL_USER_NAME, 1U << POLICY_PERSONAL_USER_NAME },
        { "{\"type\":\"indicator\",\"pattern\":\"[domain-name:value = 'x.example']\"}", 0, 0 },
        { "{\"type\":\"note\",\"content\":\"at @ noon, @x and y@z\"}", 0, 0 },
    };
    struct op op;
    testing_op_begin(&op);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct json_value value;
        check_err(json_parse(&op, span_of(rows[i].text), &value), ERR_OK);

        struct policy_personal_found found = policy_personal_find(value, NULL, NULL);

        assert_int_equal(found.personal, rows[i].personal);
        assert_int_equal(found.fixed, rows[i].fixed);
    }
    op_end(&op);
}

static void write(const struct policy_label *label, struct buf *buf)
{
    struct json_writer w;
    buf_init(buf, TEXT_SIZE_MAX);
    json_writer_init(&w, buf);
    policy_label_write(&w, label);
    assert_int_equal(buf->err, ERR_OK);
}

TEST(label_that_is_written_and_read_is_the_same_label)
{
    struct op op;
    struct buf one;
    struct buf other;
    struct json_value value;
    struct policy_label derived;
    struct policy_label read;
    testing_op_begin(&op);
    struct policy_label label =
        label_of(&op, SIGHTING
                 ",\"object_marking_refs\":[\"" RED "\",\"" AUDIENCE "\",\"" STATEMENT
                 "\"],\"description\":\"of a@b.example\",\"granular_markings\":[{\"marking_ref\":"
                 "\"" STRANGE "\",\"selectors\":[\"description\"]}]}");
    check_err(policy_label_derive(&op, &label, &label, 1, &derived), ERR_OK);

    write(&derived, &one);
    check_err(json_parse(&op, buf_span(&one), &value), ERR_OK);
    check_err(policy_label_read(&op, value, &read), ERR_OK);
    write(&read, &other);

    assert_true(span_equal(buf_span(&one), buf_span(&other)));
    assert_int_equal(read.origin_count, 1);
    assert_int_equal(read.part_count, 2);
    buf_done(&one);
    buf_done(&other);
    op_end(&op);
}

TEST(text_that_is_no_label_is_refused)
{
    static const char *const texts[] = {
        "{}",
        "[]",
        "{\"tlp\":\"PINK\",\"data\":\"indicator\"}",
        "{\"tlp\":\"RED\",\"data\":\"gold\"}",
        "{\"tlp\":\"RED\",\"data\":\"indicator\",\"classes\":[1]}",
        "{\"tlp\":\"RED\",\"data\":\"indicator\",\"personal\":[\"shoe-size\"]}",
    };
    struct op op;
    testing_op_begin(&op);
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        struct json_value value;
        struct policy_label label;
        check_err(json_parse(&op, span_of(texts[i]), &value), ERR_OK);
        check_err(policy_label_read(&op, value, &label), ERR_FORMAT);
    }
    op_end(&op);
}
