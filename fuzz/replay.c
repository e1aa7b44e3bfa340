// SPDX-License-Identifier: EUPL-1.2
/*
 * Runs a fuzz target without libFuzzer, as a test: every file of its corpus, then a fixed number of
 * changed ones. Arguments: the corpus folder, and a file that always holds the input in hand, so
 * that it can be looked at after a crash. The seed is printed; LINIE_TEST_SEED repeats it, and
 * LINIE_FUZZ_RUNS asks for another number of changed inputs.
 */
#include <dirent.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/memory.h"
#include "base/must.h"
#include "base/op.h"

enum {
    INPUT_SIZE_MAX = 256 * 1024,
    INPUT_COUNT_MAX = 4096,
    MEMORY_MAX = 256 * 1024 * 1024,
    CHANGES_MAX = 8, /* to one input */
    PIECE_SIZE_MAX = 64,
    RUNS = 2000,
};

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct corpus {
    struct op op;
    struct span inputs[INPUT_COUNT_MAX];
    size_t count;
};

static struct corpus corpus;
static int last_fd = -1;

/* SplitMix64. */
static uint64_t random_next(uint64_t *state)
{
    *state += 0x9E3779B97F4A7C15u;
    uint64_t mixed = *state;
    mixed = (mixed ^ (mixed >> 30)) * 0xBF58476D1CE4E5B9u;
    mixed = (mixed ^ (mixed >> 27)) * 0x94D049BB133111EBu;
    return mixed ^ (mixed >> 31);
}

/* 0 .. bound - 1; 0 where the bound is 0. */
static size_t random_below(uint64_t *state, size_t bound)
{
    return bound == 0 ? 0 : (size_t)(random_next(state) % bound);
}

/* The bytes lie in a block of exactly their size, so that a read beyond it is seen by ASan. */
static void run_one(struct span input)
{
    if (last_fd >= 0) {
        must(ftruncate(last_fd, 0) == 0);
        must(pwrite(last_fd, input.data, input.size, 0) == (ssize_t)input.size);
    }
    uint8_t *exact = memory_new(input.size);
    must(exact != NULL);
    span_copy(exact, input.size, input);
    must(LLVMFuzzerTestOneInput(exact, input.size) == 0);
    memory_free(exact);
}

static bool corpus_add(const char *path)
{
    FILE *file = fopen(path, "rb");
    if (file == NULL) {
        return false;
    }
    struct stat stat;
    bool is_input = fstat(fileno(file), &stat) == 0 && S_ISREG(stat.st_mode) &&
                    stat.st_size <= INPUT_SIZE_MAX && corpus.count < INPUT_COUNT_MAX;
    if (is_input) {
        size_t size = (size_t)stat.st_size;
        uint8_t *bytes = op_alloc(&corpus.op, size);
        must(bytes != NULL);
        must(fread(bytes, 1, size, file) == size);
        corpus.inputs[corpus.count] = span_make(bytes, size);
        corpus.count++;
    }
    fclose(file);
    return is_input;
}

static int name_order(const struct dirent **a, const struct dirent **b)
{
    return strcmp((*a)->d_name, (*b)->d_name);
}

/* In the order of the names, so that a seed means the same on every machine. */
static void corpus_read(const char *folder)
{
    struct dirent **entries = NULL;
    int count = scandir(folder, &entries, NULL, name_order);
    for (int i = 0; i < count; i++) {
        struct buf path;
        buf_init(&path, 4096);
        buf_add_format(&path, "%s/%s", folder, entries[i]->d_name);
        buf_add_byte(&path, 0);
        must(path.err == ERR_OK);
        (void)corpus_add((const char *)path.data);
        buf_done(&path);
        memory_free(entries[i]);
    }
    memory_free(entries);
}

static void change_byte(struct buf *input, uint64_t *random)
{
    static const uint8_t telling[] = { 0,   0xFF, 0x7F, 0x80, '0', '9', '"', '\\', '{',  '}', '[',
                                       ']', ',',  ':',  '.',  '/', '@', '=', '\n', '\t', ' ', '-' };
    if (input->size == 0) {
        return;
    }
    uint8_t *byte = input->data + random_below(random, input->size);
    if (random_below(random, 2) == 0) {
        *byte = telling[random_below(random, sizeof telling)];
    } else {
        *byte = (uint8_t)(*byte ^ (1u << random_below(random, 8)));
    }
}

/* Takes a piece out, and puts one in: nothing, a piece of this input, or a piece of another. */
static void change_piece(struct buf *input, uint64_t *random)
{
    size_t begin = random_below(random, input->size + 1);
    size_t cut = random_below(random, PIECE_SIZE_MAX);
    size_t end = cut > input->size - begin ? input->size : begin + cut;
    struct span from = { NULL, 0 };
    size_t choice = random_below(random, 3);
    if (choice == 1) {
        from = buf_span(input);
    } else if (choice == 2) {
        from = corpus.inputs[random_below(random, corpus.count)];
    }
    size_t piece_begin = random_below(random, from.size + 1);
    size_t piece_size = random_below(random, from.size - piece_begin + 1);

    struct buf changed;
    buf_init(&changed, INPUT_SIZE_MAX);
    buf_add(&changed, span_slice(buf_span(input), 0, begin));
    buf_add(&changed, span_slice(from, piece_begin, piece_begin + piece_size));
    buf_add(&changed, span_from(buf_span(input), end));
    if (changed.err != ERR_OK) {
        buf_done(&changed);
        return;
    }
    buf_done(input);
    *input = changed;
}

static void run_changed(uint64_t *random)
{
    struct buf input;
    buf_init(&input, INPUT_SIZE_MAX);
    buf_add(&input, corpus.inputs[random_below(random, corpus.count)]);
    size_t changes = 1 + random_below(random, CHANGES_MAX);
    for (size_t i = 0; i < changes; i++) {
        if (random_below(random, 3) > 0) {
            change_byte(&input, random);
        } else {
            change_piece(&input, random);
        }
    }
    run_one(buf_span(&input));
    buf_done(&input);
}

static uint64_t number_from(const char *variable, uint64_t otherwise)
{
    uint64_t number = otherwise;
    const char *given = getenv(variable);
    if (given != NULL && span_to_u64(span_of(given), &number) != ERR_OK) {
        fprintf(stderr, "replay: %s is not a number\n", variable);
    }
    return number;
}

int main(int argc, char **argv)
{
    if (argc != 3) {
        fprintf(stderr, "usage: %s CORPUS_FOLDER FILE_FOR_THE_LAST_INPUT\n", argv[0]);
        return 2;
    }
    last_fd = open(argv[2], O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    const struct actor actor = { .name = SPAN("replay") };
    op_begin(&corpus.op, &actor, MEMORY_MAX);
    corpus_read(argv[1]);
    if (corpus.count == 0) {
        fprintf(stderr, "replay: no inputs in %s\n", argv[1]);
        return 2;
    }

    uint64_t seed = number_from("LINIE_TEST_SEED", (uint64_t)time(NULL));
    uint64_t runs = number_from("LINIE_FUZZ_RUNS", RUNS);
    printf("%zu inputs, then %" PRIu64 " changed ones, seed %" PRIu64 "; the last one is in %s\n",
           corpus.count, runs, seed, argv[2]);
    fflush(stdout);
    run_one((struct span){ NULL, 0 });
    for (size_t i = 0; i < corpus.count; i++) {
        run_one(corpus.inputs[i]);
    }
    uint64_t random = seed;
    for (uint64_t i = 0; i < runs; i++) {
        run_changed(&random);
    }
    op_end(&corpus.op);
    return 0;
}
