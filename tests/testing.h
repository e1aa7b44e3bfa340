// SPDX-License-Identifier: EUPL-1.2
/*
 * Tests are sentences that state one behaviour: TEST(journal_cuts_a_torn_tail_on_open) { ... }.
 * They register themselves; a test program is any .c file with tests, linked with testing.c.
 * Assertions are cmocka's (assert_int_equal, ...) and those below.
 */
#ifndef TESTS_TESTING_H
#define TESTS_TESTING_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/op.h"

struct testing_case {
    const char *name;
    void (*run)(void);
    struct testing_case *next;
};

/* Puts a test on the list; called before main() by TEST(). */
void testing_register(struct testing_case *test);

#define TEST(sentence)                                                                             \
    static void sentence(void);                                                                    \
    static struct testing_case sentence##_case = { #sentence, sentence, NULL };                    \
    __attribute__((constructor)) static void sentence##_register(void)                             \
    {                                                                                              \
        testing_register(&sentence##_case);                                                        \
    }                                                                                              \
    static void sentence(void)

/* The error of a call is the expected one; both are shown by name. */
#define check_err(call, expected) testing_check_err((call), (expected), #call, __FILE__, __LINE__)
void testing_check_err(enum err got, enum err expected, const char *call, const char *file,
                       int line);

/* A span holds the text of a C string; both are shown. */
#define check_span(span, text) testing_check_span((span), (text), __FILE__, __LINE__)
void testing_check_span(struct span got, const char *expected, const char *file, int line);

/* An op for tests: acts as "tester"; end it with op_end(). */
void testing_op_begin(struct op *op);

/* Random numbers of a test: the seed comes from LINIE_TEST_SEED or the clock, and is printed. */
uint64_t testing_seed(void);
uint64_t testing_random(uint64_t *state);

/* The folder of the real data, or NULL: a test that needs it then calls testing_skip(). It is named
 * by LINIE_TEST_DATA, else ../shared/data beside the source tree is tried. */
const char *testing_data_dir(void);

/* Ends the running test as skipped, with a reason. */
__attribute__((noreturn)) void testing_skip(const char *reason);

/* The whole of a file in memory of the op, with 64 zero bytes behind it; a path that does not exist
 * fails the test. Reads .gz and .zst as they lie when decompress is false. */
struct span testing_file(struct op *op, const char *path);

#endif
