// SPDX-License-Identifier: EUPL-1.2
/*
 * Indicators as block lists and detection rules of other programs. Converts only: what goes in was
 * chosen by those who asked the gate.
 *
 * The same indicators give the same bytes, in whatever order they were added: files are compared
 * and kept in version control by those who use them.
 */
#ifndef EXCHANGE_EXPORT_H
#define EXCHANGE_EXPORT_H

#include "base/buf.h"
#include "value/value.h"

enum {
    EXPORT_FILE_COUNT_MAX = 16,
    EXPORT_COUNT_MAX = 50 * 1000 * 1000,
    EXPORT_NAME_SIZE_MAX = 128, /* of a zone, a table, a notice */
};

enum export_format {
    EXPORT_PLAIN = 0, /* one value a line */
    EXPORT_NFT,       /* nftables: sets of a table of its own */
    EXPORT_RPZ,       /* response policy zone, for unbound, BIND, Knot Resolver, PowerDNS */
    EXPORT_SURICATA,  /* rules, and the lists that they load */
    EXPORT_ZEEK,      /* file of the intelligence framework */
    EXPORT_FORMAT_COUNT,
};

/* What rules do with traffic that meets them (Suricata). */
enum export_action { EXPORT_ALERT = 0, EXPORT_DROP, EXPORT_REJECT, EXPORT_ACTION_COUNT };

struct export_options {
    enum export_format format;
    struct span notice;        /* of what the files hold: its TLP label; one line of ASCII */
    struct span zone;          /* RPZ: name of the zone, canonical */
    uint32_t serial;           /* RPZ: of the zone; to rise with each change */
    enum export_action action; /* Suricata */
    uint32_t first_id;         /* Suricata: `sid` of the first rule */
    bool chains;               /* nftables: chains that reject, too, not only the sets */
};

struct export_item {
    struct value value;
    enum value_scope scope;
    struct span source; /* name of whoever said so; Zeek's meta.source */
};

struct export_file {
    const char *name; /* "linie.rules"; the first is the one that refers to the others */
    struct buf text;
};

struct export;

/**
 * The word for a format: "plain", "nft", "rpz", "suricata", "zeek".
 *
 * format    any value of the enum
 */
const char *export_format_name(enum export_format format);

/**
 * The word for an action: "alert", "drop", "reject".
 *
 * action    any value of the enum
 */
const char *export_action_name(enum export_action action);

/**
 * Whether what a format is made for keeps traffic from passing, or only tells of it.
 *
 * options   format and action
 */
bool export_blocks(const struct export_options *options);

/**
 * Begin an export.
 *
 * op        work in hand; holds all memory of the export but the files
 * options   borrowed until export_finish() has returned
 * ret       untouched on error
 *
 * Errors    ERR_LIMIT no memory
 */
MUST_USE
enum err export_begin(struct op *op, const struct export_options *options, struct export **ret);

/**
 * Add an indicator. A value that was added before is there once.
 *
 * out       begun
 * item      copied
 *
 * Errors    ERR_UNSUPPORTED the format has no words for it; ERR_LIMIT too many, or no memory
 */
MUST_USE
enum err export_add(struct export *out, const struct export_item *item);

/**
 * Write the files.
 *
 * out         begun; nothing may be added any more
 * files       EXPORT_FILE_COUNT_MAX of them; buffers to give back with buf_done(), also on error
 * ret_count   how many
 * ret_values  how many different values they hold
 *
 * Errors    ERR_LIMIT no memory
 */
MUST_USE
enum err export_finish(struct export *out, struct export_file *files, size_t *ret_count,
                       size_t *ret_values);

#endif
