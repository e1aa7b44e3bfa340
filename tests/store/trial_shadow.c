// SPDX-License-Identifier: EUPL-1.2
#include "tests/store/trial_shadow.h"

#include "base/must.h"

#define FIRST_HOUR_US INT64_C(1704067200000000) /* 2024-01-01T00:00:00Z */

int64_t shadow_hour_us(size_t hour)
{
    return FIRST_HOUR_US + (int64_t)hour * SHADOW_HOUR_US;
}

struct shadow shadow_begin(void)
{
    struct shadow shadow = { .last = 2 };
    shadow.events[0] = (struct shadow_event){
        .entry = 2,
        .is = { .object = SHADOW_OWNER },
        .tlp = POLICY_TLP_UNKNOWN, /* it bears no marking, and nobody said one */
    };
    shadow.event_count = 1;
    return shadow;
}

/* ---- sets ---- */

static void member_add(struct shadow_member *member, const struct shadow_member *add)
{
    struct shadow_member merged = *add;
    if (member->there && add->confidence == PACK_CONFIDENCE_UNKNOWN) {
        merged.confidence = member->confidence;
    }
    bool earlier = member->there && member->first_seen_us != TIME_US_NONE;
    if (earlier &&
        (add->first_seen_us == TIME_US_NONE || member->first_seen_us < add->first_seen_us)) {
        merged.first_seen_us = member->first_seen_us;
    }
    *member = merged;
}

void shadow_set_add(struct shadow *shadow, size_t set, const struct shadow_set *add, size_t list)
{
    struct shadow_set *now = &shadow->sets[set];
    now->tlp = now->there ? policy_tlp_tighten(now->tlp, add->tlp) : add->tlp;
    now->there = true;
    now->confidence = add->confidence;
    now->valid_until_us = add->valid_until_us;
    for (size_t i = 0; i < SHADOW_VALUES; i++) {
        if (add->members[i].there) {
            member_add(&now->members[i], &add->members[i]);
        }
    }
    shadow->lists[list] = true;
    shadow->last++;
}

void shadow_set_remove(struct shadow *shadow, size_t set, const bool *values)
{
    for (size_t i = 0; i < SHADOW_VALUES; i++) {
        if (values[i]) {
            shadow->sets[set].members[i] = (struct shadow_member){ .there = false };
        }
    }
    shadow->last++;
}

void shadow_set_delete(struct shadow *shadow, size_t set)
{
    shadow->sets[set] = (struct shadow_set){ .there = false };
    shadow->last++;
}

/* ---- objects ---- */

bool shadow_variant_is_green(uint8_t variant)
{
    return variant == 1;
}

bool shadow_variant_has_statement(uint8_t variant)
{
    return variant == 2;
}

bool shadow_variant_is_revoked(uint8_t variant)
{
    return variant == 3 || variant == 4 || variant == 5;
}

uint8_t shadow_variant_creator(uint8_t variant)
{
    static const uint8_t creators[SHADOW_VARIANTS] = { 1, 2, 0, 1, 2, 0, 0 };
    return creators[variant];
}

/* Whether what says that the marking is but a statement is known. */
static bool definition_is_known(const struct shadow *shadow)
{
    for (size_t i = 0; i < shadow->event_count; i++) {
        if (shadow->events[i].is.object == SHADOW_DEFINITION) {
            return true;
        }
    }
    return false;
}

/* An object's own marking counts, else what is said for those that have none; a local one narrows.
 */
static enum policy_tlp label_of(const struct shadow *shadow, const struct shadow_import *import,
                                struct shadow_object object)
{
    enum policy_tlp own = POLICY_TLP_CLEAR;
    bool marked = object.object == SHADOW_DEFINITION;
    if (shadow_variant_is_green(object.variant)) {
        own = POLICY_TLP_GREEN;
        marked = true;
    }
    if (shadow_variant_has_statement(object.variant) && !definition_is_known(shadow)) {
        own = POLICY_TLP_UNKNOWN;
        marked = true;
    }
    if (import->has_local) {
        return policy_tlp_tighten(own, import->local);
    }
    return marked ? own : import->otherwise;
}

static bool same_bytes(struct shadow_object a, struct shadow_object b)
{
    return a.object == b.object && a.version == b.version && a.variant == b.variant;
}

/* The same bytes from the same source are known, unless they are to be narrower now. */
static bool is_known(const struct shadow *shadow, const struct shadow_import *import,
                     struct shadow_object object)
{
    for (size_t i = 0; i < shadow->event_count; i++) {
        const struct shadow_event *event = &shadow->events[i];
        bool same =
            !event->erased && event->source == import->source && same_bytes(event->is, object);
        bool narrow =
            !import->has_local || policy_tlp_tighten(event->tlp, import->local) == event->tlp;
        if (same && narrow) {
            return true;
        }
    }
    return false;
}

