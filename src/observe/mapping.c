// SPDX-License-Identifier: EUPL-1.2
/*
 * From the lines of a mapping to the mapping. What a line says is checked as it comes, so that the
 * fault names it; what several lines must say together, at the end.
 */
#include "observe/mapping.h"

#include "base/must.h"
#include "format/record.h"
#include "observe/mapping_path.h"

enum { ENTRY_COUNT_MAX = MAPPING_USE_COUNT_MAX };

/* A path and what it is used for, as one line of the mapping says. */
struct entry {
    struct mapping_path path;
    uint8_t role;
    uint8_t field_class;
    uint8_t outcome; /* OBSERVE_OUTCOME_UNKNOWN: the entry is no case */
    bool begins;
    struct span value;
};

struct mapping_draft {
    struct observe_mapping mapping;
    size_t entry_count;
    struct entry *entries;
    size_t document_count; /* that "json" names */
    struct mapping_path documents[MAPPING_DOCUMENT_COUNT_MAX];
    bool header_given;
    bool otherwise_given;
};

/* ---- fields that lines name ---- */

static enum err too_many(struct op *op, const char *what, size_t count_max)
{
    return op_fail(op, ERR_LIMIT, "more than %zu %s", count_max, what);
}

/* The number of a field; it is added where it is not there yet. */
static enum err field_number(struct op *op, struct mapping_draft *draft, size_t document,
                             const struct mapping_path *path, uint16_t *ret)
{
    struct observe_mapping *m = &draft->mapping;
    for (size_t i = 0; i < m->field_count; i++) {
        if (m->fields[i].document == document && span_equal(m->fields[i].key, path->key)) {
            *ret = (uint16_t)i;
            return ERR_OK;
        }
    }
    if (m->field_count == MAPPING_FIELD_COUNT_MAX) {
        return too_many(op, "fields", MAPPING_FIELD_COUNT_MAX);
    }
    m->fields[m->field_count] = (struct mapping_field){
        .name = path->name,
        .key = path->key,
        .document = (uint16_t)document,
    };
    *ret = (uint16_t)m->field_count;
    m->field_count++;
    return ERR_OK;
}

/* A name that stands in a layout. */
struct naming {
    struct op *op;
    struct mapping_draft *draft;
};

static enum err name_number(void *context, struct span name, uint16_t *ret)
{
    struct naming *naming = context;
    struct mapping_path path = { .name = { NULL, 0 } };
    TRY(op_copy(naming->op, name, &path.name));
    path.key = path.name;
    return field_number(naming->op, naming->draft, 0, &path, ret);
}

static enum err item_path(struct op *op, const struct mapping_draft *draft, struct span item,
                          struct mapping_path *ret)
{
    struct mapping_path path = { .name = { NULL, 0 } };
    if (draft->mapping.format == MAPPING_NDJSON) {
        return mapping_path_read(op, item, ret);
    }
    struct span name = mapping_without_quotes(item);
    if (name.size == 0) {
        return op_fail(op, ERR_FORMAT, "a name is empty");
    }
    TRY(op_copy(op, name, &path.name));
    path.key = path.name;
    *ret = path;
    return ERR_OK;
}

static enum err entry_add(struct op *op, struct mapping_draft *draft, const struct entry *entry)
{
    if (draft->entry_count == ENTRY_COUNT_MAX) {
        return too_many(op, "uses of fields", ENTRY_COUNT_MAX);
    }
    draft->entries[draft->entry_count] = *entry;
    draft->entry_count++;
    return ERR_OK;
}

/* One item of a list of paths; of times also "date + clock". */
static enum err use_add(struct op *op, struct mapping_draft *draft, struct span item, uint8_t role,
                        uint8_t field_class)
{
    struct entry entry = { .role = role, .field_class = field_class };
    bool time = role == ROLE_TIME || role == MAPPING_ROLE_TIME_MORE;
    ptrdiff_t plus = time ? span_find_span(item, SPAN(" + ")) : SPAN_NOT_FOUND;
    if (plus != SPAN_NOT_FOUND) {
        struct span clock = span_trim(span_from(item, (size_t)plus + 3)); /* behind " + " */
        TRY(use_add(op, draft, clock, MAPPING_ROLE_TIME_MORE, CLASS_NONE));
        item = span_trim(span_slice(item, 0, (size_t)plus));
    }
    TRY(item_path(op, draft, item, &entry.path));
    return entry_add(op, draft, &entry);
}

