// SPDX-License-Identifier: EUPL-1.2
/*
 * All that was seen, as one thing: a folder with a manifest, segments, and a write-ahead file.
 *
 * One process writes (the store), any number read at the same time, each what was there when it
 * opened. The writer adds what was seen, commits it, and only then lets the journal say how far
 * inputs were read, naming the commit's number; so when it opens again, what the journal does not
 * know is dropped here and read again there.
 */
#ifndef HISTORY_HISTORY_H
#define HISTORY_HISTORY_H

#include "base/uuid.h"
#include "history/loss.h"
#include "history/manifest.h"
#include "history/rules.h"
#include "os/disk.h"

enum {
    HISTORY_LIVE_SIZE_MAX = 4 * 1024 * 1024, /* of the write-ahead file, then it becomes a segment
                                              */
    HISTORY_FAN = 8,                         /* segments of about one size that become one */
    HISTORY_MERGE_KEYS_MAX = 1 << 26,        /* a filter of 96 MiB */
};

struct history;

struct history_options {
    bool write;
    uint64_t acknowledged; /* number of the last commit that the journal knows; UINT64_MAX: all that
                            * is there, for who only reads */
    const struct history_rules *rules; /* borrowed until history_close() */
    uint64_t merge_keys_max; /* keys of the filter of what is merged, in memory at 12 bits each; 0:
                              * HISTORY_MERGE_KEYS_MAX */
};

struct history_opened {
    bool made;        /* there was none */
    uint64_t cut;     /* as live_opened */
    uint64_t dropped; /* likewise */
    uint64_t damaged; /* segments, and places of the write-ahead file, that cannot be read */
    bool behind;      /* the journal knows a commit that is not here: something was lost */
    bool ahead;       /* segments hold commits that the journal does not know: an older journal was
                       * put back, and lines that are read again count twice */
    bool mended;      /* the manifest was lost, and put together of its copy and the segments */
    uint64_t removed; /* files that no manifest names */
};

/**
 * Open a history; where there is none and `write`, it is made.
 *
 * op          work in hand
 * disk        of the world; borrowed until history_close()
 * folder      in which it lies, "history"
 * options     copied
 * ret         to give back with history_close(); untouched on error
 * ret_opened  may be NULL
 *
 * Errors    ERR_ABSENT there is none, and it is only to be read; ERR_AGAIN another process writes
 *           to it; ERR_CORRUPT; ERR_UNSUPPORTED made by a newer version; ERR_IO; ERR_FULL;
 * ERR_LIMIT
 */
MUST_USE
enum err history_open(struct op *op, struct disk *disk, struct span folder,
                      const struct history_options *options, struct history **ret,
                      struct history_opened *ret_opened);

/**
 * Close it. What was not committed is forgotten.
 *
 * history   NULL does nothing
 */
void history_close(struct history *history);

/* ---- writing ---- */

/**
 * Let a record wait for the next commit; see live_add().
 *
 * op        work in hand
 * history   open for writing
 * record    from the watch: checked
 *
 * Errors    ERR_FORMAT; ERR_LIMIT too much waits or is live, or no memory: commit, let the journal
 *           know, flush, and try again; ERR_IO a commit failed: open it again
 */
MUST_USE
enum err history_add(struct op *op, struct history *history, struct span record);

/**
 * Forget what waits: its lines will be read again.
 *
 * history   open for writing
 */
void history_drop(struct history *history);

/**
 * Make what waits durable. To be followed by a journal entry that names the number, before
 * anything else is added here.
 *
 * op          work in hand
 * history     open for writing
 * ret_number  of the last commit, this one or, where nothing waited, an earlier one; 0: none ever
 *
 * Errors    ERR_FULL nothing was written, what waits still waits; ERR_IO what waited is forgotten,
 *           and nothing can be added until it is opened again; ERR_LIMIT
 */
MUST_USE
enum err history_commit(struct op *op, struct history *history, uint64_t *ret_number);

/**
 * The journal knows the last commit now.
 *
 * history   open for writing
 */
void history_acknowledged(struct history *history);

/**
 * Make a segment of all that was committed, if anything was.
 *
 * op        work in hand
 * history   open for writing
 *
 * Errors    ERR_CONFLICT something waits, or the journal does not know the last commit; ERR_FULL,
 *           ERR_IO, ERR_LIMIT: all is as it was
 */
MUST_USE
enum err history_flush(struct op *op, struct history *history);

/**
 * Set apart what is live where it is large or its hour is over, so that history_work() makes a
 * segment of it. It can be done only when nothing waits and the journal knows all: so it is to be
 * called after history_acknowledged(), and takes no time. history_work() does it too.
 *
 * op        work in hand
 * history   open for writing
 * now_us    by the clock
 *
 * Errors    ERR_LIMIT
 */