static void object_add(struct shadow *shadow, const struct shadow_import *import,
                       struct shadow_object object)
{
    if (is_known(shadow, import, object)) {
        return;
    }
    must(shadow->event_count < SHADOW_EVENTS_MAX);
    enum policy_tlp label = label_of(shadow, import, object);
    shadow->last++;
    shadow->events[shadow->event_count] = (struct shadow_event){
        .entry = shadow->last, .is = object, .source = import->source, .tlp = label
    };
    shadow->event_count++;
}

/* One entry for each object that was removed and comes again. */
static void objects_put_back(struct shadow *shadow, const struct shadow_import *import)
{
    for (size_t i = 0; i < import->count; i++) {
        const struct shadow_object *object = &import->objects[i];
        bool back = shadow->removed[object->object] && !shadow_variant_is_revoked(object->variant);
        if (back) {
            shadow->removed[object->object] = false;
            shadow->last++;
        }
    }
}

/* Definitions of markings come first. */
void shadow_objects_add(struct shadow *shadow, const struct shadow_import *import)
{
    for (size_t i = 0; i < import->count; i++) {
        if (import->objects[i].object == SHADOW_DEFINITION) {
            object_add(shadow, import, import->objects[i]);
        }
    }
    for (size_t i = 0; i < import->count; i++) {
        if (import->objects[i].object != SHADOW_DEFINITION) {
            object_add(shadow, import, import->objects[i]);
        }
    }
    if (import->put_back) {
        objects_put_back(shadow, import);
    }
}

void shadow_object_remove(struct shadow *shadow, size_t object)
{
    shadow->removed[object] = true;
    shadow->last++;
}

/* The same bytes that came again, to be narrower, take the place of those before. */
bool shadow_is_latest(const struct shadow *shadow, const struct shadow_event *event)
{
    for (size_t i = 0; i < shadow->event_count; i++) {
        const struct shadow_event *other = &shadow->events[i];
        bool sibling = !other->erased && other->source == event->source &&
                       other->is.object == event->is.object;
        bool newer = other->is.version > event->is.version ||
                     (same_bytes(other->is, event->is) && other->entry > event->entry);
        if (sibling && newer) {
            return false;
        }
    }
    return true;
}

/* Whether an event's object is revoked, by somebody who may: in a version that is newer by so many
 * at least. */
static bool is_revoked(const struct shadow *shadow, const struct shadow_event *event,
                       unsigned versions, bool by_anybody)
{
    uint8_t creator = shadow_variant_creator(event->is.variant);
    bool indicator = event->is.object < SHADOW_INDICATORS; /* others are never revoked here */
    for (size_t i = 0; indicator && i < shadow->event_count; i++) {
        const struct shadow_event *other = &shadow->events[i];
        bool revokes = !other->erased && other->is.object == event->is.object &&
                       shadow_variant_is_revoked(other->is.variant) &&
                       other->is.version >= event->is.version + versions &&
                       shadow_is_latest(shadow, other);
        bool may = by_anybody || other->source == event->source ||
                   (creator != 0 && creator == shadow_variant_creator(other->is.variant));
        if (revokes && may) {
            return true;
        }
    }
    return false;
}

enum store_state shadow_state(const struct shadow *shadow, const struct shadow_event *event)
{
    if (event->is.object >= SHADOW_INDICATORS) {
        return STORE_STATE_NONE;
    }
    if (!shadow_is_latest(shadow, event)) {
        return STORE_STATE_SUPERSEDED;
    }
    if (shadow->removed[event->is.object]) {
        return STORE_STATE_REMOVED;
    }
    return is_revoked(shadow, event, 0, false) ? STORE_STATE_REVOKED : STORE_STATE_WATCHED;
}

bool shadow_is_watched(const struct shadow *shadow, const struct shadow_event *event)
{
    return !event->erased && shadow_state(shadow, event) == STORE_STATE_WATCHED;
}

static bool is_unsettled(const struct shadow *shadow, const struct shadow_event *event)
{
    return !event->erased && !shadow->removed[event->is.object] &&
           shadow_is_latest(shadow, event) && !is_revoked(shadow, event, 1, false);
}

/* Somebody contradicts an event: by other bytes of the same version, or by a revocation that does
 * not count. */
static bool is_contradicted(const struct shadow *shadow, const struct shadow_event *event)
{
    if (shadow_is_watched(shadow, event) && is_revoked(shadow, event, 0, true)) {
        return true;
    }
    for (size_t i = 0; is_unsettled(shadow, event) && i < shadow->event_count; i++) {
        const struct shadow_event *other = &shadow->events[i];
        bool beside = other->is.object == event->is.object &&
                      other->is.version == event->is.version && is_unsettled(shadow, other);
        if (beside && !same_bytes(other->is, event->is)) {
            return true;
        }
    }
    return false;
}

