// SPDX-License-Identifier: EUPL-1.2
#include "observe/reader.h"

#include "base/memory.h"
#include "base/must.h"
#include "base/text.h"

enum {
    READER_MEMORY_MAX = 4 * 1024 * 1024,
    CONTROL_LAST = 0x1F,
};

static enum err reader_fill(struct op *op, enum record_engine engine, struct observe_reader *r)
{
    TRY(observe_plan_init(op, &r->arena, &observe_zeek_table, 0, &r->zeek));
    TRY(observe_plan_init(op, &r->arena, &observe_eve_table, FIELD_EVE_FIRST, &r->eve));
    TRY(record_scanner_new(op, engine, r->zeek.shape, &r->zeek_scanner));
    TRY(record_scanner_new(op, engine, r->eve.shape, &r->eve_scanner));
    TRY(record_scanner_new(op, engine, r->eve.context_shape, &r->context_scanner));
    if (gather_init(&r->gather, &r->arena) != ERR_OK || tsv_init(&r->tsv, &r->arena) != ERR_OK) {
        return op_fail(op, ERR_LIMIT, "no memory for a log reader");
    }
    r->wanted = OBSERVE_WANT_ALL;
    r->gather.wanted = OBSERVE_WANT_ALL;
    r->sift.wanted = OBSERVE_WANT_ALL;
    return ERR_OK;
}

enum err observe_reader_new(struct op *op, enum record_engine engine, struct observe_reader **ret)
{
    struct observe_reader *reader = memory_new(sizeof *reader);
    if (reader == NULL) {
        return op_fail(op, ERR_LIMIT, "no memory for a log reader");
    }
    reader->engine = engine;
    arena_init(&reader->arena, READER_MEMORY_MAX);
    look_init(&reader->look);
    buf_init(&reader->repaired, RECORD_LINE_SIZE_MAX + RECORD_PADDING_SIZE);
    enum err err = reader_fill(op, engine, reader);
    if (err != ERR_OK) {
        observe_reader_free(reader);
        return err;
    }
    *ret = reader;
    return ERR_OK;
}

void observe_reader_free(struct observe_reader *reader)
{
    if (reader == NULL) {
        return;
    }
    record_scanner_free(reader->zeek_scanner);
    record_scanner_free(reader->eve_scanner);
    record_scanner_free(reader->context_scanner);
    record_scanner_free(reader->whole_scanner);
    observe_plan_done(&reader->zeek);
    observe_plan_done(&reader->eve);
    tsv_done(&reader->tsv);
    look_done(&reader->look);
    mapped_reader_free(reader->mapped);
    buf_done(&reader->repaired);
    arena_done(&reader->arena);
    memory_free(reader);
}

/* Recipes say what is picked: others are needed where that changes. */
static void wanted_set(struct observe_reader *reader, uint32_t wanted, uint32_t remembered)
{
    must(reader->sift.count == 0);
    must(reader->sift.request_count == 0);
    if (wanted == reader->wanted && remembered == reader->sift.remembered) {
        return;
    }
    reader->wanted = wanted;
    reader->gather.wanted = wanted | remembered;
    reader->sift.wanted = wanted;
    reader->sift.remembered = remembered;
    sift_forget(&reader->sift);
    reader->sift.tsv.number = 0;
}

void observe_reader_want(struct observe_reader *reader, uint32_t kinds)
{
    wanted_set(reader, kinds, reader->sift.remembered);
}

enum err observe_reader_remember(struct op *op, struct observe_reader *reader, uint32_t kinds)
{
    if (kinds != 0 && reader->whole_scanner == NULL) {
        TRY(record_scanner_new(op, reader->engine, reader->eve.whole_shape,
                               &reader->whole_scanner));
    }
    wanted_set(reader, reader->wanted, kinds);
    return ERR_OK;
}

