// SPDX-License-Identifier: EUPL-1.2
/*
 * linie watch: its options, what it shows while it runs, and its summary.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/resource.h>
#include <unistd.h>

#include "base/memory.h"
#include "base/must.h"
#include "node/config_mapping.h"
#include "node/follow.h"
#include "node/hit_words.h"
#include "node/session.h"
#include "node/show_hit.h"
#include "os/clock.h"
#include "os/descriptor.h"

enum {
    LINE_SIZE_MAX = 256 * 1024,
    FOLD_MEMORY_MAX = 1024 * 1024,
    ROUND_MEMORY_MAX = 0x7FFFFFFF,
    JOBS_DEFAULT_MAX = 8,
    PROGRESS_EVERY_MS = 100,
    BAR_SCREEN_MIN = 80, /* columns; on a narrower terminal the line has no room for the bar */
};

static atomic_bool stop_asked;
static atomic_bool reload_asked;
static struct loop *_Atomic stop_loop; /* that waits while a signal may come */

static void on_signal(int number)
{
    struct loop *loop = atomic_load(&stop_loop);
    atomic_store(number == SIGHUP ? &reload_asked : &stop_asked, true);
    if (loop != NULL) {
        loop_wake(loop);
    }
}

/* Returns what SIGPIPE did before: the end of the run restores it. Only who goes on for long is
 * told by SIGHUP to read its configuration again; others end by it. */
static struct sigaction signals_take(bool follow)
{
    struct sigaction action = { .sa_handler = on_signal };
    struct sigaction ignore = { .sa_handler = SIG_IGN };
    struct sigaction before = { .sa_handler = SIG_DFL };
    (void)sigaction(SIGINT, &action, NULL);
    (void)sigaction(SIGTERM, &action, NULL);
    if (follow) {
        (void)sigaction(SIGHUP, &action, NULL);
    }
    (void)sigaction(SIGPIPE, &ignore, &before);
    return before;
}

/* ---- while it runs ---- */

/* Nobody reads on (head has seen enough): like others the program then ends, but not in the middle
 * of its work. */
static void flush_or_stop(struct invocation *invocation)
{
    if (fflush(invocation->out) != 0 && errno == EPIPE) {
        invocation->reader_gone = true;
        atomic_store(&stop_asked, true);
    }
}

static void clear_progress(const struct invocation *invocation)
{
    if (invocation->progress) {
        fputs("\r\033[K", invocation->err);
        fflush(invocation->err);
    }
}

static void show_fold(struct session *session, const struct fold *fold)
{
    struct invocation *invocation = session->invocation;
    if (session->options.quiet) {
        return;
    }
    clear_progress(invocation);
    show_hit(invocation, fold);
    flush_or_stop(invocation);
}

static void show_bar(FILE *err, double share)
{
    enum { WIDTH = 24 };
    int full = (int)(share * WIDTH);
    fputc('[', err);
    for (int i = 0; i < WIDTH; i++) {
        fputc(i < full ? '#' : '.', err);
    }
    fprintf(err, "] %3d%% ", (int)(share * 100));
}

static void show_progress(struct session *session)
{
    struct invocation *invocation = session->invocation;
    int64_t now_us = os_monotonic_us();
    bool due = now_us - session->shown_us >= (int64_t)PROGRESS_EVERY_MS * US_PER_MS;
    if (!invocation->progress || session->options.quiet || !due) {
        return;
    }
    session->shown_us = now_us;
    char done_text[32];
    char rate_text[32];
    char lines_text[32];
    uint64_t done = session->totals.bytes;
    double seconds = (double)(now_us - session->started_us) / US_PER_S;
    double rate = seconds > 0 ? (double)done / seconds : 0;
    print_size(done, done_text, sizeof done_text);
    print_size((uint64_t)rate, rate_text, sizeof rate_text);
    fputs("\r\033[K", invocation->err);
    if (session->total_size > 0 && invocation->err_width >= BAR_SCREEN_MIN) {
        double share = (double)done / (double)session->total_size;
        show_bar(invocation->err, share > 1 ? 1 : share);
    }
    fprintf(invocation->err, "%s, %s/s, %s lines", done_text, rate_text,
            print_count(session->totals.lines, lines_text, sizeof lines_text));
    if (rate > 0 && session->total_size > done) {
        int left_s = (int)((double)(session->total_size - done) / rate);
        fprintf(invocation->err, ", %d:%02d left", left_s / 60, left_s % 60);
    }
    fflush(invocation->err);
}

