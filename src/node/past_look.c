// SPDX-License-Identifier: EUPL-1.2
/*
 * Looking back as the node does it: with the images of the day, and what is found counted in the
 * journal. Which indicators were asked for lies in a file of its own, which may be lost: then all
 * are asked for again, and nothing is counted twice.
 */
#include <stdio.h>
#include <stdlib.h>

#include "base/must.h"
#include "base/wire.h"
#include "match/match.h"
#include "node/allowed.h"
#include "node/past.h"
#include "node/past_held.h"
#include "node/persons.h"
#include "node/print.h"
#include "node/questions_file.h"
#include "node/selftest.h"
#include "os/disk.h"
#include "os/random.h"
#include "watch/back.h"

enum {
    BATCH_FOLDS = 1000,
    LOOKS_MAX = 16, /* one after the other; what is left then waits for the next time */
    LOOK_MEMORY_MAX = 0x7FFFFFFF,
    BATCH_MEMORY_MAX = 512 * 1024 * 1024,
    ASKED_VERSION = 2,
    ASKED_HEAD_SIZE = 24 + HASH_SECRET_SIZE, /* keeps what follows 8-byte aligned */
};

_Static_assert(ASKED_HEAD_SIZE % sizeof(uint64_t) == 0, "hashes are used as they lie");

#define NO_VERSION  UINT64_MAX /* of indicators: some are still to be asked for */
#define ASKED_PATH  SPAN("index/asked")
#define ASKED_MAGIC SPAN("LINA")

/* What somebody wants to know. */
struct wish {
    struct node *node;
    const struct past_teller *teller; /* NULL: nobody is told */
    enum past_how how;
    struct questions *approved; /* these alone; NULL: all but those that are held */
};

struct looking {
    struct op *op;
    struct wish wish;
    struct questions held; /* that wait for a second person */
    size_t count;
    struct fold folds[BATCH_FOLDS];
    uint64_t changed;
};

/* An image in use. */
struct opened {
    struct span map;
    struct match_image *image;
};

static enum err image_open(struct op *op, struct node *node, struct span path, struct opened *ret)
{
    if (path.size == 0) {
        return ERR_OK; /* nothing is allowed */
    }
    TRY(disk_map(op, node->world_disk, path, &ret->map));
    return match_image_open(op, ret->map, &ret->image);
}

static void image_close(struct node *node, struct opened *opened)
{
    match_image_close(opened->image);
    disk_unmap(node->world_disk, opened->map);
}

/* ---- what was asked for before ---- */

struct asked {
    struct span map;
    struct hash_secret secret;
    uint64_t mark;    /* of what of the history could not be read then; 0: it was whole */
    uint64_t version; /* of the indicators, as store_indicators_version() numbers them */
    uint64_t before;  /* that of the last look */
    struct back_asked hashes;
};

/* A file that is absent or broken says that nothing was. */
static void asked_read(struct op *op, struct node *node, struct asked *ret)
{
    *ret = (struct asked){ .version = 0 };
    ret->hashes.secret = &ret->secret;
    os_random(ret->secret.bytes, sizeof ret->secret.bytes);
    if (disk_map(op, node->world_disk, ASKED_PATH, &ret->map) != ERR_OK) {
        op_fault_clear(op);
        return;
    }
    struct wire_reader r = wire_reader_of(ret->map);
    bool ours =
        span_equal(wire_take(&r, ASKED_MAGIC.size), ASKED_MAGIC) && wire_u32(&r) == ASKED_VERSION;
    uint64_t version = wire_u64(&r);
    uint64_t mark = wire_u64(&r);
    struct span secret = wire_take(&r, HASH_SECRET_SIZE);
    if (!ours || r.err != ERR_OK || r.rest.size % sizeof(uint64_t) != 0) {
        return;
    }
    ret->version = version;
    ret->mark = mark;
    span_copy(ret->secret.bytes, sizeof ret->secret.bytes, secret);
    ret->hashes.count = r.rest.size / sizeof(uint64_t);
    ret->hashes.hashes = (const uint64_t *)(const void *)r.rest.data;
}