enum err observe_reader_prepare(struct op *op, struct observe_reader *reader,
                                const struct observe_formats *formats, enum observe_format format)
{
    if (format < OBSERVE_FORMAT_MAPPED_FIRST) {
        return ERR_OK;
    }
    if (reader->mapped == NULL) {
        TRY(mapped_reader_new(op, reader->engine, formats, &reader->mapped));
    }
    return mapped_prepare(op, reader->mapped, format);
}

void observe_reader_set_now(struct observe_reader *reader, int64_t now_us)
{
    reader->now_us = now_us;
}

void observe_reader_begin(struct observe_reader *reader, enum observe_format format,
                          struct span stream)
{
    must(format != OBSERVE_FORMAT_AUTO);
    must(format < OBSERVE_FORMAT_COUNT || reader->mapped != NULL);
    if (format != reader->format) {
        sift_forget(&reader->sift);
    }
    sift_clear(&reader->sift);
    reader->sift.tsv.number = 0;
    bool fits = stream.size <= OBSERVE_STREAM_SIZE_MAX;
    reader->format = format;
    reader->as = format;
    if (format >= OBSERVE_FORMAT_MAPPED_FIRST) {
        mapped_begin(reader->mapped, format);
    }
    reader->stream_given_size = fits ? stream.size : 0;
    span_copy(reader->stream_given, OBSERVE_STREAM_SIZE_MAX,
              span_slice(stream, 0, reader->stream_given_size));
    reader->text = (struct span){ NULL, 0 };
    tsv_reset(&reader->tsv);
    struct reader_stream_found found =
        observe_reader_stream(reader, observe_reader_stream_given(reader));
    reader->meanings_given = found.meanings;
    reader->given_looked = found.looked;
}

struct span observe_reader_stream_given(const struct observe_reader *reader)
{
    return span_make(reader->stream_given, reader->stream_given_size);
}

/* Where a stream is remembered. Two that share a place take turns in it, and are looked up. */
static struct reader_stream *stream_place(struct observe_reader *reader, struct span stream)
{
    size_t first = stream.data[0];
    size_t middle = stream.data[stream.size / 2];
    size_t last = stream.data[stream.size - 1];
    size_t place = first + middle * 16 + last * 4 + stream.size * 3; /* names in use lie apart */
    return &reader->streams[place % READER_STREAM_COUNT];
}

struct reader_stream_found observe_reader_stream(struct observe_reader *reader, struct span stream)
{
    struct reader_stream unkept = { .number = PLAN_STREAM_OTHER };
    bool short_enough = stream.size > 0 && stream.size <= READER_STREAM_SIZE_MAX;
    struct reader_stream *place = short_enough ? stream_place(reader, stream) : &unkept;
    if (!short_enough || !span_equal(span_make(place->name, place->size), stream)) {
        place->number = observe_plan_stream(&reader->zeek, stream);
        place->looked = observe_zeek_stream_is_looked_at(stream);
        place->size = short_enough ? stream.size : 0;
        span_copy(place->name, READER_STREAM_SIZE_MAX, span_slice(stream, 0, place->size));
    }
    return (struct reader_stream_found){ observe_plan_meanings(&reader->zeek, place->number),
                                         place->looked };
}

/* The line's stream: the first field that names one, in whatever stream. */
static struct span record_stream(const struct record *record, const struct observe_plan *plan)
{
    const struct observe_meaning *meanings = observe_plan_meanings(plan, PLAN_STREAM_OTHER);
    for (size_t i = 0; i < record->count; i++) {
        const struct record_field *field = &record->fields[i];
        struct observe_meaning meaning = meanings[field->slot];
        bool named = meaning.known && meaning.role == ROLE_STREAM;
        if (named && field->type == RECORD_STRING && field->value.size > 0) {
            return field->value;
        }
    }
    return (struct span){ NULL, 0 };
}

