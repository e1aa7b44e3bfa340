// SPDX-License-Identifier: EUPL-1.2
/*
 * Hot path: all of a text is passed over byte by byte, words are looked at by what they are made
 * of. Budget: 2 ns a byte, of text as syslog brings it.
 */
#include "observe/prose.h"

#include <libpsl.h>

#include "base/must.h"
#include "observe/gather_value.h"

/* What a word is made of. */
enum {
    OF_LETTER = 1, /* G to Z, '_' */
    OF_HEX = 2,    /* A to F */
    OF_DIGIT = 4,
    OF_DOT = 8,
    OF_COLON = 16,
    OF_AT = 32,
    OF_DASH = 64,    /* '-', '+' */
    OF_BEYOND = 128, /* not ASCII: names may be written so */
};

/* All else ends a word. */
/* clang-format off */
#define ROW(b) b, b, b, b, b, b, b, b, b, b, b, b, b, b, b, b
#define L OF_LETTER
#define H OF_HEX
#define D OF_DIGIT
static const uint8_t made_of[UINT8_MAX + 1] = {
    ROW(0), ROW(0),
    0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, OF_DASH, 0, OF_DASH, OF_DOT, 0, /* '+' '-' '.' */
    D, D, D, D, D, D, D, D, D, D, OF_COLON, 0, 0, 0, 0, 0,
    OF_AT, H, H, H, H, H, H, L, L, L, L, L, L, L, L, L,
    L, L, L, L, L, L, L, L, L, L, L, 0, 0, 0, 0, L,                  /* '_' */
    0, H, H, H, H, H, H, L, L, L, L, L, L, L, L, L,
    L, L, L, L, L, L, L, L, L, L, L, 0, 0, 0, 0, 0,
    ROW(OF_BEYOND), ROW(OF_BEYOND), ROW(OF_BEYOND), ROW(OF_BEYOND),
    ROW(OF_BEYOND), ROW(OF_BEYOND), ROW(OF_BEYOND), ROW(OF_BEYOND),
};
#undef ROW
#undef L
#undef H
#undef D
/* clang-format on */

struct pass {
    struct prose *prose;
    struct gather *gather;
    struct span text;
    size_t at;
    size_t no_url_before; /* up to there it was found that no URL stands */
    size_t outer_end;     /* of a URL that holds the one at hand: no third one is looked for */
};

/* ---- names ---- */

/* Top level domains that are also endings of files which logs name: libraries, scripts, sources,
 * archives, documents. Of ".com", ".cc", ".app", ".run" and others that malware is fond of more
 * names are met than files, so that they are not among them. */
static bool is_file_ending(struct span top)
{
    static const char *const endings[] = {
        "cab", "do", "inc", "la", "map", "md", "mov", "pl",
        "pm",  "ps", "pub", "py", "rs",  "sh", "so",  "zip",
    };
    for (size_t i = 0; i < sizeof endings / sizeof endings[0]; i++) {
        if (span_equal(top, span_of(endings[i]))) {
            return true;
        }
    }
    return false;
}

/* Top level domains that the public root does not have, but whose names are asked for: of other
 * roots, which malware likes, of networks of their own, and of examples (RFC 6761, RFC 9476). */
static bool is_other_top(struct span top)
{
    static const char *const tops[] = {
        "alt", "bazar",    "bit",      "coin", "corp",  "emc",         "eth",     "example", "home",
        "i2p", "intranet", "internal", "lan",  "local", "localdomain", "private", "test",
    };
    for (size_t i = 0; i < sizeof tops / sizeof tops[0]; i++) {
        if (span_equal(top, span_of(tops[i]))) {
            return true;
        }
    }
    return false;
}

