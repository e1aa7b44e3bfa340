// SPDX-License-Identifier: EUPL-1.2
#include "node/config.h"

#include <ini.h>
#include <stdio.h>

#include "base/must.h"
#include "base/text.h"
#include "intake/message.h"
#include "node/config_mapping.h"
#include "node/near.h"
#include "observe/mapping.h"
#include "watch/role.h"
#include "web/listen.h"

struct reading {
    struct op *op;
    struct config *config;
    struct span name; /* of the file */
    bool inside_given;
    char fault[FAULT_TEXT_SIZE];
};

/* A key of the configuration. `set` reads the value; its fault is prefixed with file and line.
 * NULL: config_output_set() does. */
struct key {
    const char *section;
    const char *name;
    const char *preset; /* as written into a new configuration; NULL: written as a comment only */
    const char *help;
    enum err (*set)(struct reading *reading, struct span value);
};

static enum err refuse(struct reading *reading, const char *what)
{
    snprintf(reading->fault, sizeof reading->fault, "%s", what);
    return ERR_FORMAT;
}

static enum err set_owner(struct reading *reading, struct span value)
{
    if (value.size == 0) {
        return refuse(reading, "the owner's name is empty");
    }
    return op_copy(reading->op, value, &reading->config->owner);
}

static enum err set_tlp(struct reading *reading, struct span value)
{
    if (policy_tlp_from_name(value, &reading->config->tlp) != ERR_OK) {
        return refuse(reading, "not a TLP label: CLEAR, GREEN, AMBER, AMBER+STRICT or RED");
    }
    return ERR_OK;
}

static enum err set_pap(struct reading *reading, struct span value)
{
    if (policy_pap_from_name(value, &reading->config->pap) != ERR_OK) {
        return refuse(reading, "not a PAP level: CLEAR, GREEN, AMBER or RED");
    }
    return ERR_OK;
}

static enum err set_network(struct reading *reading, struct span value)
{
    reading->inside_given = true;
    if (inside_add(&reading->config->inside, value) != ERR_OK) {
        return refuse(reading, "not a network such as 192.0.2.0/24 or 2001:db8::/32");
    }
    return ERR_OK;
}

static enum err set_number(struct reading *reading, struct span value, uint64_t number_max,
                           uint32_t *ret)
{
    uint64_t number = 0;
    if (span_to_u64(value, &number) != ERR_OK || number > number_max) {
        snprintf(reading->fault, sizeof reading->fault, "not a number from 0 to %llu",
                 (unsigned long long)number_max);
        return ERR_FORMAT;
    }
    *ret = (uint32_t)number;
    return ERR_OK;
}

static enum err set_prefix(struct reading *reading, struct span value, uint64_t bits, uint8_t *ret)
{
    uint32_t prefix = 0;
    TRY(set_number(reading, value, bits, &prefix));
    *ret = (uint8_t)prefix;
    return ERR_OK;
}

static enum err set_widest_ipv4(struct reading *reading, struct span value)
{
    enum { BITS = 32 };
    return set_prefix(reading, value, BITS, &reading->config->judging.widest_ipv4);
}

static enum err set_widest_ipv6(struct reading *reading, struct span value)
{
    enum { BITS = 128 };
    return set_prefix(reading, value, BITS, &reading->config->judging.widest_ipv6);
}

static enum err set_jobs(struct reading *reading, struct span value)
{
    return set_number(reading, value, WATCH_JOBS_MAX, &reading->config->jobs);
}

static enum err set_fold_hosts(struct reading *reading, struct span value)
{
    enum { HOSTS_MAX = 1000000 };
    return set_number(reading, value, HOSTS_MAX, &reading->config->fold_hosts_max);
}

static enum err set_fold_minutes(struct reading *reading, struct span value)
{
    uint32_t minutes = 0;
    TRY(set_number(reading, value, FOLD_MINUTES_MAX, &minutes));
    if (!fold_length_fits(minutes)) {
        return refuse(reading, "not a number of minutes of which a whole number makes a day: 1, 5, "
                               "15, 60, 240, 1440, ...");
    }
    reading->config->fold_minutes = minutes;
    return ERR_OK;
}

