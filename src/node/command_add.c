// SPDX-License-Identifier: EUPL-1.2
/*
 * linie indicators add: files of other people into the store.
 */
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/must.h"
#include "exchange/exchange.h"
#include "format/inflate.h"
#include "node/flow.h"
#include "node/node.h"
#include "node/tally.h"
#include "os/descriptor.h"
#include "os/random.h"
#include "stix/bundle.h"
#include "stix/object.h"

enum { FAULTS_SHOWN_MAX = 5, FILE_MEMORY_MAX = 0x7FFFFFFF };

struct adding {
    struct invocation *invocation;
    struct op work; /* memory of the present file */
    struct op *op;  /* that one */
    /* what the command line says */
    struct span source;
    struct span set; /* empty: the file's name */
    bool has_tlp;
    enum policy_tlp tlp;
    enum policy_pap pap;
    uint8_t confidence;
    int64_t valid_until_us;
    enum exchange_format format;
    /* the present file */
    struct span name;
    struct span bytes;
    uint64_t items;
    uint64_t refused;
    uint64_t refusals[EXCHANGE_REFUSAL_COUNT];
    /* all files */
    uint64_t refused_total;
};

/* ---- options ---- */

static enum err options_read(struct adding *adding)
{
    struct invocation *invocation = adding->invocation;
    struct op *op = invocation->op;
    const char *tlp = command_value(invocation, "tlp");
    const char *confidence = command_value(invocation, "confidence");
    const char *format = command_value(invocation, "format");
    adding->source = span_of(command_value(invocation, "source"));
    adding->set = span_of(command_value(invocation, "set"));
    adding->tlp = invocation->node->config->tlp;
    adding->has_tlp = tlp != NULL;
    if (tlp != NULL && policy_tlp_from_name(span_of(tlp), &adding->tlp) != ERR_OK) {
        return op_fail(op, ERR_FORMAT,
                       "--tlp %s: not a TLP label: CLEAR, GREEN, AMBER, AMBER+STRICT or RED", tlp);
    }
    const char *pap = command_value(invocation, "pap");
    if (pap != NULL && policy_pap_from_name(span_of(pap), &adding->pap) != ERR_OK) {
        return op_fail(op, ERR_FORMAT, "--pap %s: not a PAP level: CLEAR, GREEN, AMBER or RED",
                       pap);
    }
    uint64_t number = PACK_CONFIDENCE_UNKNOWN;
    enum { CONFIDENCE_MAX = 100 };
    if (confidence != NULL &&
        (span_to_u64(span_of(confidence), &number) != ERR_OK || number > CONFIDENCE_MAX)) {
        return op_fail(op, ERR_FORMAT, "--confidence %s: not a number from 0 to 100", confidence);
    }
    adding->confidence = (uint8_t)number;
    const char *valid_until = command_value(invocation, "valid-until");
    adding->valid_until_us = TIME_US_NONE;
    if (valid_until != NULL &&
        time_parse(span_of(valid_until), &adding->valid_until_us) != ERR_OK) {
        return op_fail(op, ERR_FORMAT,
                       "--valid-until %s: not a time: write 2027-01-31 or 2027-01-31T12:00:00Z",
                       valid_until);
    }
    adding->format = EXCHANGE_FORMAT_AUTO;
    for (int i = 1; format != NULL && i < EXCHANGE_FORMAT_COUNT; i++) {
        if (strcmp(format, exchange_format_name((enum exchange_format)i)) == 0) {
            adding->format = (enum exchange_format)i;
        }
    }
    if (format != NULL && adding->format == EXCHANGE_FORMAT_AUTO) {
        return op_fail(op, ERR_FORMAT, "--format %s: not a format: list, csv or stix", format);
    }
    return ERR_OK;
}

/* ---- lists and CSV ---- */

