// SPDX-License-Identifier: EUPL-1.2
/*
 * What a store should hold, kept as naively as can be: plain arrays over small universes of sets,
 * objects, inputs and folds, one number for each thing. It holds no pointers, so that a copy of it
 * is the state before an act, to compare with where the act did not come to pass.
 */
#ifndef TESTS_STORE_TRIAL_SHADOW_H
#define TESTS_STORE_TRIAL_SHADOW_H

#include "store/hit_work.h"
#include "store/store.h"

enum {
    SHADOW_SOURCES = 2, /* the owner, and somebody else */

    SHADOW_SETS = 3,
    SHADOW_VALUES = 24,
    SHADOW_LISTS = 12,

    SHADOW_INDICATORS = 4, /* STIX objects; beside them: */
    SHADOW_IDENTITY = SHADOW_INDICATORS,
    SHADOW_DEFINITION, /* of a marking that is a statement */
    SHADOW_OWNER,      /* the identity that comes with the world */
    SHADOW_OBJECTS,
    SHADOW_VERSIONS = 3,
    SHADOW_VARIANTS = 7, /* each with other bytes: markings, creators, revocations */
    SHADOW_EVENTS_MAX = 160,

    SHADOW_INPUTS = 3,
    SHADOW_FAULTS = 2,  /* reasons */
    SHADOW_WATCHED = 3, /* indicators that the watch meets */
    SHADOW_HOURS = 4,
    SHADOW_HOSTS = 5,
    SHADOW_MANY = SHADOW_HOSTS, /* in place of a host: all further ones */
    SHADOW_HOSTS_MAX = 3,       /* folds of one indicator in one hour, before it is noisy */
    SHADOW_OBSERVED = 5,
    SHADOW_EVIDENCE = FOLD_EVIDENCE_COUNT_MAX,
    SHADOW_LINES_MAX = 24, /* of a batch */
    SHADOW_SUBJECTS = 2,   /* of notices */
};

#define SHADOW_HOUR_US (FOLD_MINUTES_DEFAULT * FOLD_MINUTE_US)

/* ---- sets ---- */

struct shadow_member {
    bool there;
    uint8_t confidence;
    uint8_t tlp;
    int64_t first_seen_us;
    int64_t valid_until_us;
};

struct shadow_set {
    bool there;
    enum policy_tlp tlp;
    uint8_t confidence;
    int64_t valid_until_us;
    struct shadow_member members[SHADOW_VALUES];
};

/* ---- objects ---- */

/* Which bytes. */
struct shadow_object {
    uint8_t object;
    uint8_t version;
    uint8_t variant;
};

/* One that came. */
struct shadow_event {
    uint64_t entry;
    struct shadow_object is;
    uint8_t source;
    enum policy_tlp tlp;
    bool erased;
};

/* How one is to be added. */
struct shadow_import {
    uint8_t source;
    bool has_local;
    bool put_back;
    enum policy_tlp local;
    enum policy_tlp otherwise;
    size_t count;
    struct shadow_object objects[SHADOW_OBJECTS];
};

/* ---- the watch ---- */

struct shadow_input {
    bool there;
    bool ended;
    uint64_t position;
    uint64_t lines;
    uint64_t observations;
    uint64_t faults[SHADOW_FAULTS];
};

/* A line that met an indicator. */
struct shadow_line {
    uint8_t watched;
    uint8_t hour;
    uint8_t host;
    uint8_t observed;
    int64_t time_us;
    uint64_t evidence; /* what its text is made from; 0: none */
};

struct shadow_batch {
    size_t input;             /* the one that was read on */
    struct shadow_input read; /* how far: as it stands then */
    size_t count;
    struct shadow_line lines[SHADOW_LINES_MAX];
};

struct shadow_evidence {
    uint64_t tag; /* 0: none */
    uint64_t entry;
};

struct shadow_fold {
    uint64_t count; /* 0: there is no such fold */
    int64_t first_us;
    int64_t last_us;
    bool open;
    size_t observed_count;
    uint8_t observed[SHADOW_OBSERVED];
    struct shadow_evidence evidence[SHADOW_EVIDENCE];
    enum hit_state state;
    uint8_t assignee; /* 0: nobody */
    size_t worked;    /* how often somebody did something with it */
};

/* ---- the whole ---- */

struct shadow {
    uint64_t last; /* journal number */
    struct shadow_set sets[SHADOW_SETS];
    bool lists[SHADOW_LISTS]; /* what came in, as it came */
    size_t event_count;
    struct shadow_event events[SHADOW_EVENTS_MAX];
    bool removed[SHADOW_OBJECTS];
    struct shadow_input inputs[SHADOW_INPUTS];
    struct shadow_fold folds[SHADOW_WATCHED][SHADOW_HOURS][SHADOW_HOSTS + 1];
    uint64_t sightings;
    uint64_t notices;                 /* that were ever given */
    uint64_t silent[SHADOW_SUBJECTS]; /* the notice that is open, counted from 1; 0: none */
};

/* The world as it is made: the owner's identity is its second entry. */
struct shadow shadow_begin(void);

/* One act each, done at once. */
void shadow_set_add(struct shadow *shadow, size_t set, const struct shadow_set *add, size_t list);
void shadow_set_remove(struct shadow *shadow, size_t set, const bool *values);
void shadow_set_delete(struct shadow *shadow, size_t set);
void shadow_objects_add(struct shadow *shadow, const struct shadow_import *import);
void shadow_object_remove(struct shadow *shadow, size_t object);
void shadow_batch_add(struct shadow *shadow, const struct shadow_batch *batch);
void shadow_folds_close(struct shadow *shadow, size_t hours);
void shadow_erase(struct shadow *shadow, uint64_t entry);

/* Whether nothing newer came of an event's id and source. */
bool shadow_is_latest(const struct shadow *shadow, const struct shadow_event *event);

/* How an event's object stands. */
enum store_state shadow_state(const struct shadow *shadow, const struct shadow_event *event);

/* Whether the values of an event's object are watched for. */
bool shadow_is_watched(const struct shadow *shadow, const struct shadow_event *event);

/* How many objects are in conflict. */
uint64_t shadow_conflicts(const struct shadow *shadow);

/* The event of a journal entry, or NULL. */
const struct shadow_event *shadow_event_of(const struct shadow *shadow, uint64_t entry);

/* Whether some version of an indicator is there, and in use. */
bool shadow_is_in_use(const struct shadow *shadow, size_t object);

/* Variants of an object: markings, revocations, and creators (0: none is named). */
bool shadow_variant_is_revoked(uint8_t variant);
uint8_t shadow_variant_creator(uint8_t variant);
bool shadow_variant_is_green(uint8_t variant);
bool shadow_variant_has_statement(uint8_t variant);

/* When an hour of the folds begins. */
int64_t shadow_hour_us(size_t hour);

#endif
