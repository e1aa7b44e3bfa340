// SPDX-License-Identifier: EUPL-1.2
/* Whether an open world holds what its shadow holds, no less and no more. */
#include <string.h>

#include "journal/blob.h"
#include "store/hit_work.h"
#include "tests/store/trial.h"
#include "tests/store/trial_things.h"
#include "tests/store/trial_work.h"
#include "tests/testing.h"

/* What a comparison works with. */
struct comparison {
    struct trial *trial;
    const struct shadow *shadow;
    struct op *op;
    const struct policy_grant *grant;
    size_t seen; /* of the things that are walked over */
    uint64_t sightings;
};

/* A call that reads must succeed. */
static bool reads(struct comparison *c, const char *what, enum err err)
{
    if (err != ERR_OK) {
        trial_violate(c->trial, "%s cannot be read: %s", what, c->op->fault.text);
    }
    return err == ERR_OK;
}

/* ---- sets ---- */

static size_t set_number(struct comparison *c, const struct store_set *set)
{
    for (size_t i = 0; i < SHADOW_SETS; i++) {
        if (span_equal(set->name, thing_set(c->op, i)) &&
            span_equal(set->source, thing_source(thing_set_source(i)))) {
            return i;
        }
    }
    return SHADOW_SETS;
}

static bool member_is(const struct pack_member *member, const struct shadow_member *expected)
{
    return expected->there && member->confidence == expected->confidence &&
           member->tlp == expected->tlp && member->scope == VALUE_SCOPE_EXACT &&
           member->first_seen_us == expected->first_seen_us &&
           member->valid_from_us == TIME_US_NONE &&
           member->valid_until_us == expected->valid_until_us;
}

static void members_compare(struct comparison *c, const struct store_set *set,
                            const struct shadow_set *expected)
{
    struct pack_reader reader;
    struct pack_member member;
    struct span map;
    bool seen[SHADOW_VALUES] = { false };
    if (!reads(c, "a set", store_set_read(c->op, c->trial->store, c->grant, set, &reader, &map))) {
        return;
    }
    while (pack_next(&reader, &member)) {
        size_t value = thing_value_number(c->op, &member.value);
        bool good =
            value < SHADOW_VALUES && !seen[value] && member_is(&member, &expected->members[value]);
        if (!good) {
            trial_violate(c->trial, "%.*s holds what it should not", SPAN_FMT(set->name));
            break;
        }
        seen[value] = true;
    }
    (void)reads(c, "a set's file", reader.err);
    for (size_t i = 0; i < SHADOW_VALUES; i++) {
        if (seen[i] != expected->members[i].there) {
            trial_violate(c->trial, "%.*s has lost member %zu", SPAN_FMT(set->name), i);
        }
    }
    disk_unmap(c->trial->disk, map);
}

static uint64_t members_count(const struct shadow_set *set)
{
    uint64_t count = 0;
    for (size_t i = 0; i < SHADOW_VALUES; i++) {
        count += set->members[i].there ? 1 : 0;
    }
    return count;
}

static void sets_compare(struct comparison *c)
{
    struct store_set *sets = NULL;
    size_t count = 0;
    size_t expected_count = 0;
    if (!reads(c, "the list of sets",
               store_sets(c->op, c->trial->store, c->grant, &sets, &count))) {
        return;
    }
    for (size_t i = 0; i < SHADOW_SETS; i++) {
        expected_count += c->shadow->sets[i].there ? 1 : 0;
    }
    if (count != expected_count) {
        trial_violate(c->trial, "there are %zu sets, and should be %zu", count, expected_count);
    }
    for (size_t i = 0; i < count; i++) {
        size_t number = set_number(c, &sets[i]);
        const struct shadow_set *expected = number < SHADOW_SETS ? &c->shadow->sets[number] : NULL;
        bool good = expected != NULL && expected->there && sets[i].tlp == expected->tlp &&
                    sets[i].confidence == expected->confidence &&
                    sets[i].valid_until_us == expected->valid_until_us &&
                    sets[i].count == members_count(expected);
        if (!good) {
            trial_violate(c->trial, "%.*s is another set", SPAN_FMT(sets[i].name));
            return;
        }
        members_compare(c, &sets[i], expected);
    }
}

/* Each list is there as it came. */
static void lists_compare(struct comparison *c)
{
    for (size_t i = 0; i < SHADOW_LISTS; i++) {
        struct span bytes = thing_list(c->op, i);
        struct span map;
        uint8_t digest[DIGEST_SHA256_SIZE];
        digest_sha256(bytes, digest);
        if (!c->shadow->lists[i]) {
            continue;
        }
        if (!reads(c, "a list", blob_map(c->op, c->trial->disk, digest, true, &map))) {
            return;
        }
        disk_unmap(c->trial->disk, map);
    }
    struct blob_check check;
    if (reads(c, "the blobs", blob_check(c->op, c->trial->disk, &check)) && check.faults > 0) {
        trial_violate(c->trial, "%s", check.first_fault_text);
    }
}

