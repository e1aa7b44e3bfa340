// SPDX-License-Identifier: EUPL-1.2
/*
 * Mail: a digest in plain words (RFC 5322, MIME by libcurl), never a mail for each event. Without
 * TLS only to this machine: with smtp:// the server must offer STARTTLS.
 */
#include <stdio.h>

#include "base/memory.h"
#include "base/must.h"
#include "base/time.h"
#include "fetch/carrier.h"
#include "fetch/place.h"
#include "fetch/request.h"
#include "os/clock.h"

enum { BODY_SIZE_MAX = FETCH_EVENTS_SIZE_MAX + 64 * 1024, LINE_SIZE = 1024, SUBJECT_SIZE = 256 };

struct mail {
    const struct fetch_output *output;
    struct request request;
};

static void mail_end(void *state)
{
    struct mail *mail = state;
    request_done(&mail->request);
    memory_free(mail);
}

static CURLcode server_set(struct mail *mail, bool clear)
{
    const struct fetch_output *output = mail->output;
    CURL *curl = mail->request.curl;
    CURLcode code = curl_easy_setopt(curl, CURLOPT_URL, (const char *)output->url.data);
    code = code == CURLE_OK ? curl_easy_setopt(curl, CURLOPT_USE_SSL,
                                               clear ? (long)CURLUSESSL_NONE : (long)CURLUSESSL_ALL)
                            : code;
    if (code == CURLE_OK && output->user.size > 0) {
        code = curl_easy_setopt(curl, CURLOPT_USERNAME, (const char *)output->user.data);
    }
    if (code == CURLE_OK && output->user.size > 0) {
        code = curl_easy_setopt(curl, CURLOPT_PASSWORD, (const char *)output->password.data);
    }
    return code == CURLE_OK
               ? curl_easy_setopt(curl, CURLOPT_MAIL_FROM, (const char *)output->from.data)
               : code;
}

static enum err mail_begin(struct op *op, const struct fetch_output *output, void **ret)
{
    struct place place;
    struct mail *mail = memory_new(sizeof *mail);
    if (mail == NULL) {
        return op_fail(op, ERR_LIMIT, "out of memory");
    }
    mail->output = output;
    enum err err = place_parse(op, output->url, &place);
    bool clear =
        err == ERR_OK && span_equal(place.scheme, SPAN("smtp")) && place_is_loopback(place.host);
    if (err == ERR_OK) {
        err = request_init(op, output, "smtp,smtps", clear, &mail->request);
    }
    if (err == ERR_OK && server_set(mail, clear) != CURLE_OK) {
        err = op_fail(op, ERR_UNSUPPORTED, "libcurl cannot send mail");
    }
    if (err != ERR_OK) {
        mail_end(mail);
        return err;
    }
    *ret = mail;
    return ERR_OK;
}

/* ---- what the mail says ---- */

struct counts {
    uint64_t of[FETCH_EVENT_TYPE_COUNT];
    uint64_t untold; /* of these, how many are only counted */
};

static struct counts counts_of(struct fetch_item *const *items, size_t count)
{
    struct counts counts = { .untold = 0 };
    for (size_t i = 0; i < count; i++) {
        for (size_t type = 0; type < FETCH_EVENT_TYPE_COUNT; type++) {
            counts.of[type] += items[i]->counts[type];
            counts.untold += items[i]->condensed ? items[i]->counts[type] : 0;
        }
    }
    return counts;
}

/* "3 hits, 1 notice" */
static void add_counts(struct buf *buf, const struct counts *counts)
{
    static const char *const one[FETCH_EVENT_TYPE_COUNT] = { "hit", "update", "notice" };
    bool any = false;
    for (size_t type = 0; type < FETCH_EVENT_TYPE_COUNT; type++) {
        if (counts->of[type] > 0) {
            buf_add(buf, any ? SPAN(", ") : SPAN(""));
            buf_add_u64(buf, counts->of[type]);
            buf_add_format(buf, " %s%s", one[type], counts->of[type] == 1 ? "" : "s");
            any = true;
        }
    }
}

