// SPDX-License-Identifier: EUPL-1.2
/*
 * What the files of this room share; nobody else includes it.
 */
#ifndef STORE_INTERNAL_H
#define STORE_INTERNAL_H

#include "base/hash.h"
#include "format/json.h"
#include "format/json_writer.h"
#include "store/db.h"
#include "store/store.h"

enum { STORE_ID_SIZE_MAX = 320, STORE_SALT_SIZE = 16, STORE_PAYLOAD_SIZE_MAX = 48 * 1024 * 1024 };

struct store_event_entry;

struct store {
    struct disk *disk;
    struct disk_file *lock; /* NULL where the world is open for reading only */
    struct journal *journal;
    struct db db;
    struct hash_secret secret; /* for tables in memory */
    bool behind;               /* the journal has entries that could not be applied yet */
    bool making;               /* the database bears the mark of one that is being made */
    uint32_t fold_hosts_max;
    struct value_rules rules;
    const char *database_vfs; /* NULL: the system's files */
    int64_t (*clock_us)(void *context);
    void *clock_context;
    size_t world_size;
    uint8_t world[STORE_NAME_SIZE_MAX];
    size_t identity_size;
    uint8_t identity[STORE_ID_SIZE_MAX];
    uint8_t salt[STORE_SALT_SIZE];         /* keeps ids that name inside hosts from being guessed */
    struct store_event_entry *event_entry; /* that was read last for its events; NULL: none */
};

/**
 * Why an entry of the journal could not be used: what was said of it, or that its content is not
 * what its kind has; readers of JSON say nothing themselves.
 *
 * op        in which it was read
 */
static inline const char *store_entry_fault(const struct op *op)
{
    return op->fault.text[0] != '\0' ? op->fault.text
                                     : "its content cannot be read: is it of a newer version?";
}

/**
 * Apply what an earlier commit could not apply (a full disk, no memory). Whoever reads the database
 * to decide what to write begins with this.
 *
 * op        work in hand
 * store     open for writing
 *
 * Errors    ERR_FULL; ERR_IO; ERR_LIMIT; ERR_CORRUPT
 */
MUST_USE
enum err store_ready(struct op *op, struct store *store);

/**
 * Commit what was appended to the journal, and apply it.
 *
 * op        work in hand
 * store     open for writing
 *
 * Errors    ERR_FULL; ERR_IO; ERR_CORRUPT
 */
MUST_USE
enum err store_commit(struct op *op, struct store *store);

/**
 * Apply one entry to the database, inside a transaction.
 *
 * op        memory for this entry alone
 * store     open for writing
 * header    of the entry
 * payload   data is NULL where it was erased
 *
 * Errors    ERR_CORRUPT a payload of ours that cannot be read; ERR_FULL; ERR_IO; ERR_LIMIT
 */
MUST_USE
enum err store_apply(struct op *op, struct store *store, const struct journal_header *header,
                     struct span payload);

/**
 * Apply one kind of entry; called by store_apply().
 *
 * op        memory for this entry alone
 * store     open for writing
 * header    of the entry
 * payload   whole; never erased here
 *
 * Errors    as store_apply(): ERR_CORRUPT; ERR_FULL; ERR_IO; ERR_LIMIT
 */
MUST_USE
enum err store_apply_set_add(struct op *op, struct store *store,
                             const struct journal_header *header, struct span payload);
MUST_USE
enum err store_apply_set_remove(struct op *op, struct store *store,
                                const struct journal_header *header, struct span payload);
MUST_USE
enum err store_apply_object(struct op *op, struct store *store, const struct journal_header *header,
                            struct span payload);
MUST_USE
enum err store_apply_object_remove(struct op *op, struct store *store,
                                   const struct journal_header *header, struct span payload);
MUST_USE
enum err store_apply_object_put_back(struct op *op, struct store *store,
                                     const struct journal_header *header, struct span payload);
MUST_USE
enum err store_apply_object_even_if(struct op *op, struct store *store,
                                    const struct journal_header *header, struct span payload);
MUST_USE
enum err store_apply_batch(struct op *op, struct store *store, const struct journal_header *header,
                           struct span payload);
MUST_USE
enum err store_apply_evidence(struct op *op, struct store *store,
                              const struct journal_header *header, struct span payload);
MUST_USE
enum err store_apply_hit_change(struct op *op, struct store *store,
                                const struct journal_header *header, struct span payload);
MUST_USE
enum err store_apply_notice(struct op *op, struct store *store, const struct journal_header *header,
                            struct span payload);
MUST_USE
enum err store_apply_asked(struct op *op, struct store *store, const struct journal_header *header,
                           struct span payload);