/* One line for each refused line: people see the first few, programs all. */
static void refusal_json(struct adding *adding, const struct exchange_fault *fault)
{
    struct buf line;
    struct json_writer w;
    buf_init(&line, 64 * 1024); /* the text is cut at EXCHANGE_FAULT_TEXT_SIZE_MAX */
    json_writer_init(&w, &line);
    json_begin_object(&w);
    json_member_string(&w, SPAN("refused"), span_of(exchange_refusal_name(fault->refusal)));
    json_member_string(&w, SPAN("file"), adding->name);
    json_member_u64(&w, SPAN("line"), fault->line);
    json_member_u64(&w, SPAN("byte"), fault->byte);
    json_member_string(&w, SPAN("text"), fault->text);
    json_end_object(&w);
    print_json(adding->invocation, &line);
    buf_done(&line);
}

static void tell_refusal(struct adding *adding, const struct exchange_fault *fault)
{
    struct invocation *invocation = adding->invocation;
    adding->refused++;
    adding->refusals[fault->refusal]++;
    if (invocation->json) {
        refusal_json(adding, fault);
        return;
    }
    if (adding->refused > FAULTS_SHOWN_MAX) {
        return; /* --json tells them all */
    }
    struct invocation on_err = *invocation;
    on_err.out = invocation->err;
    print_text(&on_err, adding->name, 0);
    fprintf(invocation->err, ": line %llu, byte %llu: %s: ", (unsigned long long)fault->line,
            (unsigned long long)fault->byte, exchange_refusal_name(fault->refusal));
    enum { SHOWN_MAX = 120 };
    print_text(
        &on_err,
        span_slice(fault->text, 0, fault->text.size < SHOWN_MAX ? fault->text.size : SHOWN_MAX), 0);
    fputc('\n', invocation->err);
}

static struct pack_member member_of(const struct adding *adding, const struct exchange_item *item)
{
    struct pack_member member = {
        .value = item->value,
        .scope = item->scope,
        .confidence =
            item->confidence == EXCHANGE_CONFIDENCE_NONE ? adding->confidence : item->confidence,
        .tlp = (uint8_t)adding->tlp,
        .first_seen_us = item->first_seen_us,
        .valid_from_us = item->valid_from_us,
        .valid_until_us =
            item->valid_until_us == TIME_US_NONE ? adding->valid_until_us : item->valid_until_us,
    };
    enum policy_tlp own = POLICY_TLP_UNKNOWN;
    if (item->tlp.size > 0) {
        if (policy_tlp_from_name(item->tlp, &own) != ERR_OK) {
            own = POLICY_TLP_UNKNOWN;
        }
        /* What the command line says tightens, never loosens. */
        member.tlp = (uint8_t)(adding->has_tlp ? policy_tlp_tighten(own, adding->tlp) : own);
    }
    return member;
}

static enum err members_read(struct adding *adding, struct exchange_reader *reader,
                             struct pack_writer *writer)
{
    for (;;) {
        struct exchange_item item;
        struct exchange_fault fault;
        enum err err = exchange_next(reader, &item, &fault);
        if (err == ERR_ABSENT) {
            return ERR_OK;
        }
        if (err == ERR_FORMAT) {
            tell_refusal(adding, &fault);
            continue;
        }
        TRY(err);
        const struct pack_member member = member_of(adding, &item);
        adding->items++;
        TRY(pack_writer_add(adding->op, writer, &member, NULL));
    }
}

/* The set of a list is named after its file: "c2.txt" gives "c2". */
static struct span set_name(const struct adding *adding)
{
    if (adding->set.size > 0) {
        return adding->set;
    }
    struct span name = adding->name;
    ptrdiff_t slash = span_find_last(name, '/');
    name = span_from(name, (size_t)(slash + 1));
    ptrdiff_t dot = span_find(name, '.');
    return dot > 0 ? span_slice(name, 0, (size_t)dot) : name;
}

/* Where the set's label comes from, if not from the command line. */
static const char *label_note(const struct adding *adding, const struct store_set_added *added)
{
    if (added->tlp != adding->tlp) {
        return ", as the set had it";
    }
    return adding->has_tlp ? "" : ", the node's default";
}