static enum err uses_add(struct op *op, struct mapping_draft *draft, struct span value,
                         uint8_t role, uint8_t field_class)
{
    struct span rest = value;
    struct span item = { NULL, 0 };
    if (draft->mapping.format == MAPPING_UNSET) {
        return op_fail(op, ERR_FORMAT, "\"format\" comes first: ndjson, csv or text");
    }
    if (value.size == 0) {
        return op_fail(op, ERR_FORMAT, "which field? NAME, or several with commas between");
    }
    while (mapping_item_next(&rest, ',', &item)) {
        TRY(use_add(op, draft, item, role, field_class));
    }
    return ERR_OK;
}

/* "action: block, drop*" */
static enum err cases_add(struct op *op, struct mapping_draft *draft, struct span value,
                          enum observe_outcome outcome)
{
    struct entry entry = { .outcome = (uint8_t)outcome };
    struct span rest = value;
    struct span item = { NULL, 0 };
    if (draft->mapping.format == MAPPING_UNSET) {
        return op_fail(op, ERR_FORMAT, "\"format\" comes first: ndjson, csv or text");
    }
    (void)mapping_item_next(&rest, ':', &item);
    if (rest.data == NULL || span_trim(rest).size == 0) {
        return op_fail(op, ERR_FORMAT, "expected FIELD: VALUE, VALUE...");
    }
    TRY(item_path(op, draft, item, &entry.path));
    while (mapping_item_next(&rest, ',', &item)) {
        if (mapping_without_quotes(item).size == 0) {
            return op_fail(op, ERR_FORMAT, "a value is empty");
        }
        entry.begins = span_ends_with(item, SPAN("*"));
        item = entry.begins ? span_slice(item, 0, item.size - 1) : item;
        TRY(op_copy(op, mapping_without_quotes(item), &entry.value));
        TRY(entry_add(op, draft, &entry));
    }
    return ERR_OK;
}

/* ---- settings ---- */

static bool name_is_good(struct span name)
{
    bool good = name.size > 0 && name.size <= MAPPING_NAME_SIZE_MAX;
    for (size_t i = 0; i < name.size; i++) {
        uint8_t byte = name.data[i];
        bool letter = (byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z');
        bool digit = byte >= '0' && byte <= '9';
        good = good && (letter || digit || byte == '-' || byte == '_' || byte == '.');
    }
    return good;
}

static enum err name_refuse(struct op *op)
{
    return op_fail(op, ERR_FORMAT,
                   "a mapping's name has letters, digits, '-', '_' and '.', at most %d",
                   MAPPING_NAME_SIZE_MAX);
}

static enum err words_add(struct op *op, struct mapping_words *words, struct span value)
{
    struct span rest = value;
    struct span item = { NULL, 0 };
    while (mapping_item_next(&rest, ',', &item)) {
        if (words->count == MAPPING_WORD_COUNT_MAX) {
            return too_many(op, "words", MAPPING_WORD_COUNT_MAX);
        }
        item = mapping_without_quotes(item);
        if (item.size == 0) {
            return op_fail(op, ERR_FORMAT, "a word is empty");
        }
        TRY(op_copy(op, item, &words->words[words->count]));
        words->count++;
    }
    return ERR_OK;
}

/* One of some words, by its number. */
static enum err choice_read(struct op *op, struct span value, const char *const *words,
                            size_t count, size_t *ret)
{
    for (size_t i = 0; i < count; i++) {
        if (span_equal_nocase(value, span_of(words[i]))) {
            *ret = i;
            return ERR_OK;
        }
    }
    struct buf all;
    buf_init(&all, FAULT_TEXT_SIZE);
    for (size_t i = 0; i < count; i++) {
        buf_add_format(&all, "%s%s", i == 0 ? "" : i + 1 < count ? ", " : " or ", words[i]);
    }
    enum err err = op_fail(op, ERR_FORMAT, "not one of %.*s", SPAN_FMT(buf_span(&all)));
    buf_done(&all);
    return err;
}

static enum err set_format(struct op *op, struct mapping_draft *draft, struct span value)
{
    static const char *const words[] = { "ndjson", "csv", "text" };
    size_t choice = 0;
    if (draft->mapping.format != MAPPING_UNSET) {
        return op_fail(op, ERR_FORMAT, "the format was given before");
    }
    TRY(choice_read(op, value, words, sizeof words / sizeof words[0], &choice));
    draft->mapping.format = (enum mapping_format)(MAPPING_NDJSON + choice);
    return ERR_OK;
}

static enum err set_also(struct op *op, struct mapping_draft *draft, struct span value)
{
    struct mapping_words *names = &draft->mapping.aliases;
    size_t first = names->count;
    TRY(words_add(op, names, value));
    for (size_t i = first; i < names->count; i++) {
        if (!name_is_good(names->words[i])) {
            return name_refuse(op);
        }
    }
    return ERR_OK;
}

static enum err set_about(struct op *op, struct mapping_draft *draft, struct span value)
{
    return op_copy(op, value, &draft->mapping.summary);
}

static enum err only_for(struct op *op, const struct mapping_draft *draft,
                         enum mapping_format format, const char *word)
{
    return draft->mapping.format == format
               ? ERR_OK
               : op_fail(op, ERR_FORMAT, "only where \"format = %s\" stands above", word);
}

static enum err set_header(struct op *op, struct mapping_draft *draft, struct span value)
{
    static const char *const words[] = { "first", "none", "w3c" };
    size_t choice = 0;
    TRY(only_for(op, draft, MAPPING_CSV, "csv"));
    TRY(choice_read(op, value, words, sizeof words / sizeof words[0], &choice));
    draft->mapping.header = (enum mapping_header)choice;
    draft->header_given = true;
    return ERR_OK;
}

/* The words are for bytes that cannot stand in the configuration. */
static enum err byte_read(struct op *op, struct span value, uint8_t *ret)
{
    static const struct {
        const char *word;
        uint8_t byte;
    } words[] = {
        { "comma", ',' }, { "semicolon", ';' }, { "tab", '\t' },        { "space", ' ' },
        { "bar", '|' },   { "quote", '"' },     { "apostrophe", '\'' },
    };
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
        if (span_equal_nocase(value, span_of(words[i].word))) {
            *ret = words[i].byte;
            return ERR_OK;
        }
    }
    if (value.size != 1) {
        return op_fail(op, ERR_FORMAT, "not one character, nor comma, semicolon, tab, space, bar");
    }
    *ret = value.data[0];
    return ERR_OK;
}

