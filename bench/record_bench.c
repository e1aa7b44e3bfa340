// SPDX-License-Identifier: EUPL-1.2
/*
 * What reading a log line costs, against simdjson's DOM on the same lines in the same run.
 *
 *     record_bench FILE.ndjson [ROUNDS]
 *
 * Each round runs every way over the whole file, so that a busy machine slows all of them; shown is
 * the best round of each. "dom" is simdjson alone, a call for each line; "dom engine" walks its
 * tape as well; "index" is the first step of the fast engine, in each way this machine can compute
 * it. Links: format base; simdjson.
 */
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/memory.h"
#include "format/record_engine.h"
#include "format/simdjson_shim.h"

enum { ROUND_COUNT = 5, WAY_COUNT_MAX = 8, PAGE_SIZE = 4096 };

/* About what a watch asks of Zeek (both namings) and of Suricata. */
static const char *const wanted[] = {
    "_path",
    "@stream",
    "ts",
    "uid",
    "id.orig_h",
    "id_orig_h",
    "id.resp_h",
    "id_resp_h",
    "id.resp_p",
    "id_resp_p",
    "query",
    "answers",
    "host",
    "uri",
    "referrer",
    "server_name",
    "subject",
    "issuer",
    "cert_chain_fps",
    "md5",
    "sha1",
    "sha256",
    "tx_hosts",
    "rx_hosts",
    "fingerprint",
    "san.dns",
    "san.ip",
    "san.email",
    "san.uri",
    "certificate.subject",
    "certificate.issuer",
    "timestamp",
    "event_type",
    "src_ip",
    "dest_ip",
    "dest_port",
    "dns/rrname",
    "dns/queries/rrname",
    "dns/answers/rdata",
    "dns/answers/rrname",
    "dns/grouped/A",
    "dns/grouped/AAAA",
    "dns/grouped/CNAME",
    "dns/grouped/MX",
    "dns/query/rrname",
    "http/hostname",
    "http/url",
    "http/http_refer",
    "http/http_port",
    "tls/sni",
    "tls/subject",
    "tls/issuerdn",
    "tls/fingerprint",
    "tls/subjectaltname",
    "fileinfo/md5",
    "fileinfo/sha1",
    "fileinfo/sha256",
    "fileinfo/filename",
    "smtp/mail_from",
    "smtp/rcpt_to",
    "email/from",
    "email/to",
    "email/url",
    "quic/sni",
};

enum { WANTED_COUNT = sizeof wanted / sizeof wanted[0] };

struct way {
    const char *name;
    void (*run)(struct way *way, struct span file);
    void *state;
    double best_s;
    size_t line_count;
    size_t fault_count;
    size_t field_count;
};

static double now_s(void)
{
    struct timespec now;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9; /* nanoseconds */
}

static bool next_line(struct span *rest, struct span *ret)
{
    if (rest->size == 0) {
        return false;
    }
    const uint8_t *end = memchr(rest->data, '\n', rest->size);
    size_t size = end != NULL ? (size_t)(end - rest->data) : rest->size;
    *ret = span_make(rest->data, size);
    *rest = span_from(*rest, end != NULL ? size + 1 : size);
    return true;
}

static void run_lines(struct way *way, struct span file)
{
    struct span rest = file;
    struct span line;
    while (next_line(&rest, &line)) {
        way->line_count++;
        way->field_count += line.size != 0;
    }
}

static void run_dom(struct way *way, struct span file)
{
    struct span rest = file;
    struct span line;
    while (next_line(&rest, &line)) {
        struct simdjson_tape tape;
        way->line_count++;
        way->fault_count +=
            simdjson_parse(way->state, line.data, line.size, &tape) != SIMDJSON_FAULT_NONE;
    }
}

static void run_scan(struct way *way, struct span file)
{
    static struct record record;
    struct span rest = file;
    struct span line;
    while (next_line(&rest, &line)) {
        way->line_count++;
        way->fault_count += record_scan(way->state, line, &record) != RECORD_FAULT_NONE;
        way->field_count += record.count;
    }
}

static struct record_tokens tokens;

static void run_index(struct way *way, struct span file)
{
    const struct record_index *index = way->state;
    struct span rest = file;
    struct span line;
    while (next_line(&rest, &line)) {
        way->line_count++;
        way->fault_count += index->run(line, &tokens) != RECORD_FAULT_NONE;
        way->field_count += tokens.count;
    }
}