/* Asked of libpsl once for each label of late: few stand at the end of names. */
static bool is_top(struct prose *prose, struct span label, struct span *ret_lower)
{
    struct prose_top top = { .size = (uint8_t)label.size };
    size_t hash = label.size;
    if (label.size == 0 || label.size >= PROSE_TOP_SIZE_MAX) {
        return false;
    }
    for (size_t i = 0; i < label.size; i++) {
        uint8_t byte = label.data[i];
        top.name[i] = byte >= 'A' && byte <= 'Z' ? (uint8_t)(byte + 'a' - 'A') : byte;
        hash = hash * 31 + top.name[i]; /* a prime; labels that share a place take turns in it */
    }
    struct prose_top *place = &prose->tops[hash % PROSE_TOP_COUNT];
    struct span lower = span_make(top.name, label.size);
    if (!span_equal(span_make(place->name, place->size), lower)) {
        top.known = psl_is_public_suffix2(psl_builtin(), (const char *)top.name,
                                          PSL_TYPE_ICANN | PSL_TYPE_NO_STAR_RULE) != 0 ||
                    is_other_top(lower);
        *place = top;
    }
    *ret_lower = span_make(place->name, place->size);
    return place->known != 0;
}

/* Whether a name is one of the public tree, and no file. */
static bool is_domain(const struct pass *p, struct span name, bool surely)
{
    ptrdiff_t dot = span_find_last(name, '.');
    struct span top = { NULL, 0 };
    if (dot <= 0 || !is_top(p->prose, span_from(name, (size_t)dot + 1), &top)) {
        return false;
    }
    bool two_labels = span_find(name, '.') == dot;
    return surely || !two_labels || !is_file_ending(top);
}

/* ---- words ---- */

static uint8_t byte_at(const struct pass *p, size_t at)
{
    return at < p->text.size ? p->text.data[at] : 0;
}

static bool is_digit(uint8_t byte)
{
    return byte >= '0' && byte <= '9';
}

/* Digits at some place, as a port; 0 where there are none. */
static unsigned port_at(const struct pass *p, size_t at)
{
    enum { PORT_DIGITS_MAX = 5 };
    size_t end = at;
    while (end - at <= PORT_DIGITS_MAX && is_digit(byte_at(p, end))) {
        end++;
    }
    return gather_port(span_slice(p->text, at, end));
}

static size_t place_of(const struct pass *p, struct span piece)
{
    return (size_t)(piece.data - p->text.data);
}

/* "198.51.100.0/24": the number of bits behind the address; all of them are that address. */
static bool is_range(const struct pass *p, struct span address)
{
    enum { BITS_OF_IPV4 = 32, BITS_OF_IPV6 = 128 };
    size_t end = place_of(p, address) + address.size;
    unsigned bits_max = span_find(address, ':') == SPAN_NOT_FOUND ? BITS_OF_IPV4 : BITS_OF_IPV6;
    return byte_at(p, end) == '/' && is_digit(byte_at(p, end + 1)) &&
           port_at(p, end + 1) < bits_max;
}

/* An address, perhaps with a port behind it. */
static bool add_address(struct pass *p, struct span text, unsigned port)
{
    if (is_range(p, text)) {
        return true;
    }
    if (!gather_add_address(p->gather, text, text)) {
        return false;
    }
    gather_value_ip_port(p->gather, text, port);
    return true;
}

static struct span trimmed(struct span text)
{
    while (text.size > 0 && (made_of[text.data[0]] & (OF_DOT | OF_COLON | OF_DASH)) != 0) {
        text = span_from(text, 1);
    }
    while (text.size > 0 &&
           (made_of[text.data[text.size - 1]] & (OF_DOT | OF_COLON | OF_DASH)) != 0) {
        text = span_slice(text, 0, text.size - 1);
    }
    return text;
}

static uint8_t made_of_all(struct span text)
{
    uint8_t all = 0;
    for (size_t i = 0; i < text.size; i++) {
        all |= made_of[text.data[i]];
    }
    return all;
}

static bool is_digest_size(size_t size)
{
    return size == (size_t)VALUE_MD5_SIZE * 2 || size == (size_t)VALUE_SHA1_SIZE * 2 ||
           size == (size_t)VALUE_SHA256_SIZE * 2 || size == (size_t)VALUE_SHA512_SIZE * 2;
}

