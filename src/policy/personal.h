// SPDX-License-Identifier: EUPL-1.2
/*
 * Where STIX objects hold personal data, and what of an object can be taken out.
 */
#ifndef POLICY_PERSONAL_H
#define POLICY_PERSONAL_H

#include "format/json.h"
#include "policy/data.h"

struct policy_personal_found {
    unsigned personal; /* bits: enum policy_personal */
    unsigned fixed;    /* of those, what stands where nothing can be taken out or changed */
};

/**
 * Find personal data: where STIX has a place for it, in patterns, and mail addresses in any text.
 *
 * value      a STIX object
 * is_inside  whether an address is one of the owner's; NULL: none is
 * context    handed to it
 */
struct policy_personal_found policy_personal_find(
    struct json_value value, bool (*is_inside)(void *context, struct span address), void *context);

/**
 * Whether a property of an object can be taken out: the object is a valid one without it, and the
 * same one. (Cyber-observables are what their values are.)
 *
 * type      of the object; of one that the standard does not know, nothing can
 * property  its name
 */
bool policy_property_is_optional(struct span type, struct span property);

/**
 * The first mail address in a text, by its look.
 *
 * text      looked through
 * ret       piece of it; untouched where there is none
 *
 * Returns false where there is none.
 */
bool policy_mail_address_find(struct span text, struct span *ret);

#endif
