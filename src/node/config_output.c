// SPDX-License-Identifier: EUPL-1.2
#include "node/config_output.h"

#include "base/must.h"

enum {
    SIZE_MAX_PRESET = 100 * 1024 * 1024,
    KEEP_PRESET = 7,
    KEEP_MAX = 999,
    BATCH_MAX = 500,
    BATCH_PRESET = 100,
    EVERY_PRESET_S = 15 * 60,
    ALARM_PRESET_S = 10 * 60,
    EVERY_MAX_S = 24 * 60 * 60,
    MODE_PRIVATE = 0600,
    AGE_MAX_S = 366 * 24 * 60 * 60,
};

struct setting {
    const char *key;
    enum err (*set)(struct op *op, struct config_output *output, struct span value);
    unsigned kinds; /* that use it */
};

/* ---- kinds of values ---- */

static enum err yes_or_no(struct op *op, struct span value, bool *ret)
{
    bool yes = span_equal(value, SPAN("yes"));
    if (!yes && !span_equal(value, SPAN("no"))) {
        return op_fail(op, ERR_FORMAT, "neither yes nor no");
    }
    *ret = yes;
    return ERR_OK;
}

struct unit {
    uint8_t letter;
    uint64_t factor;
};

/* "100M", "24h": a number and a letter. 0 needs none. */
static enum err amount(struct op *op, struct span value, const struct unit *units, uint64_t *ret)
{
    uint64_t number = 0;
    enum { NUMBER_MAX = 1000000 };
    if (span_equal(value, SPAN("0"))) {
        *ret = 0;
        return ERR_OK;
    }
    struct span digits = span_slice(value, 0, value.size > 0 ? value.size - 1 : 0);
    if (span_to_u64(digits, &number) == ERR_OK && number <= NUMBER_MAX) {
        for (const struct unit *unit = units; unit->letter != 0; unit++) {
            if (value.data[value.size - 1] == unit->letter) {
                *ret = number * unit->factor;
                return ERR_OK;
            }
        }
    }
    return op_fail(op, ERR_FORMAT, "no number with a unit");
}

enum err config_time_read(struct op *op, struct span value, uint32_t max_s, uint32_t *ret)
{
    static const struct unit units[] = {
        { 's', 1 }, { 'm', 60 }, { 'h', 3600 }, { 'd', 86400 }, { 0, 0 },
    };
    uint64_t number = 0;
    if (amount(op, value, units, &number) != ERR_OK || number > max_s) {
        op_fault_clear(op);
        return op_fail(op, ERR_FORMAT, "not a time such as 90s, 15m, 24h or 7d, at most %ud",
                       max_s / 86400); /* seconds of a day */
    }
    *ret = (uint32_t)number;
    return ERR_OK;
}

enum err config_size_read(struct op *op, struct span value, uint64_t *ret)
{
    static const struct unit units[] = {
        { 'K', 1 << 10 },
        { 'M', 1 << 20 },
        { 'G', 1 << 30 },
        { 0, 0 },
    };
    if (amount(op, value, units, ret) != ERR_OK) {
        op_fault_clear(op);
        return op_fail(op, ERR_FORMAT, "not a size such as 500K, 100M or 2G");
    }
    return ERR_OK;
}

static enum err whole(struct op *op, struct span value, uint32_t min, uint32_t max, uint32_t *ret)
{
    uint64_t number = 0;
    if (span_to_u64(value, &number) != ERR_OK || number < min || number > max) {
        return op_fail(op, ERR_FORMAT, "not a number from %u to %u", (unsigned)min, (unsigned)max);
    }
    *ret = (uint32_t)number;
    return ERR_OK;
}

static enum err text(struct op *op, struct span value, struct span *ret)
{
    if (value.size == 0 || value.size > FETCH_TEXT_SIZE_MAX) {
        return op_fail(op, ERR_FORMAT, "empty, or longer than %d bytes", FETCH_TEXT_SIZE_MAX);
    }
    return op_copy(op, value, ret);
}

/* ---- where ---- */

static enum err set_kind(struct op *op, struct config_output *output, struct span value)
{
    return fetch_kind_from_name(value, &output->to.kind) == ERR_OK
               ? ERR_OK
               : op_fail(op, ERR_FORMAT, "not a kind: file, syslog, unix, webhook or mail");
}

static enum err set_path(struct op *op, struct config_output *output, struct span value)
{
    return text(op, value, &output->to.path);
}

static enum err set_url(struct op *op, struct config_output *output, struct span value)
{
    return text(op, value, &output->to.url);
}

static enum err set_from(struct op *op, struct config_output *output, struct span value)
{
    return text(op, value, &output->to.from);
}

