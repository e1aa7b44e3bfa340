// SPDX-License-Identifier: EUPL-1.2
#include "node/raw.h"

#include <unistd.h>

#include "node/image.h"
#include "node/raw_file.h"
#include "node/roles.h"
#include "os/descriptor.h"
#include "os/random.h"
#include "watch/message.h"

enum {
    HOURS_MAX = (int)(UINT32_MAX / HISTORY_HOUR_S) + 1,
    BITS = 8, /* of a byte */
    BODY_SIZE_MAX = 64 * 1024,
    FILE_MEMORY_MAX = 64 * 1024 * 1024,
};

/* ---- hours ---- */

enum err raw_hours_begin(struct op *op, struct raw_hours *ret)
{
    uint8_t *bits = op_alloc(op, HOURS_MAX / BITS + 1);
    if (bits == NULL) {
        return ERR_LIMIT;
    }
    *ret = (struct raw_hours){ .count = HOURS_MAX, .bits = bits, .first_s = UINT32_MAX };
    return ERR_OK;
}

void raw_hours_add(struct raw_hours *hours, uint32_t first_s, uint32_t last_s)
{
    for (uint32_t hour = first_s / HISTORY_HOUR_S; hour <= last_s / HISTORY_HOUR_S; hour++) {
        hours->bits[hour / BITS] |= (uint8_t)(1u << hour % BITS);
    }
    hours->first_s = first_s < hours->first_s ? first_s : hours->first_s;
    hours->last_s = last_s > hours->last_s ? last_s : hours->last_s;
}

static bool hours_have(const struct raw_hours *hours, uint32_t first_s, uint32_t last_s)
{
    for (uint32_t hour = first_s / HISTORY_HOUR_S; hour <= last_s / HISTORY_HOUR_S; hour++) {
        if ((hours->bits[hour / BITS] >> hour % BITS & 1) != 0) {
            return true;
        }
    }
    return false;
}

/* ---- the image of the questions ---- */

/* The number of a question is its indicator's id. */
static struct uuid number_uuid(size_t number)
{
    struct uuid uuid = { { 0 } };
    for (size_t i = 0; i < sizeof number; i++) {
        uuid.bytes[sizeof uuid.bytes - 1 - i] = (uint8_t)(number >> BITS * i);
    }
    return uuid;
}

static bool number_read(struct span id, size_t *ret)
{
    struct uuid uuid;
    size_t number = 0;
    if (!span_starts_with(id, SPAN("indicator--")) ||
        uuid_parse(span_from(id, sizeof "indicator--" - 1), &uuid) != ERR_OK) {
        return false;
    }
    for (size_t i = 0; i < sizeof number; i++) {
        number |= (size_t)uuid.bytes[sizeof uuid.bytes - 1 - i] << BITS * i;
    }
    *ret = number;
    return true;
}

static enum err questions_add(struct match_builder *builder, const struct raw_look *look)
{
    const struct hunt_questions *questions = look->questions;
    const struct match_origin nobody = { .source_id = SPAN("") };
    uint16_t origin = 0;
    TRY(match_builder_origin(builder, &nobody, &origin));
    for (size_t i = 0; i < questions->count; i++) {
        const struct match_indicator indicator = {
            .value = questions->at[i].value,
            .scope = questions->at[i].scope,
            .origin = origin,
            .confidence = RANK_CONFIDENCE_UNKNOWN,
            .has_uuid = true,
            .uuid = number_uuid(i),
            .valid_from_us = TIME_US_NONE,
            .valid_until_us = TIME_US_NONE,
        };
        if (look->wanted[i]) {
            TRY(match_builder_add(builder, &indicator));
        }
    }
    return ERR_OK;
}

