// SPDX-License-Identifier: EUPL-1.2
/*
 * Zeek's fields, for its JSON and its TSV writing alike. Names are Zeek's own (its "base/protocols"
 * and "policy" scripts) and those of common packages (JA3, JA4, HASSH, ICSNPP); the writings
 * "id_orig_h" and {"id":{"orig_h":...}} are found by the plan. Of the streams in zeek_streams.c
 * that have no rows here, the two ends are read; unknown ones are looked at, see look.h.
 *
 * Left out are fields that say the same as another one of their line: source_h and destination_h of
 * the plant-floor logs (the two ends by direction), resp_fuids and other ids, smtp's msg_id.
 */
#include "observe/field.h"

#define ANY NULL

#define VALUE(stream, name, field_class)                                                           \
    {                                                                                              \
        stream, name, ROLE_VALUE, field_class                                                      \
    }
#define CONTEXT(stream, name, role)                                                                \
    {                                                                                              \
        stream, name, role, CLASS_NONE                                                             \
    }

static const struct observe_field zeek_fields[] = {
    /* every stream */
    CONTEXT(ANY, "_path", ROLE_STREAM),
    CONTEXT(ANY, "@stream", ROLE_STREAM),
    CONTEXT(ANY, "ts", ROLE_TIME),
    CONTEXT(ANY, "_write_ts", ROLE_TIME_WRITTEN),
    CONTEXT(ANY, "uid", ROLE_UID),
    { ANY, "id.orig_h", ROLE_ORIGINATOR, CLASS_ADDRESS },
    CONTEXT(ANY, "id.orig_p", ROLE_ORIGINATOR_PORT),
    { ANY, "id.resp_h", ROLE_RESPONDER, CLASS_ADDRESS },
    CONTEXT(ANY, "id.resp_p", ROLE_RESPONDER_PORT),
    CONTEXT(ANY, "proto", ROLE_TRANSPORT),
    CONTEXT(ANY, "@system", ROLE_SENSOR),
    CONTEXT(ANY, "_system_name", ROLE_SENSOR),
    CONTEXT(ANY, "sensor", ROLE_SENSOR),
    VALUE(ANY, "orig_asn", CLASS_ASN),
    VALUE(ANY, "resp_asn", CLASS_ASN),

    CONTEXT("conn", "conn_state", ROLE_CONN_STATE),

    VALUE("dns", "query", CLASS_DOMAIN),
    VALUE("dns", "answers", CLASS_ANSWER),
    VALUE("dns", "auth", CLASS_ANSWER),
    VALUE("dns", "addl", CLASS_ANSWER),
    CONTEXT("dns", "rcode_name", ROLE_RCODE),

    { "http", "host", ROLE_HTTP_HOST, CLASS_HOST },
    CONTEXT("http", "uri", ROLE_HTTP_TARGET),
    VALUE("http", "referrer", CLASS_URL),
    VALUE("http", "origin", CLASS_LOCATION),
    VALUE("http", "user_agent", CLASS_USER_AGENT),
    VALUE("http", "username", CLASS_LOGIN),
    VALUE("http", "proxied", CLASS_WORDS),
    VALUE("http", "orig_filenames", CLASS_FILE_NAME),
    VALUE("http", "resp_filenames", CLASS_FILE_NAME),

    { "websocket", "host", ROLE_HTTP_HOST, CLASS_HOST },
    CONTEXT("websocket", "uri", ROLE_HTTP_TARGET),
    VALUE("websocket", "user_agent", CLASS_USER_AGENT),

    VALUE("ssl", "server_name", CLASS_HOST),
    VALUE("ssl", "cert_chain_fps", CLASS_CERT_DIGEST),
    VALUE("ssl", "client_cert_chain_fps", CLASS_CERT_DIGEST),
    VALUE("ssl", "resp_certificate_sha1", CLASS_CERT_DIGEST),
    VALUE("ssl", "orig_certificate_sha1", CLASS_CERT_DIGEST),
    VALUE("ssl", "subject", CLASS_DN),
    VALUE("ssl", "issuer", CLASS_DN),
    VALUE("ssl", "issuer_subject", CLASS_DN),
    VALUE("ssl", "client_subject", CLASS_DN),
    VALUE("ssl", "client_issuer", CLASS_DN),
    VALUE("ssl", "client_issuer_subject", CLASS_DN),
    VALUE("ssl", "ja3", CLASS_JA3),
    VALUE("ssl", "ja3s", CLASS_JA3S),
    VALUE("ssl", "ja4", CLASS_JA4),
    CONTEXT("ssl", "established", ROLE_SUCCESS),

    VALUE("quic", "server_name", CLASS_HOST),
    VALUE("quic", "ja3", CLASS_JA3),
    VALUE("quic", "ja4", CLASS_JA4),

    VALUE("x509", "fingerprint", CLASS_CERT_DIGEST),
    VALUE("x509", "certificate.subject", CLASS_DN),
    VALUE("x509", "certificate.issuer", CLASS_DN),
    VALUE("x509", "san.dns", CLASS_CERT_NAME),
    VALUE("x509", "san.ip", CLASS_ADDRESS),
    VALUE("x509", "san.email", CLASS_EMAIL),
    VALUE("x509", "san.uri", CLASS_URL),

    /* Before Zeek 6.0 files have no id.*: then the receiver counts as the one who opened (he asked
     * for the file), the sender as the one who answered. */
    { "files", "tx_hosts", ROLE_SERVER, CLASS_ADDRESS },
    { "files", "rx_hosts", ROLE_CLIENT, CLASS_ADDRESS },
    VALUE("files", "filename", CLASS_FILE_NAME),
    VALUE("files", "md5", CLASS_DIGEST),
    VALUE("files", "sha1", CLASS_CERT_DIGEST),
    VALUE("files", "sha256", CLASS_CERT_DIGEST),

    VALUE("smtp", "helo", CLASS_HOST),
    VALUE("smtp", "mailfrom", CLASS_EMAIL),
    VALUE("smtp", "rcptto", CLASS_EMAIL),
    VALUE("smtp", "from", CLASS_EMAIL),
    VALUE("smtp", "to", CLASS_EMAIL),
    VALUE("smtp", "cc", CLASS_EMAIL),
    VALUE("smtp", "reply_to", CLASS_EMAIL),
    VALUE("smtp", "path", CLASS_ADDRESS),
    VALUE("smtp", "x_originating_ip", CLASS_ADDRESS),
    VALUE("smtp", "first_received", CLASS_WORDS),
    VALUE("smtp", "second_received", CLASS_WORDS),
    VALUE("smtp", "user_agent", CLASS_USER_AGENT),

    VALUE("ssh", "hassh", CLASS_HASSH),
    VALUE("ssh", "hasshServer", CLASS_HASSH),
    VALUE("ssh", "host_key", CLASS_HASH),
    CONTEXT("ssh", "auth_success", ROLE_SUCCESS),

    VALUE("ftp", "user", CLASS_LOGIN),
    VALUE("ftp", "arg", CLASS_FILE_URL),
    VALUE("ftp", "data_channel.orig_h", CLASS_ADDRESS),
    VALUE("ftp", "data_channel.resp_h", CLASS_ADDRESS),

    VALUE("smb_files", "path", CLASS_SHARE),
    VALUE("smb_files", "name", CLASS_FILE_NAME),
    VALUE("smb_files", "prev_name", CLASS_FILE_NAME),
    VALUE("smb_mapping", "path", CLASS_SHARE),
    VALUE("smb_cmd", "tree", CLASS_SHARE),
    VALUE("smb_cmd", "username", CLASS_LOGIN),
    VALUE("smb_cmd", "referenced_file.path", CLASS_SHARE),
    VALUE("smb_cmd", "referenced_file.name", CLASS_FILE_NAME),
    VALUE("smb_cmd", "referenced_file.prev_name", CLASS_FILE_NAME),

    VALUE("rdp", "cookie", CLASS_LOGIN),
    VALUE("rdp", "client_name", CLASS_ANSWER),

    VALUE("kerberos", "client", CLASS_PRINCIPAL),
    VALUE("kerberos", "service", CLASS_PRINCIPAL),
    VALUE("kerberos", "client_cert_subject", CLASS_DN),
    VALUE("kerberos", "server_cert_subject", CLASS_DN),
    CONTEXT("kerberos", "success", ROLE_SUCCESS),

    VALUE("ntlm", "username", CLASS_LOGIN),
    VALUE("ntlm", "hostname", CLASS_ANSWER),
    VALUE("ntlm", "domainname", CLASS_ANSWER),
    VALUE("ntlm", "server_dns_computer_name", CLASS_ANSWER),
    VALUE("ntlm", "server_tree_name", CLASS_ANSWER),
    CONTEXT("ntlm", "success", ROLE_SUCCESS),

    VALUE("notice", "src", CLASS_ADDRESS),
    VALUE("notice", "dst", CLASS_ADDRESS),
    VALUE("notice", "file_desc", CLASS_LOCATION),
    VALUE("notice", "sub", CLASS_DN), /* of certificates; else text */
    CONTEXT("notice", "dropped", ROLE_DENIED),

    VALUE("known_hosts", "host", CLASS_ADDRESS),
    VALUE("known_services", "host", CLASS_ADDRESS),
    VALUE("known_certs", "host", CLASS_ADDRESS),
    VALUE("known_certs", "subject", CLASS_DN),
    VALUE("known_certs", "issuer_subject", CLASS_DN),
    VALUE("known_modbus", "host", CLASS_ADDRESS),
    VALUE("software", "host", CLASS_ADDRESS),
    VALUE("software", "unparsed_version", CLASS_USER_AGENT), /* of browsers it is that */

    VALUE("socks", "user", CLASS_LOGIN),
    VALUE("socks", "request.host", CLASS_ADDRESS),
    VALUE("socks", "request.name", CLASS_HOST),
    VALUE("socks", "bound.host", CLASS_ADDRESS),
    VALUE("socks", "bound.name", CLASS_HOST),
    CONTEXT("socks", "status", ROLE_SUCCESS),

    { "dhcp", "client_addr", ROLE_CLIENT, CLASS_ADDRESS },
    { "dhcp", "server_addr", ROLE_SERVER, CLASS_ADDRESS },
    VALUE("dhcp", "requested_addr", CLASS_ADDRESS),
    VALUE("dhcp", "assigned_addr", CLASS_ADDRESS),
    VALUE("dhcp", "assigned_ip", CLASS_ADDRESS), /* before Zeek 2.6 */
    VALUE("dhcp", "msg_orig", CLASS_ADDRESS),
    VALUE("dhcp", "host_name", CLASS_ANSWER),
    VALUE("dhcp", "client_fqdn", CLASS_ANSWER),
    VALUE("dhcp", "domain", CLASS_ANSWER),

    VALUE("radius", "username", CLASS_LOGIN),
    VALUE("radius", "framed_addr", CLASS_ADDRESS),
    VALUE("radius", "remote_ip", CLASS_ADDRESS),
    VALUE("radius", "tunnel_client", CLASS_ANSWER),
    CONTEXT("radius", "result", ROLE_SUCCESS),

    VALUE("sip", "uri", CLASS_WORDS),
    VALUE("sip", "request_from", CLASS_WORDS),
    VALUE("sip", "request_to", CLASS_WORDS),
    VALUE("sip", "response_from", CLASS_WORDS),
    VALUE("sip", "response_to", CLASS_WORDS),
    VALUE("sip", "reply_to", CLASS_WORDS),
    VALUE("sip", "request_path", CLASS_WORDS),
    VALUE("sip", "response_path", CLASS_WORDS),
    VALUE("sip", "user_agent", CLASS_USER_AGENT),

    VALUE("irc", "dcc_file_name", CLASS_FILE_NAME),

    VALUE("ldap", "object", CLASS_LOGIN),

    { "traceroute", "src", ROLE_CLIENT, CLASS_ADDRESS },
    { "traceroute", "dst", ROLE_SERVER, CLASS_ADDRESS },

    { "signatures", "src_addr", ROLE_CLIENT, CLASS_ADDRESS },
    { "signatures", "dst_addr", ROLE_SERVER, CLASS_ADDRESS },

    { "netcontrol_drop", "orig_h", ROLE_CLIENT, CLASS_ADDRESS },
    { "netcontrol_drop", "resp_h", ROLE_SERVER, CLASS_ADDRESS },

    VALUE("cip_identity", "socket_address", CLASS_ADDRESS),
    VALUE("s7comm_upload_download", "filename", CLASS_FILE_NAME),
};

const struct observe_table observe_zeek_table = {
    .fields = zeek_fields,
    .count = sizeof zeek_fields / sizeof zeek_fields[0],
    .names_vary = true,
};
