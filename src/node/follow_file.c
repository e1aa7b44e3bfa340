// SPDX-License-Identifier: EUPL-1.2
/*
 * One file that is followed, from being found to being gone.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/memory.h"
#include "base/must.h"
#include "node/follow_inner.h"
#include "os/clock.h"
#include "os/descriptor.h"
#include "os/disk.h"

enum {
    POPPED_MAX = 64,       /* files that are looked at in one turn, of those that wait */
    GONE_LOOK_MS = 1000,   /* between two looks at a file of which the kernel may tell nothing */
    TIMERS_MS = 100,       /* between two looks through what is open */
    WAITING_PER_MS = 1024, /* bytes of a half line for which another millisecond is waited */
    NEVER_MS = 1000,       /* nothing is due: look again all the same */
};

static const char *const archive_ends[] = { ".gz", ".zst", ".xz", ".bz2", ".lz4", ".zip" };

static int64_t ms(int64_t count)
{
    return count * US_PER_MS;
}

static struct span path_of(const struct follow_file *file)
{
    return span_of((const char *)file->path);
}

/* ---- made and given back ---- */

static bool is_archive(struct span path)
{
    for (size_t i = 0; i < sizeof archive_ends / sizeof archive_ends[0]; i++) {
        if (span_ends_with(path, span_of(archive_ends[i]))) {
            return true;
        }
    }
    return false;
}

static enum err path_keep(struct follow_file *file, struct span path)
{
    uint8_t *copy = memory_resize(file->path, path.size + 1);
    if (copy == NULL) {
        return op_fail(file->follow->session->op, ERR_LIMIT, "out of memory for files");
    }
    span_copy(copy, path.size, path);
    copy[path.size] = '\0';
    file->path = copy;
    file->archive = is_archive(path);
    return ERR_OK;
}

/* It is what it was when it was named, however its rotation calls it. */
static enum err path_keep_renamed(struct follow_file *file, struct span path)
{
    bool archive = file->archive;
    TRY(path_keep(file, path));
    file->archive = archive;
    return ERR_OK;
}

static void queue_add(struct follow_file *file)
{
    struct follow *follow = file->follow;
    if (file->queued || file->input != NULL) {
        return;
    }
    file->queued = true;
    file->queue_next = NULL;
    if (follow->queue_last == NULL) {
        follow->queue_first = file;
    } else {
        follow->queue_last->queue_next = file;
    }
    follow->queue_last = file;
}

static struct follow_file *queue_take(struct follow *follow)
{
    struct follow_file *file = follow->queue_first;
    if (file != NULL) {
        follow->queue_first = file->queue_next;
        follow->queue_last = follow->queue_first == NULL ? NULL : follow->queue_last;
        file->queued = false;
    }
    return file;
}

/* A file that was written long ago has settled, however short it is known. */
static int64_t settled_at(const struct follow *follow, int64_t modified_us)
{
    int64_t age_us = os_clock_us() - modified_us;
    return age_us > FOLLOW_GRACE_SETTLES * follow->settle_us ? INT64_MIN / 2 : os_monotonic_us();
}

/* Where it has no name that a source names, it is not found by it. */
static enum err file_new(struct follow *follow, struct follow_state *source,
                         const struct input_named *named, bool there)
{
    struct follow_file *file = memory_new(sizeof *file);
    if (file == NULL) {
        return op_fail(follow->session->op, ERR_LIMIT, "out of memory for files");
    }
    file->follow = follow;
    file->source = source;
    file->reader = -1;
    file->sort = named->sort;
    file->device = named->device;
    file->inode = named->inode;
    file->size = named->size;
    file->modified_us = named->modified_us;
    file->settled_us = settled_at(follow, named->modified_us);
    file->scan = follow->scan;
    file->gone_us = os_monotonic_us();
    enum err err = path_keep(file, named->path);
    file->archive = file->archive && there;
    if (err == ERR_OK) {
        follow_before_find(follow->before, file);
    }
    if (err == ERR_OK && there) {
        err = follow_put_path(follow, file);
        file->there = err == ERR_OK;
    }
    if (err == ERR_OK && file->sort == INPUT_FILE) {
        err = follow_put_inode(follow, file);
        file->listed = err == ERR_OK;
    }
    if (err != ERR_OK) {
        follow_file_free(file);
        return err;
    }
    follow_file_changed(file);
    return ERR_OK;
}