static void add_body(struct buf *buf, struct fetch_item *const *items, size_t count,
                     const struct counts *counts)
{
    add_counts(buf, counts);
    buf_add(buf, SPAN(".\r\n"));
    for (size_t i = 0; i < count; i++) {
        if (!items[i]->condensed) {
            buf_add(buf, SPAN("\r\n"));
            buf_add(buf, items[i]->text);
            buf_add(buf, SPAN("\r\n"));
        }
    }
    if (counts->untold > 0) {
        buf_add(buf, SPAN("\r\nand "));
        buf_add_u64(buf, counts->untold);
        buf_add(buf, SPAN(" more, which this mail does not list.\r\n"));
    }
    buf_add(buf,
            SPAN("\r\n'linie hits' and 'linie status' show all there is, on the node itself. "
                 "Addresses\r\nand names are written so that nobody opens them by mistake.\r\n"));
}

/* ---- the message ---- */

/* RFC 5322, section 3.3: "Sat, 21 Nov 2026 20:34:05 +0000", made of "2026-11-21T20:34:05...". */
static void date_write(char *text, size_t size)
{
    static const char *const days[] = { "Thu", "Fri", "Sat", "Sun", "Mon", "Tue", "Wed" };
    static const char *const months[] = { "Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                          "Jul", "Aug", "Sep", "Oct", "Nov", "Dec" };
    enum { YEAR = 0, MONTH = 5, DAY = 8, CLOCK = 11, SECONDS_A_DAY = 24 * 60 * 60 };
    struct buf now;
    uint64_t month = 1;
    const int64_t now_us = os_clock_us();
    const int64_t day = time_floor(now_us, (int64_t)SECONDS_A_DAY * US_PER_S) /
                        ((int64_t)SECONDS_A_DAY * US_PER_S); /* since 1970-01-01, a Thursday */
    buf_init(&now, 2 * TIME_TEXT_SIZE);
    time_add(&now, now_us);
    must(now.err == ERR_OK);
    must(span_to_u64(span_slice(buf_span(&now), MONTH, MONTH + 2), &month) == ERR_OK);
    const char *at = (const char *)now.data;
    snprintf(text, size, "Date: %s, %.2s %s %.4s %.8s +0000", days[day % 7], &at[DAY],
             months[month - 1], &at[YEAR], &at[CLOCK]);
    buf_done(&now);
}

static bool line_add(struct curl_slist **lines, const char *line)
{
    struct curl_slist *longer = curl_slist_append(*lines, line);
    *lines = longer == NULL ? *lines : longer;
    return longer != NULL;
}

/* The part of an address behind its '@'. */
static struct span domain_of(struct span address)
{
    return span_from(address, (size_t)(span_find(address, '@') + 1));
}

/* Several recipients are written into one line: no address holds a comma, which was checked. */
static bool to_add(struct curl_slist **lines, struct span to)
{
    struct buf line;
    struct span rest = to;
    struct span address;
    bool any = false;
    buf_init(&line, 2 * FETCH_TEXT_SIZE_MAX);
    buf_add(&line, SPAN("To: "));
    while (span_next(&rest, ' ', &address)) {
        if (address.size > 0) {
            buf_add(&line, any ? SPAN(",\r\n ") : SPAN("")); /* a line has at most 998 bytes */
            buf_add(&line, address);
            any = true;
        }
    }
    buf_add_byte(&line, '\0');
    bool added = line.err == ERR_OK && line_add(lines, (const char *)line.data);
    buf_done(&line);
    return added;
}

/* The id of the first event: a digest that is tried again bears the same Message-ID. */
static bool headers_make(struct curl_slist **lines, const struct fetch_output *output,
                         const struct fetch_item *first, const struct counts *counts)
{
    char line[LINE_SIZE];
    struct buf subject;
    date_write(line, sizeof line);
    bool made = line_add(lines, line);
    snprintf(line, sizeof line, "From: %.*s", SPAN_FMT(output->from));
    made = made && line_add(lines, line) && to_add(lines, output->to);
    snprintf(line, sizeof line, "Message-ID: <%.*s.linie@%.*s>", (int)first->id_size, first->id,
             SPAN_FMT(domain_of(output->from)));
    made = made && line_add(lines, line);
    buf_init(&subject, SUBJECT_SIZE);
    buf_add(&subject, SPAN("Subject: Linie: "));
    add_counts(&subject, counts);
    buf_add_byte(&subject, '\0');
    made = made && subject.err == ERR_OK && line_add(lines, (const char *)subject.data);
    buf_done(&subject);
    return made && line_add(lines, "Auto-Submitted: auto-generated"); /* RFC 3834 */
}

static bool recipients_make(struct curl_slist **list, struct span to)
{
    char address[LINE_SIZE];
    struct span rest = to;
    struct span piece;
    while (span_next(&rest, ' ', &piece)) {
        snprintf(address, sizeof address, "%.*s", SPAN_FMT(piece));
        if (piece.size > 0 && !line_add(list, address)) {
            return false;
        }
    }
    return true;
}

/* libcurl's own MIME: it encodes the text, so that no line is too long and none begins with a dot
 * that counts. */
static CURLcode mime_make(CURL *curl, struct span body, curl_mime **ret)
{
    curl_mime *mime = curl_mime_init(curl);
    curl_mimepart *part = mime == NULL ? NULL : curl_mime_addpart(mime);
    *ret = mime;
    if (part == NULL) {
        return CURLE_OUT_OF_MEMORY;
    }
    CURLcode code = curl_mime_data(part, (const char *)body.data, body.size);
    code = code == CURLE_OK ? curl_mime_type(part, "text/plain; charset=utf-8") : code;
    code = code == CURLE_OK ? curl_mime_encoder(part, "quoted-printable") : code;
    return code == CURLE_OK ? curl_easy_setopt(curl, CURLOPT_MIMEPOST, mime) : code;
}

/* ---- sending ---- */

struct letter {
    struct buf body;
    struct curl_slist *headers;
    struct curl_slist *recipients;
    curl_mime *mime;
};

static CURLcode letter_send(struct mail *mail, struct letter *letter)
{
    CURL *curl = mail->request.curl;
    mail->request.fault[0] = '\0';
    mail->request.answered = 0;
    CURLcode code = mime_make(curl, buf_span(&letter->body), &letter->mime);
    code = code == CURLE_OK ? curl_easy_setopt(curl, CURLOPT_HTTPHEADER, letter->headers) : code;
    code = code == CURLE_OK ? curl_easy_setopt(curl, CURLOPT_MAIL_RCPT, letter->recipients) : code;
    code = code == CURLE_OK ? curl_easy_perform(curl) : code;
    (void)curl_easy_setopt(curl, CURLOPT_MIMEPOST, NULL);
    (void)curl_easy_setopt(curl, CURLOPT_HTTPHEADER, NULL);
    (void)curl_easy_setopt(curl, CURLOPT_MAIL_RCPT, NULL);
    return code;
}

static enum err mail_deliver(struct op *op, void *state, struct fetch_item *const *items,
                             size_t count, size_t *ret_done)
{
    struct mail *mail = state;
    struct letter letter = { .mime = NULL };
    const struct counts counts = counts_of(items, count);
    buf_init(&letter.body, BODY_SIZE_MAX);
    add_body(&letter.body, items, count, &counts);
    bool made = letter.body.err == ERR_OK &&
                headers_make(&letter.headers, mail->output, items[0], &counts) &&
                recipients_make(&letter.recipients, mail->output->to);
    enum err err = ERR_OK;
    if (!made) {
        err = op_fail(op, ERR_LIMIT, "out of memory");
    } else {
        CURLcode code = letter_send(mail, &letter);
        err = code == CURLE_OK ? ERR_OK : request_fail(op, &mail->request, code);
    }
    curl_mime_free(letter.mime);
    curl_slist_free_all(letter.headers);
    curl_slist_free_all(letter.recipients);
    buf_done(&letter.body);
    *ret_done = err == ERR_OK ? count : 0;
    return err;
}

const struct carrier carrier_mail = { mail_begin, mail_deliver, mail_end };
