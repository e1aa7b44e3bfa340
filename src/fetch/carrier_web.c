// SPDX-License-Identifier: EUPL-1.2
/*
 * Webhooks: events as JSON by POST. An answer of 2xx acknowledges all events of the request; any
 * other, and any redirect, does not. Signed as the "Standard Webhooks" specification has it
 * (standardwebhooks.com, 1.0): HMAC-SHA256 over "id.time.body".
 */
#include <stdio.h>

#include "base/memory.h"
#include "base/time.h"
#include "crypt/hmac.h"
#include "fetch/carrier.h"
#include "fetch/place.h"
#include "fetch/request.h"
#include "os/clock.h"

enum {
    BODY_SIZE_MAX = FETCH_EVENTS_SIZE_MAX + FETCH_BATCH_COUNT_MAX + 2,
    HEADER_SIZE = 256,
    STATUS_OK_FIRST = 200,
    STATUS_OK_LAST = 299,
};

struct web {
    const struct fetch_output *output;
    struct request request;
};

static void web_end(void *state)
{
    struct web *web = state;
    request_done(&web->request);
    memory_free(web);
}

static enum err web_begin(struct op *op, const struct fetch_output *output, void **ret)
{
    struct place place;
    struct web *web = memory_new(sizeof *web);
    if (web == NULL) {
        return op_fail(op, ERR_LIMIT, "out of memory");
    }
    web->output = output;
    enum err err = place_parse(op, output->url, &place);
    if (err == ERR_OK) {
        bool clear = span_equal(place.scheme, SPAN("http"));
        err = request_init(op, output, clear ? "http" : "https", clear, &web->request);
    }
    if (err != ERR_OK) {
        web_end(web);
        return err;
    }
    *ret = web;
    return ERR_OK;
}

static void body_write(struct buf *body, const struct web *web, struct fetch_item *const *items,
                       size_t count)
{
    bool array = web->output->batch_max != 1;
    buf_add(body, array ? SPAN("[") : SPAN(""));
    for (size_t i = 0; i < count; i++) {
        buf_add(body, i > 0 ? SPAN(",") : SPAN(""));
        buf_add(body, items[i]->text);
    }
    buf_add(body, array ? SPAN("]") : SPAN(""));
}

/* ---- headers ---- */

__attribute__((format(printf, 2, 3))) static bool header_add(struct curl_slist **headers,
                                                             const char *format, ...)
{
    char line[HEADER_SIZE];
    va_list args;
    va_start(args, format);
    int size = vsnprintf(line, sizeof line, format, args);
    va_end(args);
    struct curl_slist *longer =
        size > 0 && size < (int)sizeof line ? curl_slist_append(*headers, line) : NULL;
    *headers = longer == NULL ? *headers : longer;
    return longer != NULL;
}

/* The same events tried again are the same message, and have the same id. */
static bool headers_sign(struct curl_slist **headers, const struct web *web,
                         struct fetch_item *const *items, size_t count, struct span body)
{
    char id[FETCH_ID_SIZE_MAX + 32];
    char signature[CRYPT_HMAC_BASE64_SIZE];
    char lead[sizeof id + 32];
    long long now_s = (long long)(os_clock_us() / US_PER_S);
    snprintf(id, sizeof id, "%.*s-%zu", (int)items[0]->id_size, items[0]->id, count);
    snprintf(lead, sizeof lead, "%s.%lld.", id, now_s);
    if (!header_add(headers, "webhook-id: %s", id) ||
        !header_add(headers, "webhook-timestamp: %lld", now_s)) {
        return false;
    }
    if (web->output->secret.size == 0) {
        return true;
    }
    crypt_hmac_base64(web->output->secret, span_of(lead), body, signature);
    return header_add(headers, "webhook-signature: v1,%s", signature);
}

static bool headers_make(struct curl_slist **headers, const struct web *web,
                         struct fetch_item *const *items, size_t count, struct span body)
{
    return header_add(headers, "Content-Type: application/json") &&
           header_add(headers, "Expect:") && headers_sign(headers, web, items, count, body);
}

/* ---- the request ---- */

static CURLcode post(struct web *web, struct curl_slist *headers, struct span body)
{
    CURL *curl = web->request.curl;
    web->request.answered = 0;
    web->request.fault[0] = '\0';
    CURLcode code = curl_easy_setopt(curl, CURLOPT_URL, (const char *)web->output->url.data);
    code = code == CURLE_OK ? curl_easy_setopt(curl, CURLOPT_HTTPHEADER, headers) : code;
    code = code == CURLE_OK
               ? curl_easy_setopt(curl, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)body.size)
               : code;
    code = code == CURLE_OK ? curl_easy_setopt(curl, CURLOPT_POSTFIELDS, (const char *)body.data)
                            : code;
    return code == CURLE_OK ? curl_easy_perform(curl) : code;
}

static enum err status_check(struct op *op, struct web *web)
{
    long status = 0;
    if (curl_easy_getinfo(web->request.curl, CURLINFO_RESPONSE_CODE, &status) != CURLE_OK ||
        status < STATUS_OK_FIRST || status > STATUS_OK_LAST) {
        return op_fail(op, ERR_IO, "the receiver answered with status %ld", status);
    }
    return ERR_OK;
}

static enum err web_deliver(struct op *op, void *state, struct fetch_item *const *items,
                            size_t count, size_t *ret_done)
{
    struct web *web = state;
    struct curl_slist *headers = NULL;
    struct buf body;
    *ret_done = 0;
    buf_init(&body, BODY_SIZE_MAX);
    body_write(&body, web, items, count);
    enum err err = ERR_OK;
    if (body.err != ERR_OK || !headers_make(&headers, web, items, count, buf_span(&body))) {
        err = op_fail(op, ERR_LIMIT, "out of memory");
    } else {
        CURLcode code = post(web, headers, buf_span(&body));
        err = code == CURLE_OK ? status_check(op, web) : request_fail(op, &web->request, code);
    }
    curl_slist_free_all(headers);
    buf_done(&body);
    *ret_done = err == ERR_OK ? count : 0;
    return err;
}

const struct carrier carrier_web = { web_begin, web_deliver, web_end };
