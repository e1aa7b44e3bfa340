// SPDX-License-Identifier: EUPL-1.2
#include "bench/template.h"

enum { DIGEST_DIGITS_MIN = 32 };

/* What a key says of its value. */
enum meaning {
    MEANS_NOTHING = 0, /* an address or digest varies, all else stays */
    MEANS_TIME,
    MEANS_NUMBER,
    MEANS_SHAPE,
    MEANS_ADDRESS,
    MEANS_DIGEST,
    MEANS_QUERY, /* a name; an address there is no address seen */
    MEANS_NAME,  /* a name or an address */
    MEANS_HOST,  /* of a request */
    MEANS_TARGET,
    MEANS_URL,
    MEANS_MAIL,
    MEANS_DN,
};

struct key {
    const char *name;
    enum meaning meaning;
    bool planted_in;
};

static const struct key keys[] = {
    { "ts", MEANS_TIME, false },
    { "_write_ts", MEANS_TIME, false },
    { "timestamp", MEANS_TIME, false },
    { "start", MEANS_TIME, false },
    { "end", MEANS_TIME, false },

    { "flow_id", MEANS_NUMBER, false },
    { "parent_id", MEANS_NUMBER, false },
    { "pcap_cnt", MEANS_NUMBER, false },
    { "src_port", MEANS_NUMBER, false },
    { "id.orig_p", MEANS_NUMBER, false },
    { "id_orig_p", MEANS_NUMBER, false },
    { "trans_id", MEANS_NUMBER, false },
    { "bytes_toserver", MEANS_NUMBER, false },
    { "bytes_toclient", MEANS_NUMBER, false },
    { "orig_bytes", MEANS_NUMBER, false },
    { "resp_bytes", MEANS_NUMBER, false },

    { "uid", MEANS_SHAPE, false },
    { "fuid", MEANS_SHAPE, false },
    { "id", MEANS_SHAPE, false },
    { "conn_uids", MEANS_SHAPE, false },
    { "fuids", MEANS_SHAPE, false },
    { "resp_fuids", MEANS_SHAPE, false },
    { "orig_fuids", MEANS_SHAPE, false },
    { "cert_chain_fuids", MEANS_SHAPE, false },
    { "certificate.serial", MEANS_SHAPE, false },
    { "certificate_serial", MEANS_SHAPE, false },

    { "id.orig_h", MEANS_ADDRESS, true },
    { "id.resp_h", MEANS_ADDRESS, true },
    { "id_orig_h", MEANS_ADDRESS, true },
    { "id_resp_h", MEANS_ADDRESS, true },
    { "tx_hosts", MEANS_ADDRESS, true },
    { "rx_hosts", MEANS_ADDRESS, true },
    { "src_ip", MEANS_ADDRESS, true },
    { "dest_ip", MEANS_ADDRESS, true },

    { "md5", MEANS_DIGEST, true },
    { "sha1", MEANS_DIGEST, true },
    { "sha256", MEANS_DIGEST, true },
    { "fingerprint", MEANS_DIGEST, true },
    { "cert_chain_fps", MEANS_DIGEST, true },

    { "query", MEANS_QUERY, true },
    { "answers", MEANS_NAME, true },
    { "rrname", MEANS_QUERY, true },
    { "rdata", MEANS_NAME, true },
    { "server_name", MEANS_NAME, true },
    { "sni", MEANS_NAME, true },
    { "san.dns", MEANS_NAME, true },
    { "helo", MEANS_NAME, false },
    { "CNAME", MEANS_NAME, false },
    { "NS", MEANS_NAME, false },
    { "PTR", MEANS_NAME, false },
    { "mname", MEANS_NAME, false },
    { "rname", MEANS_NAME, false },
    { "subjectaltname", MEANS_NAME, false },

    { "hostname", MEANS_HOST, true },
    { "host", MEANS_HOST, false },
    { "url", MEANS_TARGET, false },
    { "uri", MEANS_TARGET, false },
    { "referrer", MEANS_URL, false },
    { "http_refer", MEANS_URL, false },

    { "mailfrom", MEANS_MAIL, true },
    { "rcptto", MEANS_MAIL, true },
    { "mail_from", MEANS_MAIL, true },
    { "rcpt_to", MEANS_MAIL, true },
    { "from", MEANS_MAIL, false },
    { "to", MEANS_MAIL, false },

    { "subject", MEANS_DN, false },
    { "issuer", MEANS_DN, false },
    { "certificate.subject", MEANS_DN, false },
    { "certificate.issuer", MEANS_DN, false },
    { "certificate_subject", MEANS_DN, false },
    { "certificate_issuer", MEANS_DN, false },
    { "issuerdn", MEANS_DN, false },
    { "sub", MEANS_DN, false },
};