static void zeek_json_gather(struct observe_reader *reader, struct span line,
                             struct observe_line *ret)
{
    struct span stream = record_stream(&reader->record, &reader->zeek);
    if (stream.size == 0) {
        stream = observe_reader_stream_given(reader);
    }
    struct reader_stream_found found = observe_reader_stream(reader, stream);
    ret->stream = stream;
    gather_begin(&reader->gather, ret, true);
    gather_record(&reader->gather, found.meanings, &reader->record);
    gather_end(&reader->gather);
    if (found.looked) {
        look_begin(&reader->look);
        look_json(&reader->look, &reader->gather, &reader->zeek, line);
    }
}

/* Events about packets and files are logged in the direction of these. */
static bool eve_responder_sure(struct span event_type)
{
    return span_equal(event_type, SPAN("http"));
}

static enum observe_fault eve_gather(struct observe_reader *reader, struct span line,
                                     struct observe_line *ret)
{
    struct span event_type = record_stream(&reader->record, &reader->eve);
    if (event_type.size == 0) {
        return OBSERVE_FAULT_EVENT;
    }
    ret->stream = event_type;
    gather_begin(&reader->gather, ret, eve_responder_sure(event_type));
    const struct observe_meaning *meanings = observe_plan_meanings(&reader->eve, PLAN_STREAM_OTHER);
    gather_record(&reader->gather, meanings, &reader->record);
    if (reader->context_wanted &&
        record_scan(reader->context_scanner, line, &reader->context) == RECORD_FAULT_NONE) {
        gather_record(&reader->gather, meanings, &reader->context);
    }
    gather_end(&reader->gather);
    if (span_equal(event_type, SPAN("drop"))) {
        ret->outcome = OBSERVE_OUTCOME_DENIED;
    }
    return OBSERVE_FAULT_NONE;
}

/* Whether a line holds bytes that a log of its format never does: it is then read from a repaired
 * copy. White space of JSON and the separator of TSV may be control characters. */
static bool is_broken(const struct observe_reader *reader, struct span line)
{
    bool tsv = reader->format == OBSERVE_FORMAT_ZEEK_TSV;
    for (size_t i = 0; i < line.size; i++) {
        uint8_t byte = line.data[i];
        bool allowed = tsv ? byte != 0 || byte == reader->tsv.separator
                           : byte == '\t' || byte == '\r' || byte > CONTROL_LAST;
        if (!allowed) {
            return true;
        }
    }
    return text_valid_size(line) < line.size;
}

/* A copy of the line in which '?' stands for each byte that is not UTF-8 and a space for each
 * control character, so that what can be read is read. Its size is that of the line. */
static bool repair(struct observe_reader *reader, struct span line, struct span *ret)
{
    buf_clear(&reader->repaired);
    uint8_t *copy = buf_reserve(&reader->repaired, line.size + RECORD_PADDING_SIZE);
    if (copy == NULL) {
        return false;
    }
    span_copy(copy, line.size, line);
    bool tsv = reader->format == OBSERVE_FORMAT_ZEEK_TSV;
    for (size_t i = 0; i < line.size; i++) {
        bool separator = tsv && copy[i] == reader->tsv.separator;
        if (copy[i] <= CONTROL_LAST && !separator) {
            copy[i] = ' ';
        }
    }
    struct span repaired = span_make(copy, line.size);
    for (size_t at = text_valid_size(repaired); at < line.size;) {
        copy[at] = '?';
        at++;
        at += text_valid_size(span_from(repaired, at));
    }
    *ret = repaired;
    return true;
}

static enum observe_fault fault_of_record(enum record_fault fault)
{
    static const enum observe_fault faults[RECORD_FAULT_COUNT] = {
        [RECORD_FAULT_NONE] = OBSERVE_FAULT_NONE, [RECORD_FAULT_SYNTAX] = OBSERVE_FAULT_SYNTAX,
        [RECORD_FAULT_UTF8] = OBSERVE_FAULT_UTF8, [RECORD_FAULT_DEPTH] = OBSERVE_FAULT_DEPTH,
        [RECORD_FAULT_SIZE] = OBSERVE_FAULT_SIZE, [RECORD_FAULT_CONTROL] = OBSERVE_FAULT_CONTROL,
    };
    must(fault < RECORD_FAULT_COUNT);
    return faults[fault];
}

