// SPDX-License-Identifier: EUPL-1.2
/*
 * A libcurl handle with our limits: no redirects, no proxies, no other protocols than those named,
 * TLS from 1.2 on with the peer's certificate and name checked, an end to every wait, and without
 * TLS no other machine than this one.
 */
#ifndef FETCH_REQUEST_H
#define FETCH_REQUEST_H

#include <curl/curl.h>

#include "fetch/fetch.h"

enum { REQUEST_ANSWER_SIZE_MAX = 64 * 1024 };

struct request {
    CURL *curl;
    bool clear;      /* no TLS: only to this machine */
    size_t answered; /* bytes of the answer, which nobody looks at */
    char fault[CURL_ERROR_SIZE];
};

/**
 * Make a handle for an output.
 *
 * op         work in hand
 * output     borrowed until request_done()
 * protocols  as CURLOPT_PROTOCOLS_STR has them: "https", "smtp,smtps"
 * clear      go without TLS, and then only to this machine
 * ret        stays where it is until request_done()
 *
 * Errors    ERR_LIMIT no memory; ERR_UNSUPPORTED libcurl lacks something
 */
MUST_USE
enum err request_init(struct op *op, const struct fetch_output *output, const char *protocols,
                      bool clear, struct request *ret);

/**
 * Give it back, with its connection.
 *
 * request   from request_init(), or all zero
 */
void request_done(struct request *request);

/**
 * Tell why a transfer failed.
 *
 * op        receives the fault
 * request   of the transfer
 * code      what libcurl answered; not CURLE_OK
 *
 * Returns ERR_TIMEOUT, ERR_DENIED (a certificate, a login) or ERR_IO.
 */
enum err request_fail(struct op *op, const struct request *request, CURLcode code);

#endif