/* A line being taken apart. */
struct cutter {
    struct span line;
    size_t done; /* up to here it is in pieces */
    struct template parts;
    struct piece pieces[TEMPLATE_PIECE_COUNT_MAX];
    bool http; /* the line tells of a request to port 80 */
};

static const struct key *key_of(struct span name)
{
    static const struct key other = { "", MEANS_NOTHING, false };
    for (size_t i = 0; i < sizeof keys / sizeof keys[0]; i++) {
        if (span_equal(span_of(keys[i].name), name)) {
            return &keys[i];
        }
    }
    return &other;
}

static void piece_add(struct cutter *cutter, enum slot slot, struct span text, bool planted_in)
{
    struct template *parts = &cutter->parts;
    must(parts->count < TEMPLATE_PIECE_COUNT_MAX);
    cutter->pieces[parts->count] = (struct piece){ text, (uint8_t)slot, planted_in };
    parts->count++;
    if (planted_in) {
        parts->planted_count++;
    }
}

/* What lies between the last piece and `at` stays as it is. */
static void literal_up_to(struct cutter *cutter, size_t at)
{
    if (at > cutter->done) {
        piece_add(cutter, SLOT_LITERAL, span_slice(cutter->line, cutter->done, at), false);
    }
    cutter->done = at;
}

/* `text` lies in the line, behind all pieces so far. */
static void slot_add(struct cutter *cutter, enum slot slot, struct span text, bool planted_in)
{
    size_t at = (size_t)(text.data - cutter->line.data);
    must(at >= cutter->done);
    if (text.size > 0) {
        literal_up_to(cutter, at);
        piece_add(cutter, slot, text, planted_in);
        cutter->done = at + text.size;
    }
}

static bool is_digits(struct span text)
{
    uint64_t number = 0;
    return span_to_u64(text, &number) == ERR_OK;
}

/* A digest, perhaps with colons between its bytes. Hits are planted in the common form. */
static void digest_add(struct cutter *cutter, struct span text, bool planted_in)
{
    bool colons = false;
    for (size_t i = 0; i < text.size; i++) {
        uint8_t c = text.data[i];
        colons = colons || c == ':';
        if (!(c >= '0' && c <= '9') && !(c >= 'a' && c <= 'f') && c != ':') {
            return;
        }
    }
    if (text.size >= DIGEST_DIGITS_MIN) {
        slot_add(cutter, SLOT_HEX, text, planted_in && !colons);
    }
}

static bool is_time_text(struct span text)
{
    return text.size >= VARIANT_TIME_TEXT_SIZE && text.data[4] == '-' && text.data[10] == 'T' &&
           text.data[19] == '.'; /* where they stand in "2018-03-24T17:15:20.865717" */
}

static bool is_time_epoch(struct span text)
{
    ptrdiff_t dot = span_find(text, '.');
    return dot == 10 && is_digits(span_slice(text, 0, 10)); /* digits of seconds since 1970 */
}

static bool address_add(struct cutter *cutter, struct span text, bool planted_in)
{
    if (variant_is_ipv4(text)) {
        slot_add(cutter, SLOT_IPV4, text, planted_in);
        return true;
    }
    if (variant_is_ipv6(text)) {
        slot_add(cutter, SLOT_IPV6, text, planted_in);
        return true;
    }
    return false;
}

static bool name_add(struct cutter *cutter, struct span text, bool planted_in)
{
    if (address_add(cutter, text, planted_in)) {
        return true;
    }
    if (variant_is_name(text)) {
        slot_add(cutter, SLOT_NAME, text, planted_in);
        return true;
    }
    return false;
}

/* "host", "host:port". */
static void host_add(struct cutter *cutter, struct span text, bool planted_in)
{
    ptrdiff_t colon = span_find(text, ':');
    bool port = colon > 0 && is_digits(span_from(text, (size_t)colon + 1));
    name_add(cutter, port ? span_slice(text, 0, (size_t)colon) : text, planted_in && !port);
}

static void request_host_add(struct cutter *cutter, struct span text, bool planted_in)
{
    size_t before = cutter->parts.count;
    host_add(cutter, text, planted_in && cutter->http);
    size_t last = cutter->parts.count;
    bool whole = last > before && cutter->pieces[last - 1].text.size == text.size;
    if (whole && cutter->http && cutter->parts.url_host == TEMPLATE_NONE) {
        cutter->parts.url_host = (uint16_t)(last - 1);
    }
}

