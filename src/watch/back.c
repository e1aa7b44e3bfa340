// SPDX-License-Identifier: EUPL-1.2
#include "watch/back.h"

#include <stdlib.h>

#include "base/must.h"
#include "match/allow.h"
#include "watch/describe.h"

enum { BUCKET_COUNT = 1 << 16 };

#define NOT_ASKED UINT32_MAX       /* not this time: asked before, or unwanted */
#define LEFT      (UINT32_MAX - 1) /* for another look */

/* A fold that is being gathered. */
struct gathered {
    struct fold fold; /* first: they are sorted as folds */
    uint32_t question;
    uint32_t next; /* in its bucket, plus 1 */
};

/* How many hosts one indicator has in one span of time. */
struct hosts {
    uint32_t question;
    int64_t start_us;
    size_t count;
    uint32_t next; /* in its bucket, plus 1 */
};

/* How far an indicator has come; by its first question. */
struct standing {
    bool left; /* there was no room for a fold of it: another look is to find all of them */
    uint32_t folds;
    uint64_t cut; /* lines */
};

struct look {
    struct op *op;
    const struct back_options *options;
    struct match_found *found; /* by the image of what is allowed, and of indicators */
    size_t question_count;
    struct hunt_question *questions;
    uint32_t *indicators;       /* by question: number in the image */
    uint32_t *firsts;           /* by question: the first one of the same indicator */
    size_t slot_count;          /* a power of two */
    uint32_t *slots;            /* first questions by what their indicators are, plus 1 */
    struct standing *standings; /* by question */
    uint64_t *hashes;           /* by number in the image: what the indicator is */
    uint32_t *asked_as;     /* by number in the image: the first question, or why there is none */
    size_t indicator_count; /* that are asked for */
    size_t count;
    struct gathered **folds;
    uint32_t *buckets;
    size_t hosts_count;
    struct hosts *hosts;
    uint32_t *hosts_buckets;
    /* of what is found now */
    const struct hunt_found *now;
    struct match_indicator indicator;
    uint32_t first; /* of its question */
    uint8_t sources;
    struct span observed;
};

/* ---- which are new ---- */

static int hash_order(const void *a, const void *b)
{
    uint64_t left = *(const uint64_t *)a;
    uint64_t right = *(const uint64_t *)b;
    return (left > right) - (left < right);
}

/* What an indicator is: its value, how far it reaches, who says so. */
static uint64_t indicator_hash(const struct back_options *options,
                               const struct match_indicator *indicator)
{
    const uint64_t odd = 0x9E3779B97F4A7C15u;
    const struct hash_secret *secret = options->before.secret;
    struct match_origin origin;
    match_origin_at(options->indicators, indicator->origin, &origin);
    uint64_t hash = hash_bytes(secret, indicator->value.key);
    hash = (hash ^ hash_bytes(secret, origin.source_id)) * odd;
    hash = (hash ^ hash_bytes(secret, origin.set)) * odd;
    if (indicator->has_uuid) {
        hash ^= hash_bytes(secret, span_make(indicator->uuid.bytes, UUID_SIZE));
    }
    return (hash ^ ((uint64_t)indicator->value.kind << 8 | (uint64_t)indicator->scope)) * odd;
}

static bool was_asked(const struct back_asked *before, uint64_t hash)
{
    return before->count > 0 && bsearch(&hash, before->hashes, before->count,
                                        sizeof *before->hashes, hash_order) != NULL;
}

static bool is_skipped(struct look *look, const struct match_indicator *indicator)
{
    struct span skip = look->options->skip;
    struct value value = indicator->value;
    return skip.size > 0 && value.kind == VALUE_DOMAIN && span_equal(value.key, skip);
}

/* ---- what is one indicator ---- */

/* What an indicator's id is made of: a STIX object may have several values, and a list may hold a
 * name in several scopes. */
static bool same_indicator(const struct match_indicator *a, const struct match_indicator *b)
{
    if (a->has_uuid || b->has_uuid) {
        return a->has_uuid && b->has_uuid && uuid_equal(&a->uuid, &b->uuid);
    }
    return a->origin == b->origin && a->value.kind == b->value.kind &&
           span_equal(a->value.key, b->value.key) && span_equal(a->value.scheme, b->value.scheme);
}