static enum err set_to(struct op *op, struct config_output *output, struct span value)
{
    return text(op, value, &output->to.to);
}

static enum err set_user(struct op *op, struct config_output *output, struct span value)
{
    return text(op, value, &output->to.user);
}

static enum err set_password_file(struct op *op, struct config_output *output, struct span value)
{
    return text(op, value, &output->password_file);
}

static enum err set_secret_file(struct op *op, struct config_output *output, struct span value)
{
    return text(op, value, &output->secret_file);
}

static enum err set_ca_file(struct op *op, struct config_output *output, struct span value)
{
    return text(op, value, &output->to.ca_file);
}

static enum err set_cert_file(struct op *op, struct config_output *output, struct span value)
{
    return text(op, value, &output->to.cert_file);
}

static enum err set_key_file(struct op *op, struct config_output *output, struct span value)
{
    return text(op, value, &output->to.key_file);
}

/* ---- how ---- */

static enum err set_format(struct op *op, struct config_output *output, struct span value)
{
    output->has_format = true;
    return output_format_from_name(value, &output->format) == ERR_OK
               ? ERR_OK
               : op_fail(op, ERR_FORMAT, "not a format: json, eve, rfc5424, local or text");
}

static enum err set_facility(struct op *op, struct config_output *output, struct span value)
{
    static const char *const names[OUTPUT_FACILITY_MAX + 1] = {
        "kern",   "user",   "mail",     "daemon", "auth",   "syslog", "lpr",    "news",
        "uucp",   "cron",   "authpriv", "ftp",    "ntp",    "audit",  "alert",  "clock",
        "local0", "local1", "local2",   "local3", "local4", "local5", "local6", "local7",
    };
    for (unsigned i = 0; i <= OUTPUT_FACILITY_MAX; i++) {
        if (span_equal(value, span_of(names[i]))) {
            output->facility = (uint8_t)i;
            return ERR_OK;
        }
    }
    return op_fail(op, ERR_FORMAT, "not a facility: local0 to local7, daemon, auth, audit, ...");
}

static enum err set_size_max(struct op *op, struct config_output *output, struct span value)
{
    return config_size_read(op, value, &output->to.size_max);
}

static enum err set_age_max(struct op *op, struct config_output *output, struct span value)
{
    return config_time_read(op, value, AGE_MAX_S, &output->to.age_max_s);
}

static enum err set_keep(struct op *op, struct config_output *output, struct span value)
{
    return whole(op, value, 1, KEEP_MAX, &output->to.keep);
}

static enum err set_mode(struct op *op, struct config_output *output, struct span value)
{
    static const struct {
        const char *word;
        uint32_t mode;
    } modes[] = { { "600", 0600 }, { "640", 0640 }, { "644", 0644 }, { "660", 0660 } };
    for (size_t i = 0; i < sizeof modes / sizeof modes[0]; i++) {
        if (span_equal(value, span_of(modes[i].word))) {
            output->to.mode = modes[i].mode;
            return ERR_OK;
        }
    }
    return op_fail(op, ERR_FORMAT, "not a mode: 600, 640, 644 or 660");
}

static enum err set_sync(struct op *op, struct config_output *output, struct span value)
{
    return yes_or_no(op, value, &output->to.sync);
}

static enum err set_datagram(struct op *op, struct config_output *output, struct span value)
{
    return yes_or_no(op, value, &output->to.datagram);
}

static enum err set_batch(struct op *op, struct config_output *output, struct span value)
{
    return whole(op, value, 1, BATCH_MAX, &output->to.batch_max);
}

static enum err set_every(struct op *op, struct config_output *output, struct span value)
{
    return config_time_read(op, value, EVERY_MAX_S, &output->to.every_s);
}

/* ---- what ---- */

static enum err set_tlp(struct op *op, struct config_output *output, struct span value)
{
    bool known = policy_tlp_from_name(value, &output->tlp_max) == ERR_OK &&
                 output->tlp_max != POLICY_TLP_UNKNOWN;
    return known ? ERR_OK
                 : op_fail(op, ERR_FORMAT,
                           "not a TLP label: CLEAR, GREEN, AMBER, AMBER+STRICT or RED");
}

/* A level, or its points: the rank from which on hits go there. */
static enum err set_rank(struct op *op, struct config_output *output, struct span value)
{
    enum rank_level level = RANK_SILENT;
    uint64_t points = 0;
    if (rank_level_from_name(value, &level) == ERR_OK) {
        while (points < RANK_MAX && rank_level_of((unsigned)points) < level) {
            points++;
        }
    } else if (span_to_u64(value, &points) != ERR_OK || points > RANK_MAX) {
        return op_fail(op, ERR_FORMAT,
                       "not a rank: silent, low, medium, high, critical, or 0 to %d", RANK_MAX);
    }
    output->rank_min = (unsigned)points;
    return ERR_OK;
}