uint64_t shadow_conflicts(const struct shadow *shadow)
{
    bool contradicted[SHADOW_OBJECTS] = { false };
    uint64_t count = 0;
    for (size_t i = 0; i < shadow->event_count; i++) {
        bool is = is_contradicted(shadow, &shadow->events[i]);
        count += is && !contradicted[shadow->events[i].is.object] ? 1 : 0;
        contradicted[shadow->events[i].is.object] |= is;
    }
    return count;
}

const struct shadow_event *shadow_event_of(const struct shadow *shadow, uint64_t entry)
{
    for (size_t i = 0; i < shadow->event_count; i++) {
        if (shadow->events[i].entry == entry) {
            return &shadow->events[i];
        }
    }
    return NULL;
}

bool shadow_is_in_use(const struct shadow *shadow, size_t object)
{
    for (size_t i = 0; i < shadow->event_count; i++) {
        const struct shadow_event *event = &shadow->events[i];
        if (event->is.object == object && !event->erased && !shadow->removed[object]) {
            return true;
        }
    }
    return false;
}

/* ---- the watch ---- */

/* A host's own fold, or that of all further hosts where there are many. */
static struct shadow_fold *fold_of(struct shadow *shadow, const struct shadow_line *line,
                                   bool *ret_many)
{
    struct shadow_fold *folds = shadow->folds[line->watched][line->hour];
    size_t count = 0;
    for (size_t i = 0; i < SHADOW_HOSTS; i++) {
        count += folds[i].count > 0 ? 1 : 0;
    }
    *ret_many = folds[line->host].count == 0 && count >= SHADOW_HOSTS_MAX;
    return *ret_many ? &folds[SHADOW_MANY] : &folds[line->host];
}

static void observed_add(struct shadow_fold *fold, uint8_t observed)
{
    for (size_t i = 0; i < fold->observed_count; i++) {
        if (fold->observed[i] == observed) {
            return;
        }
    }
    fold->observed[fold->observed_count] = observed;
    fold->observed_count++;
}

/* Evidence takes the place behind the last one that is there. */
static bool evidence_add(struct shadow_fold *fold, uint64_t tag, uint64_t entry)
{
    size_t at = SHADOW_EVIDENCE;
    while (at > 0 && fold->evidence[at - 1].tag == 0) {
        at--;
    }
    if (tag == 0 || at == SHADOW_EVIDENCE) {
        return false;
    }
    fold->evidence[at] = (struct shadow_evidence){ tag, entry };
    return true;
}

/* Returns whether the line left evidence. */
static bool line_count(struct shadow *shadow, const struct shadow_line *line)
{
    bool many = false;
    struct shadow_fold *fold = fold_of(shadow, line, &many);
    if (fold->count == 0) {
        shadow->sightings++;
        fold->first_us = line->time_us;
        fold->last_us = line->time_us;
    }
    fold->count++;
    fold->open = true;
    fold->first_us = line->time_us < fold->first_us ? line->time_us : fold->first_us;
    fold->last_us = line->time_us > fold->last_us ? line->time_us : fold->last_us;
    if (many) {
        observed_add(fold, fold->observed_count == 0 ? line->observed : fold->observed[0]);
        return false;
    }
    observed_add(fold, line->observed);
    return evidence_add(fold, line->evidence, shadow->last + 1);
}

/* A sighting is written when a fold opens and when it closes. */
void shadow_folds_close(struct shadow *shadow, size_t hours)
{
    bool any = false;
    for (size_t watched = 0; watched < SHADOW_WATCHED; watched++) {
        for (size_t hour = 0; hour < SHADOW_HOURS; hour++) {
            for (size_t host = 0; host <= SHADOW_HOSTS; host++) {
                struct shadow_fold *fold = &shadow->folds[watched][hour][host];
                bool closes = fold->open && hour < hours;
                shadow->sightings += closes ? 1 : 0;
                any = any || closes;
                fold->open = fold->open && !closes;
            }
        }
    }
    shadow->last += any ? 1 : 0;
}

void shadow_batch_add(struct shadow *shadow, const struct shadow_batch *batch)
{
    bool evidence = false;
    for (size_t i = 0; i < batch->count; i++) {
        const struct shadow_line *line = &batch->lines[i];
        evidence = line_count(shadow, line) || evidence;
    }
    shadow->inputs[batch->input] = batch->read;
    shadow->last += evidence ? 2 : 1;
}

/* ---- erasing ---- */

void shadow_erase(struct shadow *shadow, uint64_t entry)
{
    for (size_t i = 0; i < shadow->event_count; i++) {
        if (shadow->events[i].entry == entry) {
            shadow->events[i].erased = true;
        }
    }
    struct shadow_fold *folds = &shadow->folds[0][0][0];
    for (size_t i = 0; i < sizeof shadow->folds / sizeof *folds; i++) {
        for (size_t at = 0; at < SHADOW_EVIDENCE; at++) {
            struct shadow_evidence *evidence = &folds[i].evidence[at];
            if (evidence->tag != 0 && evidence->entry == entry) {
                *evidence = (struct shadow_evidence){ 0 };
            }
        }
    }
    shadow->last++;
}
