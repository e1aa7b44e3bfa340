// SPDX-License-Identifier: EUPL-1.2
/*
 * linie status, verify, rebuild, erase.
 */
#include "journal/blob.h"
#include "node/flow.h"
#include "node/input_list.h"
#include "node/metrics.h"
#include "node/node.h"
#include "node/output_view.h"
#include "node/past.h"
#include "node/past_forget.h"
#include "node/tally.h"
#include "store/notice.h"

enum {
    LINE_SIZE_MAX = 1024 * 1024,
    NAME_COLUMN = 14,
    ROW_SIZE_MAX = 128,
    NOTICES_SHOWN_MAX = 20,
};

#define NOTICES_OPEN ((struct store_notice_filter){ .open_only = true })

static void add_hex(struct json_writer *w, struct span key, const uint8_t *digest)
{
    struct buf hex;
    buf_init(&hex, 2 * JOURNAL_DIGEST_SIZE);
    buf_add_hex(&hex, span_make(digest, JOURNAL_DIGEST_SIZE));
    json_member_string(w, key, buf_span(&hex));
    buf_done(&hex);
}

/* ---- status ---- */

struct notices_shown {
    struct invocation *invocation;
    struct json_writer *w;
    uint64_t count;
};

static enum err notice_json(void *context, const struct store_notice *notice)
{
    struct notices_shown *shown = context;
    if (shown->count < NOTICES_SHOWN_MAX) {
        json_begin_object(shown->w);
        json_member_u64(shown->w, SPAN("entry"), notice->entry);
        json_member_string(shown->w, SPAN("type"), notice->type);
        json_member_string(shown->w, SPAN("subject"), notice->subject);
        json_member_string(shown->w, SPAN("text"), notice->text);
        json_member_time(shown->w, SPAN("time"), notice->time_us);
        json_end_object(shown->w);
    }
    shown->count++;
    return ERR_OK;
}

static enum err notices_walk(struct notices_shown *shown,
                             enum err (*visit)(void *context, const struct store_notice *notice))
{
    const struct policy_grant *grant = NULL;
    struct op *op = shown->invocation->op;
    TRY(policy_grant_owner(op, &grant));
    return store_notices_walk(op, shown->invocation->node->store, grant, &NOTICES_OPEN, visit,
                              shown);
}

static enum err notices_json(struct invocation *invocation, struct json_writer *w)
{
    struct notices_shown shown = { .invocation = invocation, .w = w };
    json_key(w, SPAN("notices"));
    json_begin_array(w);
    enum err err = notices_walk(&shown, notice_json);
    json_end_array(w);
    return err;
}

/* How the history stands: what it has lost, or why it cannot be read at all (in the op's memory).
 */
static enum err history_look(struct invocation *invocation, size_t *ret_losses,
                             struct span *ret_fault)
{
    struct op *op = invocation->op;
    struct node *node = invocation->node;
    struct history_stats stats = { .losses = 0 };
    enum err err = past_reading(op, node);
    if (err == ERR_OK && node->history != NULL) {
        err = history_stats(op, node->history, &stats);
    }
    *ret_losses = stats.losses;
    *ret_fault = SPAN("");
    if (err == ERR_OK) {
        return ERR_OK;
    }
    if (err == ERR_CORRUPT) {
        TRY(op_copy(op, span_of(op->fault.text), ret_fault));
    }
    op_fault_clear(op); /* who may not read its keys asks for other things here */
    return ERR_OK;
}

static enum err history_json(struct invocation *invocation, struct json_writer *w)
{
    size_t losses = 0;
    struct span fault;
    TRY(history_look(invocation, &losses, &fault));
    json_member_u64(w, SPAN("history_losses"), losses);
    if (fault.size > 0) {
        json_member_string(w, SPAN("history_fault"), fault);
    }
    return ERR_OK;
}

static enum err outputs_json(struct invocation *invocation, struct json_writer *w)
{
    struct output_view *views = NULL;
    size_t count = 0;
    TRY(output_views_read(invocation->op, invocation->node, &views, &count));
    json_key(w, SPAN("outputs"));
    json_begin_array(w);
    for (size_t i = 0; i < count; i++) {
        output_view_json(w, &views[i]);
    }
    json_end_array(w);
    return ERR_OK;
}

/* What was to be forgotten, and is not yet. */
static enum err left_json(struct invocation *invocation, struct json_writer *w)
{
    uint64_t left = 0;
    TRY(past_forget_left(invocation->op, invocation->node, &left));
    if (left != 0) {
        json_member_u64(w, SPAN("forgetting_left"), left);
    }
    return ERR_OK;
}

