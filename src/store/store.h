// SPDX-License-Identifier: EUPL-1.2
/*
 * What a node keeps. The journal is the truth; the database, the packed sets and all that is
 * counted are derived from it, by one path: an entry is committed to the journal, then applied.
 * What was not applied when the process ended is applied at the next open, and store_rebuild()
 * applies all anew.
 *
 * A world ("real", or an exercise's id) has a folder with a journal, a database and sets of its
 * own. One process at a time may write to it. Whoever reads needs a grant, which only policy/
 * makes.
 */
#ifndef STORE_STORE_H
#define STORE_STORE_H

#include "base/uuid.h"
#include "journal/journal.h"
#include "policy/pap.h"
#include "policy/policy.h"
#include "store/fold.h"
#include "store/mark.h"
#include "store/pack.h"
#include "value/judge.h"

enum {
    STORE_NAME_SIZE_MAX = 256,    /* of sources and sets */
    STORE_REASON_SIZE_MAX = 1024, /* of what people write into the journal */
    STORE_FAULT_COUNT_MAX = 32,
    STORE_STRETCH_COUNT_MAX = 32,
    STORE_STRETCH_SIZE = 1024 * 1024, /* reasons for which lines could not be read */
    STORE_OBJECT_SIZE_MAX = 16 * 1024 * 1024,
    STORE_FOLD_HOSTS_MAX_DEFAULT = 100, /* hosts of one indicator in one span of time, before it is
                                           noisy */
    STORE_CLOSE_COUNT_MAX = 64,         /* folds that one call of store_folds_close() closes */
};

struct store;

struct store_options {
    struct span world;
    bool write;              /* take the world's lock */
    uint32_t fold_hosts_max; /* folds of one indicator in one span of time; 0: the default */
    const struct value_rules *rules; /* by which values of STIX indicators are judged; copied. NULL:
                                        value_rules_default() */
    /* Name of a registered VFS of SQLite for the database, whose paths are then relative to the
     * disk's root: the simulated disk of the tests. NULL: the system's files. */
    const char *database_vfs;
    int64_t (*clock_us)(void *context); /* NULL: the system's clock */
    void *clock_context;
};

/* What opening had to mend; all zero in most lives. */
struct store_opened {
    uint64_t cut_bytes;       /* torn tail of the journal */
    uint64_t entries_applied; /* caught up with the journal */
    bool rebuilt;             /* the database was damaged or missing, and was made anew */
};

/**
 * Make a world: its folders, journal and first entry.
 *
 * op         work in hand
 * disk       the world's folder, empty
 * options    world and clock
 * identity   STIX identity object of the node's owner, as JSON
 *
 * Errors    ERR_EXISTS there is a world already; ERR_FULL; ERR_IO; ERR_DENIED
 */
MUST_USE
enum err store_create(struct op *op, struct disk *disk, const struct store_options *options,
                      struct span identity);

/**
 * Open a world.
 *
 * op          work in hand
 * disk        the world's folder; borrowed until store_close()
 * options     copied
 * ret         to give back with store_close(); untouched on error
 * ret_opened  what had to be mended; may be NULL
 *
 * Errors    ERR_ABSENT no world here; ERR_AGAIN another process writes to it; ERR_CORRUPT;
 *           ERR_CONFLICT a file of another world; ERR_UNSUPPORTED made by a newer version;
 *           ERR_STALE to read, what is derived must be made by a writer first; ERR_IO
 */
MUST_USE
enum err store_open(struct op *op, struct disk *disk, const struct store_options *options,
                    struct store **ret, struct store_opened *ret_opened);

/**
 * Close a world.
 *
 * store     NULL does nothing
 */
void store_close(struct store *store);

/**
 * Throw away all that is derived and make it anew from the journal.
 *
 * op           work in hand
 * store        open for writing
 * ret_entries  entries applied
 *
 * Errors    ERR_CORRUPT; ERR_FULL; ERR_IO
 */
MUST_USE
enum err store_rebuild(struct op *op, struct store *store, uint64_t *ret_entries);