static void set_json(const struct adding *adding, struct span set,
                     const struct store_set_added *added)
{
    struct buf line;
    struct json_writer w;
    buf_init(&line, 64 * 1024);
    json_writer_init(&w, &line);
    json_begin_object(&w);
    json_member_string(&w, SPAN("file"), adding->name);
    json_member_string(&w, SPAN("set"), set);
    json_member_string(&w, SPAN("source"), adding->source);
    json_member_string(&w, SPAN("tlp"), span_of(policy_tlp_name(added->tlp)));
    json_member_u64(&w, SPAN("read"), adding->items);
    json_member_u64(&w, SPAN("new"), added->fresh);
    json_member_u64(&w, SPAN("members"), added->count);
    json_member_u64(&w, SPAN("refused"), adding->refused);
    json_end_object(&w);
    print_json(adding->invocation, &line);
    buf_done(&line);
}

static void add_refusals(struct flow *flow, const struct adding *adding)
{
    char number[32];
    bool any = false;
    if (adding->refused == 0) {
        return;
    }
    flow_after(flow, ",");
    flow_words(flow, "%s refused:", print_count(adding->refused, number, sizeof number));
    for (int i = 1; i < EXCHANGE_REFUSAL_COUNT; i++) {
        if (adding->refusals[i] > 0) {
            flow_after(flow, any ? "," : "");
            flow_words(flow, "%s %s", print_count(adding->refusals[i], number, sizeof number),
                       exchange_refusal_name((enum exchange_refusal)i));
            any = true;
        }
    }
}

static void tell_set(const struct adding *adding, struct span set,
                     const struct store_set_added *added)
{
    char fresh[32];
    char members[32];
    struct flow flow;
    if (adding->invocation->json) {
        set_json(adding, set, added);
        return;
    }
    flow_begin(&flow, adding->invocation, 2);
    flow_value(&flow, "", adding->name, ":");
    flow_words(&flow, "%s new, %s in set", print_count(added->fresh, fresh, sizeof fresh),
               print_count(added->count, members, sizeof members));
    flow_value(&flow, "", set, "");
    flow_words(&flow, "(TLP:%s%s)", policy_tlp_name(added->tlp), label_note(adding, added));
    add_refusals(&flow, adding);
    flow_end(&flow);
}

static enum err pack_store(struct adding *adding, struct pack_writer *writer)
{
    struct buf pack;
    uint64_t count = 0;
    struct store_set_added added = { .tlp = adding->tlp };
    buf_init(&pack, PACK_SIZE_MAX);
    enum err err = pack_writer_finish(adding->op, writer, &pack, &count);
    const struct store_set_add add = {
        .source = adding->source,
        .set = set_name(adding),
        .file_name = adding->name,
        .file = adding->bytes,
        .pack = buf_span(&pack),
        .refused = adding->refused,
        .tlp = adding->tlp,
        .pap = adding->pap,
        .confidence = adding->confidence,
        .valid_until_us = adding->valid_until_us,
    };
    if (err == ERR_OK && count > 0) {
        err = store_set_add(adding->op, adding->invocation->node->store, &add, &added);
    }
    buf_done(&pack);
    TRY(err);
    tell_set(adding, add.set, &added);
    return ERR_OK;
}

static enum err add_list(struct adding *adding, enum exchange_format format)
{
    struct exchange_reader *reader = NULL;
    struct pack_writer *writer = NULL;
    struct hash_secret secret;
    os_random(secret.bytes, sizeof secret.bytes);
    TRY(exchange_open(adding->op, format, NULL, adding->bytes, &reader));
    enum err err = pack_writer_new(adding->op, &secret, &writer);
    if (err == ERR_OK) {
        err = members_read(adding, reader, writer);
    }
    exchange_close(reader);
    if (err == ERR_OK) {
        err = pack_store(adding, writer);
    }
    pack_writer_free(writer);
    return err;
}

/* ---- STIX ---- */

