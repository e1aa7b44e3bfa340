// SPDX-License-Identifier: EUPL-1.2
#include "observe/layout.h"

enum { STOP_COUNT_MAX = 8 };

enum layout_kind {
    ITEM_LITERAL,
    ITEM_SPACE,
    ITEM_WORD,
    ITEM_MORE,
    ITEM_OPTION, /* `jump` is the item behind it */
};

struct layout_item {
    uint8_t kind;
    uint16_t name;      /* of a capture */
    uint16_t jump;      /* of an option */
    uint8_t stop_count; /* of a word: bytes at which it ends, beside white space */
    uint8_t stops[STOP_COUNT_MAX];
    struct span literal; /* not empty */
};

/* ---- making ---- */

struct making {
    struct op *op;
    struct span text;
    size_t at;
    const struct layout_names *names;
    size_t count;
    struct layout_item items[LAYOUT_ITEM_COUNT_MAX];
    size_t captures;
    size_t option; /* that is open; LAYOUT_ITEM_COUNT_MAX: none */
};

static enum err refuse(const struct making *m, const char *what)
{
    return op_fail(m->op, ERR_FORMAT, "byte %zu of the layout: %s", m->at + 1, what);
}

static bool stands(const struct making *m, const char *text)
{
    return span_starts_with(span_from(m->text, m->at), span_of(text));
}

static bool is_space(uint8_t byte)
{
    return byte == ' ' || byte == '\t';
}

static enum err item_add(struct making *m, const struct layout_item *item)
{
    if (m->count == LAYOUT_ITEM_COUNT_MAX) {
        return op_fail(m->op, ERR_LIMIT, "the layout has more than %d parts",
                       LAYOUT_ITEM_COUNT_MAX);
    }
    m->items[m->count] = *item;
    m->count++;
    return ERR_OK;
}

static bool is_capture(const struct layout_item *item)
{
    return item->kind == ITEM_WORD || item->kind == ITEM_MORE;
}

