// SPDX-License-Identifier: EUPL-1.2
/*
 * One [output "name"] section of the configuration: what is sent where.
 */
#ifndef NODE_CONFIG_OUTPUT_H
#define NODE_CONFIG_OUTPUT_H

#include "fetch/fetch.h"
#include "output/output.h"

enum { CONFIG_OUTPUT_COUNT_MAX = FETCH_OUTPUT_COUNT_MAX, CONFIG_OUTPUT_NAME_SIZE_MAX = 64 };

/* Hits of lines that were read before their indicator came. */
enum config_looked_back { CONFIG_LOOKED_BACK_TOO, CONFIG_LOOKED_BACK_NOT, CONFIG_LOOKED_BACK_ONLY };

struct config_output {
    /* Paths as they were written: relative ones begin at the node's folder. Password and secret are
     * still in their files. */
    struct fetch_output to;
    struct span password_file;
    struct span secret_file;
    uint64_t given; /* keys that were, a bit each in the order of the table */
    bool has_format;
    enum output_format format;
    uint8_t facility;        /* of syslog */
    enum policy_tlp tlp_max; /* the narrowest label that may go there */
    unsigned rank_min;       /* of hits that go there; 0: silent ones, too */
    uint64_t kinds;          /* of indicators whose hits go there, a bit each; 0: all */
    enum config_looked_back looked_back;
    unsigned events;  /* that go there: a bit for each enum store_event_type */
    uint32_t alarm_s; /* a notice says so when nothing has got through for so long */
    bool exercises;   /* also what happens in exercises */
    bool from_start;  /* a new output begins with the journal; else with what comes next */
};

/**
 * Begin with what holds where nothing is said.
 *
 * output    caller's memory
 */
void config_output_begin(struct config_output *output);

/**
 * Read the value of a key.
 *
 * op        work in hand; texts live in its memory
 * output    begun
 * key       of the section
 * value     as written
 *
 * Errors    ERR_FORMAT the value does not fit, and the text says why; ERR_ABSENT there is no such
 *           key; ERR_LIMIT no memory
 */
MUST_USE
enum err config_output_set(struct op *op, struct config_output *output, struct span key,
                           struct span value);

/**
 * Read a time: "90s", "15m", "24h", "7d", "0".
 *
 * op        work in hand
 * value     as written
 * max_s     longest that is taken
 * ret       seconds; untouched on error
 *
 * Errors    ERR_FORMAT it is none
 */
MUST_USE
enum err config_time_read(struct op *op, struct span value, uint32_t max_s, uint32_t *ret);

/**
 * Read a size: "500K", "100M", "2G", "0".
 *
 * op        work in hand
 * value     as written
 * ret       bytes; untouched on error
 *
 * Errors    ERR_FORMAT it is none
 */
MUST_USE
enum err config_size_read(struct op *op, struct span value, uint64_t *ret);

/**
 * Check an output whose keys are all read, and settle what depends on its kind.
 *
 * op        work in hand
 * output    read
 *
 * Errors    ERR_FORMAT it cannot be what it says; the text says why, without the output's name
 */
MUST_USE
enum err config_output_end(struct op *op, struct config_output *output);

#endif
