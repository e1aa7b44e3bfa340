// SPDX-License-Identifier: EUPL-1.2
/*
 * The fetch role: the one process of a node that connects outwards. The store gives it events that
 * are bytes already, with the place where each ends in the journal; it delivers them in order, to
 * each output by a thread of its own, so that one that hangs holds nobody, and answers how far each
 * has come. What it holds in memory is bounded by what the store has sent and nobody has taken yet.
 *
 * It is started anew by its own program file, so that nothing of the store's memory is in it, and
 * gives up everything but the network, the folders of its files, and what a TLS client must read.
 */
#ifndef FETCH_FETCH_H
#define FETCH_FETCH_H

#include "base/op.h"

enum {
    FETCH_OUTPUT_COUNT_MAX = 16,
    FETCH_TEXT_SIZE_MAX = 4096,              /* of a path, a URL, a list of addresses */
    FETCH_EVENT_SIZE_MAX = 1024 * 1024,      /* text of one event */
    FETCH_EVENTS_SIZE_MAX = 4 * 1024 * 1024, /* texts that an output may hold, unless condensed */
    FETCH_BATCH_COUNT_MAX = 512,             /* events of one delivery */
};

enum fetch_kind {
    FETCH_NONE = 0,
    FETCH_FILE,    /* lines appended to a file, which is rotated */
    FETCH_SYSLOG,  /* messages to a syslog receiver: UDP, TCP, TLS, or a local daemon's socket */
    FETCH_UNIX,    /* lines or datagrams to a Unix socket */
    FETCH_WEBHOOK, /* JSON by HTTPS */
    FETCH_MAIL,    /* digests by SMTP */
    FETCH_KIND_COUNT,
};

/* Where an output goes, and how. Spans are NUL-terminated where fetch_output_check() has passed
 * them; one that is not used is empty. */
struct fetch_output {
    struct span name;
    enum fetch_kind kind;
    struct span path;      /* of the file or Unix socket; absolute */
    struct span url;       /* udp:// tcp:// tls:// unix:PATH; https:// http://; smtp:// smtps:// */
    struct span from;      /* mail: sender's address */
    struct span to;        /* mail: addresses, parted by spaces */
    struct span user;      /* mail: to log in with; empty: no login */
    struct span password;  /* mail */
    struct span secret;    /* webhook: the key that signs; empty: not signed */
    struct span ca_file;   /* authorities to trust in place of the system's */
    struct span cert_file; /* the client's own certificate, PEM */
    struct span key_file;  /* its key */
    uint64_t size_max;     /* file: a new one is begun beyond it; 0: never */
    uint32_t age_max_s;    /* file: a new one is begun when it is older; 0: never */
    uint32_t keep;         /* file: older ones that are kept, 1 .. 999 */
    uint32_t mode;         /* file: its mode bits */
    bool sync;             /* file: on the disk before it counts as delivered */
    bool datagram;         /* Unix socket: one datagram an event */
    uint32_t batch_max;    /* webhook: events of one request, 1: as an object, more: as an array;
                              mail: events told in one mail, the rest is counted */
    uint32_t every_s;      /* mail: no mail sooner after another */
};

/**
 * The word for a kind, as it is configured: "file", "syslog", "unix", "webhook", "mail".
 *
 * kind      not FETCH_NONE
 */
const char *fetch_kind_name(enum fetch_kind kind);

/**
 * The kind of a word.
 *
 * word      looked up
 * ret       untouched on error
 *
 * Errors    ERR_ABSENT no such word
 */
MUST_USE
enum err fetch_kind_from_name(struct span word, enum fetch_kind *ret);

/**
 * Whether an output can be what it says: everything it needs is there, and nothing goes in the
 * clear to another machine that must not.
 *
 * op        work in hand
 * output    looked at
 *
 * Errors    ERR_FORMAT it cannot; the text says why, without the output's name
 */
MUST_USE
enum err fetch_output_check(struct op *op, const struct fetch_output *output);

/**
 * The folder of a file's path: what the fetch role may change.
 *
 * op        work in hand; the text lives in its memory, NUL-terminated
 * path      absolute
 * ret       untouched on error
 *
 * Errors    ERR_LIMIT no memory
 */
MUST_USE
enum err fetch_folder_of(struct op *op, struct span path, struct span *ret);

#endif