/**
 * A digest of all that is derived, in an order that does not depend on how it came to be: equal
 * digests mean equal content. For the check that a rebuild gives the same.
 *
 * op        work in hand
 * store     open
 * ret       receives JOURNAL_DIGEST_SIZE bytes
 *
 * Errors    ERR_IO; ERR_CORRUPT
 */
MUST_USE
enum err store_derived_digest(struct op *op, struct store *store, uint8_t *ret);

/**
 * The node's own identity id ("identity--...").
 *
 * store     open
 */
struct span store_identity(const struct store *store);

/**
 * The journal of an open world, for reading.
 *
 * store     open
 */
struct journal *store_journal(struct store *store);

/**
 * The disk of an open world.
 *
 * store     open
 */
struct disk *store_disk(struct store *store);

/**
 * The id of a source's identity: the node's own for an empty name, else the same on every node for
 * the same name.
 *
 * op        work in hand; the text lives in its memory
 * store     open
 * name      of the source
 * ret       untouched on error
 *
 * Errors    ERR_LIMIT no memory
 */
MUST_USE
enum err store_source_identity(struct op *op, const struct store *store, struct span name,
                               struct span *ret);

/**
 * Number of the last journal entry that changed what is to be watched: an index made for it stays
 * right until the number changes.
 *
 * op        work in hand
 * store     open
 * ret       0 where there was none
 *
 * Errors    ERR_IO
 */
MUST_USE
enum err store_indicators_version(struct op *op, struct store *store, uint64_t *ret);

/**
 * As store_indicators_version(), of what is allowed.
 *
 * op        work in hand
 * store     open
 * ret       0 where there was none
 *
 * Errors    ERR_IO
 */
MUST_USE
enum err store_allowed_version(struct op *op, struct store *store, uint64_t *ret);

/**
 * Number of the last commit of the history that the journal knows; see history/history.h.
 *
 * op        work in hand
 * store     open
 * ret       0 where there was none
 *
 * Errors    ERR_IO
 */
MUST_USE
enum err store_history_commit(struct op *op, struct store *store, uint64_t *ret);

/* ---- packed sets ---- */

/* What the members of a set are for. A name may be that of one set of each purpose. */
enum store_purpose {
    STORE_TO_WATCH = 0,
    STORE_TO_ALLOW, /* an allow list: hits of its members are lowered or silent */
    STORE_PURPOSE_COUNT,
};

/* What an allow list says of hits. */
struct store_allow {
    enum rank_effect effect;       /* of the members themselves; never RANK_EFFECT_NONE */
    enum rank_effect effect_below; /* of names below its domains */
    struct span indicator;         /* id: only of hits of this indicator; empty: of all */
    struct span inside;            /* only of hits at this inside host; empty: of all */
    struct span reason;            /* why, for people; may be empty */
};

struct store_set_add {
    enum store_purpose purpose;
    struct store_allow allow; /* where that is STORE_TO_ALLOW */
    struct span source;       /* name; empty: the node's owner */
    struct span set;          /* name of the set */
    struct span file_name;    /* for people */
    struct span file;         /* what came in, byte for byte */
    struct span pack;         /* its members, made with pack_writer */
    uint64_t refused;         /* lines that were no indicator */
    enum policy_tlp tlp;      /* of the set */
    enum policy_pap pap;      /* of the set; UNSTATED: as it is */
    uint8_t confidence;       /* 0 .. 100, or PACK_CONFIDENCE_UNKNOWN */
    int64_t valid_until_us;   /* of members that state none; TIME_US_NONE: for ever */
    uint32_t even_if;         /* verdicts that a person lets pass: a bit (1 << verdict) each */
    struct span context; /* what the feed says of all its members, a JSON object; empty: nothing */
    /* An earlier addition from the same file, which is then not read again; NULL: none. */
    const struct store_set_added *before;
};