static enum err set_seconds(struct reading *reading, struct span value, uint32_t *ret)
{
    enum { SECONDS_MAX = 3600 };
    uint32_t seconds = 0;
    TRY(set_number(reading, value, SECONDS_MAX, &seconds));
    if (seconds == 0) {
        return refuse(reading, "not a number from 1 to 3600");
    }
    *ret = seconds;
    return ERR_OK;
}

static enum err set_settle(struct reading *reading, struct span value)
{
    return set_seconds(reading, value, &reading->config->settle_s);
}

static enum err set_poll(struct reading *reading, struct span value)
{
    return set_seconds(reading, value, &reading->config->poll_s);
}

static enum err set_sensor(struct reading *reading, struct span value)
{
    return op_copy(reading->op, value, &reading->config->sensor);
}

/* A list of field names, parted by spaces or commas, that are all treated alike. */
static enum err set_rules(struct reading *reading, struct span value,
                          enum observe_treatment treatment)
{
    struct config *config = reading->config;
    struct span copy;
    TRY(op_copy(reading->op, value, &copy));
    struct span rest = copy;
    struct span piece;
    while (span_next(&rest, ' ', &piece)) {
        struct span field = span_trim(piece);
        if (field.size > 0 && field.data[field.size - 1] == ',') {
            field = span_slice(field, 0, field.size - 1);
        }
        if (field.size == 0) {
            continue;
        }
        if (config->rule_count == CONFIG_RULE_COUNT_MAX) {
            return refuse(reading, "more than 256 fields have privacy rules");
        }
        config->rules[config->rule_count] = (struct observe_rule){
            .field = field,
            .treatment = treatment,
            .keep_size = CONFIG_TRUNCATE_SIZE,
        };
        config->rule_count++;
    }
    return ERR_OK;
}

static enum err set_keep(struct reading *reading, struct span value)
{
    return set_rules(reading, value, OBSERVE_KEEP);
}

static enum err set_truncate(struct reading *reading, struct span value)
{
    return set_rules(reading, value, OBSERVE_TRUNCATE);
}

static enum err set_hash(struct reading *reading, struct span value)
{
    return set_rules(reading, value, OBSERVE_HASH);
}

static enum err set_drop(struct reading *reading, struct span value)
{
    return set_rules(reading, value, OBSERVE_DROP);
}

static enum err set_metrics_listen(struct reading *reading, struct span value)
{
    TRY(web_address_check(reading->op, value)); /* its fault is told */
    return op_copy(reading->op, value, &reading->config->metrics_listen);
}

static struct config_input *input_last(struct reading *reading)
{
    must(reading->config->input_count > 0);
    return &reading->config->inputs[reading->config->input_count - 1];
}

static enum err set_input_path(struct reading *reading, struct span value)
{
    return op_copy(reading->op, value, &input_last(reading)->path);
}

static enum err set_input_listen(struct reading *reading, struct span value)
{
    enum intake_kind kind = INTAKE_NONE;
    TRY(intake_address_check(reading->op, value, &kind));
    return op_copy(reading->op, value, &input_last(reading)->listen);
}

static enum err set_input_cert_file(struct reading *reading, struct span value)
{
    return op_copy(reading->op, value, &input_last(reading)->cert_file);
}

static enum err set_input_key_file(struct reading *reading, struct span value)
{
    return op_copy(reading->op, value, &input_last(reading)->key_file);
}

static enum err set_input_ca_file(struct reading *reading, struct span value)
{
    return op_copy(reading->op, value, &input_last(reading)->ca_file);
}

static enum err set_input_silence(struct reading *reading, struct span value)
{
    enum { SILENCE_MAX_S = 30 * 86400 };
    return config_time_read(reading->op, value, SILENCE_MAX_S, &input_last(reading)->silence_s);
}

static enum err set_input_expect(struct reading *reading, struct span value)
{
    enum { EXPECT_MAX = 1000000000 };
    return set_number(reading, value, EXPECT_MAX, &input_last(reading)->expect);
}