static enum err image_file(struct op *op, const struct raw_look *look, int *ret_fd)
{
    struct hash_secret secret;
    struct match_builder *builder = NULL;
    struct buf image;
    os_random(secret.bytes, sizeof secret.bytes);
    TRY(match_builder_new(op, &secret, look->questions->count, &builder));
    buf_init(&image, (size_t)1 << IMAGE_SIZE_MAX_BITS);
    enum err err = questions_add(builder, look);
    if (err == ERR_OK) {
        err = match_builder_finish(builder, &image);
    }
    match_builder_free(builder);
    if (err == ERR_OK) {
        err = descriptor_of_bytes(op, buf_span(&image), ret_fd);
    }
    buf_done(&image);
    return err;
}

/* ---- talking to the watch process ---- */

struct reading {
    struct op *op; /* of the file in hand */
    const struct raw_look *look;
    struct node *node;
    struct channel *channel;
    uint64_t *counts; /* of lines, by question */
    size_t left;      /* questions that may have more of them */
    uint32_t input;   /* number of the one that is read */
    const struct store_input *file;
    struct raw_file found;
    uint64_t begin;      /* of the stretch */
    uint64_t end;        /* of it; UINT64_MAX: of the file */
    uint64_t chunk_from; /* where the next chunk begins */
    const char *gone;    /* why it cannot be read; NULL: it can */
    bool ended;
};

static enum err strange(const struct reading *reading)
{
    return op_fail(reading->op, ERR_FORMAT, "the watch process said what is not agreed");
}

static enum err say(const struct reading *reading, uint8_t type, struct buf *body, int fd)
{
    enum err err = body->err == ERR_OK
                       ? channel_send(reading->op, reading->channel, type, buf_span(body), fd)
                       : op_fail(reading->op, ERR_LIMIT, "a name is too long");
    buf_done(body);
    return err;
}

static enum err say_open(const struct reading *reading, enum observe_format format, int fd)
{
    struct buf body;
    const struct watch_message_open open = {
        .input = reading->input,
        .format = format,
        .stream = observe_stream_from_path(reading->file->path),
        .sensor = reading->file->sensor,
        .mark = reading->file->mark,
    };
    buf_init(&body, BODY_SIZE_MAX);
    watch_message_add_open(&body, &open);
    return say(reading, WATCH_MESSAGE_OPEN, &body, fd);
}

static enum err say_start(const struct reading *reading)
{
    struct buf body;
    const struct watch_message_start start = {
        .input = reading->input,
        .begin = { .position = reading->begin, .last_counts = true, .header = SPAN("") },
    };
    buf_init(&body, BODY_SIZE_MAX);
    watch_message_add_start(&body, &start);
    return say(reading, WATCH_MESSAGE_START, &body, CHANNEL_NO_FILE);
}

static enum err say_close(struct reading *reading)
{
    struct buf body;
    const struct watch_message_close close = { .input = reading->input };
    buf_init(&body, BODY_SIZE_MAX);
    watch_message_add_close(&body, &close);
    reading->ended = true;
    return say(reading, WATCH_MESSAGE_CLOSE, &body, CHANNEL_NO_FILE);
}

static bool is_asked(const struct raw_look *look, const struct fold *fold)
{
    bool in_time = fold->last_us >= (int64_t)look->since_s * US_PER_S &&
                   fold->first_us <= (int64_t)look->until_s * US_PER_S;
    return in_time && (look->sensor.size == 0 || span_equal(look->sensor, fold->sensor));
}

static enum err tell_fold(struct reading *reading, const struct fold *fold)
{
    const struct raw_look *look = reading->look;
    size_t question = 0;
    if (!number_read(fold->indicator, &question) || question >= look->questions->count ||
        !look->wanted[question]) {
        return strange(reading);
    }
    for (size_t i = 0; is_asked(look, fold) && i < fold->evidence_count; i++) {
        const struct raw_line line = {
            .question = question,
            .path = span_of(reading->found.shown),
            .from = reading->chunk_from,
            .text = fold->evidence[i],
            .inside = fold->inside,
        };
        if (reading->counts[question] >= look->count_max) {
            break;
        }
        reading->counts[question]++;
        reading->left -= reading->counts[question] == look->count_max ? 1 : 0;
        look->on_line(look->context, &line);
    }
    return ERR_OK;
}