enum err follow_file_new(struct follow *follow, struct follow_state *source,
                         const struct input_named *named)
{
    return file_new(follow, source, named, true);
}

void follow_file_free(struct follow_file *file)
{
    if (file == NULL) {
        return;
    }
    must(file->input == NULL);
    must(!file->queued);
    if (file->there) {
        follow_take_path(file->follow, file);
    }
    if (file->listed) {
        follow_take_inode(file->follow, file);
    }
    if (file->reader >= 0) {
        close(file->reader);
    }
    memory_free(file->header);
    memory_free(file->path);
    memory_free(file);
}

enum err follow_file_rename(struct follow_file *file, struct span path)
{
    if (file->there) {
        follow_take_path(file->follow, file);
        file->there = false;
    }
    TRY(path_keep(file, path));
    TRY(follow_put_path(file->follow, file));
    file->there = true;
    file->lingers = false;
    return file->input == NULL ? ERR_OK : session_input_rename(file->input, path);
}

void follow_file_changed(struct follow_file *file)
{
    if (file->input == NULL && file->seen) {
        file->settled_us = os_monotonic_us();
    }
    file->unread = true;
    file->aside = false;
    queue_add(file);
}

/* ---- closing ---- */

static void opening_end(struct follow_file *file)
{
    if (file->opening) {
        file->opening = false;
        file->follow->opening_count--;
        file->follow->archive_count -= file->archive_opening ? 1 : 0;
    }
}

static void keep_header(struct follow_file *file)
{
    file->header_size = 0;
    if (file->input->header_size > 0) {
        uint8_t *header = memory_resize(file->header, file->input->header_size);
        if (header != NULL) { /* else it is read from its start: slower, and right */
            span_copy(header, file->input->header_size,
                      span_make(file->input->header, file->input->header_size));
            file->header = header;
            file->header_size = file->input->header_size;
        }
    }
}

/* Close it in the watch. */
static enum err file_release(struct follow_file *file)
{
    struct follow *follow = file->follow;
    struct session_input *input = file->input;
    if (input == NULL) {
        return ERR_OK;
    }
    keep_header(file);
    if (input->counted && input->regular) {
        follow_copy_keep(follow, &input->state);
    }
    opening_end(file);
    file->read = file->read || input->read;
    file->input = NULL;
    for (size_t i = 0; i < follow->open_count; i++) {
        if (follow->open[i] == file) {
            follow->open_count--;
            follow->open[i] = follow->open[follow->open_count];
        }
    }
    input->how.stirred = NULL;
    input->how.begun = NULL;
    input->how.heard = NULL;
    return session_input_release(input);
}

static bool has_settled(const struct follow_file *file, int64_t now_us)
{
    return now_us - file->settled_us >= file->follow->settle_us;
}

/* ---- renamed, and not open ---- */

static int64_t grace_us(const struct follow *follow)
{
    return FOLLOW_GRACE_SETTLES * follow->settle_us;
}

/* Where a file that is not open is now; false: nowhere that is known. */
static bool find_now(struct follow_file *file, struct input_named *ret_now)
{
    struct buf path;
    if (follow_path_is(file->follow->folder, (const char *)file->path, file, ret_now)) {
        return true;
    }
    buf_init(&path, 2 * DISK_PATH_SIZE_MAX);
    bool found = follow_find_renamed(file, &path, ret_now) &&
                 path_keep_renamed(file, buf_span(&path)) == ERR_OK;
    buf_done(&path);
    return found;
}

/* A writer may not have let go of a file that was renamed when it was still empty, or was closed to
 * make room: it is looked at as long as one is that is open. */
