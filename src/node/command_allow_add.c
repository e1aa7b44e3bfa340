// SPDX-License-Identifier: EUPL-1.2
/*
 * linie allow add: values that must not alert, out of lists and off the command line.
 */
#include "format/inflate.h"
#include "node/adding.h"
#include "node/allowed.h"
#include "node/argument.h"
#include "os/random.h"
#include "policy/known_lists.h"

enum {
    FILE_MEMORY_MAX = 0x7FFFFFFF,
    LINE_SIZE_MAX = 64 * 1024,
    ARGUMENTS_SIZE_MAX = 64 * 1024 * 1024,
    WIDEST_IPV4 = 4, /* multicast; a wider range would silence much of the world */
    WIDEST_IPV6 = 7, /* unique local addresses */
};

struct allowing {
    struct adding adding; /* the file in hand; of the options only those that concern it */
    /* what the command line says */
    struct span list;   /* empty: told by the file */
    struct span reason; /* empty: the file's own description */
    bool has_effect;
    enum rank_effect effect;
    int64_t until_us;
    /* the list in hand */
    struct span name;
    struct store_allow allow;
    bool narrows; /* a public suffix stands for itself alone, instead of being refused */
    uint64_t narrowed;
};

/* ---- options ---- */

static enum err effect_read(struct allowing *allowing)
{
    struct invocation *invocation = allowing->adding.invocation;
    const char *text = command_value(invocation, "effect");
    allowing->has_effect = text != NULL;
    allowing->effect = RANK_SILENCED;
    if (text != NULL && (rank_effect_from_name(span_of(text), &allowing->effect) != ERR_OK ||
                         allowing->effect == RANK_EFFECT_NONE)) {
        return op_fail(invocation->op, ERR_FORMAT, "--effect %s: not an effect: silent or lower",
                       text);
    }
    return ERR_OK;
}

/* Blanks are no name, and no reason. */
static enum err word_read(struct allowing *allowing, const char *name, struct span *ret)
{
    struct invocation *invocation = allowing->adding.invocation;
    const char *text = command_value(invocation, name);
    *ret = span_trim(span_of(text));
    return text == NULL || ret->size > 0
               ? ERR_OK
               : op_fail(invocation->op, ERR_FORMAT, "--%s: nothing but blanks is given", name);
}

static enum err options_read(struct allowing *allowing)
{
    struct invocation *invocation = allowing->adding.invocation;
    TRY(word_read(allowing, "list", &allowing->list));
    TRY(word_read(allowing, "reason", &allowing->reason));
    allowing->adding.tlp = invocation->node->config->tlp;
    TRY(command_until(invocation, "until", &allowing->until_us));
    return effect_read(allowing);
}

/* ---- values ---- */

/* What no list may allow: too much of the world. */
static enum value_verdict judge(struct allowing *allowing, struct exchange_item *item)
{
    static const struct value_rules rules = { .widest_ipv4 = WIDEST_IPV4,
                                              .widest_ipv6 = WIDEST_IPV6 };
    const uint32_t passes = 1u << VALUE_UNFIT_OWN_NETWORK | 1u << VALUE_UNFIT_SPECIAL |
                            1u << VALUE_UNFIT_DIGEST | 1u << VALUE_UNFIT_COMMON;
    enum value_verdict verdict = value_judge(&rules, passes, &item->value, item->scope);
    if (verdict == VALUE_UNFIT_PUBLIC_SUFFIX && allowing->narrows) {
        item->scope = VALUE_SCOPE_EXACT;
        allowing->narrowed++;
        return VALUE_FIT;
    }
    return verdict;
}

static enum err item_add(struct allowing *allowing, struct pack_writer *writer,
                         struct exchange_item *item, const char *place)
{
    enum value_verdict verdict = judge(allowing, item);
    if (verdict != VALUE_FIT) {
        adding_tell_unfit(&allowing->adding, place, item, verdict);
        return ERR_OK;
    }
    const struct pack_member member = {
        .value = item->value,
        .scope = item->scope,
        .confidence = PACK_CONFIDENCE_UNKNOWN,
        .tlp = PACK_TLP_OF_SET,
        .first_seen_us = TIME_US_NONE,
        .valid_from_us = TIME_US_NONE,
        .valid_until_us =
            item->valid_until_us == TIME_US_NONE ? allowing->until_us : item->valid_until_us,
    };
    allowing->adding.part.items++;
    return pack_writer_add(allowing->adding.op, writer, &member, NULL);
}