static enum err set_delimiter(struct op *op, struct mapping_draft *draft, struct span value)
{
    TRY(only_for(op, draft, MAPPING_CSV, "csv"));
    return byte_read(op, value, &draft->mapping.csv.delimiter);
}

static enum err set_quote(struct op *op, struct mapping_draft *draft, struct span value)
{
    TRY(only_for(op, draft, MAPPING_CSV, "csv"));
    if (span_equal_nocase(value, SPAN("none"))) {
        draft->mapping.csv.quote = 0;
        return ERR_OK;
    }
    return byte_read(op, value, &draft->mapping.csv.quote);
}

static enum err set_columns(struct op *op, struct mapping_draft *draft, struct span value)
{
    struct observe_mapping *m = &draft->mapping;
    struct span rest = value;
    struct span item = { NULL, 0 };
    TRY(only_for(op, draft, MAPPING_CSV, "csv"));
    while (mapping_item_next(&rest, ',', &item)) {
        if (m->column_count == MAPPING_COLUMN_COUNT_MAX) {
            return too_many(op, "columns", MAPPING_COLUMN_COUNT_MAX);
        }
        TRY(op_copy(op, mapping_without_quotes(item), &m->columns[m->column_count]));
        m->column_count++;
    }
    if (!draft->header_given) {
        m->header = MAPPING_HEADER_NONE;
    }
    return ERR_OK;
}

static enum err set_line(struct op *op, struct mapping_draft *draft, struct span value)
{
    struct observe_mapping *m = &draft->mapping;
    struct naming naming = { op, draft };
    const struct layout_names names = { name_number, &naming };
    TRY(only_for(op, draft, MAPPING_TEXT, "text"));
    if (m->layout_count == MAPPING_LAYOUT_COUNT_MAX) {
        return too_many(op, "lines", MAPPING_LAYOUT_COUNT_MAX);
    }
    TRY(layout_make(op, value, &names, &m->layouts[m->layout_count]));
    m->layout_count++;
    return ERR_OK;
}

