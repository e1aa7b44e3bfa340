// SPDX-License-Identifier: EUPL-1.2
#include "observe/field.h"

/* The streams of Zeek's own scripts and of common packages, those of the plant floor among them
 * (ICSNPP). Words that people use for other things too ("files", "packet") are among them: a wrong
 * guess from a file's name costs no observation that a line without stream would have given. */
static const struct {
    const char *name;
    bool looked; /* its fields hold what another field of the line says, so that rows cannot tell */
} streams[] = {
    { "analyzer", false },
    { "bacnet", false },
    { "bacnet_device_control", false },
    { "bacnet_property", false },
    { "barnyard2", true },
    { "broker", false },
    { "capture_loss", false },
    { "cip", false },
    { "cip_identity", false },
    { "cip_io", false },
    { "cluster", false },
    { "config", false },
    { "conn", false },
    { "cotp", false },
    { "dce_rpc", false },
    { "dhcp", false },
    { "dnp3", false },
    { "dnp3_control", false },
    { "dnp3_objects", false },
    { "dns", false },
    { "dpd", false },
    { "enip", false },
    { "files", false },
    { "ftp", false },
    { "http", false },
    { "iec104", false },
    { "intel", true },
    { "irc", false },
    { "ja4ssh", false },
    { "kerberos", false },
    { "known_certs", false },
    { "known_hosts", false },
    { "known_modbus", false },
    { "known_services", false },
    { "ldap", false },
    { "ldap_search", false },
    { "loaded_scripts", false },
    { "modbus", false },
    { "modbus_detailed", false },
    { "modbus_mask_write_register", false },
    { "modbus_read_device_identification", false },
    { "modbus_read_write_multiple_registers", false },
    { "modbus_register_change", false },
    { "mqtt_connect", false },
    { "mqtt_publish", false },
    { "mqtt_subscribe", false },
    { "mysql", false },
    { "netcontrol", true },
    { "netcontrol_drop", false },
    { "notice", false },
    { "notice_alarm", false },
    { "ntlm", false },
    { "ntp", false },
    { "ocsp", false },
    { "opcua_binary", true },
    { "openflow", false },
    { "packet_filter", false },
    { "pe", false },
    { "postgresql", false },
    { "print", false },
    { "prof", false },
    { "quic", false },
    { "radius", false },
    { "rdp", false },
    { "redis", false },
    { "reporter", false },
    { "rfb", false },
    { "s7comm", false },
    { "s7comm_plus", false },
    { "s7comm_read_szl", false },
    { "s7comm_upload_download", false },
    { "signatures", false },
    { "sip", false },
    { "smb_cmd", false },
    { "smb_files", false },
    { "smb_mapping", false },
    { "smtp", false },
    { "snmp", false },
    { "socks", false },
    { "software", false },
    { "ssh", false },
    { "ssl", false },
    { "stats", false },
    { "syslog", false },
    { "telemetry", false },
    { "traceroute", false },
    { "tunnel", false },
    { "unified2", true },
    { "websocket", false },
    { "weird", false },
    { "weird_stats", false },
    { "x509", false },
};

static size_t place_of(struct span stream)
{
    size_t place = 0;
    while (place < sizeof streams / sizeof streams[0] &&
           !span_equal(stream, span_of(streams[place].name))) {
        place++;
    }
    return place;
}

bool observe_zeek_stream_is_named(struct span stream)
{
    return place_of(stream) < sizeof streams / sizeof streams[0];
}

bool observe_zeek_stream_is_looked_at(struct span stream)
{
    size_t place = place_of(stream);
    return place == sizeof streams / sizeof streams[0] || streams[place].looked;
}
