// SPDX-License-Identifier: EUPL-1.2
/*
 * Zeek's fields, for its JSON and its TSV writing alike. Names are Zeek's own (its "base/protocols"
 * scripts); the writings "id_orig_h" and {"id":{"orig_h":...}} are found by the plan. Streams
 * without rows of their own give their two ends.
 */
#include "observe/field.h"

#define ANY NULL

static const struct observe_field zeek_fields[] = {
    /* every stream */
    { ANY, "_path", ROLE_STREAM, CLASS_NONE },
    { ANY, "@stream", ROLE_STREAM, CLASS_NONE },
    { ANY, "ts", ROLE_TIME, CLASS_NONE },
    { ANY, "_write_ts", ROLE_TIME_WRITTEN, CLASS_NONE },
    { ANY, "uid", ROLE_UID, CLASS_NONE },
    { ANY, "id.orig_h", ROLE_ORIGINATOR, CLASS_ADDRESS },
    { ANY, "id.orig_p", ROLE_ORIGINATOR_PORT, CLASS_NONE },
    { ANY, "id.resp_h", ROLE_RESPONDER, CLASS_ADDRESS },
    { ANY, "id.resp_p", ROLE_RESPONDER_PORT, CLASS_NONE },
    { ANY, "@system", ROLE_SENSOR, CLASS_NONE },
    { ANY, "_system_name", ROLE_SENSOR, CLASS_NONE },
    { ANY, "sensor", ROLE_SENSOR, CLASS_NONE },

    { "dns", "query", ROLE_VALUE, CLASS_DOMAIN },
    { "dns", "answers", ROLE_VALUE, CLASS_ANSWER },

    { "http", "host", ROLE_HTTP_HOST, CLASS_HOST },
    { "http", "uri", ROLE_HTTP_TARGET, CLASS_NONE },
    { "http", "referrer", ROLE_VALUE, CLASS_URL },

    { "ssl", "server_name", ROLE_VALUE, CLASS_HOST },
    { "ssl", "cert_chain_fps", ROLE_VALUE, CLASS_DIGEST },
    { "ssl", "client_cert_chain_fps", ROLE_VALUE, CLASS_DIGEST },
    { "ssl", "resp_certificate_sha1", ROLE_VALUE, CLASS_DIGEST },
    { "ssl", "orig_certificate_sha1", ROLE_VALUE, CLASS_DIGEST },
    { "ssl", "subject", ROLE_VALUE, CLASS_DN },
    { "ssl", "issuer", ROLE_VALUE, CLASS_DN },
    { "ssl", "issuer_subject", ROLE_VALUE, CLASS_DN },
    { "ssl", "client_subject", ROLE_VALUE, CLASS_DN },
    { "ssl", "client_issuer", ROLE_VALUE, CLASS_DN },
    { "ssl", "client_issuer_subject", ROLE_VALUE, CLASS_DN },

    { "x509", "fingerprint", ROLE_VALUE, CLASS_DIGEST },
    { "x509", "certificate.subject", ROLE_VALUE, CLASS_DN },
    { "x509", "certificate.issuer", ROLE_VALUE, CLASS_DN },
    { "x509", "san.dns", ROLE_VALUE, CLASS_CERT_NAME },
    { "x509", "san.ip", ROLE_VALUE, CLASS_ADDRESS },
    { "x509", "san.email", ROLE_VALUE, CLASS_EMAIL },
    { "x509", "san.uri", ROLE_VALUE, CLASS_URL },

    /* Before Zeek 6.0 files have no id.*: then the receiver counts as the one who opened (he asked
     * for the file), the sender as the one who answered. */
    { "files", "tx_hosts", ROLE_SENDER, CLASS_ADDRESS },
    { "files", "rx_hosts", ROLE_RECEIVER, CLASS_ADDRESS },
    { "files", "md5", ROLE_VALUE, CLASS_DIGEST },
    { "files", "sha1", ROLE_VALUE, CLASS_DIGEST },
    { "files", "sha256", ROLE_VALUE, CLASS_DIGEST },

    { "smtp", "helo", ROLE_VALUE, CLASS_HOST },
    { "smtp", "mailfrom", ROLE_VALUE, CLASS_EMAIL },
    { "smtp", "rcptto", ROLE_VALUE, CLASS_EMAIL },
    { "smtp", "from", ROLE_VALUE, CLASS_EMAIL },
    { "smtp", "to", ROLE_VALUE, CLASS_EMAIL },
    { "smtp", "cc", ROLE_VALUE, CLASS_EMAIL },
    { "smtp", "reply_to", ROLE_VALUE, CLASS_EMAIL },
    { "smtp", "path", ROLE_VALUE, CLASS_ADDRESS },
    { "smtp", "x_originating_ip", ROLE_VALUE, CLASS_ADDRESS },

    { "notice", "src", ROLE_VALUE, CLASS_ADDRESS },
    { "notice", "dst", ROLE_VALUE, CLASS_ADDRESS },

    { "known_hosts", "host", ROLE_VALUE, CLASS_ADDRESS },
    { "known_services", "host", ROLE_VALUE, CLASS_ADDRESS },
    { "known_certs", "host", ROLE_VALUE, CLASS_ADDRESS },
    { "software", "host", ROLE_VALUE, CLASS_ADDRESS },
};

const struct observe_table observe_zeek_table = {
    .fields = zeek_fields,
    .count = sizeof zeek_fields / sizeof zeek_fields[0],
    .names_vary = true,
};
