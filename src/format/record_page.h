// SPDX-License-Identifier: EUPL-1.2
/*
 * Many lines at once, for the fast record scanner. One pass finds the tokens of all lines of a page
 * and where the lines end; then lines whose skeletons have one hash are put together, and each such
 * group is held against the memos of that hash. So a processor does one thing many times in a row,
 * and need not guess what kind of line comes next. Private to record*.c.
 *
 * A page knows only lines that are built as a memo says. All others, and those with a byte above
 * 0x7F, a control character, or a backslash in a wanted string, are for the caller to scan one by
 * one.
 */
#ifndef FORMAT_RECORD_PAGE_H
#define FORMAT_RECORD_PAGE_H

#include "format/record_memo.h"

enum {
    RECORD_SHEET_SIZE_MAX = 64 * 1024, /* so that 16 bits tell a place in it */
    RECORD_SHEET_COUNT_MAX = 4,
    RECORD_SHEET_BLOCK_SIZE = 64, /* odd bytes are noted by block */
    RECORD_SHEET_BLOCK_COUNT = RECORD_SHEET_SIZE_MAX / RECORD_SHEET_BLOCK_SIZE,
    RECORD_PAGE_BUCKET_COUNT = 256, /* a power of two */
    RECORD_PAGE_WAY_COUNT = 8,
    RECORD_PAGE_PLACE_COUNT = RECORD_PAGE_BUCKET_COUNT * RECORD_PAGE_WAY_COUNT,
    RECORD_PAGE_NONE = UINT16_MAX,
    RECORD_CLASS_LINE_END = 0x87, /* beside those of enum record_class */
};

_Static_assert((int)RECORD_PAGE_PLACE_COUNT < (int)RECORD_PAGE_NONE, "a place has 16 bits");
_Static_assert((int)RECORD_PAGE_LINE_COUNT_MAX < (int)RECORD_PAGE_NONE, "and a line, too");

/* The tokens of all lines of a sheet, with a token of class RECORD_CLASS_LINE_END behind each line.
 * Of a line with a byte that makes it odd they mean nothing. */
struct record_sheet {
    uint16_t *positions; /* offset in the sheet */
    uint8_t *classes;
    size_t count;
    bool broken; /* a line ends inside a string: nothing is known of any of them */
    bool any_odd;
    /* A bit for each block that holds an odd byte, and a word of zeros. */
    uint64_t odd[RECORD_SHEET_BLOCK_COUNT / 64 + 1];
};

/* What makes a line odd, as bits. */
enum {
    RECORD_ODD_BYTE = 1,   /* a control character, or above 0x7F */
    RECORD_ODD_ESCAPE = 2, /* a backslash */
};

/* A group that is to be held against one memo. */
struct record_page_group {
    const struct record_memo *memo;
    const struct record_piece *pieces;
    size_t count;
    const struct record_page_line *lines[RECORD_ALIKE_COUNT_MAX];
};

/* The steps for which processors have instructions of their own. */
struct record_page;
struct record_page_way {
    const char *name;
    void (*tokens)(struct span bytes, struct record_sheet *ret);
    /* The numbers of those tokens that are line ends, at most `count_max`. */
    size_t (*ends)(const struct record_sheet *sheet, uint32_t *ends, size_t count_max);
    /* Which odd bytes stand in a text; RECORD_PADDING_SIZE readable bytes follow it. */
    unsigned (*oddness)(struct span text);
    /* A hash of the classes of each line, whose ends are given. */
    void (*hashes)(const uint8_t *classes, const uint32_t *ends, size_t count, uint32_t *ret);
    /* The first place of each hash in page->hashes; RECORD_PAGE_NONE where it has none. */
    void (*places)(const struct record_page *page, const uint32_t *hashes, size_t count,
                   uint16_t *ret);
    /* Sets a bit for each line of the group for which the memo's skeleton and keys hold. */
    uint64_t (*holds)(const struct record_page_group *group, const struct record_page *page);
};

