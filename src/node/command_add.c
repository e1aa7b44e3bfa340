// SPDX-License-Identifier: EUPL-1.2
/*
 * linie indicators add: files of other people into the store. What a file holds is told by its
 * content; how it is taken is in adding_list.c and adding_stix.c.
 */
#include <unistd.h>

#include "format/inflate.h"
#include "node/adding.h"
#include "node/argument.h"
#include "node/asking.h"
#include "node/losses.h"
#include "node/past.h"
#include "node/print.h"
#include "node/show_hit.h"
#include "os/descriptor.h"

enum {
    FILE_MEMORY_MAX = 0x7FFFFFFF,
    CATEGORIES_SIZE_MAX = 1024 * 1024,
    FOUND_SHOWN_MAX = 10, /* of what looking back found; 'linie hits' shows all */
};

/* ---- options ---- */

/* How sure, and until when, where a file states neither. */
static enum err statements_read(struct adding *adding)
{
    enum { CONFIDENCE_MAX = 100 };
    struct op *op = adding->invocation->op;
    const char *confidence = command_value(adding->invocation, "confidence");
    const char *valid_until = command_value(adding->invocation, "valid-until");
    uint64_t number = PACK_CONFIDENCE_UNKNOWN;
    if (confidence != NULL &&
        (span_to_u64(span_of(confidence), &number) != ERR_OK || number > CONFIDENCE_MAX)) {
        return op_fail(op, ERR_FORMAT, "--confidence %s: not a number from 0 to 100", confidence);
    }
    adding->confidence = (uint8_t)number;
    adding->valid_until_us = TIME_US_NONE;
    if (valid_until != NULL &&
        time_parse(span_of(valid_until), &adding->valid_until_us) != ERR_OK) {
        return op_fail(op, ERR_FORMAT,
                       "--valid-until %s: not a time: write 2027-01-31 or 2027-01-31T12:00:00Z",
                       valid_until);
    }
    return ERR_OK;
}

static enum err labels_read(struct adding *adding)
{
    struct op *op = adding->invocation->op;
    const char *tlp = command_value(adding->invocation, "tlp");
    const char *pap = command_value(adding->invocation, "pap");
    adding->tlp = adding->invocation->node->config->tlp;
    adding->has_tlp = tlp != NULL;
    if (tlp != NULL && policy_tlp_from_name(span_of(tlp), &adding->tlp) != ERR_OK) {
        return op_fail(op, ERR_FORMAT,
                       "--tlp %s: not a TLP label: CLEAR, GREEN, AMBER, AMBER+STRICT or RED", tlp);
    }
    if (pap != NULL && policy_pap_from_name(span_of(pap), &adding->pap) != ERR_OK) {
        return op_fail(op, ERR_FORMAT, "--pap %s: not a PAP level: CLEAR, GREEN, AMBER or RED",
                       pap);
    }
    return ERR_OK;
}

/* Verdicts that the caller means to let pass, with commas between. */
static enum err even_if_read(struct adding *adding)
{
    const char *text = command_value(adding->invocation, "even-if");
    struct span rest = span_of(text);
    struct span word = { NULL, 0 };
    while (rest.data != NULL && span_next(&rest, ',', &word)) {
        enum value_verdict verdict = VALUE_FIT;
        if (value_verdict_from_name(span_trim(word), &verdict) != ERR_OK) {
            return op_fail(adding->invocation->op, ERR_FORMAT,
                           "--even-if %s: public-suffix, wide-range, own-network, "
                           "special-address, trivial-digest or too-common, with "
                           "commas between",
                           text);
        }
        adding->even_if |= 1u << verdict;
    }
    return ERR_OK;
}

/* A file beside the indicators: it is small, and lives in the op of the whole command. */
static enum err categories_read(struct adding *adding, struct span path)
{
    struct op *op = adding->invocation->op;
    struct span bytes;
    int fd = -1;
    TRY(descriptor_open(op, adding->invocation->folder, path, &fd));
    enum err err = descriptor_read_all(op, fd, CATEGORIES_SIZE_MAX, &bytes);
    close(fd);
    op_fault_prefix(op, "%.*s: ", SPAN_FMT(path));
    TRY(err);
    adding->options.categories = bytes;
    return ERR_OK;
}