/* A packed set as it stands now. */
struct store_set {
    int64_t id; /* in the database only */
    enum store_purpose purpose;
    struct store_allow allow; /* where that is STORE_TO_ALLOW */
    struct span source_id;
    struct span source;
    struct span name;
    enum policy_tlp tlp;
    enum policy_pap pap;
    uint8_t confidence;
    int64_t valid_until_us;
    int64_t updated_us;
    uint64_t count;
    uint32_t even_if;    /* as in an addition: those of all additions together */
    struct span context; /* as in an addition; of the last one that had any */
};

/* What became of an addition. */
struct store_set_added {
    uint64_t fresh;      /* members that were not in the set before */
    uint64_t count;      /* members of the set now */
    enum policy_tlp tlp; /* of the set now */
    bool filed;          /* the file is kept: */
    uint8_t file[JOURNAL_DIGEST_SIZE];
};

/**
 * Add the members of a list to a packed set, which is made where absent. The list is kept as it
 * came. The label narrows that of a set that is there, never widens it: to widen it, remove the
 * set. An addition that changes nothing, since it is all that the set is made of already, is not
 * written down again.
 *
 * op          work in hand
 * store       open for writing
 * add         borrowed until return
 * ret         what became of it
 *
 * Errors    ERR_LIMIT names or texts too long, or too large; ERR_FORMAT a name or text is not
 * UTF-8; ERR_FULL; ERR_IO
 */
MUST_USE
enum err store_set_add(struct op *op, struct store *store, const struct store_set_add *add,
                       struct store_set_added *ret);

/**
 * Take values out of packed sets, or a whole set away. The journal keeps that they were there.
 *
 * op          work in hand
 * store       open for writing
 * set         the set
 * values      to be taken out; NULL: the whole set
 * count       how many values
 * ret_removed  how many members went
 *
 * Errors    ERR_ABSENT none of the values is a member; ERR_FULL; ERR_IO; ERR_LIMIT
 */
MUST_USE
enum err store_set_remove(struct op *op, struct store *store, const struct store_set *set,
                          const struct value *values, size_t count, uint64_t *ret_removed);

/**
 * The packed sets of indicators, ordered by source and name.
 *
 * op        work in hand; the list lives in its memory
 * store     open
 * grant     permission to read: sets that may not be read are left out
 * ret       the list
 * ret_count  how many
 *
 * Errors    ERR_IO; ERR_LIMIT
 */
MUST_USE
enum err store_sets(struct op *op, struct store *store, const struct policy_grant *grant,
                    struct store_set **ret, size_t *ret_count);

/**
 * As store_sets(), the allow lists.
 *
 * op        work in hand; the list lives in its memory
 * store     open
 * grant     permission to read: lists that may not be read are left out
 * ret       the list
 * ret_count  how many
 *
 * Errors    ERR_IO; ERR_LIMIT
 */
MUST_USE
enum err store_allow_lists(struct op *op, struct store *store, const struct policy_grant *grant,
                           struct store_set **ret, size_t *ret_count);

/**
 * Read the members of a packed set.
 *
 * op         work in hand
 * store      open
 * grant      permission to read
 * set        from store_sets()
 * ret        reads the members
 * ret_map    to give back with disk_unmap() of store_disk()
 *
 * Errors    ERR_DENIED; ERR_ABSENT; ERR_CORRUPT; ERR_IO
 */
MUST_USE
enum err store_set_read(struct op *op, struct store *store, const struct policy_grant *grant,
                        const struct store_set *set, struct pack_reader *ret, struct span *ret_map);

/**
 * The id of a member of a packed set (decision 0007): the same on every node that has the same
 * feed.
 *
 * op        work in hand; the text lives in its memory
 * source_id  identity id of the source
 * set       name of the set
 * value     canonical
 * ret       "indicator--...", untouched on error
 *
 * Errors    ERR_LIMIT no memory
 */
MUST_USE
enum err store_member_id(struct op *op, struct span source_id, struct span set,
                         const struct value *value, struct span *ret);

/* ---- STIX objects ---- */

struct store_object_add {
    struct span bytes; /* the object as it came */
};