static enum err set_otherwise(struct op *op, struct mapping_draft *draft, struct span value)
{
    static const char *const words[] = { "text", "fault", "nothing" };
    size_t choice = 0;
    TRY(only_for(op, draft, MAPPING_TEXT, "text"));
    TRY(choice_read(op, value, words, sizeof words / sizeof words[0], &choice));
    draft->mapping.otherwise = (enum mapping_otherwise)choice;
    return ERR_OK;
}

static enum err set_program(struct op *op, struct mapping_draft *draft, struct span value)
{
    TRY(only_for(op, draft, MAPPING_TEXT, "text"));
    return words_add(op, &draft->mapping.programs, value);
}

static enum err set_dispatch(struct op *op, struct mapping_draft *draft, struct span value)
{
    static const char *const words[] = { "no", "yes" };
    size_t choice = 0;
    TRY(only_for(op, draft, MAPPING_TEXT, "text"));
    TRY(choice_read(op, value, words, sizeof words / sizeof words[0], &choice));
    draft->mapping.dispatches = choice == 1;
    return ERR_OK;
}

static enum err set_detect(struct op *op, struct mapping_draft *draft, struct span value)
{
    struct observe_mapping *m = &draft->mapping;
    if (m->marks_count == MAPPING_MARKS_COUNT_MAX) {
        return too_many(op, "lines with \"detect\"", MAPPING_MARKS_COUNT_MAX);
    }
    TRY(words_add(op, &m->marks[m->marks_count], value));
    m->marks_count++;
    return ERR_OK;
}

static enum err set_rest(struct op *op, struct mapping_draft *draft, struct span value)
{
    static const char *const words[] = { "nothing", "text" };
    size_t choice = 0;
    if (draft->mapping.format != MAPPING_NDJSON && draft->mapping.format != MAPPING_CSV) {
        return op_fail(op, ERR_FORMAT,
                       "only where \"format = ndjson\" or \"format = csv\" stands above");
    }
    TRY(choice_read(op, value, words, sizeof words / sizeof words[0], &choice));
    draft->mapping.rest_is_text = choice == 1;
    return ERR_OK;
}

/* A field whose text is a document of JSON. */
static enum err set_json(struct op *op, struct mapping_draft *draft, struct span value)
{
    struct span rest = value;
    struct span item = { NULL, 0 };
    if (draft->mapping.format == MAPPING_UNSET) {
        return op_fail(op, ERR_FORMAT, "\"format\" comes first: ndjson, csv or text");
    }
    while (mapping_item_next(&rest, ',', &item)) {
        if (draft->document_count + 1 == MAPPING_DOCUMENT_COUNT_MAX) {
            return too_many(op, "fields with JSON in them", MAPPING_DOCUMENT_COUNT_MAX - 1);
        }
        TRY(item_path(op, draft, item, &draft->documents[draft->document_count]));
        draft->document_count++;
    }
    return ERR_OK;
}

static enum err set_time_format(struct op *op, struct mapping_draft *draft, struct span value)
{
    return stamp_add_form(op, &draft->mapping.stamp, value);
}

static enum err set_time_zone(struct op *op, struct mapping_draft *draft, struct span value)
{
    return stamp_set_zone(op, &draft->mapping.stamp, value);
}

/* ---- the table of keys ---- */

struct key {
    const char *name;
    uint8_t role;        /* of a field ... */
    uint8_t field_class; /* ... and what kind of value it holds */
    uint8_t outcome;     /* that values of a field tell */
    enum err (*set)(struct op *op, struct mapping_draft *draft, struct span value);
};

#define SETTING(name, set)                                                                         \
    {                                                                                              \
        name, ROLE_VALUE, CLASS_NONE, OBSERVE_OUTCOME_UNKNOWN, set                                 \
    }
#define FIELD(name, role, what)                                                                    \
    {                                                                                              \
        name, role, what, OBSERVE_OUTCOME_UNKNOWN, NULL                                            \
    }
#define OUTCOME(name, outcome)                                                                     \
    {                                                                                              \
        name, ROLE_VALUE, CLASS_NONE, outcome, NULL                                                \
    }