static enum err set_input_format(struct reading *reading, struct span value)
{
    const struct observe_formats *formats = &reading->config->formats;
    if (!config_format_is_known(formats, value)) {
        struct buf text;
        buf_init(&text, sizeof reading->fault - 1);
        config_format_refuse(&text, formats, value);
        snprintf(reading->fault, sizeof reading->fault, "%.*s", SPAN_FMT(buf_span(&text)));
        buf_done(&text);
        return ERR_FORMAT;
    }
    return op_copy(reading->op, value, &input_last(reading)->format);
}

static enum err set_input_sensor(struct reading *reading, struct span value)
{
    return op_copy(reading->op, value, &input_last(reading)->sensor);
}

static const struct key keys[] = {
    { "node", "owner", NULL,
      "The organisation whose node this is. Its identity (identity.json) bears this name.",
      set_owner },
    { "marking", "default", "AMBER+STRICT",
      "TLP 2.0 label of indicators that come without one and are added without --tlp:\n"
      "CLEAR, GREEN, AMBER, AMBER+STRICT or RED.",
      set_tlp },
    { "marking", "pap", "GREEN",
      "What may be done with indicators that bear no PAP marking: CLEAR or GREEN lets them\n"
      "into block lists (linie export), AMBER or RED only into detection.",
      set_pap },
    { "indicators", "widest-ipv4", "8",
      "Ranges of addresses that are wider than this prefix length are no indicators.",
      set_widest_ipv4 },
    { "indicators", "widest-ipv6", "19", NULL, set_widest_ipv6 },
    { "inside", "network", NULL,
      "Your own networks, one a line; a hit names the host inside them. Where none is given:\n"
      "RFC 1918, RFC 6598, RFC 4193 and link-local addresses.\n"
      "network = 192.0.2.0/24\nnetwork = 2001:db8::/32",
      set_network },
    { "watch", "jobs", "0",
      "Threads that work on log lines; 0: as many as there are processors, at most 8.", set_jobs },
    { "watch", "fold-minutes", "60",
      "Lines of so many minutes in which one inside host meets one indicator are one hit: 1\n"
      "to 1440, and a whole number of them makes a day. A change holds for lines that are\n"
      "read after it.",
      set_fold_minutes },
    { "watch", "fold-hosts", "100",
      "Inside hosts for which one indicator gets a hit of its own within that time. Further\n"
      "hosts are counted together, and the indicator is shown as noisy.",
      set_fold_hosts },
    { "watch", "settle-seconds", "5",
      "With --follow: a file that did not change for so long has settled. Its last line counts\n"
      "without its end, a new archive is read; one that was renamed or removed is held for six\n"
      "times as long.",
      set_settle },
    { "watch", "poll-seconds", "5",
      "With --follow: what is followed is looked through at least so often. Changes of which\n"
      "the kernel tells are seen at once.",
      set_poll },
    { "watch", "sensor", NULL,
      "Name of the sensor, where neither the input nor the log names one; else the host's\n"
      "name.\nsensor = border-1",
      set_sensor },
    { "metrics", "listen", NULL,
      "Where 'linie watch' gives metrics to Prometheus, over HTTP at /metrics: a socket of\n"
      "this host, or a port on loopback.\n"
      "listen = unix:metrics.sock\nlisten = 127.0.0.1:9417",
      set_metrics_listen },
    { "privacy", "drop", "password cookie authorization",
      "What of a log line may be kept as evidence of a hit, by names of fields (as hits show\n"
      "them, or their last part). Left out; also: keep, truncate (to 32 bytes), hash (with a\n"
      "key of this node). The first rule that fits a field applies; fields without a rule\n"
      "are kept.",
      set_drop },
    { "privacy", "truncate", NULL, "Shortened to 32 bytes.\ntruncate = user_agent", set_truncate },
    { "privacy", "hash", NULL, "Replaced by a keyed hash.\nhash = username", set_hash },
    { "privacy", "keep", NULL, "Kept, whatever a later rule says.\nkeep = http.cookie", set_keep },
    { "history", "remember", "yes",
      "yes: every value that is seen is remembered: where, when, how often; each new indicator\n"
      "is put to all of it, and 'linie hunt' asks. no: nothing is; the watch is quicker then.",
      NULL },
    { "history", "hours", "90d", "How long it is known by the hour, and then by the day.", NULL },
    { "history", "days", "400d", "How long by the day, and then by the month.", NULL },
    { "history", "forget-after", NULL,
      "After this, nothing is known of these kinds of value (all: of every kind).\n"
      "forget-after = all 2y\nforget-after = email 90d",
      NULL },
    { "history", "size-max", NULL, "With more than so much, the oldest goes.\nsize-max = 50G",
      NULL },
    { "history", "truncate", NULL,
      "Kinds of which only a part is kept: of addresses the network, of names the registered\n"
      "domain, of URLs the host; hash: only a keyed hash; drop: nothing.\n"
      "truncate = url\nhash = email\ndrop = user-agent file-name",
      NULL },
    { "history", "hash", NULL, NULL, NULL },
    { "history", "drop", NULL, NULL, NULL },
    { "history", "host-key", NULL,
      "Inside hosts are kept as pseudonyms, which only the holder of this key can undo;\n"
      "linie-history(1) tells how the key is made.\nhost-key = /media/duty/hosts.key",
      NULL },
    { "history", "mandate", NULL,
      "Under which 'linie hunt' asks where none is named.\nmandate = Wbni art. 3", NULL },
    { "history", "second-person", NULL,
      "Values of persons: what tells of one of these kinds needs a second user's approval.\n"
      "second-person = email",
      NULL },
    { "history", "overseer", NULL,
      "Users who look after who asked what, and approve nothing; linie-history(1) tells how they\n"
      "read it.\noverseer = privacy-officer",
      NULL },
    { "history", "share", "20", "Percent of one processor that putting history in order may take.",
      NULL },
    { "input", "path", NULL,
      "An input of 'linie watch' without arguments: a file, a folder or a glob.\n"
      "[input \"border\"]\npath = /var/log/suricata/eve.json\nformat = eve\nsensor = border-1",
      set_input_path },
    { "input", "listen", NULL,
      "One that comes to a socket, with --follow: syslog over udp://, tcp:// or tls://, lines "
      "over\n"
      "unix:// or unixgram://; linie.conf(5) explains the keys. Any input may be expected to\n"
      "give lines: it is told when none came for a time.\n"
      "[input \"syslog\"]\nlisten = tls://0.0.0.0:6514\ncert-file = keys/syslog.pem\n"
      "key-file = keys/syslog.key\nca-file = keys/senders-ca.pem\nformat = eve\nsilence = 15m\n"
      "expect = 100",
      set_input_listen },
    { "input", "format", NULL, NULL, set_input_format },
    { "input", "sensor", NULL, NULL, set_input_sensor },
    { "input", "cert-file", NULL, NULL, set_input_cert_file },
    { "input", "key-file", NULL, NULL, set_input_key_file },
    { "input", "ca-file", NULL, NULL, set_input_ca_file },
    { "input", "silence", NULL, NULL, set_input_silence },
    { "input", "expect", NULL, NULL, set_input_expect },
    { "output", "kind", NULL,
      "Where hits and notices go, each to be told at least once; linie.conf(5) explains the keys.\n"
      "[output \"lines\"]\nkind = file\npath = out/hits.ndjson\nformat = json\nsize-max = 100M\n"
      "age-max = 0\nkeep = 7\nmode = 600\nsync = yes\n"
      "[output \"siem\"]\nkind = syslog\nurl = tls://siem.example:6514\nfacility = local0\n"
      "ca-file = keys/siem-ca.pem\ncert-file = keys/siem.pem\nkey-file = keys/siem.key\n"
      "[output \"agent\"]\nkind = unix\npath = /run/agent.sock\ndatagram = no\n"
      "[output \"soc\"]\nkind = webhook\nurl = https://soc.example/hook\n"
      "secret-file = keys/soc.secret\nbatch = 100\ntlp = GREEN\nrank = low\nindicators = domain "
      "url\n"
      "events = opened closed notice\nlooked-back = yes\nalarm = 10m\nexercises = no\nbegin = now\n"
      "[output \"duty\"]\nkind = mail\nurl = smtps://mail.example\nfrom = linie@water.example\n"
      "to = duty@water.example\nuser = linie\npassword-file = keys/mail.password\nevery = 15m",
      NULL },
    { "output", "path", NULL, NULL, NULL },
    { "output", "url", NULL, NULL, NULL },
    { "output", "from", NULL, NULL, NULL },
    { "output", "to", NULL, NULL, NULL },
    { "output", "user", NULL, NULL, NULL },
    { "output", "password-file", NULL, NULL, NULL },
    { "output", "secret-file", NULL, NULL, NULL },
    { "output", "ca-file", NULL, NULL, NULL },
    { "output", "cert-file", NULL, NULL, NULL },
    { "output", "key-file", NULL, NULL, NULL },
    { "output", "format", NULL, NULL, NULL },
    { "output", "facility", NULL, NULL, NULL },
    { "output", "size-max", NULL, NULL, NULL },
    { "output", "age-max", NULL, NULL, NULL },
    { "output", "keep", NULL, NULL, NULL },
    { "output", "mode", NULL, NULL, NULL },
    { "output", "sync", NULL, NULL, NULL },
    { "output", "datagram", NULL, NULL, NULL },
    { "output", "batch", NULL, NULL, NULL },
    { "output", "every", NULL, NULL, NULL },
    { "output", "tlp", NULL, NULL, NULL },
    { "output", "rank", NULL, NULL, NULL },
    { "output", "indicators", NULL, NULL, NULL },
    { "output", "events", NULL, NULL, NULL },
    { "output", "looked-back", NULL, NULL, NULL },
    { "output", "alarm", NULL, NULL, NULL },
    { "output", "exercises", NULL, NULL, NULL },
    { "output", "begin", NULL, NULL, NULL },
    { "mapping", "format", NULL,
      "What stands in a log of another format, where no ready mapping says it ('linie mapping\n"
      "list' shows those); linie-mapping(1) tells how it is written.\n"
      "[mapping \"door\"]\nformat = ndjson",
      NULL }, /* see config_mappings_read() */
};

