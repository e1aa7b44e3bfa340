// SPDX-License-Identifier: EUPL-1.2
#include "policy/policy.h"

#include "base/must.h"
#include "base/text.h"

enum party {
    PARTY_OWNER = 1,  /* whose node this is */
    PARTY_OUTPUT = 2, /* a receiver that the owner configured */
};

static const uint64_t GRANT_MAGIC = 0x6772616e742e6f6b; /* "grant.ok" */

struct policy_grant {
    uint64_t magic;
    const struct policy_grant *self; /* a copy is not a grant: it could outlive the op */
    enum party party;
    enum policy_tlp tlp_max; /* of an output: the narrowest label that goes there */
    struct span name;        /* who acts; of an output: its name */
};

static const char *const tlp_names[POLICY_TLP_COUNT] = {
    [POLICY_TLP_CLEAR] = "CLEAR", [POLICY_TLP_GREEN] = "GREEN",
    [POLICY_TLP_AMBER] = "AMBER", [POLICY_TLP_AMBER_STRICT] = "AMBER+STRICT",
    [POLICY_TLP_RED] = "RED",     [POLICY_TLP_UNKNOWN] = "UNKNOWN",
};

struct marking {
    const char *id;
    enum policy_tlp tlp;
};

/* TLP 2.0 first: its ids are the ones we write. */
static const struct marking markings[] = {
    { "marking-definition--94868c89-83c2-464b-929b-a1a8aa3c8487", POLICY_TLP_CLEAR },
    { "marking-definition--bab4a63c-aed9-4cf5-a766-dfca5abac2bb", POLICY_TLP_GREEN },
    { "marking-definition--55d920b0-5e8b-4f79-9ee9-91f868d9b421", POLICY_TLP_AMBER },
    { "marking-definition--939a9414-2ddd-4d32-a0cd-375ea402b003", POLICY_TLP_AMBER_STRICT },
    { "marking-definition--e828b379-4e03-4974-9ac4-e53a884c97c1", POLICY_TLP_RED },
    /* TLP 1.0, by STIX 2.1 itself; its white is clear. Its amber was as wide as 2.0's. */
    { "marking-definition--613f2e26-407d-48c7-9eca-b8e91df99dc9", POLICY_TLP_CLEAR },
    { "marking-definition--34098fce-860f-48ae-8e50-ebd3cc5e41da", POLICY_TLP_GREEN },
    { "marking-definition--f88d31f6-486f-44da-b317-01333bde0b82", POLICY_TLP_AMBER },
    { "marking-definition--5e57c739-391a-4eb3-b6be-7d15ca92d5ed", POLICY_TLP_RED },
};

enum { MARKING_COUNT = sizeof markings / sizeof markings[0] };

static bool is_label(enum policy_tlp tlp)
{
    return (unsigned)tlp < POLICY_TLP_COUNT;
}

const char *policy_tlp_name(enum policy_tlp tlp)
{
    must(is_label(tlp));
    return tlp_names[tlp];
}

enum err policy_tlp_from_name(struct span word, enum policy_tlp *ret)
{
    static const struct span prefix = { (const uint8_t *)"TLP:", 4 };
    if (span_starts_with_nocase(word, prefix)) {
        word = span_from(word, prefix.size);
    }
    for (unsigned i = 0; i < POLICY_TLP_COUNT; i++) {
        if (span_equal_nocase(word, span_of(tlp_names[i]))) {
            *ret = (enum policy_tlp)i;
            return ERR_OK;
        }
    }
    if (span_equal_nocase(word, SPAN("WHITE"))) {
        *ret = POLICY_TLP_CLEAR;
        return ERR_OK;
    }
    return ERR_ABSENT;
}

enum policy_tlp policy_tlp_from_marking(struct span id)
{
    for (size_t i = 0; i < MARKING_COUNT; i++) {
        if (span_equal(id, span_of(markings[i].id))) {
            return markings[i].tlp;
        }
    }
    return POLICY_TLP_UNKNOWN;
}

const char *policy_tlp_marking(enum policy_tlp tlp)
{
    must(is_label(tlp));
    must(tlp != POLICY_TLP_UNKNOWN);
    size_t at = 0;
    while (markings[at].tlp != tlp) {
        at++;
    }
    return markings[at].id;
}

