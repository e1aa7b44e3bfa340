// SPDX-License-Identifier: EUPL-1.2
/*
 * Suricata (7 and later): a rule file, and the lists that its rules load from the folder beside it.
 *
 * What Suricata can look up in a list is one rule with a list: exact names, digests, fingerprints,
 * user agents. Names with those below them are a rule each (its lists know no subdomains before
 * 8.0.7), and so are URLs. Addresses stand in groups of a hundred, which its radix tree takes in at
 * once.
 */
#include "base/must.h"
#include "exchange/export_inner.h"

enum {
    ADDRESSES_IN_RULE = 100,
    PORT_KEY_HEAD = 2,
    TEXT_LINE_SIZE_MAX = 4096,
};

struct writing {
    const struct export_list *list;
    struct export_file *files;
    size_t *file_count;
    struct buf *rules;
    uint32_t next_id;
};

/* Kinds that one rule with a list can say. */
struct listed {
    enum value_kind kind;
    const char *protocol;
    const char *buffer; /* sticky buffer, or the keyword that takes the list's name */
    const char *name;   /* of the list */
    const char *what;   /* for the message */
    bool plain;         /* one value a line, for the keywords of files; else base64 */
    bool colons;        /* between the bytes of a digest */
    bool folded;        /* Suricata has it in lower case already */
};

static const struct listed lists[] = {
    { VALUE_DOMAIN, "dns", "dns.query", "linie-domain", "name asked for", false, false, false },
    { VALUE_DOMAIN, "tls", "tls.sni", "linie-domain", "name in TLS", false, false, false },
    { VALUE_DOMAIN, "http", "http.host", "linie-domain", "HTTP host", false, false, true },
    { VALUE_JA3, "tls", "ja3.hash", "linie-ja3", "JA3", false, false, true },
    { VALUE_JA3S, "tls", "ja3s.hash", "linie-ja3s", "JA3S", false, false, true },
    { VALUE_JA4, "tls", "ja4.hash", "linie-ja4", "JA4", false, false, true },
    { VALUE_CERT_SHA1, "tls", "tls.cert_fingerprint", "linie-cert", "certificate", false, true,
      true },
    { VALUE_HASSH, "ssh", "ssh.hassh", "linie-hassh", "HASSH", false, false, true },
    { VALUE_HASSH, "ssh", "ssh.hassh.server", "linie-hassh", "HASSH", false, false, true },
    { VALUE_USER_AGENT, "http", "http.user_agent", "linie-agent", "user agent", false, false,
      true },
    { VALUE_MD5, "ip", "filemd5", "linie-md5.lst", "file", true, false, true },
    { VALUE_SHA1, "ip", "filesha1", "linie-sha1.lst", "file", true, false, true },
    { VALUE_SHA256, "ip", "filesha256", "linie-sha256.lst", "file", true, false, true },
};

enum { LIST_COUNT = sizeof lists / sizeof lists[0] };

/* By kind and place in `lists`: names of the files, which outlive the export. */
static const char *file_of(const struct listed *listed)
{
    static const char *const names[VALUE_KIND_COUNT] = {
        [VALUE_DOMAIN] = "linie-domain.lst",    [VALUE_JA3] = "linie-ja3.lst",
        [VALUE_JA3S] = "linie-ja3s.lst",        [VALUE_JA4] = "linie-ja4.lst",
        [VALUE_CERT_SHA1] = "linie-cert.lst",   [VALUE_HASSH] = "linie-hassh.lst",
        [VALUE_USER_AGENT] = "linie-agent.lst", [VALUE_MD5] = "linie-md5.lst",
        [VALUE_SHA1] = "linie-sha1.lst",        [VALUE_SHA256] = "linie-sha256.lst",
    };
    must(names[listed->kind] != NULL);
    return names[listed->kind];
}

static bool is_listed(enum value_kind kind)
{
    for (size_t i = 0; i < LIST_COUNT; i++) {
        if (lists[i].kind == kind) {
            return true;
        }
    }
    return false;
}