enum {
    KEY_COUNT = sizeof keys / sizeof keys[0],
    SECONDS_DEFAULT = 5,
    LINE_SIZE_MAX = 198, /* INI_MAX_LINE of inih, less the line's end and a NUL */
};

/* ---- reading ---- */

/* Of which there may be several. */
static bool section_has_names(struct span section)
{
    return span_equal(section, SPAN("input")) || span_equal(section, SPAN("output")) ||
           span_equal(section, SPAN("mapping"));
}

static enum err section_input(struct reading *reading, struct span name)
{
    struct config *config = reading->config;
    bool same = config->input_count > 0 && span_equal(input_last(reading)->name, name);
    if (same) {
        return ERR_OK;
    }
    if (config->input_count == CONFIG_INPUT_COUNT_MAX) {
        return refuse(reading, "more than 1024 inputs");
    }
    config->input_count++;
    *input_last(reading) = (struct config_input){ .format = SPAN("auto") };
    return op_copy(reading->op, name, &input_last(reading)->name);
}

/* Each output is one section: another with its name would be an output of its own by mistake. */
static enum err section_output(struct reading *reading, struct span name)
{
    struct config *config = reading->config;
    for (size_t i = 0; i < config->output_count; i++) {
        if (span_equal(config->outputs[i].to.name, name)) {
            return i + 1 == config->output_count
                       ? ERR_OK
                       : refuse(reading, "this output has a section further up already");
        }
    }
    if (config->output_count == CONFIG_OUTPUT_COUNT_MAX) {
        return refuse(reading, "more than 16 outputs");
    }
    if (name.size == 0 || name.size > CONFIG_OUTPUT_NAME_SIZE_MAX) {
        return refuse(reading, "the name of an output has 1 to 64 bytes");
    }
    struct config_output *output = &config->outputs[config->output_count];
    config_output_begin(output);
    config->output_count++;
    return op_copy(reading->op, name, &output->to.name);
}

