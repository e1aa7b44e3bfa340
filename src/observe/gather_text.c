// SPDX-License-Identifier: EUPL-1.2
/*
 * Texts that hold values among other things: lists, distinguished names, log-ins, headers. What is
 * no value there says nothing, but for the lists, which promise values.
 */
#include "base/must.h"
#include "observe/gather_value.h"

enum { TOP_LABEL_SIZE_MIN = 2 };

static bool is_letter(uint8_t byte)
{
    uint8_t lower = byte | 0x20;
    return lower >= 'a' && lower <= 'z';
}

static bool may_be_in_name(uint8_t byte)
{
    return is_letter(byte) || (byte >= '0' && byte <= '9') || byte == '-' || byte == '.' ||
           byte == '_';
}

/* Whether a text that may be many things is surely a name: two labels or more, the last of letters,
 * as all of the public tree are. */
static bool is_sure_name(struct span text)
{
    ptrdiff_t dot = span_find_last(text, '.');
    for (size_t i = 0; i < text.size; i++) {
        if (!may_be_in_name(text.data[i])) {
            return false;
        }
    }
    if (dot <= 0) {
        return false;
    }
    struct span top = span_from(text, (size_t)dot + 1);
    if (span_starts_with_nocase(top, SPAN("xn--"))) {
        return true;
    }
    for (size_t i = 0; i < top.size; i++) {
        if (!is_letter(top.data[i])) {
            return false;
        }
    }
    return top.size >= TOP_LABEL_SIZE_MIN;
}

/* "someone@example.org", with nothing around it. */
static bool is_sure_email(struct span text)
{
    ptrdiff_t at = span_find_last(text, '@');
    if (at <= 0 || !is_sure_name(span_from(text, (size_t)at + 1))) {
        return false;
    }
    for (size_t i = 0; i < (size_t)at; i++) {
        uint8_t byte = text.data[i];
        if (byte <= ' ' || strchr("\"(),:;<>@[\\]", byte) != NULL) {
            return false;
        }
    }
    return true;
}

/* The size of the comment that a text begins with, or 0. Where one has no end, none is looked for
 * any more, so that time stays linear. */
static size_t comment_size(struct span text, bool *no_comments)
{
    size_t size = *no_comments ? 0 : value_comment_size(text);
    *no_comments = size == 0;
    return size;
}

/* Cut the first address off a list as mail headers write it: commas and semicolons stand between
 * addresses, but not inside quotes, comments or angle brackets (RFC 5322, section 3.4). */
static struct span email_list_next(struct span *rest, bool *no_comments)
{
    bool quoted = false;
    bool bracketed = false;
    size_t end = 0;
    for (; end < rest->size; end++) {
        uint8_t byte = rest->data[end];
        if (!quoted && byte == '(') {
            size_t size = comment_size(span_from(*rest, end), no_comments);
            end += size > 0 ? size - 1 : 0;
            continue;
        }
        if (quoted && byte == '\\') {
            end++;
        } else if (byte == '"') {
            quoted = !quoted;
        } else if (!quoted && (byte == '<' || byte == '>')) {
            bracketed = byte == '<';
        } else if (!quoted && !bracketed && (byte == ',' || byte == ';')) {
            break;
        }
    }
    end = end < rest->size ? end : rest->size; /* a backslash may stand last */
    struct span piece = span_slice(*rest, 0, end);
    *rest = end < rest->size ? span_from(*rest, end + 1) : (struct span){ NULL, 0 };
    return span_trim(piece);
}

static bool add_email_list(struct gather *g, struct span text)
{
    bool all_fit = true;
    bool no_comments = false;
    struct span rest = text;
    while (rest.size > 0) {
        struct span piece = email_list_next(&rest, &no_comments);
        /* "<>" is the sender of an undeliverable report (RFC 5321, section 4.5.5): nobody. */
        bool nobody = piece.size == 0 || span_equal(piece, SPAN("<>"));
        if (!nobody && !gather_add_email(g, piece, piece)) {
            all_fit = false;
        }
    }
    return all_fit;
}

