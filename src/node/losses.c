// SPDX-License-Identifier: EUPL-1.2
#include "node/losses.h"

#include "node/print.h"
#include "os/clock.h"
#include "store/notice.h"

enum { LOSSES_SHOWN_MAX = 8, TEXT_SIZE_MAX = 8192, SENTENCES_MAX = 3 };

#define LOST    SPAN("history-lost")
#define SUBJECT SPAN("history")

static const char *command_of(const struct invocation *invocation)
{
    return invocation->command->name;
}

static void tell_one(const struct invocation *invocation, const struct history_loss *loss)
{
    char name[HISTORY_LOSS_NAME_SIZE];
    struct buf text;
    buf_init(&text, HISTORY_LOSS_TEXT_SIZE);
    history_loss_add_text(&text, loss);
    fprintf(invocation->err, "linie %s: %s: %.*s\n", command_of(invocation),
            history_loss_name(loss, name), SPAN_FMT(buf_span(&text)));
    buf_done(&text);
}

enum err losses_tell(struct invocation *invocation, uint64_t kinds, uint32_t since_s,
                     uint32_t until_s, struct losses_told *ret)
{
    const struct history_loss *losses = NULL;
    struct history_stats stats;
    struct losses_told told = { .count = 0 };
    struct history *history = invocation->node->history;
    size_t count = 0;
    TRY(history_stats(invocation->op, history, &stats));
    TRY(history_losses(invocation->op, history, &losses, &count));
    told.segments = stats.segments;
    told.segments_lost = stats.damaged;
    for (size_t i = 0; i < count; i++) {
        told.known = told.known || losses[i].known;
        if (!history_loss_touches(&losses[i], kinds, since_s, until_s)) {
            continue;
        }
        told.count++;
        told.kinds |= losses[i].kinds;
        if (told.count <= LOSSES_SHOWN_MAX) {
            tell_one(invocation, &losses[i]);
        }
    }
    if (told.count > LOSSES_SHOWN_MAX) {
        fprintf(invocation->err, "linie %s: and %llu more\n", command_of(invocation),
                (unsigned long long)(told.count - LOSSES_SHOWN_MAX));
    }
    *ret = told;
    return ERR_OK;
}

void losses_tell_end(const struct invocation *invocation, const struct losses_told *told,
                     uint64_t blocks)
{
    char text[96];
    if (told->count == 0 && blocks == 0) {
        return;
    }
    if (told->count > 0 && told->segments_lost > 0) {
        fprintf(invocation->err, "linie %s: %zu of %s of the history cannot be read\n",
                command_of(invocation), told->segments_lost,
                print_counted(told->segments, "segment", "segments", text, sizeof text));
    }
    if (blocks > 0) {
        fprintf(invocation->err, "linie %s: %s of the history could not be read\n",
                command_of(invocation),
                print_counted(blocks, "block", "blocks", text, sizeof text));
    }
    fprintf(invocation->err,
            "linie %s: the answer lacks what stood there: see 'linie history losses' and 'linie "
            "history verify'\n",
            command_of(invocation));
}

/* ---- the notice ---- */

struct noticed {
    struct op *op;
    struct span text; /* of the open notice; empty: there is none */
};

static enum err notice_visit(void *context, const struct store_notice *notice)
{
    struct noticed *noticed = context;
    return op_copy(noticed->op, notice->text, &noticed->text);
}

static void add_sentences(struct buf *text, const struct history_loss *losses, size_t count)
{
    size_t told = 0;
    for (size_t i = 0; i < count; i++) {
        char name[HISTORY_LOSS_NAME_SIZE];
        if (losses[i].known) {
            continue;
        }
        if (told < SENTENCES_MAX) {
            buf_add(text, told == 0 ? SPAN("the history has lost something: ") : SPAN("; "));
            buf_add_format(text, "%s: ", history_loss_name(&losses[i], name));
            history_loss_add_text(text, &losses[i]);
        }
        told++;
    }
    if (told > SENTENCES_MAX) {
        buf_add_format(text, "; and %zu more", told - SENTENCES_MAX);
    }
    buf_add(text, told > 0 ? SPAN(" ('linie history losses')") : SPAN(""));
}

static enum err notice_write(struct op *op, struct node *node, struct span text)
{
    const bool lost = text.size > 0;
    const struct store_notice notice = {
        .type = lost ? LOST : SPAN("history-known"),
        .ends = lost ? SPAN("") : LOST,
        .subject = SUBJECT,
        .text = lost ? text : SPAN("all that the history has lost is known"),
        .time_us = os_clock_us(),
        .tlp = POLICY_TLP_CLEAR, /* it names files, kinds and times, nothing of others */
        .stays = lost,
    };
    return store_notice_add(op, node->store, &notice, NULL);
}

enum err losses_notice(struct op *op, struct node *node)
{
    const struct policy_grant *grant = NULL;
    const struct history_loss *losses = NULL;
    const struct store_notice_filter filter = { .open_only = true, .type = LOST };
    struct noticed noticed = { .op = op };
    struct buf text;
    size_t count = 0;
    TRY(policy_grant_owner(op, &grant));
    TRY(history_losses(op, node->history, &losses, &count));
    TRY(store_notices_walk(op, node->store, grant, &filter, notice_visit, &noticed));
    buf_init(&text, TEXT_SIZE_MAX);
    add_sentences(&text, losses, count);
    enum err err = text.err;
    if (err == ERR_OK && !span_equal(buf_span(&text), noticed.text)) {
        err = notice_write(op, node, buf_span(&text));
    }
    buf_done(&text);
    return err;
}
