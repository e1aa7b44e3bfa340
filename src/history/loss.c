// SPDX-License-Identifier: EUPL-1.2
#include "history/loss.h"

#include <inttypes.h>
#include <stdio.h>

#include "base/must.h"
#include "base/time.h"

enum { KINDS_SHOWN_MAX = 6 };

const char *history_loss_name(const struct history_loss *loss, char *ret)
{
    static const char *const prefixes[HISTORY_LOSS_OF_COUNT] = {
        [HISTORY_LOSS_SEGMENT] = "seg",
        [HISTORY_LOSS_BLOCKS] = "seg",
        [HISTORY_LOSS_PLACES] = "wal",
        [HISTORY_LOSS_COMMITS] = "commit",
    };
    must(loss->of < HISTORY_LOSS_OF_COUNT);
    (void)snprintf(ret, HISTORY_LOSS_NAME_SIZE, "%s-%" PRIu64, prefixes[loss->of], loss->file);
    return ret;
}

bool history_loss_touches(const struct history_loss *loss, uint64_t kinds, uint32_t since_s,
                          uint32_t until_s)
{
    return !loss->known && (loss->kinds & kinds) != 0 && loss->first_s <= until_s &&
           loss->last_s >= since_s;
}

/* ---- words ---- */

static const char *plural(uint64_t count)
{
    return count == 1 ? "" : "s";
}

/* What it is, and what became of it. */
static void add_what(struct buf *buf, const struct history_loss *loss)
{
    const char *left_out = loss->count == 1 ? "was left out for good" : "were left out for good";
    const char *is = loss->gone ? left_out : "cannot be read";
    switch (loss->of) {
    case HISTORY_LOSS_SEGMENT:
        buf_add_format(buf, "segment %" PRIu64 " %s", loss->file, is);
        break;
    case HISTORY_LOSS_BLOCKS:
        buf_add_format(buf, "%" PRIu64 " damaged block%s of segment %" PRIu64 " %s", loss->count,
                       plural(loss->count), loss->file, is);
        break;
    case HISTORY_LOSS_PLACES:
        buf_add_format(buf, "%" PRIu64 " damaged place%s of the write-ahead file %" PRIu64 " %s",
                       loss->count, plural(loss->count), loss->file, is);
        break;
    case HISTORY_LOSS_COMMITS:
        buf_add_format(buf,
                       "the journal knows commits up to %" PRIu64 ", the last %" PRIu64
                       " of them %s missing",
                       loss->file, loss->count, loss->count == 1 ? "is" : "are");
        break;
    case HISTORY_LOSS_OF_COUNT:
        break;
    }
}

static void add_second(struct buf *buf, const char *before, uint32_t second)
{
    const struct time_civil at = time_to_civil((int64_t)second * US_PER_S);
    buf_add_format(buf,
                   "%s%04" PRId64 "-%02" PRId64 "-%02" PRId64 "T%02" PRId64 ":%02" PRId64
                   ":%02" PRId64 "Z",
                   before, at.year, at.month, at.day, at.hour, at.minute, at.second);
}

/* "of what was seen from 2026-11-20T10:00:00Z to 2026-11-21T10:00:00Z (domain, ipv4)" */
static void add_reach(struct buf *buf, const struct history_loss *loss)
{
    size_t count = 0;
    if (loss->last_s == UINT32_MAX) {
        buf_add(buf, SPAN("what was seen at whatever time"));
    } else {
        add_second(buf, "what was seen from ", loss->first_s);
        add_second(buf, " to ", loss->last_s);
    }
    if (loss->kinds == HISTORY_LOSS_KINDS_ALL) {
        return;
    }
    for (unsigned kind = VALUE_NONE + 1; kind < VALUE_KIND_COUNT; kind++) {
        if ((loss->kinds & UINT64_C(1) << kind) == 0) {
            continue;
        }
        if (count < KINDS_SHOWN_MAX) {
            buf_add(buf, count == 0 ? SPAN(" (") : SPAN(", "));
            buf_add(buf, span_of(value_kind_name((enum value_kind)kind)));
        }
        count++;
    }
    if (count > KINDS_SHOWN_MAX) {
        buf_add(buf, SPAN(" and other kinds"));
    }
    buf_add(buf, count > 0 ? SPAN(")") : SPAN(""));
}

void history_loss_add_text(struct buf *buf, const struct history_loss *loss)
{
    bool some = loss->of == HISTORY_LOSS_BLOCKS;
    add_what(buf, loss);
    buf_add(buf, SPAN(": "));
    buf_add(buf, some ? SPAN("a part of ") : SPAN(""));
    add_reach(buf, loss);
    buf_add(buf, some ? SPAN(" is missing") : SPAN(" may be missing"));
}
