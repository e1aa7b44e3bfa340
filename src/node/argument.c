// SPDX-License-Identifier: EUPL-1.2
#include "node/argument.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "os/descriptor.h"

enum { PIPE_SIZE_MAX = 1024 * 1024 * 1024 };

struct span argument_name(const struct invocation *invocation, size_t argument)
{
    struct span path = span_of(invocation->arguments[argument]);
    return span_equal(path, SPAN("-")) ? SPAN("stdin") : path;
}

/* No value ends so: none of these is a top level domain. */
static bool is_called_as_a_file(struct span path)
{
    static const char *const endings[] = { ".json", ".txt", ".csv", ".tsv", ".lst",
                                           ".list", ".gz",  ".xz",  ".zst" };
    for (size_t i = 0; i < sizeof endings / sizeof endings[0]; i++) {
        if (span_ends_with(path, span_of(endings[i]))) {
            return true;
        }
    }
    return false;
}

bool argument_is_file(const struct invocation *invocation, size_t argument)
{
    struct stat status;
    const char *path = invocation->arguments[argument];
    return command_given_file(invocation, argument) >= 0 || strcmp(path, "-") == 0 ||
           fstatat(invocation->folder, path, &status, 0) == 0 || is_called_as_a_file(span_of(path));
}

/* A regular file is used as it lies; anything else (a pipe, standard input) is read to its end. */
static enum err bytes_of(struct op *op, int fd, struct argument_file *ret)
{
    struct stat status;
    if (fstat(fd, &status) == 0 && S_ISDIR(status.st_mode)) {
        return op_fail(op, ERR_FORMAT, "is a folder: name the files in it");
    }
    if (!S_ISREG(status.st_mode)) {
        return descriptor_read_all(op, fd, PIPE_SIZE_MAX, &ret->bytes);
    }
    TRY(descriptor_map(op, fd, &ret->bytes));
    ret->mapped = true;
    return ERR_OK;
}

enum err argument_open(struct op *op, const struct invocation *invocation, size_t argument,
                       struct argument_file *ret)
{
    struct span path = span_of(invocation->arguments[argument]);
    int given = command_given_file(invocation, argument);
    struct argument_file file = { .file = -1 };
    int fd = given < 0 ? invocation->in : given;
    if (given < 0 && !span_equal(path, SPAN("-"))) {
        TRY(descriptor_open(op, invocation->folder, path, &file.file));
        fd = file.file;
    }
    enum err err = bytes_of(op, fd, &file);
    if (err != ERR_OK) {
        op_fault_prefix(op, "%.*s: ", SPAN_FMT(argument_name(invocation, argument)));
        argument_close(&file);
        return err;
    }
    *ret = file;
    return ERR_OK;
}

void argument_close(struct argument_file *file)
{
    if (file->mapped) {
        descriptor_unmap(file->bytes);
    }
    if (file->file >= 0) {
        close(file->file);
    }
    *file = (struct argument_file){ .file = -1 };
}

/* ---- before the node is opened ---- */

static enum err give(struct invocation *invocation, size_t argument, int file)
{
    if (invocation->given_count == COMMAND_GIVEN_COUNT_MAX) {
        close(file);
        return op_fail(invocation->op, ERR_LIMIT, "more than %d pipes", COMMAND_GIVEN_COUNT_MAX);
    }
    invocation->given[invocation->given_count] =
        (struct command_given){ .argument = (uint32_t)argument, .file = file };
    invocation->given_count++;
    return ERR_OK;
}

/* Takes a descriptor: a regular file as it is, of anything else what it gives. */
static enum err gather_open(struct invocation *invocation, size_t argument, int fd)
{
    struct stat status;
    bool regular = fstat(fd, &status) == 0 && S_ISREG(status.st_mode);
    int file = fd;
    if (!regular) {
        enum err err = descriptor_keep(invocation->op, fd, PIPE_SIZE_MAX, &file);
        close(fd);
        TRY(err);
    }
    return give(invocation, argument, file);
}

/* A name that means something else in another process. */
static bool is_of_this_process(struct span path)
{
    return span_starts_with(path, SPAN("/dev/")) || span_starts_with(path, SPAN("/proc/"));
}

static enum err gather_one(struct invocation *invocation, size_t argument)
{
    const char *path = invocation->arguments[argument];
    struct stat status;
    int fd = -1;
    if (strcmp(path, "-") == 0) {
        fd = fcntl(invocation->in, F_DUPFD_CLOEXEC, 0);
        return fd < 0 ? op_fail(invocation->op, ERR_IO, "standard input is closed")
                      : gather_open(invocation, argument, fd);
    }
    bool there = fstatat(invocation->folder, path, &status, 0) == 0;
    bool plain = !there || ((S_ISREG(status.st_mode) || S_ISDIR(status.st_mode)) &&
                            !is_of_this_process(span_of(path)));
    if (plain) {
        return ERR_OK; /* to be opened, or complained about, when its turn comes */
    }
    TRY(descriptor_open(invocation->op, invocation->folder, span_of(path), &fd));
    return gather_open(invocation, argument, fd);
}

enum err argument_gather(struct invocation *invocation)
{
    for (size_t i = 0; i < invocation->argument_count; i++) {
        TRY(gather_one(invocation, i));
    }
    return ERR_OK;
}