static uint64_t same_hash(const struct look *look, const struct match_indicator *indicator)
{
    const struct hash_secret *secret = look->options->before.secret;
    if (indicator->has_uuid) {
        return hash_bytes(secret, span_make(indicator->uuid.bytes, UUID_SIZE));
    }
    return hash_bytes(secret, indicator->value.key) ^ indicator->origin;
}

/* The first question of the same indicator: `question` itself, where there is none before it; or
 * LEFT, where as many are asked for as may be. All values of an indicator are asked for in one
 * look, or their lines would not add up. */
static uint32_t first_find(struct look *look, uint32_t question,
                           const struct match_indicator *indicator)
{
    size_t at = (size_t)same_hash(look, indicator) & (look->slot_count - 1);
    for (; look->slots[at] != 0; at = (at + 1) & (look->slot_count - 1)) {
        struct match_indicator other;
        match_indicator_at(look->options->indicators, look->indicators[look->slots[at] - 1],
                           &other);
        if (same_indicator(&other, indicator)) {
            return look->slots[at] - 1;
        }
    }
    if (look->options->asked_max > 0 && look->indicator_count == look->options->asked_max) {
        return LEFT;
    }
    look->slots[at] = question + 1;
    look->indicator_count++;
    return question;
}

/* A name that is asked for in two scopes is one question, or its lines would count twice. */
static bool scope_joins(struct hunt_question *first, const struct match_indicator *indicator)
{
    bool same = first->value.kind == VALUE_DOMAIN && indicator->value.kind == VALUE_DOMAIN &&
                first->scope <= VALUE_SCOPE_SUBDOMAINS_ONLY &&
                indicator->scope <= VALUE_SCOPE_SUBDOMAINS_ONLY &&
                span_equal(first->value.key, indicator->value.key);
    if (same && first->scope != indicator->scope) {
        first->scope = VALUE_SCOPE_SUBDOMAINS;
    }
    return same;
}

static void question_add(struct look *look, uint32_t number,
                         const struct match_indicator *indicator)
{
    uint32_t question = (uint32_t)look->question_count;
    look->indicators[question] = number;
    uint32_t first = first_find(look, question, indicator);
    look->asked_as[number] = first;
    if (first == LEFT) {
        return;
    }
    if (first != question && scope_joins(&look->questions[first], indicator)) {
        return;
    }
    look->firsts[question] = first;
    look->questions[question] =
        (struct hunt_question){ .value = indicator->value, .scope = indicator->scope };
    look->question_count++;
}

static enum err questions_begin(struct look *look, size_t count)
{
    look->slot_count = 2;
    while (look->slot_count < 2 * count) {
        look->slot_count *= 2;
    }
    look->questions = op_alloc(look->op, (count + 1) * sizeof *look->questions);
    look->indicators = op_alloc(look->op, (count + 1) * sizeof *look->indicators);
    look->firsts = op_alloc(look->op, (count + 1) * sizeof *look->firsts);
    look->slots = op_alloc(look->op, look->slot_count * sizeof *look->slots);
    look->standings = op_alloc(look->op, (count + 1) * sizeof *look->standings);
    look->hashes = op_alloc(look->op, (count + 1) * sizeof *look->hashes);
    look->asked_as = op_alloc(look->op, (count + 1) * sizeof *look->asked_as);
    bool whole = look->questions != NULL && look->indicators != NULL && look->firsts != NULL &&
                 look->slots != NULL && look->standings != NULL && look->hashes != NULL &&
                 look->asked_as != NULL;
    return whole ? ERR_OK : ERR_LIMIT;
}

static enum err questions_make(struct look *look, struct back_result *result)
{
    const struct match_image *image = look->options->indicators;
    size_t count = match_image_count(image, VALUE_NONE);
    uint64_t *unwanted = op_alloc(look->op, (count + 1) * sizeof *unwanted);
    TRY(questions_begin(look, count));
    if (unwanted == NULL) {
        return ERR_LIMIT;
    }
    for (size_t i = 0; i < count; i++) {
        struct match_indicator indicator;
        match_indicator_at(image, (uint32_t)i, &indicator);
        look->hashes[i] = indicator_hash(look->options, &indicator);
        look->asked_as[i] = NOT_ASKED;
        if (was_asked(&look->options->before, look->hashes[i]) || is_skipped(look, &indicator)) {
            continue;
        }
        bool wanted = true;
        if (look->options->wants != NULL) {
            TRY(look->options->wants(look->options->context, &indicator, &wanted));
        }
        if (wanted) {
            question_add(look, (uint32_t)i, &indicator);
        } else {
            unwanted[result->unwanted_count] = look->hashes[i];
            result->unwanted_count++;
        }
    }
    result->unwanted = unwanted;
    return ERR_OK;
}