static enum err status_json(struct invocation *invocation, const struct store_status *status)
{
    const struct {
        struct span key;
        uint64_t count;
    } counts[] = {
        { SPAN("entries"), status->entries },
        { SPAN("applied"), status->applied },
        { SPAN("sets"), status->sets },
        { SPAN("set_members"), status->set_members },
        { SPAN("stix_objects"), status->objects },
        { SPAN("allow_lists"), status->allow_lists },
        { SPAN("inputs"), status->inputs },
        { SPAN("lines"), status->lines },
        { SPAN("observations"), status->observations },
        { SPAN("bytes_waiting"), status->waiting },
        { SPAN("folds"), status->folds },
        { SPAN("folds_open"), status->folds_open },
        { SPAN("noisy_indicators"), status->noisy },
        { SPAN("hits"), status->hits },
        { SPAN("notices_open"), status->notices_open },
    };
    struct buf line;
    struct json_writer w;
    buf_init(&line, LINE_SIZE_MAX);
    json_writer_init(&w, &line);
    json_begin_object(&w);
    json_member_string(&w, SPAN("owner"), invocation->node->config->owner);
    json_member_string(&w, SPAN("identity"), store_identity(invocation->node->store));
    json_member_string(&w, SPAN("world"), invocation->node->world);
    add_hex(&w, SPAN("head"), status->head);
    for (size_t i = 0; i < sizeof counts / sizeof counts[0]; i++) {
        json_member_u64(&w, counts[i].key, counts[i].count);
    }
    json_key(&w, SPAN("stix"));
    json_begin_object(&w);
    tally_json(&w, &status->stix);
    json_end_object(&w);
    json_key(&w, SPAN("faults"));
    json_begin_object(&w);
    for (size_t i = 0; i < status->fault_count; i++) {
        json_member_u64(&w, status->faults[i].reason, status->faults[i].count);
    }
    json_end_object(&w);
    enum err err = notices_json(invocation, &w);
    if (err == ERR_OK) {
        err = outputs_json(invocation, &w);
    }
    if (err == ERR_OK) {
        err = left_json(invocation, &w);
    }
    if (err == ERR_OK) {
        err = history_json(invocation, &w);
    }
    if (err == ERR_OK) {
        json_end_object(&w);
    }
    if (err == ERR_OK) {
        print_json(invocation, &line);
    }
    buf_done(&line);
    return err;
}

static void row_begin(struct flow *flow, const struct invocation *invocation, const char *name)
{
    flow_begin(flow, invocation, NAME_COLUMN);
    flow_words(flow, "%s", name);
    flow_to(flow, NAME_COLUMN);
}

static void status_row(const struct invocation *invocation, const char *name, uint64_t count,
                       const char *one, const char *many)
{
    char text[ROW_SIZE_MAX];
    struct flow flow;
    row_begin(&flow, invocation, name);
    flow_words(&flow, "%s", print_counted(count, one, many, text, sizeof text));
    flow_end(&flow);
}

/* "(zeek-json, 4 files, 1 not read to its end)" */
static void status_log_words(struct flow *flow, const struct input_log *log)
{
    char files[64] = "";
    char unended[64] = "";
    char waiting[96] = "";
    char count[64];
    const struct store_input *sum = &log->sum;
    if (log->files > 1) {
        snprintf(files, sizeof files, ", %s",
                 print_counted(log->files, "file", "files", count, sizeof count));
    }
    if (log->unended > 0) {
        bool alone = log->files == 1;
        snprintf(unended, sizeof unended, ", %s%snot read to %s end",
                 alone ? "" : print_count(log->unended, count, sizeof count), alone ? "" : " ",
                 log->unended == 1 ? "its" : "their");
    }
    if (sum->line.waiting > 0) {
        snprintf(waiting, sizeof waiting, ", %s of %s left",
                 print_counted(sum->line.waiting, "byte", "bytes", count, sizeof count),
                 log->files == 1 ? "its last line" : "last lines");
    }
    flow_words(flow, "(%.*s%s%s%s)%s", SPAN_FMT(sum->format), files, unended, waiting,
               sum->fault_count > 0 ? "," : "");
}

