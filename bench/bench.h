// SPDX-License-Identifier: EUPL-1.2
/*
 * What the bench programs share. They are tools for those who work on Linie: where something is
 * wrong they say so and end.
 */
#ifndef BENCH_BENCH_H
#define BENCH_BENCH_H

#include "base/op.h"

enum { BENCH_PADDING_SIZE = 4096 }; /* zeros behind a file in memory */

/* Numbers that look random and are the same in every run. */
struct bench_random {
    uint64_t state;
};

/**
 * Spread a number over 64 bits (the finalizer of SplitMix64).
 *
 * number    any
 */
static inline uint64_t bench_mix(uint64_t number)
{
    number += 0x9E3779B97F4A7C15u;
    number = (number ^ (number >> 30)) * 0xBF58476D1CE4E5B9u;
    number = (number ^ (number >> 27)) * 0x94D049BB133111EBu;
    return number ^ (number >> 31);
}

/**
 * The next number.
 *
 * random    its state may begin anywhere
 */
static inline uint64_t bench_random_next(struct bench_random *random)
{
    random->state++;
    return bench_mix(random->state);
}

/**
 * The next number below `end`.
 *
 * random    its state may begin anywhere
 * end       at least 1
 */
static inline uint64_t bench_random_below(struct bench_random *random, uint64_t end)
{
    return bench_random_next(random) % end;
}

/**
 * Say what is wrong, and end with 2.
 *
 * format    one sentence; as for printf
 */
__attribute__((noreturn, format(printf, 1, 2))) void bench_fail(const char *format, ...);

/**
 * End, where a call that has no business to fail did.
 *
 * err       what it returned
 * op        holds the text
 */
void bench_check(enum err err, const struct op *op);

/**
 * A number given on the command line.
 *
 * text      decimal digits
 */
uint64_t bench_number(const char *text);

/**
 * Nanoseconds of CPU that this thread has used, in the program and in the kernel for it.
 */
uint64_t bench_cpu_ns(void);

/**
 * Nanoseconds on a clock that only goes forward.
 */
uint64_t bench_wall_ns(void);

/**
 * The middle one of some figures.
 *
 * figures   are put into order
 * count     at least 1
 */
double bench_median(double *figures, size_t count);

/**
 * A whole file, read into memory of its own; BENCH_PADDING_SIZE zeros follow it.
 *
 * path      of a file that can be read
 */
struct span bench_file_read(const char *path);

/**
 * A whole file, mapped.
 *
 * path      of a file that can be read
 */
struct span bench_file_map(const char *path);

#endif
