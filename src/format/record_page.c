// SPDX-License-Identifier: EUPL-1.2
/*
 * Budget: 25 ns a line of 400 bytes for all but the pass over its bytes (bench/watch_bench.c,
 * "scan").
 */
#include "format/record_page.h"

#include "base/memory.h"
#include "base/must.h"

enum {
    TOKEN_COUNT_MAX = RECORD_SHEET_COUNT_MAX * RECORD_SHEET_SIZE_MAX + RECORD_INDEX_SLACK,
    REACH_MIN = 4096,
};

const struct record_page_way *record_page_way(void)
{
#if defined(__x86_64__)
    bool has_avx512 = __builtin_cpu_supports("avx2") && __builtin_cpu_supports("bmi") &&
                      __builtin_cpu_supports("bmi2") && __builtin_cpu_supports("pclmul") &&
                      __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
                      __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl") &&
                      __builtin_cpu_supports("avx512vbmi") && __builtin_cpu_supports("avx512vbmi2");
    return has_avx512 ? &record_page_avx512 : NULL;
#else
    return NULL;
#endif
}

struct record_page *record_page_new(const struct record_page_way *way)
{
    struct record_page *page = memory_new(sizeof *page);
    if (page == NULL) {
        return NULL;
    }
    page->way = way;
    page->reach = RECORD_SHEET_SIZE_MAX;
    memset(page->heads, 0xFF, sizeof page->heads); /* RECORD_PAGE_NONE */
    page->positions = memory_new_array(TOKEN_COUNT_MAX, sizeof *page->positions);
    page->classes = memory_new(TOKEN_COUNT_MAX);
    if (page->positions == NULL || page->classes == NULL) {
        record_page_free(page);
        return NULL;
    }
    return page;
}

void record_page_free(struct record_page *page)
{
    if (page == NULL) {
        return;
    }
    memory_free(page->classes);
    memory_free(page->positions);
    memory_free(page);
}

/* ---- lines ---- */

void record_page_leave(struct record_page *page, const struct record_page_line *line)
{
    must_dev(page->other_count < RECORD_PAGE_LINE_COUNT_MAX);
    page->others[page->other_count] = line;
    page->other_count++;
}

/* Whether an odd byte stands in one of its blocks: perhaps its neighbour's. */
static bool may_be_odd(const struct record_sheet *sheet, const struct record_page_line *line)
{
    enum { WORD_BITS = 64 };
    size_t first = line->begin / RECORD_SHEET_BLOCK_SIZE;
    size_t last = line->end / RECORD_SHEET_BLOCK_SIZE;
    const uint64_t *word = &sheet->odd[first / WORD_BITS];
    uint64_t bits = word[0] >> first % WORD_BITS;
    if (first % WORD_BITS != 0) {
        bits |= word[1] << (WORD_BITS - first % WORD_BITS); /* one word more than blocks is there */
    }
    if (last - first < WORD_BITS) {
        return (bits & (UINT64_MAX >> (WORD_BITS - 1 - (last - first)))) != 0;
    }
    for (size_t block = first; block <= last; block++) { /* a long line */
        if ((sheet->odd[block / WORD_BITS] >> block % WORD_BITS & 1) != 0) {
            return true;
        }
    }
    return false;
}

/* Whether a line's tokens mean what they say; tells whether there are escapes. */
static bool is_sound(const struct record_page *page, const struct record_sheet *sheet,
                     struct record_page_line *line)
{
    line->escapes = false;
    if (!sheet->any_odd || !may_be_odd(sheet, line)) {
        return true;
    }
    unsigned odd =
        page->way->oddness(span_make(line->data + line->begin, (size_t)(line->end - line->begin)));
    line->escapes = (odd & RECORD_ODD_ESCAPE) != 0;
    return (odd & RECORD_ODD_BYTE) == 0;
}

static inline void place_add(struct record_page *page, uint16_t place, size_t line)
{
    page->nexts[line] = page->heads[place];
    page->used[page->used_count] = place;
    page->used_count += page->heads[place] == RECORD_PAGE_NONE ? 1 : 0;
    page->heads[place] = (uint16_t)line;
}

/* Cut the tokens of a sheet into lines, and put them together; as many as there is room for.
 * Returns where the last of them ends. */
