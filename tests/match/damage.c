// SPDX-License-Identifier: EUPL-1.2
/* Damaged images: refused, and where damage passes, nothing outside the bytes is read. */
#include "tests/match/model.h"
#include "tests/match/world.h"

enum { DICE_SIZE = 4096, FLIPS = 4000 };

/* An image that has something of everything, in the op's memory. */
static struct span rich_image(struct op *op, struct model **ret_model)
{
    static uint8_t dice[DICE_SIZE];
    const struct hash_secret secret = world_secret(5);
    struct buf bytes;
    struct span copy;
    uint64_t state = 12;
    for (size_t i = 0; i < sizeof dice; i++) {
        dice[i] = (uint8_t)testing_random(&state);
    }
    dice[1] = 150; /* indicators */
    dice[2] = 1;   /* with patterns */
    *ret_model = model_make(op, span_make(dice, sizeof dice));
    check_err(model_build(*ret_model, &secret, &bytes), ERR_OK);
    assert_true((*ret_model)->count == 150);
    check_err(op_copy(op, buf_span(&bytes), &copy), ERR_OK);
    buf_done(&bytes);
    return copy;
}

static enum err open_copy(struct op *op, struct span bytes, bool checked)
{
    uint8_t *copy = memory_new(bytes.size); /* exactly as large, so that the sanitizer sees more */
    struct match_image *image = NULL;
    assert_non_null(copy);
    span_copy(copy, bytes.size, bytes);
    op_fault_clear(op);
    enum err err = checked ? match_image_open(op, span_make(copy, bytes.size), &image)
                           : match_image_open_unchecked(op, span_make(copy, bytes.size), &image);
    match_image_close(image);
    memory_free(copy);
    return err;
}

TEST(image_with_any_byte_changed_is_refused)
{
    struct op op;
    struct model *model;
    testing_op_begin(&op);
    const struct span image = rich_image(&op, &model);
    uint8_t *bytes = (uint8_t *)(uintptr_t)image.data;

    check_err(open_copy(&op, image, true), ERR_OK);
    for (size_t i = 0; i < image.size; i++) {
        const uint8_t before = bytes[i];
        bytes[i] = (uint8_t)(before ^ (1u << i % 8));
        enum err err = open_copy(&op, image, true);
        bytes[i] = before;
        if (i >= offsetof(struct match_header, version) &&
            i < offsetof(struct match_header, header_size)) {
            assert_true(err == ERR_UNSUPPORTED || err == ERR_CORRUPT);
        } else {
            check_err(err, ERR_CORRUPT);
        }
    }
    op_end(&op);
}

TEST(image_cut_anywhere_is_refused)
{
    struct op op;
    struct model *model;
    testing_op_begin(&op);
    const struct span image = rich_image(&op, &model);

    for (size_t size = 0; size < image.size; size++) {
        check_err(open_copy(&op, span_slice(image, 0, size), true), ERR_CORRUPT);
        check_err(open_copy(&op, span_slice(image, 0, size), false), ERR_CORRUPT);
    }
    op_end(&op);
}

TEST(image_of_a_newer_version_is_refused_as_unsupported)
{
    static struct world world;
    world_begin(&world);
    world_open(&world);
    struct match_header *header = (void *)world.bytes.data;
    struct match_image *image = NULL;

    header->version = MATCH_VERSION + 1;
    check_err(match_image_open(&world.op, buf_span(&world.bytes), &image), ERR_UNSUPPORTED);
    assert_non_null(strstr(world.op.fault.text, "newer"));

    header->version = 0;
    check_err(match_image_open(&world.op, buf_span(&world.bytes), &image), ERR_CORRUPT);
    assert_null(image);
    world_end(&world);
}