static enum err set_output(struct reading *reading, struct span name, struct span value)
{
    struct config *config = reading->config;
    must(config->output_count > 0);
    return config_output_set(reading->op, &config->outputs[config->output_count - 1], name, value);
}

/* Keys of the table that have no function of their own. */
static enum err set_elsewhere(struct reading *reading, struct span section, struct span name,
                              struct span value)
{
    if (span_equal(section, SPAN("history"))) {
        return config_history_set(reading->op, &reading->config->history, name, value);
    }
    return set_output(reading, name, value);
}

/* The key that was probably meant: its name is near; of equally near ones that of this section. */
static const struct key *key_near(struct span section, struct span name)
{
    const struct key *nearest = NULL;
    size_t edits_least = NEAR_NONE;
    for (size_t i = 0; i < KEY_COUNT; i++) {
        size_t edits = near_edits(name, span_of(keys[i].name));
        bool here = span_equal(section, span_of(keys[i].section));
        if (edits < edits_least || (edits == edits_least && nearest != NULL && here)) {
            edits_least = edits;
            nearest = &keys[i];
        }
    }
    return nearest;
}

static void tell_unknown(struct reading *reading, struct span section, struct span name)
{
    struct buf text;
    buf_init(&text, sizeof reading->fault - 1);
    buf_add(&text, SPAN("unknown key \""));
    text_add_printable(&text, name);
    buf_add(&text, SPAN("\" in section ["));
    text_add_printable(&text, section);
    const struct key *meant = key_near(section, name);
    if (meant != NULL) {
        buf_add_format(&text, "]; did you mean \"%s\" in [%s]?", meant->name, meant->section);
    } else {
        buf_add(&text, SPAN("]; linie.conf(5) lists all keys"));
    }
    snprintf(reading->fault, sizeof reading->fault, "%.*s", SPAN_FMT(buf_span(&text)));
    buf_done(&text);
}

