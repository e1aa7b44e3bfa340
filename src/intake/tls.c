// SPDX-License-Identifier: EUPL-1.2
#include "intake/tls.h"

#include <gnutls/gnutls.h>
#include <gnutls/x509.h>

#include "base/memory.h"

/* RFC 8996: versions below 1.2 are of the past. */
#define PRIORITIES "NORMAL:-VERS-ALL:+VERS-TLS1.3:+VERS-TLS1.2"

struct intake_tls {
    gnutls_certificate_credentials_t credentials;
    gnutls_priority_t priorities;
    bool asks; /* senders have to show a certificate */
};

struct intake_tls_session {
    gnutls_session_t session;
    bool agreed;
};

static gnutls_datum_t datum_of(struct span span)
{
    union { /* GnuTLS only reads it, though its type does not say so */
        const uint8_t *given;
        uint8_t *taken;
    } data = { .given = span.data };
    return (gnutls_datum_t){ .data = data.taken, .size = (unsigned)span.size };
}

static enum err fail(struct op *op, const char *what, int code)
{
    return op_fail(op, code == GNUTLS_E_MEMORY_ERROR ? ERR_LIMIT : ERR_FORMAT, "%s: %s", what,
                   gnutls_strerror(code));
}

static enum err fill(struct op *op, const struct intake_source *source, struct intake_tls *tls)
{
    const gnutls_datum_t certificate = datum_of(source->certificate);
    const gnutls_datum_t key = datum_of(source->key);
    const gnutls_datum_t authorities = datum_of(source->authorities);
    int code = gnutls_certificate_set_x509_key_mem(tls->credentials, &certificate, &key,
                                                   GNUTLS_X509_FMT_PEM);
    if (code < 0) {
        return fail(op, "certificate and key", code);
    }
    tls->asks = source->authorities.size > 0;
    if (tls->asks) {
        code = gnutls_certificate_set_x509_trust_mem(tls->credentials, &authorities,
                                                     GNUTLS_X509_FMT_PEM);
        if (code <= 0) {
            return fail(op, "certificates of authorities",
                        code == 0 ? GNUTLS_E_NO_CERTIFICATE_FOUND : code);
        }
    }
    code = gnutls_priority_init(&tls->priorities, PRIORITIES, NULL);
    return code < 0 ? fail(op, "TLS", code) : ERR_OK;
}

enum err intake_tls_new(struct op *op, const struct intake_source *source, struct intake_tls **ret)
{
    struct intake_tls *tls = memory_new(sizeof *tls);
    if (tls == NULL) {
        return op_fail(op, ERR_LIMIT, "out of memory for TLS");
    }
    int code = gnutls_certificate_allocate_credentials(&tls->credentials);
    enum err err = code < 0 ? fail(op, "TLS", code) : fill(op, source, tls);
    if (err != ERR_OK) {
        intake_tls_free(tls);
        return err;
    }
    *ret = tls;
    return ERR_OK;
}

void intake_tls_free(struct intake_tls *tls)
{
    if (tls == NULL) {
        return;
    }
    if (tls->credentials != NULL) {
        gnutls_certificate_free_credentials(tls->credentials);
    }
    if (tls->priorities != NULL) {
        gnutls_priority_deinit(tls->priorities);
    }
    memory_free(tls);
}

enum err intake_tls_begin(struct intake_tls *tls, int fd, struct intake_tls_session **ret)
{
    struct intake_tls_session *session = memory_new(sizeof *session);
    if (session == NULL) {
        return ERR_LIMIT;
    }
    int code = gnutls_init(&session->session, GNUTLS_SERVER | GNUTLS_NONBLOCK | GNUTLS_NO_SIGNAL);
    if (code < 0) {
        memory_free(session);
        return ERR_LIMIT;
    }
    code = gnutls_priority_set(session->session, tls->priorities);
    if (code >= 0) {
        code = gnutls_credentials_set(session->session, GNUTLS_CRD_CERTIFICATE, tls->credentials);
    }
    if (code < 0) {
        intake_tls_end(session);
        return ERR_LIMIT;
    }
    if (tls->asks) {
        gnutls_certificate_server_set_request(session->session, GNUTLS_CERT_REQUIRE);
        gnutls_session_set_verify_cert(session->session, NULL, 0);
    }
    gnutls_transport_set_int(session->session, fd);
    *ret = session;
    return ERR_OK;
}

void intake_tls_end(struct intake_tls_session *session)
{
    if (session == NULL) {
        return;
    }
    gnutls_deinit(session->session);
    memory_free(session);
}

bool intake_tls_is_agreed(const struct intake_tls_session *session)
{
    return session->agreed;
}

static enum err err_of(const struct intake_tls_session *session, int code)
{
    switch (code) {
    case GNUTLS_E_AGAIN:
    case GNUTLS_E_INTERRUPTED:
        return gnutls_record_get_direction(session->session) == 1 ? ERR_FULL : ERR_AGAIN;
    case GNUTLS_E_PUSH_ERROR:
    case GNUTLS_E_PULL_ERROR:
        return ERR_IO;
    default:
        return ERR_FORMAT;
    }
}

/* What is no fatal fault (a warning of the other side) is passed over. */
static enum err agree(struct intake_tls_session *session)
{
    int code = gnutls_handshake(session->session);
    while (code < 0 && code != GNUTLS_E_AGAIN && code != GNUTLS_E_INTERRUPTED &&
           gnutls_error_is_fatal(code) == 0) {
        code = gnutls_handshake(session->session);
    }
    session->agreed = code >= 0;
    return code >= 0 ? ERR_OK : err_of(session, code);
}

enum err intake_tls_read(struct intake_tls_session *session, uint8_t *bytes, size_t room,
                         size_t *ret_read)
{
    if (!session->agreed) {
        TRY(agree(session));
    }
    ssize_t got = gnutls_record_recv(session->session, bytes, room);
    if (got == GNUTLS_E_PREMATURE_TERMINATION) { /* many senders close without a word */
        got = 0;
    }
    if (got < 0) { /* also the wish to agree anew, of TLS 1.2: nobody needs that */
        return err_of(session, (int)got);
    }
    *ret_read = (size_t)got;
    return ERR_OK;
}
