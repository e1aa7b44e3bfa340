// SPDX-License-Identifier: EUPL-1.2
#include "policy/rank.h"

#include "base/must.h"

/* ---- the rules ---- */

/* Where a rank begins: how surely such a value means one thing. A digest is that very file; an
 * address is whoever has it today; a range is a neighbourhood. */
static const struct {
    int points;
    const char *words;
} kind_rules[VALUE_KIND_COUNT] = {
    [VALUE_NONE] = { 0, "nothing is known of it" },
    [VALUE_SHA256] = { 65, "digest of a file" },
    [VALUE_SHA512] = { 65, "digest of a file" },
    [VALUE_SHA1] = { 65, "digest of a file" },
    [VALUE_MD5] = { 60, "digest of a file" },
    [VALUE_CERT_SHA1] = { 60, "a certificate" },
    [VALUE_CERT_SHA256] = { 60, "a certificate" },
    [VALUE_URL] = { 60, "a URL" },
    [VALUE_DOMAIN] = { 50, "a domain" },
    [VALUE_EMAIL] = { 50, "an e-mail address" },
    [VALUE_IP_PORT] = { 45, "an address with its port" },
    [VALUE_IPV4] = { 40, "an address, whoever has it now" },
    [VALUE_IPV6] = { 40, "an address, whoever has it now" },
    [VALUE_JA4] = { 35, "fingerprint of a program, which others may share" },
    [VALUE_JA3] = { 30, "fingerprint of a program, which others may share" },
    [VALUE_JA3S] = { 30, "fingerprint of a program, which others may share" },
    [VALUE_HASSH] = { 30, "fingerprint of a program, which others may share" },
    [VALUE_USER_AGENT] = { 30, "a user agent, which anybody may write" },
    [VALUE_FILE_NAME] = { 30, "a file's name, which anybody may give" },
    [VALUE_CIDR] = { 30, "a range of addresses" },
    [VALUE_ASN] = { 10, "a network of many owners" },
};

enum { CONFIDENCE_HIGH = 80, CONFIDENCE_LOW = 30, SOURCES_SEVERAL = 2, SOURCES_MANY = 3 };

/* Values of which the internet's scanners have millions. */
static bool is_address(const struct rank_facts *facts)
{
    switch (facts->line.kind) {
    case VALUE_IPV4:
    case VALUE_IPV6:
    case VALUE_CIDR:
    case VALUE_IP_PORT:
    case VALUE_ASN:
        return true;
    default:
        return false;
    }
}

static bool called_out_done(const struct rank_facts *facts)
{
    return facts->line.direction == RANK_OUTBOUND && facts->line.outcome == RANK_DONE &&
           !facts->line.answer;
}

static bool called_out(const struct rank_facts *facts)
{
    return facts->line.direction == RANK_OUTBOUND && facts->line.outcome == RANK_OUTCOME_UNKNOWN &&
           !facts->line.answer;
}

static bool is_internal(const struct rank_facts *facts)
{
    return facts->line.direction == RANK_INTERNAL && facts->line.outcome != RANK_DENIED;
}

static bool is_scan(const struct rank_facts *facts)
{
    return facts->line.direction == RANK_INBOUND && is_address(facts);
}

static bool came_in(const struct rank_facts *facts)
{
    return facts->line.direction == RANK_INBOUND && !is_address(facts);
}

static bool is_denied(const struct rank_facts *facts)
{
    return facts->line.outcome == RANK_DENIED;
}

static bool is_failed(const struct rank_facts *facts)
{
    return facts->line.outcome == RANK_FAILED;
}

static bool is_answer(const struct rank_facts *facts)
{
    return facts->line.answer;
}

static bool is_below(const struct rank_facts *facts)
{
    return facts->line.rung == RANK_SUBDOMAIN;
}

static bool is_wider_url(const struct rank_facts *facts)
{
    return facts->line.rung == RANK_PREFIX || facts->line.rung == RANK_ANY_QUERY;
}

static bool is_pattern(const struct rank_facts *facts)
{
    return facts->line.rung == RANK_PATTERN;
}

static bool is_sure(const struct rank_facts *facts)
{
    return facts->confidence >= CONFIDENCE_HIGH && facts->confidence <= RANK_MAX;
}

static bool is_doubtful(const struct rank_facts *facts)
{
    return facts->confidence < CONFIDENCE_LOW;
}

static bool has_two_sources(const struct rank_facts *facts)
{
    return facts->sources == SOURCES_SEVERAL;
}