static enum err leave_or_linger(struct follow_file *file)
{
    struct input_named now;
    if (file->queued) {
        return ERR_OK;
    }
    bool lately = os_monotonic_us() - file->settled_us < grace_us(file->follow);
    bool may_grow = file->sort == INPUT_FILE && (file->too_short || lately);
    if (may_grow && find_now(file, &now)) {
        file->size = now.size;
        file->lingers = true;
        queue_add(file);
        return ERR_OK;
    }
    follow_file_free(file);
    return ERR_OK;
}

/* One more look; false where nothing more is expected of it. */
static bool linger(struct follow_file *file, int64_t now_us)
{
    struct input_named now;
    bool found = find_now(file, &now); /* else its new name is still to be told, or it is gone */
    if (found && now.size != file->size) {
        file->size = now.size;
        file->lingers = false;
        file->aside = false;
        file->unread = true;
    }
    return !file->lingers || now_us - file->gone_us < grace_us(file->follow);
}

/* ---- what the watch tells of it ---- */

/* A file that is empty, or too short to tell what it is, is left until it grows. */
static void ask_for_original(struct session_input *input, struct span start,
                             struct session_answer *ret)
{
    bool called_after = false;
    struct follow_file *file = input->how.owner;
    if (input->is_known || file->no_copy || file->sort != INPUT_FILE) {
        return;
    }
    const struct store_input *original = follow_copy_find(file, start, &called_after);
    if (original != NULL && !has_settled(file, os_monotonic_us())) {
        file->settles = true; /* it may still be written: it is looked at when it is whole */
        ret->leave = true;
        file->unread = true;
        return;
    }
    ret->copy_of = original;
    file->copy_called = called_after;
}

static enum err on_begun(struct session_input *input, const struct watch_message_begun *begun,
                         struct session_answer *ret)
{
    struct follow_file *file = input->how.owner;
    file->rewritten = file->rewritten || (input->known.id.number != 0 && !input->is_known);
    bool strange = begun->start.size > 0 && begun->format == OBSERVE_FORMAT_AUTO;
    if (begun->start.size == 0 || strange) {
        ret->leave = true;
        file->aside = true;
    }
    file->too_short = false;
    bool enough = begun->start.size == WATCH_START_SIZE || file->archive; /* no more may come */
    if (strange && enough && !file->told) {
        file->told = true;
        input->session->totals.inputs_strange += file->told_before ? 0 : 1;
        session_tell(input->session, path_of(file),
                     "not read: its format is not known (--format names it)");
    }
    file->too_short = ret->leave && !enough;
    if (!ret->leave) {
        ask_for_original(input, begun->start, ret);
    }
    return ERR_OK;
}

static void on_rests(struct follow_file *file)
{
    const struct session_input *input = file->input;
    file->waiting = input->waiting;
    if (input->state.bytes_size != file->read_size || file->opening) {
        file->read_size = input->state.bytes_size;
        file->settled_us = os_monotonic_us();
        file->half_asked = false;
    }
    opening_end(file);
}

/* Why it ended says what is to be done: what was rewritten is looked at anew, a pipe waits for its
 * next writer, and what cannot be read is left until it changes. */
static enum err on_ended(struct follow_file *file)
{
    const struct session_input *input = file->input;
    bool at_end = input->err == ERR_OK && !input->was_left;
    bool again = input->err == ERR_STALE || input->err == ERR_CONFLICT || input->err == ERR_ABSENT;
    /* A copy that is shorter than its original was when it was read: copytruncate copied it before
     * the last lines came. All that it holds was read. */
    bool read_before = input->copy && input->err == ERR_STALE && file->copy_called;
    file->no_copy = file->no_copy || (input->copy && again && input->err != ERR_ABSENT);
    file->rewritten = file->rewritten || (!input->copy && input->err == ERR_STALE);
    file->waiting = 0;
    again = again && !read_before;
    if (!at_end && !again) {
        file->aside = true;
    }
    TRY(file_release(file));
    bool pipe_goes_on = at_end && file->sort == INPUT_PIPE && file->reader >= 0;
    if (again || pipe_goes_on || (file->unread && !file->aside)) {
        file->unread = true;
        queue_add(file);
    }
    return file->there ? ERR_OK : leave_or_linger(file);
}

