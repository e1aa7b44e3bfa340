// SPDX-License-Identifier: EUPL-1.2
/*
 * linie hunt: were we hit? What is asked for is written down first, then put to all that was seen.
 */
#include "node/asking.h"
#include "node/flow.h"
#include "node/hunt_show.h"
#include "node/losses.h"
#include "node/past.h"

enum {
    LINE_SIZE_MAX = 64 * 1024 * 1024,
    BATCH_COUNT_MAX = 16 * 1024, /* questions that are put together */
    BATCH_MEMORY_MAX = 0x7FFFFFFF,
    UNSEEN_SHOWN_MAX = 12,
    ASKED_SHOWN_MAX = 20,
    DAMAGE_SHOWN_MAX = 3,
};

struct hunting {
    struct asking asking;
    struct hunt_reach reach;
    uint32_t last_s; /* that the history knows of */
    struct buf line;
    /* the questions in hand */
    struct op own;
    const struct hunt_question *questions;
    struct answer_maker **makers; /* by question; NULL: nothing was found */
    /* of all */
    uint64_t seen;
    uint64_t unseen;
    const struct hunt_question *unseen_first[UNSEEN_SHOWN_MAX]; /* shown behind those that were */
    bool unseen_lost[UNSEEN_SHOWN_MAX]; /* and may have stood where nothing can be read */
    uint64_t incomplete;                /* of those that were not seen */
    struct losses_told lost;
    uint64_t damaged;        /* blocks that were met */
    uint64_t damaged_before; /* the questions in hand */
    bool forgot;             /* by a rule: "never seen" is too much to say */
    bool cut;                /* some value met more questions than are told of it */
};

/* ---- what is asked for ---- */

/* Where values were looked for in a file or in prose, people see which were found. */
static void tell_asked(const struct hunting *hunting)
{
    const struct invocation *invocation = hunting->asking.invocation;
    const struct hunt_questions all = questions_of(&hunting->asking.questions);
    size_t shown = all.count < ASKED_SHOWN_MAX ? all.count : ASKED_SHOWN_MAX;
    char number[64];
    struct buf text;
    struct flow flow;
    if (!hunting->asking.questions.looked_for || invocation->json) {
        return;
    }
    buf_init(&text, VALUE_TEXT_SIZE_MAX + 1);
    flow_begin(&flow, invocation, 2);
    flow_words(&flow,
               "asked for %s:", print_counted(all.count, "value", "values", number, sizeof number));
    for (size_t i = 0; i < shown; i++) {
        buf_clear(&text);
        question_add_text(&text, &all.at[i]);
        flow_value(&flow, "", buf_span(&text), i + 1 < all.count ? "," : "");
    }
    if (shown < all.count) {
        flow_words(&flow, "and %s more", print_count(all.count - shown, number, sizeof number));
    }
    flow_end(&flow);
    fputc('\n', invocation->out);
    buf_done(&text);
}

static void tell_refused(const struct hunting *hunting)
{
    char number[64];
    uint64_t refused = hunting->asking.questions.refused;
    if (refused > 0) {
        fprintf(hunting->asking.invocation->err,
                "linie hunt: %s no value that could be asked for\n",
                print_counted(refused, "entry holds", "entries hold", number, sizeof number));
    }
}

/* ---- asking ---- */

static enum err on_found(void *context, const struct hunt_found *found)
{
    struct hunting *hunting = context;
    struct answer_maker **maker = &hunting->makers[found->question];
    if (*maker == NULL) {
        TRY(answer_begin(&hunting->own, maker));
    }
    return answer_add(*maker, found);
}

static void on_damage(void *context, const char *text)
{
    struct hunting *hunting = context;
    hunting->damaged++;
    if (hunting->damaged <= DAMAGE_SHOWN_MAX) {
        fprintf(hunting->asking.invocation->err, "linie hunt: %s\n", text);
    }
}

static bool is_kept(const struct hunting *hunting, enum value_kind kind)
{
    const struct history_rules *rules = &hunting->asking.invocation->node->config->history.rules;
    return kind == VALUE_CIDR || rules->keep[kind] != HISTORY_KEEP_NOT;
}

