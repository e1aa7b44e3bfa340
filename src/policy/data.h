// SPDX-License-Identifier: EUPL-1.2
/*
 * Classes of data: what mandates, agreements and rules of privacy speak of (docs/GATE.md).
 */
#ifndef POLICY_DATA_H
#define POLICY_DATA_H

#include "base/err.h"
#include "base/span.h"

enum policy_data {
    POLICY_DATA_INDICATOR = 0,
    POLICY_DATA_SIGHTING,
    POLICY_DATA_INCIDENT,
    POLICY_DATA_EVIDENCE,
    POLICY_DATA_VICTIM,
    POLICY_DATA_VULNERABILITY,
    POLICY_DATA_THREAT,
    POLICY_DATA_ADVICE,
    POLICY_DATA_PARTY,
    POLICY_DATA_DEFINITION,
    POLICY_DATA_OTHER,
    POLICY_DATA_COUNT,
};

enum policy_personal {
    POLICY_PERSONAL_MAIL_ADDRESS = 0,
    POLICY_PERSONAL_USER_NAME,
    POLICY_PERSONAL_HOST_ADDRESS, /* of a computer of the owner's */
    POLICY_PERSONAL_PERSON_NAME,
    POLICY_PERSONAL_TELEPHONE,
    POLICY_PERSONAL_COUNT,
};

/**
 * The word for a class of data ("indicator") or a personal class ("mail-address").
 *
 * data, personal  any value of the enum
 */
const char *policy_data_name(enum policy_data data);
const char *policy_personal_name(enum policy_personal personal);

/**
 * The class of a word.
 *
 * word      as those functions write it
 * ret       untouched on error
 *
 * Errors    ERR_ABSENT no such word
 */
MUST_USE
enum err policy_data_from_name(struct span word, enum policy_data *ret);
MUST_USE
enum err policy_personal_from_name(struct span word, enum policy_personal *ret);

/**
 * The class of an object.
 *
 * type          of a STIX object; POLICY_DATA_OTHER where the standard does not know it
 * relationship  its relationship_type, where it is a relationship; else empty
 */
enum policy_data policy_data_of_type(struct span type, struct span relationship);

#endif
