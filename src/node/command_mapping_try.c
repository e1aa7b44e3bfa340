// SPDX-License-Identifier: EUPL-1.2
/*
 * linie mapping try: what a mapping makes of a log's first lines.
 */
#include <errno.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/must.h"
#include "format/inflate.h"
#include "node/command_mapping.h"
#include "node/flow.h"
#include "node/node.h"
#include "observe/mapping.h"
#include "os/clock.h"
#include "os/descriptor.h"
#include "os/sandbox.h"

enum {
    TRY_LINES_PRESET = 10,
    TRY_LINES_MAX = 100000,
    TRY_SIZE_MAX = 16 * 1024 * 1024, /* decompressed */
    PIECE_SIZE = 64 * 1024,
    READER_GONE = 100, /* the child's exit code where nobody reads what it says */
};

struct trial {
    struct invocation *invocation;
    struct observe_reader *reader;
    uint64_t lines_max;
    uint64_t lines;
    uint64_t observations;
    uint64_t counts[OBSERVE_FAULT_COUNT];
    uint64_t number; /* of the line at hand, from 1 on */
};

/* As much of the beginning as is looked at, decompressed. What follows damage is left out. */
static enum err start_inflate(struct op *op, int fd, struct buf *ret)
{
    struct inflate *stream = NULL;
    uint8_t *piece = op_alloc(op, PIECE_SIZE);
    enum err err = piece == NULL ? ERR_LIMIT : ERR_OK;
    while (err == ERR_OK && ret->size < TRY_SIZE_MAX) {
        ssize_t got = read(fd, piece, PIECE_SIZE);
        if (got < 0 && errno == EINTR) {
            continue;
        }
        if (got <= 0) {
            err = got < 0 ? op_fail(op, ERR_IO, "%s", strerror(errno)) : err;
            break;
        }
        struct span input = span_make(piece, (size_t)got);
        if (stream == NULL) {
            err = inflate_new(op, inflate_detect(input), &stream);
        }
        struct inflate_output output = { .capacity = 0 };
        while (err == ERR_OK && output.size == output.capacity && ret->size < TRY_SIZE_MAX) {
            output = (struct inflate_output){ buf_reserve(ret, PIECE_SIZE), PIECE_SIZE, 0 };
            must(output.data != NULL);
            err = inflate_run(op, stream, &input, &output);
            ret->size += output.size;
        }
    }
    inflate_free(stream);
    if (err == ERR_FORMAT) {
        op_fault_clear(op); /* a damaged archive: what came of it is looked at */
        err = ERR_OK;
    }
    return err;
}

static void seen_json(struct json_writer *w, const struct observe_line *line,
                      const struct observation *seen)
{
    struct buf text;
    const struct value value = { .kind = seen->kind, .key = seen->key };
    buf_init(&text, VALUE_TEXT_SIZE_MAX);
    json_begin_object(w);
    observe_field_add_name(&text, line, seen->field);
    json_member_string(w, SPAN("field"), buf_span(&text));
    json_member_string(w, SPAN("kind"), span_of(value_kind_name(seen->kind)));
    buf_clear(&text);
    value_add_text(&text, &value);
    json_member_string(w, SPAN("value"), buf_span(&text));
    json_end_object(w);
    buf_done(&text);
}

static void member_unless_empty(struct json_writer *w, struct span key, struct span text)
{
    if (text.size > 0) {
        json_member_string(w, key, text);
    }
}

static void end_json(struct json_writer *w, struct span key, struct span key_of_port,
                     struct span address, unsigned port)
{
    member_unless_empty(w, key, address);
    if (address.size > 0 && port != 0) {
        json_member_u64(w, key_of_port, port);
    }
}