/* One of an address, a name and a digest: a word, or a part of one between colons. */
static void add_piece(struct pass *p, struct span piece, uint8_t all, unsigned port, bool surely)
{
    struct span text = trimmed(piece);
    if (text.size == 0) {
        return;
    }
    if ((all & (OF_LETTER | OF_DASH | OF_BEYOND)) == 0 && (all & OF_DOT) == 0) {
        if (is_digest_size(text.size)) {
            gather_value(p->gather, CLASS_DIGEST, text);
        }
        return;
    }
    if ((all & OF_DOT) == 0) {
        return;
    }
    if ((all & ~(OF_DIGIT | OF_DOT)) == 0) {
        (void)add_address(p, text, port);
        return;
    }
    bool function = byte_at(p, place_of(p, piece) + piece.size) == '(';
    if (!function && is_domain(p, text, surely)) {
        (void)gather_add_name(p->gather, text, text);
    }
}

/* "198.51.100.7:443", "host:443", "src:198.51.100.7", "sha256:5e05..." */
static void add_between_colons(struct pass *p, struct span word)
{
    struct span rest = word;
    struct span piece = { NULL, 0 };
    while (span_next(&rest, ':', &piece)) {
        unsigned port = rest.data == NULL ? 0 : port_at(p, place_of(p, rest));
        if (piece.size > 0) {
            add_piece(p, piece, made_of_all(piece), port, false);
        }
    }
}

/* "2001:db8::7", "[2001:db8::7]:443"; a digest with colons between its bytes. */
static bool add_with_colons(struct pass *p, struct span word, uint8_t all)
{
    size_t begin = place_of(p, word);
    size_t end = begin + word.size;
    bool bracketed = begin > 0 && byte_at(p, begin - 1) == '[' && byte_at(p, end) == ']';
    unsigned port = bracketed && byte_at(p, end + 1) == ':' ? port_at(p, end + 2) : 0;
    if ((all & ~(OF_HEX | OF_DIGIT | OF_COLON | OF_DOT)) != 0) {
        return false;
    }
    if (add_address(p, word, port)) {
        return true;
    }
    /* "2001:db8::7:", as before what was said of it */
    struct span text = word;
    if (text.data[text.size - 1] == ':' || text.data[text.size - 1] == '.') {
        text = span_slice(text, 0, text.size - 1);
        if (text.size > 0 && add_address(p, text, 0)) {
            return true;
        }
    }
    bool digest = (all & OF_DOT) == 0 && is_digest_size((text.size + 1) / 3 * 2) && /* "5e:05" */
                  (text.size + 1) % 3 == 0;
    if (digest) {
        gather_value(p->gather, CLASS_DIGEST, text);
    }
    return digest;
}

/* "someone@example.org", "user@198.51.100.7". */
static void add_with_at(struct pass *p, struct span word)
{
    struct span text = trimmed(word);
    ptrdiff_t at = span_find_last(text, '@');
    if (at == SPAN_NOT_FOUND) {
        return;
    }
    struct span host = span_from(text, (size_t)at + 1);
    ptrdiff_t colon = span_find(host, ':'); /* "user@host:path" */
    host = colon == SPAN_NOT_FOUND ? host : span_slice(host, 0, (size_t)colon);
    struct span address = span_slice(text, 0, (size_t)at + 1 + host.size);
    struct span local = span_slice(text, 0, (size_t)at);
    ptrdiff_t before = span_find_last(local, ':'); /* "mailto:", "sip:" */
    if (before != SPAN_NOT_FOUND) {
        address = span_from(address, (size_t)before + 1);
    }
    if (made_of_all(host) == OF_DIGIT) { /* "198.51.100.7@53124", as some write a port */
        add_piece(p, local, made_of_all(local), port_at(p, place_of(p, host)), false);
        return;
    }
    bool name = is_domain(p, host, true) && address.data[0] != '@';
    if (name && gather_add_email(p->gather, address, address)) {
        return;
    }
    add_piece(p, host, made_of_all(host), 0, true);
}

static void add_word(struct pass *p, struct span word, uint8_t all)
{
    if ((all & OF_AT) != 0) {
        add_with_at(p, word);
    } else if ((all & OF_COLON) == 0) {
        add_piece(p, word, all, 0, false);
    } else if (!add_with_colons(p, word, all)) {
        add_between_colons(p, word);
    }
}

/* ---- URLs ---- */

static bool ends_url(uint8_t byte)
{
    return byte <= ' ' || byte == '"' || byte == '<' || byte == '>' || byte == '`' || byte == '|' ||
           byte == '\\' || byte == '^' || byte == '{' || byte == '}' || byte == '\'';
}