static bool has_many_sources(const struct rank_facts *facts)
{
    return facts->sources >= SOURCES_MANY;
}

static bool is_lowered(const struct rank_facts *facts)
{
    return facts->line.effect == RANK_LOWERED;
}

static bool is_noisy(const struct rank_facts *facts)
{
    return facts->noisy;
}

static bool is_old(const struct rank_facts *facts)
{
    return facts->before_publication;
}

/* What adds to it and what takes from it. Of one indicator, an inside host that called out and was
 * answered comes before all else, what was stopped before nothing but scans: a test holds the table
 * to that. */
static const struct {
    bool (*applies)(const struct rank_facts *facts);
    int points;
    const char *words;
} rules[] = {
    { called_out_done, 20, "an inside host called out, and was answered" },
    { called_out, 10, "an inside host called out" },
    { is_internal, 10, "between two inside hosts" },
    { is_scan, -30, "came from outside, as scans do" },
    { came_in, -5, "came from outside" },
    { is_denied, -15, "was denied" },
    { is_failed, -10, "failed" },
    { is_answer, -10, "stood in an answer only" },
    { is_below, -5, "a name below the one that was named" },
    { is_wider_url, -5, "the same beginning, not the whole URL" },
    { is_pattern, -10, "what a pattern describes" },
    { is_sure, 10, "the source is confident" },
    { is_doubtful, -15, "the source is not confident" },
    { has_two_sources, 5, "two sources name it" },
    { has_many_sources, 10, "three or more sources name it" },
    { is_lowered, -30, "many share the value, by an allow list" },
    { is_noisy, -10, "so many hosts met it that they are counted together" },
    { is_old, -5, "older than the indicator" },
};

enum { RULE_COUNT = sizeof rules / sizeof rules[0] };

static const struct {
    unsigned points_min;
    enum rank_level level;
} levels[] = {
    { 85, RANK_CRITICAL }, { 65, RANK_HIGH },  { 40, RANK_MEDIUM },
    { 1, RANK_LOW },       { 0, RANK_SILENT },
};

/* ---- applying them ---- */

static int points_of(const struct rank_facts *facts)
{
    must((unsigned)facts->line.kind < VALUE_KIND_COUNT);
    int points = kind_rules[facts->line.kind].points;
    for (size_t i = 0; i < RULE_COUNT; i++) {
        points += rules[i].applies(facts) ? rules[i].points : 0;
    }
    return points;
}

unsigned rank_points(const struct rank_facts *facts)
{
    if (facts->line.effect == RANK_SILENCED) {
        return 0;
    }
    int points = points_of(facts);
    if (points < 1) {
        return 1;
    }
    return points > RANK_MAX ? RANK_MAX : (unsigned)points;
}

enum rank_level rank_level_of(unsigned points)
{
    size_t i = 0;
    while (points < levels[i].points_min) {
        i++;
    }
    return levels[i].level;
}

static int compare(int a, int b)
{
    return (a > b) - (a < b);
}

int rank_line_compare(const struct rank_line *a, const struct rank_line *b)
{
    const struct rank_facts facts_a = { .confidence = RANK_CONFIDENCE_UNKNOWN, .line = *a };
    const struct rank_facts facts_b = { .confidence = RANK_CONFIDENCE_UNKNOWN, .line = *b };
    const int orders[] = {
        -compare(a->effect == RANK_SILENCED, b->effect == RANK_SILENCED),
        compare(points_of(&facts_a), points_of(&facts_b)),
        /* of equal points any order does, as long as it is one */
        -compare((int)a->kind, (int)b->kind),
        -compare((int)a->effect, (int)b->effect),
        -compare((int)a->outcome, (int)b->outcome),
        -compare((int)a->direction, (int)b->direction),
        -compare((int)a->rung, (int)b->rung),
        -compare(a->answer, b->answer),
    };
    for (size_t i = 0; i < sizeof orders / sizeof orders[0]; i++) {
        if (orders[i] != 0) {
            return orders[i];
        }
    }
    return 0;
}

size_t rank_reasons(const struct rank_facts *facts, struct rank_reason ret[RANK_REASON_COUNT_MAX])
{
    size_t count = 0;
    if (facts->line.effect == RANK_SILENCED) {
        ret[0] = (struct rank_reason){ .points = 0, .words = "silenced by an allow list" };
        return 1;
    }
    ret[count] = (struct rank_reason){ .points = kind_rules[facts->line.kind].points,
                                       .words = kind_rules[facts->line.kind].words };
    count++;
    for (size_t i = 0; i < RULE_COUNT; i++) {
        if (rules[i].applies(facts)) {
            must(count < RANK_REASON_COUNT_MAX);
            ret[count] = (struct rank_reason){ .points = rules[i].points, .words = rules[i].words };
            count++;
        }
    }
    return count;
}

