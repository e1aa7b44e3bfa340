// SPDX-License-Identifier: EUPL-1.2
/*
 * What all formats share: names, opening a file, and passing on to the format's own reading.
 */
#include "base/must.h"
#include "exchange/internal.h"

#define UTF8_BOM "\xEF\xBB\xBF"

enum { CONTEXT_ROOM_SIZE = EXCHANGE_CONTEXT_SIZE_MAX + 8 * EXCHANGE_NOTE_SIZE_MAX };

/* How a format is read. */
static const struct {
    const char *name;
    enum err (*open)(struct op *op, struct exchange_reader *reader); /* NULL: nothing to be done */
    enum err (*next)(struct exchange_reader *reader, struct exchange_item *ret_item,
                     struct exchange_fault *ret_fault); /* NULL: not read here */
    bool document;                                      /* JSON: entries are counted, not lines */
} formats[EXCHANGE_FORMAT_COUNT] = {
    [EXCHANGE_FORMAT_AUTO] = { "auto", NULL, NULL, false },
    [EXCHANGE_FORMAT_LIST] = { "list", NULL, exchange_lines_next, false },
    [EXCHANGE_FORMAT_CSV] = { "csv", exchange_csv_open, exchange_csv_next, false },
    [EXCHANGE_FORMAT_STIX] = { "stix", NULL, NULL, true },
    [EXCHANGE_FORMAT_HOSTS] = { "hosts", NULL, exchange_hosts_next, false },
    [EXCHANGE_FORMAT_ADBLOCK] = { "adblock", NULL, exchange_lines_next, false },
    [EXCHANGE_FORMAT_ZEEK_INTEL] = { "zeek-intel", exchange_zeek_open, exchange_lines_next, false },
    [EXCHANGE_FORMAT_SURICATA_DATASET] = { "suricata-dataset", exchange_dataset_open,
                                           exchange_lines_next, false },
    [EXCHANGE_FORMAT_SURICATA_DATAREP] = { "suricata-datarep", exchange_dataset_open,
                                           exchange_lines_next, false },
    [EXCHANGE_FORMAT_SURICATA_IPREP] = { "suricata-iprep", exchange_iprep_open, exchange_lines_next,
                                         false },
    [EXCHANGE_FORMAT_SURICATA_JSON] = { "suricata-json", exchange_json_open, exchange_json_next,
                                        true },
    [EXCHANGE_FORMAT_MISP] = { "misp", exchange_misp_open, exchange_misp_next, true },
    [EXCHANGE_FORMAT_WARNINGLIST] = { "misp-warninglist", exchange_warninglist_open,
                                      exchange_warninglist_next, true },
};

const char *exchange_format_name(enum exchange_format format)
{
    must(format < EXCHANGE_FORMAT_COUNT);
    return formats[format].name;
}

enum err exchange_format_from_name(struct span word, enum exchange_format *ret)
{
    for (int i = EXCHANGE_FORMAT_AUTO + 1; i < EXCHANGE_FORMAT_COUNT; i++) {
        if (span_equal(word, span_of(formats[i].name))) {
            *ret = (enum exchange_format)i;
            return ERR_OK;
        }
    }
    return ERR_ABSENT;
}

const char *exchange_place_name(enum exchange_format format)
{
    must(format < EXCHANGE_FORMAT_COUNT);
    return formats[format].document ? "entry" : "line";
}

const char *exchange_refusal_name(enum exchange_refusal refusal)
{
    static const char *const names[EXCHANGE_REFUSAL_COUNT] = {
        [EXCHANGE_REFUSAL_NONE] = "none",
        [EXCHANGE_REFUSAL_KIND] = "unknown kind",
        [EXCHANGE_REFUSAL_VALUE] = "bad value",
        [EXCHANGE_REFUSAL_SIZE] = "too long",
        [EXCHANGE_REFUSAL_TIME] = "bad time",
        [EXCHANGE_REFUSAL_TLP] = "unknown TLP",
        [EXCHANGE_REFUSAL_NUMBER] = "bad confidence",
        [EXCHANGE_REFUSAL_CELLS] = "bad cells",
        [EXCHANGE_REFUSAL_UNWATCHED] = "not watched",
        [EXCHANGE_REFUSAL_SCOPE] = "bad scope",
        [EXCHANGE_REFUSAL_PATTERN] = "bad pattern",
        [EXCHANGE_REFUSAL_CONDITION] = "conditional",
        [EXCHANGE_REFUSAL_ENCODING] = "bad encoding",
    };
    must(refusal < EXCHANGE_REFUSAL_COUNT);
    return names[refusal];
}

