// SPDX-License-Identifier: EUPL-1.2
/*
 * Syslog by TCP and TLS, with octet counting (RFC 6587, section 3.4.1; RFC 5425): "LENGTH SP
 * MESSAGE". libcurl makes the connection, name and certificate checked; the bytes are ours.
 *
 * Syslog has no answer of its own: an event counts as delivered when the other machine's TCP has
 * taken it, and the connection still stands a moment later.
 */
#include <poll.h>
#include <stdio.h>

#include "base/memory.h"
#include "base/time.h"
#include "fetch/carrier.h"
#include "fetch/drain.h"
#include "fetch/place.h"
#include "fetch/request.h"
#include "os/clock.h"

enum { READ_SIZE = 4096, FRAME_HEAD_SIZE = 32 };

struct stream {
    const struct fetch_output *output;
    struct request request; /* curl is NULL: not connected */
    curl_socket_t fd;
};

static void stream_end(void *state)
{
    struct stream *stream = state;
    request_done(&stream->request);
    memory_free(stream);
}

static enum err stream_begin(struct op *op, const struct fetch_output *output, void **ret)
{
    struct stream *stream = memory_new(sizeof *stream);
    if (stream == NULL) {
        return op_fail(op, ERR_LIMIT, "out of memory");
    }
    stream->output = output;
    *ret = stream;
    return ERR_OK;
}

/* ---- connecting ---- */

/* For libcurl's eyes only: it connects as if for HTTP, and no request is ever made. */
static enum err url_make(struct op *op, const struct place *place, bool tls, struct span *ret)
{
    struct buf url;
    struct span port = place->port;
    bool v6 = span_find(place->host, ':') >= 0;
    if (port.size == 0) {
        port = tls ? SPAN("6514") : SPAN("514"); /* RFC 5425, section 4.1; 514 by usage */
    }
    buf_init(&url, FETCH_TEXT_SIZE_MAX);
    buf_add(&url, tls ? SPAN("https://") : SPAN("http://"));
    buf_add(&url, v6 ? SPAN("[") : SPAN(""));
    buf_add(&url, place->host);
    buf_add(&url, v6 ? SPAN("]:") : SPAN(":"));
    buf_add(&url, port);
    enum err err = url.err == ERR_OK ? op_copy(op, buf_span(&url), ret)
                                     : op_fail(op, ERR_LIMIT, "the URL is too long");
    buf_done(&url);
    return err;
}

static CURLcode request_connect(struct stream *stream, struct span url)
{
    CURL *curl = stream->request.curl;
    CURLcode code = curl_easy_setopt(curl, CURLOPT_URL, (const char *)url.data);
    code = code == CURLE_OK ? curl_easy_setopt(curl, CURLOPT_CONNECT_ONLY, 1L) : code;
    code = code == CURLE_OK ? curl_easy_setopt(curl, CURLOPT_SSL_ENABLE_ALPN, 0L) : code;
    code = code == CURLE_OK ? curl_easy_setopt(curl, CURLOPT_TCP_KEEPALIVE, 1L) : code;
    code = code == CURLE_OK ? curl_easy_perform(curl) : code;
    return code == CURLE_OK ? curl_easy_getinfo(curl, CURLINFO_ACTIVESOCKET, &stream->fd) : code;
}

static enum err stream_connect(struct op *op, struct stream *stream)
{
    struct place place;
    struct span url;
    TRY(place_parse(op, stream->output->url, &place));
    bool tls = span_equal(place.scheme, SPAN("tls"));
    TRY(url_make(op, &place, tls, &url));
    TRY(request_init(op, stream->output, tls ? "https" : "http", false, &stream->request));
    CURLcode code = request_connect(stream, url);
    if (code != CURLE_OK) {
        enum err err = request_fail(op, &stream->request, code);
        request_done(&stream->request);
        return err;
    }
    return ERR_OK;
}

/* Receivers say nothing; one whose connection gives its end has gone. What TLS has to say in
 * between (session tickets) is taken here, too. */
static bool is_usable(struct stream *stream)
{
    char bytes[READ_SIZE];
    size_t got = 1;
    CURLcode code = CURLE_OK;
    if (stream->request.curl == NULL) {
        return false;
    }
    while (code == CURLE_OK && got > 0) {
        code = curl_easy_recv(stream->request.curl, bytes, sizeof bytes, &got);
    }
    return code == CURLE_AGAIN;
}

/* ---- sending ---- */

static enum err room_wait(struct op *op, const struct stream *stream, int64_t end_us)
{
    struct pollfd room = { .fd = stream->fd, .events = POLLOUT };
    int64_t left_us = end_us - os_monotonic_us();
    if (left_us <= 0 || poll(&room, 1, (int)(left_us / US_PER_MS)) == 0) {
        return op_fail(op, ERR_TIMEOUT, "the receiver does not read");
    }
    return ERR_OK;
}

static enum err send_all(struct op *op, struct stream *stream, struct span bytes)
{
    const int64_t end_us = os_monotonic_us() + (int64_t)CARRIER_WAIT_S * US_PER_S;
    while (bytes.size > 0) {
        size_t sent = 0;
        CURLcode code = curl_easy_send(stream->request.curl, bytes.data, bytes.size, &sent);
        if (code == CURLE_AGAIN) {
            TRY(room_wait(op, stream, end_us));
        } else if (code != CURLE_OK) {
            return request_fail(op, &stream->request, code);
        }
        bytes = span_from(bytes, sent);
    }
    return ERR_OK;
}

static enum err item_send(struct op *op, struct stream *stream, const struct fetch_item *item)
{
    struct buf frame;
    buf_init(&frame, FETCH_EVENT_SIZE_MAX + FRAME_HEAD_SIZE);
    buf_add_u64(&frame, item->text.size);
    buf_add_byte(&frame, ' ');
    buf_add(&frame, item->text);
    enum err err = frame.err == ERR_OK ? send_all(op, stream, buf_span(&frame))
                                       : op_fail(op, ERR_LIMIT, "out of memory");
    buf_done(&frame);
    return err;
}

static enum err items_send(struct op *op, struct stream *stream, struct fetch_item *const *items,
                           size_t count)
{
    if (!is_usable(stream)) {
        request_done(&stream->request);
        TRY(stream_connect(op, stream));
    }
    for (size_t i = 0; i < count; i++) {
        TRY(item_send(op, stream, items[i]));
    }
    TRY(drain_wait(op, stream->fd));
    if (drain_speaks(stream->fd) && !is_usable(stream)) { /* closed, perhaps without reading */
        return op_fail(op, ERR_IO, "the receiver closed the connection");
    }
    return ERR_OK;
}

static enum err stream_deliver(struct op *op, void *state, struct fetch_item *const *items,
                               size_t count, size_t *ret_done)
{
    struct stream *stream = state;
    enum err err = items_send(op, stream, items, count);
    if (err != ERR_OK) {
        request_done(&stream->request);
    }
    *ret_done = err == ERR_OK ? count : 0;
    return err;
}

const struct carrier carrier_stream = { stream_begin, stream_deliver, stream_end };
