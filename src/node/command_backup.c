// SPDX-License-Identifier: EUPL-1.2
/*
 * linie backup, restore, and verify --backup.
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "backup/backup.h"
#include "node/flow.h"
#include "node/node.h"
#include "os/descriptor.h"

enum { KEY_SIZE_MAX = 1024 * 1024, LINE_SIZE_MAX = 64 * 1024, WORDS_SIZE = 64 };

static enum err key_read(struct invocation *invocation, struct backup_options *options)
{
    const char *path = command_value(invocation, "key");
    int fd = -1;
    if (path == NULL) {
        return ERR_OK;
    }
    TRY(descriptor_open(invocation->op, invocation->folder, span_of(path), &fd));
    enum err err = descriptor_read_all(invocation->op, fd, KEY_SIZE_MAX, &options->key);
    close(fd);
    return err;
}

static enum err folder_open(struct op *op, const char *path, bool make, struct disk **ret)
{
    if (make && mkdir(path, 0700) != 0 && errno != EEXIST) {
        return op_fail(op, errno == EACCES ? ERR_DENIED : ERR_IO, "cannot make %s: %s", path,
                       strerror(errno));
    }
    return disk_open_real(op, span_of(path), ret);
}

/* ---- backup ---- */

static void backup_json(struct invocation *invocation, const struct backup_summary *summary)
{
    struct buf line;
    struct json_writer w;
    buf_init(&line, LINE_SIZE_MAX);
    json_writer_init(&w, &line);
    json_begin_object(&w);
    json_member_bool(&w, SPAN("written"), summary->written);
    json_member_bool(&w, SPAN("full"), summary->full);
    json_member_bool(&w, SPAN("encrypted"), summary->encrypted);
    json_member_u64(&w, SPAN("number"), summary->number);
    json_member_time(&w, SPAN("made"), summary->time_us);
    json_member_u64(&w, SPAN("parts"), summary->parts);
    json_member_u64(&w, SPAN("size"), summary->size);
    json_member_u64(&w, SPAN("files"), summary->files);
    json_member_u64(&w, SPAN("worlds"), summary->worlds);
    json_member_u64(&w, SPAN("entries"), summary->entries);
    json_member_u64(&w, SPAN("new_size"), summary->new_size);
    json_member_u64(&w, SPAN("new_files"), summary->new_files);
    json_member_u64(&w, SPAN("new_entries"), summary->new_entries);
    json_member_u64(&w, SPAN("erased_but_kept"), summary->remains);
    json_member_u64(&w, SPAN("history_faults"), summary->history_faults);
    json_end_object(&w);
    print_json(invocation, &line);
    buf_done(&line);
}

/* "has 2 parts, 1.2 MB, with 15 journal entries, 8 files, 1 world". */
static void add_contents(struct flow *flow, const struct backup_summary *summary)
{
    char parts[WORDS_SIZE];
    char size[WORDS_SIZE];
    char entries[WORDS_SIZE];
    char files[WORDS_SIZE];
    char worlds[WORDS_SIZE];
    flow_words(flow, "has %s, %s, with %s, %s, %s",
               print_counted(summary->parts, "part", "parts", parts, sizeof parts),
               print_size(summary->size, size, sizeof size),
               print_counted(summary->entries, "journal entry", "journal entries", entries,
                             sizeof entries),
               print_counted(summary->files, "file", "files", files, sizeof files),
               print_counted(summary->worlds, "world", "worlds", worlds, sizeof worlds));
}

/* Who keeps number and time of the newest part notices when it is gone. */
static void tell_part(const struct invocation *invocation, const struct backup_summary *summary)
{
    char made[TIME_TEXT_SIZE];
    char size[WORDS_SIZE];
    char entries[WORDS_SIZE];
    char files[WORDS_SIZE];
    struct flow flow;
    (void)print_second(summary->time_us, made, sizeof made);
    flow_begin(&flow, invocation, 2);
    if (!summary->written) {
        flow_words(&flow, "nothing new since part %llu of %s", (unsigned long long)summary->number,
                   made);
    } else {
        flow_words(&flow, "part %llu of %s written: %s, %s, %s%s",
                   (unsigned long long)summary->number, made,
                   print_size(summary->new_size, size, sizeof size),
                   print_counted(summary->new_entries, "new entry", "new entries", entries,
                                 sizeof entries),
                   print_counted(summary->new_files, "new file", "new files", files, sizeof files),
                   summary->encrypted ? ", encrypted" : "");
    }
    flow_end(&flow);
}

static void tell_remains(const struct invocation *invocation, const struct backup_summary *summary)
{
    struct flow flow;
    if (summary->remains == 0) {
        return;
    }
    flow_begin(&flow, invocation, 2);
    flow_words(&flow,
               "%llu erased %s in older parts: 'linie backup --full' makes new ones and removes "
               "those",
               (unsigned long long)summary->remains,
               summary->remains == 1 ? "payload, file or part of the history still lies"
                                     : "payloads, files or parts of the history still lie");
    flow_end(&flow);
}

