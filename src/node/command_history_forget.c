// SPDX-License-Identifier: EUPL-1.2
/*
 * linie history forget: by a rule, which is in the journal before it is carried out.
 */
#include "crypt/hmac.h"
#include "format/json_writer.h"
#include "node/flow.h"
#include "node/losses.h"
#include "node/past.h"
#include "node/past_forget.h"
#include "os/random.h"
#include "store/store.h"

enum { LINE_SIZE_MAX = 64 * 1024, SALT_SIZE = 16, INDENT = 2 };

struct forgetting {
    struct invocation *invocation;
    struct history_forget forget;
    struct value value;
    struct span reason;
    struct uuid id;
    uint64_t entry; /* of the journal; 0: not there yet */
};

/* Of what is not told by its looks the kind is named, which then is the only one. */
static enum err value_read(struct forgetting *forgetting, const char *text, struct value_buf *bytes,
                           enum value_scope *ret_scope)
{
    struct op *op = forgetting->invocation->op;
    enum value_kind kind = forgetting->forget.kind;
    if (kind != VALUE_NONE) {
        return value_recognise_as(kind, span_of(text), bytes, &forgetting->value, ret_scope) ==
                       ERR_OK
                   ? ERR_OK
                   : op_fail(op, ERR_FORMAT, "%s: not a value of kind %s", text,
                             value_kind_name(kind));
    }
    return value_recognise(span_of(text), bytes, &forgetting->value, ret_scope) == ERR_OK
               ? ERR_OK
               : op_fail(op, ERR_FORMAT,
                         "%s: not a value of a known kind; --kind names one that is not told by "
                         "its looks, such as user-agent",
                         text);
}

static enum err forget_value(struct forgetting *forgetting)
{
    struct invocation *invocation = forgetting->invocation;
    struct op *op = invocation->op;
    struct value_buf *bytes = op_alloc(op, sizeof *bytes);
    enum value_scope scope;
    if (bytes == NULL) {
        return ERR_LIMIT;
    }
    if (invocation->argument_count == 0) {
        return ERR_OK;
    }
    if (invocation->argument_count > 1) {
        return op_fail(op, ERR_FORMAT, "one value at a time: each is a rule of its own");
    }
    const char *text = invocation->arguments[0];
    TRY(value_read(forgetting, text, bytes, &scope));
    if (scope != VALUE_SCOPE_EXACT && scope != VALUE_SCOPE_SUBDOMAINS) {
        return op_fail(op, ERR_UNSUPPORTED,
                       "%s: a value is forgotten alone, or a domain with all names below it", text);
    }
    forgetting->forget.value = &forgetting->value;
    forgetting->forget.scope = scope;
    return ERR_OK;
}

/* As hosts are remembered: the address in its canonical text, or what is no address. */
static enum err forget_host(struct forgetting *forgetting)
{
    struct op *op = forgetting->invocation->op;
    struct span host = span_trim(span_of(command_value(forgetting->invocation, "host")));
    uint8_t key[VALUE_IPV6_SIZE];
    struct buf text;
    if (host.size > HISTORY_NAME_SIZE_MAX) {
        return op_fail(op, ERR_FORMAT, "--host: longer than %d bytes", HISTORY_NAME_SIZE_MAX);
    }
    size_t size = value_key_address(host, key);
    const struct value value = { .kind = size == VALUE_IPV4_SIZE ? VALUE_IPV4 : VALUE_IPV6,
                                 .key = span_make(key, size) };
    buf_init(&text, VALUE_TEXT_SIZE_MAX);
    if (size > 0) {
        value_add_text(&text, &value);
        host = buf_span(&text);
    }
    enum err err = op_copy(op, host, &forgetting->forget.host);
    buf_done(&text);
    return err;
}

static enum err forget_second(struct invocation *invocation, const char *name, uint32_t otherwise,
                              uint32_t *ret)
{
    int64_t time_us = TIME_US_NONE;
    TRY(command_time(invocation, name, &time_us));
    int64_t second = time_us == TIME_US_NONE ? otherwise : time_us / US_PER_S;
    if (second < 0 || second > UINT32_MAX) {
        return op_fail(invocation->op, ERR_FORMAT, "--%s: history reaches from 1970 to 2106", name);
    }
    *ret = (uint32_t)second;
    return ERR_OK;
}

