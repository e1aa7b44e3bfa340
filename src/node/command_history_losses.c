// SPDX-License-Identifier: EUPL-1.2
/*
 * linie history losses, acknowledge: what of the history cannot be read or was left out for that,
 * and saying that it is known.
 */
#include "node/flow.h"
#include "node/losses.h"
#include "node/past.h"
#include "store/asked.h"

enum { LINE_SIZE_MAX = 64 * 1024, NAME_COLUMN = 14 };

/* ---- losses ---- */

static void show(const struct invocation *invocation, const struct history_loss *loss)
{
    char name[HISTORY_LOSS_NAME_SIZE];
    char found[TIME_TEXT_SIZE];
    struct flow flow;
    struct buf text;
    buf_init(&text, HISTORY_LOSS_TEXT_SIZE);
    history_loss_add_text(&text, loss);
    flow_begin(&flow, invocation, NAME_COLUMN);
    flow_words(&flow, "%s", history_loss_name(loss, name));
    flow_to(&flow, NAME_COLUMN);
    flow_text(&flow, buf_span(&text));
    if (loss->found_s != 0) {
        flow_words(&flow, "(found %s%s)",
                   print_second((int64_t)loss->found_s * US_PER_S, found, sizeof found),
                   loss->known ? "; known" : "");
    }
    flow_end(&flow);
    buf_done(&text);
}

static const char *of_name(enum history_loss_of of)
{
    static const char *const names[HISTORY_LOSS_OF_COUNT] = {
        [HISTORY_LOSS_SEGMENT] = "segment",
        [HISTORY_LOSS_BLOCKS] = "blocks",
        [HISTORY_LOSS_PLACES] = "write-ahead",
        [HISTORY_LOSS_COMMITS] = "commits",
    };
    return names[of];
}

static void write_second(struct json_writer *w, struct span key, uint32_t second)
{
    json_member_time(w, key, (int64_t)second * US_PER_S);
}

/* Kinds and times are absent where it may be any. */
static void write_loss(struct json_writer *w, const struct history_loss *loss)
{
    char name[HISTORY_LOSS_NAME_SIZE];
    json_begin_object(w);
    json_member_string(w, SPAN("loss"), span_of(history_loss_name(loss, name)));
    json_member_string(w, SPAN("of"), span_of(of_name(loss->of)));
    json_member_u64(w, SPAN("count"), loss->count);
    if (loss->kinds != HISTORY_LOSS_KINDS_ALL) {
        json_key(w, SPAN("kinds"));
        json_begin_array(w);
        for (unsigned kind = VALUE_NONE + 1; kind < VALUE_KIND_COUNT; kind++) {
            if ((loss->kinds & UINT64_C(1) << kind) != 0) {
                json_add_string(w, span_of(value_kind_name((enum value_kind)kind)));
            }
        }
        json_end_array(w);
    }
    if (loss->last_s != UINT32_MAX) {
        write_second(w, SPAN("first"), loss->first_s);
        write_second(w, SPAN("last"), loss->last_s);
    }
    if (loss->found_s != 0) {
        write_second(w, SPAN("found"), loss->found_s);
    }
    json_member_bool(w, SPAN("gone"), loss->gone);
    json_member_bool(w, SPAN("known"), loss->known);
    json_end_object(w);
}

static void show_json(struct invocation *invocation, const struct history_loss *loss)
{
    struct buf line;
    struct json_writer w;
    buf_init(&line, LINE_SIZE_MAX);
    json_writer_init(&w, &line);
    write_loss(&w, loss);
    print_json(invocation, &line);
    buf_done(&line);
}

int command_history_losses(struct invocation *invocation)
{
    const struct history_loss *losses = NULL;
    size_t count = 0;
    size_t told = 0;
    bool all = command_value(invocation, "all") != NULL;
    struct node *node = invocation->node;
    enum err err = past_reading(invocation->op, node);
    if (err == ERR_OK && node->history != NULL) {
        err = history_losses(invocation->op, node->history, &losses, &count);
    }
    if (err != ERR_OK) {
        return command_fail(invocation);
    }
    for (size_t i = 0; i < count; i++) {
        told += losses[i].known ? 0 : 1;
        if (losses[i].known && !all) {
            continue;
        }
        if (invocation->json) {
            show_json(invocation, &losses[i]);
        } else {
            show(invocation, &losses[i]);
        }
    }
    if (told == 0 && !invocation->json) {
        fputs("nothing is lost that nobody knows of\n", invocation->out);
    }
    return told > 0 ? EXIT_FOUND : EXIT_DONE;
}

