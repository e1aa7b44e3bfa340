// SPDX-License-Identifier: EUPL-1.2
/*
 * Suricata's fields: paths in an EVE event, from its JSON schema (Suricata 8.0, etc/schema.json).
 * Most stand in the same place in every kind of event that has them (an alert carries the "http" of
 * its flow), so that no row names a stream.
 *
 * Left out: free text (ftp.reply, sip.request_line, payloads, metadata of rules), ids and GUIDs,
 * netmasks, MAC addresses, and message ids, which only look like e-mail addresses.
 */
#include "observe/field.h"

#define EVE(path, role, field_class)                                                               \
    {                                                                                              \
        NULL, path, role, field_class                                                              \
    }
#define CONTEXT(path, role)      EVE(path, role, CLASS_NONE)
#define VALUE(path, field_class) EVE(path, ROLE_VALUE, field_class)

/* The data of a record of DNS that have members of their own. */
#define RECORD_DATA(path)                                                                          \
    VALUE(path ".rrname", CLASS_DOMAIN), VALUE(path ".rdata", CLASS_ANSWER),                       \
        VALUE(path ".soa.mname", CLASS_ANSWER), VALUE(path ".soa.rname", CLASS_MAILBOX),           \
        VALUE(path ".srv.name", CLASS_ANSWER), VALUE(path ".sshfp.fingerprint", CLASS_HASH)