MUST_USE
enum err history_split(struct op *op, struct history *history, int64_t now_us);

/* Whether the work that is due keeps up with what is added. */
enum history_pressure {
    HISTORY_EASY,
    HISTORY_PRESSED, /* it does not: history_work() should get all the time there is */
    HISTORY_OVERRUN, /* nothing should be added before it has got it */
};

/**
 * How much the history is pressed. While a segment is made of what is live, HISTORY_LIVE_SIZE_MAX
 * more may come before it is pressed, and as much again before it is overrun; and it is where more
 * than 256 segments wait to be merged, or 2048. Where the disk was full or there was no memory, and
 * the work waits for that, it is not.
 *
 * history   open for writing
 * now_us    by the clock
 */
enum history_pressure history_pressure(const struct history *history, int64_t now_us);

/**
 * Do a piece of the work that is due: making a segment of what is live when it is large or its hour
 * is over, merging segments, applying rules to what has grown old. A full disk stops a merge and
 * costs nothing; it is tried again after a while. Ages are counted by the clock, but where it
 * leaps ahead by days and neither what was seen nor a day of its going on confirms it, by what it
 * showed before: a wrong clock must not make the history forget.
 *
 * It is done in small steps, so that whoever calls can add and commit in between. A step takes
 * about its budget and at most some milliseconds more; besides it may sync 1 MiB, change the
 * manifest, or sort a posting list of one row (65,536 hosts and ways: 10 ms). One thing is one
 * piece: where a rule that is new makes a kind's values keyed hashes or parts, 64 MiB of them are
 * sorted at once.
 *
 * op          work in hand
 * history     open for writing
 * now_us      by the clock
 * budget_us   about so long it may take
 * ret_more    whether there is more to do now
 *
 * Errors    ERR_IO; ERR_LIMIT; ERR_CORRUPT never: a segment with damaged blocks is not merged, and
 *           history_losses() has it; it is written anew without them when rules say that something
 *           in it must go, or when somebody said that the loss is known
 */
MUST_USE
enum err history_work(struct op *op, struct history *history, int64_t now_us, int64_t budget_us,
                      bool *ret_more);

/**
 * From now on, do something between any two steps of history_flush(), history_compact() and
 * history_forget(), which take some milliseconds each: what waits for this process is not to wait
 * until they are done. It may do everything but these three and closing: add, commit, split, work,
 * and ask. Its error ends what was under way.
 *
 * history   open for writing
 * between   gets the op of the work; NULL: nothing is done
 * context   given to it
 */
void history_between(struct history *history, enum err (*between)(struct op *op, void *context),
                     void *context);

/**
 * Whether one of these goes on: this is called from what is done between two steps of it.
 *
 * history   open
 */
bool history_is_between(const struct history *history);

/**
 * Whether one of these cannot go on until what waits is committed and the journal knows it, since
 * more came from between two steps; then history_split() follows.
 *
 * history   open
 */
bool history_wants_quiet(const struct history *history);

/**
 * Do all the work that is due, and merge everything into as few segments as possible: then the
 * rules hold for all of it, and nothing is past its age, for which history_work() waits a while.
 * What comes while it goes on is not part of it.
 *
 * op        work in hand
 * history   open for writing; not between two steps
 * now_us    by the clock
 *
 * Errors    ERR_CANCELLED; ERR_CONFLICT as history_flush(); ERR_FULL; ERR_IO; ERR_LIMIT; or what
 *           was returned between two steps
 */
MUST_USE
enum err history_compact(struct op *op, struct history *history, int64_t now_us);

/* What is to be forgotten. */
struct history_forget {
    const struct value *value; /* NULL: any; what holds it goes with it: see taking.h */
    enum value_scope scope;    /* EXACT; SUBDOMAINS of a domain; of a range all in it */
    enum value_kind kind;      /* VALUE_NONE: any */
    struct span host;          /* an inside host, as its address is written; empty: any */
    uint32_t since_s;          /* postings that lie wholly within; 0 and UINT32_MAX: any */
    uint32_t until_s;
};

/* How much was forgotten. */
struct history_forgotten {
    uint64_t postings;
    uint64_t count; /* sightings: of a line in which two of the values stand, two */
    uint64_t lost;  /* damaged blocks, and segments that cannot be read, which went whole */
};

/**
 * Forget: when this returns, neither segments nor the write-ahead file hold what was asked for, in
 * whatever form it was kept. What is live becomes a segment first; damaged blocks of a segment that
 * is written anew are left out, and a segment that cannot be read at all goes whole, for what they
 * hold cannot be told: history_losses() has them then, as gone.
 *
 * op        work in hand
 * history   open for writing; all is acknowledged
 * forget    what; at least one of its limits is set
 * ret       how much; untouched on error
 *
 * Errors    ERR_CONFLICT as history_flush(); ERR_CANCELLED, ERR_FULL, ERR_IO, ERR_LIMIT: some of it
 *           may be there still, do it again
 */
