// SPDX-License-Identifier: EUPL-1.2
/*
 * Why: the rules once more, in words. decide.c says which rules say no; what is told here never
 * decides.
 */
#include "policy/explain.h"

#include <stdio.h>

#include "base/must.h"
#include "base/text.h"
#include "base/time.h"
#include "policy/day_inner.h"
#include "policy/may.h"

enum { TEXT_SIZE = 1024, BLOCK_COUNT_MAX = 4096 };

struct telling {
    struct op *op;
    const struct policy_recipient *r;
    const struct policy_bound *b;
    int64_t age_days;
    struct policy_cause *causes;
    size_t count;
    const struct book_block **blocks; /* of all causes, one behind the other */
    size_t block_count;
    enum err err; /* sticky */
};

static const char *const rule_names[POLICY_RULE_COUNT] = {
    [POLICY_RULE_WORLD] = "world",
    [POLICY_RULE_KNOWN] = "who it is",
    [POLICY_RULE_PURPOSE] = "purpose",
    [POLICY_RULE_TLP] = "TLP",
    [POLICY_RULE_CLASSIFICATION] = "classification",
    [POLICY_RULE_AUDIENCE] = "audience",
    [POLICY_RULE_MANDATES] = "mandates",
    [POLICY_RULE_STATEMENTS] = "statements",
    [POLICY_RULE_RETENTION] = "retention",
    [POLICY_RULE_PRIVACY] = "privacy",
    [POLICY_RULE_PARTS] = "parts",
    [POLICY_RULE_ORIGINS] = "origins",
};

const char *policy_rule_name(enum policy_rule rule)
{
    must(rule > 0 && rule < POLICY_RULE_COUNT);
    return rule_names[rule];
}

/* ---- writing causes ---- */

__attribute__((format(printf, 4, 5))) static void cause(struct telling *t, enum policy_rule rule,
                                                        bool refuses, const char *format, ...)
{
    if (t->err != ERR_OK) {
        return;
    }
    if (t->count == POLICY_CAUSE_COUNT_MAX) {
        t->err = op_fail(t->op, ERR_LIMIT, "more than %d reasons", POLICY_CAUSE_COUNT_MAX);
        return;
    }
    va_list list;
    va_start(list, format);
    char text[TEXT_SIZE];
    vsnprintf(text, sizeof text, format, list);
    va_end(list);
    struct policy_cause *each = &t->causes[t->count++];
    *each = (struct policy_cause){
        .rule = rule,
        .refuses = refuses,
        .blocks = &t->blocks[t->block_count],
    };
    t->err = op_copy(t->op, span_of(text), &each->text);
}

/* The last cause rests on a block too. */
static void rests_on(struct telling *t, const struct book_block *block)
{
    if (t->err != ERR_OK || block == NULL) {
        return;
    }
    if (t->block_count == BLOCK_COUNT_MAX) {
        t->err =
            op_fail(t->op, ERR_LIMIT, "reasons that rest on more than %d blocks", BLOCK_COUNT_MAX);
        return;
    }
    t->blocks[t->block_count++] = block;
    t->causes[t->count - 1].block_count++;
}

static void opens(struct telling *t, struct span who)
{
    if (t->err == ERR_OK) {
        t->causes[t->count - 1].opens = who;
    }
}

/* ---- names ---- */

static const struct policy_day *day_of(const struct telling *t)
{
    return t->r->day;
}

static const struct book_block *party_block(const struct telling *t, uint32_t party)
{
    return party == DAY_NOBODY ? NULL : day_of(t)->parties[party];
}

static struct span party_id(const struct telling *t, uint32_t party)
{
    return party == DAY_NOBODY ? SPAN("somebody unknown")
                               : policy_book_id(day_of(t)->book, BOOK_PARTY, party);
}

#define HOLDER(t)    SPAN_FMT(party_id((t), day_of(t)->holder))
#define RECIPIENT(t) SPAN_FMT(party_id((t), (t)->r->party))

/* The first of the sources, who may mark the object otherwise. */
static struct span source_id(const struct telling *t)
{
    return t->b->source_count == 0 ? SPAN("whoever made it") : party_id(t, t->b->sources[0]);
}

/* ---- being in a group ---- */