/* "value=ip" behind the format's name. */
static enum err parameter_read(struct adding *adding, struct span text)
{
    struct exchange_options *options = &adding->options;
    ptrdiff_t equals = span_find(text, '=');
    struct span key = equals == SPAN_NOT_FOUND ? text : span_slice(text, 0, (size_t)equals);
    struct span value = equals == SPAN_NOT_FOUND ? SPAN("") : span_from(text, (size_t)equals + 1);
    bool json = adding->format == EXCHANGE_FORMAT_SURICATA_JSON;
    bool iprep = adding->format == EXCHANGE_FORMAT_SURICATA_IPREP;
    if (json && span_equal(key, SPAN("value"))) {
        options->value_key = value;
    } else if (json && span_equal(key, SPAN("array"))) {
        options->array_key = value;
    } else if (iprep && span_equal(key, SPAN("category"))) {
        options->category = value;
    } else if (iprep && span_equal(key, SPAN("categories"))) {
        return categories_read(adding, value);
    } else {
        return op_fail(adding->invocation->op, ERR_FORMAT,
                       "--format %s: \"%.*s\" is none of its words: suricata-json has value and "
                       "array, suricata-iprep has categories and category, as in "
                       "suricata-json:value=ip",
                       exchange_format_name(adding->format), SPAN_FMT(key));
    }
    return ERR_OK;
}

/* "suricata-json:value=ip,array=response.threats": what a file does not say of itself. */
static enum err format_read(struct adding *adding)
{
    struct invocation *invocation = adding->invocation;
    const char *text = command_value(invocation, "format");
    struct span rest = span_of(text);
    struct span word = { NULL, 0 };
    adding->format = EXCHANGE_FORMAT_AUTO;
    TRY(command_kind(invocation, &adding->options.kind));
    if (text == NULL) {
        return ERR_OK;
    }
    (void)span_next(&rest, ':', &word);
    if (exchange_format_from_name(word, &adding->format) != ERR_OK) {
        return op_fail(invocation->op, ERR_FORMAT,
                       "--format %s: not a format: list, csv, stix, misp, zeek-intel, "
                       "suricata-dataset, suricata-datarep, suricata-iprep, suricata-json, hosts "
                       "or adblock",
                       text);
    }
    while (rest.data != NULL && span_next(&rest, ',', &word)) {
        TRY(parameter_read(adding, word));
    }
    return ERR_OK;
}

static enum err options_read(struct adding *adding)
{
    adding->source = span_of(command_value(adding->invocation, "source"));
    adding->set = span_of(command_value(adding->invocation, "set"));
    TRY(labels_read(adding));
    TRY(statements_read(adding));
    TRY(even_if_read(adding));
    return format_read(adding);
}

/* ---- files ---- */

static enum err add_bytes(struct adding *adding)
{
    enum exchange_format format = adding->format;
    if (inflate_detect(adding->bytes) != INFLATE_PLAIN) {
        return op_fail(
            adding->op, ERR_UNSUPPORTED,
            "is compressed: unpack it first, as in 'zcat FILE | linie indicators add -'");
    }
    if (format == EXCHANGE_FORMAT_AUTO) {
        format = exchange_detect(adding->bytes, adding->name);
    }
    return format == EXCHANGE_FORMAT_STIX ? adding_stix(adding) : adding_list(adding, format);
}

static void file_begin(struct adding *adding, struct span name)
{
    adding->op = &adding->work;
    adding->name = name;
    adding->part = (struct adding_part){ .items = 0 };
    adding->faults = 0;
}

static enum err add_file(struct adding *adding, size_t argument)
{
    struct invocation *invocation = adding->invocation;
    struct op *op = &adding->work;
    struct argument_file file;
    op_begin(op, &invocation->op->actor, FILE_MEMORY_MAX);
    file_begin(adding, argument_name(invocation, argument));
    enum err err = argument_open(op, invocation, argument, &file);
    if (err == ERR_OK) {
        adding->bytes = file.bytes;
        err = add_bytes(adding);
        argument_close(&file);
        op_fault_prefix(op, "%.*s: ", SPAN_FMT(adding->name));
    }
    if (err != ERR_OK) {
        (void)op_fail(invocation->op, err, "%s", op->fault.text);
    }
    op_end(op);
    return err;
}

/* ---- what was seen before ---- */

struct looked_back {
    struct invocation *invocation;
    uint64_t shown;
    bool incomplete; /* some of what was seen could not be read */
};

static void on_found(void *context, const struct fold *fold)
{
    struct looked_back *looked = context;
    if (looked->shown < FOUND_SHOWN_MAX || looked->invocation->json) {
        show_hit(looked->invocation, fold);
    }
    looked->shown++;
}