static enum err asked_write(struct op *op, struct node *node, const struct asked *asked,
                            struct span hashes)
{
    struct buf bytes;
    buf_init(&bytes, ASKED_HEAD_SIZE + (size_t)BACK_ASKED_MAX * sizeof(uint64_t));
    buf_add(&bytes, ASKED_MAGIC);
    wire_add_u32(&bytes, ASKED_VERSION);
    wire_add_u64(&bytes, asked->version);
    wire_add_u64(&bytes, asked->mark);
    buf_add(&bytes, span_make(asked->secret.bytes, sizeof asked->secret.bytes));
    buf_add(&bytes, hashes);
    enum err err = bytes.err == ERR_OK
                       ? disk_replace(op, node->world_disk, ASKED_PATH, buf_span(&bytes))
                       : op_fail(op, ERR_LIMIT, "out of memory for what was asked for");
    buf_done(&bytes);
    return err;
}

/* ---- what is found ---- */

static void on_opened(void *context, const struct fold *fold)
{
    struct looking *looking = context;
    looking->changed++;
    if (looking->wish.teller != NULL && fold_rank(fold) > 0) {
        looking->wish.teller->on_fold(looking->wish.teller->context, fold);
    }
}

static enum err count_all(struct looking *looking)
{
    struct op work;
    const struct store_batch batch = {
        .folds = looking->folds,
        .fold_count = looking->count,
        .looked_back = true,
    };
    if (looking->count == 0) {
        return ERR_OK;
    }
    op_begin(&work, &looking->op->actor, BATCH_MEMORY_MAX);
    enum err err = store_batch_add(&work, looking->wish.node->store, &batch, on_opened, looking);
    if (err != ERR_OK) {
        err = op_fail(looking->op, err, "%s", work.fault.text);
    }
    op_end(&work);
    looking->count = 0;
    return err;
}

static enum err on_found(void *context, const struct fold *fold)
{
    struct looking *looking = context;
    looking->folds[looking->count] = *fold;
    looking->count++;
    return looking->count == BATCH_FOLDS ? count_all(looking) : ERR_OK;
}

/* What all looks have told, in the memory of what calls them. */
static enum err result_join(struct looking *looking, const struct back_result *one,
                            struct back_result *all)
{
    size_t size = one->unwanted_count * sizeof *one->unwanted;
    struct span unwanted = { NULL, 0 };
    if (all->now.size == 0) { /* the first look */
        TRY(op_copy(looking->op, span_make(one->unwanted, size), &unwanted));
        all->unwanted = (const uint64_t *)(const void *)unwanted.data;
        all->unwanted_count = one->unwanted_count;
        all->damaged = one->damaged;
        all->missing = one->missing;
    }
    TRY(op_copy(looking->op, one->now, &all->now));
    all->asked += one->asked;
    all->folds += one->folds;
    all->noisy += one->noisy;
    all->cut += one->cut;
    all->left = one->left;
    return ERR_OK;
}

static enum err look_once(struct looking *looking, const struct back_options *options,
                          struct back_result *all, uint64_t *ret_asked)
{
    struct op work;
    const struct policy_grant *grant = NULL;
    struct back_result one = { .asked = 0 };
    TRY(policy_grant_owner(looking->op, &grant));
    op_begin(&work, &looking->op->actor, LOOK_MEMORY_MAX);
    work.cancel = looking->op->cancel;
    enum err err = back_look(&work, looking->wish.node->history, grant, options, &one);
    if (err != ERR_OK && work.fault.text[0] != '\0') { /* else what was called has told */
        err = op_fail(looking->op, err, "%s", work.fault.text);
    }
    err = err == ERR_OK ? count_all(looking) : err;
    err = err == ERR_OK ? result_join(looking, &one, all) : err;
    *ret_asked = one.asked;
    op_end(&work);
    return err;
}

/* One look after the other, while there are indicators for whose folds the last one had no room:
 * with all of them, while that gets on, else with fewer. */
static enum err look(struct looking *looking, const struct back_options *options,
                     struct back_result *ret)
{
    struct back_options wish = *options;
    struct back_result all = { .asked = 0 };
    uint64_t asked = 0;
    bool ends = looking->wish.approved == NULL; /* what was approved is not asked for again */
    int looks = 0;
    do {
        TRY(look_once(looking, &wish, &all, &asked));
        bool full = wish.asked_max == 0 || asked < wish.asked_max;
        size_t next = full ? (size_t)asked / 2 : wish.asked_max * 2;
        wish.asked_max = next < BACK_FEW ? BACK_FEW : next;
        wish.before.count = all.now.size / sizeof(uint64_t);
        wish.before.hashes = (const uint64_t *)(const void *)all.now.data;
        looks++;
    } while (all.left > 0 && (!ends || looks < LOOKS_MAX));
    *ret = all;
    return ERR_OK;
}

/* ---- what is of persons ---- */