static const struct key keys[] = {
    SETTING("format", set_format),
    SETTING("about", set_about),
    SETTING("also", set_also),
    SETTING("line", set_line),
    SETTING("otherwise", set_otherwise),
    SETTING("program", set_program),
    SETTING("dispatch", set_dispatch),
    SETTING("delimiter", set_delimiter),
    SETTING("quote", set_quote),
    SETTING("header", set_header),
    SETTING("columns", set_columns),
    SETTING("json", set_json),
    SETTING("detect", set_detect),
    SETTING("rest", set_rest),
    SETTING("time-format", set_time_format),
    SETTING("time-zone", set_time_zone),

    FIELD("time", ROLE_TIME, CLASS_NONE),
    FIELD("originator", ROLE_ORIGINATOR, MAPPING_CLASS_END),
    FIELD("responder", ROLE_RESPONDER, MAPPING_CLASS_END),
    FIELD("originator-port", ROLE_ORIGINATOR_PORT, CLASS_NONE),
    FIELD("responder-port", ROLE_RESPONDER_PORT, CLASS_NONE),
    FIELD("transport", ROLE_TRANSPORT, CLASS_NONE),
    FIELD("sensor", ROLE_SENSOR, CLASS_NONE),
    FIELD("stream", ROLE_STREAM, CLASS_NONE),
    FIELD("uid", ROLE_UID, CLASS_NONE),
    FIELD("http-host", ROLE_HTTP_HOST, CLASS_HOST),
    FIELD("http-port", ROLE_HTTP_PORT, CLASS_NONE),
    FIELD("http-target", ROLE_HTTP_TARGET, CLASS_NONE),
    FIELD("http-request", ROLE_VALUE, MAPPING_CLASS_REQUEST),
    OUTCOME("done", OBSERVE_OUTCOME_DONE),
    OUTCOME("failed", OBSERVE_OUTCOME_FAILED),
    OUTCOME("denied", OBSERVE_OUTCOME_DENIED),

    FIELD("address", ROLE_VALUE, CLASS_HOST),
    FIELD("host", ROLE_VALUE, CLASS_HOST),
    FIELD("domain", ROLE_VALUE, CLASS_DOMAIN),
    FIELD("counted-domain", ROLE_VALUE, MAPPING_CLASS_COUNTED),
    FIELD("answer", ROLE_VALUE, CLASS_ANSWER),
    FIELD("url", ROLE_VALUE, CLASS_URL),
    FIELD("location", ROLE_VALUE, CLASS_LOCATION),
    FIELD("email", ROLE_VALUE, CLASS_EMAIL),
    FIELD("login", ROLE_VALUE, CLASS_LOGIN),
    FIELD("digest", ROLE_VALUE, CLASS_DIGEST),
    FIELD("md5", ROLE_VALUE, CLASS_DIGEST),
    FIELD("sha1", ROLE_VALUE, CLASS_DIGEST),
    FIELD("sha256", ROLE_VALUE, CLASS_DIGEST),
    FIELD("sha512", ROLE_VALUE, CLASS_DIGEST),
    FIELD("certificate", ROLE_VALUE, CLASS_CERT_DIGEST),
    FIELD("distinguished-name", ROLE_VALUE, CLASS_DN),
    FIELD("ja3", ROLE_VALUE, CLASS_JA3),
    FIELD("ja3s", ROLE_VALUE, CLASS_JA3S),
    FIELD("ja4", ROLE_VALUE, CLASS_JA4),
    FIELD("hassh", ROLE_VALUE, CLASS_HASSH),
    FIELD("user-agent", ROLE_VALUE, CLASS_USER_AGENT),
    FIELD("file-name", ROLE_VALUE, CLASS_FILE_NAME),
    FIELD("asn", ROLE_VALUE, CLASS_ASN),
    FIELD("forwarded", ROLE_VALUE, CLASS_FORWARDED),
    FIELD("text", ROLE_VALUE, MAPPING_CLASS_PROSE),
};

enum { KEY_COUNT = sizeof keys / sizeof keys[0] };

const char *mapping_key_name(size_t number)
{
    return number < KEY_COUNT ? keys[number].name : NULL;
}

static bool is_field(const struct key *key)
{
    return key->set == NULL && key->outcome == OBSERVE_OUTCOME_UNKNOWN;
}

static const struct key *key_find(struct span name)
{
    for (size_t i = 0; i < KEY_COUNT; i++) {
        if (span_equal_nocase(name, span_of(keys[i].name))) {
            return &keys[i];
        }
    }
    return NULL;
}

