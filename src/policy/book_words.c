// SPDX-License-Identifier: EUPL-1.2
/*
 * The table of what blocks may hold: docs/format/parties.md, row for row.
 */
#include "policy/book_inner.h"

#include "base/must.h"

static const char *const word_names[BOOK_WORD_COUNT] = {
    [BOOK_KIND] = "kind",
    [BOOK_PARTY] = "party",
    [BOOK_PERSON] = "person",
    [BOOK_GROUP] = "group",
    [BOOK_ACT] = "act",
    [BOOK_PURPOSE] = "purpose",
    [BOOK_MANDATE] = "mandate",
    [BOOK_LEAVE] = "leave",
    [BOOK_EXCLUSION] = "exclusion",
    [BOOK_LEAD] = "lead",
    [BOOK_SITUATION] = "situation",
    [BOOK_DECIDER] = "decider",
    [BOOK_CLASSIFICATION] = "classification",
    [BOOK_EQUIVALENCE] = "equivalence",
    [BOOK_MARKING] = "marking",
    [BOOK_PRIVACY] = "privacy",
    [BOOK_RETENTION] = "retention",
    [BOOK_AGREEMENT] = "agreement",
};

static const char *const key_names[BOOK_KEY_COUNT] = {
    [BOOK_KEY_NAME] = "name",
    [BOOK_KEY_VALID_FROM] = "valid-from",
    [BOOK_KEY_VALID_TO] = "valid-to",
    [BOOK_KEY_SOURCE] = "source",
    [BOOK_KEY_QUOTE] = "quote",
    [BOOK_KEY_STATUS] = "status",
    [BOOK_KEY_NOTE] = "note",
    [BOOK_KEY_FUNCTION] = "function",
    [BOOK_KEY_BASIS] = "basis",
    [BOOK_KEY_KIND] = "kind",
    [BOOK_KEY_COUNTRY] = "country",
    [BOOK_KEY_PART_OF] = "part-of",
    [BOOK_KEY_ORGANISATION] = "organisation",
    [BOOK_KEY_IDENTITY] = "identity",
    [BOOK_KEY_KEY] = "key",
    [BOOK_KEY_CLEARANCE] = "clearance",
    [BOOK_KEY_CLIENTS] = "clients",
    [BOOK_KEY_CONSTITUENCY] = "constituency",
    [BOOK_KEY_WORLD] = "world",
    [BOOK_KEY_OF] = "of",
    [BOOK_KEY_ROLES] = "roles",
    [BOOK_KEY_MEMBER] = "member",
    [BOOK_KEY_COMMUNITY] = "community",
    [BOOK_KEY_KNOWN_TO] = "known-to",
    [BOOK_KEY_DEFENSIVE] = "defensive",
    [BOOK_KEY_DEFAULT] = "default",
    [BOOK_KEY_FOR] = "for",
    [BOOK_KEY_WHO] = "who",
    [BOOK_KEY_ACT] = "act",
    [BOOK_KEY_EFFECT] = "effect",
    [BOOK_KEY_BY] = "by",
    [BOOK_KEY_DATA] = "data",
    [BOOK_KEY_NETWORK] = "network",
    [BOOK_KEY_WITH] = "with",
    [BOOK_KEY_PURPOSE] = "purpose",
    [BOOK_KEY_TITLE] = "title",
    [BOOK_KEY_WITHIN] = "within",
    [BOOK_KEY_SITUATION] = "situation",
    [BOOK_KEY_LEADS] = "leads",
    [BOOK_KEY_DECIDES] = "decides",
    [BOOK_KEY_ROLE] = "role",
    [BOOK_KEY_LEVEL] = "level",
    [BOOK_KEY_LEVELS] = "levels",
    [BOOK_KEY_DEFINITION] = "definition",
    [BOOK_KEY_MEANS] = "means",
    [BOOK_KEY_TO] = "to",
    [BOOK_KEY_DO] = "do",
    [BOOK_KEY_DAYS] = "days",
    [BOOK_KEY_PARTIES] = "parties",
    [BOOK_KEY_ACTS] = "acts",
    [BOOK_KEY_TLP] = "tlp",
    [BOOK_KEY_CLASS] = "class",
    [BOOK_KEY_SUPPORT] = "support",
};

static const char *const yes[] = { "no", "yes", NULL };
static const char *const statuses[] = { "unverified", "verified", NULL };
static const char *const effects[] = { "forbid",  "allow",         "agreement", "consent",
                                       "request", "authorisation", "person",    NULL };