struct trace {
    uint32_t *list; /* groups, in the order in which they were reached */
    uint32_t
        *before; /* place in the list from which each was reached; UINT32_MAX: from the party */
    size_t count;
};

static void trace_add(struct trace *trace, const struct day_edge *edges, size_t edge_count,
                      uint32_t member, uint32_t before)
{
    for (size_t i = 0; i < edge_count; i++) {
        bool seen = edges[i].member != member;
        for (size_t j = 0; !seen && j < trace->count; j++) {
            seen = trace->list[j] == edges[i].group;
        }
        if (!seen) {
            trace->list[trace->count] = edges[i].group;
            trace->before[trace->count++] = before;
        }
    }
}

/* The last cause rests on the groups through which a party is in one, by the shortest way. */
static void rests_on_way(struct telling *t, uint32_t party, uint32_t group)
{
    const struct policy_day *day = day_of(t);
    struct trace trace = {
        .list = op_alloc(t->op, ((size_t)day->group_count + 1) * sizeof *trace.list),
        .before = op_alloc(t->op, ((size_t)day->group_count + 1) * sizeof *trace.before),
    };
    if (trace.list == NULL || trace.before == NULL) {
        t->err = ERR_LIMIT;
        return;
    }
    trace_add(&trace, day->of_parties, day->of_party_count, party, UINT32_MAX);
    for (size_t i = 0; i < trace.count; i++) { /* the list grows on the way */
        if (trace.list[i] != group) {
            trace_add(&trace, day->of_groups, day->of_group_count, trace.list[i], (uint32_t)i);
            continue;
        }
        for (uint32_t at = (uint32_t)i; at != UINT32_MAX; at = trace.before[at]) {
            rests_on(t, policy_book_block_on(day->book, BOOK_GROUP, trace.list[at], day->day));
        }
        return;
    }
}

/* ---- 1 to 3 ---- */

static void tell_world(struct telling *t, bool refuses)
{
    if (!refuses) {
        return; /* that all are of one world is how it always is */
    }
    cause(t, POLICY_RULE_WORLD, true,
          "The object is of the world \"%.*s\", %.*s of \"%.*s\": worlds never mix.",
          SPAN_FMT(t->b->world), RECIPIENT(t), SPAN_FMT(t->r->world));
    rests_on(t, party_block(t, t->r->party));
}

static void tell_known(struct telling *t, const struct policy_asker *asker)
{
    if (t->r->known) {
        cause(t, POLICY_RULE_KNOWN, false, "%.*s asks.", RECIPIENT(t));
        rests_on(t, party_block(t, t->r->party));
        return;
    }
    if (day_of(t)->holder == DAY_NOBODY) {
        cause(t, POLICY_RULE_KNOWN, true, "This node's own party is not in the book that day.");
    } else if (t->r->party == DAY_NOBODY) {
        cause(t, POLICY_RULE_KNOWN, true, "No party \"%.*s\" is in the book that day.",
              SPAN_FMT(asker->party));
    } else {
        cause(t, POLICY_RULE_KNOWN, true, "No person \"%.*s\" of %.*s is in the book that day.",
              SPAN_FMT(asker->person), SPAN_FMT(asker->party));
    }
}

static void tell_purpose(struct telling *t, bool refuses, const struct policy_asker *asker)
{
    const struct policy_day *day = day_of(t);
    if (t->r->purpose < 0) {
        cause(t, POLICY_RULE_PURPOSE, true, "The purpose \"%.*s\" is not in the book that day.",
              SPAN_FMT(asker->purpose));
        return;
    }
    const struct book_block *block =
        policy_book_block_on(day->book, BOOK_PURPOSE, (uint32_t)t->r->purpose, day->day);
    const char *what = t->b->purposes_named ? "for which the object was given"
                                            : "defensive, as all is that names no purpose";
    cause(t, POLICY_RULE_PURPOSE, refuses, "The purpose \"%.*s\" is %s %s.", SPAN_FMT(block->id),
          refuses ? "not" : "one", what);
    rests_on(t, block);
    if (refuses) {
        opens(t, source_id(t));
    }
}

/* ---- 4: TLP ---- */