/* ---- words ---- */

static const char *const direction_names[RANK_DIRECTION_COUNT] = {
    [RANK_DIRECTION_UNKNOWN] = "unknown",
    [RANK_OUTBOUND] = "outbound",
    [RANK_INBOUND] = "inbound",
    [RANK_INTERNAL] = "internal",
};

static const char *const outcome_names[RANK_OUTCOME_COUNT] = {
    [RANK_OUTCOME_UNKNOWN] = "unknown",
    [RANK_DONE] = "done",
    [RANK_FAILED] = "failed",
    [RANK_DENIED] = "denied",
};

static const char *const rung_names[RANK_RUNG_COUNT] = {
    [RANK_RUNG_UNKNOWN] = "unknown", [RANK_EXACT] = "exact",     [RANK_SUBDOMAIN] = "subdomain",
    [RANK_RANGE] = "range",          [RANK_DECODED] = "decoded", [RANK_CASELESS] = "caseless",
    [RANK_ANY_QUERY] = "any-query",  [RANK_PREFIX] = "prefix",   [RANK_PATTERN] = "pattern",
};

static const char *const effect_names[RANK_EFFECT_COUNT] = {
    [RANK_EFFECT_NONE] = "none",
    [RANK_LOWERED] = "lower",
    [RANK_SILENCED] = "silent",
};

static const char *const level_names[RANK_LEVEL_COUNT] = {
    [RANK_SILENT] = "silent", [RANK_LOW] = "low",           [RANK_MEDIUM] = "medium",
    [RANK_HIGH] = "high",     [RANK_CRITICAL] = "critical",
};

static const char *name_at(const char *const *names, unsigned index, unsigned count)
{
    must(index < count);
    return names[index];
}

static enum err name_find(const char *const *names, unsigned count, struct span word, unsigned *ret)
{
    for (unsigned i = 0; i < count; i++) {
        if (span_equal(span_of(names[i]), word)) {
            *ret = i;
            return ERR_OK;
        }
    }
    return ERR_ABSENT;
}

const char *rank_direction_name(enum rank_direction direction)
{
    return name_at(direction_names, direction, RANK_DIRECTION_COUNT);
}

const char *rank_outcome_name(enum rank_outcome outcome)
{
    return name_at(outcome_names, outcome, RANK_OUTCOME_COUNT);
}

const char *rank_rung_name(enum rank_rung rung)
{
    return name_at(rung_names, rung, RANK_RUNG_COUNT);
}

const char *rank_effect_name(enum rank_effect effect)
{
    return name_at(effect_names, effect, RANK_EFFECT_COUNT);
}

const char *rank_level_name(enum rank_level level)
{
    return name_at(level_names, level, RANK_LEVEL_COUNT);
}

enum err rank_direction_from_name(struct span word, enum rank_direction *ret)
{
    unsigned index = 0;
    TRY(name_find(direction_names, RANK_DIRECTION_COUNT, word, &index));
    *ret = (enum rank_direction)index;
    return ERR_OK;
}

enum err rank_outcome_from_name(struct span word, enum rank_outcome *ret)
{
    unsigned index = 0;
    TRY(name_find(outcome_names, RANK_OUTCOME_COUNT, word, &index));
    *ret = (enum rank_outcome)index;
    return ERR_OK;
}

enum err rank_rung_from_name(struct span word, enum rank_rung *ret)
{
    unsigned index = 0;
    TRY(name_find(rung_names, RANK_RUNG_COUNT, word, &index));
    *ret = (enum rank_rung)index;
    return ERR_OK;
}

enum err rank_effect_from_name(struct span word, enum rank_effect *ret)
{
    unsigned index = 0;
    TRY(name_find(effect_names, RANK_EFFECT_COUNT, word, &index));
    *ret = (enum rank_effect)index;
    return ERR_OK;
}

enum err rank_level_from_name(struct span word, enum rank_level *ret)
{
    unsigned index = 0;
    TRY(name_find(level_names, RANK_LEVEL_COUNT, word, &index));
    *ret = (enum rank_level)index;
    return ERR_OK;
}