static void on_heard(struct session_input *input, uint64_t lines)
{
    struct follow_file *file = input->how.owner;
    follow_lines_heard(file->source, lines);
}

static enum err on_stirred(struct session_input *input)
{
    struct follow_file *file = input->how.owner;
    if (input->phase == SESSION_RESTS) {
        on_rests(file);
        return ERR_OK;
    }
    return on_ended(file);
}

/* ---- opening ---- */

/* What is wrong with a file is told once, until it changes. */
static enum err open_failed(struct follow_file *file, enum err err)
{
    struct session *session = file->follow->session;
    if (err != ERR_ABSENT && !file->told) {
        file->told = true;
        session->totals.inputs_failed += file->told_before ? 0 : 1;
        session_tell_text(session, session->scratch.fault.text); /* it names the path */
    }
    file->aside = true;
    return session_scratch_end(session, ERR_OK);
}

/* A pipe that nobody reads would end its writers: one descriptor is never read, and stays. */
static enum err pipe_hold(struct follow_file *file)
{
    struct follow *follow = file->follow;
    struct stat status;
    if (file->sort != INPUT_PIPE || file->reader >= 0) {
        return ERR_OK;
    }
    enum err err =
        descriptor_open(&follow->session->scratch, follow->folder, path_of(file), &file->reader);
    if (err == ERR_OK && (fstat(file->reader, &status) != 0 || !S_ISFIFO(status.st_mode))) {
        close(file->reader); /* a device: it is opened once, and read */
        file->reader = -1;
    }
    return err;
}

/* Whether the path still stands for the file that was found there. */
static bool is_same(const struct follow_file *file, int fd)
{
    struct stat status;
    if (file->sort != INPUT_FILE) {
        return true;
    }
    return fstat(fd, &status) == 0 && status.st_dev == file->device && status.st_ino == file->inode;
}

static enum err file_hand_over(struct follow_file *file, int fd)
{
    struct follow *follow = file->follow;
    struct input_named named = file->source->from.named;
    const struct session_how how = {
        .follow = true,
        .seen = file->read,
        .header = span_make(file->header, file->header_size),
        .owner = file,
        .begun = on_begun,
        .heard = on_heard,
        .stirred = on_stirred,
    };
    named.path = path_of(file);
    TRY(session_input_open(follow->session, &named, &how, fd, &file->input));
    follow->open[follow->open_count] = file;
    follow->open_count++;
    if (file->sort == INPUT_FILE) { /* a pipe may be silent for ever */
        follow->opening_count++;
        follow->archive_count += file->archive ? 1 : 0;
        file->archive_opening = file->archive;
        file->opening = true;
    }
    file->seen = true;
    file->unread = false;
    file->looked_us = os_monotonic_us();
    return ERR_OK;
}

static enum err file_open(struct follow_file *file)
{
    int fd = -1;
    struct follow *follow = file->follow;
    struct session *session = follow->session;
    if (file->source->from.listens) {
        return file_hand_over(file, intakes_pipe(follow->intakes, path_of(file)));
    }
    if (span_equal(path_of(file), SPAN("-"))) {
        return file_hand_over(file, session->invocation->in);
    }
    enum err err = descriptor_open(&session->scratch, follow->folder, path_of(file), &fd);
    if (err == ERR_OK) {
        err = pipe_hold(file); /* after it: the one that is read must see the writer come and go */
    }
    if (err == ERR_OK && file->sort == INPUT_PIPE) {
        (void)fcntl(fd, F_SETFL, O_NONBLOCK); /* its writer may have gone: see watch_input_open() */
    }
    if (err != ERR_OK) {
        if (fd >= 0) {
            close(fd);
        }
        return open_failed(file, err);
    }
    if (is_same(file, fd)) {
        err = file_hand_over(file, fd);
    } else {
        file->aside = true; /* until it is known where it is now */
        follow->scan_wanted = true;
    }
    close(fd);
    return err;
}