/* ---- summary ---- */

/* What could not be read: what the watch counts, and behind it what the session does. */
enum { FAULT_COUNT = WATCH_COUNT_COUNT + 1 };

static struct span fault_name(unsigned i)
{
    return i < WATCH_COUNT_COUNT ? span_of(watch_count_name(i)) : SESSION_BROKEN_ARCHIVE;
}

static uint64_t fault_count(const struct session_totals *totals, unsigned i)
{
    return i < WATCH_COUNT_COUNT ? totals->counts[i] : totals->broken_archives;
}

static void summary_json(struct session *session, double seconds)
{
    const struct session_totals *totals = &session->totals;
    const struct {
        struct span key;
        uint64_t count;
    } counts[] = {
        { SPAN("inputs"), totals->inputs },
        { SPAN("inputs_skipped"), totals->inputs_known },
        { SPAN("inputs_unknown"), totals->inputs_strange },
        { SPAN("inputs_new"), totals->inputs_new },
        { SPAN("inputs_failed"), totals->inputs_failed },
        { SPAN("inputs_unread"), totals->inputs_unread },
        { SPAN("inputs_rewritten"), totals->inputs_rewritten },
        { SPAN("inputs_waiting"), totals->inputs_waiting },
        { SPAN("bytes_waiting"), totals->waiting },
        { SPAN("lines"), totals->lines },
        { SPAN("observations"), totals->observations },
        { SPAN("bytes"), totals->bytes },
        { SPAN("hits"), totals->hits },
        { SPAN("hits_silent"), totals->silent },
        { SPAN("folds_opened"), totals->folds_opened },
        { SPAN("folds_silent"), totals->folds_silent },
        { SPAN("ms"), (uint64_t)(seconds * 1000) },
    };
    struct buf line;
    struct json_writer w;
    buf_init(&line, LINE_SIZE_MAX);
    json_writer_init(&w, &line);
    json_begin_object(&w);
    json_key(&w, SPAN("summary"));
    json_begin_object(&w);
    for (size_t i = 0; i < sizeof counts / sizeof counts[0]; i++) {
        json_member_u64(&w, counts[i].key, counts[i].count);
    }
    json_key(&w, SPAN("faults"));
    json_begin_object(&w);
    for (unsigned i = 0; i < FAULT_COUNT; i++) {
        if (fault_count(totals, i) > 0) {
            json_member_u64(&w, fault_name(i), fault_count(totals, i));
        }
    }
    json_end_object(&w);
    json_end_object(&w);
    json_end_object(&w);
    print_json(session->invocation, &line);
    buf_done(&line);
}

static void summary_inputs(const struct session *session)
{
    const struct session_totals *totals = &session->totals;
    const struct {
        uint64_t count;
        const char *what;
    } rows[] = {
        { totals->inputs_known, "skipped (read before; --again reads them anew)" },
        { totals->inputs_strange, "of no known format" },
        { totals->inputs_failed, "not read to the end" },
        { totals->inputs_unread, "without a line that could be read" },
        { totals->inputs_rewritten, "rewritten since (read from the start)" },
    };
    char text[64];
    struct flow flow;
    flow_begin(&flow, session->invocation, 2);
    flow_words(&flow, "%s read",
               print_counted(totals->inputs, "input", "inputs", text, sizeof text));
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        if (rows[i].count > 0) {
            flow_after(&flow, ",");
            flow_words(&flow, "%s %s", print_count(rows[i].count, text, sizeof text), rows[i].what);
        }
    }
    flow_end(&flow);
}

static void summary_lines(const struct session *session, double seconds)
{
    char lines[64];
    char observations[64];
    char size[32];
    char rate[32];
    struct flow flow;
    const struct session_totals *totals = &session->totals;
    double rate_bytes = (double)totals->bytes / (seconds > 0.001 ? seconds : 0.001);
    flow_begin(&flow, session->invocation, 2);
    flow_words(&flow, "%s, %s, %s in %.1f s (%s/s)",
               print_counted(totals->lines, "line", "lines", lines, sizeof lines),
               print_counted(totals->observations, "observation", "observations", observations,
                             sizeof observations),
               print_size(totals->bytes, size, sizeof size), seconds,
               print_size((uint64_t)rate_bytes, rate, sizeof rate));
    flow_end(&flow);
}