static bool fits(const struct export_options *options, const struct export_item *item)
{
    (void)options;
    switch (item->value.kind) {
    case VALUE_IPV4:
    case VALUE_IPV6:
    case VALUE_CIDR:
    case VALUE_IP_PORT:
    case VALUE_FILE_NAME:
        return true;
    case VALUE_URL:
        return (item->scope == VALUE_SCOPE_EXACT || item->scope == VALUE_SCOPE_PREFIX) &&
               item->value.key.size <= TEXT_LINE_SIZE_MAX;
    default:
        return is_listed(item->value.kind);
    }
}

/* ---- lists ---- */

static void add_base64(struct buf *out, struct span bytes)
{
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    for (size_t i = 0; i < bytes.size; i += 3) {
        size_t left = bytes.size - i;
        unsigned group = (unsigned)bytes.data[i] << 16;
        group |= left > 1 ? (unsigned)bytes.data[i + 1] << 8 : 0;
        group |= left > 2 ? bytes.data[i + 2] : 0;
        buf_add_byte(out, (uint8_t)digits[group >> 18 & 63]);
        buf_add_byte(out, (uint8_t)digits[group >> 12 & 63]);
        buf_add_byte(out, left > 1 ? (uint8_t)digits[group >> 6 & 63] : '=');
        buf_add_byte(out, left > 2 ? (uint8_t)digits[group & 63] : '=');
    }
}

static void add_colons(struct buf *out, struct span digest)
{
    for (size_t i = 0; i < digest.size; i++) {
        buf_add(out, i > 0 ? SPAN(":") : SPAN(""));
        buf_add_hex(out, span_slice(digest, i, i + 1));
    }
}

/* A name belongs into the list where it stands for itself; those below it have rules of their own.
 */
static bool is_in_list(const struct export_kept *item)
{
    return item->value.kind != VALUE_DOMAIN || item->reach == REACH_SELF;
}

static void add_line(struct buf *out, const struct listed *listed, const struct value *value)
{
    struct buf text;
    buf_init(&text, VALUE_TEXT_SIZE_MAX);
    if (listed->colons) {
        add_colons(&text, value->key);
    } else {
        value_add_text(&text, value);
    }
    if (listed->plain) {
        buf_add(out, buf_span(&text));
    } else {
        add_base64(out, buf_span(&text));
    }
    buf_add_byte(out, '\n');
    buf_done(&text);
}

static size_t list_count(const struct writing *w, const struct listed *listed)
{
    size_t count = 0;
    size_t in_list = 0;
    const struct export_kept *items = export_of_kind(w->list, listed->kind, &count);
    for (size_t i = 0; i < count; i++) {
        in_list += is_in_list(&items[i]) ? 1 : 0;
    }
    return in_list;
}

static void list_write(struct writing *w, const struct listed *listed)
{
    size_t count = 0;
    const struct export_kept *items = export_of_kind(w->list, listed->kind, &count);
    struct buf *out = export_file_add(w->files, w->file_count, file_of(listed));
    for (size_t i = 0; i < count; i++) {
        if (is_in_list(&items[i])) {
            add_line(out, listed, &items[i].value);
        }
    }
}

/* ---- rules ---- */

static void rule_begin(struct writing *w, const char *protocol, const char *what)
{
    buf_add_format(w->rules, "%s %s any any -> any any (msg:\"Linie: listed %s\"; ",
                   export_action_name(w->list->options->action), protocol, what);
}

static void rule_end(struct writing *w)
{
    buf_add_format(w->rules, "classtype:trojan-activity; sid:%u; rev:1;)\n", w->next_id);
    w->next_id++;
}