static enum err wants(void *context, const struct match_indicator *indicator, bool *ret)
{
    struct looking *looking = context;
    const struct hunt_question question = { .value = indicator->value, .scope = indicator->scope };
    if (looking->wish.approved != NULL) {
        return questions_have(looking->wish.approved, &question, ret);
    }
    *ret = !persons_asks(&looking->wish.node->config->history, &question);
    return *ret ? ERR_OK : questions_add(&looking->held, &question.value, question.scope);
}

static int hash_order(const void *a, const void *b)
{
    uint64_t left = *(const uint64_t *)a;
    uint64_t right = *(const uint64_t *)b;
    return (left > right) - (left < right);
}

/* Before a look that comes again: what is held is asked for in its request, and not once more by
 * who brings others. */
static enum err held_write(struct looking *looking, const struct asked *asked, uint64_t version,
                           const struct back_result *result)
{
    const struct back_asked *before = &asked->hashes;
    struct asked as_before = *asked;
    size_t count = before->count + result->unwanted_count;
    uint64_t *hashes = op_alloc(looking->op, (count + 1) * sizeof *hashes);
    if (hashes == NULL) {
        return ERR_LIMIT;
    }
    for (size_t i = 0; i < before->count; i++) {
        hashes[i] = before->hashes[i];
    }
    for (size_t i = 0; i < result->unwanted_count; i++) {
        hashes[before->count + i] = result->unwanted[i];
    }
    qsort(hashes, count, sizeof *hashes, hash_order);
    as_before.version = version;
    return asked_write(looking->op, looking->wish.node, &as_before,
                       span_make(hashes, count * sizeof *hashes));
}

static enum err asked_keep(struct looking *looking, struct asked *asked,
                           const struct back_result *result)
{
    if (looking->wish.approved != NULL) {
        return ERR_OK; /* they are among those that were asked for since they were held */
    }
    if (looking->wish.how != PAST_FIRST) {
        asked->version = result->left > 0 ? NO_VERSION : asked->version;
        return asked_write(looking->op, looking->wish.node, asked, result->now);
    }
    return result->unwanted_count > 0 ? held_write(looking, asked, asked->before, result) : ERR_OK;
}

/* With both images open. */
static enum err look_with(struct looking *looking, struct asked *asked,
                          const struct match_image *indicators, const struct match_image *allowed,
                          struct past_look *ret)
{
    struct back_result result;
    const struct config *config = looking->wish.node->config;
    const struct back_options options = {
        .indicators = indicators,
        .allowed = allowed,
        .before = asked->hashes,
        .skip = SPAN(SELFTEST_DOMAIN),
        .fold_us = config->fold_minutes * FOLD_MINUTE_US,
        .fold_hosts_max = config->fold_hosts_max,
        .wants = wants,
        .on_fold = on_found,
        .context = looking,
    };
    TRY(look(looking, &options, &result));
    TRY(questions_drop_doubles(&looking->held));
    struct past_look looked = { .asked = result.asked,
                                .folds = looking->changed,
                                .left = result.left,
                                .noisy = result.noisy,
                                .cut = result.cut,
                                .damaged = result.damaged,
                                .missing = result.missing,
                                .held = questions_of(&looking->held).count };
    if (looked.held > 0) {
        TRY(past_held_keep(looking->op, looking->wish.node->store, &looking->held, &looked.request,
                           &looked.requests));
    }
    TRY(asked_keep(looking, asked, &result));
    *ret = looked;
    return ERR_OK;
}

static enum err look_with_images(struct looking *looking, struct asked *asked,
                                 struct past_look *ret)
{
    struct op *op = looking->op;
    struct node *node = looking->wish.node;
    struct opened indicators = { .image = NULL };
    struct opened allowed = { .image = NULL };
    struct span path;
    struct span allowed_path;
    TRY(node_index(op, node, &path));
    TRY(node_allowed(op, node, &allowed_path));
    enum err err = image_open(op, node, path, &indicators);
    if (err == ERR_OK) {
        err = image_open(op, node, allowed_path, &allowed);
    }
    if (err == ERR_OK) {
        err = look_with(looking, asked, indicators.image, allowed.image, ret);
    }
    image_close(node, &allowed);
    image_close(node, &indicators);
    return err;
}