/* Whether there is room for one more: the one that changed longest ago makes it, if it has nothing
 * to give. */
static enum err make_room(struct follow *follow, bool *ret)
{
    struct follow_file *oldest = NULL;
    *ret = follow->open_count < FOLLOW_OPEN_MAX;
    if (*ret) {
        return ERR_OK;
    }
    for (size_t i = 0; i < follow->open_count; i++) {
        struct follow_file *file = follow->open[i];
        bool idle = file->input->phase == SESSION_RESTS && !file->unread && file->there;
        if (idle && (oldest == NULL || file->settled_us < oldest->settled_us)) {
            oldest = file;
        }
    }
    *ret = oldest != NULL;
    return oldest == NULL ? ERR_OK : file_release(oldest);
}

/* What cannot be opened now goes to the end of those that wait. */
static enum err open_one(struct follow *follow, struct follow_file *file, int64_t now_us)
{
    bool room = false;
    bool over = file->lingers ? !linger(file, now_us) : !file->there && file->aside;
    if (over) {
        follow_file_free(file);
        return ERR_OK;
    }
    if (file->lingers) {
        queue_add(file);
        return ERR_OK;
    }
    if (!file->unread || file->aside) {
        return ERR_OK;
    }
    bool waits = (file->archive || file->settles) && !has_settled(file, now_us);
    bool later = waits || (file->archive && follow->archive_count >= FOLLOW_ARCHIVES_MAX);
    if (!later) {
        TRY(make_room(follow, &room));
    }
    if (later || !room) {
        queue_add(file);
        return ERR_OK;
    }
    TRY(file_open(file));
    if (!file->there && file->aside) { /* it was leaving, and has gone */
        follow_file_free(file);
    }
    return ERR_OK;
}

static enum err open_some(struct follow *follow, int64_t now_us)
{
    const struct follow_file *last = follow->queue_last; /* each has one turn */
    const struct follow_file *taken = NULL;
    for (int i = 0; i < POPPED_MAX && (taken == NULL || taken != last); i++) {
        bool may = follow->opening_count < FOLLOW_OPENING_MAX && session_is_whole(follow->session);
        struct follow_file *file = may ? queue_take(follow) : NULL;
        if (file == NULL) {
            return ERR_OK;
        }
        taken = file;
        TRY(open_one(follow, file, now_us));
    }
    return ERR_OK;
}

/* ---- reading on ---- */

static enum err file_look(struct follow_file *file, bool last_counts, int64_t now_us)
{
    file->unread = false;
    file->looked_us = now_us;
    return session_input_look(file->input, last_counts);
}

/* A writer who adds to a line byte by byte has it read again each time: a long one less often. */
static int64_t look_due_us(const struct follow_file *file)
{
    return file->looked_us + ms(FOLLOW_LOOK_LEAST_MS + (int64_t)(file->waiting / WAITING_PER_MS));
}

static void due(int64_t at_us, int64_t now_us, int *ret_ms)
{
    int64_t left_ms = at_us <= now_us ? 0 : (at_us - now_us + US_PER_MS - 1) / US_PER_MS;
    *ret_ms = left_ms < *ret_ms ? (int)left_ms : *ret_ms;
}

static enum err look_at_changed(struct follow *follow, int64_t now_us, int *ret_ms)
{
    for (size_t i = 0; i < follow->open_count; i++) {
        struct follow_file *file = follow->open[i];
        if (!file->unread || file->input->phase != SESSION_RESTS) {
            continue;
        }
        if (look_due_us(file) <= now_us) {
            TRY(file_look(file, false, now_us));
        } else {
            due(look_due_us(file), now_us, ret_ms);
        }
    }
    return ERR_OK;
}

/* ---- what time brings ---- */

/* A file that is not there any more: writers may still hold it. */
static enum err timer_of_gone(struct follow_file *file, int64_t now_us, bool *ret_over)
{
    int64_t since_us = file->settled_us > file->gone_us ? file->settled_us : file->gone_us;
    bool last = file->waiting > 0 && !file->half_asked;
    if (now_us - since_us < grace_us(file->follow)) {
        file->unread = file->unread || now_us - file->looked_us >= ms(GONE_LOOK_MS);
        return ERR_OK;
    }
    if (last) {
        file->half_asked = true;
        return file_look(file, true, now_us);
    }
    *ret_over = true;
    return ERR_OK;
}

