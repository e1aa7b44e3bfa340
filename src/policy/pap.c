// SPDX-License-Identifier: EUPL-1.2
#include "policy/pap.h"

#include "base/must.h"

static const char *const pap_names[POLICY_PAP_COUNT] = {
    [POLICY_PAP_UNSTATED] = "UNSTATED", [POLICY_PAP_CLEAR] = "CLEAR",
    [POLICY_PAP_GREEN] = "GREEN",       [POLICY_PAP_AMBER] = "AMBER",
    [POLICY_PAP_RED] = "RED",           [POLICY_PAP_UNKNOWN] = "UNKNOWN",
};

const char *policy_pap_name(enum policy_pap pap)
{
    must(pap < POLICY_PAP_COUNT);
    return pap_names[pap];
}

enum err policy_pap_from_name(struct span word, enum policy_pap *ret)
{
    if (span_starts_with_nocase(word, SPAN("PAP:"))) {
        word = span_from(word, sizeof "PAP:" - 1);
    }
    for (unsigned i = POLICY_PAP_CLEAR; i <= POLICY_PAP_RED; i++) {
        if (span_equal_nocase(word, span_of(pap_names[i]))) {
            *ret = (enum policy_pap)i;
            return ERR_OK;
        }
    }
    if (span_equal_nocase(word, SPAN("WHITE"))) {
        *ret = POLICY_PAP_CLEAR;
        return ERR_OK;
    }
    return ERR_ABSENT;
}

enum policy_pap policy_pap_tighten(enum policy_pap a, enum policy_pap b)
{
    if ((unsigned)a >= POLICY_PAP_COUNT || (unsigned)b >= POLICY_PAP_COUNT) {
        return POLICY_PAP_UNKNOWN;
    }
    return a > b ? a : b;
}

bool policy_pap_allows(enum policy_pap pap, enum policy_pap otherwise, enum policy_act act)
{
    if (act == POLICY_ACT_DETECT) {
        return (unsigned)pap < POLICY_PAP_COUNT;
    }
    if (pap == POLICY_PAP_UNSTATED) {
        pap = otherwise;
    }
    return act == POLICY_ACT_BLOCK && (pap == POLICY_PAP_CLEAR || pap == POLICY_PAP_GREEN);
}