static const char *const treatments[] = { "keep", "truncate", "pseudonymise", "leave-out", NULL };
static const char *const withins[] = { "case", "always", NULL };
static const char *const audiences[] = { "everybody", "members", "owner", NULL };
static const char *const labels[] = { "CLEAR", "GREEN", "AMBER", "AMBER+STRICT", NULL };

#define EVERY BOOK_WORD_COUNT /* rows for every word */

enum {
    NEEDED = FIELD_NEEDED,
    LIST = FIELD_LIST,
    REPEATS = FIELD_REPEATS,
    FORM_WHO = FORM_PARTY | FORM_KIND | FORM_GROUP | FORM_ANY,
    FORM_SIDE = FORM_PARTY | FORM_KIND | FORM_GROUP | FORM_COUNTRY | FORM_ANY,
    FORM_NETWORKS = FORM_PARTY | FORM_KIND | FORM_GROUP | FORM_NETWORK | FORM_ANY,
    FORM_CLASSES = FORM_DATA | FORM_ANY,
};

/* The first row that fits counts: of the word itself, then of every word. */
static const struct book_rule rules[] = {
    { BOOK_KIND, BOOK_KEY_NAME, FORM_TEXT, NEEDED, 0, NULL },
    { BOOK_KIND, BOOK_KEY_FUNCTION, FORM_TEXT, 0, 0, NULL },

    { BOOK_PARTY, BOOK_KEY_NAME, FORM_TEXT, NEEDED, 0, NULL },
    { BOOK_PARTY, BOOK_KEY_KIND, FORM_ID, NEEDED, BOOK_KIND, NULL },
    { BOOK_PARTY, BOOK_KEY_COUNTRY, FORM_LAND, 0, 0, NULL },
    { BOOK_PARTY, BOOK_KEY_FUNCTION, FORM_TEXT, 0, 0, NULL },
    { BOOK_PARTY, BOOK_KEY_BASIS, FORM_TEXT, REPEATS, 0, NULL },
    { BOOK_PARTY, BOOK_KEY_PART_OF, FORM_PARTY, 0, 0, NULL },
    { BOOK_PARTY, BOOK_KEY_ORGANISATION, FORM_PARTY, 0, 0, NULL },
    { BOOK_PARTY, BOOK_KEY_IDENTITY, FORM_IDENTITY, REPEATS, 0, NULL },
    { BOOK_PARTY, BOOK_KEY_KEY, FORM_TEXT, REPEATS, 0, NULL },
    { BOOK_PARTY, BOOK_KEY_CLEARANCE, FORM_LEVEL, REPEATS, 0, NULL },
    { BOOK_PARTY, BOOK_KEY_CLIENTS, FORM_ID, 0, BOOK_GROUP, NULL },
    { BOOK_PARTY, BOOK_KEY_CONSTITUENCY, FORM_ID, 0, BOOK_GROUP, NULL },
    { BOOK_PARTY, BOOK_KEY_WORLD, FORM_TEXT, 0, 0, NULL },

    { BOOK_PERSON, BOOK_KEY_NAME, FORM_TEXT, NEEDED, 0, NULL },
    { BOOK_PERSON, BOOK_KEY_OF, FORM_PARTY, NEEDED, 0, NULL },
    { BOOK_PERSON, BOOK_KEY_IDENTITY, FORM_IDENTITY, REPEATS, 0, NULL },
    { BOOK_PERSON, BOOK_KEY_ROLES, FORM_WORDS, LIST, 0, NULL },

    { BOOK_GROUP, BOOK_KEY_NAME, FORM_TEXT, NEEDED, 0, NULL },
    { BOOK_GROUP, BOOK_KEY_IDENTITY, FORM_IDENTITY, REPEATS, 0, NULL },
    { BOOK_GROUP, BOOK_KEY_MEMBER, FORM_PARTY | FORM_GROUP, REPEATS | FIELD_DATED, 0, NULL },
    { BOOK_GROUP, BOOK_KEY_COMMUNITY, FORM_CHOICE, 0, 0, yes },
    { BOOK_GROUP, BOOK_KEY_KNOWN_TO, FORM_CHOICE | FORM_PARTY | FORM_GROUP, LIST, 0, audiences },

    { BOOK_ACT, BOOK_KEY_NAME, FORM_TEXT, NEEDED, 0, NULL },
    { BOOK_PURPOSE, BOOK_KEY_NAME, FORM_TEXT, NEEDED, 0, NULL },
    { BOOK_PURPOSE, BOOK_KEY_DEFENSIVE, FORM_CHOICE, 0, 0, yes },
    { BOOK_PURPOSE, BOOK_KEY_DEFAULT, FORM_CHOICE, 0, 0, yes },

    { BOOK_MANDATE, BOOK_KEY_WHO, FORM_WHO, NEEDED | LIST, 0, NULL },
    { BOOK_MANDATE, BOOK_KEY_ACT, FORM_ID, NEEDED | LIST, BOOK_ACT, NULL },
    { BOOK_MANDATE, BOOK_KEY_EFFECT, FORM_CHOICE, NEEDED, 0, effects },
    { BOOK_MANDATE, BOOK_KEY_BY, FORM_TEXT, 0, 0, NULL },
    { BOOK_MANDATE, BOOK_KEY_DATA, FORM_CLASSES, LIST, 0, NULL },
    { BOOK_MANDATE, BOOK_KEY_NETWORK, FORM_NETWORKS, LIST, 0, NULL },
    { BOOK_MANDATE, BOOK_KEY_WITH, FORM_SIDE, LIST, 0, NULL },
    { BOOK_MANDATE, BOOK_KEY_PURPOSE, FORM_ID | FORM_ANY, LIST, BOOK_PURPOSE, NULL },
    { BOOK_MANDATE, BOOK_KEY_TITLE, FORM_TEXT, NEEDED, 0, NULL },

    { BOOK_LEAVE, BOOK_KEY_FOR, FORM_ID, NEEDED, BOOK_MANDATE, NULL },
    { BOOK_LEAVE, BOOK_KEY_BY, FORM_TEXT, NEEDED, 0, NULL },
    { BOOK_LEAVE, BOOK_KEY_WHO, FORM_WHO, LIST, 0, NULL },
    { BOOK_LEAVE, BOOK_KEY_DATA, FORM_CLASSES, LIST, 0, NULL },
    { BOOK_LEAVE, BOOK_KEY_NETWORK, FORM_NETWORKS, LIST, 0, NULL },
    { BOOK_LEAVE, BOOK_KEY_WITH, FORM_SIDE, LIST, 0, NULL },
    { BOOK_LEAVE, BOOK_KEY_PURPOSE, FORM_ID | FORM_ANY, LIST, BOOK_PURPOSE, NULL },
    { BOOK_LEAVE, BOOK_KEY_VALID_FROM, FORM_DAY, NEEDED, 0, NULL },
    { BOOK_LEAVE, BOOK_KEY_VALID_TO, FORM_DAY, NEEDED, 0, NULL },

    { BOOK_EXCLUSION, BOOK_KEY_ROLES, FORM_WORDS | FORM_KIND, NEEDED | LIST, 0, NULL },
    { BOOK_EXCLUSION, BOOK_KEY_WITHIN, FORM_CHOICE, 0, 0, withins },
    { BOOK_EXCLUSION, BOOK_KEY_TITLE, FORM_TEXT, NEEDED, 0, NULL },

    { BOOK_LEAD, BOOK_KEY_SITUATION, FORM_ID, NEEDED | LIST, BOOK_SITUATION, NULL },
    { BOOK_LEAD, BOOK_KEY_LEADS, FORM_PARTY, NEEDED, 0, NULL },
    { BOOK_LEAD, BOOK_KEY_NETWORK, FORM_NETWORKS, LIST, 0, NULL },
    { BOOK_LEAD, BOOK_KEY_COUNTRY, FORM_LAND, 0, 0, NULL },
    { BOOK_LEAD, BOOK_KEY_WITH, FORM_WORDS, LIST, 0, NULL },
    { BOOK_LEAD, BOOK_KEY_TITLE, FORM_TEXT, NEEDED, 0, NULL },
    { BOOK_SITUATION, BOOK_KEY_NAME, FORM_TEXT, NEEDED, 0, NULL },
    { BOOK_SITUATION, BOOK_KEY_DECIDES, FORM_TEXT, NEEDED, 0, NULL },
    { BOOK_DECIDER, BOOK_KEY_ACT, FORM_ID | FORM_ANY, NEEDED | LIST, BOOK_ACT, NULL },
    { BOOK_DECIDER, BOOK_KEY_ROLE, FORM_TEXT, NEEDED, 0, NULL },

    { BOOK_CLASSIFICATION, BOOK_KEY_NAME, FORM_TEXT, NEEDED, 0, NULL },
    { BOOK_CLASSIFICATION, BOOK_KEY_LEVEL, FORM_SPELLINGS, NEEDED | REPEATS, 0, NULL },
    { BOOK_EQUIVALENCE, BOOK_KEY_LEVELS, FORM_LEVEL, NEEDED | LIST, 0, NULL },
    { BOOK_MARKING, BOOK_KEY_DEFINITION, FORM_DEFINITION, NEEDED, 0, NULL },
    { BOOK_MARKING, BOOK_KEY_MEANS, FORM_MEANS, NEEDED, 0, NULL },

    { BOOK_PRIVACY, BOOK_KEY_DATA, FORM_PERSONAL | FORM_ANY, NEEDED | LIST, 0, NULL },
    { BOOK_PRIVACY, BOOK_KEY_PURPOSE, FORM_ID | FORM_ANY, LIST, BOOK_PURPOSE, NULL },
    { BOOK_PRIVACY, BOOK_KEY_TO, FORM_SIDE, LIST, 0, NULL },
    { BOOK_PRIVACY, BOOK_KEY_DO, FORM_CHOICE, NEEDED, 0, treatments },
    { BOOK_RETENTION, BOOK_KEY_DATA, FORM_DATA | FORM_PERSONAL, NEEDED | LIST, 0, NULL },
    { BOOK_RETENTION, BOOK_KEY_DAYS, FORM_COUNT, NEEDED, 0, NULL },

    { BOOK_AGREEMENT, BOOK_KEY_NAME, FORM_TEXT, NEEDED, 0, NULL },
    { BOOK_AGREEMENT, BOOK_KEY_PARTIES, FORM_PARTY, NEEDED | LIST, 0, NULL },
    { BOOK_AGREEMENT, BOOK_KEY_ACTS, FORM_ID, NEEDED | LIST, BOOK_ACT, NULL },
    { BOOK_AGREEMENT, BOOK_KEY_DATA, FORM_CLASSES, NEEDED | LIST, 0, NULL },
    { BOOK_AGREEMENT, BOOK_KEY_PURPOSE, FORM_ID, NEEDED | LIST, BOOK_PURPOSE, NULL },
    { BOOK_AGREEMENT, BOOK_KEY_TLP, FORM_CHOICE, 0, 0, labels },
    { BOOK_AGREEMENT, BOOK_KEY_CLASS, FORM_LEVEL, REPEATS, 0, NULL },
    { BOOK_AGREEMENT, BOOK_KEY_SUPPORT, FORM_TEXT, REPEATS, 0, NULL },
    { BOOK_AGREEMENT, BOOK_KEY_NETWORK, FORM_NETWORKS, LIST, 0, NULL },
    { BOOK_AGREEMENT, BOOK_KEY_VALID_FROM, FORM_DAY, NEEDED, 0, NULL },
    { BOOK_AGREEMENT, BOOK_KEY_VALID_TO, FORM_DAY, NEEDED, 0, NULL },

    { EVERY, BOOK_KEY_VALID_FROM, FORM_DAY, 0, 0, NULL },
    { EVERY, BOOK_KEY_VALID_TO, FORM_DAY, 0, 0, NULL },
    { EVERY, BOOK_KEY_SOURCE, FORM_TEXT, REPEATS, 0, NULL },
    { EVERY, BOOK_KEY_QUOTE, FORM_TEXT, REPEATS, 0, NULL },
    { EVERY, BOOK_KEY_STATUS, FORM_CHOICE, 0, 0, statuses },
    { EVERY, BOOK_KEY_NOTE, FORM_TEXT, REPEATS, 0, NULL },
};

