// SPDX-License-Identifier: EUPL-1.2
/*
 * A world of a test's own: a real database and real files in a temporary folder, a clock that the
 * test turns.
 */
#ifndef TESTS_STORE_WORLD_H
#define TESTS_STORE_WORLD_H

#include "store/hit_work.h"
#include "store/store.h"
#include "tests/os/scratch.h"
#include "tests/testing.h"

#define WORLD_HOUR_US  (FOLD_MINUTES_DEFAULT * FOLD_MINUTE_US)
#define WORLD_IDENTITY "identity--11111111-1111-4111-8111-111111111111"

struct world {
    struct op op; /* of the whole test */
    struct scratch scratch;
    struct disk *disk;
    struct store *store;
    struct store_opened opened;       /* by the last opening */
    const struct policy_grant *grant; /* of the owner */
    int64_t now_us;
    uint32_t fold_hosts_max;
    const struct value_rules *rules; /* of the next opening; NULL: the default */
};

/* Makes a world and opens it. */
void world_begin(struct world *world);

/* Closes the world and opens it again. */
void world_reopen(struct world *world);

/* As store_open() with the world's clock and a world's name. */
enum err world_open(struct world *world, const char *name, bool write, struct store **ret);

void world_end(struct world *world);

/* The state of all that is derived, as hexadecimal text in the world's op. */
struct span world_digest(struct world *world);

/* What is derived is what a rebuild makes. */
void world_check_rebuild(struct world *world);

/* One list: values parted by spaces, as 'linie indicators add' would read it. */
struct world_list {
    const char *source;
    const char *set;
    const char *values;
    enum policy_tlp tlp;
    int64_t first_seen_us;
    uint32_t even_if;
    const char *context; /* NULL: none */
};

struct store_set_added world_add_list(struct world *world, const struct world_list *list);

/* A set by its name; the test fails where there is none. */
struct store_set world_set(struct world *world, const char *name);

/* The members of a set as text, parted by spaces, sorted. */
struct span world_members(struct world *world, const char *set);

/* Adds objects (JSON texts; NULL ends them) from a source, without a local marking; objects without
 * a marking of their own are GREEN. */
struct store_objects_added world_add_objects(struct world *world, const char *source,
                                             const char *const *objects);

/* An indicator object. `modified` is a day of 2026-11, such as "03"; `more` are further members,
 * with a leading comma, or "". */
const char *world_indicator(struct world *world, unsigned number, const char *modified,
                            const char *pattern, const char *more);

/* The values that STIX indicators are watched by, as text, parted by spaces, sorted. */
struct span world_watched(struct world *world);

/* The only object that fits, as store_objects_walk() tells it; the test fails for none or several.
 */
struct store_object world_object(struct world *world, const struct store_object_filter *filter);

/* A fold of one line at an hour of 2026-11-21; spans are borrowed. */
struct fold world_fold(const char *indicator, const char *inside, int hour, const char *observed);

/* Counts folds; then closes what ended before `close_before_us`. */
void world_count(struct world *world, const struct fold *folds, size_t count,
                 int64_t close_before_us);

/* Closes folds that ended before a moment and were not counted to since another. */
void world_close(struct world *world, int64_t ended_before_us, int64_t quiet_before_us);

/* All folds as JSON lines, in the order of store_hits_walk(). */
struct span world_hits(struct world *world);

/* The moment at which an hour of 2026-11-21 begins. */
int64_t world_hour_us(int hour);

#endif
