// SPDX-License-Identifier: EUPL-1.2
// links: history match policy crypt value format os base
/*
 * A rule of what is to be forgotten from hostile bytes, in two ways, by the first byte: the bytes
 * are the file; or a checksum that is right is put behind them. What must hold: what is read,
 * written anew, is read as the same.
 */
#include <xxhash.h>

#include "base/must.h"
#include "base/wire.h"
#include "history/history.h"
#include "os/disk_sim.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { MEMORY_MAX = 64 * 1024 * 1024, SEED = 99, FILE_SIZE_MAX = 64 * 1024 };

#define FILE_PATH SPAN("history/forgetting")

static void rule_check(struct op *op, struct history *history)
{
    struct history_forgetting rule;
    struct history_forgetting again;
    enum err err = history_forgetting_read(op, history, &rule);
    if (err != ERR_OK) {
        must(err == ERR_CORRUPT || err == ERR_UNSUPPORTED);
        must(op->fault.text[0] != '\0');
        return;
    }
    must(history_forgetting_keep(op, history, &rule.id, &rule.forget) == ERR_OK);
    must(history_forgetting_read(op, history, &again) == ERR_OK);
    must(uuid_equal(&rule.id, &again.id));
    must(rule.value.kind == again.value.kind);
    must(span_equal(rule.value.key, again.value.key));
    must(span_equal(rule.forget.host, again.forget.host));
    must(rule.forget.scope == again.forget.scope);
    must(rule.forget.kind == again.forget.kind);
    must(rule.forget.since_s == again.forget.since_s);
    must(rule.forget.until_s == again.forget.until_s);
    must((rule.forget.value == NULL) == (rule.value.kind == VALUE_NONE));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const struct actor actor = { .name = SPAN("fuzzer") };
    struct history_rules rules;
    struct history *history;
    struct disk *disk;
    struct buf file;
    struct op op;
    if (size == 0 || size > FILE_SIZE_MAX / 2) {
        return 0;
    }
    op_begin(&op, &actor, MEMORY_MAX);
    history_rules_default(&rules);
    const struct history_options options = { .write = true, .rules = &rules };
    must(disk_sim_open(&op, SEED, &disk) == ERR_OK);
    must(history_open(&op, disk, SPAN("history"), &options, &history, NULL) == ERR_OK);
    buf_init(&file, FILE_SIZE_MAX);
    buf_add(&file, span_make(data + 1, size - 1));
    if (data[0] % 2 != 0 && file.err == ERR_OK) {
        wire_add_u64(&file, XXH3_64bits(file.data, file.size));
    }
    must(disk_replace(&op, disk, FILE_PATH, buf_span(&file)) == ERR_OK);
    rule_check(&op, history);
    buf_done(&file);
    history_close(history);
    disk_close(disk);
    op_end(&op);
    return 0;
}