/* ---- objects ---- */

static bool object_is(struct comparison *c, const struct store_object *object,
                      const struct shadow_event *event)
{
    bool versioned = event->is.object != SHADOW_DEFINITION;
    return !event->erased && object->part == -1 &&
           span_equal(object->id, thing_object_id(c->op, event->is.object)) &&
           span_equal(object->source, thing_source(event->source)) && object->tlp == event->tlp &&
           object->modified_us == (versioned ? thing_modified_us(event->is.version) : TIME_US_NONE);
}

static bool object_stands(struct comparison *c, const struct store_object *object,
                          const struct shadow_event *event)
{
    bool indicator = event->is.object < SHADOW_INDICATORS;
    return object->removed == c->shadow->removed[event->is.object] &&
           object->latest == shadow_is_latest(c->shadow, event) &&
           object->revoked == (indicator && shadow_variant_is_revoked(event->is.variant)) &&
           object->state == shadow_state(c->shadow, event) && object->unwatched.size == 0;
}

static enum err object_visit(void *context, const struct store_object *object)
{
    struct comparison *c = context;
    struct span bytes;
    unsigned long long entry = object->entry;
    if (!reads(c, "an object",
               store_object_read(c->op, c->trial->store, c->grant, object, &bytes))) {
        return ERR_CANCELLED;
    }
    if (span_equal(object->type, SPAN("sighting"))) {
        c->sightings++;
        return ERR_OK;
    }
    const struct shadow_event *event = shadow_event_of(c->shadow, object->entry);
    if (event == NULL || !object_is(c, object, event)) {
        trial_violate(c->trial, "the object of entry %llu is another", entry);
    } else if (!span_equal(bytes, thing_object(c->op, event->is))) {
        trial_violate(c->trial, "the object of entry %llu has other bytes", entry);
    } else if (!object_stands(c, object, event)) {
        trial_violate(c->trial, "the object of entry %llu stands otherwise", entry);
    }
    c->seen++;
    return ERR_OK;
}

/* Erased payloads are gone from the journal too. */
static void erased_compare(struct comparison *c, const struct shadow_event *event)
{
    struct journal_header header;
    struct span payload;
    enum err err =
        journal_read(c->op, store_journal(c->trial->store), event->entry, &header, &payload);
    if (reads(c, "an erased entry", err) && payload.data != NULL) {
        trial_violate(c->trial, "entry %llu is still there", (unsigned long long)event->entry);
    }
}

static void objects_compare(struct comparison *c)
{
    const struct store_object_filter all = { .latest_only = false };
    size_t expected = 0;
    c->seen = 0;
    enum err err = store_objects_walk(c->op, c->trial->store, c->grant, &all, object_visit, c);
    if (!reads(c, "the objects", err)) {
        return;
    }
    for (size_t i = 0; i < c->shadow->event_count; i++) {
        if (c->shadow->events[i].erased) {
            erased_compare(c, &c->shadow->events[i]);
        } else {
            expected++;
        }
    }
    if (c->seen != expected || c->sightings != c->shadow->sightings) {
        trial_violate(c->trial, "there are %zu objects and %zu sightings: should be %zu and %zu",
                      c->seen, (size_t)c->sightings, expected, (size_t)c->shadow->sightings);
    }
}

/* Whether a value is watched for by an indicator of the shadow; the first of equal ones counts. */
static bool watched_is(struct comparison *c, const struct store_watched *watched)
{
    struct span text = watched->value.key;
    for (size_t i = 0; i < c->shadow->event_count; i++) {
        const struct shadow_event *event = &c->shadow->events[i];
        if (shadow_is_watched(c->shadow, event) &&
            span_equal(text, thing_watched_value(c->op, event->is))) {
            return true;
        }
    }
    return false;
}

static enum err watched_visit(void *context, const struct store_watched *watched)
{
    struct comparison *c = context;
    if (!watched_is(c, watched)) {
        trial_violate(c->trial, "%.*s should not be watched", SPAN_FMT(watched->value.key));
    }
    c->seen++;
    return ERR_OK;
}

/* The same object of two sources is watched once. */
static bool comes_again(const struct shadow *shadow, size_t event)
{
    for (size_t i = 0; i < event; i++) {
        const struct shadow_object *a = &shadow->events[i].is;
        const struct shadow_object *b = &shadow->events[event].is;
        if (shadow_is_watched(shadow, &shadow->events[i]) && memcmp(a, b, sizeof *a) == 0) {
            return true;
        }
    }
    return false;
}