struct store_objects_options {
    struct span source;        /* name; empty: the node's owner */
    bool has_local;            /* a local marking is stated: */
    enum policy_tlp local;     /* it may tighten an object's own, never loosen it */
    enum policy_tlp otherwise; /* label of objects that bear none and get no local one */
    bool put_back;             /* a person adds these: what was removed is in use again */
    uint32_t even_if;          /* verdicts that a person lets pass for these: a bit each */
};

/* How a version of an indicator stands: the first of these that fits, from SUPERSEDED on. Decision
 * 0016 says why. */
enum store_state {
    STORE_STATE_NONE = 0,    /* no indicator */
    STORE_STATE_SUPERSEDED,  /* a newer version came from the same source */
    STORE_STATE_REMOVED,     /* taken out of use on this node */
    STORE_STATE_REVOKED,     /* by its creator, or by the source that brought it */
    STORE_STATE_UNWATCHABLE, /* no value of its pattern can be watched */
    STORE_STATE_EXPIRED,     /* its validity has ended: it is watched for events before that */
    STORE_STATE_WATCHED,     /* at least in part */
    STORE_STATE_COUNT,
};

/**
 * The word for a state, as it is shown: "watched", "revoked", ...; empty for STORE_STATE_NONE.
 *
 * state     any value of the enum
 */
const char *store_state_name(enum store_state state);

enum { STORE_CONFLICT_IDS_MAX = 8 };

/* How versions of indicators stand, and which objects are in conflict: current versions of one id
 * and one `modified` differ in content, or somebody revoked it who may not. */
struct store_tally {
    uint64_t count[STORE_STATE_COUNT];                /* each version is in one */
    uint64_t partial;                                 /* of the watched and expired: in part only */
    uint64_t conflicts;                               /* objects */
    struct span conflict_ids[STORE_CONFLICT_IDS_MAX]; /* the first of them, in byte order */
};

/**
 * How many versions are not watched: superseded, removed, revoked and unwatchable ones.
 *
 * tally     counted
 */
uint64_t store_tally_unwatched(const struct store_tally *tally);

/* What became of the objects of one import. */
struct store_objects_added {
    uint64_t added;    /* new objects, or new versions of known ones */
    uint64_t known;    /* the very same bytes were there already, from the same source */
    uint64_t put_back; /* indicators that had been removed, and are in use again */
    uint64_t unfit[VALUE_VERDICT_COUNT]; /* values of new versions that are not watched, and why */
    struct store_tally
        tally; /* of the new versions of indicators, and of the objects they are of */
};

/* One version of an object of one source. */
struct store_object {
    struct span id;
    struct span type;
    struct span name; /* empty where it has none */
    struct span source;
    struct span created_by; /* id of its creator's identity; empty where it names none */
    enum policy_tlp tlp;    /* its own marking, tightened by the local one */
    int64_t created_us;     /* TIME_US_NONE where it has none */
    int64_t modified_us;    /* TIME_US_NONE where it has none */
    int64_t valid_until_us; /* of an indicator; TIME_US_NONE where it has none */
    bool revoked;           /* says so itself */
    bool removed;           /* taken out of use on this node */
    bool latest;            /* no newer version from the same source */
    bool differs;           /* another current version has the same `modified`, and other content */
    enum store_state state;
    struct span unwatched;    /* indicators: why the pattern is not watched, or in part only */
    enum value_verdict unfit; /* indicators: the first verdict on a value that is not watched */
    uint64_t entry;           /* journal number */
    int64_t part; /* -1: the whole payload; else its place in the payload's "sightings" */
};

/**
 * Keep STIX objects byte for byte, in one step: after a failure none of them is there.
 *
 * op        work in hand
 * store     open for writing
 * options   source and markings
 * objects   the objects; marking definitions are kept first, so that the others' are known
 * count     how many
 * ret       what became of them
 *
 * Errors    ERR_FORMAT an object breaks STIX 2.1 (the text names it); ERR_LIMIT; ERR_FULL; ERR_IO
 */
