// SPDX-License-Identifier: EUPL-1.2
#include "node/metrics.h"

#include "format/exposition.h"
#include "node/output_view.h"
#include "os/space.h"
#include "store/counts.h"

/* A number without labels. */
static void add_one(struct exposition *x, const char *name, enum exposition_type type,
                    const char *help, uint64_t value)
{
    exposition_family(x, name, type, help);
    exposition_u64(x, value);
}

/* ---- the node ---- */

static void add_node(struct exposition *x, const struct node *node)
{
    exposition_family(x, "linie_build_info", EXPOSITION_GAUGE, "The program; always 1.");
    exposition_label(x, "version", SPAN(LINIE_VERSION));
    exposition_u64(x, 1);
    exposition_family(x, "linie_node_info", EXPOSITION_GAUGE, "The node; always 1.");
    exposition_label(x, "identity", store_identity(node->store));
    exposition_label(x, "world", node->world);
    exposition_u64(x, 1);
}

/* A reader's journal may be older than the database that it reads. */
static void add_journal(struct exposition *x, const struct store_counts *counts)
{
    bool behind = counts->applied < counts->entries;
    add_one(x, "linie_journal_entries_total", EXPOSITION_COUNTER, "Entries of the journal.",
            counts->entries);
    add_one(x, "linie_journal_unapplied_entries", EXPOSITION_GAUGE,
            "Entries of the journal that the database does not know yet.",
            behind ? counts->entries - counts->applied : 0);
}

static enum err add_disk(struct op *op, struct exposition *x, const struct node *node)
{
    struct space space;
    TRY(space_of(op, node->world_path, &space));
    add_one(x, "linie_disk_size_bytes", EXPOSITION_GAUGE,
            "Size of the file system that holds the node.", space.size);
    add_one(x, "linie_disk_free_bytes", EXPOSITION_GAUGE, "Room on it that the node may still use.",
            space.free);
    return ERR_OK;
}

static void add_notices(struct exposition *x, const struct store_counts *counts)
{
    exposition_family(x, "linie_notices_open", EXPOSITION_GAUGE,
                      "What the node asks its owner to look at, by type.");
    for (size_t i = 0; i < counts->notice_count; i++) {
        exposition_label(x, "type", counts->notices[i].type);
        exposition_u64(x, counts->notices[i].open);
    }
}

/* ---- indicators ---- */

/* Of an index that is not there, or cannot be used, nothing is known: the writer makes it anew. */
static bool kinds_count(struct op *op, struct node *node, struct metrics_kinds *kinds)
{
    struct span path;
    struct span map;
    if (node_index_path(op, node, &path) != ERR_OK || path.size > sizeof kinds->path) {
        return false;
    }
    if (kinds->path_size > 0 && span_equal(path, span_make(kinds->path, kinds->path_size))) {
        return true;
    }
    if (disk_map(op, node->world_disk, path, &map) != ERR_OK) {
        return false;
    }
    bool counted = match_image_counts(op, map, kinds->counts) == ERR_OK;
    disk_unmap(node->world_disk, map);
    if (counted) {
        kinds->counts[VALUE_DOMAIN] -= 1; /* that of the self-test */
        span_copy(kinds->path, sizeof kinds->path, path);
        kinds->path_size = path.size;
    }
    return counted;
}

static void add_indicators(struct op *op, struct exposition *x, struct node *node,
                           struct metrics_kinds *kinds)
{
    bool counted = kinds_count(op, node, kinds);
    op_fault_clear(op);
    exposition_family(x, "linie_indicators", EXPOSITION_GAUGE,
                      "Indicators that are watched, by kind.");
    for (int kind = VALUE_NONE + 1; counted && kind < VALUE_KIND_COUNT; kind++) {
        exposition_label(x, "kind", span_of(value_kind_name((enum value_kind)kind)));
        exposition_u64(x, kinds->counts[kind]);
    }
}

/* ---- inputs ---- */

static void input_family(struct exposition *x, const struct store_counts *counts,
                         uint64_t (*value)(const struct store_count_inputs *inputs))
{
    for (size_t i = 0; i < counts->input_count; i++) {
        exposition_label(x, "format", counts->inputs[i].format);
        exposition_label(x, "sensor", counts->inputs[i].sensor);
        exposition_u64(x, value(&counts->inputs[i]));
    }
}

static uint64_t inputs_of(const struct store_count_inputs *inputs)
{
    return inputs->inputs;
}

static uint64_t lines_of(const struct store_count_inputs *inputs)
{
    return inputs->lines;
}

static uint64_t observations_of(const struct store_count_inputs *inputs)
{
    return inputs->observations;
}

static uint64_t bytes_of(const struct store_count_inputs *inputs)
{
    return inputs->bytes;
}

static void add_inputs(struct exposition *x, const struct store_counts *counts)
{
    exposition_family(x, "linie_inputs", EXPOSITION_GAUGE, "Inputs that were read.");
    input_family(x, counts, inputs_of);
    exposition_family(x, "linie_input_lines_total", EXPOSITION_COUNTER, "Lines that were read.");
    input_family(x, counts, lines_of);
    exposition_family(x, "linie_input_observations_total", EXPOSITION_COUNTER,
                      "Values of lines that were put to the indicators.");
    input_family(x, counts, observations_of);
    exposition_family(x, "linie_input_bytes_total", EXPOSITION_COUNTER,
                      "Bytes that were read, as they are when decompressed.");
    input_family(x, counts, bytes_of);
    exposition_family(x, "linie_input_faults_total", EXPOSITION_COUNTER,
                      "What could not be read, by reason.");
    for (size_t i = 0; i < counts->fault_count; i++) {
        exposition_label(x, "reason", counts->faults[i].reason);
        exposition_u64(x, counts->faults[i].count);
    }
}

