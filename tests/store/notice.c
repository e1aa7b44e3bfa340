// SPDX-License-Identifier: EUPL-1.2
#include "store/notice.h"

#include "tests/store/world.h"

enum { TEXT_SIZE_MAX = 64 * 1024 };

static struct store_notice silence_of(struct world *world, const char *subject)
{
    return (struct store_notice){
        .type = SPAN("silence"),
        .subject = span_of(subject),
        .text = SPAN("nothing came for 10 minutes"),
        .time_us = world->now_us,
        .tlp = POLICY_TLP_CLEAR,
        .stays = true,
    };
}

static struct store_notice heard_of(struct world *world, const char *subject)
{
    struct store_notice heard = silence_of(world, subject);
    heard.type = SPAN("heard");
    heard.ends = SPAN("silence");
    heard.stays = false;
    return heard;
}

static uint64_t add(struct world *world, struct store_notice notice)
{
    uint64_t entry = 0;
    check_err(store_notice_add(&world->op, world->store, &notice, &entry), ERR_OK);
    return entry;
}

static enum err tell(void *context, const struct store_notice *notice)
{
    struct buf *text = context;
    buf_add_format(text, "%.*s %.*s %s; ", SPAN_FMT(notice->type), SPAN_FMT(notice->subject),
                   notice->open ? "open" : "-");
    return ERR_OK;
}

/* What a walk gives: "type subject open; ", in its order. */
static void check_walk(struct world *world, const struct store_notice_filter *filter,
                       const char *expected)
{
    struct buf text;
    buf_init(&text, TEXT_SIZE_MAX);
    check_err(store_notices_walk(&world->op, world->store, world->grant, filter, tell, &text),
              ERR_OK);
    check_span(buf_span(&text), expected);
    buf_done(&text);
}

static const struct store_notice_filter all = { .open_only = false };
static const struct store_notice_filter open_only = { .open_only = true };

TEST(notice_stays_open_until_another_ends_it)
{
    struct world world;
    world_begin(&world);

    (void)add(&world, silence_of(&world, "border"));
    (void)add(&world, silence_of(&world, "mail"));
    check_walk(&world, &open_only, "silence border open; silence mail open; ");
    (void)add(&world, heard_of(&world, "border"));

    check_walk(&world, &open_only, "silence mail open; ");
    check_walk(&world, &all, "silence border -; silence mail open; heard border -; ");
    world_end(&world);
}

TEST(notice_that_stays_takes_the_place_of_an_older_one)
{
    struct world world;
    world_begin(&world);

    (void)add(&world, silence_of(&world, "border"));
    (void)add(&world, silence_of(&world, "border"));

    check_walk(&world, &all, "silence border -; silence border open; ");
    world_end(&world);
}

TEST(notice_that_is_a_remark_is_never_open)
{
    struct world world;
    struct store_status status;
    world_begin(&world);
    struct store_notice passed = silence_of(&world, "street");
    passed.type = SPAN("selftest");
    passed.stays = false;

    (void)add(&world, passed);

    check_walk(&world, &open_only, "");
    check_err(store_status(&world.op, world.store, &status), ERR_OK);
    assert_int_equal(status.notices_open, 0);
    (void)add(&world, silence_of(&world, "border"));
    check_err(store_status(&world.op, world.store, &status), ERR_OK);
    assert_int_equal(status.notices_open, 1);
    world_end(&world);
}

TEST(notices_are_found_by_type_and_by_entry)
{
    struct world world;
    world_begin(&world);
    uint64_t first = add(&world, silence_of(&world, "border"));
    uint64_t second = add(&world, heard_of(&world, "border"));

    const struct store_notice_filter by_type = { .type = SPAN("heard") };
    const struct store_notice_filter later = { .after_entry = first };
    const struct store_notice_filter none = { .after_entry = second };

    check_walk(&world, &by_type, "heard border -; ");
    check_walk(&world, &later, "heard border -; ");
    check_walk(&world, &none, "");
    world_end(&world);
}

TEST(notices_are_the_same_after_reopening_and_after_a_rebuild)
{
    struct world world;
    world_begin(&world);
    (void)add(&world, silence_of(&world, "border"));
    (void)add(&world, silence_of(&world, "mail"));
    (void)add(&world, heard_of(&world, "mail"));
    struct span before = world_digest(&world);

    world_reopen(&world);

    assert_true(span_equal(before, world_digest(&world)));
    world_check_rebuild(&world);
    check_walk(&world, &open_only, "silence border open; ");
    world_end(&world);
}

TEST(notice_with_hostile_texts_is_repaired_and_cut)
{
    enum { LONG = 10000 };
    struct world world;
    world_begin(&world);
    char *text = op_alloc(&world.op, LONG + 1);
    assert_non_null(text);
    for (size_t i = 0; i < LONG; i += 2) {
        text[i] = '\xC3'; /* two bytes a character: none is cut in its middle */
        text[i + 1] = '\xA9';
    }
    struct store_notice notice = silence_of(&world, "a\xFF\n\"b");
    notice.text = span_of(text + 1);

    (void)add(&world, notice);

    check_walk(&world, &all, "silence a\xEF\xBF\xBD\n\"b open; ");
    world_check_rebuild(&world);
    world_end(&world);
}

TEST(notice_without_a_fit_type_or_label_is_refused)
{
    static const char *const types[] = { "", "Silence", "a b", "a\n",
                                         "a-type-that-is-longer-than-32-byte" };
    struct world world;
    world_begin(&world);
    uint64_t entries = journal_last(store_journal(world.store));

    for (size_t i = 0; i < sizeof types / sizeof types[0]; i++) {
        struct store_notice notice = silence_of(&world, "border");
        notice.type = span_of(types[i]);
        check_err(store_notice_add(&world.op, world.store, &notice, NULL), ERR_FORMAT);
        op_fault_clear(&world.op);
    }
    struct store_notice unknown = silence_of(&world, "border");
    unknown.tlp = POLICY_TLP_UNKNOWN;
    check_err(store_notice_add(&world.op, world.store, &unknown, NULL), ERR_FORMAT);

    assert_int_equal(journal_last(store_journal(world.store)), entries);
    world_end(&world);
}

TEST(notices_are_shown_to_nobody_without_a_grant)
{
    struct world world;
    struct buf text;
    world_begin(&world);
    (void)add(&world, silence_of(&world, "border"));
    buf_init(&text, TEXT_SIZE_MAX);

    check_err(store_notices_walk(&world.op, world.store, NULL, &all, tell, &text), ERR_OK);

    assert_int_equal(text.size, 0);
    buf_done(&text);
    world_end(&world);
}
