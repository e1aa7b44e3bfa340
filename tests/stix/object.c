// SPDX-License-Identifier: EUPL-1.2
#include "stix/object.h"

#include "tests/testing.h"

#define UUID_TEXT "a932fcc6-e032-476c-826f-cb970a5a1ade"
#define INDICATOR "indicator--" UUID_TEXT
#define MARKING   "marking-definition--613f2e26-407d-48c7-9eca-b8e91df99dc9"
#define MARKING_B "marking-definition--34098fce-860f-48ae-8e50-ebd3cc5e41da"

/* The beginning of an indicator that has all it must; more properties may follow. */
#define COMMON                                                                                     \
    "\"type\":\"indicator\",\"spec_version\":\"2.1\",\"id\":\"" INDICATOR "\","                    \
    "\"created\":\"2026-01-02T03:04:05.000Z\",\"modified\":\"2026-01-02T03:04:06Z\""
#define PATTERN "\"pattern\":\"[a:b = 1]\",\"pattern_type\":\"stix\""
#define FROM    "\"valid_from\":\"2026-01-02T00:00:00Z\""

static enum err read_object(struct op *op, const char *json, struct stix_object *ret)
{
    struct json_value value;
    check_err(json_parse(op, span_of(json), &value), ERR_OK);
    return stix_object_read(op, value, ret);
}

static enum err read_indicator(struct op *op, const char *json, struct stix_indicator *ret)
{
    struct json_value value;
    struct stix_object object;
    check_err(json_parse(op, span_of(json), &value), ERR_OK);
    check_err(stix_object_read(op, value, &object), ERR_OK);
    return stix_indicator_read(op, value, &object, ret);
}

static void check_words(const struct op *op, const char *words)
{
    if (span_find_span(span_of(op->fault.text), span_of(words)) == SPAN_NOT_FOUND) {
        print_error("expected \"%s\" in: %s\n", words, op->fault.text);
        fail();
    }
}

/* An object is refused with a fault that holds `words`. */
static void check_faulty(const char *json, enum err expected, const char *words)
{
    struct op op;
    testing_op_begin(&op);
    struct stix_object object = { .type = SPAN("before") };

    check_err(read_object(&op, json, &object), expected);

    check_words(&op, words);
    check_span(object.type, "before");
    op_end(&op);
}

static void check_good(const char *json)
{
    struct op op;
    testing_op_begin(&op);
    struct stix_object object;
    enum err err = read_object(&op, json, &object);
    if (err != ERR_OK) {
        print_error("%s\n", op.fault.text);
    }
    check_err(err, ERR_OK);
    op_end(&op);
}

static void check_faulty_indicator(const char *json, const char *words)
{
    struct op op;
    testing_op_begin(&op);
    struct stix_indicator indicator = { .name = SPAN("before") };

    check_err(read_indicator(&op, json, &indicator), ERR_FORMAT);

    check_words(&op, INDICATOR);
    check_words(&op, words);
    check_span(indicator.name, "before");
    op_end(&op);
}

TEST(object_gives_all_common_properties)
{
    struct op op;
    testing_op_begin(&op);
    struct stix_object object;

    check_err(read_object(&op,
                          "{" COMMON ",\"created_by_ref\":\"identity--" UUID_TEXT "\","
                          "\"revoked\":true,\"confidence\":75,\"lang\":\"nl\","
                          "\"labels\":[\"a\",\"b\"],\"object_marking_refs\":[\"" MARKING "\"],"
                          "\"granular_markings\":[{\"lang\":\"en\",\"selectors\":[\"name\"]},"
                          "{\"marking_ref\":\"" MARKING_B "\",\"selectors\":[\"name\"]}],"
                          "\"x_unknown\":{\"any\":[1,2]}}",
                          &object),
              ERR_OK);

    check_span(object.type, "indicator");
    check_span(object.id, INDICATOR);
    check_span(object.spec_version, "2.1");
    assert_int_equal(object.modified_us - object.created_us, US_PER_S);
    check_span(object.modified, "2026-01-02T03:04:06Z");
    check_span(object.created_by_ref, "identity--" UUID_TEXT);
    assert_true(object.revoked);
    assert_int_equal(object.confidence, 75);
    check_span(object.lang, "nl");
    assert_int_equal(object.labels.count, 2);
    check_span(object.labels.items[1], "b");
    assert_int_equal(object.marking_refs.count, 1);
    check_span(object.marking_refs.items[0], MARKING);
    assert_int_equal(object.granular_marking_refs.count, 1);
    check_span(object.granular_marking_refs.items[0], MARKING_B);
    op_end(&op);
}