static bool add_forwarded(struct gather *g, struct span text)
{
    bool all_fit = true;
    struct span rest = text;
    struct span piece = { NULL, 0 };
    while (span_next(&rest, ',', &piece)) {
        piece = span_trim(piece);
        if (piece.size > 0 && !gather_add_address(g, gather_without_port(piece), piece)) {
            all_fit = false;
        }
    }
    return all_fit;
}

static struct span without_wildcard(struct span text)
{
    return span_starts_with(text, SPAN("*.")) ? span_from(text, 2) : text;
}

static bool add_cert_name(struct gather *g, struct span text)
{
    if (span_find(text, '@') != SPAN_NOT_FOUND) {
        return gather_add_email(g, text, text);
    }
    return gather_add_name(g, without_wildcard(text), text);
}

/* One "TYPE=value" of a distinguished name. Only a common name and an e-mail address speak. */
static void add_dn_part(struct gather *g, struct span part)
{
    ptrdiff_t equals = span_find(part, '=');
    if (equals == SPAN_NOT_FOUND) {
        return;
    }
    struct span type = span_trim(span_slice(part, 0, (size_t)equals));
    bool name = span_equal_nocase(type, SPAN("CN"));
    bool address = span_equal_nocase(type, SPAN("emailAddress")) ||
                   span_equal_nocase(type, SPAN("Email")) || span_equal_nocase(type, SPAN("E"));
    if (!name && !address) {
        return;
    }
    struct span value = span_trim(span_from(part, (size_t)equals + 1));
    if (name && !is_sure_email(value)) {
        (void)gather_add_dotted_name(g, without_wildcard(value), value);
    } else {
        (void)gather_add_email(g, value, value);
    }
}

/* Cut the first part off, up to a separator without a backslash before it. */
static bool dn_next_escaped(struct span *rest, uint8_t separator, struct span *ret)
{
    size_t end = 0;
    if (rest->size == 0) {
        return false;
    }
    while (end < rest->size && rest->data[end] != separator) {
        end += rest->data[end] == '\\' ? 2 : 1;
    }
    end = end < rest->size ? end : rest->size;
    *ret = span_slice(*rest, 0, end);
    *rest = span_from(*rest, end < rest->size ? end + 1 : end);
    return true;
}

static void add_dn_parts(struct gather *g, struct span text, uint8_t separator)
{
    struct span rest = text;
    struct span part = { NULL, 0 };
    if (span_find(text, '\\') != SPAN_NOT_FOUND) {
        while (dn_next_escaped(&rest, separator, &part)) {
            add_dn_part(g, part);
        }
        return;
    }
    while (span_next(&rest, separator, &part)) {
        add_dn_part(g, part);
    }
}

/* A distinguished name: parts with commas between them, a backslash before a comma that is part of
 * a value (RFC 4514); or OpenSSL's older "/C=NL/CN=www.example.org". Intruders' tools make
 * certificates in which all of the latter is one value of the former ("C=/C=US/ST=HI/CN=..."). */
static void add_dn(struct gather *g, struct span text)
{
    bool older = text.data[0] == '/';
    if (!older) {
        add_dn_parts(g, text, ',');
    }
    if (older || span_find_span(text, SPAN("=/")) != SPAN_NOT_FOUND) {
        add_dn_parts(g, text, '/');
    }
}

/* ---- values among words ---- */

bool gather_add_sure_name(struct gather *g, struct span text, struct span observed)
{
    struct span host = gather_without_port(text);
    return gather_add_address(g, host, observed) ||
           (is_sure_name(host) && gather_add_name(g, host, observed));
}

/* "john@example.org", "john"; whoever logs in with an e-mail address is found by it. */
static void add_login(struct gather *g, struct span text)
{
    if (is_sure_email(text)) {
        (void)gather_add_email(g, text, text);
    }
}