static void target_add(struct cutter *cutter, struct span text)
{
    if (text.size > 1 && text.data[0] == '/') {
        slot_add(cutter, SLOT_TARGET, text, false);
        if (cutter->parts.url_target == TEMPLATE_NONE) {
            cutter->parts.url_target = (uint16_t)(cutter->parts.count - 1);
        }
    }
}

static void url_add(struct cutter *cutter, struct span text)
{
    ptrdiff_t scheme = span_find_span(text, SPAN("://"));
    if (scheme == SPAN_NOT_FOUND) {
        return;
    }
    struct span rest = span_from(text, (size_t)scheme + 3);
    ptrdiff_t slash = span_find(rest, '/');
    size_t host_size = slash == SPAN_NOT_FOUND ? rest.size : (size_t)slash;
    host_add(cutter, span_slice(rest, 0, host_size), false);
    slot_add(cutter, SLOT_TARGET, span_from(rest, host_size), false);
}

static bool is_mail_byte(uint8_t c)
{
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '.' ||
           c == '-' || c == '_' || c == '+';
}

/* The address in a text such as "Name <someone@example.org>". */
static void mail_add(struct cutter *cutter, struct span text, bool planted_in)
{
    ptrdiff_t sign = span_find(text, '@');
    if (sign == SPAN_NOT_FOUND) {
        return;
    }
    size_t begin = (size_t)sign;
    size_t end = (size_t)sign + 1;
    while (begin > 0 && is_mail_byte(text.data[begin - 1])) {
        begin--;
    }
    while (end < text.size && is_mail_byte(text.data[end])) {
        end++;
    }
    struct span address = span_slice(text, begin, end);
    struct span domain = span_slice(text, (size_t)sign + 1, end);
    if (begin < (size_t)sign && variant_is_name(domain)) {
        slot_add(cutter, SLOT_MAIL, address, planted_in);
    }
}

/* A distinguished name: its CN where that is a name. */
static void dn_add(struct cutter *cutter, struct span text)
{
    ptrdiff_t at = span_find_span(text, SPAN("CN="));
    if (at == SPAN_NOT_FOUND) {
        return;
    }
    struct span rest = span_from(text, (size_t)at + 3);
    ptrdiff_t comma = span_find(rest, ',');
    name_add(cutter, comma == SPAN_NOT_FOUND ? rest : span_slice(rest, 0, (size_t)comma), false);
}

static void time_add_slot(struct cutter *cutter, struct span text)
{
    if (is_time_text(text)) {
        slot_add(cutter, SLOT_TIME_TEXT, text, false);
    } else if (is_time_epoch(text)) {
        slot_add(cutter, SLOT_TIME_EPOCH, text, false);
    }
}

static void value_add(struct cutter *cutter, const struct key *key, struct span text)
{
    switch (key->meaning) {
    case MEANS_TIME:
        time_add_slot(cutter, text);
        break;
    case MEANS_NUMBER:
        if (is_digits(text)) {
            slot_add(cutter, SLOT_DIGITS, text, false);
        }
        break;
    case MEANS_SHAPE:
        slot_add(cutter, is_digits(text) ? SLOT_DIGITS : SLOT_SHAPE, text, false);
        break;
    case MEANS_QUERY:
        name_add(cutter, text, key->planted_in && variant_is_name(text));
        break;
    case MEANS_NAME:
        name_add(cutter, text, key->planted_in);
        break;
    case MEANS_HOST:
        request_host_add(cutter, text, key->planted_in);
        break;
    case MEANS_TARGET:
        target_add(cutter, text);
        break;
    case MEANS_URL:
        url_add(cutter, text);
        break;
    case MEANS_MAIL:
        mail_add(cutter, text, key->planted_in);
        break;
    case MEANS_DN:
        dn_add(cutter, text);
        break;
    default:
        if (!address_add(cutter, text, key->planted_in)) {
            digest_add(cutter, text, key->planted_in);
        }
        break;
    }
}

static void cutter_begin(struct cutter *cutter, struct span line)
{
    cutter->line = line;
    cutter->done = 0;
    cutter->parts = (struct template){ .url_host = TEMPLATE_NONE, .url_target = TEMPLATE_NONE };
    cutter->http = false;
}