/* Objects that break the standard are refused one by one; the others are kept. */
static size_t objects_check(struct adding *adding, const struct stix_bundle *bundle,
                            struct store_object_add *objects)
{
    size_t count = 0;
    for (size_t i = 0; i < bundle->count; i++) {
        struct stix_object object;
        if (stix_object_read(adding->op, bundle->items[i].value, &object) == ERR_OK) {
            objects[count].bytes = bundle->items[i].text;
            count++;
            continue;
        }
        adding->refused++;
        if (adding->refused <= FAULTS_SHOWN_MAX && !adding->invocation->json) {
            fprintf(adding->invocation->err, "%.*s: object %zu: %s\n", SPAN_FMT(adding->name),
                    i + 1, adding->op->fault.text);
        }
        op_fault_clear(adding->op);
    }
    return count;
}

static void objects_json(const struct adding *adding, const struct store_objects_added *added)
{
    struct buf line;
    struct json_writer w;
    buf_init(&line, 64 * 1024);
    json_writer_init(&w, &line);
    json_begin_object(&w);
    json_member_string(&w, SPAN("file"), adding->name);
    json_member_string(&w, SPAN("source"), adding->source);
    json_member_u64(&w, SPAN("new"), added->added);
    json_member_u64(&w, SPAN("known"), added->known);
    json_member_u64(&w, SPAN("put_back"), added->put_back);
    tally_json(&w, &added->tally);
    json_member_u64(&w, SPAN("refused"), adding->refused);
    json_end_object(&w);
    print_json(adding->invocation, &line);
    buf_done(&line);
}

static void tell_objects(const struct adding *adding, const struct store_objects_added *added)
{
    char text[64];
    struct flow flow;
    if (adding->invocation->json) {
        objects_json(adding, added);
        return;
    }
    flow_begin(&flow, adding->invocation, 2);
    flow_value(&flow, "", adding->name, ":");
    flow_words(&flow, "%s new, %llu known",
               print_counted(added->added, "object", "objects", text, sizeof text),
               (unsigned long long)added->known);
    if (added->added > 0) {
        flow_after(&flow, ";");
        flow_words(&flow, "indicators:");
        tally_words(&flow, &added->tally);
    }
    if (added->put_back > 0) {
        flow_after(&flow, ";");
        flow_words(&flow, "%llu put back", (unsigned long long)added->put_back);
    }
    tally_words_conflicts(&flow, ";", &added->tally);
    if (adding->refused > 0) {
        flow_after(&flow, ";");
        flow_words(&flow, "%llu refused", (unsigned long long)adding->refused);
    }
    flow_end(&flow);
}

static enum err add_stix(struct adding *adding)
{
    struct stix_bundle bundle;
    struct store_objects_added added;
    TRY(stix_bundle_read(adding->op, adding->bytes, &bundle));
    struct store_object_add *objects = op_alloc(adding->op, (bundle.count + 1) * sizeof *objects);
    if (objects == NULL) {
        return ERR_LIMIT;
    }
    size_t count = objects_check(adding, &bundle, objects);
    const struct store_objects_options options = {
        .source = adding->source,
        .has_local = adding->has_tlp,
        .local = adding->tlp,
        .otherwise = adding->tlp,
        .put_back = true,
    };
    TRY(store_objects_add(adding->op, adding->invocation->node->store, &options, objects, count,
                          &added));
    tell_objects(adding, &added);
    return ERR_OK;
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
    return format == EXCHANGE_FORMAT_STIX ? add_stix(adding) : add_list(adding, format);
}

/* A regular file is used as it lies; anything else (a pipe, standard input) is read to its end. */
static enum err add_open(struct adding *adding, int fd)
{
    struct stat status;
    if (fstat(fd, &status) == 0 && S_ISDIR(status.st_mode)) {
        return op_fail(adding->op, ERR_FORMAT, "is a folder: name the files in it");
    }
    if (!S_ISREG(status.st_mode)) {
        TRY(descriptor_read_all(adding->op, fd, EXCHANGE_FILE_SIZE_MAX / 2, &adding->bytes));
        return add_bytes(adding);
    }
    TRY(descriptor_map(adding->op, fd, &adding->bytes));
    enum err err = add_bytes(adding);
    descriptor_unmap(adding->bytes);
    return err;
}

