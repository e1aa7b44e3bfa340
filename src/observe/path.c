// SPDX-License-Identifier: EUPL-1.2
/*
 * Which stream a file's name tells. Names come as Zeek writes them ("dns.log"), as its rotation
 * does ("dns.10:00:00-11:00:00.log.gz"), and as people gather them ("SENSOR_dns.log",
 * "dns_20261121.ndjson.zst").
 */
#include "observe/field.h"

static bool is_mark(uint8_t byte)
{
    return byte == '_' || byte == '-' || byte == '.' || byte == ' ';
}

/* The longest stream at the end of `name`, after a mark: "smb_files" of "SENSOR_smb_files". */
static struct span stream_at_end(struct span name)
{
    for (size_t begin = 0; begin < name.size; begin++) {
        bool word_begins = begin == 0 || is_mark(name.data[begin - 1]);
        if (word_begins && observe_zeek_stream_is_named(span_from(name, begin))) {
            return span_from(name, begin);
        }
    }
    return (struct span){ NULL, 0 };
}

static struct span stream_at_start(struct span name)
{
    for (size_t end = name.size; end > 0; end--) {
        bool word_ends = end == name.size || is_mark(name.data[end]);
        if (word_ends && observe_zeek_stream_is_named(span_slice(name, 0, end))) {
            return span_slice(name, 0, end);
        }
    }
    return (struct span){ NULL, 0 };
}

/* The longest stream between two marks: "dns" of "SENSOR_dns_0". */
static struct span stream_inside(struct span name)
{
    struct span found = { NULL, 0 };
    for (size_t begin = 0; begin < name.size; begin++) {
        if (begin == 0 || is_mark(name.data[begin - 1])) {
            struct span stream = stream_at_start(span_from(name, begin));
            found = stream.size > found.size ? stream : found;
        }
    }
    return found;
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
    if (stream.size == 0) {
        stream = stream_at_start(name);
    }
    return stream.size > 0 ? stream : stream_inside(name);
}
