// SPDX-License-Identifier: EUPL-1.2
#include "policy/label.h"

static size_t origins_of(const struct policy_label *from, size_t count)
{
    size_t origin_count = count;
    for (size_t i = 0; i < count; i++) {
        origin_count += from[i].origin_count;
    }
    return origin_count;
}

static void origin_add(const struct policy_label *label, struct policy_label *origins,
                       size_t *count)
{
    struct policy_label *origin = &origins[(*count)++];
    *origin = *label;
    origin->origins = NULL;
    origin->origin_count = 0;
}

enum err policy_label_derive(struct op *op, const struct policy_label *own,
                             const struct policy_label *from, size_t count,
                             struct policy_label *ret)
{
    size_t origin_count = origins_of(from, count);
    if (origin_count > POLICY_ORIGIN_COUNT_MAX) {
        return op_fail(op, ERR_LIMIT, "made of more than %d objects", POLICY_ORIGIN_COUNT_MAX);
    }
    struct policy_label *origins = op_alloc(op, origin_count * sizeof *origins);
    if (origins == NULL) {
        return ERR_LIMIT;
    }
    size_t added = 0;
    for (size_t i = 0; i < count; i++) {
        origin_add(&from[i], origins, &added);
        for (size_t j = 0; j < from[i].origin_count; j++) {
            origin_add(&from[i].origins[j], origins, &added);
        }
    }
    *ret = *own;
    ret->origins = origins;
    ret->origin_count = origin_count;
    return ERR_OK;
}