static struct record_scanner *json_scanner(const struct observe_reader *reader)
{
    bool zeek = reader->as == OBSERVE_FORMAT_ZEEK_JSON;
    return zeek ? reader->zeek_scanner : reader->eve_scanner;
}

/* What a remembered line tells is picked with its values. */
static struct record_scanner *sift_scanner(const struct observe_reader *reader)
{
    bool whole = reader->format == OBSERVE_FORMAT_EVE && reader->sift.remembered != 0;
    return whole ? reader->whole_scanner : json_scanner(reader);
}

/* What a line says that was scanned, with this outcome. */
static enum observe_fault json_line(struct observe_reader *reader, struct span line,
                                    enum record_fault fault, struct observe_line *ret)
{
    /* Which of several faults a scanner names is its own affair; what is broken is looked for. */
    bool broken =
        fault == RECORD_FAULT_CONTROL || (fault != RECORD_FAULT_NONE && is_broken(reader, line));
    if (broken && repair(reader, line, &line)) {
        fault = record_scan(json_scanner(reader), line, &reader->record);
    }
    if (fault != RECORD_FAULT_NONE) {
        return fault_of_record(fault);
    }
    if (reader->as == OBSERVE_FORMAT_ZEEK_JSON) {
        zeek_json_gather(reader, line, ret);
    } else if (eve_gather(reader, line, ret) != OBSERVE_FAULT_NONE) {
        return OBSERVE_FAULT_EVENT;
    }
    ret->cut = ret->cut || reader->record.cut;
    ret->repaired = broken;
    reader->text = line;
    return OBSERVE_FAULT_NONE;
}

enum observe_fault observe_reader_json(struct observe_reader *reader, enum observe_format format,
                                       struct span line, struct observe_line *ret)
{
    reader->as = format;
    enum record_fault fault = record_scan(json_scanner(reader), line, &reader->record);
    return json_line(reader, line, fault, ret);
}

bool observe_reader_repair(struct observe_reader *reader, struct span line, struct span *ret)
{
    return is_broken(reader, line) && repair(reader, line, ret);
}

/* The stream of lines below a header. */
static struct span tsv_stream(const struct observe_reader *reader)
{
    const struct tsv *tsv = &reader->tsv;
    return tsv->path_size > 0 ? span_make(tsv->path, tsv->path_size)
                              : observe_reader_stream_given(reader);
}

static enum observe_fault tsv_values(struct observe_reader *reader, struct span line,
                                     struct observe_line *ret)
{
    struct span stream = tsv_stream(reader);
    struct reader_stream_found found = observe_reader_stream(reader, stream);
    ret->stream = stream;
    gather_begin(&reader->gather, ret, true);
    enum observe_fault fault = tsv_line(&reader->tsv, found.meanings, line, &reader->gather);
    if (fault != OBSERVE_FAULT_NONE) {
        return fault;
    }
    gather_end(&reader->gather);
    if (found.looked) {
        look_begin(&reader->look);
        tsv_look(&reader->tsv, observe_plan_meanings(&reader->zeek, PLAN_STREAM_OTHER), line,
                 &reader->look, &reader->gather);
    }
    ret->time_is_number = true; /* what Zeek writes where nobody configured another form */
    reader->text = line;
    return OBSERVE_FAULT_NONE;
}

