// SPDX-License-Identifier: EUPL-1.2
/*
 * Suricata's fields: paths in an EVE event, from its JSON schema. Most stand in the same place in
 * every kind of event that has them (an alert carries the "http" of its flow), so that no row names
 * a stream.
 */
#include "observe/field.h"

#define EVE(path, role, field_class)                                                               \
    {                                                                                              \
        NULL, path, role, field_class                                                              \
    }
#define CONTEXT(path, role)      EVE(path, role, CLASS_NONE)
#define VALUE(path, field_class) EVE(path, ROLE_VALUE, field_class)

static const struct observe_field eve_fields[] = {
    CONTEXT("event_type", ROLE_STREAM),
    CONTEXT("timestamp", ROLE_TIME),
    CONTEXT("flow_id", ROLE_UID),
    EVE("src_ip", ROLE_ORIGINATOR, CLASS_ADDRESS),
    CONTEXT("src_port", ROLE_ORIGINATOR_PORT),
    EVE("dest_ip", ROLE_RESPONDER, CLASS_ADDRESS),
    CONTEXT("dest_port", ROLE_RESPONDER_PORT),
    CONTEXT("host", ROLE_SENSOR),
    CONTEXT("sensor_name", ROLE_SENSOR),
    VALUE("tunnel.src_ip", CLASS_ADDRESS),
    VALUE("tunnel.dest_ip", CLASS_ADDRESS),
    VALUE("xff", CLASS_FORWARDED),

    /* DNS, version 1: one event a record */
    VALUE("dns.rrname", CLASS_DOMAIN),
    VALUE("dns.rdata", CLASS_ANSWER),
    /* version 2: one event an answer, the records once in full and once by type */
    VALUE("dns.grouped.A", CLASS_ADDRESS),
    VALUE("dns.grouped.AAAA", CLASS_ADDRESS),
    VALUE("dns.grouped.CNAME", CLASS_ANSWER),
    VALUE("dns.grouped.NS", CLASS_ANSWER),
    VALUE("dns.grouped.PTR", CLASS_ANSWER),
    VALUE("dns.grouped.MX", CLASS_ANSWER),
    VALUE("dns.grouped.SRV.name", CLASS_ANSWER),
    VALUE("dns.grouped.SOA.mname", CLASS_ANSWER),
    /* version 2 inside an alert */
    VALUE("dns.query.rrname", CLASS_DOMAIN),
    VALUE("dns.answer.rrname", CLASS_DOMAIN),
    VALUE("dns.answer.answers.rrname", CLASS_DOMAIN),
    VALUE("dns.answer.answers.rdata", CLASS_ANSWER),
    VALUE("dns.answer.authorities.rrname", CLASS_DOMAIN),
    VALUE("dns.answer.authorities.rdata", CLASS_ANSWER),
    VALUE("dns.answer.grouped.A", CLASS_ADDRESS),
    VALUE("dns.answer.grouped.AAAA", CLASS_ADDRESS),
    VALUE("dns.answer.grouped.CNAME", CLASS_ANSWER),
    VALUE("dns.answer.grouped.NS", CLASS_ANSWER),
    VALUE("dns.answer.grouped.PTR", CLASS_ANSWER),
    VALUE("dns.answer.grouped.MX", CLASS_ANSWER),
    /* versions 2 and 3 */
    VALUE("dns.queries.rrname", CLASS_DOMAIN),
    VALUE("dns.answers.rrname", CLASS_DOMAIN),
    VALUE("dns.answers.rdata", CLASS_ANSWER),
    VALUE("dns.answers.soa.mname", CLASS_ANSWER),
    VALUE("dns.answers.srv.name", CLASS_ANSWER),
    VALUE("dns.authorities.rrname", CLASS_DOMAIN),
    VALUE("dns.authorities.rdata", CLASS_ANSWER),
    VALUE("dns.authorities.soa.mname", CLASS_ANSWER),
    VALUE("dns.authorities.srv.name", CLASS_ANSWER),
    VALUE("dns.additionals.rrname", CLASS_DOMAIN),
    VALUE("dns.additionals.rdata", CLASS_ANSWER),
    VALUE("dns.additionals.soa.mname", CLASS_ANSWER),
    VALUE("dns.additionals.srv.name", CLASS_ANSWER),

    EVE("http.hostname", ROLE_HTTP_HOST, CLASS_HOST),
    CONTEXT("http.http_port", ROLE_HTTP_PORT),
    CONTEXT("http.url", ROLE_HTTP_TARGET),
    VALUE("http.http_refer", CLASS_URL),
    VALUE("http.redirect", CLASS_LOCATION),
    VALUE("http.xff", CLASS_FORWARDED),

    VALUE("tls.sni", CLASS_HOST),
    VALUE("tls.subject", CLASS_DN),
    VALUE("tls.issuerdn", CLASS_DN),
    VALUE("tls.fingerprint", CLASS_DIGEST),
    VALUE("tls.subjectaltname", CLASS_CERT_NAME),
    VALUE("tls.client.subject", CLASS_DN),
    VALUE("tls.client.issuerdn", CLASS_DN),
    VALUE("tls.client.fingerprint", CLASS_DIGEST),
    VALUE("tls.client.subjectaltname", CLASS_CERT_NAME),
    VALUE("quic.sni", CLASS_HOST),

    VALUE("fileinfo.md5", CLASS_DIGEST),
    VALUE("fileinfo.sha1", CLASS_DIGEST),
    VALUE("fileinfo.sha256", CLASS_DIGEST),
    /* the files of an alert's flow */
    VALUE("files.md5", CLASS_DIGEST),
    VALUE("files.sha1", CLASS_DIGEST),
    VALUE("files.sha256", CLASS_DIGEST),

    VALUE("smtp.helo", CLASS_HOST),
    VALUE("smtp.mail_from", CLASS_EMAIL),
    VALUE("smtp.rcpt_to", CLASS_EMAIL),
    VALUE("email.from", CLASS_EMAIL),
    VALUE("email.to", CLASS_EMAIL),
    VALUE("email.cc", CLASS_EMAIL),
    VALUE("email.url", CLASS_URL),
};

const struct observe_table observe_eve_table = {
    .fields = eve_fields,
    .count = sizeof eve_fields / sizeof eve_fields[0],
    .names_vary = false,
};