static void refuse_tlp(struct telling *t)
{
    if (t->b->unreadable) {
        cause(t, POLICY_RULE_TLP, true,
              "A marking of it cannot be read, or there is none: it goes to nobody.");
        opens(t, source_id(t));
        return;
    }
    switch (t->b->tlp) {
    case POLICY_TLP_RED:
        cause(t, POLICY_RULE_TLP, true,
              "TLP:RED goes only to persons whom it names, and this is none of the %zu.",
              t->b->label->persons.count);
        break;
    case POLICY_TLP_AMBER_STRICT:
        cause(t, POLICY_RULE_TLP, true,
              "TLP:AMBER+STRICT stays within the organisation of %.*s and where it came from: %.*s "
              "is neither, and no agreement passes it on.",
              HOLDER(t), RECIPIENT(t));
        break;
    case POLICY_TLP_AMBER:
        cause(t, POLICY_RULE_TLP, true,
              "TLP:AMBER stays with %.*s and its clients: %.*s is no client, and no agreement "
              "passes it on.",
              HOLDER(t), RECIPIENT(t));
        break;
    default:
        cause(t, POLICY_RULE_TLP, true,
              "TLP:GREEN stays in the community: %.*s and %.*s share none, and no agreement passes "
              "it on.",
              HOLDER(t), RECIPIENT(t));
        break;
    }
    opens(t, source_id(t));
}

static bool goes_back(const struct telling *t)
{
    return t->b->source_organisation != DAY_NOBODY &&
           t->b->source_organisation == day_of(t)->organisations[t->r->party];
}

static void tell_community(struct telling *t)
{
    const struct policy_day *day = day_of(t);
    for (uint32_t i = 0; i < day->group_count; i++) {
        const struct book_block *block = policy_book_block_on(day->book, BOOK_GROUP, i, day->day);
        bool community =
            block != NULL && span_equal(policy_block_text(block, BOOK_KEY_COMMUNITY), SPAN("yes"));
        if (community && bits_has(t->r->groups, i) && bits_has(t->r->holder_groups, i)) {
            cause(t, POLICY_RULE_TLP, false,
                  "TLP:GREEN goes round in the community \"%.*s\", in which %.*s is as well.",
                  SPAN_FMT(block->id), RECIPIENT(t));
            rests_on_way(t, t->r->party, i);
            rests_on_way(t, day->holder, i);
            return;
        }
    }
}

static void tell_client(struct telling *t)
{
    const struct book_block *holder = party_block(t, day_of(t)->holder);
    cause(t, POLICY_RULE_TLP, false, "TLP:%s goes to clients, and %.*s is one of %.*s.",
          policy_tlp_name(t->b->tlp), RECIPIENT(t), HOLDER(t));
    rests_on(t, holder);
    rests_on_way(t, t->r->party, policy_block_field(holder, BOOK_KEY_CLIENTS)->items[0].name);
}

static void tell_passing(struct telling *t)
{
    for (size_t i = 0; i < t->r->passing_count; i++) {
        const struct day_passing *passing = &t->r->passings[i];
        if ((int)t->b->tlp <= passing->tlp_max && decide_passes_on(t->b, passing)) {
            cause(t, POLICY_RULE_TLP, false,
                  "The agreement \"%.*s\", signed by all its parties, passes TLP:%s on to %.*s.",
                  SPAN_FMT(passing->block->id), policy_tlp_name(t->b->tlp), RECIPIENT(t));
            rests_on(t, passing->block);
            return;
        }
    }
}

static void allow_tlp(struct telling *t)
{
    enum policy_tlp tlp = t->b->tlp;
    if (tlp == POLICY_TLP_CLEAR) {
        cause(t, POLICY_RULE_TLP, false, "TLP:CLEAR goes to anybody.");
    } else if (tlp == POLICY_TLP_RED) {
        cause(t, POLICY_RULE_TLP, false, "TLP:RED names this person.");
        rests_on(t,
                 policy_book_block_on(day_of(t)->book, BOOK_PERSON, t->r->person, day_of(t)->day));
    } else if (t->r->own) {
        cause(t, POLICY_RULE_TLP, false, "%.*s is of the same organisation as %.*s.", RECIPIENT(t),
              HOLDER(t));
        rests_on(t, party_block(t, t->r->party));
    } else if (goes_back(t)) {
        cause(t, POLICY_RULE_TLP, false, "It goes back to where it came from: %.*s.", RECIPIENT(t));
        rests_on(t, party_block(t, t->b->sources[0]));
    } else if (t->r->client && tlp <= POLICY_TLP_AMBER) {
        tell_client(t);
    } else if (t->r->community && tlp <= POLICY_TLP_GREEN) {
        tell_community(t);
    } else {
        tell_passing(t);
    }
}