static enum observe_fault tsv_any_line(struct observe_reader *reader, struct span line,
                                       struct observe_line *ret)
{
    struct tsv *tsv = &reader->tsv;
    tsv_cut(line, tsv->separator, &tsv->cut);
    bool broken = tsv->cut.odd && is_broken(reader, line);
    if (broken) {
        if (!repair(reader, line, &line)) {
            return OBSERVE_FAULT_UTF8;
        }
        tsv_cut(line, tsv->separator, &tsv->cut);
    }
    enum observe_fault fault = OBSERVE_FAULT_NONE;
    if (line.data[0] == '#') {
        ret->no_event = true;
        reader->sift.tsv.number = 0;
        fault = tsv_header(tsv, &reader->zeek, line);
    } else {
        fault = tsv_values(reader, line, ret);
    }
    ret->repaired = broken;
    return fault;
}

static bool all_nul(struct span line)
{
    for (size_t i = 0; i < line.size; i++) {
        if (line.data[i] != 0) {
            return false;
        }
    }
    return line.size > 0;
}

static enum observe_fault read_line(struct observe_reader *reader, struct span line,
                                    struct observe_line *ret)
{
    if (line.size > RECORD_LINE_SIZE_MAX) {
        return OBSERVE_FAULT_SIZE;
    }
    if (span_starts_with(line, SPAN("\xEF\xBB\xBF"))) { /* UTF-8's byte order mark */
        line = span_from(line, 3);
    }
    if (line.size > 0 && line.data[line.size - 1] == '\r') {
        line = span_slice(line, 0, line.size - 1);
    }
    bool may_be_blank = line.size == 0 || line.data[0] <= ' ';
    if (may_be_blank && span_trim(line).size == 0) {
        ret->no_event = true;
        return OBSERVE_FAULT_NONE;
    }
    if (line.data[0] == 0 && all_nul(line)) {
        return OBSERVE_FAULT_CONTROL; /* a hole left by a crash while the log was written */
    }
    if (reader->format == OBSERVE_FORMAT_ZEEK_TSV) {
        return tsv_any_line(reader, line, ret);
    }
    if (reader->format >= OBSERVE_FORMAT_MAPPED_FIRST) {
        return mapped_line(reader, line, ret);
    }
    return observe_reader_json(reader, reader->format, line, ret);
}

static void line_begin(struct observe_reader *reader, struct observe_line *ret)
{
    *ret = (struct observe_line){ 0 };
    reader->text = (struct span){ NULL, 0 };
    reader->head = (struct span){ NULL, 0 };
}

/* A line with a fault says nothing else. */
static enum observe_fault line_end(enum observe_fault fault, struct observe_line *ret)
{
    if (fault != OBSERVE_FAULT_NONE) {
        bool no_event = ret->no_event;
        *ret = (struct observe_line){ .no_event = no_event };
    }
    return fault;
}

enum observe_fault observe_reader_line(struct observe_reader *reader, struct span line,
                                       struct observe_line *ret)
{
    must(reader->format != OBSERVE_FORMAT_AUTO);
    line_begin(reader, ret);
    reader->context_wanted = true;
    enum observe_fault fault = read_line(reader, line, ret);
    reader->context_wanted = false;
    return line_end(fault, ret);
}

/* ---- sifting ---- */

/* What the slots of a line mean that is built as the recipe says; NULL where the line does not tell
 * its stream as the others do. */
static const struct observe_meaning *known_meanings(struct observe_reader *reader,
                                                    const struct sift_recipe *recipe,
                                                    const struct record_known *known)
{
    bool zeek = reader->format == OBSERVE_FORMAT_ZEEK_JSON;
    if (recipe->stream_from == SIFT_FROM_NONE) {
        return zeek && !reader->given_looked ? reader->meanings_given : NULL;
    }
    struct span stream = record_known_string(known, recipe->stream_from);
    if (stream.size == 0) {
        return NULL;
    }
    if (!zeek) {
        return observe_plan_meanings(&reader->eve, PLAN_STREAM_OTHER);
    }
    if (sift_name_is(sift_name_of(stream), recipe->stream)) {
        return recipe->meanings;
    }
    struct reader_stream_found found = observe_reader_stream(reader, stream);
    return found.looked ? NULL : found.meanings;
}