static void line_json(struct trial *trial, const struct observe_line *line,
                      enum observe_fault fault)
{
    struct buf text;
    struct json_writer w;
    int64_t time_us = TIME_US_NONE;
    buf_init(&text, SIZE_MAX / 2);
    json_writer_init(&w, &text);
    json_begin_object(&w);
    json_member_u64(&w, SPAN("line"), trial->number);
    if (fault != OBSERVE_FAULT_NONE) {
        json_member_string(&w, SPAN("fault"), span_of(observe_fault_name(fault)));
    } else if (!line->no_event) {
        if (observe_time(line, &time_us) == ERR_OK) {
            json_member_time(&w, SPAN("time"), time_us);
        }
        end_json(&w, SPAN("originator"), SPAN("originator_port"), line->originator,
                 line->originator_port);
        end_json(&w, SPAN("responder"), SPAN("responder_port"), line->responder,
                 line->responder_port);
        json_member_string(&w, SPAN("outcome"), span_of(observe_outcome_name(line->outcome)));
        member_unless_empty(&w, SPAN("sensor"), line->sensor);
        member_unless_empty(&w, SPAN("stream"), line->stream);
        json_key(&w, SPAN("observations"));
        json_begin_array(&w);
        for (size_t i = 0; i < line->count; i++) {
            seen_json(&w, line, &line->observations[i]);
        }
        json_end_array(&w);
        json_member_bool(&w, SPAN("as_text"), line->as_prose);
        json_member_u64(&w, SPAN("bad_values"), line->refused);
        json_member_u64(&w, SPAN("unfit_values"), line->unfit);
    }
    json_end_object(&w);
    print_json(trial->invocation, &text);
    buf_done(&text);
}

static void end_text(struct flow *flow, const char *word, struct span address, unsigned port)
{
    if (address.size == 0) {
        return;
    }
    flow_value(flow, word, address, "");
    if (port != 0) {
        flow_words(flow, "port %u", port);
    }
}

/* Who, whom, when: what the line says beside its values. */
static void context_text(const struct trial *trial, const struct observe_line *line)
{
    char text[TIME_TEXT_SIZE];
    int64_t time_us = TIME_US_NONE;
    struct flow flow;
    flow_begin(&flow, trial->invocation, 6);
    flow_to(&flow, 4);
    enum err err = observe_time(line, &time_us);
    if (err == ERR_FORMAT) {
        flow_value(&flow, "a time that cannot be read:", line->time, ",");
    } else {
        flow_words(&flow, "%s",
                   err == ERR_OK ? print_second(time_us, text, sizeof text) : "no time");
    }
    end_text(&flow, "from", line->originator, line->originator_port);
    end_text(&flow, "to", line->responder, line->responder_port);
    if (line->outcome != OBSERVE_OUTCOME_UNKNOWN) {
        flow_words(&flow, "%s", observe_outcome_name(line->outcome));
    }
    if (line->sensor.size > 0) {
        flow_value(&flow, "by", line->sensor, "");
    }
    if (line->stream.size > 0) {
        flow_value(&flow, "in", line->stream, "");
    }
    flow_end(&flow);
}

static void seen_text(const struct trial *trial, const struct observe_line *line,
                      const struct observation *seen)
{
    struct flow flow;
    struct buf text;
    const struct value value = { .kind = seen->kind, .key = seen->key };
    buf_init(&text, VALUE_TEXT_SIZE_MAX);
    flow_begin(&flow, trial->invocation, 6);
    flow_to(&flow, 4);
    observe_field_add_name(&text, line, seen->field);
    flow_value(&flow, "", buf_span(&text), ":");
    flow_styled(&flow, PRINT_BOLD, value_kind_name(seen->kind));
    buf_clear(&text);
    value_add_text(&text, &value);
    flow_value(&flow, "", buf_span(&text), "");
    flow_end(&flow);
    buf_done(&text);
}

