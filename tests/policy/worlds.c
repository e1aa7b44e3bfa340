// SPDX-License-Identifier: EUPL-1.2
/*
 * Answers questions to the gate: standard input has one world a line, as JSON, and standard output
 * gets one line of JSON a world. tests/policy/judge.py makes the worlds, judges them by the text of
 * docs/GATE.md, and compares.
 *
 * In:  {"files": [{"name", "text", "keys": [...]}], "holder", "day": "2026-01-31", "asks":
 *       [{"party", "person", "purpose", "label": {...}}]}
 *      label: {"tlp", "classes": [], "audiences": [[]], "persons": [], "purposes": [], "sources":
 * [], "statements": [id | {"id", "text", "unknown"}], "data", "personal": [], "fixed": [], "world",
 * "time", "parts":
 *       [{"fixed": bool, "label": {...}}], "origins": [{...}]}
 * Out: {"fault": "..."}, or {"answers": [{"answer": "no", "refusals": [4, 7]}, {"answer":
 * "reduced", "parts": [0], "personal": {"mail-address": "truncate"}}, {"answer": "whole"}]}
 */
#include <stdio.h>
#include <stdlib.h>

#include "base/memory.h"
#include "base/time.h"
#include "format/json.h"
#include "format/json_writer.h"
#include "policy/book_inner.h"
#include "policy/decide.h"

enum { LINE_SIZE_MAX = 1 << 26, MEMORY_MAX = 1 << 30 };

struct world {
    struct op *op;
    const struct policy_day *day;
    struct json_writer *w;
};

static struct json_value member(struct json_value value, const char *key)
{
    return json_member(value, span_of(key));
}

static size_t count_of(struct json_value list)
{
    size_t count = 0;
    struct json_walk walk = json_walk_begin(list);
    while (json_walk_next(&walk)) {
        count++;
    }
    return count;
}

static struct policy_list read_list(struct world *world, struct json_value list)
{
    struct span *items = op_alloc(world->op, count_of(list) * sizeof *items);
    struct policy_list ret = { .items = items };
    struct json_walk walk = json_walk_begin(list);
    while (json_walk_next(&walk)) {
        items[ret.count++] = json_string(walk.value);
    }
    return ret;
}

static void read_statements(struct world *world, struct json_value list, struct policy_label *label)
{
    struct policy_statement *statements = op_alloc(world->op, count_of(list) * sizeof *statements);
    struct json_walk walk = json_walk_begin(list);
    while (json_walk_next(&walk)) {
        struct policy_statement *statement = &statements[label->statement_count++];
        statement->id = json_string(walk.value); /* an id by itself, or an object */
        if (statement->id.data == NULL) {
            statement->id = json_string(member(walk.value, "id"));
            statement->text = json_string(member(walk.value, "text"));
            statement->unknown = json_true(member(walk.value, "unknown"));
        }
    }
    label->statements = statements;
}

static unsigned read_personal(struct json_value list)
{
    unsigned bits = 0;
    struct json_walk walk = json_walk_begin(list);
    while (json_walk_next(&walk)) {
        enum policy_personal personal = POLICY_PERSONAL_COUNT;
        must(policy_personal_from_name(json_string(walk.value), &personal) == ERR_OK);
        bits |= 1U << personal;
    }
    return bits;
}

static struct policy_label read_label(struct world *world, struct json_value value);

/* The label, or the one of what was made of its origins. */
static struct policy_label derived(struct world *world, struct json_value list,
                                   const struct policy_label *own)
{
    struct policy_label label = *own;
    struct policy_label *origins = op_alloc(world->op, count_of(list) * sizeof *origins);
    size_t count = 0;
    struct json_walk walk = json_walk_begin(list);
    while (json_walk_next(&walk)) {
        origins[count++] = read_label(world, walk.value);
    }
    if (count > 0) {
        must(policy_label_derive(world->op, own, origins, count, &label) == ERR_OK);
    }
    return label;
}

static struct policy_label read_label(struct world *world, struct json_value value)
{
    struct policy_label label = {
        .classes = read_list(world, member(value, "classes")),
        .persons = read_list(world, member(value, "persons")),
        .purposes = read_list(world, member(value, "purposes")),
        .sources = read_list(world, member(value, "sources")),
        .personal = read_personal(member(value, "personal")),
        .personal_fixed = read_personal(member(value, "fixed")),
        .world = json_string(member(value, "world")),
    };
    must(policy_tlp_from_name(json_string(member(value, "tlp")), &label.tlp) == ERR_OK);
    must(policy_data_from_name(json_string(member(value, "data")), &label.data) == ERR_OK);

    read_statements(world, member(value, "statements"), &label);
    struct json_value audiences = member(value, "audiences");
    struct policy_list *lists = op_alloc(world->op, count_of(audiences) * sizeof *lists);
    struct json_walk walk = json_walk_begin(audiences);
    while (json_walk_next(&walk)) {
        lists[label.audience_count++] = read_list(world, walk.value);
    }
    label.audiences = lists;

    struct json_value parts = member(value, "parts");
    struct policy_part *each = op_alloc(world->op, count_of(parts) * sizeof *each);
    walk = json_walk_begin(parts);
    while (json_walk_next(&walk)) {
        each[label.part_count++] = (struct policy_part){
            .label = read_label(world, member(walk.value, "label")),
            .fixed = json_true(member(walk.value, "fixed")),
        };
    }
    label.parts = each;
    return derived(world, member(value, "origins"), &label);
}