TEST(object_without_optional_properties_has_none)
{
    struct op op;
    testing_op_begin(&op);
    struct stix_object object;

    check_err(read_object(&op, "{" COMMON ",\"lang\":null}", &object), ERR_OK);

    assert_false(object.revoked);
    assert_int_equal(object.confidence, STIX_CONFIDENCE_NONE);
    assert_int_equal(object.created_by_ref.size, 0);
    assert_int_equal(object.lang.size, 0);
    assert_int_equal(object.labels.count, 0);
    assert_int_equal(object.marking_refs.count, 0);
    assert_int_equal(object.granular_marking_refs.count, 0);
    op_end(&op);
}

TEST(object_needs_type_and_id_that_agree)
{
    check_faulty("[]", ERR_FORMAT, "JSON object");
    check_faulty("{}", ERR_FORMAT, "an object without id: property id");
    check_faulty("{\"id\":5,\"type\":\"tool\"}", ERR_FORMAT, "property id: it must be a string");
    check_faulty("{\"id\":\"" INDICATOR "\"}", ERR_FORMAT, INDICATOR ": property type");
    check_faulty("{\"id\":\"5\",\"type\":\"tool\"}", ERR_FORMAT, "5: property id: it must be TYPE");
    check_faulty("{\"id\":\"" INDICATOR "\",\"type\":\"tool\"}", ERR_FORMAT, "the object's type");
    check_faulty("{\"id\":\"bundle--" UUID_TEXT "\",\"type\":\"bundle\"}", ERR_FORMAT,
                 "a bundle cannot lie in a bundle");
}

TEST(object_of_a_versioned_type_needs_created_and_modified)
{
    check_faulty("{\"type\":\"tool\",\"id\":\"tool--" UUID_TEXT "\"}", ERR_FORMAT,
                 "property created: it is required");
    check_faulty("{\"type\":\"tool\",\"id\":\"tool--" UUID_TEXT "\","
                 "\"created\":\"2026-01-02T03:04:05Z\"}",
                 ERR_FORMAT, "property modified: it is required");
    check_faulty("{\"type\":\"relationship\",\"id\":\"relationship--" UUID_TEXT "\"}", ERR_FORMAT,
                 "property created: it is required");
}

TEST(object_without_versions_needs_no_times)
{
    struct op op;
    testing_op_begin(&op);
    struct stix_object object;

    check_err(read_object(&op,
                          "{\"type\":\"ipv4-addr\",\"id\":\"ipv4-addr--" UUID_TEXT "\","
                          "\"value\":\"192.0.2.1\"}",
                          &object),
              ERR_OK);

    check_span(object.spec_version, "2.1");
    assert_true(object.created_us == TIME_US_NONE);
    assert_true(object.modified_us == TIME_US_NONE);
    assert_int_equal(object.modified.size, 0);
    op_end(&op);
}

TEST(object_marking_needs_created_only)
{
    check_good("{\"type\":\"marking-definition\",\"id\":\"" MARKING "\","
               "\"created\":\"2017-01-20T00:00:00.000Z\",\"spec_version\":\"2.1\"}");
    check_faulty("{\"type\":\"marking-definition\",\"id\":\"" MARKING "\"}", ERR_FORMAT,
                 "property created");
}

TEST(object_of_an_unknown_type_is_read)
{
    check_good("{\"type\":\"x-acme-thing\",\"id\":\"x-acme-thing--" UUID_TEXT "\"}");
    check_faulty("{\"type\":\"x-acme-thing\",\"id\":\"x-acme-thing--" UUID_TEXT "\","
                 "\"created\":\"yesterday\"}",
                 ERR_FORMAT, "property created: it must be a time in UTC");
}

TEST(object_without_spec_version_is_of_2_0)
{
    struct op op;
    testing_op_begin(&op);
    struct stix_object object;

    check_err(
        read_object(&op,
                    "{\"type\":\"tool\",\"id\":\"tool--" UUID_TEXT "\","
                    "\"created\":\"2017-01-01T00:00:00Z\",\"modified\":\"2017-01-01T00:00:00Z\"}",
                    &object),
        ERR_OK);

    check_span(object.spec_version, "2.0");
    op_end(&op);
}