/* [mapping door] and [mapping], of which there may be several. */
static bool tell_unquoted(struct reading *reading, struct span section)
{
    struct span rest = section;
    struct span sort = { NULL, 0 };
    bool named = span_next(&rest, ' ', &sort) && section_has_names(sort);
    if (named) {
        snprintf(reading->fault, sizeof reading->fault,
                 "a section of this sort has a name, in quotes: [%.*s \"NAME\"]", SPAN_FMT(sort));
    }
    return named;
}

static enum err set_key(struct reading *reading, struct span section, struct span name,
                        struct span value)
{
    struct span own_name = { NULL, 0 };
    if (config_section_name(section, SPAN("mapping"), &own_name)) {
        return ERR_OK; /* read before: inputs name them wherever they stand */
    }
    if (config_section_name(section, SPAN("input"), &own_name)) {
        TRY(section_input(reading, own_name));
        section = SPAN("input");
    } else if (config_section_name(section, SPAN("output"), &own_name)) {
        TRY(section_output(reading, own_name));
        section = SPAN("output");
    }
    bool in_place = own_name.data != NULL || !section_has_names(section);
    for (size_t i = 0; i < KEY_COUNT; i++) {
        bool found = span_equal(section, span_of(keys[i].section)) &&
                     span_equal(name, span_of(keys[i].name));
        if (found && in_place) {
            return keys[i].set == NULL ? set_elsewhere(reading, section, name, value)
                                       : keys[i].set(reading, value);
        }
    }
    if (own_name.data != NULL || !tell_unquoted(reading, section)) {
        tell_unknown(reading, section, name);
    }
    return ERR_FORMAT;
}