static bool is_left(const struct look *look, uint32_t asked_as)
{
    return asked_as == LEFT || (asked_as != NOT_ASKED && look->standings[asked_as].left);
}

/* What need not be asked for again, and what does. */
static void standings_tell(struct look *look, struct back_result *result)
{
    size_t kept = 0;
    size_t count = match_image_count(look->options->indicators, VALUE_NONE);
    for (size_t i = 0; i < count; i++) {
        if (is_left(look, look->asked_as[i])) {
            result->left++;
        } else {
            look->hashes[kept] = look->hashes[i];
            kept++;
        }
    }
    qsort(look->hashes, kept, sizeof *look->hashes, hash_order);
    result->now = span_make(look->hashes, kept * sizeof *look->hashes);
    for (size_t i = 0; i < look->question_count; i++) {
        const struct standing *standing = &look->standings[i];
        bool left = look->standings[look->firsts[i]].left;
        result->asked += left ? 0 : 1;
        result->cut += left ? 0 : standing->cut;
        result->noisy += !left && standing->cut > 0 ? 1 : 0;
    }
}

/* ---- folds ---- */

static uint32_t bucket_of(uint32_t question, int64_t start_us, struct span host)
{
    const uint64_t prime = 0x100000001B3u; /* FNV-1a: nobody gains by a collision */
    uint64_t hash = 0xCBF29CE484222325u ^ question;
    hash = (hash ^ (uint64_t)(start_us / US_PER_S)) * prime;
    for (size_t i = 0; i < host.size; i++) {
        hash = (hash ^ host.data[i]) * prime;
    }
    return (uint32_t)(hash >> 32) % BUCKET_COUNT;
}

static struct gathered *fold_find(struct look *look, int64_t start_us, struct span host,
                                  uint32_t bucket)
{
    uint32_t question = look->first;
    for (uint32_t at = look->buckets[bucket]; at != 0; at = look->folds[at - 1]->next) {
        struct gathered *gathered = look->folds[at - 1];
        if (gathered->question == question && gathered->fold.start_us == start_us &&
            span_equal(gathered->fold.inside, host)) {
            return gathered;
        }
    }
    return NULL;
}

/* Whether another host of the indicator has room in this span of time. */
static bool host_fits(struct look *look, int64_t start_us)
{
    uint32_t question = look->first;
    uint32_t bucket = bucket_of(question, start_us, SPAN(""));
    uint32_t at = look->hosts_buckets[bucket];
    while (at != 0 &&
           (look->hosts[at - 1].question != question || look->hosts[at - 1].start_us != start_us)) {
        at = look->hosts[at - 1].next;
    }
    if (at == 0) {
        must(look->hosts_count < BACK_FOLDS_MAX);
        look->hosts[look->hosts_count] = (struct hosts){ .question = question,
                                                         .start_us = start_us,
                                                         .next = look->hosts_buckets[bucket] };
        look->hosts_count++;
        at = (uint32_t)look->hosts_count;
        look->hosts_buckets[bucket] = at;
    }
    look->hosts[at - 1].count++;
    return look->hosts[at - 1].count <= look->options->fold_hosts_max;
}

/* What the first line says. */
static enum err fold_first(struct look *look, const struct history_posting *posting,
                           struct fold *fold)
{
    const struct history_way *way = &look->now->ways[posting->way];
    TRY(describe_fold(look->op, look->options->indicators, &look->indicator, fold));
    TRY(describe_text(look->op, way->field, &fold->field));
    TRY(describe_text(look->op, way->sensor, &fold->sensor));
    fold->first_us = (int64_t)posting->first_s * US_PER_S;
    fold->inside_assumed = way->assumed;
    fold->before_publication = look->indicator.valid_from_us != TIME_US_NONE &&
                               fold->first_us < look->indicator.valid_from_us;
    return ERR_OK;
}

