// SPDX-License-Identifier: EUPL-1.2
#include "node/show_hit.h"

#include "node/fold_words.h"
#include "node/hit_words.h"
#include "node/print.h"

enum { LINE_SIZE_MAX = 1024 * 1024, FOLD_MEMORY_MAX = 1024 * 1024 };

static void show_json(struct invocation *invocation, const struct fold *fold)
{
    struct buf line;
    struct json_writer w;
    buf_init(&line, LINE_SIZE_MAX);
    json_writer_init(&w, &line);
    fold_json_add(&w, fold);
    print_json(invocation, &line);
    buf_done(&line);
}

static enum err show_text(struct op *op, const struct invocation *invocation,
                          const struct fold *fold)
{
    enum { INDENT = 4 };
    char time[TIME_TEXT_SIZE];
    char id[HIT_ID_SHOWN_SIZE + 1];
    struct flow flow;
    hit_words_id(fold, id);
    flow_begin(&flow, invocation, INDENT);
    flow_styled(&flow, PRINT_ALARM, "HIT");
    flow_words(&flow, "%s", print_second(fold->first_us, time, sizeof time));
    flow_value(&flow, "", fold_words_inside(fold), "");
    flow_words(&flow, "met");
    flow_styled(&flow, PRINT_BOLD, value_kind_name(fold->kind));
    flow_value(&flow, "", fold->value, "");
    TRY(fold_words_observed(op, &flow, "in", fold));
    flow_after(&flow, ",");
    fold_words_way(&flow, fold);
    flow_value(&flow, "by", fold->sensor, ";");
    fold_words_source(&flow, fold);
    flow_after(&flow, ";");
    flow_words(&flow, "%s %s", rank_level_name(rank_level_of(fold_rank(fold))), id);
    flow_end(&flow);
    return ERR_OK;
}

void show_hit(struct invocation *invocation, const struct fold *fold)
{
    struct op op;
    op_begin(&op, &invocation->op->actor, FOLD_MEMORY_MAX);
    if (invocation->json) {
        show_json(invocation, fold);
    } else if (show_text(&op, invocation, fold) != ERR_OK) {
        fputc('\n', invocation->out); /* no memory for its end; 'linie hits' shows it */
    }
    op_end(&op);
}
