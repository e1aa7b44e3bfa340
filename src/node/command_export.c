// SPDX-License-Identifier: EUPL-1.2
/*
 * linie export: indicators as block lists and detection rules of other programs. What goes out is
 * decided here, by label, permissible actions, validity, confidence and the allow lists; how it is
 * written, in exchange/.
 */
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "exchange/export.h"
#include "node/allowed.h"
#include "node/command.h"
#include "node/covering.h"
#include "node/entries.h"
#include "node/flow.h"
#include "os/clock.h"
#include "os/descriptor.h"
#include "os/disk.h"

enum {
    EXPORT_MEMORY_MAX = 0x7FFFFFFF,
    ID_MEMORY_MAX = 64 * 1024,  /* of one indicator */
    FIRST_ID_DEFAULT = 8800000, /* of Suricata's rules: its range for local use */
    CONFIDENCE_MAX = 100,
    FILE_MODE = 0640,
};

/* Why an indicator is not in the export. */
enum left_out {
    LEFT_OUT_NOTHING = 0,
    LEFT_OUT_TLP,
    LEFT_OUT_PAP,
    LEFT_OUT_VALIDITY,
    LEFT_OUT_CONFIDENCE,
    LEFT_OUT_UNFIT,
    LEFT_OUT_ALLOWED,
    LEFT_OUT_FORMAT,
    LEFT_OUT_COUNT,
};

static const char *const left_out_words[LEFT_OUT_COUNT] = {
    [LEFT_OUT_TLP] = "whose TLP label allows it not",
    [LEFT_OUT_PAP] = "whose PAP marking allows no blocking",
    [LEFT_OUT_VALIDITY] = "not valid now",
    [LEFT_OUT_CONFIDENCE] = "of less confidence",
    [LEFT_OUT_UNFIT] = "not fit to be watched",
    [LEFT_OUT_ALLOWED] = "that an allow list silences",
    [LEFT_OUT_FORMAT] = "that the format has no words for",
};

static const char *const left_out_keys[LEFT_OUT_COUNT] = {
    [LEFT_OUT_TLP] = "left_out_tlp",           [LEFT_OUT_PAP] = "left_out_pap",
    [LEFT_OUT_VALIDITY] = "left_out_validity", [LEFT_OUT_CONFIDENCE] = "left_out_confidence",
    [LEFT_OUT_UNFIT] = "left_out_unfit",       [LEFT_OUT_ALLOWED] = "left_out_allowed",
    [LEFT_OUT_FORMAT] = "left_out_format",
};

struct exporting {
    struct invocation *invocation;
    struct op work;    /* memory of what is exported */
    struct op scratch; /* of one indicator */
    struct allowed *allowed;
    struct covering covering;
    struct covering_cases covers; /* of what blocks */
    struct entry_selection selection;
    struct export_options options;
    enum policy_tlp tlp; /* the narrowest label that may go in */
    uint8_t confidence;  /* at least; 0: all */
    int64_t now_us;
    struct export *out;
    enum policy_tlp highest; /* of what went in */
    uint64_t left_out[LEFT_OUT_COUNT];
    char notice[EXPORT_NAME_SIZE_MAX];
    struct value_buf zone;
};

/* ---- options ---- */

static enum err format_read(struct exporting *x)
{
    struct op *op = x->invocation->op;
    const char *format = command_value(x->invocation, "format");
    const char *action = command_value(x->invocation, "action");
    for (unsigned i = 0; format != NULL && i < EXPORT_FORMAT_COUNT; i++) {
        if (strcmp(format, export_format_name((enum export_format)i)) == 0) {
            x->options.format = (enum export_format)i;
            format = NULL;
        }
    }
    if (format != NULL || command_value(x->invocation, "format") == NULL) {
        return op_fail(op, ERR_FORMAT, "--format %s: plain, nft, rpz, suricata or zeek",
                       format == NULL ? "is missing" : format);
    }
    for (unsigned i = 0; action != NULL && i < EXPORT_ACTION_COUNT; i++) {
        if (strcmp(action, export_action_name((enum export_action)i)) == 0) {
            x->options.action = (enum export_action)i;
            action = NULL;
        }
    }
    return action == NULL ? ERR_OK
                          : op_fail(op, ERR_FORMAT, "--action %s: alert, drop or reject", action);
}