enum policy_tlp policy_tlp_tighten(enum policy_tlp a, enum policy_tlp b)
{
    /* What is no label at all is not known to be allowed. */
    if (!is_label(a) || !is_label(b)) {
        return POLICY_TLP_UNKNOWN;
    }
    return a > b ? a : b;
}

static enum policy_tlp tighten_by(enum policy_tlp tlp, const struct stix_list *refs)
{
    for (size_t i = 0; i < refs->count; i++) {
        tlp = policy_tlp_tighten(tlp, policy_tlp_from_marking(refs->items[i]));
    }
    return tlp;
}

enum policy_tlp policy_tlp_of_object(const struct stix_object *object, enum policy_tlp otherwise)
{
    enum policy_tlp whole = object->marking_refs.count == 0 ? otherwise : POLICY_TLP_CLEAR;
    whole = tighten_by(whole, &object->marking_refs);
    return tighten_by(whole, &object->granular_marking_refs);
}

static enum err grant_make(struct op *op, const struct policy_grant *kind,
                           const struct policy_grant **ret)
{
    if (op->actor.name.size == 0) {
        return op_fail(op, ERR_DENIED, "nobody may read without a name: the work names no actor");
    }
    struct policy_grant *grant = op_alloc(op, sizeof *grant);
    if (grant == NULL) {
        return ERR_LIMIT;
    }
    *grant = *kind;
    grant->magic = GRANT_MAGIC;
    grant->self = grant;
    *ret = grant;
    return ERR_OK;
}

enum err policy_grant_owner(struct op *op, const struct policy_grant **ret)
{
    const struct policy_grant owner = { .party = PARTY_OWNER, .name = op->actor.name };
    return grant_make(op, &owner, ret);
}

enum err policy_grant_output(struct op *op, struct span name, enum policy_tlp tlp_max,
                             const struct policy_grant **ret)
{
    const struct policy_grant output = {
        .party = PARTY_OUTPUT,
        .tlp_max = tlp_max,
        .name = name,
    };
    return grant_make(op, &output, ret);
}

static bool is_grant(const struct policy_grant *grant)
{
    return grant != NULL && grant->magic == GRANT_MAGIC && grant->self == grant;
}

bool policy_may_read(const struct policy_grant *grant, enum policy_tlp tlp)
{
    if (!is_grant(grant) || !is_label(tlp)) {
        return false;
    }
    if (grant->party == PARTY_OUTPUT) {
        return is_label(grant->tlp_max) && tlp <= grant->tlp_max && tlp != POLICY_TLP_UNKNOWN;
    }
    /* The node is the owner's own: also what is UNKNOWN was given to the owner. */
    return grant->party == PARTY_OWNER;
}

static void explain_output(const struct policy_grant *grant, enum policy_tlp tlp, struct buf *buf)
{
    bool may = policy_may_read(grant, tlp);
    buf_add(buf, may ? SPAN("Allowed: the output \"") : SPAN("Refused: the output \""));
    text_add_printable(buf, grant->name);
    buf_add(buf, SPAN("\" "));
    if (!is_label(grant->tlp_max)) {
        buf_add(buf, SPAN("bears no label that exists."));
        return;
    }
    buf_add_format(buf, "may get what is up to TLP:%s, and this is TLP:%s.",
                   tlp_names[grant->tlp_max], tlp_names[tlp]);
}

void policy_explain(const struct policy_grant *grant, enum policy_tlp tlp, struct buf *buf)
{
    if (!is_grant(grant)) {
        buf_add(buf, SPAN("Refused: no valid grant was shown."));
        return;
    }
    if (!is_label(tlp)) {
        buf_add(buf, SPAN("Refused: the object bears no label that exists."));
        return;
    }
    if (grant->party == PARTY_OUTPUT) {
        explain_output(grant, tlp, buf);
        return;
    }
    if (!policy_may_read(grant, tlp)) {
        buf_add_format(buf, "Refused: nothing allows this party to read TLP:%s.", tlp_names[tlp]);
        return;
    }
    buf_add(buf, SPAN("Allowed: "));
    text_add_printable(buf, grant->name);
    buf_add_format(buf,
                   " acts for the owner of this node, who reads all that is in it, TLP:%s too.",
                   tlp_names[tlp]);
}
