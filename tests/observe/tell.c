// SPDX-License-Identifier: EUPL-1.2
/*
 * What the reader makes of a log, for tests in Python:
 *
 *     tell FORMAT [STREAM] <LOG
 *
 * One JSON object for each line that is an event.
 */
#include <stdio.h>
#include <unistd.h>

#include "format/json_writer.h"
#include "observe/observe.h"

enum { MEMORY_MAX = 1024 * 1024 * 1024, PIECE_SIZE = 64 * 1024 };

static void add_value(struct json_writer *writer, const struct observe_line *line,
                      const struct observation *seen)
{
    const struct value value = { .kind = seen->kind, .key = seen->key };
    struct buf text;
    buf_init(&text, MEMORY_MAX);
    observe_field_add_name(&text, line, seen->field);
    json_begin_array(writer);
    json_add_string(writer, buf_span(&text));
    json_add_string(writer, span_of(value_kind_name(seen->kind)));
    buf_clear(&text);
    value_add_text(&text, &value);
    json_add_string(writer, buf_span(&text));
    json_end_array(writer);
    buf_done(&text);
}

static void tell_line(const struct observe_line *line, uint64_t number, struct buf *out)
{
    struct json_writer writer;
    json_writer_init(&writer, out);
    json_begin_object(&writer);
    json_member_u64(&writer, SPAN("line"), number);
    json_member_string(&writer, SPAN("stream"), line->stream);
    json_member_string(&writer, SPAN("originator"), line->originator);
    json_member_u64(&writer, SPAN("originator_port"), line->originator_port);
    json_member_string(&writer, SPAN("responder"), line->responder);
    json_member_u64(&writer, SPAN("responder_port"), line->responder_port);
    json_member_string(&writer, SPAN("outcome"), span_of(observe_outcome_name(line->outcome)));
    json_member_u64(&writer, SPAN("refused"), line->refused);
    json_member_u64(&writer, SPAN("unfit"), line->unfit);
    json_key(&writer, SPAN("values"));
    json_begin_array(&writer);
    for (size_t i = 0; i < line->count; i++) {
        add_value(&writer, line, &line->observations[i]);
    }
    json_end_array(&writer);
    json_end_object(&writer);
    buf_add_byte(out, '\n');
}

static bool read_all(struct buf *all)
{
    for (;;) {
        uint8_t *room = buf_reserve(all, PIECE_SIZE);
        ssize_t got = room == NULL ? -1 : read(STDIN_FILENO, room, PIECE_SIZE);
        if (got <= 0) {
            return got == 0 && buf_reserve(all, RECORD_PADDING_SIZE) != NULL;
        }
        all->size += (size_t)got;
    }
}

static void tell(struct observe_reader *reader, struct span rest)
{
    struct span line;
    struct buf out;
    uint64_t number = 0;
    buf_init(&out, MEMORY_MAX);
    while (rest.size > 0 && span_next(&rest, '\n', &line)) {
        struct observe_line read;
        number++;
        if (observe_reader_line(reader, line, &read) == OBSERVE_FAULT_NONE && !read.no_event) {
            tell_line(&read, number, &out);
        }
        fwrite(out.data, 1, out.size, stdout);
        buf_clear(&out);
    }
    buf_done(&out);
}

int main(int argc, char **argv)
{
    const struct actor nobody = { .name = SPAN("test") };
    enum observe_format format = OBSERVE_FORMAT_AUTO;
    struct observe_reader *reader = NULL;
    struct buf all;
    struct op op;
    op_begin(&op, &nobody, MEMORY_MAX);
    buf_init(&all, MEMORY_MAX);
    bool told = argc > 1 && observe_format_from_name(span_of(argv[1]), &format) == ERR_OK &&
                format != OBSERVE_FORMAT_AUTO && read_all(&all) &&
                observe_reader_new(&op, RECORD_ENGINE_FAST, &reader) == ERR_OK;
    if (told) {
        observe_reader_begin(reader, format, span_of(argc > 2 ? argv[2] : ""));
        tell(reader, buf_span(&all));
    }
    observe_reader_free(reader);
    buf_done(&all);
    op_end(&op);
    return told ? 0 : 2;
}