MUST_USE
enum err store_objects_add(struct op *op, struct store *store,
                           const struct store_objects_options *options,
                           const struct store_object_add *objects, size_t count,
                           struct store_objects_added *ret);

struct store_object_filter {
    struct span id;            /* empty: all */
    struct span type;          /* empty: all */
    const struct value *value; /* indicators whose pattern names it; NULL: all */
    bool latest_only;
};

/**
 * Visit versions of objects, ordered by id, source and version.
 *
 * op        work in hand; given to the visitor, its memory is kept
 * store     open
 * grant     permission to read: what may not be read is passed over
 * filter    which
 * visit     called for each; any error ends the walk with it
 * context   handed to `visit`
 *
 * Errors    ERR_IO; ERR_LIMIT; or what `visit` returned
 */
MUST_USE
enum err store_objects_walk(struct op *op, struct store *store, const struct policy_grant *grant,
                            const struct store_object_filter *filter,
                            enum err (*visit)(void *context, const struct store_object *object),
                            void *context);

/**
 * The bytes of an object, as they came.
 *
 * op        work in hand; the bytes live in its memory
 * store     open
 * grant     permission to read
 * object    from store_objects_walk()
 * ret       untouched on error
 *
 * Errors    ERR_DENIED; ERR_ABSENT they were erased; ERR_CORRUPT; ERR_IO; ERR_LIMIT
 */
MUST_USE
enum err store_object_read(struct op *op, struct store *store, const struct policy_grant *grant,
                           const struct store_object *object, struct span *ret);

/* Who revoked an object, and since when. */
struct store_revocation {
    bool counts;            /* else it came from somebody who may not: the object stays as it is */
    int64_t since_us;       /* `modified` of the version that revokes */
    struct span created_by; /* of that version; empty where it names none */
    struct span source;     /* that brought it */
    uint64_t entry;         /* that keeps it */
};

/**
 * The revocation of a version of an object: that of its own source, else the earliest of its
 * creator's; where none counts, the earliest that somebody claims.
 *
 * op        work in hand; texts live in its memory
 * store     open
 * grant     permission to read
 * object    from store_objects_walk()
 * ret       untouched on error
 *
 * Errors    ERR_ABSENT nobody revoked it, without a fault; ERR_DENIED; ERR_IO; ERR_LIMIT
 */
MUST_USE
enum err store_object_revocation(struct op *op, struct store *store,
                                 const struct policy_grant *grant,
                                 const struct store_object *object, struct store_revocation *ret);

/**
 * Take all versions of an indicator object out of use on this node. They stay in the journal. The
 * id stays out of use until a person adds the object again (store_objects_options.put_back).
 *
 * op           work in hand
 * store        open for writing
 * id           "indicator--..."
 * ret_removed  how many versions
 *
 * Errors    ERR_ABSENT there is none; ERR_FULL; ERR_IO
 */
MUST_USE
enum err store_object_remove(struct op *op, struct store *store, struct span id,
                             uint64_t *ret_removed);

/* A value that a STIX indicator's pattern is watched by. */
struct store_watched {
    struct uuid indicator;
    struct span source_id;
    struct span source;
    struct value value;
    enum value_scope scope;
    enum policy_tlp tlp;
    enum policy_pap pap;
    uint8_t confidence;
    int64_t valid_from_us;
    int64_t valid_until_us;
};

/**
 * Visit the values by which STIX indicators are watched: current versions, neither revoked nor
 * removed. Versions of one id that name the same value give it once: with the narrowest label, and
 * valid as long as any of them is.
 *
 * op        work in hand
 * store     open
 * visit     called for each; its spans are borrowed for the call
 * context   handed to `visit`
 *
 * Errors    ERR_IO; ERR_LIMIT; or what `visit` returned
 */
MUST_USE
enum err store_watched_walk(struct op *op, struct store *store,
                            enum err (*visit)(void *context, const struct store_watched *watched),
                            void *context);

/* ---- the watch ---- */