/* Ask an image everything it can be asked; the sanitizers see to it that it reads its own bytes. */
static void image_exercise(struct model *model, struct match_image *image)
{
    static struct model_queries queries;
    for (uint32_t i = 0; i < match_image_count(image, VALUE_NONE); i++) {
        struct match_indicator indicator;
        struct match_origin origin;
        match_indicator_at(image, i, &indicator);
        match_origin_at(image, indicator.origin, &origin);
        assert_true(match_key_fits(indicator.value.kind, indicator.value.key));
    }
    match_batch_begin(&queries.batch, image, queries.candidates,
                      sizeof queries.candidates / sizeof queries.candidates[0]);
    for (uint32_t i = 0; i < model->count; i++) {
        const struct value *value = &model->items[i].value;
        enum value_kind kind = value->kind;
        struct span key = value->key;
        if (kind == VALUE_CIDR) {
            kind = key.size == VALUE_CIDR_IPV4_SIZE ? VALUE_IPV4 : VALUE_IPV6;
            key = span_from(key, 2);
        }
        bool cut = false;
        size_t count = match_find(image, kind, key, queries.found, &cut);
        assert_true(count <= MATCH_FOUND_COUNT_MAX);
        for (size_t k = 0; k < count; k++) {
            assert_true(queries.found[k].indicator < match_image_count(image, VALUE_NONE));
        }
        match_batch_add(&queries.batch, kind, key, i);
    }
    match_batch_flush(&queries.batch);
}

TEST(damage_behind_the_checksum_is_refused_or_does_no_harm)
{
    struct op op;
    struct model *model;
    uint64_t state = testing_seed();
    size_t opened = 0;
    testing_op_begin(&op);
    const struct span whole = rich_image(&op, &model);
    uint8_t *bytes = memory_new(whole.size);
    assert_non_null(bytes);

    for (size_t flip = 0; flip < FLIPS; flip++) {
        struct match_image *image = NULL;
        span_copy(bytes, whole.size, whole);
        /* Half of the damage to the header, where it hurts most. */
        size_t reach = flip % 2 == 0 ? MATCH_HEADER_SIZE : whole.size;
        for (size_t times = 0; times <= flip % 4; times++) {
            bytes[testing_random(&state) % reach] ^= (uint8_t)(1 + testing_random(&state) % 255);
        }
        op_fault_clear(&op);
        if (match_image_open_unchecked(&op, span_make(bytes, whole.size), &image) == ERR_OK) {
            opened++;
            image_exercise(model, image);
            match_image_close(image);
        }
    }

    assert_true(opened > 0);
    assert_true(opened < FLIPS);
    memory_free(bytes);
    op_end(&op);
}

static void check_refused(struct op *op, struct match_header *header, const char *what)
{
    struct match_image *image = NULL;
    op_fault_clear(op);
    check_err(match_image_open_unchecked(op, span_make(header, header->total_size), &image),
              ERR_CORRUPT);
    assert_non_null(strstr(op->fault.text, what));
}

/* With one place changed the image is refused, and `what` is in the fault. */
#define CHECK_REFUSED(place, value, what)                                                          \
    do {                                                                                           \
        const __typeof__(place) before_ = (place);                                                 \
        (place) = (__typeof__(place))(value);                                                      \
        check_refused(&op, header, (what));                                                        \
        (place) = before_;                                                                         \
    } while (0)