/* ---- 5: classification ---- */

static struct span level_text(const struct telling *t, size_t i)
{
    return t->b->label->classes.items[i];
}

static void tell_level(struct telling *t, bool refuses, uint32_t level, struct span text)
{
    bool cleared = bits_has(t->r->cleared, level);
    bool allowed = decide_originator_allows(t->r, t->b, level);
    if (refuses && !cleared) {
        cause(t, POLICY_RULE_CLASSIFICATION, true, "%.*s is not cleared for %.*s.", RECIPIENT(t),
              SPAN_FMT(text));
    }
    if (refuses && !allowed) {
        cause(t, POLICY_RULE_CLASSIFICATION, true,
              "%.*s is passed on only with an agreement of %.*s, where it came from.",
              SPAN_FMT(text), SPAN_FMT(source_id(t)));
        opens(t, source_id(t));
    }
    if (!refuses) {
        cause(t, POLICY_RULE_CLASSIFICATION, false, "%.*s is cleared for %.*s.", RECIPIENT(t),
              SPAN_FMT(text));
        rests_on(t, party_block(t, t->r->party));
    }
}

static void tell_classification(struct telling *t, bool refuses)
{
    for (size_t i = 0; i < t->b->label->classes.count; i++) {
        struct span text = level_text(t, i);
        ptrdiff_t colon = span_find(text, ':');
        uint32_t level = 0;
        bool known =
            colon > 0 && policy_book_level(day_of(t)->book, span_slice(text, 0, (size_t)colon),
                                           span_from(text, (size_t)colon + 1), &level) == ERR_OK;
        if (known) {
            tell_level(t, refuses, level, text);
        } else {
            cause(t, POLICY_RULE_CLASSIFICATION, true,
                  "No classification in the book has the level \"%.*s\".", SPAN_FMT(text));
        }
    }
}

/* ---- 6: audience ---- */

static void tell_audience(struct telling *t, size_t at, bool *ret_told)
{
    const struct bound_audience *audience = &t->b->audiences[at];
    for (size_t i = 0; i < audience->party_count; i++) {
        if (audience->parties[i] == t->r->party) {
            cause(t, POLICY_RULE_AUDIENCE, false, "It is for %.*s.", RECIPIENT(t));
            *ret_told = true;
            return;
        }
    }
    for (uint32_t i = 0; i < day_of(t)->group_count; i++) {
        if (bits_has(audience->groups, i) && bits_has(t->r->groups, i)) {
            cause(t, POLICY_RULE_AUDIENCE, false,
                  "It is for the group \"%.*s\", and %.*s is in it.",
                  SPAN_FMT(policy_book_id(day_of(t)->book, BOOK_GROUP, i)), RECIPIENT(t));
            rests_on_way(t, t->r->party, i);
            *ret_told = true;
            return;
        }
    }
}

static void tell_audiences(struct telling *t, bool refuses)
{
    for (size_t i = 0; i < t->b->audience_count; i++) {
        bool told = false;
        size_t before = t->count;
        tell_audience(t, i, &told);
        if (refuses && told) {
            t->count = before; /* only those that say no are told */
        }
        if (refuses && !told) {
            const struct policy_list *list = t->b->audiences[i].list;
            struct span first = list == NULL       ? SPAN("the group that its marking means")
                                : list->count == 0 ? SPAN("nobody")
                                                   : list->items[0];
            cause(t, POLICY_RULE_AUDIENCE, true, "It is for %.*s%s, and %.*s is not among them.",
                  SPAN_FMT(first), list != NULL && list->count > 1 ? " and others" : "",
                  RECIPIENT(t));
            opens(t, source_id(t));
        }
    }
}

/* ---- 7: mandates ---- */