/* Which input. A file that was rewritten in its place is another input with another number. */
struct store_input_id {
    uint64_t number; /* given by the store when it is first counted; 0: not yet */
    uint64_t device;
    uint64_t inode;
    int64_t made_us; /* when the file was made; TIME_US_NONE where nobody can tell */
};

struct store_fault_count {
    struct span reason;
    uint64_t count;
};

/* An input and how far it was read. */
/* Where in an input lines of some time are: all lines of a stretch are of its seconds. */
struct store_stretch {
    uint64_t begin; /* decompressed bytes */
    uint64_t end;
    uint32_t first_s; /* since 1970 */
    uint32_t last_s;
};

struct store_input {
    struct store_input_id id;
    struct span path;
    struct span format;
    struct span sensor;
    uint64_t position; /* decompressed bytes read and counted */
    uint64_t lines;
    uint64_t observations;
    uint64_t bytes_size;   /* of the file when last looked at; 0 where unknown */
    bool ended;            /* read to its end */
    struct mark mark;      /* by which its bytes are known again */
    struct mark_line line; /* its last line, where that has no line end */
    size_t fault_count;
    struct store_fault_count faults[STORE_FAULT_COUNT_MAX];
    /* To be counted: those that are new, or have grown. Not filled in by reading. */
    size_t stretch_count;
    struct store_stretch stretches[STORE_STRETCH_COUNT_MAX];
};

/**
 * Add where lines of some time are. Stretches of about STORE_STRETCH_SIZE bytes are kept; where
 * more than fit come between two batches, they are longer.
 *
 * input     changed
 * stretch   behind those that were added before
 */
void store_input_add_stretch(struct store_input *input, const struct store_stretch *stretch);

/**
 * What of the bytes of an input is remembered, by itself or by another one that begins with the
 * same bytes: its copy, or what it is a copy of.
 *
 * op         work in hand; the list lives in its memory
 * store      open
 * input      as store_input_find() gave it
 * ret        by place, and then they may overlap; untouched on error
 * ret_count  how many
 *
 * Errors    ERR_IO; ERR_LIMIT
 */
MUST_USE
enum err store_remembered(struct op *op, struct store *store, const struct store_input *input,
                          struct store_stretch **ret, size_t *ret_count);

/**
 * They are counted: all but the last may go, which may still grow.
 *
 * input     changed
 */
void store_input_stretches_counted(struct store_input *input);

/**
 * Where in an input lines of a span of time may be.
 *
 * op         work in hand; the list lives in its memory
 * store      open
 * number     of the input
 * span       of time: its first_s and last_s are looked at
 * ret        by place; untouched on error
 * ret_count  how many
 *
 * Errors    ERR_IO; ERR_LIMIT
 */
MUST_USE
enum err store_stretches(struct op *op, struct store *store, uint64_t number,
                         const struct store_stretch *span, struct store_stretch **ret,
                         size_t *ret_count);

/**
 * The input that was last read from a file. Whether the file still is that input, its mark tells.
 *
 * op        work in hand; texts live in its memory
 * store     open
 * device    of the file
 * inode     of the file
 * ret       untouched on error
 *
 * Errors    ERR_ABSENT never seen; ERR_CORRUPT; ERR_IO; ERR_LIMIT
 */
MUST_USE
enum err store_input_find(struct op *op, struct store *store, uint64_t device, uint64_t inode,
                          struct store_input *ret);

/* What the watch found since it last told. */
struct store_batch {
    struct store_input *inputs; /* as they stand now; those without a number are given one */
    size_t input_count;
    const struct fold *folds; /* in the order of the lines */
    size_t fold_count;
    uint64_t history; /* number of the history's last commit, which holds these lines; 0: none */
    bool looked_back; /* the folds were found looking back: see fold_merge_back() */
};

/**
 * Count what the watch found: positions and folds in one journal entry, so that each line counts
 * once whatever happens. Folds stay open until store_folds_close().
 *
 * op        work in hand
 * store     open for writing
 * batch     borrowed until return
 * opened    called for every fold that this batch opened, and for every one that was silent before
 *           it and is no more; may be NULL
 * context   handed to `opened`
 *
 * Errors    ERR_FULL; ERR_IO; ERR_LIMIT: nothing was counted
 */