static void summary_faults(const struct session *session)
{
    struct flow flow;
    bool any = false;
    flow_begin(&flow, session->invocation, 2);
    for (unsigned i = 0; i < FAULT_COUNT; i++) {
        char text[32];
        uint64_t count = fault_count(&session->totals, i);
        if (count > 0) {
            flow_words(&flow, "%s", any ? "" : "not fully read:");
            flow_after(&flow, any ? "," : "");
            flow_words(&flow, "%s %.*s", print_count(count, text, sizeof text),
                       SPAN_FMT(fault_name(i)));
            any = true;
        }
    }
    if (any) {
        flow_end(&flow);
    }
}

/* What no run has counted yet is never left out. */
static void summary_waiting(const struct session *session)
{
    struct flow flow;
    char bytes[64];
    char inputs[64];
    const struct session_totals *totals = &session->totals;
    if (totals->inputs_waiting == 0) {
        return;
    }
    flow_begin(&flow, session->invocation, 2);
    flow_words(&flow, "waiting: %s of last lines without end, in %s",
               print_counted(totals->waiting, "byte", "bytes", bytes, sizeof bytes),
               print_counted(totals->inputs_waiting, "input", "inputs", inputs, sizeof inputs));
    flow_end(&flow);
}

static void summary_fill(struct session *session, double seconds)
{
    char text[64];
    struct flow flow;
    const struct session_totals *totals = &session->totals;
    flow_begin(&flow, session->invocation, 2);
    flow_words(&flow, "%s read",
               print_counted(totals->inputs, "input", "inputs", text, sizeof text));
    if (totals->inputs_known > 0) {
        flow_after(&flow, ",");
        flow_words(&flow, "%s remembered already",
                   print_count(totals->inputs_known, text, sizeof text));
    }
    if (totals->inputs_new > 0) {
        flow_after(&flow, ",");
        flow_words(&flow, "%s not read so far ('linie watch' does)",
                   print_count(totals->inputs_new, text, sizeof text));
    }
    flow_end(&flow);
    summary_lines(session, seconds);
    summary_faults(session);
    flow_begin(&flow, session->invocation, 2);
    flow_words(&flow, "%s found looking back%s",
               print_counted(totals->folds_opened, "new fold", "new folds", text, sizeof text),
               totals->folds_opened > 0 ? " ('linie hits' shows them)" : "");
    flow_end(&flow);
}

static void summary_text(struct session *session, double seconds)
{
    char text[64];
    struct flow flow;
    const struct session_totals *totals = &session->totals;
    if (session->options.fill) {
        summary_fill(session, seconds);
        return;
    }
    summary_inputs(session);
    summary_lines(session, seconds);
    summary_faults(session);
    summary_waiting(session);
    flow_begin(&flow, session->invocation, 2);
    bool found = totals->hits > totals->silent;
    flow_styled(&flow, found ? PRINT_ALARM : PRINT_GOOD,
                print_counted(totals->hits, "hit", "hits", text, sizeof text));
    if (totals->silent > 0) {
        flow_words(&flow, "(%s silent by allow lists)",
                   print_count(totals->silent, text, sizeof text));
    }
    if (session->options.again) {
        flow_words(&flow, "(%s: --again)",
                   totals->hits == 1 ? "it is not counted" : "none is counted");
    } else {
        flow_after(&flow, ",");
        flow_words(&flow, "%s%s",
                   print_counted(totals->folds_opened, "new fold", "new folds", text, sizeof text),
                   found ? " ('linie hits' shows them)" : "");
    }
    flow_end(&flow);
}

static void summary(struct session *session)
{
    double seconds = (double)(os_monotonic_us() - session->started_us) / US_PER_S;
    if (!session->options.quiet) {
        clear_progress(session->invocation);
    }
    if (session->invocation->json) {
        summary_json(session, seconds);
    } else {
        summary_text(session, seconds);
    }
}

/* ---- options and inputs ---- */

