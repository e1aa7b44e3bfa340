// SPDX-License-Identifier: EUPL-1.2
#include "base/must.h"

#include <stdio.h>
#include <stdlib.h>

void must_fail(const char *condition, const char *file, int line)
{
    /* The one place in base/ that writes: nothing above can be trusted to do it any more. */
    fprintf(stderr, "linie: broken invariant: %s (%s:%d)\n", condition, file, line);
    abort();
}