static void list_rules(struct writing *w)
{
    for (size_t i = 0; i < LIST_COUNT; i++) {
        const struct listed *listed = &lists[i];
        if (list_count(w, listed) == 0) {
            continue;
        }
        if (i == 0 || lists[i - 1].kind != listed->kind) {
            list_write(w, listed);
        }
        rule_begin(w, listed->protocol, listed->what);
        if (listed->plain) {
            buf_add_format(w->rules, "%s:%s; ", listed->buffer, listed->name);
        } else {
            buf_add_format(w->rules, "%s; %sdataset:isset,%s,type string,load %s; ", listed->buffer,
                           listed->kind == VALUE_DOMAIN && !listed->folded ? "to_lowercase; " : "",
                           listed->name, file_of(listed));
        }
        rule_end(w);
    }
}

/* content:"..." with everything but letters and digits in hexadecimal: nothing can end it early. */
static void add_content(struct buf *out, struct span text)
{
    bool hex = false;
    buf_add(out, SPAN("content:\""));
    for (size_t i = 0; i < text.size; i++) {
        uint8_t byte = text.data[i];
        uint8_t lower = byte | 0x20;
        bool plain = (lower >= 'a' && lower <= 'z') || (byte >= '0' && byte <= '9') ||
                     byte == '.' || byte == '-' || byte == '/' || byte == '_';
        if (plain == hex) {
            buf_add_byte(out, '|');
            hex = !plain;
        } else if (hex) {
            buf_add_byte(out, ' ');
        }
        if (plain) {
            buf_add_byte(out, byte);
        } else {
            buf_add_format(out, "%02x", byte);
        }
    }
    buf_add(out, hex ? SPAN("|\"; ") : SPAN("\"; "));
}

/* ".name" at the end of "." and the name seen: itself and those below; with one more dot before it,
 * those below only. */
static void domain_rules(struct writing *w)
{
    size_t count = 0;
    const struct export_kept *items = export_of_kind(w->list, VALUE_DOMAIN, &count);
    for (size_t i = 0; i < count; i++) {
        for (size_t k = 0; k < LIST_COUNT && lists[k].kind == VALUE_DOMAIN; k++) {
            if (is_in_list(&items[i])) {
                continue;
            }
            rule_begin(w, lists[k].protocol, lists[k].what);
            buf_add_format(w->rules, "%s; %s", lists[k].buffer,
                           items[i].reach == REACH_BELOW ? "" : "dotprefix; ");
            struct buf name;
            buf_init(&name, VALUE_DOMAIN_SIZE_MAX + 1);
            buf_add_byte(&name, '.');
            buf_add(&name, items[i].value.key);
            add_content(w->rules, buf_span(&name));
            buf_done(&name);
            buf_add(w->rules, lists[k].folded ? SPAN("endswith; ") : SPAN("nocase; endswith; "));
            rule_end(w);
        }
    }
}

/* The buffer holds what the protocol said: a name, or one behind a path. A name that merely ends so
 * is another one. */
static void add_file_name_end(struct buf *out, struct span name)
{
    buf_add(out, SPAN("pcre:\"/(?:^|[\\x2f\\x5c])"));
    for (size_t i = 0; i < name.size; i++) {
        uint8_t byte = name.data[i];
        uint8_t lower = byte | 0x20;
        if ((lower >= 'a' && lower <= 'z') || (byte >= '0' && byte <= '9')) {
            buf_add_byte(out, byte);
        } else {
            buf_add_format(out, "\\x%02x", byte);
        }
    }
    buf_add(out, SPAN("$/i\"; "));
}

static void file_name_rules(struct writing *w)
{
    size_t count = 0;
    const struct export_kept *items = export_of_kind(w->list, VALUE_FILE_NAME, &count);
    for (size_t i = 0; i < count; i++) {
        rule_begin(w, "ip", "file name");
        buf_add(w->rules, SPAN("file.name; "));
        add_content(w->rules, items[i].value.key);
        buf_add(w->rules, SPAN("nocase; endswith; "));
        add_file_name_end(w->rules, items[i].value.key);
        rule_end(w);
    }
}

static bool is_address(const struct export_kept *item)
{
    enum value_kind kind = item->value.kind;
    return kind == VALUE_IPV4 || kind == VALUE_IPV6 || kind == VALUE_CIDR;
}