static void status_log(const struct invocation *invocation, const struct input_log *log)
{
    enum { LINES_WIDTH = 13, INDENT = 15 };
    char lines[32];
    struct flow flow;
    const struct store_input *input = &log->sum;
    print_count(input->lines, lines, sizeof lines);
    flow_begin(&flow, invocation, INDENT);
    flow_to(&flow, LINES_WIDTH > strlen(lines) ? LINES_WIDTH - strlen(lines) : 0);
    flow_words(&flow, "%s %s", lines, input->lines == 1 ? "line" : "lines");
    flow_to(&flow, LINES_WIDTH + sizeof " lines ");
    flow_value(&flow, "", input->path, "");
    status_log_words(&flow, log);
    for (size_t i = 0; i < input->fault_count; i++) {
        char count[32];
        snprintf(count, sizeof count, " %llu%s", (unsigned long long)input->faults[i].count,
                 i + 1 < input->fault_count ? "," : "");
        flow_value(&flow, "", input->faults[i].reason, count);
    }
    flow_end(&flow);
}

static enum err status_inputs(const struct invocation *invocation, const struct store_input *inputs,
                              size_t input_count)
{
    enum { SHOWN_MAX = 20 };
    struct input_log *logs = NULL;
    size_t count = 0;
    TRY(input_list_make(invocation->op, inputs, input_count, &logs, &count));
    for (size_t i = 0; i < count && i < SHOWN_MAX; i++) {
        status_log(invocation, &logs[i]);
    }
    if (count > SHOWN_MAX) {
        fprintf(invocation->out, "  and %zu more\n", count - SHOWN_MAX);
    }
    return ERR_OK;
}

static void status_heading(const struct invocation *invocation, const struct store_status *status)
{
    char text[ROW_SIZE_MAX];
    struct flow flow;
    const struct node *node = invocation->node;
    flow_begin(&flow, invocation, 2);
    flow_value(&flow, "", node->config->owner, ",");
    flow_value(&flow, "world", node->world, ",");
    flow_value(&flow, "in", node->dir, "");
    flow_end(&flow);
    fputc('\n', invocation->out);
    row_begin(&flow, invocation, "journal");
    flow_words(&flow, "%s,", print_counted(status->entries, "entry", "entries", text, sizeof text));
    enum { HEAD_SHOWN = 8 };
    struct buf head;
    buf_init(&head, 2 * JOURNAL_DIGEST_SIZE);
    buf_add_hex(&head, span_make(status->head, HEAD_SHOWN));
    flow_value(&flow, "head", buf_span(&head), "...");
    buf_done(&head);
    flow_words(&flow, "%s", status->applied == status->entries ? "" : "(not all applied yet)");
    flow_end(&flow);
}

static void status_faults(const struct invocation *invocation, const struct store_status *status)
{
    for (size_t i = 0; i < status->fault_count; i++) {
        char text[ROW_SIZE_MAX];
        struct flow flow;
        row_begin(&flow, invocation, i == 0 ? "not read" : "");
        flow_words(&flow, "%s", print_count(status->faults[i].count, text, sizeof text));
        flow_value(&flow, "", status->faults[i].reason, "");
        flow_end(&flow);
    }
}

static void status_stix(const struct invocation *invocation, const struct store_tally *tally)
{
    struct flow flow;
    row_begin(&flow, invocation, "");
    flow_words(&flow, "STIX:");
    tally_words(&flow, tally);
    tally_words_conflicts(&flow, ";", tally);
    flow_end(&flow);
}

static enum err notice_text(void *context, const struct store_notice *notice)
{
    struct notices_shown *shown = context;
    char time[TIME_TEXT_SIZE];
    char type[STORE_NOTICE_TYPE_SIZE_MAX + 1];
    struct flow flow;
    if (shown->count < NOTICES_SHOWN_MAX) {
        row_begin(&flow, shown->invocation, shown->count == 0 ? "notices" : "");
        snprintf(type, sizeof type, "%.*s", SPAN_FMT(notice->type));
        flow_styled(&flow, PRINT_ALARM, type);
        flow_value(&flow, "", notice->subject, ":");
        flow_text(&flow, notice->text);
        flow_words(&flow, "(since %s)", print_second(notice->time_us, time, sizeof time));
        flow_end(&flow);
    }
    shown->count++;
    return ERR_OK;
}

/* First of all: what the node asks its owner to look at. */
static enum err status_notices(struct invocation *invocation)
{
    struct notices_shown shown = { .invocation = invocation };
    TRY(notices_walk(&shown, notice_text));
    if (shown.count > NOTICES_SHOWN_MAX) {
        fprintf(invocation->out, "  and %llu more\n",
                (unsigned long long)(shown.count - NOTICES_SHOWN_MAX));
    }
    return ERR_OK;
}

