// SPDX-License-Identifier: EUPL-1.2
#include "observe/outcome.h"

#include "base/must.h"

struct outcome_word {
    const char *word;
    enum observe_outcome outcome;
};

/* Zeek, base/protocols/conn: S1 to S3, SF, RSTO and RSTR were established. Where the beginning was
 * not seen (OTH, SHR, RSTRH) nothing is known. */
static const struct outcome_word conn_states[] = {
    { "SF", OBSERVE_OUTCOME_DONE },    { "S1", OBSERVE_OUTCOME_DONE },
    { "S2", OBSERVE_OUTCOME_DONE },    { "S3", OBSERVE_OUTCOME_DONE },
    { "RSTO", OBSERVE_OUTCOME_DONE },  { "RSTR", OBSERVE_OUTCOME_DONE },
    { "S0", OBSERVE_OUTCOME_FAILED },  { "REJ", OBSERVE_OUTCOME_FAILED },
    { "SH", OBSERVE_OUTCOME_FAILED },  { "RSTOS0", OBSERVE_OUTCOME_FAILED },
    { NULL, OBSERVE_OUTCOME_UNKNOWN },
};

/* A flow that is "new" to its end had no answer, or one that made no connection. */
static const struct outcome_word flow_states[] = {
    { "established", OBSERVE_OUTCOME_DONE },
    { "closed", OBSERVE_OUTCOME_DONE },
    { "bypassed", OBSERVE_OUTCOME_DONE },
    { NULL, OBSERVE_OUTCOME_UNKNOWN },
};

static const struct outcome_word rcodes[] = {
    { "NOERROR", OBSERVE_OUTCOME_DONE },    { "NXDOMAIN", OBSERVE_OUTCOME_FAILED },
    { "SERVFAIL", OBSERVE_OUTCOME_FAILED }, { "REFUSED", OBSERVE_OUTCOME_FAILED },
    { NULL, OBSERVE_OUTCOME_UNKNOWN },
};

/* Truth values of JSON and of TSV, and what socks.log and radius.log write. */
static const struct outcome_word successes[] = {
    { "true", OBSERVE_OUTCOME_DONE },      { "T", OBSERVE_OUTCOME_DONE },
    { "succeeded", OBSERVE_OUTCOME_DONE }, { "success", OBSERVE_OUTCOME_DONE },
    { "false", OBSERVE_OUTCOME_FAILED },   { "F", OBSERVE_OUTCOME_FAILED },
    { "failed", OBSERVE_OUTCOME_FAILED },  { NULL, OBSERVE_OUTCOME_UNKNOWN },
};

static const struct outcome_word actions[] = {
    { "allowed", OBSERVE_OUTCOME_DONE },   { "pass", OBSERVE_OUTCOME_DONE },
    { "accept", OBSERVE_OUTCOME_DONE },    { "alert", OBSERVE_OUTCOME_DONE },
    { "blocked", OBSERVE_OUTCOME_DENIED }, { "drop", OBSERVE_OUTCOME_DENIED },
    { "reject", OBSERVE_OUTCOME_DENIED },  { NULL, OBSERVE_OUTCOME_UNKNOWN },
};

static const struct outcome_word denials[] = {
    { "true", OBSERVE_OUTCOME_DENIED },
    { "T", OBSERVE_OUTCOME_DENIED },
    { NULL, OBSERVE_OUTCOME_UNKNOWN },
};

static const struct {
    enum field_role role;
    const struct outcome_word *words;
} tellers[] = {
    { ROLE_CONN_STATE, conn_states }, { ROLE_FLOW_STATE, flow_states }, { ROLE_RCODE, rcodes },
    { ROLE_SUCCESS, successes },      { ROLE_ACTION, actions },         { ROLE_VERDICT, actions },
    { ROLE_DENIED, denials },
};

#define TELLING_ROLES                                                                              \
    (1u << ROLE_CONN_STATE | 1u << ROLE_FLOW_STATE | 1u << ROLE_RCODE | 1u << ROLE_SUCCESS |       \
     1u << ROLE_ACTION | 1u << ROLE_VERDICT | 1u << ROLE_DENIED | 1u << ROLE_FLOW_ANSWER |         \
     1u << ROLE_TCP_ANSWER)

static enum observe_outcome word_find(const struct outcome_word *words, struct span text)
{
    while (words->word != NULL && !span_equal(span_of(words->word), text)) {
        words++;
    }
    return words->outcome;
}

/* Suricata's flow events tell what came back: nothing, or of TCP nothing but a reset (RFC 9293,
 * section 3.5.2: RST, or RST with ACK). */
static enum observe_outcome packets_outcome(struct span count)
{
    return span_equal(count, SPAN("0")) ? OBSERVE_OUTCOME_FAILED : OBSERVE_OUTCOME_UNKNOWN;
}

static enum observe_outcome flags_outcome(struct span flags)
{
    bool reset = span_equal(flags, SPAN("04")) || span_equal(flags, SPAN("14"));
    return reset ? OBSERVE_OUTCOME_FAILED : OBSERVE_OUTCOME_UNKNOWN;
}

enum observe_outcome observe_outcome_of_field(enum field_role role, struct span text)
{
    if (role == ROLE_FLOW_ANSWER || role == ROLE_TCP_ANSWER) {
        return role == ROLE_FLOW_ANSWER ? packets_outcome(text) : flags_outcome(text);
    }
    for (size_t i = 0; i < sizeof tellers / sizeof tellers[0]; i++) {
        if (tellers[i].role == role) {
            return word_find(tellers[i].words, text);
        }
    }
    return OBSERVE_OUTCOME_UNKNOWN;
}

static enum observe_outcome worse(enum observe_outcome a, enum observe_outcome b)
{
    return a > b ? a : b; /* the enum is in this order */
}

enum observe_outcome observe_outcome_of(const struct gather *gather)
{
    if ((gather->notes.noted & TELLING_ROLES) == 0) {
        return OBSERVE_OUTCOME_UNKNOWN;
    }
    enum observe_outcome outcome = worse(packets_outcome(gather_noted(gather, ROLE_FLOW_ANSWER)),
                                         flags_outcome(gather_noted(gather, ROLE_TCP_ANSWER)));
    for (size_t i = 0; i < sizeof tellers / sizeof tellers[0]; i++) {
        if (gather_is_noted(gather, tellers[i].role)) {
            struct span text = gather_noted(gather, tellers[i].role);
            outcome = worse(outcome, word_find(tellers[i].words, text));
        }
    }
    return outcome;
}

const char *observe_outcome_name(enum observe_outcome outcome)
{
    static const char *const names[OBSERVE_OUTCOME_COUNT] = {
        [OBSERVE_OUTCOME_UNKNOWN] = "unknown",
        [OBSERVE_OUTCOME_DONE] = "done",
        [OBSERVE_OUTCOME_FAILED] = "failed",
        [OBSERVE_OUTCOME_DENIED] = "denied",
    };
    must(outcome < OBSERVE_OUTCOME_COUNT);
    return names[outcome];
}
