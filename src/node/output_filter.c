// SPDX-License-Identifier: EUPL-1.2
#include "node/output_filter.h"

static bool wants(const struct config_output *output, enum store_event_type type)
{
    return (output->events & 1u << type) != 0;
}

static bool wants_looked_back(const struct config_output *output, const struct fold *fold)
{
    switch (output->looked_back) {
    case CONFIG_LOOKED_BACK_NOT:
        return !fold->looked_back;
    case CONFIG_LOOKED_BACK_ONLY:
        return fold->looked_back;
    case CONFIG_LOOKED_BACK_TOO:
        break;
    }
    return true;
}

bool output_filter_was_told(const struct config_output *output, const struct store_event *event)
{
    return event->fold != NULL && event->count_before > 0 && event->rank_before >= output->rank_min;
}

/* A hit whose rank has risen so far that it concerns the output is as new to it as one that has
 * just been opened. */
bool output_filter_passes(const struct config_output *output, const struct store_event *event)
{
    if (event->fold == NULL) {
        return wants(output, event->type);
    }
    bool kind = output->kinds == 0 || (output->kinds & UINT64_C(1) << event->fold->kind) != 0;
    if (!kind || fold_rank(event->fold) < output->rank_min ||
        !wants_looked_back(output, event->fold)) {
        return false;
    }
    bool risen = event->type == STORE_EVENT_GROWN && !output_filter_was_told(output, event);
    return wants(output, event->type) || (risen && wants(output, STORE_EVENT_OPENED));
}