static size_t lines_group(struct record_page *page, const struct record_sheet *sheet,
                          const uint8_t *data)
{
    size_t room = RECORD_PAGE_LINE_COUNT_MAX - page->line_count;
    size_t count = page->way->ends(sheet, page->ends, room);
    page->way->hashes(sheet->classes, page->ends, count, page->line_hashes);
    page->way->places(page, page->line_hashes, count, page->line_places);
    size_t token = 0;
    size_t begin = 0;
    for (size_t i = 0; i < count; i++) {
        size_t number = page->line_count;
        struct record_page_line *line = &page->lines[number];
        line->data = data;
        line->positions = sheet->positions + token;
        line->token_count = (uint32_t)(page->ends[i] - token);
        line->begin = (uint16_t)begin;
        line->end = sheet->positions[page->ends[i]];
        uint16_t place = page->line_places[i];
        if (!is_sound(page, sheet, line) || place == RECORD_PAGE_NONE ||
            page->memos[place] == NULL) {
            record_page_leave(page, line);
        } else {
            place_add(page, place, number);
        }
        page->line_count++;
        token = (size_t)page->ends[i] + 1;
        begin = (size_t)line->end + 1;
    }
    page->token_count += token;
    return begin;
}

/* The same where the tokens tell nothing: all are left. */
static size_t lines_leave(struct record_page *page, struct span bytes)
{
    size_t begin = 0;
    while (begin < bytes.size && page->line_count < RECORD_PAGE_LINE_COUNT_MAX) {
        ptrdiff_t size = span_find(span_from(bytes, begin), '\n');
        must(size != SPAN_NOT_FOUND);
        struct record_page_line *line = &page->lines[page->line_count];
        *line = (struct record_page_line){ .data = bytes.data,
                                           .begin = (uint16_t)begin,
                                           .end = (uint16_t)(begin + (size_t)size) };
        record_page_leave(page, line);
        begin += (size_t)size + 1;
        page->line_count++;
    }
    return begin;
}

/* ---- sheets ---- */

/* The first of the whole lines, up to the reach; one line may be longer than that. */
static struct span sheet_of(const struct record_page *page, struct span rest)
{
    size_t size = rest.size < page->reach ? rest.size : page->reach;
    ptrdiff_t last = span_find_last(span_make(rest.data, size), '\n');
    if (last == SPAN_NOT_FOUND && page->reach < RECORD_SHEET_SIZE_MAX) {
        size = rest.size < RECORD_SHEET_SIZE_MAX ? rest.size : (size_t)RECORD_SHEET_SIZE_MAX;
        last = span_find_last(span_make(rest.data, size), '\n');
    }
    return span_make(rest.data, (size_t)(last + 1)); /* SPAN_NOT_FOUND: none */
}

/* As much as the lines took, where there was no room for all; else twice as much. */
static void reach_set(struct record_page *page, size_t size)
{
    bool full = page->line_count == RECORD_PAGE_LINE_COUNT_MAX;
    size_t reach = full ? size : 2 * page->reach;
    reach = reach < RECORD_SHEET_SIZE_MAX ? reach : (size_t)RECORD_SHEET_SIZE_MAX;
    page->reach = reach > REACH_MIN ? reach : (size_t)REACH_MIN;
}

/* Returns how many bytes its lines take. */
static size_t sheet_read(struct record_page *page, struct span bytes)
{
    struct record_sheet sheet = {
        .positions = page->positions + page->token_count,
        .classes = page->classes + page->token_count,
    };
    page->way->tokens(bytes, &sheet);
    size_t size = sheet.broken ? lines_leave(page, bytes) : lines_group(page, &sheet, bytes.data);
    reach_set(page, size);
    return size;
}

static void page_clear(struct record_page *page, const struct record_memory *memory)
{
    for (size_t i = 0; i < page->used_count; i++) {
        page->heads[page->used[i]] = RECORD_PAGE_NONE;
    }
    if (page->age != memory->age) { /* memos are gone */
        memset(page->memos, 0, sizeof page->memos);
        page->age = memory->age;
    }
    page->token_count = 0;
    page->line_count = 0;
    page->used_count = 0;
    page->used_at = 0;
    page->other_count = 0;
}

size_t record_page_read(struct record_page *page, const struct record_memory *memory,
                        struct span rest)
{
    const uint8_t *begin = rest.data;
    page_clear(page, memory);
    for (size_t i = 0; i < RECORD_SHEET_COUNT_MAX; i++) {
        struct span bytes = sheet_of(page, rest);
        if (bytes.size == 0 || page->line_count == RECORD_PAGE_LINE_COUNT_MAX) {
            break;
        }
        rest = span_from(rest, sheet_read(page, bytes));
    }
    return (size_t)(rest.data - begin);
}

/* ---- lines that are alike ---- */

/* As record_memo_know() does it. */
static bool scalars_fit(const struct record_memo *memo, const struct record_memo_parts *parts,
                        const struct record_page_line *line)
{
    for (size_t i = 0; i < memo->scalar_count; i++) {
        const uint16_t *positions = line->positions + parts->scalars[i];
        struct span text =
            span_make(line->data + positions[0], (size_t)(positions[1] - positions[0]));
        if (!record_text_is_short(text) &&
            !record_text_fits(parts->classes[parts->scalars[i]], text)) {
            return false;
        }
    }
    return true;
}

