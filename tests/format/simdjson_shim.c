// SPDX-License-Identifier: EUPL-1.2
#include "format/simdjson_shim.h"

#include "tests/testing.h"

enum { SIZE_MAX_HERE = 4096, DEPTH_MAX_HERE = 4 };

static enum simdjson_fault parse(struct simdjson_parser *parser, struct span text,
                                 struct simdjson_tape *tape)
{
    static uint8_t padded[2 * SIZE_MAX_HERE + SIMDJSON_PADDING_SIZE];
    memset(padded, 'x', sizeof padded); /* the padding may hold anything */
    span_copy(padded, 2 * SIZE_MAX_HERE, text);
    return simdjson_parse(parser, padded, text.size, tape);
}

TEST(simdjson_shim_names_each_fault)
{
    static const struct {
        const char *text;
        enum simdjson_fault fault;
    } cases[] = {
        { "{\"a\":[1]}", SIMDJSON_FAULT_NONE },
        { "", SIMDJSON_FAULT_SYNTAX },
        { "[1", SIMDJSON_FAULT_SYNTAX },
        { "[\"\\x\"]", SIMDJSON_FAULT_SYNTAX },
        { "[\"\\udc00\"]", SIMDJSON_FAULT_SYNTAX },
        { "\xEF\xBB\xBF[1]", SIMDJSON_FAULT_SYNTAX },
        { "[\"\xFF\"]", SIMDJSON_FAULT_UTF8 },
        { "[[[[1]]]]", SIMDJSON_FAULT_NONE },
        { "[[[[[1]]]]]", SIMDJSON_FAULT_DEPTH },
        { "[[[[[]]]]]", SIMDJSON_FAULT_NONE },
        { "[\"a\nb\"]", SIMDJSON_FAULT_CONTROL },
        { "[01]", SIMDJSON_FAULT_NUMBER },
        { "[18446744073709551616]", SIMDJSON_FAULT_NUMBER },
        { "[1e999]", SIMDJSON_FAULT_NUMBER },
    };
    struct simdjson_parser *parser = simdjson_parser_new(SIZE_MAX_HERE, DEPTH_MAX_HERE);
    assert_non_null(parser);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct simdjson_tape tape = { .count = 0 };

        assert_int_equal(parse(parser, span_of(cases[i].text), &tape), cases[i].fault);
        assert_int_equal(tape.count > 0, cases[i].fault == SIMDJSON_FAULT_NONE);
    }
    simdjson_parser_free(parser);
    simdjson_parser_free(NULL);
}

TEST(simdjson_shim_gives_the_tape_its_header_tells_of)
{
    struct simdjson_parser *parser = simdjson_parser_new(SIZE_MAX_HERE, DEPTH_MAX_HERE);
    assert_non_null(parser);
    struct simdjson_tape tape;

    assert_int_equal(parse(parser, SPAN("{\"k\":[-1,\"a\\u0000\"],\"\":0.5}"), &tape),
                     SIMDJSON_FAULT_NONE);

    static const char types[] = "r{\"[l?\"]\"d?}r"; /* ?: the number itself */
    assert_int_equal(tape.count, sizeof types - 1);
    for (size_t i = 0; i < tape.count; i++) {
        if (types[i] != '?') {
            assert_int_equal(tape.words[i] >> 56, types[i]);
        }
    }
    assert_int_equal((uint32_t)tape.words[1], 12); /* behind the object's end */
    assert_int_equal((uint32_t)tape.words[3], 8);
    assert_true((int64_t)tape.words[5] == -1);
    const uint8_t *string = tape.strings + (tape.words[6] & 0x00FFFFFFFFFFFFFF);
    uint32_t size;
    span_copy(&size, sizeof size, span_make(string, sizeof size));
    assert_true(span_equal(span_make(string + sizeof size, size), SPAN("a\0")));
    simdjson_parser_free(parser);
}

TEST(simdjson_shim_takes_documents_of_every_size_up_to_its_limit)
{
    struct simdjson_parser *parser = simdjson_parser_new(SIZE_MAX_HERE, DEPTH_MAX_HERE);
    assert_non_null(parser);
    static uint8_t text[SIZE_MAX_HERE + 1];
    struct simdjson_tape tape;
    for (size_t size = 2; size <= SIZE_MAX_HERE; size++) {
        memset(text, 'a', size);
        text[0] = '"';
        text[size - 1] = '"';

        assert_int_equal(parse(parser, span_make(text, size), &tape), SIMDJSON_FAULT_NONE);
        assert_int_equal(tape.count, 3);
    }

    memset(text, ' ', sizeof text);
    text[0] = '1';
    assert_int_equal(parse(parser, span_make(text, sizeof text), &tape), SIMDJSON_FAULT_CAPACITY);
    assert_int_equal(parse(parser, SPAN("[]"), &tape), SIMDJSON_FAULT_NONE);
    simdjson_parser_free(parser);
}