/* The recipe that holds for a known line; NULL where there is none yet. */
static const struct sift_recipe *known_recipe(struct observe_reader *reader,
                                              const struct record_known *known)
{
    const struct sift_recipe *recipe = sift_recipe(&reader->sift, known->number);
    bool same = recipe->number == known->number && recipe->age == known->age;
    return same && recipe->meanings == known_meanings(reader, recipe, known) ? recipe : NULL;
}

/* As eve_gather() has it. */
static void context_set_stream(const struct observe_reader *reader, struct observe_context *context,
                               struct span stream)
{
    context->stream = stream;
    if (reader->format == OBSERVE_FORMAT_EVE && span_equal(stream, SPAN("drop"))) {
        context->outcome = OBSERVE_OUTCOME_DENIED;
    }
}

static void known_line_wait(struct observe_reader *reader, const struct sift_recipe *recipe,
                            const struct record_known *known, uint32_t mark)
{
    struct sift *sift = &reader->sift;
    size_t contexts = sift->context_count;
    struct sift_request *request = sift_add_json(sift, &reader->gather, recipe, known, mark);
    if (request == NULL && contexts == sift->context_count) {
        return;
    }
    bool named = recipe->stream_from != SIFT_FROM_NONE;
    struct span stream = named ? record_known_string(known, recipe->stream_from)
                               : observe_reader_stream_given(reader);
    if (request != NULL && reader->format == OBSERVE_FORMAT_EVE) {
        request->responder_sure = eve_responder_sure(stream);
    }
    if (contexts < sift->context_count) {
        context_set_stream(reader, &sift->contexts[contexts], stream);
    }
}

/* Keep what a line that was read in full tells of all that are built alike. */
static void known_learn(struct observe_reader *reader, const struct record_known *known)
{
    bool zeek = reader->format == OBSERVE_FORMAT_ZEEK_JSON;
    const struct observe_plan *plan = zeek ? &reader->zeek : &reader->eve;
    struct sift_recipe *recipe = sift_recipe(&reader->sift, known->number);
    struct span stream = record_stream(&reader->record, plan);
    if (stream.size == 0) {
        stream = observe_reader_stream_given(reader);
    }
    const struct observe_meaning *streams = observe_plan_meanings(plan, PLAN_STREAM_OTHER);
    struct reader_stream_found found = { .meanings = streams };
    if (zeek) {
        found = observe_reader_stream(reader, stream);
    }
    sift_recipe_json(&reader->sift, recipe, known, &reader->record, streams, found.meanings);
    if (recipe->stream_from != SIFT_FROM_NONE && zeek && !found.looked) {
        recipe->stream = sift_name_of(stream); /* streams that are looked at are read in full */
    }
}

static enum observe_fault sift_json(struct observe_reader *reader, struct span line, uint32_t mark,
                                    bool *ret_waits, struct observe_line *ret)
{
    struct record_known known;
    enum record_fault fault =
        record_scan_known(sift_scanner(reader), line, &reader->record, &known);
    if (fault == RECORD_FAULT_NONE && known.number != 0) {
        const struct sift_recipe *recipe = known_recipe(reader, &known);
        if (recipe != NULL && recipe->usable) {
            known_line_wait(reader, recipe, &known, mark);
            *ret_waits = true;
            return OBSERVE_FAULT_NONE;
        }
        record_known_read(sift_scanner(reader), &known, &reader->record);
        if (recipe == NULL) {
            known_learn(reader, &known);
        }
    }
    if (reader->sift.remembered != 0) {
        return observe_reader_line(reader, line, ret); /* which tells all of it */
    }
    line_begin(reader, ret);
    return line_end(json_line(reader, line, fault, ret), ret);
}

