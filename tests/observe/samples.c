// SPDX-License-Identifier: EUPL-1.2
/*
 * A line of each of Zeek's streams and of each of Suricata's events, and what it gives: see
 * samples-zeek.txt and samples-eve.txt.
 */
#include <stdio.h>

#include "tests/observe/observing.h"

static struct span file_read(struct op *op, const char *name)
{
    struct buf path;
    buf_init(&path, 4096); /* PATH_MAX */
    buf_add_format(&path, "%s/tests/observe/%s%c", LINIE_SOURCE_DIR, name, '\0');
    struct span text = observing_gunzip(op, (const char *)path.data); /* plain files too */
    buf_done(&path);
    return text;
}

static void check_sample(struct observing *o, struct span line, struct span values)
{
    if (observing_read(o, line) != OBSERVE_FAULT_NONE || !span_equal(buf_span(&o->text), values) ||
        o->line.refused > 0 || o->line.unfit > 0) {
        print_error("%.*s\ngives\n%.*s", SPAN_FMT(line), SPAN_FMT(buf_span(&o->text)));
        fail();
    }
}

/* A sample is a line, and below it the values with a margin of four spaces. */
static void check_samples(enum observe_format format, const char *name)
{
    struct observing o;
    struct buf values;
    struct span line = { NULL, 0 };
    struct span next;
    unsigned count = 0;
    observing_begin(&o, format, "");
    buf_init(&values, 64 * 1024); /* far more than a sample's */
    struct span rest = file_read(&o.op, name);
    while (observing_next_line(&rest, &next)) {
        if (span_starts_with(next, SPAN("    "))) {
            buf_add(&values, span_from(next, 4));
            buf_add_byte(&values, '\n');
        } else if (span_starts_with(next, SPAN("{"))) {
            line = next;
        } else if (line.size > 0 && next.size == 0) {
            check_sample(&o, line, buf_span(&values));
            buf_clear(&values);
            line.size = 0;
            count++;
        }
    }
    assert_true(count > 35);
    buf_done(&values);
    observing_end(&o);
}

TEST(each_of_zeeks_streams_gives_what_it_holds)
{
    check_samples(OBSERVE_FORMAT_ZEEK_JSON, "samples-zeek.txt");
}

TEST(each_of_suricatas_events_gives_what_it_holds)
{
    check_samples(OBSERVE_FORMAT_EVE, "samples-eve.txt");
}
