// SPDX-License-Identifier: EUPL-1.2
/*
 * The index image of a node: made from the packed sets and the STIX indicators whenever these
 * change. Its file bears the number of the journal entry that changed them last, so that an image
 * is right or absent.
 */
#include <stdlib.h>

#include "crypt/digest.h"
#include "node/image.h"
#include "node/selftest.h"
#include "os/clock.h"
#include "os/random.h"
#include "store/notice.h"

/* A source of STIX objects that has its number already. */
struct source_number {
    struct span source;
    uint16_t origin;
};

struct making {
    struct op *op;
    struct node *node;
    struct match_builder *builder;
    struct buf numbers; /* struct source_number, one for each source met so far */
    size_t left_out;    /* indicators that the image has no room for */
};

/* What the builder does not take is left out and told, so that the others are watched: patterns
 * beyond the number that one image holds, and what an older version of this program let in. */
static enum err take(struct making *making, const struct match_indicator *indicator)
{
    enum err err = match_builder_add(making->builder, indicator);
    if (err == ERR_FULL || err == ERR_FORMAT) {
        making->left_out++;
        return ERR_OK;
    }
    return err;
}

static enum err add_set(struct making *making, const struct policy_grant *grant,
                        const struct store_set *set)
{
    struct op *op = making->op;
    struct pack_reader reader;
    struct pack_member member;
    struct span map;
    uint16_t origin = 0;
    const struct match_origin from = {
        .source_id = set->source_id,
        .source = set->source,
        .set = set->name,
    };
    TRY(match_builder_origin(making->builder, &from, &origin));
    TRY(store_set_read(op, making->node->store, grant, set, &reader, &map));
    enum err err = ERR_OK;
    while (err == ERR_OK && pack_next(&reader, &member)) {
        if (value_judge(&making->node->config->judging, set->even_if, &member.value,
                        member.scope) != VALUE_FIT) {
            continue; /* the rules may be stricter than when it was added */
        }
        const struct match_indicator indicator = {
            .value = member.value,
            .scope = member.scope,
            .tlp = (uint8_t)(member.tlp == PACK_TLP_OF_SET ? (uint8_t)set->tlp : member.tlp),
            .confidence =
                member.confidence == PACK_CONFIDENCE_UNKNOWN ? set->confidence : member.confidence,
            .origin = origin,
            .valid_from_us = member.valid_from_us,
            .valid_until_us =
                member.valid_until_us == TIME_US_NONE ? set->valid_until_us : member.valid_until_us,
        };
        err = take(making, &indicator);
    }
    disk_unmap(making->node->world_disk, map);
    if (err == ERR_OK && reader.err != ERR_OK) {
        err = op_fail(op, reader.err, "the set %.*s is damaged: run 'linie rebuild'",
                      SPAN_FMT(set->name));
    }
    return err;
}

/* A source is one origin, however many indicators it gave: an image has room for 65,535 of them.
 * Sources are few, and indicators of one mostly follow each other: the last one is looked at first.
 */
static enum err origin_of(struct making *making, const struct store_watched *watched, uint16_t *ret)
{
    struct source_number *known = (struct source_number *)(void *)making->numbers.data;
    size_t count = making->numbers.size / sizeof *known;
    for (size_t i = count; i > 0; i--) {
        if (span_equal(known[i - 1].source, watched->source)) {
            *ret = known[i - 1].origin;
            return ERR_OK;
        }
    }
    struct source_number number = { .origin = 0 };
    const struct match_origin from = { .source_id = watched->source_id, .source = watched->source };
    TRY(match_builder_origin(making->builder, &from, &number.origin));
    TRY(op_copy(making->op, watched->source, &number.source));
    buf_add(&making->numbers, span_make(&number, sizeof number));
    *ret = number.origin;
    return making->numbers.err;
}

static enum err add_watched(void *context, const struct store_watched *watched)
{
    struct making *making = context;
    uint16_t origin = 0;
    TRY(origin_of(making, watched, &origin));
    const struct match_indicator indicator = {
        .value = watched->value,
        .scope = watched->scope,
        .tlp = (uint8_t)watched->tlp,
        .confidence = watched->confidence,
        .origin = origin,
        .has_uuid = true,
        .uuid = watched->indicator,
        .valid_from_us = watched->valid_from_us,
        .valid_until_us = watched->valid_until_us,
    };
    return take(making, &indicator);
}

static enum err add_all(struct making *making, const struct policy_grant *grant,
                        const struct store_set *sets, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        TRY(add_set(making, grant, &sets[i]));
    }
    TRY(store_watched_walk(making->op, making->node->store, add_watched, making));
    return selftest_index(making->builder, store_identity(making->node->store));
}

/* ---- what is left out ---- */

#define LEFT_OUT SPAN("index-left-out")

static enum err note_open(void *context, const struct store_notice *notice)
{
    bool *open = context;
    (void)notice;
    *open = true;
    return ERR_OK;
}