static enum err timer_of(struct follow_file *file, int64_t now_us, bool *ret_over)
{
    if (file->input->phase != SESSION_RESTS || file->unread) {
        return ERR_OK;
    }
    if (!file->there) {
        return timer_of_gone(file, now_us, ret_over);
    }
    if (file->waiting > 0 && !file->half_asked && has_settled(file, now_us)) {
        file->half_asked = true;
        return file_look(file, true, now_us);
    }
    *ret_over = now_us - file->settled_us >= (int64_t)FOLLOW_IDLE_S * US_PER_S;
    return ERR_OK;
}

static enum err timers(struct follow *follow, int64_t now_us)
{
    if (now_us - follow->timers_us < ms(TIMERS_MS)) {
        return ERR_OK;
    }
    follow->timers_us = now_us;
    for (size_t i = follow->open_count; i > 0; i--) { /* releasing moves the last one */
        bool over = false;
        struct follow_file *file = follow->open[i - 1];
        TRY(timer_of(file, now_us, &over));
        if (over) {
            TRY(file_release(file));
        }
        if (over && !file->there) {
            follow_file_free(file);
        }
    }
    return ERR_OK;
}

/* ---- gone ---- */

/* What is not open is lost, unless it has only another name: then it is read to its end. */
static enum err gone_unopened(struct follow_file *file)
{
    struct input_named now;
    bool found = file->sort == INPUT_FILE && find_now(file, &now);
    bool grown = found && (file->unread || now.size != file->size);
    if (grown) {
        file->archive = false; /* it is what it was when it was named */
        file->unread = true;
        file->aside = false;
        queue_add(file);
        return ERR_OK;
    }
    file->aside = true;
    return leave_or_linger(file);
}

/* What was found before and waits to be opened is found there. */
static enum err moved_unopened(struct follow_file *file, struct span path)
{
    if (file->there) {
        follow_take_path(file->follow, file);
        file->there = false;
        file->gone_us = os_monotonic_us();
    }
    file->displaced = false;
    file->aside = false; /* it may have been looked for under the name that it had */
    TRY(path_keep_renamed(file, path));
    file->lingers = !file->unread;
    queue_add(file);
    return ERR_OK;
}

enum err follow_file_moved(struct follow *follow, struct follow_state *source, struct span path)
{
    char text[FOLLOW_MOVE_PATH_MAX + 1];
    struct input_named named = { .path = path };
    snprintf(text, sizeof text, "%.*s", SPAN_FMT(path));
    if (!follow_path_look(follow->folder, text, &named)) {
        return ERR_OK; /* it has gone on: that is told, too */
    }
    struct follow_file *file = follow_find_inode(follow, named.device, named.inode);
    named.path = path;
    if (file == NULL) {
        return file_new(follow, source, &named, false);
    }
    return file->input == NULL ? moved_unopened(file, path) : ERR_OK;
}

enum err follow_file_gone(struct follow_file *file)
{
    if (file->there) {
        follow_take_path(file->follow, file);
    }
    file->there = false;
    file->gone_us = os_monotonic_us();
    if (file->input == NULL) {
        return gone_unopened(file);
    }
    if (file->sort == INPUT_PIPE) {
        TRY(file_release(file));
        follow_file_free(file);
        return ERR_OK;
    }
    file->unread = true;
    return ERR_OK;
}

enum err follow_files_turn(struct follow *follow, int *ret_ms)
{
    int64_t now_us = os_monotonic_us();
    *ret_ms = follow->open_count > 0 || follow->queue_first != NULL ? TIMERS_MS : NEVER_MS;
    TRY(look_at_changed(follow, now_us, ret_ms));
    TRY(timers(follow, now_us));
    return open_some(follow, now_us);
}