enum { RULE_COUNT = sizeof rules / sizeof rules[0] };

const char *policy_word_name(enum book_word word)
{
    must((unsigned)word < BOOK_WORD_COUNT);
    return word_names[word];
}

const char *policy_key_name(enum book_key key)
{
    must((unsigned)key < BOOK_KEY_COUNT);
    return key_names[key];
}

enum err book_word_from_name(struct span word, enum book_word *ret)
{
    for (unsigned i = 0; i < BOOK_WORD_COUNT; i++) {
        if (span_equal(word, span_of(word_names[i]))) {
            *ret = (enum book_word)i;
            return ERR_OK;
        }
    }
    return ERR_ABSENT;
}

const struct book_rule *book_rule_find(enum book_word word, struct span key)
{
    for (size_t i = 0; i < RULE_COUNT; i++) {
        bool of_word = rules[i].word == word || rules[i].word == EVERY;
        if (of_word && span_equal(key, span_of(key_names[rules[i].key]))) {
            return &rules[i];
        }
    }
    return NULL;
}

enum book_key book_rule_missing(const struct book_block *block)
{
    for (size_t i = 0; i < RULE_COUNT; i++) {
        bool needed = rules[i].word == block->word && (rules[i].flags & FIELD_NEEDED) != 0;
        if (needed && policy_block_field(block, rules[i].key) == NULL) {
            return rules[i].key;
        }
    }
    return BOOK_KEY_COUNT;
}