/* Says what the index has no room for, and when it has room again. */
static enum err left_out_tell(struct op *op, struct node *node, const struct policy_grant *grant,
                              size_t count)
{
    const struct store_notice_filter filter = { .open_only = true, .type = LEFT_OUT };
    bool open = false;
    struct buf text;
    TRY(store_notices_walk(op, node->store, grant, &filter, note_open, &open));
    if (count == 0 && !open) {
        return ERR_OK;
    }
    buf_init(&text, STORE_NOTICE_TEXT_SIZE_MAX);
    if (count > 0) {
        buf_add_format(&text,
                       "%zu indicators are not watched: they are patterns beyond the %d that can "
                       "be watched at once, or too long; remove some that matter less",
                       count, MATCH_PATTERN_COUNT_MAX);
    } else {
        buf_add(&text, SPAN("all indicators are watched again"));
    }
    const struct store_notice notice = {
        .type = count > 0 ? LEFT_OUT : SPAN("index-whole"),
        .ends = count > 0 ? SPAN("") : LEFT_OUT,
        .subject = SPAN("index"),
        .text = buf_span(&text),
        .time_us = os_clock_us(),
        .tlp = POLICY_TLP_CLEAR, /* it names a number, nothing of others */
        .stays = count > 0,
    };
    enum err err = store_notice_add(op, node->store, &notice, NULL);
    buf_done(&text);
    return err;
}

static enum err image_make(struct op *op, struct node *node, struct buf *ret)
{
    const struct policy_grant *grant = NULL;
    struct store_set *sets = NULL;
    size_t count = 0;
    size_t members = 0;
    struct hash_secret secret;
    struct making making = { .op = op, .node = node };
    TRY(policy_grant_owner(op, &grant));
    TRY(store_sets(op, node->store, grant, &sets, &count));
    for (size_t i = 0; i < count; i++) {
        members += sets[i].count;
    }
    os_random(secret.bytes, sizeof secret.bytes);
    TRY(match_builder_new(op, &secret, members, &making.builder));
    buf_init(&making.numbers, MATCH_ORIGIN_COUNT_MAX * sizeof(struct source_number));
    enum err err = add_all(&making, grant, sets, count);
    if (err == ERR_OK) {
        err = match_builder_finish(making.builder, ret);
    }
    match_builder_free(making.builder);
    buf_done(&making.numbers);
    return err == ERR_OK ? left_out_tell(op, node, grant, making.left_out) : err;
}

/* What is watched follows from the entries up to the version, and from the rules: a few digits of
 * their digest tell images of other rules apart. */
static void add_rules(struct buf *path, const struct value_rules *rules)
{
    enum { SHOWN_SIZE = 4 };
    struct digest_sha256 digest;
    uint8_t bytes[DIGEST_SHA256_SIZE];
    /* Last of all: which indicators of our own are in it. */
    const uint8_t widest[] = { rules->widest_ipv4, rules->widest_ipv6, 1 };
    digest_sha256_init(&digest);
    digest_sha256_add(&digest, span_make(widest, sizeof widest));
    for (size_t i = 0; i < rules->own_count; i++) {
        const struct value_network *own = &rules->own[i];
        const uint8_t sizes[] = { own->size, own->prefix };
        digest_sha256_add(&digest, span_make(sizes, sizeof sizes));
        digest_sha256_add(&digest, span_make(own->address, own->size));
    }
    digest_sha256_done(&digest, bytes);
    buf_add_hex(path, span_make(bytes, SHOWN_SIZE));
}

static const struct image_sort sort = { .suffix = { (const uint8_t *)".image", 6 },
                                        .make = image_make };

/* Does something with the name of the image that is right now. */
static enum err with_name(struct op *op, struct node *node, struct span *ret_path,
                          enum err (*act)(struct op *op, struct node *node, struct span name,
                                          struct span *ret_path))
{
    uint64_t version = 0;
    struct buf name;
    TRY(store_indicators_version(op, node->store, &version));
    buf_init(&name, DISK_PATH_SIZE_MAX);
    buf_add_format(&name, "%012llu-", (unsigned long long)version);
    add_rules(&name, &node->config->judging);
    enum err err = act(op, node, buf_span(&name), ret_path);
    buf_done(&name);
    return err;
}

static enum err ensure(struct op *op, struct node *node, struct span name, struct span *ret_path)
{
    return image_ensure(op, node, &sort, name, ret_path);
}

static enum err place(struct op *op, struct node *node, struct span name, struct span *ret_path)
{
    (void)node;
    return image_path(op, &sort, name, ret_path);
}

enum err node_index(struct op *op, struct node *node, struct span *ret_path)
{
    return with_name(op, node, ret_path, ensure);
}

enum err node_index_path(struct op *op, struct node *node, struct span *ret_path)
{
    return with_name(op, node, ret_path, place);
}
