// SPDX-License-Identifier: EUPL-1.2
#include "tests/testing.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

enum { TEST_COUNT_MAX = 512, OP_MEMORY_MAX = 1 << 30, FILE_PADDING = 64 };

static struct testing_case *cases;

void testing_register(struct testing_case *test)
{
    test->next = cases;
    cases = test;
}

static void run_case(void **state)
{
    const struct testing_case *test = *state;
    test->run();
}

int main(void)
{
    static struct CMUnitTest tests[TEST_COUNT_MAX];
    size_t count = 0;
    for (struct testing_case *test = cases; test != NULL; test = test->next) {
        count++;
    }
    if (count > TEST_COUNT_MAX) {
        fprintf(stderr, "testing: more than %d tests in one program\n", TEST_COUNT_MAX);
        return 1;
    }
    size_t at = count; /* the list is newest first */
    for (struct testing_case *test = cases; test != NULL; test = test->next) {
        at--;
        tests[at] =
            (struct CMUnitTest){ .name = test->name, .test_func = run_case, .initial_state = test };
    }
    cmocka_set_message_output(CM_OUTPUT_TAP);
    return _cmocka_run_group_tests("linie", tests, count, NULL, NULL);
}

void testing_check_err(enum err got, enum err expected, const char *call, const char *file,
                       int line)
{
    if (got != expected) {
        print_error("%s: got %s, expected %s\n", call, err_name(got), err_name(expected));
        _fail(file, line);
    }
}

void testing_check_span(struct span got, const char *expected, const char *file, int line)
{
    if (!span_equal(got, span_of(expected))) {
        print_error("got \"%.*s\", expected \"%s\"\n", SPAN_FMT(got), expected);
        _fail(file, line);
    }
}

void testing_op_begin(struct op *op)
{
    const struct actor actor = { .name = SPAN("tester") };
    op_begin(op, &actor, OP_MEMORY_MAX);
}

uint64_t testing_seed(void)
{
    const char *given = getenv("LINIE_TEST_SEED");
    uint64_t seed = 0;
    if (given == NULL || span_to_u64(span_of(given), &seed) != ERR_OK) {
        struct timespec now;
        clock_gettime(CLOCK_REALTIME, &now);
        seed = (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
    }
    printf("# seed %" PRIu64 "\n", seed);
    fflush(stdout);
    return seed;
}

/* SplitMix64: small, and good enough to choose operations. */
uint64_t testing_random(uint64_t *state)
{
    *state += 0x9E3779B97F4A7C15u;
    uint64_t mixed = *state;
    mixed = (mixed ^ (mixed >> 30)) * 0xBF58476D1CE4E5B9u;
    mixed = (mixed ^ (mixed >> 27)) * 0x94D049BB133111EBu;
    return mixed ^ (mixed >> 31);
}

const char *testing_data_dir(void)
{
    const char *given = getenv("LINIE_TEST_DATA");
    const char *dir = given != NULL ? given : LINIE_SOURCE_DIR "/../shared/data";
    return access(dir, R_OK) == 0 ? dir : NULL;
}

void testing_skip(const char *reason)
{
    print_message("# skipped: %s\n", reason);
    skip();
    abort();
}

struct span testing_file(struct op *op, const char *path)
{
    FILE *file = fopen(path, "rb");
    if (file == NULL) {
        print_error("cannot open %s\n", path);
        fail();
        abort();
    }
    struct stat stat;
    assert_int_equal(fstat(fileno(file), &stat), 0);
    size_t size = (size_t)stat.st_size;
    uint8_t *bytes = op_alloc(op, size + FILE_PADDING);
    assert_non_null(bytes);
    assert_int_equal(fread(bytes, 1, size, file), size);
    fclose(file);
    return span_make(bytes, size);
}