MUST_USE
enum err store_batch_add(struct op *op, struct store *store, const struct store_batch *batch,
                         void (*opened)(void *context, const struct fold *fold), void *context);

/**
 * Close folds that nothing more is expected of, with their last sighting. A closed fold that counts
 * again is open again.
 *
 * op               work in hand
 * store            open for writing
 * ended_before_us  closed are those whose span of time ended before this moment
 * quiet_before_us  ... and to which nothing was counted since this one, by the store's clock
 * ret_closed       how many: at most STORE_CLOSE_COUNT_MAX, so that memory is bounded. Less means
 *                  that none is left
 *
 * Errors    ERR_FULL; ERR_IO; ERR_LIMIT: none was closed
 */
MUST_USE
enum err store_folds_close(struct op *op, struct store *store, int64_t ended_before_us,
                           int64_t quiet_before_us, size_t *ret_closed);

/**
 * The inputs, ordered by path.
 *
 * op        work in hand; the list lives in its memory
 * store     open
 * ret       the list
 * ret_count  how many
 *
 * Errors    ERR_IO; ERR_LIMIT
 */
MUST_USE
enum err store_inputs(struct op *op, struct store *store, struct store_input **ret,
                      size_t *ret_count);

/**
 * The evidence lines of a fold, after the privacy rule.
 *
 * op        work in hand; the lines live in its memory
 * store     open
 * grant     permission to read
 * fold      changed: its evidence is filled in, with the entries that hold it; an erased line is
 *           passed over
 *
 * Errors    ERR_DENIED; ERR_IO; ERR_CORRUPT; ERR_LIMIT
 */
MUST_USE
enum err store_evidence_read(struct op *op, struct store *store, const struct policy_grant *grant,
                             struct fold *fold);

/* ---- the whole ---- */

struct store_status {
    uint64_t entries;
    uint8_t head[JOURNAL_DIGEST_SIZE];
    uint64_t applied;
    uint64_t sets;
    uint64_t set_members;
    uint64_t allow_lists;
    uint64_t allow_members;
    uint64_t objects;        /* versions of STIX objects */
    struct store_tally stix; /* of STIX indicators */
    uint64_t inputs;
    uint64_t lines;
    uint64_t observations;
    uint64_t waiting; /* bytes of last lines that have no end yet */
    uint64_t folds;
    uint64_t folds_open;
    uint64_t noisy;
    uint64_t hits;         /* lines that met an indicator, per fold */
    uint64_t notices_open; /* what the node has told of itself, and has not ended */
    size_t fault_count;
    struct store_fault_count faults[STORE_FAULT_COUNT_MAX];
};

/**
 * Count what there is.
 *
 * op        work in hand; texts live in its memory
 * store     open
 * ret       untouched on error
 *
 * Errors    ERR_IO; ERR_LIMIT
 */
MUST_USE
enum err store_status(struct op *op, struct store *store, struct store_status *ret);

/**
 * Number of the last journal entry that a world's database has applied. A journal with fewer
 * entries has lost its end, which it cannot tell from a write that was cut short.
 *
 * op        work in hand
 * disk      the world's folder; the store need not be open
 * ret       untouched on error
 *
 * Errors    ERR_ABSENT there is no database that can be read
 */
MUST_USE
enum err store_applied(struct op *op, struct disk *disk, uint64_t *ret);

/**
 * Erase what an entry held, by rule. Evidence and objects can be erased; other kinds carry the
 * state of the world itself.
 *
 * op        work in hand
 * store     open for writing
 * number    of the entry
 * rule      why it may be erased
 *
 * Errors    ERR_ABSENT; ERR_EXISTS erased already; ERR_UNSUPPORTED an entry of a kind that stays;
 *           ERR_FULL; ERR_IO
 */
MUST_USE
enum err store_erase(struct op *op, struct store *store, uint64_t number, struct span rule);

#endif