static struct record_scanner *scanner(struct op *op, enum record_engine engine)
{
    static struct record_path paths[WANTED_COUNT];
    for (size_t i = 0; i < WANTED_COUNT; i++) {
        paths[i] = (struct record_path){ wanted[i], (uint16_t)i };
    }
    struct record_shape *shape = NULL;
    struct record_scanner *made = NULL;
    if (record_shape_new(op, paths, WANTED_COUNT, &shape) != ERR_OK ||
        record_scanner_new(op, engine, shape, &made) != ERR_OK) {
        fprintf(stderr, "record_bench: %s\n", op->fault.text);
        _exit(2);
    }
    return made;
}

static size_t ways_fill(struct op *op, struct way ways[WAY_COUNT_MAX])
{
    size_t count = 0;
    ways[count++] = (struct way){ .name = "dom", .run = run_dom };
    ways[0].state = simdjson_parser_new(RECORD_LINE_SIZE_MAX, RECORD_DEPTH_MAX);
    ways[count++] = (struct way){ .name = "dom engine", .run = run_scan };
    ways[1].state = scanner(op, RECORD_ENGINE_DOM);
    ways[count++] = (struct way){ .name = "fast engine", .run = run_scan };
    ways[2].state = scanner(op, RECORD_ENGINE_FAST);
    ways[count++] = (struct way){ .name = "lines only", .run = run_lines };
    tokens.positions =
        memory_new_array(RECORD_LINE_SIZE_MAX + RECORD_INDEX_SLACK, sizeof(uint32_t));
    tokens.classes = memory_new(RECORD_LINE_SIZE_MAX + RECORD_INDEX_SLACK);
    const struct record_index *index = record_index_at(0);
    for (size_t rank = 0; index != NULL && count < WAY_COUNT_MAX; rank++) {
        ways[count++] = (struct way){ .name = index->name,
                                      .run = run_index,
                                      .state = (void *)(uintptr_t)index };
        index = record_index_at(rank + 1);
    }
    return count;
}

static bool file_map(const char *path, struct span *ret)
{
    struct stat stat;
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0 || fstat(fd, &stat) != 0) {
        return false;
    }
    size_t size = (size_t)stat.st_size;
    /* Anonymous memory behind the file is the padding; the file is read in, not mapped. */
    uint8_t *data = mmap(NULL, size + PAGE_SIZE, PROT_READ | PROT_WRITE,
                         MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);
    size_t at = 0;
    while (data != MAP_FAILED && at < size) {
        ssize_t got = read(fd, data + at, size - at);
        if (got <= 0) {
            return false;
        }
        at += (size_t)got;
    }
    close(fd);
    *ret = span_make(data, size);
    return data != MAP_FAILED;
}

int main(int argc, char **argv)
{
    struct span file;
    struct op op;
    struct way ways[WAY_COUNT_MAX];
    op_begin(&op, &(struct actor){ .name = SPAN("bench") }, 1 << 20);
    if (argc < 2 || !file_map(argv[1], &file)) {
        fprintf(stderr, "usage: record_bench FILE.ndjson\n");
        return 2;
    }
    size_t count = ways_fill(&op, ways);
    for (size_t round = 0; round < ROUND_COUNT; round++) {
        for (size_t i = 0; i < count; i++) {
            struct way *way = &ways[i];
            way->line_count = 0;
            way->fault_count = 0;
            way->field_count = 0;
            double begin_s = now_s();
            way->run(way, file);
            double took_s = now_s() - begin_s;
            if (round == 0 || took_s < way->best_s) {
                way->best_s = took_s;
            }
        }
    }
    for (size_t i = 0; i < count; i++) {
        const struct way *way = &ways[i];
        printf("%-12s %7.1f ns/line %6.2f GB/s %5.2f of dom  (%zu lines, %zu faults, %.1f "
               "items/line)\n",
               way->name, way->best_s * 1e9 / (double)way->line_count,
               (double)file.size / way->best_s / 1e9, ways[0].best_s / way->best_s, way->line_count,
               way->fault_count, (double)way->field_count / (double)way->line_count);
    }
    op_end(&op);
    return 0;
}
