// SPDX-License-Identifier: EUPL-1.2
#include <fcntl.h>
#include <locale.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/span.h"
#include "node/command.h"

static bool shows_colours(int fd)
{
    const char *term = getenv("TERM");
    const char *no_color = getenv("NO_COLOR"); /* https://no-color.org */
    bool refused = no_color != NULL && no_color[0] != '\0';
    return isatty(fd) && !refused && term != NULL && strcmp(term, "dumb") != 0;
}

/* Of the terminal; else of $COLUMNS, else of the terminals that all others are measured by. */
static size_t columns_of(int fd)
{
    enum { COLUMNS_DEFAULT = 80, COLUMNS_MIN = 40, COLUMNS_MAX = 1000 };
    struct winsize size = { 0 };
    uint64_t columns = 0;
    if (isatty(fd) && ioctl(fd, TIOCGWINSZ, &size) == 0) {
        columns = size.ws_col;
    }
    if (columns == 0 && span_to_u64(span_of(getenv("COLUMNS")), &columns) != ERR_OK) {
        columns = 0;
    }
    if (columns == 0) {
        return COLUMNS_DEFAULT;
    }
    if (columns < COLUMNS_MIN) {
        return COLUMNS_MIN;
    }
    return columns > COLUMNS_MAX ? COLUMNS_MAX : (size_t)columns;
}

int main(int argc, char **argv)
{
    static struct invocation invocation; /* too large for a stack frame */
    if (argc == 2 && strcmp(argv[1], "--version") == 0) {
        puts("linie " LINIE_VERSION);
        return EXIT_DONE;
    }
    umask(0077); /* what a node keeps is for its owner alone, whichever library makes the file */
    setlocale(LC_CTYPE, "C.UTF-8");
    invocation.out = stdout;
    invocation.err = stderr;
    invocation.in = STDIN_FILENO;
    invocation.folder = open(".", O_PATH | O_DIRECTORY | O_CLOEXEC);
    invocation.width = columns_of(STDOUT_FILENO);
    invocation.err_width = isatty(STDERR_FILENO) ? columns_of(STDERR_FILENO) : COMMAND_WIDTH_MAX;
    invocation.colour = shows_colours(STDOUT_FILENO);
    invocation.progress = isatty(STDERR_FILENO);
    return command_main(argc, argv, &invocation);
}
