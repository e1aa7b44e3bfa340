// SPDX-License-Identifier: EUPL-1.2
/*
 * What an output may be: its settings are checked before anybody relies on them.
 */
#include "base/must.h"
#include "fetch/carrier.h"
#include "fetch/place.h"

enum { ADDRESS_SIZE_MAX = 254 /* RFC 5321, section 4.5.3.1.3, less the brackets */ };

static const char *const kind_names[FETCH_KIND_COUNT] = {
    [FETCH_NONE] = "none", [FETCH_FILE] = "file",       [FETCH_SYSLOG] = "syslog",
    [FETCH_UNIX] = "unix", [FETCH_WEBHOOK] = "webhook", [FETCH_MAIL] = "mail",
};

const char *fetch_kind_name(enum fetch_kind kind)
{
    must((unsigned)kind < FETCH_KIND_COUNT);
    return kind_names[kind];
}

enum err fetch_kind_from_name(struct span word, enum fetch_kind *ret)
{
    for (unsigned i = FETCH_NONE + 1; i < FETCH_KIND_COUNT; i++) {
        if (span_equal(word, span_of(kind_names[i]))) {
            *ret = (enum fetch_kind)i;
            return ERR_OK;
        }
    }
    return ERR_ABSENT;
}

const struct carrier *carrier_for(const struct fetch_output *output)
{
    switch (output->kind) {
    case FETCH_FILE:
        return &carrier_file;
    case FETCH_UNIX:
        return &carrier_socket;
    case FETCH_WEBHOOK:
        return &carrier_web;
    case FETCH_MAIL:
        return &carrier_mail;
    case FETCH_SYSLOG:
        return span_starts_with(output->url, SPAN("tcp:")) ||
                       span_starts_with(output->url, SPAN("tls:"))
                   ? &carrier_stream
                   : &carrier_socket;
    case FETCH_NONE:
    case FETCH_KIND_COUNT:
        break;
    }
    must_fail("the output has a kind", __FILE__, __LINE__);
}

enum err fetch_folder_of(struct op *op, struct span path, struct span *ret)
{
    ptrdiff_t slash = span_find_last(path, '/');
    must(slash >= 0);
    return op_copy(op, slash == 0 ? SPAN("/") : span_slice(path, 0, (size_t)slash), ret);
}

/* ---- checks ---- */

static bool is_one_of(struct span word, const char *const *words)
{
    for (; *words != NULL; words++) {
        if (span_equal(word, span_of(*words))) {
            return true;
        }
    }
    return false;
}

static enum err path_check(struct op *op, struct span path)
{
    bool named = path.size > 1 && path.data[0] == '/' && path.data[path.size - 1] != '/';
    return named ? ERR_OK : op_fail(op, ERR_FORMAT, "\"path\" is missing, or names no file");
}

/* An address that is safe in a header and in SMTP: printable ASCII, no white space, brackets,
 * commas or quotes (RFC 5321's dot-string, and no more). */
static bool is_address(struct span address)
{
    ptrdiff_t at = span_find(address, '@');
    if (at < 1 || (size_t)at + 1 == address.size || address.size > ADDRESS_SIZE_MAX ||
        span_find_last(address, '@') != at) {
        return false;
    }
    for (size_t i = 0; i < address.size; i++) {
        uint8_t c = address.data[i];
        if (c <= ' ' || c > '~' || span_find(SPAN("<>,;:\\\"()[]"), c) >= 0) {
            return false;
        }
    }
    return true;
}

static enum err addresses_check(struct op *op, struct span to)
{
    struct span rest = to;
    struct span address;
    size_t count = 0;
    while (span_next(&rest, ' ', &address)) {
        if (address.size > 0 && !is_address(address)) {
            return op_fail(op, ERR_FORMAT, "\"to\" holds what is no mail address");
        }
        count += address.size > 0 ? 1 : 0;
    }
    return count > 0 ? ERR_OK : op_fail(op, ERR_FORMAT, "\"to\" names nobody");
}

static enum err url_check(struct op *op, struct span url, const char *const *schemes,
                          const char *example, struct place *ret)
{
    if (url.size == 0) {
        return op_fail(op, ERR_FORMAT, "\"url\" is missing: %s, for example", example);
    }
    TRY(place_parse(op, url, ret));
    return is_one_of(ret->scheme, schemes)
               ? ERR_OK
               : op_fail(op, ERR_FORMAT, "\"url\" begins otherwise: %s, for example", example);
}

static enum err syslog_check(struct op *op, const struct fetch_output *output)
{
    static const char *const schemes[] = { "udp", "tcp", "tls", "unix", NULL };
    struct place place;
    return url_check(op, output->url, schemes, "tls://siem.example:6514", &place);
}

static enum err webhook_check(struct op *op, const struct fetch_output *output)
{
    static const char *const schemes[] = { "https", "http", NULL };
    struct place place;
    TRY(url_check(op, output->url, schemes, "https://soc.example/hook", &place));
    if (span_equal(place.scheme, SPAN("http")) && !place_is_loopback(place.host)) {
        return op_fail(op, ERR_FORMAT, "\"url\": http:// only to this machine; use https://");
    }
    return ERR_OK;
}

static enum err mail_check(struct op *op, const struct fetch_output *output)
{
    static const char *const schemes[] = { "smtp", "smtps", NULL };
    struct place place;
    TRY(url_check(op, output->url, schemes, "smtps://mail.example", &place));
    if (!is_address(output->from)) {
        return op_fail(op, ERR_FORMAT, "\"from\" is missing, or no mail address");
    }
    return addresses_check(op, output->to);
}

static enum err file_check(struct op *op, const struct fetch_output *output)
{
    return output->url.size == 0
               ? path_check(op, output->path)
               : op_fail(op, ERR_FORMAT, "\"url\": files and sockets have a \"path\" only");
}

enum err fetch_output_check(struct op *op, const struct fetch_output *output)
{
    switch (output->kind) {
    case FETCH_FILE:
    case FETCH_UNIX:
        return file_check(op, output);
    case FETCH_SYSLOG:
        return syslog_check(op, output);
    case FETCH_WEBHOOK:
        return webhook_check(op, output);
    case FETCH_MAIL:
        return mail_check(op, output);
    case FETCH_NONE:
    case FETCH_KIND_COUNT:
        break;
    }
    return op_fail(op, ERR_FORMAT, "\"kind\" is missing: file, syslog, unix, webhook or mail");
}