static enum err items_add(struct allowing *allowing, struct exchange_reader *reader,
                          struct pack_writer *writer, const char *place)
{
    for (;;) {
        struct exchange_item item;
        struct exchange_fault fault;
        enum err err = exchange_next(reader, &item, &fault);
        if (err == ERR_ABSENT) {
            return ERR_OK;
        }
        if (err == ERR_FORMAT) {
            adding_tell_refusal(&allowing->adding, place, &fault);
            continue;
        }
        TRY(err);
        TRY(item_add(allowing, writer, &item, place));
    }
}

/* ---- telling ---- */

static void list_json(const struct allowing *allowing, const struct store_set_added *added)
{
    const struct adding *adding = &allowing->adding;
    struct buf line;
    struct json_writer w;
    buf_init(&line, LINE_SIZE_MAX);
    json_writer_init(&w, &line);
    json_begin_object(&w);
    json_member_string(&w, SPAN("file"), adding->name);
    json_member_string(&w, SPAN("list"), allowing->name);
    json_member_string(&w, SPAN("effect"), span_of(rank_effect_name(allowing->allow.effect)));
    json_member_string(&w, SPAN("below"), span_of(rank_effect_name(allowing->allow.effect_below)));
    json_member_u64(&w, SPAN("read"), adding->part.items);
    json_member_u64(&w, SPAN("new"), added->fresh);
    json_member_u64(&w, SPAN("values"), added->count);
    json_member_u64(&w, SPAN("narrowed"), allowing->narrowed);
    json_member_u64(&w, SPAN("refused"), adding->part.refused);
    json_end_object(&w);
    print_json(adding->invocation, &line);
    buf_done(&line);
}

static void list_tell(const struct allowing *allowing, const struct store_set_added *added)
{
    const struct adding *adding = &allowing->adding;
    char fresh[32];
    char values[32];
    struct flow flow;
    if (adding->invocation->json) {
        list_json(allowing, added);
        return;
    }
    flow_begin(&flow, adding->invocation, 2);
    flow_value(&flow, "", adding->name, ":");
    flow_words(&flow, "%s new, %s in allow list", print_count(added->fresh, fresh, sizeof fresh),
               print_count(added->count, values, sizeof values));
    flow_value(&flow, "", allowing->name, "");
    flow_words(&flow, "(hits are %s)",
               allowing->allow.effect == RANK_SILENCED ? "silent" : "lowered");
    if (allowing->narrowed > 0) {
        flow_after(&flow, ",");
        flow_words(&flow, "%s without the names below, of many owners",
                   print_count(allowing->narrowed, fresh, sizeof fresh));
    }
    adding_refusal_words(&flow, &adding->part);
    flow_end(&flow);
}

/* ---- one list ---- */

static enum err list_store(struct allowing *allowing, struct pack_writer *writer)
{
    struct adding *adding = &allowing->adding;
    struct buf pack;
    uint64_t count = 0;
    struct store_set_added added = { .count = 0 };
    buf_init(&pack, PACK_SIZE_MAX);
    enum err err = pack_writer_finish(adding->op, writer, &pack, &count);
    const struct store_set_add add = {
        .purpose = STORE_TO_ALLOW,
        .allow = allowing->allow,
        .set = allowing->name,
        .file_name = adding->name,
        .file = adding->bytes,
        .pack = buf_span(&pack),
        .refused = adding->part.refused,
        .tlp = adding->tlp,
        .confidence = PACK_CONFIDENCE_UNKNOWN,
        .valid_until_us = allowing->until_us,
    };
    if (err == ERR_OK && count > 0) {
        err = store_set_add(adding->op, adding->invocation->node->store, &add, &added);
    }
    buf_done(&pack);
    TRY(err);
    list_tell(allowing, &added);
    return ERR_OK;
}