static enum err set_indicators(struct op *op, struct config_output *output, struct span value)
{
    struct span rest = value;
    struct span word;
    while (span_next(&rest, ' ', &word)) {
        enum value_kind kind = VALUE_NONE;
        if (word.size > 0 && value_kind_from_name(word, &kind) != ERR_OK) {
            return op_fail(op, ERR_FORMAT, "not kinds of indicators, parted by spaces");
        }
        output->kinds |= kind == VALUE_NONE ? 0 : UINT64_C(1) << kind;
    }
    return ERR_OK;
}

static bool event_find(struct span word, unsigned *events)
{
    for (unsigned i = 0; i < STORE_EVENT_COUNT; i++) {
        if (span_equal(word, span_of(store_event_type_name((enum store_event_type)i)))) {
            *events |= 1u << i;
            return true;
        }
    }
    return false;
}

static enum err set_events(struct op *op, struct config_output *output, struct span value)
{
    struct span rest = value;
    struct span word;
    unsigned events = 0;
    while (span_next(&rest, ' ', &word)) {
        if (word.size > 0 && !event_find(word, &events)) {
            return op_fail(op, ERR_FORMAT, "not events: opened, grown, closed, notice");
        }
    }
    output->events = events;
    return ERR_OK;
}

static enum err set_looked_back(struct op *op, struct config_output *output, struct span value)
{
    static const char *const words[] = { [CONFIG_LOOKED_BACK_TOO] = "yes",
                                         [CONFIG_LOOKED_BACK_NOT] = "no",
                                         [CONFIG_LOOKED_BACK_ONLY] = "only" };
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
        if (span_equal(value, span_of(words[i]))) {
            output->looked_back = (enum config_looked_back)i;
            return ERR_OK;
        }
    }
    return op_fail(op, ERR_FORMAT, "neither yes, no nor only");
}

static enum err set_alarm(struct op *op, struct config_output *output, struct span value)
{
    return config_time_read(op, value, AGE_MAX_S, &output->alarm_s);
}

static enum err set_exercises(struct op *op, struct config_output *output, struct span value)
{
    return yes_or_no(op, value, &output->exercises);
}

static enum err set_begin(struct op *op, struct config_output *output, struct span value)
{
    output->from_start = span_equal(value, SPAN("start"));
    return output->from_start || span_equal(value, SPAN("now"))
               ? ERR_OK
               : op_fail(op, ERR_FORMAT, "neither now nor start");
}

/* The kinds that use a key. */
enum {
    IN_FILE = 1u << FETCH_FILE,
    IN_UNIX = 1u << FETCH_UNIX,
    IN_SYSLOG = 1u << FETCH_SYSLOG,
    IN_WEBHOOK = 1u << FETCH_WEBHOOK,
    IN_MAIL = 1u << FETCH_MAIL,
    ANY = IN_FILE | IN_UNIX | IN_SYSLOG | IN_WEBHOOK | IN_MAIL,
};

static const struct setting settings[] = {
    { "kind", set_kind, ANY },
    { "path", set_path, IN_FILE | IN_UNIX },
    { "url", set_url, IN_SYSLOG | IN_WEBHOOK | IN_MAIL },
    { "from", set_from, IN_MAIL },
    { "to", set_to, IN_MAIL },
    { "user", set_user, IN_MAIL },
    { "password-file", set_password_file, IN_MAIL },
    { "secret-file", set_secret_file, IN_WEBHOOK },
    { "ca-file", set_ca_file, IN_SYSLOG | IN_WEBHOOK | IN_MAIL },
    { "cert-file", set_cert_file, IN_SYSLOG | IN_WEBHOOK | IN_MAIL },
    { "key-file", set_key_file, IN_SYSLOG | IN_WEBHOOK | IN_MAIL },
    { "format", set_format, ANY },
    { "facility", set_facility, IN_FILE | IN_UNIX | IN_SYSLOG },
    { "size-max", set_size_max, IN_FILE },
    { "age-max", set_age_max, IN_FILE },
    { "keep", set_keep, IN_FILE },
    { "mode", set_mode, IN_FILE },
    { "sync", set_sync, IN_FILE },
    { "datagram", set_datagram, IN_UNIX },
    { "batch", set_batch, IN_WEBHOOK | IN_MAIL },
    { "every", set_every, IN_MAIL },
    { "tlp", set_tlp, ANY },
    { "rank", set_rank, ANY },
    { "indicators", set_indicators, ANY },
    { "events", set_events, ANY },
    { "looked-back", set_looked_back, ANY },
    { "alarm", set_alarm, ANY },
    { "exercises", set_exercises, ANY },
    { "begin", set_begin, ANY },
};