static void tell_side(struct telling *t, const struct decide_side *side)
{
    const struct policy_day *day = day_of(t);
    struct span act = policy_book_id(day->book, BOOK_ACT, side->act);
    struct span who = party_id(t, side->who);
    const char *data = policy_data_name(t->b->label->data);
    struct decide_mandates found;
    decide_mandates_find(t->r, side, t->b->label->data, &found);
    if (found.forbids != NULL) {
        cause(t, POLICY_RULE_MANDATES, true, "%.*s may not %.*s %s here: %.*s.", SPAN_FMT(who),
              SPAN_FMT(act), data, SPAN_FMT(policy_block_text(found.forbids, BOOK_KEY_TITLE)));
        rests_on(t, found.forbids);
    } else if (found.allows != NULL) {
        cause(t, POLICY_RULE_MANDATES, false, "%.*s may %.*s %s: %.*s.", SPAN_FMT(who),
              SPAN_FMT(act), data, SPAN_FMT(policy_block_text(found.allows, BOOK_KEY_TITLE)));
        rests_on(t, found.allows);
        rests_on(t, found.with);
    } else if (found.pends != NULL) {
        cause(t, POLICY_RULE_MANDATES, true, "%.*s may %.*s %s only with %s%s%.*s: %.*s.",
              SPAN_FMT(who), SPAN_FMT(act), data, policy_effect_name(policy_effect_of(found.pends)),
              policy_block_field(found.pends, BOOK_KEY_BY) == NULL ? "" : " of ",
              SPAN_FMT(policy_block_text(found.pends, BOOK_KEY_BY)),
              SPAN_FMT(policy_block_text(found.pends, BOOK_KEY_TITLE)));
        rests_on(t, found.pends);
        opens(t, policy_block_text(found.pends, BOOK_KEY_BY));
    } else {
        cause(t, POLICY_RULE_MANDATES, true, "No mandate lets %.*s %.*s %s here.", SPAN_FMT(who),
              SPAN_FMT(act), data);
    }
}

static void tell_mandates(struct telling *t, bool refuses)
{
    struct decide_side sides[2];
    if (!decide_sides(t->r, sides)) {
        cause(t, POLICY_RULE_MANDATES, true,
              "The book does not define the acts share and receive.");
        return;
    }
    for (size_t i = 0; i < 2; i++) {
        size_t before = t->count;
        tell_side(t, &sides[i]);
        bool says_no = t->count > before && t->causes[before].refuses;
        if (refuses && !says_no) {
            t->count = before; /* this side is open: it does not matter */
        }
    }
}

/* ---- 8 to 11 ---- */

static void tell_statements(struct telling *t, bool refuses)
{
    if (t->b->statement_count == 0) {
        return;
    }
    cause(t, POLICY_RULE_STATEMENTS, refuses,
          refuses ? "It bears a statement that no [marking] explains: %.*s. Somebody must read it."
                  : "It bears the statement %.*s, which stays within the organisation.",
          SPAN_FMT(t->b->statement));
}

static void tell_retention(struct telling *t, bool refuses)
{
    if (refuses) {
        cause(t, POLICY_RULE_RETENTION, true,
              "It is older than %s of this class may be when it is given.",
              policy_data_name(t->b->label->data));
    }
}

static void tell_personal(struct telling *t, unsigned personal, bool refuses)
{
    static const char *const words[] = { "kept", "cut", "pseudonymised", "left out" };
    bool old = decide_is_old(t->b, personal, t->age_days);
    enum policy_treatment treatment = old ? POLICY_LEAVE_OUT : t->r->treatments[personal];
    bool fixed = (t->b->label->personal_fixed >> personal & 1) != 0;
    if (refuses && !(fixed && treatment != POLICY_KEEP)) {
        return;
    }
    const struct book_block *block = old ? NULL : decide_privacy_block(t->r, personal);
    const char *name = policy_personal_name((enum policy_personal)personal);
    cause(t, POLICY_RULE_PRIVACY, refuses, "Personal data (%s) is to be %s%s.", name,
          words[treatment],
          refuses         ? ", and it cannot be taken out"
          : old           ? ": it is older than may be"
          : block == NULL ? ": nothing lets it be given"
                          : "");
    rests_on(t, block);
}

