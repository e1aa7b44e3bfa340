// SPDX-License-Identifier: EUPL-1.2
/*
 * Which stream a file's name tells. Names come as Zeek writes them ("dns.log"), as its rotation
 * does ("dns.10:00:00-11:00:00.log.gz"), and as people gather them ("SENSOR_dns.log",
 * "dns_20261121.ndjson.zst").
 */
#include "observe/observe.h"

/* The streams of Zeek's own scripts and of common packages. Words that people use for other things
 * too ("files", "packet") are among them: a wrong guess costs no observation that a line without
 * stream would have given. */
static const char *const streams[] = {
    "analyzer",
    "broker",
    "capture_loss",
    "cluster",
    "config",
    "conn",
    "dce_rpc",
    "dhcp",
    "dnp3",
    "dns",
    "dpd",
    "files",
    "ftp",
    "http",
    "intel",
    "irc",
    "kerberos",
    "known_certs",
    "known_hosts",
    "known_modbus",
    "known_services",
    "ldap",
    "ldap_search",
    "loaded_scripts",
    "modbus",
    "mqtt_connect",
    "mqtt_publish",
    "mqtt_subscribe",
    "mysql",
    "notice",
    "notice_alarm",
    "ntlm",
    "ntp",
    "ocsp",
    "openflow",
    "packet_filter",
    "pe",
    "postgresql",
    "quic",
    "radius",
    "rdp",
    "redis",
    "reporter",
    "rfb",
    "signatures",
    "sip",
    "smb_cmd",
    "smb_files",
    "smb_mapping",
    "smtp",
    "snmp",
    "socks",
    "software",
    "ssh",
    "ssl",
    "stats",
    "syslog",
    "telemetry",
    "traceroute",
    "tunnel",
    "weird",
    "weird_stats",
    "websocket",
    "x509",
};

static bool is_stream(struct span word)
{
    for (size_t i = 0; i < sizeof streams / sizeof streams[0]; i++) {
        if (span_equal(word, span_of(streams[i]))) {
            return true;
        }
    }
    return false;
}

static bool is_mark(uint8_t byte)
{
    return byte == '_' || byte == '-' || byte == '.' || byte == ' ';
}

/* The longest stream at the end of `name`, after a mark: "smb_files" of "SENSOR_smb_files". */
static struct span stream_at_end(struct span name)
{
    for (size_t begin = 0; begin < name.size; begin++) {
        bool word_begins = begin == 0 || is_mark(name.data[begin - 1]);
        if (word_begins && is_stream(span_from(name, begin))) {
            return span_from(name, begin);
        }
    }
    return (struct span){ NULL, 0 };
}

static struct span stream_at_start(struct span name)
{
    for (size_t end = name.size; end > 0; end--) {
        bool word_ends = end == name.size || is_mark(name.data[end]);
        if (word_ends && is_stream(span_slice(name, 0, end))) {
            return span_slice(name, 0, end);
        }
    }
    return (struct span){ NULL, 0 };
}

/* The name without its endings: ".log", ".ndjson.zst", ... */
static struct span without_endings(struct span name)
{
    static const char *const endings[] = {
        ".gz", ".zst", ".xz", ".log", ".json", ".ndjson", ".jsonl", ".tsv", ".txt",
    };
    for (size_t i = 0; i < sizeof endings / sizeof endings[0];) {
        struct span ending = span_of(endings[i]);
        if (span_ends_with(name, ending) && name.size > ending.size) {
            name = span_slice(name, 0, name.size - ending.size);
            i = 0; /* another may stand before it */
        } else {
            i++;
        }
    }
    return name;
}

struct span observe_stream_from_path(struct span path)
{
    enum { NAME_SIZE_MAX = 255 }; /* of one file on the file systems we know */
    ptrdiff_t slash = span_find_last(path, '/');
    struct span name = slash == SPAN_NOT_FOUND ? path : span_from(path, (size_t)slash + 1);
    if (name.size > NAME_SIZE_MAX) {
        return (struct span){ NULL, 0 };
    }
    name = without_endings(name);
    struct span stream = stream_at_end(name);
    return stream.size > 0 ? stream : stream_at_start(name);
}