TEST(object_of_another_version_of_the_standard_is_unsupported)
{
    check_faulty("{\"type\":\"tool\",\"id\":\"tool--" UUID_TEXT "\",\"spec_version\":\"3.0\"}",
                 ERR_UNSUPPORTED, "property spec_version");
    check_faulty("{\"type\":\"tool\",\"id\":\"tool--" UUID_TEXT "\",\"spec_version\":2.1}",
                 ERR_FORMAT, "property spec_version: it must be a string");
}

TEST(object_modified_before_it_was_created_is_refused)
{
    check_faulty("{\"type\":\"tool\",\"id\":\"tool--" UUID_TEXT "\","
                 "\"created\":\"2026-01-02T03:04:05.001Z\",\"modified\":\"2026-01-02T03:04:05Z\"}",
                 ERR_FORMAT, "property modified: it is before created");
    check_good("{\"type\":\"tool\",\"id\":\"tool--" UUID_TEXT "\","
               "\"created\":\"2026-01-02T03:04:05.000Z\",\"modified\":\"2026-01-02T03:04:05Z\"}");
}

TEST(object_properties_of_a_wrong_type_are_refused)
{
    check_faulty("{" COMMON ",\"revoked\":\"true\"}", ERR_FORMAT, "property revoked");
    check_faulty("{" COMMON ",\"confidence\":101}", ERR_FORMAT, "property confidence");
    check_faulty("{" COMMON ",\"confidence\":-1}", ERR_FORMAT, "property confidence");
    check_faulty("{" COMMON ",\"confidence\":7.5}", ERR_FORMAT, "property confidence");
    check_faulty("{" COMMON ",\"lang\":7}", ERR_FORMAT, "property lang");
    check_faulty("{" COMMON ",\"labels\":\"a\"}", ERR_FORMAT, "property labels: it must be a list");
    check_faulty("{" COMMON ",\"labels\":[1]}", ERR_FORMAT, "property labels: each entry");
    check_faulty("{" COMMON ",\"created_by_ref\":\"tool--" UUID_TEXT "\"}", ERR_FORMAT,
                 "property created_by_ref");
    check_faulty("{" COMMON ",\"object_marking_refs\":[\"TLP:RED\"]}", ERR_FORMAT,
                 "property object_marking_refs");
    check_faulty("{" COMMON ",\"granular_markings\":[{\"marking_ref\":5}]}", ERR_FORMAT,
                 "property granular_markings");
    check_faulty("{" COMMON ",\"granular_markings\":[\"x\"]}", ERR_FORMAT,
                 "property granular_markings");
    check_faulty("{" COMMON ",\"granular_markings\":{}}", ERR_FORMAT, "property granular_markings");
}

TEST(object_with_a_property_written_twice_is_refused)
{
    check_faulty("{" COMMON ",\"object_marking_refs\":[\"" MARKING "\"],"
                 "\"object_marking_refs\":[\"" MARKING_B "\"]}",
                 ERR_FORMAT, INDICATOR ": property object_marking_refs: it is written twice");
    check_faulty("{" COMMON ",\"x\":1,\"\\u0078\":2}", ERR_FORMAT,
                 "property x: it is written twice");
    check_good("{" COMMON ",\"x\":{\"a\":1,\"a\":2}}");
}

static void add_properties(struct buf *buf, size_t count)
{
    buf_add(buf, SPAN("{" COMMON));
    for (size_t i = 0; i < count; i++) {
        buf_add_format(buf, ",\"x_%zu\":0", i);
    }
    buf_add_byte(buf, '}');
}

TEST(object_properties_are_limited_in_number)
{
    enum { IN_COMMON = 5 };
    struct op op;
    testing_op_begin(&op);
    struct stix_object object;
    struct json_value value;
    struct buf buf;
    buf_init(&buf, 1 << 16);

    add_properties(&buf, STIX_KEY_COUNT_MAX - IN_COMMON);
    check_err(json_parse(&op, buf_span(&buf), &value), ERR_OK);
    check_err(stix_object_read(&op, value, &object), ERR_OK);
    buf_clear(&buf);
    add_properties(&buf, STIX_KEY_COUNT_MAX - IN_COMMON + 1);
    check_err(json_parse(&op, buf_span(&buf), &value), ERR_OK);
    check_err(stix_object_read(&op, value, &object), ERR_LIMIT);

    buf_done(&buf);
    op_end(&op);
}