/* Names of MISP's lists are whole sentences, and some are long. */
static struct span cut(struct span text, size_t size_max)
{
    enum { CONTINUES = 0x80, CONTINUES_MASK = 0xC0 }; /* RFC 3629, section 3 */
    size_t size = text.size < size_max ? text.size : size_max;
    while (size > 0 && size < text.size && (text.data[size] & CONTINUES_MASK) == CONTINUES) {
        size--;
    }
    return span_slice(text, 0, size);
}

/* "known/cdn.txt" gives "cdn". */
static struct span name_of_file(struct span path)
{
    ptrdiff_t slash = span_find_last(path, '/');
    struct span name = span_from(path, (size_t)(slash + 1));
    ptrdiff_t dot = span_find(name, '.');
    return dot > 0 ? span_slice(name, 0, (size_t)dot) : name;
}

/* A warninglist of MISP says itself what it is. Names below those of such a list are others' than
 * whom it means: they are lowered at most. */
static enum err list_begin(struct allowing *allowing, enum exchange_format format,
                           const struct exchange_about *about)
{
    struct adding *adding = &allowing->adding;
    bool known = format == EXCHANGE_FORMAT_WARNINGLIST;
    enum rank_effect effect =
        known ? rank_effect_of_list(about->name, about->category) : RANK_SILENCED;
    struct span name = known ? about->name : name_of_file(adding->name);
    struct span reason = known ? about->description : SPAN("");
    effect = allowing->has_effect ? allowing->effect : effect;
    allowing->name = cut(allowing->list.size > 0 ? allowing->list : name, STORE_NAME_SIZE_MAX);
    allowing->allow = (struct store_allow){
        .effect = effect,
        .effect_below = known && !allowing->has_effect ? RANK_LOWERED : effect,
        .reason = cut(allowing->reason.size > 0 ? allowing->reason : reason, STORE_REASON_SIZE_MAX),
    };
    if (allowing->allow.reason.size == 0) {
        return op_fail(adding->op, ERR_FORMAT,
                       "say why these must not alert: --reason TEXT is kept in the journal");
    }
    return ERR_OK;
}

static enum err list_add(struct allowing *allowing, enum exchange_format format)
{
    struct adding *adding = &allowing->adding;
    struct exchange_reader *reader = NULL;
    struct pack_writer *writer = NULL;
    struct hash_secret secret;
    allowing->narrowed = 0;
    os_random(secret.bytes, sizeof secret.bytes);
    TRY(exchange_open(adding->op, format, NULL, adding->bytes, &reader));
    enum err err = list_begin(allowing, format, exchange_about(reader));
    if (err == ERR_OK) {
        err = pack_writer_new(adding->op, &secret, &writer);
    }
    if (err == ERR_OK) {
        err = items_add(allowing, reader, writer, exchange_place_name(format));
    }
    if (err == ERR_OK) {
        err = list_store(allowing, writer);
    }
    pack_writer_free(writer);
    exchange_close(reader);
    return err;
}

/* ---- files and values ---- */

static void list_in_hand(struct allowing *allowing, struct span name, bool narrows)
{
    struct adding *adding = &allowing->adding;
    op_begin(&adding->work, &adding->invocation->op->actor, FILE_MEMORY_MAX);
    adding->op = &adding->work;
    adding->name = name;
    adding->part = (struct adding_part){ .items = 0 };
    adding->faults = 0;
    allowing->narrows = narrows;
}

static enum err list_done(struct allowing *allowing, enum err err)
{
    struct adding *adding = &allowing->adding;
    if (err != ERR_OK) {
        (void)op_fail(adding->invocation->op, err, "%s", adding->work.fault.text);
    }
    adding->refused_total += adding->part.refused;
    op_end(&adding->work);
    return err;
}

