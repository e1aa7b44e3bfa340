// SPDX-License-Identifier: EUPL-1.2
#include "fetch/request.h"

#include <arpa/inet.h>
#include <sys/socket.h>
#include <unistd.h>

#include "fetch/carrier.h"

/* Takes the answer, up to a size: what a receiver says beyond its status is nobody's concern. */
static size_t answer_take(char *bytes, size_t size, size_t count, void *context)
{
    struct request *request = context;
    (void)bytes;
    request->answered += size * count;
    return request->answered <= REQUEST_ANSWER_SIZE_MAX ? size * count : 0;
}

static bool is_loopback(const struct sockaddr *address)
{
    enum { LOOPBACK_NET = 127 };
    if (address->sa_family == AF_INET) {
        const struct sockaddr_in *v4 = (const struct sockaddr_in *)(const void *)address;
        return ntohl(v4->sin_addr.s_addr) >> 24 == LOOPBACK_NET; /* the first of its four bytes */
    }
    const struct sockaddr_in6 *v6 = (const struct sockaddr_in6 *)(const void *)address;
    return address->sa_family == AF_INET6 && IN6_IS_ADDR_LOOPBACK(&v6->sin6_addr);
}

/* A name that stands for this machine in the configuration may resolve to another one. */
static curl_socket_t socket_open(void *context, curlsocktype purpose, struct curl_sockaddr *address)
{
    const struct request *request = context;
    (void)purpose;
    if (request->clear && !is_loopback(&address->addr)) {
        return CURL_SOCKET_BAD;
    }
    return socket(address->family, address->socktype | SOCK_CLOEXEC, address->protocol);
}

static CURLcode limits_set(struct request *request, const char *protocols)
{
    CURL *curl = request->curl;
    CURLcode code = curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, protocols);
    code = code == CURLE_OK ? curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L) : code;
    code = code == CURLE_OK ? curl_easy_setopt(curl, CURLOPT_PROXY, "") : code;
    code = code == CURLE_OK ? curl_easy_setopt(curl, CURLOPT_FOLLOWLOCATION, 0L) : code;
    code = code == CURLE_OK
               ? curl_easy_setopt(curl, CURLOPT_CONNECTTIMEOUT, (long)CARRIER_CONNECT_S)
               : code;
    code = code == CURLE_OK
               ? curl_easy_setopt(curl, CURLOPT_TIMEOUT, (long)CARRIER_CONNECT_S + CARRIER_WAIT_S)
               : code;
    code = code == CURLE_OK ? curl_easy_setopt(curl, CURLOPT_ERRORBUFFER, request->fault) : code;
    code =
        code == CURLE_OK ? curl_easy_setopt(curl, CURLOPT_USERAGENT, "linie/" LINIE_VERSION) : code;
    code = code == CURLE_OK ? curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, answer_take) : code;
    code = code == CURLE_OK ? curl_easy_setopt(curl, CURLOPT_WRITEDATA, request) : code;
    code =
        code == CURLE_OK ? curl_easy_setopt(curl, CURLOPT_OPENSOCKETFUNCTION, socket_open) : code;
    return code == CURLE_OK ? curl_easy_setopt(curl, CURLOPT_OPENSOCKETDATA, request) : code;
}

static CURLcode text_set(CURL *curl, CURLoption option, struct span text)
{
    return text.size == 0 ? CURLE_OK : curl_easy_setopt(curl, option, (const char *)text.data);
}

static CURLcode tls_set(CURL *curl, const struct fetch_output *output)
{
    CURLcode code = curl_easy_setopt(curl, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
    code = code == CURLE_OK ? curl_easy_setopt(curl, CURLOPT_SSL_VERIFYPEER, 1L) : code;
    code = code == CURLE_OK ? curl_easy_setopt(curl, CURLOPT_SSL_VERIFYHOST, 2L) : code;
    code = code == CURLE_OK ? text_set(curl, CURLOPT_CAINFO, output->ca_file) : code;
    code = code == CURLE_OK ? text_set(curl, CURLOPT_SSLCERT, output->cert_file) : code;
    return code == CURLE_OK ? text_set(curl, CURLOPT_SSLKEY, output->key_file) : code;
}

enum err request_init(struct op *op, const struct fetch_output *output, const char *protocols,
                      bool clear, struct request *ret)
{
    *ret = (struct request){ .clear = clear, .curl = curl_easy_init() };
    if (ret->curl == NULL) {
        return op_fail(op, ERR_LIMIT, "out of memory");
    }
    CURLcode code = limits_set(ret, protocols);
    if (code == CURLE_OK) {
        code = tls_set(ret->curl, output);
    }
    if (code != CURLE_OK) {
        request_done(ret);
        return op_fail(op, ERR_UNSUPPORTED, "libcurl: %s", curl_easy_strerror(code));
    }
    return ERR_OK;
}

void request_done(struct request *request)
{
    if (request->curl != NULL) {
        curl_easy_cleanup(request->curl);
    }
    request->curl = NULL;
}

enum err request_fail(struct op *op, const struct request *request, CURLcode code)
{
    const char *why = request->fault[0] != '\0' ? request->fault : curl_easy_strerror(code);
    switch (code) {
    case CURLE_OPERATION_TIMEDOUT:
        return op_fail(op, ERR_TIMEOUT, "%s", why);
    case CURLE_PEER_FAILED_VERIFICATION:
    case CURLE_SSL_CACERT_BADFILE:
    case CURLE_SSL_CERTPROBLEM:
    case CURLE_LOGIN_DENIED:
        return op_fail(op, ERR_DENIED, "%s", why);
    default:
        return op_fail(op, ERR_IO, "%s", why);
    }
}