static void address_rules(struct writing *w)
{
    size_t in_rule = 0;
    for (size_t i = 0; i < w->list->count; i++) {
        if (!is_address(&w->list->items[i])) {
            continue;
        }
        if (in_rule == 0) {
            buf_add_format(w->rules, "%s ip any any <> [",
                           export_action_name(w->list->options->action));
        } else {
            buf_add_byte(w->rules, ',');
        }
        value_add_text(w->rules, &w->list->items[i].value);
        in_rule++;
        if (in_rule == ADDRESSES_IN_RULE) {
            buf_add(w->rules, SPAN("] any (msg:\"Linie: listed address\"; "));
            rule_end(w);
            in_rule = 0;
        }
    }
    if (in_rule > 0) {
        buf_add(w->rules, SPAN("] any (msg:\"Linie: listed address\"; "));
        rule_end(w);
    }
}

static void port_rules(struct writing *w)
{
    static const char *const protocols[] = { "tcp", "udp" };
    size_t count = 0;
    const struct export_kept *items = export_of_kind(w->list, VALUE_IP_PORT, &count);
    for (size_t i = 0; i < 2 * count; i++) {
        struct span key = items[i / 2].value.key;
        const struct value address = {
            .kind = key.size == VALUE_IPV4_PORT_SIZE ? VALUE_IPV4 : VALUE_IPV6,
            .key = span_from(key, PORT_KEY_HEAD),
        };
        buf_add_format(w->rules, "%s %s any any -> ", export_action_name(w->list->options->action),
                       protocols[i % 2]);
        value_add_text(w->rules, &address);
        buf_add_format(w->rules, " %u (msg:\"Linie: listed address and port\"; ",
                       (unsigned)key.data[0] << 8 | key.data[1]);
        rule_end(w);
    }
}

/* "host[:port]/path?query" */
static void url_rule(struct writing *w, const struct export_kept *item)
{
    struct span key = item->value.key;
    ptrdiff_t slash = span_find(key, '/');
    must(slash != SPAN_NOT_FOUND);
    struct span host = span_slice(key, 0, (size_t)slash);
    ptrdiff_t colon = span_find_last(host, ':');
    bool has_port = colon != SPAN_NOT_FOUND && host.data[host.size - 1] != ']';
    struct span port = has_port ? span_from(host, (size_t)colon + 1) : SPAN("any");
    host = has_port ? span_slice(host, 0, (size_t)colon) : host;
    buf_add_format(w->rules, "%s http any any -> any %.*s (msg:\"Linie: listed URL\"; ",
                   export_action_name(w->list->options->action), SPAN_FMT(port));
    buf_add(w->rules, SPAN("http.host; "));
    add_content(w->rules, host);
    buf_add(w->rules, SPAN("startswith; endswith; http.uri.raw; "));
    add_content(w->rules, span_from(key, (size_t)slash));
    buf_add(w->rules, item->scope == VALUE_SCOPE_PREFIX ? SPAN("startswith; ")
                                                        : SPAN("startswith; endswith; "));
    rule_end(w);
}

static void url_rules(struct writing *w)
{
    size_t count = 0;
    const struct export_kept *items = export_of_kind(w->list, VALUE_URL, &count);
    for (size_t i = 0; i < count; i++) {
        url_rule(w, &items[i]);
    }
}

static void write(const struct export_list *list, struct export_file *files, size_t *ret_count)
{
    struct writing w = {
        .list = list,
        .files = files,
        .file_count = ret_count,
        .rules = export_file_add(files, ret_count, "linie.rules"),
        .next_id = list->options->first_id,
    };
    export_add_head(w.rules, "#", list->options);
    list_rules(&w);
    domain_rules(&w);
    url_rules(&w);
    file_name_rules(&w);
    address_rules(&w);
    port_rules(&w);
}

const struct export_writer export_suricata = { .fits = fits, .write = write };
