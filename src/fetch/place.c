// SPDX-License-Identifier: EUPL-1.2
#include "fetch/place.h"

#include <arpa/inet.h>
#include <curl/curl.h>

#define UNIX_PREFIX SPAN("unix:")

static enum err part_of(struct op *op, CURLU *parts, CURLUPart what, struct span *ret)
{
    char *text = NULL;
    CURLUcode code = curl_url_get(parts, what, &text, 0);
    if (code != CURLUE_OK) {
        return op_copy(op, SPAN(""), ret); /* this URL has no such part */
    }
    struct span span = span_of(text);
    bool brackets = span.size > 2 && span.data[0] == '[';
    enum err err = op_copy(op, brackets ? span_slice(span, 1, span.size - 1) : span, ret);
    curl_free(text);
    return err;
}

static enum err parts_read(struct op *op, CURLU *parts, struct place *ret)
{
    struct span user;
    struct place place = { .path = SPAN("") };
    TRY(part_of(op, parts, CURLUPART_SCHEME, &place.scheme));
    TRY(part_of(op, parts, CURLUPART_HOST, &place.host));
    TRY(part_of(op, parts, CURLUPART_PORT, &place.port));
    TRY(part_of(op, parts, CURLUPART_USER, &user));
    if (user.size > 0) {
        return op_fail(op, ERR_FORMAT, "a URL is no place for a user or password");
    }
    if (place.host.size == 0) {
        return op_fail(op, ERR_FORMAT, "the URL names no host");
    }
    *ret = place;
    return ERR_OK;
}

enum err place_parse(struct op *op, struct span url, struct place *ret)
{
    struct span copy;
    if (span_starts_with(url, UNIX_PREFIX)) {
        struct place local = { .scheme = SPAN("unix"), .host = SPAN(""), .port = SPAN("") };
        TRY(op_copy(op, span_from(url, UNIX_PREFIX.size), &local.path));
        if (local.path.size == 0 || local.path.data[0] != '/') {
            return op_fail(op, ERR_FORMAT, "after \"unix:\" comes a path from \"/\" on");
        }
        *ret = local;
        return ERR_OK;
    }
    TRY(op_copy(op, url, &copy));
    CURLU *parts = curl_url();
    if (parts == NULL) {
        return op_fail(op, ERR_LIMIT, "out of memory");
    }
    CURLUcode code =
        curl_url_set(parts, CURLUPART_URL, (const char *)copy.data, CURLU_NON_SUPPORT_SCHEME);
    enum err err = code == CURLUE_OK
                       ? parts_read(op, parts, ret)
                       : op_fail(op, ERR_FORMAT, "no URL: %s", curl_url_strerror(code));
    curl_url_cleanup(parts);
    return err;
}

bool place_is_loopback(struct span host)
{
    enum { LOOPBACK_NET = 127, ADDRESS_SIZE_MAX = 64 };
    char text[ADDRESS_SIZE_MAX];
    struct in_addr v4;
    struct in6_addr v6;
    if (span_equal_nocase(host, SPAN("localhost"))) {
        return true;
    }
    if (host.size >= sizeof text) {
        return false;
    }
    span_copy(text, sizeof text, host);
    text[host.size] = '\0';
    if (inet_pton(AF_INET, text, &v4) == 1) {
        return ntohl(v4.s_addr) >> 24 == LOOPBACK_NET; /* the first of its four bytes */
    }
    return inet_pton(AF_INET6, text, &v6) == 1 && IN6_IS_ADDR_LOOPBACK(&v6);
}