static enum err on_folds(struct reading *reading, struct span body)
{
    struct watch_message_folds message;
    if (watch_message_read_folds(body, &message) != ERR_OK) {
        return strange(reading);
    }
    struct wire_reader r = wire_reader_of(message.folds);
    int64_t length_us = reading->node->config->fold_minutes * FOLD_MINUTE_US;
    while (message.input == reading->input && !reading->ended && r.rest.size > 0) {
        struct fold fold;
        fold_wire_read(&r, length_us, &fold);
        if (r.err != ERR_OK) {
            return strange(reading);
        }
        TRY(tell_fold(reading, &fold));
    }
    return ERR_OK;
}

static enum err on_chunk(struct reading *reading, struct span body)
{
    struct watch_message_chunk chunk;
    if (watch_message_read_chunk(body, &chunk) != ERR_OK) {
        return strange(reading);
    }
    if (chunk.input != reading->input || reading->ended) {
        return ERR_OK;
    }
    reading->chunk_from = chunk.end;
    bool done = chunk.end >= reading->end || reading->left == 0;
    return done ? say_close(reading) : ERR_OK;
}

static enum err on_begun(struct reading *reading, struct span body)
{
    struct watch_message_begun begun;
    if (watch_message_read_begun(body, &begun) != ERR_OK) {
        return strange(reading);
    }
    if (begun.input != reading->input || reading->ended) {
        return ERR_OK;
    }
    if (!begun.known || begun.format == OBSERVE_FORMAT_AUTO) {
        reading->gone = "holds something else now";
        return say_close(reading);
    }
    return say_start(reading);
}

static enum err on_ended(struct reading *reading, struct span body)
{
    struct watch_message_ended ended;
    if (watch_message_read_ended(body, &ended) != ERR_OK) {
        return strange(reading);
    }
    if (ended.input == reading->input) {
        reading->gone = ended.err == ERR_OK ? reading->gone : "cannot be read to its end";
        reading->ended = true;
    }
    return ERR_OK;
}

static enum err hear(struct reading *reading)
{
    struct channel_message message;
    TRY(op_check(reading->op));
    TRY(channel_receive(reading->op, reading->channel, true, &message));
    if (message.file != CHANNEL_NO_FILE) {
        close(message.file);
        return strange(reading);
    }
    switch (message.type) {
    case WATCH_MESSAGE_BEGUN:
        return on_begun(reading, message.body);
    case WATCH_MESSAGE_FOLDS:
        return on_folds(reading, message.body);
    case WATCH_MESSAGE_CHUNK:
        return on_chunk(reading, message.body);
    case WATCH_MESSAGE_ENDED:
        return on_ended(reading, message.body);
    case WATCH_MESSAGE_SEEN:
    case WATCH_MESSAGE_RESTS:
        return ERR_OK;
    default:
        return strange(reading);
    }
}

/* ---- files ---- */

static enum err read_stretch(struct reading *reading, enum observe_format format, int fd)
{
    reading->input++;
    reading->ended = false;
    reading->gone = NULL;
    reading->chunk_from = reading->begin;
    TRY(say_open(reading, format, fd));
    while (!reading->ended) {
        TRY(hear(reading));
    }
    return ERR_OK;
}

/* A piece of a file, in one go: neighbours are read together. */
static bool next_piece(struct reading *reading, const struct store_stretch *stretches, size_t count,
                       size_t *at)
{
    const struct raw_hours *hours = reading->look->hours;
    bool any = false;
    for (; *at < count; (*at)++) {
        const struct store_stretch *stretch = &stretches[*at];
        bool wanted = hours_have(hours, stretch->first_s, stretch->last_s);
        if (any && (!wanted || stretch->begin != reading->end)) {
            break;
        }
        if (wanted) {
            reading->begin = any ? reading->begin : stretch->begin;
            reading->end = stretch->end;
            any = true;
        }
    }
    return any;
}