enum { SETTING_COUNT = sizeof settings / sizeof settings[0] };

void config_output_begin(struct config_output *output)
{
    *output = (struct config_output){
        .to = {
            .size_max = SIZE_MAX_PRESET,
            .keep = KEEP_PRESET,
            .mode = MODE_PRIVATE,
            .sync = true,
            .batch_max = BATCH_PRESET,
            .every_s = EVERY_PRESET_S,
        },
        .facility = OUTPUT_FACILITY_DEFAULT,
        .tlp_max = POLICY_TLP_AMBER_STRICT,
        .rank_min = 1,
        .alarm_s = ALARM_PRESET_S,
        .events = 1u << STORE_EVENT_OPENED | 1u << STORE_EVENT_CLOSED | 1u << STORE_EVENT_NOTICE,
    };
}

/* Whoever writes a key that does nothing believes that it does. The kind may stand behind it: then
 * that is where it is told. */
static enum err stray_check(struct op *op, const struct config_output *output)
{
    enum fetch_kind kind = output->to.kind;
    for (size_t i = 0; i < SETTING_COUNT && kind != FETCH_NONE; i++) {
        bool given = (output->given & (uint64_t)1 << i) != 0;
        if (given && (settings[i].kinds & 1u << kind) == 0) {
            return op_fail(op, ERR_FORMAT, "\"%s\" is not for kind = %s", settings[i].key,
                           fetch_kind_name(kind));
        }
    }
    return ERR_OK;
}

enum err config_output_set(struct op *op, struct config_output *output, struct span key,
                           struct span value)
{
    for (size_t i = 0; i < SETTING_COUNT; i++) {
        if (span_equal(key, span_of(settings[i].key))) {
            TRY(settings[i].set(op, output, value));
            output->given |= (uint64_t)1 << i;
            return stray_check(op, output);
        }
    }
    return ERR_ABSENT;
}

/* ---- the whole ---- */

static enum output_format format_of(const struct fetch_output *to)
{
    switch (to->kind) {
    case FETCH_SYSLOG:
        return span_starts_with(to->url, SPAN("unix:")) ? OUTPUT_LOCAL : OUTPUT_RFC5424;
    case FETCH_MAIL:
        return OUTPUT_TEXT;
    case FETCH_NONE:
    case FETCH_FILE:
    case FETCH_UNIX:
    case FETCH_WEBHOOK:
    case FETCH_KIND_COUNT:
        break;
    }
    return OUTPUT_JSON;
}

/* What a kind of receiver cannot take at all. */
static bool format_fits(enum fetch_kind kind, enum output_format format)
{
    if (kind == FETCH_WEBHOOK) {
        return format == OUTPUT_JSON || format == OUTPUT_EVE;
    }
    return kind != FETCH_MAIL || format == OUTPUT_TEXT;
}

enum err config_output_end(struct op *op, struct config_output *output)
{
    struct fetch_output checked = output->to;
    struct buf path;
    buf_init(&path, FETCH_TEXT_SIZE_MAX + 1);
    buf_add(&path, SPAN("/")); /* relative ones begin at a folder that is not known here */
    buf_add(&path, checked.path);
    checked.path = checked.path.size > 0 ? buf_span(&path) : checked.path;
    enum err err = path.err == ERR_OK ? fetch_output_check(op, &checked)
                                      : op_fail(op, ERR_LIMIT, "\"path\" is too long");
    buf_done(&path);
    TRY(err);
    if (!output->has_format) {
        output->format = format_of(&output->to);
    }
    if (!format_fits(output->to.kind, output->format)) {
        return op_fail(op, ERR_FORMAT, "\"format\": a %s cannot be %s",
                       fetch_kind_name(output->to.kind), output_format_name(output->format));
    }
    bool certified =
        output->to.ca_file.size + output->to.cert_file.size + output->to.key_file.size > 0;
    if (certified && output->to.kind == FETCH_SYSLOG &&
        !span_starts_with(output->to.url, SPAN("tls:"))) {
        return op_fail(op, ERR_FORMAT,
                       "\"ca-file\", \"cert-file\" and \"key-file\" go with tls://");
    }
    bool login = output->to.user.size > 0 && output->password_file.size > 0;
    if (!login && (output->to.user.size > 0 || output->password_file.size > 0)) {
        return op_fail(op, ERR_FORMAT, "\"user\" and \"password-file\" go together");
    }
    return ERR_OK;
}