/* A letter, a digit, or one of the signs that names of fields have. */
static bool is_name_byte(uint8_t byte)
{
    bool letter = (byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z');
    bool digit = byte >= '0' && byte <= '9';
    return letter || digit || byte == '_' || byte == '-' || byte == '.';
}

static enum err name_check(const struct making *m, struct span name)
{
    bool good = name.size <= LAYOUT_NAME_SIZE_MAX;
    for (size_t i = 0; i < name.size; i++) {
        good = good && is_name_byte(name.data[i]);
    }
    return good ? ERR_OK : refuse(m, "a name has letters, digits, '_', '-' and '.', at most 64");
}

/* "%{name}": the reader stands at its '%'. */
static enum err make_capture(struct making *m)
{
    struct span rest = span_from(m->text, m->at + 2);
    ptrdiff_t end = span_find(rest, '}');
    if (end == SPAN_NOT_FOUND) {
        return refuse(m, "'%{' without '}'");
    }
    if (m->count > 0 && is_capture(&m->items[m->count - 1])) {
        return refuse(m, "nothing between two %{...}: where would the first end?");
    }
    if (m->captures == LAYOUT_CAPTURE_COUNT_MAX) {
        return refuse(m, "more than 64 %{...}");
    }
    struct span name = span_slice(rest, 0, (size_t)end);
    struct layout_item item = { .kind = ITEM_WORD, .name = LAYOUT_NAMELESS };
    if (span_ends_with(name, SPAN("..."))) {
        item.kind = ITEM_MORE;
        name = span_slice(name, 0, name.size - 3); /* the dots */
    }
    TRY(name_check(m, name));
    if (name.size > 0) {
        TRY(m->names->number(m->names->context, name, &item.name));
    }
    m->captures++;
    m->at += 2 + (size_t)end + 1;
    return item_add(m, &item);
}

static enum err option_begin(struct making *m)
{
    if (m->option != LAYOUT_ITEM_COUNT_MAX) {
        return refuse(m, "'%[' inside of '%['");
    }
    if (m->count > 0 && m->items[m->count - 1].kind == ITEM_MORE) {
        return refuse(m, "'%[' behind %{name...}: where would that end?");
    }
    m->option = m->count;
    m->at += 2;
    return item_add(m, &(struct layout_item){ .kind = ITEM_OPTION });
}

static enum err option_end(struct making *m)
{
    if (m->option == LAYOUT_ITEM_COUNT_MAX) {
        return refuse(m, "'%]' without '%['");
    }
    const struct layout_item *first = &m->items[m->option + 1];
    bool literal =
        m->option + 1 < m->count && (first->kind == ITEM_LITERAL || first->kind == ITEM_SPACE);
    if (!literal) {
        return refuse(m, "'%[' must begin with text, by which it is told");
    }
    if (m->items[m->count - 1].kind == ITEM_MORE && m->at + 2 < m->text.size) {
        return refuse(m, "'%]' behind %{name...}: where would that end?");
    }
    m->items[m->option].jump = (uint16_t)m->count;
    m->option = LAYOUT_ITEM_COUNT_MAX;
    m->at += 2;
    return ERR_OK;
}

static enum err make_space(struct making *m)
{
    while (m->at < m->text.size && is_space(m->text.data[m->at])) {
        m->at++;
    }
    bool again = m->count > 0 && m->items[m->count - 1].kind == ITEM_SPACE;
    return again ? ERR_OK : item_add(m, &(struct layout_item){ .kind = ITEM_SPACE });
}

/* Text up to the next space or '%', or one percent sign. */
static enum err make_literal(struct making *m)
{
    size_t begin = m->at;
    if (stands(m, "%%")) {
        m->at += 2;
        begin++;
    } else if (m->text.data[m->at] == '%') {
        return refuse(m, "'%' is followed by '{', '[', ']' or '%'");
    }
    while (m->at < m->text.size && !is_space(m->text.data[m->at]) && m->text.data[m->at] != '%') {
        m->at++;
    }
    return item_add(m, &(struct layout_item){ .kind = ITEM_LITERAL,
                                              .literal = span_slice(m->text, begin, m->at) });
}

static enum err make_next(struct making *m)
{
    if (stands(m, "%{")) {
        return make_capture(m);
    }
    if (stands(m, "%[")) {
        return option_begin(m);
    }
    if (stands(m, "%]")) {
        return option_end(m);
    }
    return is_space(m->text.data[m->at]) ? make_space(m) : make_literal(m);
}

/* What may follow a word: a text, or an option's first text, or else what stands behind that. */
static enum err find_stops(struct making *m, size_t word)
{
    struct layout_item *item = &m->items[word];
    size_t next = word + 1;
    while (next < m->count && m->items[next].kind == ITEM_OPTION) {
        const struct layout_item *first = &m->items[next + 1];
        if (item->stop_count + 1 == STOP_COUNT_MAX) {
            return refuse(m, "too many '%[' behind each other");
        }
        if (first->kind == ITEM_LITERAL) {
            item->stops[item->stop_count] = first->literal.data[0];
            item->stop_count++;
        }
        next = m->items[next].jump;
    }
    if (next < m->count && m->items[next].kind == ITEM_LITERAL) {
        item->stops[item->stop_count] = m->items[next].literal.data[0];
        item->stop_count++;
    }
    return ERR_OK;
}

enum err layout_make(struct op *op, struct span text, const struct layout_names *names,
                     struct layout *ret)
{
    struct making making = { .op = op, .names = names, .option = LAYOUT_ITEM_COUNT_MAX };
    if (text.size > LAYOUT_SIZE_MAX) {
        return op_fail(op, ERR_LIMIT, "a layout of more than %d bytes", LAYOUT_SIZE_MAX);
    }
    TRY(op_copy(op, text, &making.text));
    while (making.at < making.text.size) {
        TRY(make_next(&making));
    }
    if (making.option != LAYOUT_ITEM_COUNT_MAX) {
        return refuse(&making, "'%[' without '%]'");
    }
    if (making.captures == 0) {
        return refuse(&making, "there is no %{name} in it");
    }
    for (size_t i = 0; i < making.count; i++) {
        if (making.items[i].kind == ITEM_WORD) {
            TRY(find_stops(&making, i));
        }
    }
    size_t size = making.count * sizeof making.items[0];
    struct layout_item *items = op_alloc(op, size);
    if (items == NULL) {
        return ERR_LIMIT;
    }
    span_copy(items, size, span_make(making.items, size));
    *ret = (struct layout){ .items = items, .count = making.count };
    return ERR_OK;
}

/* ---- fitting ---- */

struct fitting {
    const struct layout *layout;
    struct span line;
    struct layout_found *found;
};

static void capture_add(struct fitting *f, const struct layout_item *item, size_t begin, size_t end)
{
    struct layout_found *found = f->found;
    if (item->name != LAYOUT_NAMELESS) {
        found->captures[found->count] = (struct layout_capture){
            .name = item->name,
            .text = span_slice(f->line, begin, end),
        };
        found->count++; /* not above the captures of a layout */
    }
}

static size_t space_end(const struct fitting *f, size_t at)
{
    while (at < f->line.size && is_space(f->line.data[at])) {
        at++;
    }
    return at;
}

/* Whether the text and space from an item on stand in the line; `*at` is moved behind them. */
static bool fixed_stand(const struct fitting *f, size_t item, size_t item_end, size_t *at)
{
    size_t place = *at;
    for (; item < item_end; item++) {
        const struct layout_item *fixed = &f->layout->items[item];
        if (fixed->kind == ITEM_SPACE) {
            size_t end = space_end(f, place);
            if (end == place) {
                return false;
            }
            place = end;
        } else if (fixed->kind == ITEM_LITERAL) {
            if (!span_starts_with(span_from(f->line, place), fixed->literal)) {
                return false;
            }
            place += fixed->literal.size;
        } else {
            break;
        }
    }
    *at = place;
    return true;
}

static bool ends_word(const struct layout_item *word, uint8_t byte)
{
    if (is_space(byte)) {
        return true;
    }
    for (size_t i = 0; i < word->stop_count; i++) {
        if (word->stops[i] == byte) {
            return true;
        }
    }
    return false;
}

static size_t word_end(const struct fitting *f, const struct layout_item *word, size_t at)
{
    while (at < f->line.size && !ends_word(word, f->line.data[at])) {
        at++;
    }
    return at;
}

/* Whether a byte is one that an odd number of backslashes stands before. */
static bool is_escaped(const struct fitting *f, size_t begin, size_t at)
{
    size_t count = 0;
    while (at - count > begin && f->line.data[at - count - 1] == '\\') {
        count++;
    }
    return count % 2 == 1;
}

/* Where what follows stands first, at or behind `at`; line.size + 1 where it does not. */
static size_t more_end(const struct fitting *f, size_t next, size_t next_end, size_t at)
{
    const struct layout_item *first = &f->layout->items[next];
    const size_t begin = at;
    const bool space = first->kind == ITEM_SPACE;
    const uint8_t byte = space ? ' ' : first->literal.data[0];
    while (at < f->line.size) {
        size_t behind = at;
        bool begins = space ? is_space(f->line.data[at]) : f->line.data[at] == byte;
        bool escaped = begins && byte == '"' && is_escaped(f, begin, at);
        if (begins && !escaped && fixed_stand(f, next, next_end, &behind)) {
            return at;
        }
        at = begins && space ? space_end(f, at) : at + 1; /* each run of white space once */
    }
    return f->line.size + 1;
}

static bool items_fit(struct fitting *f, size_t item, size_t item_end, size_t *at);

static void option_take(struct fitting *f, size_t item, size_t *at)
{
    size_t place = *at;
    size_t captures = f->found->count;
    if (items_fit(f, item + 1, f->layout->items[item].jump, &place)) {
        *at = place;
    } else {
        f->found->count = captures;
    }
}

static bool more_fits(struct fitting *f, size_t item, size_t item_end, size_t *at)
{
    const struct layout_item *more = &f->layout->items[item];
    size_t next = item + 1;
    size_t end = f->line.size;
    if (next < item_end) {
        end = more_end(f, next, item_end, *at);
    } else if (item_end < f->layout->count) {
        return false; /* an option's last one: nothing behind the option could stand */
    }
    if (end > f->line.size) {
        return false;
    }
    capture_add(f, more, *at, end);
    *at = end;
    return true;
}

/* Whether items stand in the line from `*at` on; it is moved behind them. */
static bool items_fit(struct fitting *f, size_t item, size_t item_end, size_t *at)
{
    const bool in_option = item > 0; /* a layout as a whole begins with its first item */
    while (item < item_end) {
        const struct layout_item *here = &f->layout->items[item];
        size_t end = 0;
        switch ((enum layout_kind)here->kind) {
        case ITEM_LITERAL:
        case ITEM_SPACE:
            if (!fixed_stand(f, item, item + 1, at)) {
                return false;
            }
            break;
        case ITEM_WORD:
            end = word_end(f, here, *at);
            if (end == *at && in_option) {
                return false;
            }
            capture_add(f, here, *at, end);
            *at = end;
            break;
        case ITEM_MORE:
            if (!more_fits(f, item, item_end, at)) {
                return false;
            }
            break;
        case ITEM_OPTION:
            option_take(f, item, at);
            item = here->jump;
            continue;
        }
        item++;
    }
    return true;
}

bool layout_fits(const struct layout *layout, struct span line, struct layout_found *ret)
{
    struct fitting fitting = { .layout = layout, .line = line, .found = ret };
    size_t at = space_end(&fitting, 0);
    ret->count = 0;
    if (!items_fit(&fitting, 0, layout->count, &at)) {
        return false;
    }
    return space_end(&fitting, at) == line.size;
}