TEST(each_rule_that_keeps_reads_inside_is_checked)
{
    struct op op;
    struct model *model;
    testing_op_begin(&op);
    const struct span whole = rich_image(&op, &model);
    struct match_header *header = (void *)(uintptr_t)whole.data;
    uint8_t *bytes = (void *)header;
    const struct match_section *at = header->sections;
    struct match_entry *entries = (void *)(bytes + at[MATCH_SECTION_ENTRIES].offset);
    struct match_bucket *buckets = (void *)(bytes + at[MATCH_SECTION_TABLE].offset);
    struct match_origin_record *origins = (void *)(bytes + at[MATCH_SECTION_ORIGINS].offset);
    struct match_range *ranges = (void *)(bytes + at[MATCH_SECTION_RANGES4].offset);
    uint32_t *first = (void *)(bytes + at[MATCH_SECTION_FIRST4].offset);
    uint32_t *starts = (void *)(bytes + at[MATCH_SECTION_STARTS4].offset);
    uint32_t *owners = (void *)(bytes + at[MATCH_SECTION_OWNERS4].offset);

    CHECK_REFUSED(header->sections[0].offset, 1, "sections");
    CHECK_REFUSED(header->sections[0].size, UINT64_MAX, "sections");
    CHECK_REFUSED(header->sections[MATCH_SECTION_ENTRIES].size, 39, "sections");
    CHECK_REFUSED(header->held_bits[0], MATCH_HELD_BITS_MAX + 1, "sections");
    CHECK_REFUSED(header->first_bits[0], MATCH_FIRST_BITS_MIN + 1, "sections");
    CHECK_REFUSED(header->indicator_count, 1, "entries");
    CHECK_REFUSED(header->kind_counts[VALUE_URL], 200, "entries");
    CHECK_REFUSED(header->bucket_reach, UINT32_MAX, "table");
    CHECK_REFUSED(entries[3].next, 3, "entries");
    CHECK_REFUSED(entries[3].next, 150, "entries");
    CHECK_REFUSED(entries[3].kind, VALUE_KIND_COUNT, "entries");
    CHECK_REFUSED(entries[3].scope, VALUE_SCOPE_COUNT, "entries");
    CHECK_REFUSED(entries[3].key_size, 0, "entries");
    CHECK_REFUSED(entries[3].text_high, 1, "entries");
    CHECK_REFUSED(entries[3].text_low, at[MATCH_SECTION_TEXT].size, "entries");
    CHECK_REFUSED(entries[3].scheme_size, VALUE_SCHEME_SIZE_MAX + 1, "entries");
    CHECK_REFUSED(entries[3].origin, MODEL_ORIGINS_MAX, "entries");
    CHECK_REFUSED(entries[3].uuid, 151, "entries");
    CHECK_REFUSED(buckets[1].refs[0], 151, "table");
    CHECK_REFUSED(buckets[1].refs[0], MATCH_REF_SELF, "table");
    CHECK_REFUSED(origins[0].set_size, UINT32_MAX, "origins");
    CHECK_REFUSED(origins[0].text, UINT64_MAX, "origins");
    CHECK_REFUSED(ranges[0].indicator, 150, "ranges");
    CHECK_REFUSED(ranges[0].parent, 1, "ranges");
    CHECK_REFUSED(first[1], UINT32_MAX, "ranges");
    CHECK_REFUSED(first[(size_t)1 << header->first_bits[0]], UINT32_MAX, "ranges");
    CHECK_REFUSED(starts[1], 0, "ranges");
    CHECK_REFUSED(owners[0], UINT32_MAX, "ranges");
    check_err(open_copy(&op, whole, true), ERR_OK);
    op_end(&op);
}

TEST(each_rule_of_forms_and_patterns_is_checked)
{
    struct op op;
    struct model *model;
    testing_op_begin(&op);
    const struct span whole = rich_image(&op, &model);
    struct match_header *header = (void *)(uintptr_t)whole.data;
    uint8_t *bytes = (void *)header;
    const struct match_section *at = header->sections;
    struct match_entry *entries = (void *)(bytes + at[MATCH_SECTION_ENTRIES].offset);
    struct match_bucket *buckets = (void *)(bytes + at[MATCH_SECTION_TABLE].offset);
    struct match_form *forms = (void *)(bytes + at[MATCH_SECTION_FORMS].offset);
    uint32_t *patterns = (void *)(bytes + at[MATCH_SECTION_PATTERNS].offset);
    size_t regex = 0;
    while (entries[patterns[regex]].scope != VALUE_SCOPE_REGEX) {
        regex++;
    }
    size_t text = at[MATCH_SECTION_TEXT].offset + entries[patterns[regex]].text_low;

    CHECK_REFUSED(buckets[1].refs[0], MATCH_REF_FORM | 151, "table");
    CHECK_REFUSED(forms[0].entry, 150, "forms");
    CHECK_REFUSED(forms[0].entry, patterns[0], "forms");
    CHECK_REFUSED(forms[1].next, 1, "forms");
    CHECK_REFUSED(forms[0].next, 150, "forms");
    CHECK_REFUSED(header->form_counts[MATCH_FORM_PREFIX], UINT32_MAX, "forms");
    CHECK_REFUSED(patterns[0], patterns[0] + 1, "patterns");
    CHECK_REFUSED(patterns[1], 150, "patterns");
    CHECK_REFUSED(header->sections[MATCH_SECTION_PATTERNS].size, 4, "patterns");
    CHECK_REFUSED(entries[patterns[0]].scope, VALUE_SCOPE_EXACT, "patterns");
    CHECK_REFUSED(bytes[text], '*', "patterns");
    check_err(open_copy(&op, whole, true), ERR_OK);
    op_end(&op);
}
