// SPDX-License-Identifier: EUPL-1.2
#include "node/config_history.h"

#include "node/config_output.h"

enum {
    DAY_S = 86400,
    DAYS_MAX = 36500, /* a century */
    TEXT_SIZE_MAX = 1024,
    SHARE_DEFAULT = 20,
    SHARE_MAX = 100,
};

void config_history_begin(struct config_history *ret)
{
    *ret = (struct config_history){ .remember = true, .share = SHARE_DEFAULT };
    history_rules_default(&ret->rules);
}

static enum err text(struct op *op, struct span value, struct span *ret)
{
    if (value.size == 0 || value.size > TEXT_SIZE_MAX) {
        return op_fail(op, ERR_FORMAT, "empty, or longer than %d bytes", TEXT_SIZE_MAX);
    }
    return op_copy(op, value, ret);
}

static enum err days(struct op *op, struct span value, uint32_t *ret)
{
    uint32_t seconds = 0;
    uint64_t years = 0;
    struct span number = value.size > 0 ? span_slice(value, 0, value.size - 1) : value;
    bool in_years = value.size > 1 && value.data[value.size - 1] == 'y' &&
                    span_to_u64(number, &years) == ERR_OK && years <= DAYS_MAX / 365;
    if (in_years) {
        *ret = (uint32_t)years * 365;
        return ERR_OK;
    }
    TRY(config_time_read(op, value, (uint32_t)DAYS_MAX * DAY_S, &seconds));
    if (seconds % DAY_S != 0) {
        return op_fail(op, ERR_FORMAT, "not whole days such as 30d or 2y, or 0 for ever");
    }
    *ret = seconds / DAY_S;
    return ERR_OK;
}

/* Kinds of value, parted by spaces or commas; "all" stands for all of them. */
static enum err kinds(struct op *op, struct span value, uint32_t *ret)
{
    uint32_t bits = 0;
    struct span piece;
    while (span_next(&value, ' ', &piece)) {
        struct span word = span_trim(piece);
        enum value_kind kind = VALUE_NONE;
        if (word.size > 0 && word.data[word.size - 1] == ',') {
            word = span_slice(word, 0, word.size - 1);
        }
        if (word.size == 0) {
            continue;
        }
        if (span_equal(word, SPAN("all"))) {
            bits = UINT32_MAX;
        } else if (value_kind_from_name(word, &kind) == ERR_OK && kind != VALUE_CIDR) {
            bits |= (uint32_t)1 << kind;
        } else {
            return op_fail(op, ERR_FORMAT, "\"%.*s\" is no kind of value such as email or domain",
                           SPAN_FMT(word));
        }
    }
    *ret = bits;
    return ERR_OK;
}

/* ---- keys ---- */

static enum err set_keep(struct op *op, struct config_history *history, struct span value,
                         enum history_keep how)
{
    uint32_t bits = 0;
    TRY(kinds(op, value, &bits));
    for (unsigned kind = VALUE_NONE + 1; kind < VALUE_KIND_COUNT; kind++) {
        if ((bits >> kind & 1) != 0) {
            history->rules.keep[kind] = how;
        }
    }
    return ERR_OK;
}

static enum err set_truncate(struct op *op, struct config_history *history, struct span value)
{
    return set_keep(op, history, value, HISTORY_KEEP_TRUNCATED);
}

static enum err set_hash(struct op *op, struct config_history *history, struct span value)
{
    return set_keep(op, history, value, HISTORY_KEEP_HASHED);
}

static enum err set_drop(struct op *op, struct config_history *history, struct span value)
{
    return set_keep(op, history, value, HISTORY_KEEP_NOT);
}

static enum err set_remember(struct op *op, struct config_history *history, struct span value)
{
    bool yes = span_equal(value, SPAN("yes"));
    if (!yes && !span_equal(value, SPAN("no"))) {
        return op_fail(op, ERR_FORMAT, "not \"yes\" or \"no\"");
    }
    history->remember = yes;
    return ERR_OK;
}

static enum err set_hours(struct op *op, struct config_history *history, struct span value)
{
    return days(op, value, &history->rules.hour_days);
}

static enum err set_days(struct op *op, struct config_history *history, struct span value)
{
    return days(op, value, &history->rules.day_days);
}

/* "email 30d", "all 2y" */
static enum err set_forget_after(struct op *op, struct config_history *history, struct span value)
{
    uint32_t bits = 0;
    uint32_t limit = 0;
    size_t at = value.size;
    while (at > 0 && value.data[at - 1] != ' ') {
        at--;
    }
    if (at == 0) {
        return op_fail(op, ERR_FORMAT, "not kinds and a time such as \"email 30d\" or \"all 2y\"");
    }
    TRY(kinds(op, span_slice(value, 0, at), &bits));
    TRY(days(op, span_from(value, at), &limit));
    for (unsigned kind = VALUE_NONE + 1; kind < VALUE_KIND_COUNT; kind++) {
        if ((bits >> kind & 1) != 0) {
            history->rules.days[kind] = limit;
        }
    }
    return ERR_OK;
}

static enum err set_size_max(struct op *op, struct config_history *history, struct span value)
{
    return config_size_read(op, value, &history->rules.size_max);
}

static enum err set_host_key(struct op *op, struct config_history *history, struct span value)
{
    return text(op, value, &history->host_key);
}

static enum err set_second_person(struct op *op, struct config_history *history, struct span value)
{
    return kinds(op, value, &history->second_person);
}

static enum err set_mandate(struct op *op, struct config_history *history, struct span value)
{
    return text(op, value, &history->mandate);
}

static enum err set_overseer(struct op *op, struct config_history *history, struct span value)
{
    return text(op, value, &history->overseers);
}

static enum err set_share(struct op *op, struct config_history *history, struct span value)
{
    uint64_t number = 0;
    if (span_to_u64(value, &number) != ERR_OK || number == 0 || number > SHARE_MAX) {
        return op_fail(op, ERR_FORMAT, "not a number from 1 to %d", SHARE_MAX);
    }
    history->share = (uint32_t)number;
    return ERR_OK;
}

static const struct {
    const char *name;
    enum err (*set)(struct op *op, struct config_history *history, struct span value);
} keys[] = {
    { "remember", set_remember },
    { "truncate", set_truncate },
    { "hash", set_hash },
    { "drop", set_drop },
    { "hours", set_hours },
    { "days", set_days },
    { "forget-after", set_forget_after },
    { "size-max", set_size_max },
    { "host-key", set_host_key },
    { "second-person", set_second_person },
    { "mandate", set_mandate },
    { "overseer", set_overseer },
    { "share", set_share },
};

enum err config_history_set(struct op *op, struct config_history *history, struct span key,
                            struct span value)
{
    for (size_t i = 0; i < sizeof keys / sizeof keys[0]; i++) {
        if (span_equal(key, span_of(keys[i].name))) {
            return keys[i].set(op, history, value);
        }
    }
    return op_fail(op, ERR_FORMAT, "no key of [history]");
}
