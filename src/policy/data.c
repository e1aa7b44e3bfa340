// SPDX-License-Identifier: EUPL-1.2
#include "policy/data.h"

#include "base/must.h"

static const char *const data_names[POLICY_DATA_COUNT] = {
    [POLICY_DATA_INDICATOR] = "indicator", [POLICY_DATA_SIGHTING] = "sighting",
    [POLICY_DATA_INCIDENT] = "incident",   [POLICY_DATA_EVIDENCE] = "evidence",
    [POLICY_DATA_VICTIM] = "victim",       [POLICY_DATA_VULNERABILITY] = "vulnerability",
    [POLICY_DATA_THREAT] = "threat",       [POLICY_DATA_ADVICE] = "advice",
    [POLICY_DATA_PARTY] = "party",         [POLICY_DATA_DEFINITION] = "definition",
    [POLICY_DATA_OTHER] = "other",
};

static const char *const personal_names[POLICY_PERSONAL_COUNT] = {
    [POLICY_PERSONAL_MAIL_ADDRESS] = "mail-address", [POLICY_PERSONAL_USER_NAME] = "user-name",
    [POLICY_PERSONAL_HOST_ADDRESS] = "host-address", [POLICY_PERSONAL_PERSON_NAME] = "person-name",
    [POLICY_PERSONAL_TELEPHONE] = "telephone",
};

struct type_row {
    const char *type;
    enum policy_data data;
};

/* Objects of STIX 2.1 (sections 4, 5, 6 and 7), and those of the OASIS incident extension. */
static const struct type_row types[] = {
    { "indicator", POLICY_DATA_INDICATOR },
    { "artifact", POLICY_DATA_EVIDENCE },
    { "autonomous-system", POLICY_DATA_INDICATOR },
    { "directory", POLICY_DATA_INDICATOR },
    { "domain-name", POLICY_DATA_INDICATOR },
    { "email-addr", POLICY_DATA_INDICATOR },
    { "email-message", POLICY_DATA_INDICATOR },
    { "file", POLICY_DATA_INDICATOR },
    { "ipv4-addr", POLICY_DATA_INDICATOR },
    { "ipv6-addr", POLICY_DATA_INDICATOR },
    { "mac-addr", POLICY_DATA_INDICATOR },
    { "mutex", POLICY_DATA_INDICATOR },
    { "network-traffic", POLICY_DATA_INDICATOR },
    { "process", POLICY_DATA_INDICATOR },
    { "software", POLICY_DATA_INDICATOR },
    { "url", POLICY_DATA_INDICATOR },
    { "user-account", POLICY_DATA_INDICATOR },
    { "windows-registry-key", POLICY_DATA_INDICATOR },
    { "x509-certificate", POLICY_DATA_INDICATOR },
    { "sighting", POLICY_DATA_SIGHTING },
    { "observed-data", POLICY_DATA_SIGHTING },
    { "incident", POLICY_DATA_INCIDENT },
    { "event", POLICY_DATA_INCIDENT },
    { "impact", POLICY_DATA_INCIDENT },
    { "task", POLICY_DATA_INCIDENT },
    { "vulnerability", POLICY_DATA_VULNERABILITY },
    { "course-of-action", POLICY_DATA_ADVICE },
    { "identity", POLICY_DATA_PARTY },
    { "location", POLICY_DATA_PARTY },
    { "marking-definition", POLICY_DATA_DEFINITION },
    { "extension-definition", POLICY_DATA_DEFINITION },
    { "attack-pattern", POLICY_DATA_THREAT },
    { "campaign", POLICY_DATA_THREAT },
    { "grouping", POLICY_DATA_THREAT },
    { "infrastructure", POLICY_DATA_THREAT },
    { "intrusion-set", POLICY_DATA_THREAT },
    { "language-content", POLICY_DATA_THREAT },
    { "malware", POLICY_DATA_THREAT },
    { "malware-analysis", POLICY_DATA_THREAT },
    { "note", POLICY_DATA_THREAT },
    { "opinion", POLICY_DATA_THREAT },
    { "relationship", POLICY_DATA_THREAT },
    { "report", POLICY_DATA_THREAT },
    { "threat-actor", POLICY_DATA_THREAT },
    { "tool", POLICY_DATA_THREAT },
};

enum { TYPE_COUNT = sizeof types / sizeof types[0] };

const char *policy_data_name(enum policy_data data)
{
    must((unsigned)data < POLICY_DATA_COUNT);
    return data_names[data];
}

const char *policy_personal_name(enum policy_personal personal)
{
    must((unsigned)personal < POLICY_PERSONAL_COUNT);
    return personal_names[personal];
}

enum err policy_data_from_name(struct span word, enum policy_data *ret)
{
    for (unsigned i = 0; i < POLICY_DATA_COUNT; i++) {
        if (span_equal(word, span_of(data_names[i]))) {
            *ret = (enum policy_data)i;
            return ERR_OK;
        }
    }
    return ERR_ABSENT;
}

enum err policy_personal_from_name(struct span word, enum policy_personal *ret)
{
    for (unsigned i = 0; i < POLICY_PERSONAL_COUNT; i++) {
        if (span_equal(word, span_of(personal_names[i]))) {
            *ret = (enum policy_personal)i;
            return ERR_OK;
        }
    }
    return ERR_ABSENT;
}

enum policy_data policy_data_of_type(struct span type, struct span relationship)
{
    if (span_equal(type, SPAN("relationship")) && span_equal(relationship, SPAN("targets"))) {
        return POLICY_DATA_VICTIM;
    }
    for (size_t i = 0; i < TYPE_COUNT; i++) {
        if (span_equal(type, span_of(types[i].type))) {
            return types[i].data;
        }
    }
    return POLICY_DATA_OTHER;
}