static enum err fold_open(struct look *look, const struct history_posting *posting,
                          int64_t start_us, struct span host, struct gathered **ret)
{
    struct gathered *gathered = op_alloc(look->op, sizeof *gathered);
    if (gathered == NULL) {
        return ERR_LIMIT;
    }
    struct fold *fold = &gathered->fold;
    TRY(fold_first(look, posting, fold));
    TRY(op_copy(look->op, host, &fold->inside));
    fold->start_us = start_us;
    fold->length_us = look->options->fold_us;
    fold->last_us = (int64_t)posting->last_s * US_PER_S;
    gathered->question = look->first;
    look->standings[look->first].folds++;
    uint32_t bucket = bucket_of(gathered->question, start_us, host);
    gathered->next = look->buckets[bucket];
    look->folds[look->count] = gathered;
    look->count++;
    look->buckets[bucket] = (uint32_t)look->count;
    *ret = gathered;
    return ERR_OK;
}

/* ---- how much it matters ---- */

static struct rank_line line_of(struct look *look, const struct history_posting *posting,
                                const struct fold *fold, struct span *ret_list)
{
    const struct history_way *way = &look->now->ways[posting->way];
    struct rank_line line = {
        .kind = look->indicator.value.kind,
        .direction = way->direction,
        .outcome = way->outcome,
        .rung = describe_rung(look->now->rung),
        .answer = way->answer,
    };
    if (look->options->allowed == NULL) {
        return line;
    }
    const struct match_allow_hit hit = {
        .indicator = &look->indicator.value,
        .observed_kind = look->now->form == HISTORY_WHOLE ? look->now->kind : VALUE_NONE,
        .observed = look->now->key,
        .indicator_id = fold->indicator,
        .inside = fold->inside,
        .time_us = (int64_t)posting->first_s * US_PER_S,
    };
    struct match_allow_answer answer = match_allow_ask(look->options->allowed, look->found, &hit);
    if (answer.effect < RANK_EFFECT_COUNT) {
        line.effect = (enum rank_effect)answer.effect;
        *ret_list = answer.list;
    }
    return line;
}

static void count(struct look *look, const struct history_posting *posting, struct fold *fold)
{
    struct span list = SPAN("");
    const struct rank_line line = line_of(look, posting, fold, &list);
    int64_t last_us = (int64_t)posting->last_s * US_PER_S;
    if (fold->count == 0) {
        fold->best = line;
        fold->list = list;
    } else {
        fold_take_best(fold, &line, list);
    }
    fold->count += posting->count;
    fold->denied += line.outcome == RANK_DENIED ? posting->count : 0;
    fold->silent += line.effect == RANK_SILENCED ? posting->count : 0;
    fold->sources = look->sources > fold->sources ? look->sources : fold->sources;
    fold->last_us = last_us > fold->last_us ? last_us : fold->last_us;
    if (look->observed.size > 0) {
        fold_values_add(&fold->observed, look->observed);
    }
}

/* ---- what is found ---- */

/* Whether the indicator may have one more fold. A noisy one takes no room from the others: lines
 * beyond its bound are counted. Where the look is full, it is left for another one. */
static bool has_room(struct look *look, const struct history_posting *posting)
{
    struct standing *standing = &look->standings[look->first];
    if (standing->folds == BACK_FOLDS_OF_ONE) {
        standing->cut += posting->count;
        return false;
    }
    standing->left = look->count == BACK_FOLDS_MAX;
    return !standing->left;
}

static enum err posting_take(struct look *look, const struct history_posting *posting)
{
    int64_t first_us = (int64_t)posting->first_s * US_PER_S;
    int64_t start_us = time_floor(first_us, look->options->fold_us);
    struct span host = look->now->hosts[posting->host];
    if (!describe_is_valid(&look->indicator, first_us)) {
        return ERR_OK;
    }
    uint32_t question = look->first;
    struct gathered *gathered =
        fold_find(look, start_us, host, bucket_of(question, start_us, host));
    if (gathered == NULL && !has_room(look, posting)) {
        return ERR_OK;
    }
    if (gathered == NULL && !host_fits(look, start_us)) { /* its hosts are too many */
        host = FOLD_INSIDE_MANY;
        gathered = fold_find(look, start_us, host, bucket_of(question, start_us, host));
    }
    if (gathered == NULL) {
        TRY(fold_open(look, posting, start_us, host, &gathered));
    }
    if (first_us < gathered->fold.first_us) {
        TRY(fold_first(look, posting, &gathered->fold));
    }
    count(look, posting, &gathered->fold);
    return ERR_OK;
}