/* Whether something of the question's kind is lost; of a block that is met it is not known whose it
 * was. */
static bool is_incomplete(const struct hunting *hunting, const struct hunt_question *question)
{
    const struct hunt_questions one = { .count = 1, .at = question };
    return (hunting->lost.count > 0 && (hunting->lost.kinds & hunt_kinds(&one)) != 0) ||
           hunting->damaged > hunting->damaged_before;
}

static enum err answer_one(struct hunting *hunting, size_t index)
{
    struct invocation *invocation = hunting->asking.invocation;
    const struct hunt_question *question = &hunting->questions[index];
    struct answer answer = { .count = 0 };
    if (hunting->makers[index] != NULL) {
        TRY(answer_end(hunting->makers[index], &answer));
    }
    bool seen = answer.count > 0;
    hunting->reach.incomplete = is_incomplete(hunting, question);
    if (!seen && hunting->unseen < UNSEEN_SHOWN_MAX) {
        hunting->unseen_first[hunting->unseen] = question;
        hunting->unseen_lost[hunting->unseen] = hunting->reach.incomplete;
    }
    hunting->incomplete += !seen && hunting->reach.incomplete ? 1 : 0;
    hunting->seen += seen ? 1 : 0;
    hunting->unseen += seen ? 0 : 1;
    if (invocation->json) {
        struct json_writer w;
        json_writer_init(&w, &hunting->line);
        hunt_json(&w, question, &answer, &hunting->reach);
        print_json(invocation, &hunting->line);
    } else if (seen) {
        hunt_show_seen(invocation, question, &answer);
        fputc('\n', invocation->out);
    }
    return ERR_OK;
}

static enum err ask_these(struct hunting *hunting, size_t count)
{
    struct hunt_result result = { .asked = 0 };
    struct history *history = hunting->asking.invocation->node->history;
    const struct hunt_questions questions = { .count = count, .at = hunting->questions };
    const struct hunt_options options = {
        .since_s = hunting->asking.since_s,
        .until_s = hunting->asking.until_s,
        .sensor = hunting->asking.sensor,
        .on_found = on_found,
        .on_damage = on_damage,
        .context = hunting,
    };
    hunting->makers = op_alloc(&hunting->own, count * sizeof(struct answer_maker *));
    if (hunting->makers == NULL) {
        return ERR_LIMIT;
    }
    hunting->damaged_before = hunting->damaged;
    if (history != NULL) {
        TRY(hunt_ask(&hunting->own, history, hunting->asking.grant, &questions, &options, &result));
        hunting->cut = hunting->cut || result.cut;
    }
    for (size_t i = 0; i < count; i++) {
        TRY(answer_one(hunting, i));
    }
    return ERR_OK;
}

/* Many questions are put some at a time, so that memory has a bound. */
static enum err ask(struct hunting *hunting)
{
    struct op *op = hunting->asking.invocation->op;
    const struct hunt_questions all = questions_of(&hunting->asking.questions);
    for (size_t at = 0; at < all.count; at += BATCH_COUNT_MAX) {
        size_t rest = all.count - at;
        op_begin(&hunting->own, &op->actor, BATCH_MEMORY_MAX);
        hunting->own.cancel = op->cancel;
        hunting->questions = all.at + at;
        enum err err = ask_these(hunting, rest < BATCH_COUNT_MAX ? rest : BATCH_COUNT_MAX);
        if (err != ERR_OK) {
            err = op_fail(op, err, "%s", hunting->own.fault.text);
        }
        op_end(&hunting->own);
        TRY(err);
    }
    return ERR_OK;
}

static void show_unseen(const struct hunting *hunting)
{
    const struct invocation *invocation = hunting->asking.invocation;
    struct hunt_reach reach = hunting->reach;
    char more[32];
    for (size_t i = 0; i < UNSEEN_SHOWN_MAX && i < hunting->unseen; i++) {
        const struct hunt_question *question = hunting->unseen_first[i];
        reach.incomplete = hunting->unseen_lost[i];
        hunt_show_unseen(invocation, question, &reach, is_kept(hunting, question->value.kind));
    }
    if (hunting->unseen > UNSEEN_SHOWN_MAX) {
        fprintf(invocation->out, "and %s more that were %s\n",
                print_count(hunting->unseen - UNSEEN_SHOWN_MAX, more, sizeof more),
                hunting->incomplete > 0 ? "not seen in what can be read" : "never seen");
    }
    fputs(hunting->unseen > 0 ? "\n" : "", invocation->out);
}

