// SPDX-License-Identifier: EUPL-1.2
/*
 * The journal: append-only, hash-chained, the truth. An entry is a header and a payload. The header
 * is chained and stays for ever; salt and payload can be erased by rule, and the header still
 * proves that there was one and what its digest was. The format is in docs/format/journal.md.
 *
 * Entries are gathered with journal_append() and acknowledged together by journal_commit(): one
 * write and one sync for all of them. What was not committed is not in the journal.
 */
#ifndef JOURNAL_JOURNAL_H
#define JOURNAL_JOURNAL_H

#include "base/time.h"
#include "os/disk.h"

enum {
    JOURNAL_PAYLOAD_SIZE_MAX = 64 * 1024 * 1024,
    JOURNAL_GROUP_SIZE_MAX = 128 * 1024 * 1024, /* what one commit writes at most */
    JOURNAL_TEXT_SIZE_MAX = 1024,               /* each text of a header */
    JOURNAL_TORN_SIZE_MAX = 16 * 1024 * 1024,   /* kept of a tail that was cut */
    JOURNAL_TORN_COUNT_MAX = 8,                 /* such tails that are kept, the newest */
    JOURNAL_SEGMENT_SIZE = 256 * 1024 * 1024,   /* a new file is begun beyond this */
    JOURNAL_DIGEST_SIZE = 32,
    JOURNAL_SALT_SIZE = 16,
};

struct journal;

/* What every header says. The spans of an entry that was read live in the op's memory. */
struct journal_header {
    uint64_t number;     /* from 1; given by the journal */
    int64_t time_us;     /* when it was written */
    struct span kind;    /* what the payload is: "set.add", "watch.batch", ... */
    struct span world;   /* "real", or an exercise's id; given by the journal */
    struct span actor;   /* person or role; on the command line the user of the system */
    struct span mandate; /* may be empty */
    struct span purpose; /* may be empty */
    struct span source;  /* whose information it is; may be empty */
    struct span marking; /* local marking: may tighten an object's own; may be empty */
    uint8_t payload_digest[JOURNAL_DIGEST_SIZE]; /* SHA-256(salt || payload) */
    uint8_t previous[JOURNAL_DIGEST_SIZE]; /* leaf of the entry before: SHA-256(0x00 || header) */
};

/* An entry to be written. */
struct journal_entry {
    struct span kind;
    struct span source;
    struct span marking;
    struct span payload;
};

struct journal_options {
    struct span world;                  /* "real" or an exercise's id */
    bool write;                         /* the caller holds the world's lock */
    int64_t (*clock_us)(void *context); /* the time written into headers; NULL: os_clock_us() */
    void *clock_context;
    uint64_t segment_size; /* a new file is begun beyond this; 0: JOURNAL_SEGMENT_SIZE */
};

/**
 * Open the journal of a world, in the folder "journal" of a disk.
 *
 * A torn tail (what a power loss left of a write that was never acknowledged) is put aside in
 * journal/torn-NUMBER (at most JOURNAL_TORN_SIZE_MAX bytes of it; the newest JOURNAL_TORN_COUNT_MAX
 * of them stay), cut, and said in ret_cut. Damage anywhere else is an error and changes nothing.
 * For writing, what is found is made durable before this returns.
 *
 * Without options->write nothing is changed: a torn tail, which may be what a writer is just
 * writing, is passed over, and where there is no journal yet it reads as an empty one.
 *
 * op        work in hand
 * disk      the world's folder; borrowed until journal_close()
 * options   copied
 * ret       to give back with journal_close(); untouched on error
 * ret_cut   bytes of a torn tail that were cut; 0 in most lives
 *
 * Errors    ERR_CORRUPT damaged before its end; ERR_CONFLICT the journal of another world;
 *           ERR_UNSUPPORTED written by a newer version; ERR_DENIED; ERR_IO; ERR_FULL; ERR_LIMIT
 */
MUST_USE
enum err journal_open(struct op *op, struct disk *disk, const struct journal_options *options,
                      struct journal **ret, uint64_t *ret_cut);

/**
 * Close a journal; what was appended and not committed is dropped.
 *
 * journal   NULL does nothing
 */
void journal_close(struct journal *journal);

/**
 * Gather one entry for the next commit.
 *
 * op          work in hand: its actor, mandate and purpose go into the header
 * journal     open for writing
 * entry       copied
 * ret_number  the number it will have
 *
 * Errors    ERR_LIMIT payload, text or group too large, or no memory: nothing was gathered, what
 * was gathered before stays; ERR_DENIED the kind "erase" is for journal_erase() alone; ERR_IO the
 * journal is read-only since a failed commit
 */
MUST_USE
enum err journal_append(struct op *op, struct journal *journal, const struct journal_entry *entry,
                        uint64_t *ret_number);