static void cutter_end(struct op *op, struct cutter *cutter, struct template *ret)
{
    struct template *parts = &cutter->parts;
    literal_up_to(cutter, cutter->line.size);
    if (parts->url_host == TEMPLATE_NONE || parts->url_target == TEMPLATE_NONE) {
        parts->url_host = TEMPLATE_NONE;
        parts->url_target = TEMPLATE_NONE;
    } else {
        parts->planted_count++; /* besides the host alone */
    }
    size_t size = parts->count * sizeof *parts->pieces;
    parts->pieces = op_alloc(op, size);
    if (parts->pieces == NULL) {
        bench_fail("no memory for the lines");
    }
    span_copy(parts->pieces, size, span_make(cutter->pieces, size));
    *ret = *parts;
}

/* Where a string that begins at `at` ends: behind its closing quote. */
static size_t string_end(struct span line, size_t at)
{
    at++;
    while (at < line.size && line.data[at] != '"') {
        at += line.data[at] == '\\' ? 2 : 1;
    }
    must(at < line.size);
    return at + 1;
}

static bool is_number_byte(uint8_t c)
{
    return (c >= '0' && c <= '9') || c == '.' || c == '-' || c == '+' || c == 'e' || c == 'E';
}

/* Whether the URL of a request can be told from host and target alone. */
static bool is_plain_http(struct span line)
{
    bool eve = span_find_span(line, SPAN("\"event_type\":\"http\"")) != SPAN_NOT_FOUND &&
               span_find_span(line, SPAN("\"http_port\":")) == SPAN_NOT_FOUND &&
               span_find_span(line, SPAN("\"dest_port\":80,")) != SPAN_NOT_FOUND;
    bool zeek = span_find_span(line, SPAN("\"@stream\":\"http\"")) != SPAN_NOT_FOUND &&
                span_find_span(line, SPAN("_resp_p\":80,")) != SPAN_NOT_FOUND;
    return eve || zeek;
}

void template_from_json(struct op *op, struct span line, struct template *ret)
{
    static struct cutter cutter;
    const struct key *key = key_of(SPAN(""));
    size_t at = 0;
    cutter_begin(&cutter, line);
    cutter.http = is_plain_http(line);
    while (at < line.size) {
        size_t begin = at;
        if (line.data[at] == '"') {
            at = string_end(line, at);
            struct span text = span_slice(line, begin + 1, at - 1);
            if (at < line.size && line.data[at] == ':') {
                key = key_of(text);
            } else {
                value_add(&cutter, key, text);
            }
        } else if (is_number_byte(line.data[at])) {
            while (at < line.size && is_number_byte(line.data[at])) {
                at++;
            }
            value_add(&cutter, key, span_slice(line, begin, at));
        } else if (line.data[at] >= 'a' && line.data[at] <= 'z') {
            while (line.data[at] >= 'a' && line.data[at] <= 'z') {
                at++; /* true, false, null */
            }
        } else {
            at++;
        }
    }
    cutter_end(op, &cutter, ret);
}

void template_columns(struct columns *columns, struct span line)
{
    bool names = span_starts_with(line, SPAN("#fields\t"));
    bool types = span_starts_with(line, SPAN("#types\t"));
    if (!names && !types) {
        return;
    }
    struct span rest = line;
    struct span cell;
    size_t count = 0;
    span_next(&rest, '\t', &cell);
    while (span_next(&rest, '\t', &cell)) {
        must(count < TEMPLATE_COLUMN_COUNT_MAX);
        if (names) {
            columns->names[count] = cell;
        } else {
            columns->lists[count] =
                span_starts_with(cell, SPAN("vector[")) || span_starts_with(cell, SPAN("set["));
        }
        count++;
    }
    columns->count = count;
}

void template_from_tsv(struct op *op, const struct columns *columns, struct span line,
                       struct template *ret)
{
    static struct cutter cutter;
    struct span rest = line;
    struct span cell;
    cutter_begin(&cutter, line);
    for (size_t i = 0; i < columns->count && span_next(&rest, '\t', &cell); i++) {
        const struct key *key = key_of(columns->names[i]);
        struct span element;
        if (span_equal(cell, SPAN("-")) || span_equal(cell, SPAN("(empty)"))) {
            continue;
        }
        while (columns->lists[i] && span_next(&cell, ',', &element)) {
            value_add(&cutter, key, element);
        }
        if (!columns->lists[i]) {
            value_add(&cutter, key, cell);
        }
    }
    cutter_end(op, &cutter, ret);
}