/* Whether no wanted string of a line holds an escape. */
static bool strings_fit(const struct record_memo *memo, const struct record_memo_parts *parts,
                        const struct record_page_line *line)
{
    for (size_t i = 0; i < memo->field_count; i++) {
        size_t token = parts->fields[i].token;
        struct span text = span_make(line->data + line->positions[token],
                                     (size_t)(line->positions[token + 1] - line->positions[token]));
        if (parts->classes[token] == RECORD_CLASS_QUOTE &&
            span_find(text, '\\') != SPAN_NOT_FOUND) {
            return false;
        }
    }
    return true;
}

/* The place of another memo for the same hash. */
static uint16_t place_behind(const struct record_page *page, uint16_t place)
{
    for (uint16_t at = place + 1; at % RECORD_PAGE_WAY_COUNT != 0; at++) {
        if (page->memos[at] != NULL && page->hashes[at] == page->hashes[place]) {
            return at;
        }
    }
    return RECORD_PAGE_NONE;
}

/* Some lines of a place. */
static void group_take(struct record_page *page, uint16_t place, struct record_page_group *ret)
{
    uint16_t line = page->heads[place];
    ret->count = 0;
    while (line != RECORD_PAGE_NONE && ret->count < RECORD_ALIKE_COUNT_MAX) {
        ret->lines[ret->count] = &page->lines[line];
        ret->count++;
        line = page->nexts[line];
    }
    page->heads[place] = line;
}

/* A line for which the memo of its place does not hold. */
static void line_pass_on(struct record_page *page, uint16_t place,
                         const struct record_page_line *line)
{
    uint16_t other = place_behind(page, place);
    if (other != RECORD_PAGE_NONE) {
        place_add(page, other, (size_t)(line - page->lines));
    } else {
        record_page_leave(page, line);
    }
}

static void group_tell(struct record_page *page, uint16_t place,
                       const struct record_page_group *group, struct record_alike *ret)
{
    const struct record_memo_parts parts = record_memo_parts(group->memo);
    uint64_t holds = page->way->holds(group, page);
    for (size_t i = 0; i < group->count; i++) {
        const struct record_page_line *line = group->lines[i];
        if ((holds >> i & 1) == 0) {
            line_pass_on(page, place, line);
        } else if (!scalars_fit(group->memo, &parts, line) ||
                   (line->escapes && !strings_fit(group->memo, &parts, line))) {
            record_page_leave(page, line);
        } else {
            ret->lines[ret->count] = line;
            ret->count++;
        }
    }
}

/* Ask for the memos of the groups that come next, while this one is looked at; gives the number of
 * the first. */
static uint32_t memos_prefetch(const struct record_page *page)
{
    enum { LINE_SIZE = 64, MEMO_SIZE_USUAL = 512 };
    if (page->used_at + 2 < page->used_count) {
        const uint8_t *memo = (const uint8_t *)page->memos[page->used[page->used_at + 2]];
        for (size_t at = 0; at < MEMO_SIZE_USUAL; at += LINE_SIZE) {
            __builtin_prefetch(memo + at);
        }
    }
    return page->used_at + 1 < page->used_count ? page->memos[page->used[page->used_at + 1]]->number
                                                : 0;
}

bool record_page_next_alike(struct record_page *page, const struct record_memory *memory,
                            struct record_alike *ret)
{
    ret->count = 0;
    while (page->used_at < page->used_count && ret->count == 0) {
        uint16_t place = page->used[page->used_at];
        struct record_page_group group;
        group.memo = page->memos[place];
        group.pieces = memory->pieces;
        ret->next = memos_prefetch(page);
        group_take(page, place, &group);
        if (page->heads[place] == RECORD_PAGE_NONE) {
            page->used_at++;
        }
        ret->number = group.memo->number;
        ret->age = page->age;
        ret->places = record_memo_parts(group.memo).fields;
        group_tell(page, place, &group, ret);
    }
    return ret->count > 0;
}

void record_page_learn(struct record_page *page, const struct record_memory *memory,
                       const struct record_memo *memo)
{
    if (page->age != memory->age) {
        return; /* what the page holds was forgotten meanwhile; it will see */
    }
    uint32_t hash;
    page->way->hashes(memo->parts, &memo->token_count, 1, &hash);
    size_t first = (size_t)(hash % RECORD_PAGE_BUCKET_COUNT) * RECORD_PAGE_WAY_COUNT;
    for (size_t way = 0; way < RECORD_PAGE_WAY_COUNT; way++) {
        if (page->memos[first + way] == memo) {
            return;
        }
    }
    for (size_t way = RECORD_PAGE_WAY_COUNT - 1; way > 0; way--) {
        page->hashes[first + way] = page->hashes[first + way - 1];
        page->memos[first + way] = page->memos[first + way - 1];
    }
    page->hashes[first] = hash;
    page->memos[first] = memo;
}