/* What another format alone has a use for says that something else was meant. */
static enum err strays_refuse(const struct exporting *x)
{
    static const struct {
        const char *option;
        enum export_format format;
    } owned[] = {
        { "zone", EXPORT_RPZ },
        { "chains", EXPORT_NFT },
        { "action", EXPORT_SURICATA },
        { "sid", EXPORT_SURICATA },
    };
    for (size_t i = 0; i < sizeof owned / sizeof owned[0]; i++) {
        bool given = command_value(x->invocation, owned[i].option) != NULL;
        if (given && x->options.format != owned[i].format) {
            return op_fail(x->invocation->op, ERR_FORMAT, "--%s: only with --format %s",
                           owned[i].option, export_format_name(owned[i].format));
        }
    }
    return ERR_OK;
}

static enum err number_read(struct exporting *x, const char *name, uint64_t max, uint64_t *ret)
{
    const char *text = command_value(x->invocation, name);
    if (text != NULL && (span_to_u64(span_of(text), ret) != ERR_OK || *ret > max)) {
        return op_fail(x->invocation->op, ERR_FORMAT, "--%s %s: not a number up to %llu", name,
                       text, (unsigned long long)max);
    }
    return ERR_OK;
}

static enum err zone_read(struct exporting *x)
{
    const char *zone = command_value(x->invocation, "zone");
    struct value value;
    zone = zone == NULL ? "rpz.linie" : zone;
    if (strlen(zone) > EXPORT_NAME_SIZE_MAX ||
        value_parse(VALUE_DOMAIN, span_of(zone), &x->zone, &value) != ERR_OK) {
        return op_fail(x->invocation->op, ERR_FORMAT, "--zone %s: not a domain name", zone);
    }
    x->options.zone = value.key;
    return ERR_OK;
}

static enum err options_read(struct exporting *x)
{
    struct invocation *invocation = x->invocation;
    const char *tlp = command_value(invocation, "tlp");
    uint64_t confidence = 0;
    uint64_t first_id = FIRST_ID_DEFAULT;
    x->tlp = POLICY_TLP_AMBER_STRICT; /* lists stay within the organisation */
    if (tlp != NULL &&
        (policy_tlp_from_name(span_of(tlp), &x->tlp) != ERR_OK || x->tlp == POLICY_TLP_UNKNOWN)) {
        return op_fail(invocation->op, ERR_FORMAT,
                       "--tlp %s: not a TLP label: CLEAR, GREEN, AMBER, AMBER+STRICT or RED", tlp);
    }
    TRY(command_kind(invocation, &x->selection.kind));
    x->selection.set = span_of(command_value(invocation, "set"));
    x->selection.source = span_of(command_value(invocation, "source"));
    x->options.chains = command_value(invocation, "chains") != NULL;
    TRY(format_read(x));
    TRY(strays_refuse(x));
    TRY(number_read(x, "confidence", CONFIDENCE_MAX, &confidence));
    TRY(number_read(x, "sid", UINT32_MAX / 2, &first_id));
    x->confidence = (uint8_t)confidence;
    x->options.first_id = (uint32_t)first_id;
    return zone_read(x);
}

/* ---- choosing ---- */

static enum left_out judge(const struct exporting *x, const struct entry *entry)
{
    enum policy_act act = export_blocks(&x->options) ? POLICY_ACT_BLOCK : POLICY_ACT_DETECT;
    if (entry->tlp > x->tlp) {
        return LEFT_OUT_TLP;
    }
    if (!policy_pap_allows(entry->pap, x->invocation->node->config->pap, act)) {
        return LEFT_OUT_PAP;
    }
    bool early = entry->valid_from_us != TIME_US_NONE && entry->valid_from_us > x->now_us;
    bool late = entry->valid_until_us != TIME_US_NONE && entry->valid_until_us <= x->now_us;
    if (early || late) {
        return LEFT_OUT_VALIDITY;
    }
    if (entry->verdict != VALUE_FIT) {
        return LEFT_OUT_UNFIT;
    }
    bool unsure = entry->confidence < x->confidence ||
                  (x->confidence > 0 && entry->confidence == PACK_CONFIDENCE_UNKNOWN);
    return unsure ? LEFT_OUT_CONFIDENCE : LEFT_OUT_NOTHING;
}

/* A list that speaks of one inside host alone keeps nothing out: others may meet it. */
static enum err ask_allowed(struct exporting *x, const struct entry *entry, enum left_out *why)
{
    struct span id = entry->id;
    struct allowed_word word = allowed_indicator(x->allowed, entry->value, id, x->now_us);
    if (word.effect != RANK_SILENCED && id.size == 0 && allowed_names_indicators(x->allowed)) {
        TRY(entry_id(&x->scratch, entry, &id));
        word = allowed_indicator(x->allowed, entry->value, id, x->now_us);
        arena_reset(&x->scratch.arena);
    }
    *why = word.effect == RANK_SILENCED ? LEFT_OUT_ALLOWED : LEFT_OUT_NOTHING;
    return ERR_OK;
}