static enum err status_left(struct invocation *invocation)
{
    uint64_t left = 0;
    struct flow flow;
    TRY(past_forget_left(invocation->op, invocation->node, &left));
    if (left == 0) {
        return ERR_OK;
    }
    row_begin(&flow, invocation, "forgetting");
    flow_words(&flow,
               "by the rule of journal entry %llu is not finished: 'linie history compact' goes on",
               (unsigned long long)left);
    flow_end(&flow);
    return ERR_OK;
}

static enum err status_history(struct invocation *invocation)
{
    size_t losses = 0;
    char text[ROW_SIZE_MAX];
    struct span fault;
    struct flow flow;
    TRY(history_look(invocation, &losses, &fault));
    if (losses == 0 && fault.size == 0) {
        return ERR_OK;
    }
    row_begin(&flow, invocation, "history");
    if (fault.size > 0) {
        flow_text(&flow, fault);
    } else {
        flow_words(&flow, "%s that nobody acknowledged ('linie history losses')",
                   print_counted(losses, "loss", "losses", text, sizeof text));
    }
    flow_end(&flow);
    return ERR_OK;
}

static enum err status_outputs(struct invocation *invocation)
{
    struct output_view *views = NULL;
    size_t count = 0;
    TRY(output_views_read(invocation->op, invocation->node, &views, &count));
    for (size_t i = 0; i < count; i++) {
        struct flow flow;
        row_begin(&flow, invocation, i == 0 ? "outputs" : "");
        flow_value(&flow, "", views[i].config->to.name, "");
        flow_end(&flow);
        output_view_words(invocation, &views[i], NAME_COLUMN + 2);
    }
    return ERR_OK;
}

static enum err status_text(struct invocation *invocation, const struct store_status *status,
                            const struct store_input *inputs, size_t count)
{
    status_heading(invocation, status);
    TRY(status_notices(invocation));
    TRY(status_history(invocation));
    TRY(status_left(invocation));
    status_row(invocation, "indicators", status->set_members, "in packed sets", "in packed sets");
    if (!tally_is_empty(&status->stix)) {
        status_stix(invocation, &status->stix);
    }
    if (status->allow_lists > 0) {
        status_row(invocation, "allowed", status->allow_lists, "list", "lists");
    }
    status_row(invocation, "watched", status->lines, "line", "lines");
    status_row(invocation, "", status->observations, "observation", "observations");
    status_faults(invocation, status);
    status_row(invocation, "found", status->folds, "fold", "folds");
    if (status->folds_open > 0) {
        status_row(invocation, "", status->folds_open, "of them still open", "of them still open");
    }
    status_row(invocation, "", status->hits, "hit",
               "hits (a line counts once for each indicator it met)");
    if (status->noisy > 0) {
        status_row(invocation, "", status->noisy, "noisy indicator", "noisy indicators");
    }
    status_row(invocation, "inputs", status->inputs, "", "");
    TRY(status_inputs(invocation, inputs, count));
    return status_outputs(invocation);
}

/* For a node whose watch is started now and then: a running one gives them itself. */
static int status_metrics(struct invocation *invocation)
{
    struct buf text;
    struct metrics_kinds kinds = { .path_size = 0 };
    buf_init(&text, METRICS_SIZE_MAX);
    enum err err = metrics_add(invocation->op, invocation->node, NULL, &kinds, &text);
    if (err == ERR_OK) {
        fwrite(text.data, 1, text.size, invocation->out);
    }
    buf_done(&text);
    return err == ERR_OK ? EXIT_DONE : command_fail(invocation);
}

int command_status(struct invocation *invocation)
{
    if (command_value(invocation, "metrics") != NULL) {
        return status_metrics(invocation);
    }
    struct store_status status;
    struct store_input *inputs = NULL;
    size_t count = 0;
    struct store *store = invocation->node->store;
    if (store_status(invocation->op, store, &status) != ERR_OK ||
        store_inputs(invocation->op, store, &inputs, &count) != ERR_OK) {
        return command_fail(invocation);
    }
    enum err err = invocation->json ? status_json(invocation, &status)
                                    : status_text(invocation, &status, inputs, count);
    return err == ERR_OK ? EXIT_DONE : command_fail(invocation);
}

/* ---- verify ---- */

