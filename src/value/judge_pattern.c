// SPDX-License-Identifier: EUPL-1.2
/*
 * Patterns of values, judged before anybody watches for them: what is no pattern that can be used,
 * and what every value fits.
 */
#include "value/internal.h"
#include "value/pattern.h"

enum value_verdict value_pattern_judge(enum value_kind kind, enum value_scope scope,
                                       struct span pattern)
{
    switch (value_pattern_check(kind, scope, pattern, NULL)) {
    case ERR_OK:
        return VALUE_FIT;
    case ERR_CONFLICT:
        return VALUE_UNFIT_ALL;
    default:
        return VALUE_UNFIT_PATTERN;
    }
}