static enum err jobs_read(struct invocation *invocation, unsigned *ret)
{
    const char *text = command_value(invocation, "jobs");
    uint64_t jobs = invocation->node->config->jobs;
    if (text != NULL &&
        (span_to_u64(span_of(text), &jobs) != ERR_OK || jobs == 0 || jobs > WATCH_JOBS_MAX)) {
        return op_fail(invocation->op, ERR_FORMAT, "--jobs %s: not a number from 1 to %d", text,
                       WATCH_JOBS_MAX);
    }
    if (jobs == 0) {
        long processors = sysconf(_SC_NPROCESSORS_ONLN);
        jobs = processors < 1 ? 1 : (uint64_t)processors;
        jobs = jobs > JOBS_DEFAULT_MAX ? JOBS_DEFAULT_MAX : jobs;
    }
    *ret = (unsigned)jobs;
    return ERR_OK;
}

static enum err format_read(struct invocation *invocation, enum observe_format *ret)
{
    const char *text = command_value(invocation, "format");
    const struct observe_formats *formats = &invocation->node->config->formats;
    *ret = OBSERVE_FORMAT_AUTO;
    if (text == NULL || observe_formats_find(formats, span_of(text), ret) == ERR_OK) {
        return ERR_OK;
    }
    struct buf why;
    buf_init(&why, FAULT_TEXT_SIZE);
    config_format_refuse(&why, formats, span_of(text));
    enum err err =
        op_fail(invocation->op, ERR_FORMAT, "--format %s: %.*s", text, SPAN_FMT(buf_span(&why)));
    buf_done(&why);
    return err;
}

/* What is to be watched, by name. */
struct sources {
    struct follow_source *list;
    size_t count;
    int folder; /* where relative paths start */
};

static enum err sources_of_arguments(struct invocation *invocation, struct sources *ret)
{
    struct input_named named = { .sensor = span_of(command_value(invocation, "sensor")) };
    TRY(format_read(invocation, &named.format));
    for (size_t i = 0; i < invocation->argument_count; i++) {
        named.path = span_of(invocation->arguments[i]);
        ret->list[i] = (struct follow_source){ .name = named.path, .named = named };
    }
    ret->count = invocation->argument_count;
    return ERR_OK;
}

/* Where a run has an end, nobody waits at sockets. */
static enum err sources_of_config(struct invocation *invocation, bool follow, struct sources *ret)
{
    const struct config *config = invocation->node->config;
    const char *sensor = command_value(invocation, "sensor");
    for (size_t i = 0; i < config->input_count; i++) {
        const struct config_input *input = &config->inputs[i];
        bool listens = input->listen.size > 0;
        struct follow_source source = {
            .name = input->name,
            .named = {
                .path = listens ? input->listen : input->path,
                .sensor = sensor != NULL ? span_of(sensor) : input->sensor,
            },
            .listens = listens,
            .silence_s = input->silence_s,
            .expect = input->expect,
        };
        enum err err = observe_formats_find(&config->formats, input->format, &source.named.format);
        must(err == ERR_OK); /* checked when the configuration was read */
        if (follow || !listens) {
            ret->list[ret->count] = source;
            ret->count++;
        }
    }
    if (ret->count > 0) {
        return ERR_OK;
    }
    return op_fail(invocation->op, ERR_ABSENT,
                   config->input_count > 0
                       ? "nothing to watch: the configured inputs are sockets, which --follow reads"
                       : "nothing to watch: name inputs, or configure some in linie.conf ([input "
                         "\"name\"], path = ...)");
}

/* Arguments start at the caller's folder, configured paths at the node's. */
static enum err sources_find(struct invocation *invocation, bool follow, struct sources *ret)
{
    size_t room = invocation->argument_count + invocation->node->config->input_count;
    ret->folder = invocation->folder;
    ret->list = op_alloc(invocation->op, room * sizeof *ret->list);
    if (ret->list == NULL) {
        return ERR_LIMIT;
    }
    if (invocation->argument_count > 0) {
        return sources_of_arguments(invocation, ret);
    }
    TRY(descriptor_open(invocation->op, AT_FDCWD, invocation->node->dir, &ret->folder));
    return sources_of_config(invocation, follow, ret);
}

/* ---- the command ---- */