/* Where the URL ends whose first byte is there: what closes a bracket that it did not open, and
 * marks that end a sentence, are not part of it. */
static size_t url_end(const struct pass *p, size_t begin)
{
    size_t end = begin;
    int open = 0;
    for (; end < p->text.size && !ends_url(p->text.data[end]); end++) {
        uint8_t byte = p->text.data[end];
        open += byte == '(' || byte == '[' ? 1 : 0;
        if (byte == ')' || byte == ']') {
            open--;
        }
        if (open < 0) {
            break;
        }
    }
    while (end > begin && strchr(".,;:!?", p->text.data[end - 1]) != NULL) {
        end--;
    }
    return end;
}

/* The first byte of the scheme whose colon is there. */
static size_t scheme_begin(const struct pass *p, size_t word_begin, size_t colon)
{
    const uint8_t letters = OF_LETTER | OF_HEX;
    size_t begin = colon;
    while (begin > word_begin && (made_of[p->text.data[begin - 1]] & letters) != 0) {
        begin--;
    }
    return begin;
}

/* Where a URL goes on that stands in another one ("?to=http://..."); the end where none does. */
static size_t inner_url(struct pass *p, size_t begin, size_t end)
{
    ptrdiff_t mark = span_find_span(span_slice(p->text, begin, end), SPAN("://"));
    if (mark == SPAN_NOT_FOUND || end <= p->outer_end) {
        return end;
    }
    p->outer_end = end;
    return scheme_begin(p, begin, begin + (size_t)mark);
}

/* A word ended with ':' before a '/'. True: a URL was taken. */
static bool take_url(struct pass *p, size_t word_begin)
{
    size_t slash = p->at;
    bool looks_so = slash > word_begin && p->text.data[slash - 1] == ':' &&
                    byte_at(p, slash) == '/' && byte_at(p, slash + 1) == '/';
    if (!looks_so || slash < p->no_url_before) {
        return false;
    }
    size_t begin = scheme_begin(p, word_begin, slash - 1);
    size_t end = url_end(p, begin);
    struct span url = span_slice(p->text, begin, end);
    if (begin == slash - 1 || url.size > VALUE_URL_SIZE_MAX || !gather_add_url(p->gather, url)) {
        p->no_url_before = end; /* so that no text is gone through for URLs again and again */
        return false;
    }
    p->at = inner_url(p, slash + 2, end);
    return true;
}

/* ---- the pass ---- */

/* rsyslog writes a line feed as "#012", many programs as "\n": what follows is a word of its own.
 */
static void skip_escape(struct pass *p)
{
    enum { OCTAL_SIZE = 3 };
    uint8_t mark = byte_at(p, p->at);
    uint8_t next = byte_at(p, p->at + 1);
    p->at++;
    if (mark == '\\' && (next == 'n' || next == 't' || next == 'r')) {
        p->at++;
    } else if (mark == '#' && next == '0' && is_digit(byte_at(p, p->at + 1)) &&
               is_digit(byte_at(p, p->at + 2))) {
        p->at += OCTAL_SIZE;
    }
}

void prose_gather(struct prose *prose, struct gather *gather, struct span text)
{
    enum { HEX_WORD = OF_HEX | OF_DIGIT, TELLING = OF_DOT | OF_COLON | OF_AT };
    struct pass pass = { .prose = prose, .gather = gather, .text = text };
    while (pass.at < text.size) {
        size_t begin = pass.at;
        uint8_t all = 0;
        uint8_t of = made_of[text.data[pass.at]];
        while (of != 0) {
            all |= of;
            pass.at++;
            of = pass.at < text.size ? made_of[text.data[pass.at]] : 0;
        }
        size_t size = pass.at - begin;
        bool digest = (all & ~HEX_WORD) == 0 && is_digest_size(size);
        if (((all & TELLING) != 0 || digest) && !take_url(&pass, begin)) {
            add_word(&pass, span_make(text.data + begin, size), all);
        }
        if (pass.at < text.size && made_of[text.data[pass.at]] == 0) {
            skip_escape(&pass);
        }
    }
}