static void file_begin(struct adding *adding, struct span path)
{
    adding->op = &adding->work;
    adding->name = span_equal(path, SPAN("-")) ? SPAN("stdin") : path;
    adding->items = 0;
    adding->refused = 0;
    for (int i = 0; i < EXCHANGE_REFUSAL_COUNT; i++) {
        adding->refusals[i] = 0;
    }
}

static enum err add_file(struct adding *adding, size_t argument)
{
    struct invocation *invocation = adding->invocation;
    struct span path = span_of(invocation->arguments[argument]);
    struct op *op = &adding->work;
    op_begin(op, &invocation->op->actor, FILE_MEMORY_MAX);
    file_begin(adding, path);
    int given = command_given_file(invocation, argument);
    bool standard_input = given < 0 && span_equal(path, SPAN("-"));
    int fd = given < 0 ? invocation->in : given;
    enum err err = ERR_OK;
    if (given < 0 && !standard_input) {
        err = descriptor_open(op, invocation->folder, path, &fd);
    }
    if (err == ERR_OK) {
        err = add_open(adding, fd);
        if (given < 0 && !standard_input) {
            close(fd);
        }
        op_fault_prefix(op, "%.*s: ", SPAN_FMT(adding->name));
    }
    if (err != ERR_OK) {
        (void)op_fail(invocation->op, err, "%s", op->fault.text);
    }
    adding->refused_total += adding->refused;
    op_end(op);
    return err;
}

int command_indicators_add(struct invocation *invocation)
{
    struct adding adding = { .invocation = invocation };
    struct span index;
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
    return code == EXIT_DONE && adding.refused_total > 0 ? EXIT_REFUSALS : code;
}

/* ---- before the node is opened ---- */

static enum err give(struct invocation *invocation, size_t argument, int file)
{
    if (invocation->given_count == COMMAND_GIVEN_COUNT_MAX) {
        close(file);
        return op_fail(invocation->op, ERR_LIMIT, "more than %d pipes", COMMAND_GIVEN_COUNT_MAX);
    }
    invocation->given[invocation->given_count] =
        (struct command_given){ .argument = (uint32_t)argument, .file = file };
    invocation->given_count++;
    return ERR_OK;
}

/* Takes a descriptor: a regular file as it is, of anything else what it gives. */
static enum err gather_open(struct invocation *invocation, size_t argument, int fd)
{
    struct stat status;
    bool regular = fstat(fd, &status) == 0 && S_ISREG(status.st_mode);
    int file = fd;
    if (!regular) {
        enum err err = descriptor_keep(invocation->op, fd, EXCHANGE_FILE_SIZE_MAX / 2, &file);
        close(fd);
        TRY(err);
    }
    return give(invocation, argument, file);
}

/* A name that means something else in another process. */
static bool is_of_this_process(struct span path)
{
    return span_starts_with(path, SPAN("/dev/")) || span_starts_with(path, SPAN("/proc/"));
}

static enum err gather_one(struct invocation *invocation, size_t argument)
{
    const char *path = invocation->arguments[argument];
    struct stat status;
    int fd = -1;
    if (strcmp(path, "-") == 0) {
        fd = fcntl(invocation->in, F_DUPFD_CLOEXEC, 0);
        return fd < 0 ? op_fail(invocation->op, ERR_IO, "standard input is closed")
                      : gather_open(invocation, argument, fd);
    }
    bool there = fstatat(invocation->folder, path, &status, 0) == 0;
    bool plain = !there || ((S_ISREG(status.st_mode) || S_ISDIR(status.st_mode)) &&
                            !is_of_this_process(span_of(path)));
    if (plain) {
        return ERR_OK; /* to be opened, or complained about, when its turn comes */
    }
    TRY(descriptor_open(invocation->op, invocation->folder, span_of(path), &fd));
    return gather_open(invocation, argument, fd);
}

enum err command_indicators_add_gather(struct invocation *invocation)
{
    for (size_t i = 0; i < invocation->argument_count; i++) {
        TRY(gather_one(invocation, i));
    }
    return ERR_OK;
}