static void watched_compare(struct comparison *c)
{
    size_t expected = 0;
    c->seen = 0;
    if (!reads(c, "what is watched",
               store_watched_walk(c->op, c->trial->store, watched_visit, c))) {
        return;
    }
    for (size_t i = 0; i < c->shadow->event_count; i++) {
        if (shadow_is_watched(c->shadow, &c->shadow->events[i]) && !comes_again(c->shadow, i)) {
            expected++;
        }
    }
    if (c->seen != expected) {
        trial_violate(c->trial, "%zu values are watched, and should be %zu", c->seen, expected);
    }
}

/* ---- the watch ---- */

static bool faults_equal(const struct store_input *a, const struct store_input *b)
{
    bool equal = a->fault_count == b->fault_count;
    for (size_t i = 0; equal && i < a->fault_count; i++) {
        equal = a->faults[i].count == b->faults[i].count &&
                span_equal(a->faults[i].reason, b->faults[i].reason);
    }
    return equal;
}

static bool input_is(const struct store_input *a, const struct store_input *b)
{
    return a->position == b->position && a->lines == b->lines &&
           a->observations == b->observations && a->bytes_size == b->bytes_size &&
           a->ended == b->ended && a->line.waiting == b->line.waiting &&
           memcmp(&a->mark, &b->mark, sizeof a->mark) == 0 && span_equal(a->path, b->path) &&
           span_equal(a->format, b->format) && span_equal(a->sensor, b->sensor) &&
           faults_equal(a, b);
}

static void inputs_compare(struct comparison *c)
{
    struct store_input *inputs = NULL;
    size_t count = 0;
    size_t expected = 0;
    if (!reads(c, "the inputs", store_inputs(c->op, c->trial->store, &inputs, &count))) {
        return;
    }
    for (size_t i = 0; i < SHADOW_INPUTS; i++) {
        const struct store_input should = thing_input(c->op, i, &c->shadow->inputs[i]);
        struct store_input is = { 0 };
        if (!c->shadow->inputs[i].there) {
            continue;
        }
        expected++;
        enum err err =
            store_input_find(c->op, c->trial->store, should.id.device, should.id.inode, &is);
        if (reads(c, "an input", err) && !input_is(&is, &should)) {
            trial_violate(c->trial, "input %zu stands at byte %llu instead of %llu", i,
                          (unsigned long long)is.position, (unsigned long long)should.position);
        }
    }
    if (count != expected) {
        trial_violate(c->trial, "there are %zu inputs, and should be %zu", count, expected);
    }
}

static bool observed_are(struct comparison *c, const struct fold *fold,
                         const struct shadow_fold *expected)
{
    bool equal = fold->observed.count == expected->observed_count;
    for (size_t i = 0; equal && i < expected->observed_count; i++) {
        equal = span_equal(fold->observed.at[i], thing_observed(c->op, expected->observed[i]));
    }
    return equal;
}

static void evidence_compare(struct comparison *c, const struct fold *fold,
                             const struct shadow_fold *expected)
{
    struct fold copy = *fold;
    size_t at = 0;
    if (!reads(c, "evidence", store_evidence_read(c->op, c->trial->store, c->grant, &copy))) {
        return;
    }
    for (size_t i = 0; i < SHADOW_EVIDENCE; i++) {
        if (expected->evidence[i].tag == 0) {
            continue;
        }
        bool same = at < copy.evidence_count &&
                    span_equal(copy.evidence[at], thing_evidence(c->op, expected->evidence[i].tag));
        if (!same) {
            trial_violate(c->trial, "line %zu of a fold's evidence is not there", i);
            return;
        }
        at++;
    }
    if (at != copy.evidence_count) {
        trial_violate(c->trial, "a fold has %zu lines of evidence, and should have %zu",
                      copy.evidence_count, at);
    }
}

/* The shadow's fold with this key, or NULL. */
static const struct shadow_fold *fold_find(struct comparison *c, const struct fold *key)
{
    for (size_t watched = 0; watched < SHADOW_WATCHED; watched++) {
        for (size_t host = 0; host <= SHADOW_HOSTS; host++) {
            int64_t hour = (key->start_us - shadow_hour_us(0)) / SHADOW_HOUR_US;
            if (hour >= 0 && hour < SHADOW_HOURS &&
                span_equal(key->indicator, thing_watched_id(c->op, watched)) &&
                span_equal(key->inside, thing_host(c->op, host))) {
                return &c->shadow->folds[watched][hour][host];
            }
        }
    }
    return NULL;
}

