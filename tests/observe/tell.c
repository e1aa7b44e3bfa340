// SPDX-License-Identifier: EUPL-1.2
/*
 * What the reader makes of a log, for tests in Python:
 *
 *     tell FORMAT [STREAM] <LOG
 *     tell tables
 *
 * One JSON object for each line that is an event; or the tables of fields as
 * docs/format/observations.md shows them.
 */
#include <stdio.h>
#include <unistd.h>

#include "format/json_writer.h"
#include "observe/field.h"

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

/* ---- tables ---- */

static const char *class_words(uint8_t field_class)
{
    static const char *const words[FIELD_CLASS_COUNT] = {
        [CLASS_ADDRESS] = "address",
        [CLASS_DIGEST] = "digest",
        [CLASS_HOST] = "address or name, perhaps with a port",
        [CLASS_DOMAIN] = "name",
        [CLASS_ANSWER] = "address or name; text says nothing",
        [CLASS_URL] = "URL, and its host",
        [CLASS_LOCATION] = "URL where it is absolute, and its host",
        [CLASS_EMAIL] = "e-mail addresses, and their domains",
        [CLASS_DN] = "CN and e-mail address of a distinguished name",
        [CLASS_CERT_NAME] = "name, address or e-mail address of a certificate",
        [CLASS_FORWARDED] = "list of addresses",
        [CLASS_CERT_DIGEST] = "digest, also as a certificate's",
        [CLASS_HASH] = "digest; text says nothing",
        [CLASS_JA3] = "JA3, also as MD5",
        [CLASS_JA3S] = "JA3S, also as MD5",
        [CLASS_HASSH] = "HASSH, also as MD5",
        [CLASS_JA4] = "JA4",
        [CLASS_USER_AGENT] = "user agent",
        [CLASS_FILE_NAME] = "file name",
        [CLASS_FILE_PATH] = "file name; of a path also without its escapes",
        [CLASS_FILE_URL] = "URL, its host, and the file's name",
        [CLASS_ASN] = "AS number",
        [CLASS_LOGIN] = "e-mail address where somebody logs in with one",
        [CLASS_PRINCIPAL] = "name in a Kerberos principal",
        [CLASS_SHARE] = "address or name of the server of a share",
        [CLASS_MAILBOX] = "e-mail address as DNS writes it",
        [CLASS_WORDS] = "addresses, names, e-mail addresses and URLs among words",
        [CLASS_LOOK] = "address, e-mail address or URL, by its look",
    };
    return words[field_class];
}

static const char *role_words(uint8_t role)
{
    static const char *const words[FIELD_ROLE_COUNT] = {
        [ROLE_TIME] = "time",
        [ROLE_TIME_WRITTEN] = "time where there is no other",
        [ROLE_STREAM] = "stream",
        [ROLE_SENSOR] = "sensor",
        [ROLE_UID] = "id of the connection",
        [ROLE_ORIGINATOR] = "originator",
        [ROLE_RESPONDER] = "responder",
        [ROLE_CLIENT] = "originator where there is no other",
        [ROLE_SERVER] = "responder where there is no other",
        [ROLE_ORIGINATOR_PORT] = "originator's port",
        [ROLE_RESPONDER_PORT] = "responder's port",
        [ROLE_FLOW_ORIGINATOR] = "originator, before the packet's",
        [ROLE_FLOW_RESPONDER] = "responder, before the packet's",
        [ROLE_FLOW_ORIGINATOR_PORT] = "originator's port, before the packet's",
        [ROLE_FLOW_RESPONDER_PORT] = "responder's port, before the packet's",
        [ROLE_TRANSPORT] = "\"icmp\": there are no ports",
        [ROLE_HTTP_HOST] = "part of the request's URL",
        [ROLE_HTTP_PORT] = "part of the request's URL",
        [ROLE_HTTP_TARGET] = "the request's URL, with the host",
        [ROLE_NAMING] = "what the field beside it holds",
        [ROLE_NAMED] = "what the field beside it says",
        [ROLE_CONN_STATE] = "outcome",
        [ROLE_FLOW_STATE] = "outcome",
        [ROLE_FLOW_ANSWER] = "outcome",
        [ROLE_TCP_ANSWER] = "outcome",
        [ROLE_RCODE] = "outcome",
        [ROLE_SUCCESS] = "outcome",
        [ROLE_ACTION] = "outcome",
        [ROLE_VERDICT] = "outcome",
        [ROLE_DENIED] = "outcome",
    };
    return words[role];
}

static void tell_row(const struct observe_field *row, bool streams)
{
    const char *role = role_words(row->role);
    const char *held = class_words(row->field_class);
    if (streams) {
        printf("| %s ", row->stream == NULL ? "(every)" : row->stream);
    }
    printf("| `%s` | %s%s%s |\n", row->name, held == NULL ? "" : held,
           held != NULL && role != NULL ? "; " : "", role == NULL ? "" : role);
}

static void tell_table(const struct observe_table *table, bool streams)
{
    printf(streams ? "| stream | field | holds |\n|---|---|---|\n"
                   : "| field | holds |\n|---|---|\n");
    for (size_t i = 0; i < table->count; i++) {
        tell_row(&table->fields[i], streams);
    }
}

int main(int argc, char **argv)
{
    const struct actor nobody = { .name = SPAN("test") };
    enum observe_format format = OBSERVE_FORMAT_AUTO;
    struct observe_reader *reader = NULL;
    struct buf all;
    struct op op;
    if (argc > 1 && span_equal(span_of(argv[1]), SPAN("tables"))) {
        tell_table(&observe_zeek_table, true);
        printf("\n");
        tell_table(&observe_eve_table, false);
        return 0;
    }
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
