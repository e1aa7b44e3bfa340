// SPDX-License-Identifier: EUPL-1.2
/*
 * TLS as a server, over sockets that do not block (GnuTLS): 1.2 and 1.3.
 */
#ifndef INTAKE_TLS_H
#define INTAKE_TLS_H

#include "intake/message.h"

struct intake_tls; /* certificate and key of a source */
struct intake_tls_session;

/**
 * Take certificate and key of a source.
 *
 * op        work in hand
 * source    of kind INTAKE_TLS
 * ret       to give back with intake_tls_free(); untouched on error
 *
 * Errors    ERR_FORMAT these are none, or do not belong together; ERR_LIMIT no memory
 */
MUST_USE
enum err intake_tls_new(struct op *op, const struct intake_source *source, struct intake_tls **ret);

/**
 * Forget certificate and key.
 *
 * tls       NULL does nothing; no session of it is left
 */
void intake_tls_free(struct intake_tls *tls);

/**
 * Begin a session with somebody who connected.
 *
 * tls       outlives the session
 * fd        the connection, still the caller's
 * ret       to give back with intake_tls_end(); untouched on error
 *
 * Errors    ERR_LIMIT no memory
 */
MUST_USE
enum err intake_tls_begin(struct intake_tls *tls, int fd, struct intake_tls_session **ret);

/**
 * End a session; nothing is waited for.
 *
 * session   NULL does nothing
 */
void intake_tls_end(struct intake_tls_session *session);

/**
 * Whether the parties have agreed, and the sender's certificate was found good where one is asked.
 *
 * session   begun
 */
bool intake_tls_is_agreed(const struct intake_tls_session *session);

/**
 * Read what came; it agrees with the other side first.
 *
 * session   begun
 * bytes     receives it
 * room      at least 16 KiB, so that a whole record fits (RFC 8446, section 5.1)
 * ret_read  how many bytes; 0 at the end; untouched on error
 *
 * Errors    ERR_AGAIN nothing now, wait to read; ERR_FULL likewise, wait to write; ERR_FORMAT it is
 * no TLS, or the certificate is not good; ERR_IO
 */
MUST_USE
enum err intake_tls_read(struct intake_tls_session *session, uint8_t *bytes, size_t room,
                         size_t *ret_read);

#endif
