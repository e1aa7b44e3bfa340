// SPDX-License-Identifier: EUPL-1.2
#include "stix/bundle.h"

#include "stix/object.h"
#include "tests/testing.h"

#define BUNDLE_ID "bundle--a932fcc6-e032-476c-826f-cb970a5a1ade"
#define HEAD      "{\"type\":\"bundle\",\"id\":\"" BUNDLE_ID "\""

static void check_faulty(const char *text, const char *words)
{
    struct op op;
    testing_op_begin(&op);
    struct stix_bundle bundle = { .count = 7 };

    check_err(stix_bundle_read(&op, span_of(text), &bundle), ERR_FORMAT);

    if (span_find_span(span_of(op.fault.text), span_of(words)) == SPAN_NOT_FOUND) {
        print_error("expected \"%s\" in: %s\n", words, op.fault.text);
        fail();
    }
    assert_int_equal(bundle.count, 7);
    op_end(&op);
}

TEST(bundle_gives_the_exact_bytes_of_its_objects)
{
    struct op op;
    testing_op_begin(&op);
    struct stix_bundle bundle;

    check_err(stix_bundle_read(&op,
                               SPAN(HEAD ", \"objects\": [ {\"id\" : \"a\",\n \"x\":1.50e0 } ,"
                                         "{\"id\":\"\\u0062\"}] }"),
                               &bundle),
              ERR_OK);

    assert_int_equal(bundle.form, STIX_BUNDLE_BUNDLE);
    check_span(bundle.id, BUNDLE_ID);
    assert_int_equal(bundle.spec_version.size, 0);
    assert_int_equal(bundle.count, 2);
    check_span(bundle.items[0].text, "{\"id\" : \"a\",\n \"x\":1.50e0 }");
    check_span(json_string(json_member(bundle.items[0].value, SPAN("id"))), "a");
    check_span(bundle.items[1].text, "{\"id\":\"\\u0062\"}");
    check_span(json_string(json_member(bundle.items[1].value, SPAN("id"))), "b");
    op_end(&op);
}

TEST(bundle_of_2_0_says_so)
{
    struct op op;
    testing_op_begin(&op);
    struct stix_bundle bundle;

    check_err(
        stix_bundle_read(&op, SPAN(HEAD ",\"spec_version\":\"2.0\",\"objects\":[{}]}"), &bundle),
        ERR_OK);

    check_span(bundle.spec_version, "2.0");
    assert_int_equal(bundle.count, 1);
    op_end(&op);
}

TEST(bundle_without_objects_is_fine)
{
    struct op op;
    testing_op_begin(&op);
    struct stix_bundle bundle;

    check_err(stix_bundle_read(&op, SPAN(HEAD "}"), &bundle), ERR_OK);
    assert_int_equal(bundle.count, 0);
    check_err(stix_bundle_read(&op, SPAN(HEAD ",\"objects\":[]}"), &bundle), ERR_OK);
    assert_int_equal(bundle.count, 0);
    op_end(&op);
}

TEST(bundle_of_one_object_alone_is_that_object)
{
    struct op op;
    testing_op_begin(&op);
    struct stix_bundle bundle;

    check_err(stix_bundle_read(&op, SPAN("\xEF\xBB\xBF \n{\"type\":\"tool\"}\n"), &bundle), ERR_OK);

    assert_int_equal(bundle.form, STIX_BUNDLE_OBJECT);
    assert_int_equal(bundle.count, 1);
    check_span(bundle.items[0].text, "{\"type\":\"tool\"}");
    check_span(json_string(json_member(bundle.items[0].value, SPAN("type"))), "tool");
    op_end(&op);
}

TEST(bundle_may_be_an_envelope_of_taxii)
{
    struct op op;
    testing_op_begin(&op);
    struct stix_bundle bundle;

    check_err(stix_bundle_read(&op, SPAN("{\"more\":false,\"objects\":[{},{}]}"), &bundle), ERR_OK);

    assert_int_equal(bundle.form, STIX_BUNDLE_ENVELOPE);
    assert_int_equal(bundle.count, 2);
    op_end(&op);
}

TEST(bundle_of_another_shape_is_refused)
{
    check_faulty("", "JSON");
    check_faulty("{\"type\":\"bundle\"", "JSON");
    check_faulty("[]", "must be an object");
    check_faulty("[{\"type\":\"tool\"}]", "must be an object");
    check_faulty(HEAD ",\"objects\":{}}", "objects of the bundle must be a list");
    check_faulty("{\"objects\":5}", "objects of the bundle must be a list");
    check_faulty(HEAD ",\"objects\":[],\"objects\":[{}]}", "property objects: it is written twice");
}

TEST(bundle_with_a_faulty_object_still_gives_the_others)
{
    struct op op;
    testing_op_begin(&op);
    struct stix_bundle bundle;
    struct stix_object object;
    check_err(stix_bundle_read(&op,
                               SPAN(HEAD ",\"objects\":[5,{\"type\":\"url\"},{\"type\":\"url\","
                                         "\"id\":\"url--a932fcc6-e032-476c-826f-cb970a5a1ade\"}]}"),
                               &bundle),
              ERR_OK);
    assert_int_equal(bundle.count, 3);

    check_err(stix_object_read(&op, bundle.items[0].value, &object), ERR_FORMAT);
    check_err(stix_object_read(&op, bundle.items[1].value, &object), ERR_FORMAT);
    check_err(stix_object_read(&op, bundle.items[2].value, &object), ERR_OK);

    check_span(object.type, "url");
    op_end(&op);
}