/* ---- sifting lines together ---- */

size_t observe_sift_page(struct observe_reader *reader, struct span rest, const uint8_t *base)
{
    bool json = reader->format == OBSERVE_FORMAT_EVE || reader->format == OBSERVE_FORMAT_ZEEK_JSON;
    struct reader_page *page = &reader->page;
    page->base = base;
    page->alike.count = 0;
    page->at = 0;
    reader->as = reader->format;
    return json ? record_page_begin(sift_scanner(reader), rest) : 0;
}

/* The recipe for lines that are alike; NULL where there is none that can be used. */
static const struct sift_recipe *alike_recipe(struct observe_reader *reader,
                                              const struct record_alike *alike)
{
    const struct sift_recipe *recipe = sift_recipe(&reader->sift, alike->number);
    bool same = recipe->number == alike->number && recipe->age == alike->age;
    if (!same || !recipe->usable) {
        return NULL;
    }
    if (recipe->stream_from != SIFT_FROM_NONE) {
        return recipe;
    }
    bool zeek = reader->format == OBSERVE_FORMAT_ZEEK_JSON;
    return zeek && !reader->given_looked && recipe->meanings == reader->meanings_given ? recipe
                                                                                       : NULL;
}

/* Whether the recipe is right for a line of those that are alike: it may be one of another stream.
 */
static bool alike_fits(const struct observe_reader *reader, const struct sift_recipe *recipe,
                       size_t line)
{
    const struct record_alike *alike = &reader->page.alike;
    if (alike->lines[line]->end - alike->lines[line]->begin > SIFT_LINE_SIZE_MAX) {
        return false;
    }
    if (recipe->stream_from == SIFT_FROM_NONE) {
        return true;
    }
    struct span stream = record_alike_string(alike, line, recipe->stream_from);
    return reader->format == OBSERVE_FORMAT_ZEEK_JSON
               ? sift_name_is(sift_name_of(stream), recipe->stream)
               : stream.size > 0;
}

/* Keep those lines of a group whose values can wait. */
static void alike_choose(struct observe_reader *reader)
{
    struct reader_page *page = &reader->page;
    struct record_alike *alike = &page->alike;
    size_t kept = 0;
    sift_recipe_prefetch(&reader->sift, alike->next);
    page->recipe = alike_recipe(reader, alike);
    for (size_t i = 0; i < alike->count; i++) {
        const struct record_page_line *line = alike->lines[i];
        if (page->recipe == NULL || !alike_fits(reader, page->recipe, i)) {
            record_page_refuse(sift_scanner(reader), line);
            continue;
        }
        page->marks[kept] = (uint32_t)(line->data - page->base) + line->begin;
        alike->lines[kept] = line;
        kept++;
    }
    alike->count = kept;
    page->at = 0;
}

/* Where a request's responder is sure is told by the event. */
static void requests_sure(struct observe_reader *reader, size_t begin, size_t count)
{
    struct reader_page *page = &reader->page;
    struct sift *sift = &reader->sift;
    for (size_t i = 0; i < count && reader->format == OBSERVE_FORMAT_EVE; i++) {
        struct span event_type =
            record_alike_string(&page->alike, begin + i, page->recipe->stream_from);
        sift->requests[sift->request_count - count + i].responder_sure =
            eve_responder_sure(event_type);
    }
}

/* Of the contexts from `first` on, which are those of the page's lines from `at` on. */
static void contexts_set_streams(struct observe_reader *reader, size_t first)
{
    struct reader_page *page = &reader->page;
    struct sift *sift = &reader->sift;
    bool named = page->recipe->stream_from != SIFT_FROM_NONE;
    struct span stream = observe_reader_stream_given(reader);
    for (size_t i = first; i < sift->context_count; i++) {
        if (named) {
            stream =
                record_alike_string(&page->alike, page->at + i - first, page->recipe->stream_from);
        }
        context_set_stream(reader, &sift->contexts[i], stream);
    }
}