static void backup_tell(struct invocation *invocation, const struct backup_summary *summary)
{
    struct flow flow;
    if (invocation->json) {
        backup_json(invocation, summary);
        return;
    }
    tell_part(invocation, summary);
    flow_begin(&flow, invocation, 2);
    flow_words(&flow, "the backup");
    add_contents(&flow, summary);
    flow_end(&flow);
    tell_remains(invocation, summary);
}

/* A backup inside the node would be lost with it, and grow with itself. */
static enum err outside_node(struct op *op, const struct node *node, const char *to)
{
    char real_to[PATH_MAX];
    char real_node[PATH_MAX];
    struct span dir;
    TRY(op_copy(op, node->dir, &dir));
    if (realpath(to, real_to) == NULL || realpath((const char *)dir.data, real_node) == NULL) {
        return op_fail(op, ERR_IO, "cannot tell where %s is: %s", to, strerror(errno));
    }
    struct span inner = span_of(real_to);
    struct span outer = span_of(real_node);
    bool inside = span_starts_with(inner, outer) &&
                  (inner.size == outer.size || inner.data[outer.size] == '/');
    return inside
               ? op_fail(op, ERR_CONFLICT, "%s lies in the node itself: choose another place", to)
               : ERR_OK;
}

static enum err backup(struct invocation *invocation, const char *to, struct backup_summary *ret)
{
    struct op *op = invocation->op;
    struct disk *target = NULL;
    struct backup_options options = { .full = command_value(invocation, "full") != NULL };
    TRY(key_read(invocation, &options));
    TRY(node_open(op, invocation->node_dir, invocation->world, NODE_FILES, &invocation->node));
    enum err err = folder_open(op, to, true, &target);
    if (err == ERR_OK) {
        err = outside_node(op, invocation->node, to);
    }
    if (err == ERR_OK) {
        err = backup_write(op, invocation->node->disk, target, &options, ret);
    }
    if (err == ERR_AGAIN || err == ERR_CONFLICT) {
        op_fault_prefix(op, "%s: ", to);
    }
    disk_close(target);
    node_close(invocation->node);
    return err;
}

int command_backup(struct invocation *invocation)
{
    struct backup_summary summary;
    if (invocation->argument_count != 1) {
        (void)op_fail(invocation->op, ERR_FORMAT, "name the folder of the backup: linie backup TO");
        return command_fail(invocation);
    }
    if (backup(invocation, invocation->arguments[0], &summary) != ERR_OK) {
        return command_fail(invocation);
    }
    backup_tell(invocation, &summary);
    return EXIT_DONE;
}

/* ---- restore ---- */

static enum err world_derive(struct op *op, const char *to, struct span world)
{
    struct node *node = NULL;
    struct span index;
    TRY(node_open(op, span_of(to), world, NODE_WRITE, &node));
    enum err err = node_index(op, node, &index);
    node_close(node);
    return err;
}

/* What is derived is made now, so that every world is ready, and proven to open. */
static enum err derived_make(struct op *op, struct disk *target, const char *to)
{
    struct span *exercises = NULL;
    size_t count = 0;
    TRY(world_derive(op, to, SPAN("real")));
    enum err err = disk_list(op, target, SPAN("exercises"), &exercises, &count);
    if (err == ERR_ABSENT) {
        op_fault_clear(op);
        return ERR_OK;
    }
    for (size_t i = 0; err == ERR_OK && i < count; i++) {
        err = world_derive(op, to, exercises[i]);
    }
    return err;
}

static enum err restore(struct invocation *invocation, const char *from, const char *to,
                        struct backup_summary *ret)
{
    struct op *op = invocation->op;
    struct disk *source = NULL;
    struct disk *target = NULL;
    struct backup_options options = { .full = false };
    TRY(key_read(invocation, &options));
    TRY(node_check_owner(op, span_of(to)));
    TRY(folder_open(op, from, false, &source));
    enum err err = folder_open(op, to, true, &target);
    if (err == ERR_OK) {
        err = backup_restore(op, source, target, &options, ret);
        op_fault_prefix(op, "%s: ", err == ERR_EXISTS ? to : from);
    }
    if (err == ERR_OK) {
        err = derived_make(op, target, to);
    }
    disk_close(source);
    disk_close(target);
    return err;
}

static void tell_history_faults(const struct invocation *invocation,
                                const struct backup_summary *summary)
{
    char places[WORDS_SIZE];
    struct flow flow;
    if (summary->history_faults == 0) {
        return;
    }
    flow_begin(&flow, invocation, 2);
    flow_styled(&flow, PRINT_ALARM, "the history was damaged before it was backed up:");
    flow_words(&flow, "%s; 'linie history verify' names them, and the rest answers",
               print_counted(summary->history_faults, "place", "places", places, sizeof places));
    flow_end(&flow);
}