static void verify_row(const struct invocation *invocation, const char *what, uint64_t faults,
                       const char *fault)
{
    char text[ROW_SIZE_MAX];
    struct flow flow;
    print_styled(invocation, faults == 0 ? PRINT_GOOD : PRINT_ALARM, "%s, %s", what,
                 print_counted(faults, "fault", "faults", text, sizeof text));
    fputc('\n', invocation->out);
    if (faults > 0) {
        flow_begin(&flow, invocation, 4);
        flow_to(&flow, 2);
        flow_words(&flow, "%s:", faults > 1 ? "first" : "it is");
        flow_text(&flow, span_of(fault));
        flow_end(&flow);
    }
}

static void verify_text(const struct invocation *invocation, const struct journal_check *journal,
                        const struct blob_check *blobs)
{
    char row[ROW_SIZE_MAX];
    char count[ROW_SIZE_MAX];
    snprintf(row, sizeof row, "journal  %s, %llu erased by rule",
             print_counted(journal->entries, "entry", "entries", count, sizeof count),
             (unsigned long long)journal->erased);
    verify_row(invocation, row, journal->faults, journal->first_fault_text);
    snprintf(row, sizeof row, "files    %llu kept byte for byte", (unsigned long long)blobs->count);
    verify_row(invocation, row, blobs->faults, blobs->first_fault_text);
}

static void verify_tell(struct invocation *invocation, const struct journal_check *journal,
                        const struct blob_check *blobs)
{
    struct buf line;
    struct json_writer w;
    if (!invocation->json) {
        verify_text(invocation, journal, blobs);
        return;
    }
    buf_init(&line, LINE_SIZE_MAX);
    json_writer_init(&w, &line);
    json_begin_object(&w);
    json_member_u64(&w, SPAN("entries"), journal->entries);
    json_member_u64(&w, SPAN("erased"), journal->erased);
    json_member_u64(&w, SPAN("faults"), journal->faults);
    json_member_u64(&w, SPAN("first_fault"), journal->first_fault);
    add_hex(&w, SPAN("head"), journal->head);
    json_member_u64(&w, SPAN("files"), blobs->count);
    json_member_u64(&w, SPAN("file_faults"), blobs->faults);
    json_end_object(&w);
    print_json(invocation, &line);
    buf_done(&line);
}

/* Whether every file that the journal names is there. */
struct named {
    struct invocation *invocation;
    struct blob_check *blobs;
};

static enum err named_visit(void *context, const struct journal_header *header, struct span payload)
{
    struct named *named = context;
    static const char *const keys[] = { "file", "pack" };
    struct json_value root;
    struct op op;
    if (!span_equal(header->kind, SPAN("set.add")) || payload.data == NULL) {
        return ERR_OK;
    }
    op_begin(&op, &named->invocation->op->actor, LINE_SIZE_MAX * 16);
    enum err err = json_parse(&op, payload, &root);
    for (size_t i = 0; err == ERR_OK && i < sizeof keys / sizeof keys[0]; i++) {
        uint8_t digest[JOURNAL_DIGEST_SIZE];
        struct span map;
        struct span hex = json_string(json_member(root, span_of(keys[i])));
        err = hex_parse(hex, digest, sizeof digest);
        if (err == ERR_OK) {
            err = blob_map(&op, named->invocation->node->world_disk, digest, false, &map);
        }
        if (err == ERR_OK) {
            disk_unmap(named->invocation->node->world_disk, map);
        }
    }
    if (err != ERR_OK && named->blobs->faults == 0) {
        snprintf(named->blobs->first_fault_text, sizeof named->blobs->first_fault_text,
                 "entry %llu names a file that is not there", (unsigned long long)header->number);
    }
    named->blobs->faults += err != ERR_OK ? 1 : 0;
    op_end(&op);
    return ERR_OK;
}

static enum err named_check(struct invocation *invocation, struct blob_check *blobs)
{
    struct op *op = invocation->op;
    struct named named = { .invocation = invocation, .blobs = blobs };
    const struct journal_options options = { .world = invocation->node->world };
    struct journal *journal = NULL;
    uint64_t cut = 0;
    TRY(journal_open(op, invocation->node->world_disk, &options, &journal, &cut));
    enum err err = journal_walk(op, journal, 1, named_visit, &named);
    journal_close(journal);
    return err;
}

/* A journal whose last group was damaged looks like one whose last write was cut short; but what
 * the database has applied was acknowledged. */
