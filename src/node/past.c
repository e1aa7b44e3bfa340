// SPDX-License-Identifier: EUPL-1.2
#include "node/past.h"

#include <fcntl.h>
#include <unistd.h>

#include "base/must.h"
#include "base/text.h"
#include "node/past_forget.h"
#include "node/session.h"
#include "os/descriptor.h"

#define HISTORY_FOLDER SPAN("history")

/* A relative path starts in the node's folder. */
static enum err host_key_path(struct op *op, const struct node *node, struct span *ret)
{
    struct buf path;
    struct span named = node->config->history.host_key;
    buf_init(&path, DISK_PATH_SIZE_MAX);
    if (named.data[0] != '/') {
        buf_add(&path, node->dir);
        buf_add_byte(&path, '/');
    }
    buf_add(&path, named);
    enum err err = path.err == ERR_OK ? op_copy(op, buf_span(&path), ret)
                                      : op_fail(op, ERR_LIMIT, "a path is too long");
    buf_done(&path);
    return err;
}

/* The key of pseudonyms may lie outside of the node's folder: whoever holds it brings it. */
static enum err host_key_read(struct op *op, const struct node *node, uint8_t *ret)
{
    struct span path;
    struct span map;
    int fd = -1;
    TRY(host_key_path(op, node, &path));
    TRY(descriptor_open(op, AT_FDCWD, path, &fd));
    enum err err = descriptor_map(op, fd, &map);
    close(fd);
    TRY(err);
    err = hex_parse(span_trim(map), ret, HISTORY_SECRET_SIZE);
    descriptor_unmap(map);
    return err == ERR_OK
               ? ERR_OK
               : op_fail(op, ERR_CORRUPT, "%.*s is not a key of %d bytes, in hexadecimal digits",
                         SPAN_FMT(path), HISTORY_SECRET_SIZE);
}

enum err past_rules(struct op *op, struct node *node)
{
    struct history_rules rules = node->config->history.rules;
    _Static_assert((int)HISTORY_SECRET_SIZE == (int)OBSERVE_SECRET_SIZE, "one key is for both");
    if (node->history_rules_known) {
        return ERR_OK;
    }
    TRY(node_privacy_secret(op, node, rules.hash_secret));
    rules.hash_secret_known = true;
    if (node->config->history.host_key.size > 0) {
        TRY(host_key_read(op, node, rules.host_secret));
        rules.host_secret_known = true;
    }
    node->history_rules = rules;
    node->history_rules_known = true;
    return ERR_OK;
}

/* What was to be forgotten is, before anything else is done. */
static enum err open_writing(struct op *op, struct node *node)
{
    uint64_t acknowledged = 0;
    TRY(store_history_commit(op, node->store, &acknowledged));
    const struct history_options options = {
        .write = true,
        .acknowledged = acknowledged,
        .rules = &node->history_rules,
    };
    TRY(history_open(op, node->world_disk, HISTORY_FOLDER, &options, &node->history,
                     &node->history_opened));
    node->forgetting_left = past_forget_finish(op, node) != ERR_OK;
    op_fault_clear(
        op); /* a disk that is full does not end a watch; the journal says what is left */
    return ERR_OK;
}

enum err past_open(struct op *op, struct node *node, bool write)
{
    uint64_t acknowledged = 0;
    must(node->store != NULL && node->history == NULL);
    if (write && !node->config->history.remember) {
        return ERR_OK;
    }
    TRY(past_rules(op, node));
    if (write) {
        return open_writing(op, node);
    }
    TRY(store_history_commit(op, node->store, &acknowledged));
    const struct history_options options = {
        .acknowledged = acknowledged,
        .rules = &node->history_rules,
    };
    enum err err = history_open(op, node->world_disk, HISTORY_FOLDER, &options, &node->history,
                                &node->history_opened);
    if (err == ERR_ABSENT) {
        op_fault_clear(op);
        return ERR_OK;
    }
    return err;
}

enum err past_reading(struct op *op, struct node *node)
{
    return node->history != NULL ? ERR_OK : past_open(op, node, false);
}

enum err past_asked(struct op *op, struct node *node)
{
    TRY(past_reading(op, node));
    if (node->history != NULL) {
        return ERR_OK;
    }
    return node->config->history.remember
               ? op_fail(op, ERR_ABSENT,
                         "nothing is remembered on this node yet: 'linie watch' begins with it")
               : op_fail(op, ERR_ABSENT,
                         "nothing is remembered on this node: write 'remember = yes' below "
                         "[history] in linie.conf; what 'linie watch' reads from then on is kept");
}

enum err past_changing(struct op *op, struct node *node)
{
    must(node->writer);
    if (node->history != NULL && history_is_between(node->history)) {
        return op_fail(op, ERR_AGAIN,
                       "the history is being compacted, or something in it forgotten: try again "
                       "when that is done");
    }
    if (node->history != NULL) {
        return ERR_OK;
    }
    TRY(past_asked(op, node)); /* what is not there is not made */
    past_close(node);
    return open_writing(op, node);
}

enum err past_settle(struct op *op, struct node *node)
{
    bool settled = true;
    if (node->session == NULL) {
        return ERR_OK;
    }
    TRY(session_settle(node->session, &settled));
    return settled ? ERR_OK
                   : op_fail(op, ERR_AGAIN,
                             "the watch is in the middle of some lines: try again in a moment");
}

void past_close(struct node *node)
{
    history_close(node->history);
    node->history = NULL;
}