static void restore_tell(const struct invocation *invocation, const struct backup_summary *summary)
{
    char entries[WORDS_SIZE];
    char files[WORDS_SIZE];
    char worlds[WORDS_SIZE];
    char made[TIME_TEXT_SIZE];
    struct flow flow;
    flow_begin(&flow, invocation, 2);
    flow_value(&flow, "restored into", span_of(invocation->arguments[1]), ",");
    flow_words(&flow, "up to part %llu of %s:", (unsigned long long)summary->number,
               print_second(summary->time_us, made, sizeof made));
    flow_words(&flow, "%s, %s, %s; all checked",
               print_counted(summary->entries, "journal entry", "journal entries", entries,
                             sizeof entries),
               print_counted(summary->files, "file", "files", files, sizeof files),
               print_counted(summary->worlds, "world", "worlds", worlds, sizeof worlds));
    flow_end(&flow);
    tell_history_faults(invocation, summary);
}

int command_restore(struct invocation *invocation)
{
    struct backup_summary summary;
    if (invocation->argument_count != 2) {
        (void)op_fail(invocation->op, ERR_FORMAT,
                      "name the backup and the folder of the new node: linie restore FROM TO");
        return command_fail(invocation);
    }
    if (restore(invocation, invocation->arguments[0], invocation->arguments[1], &summary) !=
        ERR_OK) {
        return command_fail(invocation);
    }
    if (invocation->json) {
        backup_json(invocation, &summary);
    } else {
        restore_tell(invocation, &summary);
    }
    return EXIT_DONE;
}

/* ---- verify --backup ---- */

static void check_tell(const struct invocation *invocation, const char *from,
                       const struct backup_summary *summary)
{
    char made[TIME_TEXT_SIZE];
    struct flow flow;
    flow_begin(&flow, invocation, 2);
    flow_value(&flow, "", span_of(from), "");
    add_contents(&flow, summary);
    flow_after(&flow, ";");
    flow_words(&flow, "the newest part was made %s",
               print_second(summary->time_us, made, sizeof made));
    flow_end(&flow);
    tell_remains(invocation, summary);
    print_styled(invocation, PRINT_GOOD, "all of it can be restored");
    fputc('\n', invocation->out);
}

static void fault_tell(const struct invocation *invocation)
{
    struct flow flow;
    flow_begin(&flow, invocation, 2);
    flow_styled(&flow, PRINT_ALARM, "cannot be restored:");
    flow_text(&flow, span_of(invocation->op->fault.text));
    flow_end(&flow);
}

static void check_json(const struct invocation *invocation, const struct backup_summary *summary,
                       const char *fault)
{
    struct buf line;
    struct json_writer w;
    buf_init(&line, LINE_SIZE_MAX);
    json_writer_init(&w, &line);
    json_begin_object(&w);
    json_member_u64(&w, SPAN("faults"), fault == NULL ? 0 : 1);
    if (fault != NULL) {
        json_member_string(&w, SPAN("fault"), span_of(fault));
    } else {
        json_member_bool(&w, SPAN("encrypted"), summary->encrypted);
        json_member_time(&w, SPAN("made"), summary->time_us);
        json_member_u64(&w, SPAN("parts"), summary->parts);
        json_member_u64(&w, SPAN("size"), summary->size);
        json_member_u64(&w, SPAN("files"), summary->files);
        json_member_u64(&w, SPAN("worlds"), summary->worlds);
        json_member_u64(&w, SPAN("entries"), summary->entries);
        json_member_u64(&w, SPAN("erased_but_kept"), summary->remains);
    }
    json_end_object(&w);
    print_json(invocation, &line);
    buf_done(&line);
}

static enum err check(struct invocation *invocation, const char *from, struct backup_summary *ret)
{
    struct op *op = invocation->op;
    struct disk *source = NULL;
    struct backup_options options = { .full = false };
    TRY(key_read(invocation, &options));
    TRY(folder_open(op, from, false, &source));
    enum err err = backup_check(op, source, &options, ret);
    op_fault_prefix(op, "%s: ", from);
    disk_close(source);
    return err;
}

int command_verify_backup(struct invocation *invocation)
{
    struct backup_summary summary = { 0 };
    const char *from = command_value(invocation, "backup");
    bool has_key = command_value(invocation, "key") != NULL;
    enum err err = check(invocation, from, &summary);
    /* A key for a backup that has none is a conflict as well, but no fault of the backup. */
    bool faulty = err == ERR_CORRUPT || (err == ERR_CONFLICT && !has_key);
    if (err != ERR_OK && !faulty) {
        return command_fail(invocation);
    }
    if (invocation->json) {
        check_json(invocation, &summary, faulty ? invocation->op->fault.text : NULL);
    } else if (faulty) {
        fault_tell(invocation);
    } else {
        check_tell(invocation, from, &summary);
    }
    return faulty ? EXIT_FOUND : EXIT_DONE;
}