bool observe_sift_page_next(struct observe_reader *reader, size_t *ret_count)
{
    struct reader_page *page = &reader->page;
    *ret_count = 0;
    while (true) {
        if (page->at == page->alike.count) {
            if (!record_page_next(sift_scanner(reader), &page->alike)) {
                return false;
            }
            alike_choose(reader);
            continue;
        }
        size_t room = sift_room(&reader->sift, page->recipe);
        size_t left = page->alike.count - page->at;
        if (room == 0) {
            return true;
        }
        struct sift_lines lines = { .alike = &page->alike,
                                    .marks = page->marks,
                                    .begin = page->at,
                                    .end = page->at + (left < room ? left : room) };
        size_t contexts = reader->sift.context_count;
        size_t requests = sift_add_alike(&reader->sift, &reader->gather, page->recipe, &lines);
        requests_sure(reader, page->at, requests);
        contexts_set_streams(reader, contexts);
        *ret_count += lines.end - lines.begin;
        page->at = lines.end;
    }
}

bool observe_sift_page_other(struct observe_reader *reader, struct span *ret)
{
    return record_page_other(sift_scanner(reader), ret);
}

/* The recipe for lines below the header in force. */
static const struct sift_recipe *tsv_recipe(struct observe_reader *reader)
{
    struct sift_recipe *recipe = &reader->sift.tsv;
    if (recipe->number == 0) {
        struct span stream = tsv_stream(reader);
        struct reader_stream_found found = observe_reader_stream(reader, stream);
        sift_recipe_tsv(&reader->sift, recipe, &reader->tsv, found.meanings);
        recipe->usable = recipe->usable && !found.looked;
    }
    return recipe;
}

static bool sift_tsv(struct observe_reader *reader, struct span line, uint32_t mark)
{
    struct tsv *tsv = &reader->tsv;
    const struct sift_recipe *recipe = tsv_recipe(reader);
    if (!recipe->usable || line.data[line.size - 1] == '\r') {
        return false;
    }
    tsv_cut(line, tsv->separator, &tsv->cut);
    if (tsv->cut.odd || tsv->cut.escaped || tsv->cut.count != tsv->column_count) {
        return false;
    }
    struct sift *sift = &reader->sift;
    size_t contexts = sift->context_count;
    sift_add_tsv(sift, &reader->gather, recipe, line, &tsv->cut, mark);
    if (contexts < sift->context_count) {
        context_set_stream(reader, &sift->contexts[contexts], tsv_stream(reader));
    }
    return true;
}

enum observe_fault observe_sift_line(struct observe_reader *reader, struct span line, uint32_t mark,
                                     bool *ret_waits, struct observe_line *ret)
{
    *ret_waits = false;
    bool mapped = reader->format >= OBSERVE_FORMAT_MAPPED_FIRST;
    if (mapped || line.size == 0 || line.size > SIFT_LINE_SIZE_MAX) {
        return observe_reader_line(reader, line, ret);
    }
    if (reader->format != OBSERVE_FORMAT_ZEEK_TSV) {
        return line.data[0] == '{' ? sift_json(reader, line, mark, ret_waits, ret)
                                   : observe_reader_line(reader, line, ret);
    }
    bool values = line.data[0] > '#'; /* no header, and nothing blank or odd */
    if (values && reader->tsv.column_count > 0 && sift_tsv(reader, line, mark)) {
        *ret_waits = true;
        return OBSERVE_FAULT_NONE;
    }
    return observe_reader_line(reader, line, ret);
}

bool observe_sift_full(const struct observe_reader *reader)
{
    return sift_is_full(&reader->sift);
}

bool observe_sift_take(struct observe_reader *reader, struct observe_sifted *ret)
{
    return sift_take(&reader->sift, &reader->gather, ret);
}
