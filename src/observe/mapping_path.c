// SPDX-License-Identifier: EUPL-1.2
#include "observe/mapping_path.h"

#include "base/buf.h"
#include "format/record.h"

enum { PATH_SIZE_MAX = 512 };

struct span mapping_without_quotes(struct span text)
{
    bool quoted = text.size >= 2 && text.data[0] == '"' && text.data[text.size - 1] == '"';
    return quoted ? span_slice(text, 1, text.size - 1) : text;
}

bool mapping_item_next(struct span *rest, uint8_t separator, struct span *ret)
{
    bool quoted = false;
    bool chosen = false;
    size_t end = 0;
    if (rest->data == NULL) {
        return false;
    }
    for (; end < rest->size; end++) {
        uint8_t byte = rest->data[end];
        quoted = byte == '"' ? !quoted : quoted;
        if (!quoted && (byte == '[' || byte == ']')) {
            chosen = byte == '[';
        }
        if (!quoted && !chosen && byte == separator) {
            break;
        }
    }
    *ret = span_trim(span_slice(*rest, 0, end));
    *rest = end < rest->size ? span_from(*rest, end + 1) : (struct span){ NULL, 0 };
    return true;
}

/* A path while it is read. */
struct reading {
    struct op *op;
    struct span text;
    struct buf name;
    struct buf key;
    size_t steps;
    struct mapping_path path;
};

static enum err refuse(const struct reading *r, const char *what)
{
    return op_fail(r->op, ERR_FORMAT, "%.*s: %s", SPAN_FMT(r->text), what);
}

/* "Name=Agent" between brackets: the key beside which the rest of the path goes on. */
static enum err choice_read(struct reading *r, struct span choice)
{
    struct span rest = choice;
    struct span key = { NULL, 0 };
    (void)mapping_item_next(&rest, '=', &key);
    key = mapping_without_quotes(key);
    if (r->path.select.size > 0) {
        return refuse(r, "more than one [KEY=VALUE]");
    }
    struct span value = mapping_without_quotes(span_trim(rest));
    if (value.size == 0 || key.size == 0 || span_find(key, '/') != SPAN_NOT_FOUND) {
        return refuse(r, "what stands in brackets is [KEY=VALUE]");
    }
    struct buf select;
    buf_init(&select, PATH_SIZE_MAX);
    buf_add(&select, buf_span(&r->key));
    buf_add_byte(&select, '/');
    buf_add(&select, key);
    enum err err = select.err == ERR_OK ? op_copy(r->op, buf_span(&select), &r->path.select)
                                        : refuse(r, "longer than 512 bytes");
    buf_done(&select);
    TRY(err);
    return op_copy(r->op, value, &r->path.selected);
}

static enum err step_add(struct reading *r, struct span step)
{
    if (step.size == 0) {
        return refuse(r, "a key is empty");
    }
    if (span_find(step, '/') != SPAN_NOT_FOUND) {
        return refuse(r, "keys with '/' cannot be named");
    }
    if (r->steps == RECORD_DEPTH_MAX) {
        return refuse(r, "more than 64 keys below each other");
    }
    if (r->steps > 0) {
        buf_add_byte(&r->name, '.');
        buf_add_byte(&r->key, '/');
    }
    buf_add(&r->name, step);
    buf_add(&r->key, step);
    r->steps++;
    return ERR_OK;
}

/* One key, and the choice behind it. */
static enum err step_read(struct reading *r, struct span step)
{
    bool quoted = step.size > 0 && step.data[0] == '"';
    ptrdiff_t end = quoted ? span_find(span_from(step, 1), '"') : span_find(step, '[');
    size_t key_size = end == SPAN_NOT_FOUND ? step.size : (size_t)end + (quoted ? 2 : 0);
    if (quoted && end == SPAN_NOT_FOUND) {
        return refuse(r, "a quote that is not closed");
    }
    TRY(step_add(r, mapping_without_quotes(span_slice(step, 0, key_size))));
    struct span choice = span_from(step, key_size);
    if (choice.size == 0) {
        return ERR_OK;
    }
    if (choice.data[0] != '[' || choice.data[choice.size - 1] != ']') {
        return refuse(r, "a key is a word, or stands in quotes");
    }
    choice = span_trim(span_slice(choice, 1, choice.size - 1));
    if (choice.size == 0 || span_equal(choice, SPAN("*"))) {
        return ERR_OK; /* all elements of a list, which a path passes through anyway */
    }
    return choice_read(r, choice);
}

static enum err path_read(struct reading *r)
{
    struct span rest = r->text;
    struct span step = { NULL, 0 };
    while (mapping_item_next(&rest, '.', &step)) {
        TRY(step_read(r, step));
    }
    if (r->name.err != ERR_OK || r->key.err != ERR_OK) {
        return refuse(r, "longer than 512 bytes");
    }
    TRY(op_copy(r->op, buf_span(&r->name), &r->path.name));
    return op_copy(r->op, buf_span(&r->key), &r->path.key);
}

enum err mapping_path_read(struct op *op, struct span text, struct mapping_path *ret)
{
    struct reading reading = { .op = op, .text = text };
    buf_init(&reading.name, PATH_SIZE_MAX);
    buf_init(&reading.key, PATH_SIZE_MAX);
    enum err err = path_read(&reading);
    buf_done(&reading.name);
    buf_done(&reading.key);
    TRY(err);
    *ret = reading.path;
    return ERR_OK;
}