/* Lines are read sheet by sheet, as places in them are told by 16 bits; a page is several of them,
 * so that groups are large. */
struct record_page {
    const struct record_page_way *way;
    size_t reach; /* of the next sheet, so that it holds no more lines than there is room for */
    uint16_t *positions;
    uint8_t *classes;
    size_t token_count;
    size_t line_count;
    struct record_page_line lines[RECORD_PAGE_LINE_COUNT_MAX];
    /* Of the lines of one sheet. */
    uint32_t ends[RECORD_PAGE_LINE_COUNT_MAX + RECORD_INDEX_SLACK];
    uint32_t line_hashes[RECORD_PAGE_LINE_COUNT_MAX];
    uint16_t line_places[RECORD_PAGE_LINE_COUNT_MAX];
    /* Lines of each place, as lists. */
    uint16_t heads[RECORD_PAGE_PLACE_COUNT];
    uint16_t nexts[RECORD_PAGE_LINE_COUNT_MAX];
    size_t used_count;
    size_t used_at; /* the places before it are done */
    uint16_t used[RECORD_PAGE_LINE_COUNT_MAX * RECORD_PAGE_WAY_COUNT];
    size_t other_count;
    const struct record_page_line *others[RECORD_PAGE_LINE_COUNT_MAX];
    /* What is known of skeletons, by their hash. */
    uint32_t age; /* of the memory that the memos are in */
    uint32_t hashes[RECORD_PAGE_PLACE_COUNT];
    const struct record_memo *memos[RECORD_PAGE_PLACE_COUNT]; /* NULL: free */
};

/**
 * The classes of a line's tokens.
 *
 * page      holds the line
 * line      one of its lines
 */
static inline const uint8_t *record_page_classes(const struct record_page *page,
                                                 const struct record_page_line *line)
{
    return page->classes + (line->positions - page->positions);
}

/**
 * The way that this machine can compute; see struct record_page_way.
 *
 * Returns NULL where it has none that is quicker than to scan line by line.
 */
const struct record_page_way *record_page_way(void);

/**
 * Make a page.
 *
 * way       of record_page_way(), or another of the same meaning
 *
 * Returns NULL where there is no memory.
 */
struct record_page *record_page_new(const struct record_page_way *way);

/**
 * Give a page back.
 *
 * page      NULL does nothing
 */
void record_page_free(struct record_page *page);

/**
 * Read whole lines from the start of some bytes, and put them together.
 *
 * page      whatever it held is forgotten
 * memory    the memos of the lines' scanner
 * rest      RECORD_PADDING_SIZE readable bytes follow it
 *
 * Returns how many bytes they take, with their ends; 0 where the first line is longer than a sheet.
 */
size_t record_page_read(struct record_page *page, const struct record_memory *memory,
                        struct span rest);

/**
 * The next lines that are built alike; see record_page_next() in record.h.
 *
 * page      read
 * memory    as for record_page_read(); nothing was learned since
 * ret       receives them
 *
 * Returns false where there are no more.
 */
bool record_page_next_alike(struct record_page *page, const struct record_memory *memory,
                            struct record_alike *ret);

/**
 * Leave a line to be scanned by itself.
 *
 * page      read
 * line      one that was told by record_page_next_alike()
 */
void record_page_leave(struct record_page *page, const struct record_page_line *line);

/**
 * Keep the memo of a line that was scanned by itself.
 *
 * page      learns
 * memory    that the memo is in
 * memo      of the line
 */
void record_page_learn(struct record_page *page, const struct record_memory *memory,
                       const struct record_memo *memo);

#if defined(__x86_64__)
/* With AVX-512 (F, BW, DQ, VL, VBMI, VBMI2). */
extern const struct record_page_way record_page_avx512;
#endif

/* Without any such instructions: what the others are held to. */
extern const struct record_page_way record_page_scalar;

#endif