/**
 * Keep one STIX object's row.
 *
 * op        memory for this entry alone
 * store     open for writing
 * header    of the entry that holds it
 * bytes     the object
 * part      -1: the whole payload; else its place in the payload's "sightings"
 *
 * Errors    as store_apply()
 */
MUST_USE
enum err store_object_keep(struct op *op, struct store *store, const struct journal_header *header,
                           struct span bytes, int64_t part);

/**
 * Forget the object that an entry held, as if it had never come: what it retired counts again.
 *
 * op        memory for this entry alone
 * store     open for writing
 * entry     whose payload was erased
 *
 * Errors    as store_apply()
 */
MUST_USE
enum err store_object_forget(struct op *op, struct store *store, uint64_t entry);

/**
 * Note that an entry changed what is to be watched; see store_indicators_version().
 *
 * op        memory for this entry alone
 * store     open for writing
 * number    of the entry
 *
 * Errors    as store_apply()
 */
MUST_USE
enum err store_indicators_changed(struct op *op, struct store *store, uint64_t number);

/**
 * As store_indicators_changed(), of what is allowed; see store_allowed_version().
 *
 * op        memory for this entry alone
 * store     open for writing
 * number    of the entry
 *
 * Errors    as store_apply()
 */
MUST_USE
enum err store_allowed_changed(struct op *op, struct store *store, uint64_t number);

/**
 * Write where lines of some time are, as a member of an input's object; nothing where nothing is
 * new.
 *
 * w         writer, inside the object
 * input     written
 */
void store_stretches_write(struct json_writer *w, const struct store_input *input);

/**
 * Apply what store_stretches_write() wrote.
 *
 * op        memory for this entry alone
 * store     open for writing
 * input     the object
 *
 * Errors    as store_apply()
 */
MUST_USE
enum err store_stretches_apply(struct op *op, struct store *store, struct json_value input);

/**
 * The journal knows a commit of the history.
 *
 * op        work in hand
 * store     open for writing, in a transaction
 * number    of the commit
 *
 * Errors    ERR_IO; ERR_FULL
 */
MUST_USE
enum err store_history_known(struct op *op, struct store *store, uint64_t number);

/**
 * Note how many events an entry holds (store/event.h).
 *
 * op        memory for this entry alone
 * store     open for writing
 * header    of the entry
 * count     how many; 0 notes nothing
 *
 * Errors    as store_apply()
 */
MUST_USE
enum err store_event_entry_note(struct op *op, struct store *store,
                                const struct journal_header *header, uint64_t count);

/**
 * Give back the memory of the entry that was read last for its events.
 *
 * store     open
 */
void store_event_entry_drop(struct store *store);

/**
 * Whether the files of packed sets are there.
 *
 * op        work in hand
 * store     open for writing
 *
 * Errors    ERR_ABSENT one is not; ERR_CORRUPT one is no pack; ERR_UNSUPPORTED; ERR_IO; ERR_LIMIT
 */
MUST_USE
enum err store_sets_check(struct op *op, struct store *store);

/**
 * Remove files of packed sets that no set refers to.
 *
 * op        work in hand
 * store     open for writing
 *
 * Errors    ERR_IO; ERR_LIMIT
 */
MUST_USE
enum err store_sets_sweep(struct op *op, struct store *store);

/**
 * Whether a name of a source or set can be kept.
 *
 * op        work in hand
 * name      looked at
 * size_min  0: an empty name stands for the node's owner; else 1
 *
 * Errors    ERR_LIMIT too long, or empty; ERR_FORMAT not UTF-8
 */
MUST_USE
enum err store_name_check(struct op *op, struct span name, size_t size_min);

/**
 * Append a JSON payload as an entry.
 *
 * op          work in hand
 * store       open for writing
 * entry       kind, source and marking; its payload is set here
 * payload     a buffer written with a json_writer
 * ret_number  may be NULL
 *
 * Errors    ERR_LIMIT the payload has no room; ERR_IO
 */
MUST_USE
enum err store_append(struct op *op, struct store *store, struct journal_entry entry,
                      const struct buf *payload, uint64_t *ret_number);

/**
 * A member "even_if": the names of verdicts that a person lets pass. Nothing where there are none.
 *
 * w         inside an object
 * even_if   verdicts, a bit each
 */
void store_write_even_if(struct json_writer *w, uint32_t even_if);

/**
 * The verdicts that a member "even_if" names; words that are not known are passed over.
 *
 * root      the object
 */
uint32_t store_read_even_if(struct json_value root);

/**
 * Make the SQL function unfit() known to the database that was just opened.
 *
 * op        work in hand
 * store     its database is open
 *
 * Errors    ERR_LIMIT no memory
 */
MUST_USE
enum err store_judge_register(struct op *op, struct store *store);

#endif
