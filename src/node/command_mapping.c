// SPDX-License-Identifier: EUPL-1.2
/*
 * linie mapping list and show: which formats there are beside Zeek's and Suricata's, and how they
 * are written.
 */
#include "node/command_mapping.h"

#include <fcntl.h>
#include <unistd.h>

#include "base/text.h"
#include "node/config_mapping.h"
#include "node/flow.h"
#include "node/node.h"
#include "observe/mapping.h"
#include "os/descriptor.h"
#include "os/disk.h"

enum {
    LINE_SIZE_MAX = 256 * 1024,
    NAME_COLUMN = 24,
};

/* ---- the mappings that there are ---- */

enum err mapping_formats(struct invocation *invocation, struct observe_formats **ret)
{
    struct op *op = invocation->op;
    enum err err =
        node_open(op, invocation->node_dir, invocation->world, NODE_FILES, &invocation->node);
    struct observe_formats *formats = NULL;
    if (err == ERR_OK) {
        formats = &invocation->node->config->formats;
    } else if (err == ERR_ABSENT) {
        op_fault_clear(op); /* a mapping can be looked at without a node */
        formats = op_alloc(op, sizeof *formats);
        if (formats == NULL) {
            return ERR_LIMIT;
        }
    } else {
        return err;
    }
    TRY(observe_formats_add_ready(op, formats));
    *ret = formats;
    return ERR_OK;
}

enum err mapping_unknown(struct invocation *invocation, const struct observe_formats *formats,
                         struct span name)
{
    struct span near = config_format_near(formats, name);
    enum observe_format format = OBSERVE_FORMAT_AUTO;
    struct buf shown;
    if (observe_format_from_name(name, &format) == ERR_OK) {
        return op_fail(invocation->op, ERR_ABSENT, "\"%.*s\" is read without a mapping",
                       SPAN_FMT(name));
    }
    buf_init(&shown, FAULT_TEXT_SIZE);
    text_add_printable(&shown, name);
    enum err err = near.size > 0
                       ? op_fail(invocation->op, ERR_ABSENT,
                                 "there is no mapping \"%.*s\"; did you mean \"%.*s\"?",
                                 SPAN_FMT(buf_span(&shown)), SPAN_FMT(near))
                       : op_fail(invocation->op, ERR_ABSENT,
                                 "there is no mapping \"%.*s\"; 'linie mapping list' shows all",
                                 SPAN_FMT(buf_span(&shown)));
    buf_done(&shown);
    return err;
}

/* ---- list ---- */

static bool is_ready(const struct observe_mapping *mapping)
{
    struct span name = observe_ready_name(0);
    for (size_t i = 0; name.size > 0; i++, name = observe_ready_name(i)) {
        if (name.data != NULL && span_equal(name, mapping->name)) {
            return true;
        }
    }
    return false;
}

static const char *format_word(const struct observe_mapping *mapping)
{
    switch (mapping->format) {
    case MAPPING_NDJSON:
        return "ndjson";
    case MAPPING_CSV:
        return "csv";
    case MAPPING_TEXT:
    case MAPPING_UNSET:
        break;
    }
    return "text";
}

static void list_json(struct invocation *invocation, const struct observe_mapping *mapping)
{
    struct buf line;
    struct json_writer w;
    buf_init(&line, LINE_SIZE_MAX);
    json_writer_init(&w, &line);
    json_begin_object(&w);
    json_member_string(&w, SPAN("name"), mapping->name);
    json_member_string(&w, SPAN("format"), span_of(format_word(mapping)));
    json_member_string(&w, SPAN("about"), mapping->summary);
    json_key(&w, SPAN("also"));
    json_begin_array(&w);
    for (size_t i = 0; i < mapping->aliases.count; i++) {
        json_add_string(&w, mapping->aliases.words[i]);
    }
    json_end_array(&w);
    json_member_bool(&w, SPAN("ready"), is_ready(mapping));
    json_member_bool(&w, SPAN("detected"), mapping->marks_count > 0);
    json_end_object(&w);
    print_json(invocation, &line);
    buf_done(&line);
}