MUST_USE
enum err history_forget(struct op *op, struct history *history, const struct history_forget *forget,
                        struct history_forgotten *ret);

/* A rule that is being carried out. */
struct history_forgetting {
    struct uuid id; /* by which its entry of the journal is known */
    struct history_forget forget;
    struct value value;
};

/**
 * Keep a rule beside the segments before it is carried out. It holds the value, which what is to be
 * forgotten does too; a process that ends in the middle leaves it for the next.
 *
 * op        work in hand
 * history   open for writing
 * id        of the rule
 * forget    as for history_forget()
 *
 * Errors    ERR_FULL; ERR_IO; ERR_LIMIT: no rule is kept, or the one that was
 */
MUST_USE
enum err history_forgetting_keep(struct op *op, struct history *history, const struct uuid *id,
                                 const struct history_forget *forget);

/**
 * The rule that is kept.
 *
 * op        work in hand: value and host live in its memory
 * history   open
 * ret       its forget.value refers to its value: not to be copied; untouched on error
 *
 * Errors    ERR_ABSENT none is; ERR_CORRUPT, ERR_UNSUPPORTED it cannot be read; ERR_IO; ERR_LIMIT
 */
MUST_USE
enum err history_forgetting_read(struct op *op, const struct history *history,
                                 struct history_forgetting *ret);

/**
 * The rule is carried out: keep it no longer.
 *
 * op        work in hand
 * history   open for writing
 *
 * Errors    ERR_ABSENT none is kept; ERR_IO
 */
MUST_USE
enum err history_forgetting_drop(struct op *op, struct history *history);

/* ---- what there is ---- */

struct history_stats {
    struct segment_facts
        facts; /* sums and extremes of all segments; the live part is in them too */
    size_t segments;
    size_t damaged;      /* segments that cannot be read, and are not in the sums */
    uint64_t size;       /* bytes of all segments and of the write-ahead file */
    uint64_t live_count; /* postings that are not in a segment yet */
    uint64_t generation;
    uint64_t commit;     /* number of the last one */
    size_t losses;       /* that nobody said are known, `damaged` among them */
    size_t losses_known; /* that somebody did */
};

/**
 * How much there is.
 *
 * op        work in hand; as history_segments()
 * history   open
 * ret       untouched on error
 *
 * Errors    ERR_LIMIT no memory
 */
MUST_USE
enum err history_stats(struct op *op, struct history *history, struct history_stats *ret);

/**
 * What was lost, or cannot be read: what the manifest knows, and what this process found. Blocks
 * are found when they are read: history_check() reads all.
 *
 * op         work in hand
 * history    open
 * ret        lives until it is called again, or the history is changed or closed
 * ret_count  how many
 *
 * Errors    ERR_LIMIT no memory
 */
MUST_USE
enum err history_losses(struct op *op, struct history *history, const struct history_loss **ret,
                        size_t *ret_count);

/**
 * Whether a loss was written down since this was last asked.
 *
 * history   open
 */
bool history_losses_changed(struct history *history);

/**
 * Note that a loss is known: it is told no more. What cannot be read of it goes: a segment's file
 * now, its blocks when it is next merged.
 *
 * op        work in hand
 * history   open for writing
 * name      as history_loss_name() makes it
 *
 * Errors    ERR_ABSENT there is none of that name that is not known; ERR_FULL; ERR_IO; ERR_LIMIT
 */
MUST_USE
enum err history_loss_know(struct op *op, struct history *history, struct span name);

/**
 * The segments of what this process sees, the live part, where there is one, as the last of them.
 * One that cannot be read is not among them: history_stats() counts it, history_check() names it.
 *
 * op         work in hand; the live part is made a segment in memory where it has changed
 * history    open
 * ret        lives until the history is changed or closed
 * ret_count  how many
 *
 * Errors    ERR_LIMIT no memory
 */
MUST_USE
enum err history_segments(struct op *op, struct history *history, const struct segment *const **ret,
                          size_t *ret_count);

/**
 * Read everything and say what is damaged.
 *
 * op          work in hand
 * history     open
 * on_fault    called with one sentence for each fault, which names file and place
 * context     given to it
 * ret_faults  how many
 *
 * Errors    ERR_CANCELLED; ERR_IO; ERR_LIMIT
 */
MUST_USE
enum err history_check(struct op *op, struct history *history,
                       void (*on_fault)(void *context, const char *text), void *context,
                       uint64_t *ret_faults);

/**
 * The rules under which it was opened.
 *
 * history   open
 */
const struct history_rules *history_rules(const struct history *history);

#endif