static enum err read_pieces(struct reading *reading, const struct store_stretch *stretches,
                            size_t count)
{
    enum observe_format format = OBSERVE_FORMAT_AUTO;
    size_t at = 0;
    if (observe_formats_find(&reading->node->config->formats, reading->file->format, &format) !=
        ERR_OK) {
        reading->gone = "is of a format that is not configured any more";
        return ERR_OK;
    }
    while (reading->gone == NULL && reading->left > 0 &&
           next_piece(reading, stretches, count, &at)) {
        int fd = -1;
        TRY(raw_file_open(reading->op, &reading->found, &fd));
        enum err err = read_stretch(reading, format, fd);
        close(fd);
        TRY(err);
    }
    return ERR_OK;
}

static enum err read_file(struct reading *reading, const struct invocation *invocation)
{
    const struct raw_look *look = reading->look;
    const struct store_stretch span = { .first_s = look->hours->first_s,
                                        .last_s = look->hours->last_s };
    struct store_stretch *stretches = NULL;
    size_t count = 0;
    TRY(store_stretches(reading->op, reading->node->store, reading->file->id.number, &span,
                        &stretches, &count));
    bool holds = false;
    for (size_t i = 0; i < count && !holds; i++) {
        holds = hours_have(look->hours, stretches[i].first_s, stretches[i].last_s);
    }
    if (!holds) {
        return ERR_OK;
    }
    reading->gone = NULL;
    if (raw_file_find(invocation, reading->node, reading->file, &reading->found)) {
        TRY(read_pieces(reading, stretches, count));
    } else {
        reading->gone = "is not there any more";
    }
    if (reading->gone != NULL) {
        look->on_gone(look->context, reading->file->path, reading->gone);
    }
    return ERR_OK;
}

static enum err read_files(struct reading *reading, struct op *op,
                           const struct invocation *invocation)
{
    struct store_input *inputs = NULL;
    size_t count = 0;
    TRY(store_inputs(op, reading->node->store, &inputs, &count));
    for (size_t i = 0; i < count && reading->left > 0; i++) {
        struct op own;
        op_begin(&own, &op->actor, FILE_MEMORY_MAX);
        own.cancel = op->cancel;
        reading->op = &own;
        reading->file = &inputs[i];
        enum err err = read_file(reading, invocation);
        if (err != ERR_OK) {
            err = op_fail(op, err, "%.*s: %s", SPAN_FMT(inputs[i].path), own.fault.text);
        }
        reading->op = op;
        op_end(&own);
        TRY(err);
    }
    return ERR_OK;
}

static enum err send_image(struct op *op, struct channel *channel, const struct raw_look *look)
{
    int fd = -1;
    TRY(image_file(op, look, &fd));
    enum err err = channel_send(op, channel, WATCH_MESSAGE_IMAGE, SPAN(""), fd);
    close(fd);
    return err;
}

enum err raw_run(struct op *op, const struct invocation *invocation, struct node *node,
                 const struct raw_look *look)
{
    int setup = -1;
    struct role_child child = { .pid = 0 };
    const struct role_watch_how how = { .jobs = 1, .remembers = false };
    struct reading reading = { .op = op, .look = look, .node = node, .channel = &child.channel };
    reading.counts = op_alloc(op, (look->questions->count + 1) * sizeof *reading.counts);
    if (reading.counts == NULL) {
        return ERR_LIMIT;
    }
    for (size_t i = 0; i < look->questions->count; i++) {
        reading.left += look->wanted[i] ? 1 : 0;
    }
    if (look->hours->first_s == UINT32_MAX || reading.left == 0) {
        return ERR_OK;
    }
    TRY(observe_formats_add_ready(op, &node->config->formats));
    TRY(role_watch_setup(op, node, &how, &setup));
    enum err err = role_start(op, invocation->roles, ROLE_WATCH, setup, &child);
    close(setup);
    TRY(err);
    err = send_image(op, &child.channel, look);
    if (err == ERR_OK) {
        err = read_files(&reading, op, invocation);
    }
    (void)role_stop(invocation->roles, &child, true);
    return err;
}
