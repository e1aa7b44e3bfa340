// SPDX-License-Identifier: EUPL-1.2
#include <fcntl.h>
#include <locale.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/span.h"
#include "node/command.h"
#include "node/roles.h"
#include "os/clock.h"

static bool shows_colours(int fd)
{
    const char *term = getenv("TERM");
    const char *no_color = getenv("NO_COLOR"); /* https://no-color.org */
    bool refused = no_color != NULL && no_color[0] != '\0';
    return isatty(fd) && !refused && term != NULL && strcmp(term, "dumb") != 0;
}

/* What the caller's terminal shows: as setlocale(3) would tell it, which here is asked for C.UTF-8,
 * so that all text is read alike. */
static bool shows_unicode(void)
{
    static const char *const names[] = { "LC_ALL", "LC_CTYPE", "LANG" };
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        const char *value = getenv(names[i]);
        if (value != NULL && value[0] != '\0') {
            return strcasestr(value, "UTF-8") != NULL || strcasestr(value, "utf8") != NULL;
        }
    }
    return false;
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

/* A page of a mapped file could not be had: of the memory that SQLite shares between processes
 * (linie.db-shm), which a full ext4 refuses only when it is written to, or of a file that somebody
 * cut short. To end here is what a kill would do, which loses nothing that was acknowledged. */
static void on_bus_error(int number, siginfo_t *info, void *context)
{
    static const char text[] =
        "linie: No space left on device (or a file was cut short while it was "
        "read): make room, and try again\n";
    (void)context;
    if (info->si_code != BUS_ADRERR) {
        (void)signal(number, SIG_DFL);
        (void)raise(number);
        return;
    }
    (void)!write(STDERR_FILENO, text, sizeof text - 1);
    _exit(EXIT_TROUBLE);
}

static void bus_errors_take(void)
{
    struct sigaction action = { .sa_sigaction = on_bus_error, .sa_flags = SA_SIGINFO };
    (void)sigaction(SIGBUS, &action, NULL);
}

int main(int argc, char **argv)
{
    static struct invocation invocation; /* too large for a stack frame */
    if (argc == 2 && strcmp(argv[1], "--version") == 0) {
        puts("linie " LINIE_VERSION);
        return EXIT_DONE;
    }
    if (argc == 2) {
        roles_main(argv[1]);
    }
    bus_errors_take();
    os_zone_read();
    umask(0077); /* what a node keeps is for its owner alone, whichever library makes the file */
    setlocale(LC_CTYPE, "C.UTF-8");
    invocation.out = stdout;
    invocation.err = stderr;
    invocation.in = STDIN_FILENO;
    invocation.folder = open(".", O_PATH | O_DIRECTORY | O_CLOEXEC);
    invocation.width = columns_of(STDOUT_FILENO);
    invocation.err_width = isatty(STDERR_FILENO) ? columns_of(STDERR_FILENO) : COMMAND_WIDTH_MAX;
    invocation.terminal = isatty(STDOUT_FILENO);
    invocation.colour = shows_colours(STDOUT_FILENO);
    invocation.unicode = shows_unicode();
    invocation.progress = isatty(STDERR_FILENO);
    return command_main(argc, argv, &invocation);
}
