// SPDX-License-Identifier: EUPL-1.2
/*
 * Invariants. A broken one is a fault of the program, never of its input: the process says where
 * and ends, and is started again from what is on disk. Always on, in every build.
 */
#ifndef BASE_MUST_H
#define BASE_MUST_H

/* The condition holds, or the process ends. One condition per must(). */
#define must(condition)                                                                            \
    do {                                                                                           \
        if (__builtin_expect(!(condition), 0)) {                                                   \
            must_fail(#condition, __FILE__, __LINE__);                                             \
        }                                                                                          \
    } while (0)

/* For inner loops: checked only in builds with -DLINIE_DEV (the sanitizer and fuzz builds). */
#ifdef LINIE_DEV
#define must_dev(condition) must(condition)
#else
#define must_dev(condition) ((void)0)
#endif

/**
 * End the process because an invariant is broken. Called by must(), not by hand.
 *
 * condition  text of the broken condition
 * file       source file
 * line       source line
 */
__attribute__((noreturn, cold)) void must_fail(const char *condition, const char *file, int line);

#endif
