// SPDX-License-Identifier: EUPL-1.2
/*
 * Questions to a whole history on a real disk, also while another process works on it.
 */
#include <fcntl.h>
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

#include "history/hunt.h"
#include "history/record.h"
#include "os/disk.h"
#include "tests/os/scratch.h"
#include "tests/testing.h"

enum {
    HOUR_S = 1700002800, /* the beginning of one, in November 2023 */
    VALUES = 3000,
    PARTS = 4, /* segments, and the live part as the last */
    HUNTS_MIN = 5,
};

#define NOW_US ((int64_t)HOUR_S * 1000000)
#define FOLDER SPAN("history")

struct world {
    struct op op;
    struct scratch scratch;
    struct disk *disk;
    struct history_rules rules;
    const struct policy_grant *grant;
    uint64_t found;
    uint64_t lines;
};

static void open_history(struct world *world, bool write, struct history **ret)
{
    const struct history_options options = { .write = write,
                                             .acknowledged = UINT64_MAX,
                                             .rules = &world->rules };
    check_err(history_open(&world->op, world->disk, FOLDER, &options, ret, NULL), ERR_OK);
}

/* Every value once, in the hour of the part. */
static void tell_part(struct world *world, struct history *history,
                      struct history_record_writer *writer, uint32_t part)
{
    const struct history_way way = { .sensor = SPAN("north"), .field = SPAN("dns.query") };
    struct buf record;
    uint64_t left_out = 0;
    uint64_t number = 0;
    buf_init(&record, HISTORY_RECORD_SIZE_MAX);
    history_record_begin(writer);
    for (uint32_t i = 0; i < VALUES; i++) {
        char name[32];
        (void)snprintf(name, sizeof name, "n%u.example%u.org", i, i % 10);
        const struct history_seen seen = {
            .kind = VALUE_DOMAIN,
            .key = span_of(name),
            .host = history_record_host(writer, SPAN("192.0.2.1")),
            .way = history_record_way(writer, &way),
            .first_s = HOUR_S + part * HISTORY_HOUR_S,
            .last_s = HOUR_S + part * HISTORY_HOUR_S,
            .count = 1,
        };
        check_err(history_record_add(writer, &seen), ERR_OK);
    }
    history_record_end(writer, &record, &left_out);
    check_err(history_add(&world->op, history, buf_span(&record)), ERR_OK);
    check_err(history_commit(&world->op, history, &number), ERR_OK);
    history_acknowledged(history);
    buf_done(&record);
}

/* A history with segments, and something live. */
static void world_begin(struct world *world)
{
    struct history *history;
    struct history_record_writer *writer;
    *world = (struct world){ .scratch = scratch_make() };
    testing_op_begin(&world->op);
    world->disk = scratch_disk(&world->op, &world->scratch);
    history_rules_default(&world->rules);
    check_err(policy_grant_owner(&world->op, &world->grant), ERR_OK);
    open_history(world, true, &history);
    check_err(history_record_writer_new(&world->op, &writer), ERR_OK);
    for (uint32_t part = 0; part < PARTS; part++) {
        tell_part(world, history, writer, part);
        if (part + 1 < PARTS) {
            check_err(history_flush(&world->op, history), ERR_OK);
        }
    }
    history_record_writer_free(writer);
    history_close(history);
}

static void world_end(struct world *world)
{
    disk_close(world->disk);
    scratch_remove(&world->scratch);
    op_end(&world->op);
}

static enum err on_found(void *context, const struct hunt_found *found)
{
    struct world *world = context;
    world->found++;
    for (size_t i = 0; i < found->row_count; i++) {
        for (size_t j = 0; j < found->rows[i].posting_count; j++) {
            world->lines += found->rows[i].postings[j].count;
        }
    }
    return ERR_OK;
}

/* All names below one of the ten domains. */
static enum err ask(struct world *world, struct history *history, const struct policy_grant *grant,
                    struct hunt_result *ret)
{
    const struct hunt_question question = {
        .value = { .kind = VALUE_DOMAIN, .key = SPAN("example7.org") },
        .scope = VALUE_SCOPE_SUBDOMAINS,
    };
    const struct hunt_questions questions = { .count = 1, .at = &question };
    const struct hunt_options options = { .until_s = UINT32_MAX,
                                          .on_found = on_found,
                                          .context = world };
    world->found = 0;
    world->lines = 0;
    return hunt_ask(&world->op, history, grant, &questions, &options, ret);
}

TEST(segments_and_what_is_live_answer_together)
{
    struct world world;
    struct history *history;
    struct hunt_result result;
    world_begin(&world);
    open_history(&world, false, &history);

    check_err(ask(&world, history, world.grant, &result), ERR_OK);

    assert_int_equal(world.lines, PARTS * VALUES / 10);
    assert_int_equal(result.damaged, 0);
    assert_int_equal(result.missing, 0);
    history_close(history);
    world_end(&world);
}