/* inih calls this for every "name = value"; 0 tells it that the line is at fault. */
static int on_pair(void *context, const char *section, const char *name, const char *value)
{
    struct reading *reading = context;
    if (reading->fault[0] != '\0' || name == NULL) {
        return 1; /* the first fault is told; the rest is not looked at */
    }
    enum err err = set_key(reading, span_of(section), span_of(name), span_of(value));
    if (err != ERR_OK && reading->fault[0] == '\0') {
        snprintf(reading->fault, sizeof reading->fault, "%s", reading->op->fault.text);
    }
    return err == ERR_OK ? 1 : 0;
}

/* What is inside is no indicator either. */
static void own_networks(const struct inside *inside, struct value_rules *rules)
{
    must(inside->count <= VALUE_OWN_COUNT_MAX);
    for (size_t i = 0; i < inside->count; i++) {
        const struct inside_network *network = &inside->networks[i];
        rules->own[i].size = network->size;
        rules->own[i].prefix = network->prefix;
        span_copy(rules->own[i].address, sizeof rules->own[i].address,
                  span_make(network->address, network->size));
    }
    rules->own_count = inside->count;
}

/* What is wrong with an input whose keys are all read; NULL: nothing. */
static const char *input_fault(struct op *op, const struct config_input *input)
{
    enum intake_kind kind = INTAKE_NONE;
    bool listens = input->listen.size > 0;
    if (listens == (input->path.size > 0)) {
        return listens ? "has a path and an address" : "has no path";
    }
    enum err err = listens ? intake_address_check(op, input->listen, &kind) : ERR_OK;
    must(err == ERR_OK); /* checked as the key was read */
    bool certified = input->cert_file.size > 0 && input->key_file.size > 0;
    bool names_files =
        input->cert_file.size > 0 || input->key_file.size > 0 || input->ca_file.size > 0;
    if (kind == INTAKE_TLS && !certified) {
        return "needs a cert-file and a key-file, for TLS";
    }
    if (kind != INTAKE_TLS && names_files) {
        return "has a certificate, a key or an authority, and no tls:// address";
    }
    /* Whoever sends the first line must not say what the others are. */
    if (listens && span_equal(input->format, SPAN("auto"))) {
        return "needs a format: what comes to a socket is not guessed";
    }
    return input->expect > 1 && input->silence_s == 0 ? "expects lines, and names no silence"
                                                      : NULL;
}

static enum err check_inputs(struct reading *reading)
{
    size_t listen_count = 0;
    struct config *config = reading->config;
    for (size_t i = 0; i < config->input_count; i++) {
        const struct config_input *input = &config->inputs[i];
        const char *fault = input_fault(reading->op, input);
        listen_count += input->listen.size > 0 ? 1 : 0;
        fault = listen_count > INTAKE_SOURCE_COUNT_MAX ? "is one address too many" : fault;
        for (size_t j = 0; j < i; j++) {
            bool same =
                input->listen.size > 0 && span_equal(config->inputs[j].listen, input->listen);
            fault = same ? "has the address of another input" : fault;
        }
        if (fault != NULL) {
            return op_fail(reading->op, ERR_FORMAT, "%.*s: input \"%.*s\" %s",
                           SPAN_FMT(reading->name), SPAN_FMT(input->name), fault);
        }
    }
    return ERR_OK;
}

static enum err check(struct reading *reading)
{
    struct config *config = reading->config;
    TRY(check_inputs(reading));
    for (size_t i = 0; i < config->output_count; i++) {
        struct config_output *output = &config->outputs[i];
        enum err err = config_output_end(reading->op, output);
        if (err != ERR_OK) {
            op_fault_prefix(reading->op, "%.*s: output \"%.*s\": ", SPAN_FMT(reading->name),
                            SPAN_FMT(output->to.name));
            return err;
        }
    }
    if (!reading->inside_given) {
        inside_add_default(&config->inside);
    }
    own_networks(&config->inside, &config->judging);
    return ERR_OK;
}

static bool key_is_known(struct span name)
{
    for (size_t i = 0; i < KEY_COUNT; i++) {
        if (span_equal(name, span_of(keys[i].name))) {
            return true;
        }
    }
    const char *key = mapping_key_name(0);
    for (size_t i = 0; key != NULL; i++, key = mapping_key_name(i)) {
        if (span_equal_nocase(name, span_of(key))) {
            return true;
        }
    }
    return false;
}