/* The value as people write it; one with the same keyed hash is the indicator's own. */
static enum err observed_make(struct look *look)
{
    const struct hunt_found *found = look->now;
    const struct value kept = { .kind = found->kind, .key = found->key };
    struct buf text;
    buf_init(&text, VALUE_TEXT_SIZE_MAX);
    value_add_text(&text, found->form == HISTORY_WHOLE ? &kept : &look->indicator.value);
    enum err err = describe_text(look->op, buf_span(&text), &look->observed);
    buf_done(&text);
    return err;
}

static void sources_count(struct look *look)
{
    bool cut = false;
    size_t met = 0;
    const struct hunt_found *found = look->now;
    if (found->form == HISTORY_WHOLE) {
        met = match_find(look->options->indicators, found->kind, found->key, look->found, &cut);
    }
    int64_t time_us = (int64_t)found->rows[0].start_s * US_PER_S;
    look->sources = describe_sources(look->options->indicators, look->found, met, time_us);
}

static enum err on_found(void *context, const struct hunt_found *found)
{
    struct look *look = context;
    if (found->form == HISTORY_TRUNCATED) {
        return ERR_OK; /* perhaps it was another value: a hunt says so, and nobody is alarmed */
    }
    look->now = found;
    look->first = look->firsts[found->question];
    if (look->standings[look->first].left) {
        return ERR_OK;
    }
    match_indicator_at(look->options->indicators, look->indicators[found->question],
                       &look->indicator);
    TRY(observed_make(look));
    sources_count(look);
    for (size_t i = 0; i < found->row_count; i++) {
        const struct history_row *row = &found->rows[i];
        for (size_t k = 0; k < row->posting_count && !look->standings[look->first].left; k++) {
            TRY(posting_take(look, &row->postings[k]));
        }
    }
    return ERR_OK;
}

static int fold_order(const void *a, const void *b)
{
    const struct fold *left = &(*(struct gathered *const *)a)->fold;
    const struct fold *right = &(*(struct gathered *const *)b)->fold;
    if (left->first_us != right->first_us) {
        return left->first_us < right->first_us ? -1 : 1;
    }
    int order = span_compare(left->indicator, right->indicator);
    return order != 0 ? order : span_compare(left->inside, right->inside);
}

/* Those of an indicator that is left are not all of its lines: they are told when it is whole. */
static enum err tell_all(struct look *look, struct back_result *result)
{
    qsort(look->folds, look->count, sizeof(struct gathered *), fold_order);
    for (size_t i = 0; i < look->count; i++) {
        struct fold *fold = &look->folds[i]->fold;
        if (look->standings[look->folds[i]->question].left) {
            continue;
        }
        result->folds++;
        if (span_equal(fold->inside, FOLD_INSIDE_MANY)) {
            fold_make_noisy(fold);
        }
        TRY(look->options->on_fold(look->options->context, fold));
    }
    return ERR_OK;
}

static enum err look_begin(struct look *look)
{
    struct op *op = look->op;
    look->found = op_alloc(op, MATCH_FOUND_COUNT_MAX * sizeof *look->found);
    look->folds = op_alloc(op, BACK_FOLDS_MAX * sizeof *look->folds);
    look->buckets = op_alloc(op, BUCKET_COUNT * sizeof *look->buckets);
    look->hosts = op_alloc(op, BACK_FOLDS_MAX * sizeof *look->hosts);
    look->hosts_buckets = op_alloc(op, BUCKET_COUNT * sizeof *look->hosts_buckets);
    bool whole = look->found != NULL && look->folds != NULL && look->buckets != NULL &&
                 look->hosts != NULL && look->hosts_buckets != NULL;
    return whole ? ERR_OK : ERR_LIMIT;
}

enum err back_look(struct op *op, struct history *history, const struct policy_grant *grant,
                   const struct back_options *options, struct back_result *ret)
{
    struct look look = { .op = op, .options = options };
    struct back_result result = { .asked = 0 };
    struct hunt_result hunted = { .damaged = 0 };
    TRY(questions_make(&look, &result));
    if (look.question_count > 0) {
        const struct hunt_questions questions = { .count = look.question_count,
                                                  .at = look.questions };
        const struct hunt_options hunting = { .until_s = UINT32_MAX,
                                              .on_found = on_found,
                                              .context = &look };
        TRY(look_begin(&look));
        TRY(hunt_ask(op, history, grant, &questions, &hunting, &hunted));
        TRY(tell_all(&look, &result));
    }
    standings_tell(&look, &result);
    result.damaged = hunted.damaged;
    result.missing = hunted.missing;
    *ret = result;
    return ERR_OK;
}