/* ---- acknowledge ---- */

static bool is_named(const struct invocation *invocation, const struct history_loss *loss)
{
    char name[HISTORY_LOSS_NAME_SIZE];
    struct span text = span_of(history_loss_name(loss, name));
    for (size_t i = 0; i < invocation->argument_count; i++) {
        struct span asked = span_of(invocation->arguments[i]);
        if (span_equal(asked, text) || span_equal(asked, SPAN("all"))) {
            return true;
        }
    }
    return false;
}

/* Those that are meant; each name that was given has to be one's. */
static enum err choose(struct invocation *invocation, struct history_loss **ret, size_t *ret_count)
{
    const struct history_loss *losses = NULL;
    struct op *op = invocation->op;
    size_t count = 0;
    size_t kept = 0;
    bool all = invocation->argument_count == 1 &&
               span_equal(span_of(invocation->arguments[0]), SPAN("all"));
    TRY(history_losses(op, invocation->node->history, &losses, &count));
    struct history_loss *chosen = op_alloc(op, count * sizeof *chosen);
    if (chosen == NULL) {
        return ERR_LIMIT;
    }
    for (size_t i = 0; i < count; i++) {
        if (!losses[i].known && is_named(invocation, &losses[i])) {
            chosen[kept] = losses[i];
            kept++;
        }
    }
    if (kept == 0 || (!all && kept < invocation->argument_count)) {
        return op_fail(op, ERR_ABSENT, "%s: 'linie history losses' names what can be acknowledged",
                       all ? "nothing is lost that nobody knows of" : "no loss has such a name");
    }
    *ret = chosen;
    *ret_count = kept;
    return ERR_OK;
}

static enum err keep(struct invocation *invocation, struct span reason,
                     const struct history_loss *losses, size_t count, uint64_t *ret_entry)
{
    struct buf content;
    struct json_writer w;
    buf_init(&content, LINE_SIZE_MAX);
    json_writer_init(&w, &content);
    json_begin_object(&w);
    json_member_string(&w, SPAN("reason"), reason);
    json_key(&w, SPAN("losses"));
    json_begin_array(&w);
    for (size_t i = 0; i < count; i++) {
        write_loss(&w, &losses[i]);
    }
    json_end_array(&w);
    json_end_object(&w);
    enum err err = store_asked_add(invocation->op, invocation->node->store, STORE_ASKED_LOSS,
                                   &content, ret_entry);
    buf_done(&content);
    return err;
}

static enum err acknowledge(struct invocation *invocation, uint64_t *ret_entry, size_t *ret_count)
{
    struct op *op = invocation->op;
    struct node *node = invocation->node;
    struct history_loss *losses = NULL;
    size_t count = 0;
    struct span reason = span_trim(span_of(command_value(invocation, "reason")));
    if (reason.size == 0 || reason.size > STORE_REASON_SIZE_MAX) {
        return op_fail(op, ERR_FORMAT,
                       "--reason TEXT is needed, of at most %d bytes: it stays in the journal",
                       STORE_REASON_SIZE_MAX);
    }
    if (invocation->argument_count == 0) {
        return op_fail(op, ERR_FORMAT, "name losses, as 'linie history losses' does, or 'all'");
    }
    TRY(past_changing(op, node));
    TRY(choose(invocation, &losses, &count));
    TRY(keep(invocation, reason, losses, count, ret_entry));
    for (size_t i = 0; i < count; i++) {
        char name[HISTORY_LOSS_NAME_SIZE];
        TRY(history_loss_know(op, node->history, span_of(history_loss_name(&losses[i], name))));
    }
    *ret_count = count;
    return losses_notice(op, node);
}

int command_history_acknowledge(struct invocation *invocation)
{
    uint64_t entry = 0;
    size_t count = 0;
    char text[64];
    if (acknowledge(invocation, &entry, &count) != ERR_OK) {
        return command_fail(invocation);
    }
    if (invocation->json) {
        fprintf(invocation->out, "{\"acknowledged\":%zu,\"entry\":%llu}\n", count,
                (unsigned long long)entry);
    } else {
        fprintf(invocation->out, "%s known; journal entry %llu\n",
                print_counted(count, "loss is", "losses are", text, sizeof text),
                (unsigned long long)entry);
    }
    return EXIT_DONE;
}