static enum err forget_read(struct forgetting *forgetting)
{
    struct invocation *invocation = forgetting->invocation;
    struct history_forget *forget = &forgetting->forget;
    forgetting->reason = span_trim(span_of(command_value(invocation, "reason")));
    if (forgetting->reason.size == 0 || forgetting->reason.size > STORE_REASON_SIZE_MAX) {
        return op_fail(invocation->op, ERR_FORMAT,
                       "--reason TEXT is needed, of at most %d bytes: the rule by which it is "
                       "forgotten stays in the journal",
                       STORE_REASON_SIZE_MAX);
    }
    TRY(command_kind(invocation, &forget->kind));
    TRY(forget_second(invocation, "since", 0, &forget->since_s));
    TRY(forget_second(invocation, "until", UINT32_MAX, &forget->until_s));
    TRY(forget_host(forgetting));
    TRY(forget_value(forgetting));
    bool limited = forget->value != NULL || forget->kind != VALUE_NONE || forget->host.size > 0 ||
                   forget->since_s > 0 || forget->until_s < UINT32_MAX;
    return limited ? ERR_OK
                   : op_fail(invocation->op, ERR_FORMAT,
                             "say what is to be forgotten: a value, --kind, --host, --since or "
                             "--until");
}

/* Whoever holds the node's key can show later that a rule meant some value; others learn nothing
 * of it, though there are few addresses. */
static void write_digest(struct json_writer *w, struct span key,
                         const struct forgetting *forgetting, const char *kind, struct span bytes)
{
    const struct history_rules *rules = &forgetting->invocation->node->history_rules;
    uint8_t salt[SALT_SIZE];
    uint8_t digest[CRYPT_HMAC_SIZE];
    struct buf first;
    struct buf hex;
    os_random(salt, sizeof salt);
    buf_init(&first, LINE_SIZE_MAX);
    buf_add(&first, span_make(salt, sizeof salt));
    buf_add(&first, span_of(kind));
    buf_add_byte(&first, '\0');
    crypt_hmac(span_make(rules->hash_secret, sizeof rules->hash_secret), buf_span(&first), bytes,
               digest);
    buf_done(&first);
    json_key(w, key);
    json_begin_object(w);
    json_member_string(w, SPAN("kind"), span_of(kind));
    buf_init(&hex, (size_t)2 * CRYPT_HMAC_SIZE);
    buf_add_hex(&hex, span_make(salt, sizeof salt));
    json_member_string(w, SPAN("salt"), buf_span(&hex));
    buf_clear(&hex);
    buf_add_hex(&hex, span_make(digest, sizeof digest));
    json_member_string(w, SPAN("digest"), buf_span(&hex));
    json_end_object(w);
    buf_done(&hex);
}

static void write_rule(struct json_writer *w, const struct forgetting *forgetting)
{
    const struct history_forget *forget = &forgetting->forget;
    struct buf id;
    buf_init(&id, LINE_SIZE_MAX);
    uuid_add(&id, &forgetting->id);
    json_begin_object(w);
    json_member_string(w, SPAN("id"), buf_span(&id));
    buf_done(&id);
    json_member_string(w, SPAN("reason"), forgetting->reason);
    if (forget->value != NULL) {
        write_digest(w, SPAN("value"), forgetting, value_kind_name(forget->value->kind),
                     forget->value->key);
        json_member_string(w, SPAN("scope"), span_of(value_scope_name(forget->scope)));
    }
    if (forget->kind != VALUE_NONE) {
        json_member_string(w, SPAN("kind"), span_of(value_kind_name(forget->kind)));
    }
    if (forget->host.size > 0) {
        write_digest(w, SPAN("host"), forgetting, "host", forget->host);
    }
    if (forget->since_s > 0) {
        json_member_time(w, SPAN("since"), (int64_t)forget->since_s * US_PER_S);
    }
    if (forget->until_s < UINT32_MAX) {
        json_member_time(w, SPAN("until"), (int64_t)forget->until_s * US_PER_S);
    }
    json_end_object(w);
}

static enum err rule_carry_out(struct forgetting *forgetting, struct history_forgotten *ret)
{
    struct invocation *invocation = forgetting->invocation;
    struct buf content;
    struct json_writer w;
    buf_init(&content, LINE_SIZE_MAX);
    json_writer_init(&w, &content);
    write_rule(&w, forgetting);
    const struct past_forget rule = { .forget = &forgetting->forget,
                                      .id = forgetting->id,
                                      .content = &content };
    enum err err = past_forget(invocation->op, invocation->node, &rule, &forgetting->entry, ret);
    buf_done(&content);
    return err;
}