/* The words of value/ for kinds are understood too: "ip", "fqdn", "sha-256", "cert-sha1". */
static const struct key *key_of_kind(struct span name)
{
    static const char *const keys_of_kinds[VALUE_KIND_COUNT] = {
        [VALUE_IPV4] = "address",
        [VALUE_IPV6] = "address",
        [VALUE_IP_PORT] = "address",
        [VALUE_DOMAIN] = "domain",
        [VALUE_URL] = "url",
        [VALUE_MD5] = "digest",
        [VALUE_SHA1] = "digest",
        [VALUE_SHA256] = "digest",
        [VALUE_SHA512] = "digest",
        [VALUE_EMAIL] = "email",
        [VALUE_JA3] = "ja3",
        [VALUE_JA3S] = "ja3s",
        [VALUE_JA4] = "ja4",
        [VALUE_HASSH] = "hassh",
        [VALUE_CERT_SHA1] = "certificate",
        [VALUE_CERT_SHA256] = "certificate",
        [VALUE_USER_AGENT] = "user-agent",
        [VALUE_FILE_NAME] = "file-name",
        [VALUE_ASN] = "asn",
    };
    enum value_kind kind = VALUE_NONE;
    if (value_kind_from_name(name, &kind) != ERR_OK || keys_of_kinds[kind] == NULL) {
        return NULL;
    }
    return key_find(span_of(keys_of_kinds[kind]));
}

enum err mapping_set(struct op *op, struct mapping_draft *draft, struct span key, struct span value)
{
    const struct key *found = key_find(key);
    if (found == NULL) {
        found = key_of_kind(key);
    }
    if (found == NULL) {
        return ERR_ABSENT;
    }
    if (found->set != NULL) {
        return found->set(op, draft, value);
    }
    if (found->outcome != OBSERVE_OUTCOME_UNKNOWN) {
        return cases_add(op, draft, value, (enum observe_outcome)found->outcome);
    }
    return uses_add(op, draft, value, found->role, found->field_class);
}

/* ---- begin and end ---- */

enum err mapping_begin(struct op *op, struct span name, struct mapping_draft **ret)
{
    if (!name_is_good(name)) {
        return name_refuse(op);
    }
    struct mapping_draft *draft = op_alloc(op, sizeof *draft);
    if (draft == NULL) {
        return ERR_LIMIT;
    }
    struct observe_mapping *m = &draft->mapping;
    m->csv = (struct csv_rule){ .delimiter = ',', .quote = '"' };
    m->columns = op_alloc(op, MAPPING_COLUMN_COUNT_MAX * sizeof *m->columns);
    m->layouts = op_alloc(op, MAPPING_LAYOUT_COUNT_MAX * sizeof *m->layouts);
    m->fields = op_alloc(op, MAPPING_FIELD_COUNT_MAX * sizeof *m->fields);
    m->uses = op_alloc(op, MAPPING_USE_COUNT_MAX * sizeof *m->uses);
    m->cases = op_alloc(op, MAPPING_CASE_COUNT_MAX * sizeof *m->cases);
    draft->entries = op_alloc(op, ENTRY_COUNT_MAX * sizeof *draft->entries);
    if (m->columns == NULL || m->layouts == NULL || m->fields == NULL || m->uses == NULL ||
        m->cases == NULL || draft->entries == NULL) {
        return ERR_LIMIT;
    }
    TRY(op_copy(op, name, &m->name));
    *ret = draft;
    return ERR_OK;
}

/* Whether a field has a use; that its values tell an outcome is none. */
static bool has_entry(const struct mapping_draft *draft, struct span name)
{
    for (size_t i = 0; i < draft->entry_count; i++) {
        bool use = draft->entries[i].outcome == OBSERVE_OUTCOME_UNKNOWN;
        if (use && span_equal(draft->entries[i].path.name, name)) {
            return true;
        }
    }
    return false;
}

/* A name in a layout, or among the columns, that is that of a key stands for that. */
static enum err name_implies(struct op *op, struct mapping_draft *draft, struct span name)
{
    const struct key *key = key_find(name);
    if (key == NULL) {
        key = key_of_kind(name);
    }
    if (key == NULL || !is_field(key) || has_entry(draft, name)) {
        return ERR_OK;
    }
    return use_add(op, draft, name, key->role, key->field_class);
}

static enum err names_imply(struct op *op, struct mapping_draft *draft)
{
    const struct observe_mapping *m = &draft->mapping;
    for (size_t i = 0; m->format == MAPPING_TEXT && i < m->field_count; i++) {
        TRY(name_implies(op, draft, m->fields[i].name));
    }
    for (size_t i = 0; i < m->column_count; i++) {
        TRY(name_implies(op, draft, m->columns[i]));
    }
    return ERR_OK;
}