static enum err visit(void *context, const struct entry *entry)
{
    struct exporting *x = context;
    enum left_out why = judge(x, entry);
    if (why == LEFT_OUT_NOTHING) {
        TRY(ask_allowed(x, entry, &why));
    }
    if (why == LEFT_OUT_NOTHING) {
        const struct export_item item = { .value = *entry->value,
                                          .scope = entry->scope,
                                          .source = entry->source };
        enum err err = export_add(x->out, &item);
        why = err == ERR_UNSUPPORTED ? LEFT_OUT_FORMAT : LEFT_OUT_NOTHING;
        if (err != ERR_OK && err != ERR_UNSUPPORTED) {
            return err;
        }
        if (err == ERR_OK && export_blocks(&x->options) && !allowed_is_empty(x->allowed)) {
            TRY(covering_note(&x->covering, &x->work, &item.value, item.scope));
        }
    }
    x->left_out[why]++;
    if (why == LEFT_OUT_NOTHING) {
        x->highest = policy_tlp_tighten(x->highest, entry->tlp);
    }
    return ERR_OK;
}

static enum err choose(struct exporting *x)
{
    struct node *node = x->invocation->node;
    uint64_t indicators = 0;
    uint64_t allowed = 0;
    x->now_us = os_clock_us();
    TRY(store_indicators_version(x->invocation->op, node->store, &indicators));
    TRY(store_allowed_version(x->invocation->op, node->store, &allowed));
    TRY(allowed_open(x->invocation->op, node, &x->allowed));
    x->options.serial = (uint32_t)(indicators > allowed ? indicators : allowed);
    TRY(export_begin(&x->work, &x->options, &x->out));
    TRY(entries_walk(x->invocation->op, node, &x->selection, visit, x));
    TRY(covering_find(&x->covering, x->invocation->op, node, x->now_us, &x->covers));
    snprintf(x->notice, sizeof x->notice, "TLP:%s", policy_tlp_name(x->highest));
    x->options.notice = span_of(x->notice);
    return ERR_OK;
}

/* ---- writing ---- */

static enum err write_all(struct op *op, int fd, const char *path, struct span text)
{
    while (text.size > 0) {
        ssize_t written = write(fd, text.data, text.size);
        if (written < 0 && errno != EINTR) {
            return op_fail(op, errno == ENOSPC ? ERR_FULL : ERR_IO, "%s: %s", path,
                           strerror(errno));
        }
        text = span_from(text, written < 0 ? 0 : (size_t)written);
    }
    return ERR_OK;
}

/* A reader of the file sees the old one or the new one, never a half. */
static enum err file_replace(struct op *op, int folder, const char *path, struct span text)
{
    char temporary[DISK_PATH_SIZE_MAX];
    int size = snprintf(temporary, sizeof temporary, "%s.%ld.part", path, (long)getpid());
    if (size < 0 || (size_t)size >= sizeof temporary) {
        return op_fail(op, ERR_LIMIT, "%s: the path is too long", path);
    }
    int fd =
        openat(folder, temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, FILE_MODE);
    if (fd < 0) {
        return op_fail(op, ERR_IO, "%s: %s", temporary, strerror(errno));
    }
    enum err err = write_all(op, fd, temporary, text);
    if (err == ERR_OK && fsync(fd) != 0) {
        err = op_fail(op, ERR_IO, "%s: %s", temporary, strerror(errno));
    }
    close(fd);
    if (err == ERR_OK && renameat(folder, temporary, folder, path) != 0) {
        err = op_fail(op, ERR_IO, "%s: %s", path, strerror(errno));
    }
    if (err != ERR_OK) {
        (void)unlinkat(folder, temporary, 0);
    }
    return err;
}

/* Lists first: the file that loads them comes last. */
static enum err files_write(struct exporting *x, const char *to, const struct export_file *files,
                            size_t count)
{
    struct op *op = x->invocation->op;
    int folder = x->invocation->folder;
    if (x->options.format != EXPORT_SURICATA) {
        return file_replace(op, folder, to, buf_span(&files[0].text));
    }
    if (mkdirat(folder, to, 0750) != 0 && errno != EEXIST) { /* who may read is the owner's say */
        return op_fail(op, ERR_IO, "%s: %s", to, strerror(errno));
    }
    for (size_t i = count; i > 0; i--) {
        char path[DISK_PATH_SIZE_MAX];
        int size = snprintf(path, sizeof path, "%s/%s", to, files[i - 1].name);
        if (size < 0 || (size_t)size >= sizeof path) {
            return op_fail(op, ERR_LIMIT, "%s: the path is too long", to);
        }
        TRY(file_replace(op, folder, path, buf_span(&files[i - 1].text)));
    }
    return ERR_OK;
}