static void line_text(struct trial *trial, struct span text, const struct observe_line *line,
                      enum observe_fault fault)
{
    const struct invocation *invocation = trial->invocation;
    fprintf(invocation->out, "%llu: ", (unsigned long long)trial->number);
    print_text(invocation, text, 0);
    fputc('\n', invocation->out);
    if (fault != OBSERVE_FAULT_NONE) {
        fputs("    ", invocation->out);
        print_styled(invocation, PRINT_ALARM, "cannot be read: %s", observe_fault_name(fault));
        fputc('\n', invocation->out);
        return;
    }
    if (line->no_event) {
        bool bracket = text.data[0] == '[' || text.data[0] == ']'; /* around lines of JSON */
        fputs(bracket ? "    no event\n" : "    a header\n", invocation->out);
        return;
    }
    context_text(trial, line);
    for (size_t i = 0; i < line->count; i++) {
        seen_text(trial, line, &line->observations[i]);
    }
    if (line->as_prose && line->mapping->format == MAPPING_CSV) {
        fputs("    its columns are not those of the header: read as any text\n", invocation->out);
    } else if (line->as_prose && line->mapping->layout_count > 0) {
        fputs("    no \"line\" of the mapping fits: read as any text\n", invocation->out);
    }
    if (line->refused + line->unfit > 0) {
        fprintf(invocation->out, "    %u of its values %s what the mapping says\n",
                line->refused + line->unfit,
                line->refused + line->unfit == 1 ? "is not" : "are not");
    }
}

static void try_line(struct trial *trial, struct span text)
{
    struct observe_line line;
    enum observe_fault fault = observe_reader_line(trial->reader, text, &line);
    trial->counts[fault]++;
    trial->lines += fault != OBSERVE_FAULT_NONE || !line.no_event ? 1 : 0;
    trial->observations += line.count;
    if (trial->invocation->json) {
        line_json(trial, &line, fault);
    } else {
        line_text(trial, text, &line, fault);
    }
}

static void try_lines(struct trial *trial, struct span text)
{
    struct span rest = text;
    struct span line = { NULL, 0 };
    while (trial->lines < trial->lines_max && span_next(&rest, '\n', &line)) {
        trial->number++;
        if (span_trim(line).size > 0) {
            try_line(trial, line);
        }
    }
}

/* Returns how many lines could not be read. */
static uint64_t summary(struct trial *trial)
{
    char lines[64];
    char observations[64];
    struct flow flow;
    uint64_t unread = 0;
    for (unsigned i = OBSERVE_FAULT_NONE + 1; i < OBSERVE_FAULT_COUNT; i++) {
        unread += trial->counts[i];
    }
    if (trial->invocation->json) {
        return unread;
    }
    flow_begin(&flow, trial->invocation, 2);
    flow_words(&flow, "%s, %s", print_counted(trial->lines, "line", "lines", lines, sizeof lines),
               print_counted(trial->observations, "observation", "observations", observations,
                             sizeof observations));
    for (unsigned i = OBSERVE_FAULT_NONE + 1; i < OBSERVE_FAULT_COUNT; i++) {
        if (trial->counts[i] > 0) {
            flow_after(&flow, ",");
            flow_words(&flow, "%s %s", print_count(trial->counts[i], lines, sizeof lines),
                       observe_fault_name((enum observe_fault)i));
        }
    }
    flow_end(&flow);
    return unread;
}

static enum err lines_read(struct invocation *invocation, uint64_t *ret)
{
    const char *text = command_value(invocation, "lines");
    *ret = TRY_LINES_PRESET;
    if (text != NULL &&
        (span_to_u64(span_of(text), ret) != ERR_OK || *ret == 0 || *ret > TRY_LINES_MAX)) {
        return op_fail(invocation->op, ERR_FORMAT, "--lines %s: not a number from 1 to %d", text,
                       TRY_LINES_MAX);
    }
    return ERR_OK;
}

/* A reader for the mapping that was named, as the watch has it. */
static enum err reader_open(struct invocation *invocation, const struct observe_formats *formats,
                            struct observe_reader **ret)
{
    struct span name = span_of(invocation->arguments[0]);
    enum observe_format format = OBSERVE_FORMAT_AUTO;
    if (observe_formats_find(formats, name, &format) != ERR_OK || format == OBSERVE_FORMAT_AUTO) {
        return mapping_unknown(invocation, formats, name);
    }
    struct observe_reader *reader = NULL;
    TRY(observe_reader_new(invocation->op, RECORD_ENGINE_FAST, &reader));
    enum err err = observe_reader_prepare(invocation->op, reader, formats, format);
    if (err != ERR_OK) {
        observe_reader_free(reader);
        return err;
    }
    observe_reader_set_now(reader, os_clock_us());
    observe_reader_begin(reader, format,
                         observe_stream_from_path(span_of(invocation->arguments[1])));
    *ret = reader;
    return ERR_OK;
}

