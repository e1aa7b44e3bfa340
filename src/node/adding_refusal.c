// SPDX-License-Identifier: EUPL-1.2
/*
 * What of a file was not taken, told to people and programs.
 */
#include "node/adding.h"

enum { LINE_SIZE_MAX = 64 * 1024 };

/* Of entries of a document nobody knows the byte. */
static bool has_bytes(const char *place)
{
    return strcmp(place, "line") == 0;
}

/* One line for each refused line: people see the first few, programs all. */
static void refusal_json(const struct adding *adding, const char *place, const char *reason,
                         const struct exchange_fault *fault)
{
    struct buf line;
    struct json_writer w;
    buf_init(&line, LINE_SIZE_MAX); /* the text is cut at EXCHANGE_FAULT_TEXT_SIZE_MAX */
    json_writer_init(&w, &line);
    json_begin_object(&w);
    json_member_string(&w, SPAN("refused"), span_of(reason));
    json_member_string(&w, SPAN("file"), adding->name);
    json_member_u64(&w, span_of(place), fault->line);
    if (has_bytes(place)) {
        json_member_u64(&w, SPAN("byte"), fault->byte);
    }
    json_member_string(&w, SPAN("text"), fault->text);
    json_end_object(&w);
    print_json(adding->invocation, &line);
    buf_done(&line);
}

static void refusal_text(const struct adding *adding, const char *place, const char *reason,
                         const struct exchange_fault *fault)
{
    enum { SHOWN_MAX = 120 };
    struct invocation on_err = *adding->invocation;
    on_err.out = on_err.err;
    size_t size = fault->text.size < SHOWN_MAX ? fault->text.size : SHOWN_MAX;
    print_text(&on_err, adding->name, 0);
    fprintf(on_err.err, ": %s %llu", place, (unsigned long long)fault->line);
    if (has_bytes(place)) {
        fprintf(on_err.err, ", byte %llu", (unsigned long long)fault->byte);
    }
    fprintf(on_err.err, ": %s: ", reason);
    print_text(&on_err, span_slice(fault->text, 0, size), 0);
    fputc('\n', on_err.err);
}

static void tell(struct adding *adding, const char *place, const char *reason,
                 const struct exchange_fault *fault)
{
    adding->part.refused++;
    adding->faults++;
    if (adding->invocation->json) {
        refusal_json(adding, place, reason, fault);
    } else if (adding->faults <= ADDING_FAULTS_SHOWN_MAX) {
        refusal_text(adding, place, reason, fault); /* --json tells them all */
    }
}

void adding_tell_refusal(struct adding *adding, const char *place,
                         const struct exchange_fault *fault)
{
    adding->part.refusals[fault->refusal]++;
    tell(adding, place, exchange_refusal_name(fault->refusal), fault);
}

void adding_tell_unfit(struct adding *adding, const char *place, const struct exchange_item *item,
                       enum value_verdict verdict)
{
    struct buf text;
    buf_init(&text, VALUE_TEXT_SIZE_MAX);
    value_add_text(&text, &item->value);
    struct span shown = buf_span(&text);
    const struct exchange_fault fault = {
        .line = item->line,
        .byte = item->byte,
        .text = shown.size <= EXCHANGE_FAULT_TEXT_SIZE_MAX
                    ? shown
                    : span_slice(shown, 0, EXCHANGE_FAULT_TEXT_SIZE_MAX),
    };
    adding->part.unfit[verdict]++;
    tell(adding, place, value_verdict_name(verdict), &fault);
    buf_done(&text);
}

static void reason_words(struct flow *flow, uint64_t count, const char *reason, bool *any)
{
    char number[32];
    if (count > 0) {
        flow_after(flow, *any ? "," : "");
        flow_words(flow, "%s %s", print_count(count, number, sizeof number), reason);
        *any = true;
    }
}

void adding_refusal_words(struct flow *flow, const struct adding_part *part)
{
    char number[32];
    bool any = false;
    if (part->refused == 0) {
        return;
    }
    flow_after(flow, ",");
    flow_words(flow, "%s refused:", print_count(part->refused, number, sizeof number));
    for (int i = 1; i < EXCHANGE_REFUSAL_COUNT; i++) {
        reason_words(flow, part->refusals[i], exchange_refusal_name((enum exchange_refusal)i),
                     &any);
    }
    for (int i = 1; i < VALUE_VERDICT_COUNT; i++) {
        reason_words(flow, part->unfit[i], value_verdict_name((enum value_verdict)i), &any);
    }
}
