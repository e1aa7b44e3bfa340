// SPDX-License-Identifier: EUPL-1.2
// links: base
/* Any text that is read as a time is written in one way, and that is read as the same time. */
#include "base/must.h"
#include "base/time.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_round_trip(int64_t time_us)
{
    must(time_us >= TIME_US_MIN);
    must(time_us <= TIME_US_MAX);
    struct buf text;
    buf_init(&text, TIME_TEXT_SIZE);
    time_add(&text, time_us);
    must(text.err == ERR_OK);
    int64_t again_us = 0;
    must(time_parse(buf_span(&text), &again_us) == ERR_OK);
    must(again_us == time_us);
    buf_done(&text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct span input = span_make(data, size);
    int64_t time_us = 0;
    if (time_parse(input, &time_us) == ERR_OK) {
        check_round_trip(time_us);
    }
    if (time_parse_epoch(input, &time_us) == ERR_OK) {
        check_round_trip(time_us);
    }
    return 0;
}