/* One after the other, each to its end. */
static enum err read_all(struct session *session, const struct sources *sources)
{
    struct inputs inputs = { 0 };
    for (size_t i = 0; i < sources->count; i++) {
        TRY(inputs_add(session->op, &inputs, sources->folder, &sources->list[i].named));
    }
    session->total_size = inputs.size;
    for (size_t i = 0; i < inputs.count; i++) {
        TRY(session->options.fill ? session_fill(session, sources->folder, &inputs.list[i])
                                  : session_read(session, sources->folder, &inputs.list[i]));
    }
    return session->options.fill ? session_fill_look_back(session) : ERR_OK;
}

/* What a run needs that the configuration may change. Its memory goes when the next one begins. */
struct round {
    struct op op;
    struct invocation invocation;
    struct session_options options;
    struct sources sources;
};

/* All runs of one command: a changed configuration makes a new one. */
struct watching {
    struct invocation *invocation;
    struct intakes *intakes; /* NULL: no socket is read */
    struct round *now;
    struct round *next;
    struct session_totals totals; /* of the runs before */
    struct follow_before before;  /* what the last of these read */
};

/* Of 'linie history fill', which has fewer options and is no watch. */
static bool is_fill(const struct invocation *invocation)
{
    return strcmp(invocation->command->name, "history fill") == 0;
}

static enum err options_read(struct invocation *invocation, struct session_options *options)
{
    bool fill = is_fill(invocation);
    *options = (struct session_options){
        .again = !fill && command_value(invocation, "again") != NULL,
        .fill = fill,
        .follow = !fill && command_value(invocation, "follow") != NULL,
        .quiet = command_value(invocation, "quiet") != NULL,
        .metrics = !fill,
        .on_fold = show_fold,
        .on_wait = show_progress,
    };
    if (options->again && options->follow) {
        return op_fail(invocation->op, ERR_FORMAT,
                       "--again and --follow: what is read again is read once");
    }
    return jobs_read(invocation, &options->jobs);
}

/* With arguments, no configured input is read, and no socket either. */
static enum err sockets_open(struct watching *watching, struct round *round)
{
    struct invocation *invocation = &round->invocation;
    if (!round->options.follow || invocation->argument_count > 0) {
        return ERR_OK;
    }
    if (watching->intakes == NULL) {
        TRY(intakes_new(&round->op, watching->invocation->roles, &watching->intakes));
    }
    return intakes_apply(&round->op, watching->intakes, invocation->node);
}

/* It is given back with round_end(), also where it failed. */
static enum err round_begin(struct watching *watching, struct round *round)
{
    struct invocation *invocation = &round->invocation;
    *round = (struct round){ .sources.folder = -1 };
    op_begin(&round->op, &watching->invocation->op->actor, ROUND_MEMORY_MAX);
    round->op.cancel = &stop_asked;
    *invocation = *watching->invocation;
    invocation->op = &round->op;
    invocation->node = NULL;
    TRY(node_open(&round->op, invocation->node_dir, invocation->world, NODE_FILES,
                  &invocation->node));
    TRY(observe_formats_add_ready(&round->op, &invocation->node->config->formats));
    TRY(options_read(invocation, &round->options));
    TRY(sources_find(invocation, round->options.follow, &round->sources));
    return sockets_open(watching, round);
}

static void round_end(struct round *round)
{
    if (round == NULL) {
        return;
    }
    if (round->sources.folder >= 0 && round->sources.folder != round->invocation.folder) {
        close(round->sources.folder);
    }
    node_close(round->invocation.node);
    op_end(&round->op);
    memory_free(round);
}

/* What cannot be used changes nothing. */
static bool reload(void *context)
{
    struct watching *watching = context;
    struct round *round = NULL;
    if (!atomic_exchange(&reload_asked, false)) {
        return false;
    }
    round = memory_new(sizeof *round);
    if (round == NULL || round_begin(watching, round) != ERR_OK) {
        fprintf(watching->invocation->err,
                "linie watch: %s\nlinie watch: goes on with the configuration that it had\n",
                round == NULL ? "out of memory" : round->op.fault.text);
        round_end(round);
        return false;
    }
    round->options.patient = true;
    watching->next = round;
    return true;
}

static enum err follow(struct watching *watching, struct session *session)
{
    const struct sources *sources = &watching->now->sources;
    const struct follow_options options = {
        .folder = sources->folder,
        .sources = sources->list,
        .count = sources->count,
        .intakes = watching->intakes,
        .before = &watching->before,
        .reload = reload,
        .context = watching,
    };
    session->totals = watching->totals;
    enum err err = follow_run(session, &options);
    return err == ERR_ABSENT && session->op->fault.err == ERR_OK ? ERR_OK : err;
}