static void show_total(const struct hunting *hunting)
{
    const struct invocation *invocation = hunting->asking.invocation;
    char seen[32];
    char all[64];
    char last[TIME_TEXT_SIZE];
    show_unseen(hunting);
    if (hunting->forgot) {
        fputs("Some of what was seen was forgotten by rule: see 'linie history asked'.\n",
              invocation->out);
    }
    if (hunting->lost.known) {
        fputs("Some of what was seen is lost, and that is known: see 'linie history losses "
              "--all'.\n",
              invocation->out);
    }
    if (!invocation->node->config->history.remember) {
        fprintf(
            invocation->out,
            "Nothing is remembered now (linie.conf, [history]): what came after %s is not in it.\n",
            print_second((int64_t)hunting->last_s * US_PER_S, last, sizeof last));
    }
    fprintf(invocation->out, "%s of %s seen (times are UTC); journal entry %llu\n",
            print_count(hunting->seen, seen, sizeof seen),
            print_counted(hunting->seen + hunting->unseen, "value", "values", all, sizeof all),
            (unsigned long long)hunting->asking.entry);
}

static enum err hunt(struct hunting *hunting)
{
    struct invocation *invocation = hunting->asking.invocation;
    struct history_stats stats;
    const struct hunt_questions all = questions_of(&hunting->asking.questions);
    TRY(history_stats(invocation->op, invocation->node->history, &stats));
    hunting->last_s = stats.facts.last_s;
    hunting->reach = (struct hunt_reach){
        .since_s = hunting->asking.since_s,
        .until_s = hunting->asking.until_s,
        .first_s = stats.facts.first_s,
        .entry = hunting->asking.entry,
        .sensor = hunting->asking.sensor,
    };
    TRY(losses_tell(invocation, hunt_kinds(&all), hunting->asking.since_s, hunting->asking.until_s,
                    &hunting->lost));
    TRY(store_asked_forgot(invocation->op, invocation->node->store, hunting->asking.grant,
                           &hunting->forgot));
    tell_asked(hunting);
    tell_refused(hunting);
    return ask(hunting);
}

static int ended(const struct hunting *hunting)
{
    struct invocation *invocation = hunting->asking.invocation;
    if (!invocation->json) {
        show_total(hunting);
    }
    if (hunting->cut) {
        fprintf(invocation->err, "linie hunt: some values meet more of what was asked for than "
                                 "can be told at once: ask for less at a time\n");
    }
    losses_tell_end(invocation, &hunting->lost, hunting->damaged);
    if (hunting->seen > 0) {
        return EXIT_FOUND;
    }
    bool empty = hunting->reach.first_s == UINT32_MAX; /* nothing is remembered yet */
    return hunting->incomplete > 0 || empty ? EXIT_TROUBLE
                                            : EXIT_DONE; /* "nothing" would be too much */
}

int command_hunt(struct invocation *invocation)
{
    struct hunting hunting = {
        .asking = { .invocation = invocation, .act = STORE_ASKED_HUNT },
    };
    int code = EXIT_TROUBLE;
    buf_init(&hunting.line, LINE_SIZE_MAX);
    enum err err = past_asked(invocation->op, invocation->node);
    if (err == ERR_OK) {
        err = asking_begin(&hunting.asking);
    }
    if (err == ERR_OK && hunting.asking.waits) {
        asking_tell_waits(&hunting.asking);
    } else if (err == ERR_OK && hunt(&hunting) == ERR_OK) {
        code = ended(&hunting);
        code = losses_notice(invocation->op, invocation->node) == ERR_OK ? code
                                                                         : command_fail(invocation);
    } else {
        code = command_fail(invocation);
    }
    buf_done(&hunting.line);
    asking_done(&hunting.asking);
    return code;
}