/* "  path = x": inih would take all of it for one more value of the key above. */
static bool is_indented_key(struct span line)
{
    bool indented = line.size > 0 && (line.data[0] == ' ' || line.data[0] == '\t');
    ptrdiff_t equals = indented ? span_find(line, '=') : SPAN_NOT_FOUND;
    return equals != SPAN_NOT_FOUND && key_is_known(span_trim(span_slice(line, 0, (size_t)equals)));
}

/* inih cuts longer lines in two, and would complain about the second half. */
static enum err lines_check(struct op *op, struct span name, struct span text)
{
    struct span line;
    for (unsigned number = 1; span_next(&text, '\n', &line); number++) {
        if (line.size > LINE_SIZE_MAX) {
            return op_fail(op, ERR_LIMIT, "%.*s: line %u: longer than %d bytes", SPAN_FMT(name),
                           number, LINE_SIZE_MAX);
        }
        if (is_indented_key(line)) {
            return op_fail(op, ERR_FORMAT,
                           "%.*s: line %u: begins with white space, and so would go on with the "
                           "key above; keys stand at the beginning of their line",
                           SPAN_FMT(name), number);
        }
    }
    return ERR_OK;
}

enum err config_read(struct op *op, struct span name, struct span text, struct config *ret)
{
    struct reading reading = { .op = op, .config = ret, .name = name };
    *ret = (struct config){
        .tlp = POLICY_TLP_AMBER_STRICT,
        .pap = POLICY_PAP_GREEN,
        .judging = value_rules_default(),
        .owner = SPAN("this node's owner"),
        .fold_minutes = FOLD_MINUTES_DEFAULT,
        .settle_s = SECONDS_DEFAULT,
        .poll_s = SECONDS_DEFAULT,
    };
    config_history_begin(&ret->history);
    if (text.size > CONFIG_SIZE_MAX) {
        return op_fail(op, ERR_LIMIT, "%.*s: larger than %d bytes", SPAN_FMT(name),
                       CONFIG_SIZE_MAX);
    }
    TRY(lines_check(op, name, text));
    struct span copy; /* ended by a NUL, as inih wants it */
    TRY(op_copy(op, text, &copy));
    TRY(config_mappings_read(op, name, copy, &ret->formats));
    int line = ini_parse_string((const char *)copy.data, on_pair, &reading);
    if (line != 0 || reading.fault[0] != '\0') {
        op_fault_clear(op);
        return op_fail(op, ERR_FORMAT, "%.*s: line %d: %s", SPAN_FMT(name), line,
                       reading.fault[0] != '\0' ? reading.fault
                                                : "expected [section] or name = value");
    }
    return check(&reading);
}

/* ---- writing ---- */

static void add_comment(struct buf *buf, const char *help)
{
    struct span rest = span_of(help);
    struct span line;
    while (span_next(&rest, '\n', &line)) {
        buf_add(buf, SPAN("# "));
        buf_add(buf, line);
        buf_add_byte(buf, '\n');
    }
}

void config_add_default(struct buf *buf, struct span owner)
{
    const char *section = "";
    buf_add(buf, SPAN("# Configuration of a Linie node; see linie.conf(5).\n"));
    for (size_t i = 0; i < KEY_COUNT; i++) {
        const struct key *key = &keys[i];
        bool named = section_has_names(span_of(key->section));
        if (!span_equal(span_of(section), span_of(key->section))) {
            section = key->section;
            buf_add_format(buf, named ? "\n" : "\n[%s]\n", section);
        }
        if (key->help != NULL) {
            add_comment(buf, key->help);
        }
        if (span_equal(span_of(key->name), SPAN("owner"))) {
            buf_add(buf, SPAN("owner = "));
            buf_add(buf, owner);
            buf_add_byte(buf, '\n');
        } else if (key->preset != NULL) {
            buf_add_format(buf, "%s = %s\n", key->name, key->preset);
        }
    }
}