static void tell_privacy(struct telling *t, bool refuses)
{
    for (unsigned i = 0; i < POLICY_PERSONAL_COUNT; i++) {
        if ((t->b->label->personal >> i & 1) != 0) {
            tell_personal(t, i, refuses);
        }
    }
}

static void tell_parts(struct telling *t, bool refuses)
{
    for (size_t i = 0; i < t->b->part_count; i++) {
        bool fixed = t->b->label->parts[i].fixed;
        unsigned refusals = decide_part_refusals(t->r, &t->b->parts[i], t->age_days);
        for (unsigned rule = 1; rule < POLICY_RULE_COUNT; rule++) {
            if ((refusals >> rule & 1) != 0 && (!refuses || fixed)) {
                cause(t, POLICY_RULE_PARTS, refuses, "Part %zu, marked by itself, is %s: %s.",
                      i + 1, refuses ? "refused and cannot be taken out" : "left out",
                      policy_rule_name((enum policy_rule)rule));
            }
        }
    }
}

static void tell_origins(struct telling *t, bool refuses)
{
    for (size_t i = 0; refuses && i < t->b->origin_count; i++) {
        unsigned refusals = decide_origin_refusals(t->r, &t->b->origins[i], t->age_days);
        for (unsigned rule = 1; rule < POLICY_RULE_COUNT; rule++) {
            if ((refusals >> rule & 1) != 0) {
                cause(t, POLICY_RULE_ORIGINS, true,
                      "What it was made of, number %zu, is refused: %s.", i + 1,
                      policy_rule_name((enum policy_rule)rule));
            }
        }
    }
}

/* ---- all ---- */

/* The rules that can be asked of a recipient that is known. */
static void tell_rules(struct telling *t, unsigned refusals, const struct policy_asker *asker)
{
    bool no = refusals != 0;
#define TELLS(rule) (!no || (refusals >> (rule)&1) != 0)
    if (TELLS(POLICY_RULE_WORLD)) {
        tell_world(t, no);
    }
    if (TELLS(POLICY_RULE_PURPOSE)) {
        tell_purpose(t, no, asker);
    }
    if (TELLS(POLICY_RULE_TLP)) {
        if (no) {
            refuse_tlp(t);
        } else {
            allow_tlp(t);
        }
    }
    if (TELLS(POLICY_RULE_CLASSIFICATION)) {
        tell_classification(t, no);
    }
    if (TELLS(POLICY_RULE_AUDIENCE)) {
        tell_audiences(t, no);
    }
    if (TELLS(POLICY_RULE_MANDATES)) {
        tell_mandates(t, no);
    }
    if (TELLS(POLICY_RULE_STATEMENTS)) {
        tell_statements(t, no);
    }
    if (TELLS(POLICY_RULE_RETENTION)) {
        tell_retention(t, no);
    }
    if (TELLS(POLICY_RULE_PRIVACY)) {
        tell_privacy(t, no);
    }
    if (TELLS(POLICY_RULE_PARTS)) {
        tell_parts(t, no);
    }
    if (TELLS(POLICY_RULE_ORIGINS)) {
        tell_origins(t, no);
    }
#undef TELLS
}

enum err policy_explain_decision(struct op *op, const struct policy_recipient *recipient,
                                 const struct policy_bound *bound, int64_t time_us,
                                 struct policy_causes *ret)
{
    struct telling t = {
        .op = op,
        .r = recipient,
        .b = bound,
        .age_days = decide_age(recipient->day, time_us),
    };
    t.causes = op_alloc(op, POLICY_CAUSE_COUNT_MAX * sizeof *t.causes);
    t.blocks = op_alloc(op, BLOCK_COUNT_MAX * sizeof *t.blocks);
    if (t.causes == NULL || t.blocks == NULL) {
        return ERR_LIMIT;
    }
    unsigned refusals = policy_refusals(recipient, bound, time_us);
    if (refusals == 0 || refusals == 1U << POLICY_RULE_KNOWN) {
        tell_known(&t, recipient->asker);
    }
    if (recipient->known) {
        tell_rules(&t, refusals, recipient->asker);
    }
    TRY(t.err);
    *ret = (struct policy_causes){ .items = t.causes, .count = t.count };
    return ERR_OK;
}