static enum err fold_visit(void *context, const struct store_hit *hit)
{
    struct comparison *c = context;
    const struct fold *fold = &hit->fold;
    const struct shadow_fold *expected = fold_find(c, fold);
    c->seen++;
    if (expected == NULL || expected->count == 0) {
        trial_violate(c->trial, "there is a fold of %.*s that should not be",
                      SPAN_FMT(fold->inside));
        return ERR_OK;
    }
    if (fold->count != expected->count) {
        trial_violate(c->trial, "a fold of %.*s counts %llu lines: %llu were acknowledged",
                      SPAN_FMT(fold->inside), (unsigned long long)fold->count,
                      (unsigned long long)expected->count);
    }
    bool same = fold->first_us == expected->first_us && fold->last_us == expected->last_us &&
                fold->noisy == span_equal(fold->inside, FOLD_INSIDE_MANY) &&
                observed_are(c, fold, expected);
    if (!same) {
        trial_violate(c->trial, "a fold of %.*s holds something else", SPAN_FMT(fold->inside));
    }
    evidence_compare(c, fold, expected);
    trial_hit_compare(c->trial, c->op, c->grant, hit, expected);
    return ERR_OK;
}

static void tally_compare(struct comparison *c)
{
    struct store_status status;
    uint64_t expected[STORE_STATE_COUNT] = { 0 };
    if (!reads(c, "the counts", store_status(c->op, c->trial->store, &status))) {
        return;
    }
    for (size_t i = 0; i < c->shadow->event_count; i++) {
        const struct shadow_event *event = &c->shadow->events[i];
        bool counts = !event->erased && event->is.object < SHADOW_INDICATORS;
        expected[shadow_state(c->shadow, event)] += counts ? 1 : 0;
    }
    for (size_t i = 0; i < STORE_STATE_COUNT; i++) {
        if (status.stix.count[i] != expected[i]) {
            trial_violate(c->trial, "%zu versions are %s: should be %zu",
                          (size_t)status.stix.count[i], store_state_name((enum store_state)i),
                          (size_t)expected[i]);
        }
    }
    if (status.stix.conflicts != shadow_conflicts(c->shadow)) {
        trial_violate(c->trial, "there are %zu conflicts: should be %zu",
                      (size_t)status.stix.conflicts, (size_t)shadow_conflicts(c->shadow));
    }
}

static void folds_compare(struct comparison *c)
{
    const struct store_hit_filter all = { .since_us = TIME_US_MIN };
    const struct shadow_fold *folds = &c->shadow->folds[0][0][0];
    struct store_status status = { 0 };
    size_t expected = 0;
    size_t open = 0;
    uint64_t lines = 0;
    c->seen = 0;
    enum err err = store_hits_walk(c->op, c->trial->store, c->grant, &all, fold_visit, c);
    if (!reads(c, "the folds", err) ||
        !reads(c, "the counts", store_status(c->op, c->trial->store, &status))) {
        return;
    }
    for (size_t i = 0; i < sizeof c->shadow->folds / sizeof *folds; i++) {
        expected += folds[i].count > 0 ? 1 : 0;
        open += folds[i].open ? 1 : 0;
        lines += folds[i].count;
    }
    if (c->seen != expected || status.folds_open != open || status.hits != lines) {
        trial_violate(c->trial, "there are %zu folds, %zu open: should be %zu and %zu", c->seen,
                      (size_t)status.folds_open, expected, open);
    }
}

/* ---- the whole ---- */

static void journal_compare(struct comparison *c)
{
    struct journal_check check;
    uint64_t last = journal_last(store_journal(c->trial->store));
    if (!reads(c, "the journal", journal_check(c->op, c->trial->disk, SPAN("real"), &check))) {
        return;
    }
    if (check.faults > 0) {
        trial_violate(c->trial, "the check of the journal finds: %s", check.first_fault_text);
    } else if (check.entries != last || last != c->shadow->last || check.torn_size > 0) {
        trial_violate(c->trial, "the check of the journal counts %llu entries: should be %llu",
                      (unsigned long long)check.entries, (unsigned long long)c->shadow->last);
    }
}

void trial_compare(struct trial *trial, struct op *op)
{
    struct comparison c = { .trial = trial, .shadow = &trial->sure, .op = op };
    if (trial->violation[0] != '\0') {
        return;
    }
    check_err(policy_grant_owner(op, &c.grant), ERR_OK);
    journal_compare(&c);
    lists_compare(&c);
    sets_compare(&c);
    objects_compare(&c);
    watched_compare(&c);
    tally_compare(&c);
    inputs_compare(&c);
    folds_compare(&c);
    trial_notices_compare(trial, op, c.grant);
}