/* Everything that is needed, before the first byte of the log is read. */
static enum err trial_open(struct trial *trial, int *ret_fd)
{
    struct invocation *invocation = trial->invocation;
    struct observe_formats *formats = NULL;
    if (invocation->argument_count != 2) {
        return op_fail(invocation->op, ERR_FORMAT, "expected a mapping's name and a file");
    }
    TRY(lines_read(invocation, &trial->lines_max));
    TRY(mapping_formats(invocation, &formats));
    TRY(reader_open(invocation, formats, &trial->reader));
    if (strcmp(invocation->arguments[1], "-") == 0) {
        *ret_fd = invocation->in;
        return ERR_OK;
    }
    return descriptor_open(invocation->op, invocation->folder, span_of(invocation->arguments[1]),
                           ret_fd);
}

static enum err run_trial(struct trial *trial, int fd)
{
    static const uint8_t padding[RECORD_PADDING_SIZE];
    struct buf start;
    int landlock = 0;
    struct op *op = trial->invocation->op;
    TRY(sandbox_close_others(op, &fd, 1));
    TRY(sandbox_enter(op, SANDBOX_WATCH, NULL, 0, &landlock));
    buf_init(&start, TRY_SIZE_MAX + 2 * PIECE_SIZE);
    enum err err = start_inflate(op, fd, &start);
    if (err != ERR_OK) {
        op_fault_prefix(op, "%s: ", trial->invocation->arguments[1]);
        buf_done(&start);
        return err;
    }
    size_t size = start.size;
    buf_add(&start, span_make(padding, sizeof padding));
    if (start.err != ERR_OK) {
        return op_fail(op, ERR_LIMIT, "no memory for the file's beginning");
    }
    try_lines(trial, span_make(start.data, size));
    buf_done(&start);
    return ERR_OK;
}

/* The child: logs hold what strangers wrote, and are read by who can do nothing else. */
__attribute__((noreturn)) static void trial_main(struct trial *trial, int fd)
{
    struct invocation *invocation = trial->invocation;
    int code = EXIT_TROUBLE;
    if (run_trial(trial, fd) == ERR_OK) {
        code = summary(trial) > 0 ? EXIT_REFUSALS : EXIT_DONE;
    } else {
        code = command_fail(invocation);
    }
    if (fflush(invocation->out) != 0 && errno == EPIPE) {
        _exit(READER_GONE);
    }
    if (ferror(invocation->out) != 0) {
        fprintf(invocation->err, "linie: cannot write the output\n");
        code = EXIT_TROUBLE;
    }
    _exit(code);
}

static int trial_run(struct trial *trial, int fd)
{
    int status = 0;
    struct invocation *invocation = trial->invocation;
    fflush(invocation->out);
    fflush(invocation->err);
    pid_t pid = fork();
    if (pid == 0) {
        trial_main(trial, fd);
    }
    while (pid > 0 && waitpid(pid, &status, 0) < 0 && errno == EINTR) {
    }
    if (pid > 0 && WIFEXITED(status) && WEXITSTATUS(status) != READER_GONE) {
        return WEXITSTATUS(status);
    }
    invocation->reader_gone = pid > 0 && (WIFEXITED(status) || WTERMSIG(status) == SIGPIPE);
    if (!invocation->reader_gone) {
        fprintf(invocation->err, "linie mapping try: the process that reads the log %s\n",
                pid < 0 ? "could not be started" : "ended before its time");
    }
    return EXIT_TROUBLE;
}

int command_mapping_try(struct invocation *invocation)
{
    struct trial trial = { .invocation = invocation };
    int fd = -1;
    int code = EXIT_TROUBLE;
    if (trial_open(&trial, &fd) == ERR_OK) {
        code = trial_run(&trial, fd);
    } else {
        code = command_fail(invocation);
    }
    if (fd >= 0 && fd != invocation->in) {
        close(fd);
    }
    observe_reader_free(trial.reader);
    node_close(invocation->node);
    return code;
}
