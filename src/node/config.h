// SPDX-License-Identifier: EUPL-1.2
/*
 * The configuration of a node: an INI file in git's manner (linie.conf). One table holds every key
 * with its type, default, bounds and help; the file that 'linie init' writes, the checks and the
 * manual come from it.
 */
#ifndef NODE_CONFIG_H
#define NODE_CONFIG_H

#include "node/config_history.h"
#include "node/config_output.h"
#include "observe/formats.h"
#include "observe/redact.h"
#include "policy/pap.h"
#include "policy/policy.h"
#include "value/judge.h"
#include "watch/inside.h"

enum {
    CONFIG_SIZE_MAX = 1024 * 1024,
    CONFIG_INPUT_COUNT_MAX = 1024,
    CONFIG_RULE_COUNT_MAX = 256,
    CONFIG_TRUNCATE_SIZE = 32, /* bytes that "privacy.truncate" leaves of a field */
};

/* One [input "name"] section. */
struct config_input {
    struct span name;
    struct span path; /* file, folder or glob; empty: it has an address */
    struct span format;
    struct span sensor;
    struct span listen;    /* the address at which lines come in; empty: it has a path */
    struct span cert_file; /* of a TLS address */
    struct span key_file;
    struct span ca_file;
    uint32_t silence_s; /* with fewer lines than expected within so long, it is silent; 0: never */
    uint32_t expect;    /* lines; 0 stands for 1 */
};

/* Spans live in the memory of the op that read the file. */
struct config {
    struct span owner;
    enum policy_tlp tlp; /* of what nobody marked */
    enum policy_pap pap; /* the same */
    struct inside inside;
    struct value_rules judging; /* which values are fit to be watched */
    uint32_t jobs;              /* 0: as many as there are processors, at most 8 */
    uint32_t fold_minutes;      /* length of a fold */
    uint32_t fold_hosts_max;
    uint32_t settle_s; /* a file that is followed has settled when it did not change for so long */
    uint32_t poll_s;   /* between two looks at what is followed, where nothing tells of changes */
    struct span
        sensor; /* of all inputs that name none; empty: the log's own, else the host's name */
    size_t input_count;
    struct config_input inputs[CONFIG_INPUT_COUNT_MAX];
    struct observe_formats formats; /* its mappings; commands that read logs add the ready ones */
    size_t rule_count;
    struct observe_rule rules[CONFIG_RULE_COUNT_MAX];
    struct config_history history;
    struct span metrics_listen; /* as web_listen() takes it; empty: nobody may ask */
    size_t output_count;
    struct config_output outputs[CONFIG_OUTPUT_COUNT_MAX];
};

/**
 * Read a configuration.
 *
 * op        work in hand
 * name      of the file, for messages
 * text      its content
 * ret       large: keep it in the op
 *
 * Errors    ERR_FORMAT an unknown key, or a value that does not fit (the fault names file, line and
 * the nearest known key); ERR_LIMIT too large
 */
MUST_USE
enum err config_read(struct op *op, struct span name, struct span text, struct config *ret);

/**
 * Append the commented configuration that a new node begins with.
 *
 * buf       receives the text
 * owner     name of the node's owner; UTF-8
 */
void config_add_default(struct buf *buf, struct span owner);

#endif
