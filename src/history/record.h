// SPDX-License-Identifier: EUPL-1.2
/*
 * What was seen in some lines: made by the watch for each chunk, checked by the store, kept in the
 * write-ahead file as it came. docs/format/history.md has the bytes.
 *
 * A record has its own short lists of hosts and ways, so that what was seen names them by number.
 */
#ifndef HISTORY_RECORD_H
#define HISTORY_RECORD_H

#include "base/hash.h"
#include "base/wire.h"
#include "history/seen.h"

enum {
    HISTORY_RECORD_SIZE_MAX = 8 * 1024 * 1024,
    HISTORY_RECORD_SHORT_SIZE = VALUE_IPV6_PORT_SIZE, /* see history_record_put() */
};

#define HISTORY_RECORD_NONE UINT32_MAX /* no number of a host or way */

/**
 * Whether bytes can be what is kept of a value: of a whole one the shape of a canonical key
 * (match_key_fits()), of a hash its size, of a truncated one at most the largest key of its kind.
 *
 * kind      any number
 * form      any number
 * key       looked at
 */
bool history_key_fits(unsigned kind, unsigned form, struct span key);

/**
 * Whether a text can be the name of an inside host: empty, the canonical text of an address, or
 * "host-" and 40 lower-case hexadecimal digits (history_host_name()).
 *
 * name      looked at
 */
bool history_host_fits(struct span name);

/* A record as it is made. One writer serves many records, one after the other; its memory grows to
 * what the largest one took, at most some five times HISTORY_RECORD_SIZE_MAX. */
struct history_record_writer;

/**
 * Make a writer.
 *
 * op        work in hand
 * ret       to give back with history_record_writer_free(); untouched on error
 *
 * Errors    ERR_LIMIT no memory
 */
MUST_USE
enum err history_record_writer_new(struct op *op, struct history_record_writer **ret);

/**
 * Give it back.
 *
 * writer    NULL does nothing
 */
void history_record_writer_free(struct history_record_writer *writer);

/**
 * Begin a record; what was gathered is dropped.
 *
 * writer    made by history_record_writer_new()
 */
void history_record_begin(struct history_record_writer *writer);

/**
 * The number of a host in the record; it is added where it is not there.
 *
 * writer    begun
 * host      as history_host_name() gives it; empty for none, which is number 0, as is whatever
 *           does not fit (history_host_fits())
 *
 * Returns HISTORY_RECORD_NONE where there is no room: what is seen there is left out.
 */
uint32_t history_record_host(struct history_record_writer *writer, struct span host);

/**
 * As history_record_host(), of an IPv4 address.
 *
 * writer    begun
 * address   as a number
 *
 * Returns as history_record_host().
 */
uint32_t history_record_ipv4_host(struct history_record_writer *writer, uint32_t address);

/**
 * The number of a way in the record; it is added where it is not there.
 *
 * writer    begun
 * way       copied; names are cut at HISTORY_NAME_SIZE_MAX, what is not UTF-8 in them is repaired
 *
 * Returns HISTORY_RECORD_NONE where there is no room: what is seen so is left out.
 */
uint32_t history_record_way(struct history_record_writer *writer, const struct history_way *way);

/**
 * Add what was seen: to what is there of the same value, host, way and hour, else as new. This is
 * hot: a line of a log has about five values.
 *
 * writer    begun
 * seen      its key is copied; host and way are numbers of this record
 *
 * Errors    ERR_LIMIT the record is full (HISTORY_RECORD_SIZE_MAX) or there is no memory;
 *           ERR_FORMAT a bound of struct history_seen is not kept. What was seen is not in it then,
 *           and history_record_end() tells how often it was seen
 */
MUST_USE
enum err history_record_add(struct history_record_writer *writer, const struct history_seen *seen);

/**
 * As history_record_add(), but it may be done later, so that the waits for memory of several
 * overlap; what fails then is only told by history_record_end().
 *
 * writer    begun
 * seen      as for history_record_add(); a key of more than HISTORY_RECORD_SHORT_SIZE bytes stays
 *           where it is until history_record_settle()
 * key       hash_bytes() of its key under history_record_secret()
 */
void history_record_put(struct history_record_writer *writer, const struct history_seen *seen,
                        uint64_t key);

/**
 * Do all that history_record_put() left for later, as history_record_end() does.
 *
 * writer    begun
 */
void history_record_settle(struct history_record_writer *writer);

/**
 * The secret under which a writer hashes keys; it stays the same.
 *
 * writer    made by history_record_writer_new()
 */
const struct hash_secret *history_record_secret(const struct history_record_writer *writer);

/**
 * End a record.
 *
 * writer        begun
 * buf           receives the bytes; nothing where nothing was seen
 * ret_left_out  sum of the counts of what could not be added
 */
void history_record_end(struct history_record_writer *writer, struct buf *buf,
                        uint64_t *ret_left_out);

/* A record that is read. All spans are borrowed from its bytes. */
struct history_record {
    size_t host_count;
    struct span *hosts; /* the first is empty */
    size_t way_count;
    struct history_way *ways;
    uint64_t seen_count;
    uint64_t left;   /* of them, not read yet */
    uint32_t base_s; /* no first_s is before it */
    struct wire_reader rest;
};

/**
 * Begin to read a record.
 *
 * op        work in hand; the lists live in its memory
 * bytes     of the record; borrowed as long as it is read
 * ret       untouched on error
 *
 * Errors    ERR_FORMAT broken, or a bound is not kept; ERR_LIMIT no memory
 */
MUST_USE
enum err history_record_read(struct op *op, struct span bytes, struct history_record *ret);

/**
 * The next of what was seen. Every bound is checked: who wrote it had read hostile bytes.
 *
 * record    begun to be read
 * ret       untouched where there is none
 *
 * Errors    ERR_ABSENT all was read; ERR_FORMAT broken: reading ends
 */
MUST_USE
enum err history_record_next(struct history_record *record, struct history_seen *ret);

#endif