static void list_text(struct invocation *invocation, const struct observe_mapping *mapping)
{
    struct flow flow;
    flow_begin(&flow, invocation, NAME_COLUMN);
    flow_styled(&flow, PRINT_BOLD, (const char *)mapping->name.data);
    flow_to(&flow, NAME_COLUMN);
    if (mapping->summary.size > 0) {
        flow_text(&flow, mapping->summary);
    } else {
        flow_words(&flow, "%s, of linie.conf", format_word(mapping));
    }
    for (size_t i = 0; i < mapping->aliases.count; i++) {
        flow_after(&flow, i == 0 ? ";" : ",");
        flow_value(&flow, i == 0 ? "also" : "", mapping->aliases.words[i], "");
    }
    flow_end(&flow);
}

int command_mapping_list(struct invocation *invocation)
{
    struct observe_formats *formats = NULL;
    if (mapping_formats(invocation, &formats) != ERR_OK) {
        return command_fail(invocation);
    }
    for (size_t i = 0; i < formats->count; i++) {
        if (invocation->json) {
            list_json(invocation, formats->mappings[i]);
        } else {
            list_text(invocation, formats->mappings[i]);
        }
    }
    node_close(invocation->node);
    return EXIT_DONE;
}

/* ---- show ---- */

/* Text of a configuration, line by line as it is written. */
static void show_lines(const struct invocation *invocation, struct span text)
{
    struct span rest = text;
    struct span line = { NULL, 0 };
    while (span_next(&rest, '\n', &line)) {
        print_text(invocation, line, 0);
        fputc('\n', invocation->out);
    }
}

static void show_json(struct invocation *invocation, struct span name, struct span text)
{
    struct buf line;
    struct json_writer w;
    buf_init(&line, LINE_SIZE_MAX);
    json_writer_init(&w, &line);
    json_begin_object(&w);
    json_member_string(&w, SPAN("name"), name);
    json_member_string(&w, SPAN("text"), text);
    json_end_object(&w);
    print_json(invocation, &line);
    buf_done(&line);
}

static enum err conf_read(struct invocation *invocation, struct span *ret)
{
    struct op *op = invocation->op;
    struct span path = { NULL, 0 };
    int fd = -1;
    TRY(disk_real_path(op, invocation->node->disk, SPAN("linie.conf"), &path));
    TRY(descriptor_open(op, AT_FDCWD, path, &fd));
    enum err err = descriptor_read_all(op, fd, CONFIG_SIZE_MAX, ret);
    close(fd);
    return err;
}

/* The node's own mapping goes before a ready one, as it does for the watch. */
static enum err mapping_text(struct invocation *invocation, struct span name, struct span *ret)
{
    struct observe_formats *formats = NULL;
    struct span conf = { NULL, 0 };
    TRY(mapping_formats(invocation, &formats));
    if (invocation->node != NULL) {
        TRY(conf_read(invocation, &conf));
    }
    if (config_mapping_text(conf, name, ret) == ERR_OK || observe_ready_text(name, ret) == ERR_OK) {
        return ERR_OK;
    }
    return mapping_unknown(invocation, formats, name);
}

int command_mapping_show(struct invocation *invocation)
{
    int code = EXIT_DONE;
    for (size_t i = 0; i < invocation->argument_count && code == EXIT_DONE; i++) {
        struct span name = span_of(invocation->arguments[i]);
        struct span text = { NULL, 0 };
        if (mapping_text(invocation, name, &text) != ERR_OK) {
            code = command_fail(invocation);
        } else if (invocation->json) {
            show_json(invocation, name, text);
        } else {
            fputs(i == 0 ? "" : "\n", invocation->out);
            show_lines(invocation, text);
        }
        node_close(invocation->node);
        invocation->node = NULL;
    }
    if (invocation->argument_count == 0) {
        (void)op_fail(invocation->op, ERR_FORMAT, "which mapping? 'linie mapping list' shows all");
        code = command_fail(invocation);
    }
    return code;
}