/* ---- what was found ---- */

static void add_rank(struct exposition *x, int level, uint64_t value)
{
    exposition_label(x, "rank", span_of(rank_level_name((enum rank_level)level)));
    exposition_u64(x, value);
}

static void add_folds(struct exposition *x, const struct store_counts *counts)
{
    add_one(x, "linie_hits_total", EXPOSITION_COUNTER,
            "Lines that met an indicator, once for each indicator.", counts->hits);
    exposition_family(x, "linie_folds", EXPOSITION_GAUGE,
                      "Folds, by rank: an inside host that met an indicator, in an hour or so.");
    for (int i = 0; i < RANK_LEVEL_COUNT; i++) {
        add_rank(x, i, counts->ranks[i].folds);
    }
    exposition_family(x, "linie_folds_open", EXPOSITION_GAUGE,
                      "Folds to which further lines are expected to come, by rank.");
    for (int i = 0; i < RANK_LEVEL_COUNT; i++) {
        add_rank(x, i, counts->ranks[i].open);
    }
    exposition_family(x, "linie_folds_untouched", EXPOSITION_GAUGE,
                      "Folds that somebody is still to look at, by rank.");
    for (int i = 0; i < RANK_LEVEL_COUNT; i++) {
        add_rank(x, i, counts->ranks[i].untouched);
    }
}

/* ---- outputs ---- */

static void output_family(struct exposition *x, const struct output_view *views, size_t count,
                          uint64_t (*value)(const struct output_view *view))
{
    for (size_t i = 0; i < count; i++) {
        exposition_label(x, "output", views[i].config->to.name);
        exposition_u64(x, value(&views[i]));
    }
}

static uint64_t delivered_of(const struct output_view *view)
{
    return view->state.delivered;
}

static uint64_t behind_of(const struct output_view *view)
{
    return view->behind;
}

static uint64_t failing_of(const struct output_view *view)
{
    return view->state.failing_us != TIME_US_NONE ? 1 : 0;
}

static enum err add_outputs(struct op *op, struct exposition *x, struct node *node)
{
    struct output_view *views = NULL;
    size_t count = 0;
    TRY(output_views_read(op, node, &views, &count));
    exposition_family(x, "linie_output_delivered_total", EXPOSITION_COUNTER,
                      "Events that were delivered.");
    output_family(x, views, count, delivered_of);
    exposition_family(x, "linie_output_behind_events", EXPOSITION_GAUGE,
                      "Events of the journal that an output has not got, or that are not for it.");
    output_family(x, views, count, behind_of);
    exposition_family(x, "linie_output_failing", EXPOSITION_GAUGE,
                      "1 where nothing gets through, else 0.");
    output_family(x, views, count, failing_of);
    exposition_family(x, "linie_output_last_delivery_timestamp_seconds", EXPOSITION_GAUGE,
                      "When an event was last delivered.");
    for (size_t i = 0; i < count; i++) {
        if (views[i].state.success_us != TIME_US_NONE) {
            exposition_label(x, "output", views[i].config->to.name);
            exposition_time(x, views[i].state.success_us);
        }
    }
    return ERR_OK;
}

/* ---- the run ---- */

static void add_run(struct exposition *x, const struct metrics_run *run)
{
    exposition_family(x, "linie_watch_start_timestamp_seconds", EXPOSITION_GAUGE,
                      "When the present watch began.");
    exposition_time(x, run->started_us);
    add_one(x, "linie_watch_lines_total", EXPOSITION_COUNTER, "Lines that the present watch read.",
            run->lines);
    exposition_family(x, "linie_watch_newest_line_timestamp_seconds", EXPOSITION_GAUGE,
                      "When the newest line of any input came to the present watch.");
    if (run->line_us != TIME_US_NONE) {
        exposition_time(x, run->line_us);
    }
    exposition_family(x, "linie_role_up", EXPOSITION_GAUGE, "1 where a role runs, else 0.");
    for (size_t i = 0; i < METRICS_ROLE_COUNT; i++) {
        exposition_label(x, "role", span_of(run->roles[i].name));
        exposition_u64(x, run->roles[i].up ? 1 : 0);
    }
    exposition_family(x, "linie_role_restarts_total", EXPOSITION_COUNTER,
                      "How often a role was started again.");
    for (size_t i = 0; i < METRICS_ROLE_COUNT; i++) {
        exposition_label(x, "role", span_of(run->roles[i].name));
        exposition_u64(x, run->roles[i].restarts);
    }
}

enum err metrics_add(struct op *op, struct node *node, const struct metrics_run *run,
                     struct metrics_kinds *kinds, struct buf *text)
{
    struct store_counts counts;
    struct exposition x;
    exposition_init(&x, text);
    TRY(store_counts(op, node->store, &counts));
    add_node(&x, node);
    add_journal(&x, &counts);
    TRY(add_disk(op, &x, node));
    add_notices(&x, &counts);
    add_indicators(op, &x, node, kinds);
    add_inputs(&x, &counts);
    add_folds(&x, &counts);
    TRY(add_outputs(op, &x, node));
    if (run != NULL) {
        add_run(&x, run);
    }
    return text->err == ERR_OK ? ERR_OK : op_fail(op, ERR_LIMIT, "out of memory for metrics");
}