/* What is of persons waits for a second one. */
static void tell_held(const struct invocation *invocation, const struct past_look *look)
{
    enum { INDENT = 2 };
    char id[ASKING_ID_SIZE];
    char held[64];
    struct flow flow;
    asking_id(look->request, id);
    if (invocation->json) {
        fprintf(invocation->out, "{\"held\":%llu,\"request\":\"%s\",\"requests\":%llu}\n",
                (unsigned long long)look->held, id, (unsigned long long)look->requests);
        return;
    }
    flow_begin(&flow, invocation, INDENT);
    flow_words(
        &flow,
        "%s of persons: watched for from now on, and put to what was seen before when "
        "another user approves it with 'linie history approve %s'%s",
        print_counted(look->held, "new indicator is", "new indicators are", held, sizeof held), id,
        look->requests > 1 ? " and those behind it ('linie history requests')" : "");
    flow_end(&flow);
}

static void tell_looked_back(struct looked_back *looked, const struct past_look *look)
{
    struct invocation *invocation = looked->invocation;
    char found[48];
    char asked[48];
    char text[FAULT_TEXT_SIZE];
    looked->incomplete = past_look_text(look, text, sizeof text);
    if (looked->incomplete) {
        fprintf(invocation->err, "linie: %s\n", text);
    }
    if (past_look_room_text(look, text, sizeof text)) {
        fprintf(invocation->err, "%s\n", text);
    }
    if (look->held > 0) {
        tell_held(invocation, look);
    }
    if (invocation->json || look->asked == 0) {
        return;
    }
    if (looked->shown > FOUND_SHOWN_MAX) {
        fprintf(invocation->out, "  ... and %llu more\n",
                (unsigned long long)(looked->shown - FOUND_SHOWN_MAX));
    }
    fprintf(invocation->out, "looked back: %s of %s in what was seen before%s%s\n",
            print_counted(looked->shown, "hit", "hits", found, sizeof found),
            print_counted(look->asked, "new indicator", "new indicators", asked, sizeof asked),
            looked->incomplete ? " and can be read" : "", looked->shown > 0 ? " (linie hits)" : "");
}

/* Were we hit already? Whoever watches has the history open; else it is opened here. */
static enum err look_back(struct invocation *invocation, bool *ret_incomplete)
{
    struct past_look look;
    struct node *node = invocation->node;
    struct looked_back looked = { .invocation = invocation };
    bool opened = node->history == NULL;
    if (opened) {
        TRY(past_open(invocation->op, node, true));
    }
    const struct past_teller teller = { .on_fold = on_found, .context = &looked };
    enum past_how how = node->session != NULL ? PAST_FIRST : PAST_NEW;
    enum err err = past_look_back(invocation->op, node, how, &teller, &look);
    if (err == ERR_OK && node->history != NULL) {
        struct history_stats stats;
        err = history_stats(invocation->op, node->history, &stats);
        if (err == ERR_OK) {
            look.asked = stats.facts.rows > 0 ? look.asked : 0;
            tell_looked_back(&looked, &look);
        }
        err = err == ERR_OK ? losses_notice(invocation->op, node) : err;
    }
    if (opened) {
        past_close(node);
    }
    *ret_incomplete = looked.incomplete;
    return err;
}

int command_indicators_add(struct invocation *invocation)
{
    struct adding adding = { .invocation = invocation };
    struct span index;
    bool incomplete = false;
    if (invocation->argument_count == 0) {
        (void)op_fail(invocation->op, ERR_FORMAT,
                      "name files of indicators, or '-' for standard input");
        return command_fail(invocation);
    }
    if (options_read(&adding) != ERR_OK) {
        return command_fail(invocation);
    }
    int code = EXIT_DONE;
    for (size_t i = 0; i < invocation->argument_count; i++) {
        if (add_file(&adding, i) != ERR_OK) {
            code = command_fail(invocation);
            op_fault_clear(invocation->op);
        }
    }
    if (node_index(invocation->op, invocation->node, &index) != ERR_OK) {
        return command_fail(invocation);
    }
    if (look_back(invocation, &incomplete) != ERR_OK) {
        code = command_fail(invocation);
    }
    bool refused = adding.refused_total > 0 || incomplete;
    return code == EXIT_DONE && refused ? EXIT_REFUSALS : code;
}