/* The same, gathered by type. */
#define RECORDS_GROUPED(path)                                                                      \
    VALUE(path ".A", CLASS_ADDRESS), VALUE(path ".AAAA", CLASS_ADDRESS),                           \
        VALUE(path ".CNAME", CLASS_ANSWER), VALUE(path ".NS", CLASS_ANSWER),                       \
        VALUE(path ".PTR", CLASS_ANSWER), VALUE(path ".MX", CLASS_ANSWER),                         \
        VALUE(path ".TXT", CLASS_ANSWER), VALUE(path ".NULL", CLASS_ANSWER),                       \
        VALUE(path ".SRV.name", CLASS_ANSWER), VALUE(path ".SOA.mname", CLASS_ANSWER),             \
        VALUE(path ".SOA.rname", CLASS_MAILBOX), VALUE(path ".SSHFP.fingerprint", CLASS_HASH)

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

    /* The two ends again, by who opened. */
    CONTEXT("flow.src_ip", ROLE_FLOW_ORIGINATOR),
    CONTEXT("flow.src_port", ROLE_FLOW_ORIGINATOR_PORT),
    CONTEXT("flow.dest_ip", ROLE_FLOW_RESPONDER),
    CONTEXT("flow.dest_port", ROLE_FLOW_RESPONDER_PORT),
    CONTEXT("flow.state", ROLE_FLOW_STATE),
    CONTEXT("flow.pkts_toclient", ROLE_FLOW_ANSWER),
    CONTEXT("flow.action", ROLE_ACTION),
    CONTEXT("tcp.tcp_flags_tc", ROLE_TCP_ANSWER),

    VALUE("alert.source.ip", CLASS_ADDRESS),
    VALUE("alert.target.ip", CLASS_ADDRESS),
    VALUE("alert.xff", CLASS_FORWARDED),
    CONTEXT("alert.action", ROLE_ACTION),
    CONTEXT("verdict.action", ROLE_VERDICT),
    CONTEXT("drop.verdict.action", ROLE_VERDICT),

    { NULL, "arp.src_ip", ROLE_CLIENT, CLASS_ADDRESS },
    { NULL, "arp.dest_ip", ROLE_SERVER, CLASS_ADDRESS },

    /* DNS, version 1: one event a record */
    VALUE("dns.rrname", CLASS_DOMAIN),
    VALUE("dns.rdata", CLASS_ANSWER),
    CONTEXT("dns.rcode", ROLE_RCODE),
    /* version 2: one event an answer, the records once in full and once by type */
    RECORDS_GROUPED("dns.grouped"),
    /* version 2 inside an alert */
    VALUE("dns.query.rrname", CLASS_DOMAIN),
    VALUE("dns.answer.rrname", CLASS_DOMAIN),
    CONTEXT("dns.answer.rcode", ROLE_RCODE),
    RECORD_DATA("dns.answer.answers"),
    RECORD_DATA("dns.answer.authorities"),
    RECORD_DATA("dns.answer.additionals"),
    RECORDS_GROUPED("dns.answer.grouped"),
    /* versions 2 and 3 */
    VALUE("dns.queries.rrname", CLASS_DOMAIN),
    RECORD_DATA("dns.answers"),
    RECORD_DATA("dns.authorities"),
    RECORD_DATA("dns.additionals"),

    VALUE("mdns.queries.rrname", CLASS_ANSWER),
    VALUE("mdns.answers.rrname", CLASS_ANSWER),
    VALUE("mdns.answers.rdata", CLASS_ANSWER),
    VALUE("mdns.answers.ptr", CLASS_ANSWER),
    VALUE("mdns.answers.srv.name", CLASS_ANSWER),
    VALUE("mdns.authorities.rrname", CLASS_ANSWER),
    VALUE("mdns.authorities.rdata", CLASS_ANSWER),
    VALUE("mdns.additionals.rrname", CLASS_ANSWER),
    VALUE("mdns.additionals.rdata", CLASS_ANSWER),
    VALUE("mdns.additionals.ptr", CLASS_ANSWER),
    VALUE("mdns.additionals.srv.name", CLASS_ANSWER),

    EVE("http.hostname", ROLE_HTTP_HOST, CLASS_HOST),
    CONTEXT("http.http_port", ROLE_HTTP_PORT),
    CONTEXT("http.url", ROLE_HTTP_TARGET),
    VALUE("http.http_user_agent", CLASS_USER_AGENT),
    VALUE("http.http_refer", CLASS_URL),
    VALUE("http.redirect", CLASS_LOCATION),
    VALUE("http.xff", CLASS_FORWARDED),
    VALUE("http.true_client_ip", CLASS_LOOK),
    VALUE("http.org_src_ip", CLASS_LOOK),
    CONTEXT("http.request_headers.name", ROLE_NAMING),
    EVE("http.request_headers.value", ROLE_NAMED, CLASS_LOOK),
    CONTEXT("http.response_headers.name", ROLE_NAMING),
    EVE("http.response_headers.value", ROLE_NAMED, CLASS_LOOK),

    VALUE("tls.sni", CLASS_HOST),
    VALUE("tls.subject", CLASS_DN),
    VALUE("tls.issuerdn", CLASS_DN),
    VALUE("tls.fingerprint", CLASS_CERT_DIGEST),
    VALUE("tls.subjectaltname", CLASS_CERT_NAME),
    VALUE("tls.client.subject", CLASS_DN),
    VALUE("tls.client.issuerdn", CLASS_DN),
    VALUE("tls.client.fingerprint", CLASS_CERT_DIGEST),
    VALUE("tls.client.subjectaltname", CLASS_CERT_NAME),
    VALUE("tls.ja3.hash", CLASS_JA3),
    VALUE("tls.ja3s.hash", CLASS_JA3S),
    VALUE("tls.ja4", CLASS_JA4),

    VALUE("quic.sni", CLASS_HOST),
    VALUE("quic.ua", CLASS_USER_AGENT),
    VALUE("quic.ja3.hash", CLASS_JA3),
    VALUE("quic.ja3s.hash", CLASS_JA3S),
    VALUE("quic.ja4", CLASS_JA4),
    VALUE("quic.cyu.hash", CLASS_HASH),

    VALUE("ssh.client.hassh.hash", CLASS_HASSH),
    VALUE("ssh.server.hassh.hash", CLASS_HASSH),

    VALUE("fileinfo.filename", CLASS_FILE_PATH),
    VALUE("fileinfo.md5", CLASS_DIGEST),
    VALUE("fileinfo.sha1", CLASS_DIGEST),
    VALUE("fileinfo.sha256", CLASS_DIGEST),
    /* the files of an alert's flow */
    VALUE("files.filename", CLASS_FILE_PATH),
    VALUE("files.md5", CLASS_DIGEST),
    VALUE("files.sha1", CLASS_DIGEST),
    VALUE("files.sha256", CLASS_DIGEST),

    VALUE("smtp.helo", CLASS_HOST),
    VALUE("smtp.mail_from", CLASS_EMAIL),
    VALUE("smtp.rcpt_to", CLASS_EMAIL),
    VALUE("email.from", CLASS_EMAIL),
    VALUE("email.to", CLASS_EMAIL),
    VALUE("email.cc", CLASS_EMAIL),
    VALUE("email.bcc", CLASS_EMAIL),
    VALUE("email.reply_to", CLASS_EMAIL),
    VALUE("email.url", CLASS_URL),
    VALUE("email.attachment", CLASS_FILE_NAME),
    VALUE("email.received", CLASS_WORDS),
    VALUE("email.x_originating_ip", CLASS_WORDS),
    VALUE("email.x_mailer", CLASS_USER_AGENT),
    VALUE("email.user_agent", CLASS_USER_AGENT),
    VALUE("email.body_md5", CLASS_HASH),
    VALUE("email.subject_md5", CLASS_HASH),

    CONTEXT("ftp.command", ROLE_NAMING),
    EVE("ftp.command_data", ROLE_NAMED, CLASS_NONE),
    VALUE("ftp_data.filename", CLASS_FILE_NAME),
    VALUE("tftp.file", CLASS_FILE_NAME),
    CONTEXT("pop3.request.command", ROLE_NAMING),
    EVE("pop3.request.args", ROLE_NAMED, CLASS_NONE),

    VALUE("smb.filename", CLASS_FILE_NAME),
    VALUE("smb.rename.from", CLASS_FILE_NAME),
    VALUE("smb.rename.to", CLASS_FILE_NAME),
    VALUE("smb.share", CLASS_SHARE),
    VALUE("smb.named_pipe", CLASS_SHARE),
    VALUE("smb.ntlmssp.domain", CLASS_ANSWER),
    VALUE("smb.ntlmssp.host", CLASS_ANSWER),
    VALUE("smb.ntlmssp.user", CLASS_LOGIN),
    VALUE("smb.kerberos.realm", CLASS_ANSWER),
    VALUE("smb.kerberos.snames", CLASS_ANSWER),

    VALUE("nfs.filename", CLASS_FILE_NAME),
    VALUE("nfs.rename.from", CLASS_FILE_NAME),
    VALUE("nfs.rename.to", CLASS_FILE_NAME),
    VALUE("rpc.creds.machine_name", CLASS_ANSWER),

    VALUE("krb5.cname", CLASS_LOGIN),
    VALUE("krb5.realm", CLASS_ANSWER),
    VALUE("krb5.sname", CLASS_PRINCIPAL),

    VALUE("rdp.cookie", CLASS_LOGIN),
    VALUE("rdp.client.client_name", CLASS_ANSWER),

    VALUE("sip.uri", CLASS_WORDS),
    VALUE("sip.sdp.origin", CLASS_WORDS),
    VALUE("sip.sdp.uri", CLASS_LOCATION),
    VALUE("sip.sdp.email", CLASS_WORDS),
    VALUE("sip.sdp.connection_data", CLASS_WORDS),
    VALUE("sip.sdp.media_descriptions.connection_data", CLASS_WORDS),

    VALUE("mqtt.connect.username", CLASS_LOGIN),
    VALUE("mqtt.connack.properties.server_reference", CLASS_WORDS),
    VALUE("mqtt.disconnect.properties.server_reference", CLASS_WORDS),

    VALUE("dhcp.assigned_ip", CLASS_ADDRESS),
    VALUE("dhcp.client_ip", CLASS_ADDRESS),
    VALUE("dhcp.relay_ip", CLASS_ADDRESS),
    VALUE("dhcp.next_server_ip", CLASS_ADDRESS),
    VALUE("dhcp.requested_ip", CLASS_ADDRESS),
    VALUE("dhcp.dns_servers", CLASS_ADDRESS),
    VALUE("dhcp.routers", CLASS_ADDRESS),
    VALUE("dhcp.hostname", CLASS_ANSWER),

    VALUE("snmp.trap_address", CLASS_ADDRESS),

    VALUE("ldap.request.bind_request.name", CLASS_LOGIN),

    VALUE("bittorrent_dht.request.info_hash", CLASS_HASH),
    VALUE("bittorrent_dht.response.nodes.ip", CLASS_ADDRESS),
    VALUE("bittorrent_dht.response.nodes6.ip", CLASS_ADDRESS),
    VALUE("bittorrent_dht.response.values.ip", CLASS_ADDRESS),
};

const struct observe_table observe_eve_table = {
    .fields = eve_fields,
    .count = sizeof eve_fields / sizeof eve_fields[0],
    .names_vary = false,
};