TEST(only_the_owner_may_ask)
{
    struct world world;
    struct history *history;
    struct hunt_result result;
    const struct policy_grant *grant;
    world_begin(&world);
    open_history(&world, false, &history);
    check_err(policy_grant_output(&world.op, SPAN("siem"), POLICY_TLP_RED, &grant), ERR_OK);

    check_err(ask(&world, history, NULL, &result), ERR_DENIED);
    op_fault_clear(&world.op);
    check_err(ask(&world, history, grant, &result), ERR_DENIED);

    assert_int_equal(world.found, 0);
    history_close(history);
    world_end(&world);
}

TEST(who_opened_before_a_compaction_asks_what_was_there_then)
{
    struct world world;
    struct history *before;
    struct history *writer;
    struct history *after;
    struct hunt_result result;
    struct history_forgotten gone;
    const struct value value = { .kind = VALUE_DOMAIN, .key = SPAN("example7.org") };
    const struct history_forget forget = { .value = &value,
                                           .scope = VALUE_SCOPE_SUBDOMAINS,
                                           .until_s = UINT32_MAX };
    world_begin(&world);
    open_history(&world, false, &before);

    open_history(&world, true, &writer);
    check_err(history_compact(&world.op, writer, NOW_US), ERR_OK);
    check_err(ask(&world, before, world.grant, &result), ERR_OK);
    assert_int_equal(world.lines, PARTS * VALUES / 10);

    check_err(history_forget(&world.op, writer, &forget, &gone), ERR_OK);
    history_close(writer);
    check_err(ask(&world, before, world.grant, &result), ERR_OK);
    assert_int_equal(world.lines, PARTS * VALUES / 10);

    open_history(&world, false, &after);
    check_err(ask(&world, after, world.grant, &result), ERR_OK);
    assert_int_equal(world.lines, 0);
    history_close(after);
    history_close(before);
    world_end(&world);
}

/* In a process of its own: compacts again and again until it is told to end. */
__attribute__((noreturn)) static void compact_for_ever(struct world *world, int stop)
{
    struct history *history;
    struct history_record_writer *writer;
    char byte;
    open_history(world, true, &history);
    check_err(history_record_writer_new(&world->op, &writer), ERR_OK);
    uint32_t part = PARTS;
    do {
        tell_part(world, history, writer, part);
        check_err(history_compact(&world->op, history, NOW_US), ERR_OK);
        part++;
    } while (read(stop, &byte, 1) < 0); /* it does not wait */
    history_close(history);
    _exit(0);
}

TEST(hunts_go_on_while_another_process_compacts)
{
    struct world world;
    struct history *first;
    struct hunt_result result;
    int stop[2];
    int status = 0;
    uint64_t most = PARTS;
    world_begin(&world);
    assert_int_equal(pipe2(stop, O_NONBLOCK), 0);
    open_history(&world, false, &first);

    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        close(stop[1]);
        compact_for_ever(&world, stop[0]);
    }
    for (int i = 0; i < HUNTS_MIN || most == PARTS; i++) {
        struct history *now;
        check_err(ask(&world, first, world.grant, &result), ERR_OK);
        assert_int_equal(world.lines, PARTS * VALUES / 10);

        open_history(&world, false, &now);
        check_err(ask(&world, now, world.grant, &result), ERR_OK);
        assert_int_equal(world.lines % (VALUES / 10), 0);
        assert_true(world.lines / (VALUES / 10) >= most);
        most = world.lines / (VALUES / 10);
        history_close(now);
    }
    close(stop[1]);
    close(stop[0]);
    assert_int_equal(waitpid(child, &status, 0), child);

    assert_int_equal(status, 0);
    history_close(first);
    world_end(&world);
}

TEST(a_segment_of_which_nothing_can_be_read_is_missing_and_the_others_answer)
{
    struct world world;
    struct history *history;
    struct hunt_result result;
    struct span *names;
    size_t count = 0;
    size_t cut = 0;
    world_begin(&world);
    check_err(disk_list(&world.op, world.disk, FOLDER, &names, &count), ERR_OK);
    for (size_t i = 0; i < count && cut == 0; i++) {
        char path[SCRATCH_PATH_SIZE];
        struct disk_file *file;
        if (!span_starts_with(names[i], SPAN("seg-"))) {
            continue;
        }
        (void)snprintf(path, sizeof path, "history/%.*s", SPAN_FMT(names[i]));
        check_err(disk_file_open(&world.op, world.disk, span_of(path), DISK_WRITE, &file), ERR_OK);
        check_err(disk_truncate(&world.op, file, 100), ERR_OK);
        disk_file_close(file);
        cut++;
    }
    assert_int_equal(cut, 1);
    open_history(&world, false, &history);

    check_err(ask(&world, history, world.grant, &result), ERR_OK);

    assert_int_equal(result.missing, 1);
    assert_int_equal(world.lines, (PARTS - 1) * VALUES / 10);
    history_close(history);
    world_end(&world);
}