/* Tells one state of what is lost from another. */
static enum err losses_mark(struct looking *looking, uint64_t *ret)
{
    static const struct hash_secret none; /* nobody gains by two states being taken for one */
    const struct history_loss *losses = NULL;
    struct buf names;
    size_t count = 0;
    TRY(history_losses(looking->op, looking->wish.node->history, &losses, &count));
    buf_init(&names, (count + 1) * HISTORY_LOSS_NAME_SIZE);
    for (size_t i = 0; i < count; i++) {
        char name[HISTORY_LOSS_NAME_SIZE];
        buf_add_format(&names, "%s%s", losses[i].gone ? "" : "+",
                       history_loss_name(&losses[i], name));
    }
    enum err err = names.err;
    *ret = count == 0 ? 0 : hash_bytes(&none, buf_span(&names));
    buf_done(&names);
    return err;
}

/* Where the indicators are those of the last look, all of them were asked for; but where a part of
 * the history could not be read then and perhaps can now, they are asked for once more. */
static enum err look_where_due(struct looking *looking, struct past_look *ret)
{
    struct asked *asked = op_alloc(looking->op, sizeof *asked);
    uint64_t version = 0;
    uint64_t mark = 0;
    if (asked == NULL) {
        return ERR_LIMIT;
    }
    TRY(store_indicators_version(looking->op, looking->wish.node->store, &version));
    asked_read(looking->op, looking->wish.node, asked);
    TRY(losses_mark(looking, &mark));
    bool mended = asked->mark != 0 && asked->mark != mark;
    bool all = mended || looking->wish.how == PAST_ALL || looking->wish.approved != NULL;
    asked->hashes.count = all ? 0 : asked->hashes.count;
    enum err err = ERR_OK;
    if (all || asked->version != version) {
        asked->before = asked->version;
        asked->version = version;
        asked->mark = mark;
        err = look_with_images(looking, asked, ret);
    }
    disk_unmap(looking->wish.node->world_disk, asked->map);
    return err;
}

bool past_look_text(const struct past_look *look, char *text, size_t size)
{
    if (look->damaged == 0 && look->missing == 0) {
        return false;
    }
    snprintf(text, size,
             "looking back: %llu losses and %llu damaged blocks of the history: what they held was "
             "not looked at ('linie history losses', 'linie history verify')",
             (unsigned long long)look->missing, (unsigned long long)look->damaged);
    return true;
}

bool past_look_room_text(const struct past_look *look, char *text, size_t size)
{
    char noisy[64];
    char left[80];
    char further[FAULT_TEXT_SIZE / 2] = "";
    if (look->cut == 0 && look->left == 0) {
        return false;
    }
    if (look->left > 0) {
        print_counted(look->left, "indicator is not looked for", "indicators are not looked for",
                      left, sizeof left);
        snprintf(further, sizeof further,
                 "%s yet: the next 'linie indicators add' or 'linie watch' "
                 "goes on",
                 left);
    }
    if (look->cut == 0) {
        snprintf(text, size, "linie: looking back: %s", further);
        return true;
    }
    print_counted(look->noisy, "indicator has", "indicators have", noisy, sizeof noisy);
    snprintf(text, size,
             "linie: looking back: %s more than %d hits: %llu lines of theirs make no hits ('linie "
             "hunt' finds them)%s%s",
             noisy, BACK_FOLDS_OF_ONE, (unsigned long long)look->cut, look->left > 0 ? "; " : "",
             further);
    return true;
}

/* Nothing is done where nothing was ever seen. */
static enum err look_in_own_memory(struct op *op, const struct wish *wish, struct past_look *ret)
{
    struct op work;
    struct past_look looked = { .asked = 0 };
    if (wish->node->history == NULL) {
        *ret = looked;
        return ERR_OK;
    }
    op_begin(&work, &op->actor, LOOK_MEMORY_MAX);
    work.cancel = op->cancel;
    struct looking *looking = op_alloc(&work, sizeof *looking);
    enum err err = ERR_LIMIT;
    if (looking != NULL) {
        looking->op = &work;
        looking->wish = *wish;
        questions_begin(&looking->held, &work);
        err = look_where_due(looking, &looked);
        questions_done(&looking->held);
    }
    if (err != ERR_OK) {
        err = op_fail(op, err, "looking back: %s", work.fault.text);
    } else {
        *ret = looked;
    }
    op_end(&work);
    return err;
}

enum err past_look_back(struct op *op, struct node *node, enum past_how how,
                        const struct past_teller *teller, struct past_look *ret)
{
    const struct wish wish = { .node = node, .teller = teller, .how = how };
    return look_in_own_memory(op, &wish, ret);
}

enum err past_look_approved(struct op *op, struct node *node, struct questions *approved,
                            struct past_look *ret)
{
    const struct wish wish = { .node = node, .how = PAST_ALL, .approved = approved };
    return look_in_own_memory(op, &wish, ret);
}