enum err exchange_refuse(enum exchange_refusal refusal, uint64_t line, size_t at, struct span text,
                         struct exchange_fault *ret_fault)
{
    size_t size =
        text.size < EXCHANGE_FAULT_TEXT_SIZE_MAX ? text.size : EXCHANGE_FAULT_TEXT_SIZE_MAX;
    *ret_fault = (struct exchange_fault){
        .refusal = refusal,
        .line = line,
        .byte = at,
        .text = span_slice(text, 0, size),
    };
    return ERR_FORMAT;
}

struct exchange_item exchange_item_empty(uint64_t line, size_t at)
{
    return (struct exchange_item){
        .confidence = EXCHANGE_CONFIDENCE_NONE,
        .valid_from_us = TIME_US_NONE,
        .valid_until_us = TIME_US_NONE,
        .first_seen_us = TIME_US_NONE,
        .line = line,
        .byte = at,
    };
}

static void reader_init(struct op *op, struct exchange_reader *reader, enum exchange_format format,
                        const struct exchange_options *options, struct span file)
{
    const struct exchange_options none = { .kind = VALUE_NONE };
    reader->op = op;
    reader->format = format;
    reader->options = options == NULL ? none : *options;
    reader->file = file;
    reader->at = span_starts_with(file, SPAN(UTF8_BOM)) ? sizeof UTF8_BOM - 1 : 0;
    reader->line = 1;
    reader->record.scratch = reader->scratch;
    reader->record.size_max = sizeof reader->scratch;
    buf_init(&reader->text, EXCHANGE_TEXT_SIZE_MAX);
    buf_init(&reader->context, CONTEXT_ROOM_SIZE);
}

enum err exchange_open(struct op *op, enum exchange_format format,
                       const struct exchange_options *options, struct span file,
                       struct exchange_reader **ret)
{
    must(format < EXCHANGE_FORMAT_COUNT);
    must(formats[format].next != NULL);
    if (file.size > EXCHANGE_FILE_SIZE_MAX) {
        return op_fail(op, ERR_LIMIT, "the file is larger than %d bytes: split it",
                       EXCHANGE_FILE_SIZE_MAX);
    }
    if (span_starts_with(file, SPAN("\xFF\xFE")) || span_starts_with(file, SPAN("\xFE\xFF"))) {
        return op_fail(op, ERR_FORMAT, "the file is in UTF-16: convert it to UTF-8");
    }
    struct exchange_reader *reader = op_alloc(op, sizeof *reader);
    if (reader == NULL) {
        return ERR_LIMIT;
    }
    reader_init(op, reader, format, options, file);
    enum err err = formats[format].open == NULL ? ERR_OK : formats[format].open(op, reader);
    if (err != ERR_OK) {
        exchange_close(reader);
        return err;
    }
    *ret = reader;
    return ERR_OK;
}

void exchange_close(struct exchange_reader *reader)
{
    if (reader != NULL) {
        buf_done(&reader->text);
        buf_done(&reader->context);
    }
}

enum err exchange_next(struct exchange_reader *reader, struct exchange_item *ret_item,
                       struct exchange_fault *ret_fault)
{
    return formats[reader->format].next(reader, ret_item, ret_fault);
}

uint64_t exchange_passed(const struct exchange_reader *reader)
{
    return reader->passed;
}

const struct exchange_about *exchange_about(const struct exchange_reader *reader)
{
    return &reader->about;
}