static enum err bytes_add(struct allowing *allowing)
{
    struct adding *adding = &allowing->adding;
    enum exchange_format format = exchange_detect(adding->bytes, adding->name);
    if (inflate_detect(adding->bytes) != INFLATE_PLAIN) {
        return op_fail(adding->op, ERR_UNSUPPORTED,
                       "is compressed: unpack it first, as in 'zcat FILE | linie allow add -'");
    }
    if (format == EXCHANGE_FORMAT_STIX) {
        return op_fail(adding->op, ERR_UNSUPPORTED, "is STIX, which says what is evil");
    }
    return list_add(allowing, format);
}

static enum err file_add(struct allowing *allowing, size_t argument)
{
    struct adding *adding = &allowing->adding;
    struct argument_file file;
    list_in_hand(allowing, argument_name(adding->invocation, argument), true);
    enum err err = argument_open(adding->op, adding->invocation, argument, &file);
    if (err == ERR_OK) {
        adding->bytes = file.bytes;
        err = bytes_add(allowing);
        argument_close(&file);
        op_fault_prefix(adding->op, "%.*s: ", SPAN_FMT(adding->name));
    }
    return list_done(allowing, err);
}

/* The arguments that are no files, a line each. A blank one comes of a script's empty variable, and
 * a comment is none on a command line. */
static int values_gather(struct invocation *invocation, struct buf *ret)
{
    int code = EXIT_DONE;
    for (size_t i = 0; i < invocation->argument_count; i++) {
        struct span value = span_trim(span_of(invocation->arguments[i]));
        bool none = value.size == 0 || value.data[0] == '#';
        if (argument_is_file(invocation, i)) {
            continue;
        }
        if (none) {
            (void)op_fail(invocation->op, ERR_FORMAT, "%s%.*s",
                          value.size == 0 ? "a blank is no value" : "a comment is no value: ",
                          SPAN_FMT(value));
            code = command_fail(invocation);
            op_fault_clear(invocation->op);
            continue;
        }
        buf_add(ret, value);
        buf_add_byte(ret, '\n');
    }
    return code;
}

static enum err values_add(struct allowing *allowing, struct span values)
{
    struct adding *adding = &allowing->adding;
    struct span list = allowing->list;
    list_in_hand(allowing, SPAN("values"), false);
    adding->bytes = values;
    /* Whoever meets the list's name then reads why. */
    allowing->list = list.size > 0 ? list : allowing->reason;
    enum err err = list_add(allowing, EXCHANGE_FORMAT_LIST);
    allowing->list = list;
    return list_done(allowing, err);
}

static int add_all(struct allowing *allowing, struct span values)
{
    struct invocation *invocation = allowing->adding.invocation;
    int code = EXIT_DONE;
    for (size_t i = 0; i < invocation->argument_count; i++) {
        if (argument_is_file(invocation, i) && file_add(allowing, i) != ERR_OK) {
            code = command_fail(invocation);
            op_fault_clear(invocation->op);
        }
    }
    if (values.size > 0 && values_add(allowing, values) != ERR_OK) {
        code = command_fail(invocation);
        op_fault_clear(invocation->op);
    }
    return code;
}

int command_allow_add(struct invocation *invocation)
{
    struct allowing allowing = { .adding = { .invocation = invocation } };
    struct span image;
    struct buf values;
    if (invocation->argument_count == 0) {
        (void)op_fail(invocation->op, ERR_FORMAT,
                      "name files or values that must not alert, or '-' for standard input");
        return command_fail(invocation);
    }
    if (options_read(&allowing) != ERR_OK ||
        allowed_room(invocation->op, invocation->node) != ERR_OK) {
        return command_fail(invocation);
    }
    buf_init(&values, ARGUMENTS_SIZE_MAX);
    int blank = values_gather(invocation, &values);
    int code = add_all(&allowing, buf_span(&values));
    code = blank == EXIT_DONE ? code : blank;
    buf_done(&values);
    if (node_allowed(invocation->op, invocation->node, &image) != ERR_OK) {
        return command_fail(invocation);
    }
    return code == EXIT_DONE && allowing.adding.refused_total > 0 ? EXIT_REFUSALS : code;
}