/* The part of a path below a document; the path's own where it is not below. */
static struct span below(struct span path, struct span document, uint8_t mark)
{
    bool is_below = path.size > document.size + 1 && span_starts_with(path, document) &&
                    path.data[document.size] == mark;
    return is_below ? span_from(path, document.size + 1) : path;
}

/* "AuditData" before "ClientIP", with a dot. */
static enum err name_below(struct op *op, struct span document, struct span *name)
{
    struct buf joined;
    buf_init(&joined, SIZE_MAX / 2);
    buf_add(&joined, document);
    buf_add_byte(&joined, '.');
    buf_add(&joined, *name);
    enum err err = joined.err == ERR_OK ? op_copy(op, buf_span(&joined), name)
                                        : op_fail(op, ERR_LIMIT, "no memory");
    buf_done(&joined);
    return err;
}

/* In which document a path goes, and what it is there. */
static enum err document_find(struct op *op, const struct mapping_draft *draft,
                              struct mapping_path *path, size_t *ret)
{
    bool json = draft->mapping.format == MAPPING_NDJSON;
    *ret = 0;
    for (size_t i = 0; i < draft->document_count; i++) {
        const struct mapping_path *document = &draft->documents[i];
        struct span inner = below(path->key, document->key, json ? '/' : '.');
        if (inner.size == path->key.size) {
            continue;
        }
        *ret = i + 1;
        if (!json) {
            TRY(mapping_path_read(op, inner, path));
            return name_below(op, document->name, &path->name);
        }
        path->key = inner;
        path->select = below(path->select, document->key, '/');
        return ERR_OK;
    }
    return ERR_OK;
}

static bool is_column_number(struct span name)
{
    uint64_t number = 0;
    return span_to_u64(name, &number) == ERR_OK && number >= 1 && number <= CSV_COLUMN_COUNT_MAX;
}

/* Whether a field of the line itself can be found there. */
static enum err name_check(struct op *op, const struct mapping_draft *draft, struct span name)
{
    const struct observe_mapping *m = &draft->mapping;
    uint64_t number = 0;
    if (m->format == MAPPING_TEXT) {
        for (size_t i = 0; i < m->field_count; i++) {
            if (span_equal(m->fields[i].name, name)) {
                return ERR_OK;
            }
        }
        return op_fail(op, ERR_FORMAT, "mapping \"%.*s\": no line has %%{%.*s}", SPAN_FMT(m->name),
                       SPAN_FMT(name));
    }
    if (m->format == MAPPING_NDJSON || is_column_number(name)) {
        return ERR_OK;
    }
    for (size_t i = 0; i < m->column_count; i++) {
        if (span_equal_nocase(m->columns[i], name)) {
            return ERR_OK;
        }
    }
    if (span_to_u64(name, &number) == ERR_OK && (number == 0 || m->header == MAPPING_HEADER_NONE)) {
        return op_fail(op, ERR_FORMAT, "mapping \"%.*s\": columns have numbers from 1 to %d",
                       SPAN_FMT(m->name), CSV_COLUMN_COUNT_MAX);
    }
    if (m->header != MAPPING_HEADER_NONE) {
        return ERR_OK;
    }
    return op_fail(op, ERR_FORMAT, "mapping \"%.*s\": there is no column \"%.*s\"",
                   SPAN_FMT(m->name), SPAN_FMT(name));
}

static enum err entry_place(struct op *op, struct mapping_draft *draft, const struct entry *entry)
{
    struct observe_mapping *m = &draft->mapping;
    struct mapping_path path = entry->path;
    size_t document = 0;
    uint16_t field = 0;
    uint16_t select = MAPPING_NONE;
    TRY(document_find(op, draft, &path, &document));
    if (document == 0) {
        TRY(name_check(op, draft, path.name));
    }
    TRY(field_number(op, draft, document, &path, &field));
    if (path.select.size > 0) {
        const struct mapping_path chooser = { .name = path.select, .key = path.select };
        TRY(field_number(op, draft, document, &chooser, &select));
        m->fields[select].selects = true;
    }
    if (entry->outcome == OBSERVE_OUTCOME_UNKNOWN) {
        m->uses[m->use_count] =
            (struct mapping_use){ field, entry->role, entry->field_class, select, path.selected };
        m->use_count++; /* not above the count of entries */
        return ERR_OK;
    }
    if (m->case_count == MAPPING_CASE_COUNT_MAX) {
        return too_many(op, "values that tell an outcome", MAPPING_CASE_COUNT_MAX);
    }
    m->cases[m->case_count] =
        (struct mapping_case){ field, entry->outcome, entry->begins, entry->value };
    m->case_count++;
    return ERR_OK;
}