TEST(object_lists_are_limited_in_length)
{
    struct op op;
    testing_op_begin(&op);
    struct stix_object object;
    struct json_value value;
    struct buf buf;
    buf_init(&buf, 1 << 16);
    buf_add(&buf, SPAN("{" COMMON ",\"labels\":[\"a\""));
    for (size_t i = 0; i < STIX_LIST_COUNT_MAX; i++) {
        buf_add(&buf, SPAN(",\"a\""));
    }
    buf_add(&buf, SPAN("]}"));
    check_err(json_parse(&op, buf_span(&buf), &value), ERR_OK);

    check_err(stix_object_read(&op, value, &object), ERR_LIMIT);

    check_words(&op, "property labels: it has too many entries");
    buf_done(&buf);
    op_end(&op);
}

TEST(object_faults_show_hostile_ids_harmless)
{
    struct op op;
    testing_op_begin(&op);
    struct stix_object object;

    check_err(read_object(&op, "{\"id\":\"\\u001b[2Jx\",\"type\":\"tool\"}", &object), ERR_FORMAT);

    assert_int_equal(span_find(span_of(op.fault.text), 0x1B), SPAN_NOT_FOUND);
    check_words(&op, "[2Jx");
    op_end(&op);
}

TEST(indicator_gives_its_properties)
{
    struct op op;
    testing_op_begin(&op);
    struct stix_indicator indicator;

    check_err(read_indicator(&op,
                             "{" COMMON ",\"name\":\"n\"," PATTERN "," FROM
                             ",\"valid_until\":\"2026-01-02T00:00:01Z\","
                             "\"indicator_types\":[\"malicious-activity\"]}",
                             &indicator),
              ERR_OK);

    check_span(indicator.name, "n");
    check_span(indicator.pattern, "[a:b = 1]");
    check_span(indicator.pattern_type, "stix");
    assert_int_equal(indicator.valid_until_us - indicator.valid_from_us, US_PER_S);
    assert_int_equal(indicator.indicator_types.count, 1);
    check_span(indicator.indicator_types.items[0], "malicious-activity");
    op_end(&op);
}

TEST(indicator_without_end_is_valid_for_ever)
{
    struct op op;
    testing_op_begin(&op);
    struct stix_indicator indicator;

    check_err(read_indicator(&op, "{" COMMON "," PATTERN "," FROM "}", &indicator), ERR_OK);

    assert_true(indicator.valid_until_us == TIME_US_NONE);
    op_end(&op);
}

TEST(indicator_needs_pattern_type_and_start)
{
    check_faulty_indicator("{" COMMON "," FROM "}", "property pattern: it is required");
    check_faulty_indicator("{" COMMON ",\"pattern\":\"\"," FROM "}", "property pattern: it is");
    check_faulty_indicator("{" COMMON ",\"pattern\":\"[a:b = 1]\"," FROM "}",
                           "property pattern_type: it is required");
    check_faulty_indicator("{" COMMON "," PATTERN "}", "property valid_from: it is required");
}

TEST(indicator_that_ends_before_it_begins_is_refused)
{
    check_faulty_indicator("{" COMMON "," PATTERN "," FROM
                           ",\"valid_until\":\"2026-01-02T00:00:00Z\"}",
                           "property valid_until: it must be later");
}

TEST(indicator_of_2_0_is_in_the_stix_language)
{
    struct op op;
    testing_op_begin(&op);
    struct stix_indicator indicator;

    check_err(read_indicator(&op,
                             "{\"type\":\"indicator\",\"id\":\"" INDICATOR "\","
                             "\"created\":\"2017-01-01T00:00:00Z\","
                             "\"modified\":\"2017-01-01T00:00:00Z\","
                             "\"pattern\":\"[a:b = 1]\",\"labels\":[\"x\"]," FROM "}",
                             &indicator),
              ERR_OK);

    check_span(indicator.pattern_type, "stix");
    op_end(&op);
}