/**
 * Write and sync all that was gathered. When this returns ERR_OK every entry is found by every
 * later open, also after power loss. On any error none of them is, and the journal is read-only
 * from then on (open it again to go on) - unless the disk refused even to take back what it had
 * written: then journal_in_doubt() is true, and the next open finds all of the group or none of it.
 *
 * op        work in hand
 * journal   open for writing
 *
 * Errors    ERR_FULL; ERR_IO
 */
MUST_USE
enum err journal_commit(struct op *op, struct journal *journal);

/**
 * Whether a commit failed in such a way that only the next open can tell what became of it.
 *
 * journal   open
 */
bool journal_in_doubt(const struct journal *journal);

/**
 * Drop what was gathered since the last commit.
 *
 * journal   open for writing
 */
void journal_drop(struct journal *journal);

/**
 * Take notice of what another process has committed since the journal was opened, or since the last
 * time. A group can be seen a moment before its writer is told that it is durable.
 *
 * op        work in hand
 * journal   open without options->write
 *
 * Errors    ERR_CORRUPT; ERR_IO; ERR_LIMIT. What was known before stays known
 */
MUST_USE
enum err journal_refresh(struct op *op, struct journal *journal);

/**
 * Number of the last committed entry; 0 in an empty journal.
 *
 * journal   open
 */
uint64_t journal_last(const struct journal *journal);

/**
 * Leaf digest of the last committed entry: the head of the chain; all zero in an empty journal.
 *
 * journal   open
 * ret       receives JOURNAL_DIGEST_SIZE bytes
 */
void journal_head(const struct journal *journal, uint8_t *ret);

/**
 * Read one committed entry and check its digests.
 *
 * op           work in hand; header texts and payload live in its memory
 * journal      open
 * number       1 .. journal_last()
 * ret_header   untouched on error
 * ret_payload  data is NULL where the payload was erased; may be NULL where only the header matters
 *
 * Errors    ERR_ABSENT no such number; ERR_CORRUPT damaged; ERR_IO; ERR_LIMIT
 */
MUST_USE
enum err journal_read(struct op *op, struct journal *journal, uint64_t number,
                      struct journal_header *ret_header, struct span *ret_payload);

/**
 * Walk over the entries committed when the walk begins, in order, checking chain and digests.
 * Memory stays flat however long the journal is. The visitor may read, append and commit meanwhile.
 *
 * op        work in hand
 * journal   open
 * from      first number, from 1; one beyond the last visits nothing
 * visit     called for each; what it is given is borrowed until it returns; payload.data is NULL
 *           where erased; any error ends the walk with it
 * context   handed to `visit`
 *
 * Errors    ERR_CORRUPT damaged; ERR_CANCELLED; ERR_IO; ERR_LIMIT; or what `visit` returned
 */
MUST_USE
enum err journal_walk(struct op *op, struct journal *journal, uint64_t from,
                      enum err (*visit)(void *context, const struct journal_header *header,
                                        struct span payload),
                      void *context);

/**
 * Erase the salt and payload of an entry by rule. First an entry of kind "erase" that names the
 * number and the rule is committed, then the bytes are overwritten and synced. An erasure cut short
 * is finished at the next open for writing. Gathered entries are committed with it.
 *
 * op        work in hand
 * journal   open for writing
 * number    of the entry; 1 .. journal_last()
 * rule      why it may be erased; not empty
 *
 * Errors    ERR_ABSENT no such entry; ERR_EXISTS erased already; ERR_DENIED an entry of kind
 * "erase" cannot be erased; ERR_LIMIT rule too long, or no memory; ERR_CORRUPT; ERR_FULL; ERR_IO
 */
MUST_USE
enum err journal_erase(struct op *op, struct journal *journal, uint64_t number, struct span rule);

/* What a check of the whole journal found. */
struct journal_check {
    uint64_t entries;     /* walked */
    uint64_t erased;      /* payloads erased by rule */
    uint64_t faults;      /* entries that are damaged, out of order, or erased without a rule */
    uint64_t first_fault; /* number of the first; 0 where there is none */
    char first_fault_text[FAULT_TEXT_SIZE];
    uint64_t torn_size; /* bytes of a torn tail, which the next open for writing cuts; no fault */
    uint8_t head[JOURNAL_DIGEST_SIZE];
};

/**
 * Check every header, the chain and every payload; faults are counted, not fatal. Nothing is
 * changed.
 *
 * op        work in hand
 * disk      the world's folder
 * world     "real" or an exercise's id
 * ret       untouched on error
 *
 * Errors    ERR_IO; ERR_LIMIT; ERR_CANCELLED; ERR_UNSUPPORTED written by a newer version;
 *           ERR_CONFLICT the journal of another world; ERR_ABSENT there is no journal
 */
MUST_USE
enum err journal_check(struct op *op, struct disk *disk, struct span world,
                       struct journal_check *ret);

#endif
