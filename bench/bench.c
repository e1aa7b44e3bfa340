// SPDX-License-Identifier: EUPL-1.2
#include "bench/bench.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

enum { NS_PER_S = 1000000000, EXIT_TROUBLE = 2 };

void bench_fail(const char *format, ...)
{
    va_list args;
    va_start(args, format);
    fputs("bench: ", stderr);
    vfprintf(stderr, format, args);
    fputc('\n', stderr);
    va_end(args);
    exit(EXIT_TROUBLE);
}

void bench_check(enum err err, const struct op *op)
{
    if (err != ERR_OK) {
        bench_fail("%s: %s", err_name(err), op->fault.text);
    }
}

uint64_t bench_number(const char *text)
{
    uint64_t number = 0;
    if (span_to_u64(span_of(text), &number) != ERR_OK) {
        bench_fail("'%s' is not a number", text);
    }
    return number;
}

static uint64_t clock_ns(clockid_t clock)
{
    struct timespec now;
    clock_gettime(clock, &now);
    return (uint64_t)now.tv_sec * NS_PER_S + (uint64_t)now.tv_nsec;
}

uint64_t bench_cpu_ns(void)
{
    return clock_ns(CLOCK_THREAD_CPUTIME_ID);
}

uint64_t bench_wall_ns(void)
{
    return clock_ns(CLOCK_MONOTONIC);
}

static int figure_order(const void *left, const void *right)
{
    const double a = *(const double *)left;
    const double b = *(const double *)right;
    return (a > b) - (a < b);
}

double bench_median(double *figures, size_t count)
{
    must(count > 0);
    qsort(figures, count, sizeof *figures, figure_order);
    return figures[count / 2];
}

static int file_open(const char *path, size_t *ret_size)
{
    struct stat status;
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0 || fstat(fd, &status) != 0) {
        bench_fail("cannot open %s: %s", path, strerror(errno));
    }
    *ret_size = (size_t)status.st_size;
    return fd;
}

struct span bench_file_read(const char *path)
{
    size_t size = 0;
    int fd = file_open(path, &size);
    uint8_t *data = mmap(NULL, size + BENCH_PADDING_SIZE, PROT_READ | PROT_WRITE,
                         MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);
    if (data == MAP_FAILED) {
        bench_fail("no memory for %s", path);
    }
    size_t at = 0;
    while (at < size) {
        ssize_t got = read(fd, data + at, size - at);
        if (got <= 0) {
            bench_fail("cannot read %s: %s", path, strerror(errno));
        }
        at += (size_t)got;
    }
    close(fd);
    return span_make(data, size);
}

struct span bench_file_map(const char *path)
{
    size_t size = 0;
    int fd = file_open(path, &size);
    void *data = mmap(NULL, size, PROT_READ, MAP_PRIVATE, fd, 0);
    if (data == MAP_FAILED) {
        bench_fail("cannot map %s: %s", path, strerror(errno));
    }
    close(fd);
    return span_make(data, size);
}