static void write_verdict(struct world *world, const struct policy_bound *bound,
                          const struct policy_recipient *recipient, int64_t time_us)
{
    static const char *const answers[] = { "no", "reduced", "whole" };
    static const char *const treatments[] = { "keep", "truncate", "pseudonymise", "leave-out" };
    struct policy_verdict verdict;
    policy_decide(recipient, bound, time_us, &verdict);
    unsigned refusals = policy_refusals(recipient, bound, time_us);
    must((refusals != 0) == (verdict.answer == POLICY_NO));
    struct json_writer *w = world->w;
    json_begin_object(w);
    json_member_string(w, SPAN("answer"), span_of(answers[verdict.answer]));
    if (verdict.answer == POLICY_NO) {
        json_key(w, SPAN("refusals"));
        json_begin_array(w);
        for (unsigned i = 1; i < POLICY_RULE_COUNT; i++) {
            if ((refusals >> i & 1) != 0) {
                json_add_u64(w, i);
            }
        }
        json_end_array(w);
    }
    if (verdict.answer == POLICY_REDUCED) {
        json_key(w, SPAN("parts"));
        json_begin_array(w);
        for (unsigned i = 0; i < POLICY_PART_COUNT_MAX; i++) {
            if ((verdict.parts_out >> i & 1) != 0) {
                json_add_u64(w, i);
            }
        }
        json_end_array(w);
        json_key(w, SPAN("personal"));
        json_begin_object(w);
        for (unsigned i = 0; i < POLICY_PERSONAL_COUNT; i++) {
            if (verdict.personal[i] != POLICY_KEEP) {
                json_member_string(w, span_of(policy_personal_name((enum policy_personal)i)),
                                   span_of(treatments[verdict.personal[i]]));
            }
        }
        json_end_object(w);
    }
    json_end_object(w);
}

static void answer(struct world *world, struct json_value asks)
{
    struct json_walk walk = json_walk_begin(asks);
    json_key(world->w, SPAN("answers"));
    json_begin_array(world->w);
    while (json_walk_next(&walk)) {
        struct policy_label *label = op_alloc(world->op, sizeof *label);
        struct policy_asker *asker = op_alloc(world->op, sizeof *asker);
        *label = read_label(world, member(walk.value, "label"));
        *asker = (struct policy_asker){
            .party = json_string(member(walk.value, "party")),
            .person = json_string(member(walk.value, "person")),
            .purpose = json_string(member(walk.value, "purpose")),
        };
        const struct policy_bound *bound = NULL;
        const struct policy_recipient *recipient = NULL;
        must(policy_bind(world->op, world->day, label, &bound) == ERR_OK);
        must(policy_recipient_make(world->op, world->day, asker, &recipient) == ERR_OK);
        struct span time = json_string(member(member(walk.value, "label"), "time"));
        int64_t time_us = TIME_US_NONE;
        must(time.size == 0 || time_parse(time, &time_us) == ERR_OK);
        write_verdict(world, bound, recipient, time_us);
    }
    json_end_array(world->w);
}

static enum err read_world(struct world *world, struct json_value root)
{
    struct json_value list = member(root, "files");
    struct book_file *files = op_alloc(world->op, count_of(list) * sizeof *files);
    size_t count = 0;
    struct json_walk walk = json_walk_begin(list);
    while (json_walk_next(&walk)) {
        struct policy_list keys = read_list(world, member(walk.value, "keys"));
        files[count++] = (struct book_file){
            .name = json_string(member(walk.value, "name")),
            .text = json_string(member(walk.value, "text")),
            .signer_keys = keys.items,
            .signer_key_count = keys.count,
        };
    }
    const struct policy_book *book = NULL;
    int32_t day = 0;
    TRY(policy_book_read(world->op, files, count, &book));
    must(book_day_read(json_string(member(root, "day")), &day) == ERR_OK);
    return policy_day_make(world->op, book, json_string(member(root, "holder")), day, &world->day);
}

static void one_world(struct span line)
{
    struct op op;
    struct buf buf;
    struct json_writer w;
    struct json_value root;
    struct world world = { .op = &op, .w = &w };
    op_begin(&op, &(struct actor){ .name = SPAN("tester") }, MEMORY_MAX);
    buf_init(&buf, LINE_SIZE_MAX);
    json_writer_init(&w, &buf);
    must(json_parse(&op, line, &root) == ERR_OK);
    json_begin_object(&w);
    if (read_world(&world, root) != ERR_OK) {
        json_member_string(&w, SPAN("fault"), span_of(op.fault.text));
    } else {
        answer(&world, member(root, "asks"));
    }
    json_end_object(&w);
    printf("%.*s\n", SPAN_FMT(buf_span(&buf)));
    buf_done(&buf);
    op_end(&op);
}

int main(void)
{
    char *line = NULL;
    size_t room = 0;
    ssize_t size = 0;
    while ((size = getline(&line, &room, stdin)) > 0) {
        one_world(span_make(line, (size_t)size - (line[size - 1] == '\n' ? 1 : 0)));
    }
    free(line);
    return 0;
}