static enum err hand_out(struct exporting *x, const struct export_file *files, size_t count)
{
    const char *to = command_value(x->invocation, "to");
    if (to != NULL) {
        return files_write(x, to, files, count);
    }
    if (x->options.format == EXPORT_SURICATA) {
        return op_fail(x->invocation->op, ERR_FORMAT,
                       "suricata's rules load lists: name a folder for them with --to");
    }
    struct span text = buf_span(&files[0].text);
    (void)fwrite(text.data, 1, text.size, x->invocation->out);
    return ERR_OK;
}

/* On standard error: standard output may be the list itself. */
static void tell(const struct exporting *x, size_t values)
{
    FILE *err = x->invocation->err;
    fprintf(err, "%zu %s, TLP:%s\n", values, values == 1 ? "value" : "values",
            policy_tlp_name(x->highest));
    for (unsigned i = LEFT_OUT_TLP; i < LEFT_OUT_COUNT; i++) {
        if (x->left_out[i] > 0) {
            fprintf(err, "left out: %llu %s\n", (unsigned long long)x->left_out[i],
                    left_out_words[i]);
        }
    }
}

/* Whoever loads the list may have to let something through. */
static void tell_covers(const struct exporting *x)
{
    const struct covering_cases *covers = &x->covers;
    struct invocation on_err = *x->invocation;
    struct flow flow;
    if (covers->count == 0) {
        return;
    }
    on_err.out = on_err.err;
    flow_begin(&flow, &on_err, 2);
    flow_words(&flow, "blocked with others, though an allow list silences it: by %llu %s,",
               (unsigned long long)covers->count, covers->count == 1 ? "value" : "values");
    for (size_t i = 0; i < COVERING_SHOWN_MAX && i < covers->count; i++) {
        flow_value(&flow, i == 0 ? "such as" : "", covers->first[i].allowed, "");
        flow_value(&flow, "by", covers->first[i].indicator, "");
        flow_value(&flow, "(list", covers->first[i].list, i + 1 < covers->count ? ")," : ")");
    }
    if (covers->count > COVERING_SHOWN_MAX) {
        flow_words(&flow, "...");
    }
    flow_end(&flow);
}

static void tell_json(const struct exporting *x, size_t values)
{
    FILE *to = command_value(x->invocation, "to") != NULL ? x->invocation->out : x->invocation->err;
    fprintf(to, "{\"values\":%zu,\"tlp\":\"%s\"", values, policy_tlp_name(x->highest));
    for (unsigned i = LEFT_OUT_TLP; i < LEFT_OUT_COUNT; i++) {
        fprintf(to, ",\"%s\":%llu", left_out_keys[i], (unsigned long long)x->left_out[i]);
    }
    fprintf(to, ",\"covers_allowed\":%llu}\n", (unsigned long long)x->covers.count);
}

static enum err run(struct exporting *x)
{
    struct export_file files[EXPORT_FILE_COUNT_MAX];
    size_t count = 0;
    size_t values = 0;
    TRY(options_read(x));
    TRY(choose(x));
    enum err err = export_finish(x->out, files, &count, &values);
    if (err != ERR_OK) {
        err = op_fail(x->invocation->op, err, "%s", x->work.fault.text);
    } else {
        err = hand_out(x, files, count);
    }
    for (size_t i = 0; i < count; i++) {
        buf_done(&files[i].text);
    }
    TRY(err);
    if (x->invocation->json) {
        tell_json(x, values);
    } else {
        tell(x, values);
        tell_covers(x);
    }
    return ERR_OK;
}

int command_export(struct invocation *invocation)
{
    struct exporting *x = op_alloc(invocation->op, sizeof *x);
    if (x == NULL) {
        return command_fail(invocation);
    }
    x->invocation = invocation;
    op_begin(&x->work, &invocation->op->actor, EXPORT_MEMORY_MAX);
    op_begin(&x->scratch, &invocation->op->actor, ID_MEMORY_MAX);
    enum err err = run(x);
    allowed_close(x->allowed);
    covering_done(&x->covering);
    op_end(&x->scratch);
    op_end(&x->work);
    return err == ERR_OK ? EXIT_DONE : command_fail(invocation);
}