static enum err run(struct watching *watching, struct session *session)
{
    const struct round *round = watching->now;
    enum err err = session_begin(session, &watching->now->invocation, &round->options);
    if (err == ERR_OK && round->options.fill && session->node->history == NULL) {
        err = op_fail(session->op, ERR_ABSENT,
                      "nothing is remembered on this node: write 'remember = yes' below [history] "
                      "in linie.conf; then this takes in what was read");
    }
    atomic_store(&stop_loop, session->loop);
    if (err == ERR_OK) {
        err =
            round->options.follow ? follow(watching, session) : read_all(session, &round->sources);
    }
    atomic_store(&stop_loop, NULL);
    return err;
}

static int exit_code(const struct session *session)
{
    const struct session_totals *totals = &session->totals;
    bool none_read = totals->inputs_strange > 0 && totals->inputs + totals->inputs_known == 0;
    if (session->options.follow) {
        return EXIT_DONE; /* it ran until it was stopped, as it was asked to */
    }
    if (totals->inputs_failed > 0 || totals->inputs_unread > 0 || none_read) {
        return EXIT_TROUBLE; /* "nothing found" would be a word too many */
    }
    return totals->hits > totals->silent ? EXIT_FOUND : EXIT_DONE;
}

/* One run; `ret_code` is untouched where another one follows. */
static void watch(struct watching *watching, int *ret_code)
{
    struct invocation *invocation = &watching->now->invocation;
    struct session *session = op_alloc(invocation->op, sizeof *session);
    if (session == NULL) {
        *ret_code = command_fail(invocation);
        return;
    }
    session->invocation = invocation;
    enum err err = run(watching, session);
    bool stopped = err == ERR_CANCELLED;
    session->goes_on = err == ERR_STALE && watching->next != NULL;
    if (stopped || session->goes_on) {
        op_fault_clear(invocation->op);
        err = ERR_OK;
    }
    bool begun = session->server != NULL;
    enum err ended = session_end(session);
    watching->totals = session->totals;
    if (err == ERR_OK && ended == ERR_OK && session->goes_on) {
        return;
    }
    if (begun) {
        summary(session);
    }
    if (err != ERR_OK || ended != ERR_OK) {
        *ret_code = command_fail(invocation);
        return;
    }
    if (stopped && !invocation->reader_gone) {
        fprintf(invocation->err,
                "linie watch: stopped; the next run goes on where this one ended\n");
    }
    *ret_code = exit_code(session);
}

/* Files that are followed are held open, many at once. */
static void raise_descriptors(void)
{
    enum { WANTED = 4096 };
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit) == 0 && limit.rlim_cur < WANTED) {
        limit.rlim_cur = limit.rlim_max < WANTED ? limit.rlim_max : WANTED;
        (void)setrlimit(RLIMIT_NOFILE, &limit); /* else fewer files are open at once */
    }
}

/* Where another run follows, its code is that of the command. */
static int watch_all(struct watching *watching)
{
    int code = EXIT_TROUBLE;
    watch(watching, &code);
    while (watching->next != NULL) {
        round_end(watching->now);
        watching->now = watching->next;
        watching->next = NULL;
        watch(watching, &code);
    }
    return code;
}

int command_watch(struct invocation *invocation)
{
    struct watching watching = { .invocation = invocation };
    if (roles_begin(invocation->op, &invocation->roles) != ERR_OK) {
        return command_fail(invocation);
    }
    watching.now = memory_new(sizeof *watching.now);
    if (watching.now == NULL) {
        op_fail(invocation->op, ERR_LIMIT, "out of memory");
        return command_fail(invocation);
    }
    int code = EXIT_TROUBLE;
    if (round_begin(&watching, watching.now) == ERR_OK) {
        bool follows = watching.now->options.follow;
        const struct sigaction before = signals_take(follows);
        if (follows) {
            raise_descriptors();
        }
        code = watch_all(&watching);
        (void)sigaction(SIGPIPE, &before, NULL);
    } else {
        code = command_fail(&watching.now->invocation);
    }
    invocation->reader_gone = watching.now->invocation.reader_gone;
    intakes_free(watching.intakes);
    follow_before_done(&watching.before);
    round_end(watching.now);
    return code;
}
