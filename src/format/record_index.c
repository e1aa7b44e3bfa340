// SPDX-License-Identifier: EUPL-1.2
#include "format/record_index.h"

/* Two letters a class, so that the table below keeps the shape of ASCII: 16 bytes a row. */
enum {
    OB = RECORD_CLASS_OBJECT_BEGIN,
    OE = RECORD_CLASS_OBJECT_END,
    AB = RECORD_CLASS_ARRAY_BEGIN,
    AE = RECORD_CLASS_ARRAY_END,
    CL = RECORD_CLASS_COLON,
    CM = RECORD_CLASS_COMMA,
    QU = RECORD_CLASS_QUOTE,
    SP = RECORD_CLASS_SPACE,
    TR = RECORD_CLASS_TRUE,
    FA = RECORD_CLASS_FALSE,
    NU = RECORD_CLASS_NULL,
    NM = RECORD_CLASS_NUMBER,
    TA = RECORD_CLASS_TAIL,
    FO = RECORD_CLASS_FOREIGN,
};

/* clang-format off */
const uint8_t record_class_of[256] = {
    FO, FO, FO, FO, FO, FO, FO, FO, FO, SP, SP, FO, FO, SP, FO, FO, /* 00 */
    FO, FO, FO, FO, FO, FO, FO, FO, FO, FO, FO, FO, FO, FO, FO, FO, /* 10 */
    SP, FO, QU, FO, FO, FO, FO, FO, FO, FO, FO, TA, CM, NM, TA, FO, /* 20 */
    NM, NM, NM, NM, NM, NM, NM, NM, NM, NM, CL, FO, FO, FO, FO, FO, /* 30 */
    FO, FO, FO, FO, FO, TA, FO, FO, FO, FO, FO, FO, FO, FO, FO, FO, /* 40 */
    FO, FO, FO, FO, FO, FO, FO, FO, FO, FO, FO, AB, FO, AE, FO, FO, /* 50 */
    FO, TA, FO, FO, FO, TA, FA, FO, FO, FO, FO, FO, TA, FO, NU, FO, /* 60 */
    FO, FO, TA, TA, TR, TA, FO, FO, FO, FO, FO, OB, FO, OE, FO, FO, /* 70 */
    FO, FO, FO, FO, FO, FO, FO, FO, FO, FO, FO, FO, FO, FO, FO, FO, /* 80 */
    FO, FO, FO, FO, FO, FO, FO, FO, FO, FO, FO, FO, FO, FO, FO, FO, /* 90 */
    FO, FO, FO, FO, FO, FO, FO, FO, FO, FO, FO, FO, FO, FO, FO, FO, /* A0 */
    FO, FO, FO, FO, FO, FO, FO, FO, FO, FO, FO, FO, FO, FO, FO, FO, /* B0 */
    FO, FO, FO, FO, FO, FO, FO, FO, FO, FO, FO, FO, FO, FO, FO, FO, /* C0 */
    FO, FO, FO, FO, FO, FO, FO, FO, FO, FO, FO, FO, FO, FO, FO, FO, /* D0 */
    FO, FO, FO, FO, FO, FO, FO, FO, FO, FO, FO, FO, FO, FO, FO, FO, /* E0 */
    FO, FO, FO, FO, FO, FO, FO, FO, FO, FO, FO, FO, FO, FO, FO, FO, /* F0 */
};
/* clang-format on */

enum { CONTROL_LAST = 0x1F, ASCII_LAST = 0x7F };

/* The pass, a byte at a time: the rule that the fast ways are held to, and the way of machines that
 * have none of their instructions. */
static enum record_fault index_scalar(struct span line, struct record_tokens *ret)
{
    bool in_string = false;
    bool escaped = false;
    bool refused = false;
    uint8_t before = RECORD_CLASS_NONE;
    ret->count = 0;
    ret->escapes = false;
    ret->non_ascii = false;
    for (size_t at = 0; at < line.size; at++) {
        uint8_t byte = line.data[at];
        uint8_t class = record_class_of[byte];
        bool quote = class == RECORD_CLASS_QUOTE && !escaped;
        in_string ^= quote; /* so an opening quote is inside, a closing one is not */
        bool plain = (class & RECORD_CLASS_PLAIN_BIT) != 0;
        bool scalar_begin = (class & ~before & RECORD_CLASS_SCALAR_BIT) != 0;
        bool token = in_string ? quote : plain || scalar_begin;
        if (token) {
            ret->positions[ret->count] = (uint32_t)at;
            ret->classes[ret->count] = class;
            ret->count++;
        }
        refused |= byte <= CONTROL_LAST && (in_string || token);
        escaped = !escaped && byte == '\\';
        ret->escapes |= byte == '\\';
        ret->non_ascii |= byte > ASCII_LAST;
        before = class;
    }
    return record_index_end(line, refused, in_string, ret);
}

enum record_fault record_index_fault(struct span line)
{
    bool in_string = false;
    bool escaped = false;
    for (size_t at = 0; at < line.size; at++) {
        uint8_t byte = line.data[at];
        bool space = record_class_of[byte] == RECORD_CLASS_SPACE;
        if (byte <= CONTROL_LAST && (in_string || !space)) {
            return RECORD_FAULT_CONTROL;
        }
        if (byte == '"' && !escaped) {
            in_string = !in_string;
        }
        escaped = !escaped && byte == '\\';
    }
    return RECORD_FAULT_SYNTAX;
}

enum record_fault record_index_end(struct span line, bool refused, bool in_string,
                                   struct record_tokens *ret)
{
    if (refused) {
        return record_index_fault(line);
    }
    if (in_string) {
        return RECORD_FAULT_SYNTAX;
    }
    ret->positions[ret->count] = (uint32_t)line.size;
    memset(ret->classes + ret->count, RECORD_CLASS_NONE, RECORD_INDEX_ZERO_COUNT);
    return RECORD_FAULT_NONE;
}

const struct record_index *record_index_at(size_t rank)
{
    static const struct record_index scalar = { "scalar", index_scalar };
#if defined(__x86_64__)
    static const struct record_index avx2 = { "avx2", record_index_avx2 };
    static const struct record_index avx512 = { "avx512", record_index_avx512 };
    bool has_avx2 = __builtin_cpu_supports("avx2") && __builtin_cpu_supports("bmi") &&
                    __builtin_cpu_supports("bmi2") && __builtin_cpu_supports("pclmul");
    bool has_avx512 = has_avx2 && __builtin_cpu_supports("avx512f") &&
                      __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512vbmi") &&
                      __builtin_cpu_supports("avx512vbmi2");
    const struct record_index *const ways[] = { has_avx512 ? &avx512 : NULL,
                                                has_avx2 ? &avx2 : NULL, &scalar };
#else
    const struct record_index *const ways[] = { &scalar };
#endif
    size_t seen = 0;
    for (size_t i = 0; i < sizeof ways / sizeof ways[0]; i++) {
        if (ways[i] == NULL) {
            continue;
        }
        if (seen == rank) {
            return ways[i];
        }
        seen++;
    }
    return NULL;
}
