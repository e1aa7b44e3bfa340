// SPDX-License-Identifier: EUPL-1.2
#include "node/output_filter.h"

bool output_filter_passes(const struct config_output *output, const struct store_event *event)
{
    if ((output->events & 1u << event->type) == 0) {
        return false;
    }
    if (event->fold == NULL) {
        return true;
    }
    return output->kinds == 0 || (output->kinds & UINT64_C(1) << event->fold->kind) != 0;
}