static enum err documents_place(struct op *op, struct mapping_draft *draft)
{
    struct observe_mapping *m = &draft->mapping;
    for (size_t i = 0; i < draft->document_count; i++) {
        uint16_t field = 0;
        TRY(name_check(op, draft, draft->documents[i].name));
        TRY(field_number(op, draft, 0, &draft->documents[i], &field));
        m->fields[field].holds = (uint16_t)(i + 1);
    }
    m->document_count = draft->document_count + 1;
    return ERR_OK;
}

/* Uses and cases stand behind each other by field, in the order in which they were given. */
static enum err by_field(struct op *op, struct observe_mapping *m)
{
    struct mapping_use *uses = op_alloc(op, (m->use_count + 1) * sizeof *uses);
    struct mapping_case *cases = op_alloc(op, (m->case_count + 1) * sizeof *cases);
    size_t use_count = 0;
    size_t case_count = 0;
    if (uses == NULL || cases == NULL) {
        return ERR_LIMIT;
    }
    for (size_t i = 0; i < m->field_count; i++) {
        struct mapping_field *field = &m->fields[i];
        field->use_first = use_count;
        field->case_first = case_count;
        for (size_t k = 0; k < m->use_count; k++) {
            if (m->uses[k].field == i) {
                uses[use_count] = m->uses[k];
                use_count++;
            }
        }
        for (size_t k = 0; k < m->case_count; k++) {
            if (m->cases[k].field == i) {
                cases[case_count] = m->cases[k];
                case_count++;
            }
        }
        field->use_count = use_count - field->use_first;
        field->case_count = case_count - field->case_first;
    }
    m->uses = uses;
    m->cases = cases;
    return ERR_OK;
}

static enum err whole_check(struct op *op, const struct mapping_draft *draft)
{
    const struct observe_mapping *m = &draft->mapping;
    if (m->format == MAPPING_UNSET) {
        return op_fail(op, ERR_FORMAT, "mapping \"%.*s\" has no format: ndjson, csv or text",
                       SPAN_FMT(m->name));
    }
    if (m->use_count == 0 && m->format != MAPPING_TEXT) {
        return op_fail(op, ERR_FORMAT,
                       "mapping \"%.*s\" names no field that holds a value (domain = ..., "
                       "originator = ...)",
                       SPAN_FMT(m->name));
    }
    if (m->format == MAPPING_CSV && m->csv.quote == m->csv.delimiter) {
        return op_fail(op, ERR_FORMAT, "mapping \"%.*s\" has one character as quote and delimiter",
                       SPAN_FMT(m->name));
    }
    if (m->column_count > 0 && m->header != MAPPING_HEADER_NONE) {
        return op_fail(op, ERR_FORMAT,
                       "mapping \"%.*s\" names columns, but its header does (header = none)",
                       SPAN_FMT(m->name));
    }
    return ERR_OK;
}

enum err mapping_end(struct op *op, struct mapping_draft *draft, const struct observe_mapping **ret)
{
    TRY(names_imply(op, draft));
    for (size_t i = 0; i < draft->entry_count; i++) {
        TRY(entry_place(op, draft, &draft->entries[i]));
    }
    TRY(documents_place(op, draft));
    TRY(whole_check(op, draft));
    TRY(by_field(op, &draft->mapping));
    *ret = &draft->mapping;
    return ERR_OK;
}

bool mapping_words_have(const struct mapping_words *words, struct span word)
{
    for (size_t i = 0; i < words->count; i++) {
        if (span_equal_nocase(words->words[i], word)) {
            return true;
        }
    }
    return false;
}

bool mapping_words_are_yes(const struct mapping_words *words)
{
    return words->count == 1 && span_equal(words->words[0], SPAN("yes"));
}

bool mapping_is_named(const struct observe_mapping *mapping, struct span name)
{
    return span_equal(mapping->name, name) || mapping_words_have(&mapping->aliases, name);
}