static void end_check(uint64_t applied, struct journal_check *journal)
{
    if (applied <= journal->entries) {
        return;
    }
    if (journal->faults == 0) {
        journal->first_fault = journal->entries + 1;
        snprintf(journal->first_fault_text, sizeof journal->first_fault_text,
                 "the journal ends at entry %llu, but entry %llu was there: its end is damaged or "
                 "lost; restore it from a backup",
                 (unsigned long long)journal->entries, (unsigned long long)applied);
    }
    journal->faults++;
}

/* Without the store: it could not be opened on a damaged journal, and that is just what is asked.
 */
static enum err verify(struct invocation *invocation, struct journal_check *journal,
                       struct blob_check *blobs)
{
    struct op *op = invocation->op;
    TRY(node_open(op, invocation->node_dir, invocation->world, NODE_FILES, &invocation->node));
    struct node *node = invocation->node;
    uint64_t applied = 0; /* asked first: a writer may add entries meanwhile */
    if (store_applied(op, node->world_disk, &applied) != ERR_OK) {
        op_fault_clear(op); /* what is derived is not needed here */
    }
    TRY(journal_check(op, node->world_disk, node->world, journal));
    end_check(applied, journal);
    TRY(blob_check(op, node->world_disk, blobs));
    return journal->faults == 0 ? named_check(invocation, blobs) : ERR_OK;
}

int command_verify(struct invocation *invocation)
{
    struct journal_check journal;
    struct blob_check blobs;
    if (command_value(invocation, "backup") != NULL) {
        return command_verify_backup(invocation);
    }
    if (command_value(invocation, "key") != NULL) {
        (void)op_fail(invocation->op, ERR_FORMAT, "--key goes with --backup DIR");
        return command_fail(invocation);
    }
    enum err err = verify(invocation, &journal, &blobs);
    node_close(invocation->node);
    if (err != ERR_OK) {
        return command_fail(invocation);
    }
    verify_tell(invocation, &journal, &blobs);
    return journal.faults == 0 && blobs.faults == 0 ? EXIT_DONE : EXIT_FOUND;
}

/* ---- rebuild ---- */

int command_rebuild(struct invocation *invocation)
{
    uint8_t before[JOURNAL_DIGEST_SIZE];
    uint8_t after[JOURNAL_DIGEST_SIZE];
    uint64_t entries = 0;
    struct span index;
    struct op *op = invocation->op;
    struct node *node = invocation->node;
    bool compared = store_derived_digest(op, node->store, before) == ERR_OK;
    op_fault_clear(op);
    if (store_rebuild(op, node->store, &entries) != ERR_OK ||
        store_derived_digest(op, node->store, after) != ERR_OK ||
        node_index(op, node, &index) != ERR_OK) {
        return command_fail(invocation);
    }
    bool same =
        compared && span_equal(span_make(before, sizeof before), span_make(after, sizeof after));
    if (invocation->json) {
        fprintf(invocation->out, "{\"entries\":%llu,\"same\":%s}\n", (unsigned long long)entries,
                same ? "true" : "false");
    } else {
        char text[ROW_SIZE_MAX];
        fprintf(invocation->out, "%s applied anew; %s\n",
                print_counted(entries, "journal entry", "journal entries", text, sizeof text),
                same ? "the result is what was there before"
                     : "the result differs from what was there before");
    }
    return EXIT_DONE;
}

/* ---- erase ---- */

int command_erase(struct invocation *invocation)
{
    const char *rule = command_value(invocation, "rule");
    struct span index;
    if (invocation->argument_count == 0 || rule == NULL || rule[0] == '\0') {
        (void)op_fail(invocation->op, ERR_FORMAT,
                      "name journal entries ('linie hits --evidence' tells them), and the rule "
                      "with --rule TEXT");
        return command_fail(invocation);
    }
    int code = EXIT_DONE;
    for (size_t i = 0; i < invocation->argument_count; i++) {
        uint64_t number = 0;
        struct span text = span_of(invocation->arguments[i]);
        enum err err = span_to_u64(text, &number);
        if (err != ERR_OK) {
            (void)op_fail(invocation->op, err, "%s is no entry's number", invocation->arguments[i]);
        } else {
            err = store_erase(invocation->op, invocation->node->store, number, span_of(rule));
        }
        if (err != ERR_OK) {
            code = command_fail(invocation);
            op_fault_clear(invocation->op);
        } else {
            fprintf(invocation->out,
                    invocation->json ? "{\"entry\":%llu,\"erased\":true}\n" : "entry %llu erased\n",
                    (unsigned long long)number);
        }
    }
    if (node_index(invocation->op, invocation->node, &index) != ERR_OK) {
        return command_fail(invocation);
    }
    return code;
}
