// SPDX-License-Identifier: EUPL-1.2
/*
 * Published STIX: everything in it must be read, and what of its patterns can be watched is known.
 * The numbers were counted by another program from the same files.
 */
#include <stdio.h>

#include <glob.h>

#include "format/inflate.h"
#include "stix/bundle.h"
#include "stix/object.h"
#include "stix/pattern_values.h"
#include "tests/testing.h"

struct tally {
    size_t objects;
    size_t indicators;
    size_t watched;
    size_t partly;
    size_t unwatched;
};

static void check_pattern(struct op *op, struct span text, struct tally *tally)
{
    struct stix_pattern pattern;
    struct stix_pattern again;
    struct stix_pattern_values values;
    struct buf buf;
    buf_init(&buf, STIX_PATTERN_SIZE_MAX);
    enum err err = stix_pattern_parse(op, text, &pattern);
    if (err != ERR_OK) {
        print_error("%.*s\n%s\n", SPAN_FMT(text), op->fault.text);
    }
    check_err(err, ERR_OK);
    stix_pattern_print(&buf, &pattern);
    check_err(stix_pattern_parse(op, buf_span(&buf), &again), ERR_OK);
    assert_true(stix_pattern_equal(&pattern, &again));
    buf_done(&buf);

    err = stix_pattern_values(op, &pattern, &values);
    if (err == ERR_UNSUPPORTED) {
        op_fault_clear(op);
        tally->unwatched++;
        return;
    }
    check_err(err, ERR_OK);
    tally->partly += values.partial;
    tally->watched += !values.partial;
}

static void check_document(struct op *op, struct span text, struct tally *tally)
{
    struct stix_bundle bundle;
    check_err(stix_bundle_read(op, text, &bundle), ERR_OK);
    for (size_t i = 0; i < bundle.count; i++) {
        struct stix_object object;
        enum err err = stix_object_read(op, bundle.items[i].value, &object);
        if (err != ERR_OK) {
            print_error("%s\n", op->fault.text);
        }
        check_err(err, ERR_OK);
        tally->objects++;
        if (!span_equal(object.type, SPAN("indicator"))) {
            continue;
        }
        struct stix_indicator indicator;
        check_err(stix_indicator_read(op, bundle.items[i].value, &object, &indicator), ERR_OK);
        tally->indicators++;
        check_pattern(op, indicator.pattern, tally);
    }
}

static struct span inflated(struct op *op, struct span packed, size_t size_max)
{
    struct inflate *stream = NULL;
    struct inflate_output output = { .data = op_alloc(op, size_max), .capacity = size_max };
    assert_non_null(output.data);
    check_err(inflate_new(op, INFLATE_GZIP, &stream), ERR_OK);
    check_err(inflate_run(op, stream, &packed, &output), ERR_OK);
    assert_true(output.size < output.capacity);
    check_err(inflate_end(op, stream), ERR_OK);
    inflate_free(stream);
    return span_make(output.data, output.size);
}

/* All objects of a collection are read. */
static void check_collection(const char *dir, const char *name, size_t object_count)
{
    enum { SIZE_MAX_INFLATED = 32 * 1024 * 1024 };
    char path[512];
    snprintf(path, sizeof path, "%s/stix/%s", dir, name);
    struct op op;
    testing_op_begin(&op);
    struct tally tally = { .objects = 0 };
    struct span text = inflated(&op, testing_file(&op, path), SIZE_MAX_INFLATED);

    check_document(&op, text, &tally);

    assert_int_equal(tally.objects, object_count);
    assert_int_equal(tally.indicators, 0);
    op_end(&op);
}

static const char *data_dir(void)
{
    const char *dir = testing_data_dir();
    if (dir == NULL) {
        testing_skip("the real data is not here");
    }
    return dir;
}

TEST(real_idioms_are_read_and_their_patterns_told_apart)
{
    const char *dir = data_dir();
    char path[512];
    snprintf(path, sizeof path, "%s/stix/idioms/*.json", dir);
    glob_t files;
    assert_int_equal(glob(path, 0, NULL, &files), 0);
    struct tally tally = { .objects = 0 };
    for (size_t i = 0; i < files.gl_pathc; i++) {
        struct op op;
        testing_op_begin(&op);
        check_document(&op, testing_file(&op, files.gl_pathv[i]), &tally);
        op_end(&op);
    }

    assert_int_equal(files.gl_pathc, 22);
    assert_int_equal(tally.objects, 183);
    assert_int_equal(tally.indicators, 23);
    assert_int_equal(tally.watched, 8);
    assert_int_equal(tally.partly, 0);
    assert_int_equal(tally.unwatched, 15);
    globfree(&files);
}

TEST(real_attack_collections_are_read_whole)
{
    const char *dir = data_dir();

    check_collection(dir, "ics-attack-18.1.json.gz", 1826);
    check_collection(dir, "mobile-attack-17.1.json.gz", 2148);
}
