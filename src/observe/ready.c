// SPDX-License-Identifier: EUPL-1.2
/*
 * The ready mappings: ready.conf, which is part of the program, read as the configuration is.
 */
#include <ini.h>

#include "base/must.h"
#include "observe/formats.h"
#include "observe/mapping.h"

/* Made of ready.conf when the program is built. */
extern const char observe_ready_conf[];

#define SECTION SPAN("[mapping \"")

/* The next section: from the comments above its name to those above the next one's. */
static bool section_next(struct span *rest, struct span *ret_name, struct span *ret_text)
{
    ptrdiff_t begin = span_find_span(*rest, SECTION);
    if (begin == SPAN_NOT_FOUND) {
        return false;
    }
    struct span text = span_from(*rest, (size_t)begin);
    struct span name = span_from(text, SECTION.size);
    ptrdiff_t quote = span_find(name, '"');
    must(quote != SPAN_NOT_FOUND);
    ptrdiff_t next = span_find_span(name, SECTION);
    size_t size = next == SPAN_NOT_FOUND ? text.size : SECTION.size + (size_t)next;
    *ret_name = span_slice(name, 0, (size_t)quote);
    *ret_text = span_slice(text, 0, size);
    *rest = span_from(text, size);
    return true;
}

struct span observe_ready_name(size_t number)
{
    struct span rest = span_of(observe_ready_conf);
    struct span name = { NULL, 0 };
    struct span text = { NULL, 0 };
    for (size_t i = 0; section_next(&rest, &name, &text); i++) {
        if (i == number) {
            return name;
        }
    }
    return (struct span){ NULL, 0 };
}

/* A section while it is read. */
struct reading {
    struct op *op;
    struct mapping_draft *draft;
    enum err err;
};

static int on_pair(void *context, const char *section, const char *key, const char *value)
{
    struct reading *reading = context;
    (void)section;
    if (reading->err == ERR_OK) {
        reading->err = mapping_set(reading->op, reading->draft, span_of(key), span_of(value));
    }
    return 1;
}

/* Our own data: whatever is wrong with it but its size is a fault of the program. */
static enum err section_make(struct op *op, struct span name, struct span text,
                             const struct observe_mapping **ret)
{
    struct reading reading = { .op = op };
    struct span copy = { NULL, 0 };
    TRY(op_copy(op, text, &copy)); /* ended by a NUL */
    TRY(mapping_begin(op, name, &reading.draft));
    int line = ini_parse_string((const char *)copy.data, on_pair, &reading);
    must(line == 0);
    must(reading.err == ERR_OK || reading.err == ERR_LIMIT);
    TRY(reading.err);
    enum err err = mapping_end(op, reading.draft, ret);
    must(err == ERR_OK || err == ERR_LIMIT);
    return err;
}

/* Whether a section says that it is also called so. */
static bool is_also(struct span text, struct span name)
{
    struct span rest = text;
    struct span line = { NULL, 0 };
    while (span_next(&rest, '\n', &line)) {
        if (!span_starts_with(line, SPAN("also = "))) {
            continue;
        }
        struct span words = span_from(line, sizeof "also = " - 1);
        struct span word = { NULL, 0 };
        while (span_next(&words, ',', &word)) {
            if (span_equal_nocase(span_trim(word), name)) {
                return true;
            }
        }
    }
    return false;
}

/* Its own name, too, so that who asks by another gets that. */
static enum err section_find(struct span wanted, struct span *ret_name, struct span *ret_text)
{
    for (int also = 0; also < 2; also++) {
        struct span rest = span_of(observe_ready_conf);
        while (section_next(&rest, ret_name, ret_text)) {
            if (also == 0 ? span_equal(*ret_name, wanted) : is_also(*ret_text, wanted)) {
                return ERR_OK;
            }
        }
    }
    return ERR_ABSENT;
}

enum err observe_ready_find(struct span word, struct span *ret)
{
    struct span text = { NULL, 0 };
    return section_find(word, ret, &text);
}

enum err observe_ready_text(struct span name, struct span *ret)
{
    struct span own = { NULL, 0 };
    struct span text = { NULL, 0 };
    TRY(section_find(name, &own, &text));
    *ret = span_trim(text);
    return ERR_OK;
}

enum err observe_ready_mapping(struct op *op, struct span name, const struct observe_mapping **ret)
{
    struct span own = { NULL, 0 };
    struct span text = { NULL, 0 };
    TRY(section_find(name, &own, &text));
    return section_make(op, own, text, ret);
}