/* One rule at a time: what was cut short comes first. */
static enum err earlier_finish(struct invocation *invocation)
{
    enum err err = past_forget_finish(invocation->op, invocation->node);
    if (err == ERR_CORRUPT) {
        op_fault_clear(invocation->op); /* nobody can finish it; the journal says that it was not */
        return ERR_OK;
    }
    op_fault_prefix(invocation->op, "what was to be forgotten earlier is not yet: ");
    return err;
}

static enum err forget(struct forgetting *forgetting, struct history_forgotten *ret)
{
    struct invocation *invocation = forgetting->invocation;
    struct op *op = invocation->op;
    struct node *node = invocation->node;
    TRY(forget_read(forgetting));
    TRY(past_changing(op, node));
    TRY(past_settle(op, node));
    struct past_meanwhile meanwhile;
    past_meanwhile_begin(op, node, invocation->roles, &meanwhile);
    os_random(forgetting->id.bytes, sizeof forgetting->id.bytes);
    enum err err = earlier_finish(invocation);
    err = err == ERR_OK ? rule_carry_out(forgetting, ret) : err;
    past_meanwhile_end(&meanwhile);
    err = err == ERR_OK ? losses_notice(op, node) : err;
    if (err != ERR_OK && forgetting->entry != 0) {
        op_fault_prefix(op,
                        "begun and not finished (the rule is journal entry %llu; the next watch or "
                        "'linie history compact' goes on with it): ",
                        (unsigned long long)forgetting->entry);
    }
    return err;
}

/* ---- saying ---- */

/* What holds the value and is remembered as a hash cannot be told from others. */
static bool hides_holders(const struct forgetting *forgetting)
{
    static const enum value_kind holders[] = { VALUE_URL, VALUE_EMAIL, VALUE_IP_PORT };
    const struct history_rules *rules = &forgetting->invocation->node->history_rules;
    bool alone = forgetting->forget.value == NULL || forgetting->forget.kind != VALUE_NONE;
    bool hides = false;
    for (size_t i = 0; i < sizeof holders / sizeof holders[0] && !alone; i++) {
        hides = hides || (rules->keep[holders[i]] == HISTORY_KEEP_HASHED &&
                          forgetting->value.kind != holders[i]);
    }
    return hides;
}

static void tell(const struct forgetting *forgetting, const struct history_forgotten *gone)
{
    const struct invocation *invocation = forgetting->invocation;
    char text[64];
    struct flow flow;
    flow_begin(&flow, invocation, INDENT);
    flow_words(&flow, "%s forgotten; the rule is journal entry %llu",
               print_counted(gone->count, "sighting", "sightings", text, sizeof text),
               (unsigned long long)forgetting->entry);
    flow_end(&flow);
    if (hides_holders(forgetting)) {
        flow_begin(&flow, invocation, INDENT);
        flow_words(&flow,
                   "Kinds that are remembered as hashes (linie.conf, [history]) are found by "
                   "their own value only: what holds this one among them stays.");
        flow_end(&flow);
    }
    if (gone->lost > 0) {
        flow_begin(&flow, invocation, INDENT);
        flow_words(&flow,
                   "%s of the history could not be read and went whole, since it may have stood "
                   "there: see 'linie history losses'.",
                   print_counted(gone->lost, "damaged piece", "damaged pieces", text, sizeof text));
        flow_end(&flow);
    }
    flow_begin(&flow, invocation, INDENT);
    flow_words(&flow, "Hits and the lines kept with them, what hunts asked for, logs and backups "
                      "are not touched: see 'linie hits' and 'linie erase'.");
    flow_end(&flow);
}

int command_history_forget(struct invocation *invocation)
{
    struct forgetting forgetting = { .invocation = invocation };
    struct history_forgotten gone = { .postings = 0 };
    if (forget(&forgetting, &gone) != ERR_OK) {
        return command_fail(invocation);
    }
    if (invocation->json) {
        fprintf(invocation->out,
                "{\"sightings\":%llu,\"postings\":%llu,\"lost\":%llu,\"entry\":%llu}\n",
                (unsigned long long)gone.count, (unsigned long long)gone.postings,
                (unsigned long long)gone.lost, (unsigned long long)forgetting.entry);
    } else {
        tell(&forgetting, &gone);
    }
    return EXIT_DONE;
}