/* Cut a piece off, up to any of the separators. */
static bool piece_next(struct span *rest, const char *separators, struct span *ret)
{
    size_t end = 0;
    if (rest->data == NULL) {
        return false;
    }
    while (end < rest->size &&
           (rest->data[end] == 0 || strchr(separators, rest->data[end]) == NULL)) {
        end++;
    }
    *ret = span_slice(*rest, 0, end);
    *rest = end < rest->size ? span_from(*rest, end + 1) : (struct span){ NULL, 0 };
    return true;
}

/* "HTTP/www.example.org@EXAMPLE.ORG": the first part is a service, or somebody's name. */
static void add_principal(struct gather *g, struct span text)
{
    struct span rest = text;
    struct span piece = { NULL, 0 };
    (void)piece_next(&rest, "/@", &piece);
    while (piece_next(&rest, "/@", &piece)) {
        (void)gather_add_dotted_name(g, gather_without_port(piece), piece);
    }
}

/* "\\host\share"; Suricata logs "\host\share" where the client wrote so. */
static void add_share(struct gather *g, struct span text)
{
    struct span rest = text;
    while (rest.size > 0 && (rest.data[0] == '\\' || rest.data[0] == '/')) {
        rest = span_from(rest, 1);
    }
    struct span host = { NULL, 0 };
    if (rest.size < text.size && piece_next(&rest, "\\/@", &host)) { /* WebDAV: "host@SSL" */
        (void)gather_add_dotted_name(g, host, host);
    }
}

/* RFC 1035, section 8: the first label is the part before the '@'; a dot in it has a backslash. */
static void add_mailbox(struct gather *g, struct span text)
{
    uint8_t address[VALUE_EMAIL_SIZE_MAX];
    size_t size = 0;
    size_t at = 0;
    while (at < text.size && text.data[at] != '.' && size < sizeof address) {
        at += text.data[at] == '\\' ? 1 : 0;
        if (at < text.size) {
            address[size] = text.data[at];
            size++;
            at++;
        }
    }
    struct span host = at < text.size ? span_from(text, at + 1) : (struct span){ NULL, 0 };
    if (size == 0 || host.size == 0 || size + 1 + host.size > sizeof address) {
        return;
    }
    address[size] = '@';
    span_copy(address + size + 1, sizeof address - size - 1, host);
    (void)gather_add_email(g, span_make(address, size + 1 + host.size), text);
}

/* One word, without white space and brackets around it. */
static void add_word(struct gather *g, struct span word)
{
    static const char *const schemes[] = { "IPv6:", "mailto:", "sip:", "sips:" };
    struct span text = word;
    for (size_t i = 0; i < sizeof schemes / sizeof schemes[0]; i++) {
        struct span scheme = span_of(schemes[i]);
        text = span_starts_with_nocase(word, scheme) ? span_from(word, scheme.size) : text;
    }
    bool mail = text.size == word.size || span_starts_with_nocase(word, SPAN("mailto:"));
    ptrdiff_t at = span_find_last(text, '@');
    if (at != SPAN_NOT_FOUND && mail) {
        add_login(g, text);
    } else if (at != SPAN_NOT_FOUND) {
        (void)gather_add_sure_name(g, span_from(text, (size_t)at + 1),
                                   word); /* of SIP: no e-mail address */
    } else {
        (void)gather_add_sure_name(g, text, word);
    }
}

/* Headers as "Received" and "Via" (RFC 5321, section 4.4; RFC 3261, section 20.42), the lines of
 * SDP: what is surely an address, name, e-mail address or URL among words. */
static void add_words(struct gather *g, struct span text)
{
    struct span rest = text;
    struct span word = { NULL, 0 };
    while (piece_next(&rest, " \t\r\n,;()<>\"'[]=", &word)) {
        if (gather_is_absolute(word)) {
            (void)gather_add_url(g, word);
            continue;
        }
        struct span first = { NULL, 0 }; /* "192.0.2.1/127" of SDP, "SIP/2.0/UDP" */
        if (word.size > 0 && piece_next(&word, "/", &first)) {
            add_word(g, first);
        }
    }
}

/* A range of one address is that address. */
static struct span without_prefix(struct span text)
{
    static const char *const prefixes[] = { "/32", "/128" };
    for (size_t i = 0; i < sizeof prefixes / sizeof prefixes[0]; i++) {
        struct span prefix = span_of(prefixes[i]);
        if (span_ends_with(text, prefix)) {
            return span_slice(text, 0, text.size - prefix.size);
        }
    }
    return text;
}

/* All of a text, by its look alone. */
static void add_look(struct gather *g, struct span text)
{
    if (gather_add_address(g, gather_without_port(without_prefix(text)), text)) {
        return;
    }
    if (is_sure_email(text)) {
        (void)gather_add_email(g, text, text);
    } else if (gather_is_absolute(text) && span_find(text, ' ') == SPAN_NOT_FOUND) {
        (void)gather_add_url(g, text);
    }
}

/* What the second field of a pair holds, by what the first one says: names of HTTP's headers (RFC
 * 9110; ":authority" is HTTP/2's "Host"), commands of FTP (RFC 959) and POP3 (RFC 1939). */
enum field_class gather_named_class(struct span name, enum field_class otherwise)
{
    static const struct {
        const char *name;
        enum field_class field_class;
    } names[] = {
        { "user-agent", CLASS_USER_AGENT },
        { "host", CLASS_HOST },
        { ":authority", CLASS_HOST },
        { "referer", CLASS_URL },
        { "location", CLASS_LOCATION },
        { "content-location", CLASS_LOCATION },
        { "origin", CLASS_LOCATION },
        { "x-forwarded-for", CLASS_WORDS },
        { "forwarded", CLASS_WORDS },
        { "via", CLASS_WORDS },
        { "x-forwarded-host", CLASS_WORDS },
        { "USER", CLASS_LOGIN },
        { "APOP", CLASS_WORDS },
        { "PASS", CLASS_NONE },
        { "authorization", CLASS_NONE },
        { "RETR", CLASS_FILE_NAME },
        { "STOR", CLASS_FILE_NAME },
        { "STOU", CLASS_FILE_NAME },
        { "APPE", CLASS_FILE_NAME },
        { "DELE", CLASS_FILE_NAME },
        { "RNFR", CLASS_FILE_NAME },
        { "RNTO", CLASS_FILE_NAME },
        { "SIZE", CLASS_FILE_NAME },
        { "MDTM", CLASS_FILE_NAME },
    };
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        bool begins = ((name.data[0] ^ (uint8_t)names[i].name[0]) & ~0x20) == 0; /* in any case */
        if (begins && span_equal_nocase(name, span_of(names[i].name))) {
            return names[i].field_class;
        }
    }
    return otherwise;
}

bool gather_text_value(struct gather *g, enum field_class field_class, struct span text)
{
    switch (field_class) {
    case CLASS_EMAIL:
        return add_email_list(g, text);
    case CLASS_CERT_NAME:
        return add_cert_name(g, text);
    case CLASS_FORWARDED:
        return add_forwarded(g, text);
    case CLASS_DN:
        add_dn(g, text);
        break;
    case CLASS_LOGIN:
        add_login(g, text);
        break;
    case CLASS_PRINCIPAL:
        add_principal(g, text);
        break;
    case CLASS_SHARE:
        add_share(g, text);
        break;
    case CLASS_MAILBOX:
        add_mailbox(g, text);
        break;
    case CLASS_WORDS:
        add_words(g, text);
        break;
    default:
        must(field_class == CLASS_LOOK);
        add_look(g, text);
        break;
    }
    return true;
}
