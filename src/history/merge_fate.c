// SPDX-License-Identifier: EUPL-1.2
#include "base/must.h"
#include "history/merge_inner.h"

enum { CIDR_HEAD_SIZE = 2, CIDR_FAMILY_IPV4 = 4, BYTE_BITS = 8 };

/* So many days before; 0 where that is before 1970, or where it is never. */
static uint32_t days_ago(uint32_t now_s, uint32_t days)
{
    uint64_t age = (uint64_t)days * HISTORY_DAY_S;
    return days == 0 || age >= now_s ? 0 : now_s - (uint32_t)age;
}

/* The value that is to be forgotten, as each form of it is kept. */
static void forms_init(struct merge_fate *fate, const struct value *value)
{
    static const enum history_keep keeps[HISTORY_FORM_COUNT] = {
        [HISTORY_WHOLE] = HISTORY_KEEP,
        [HISTORY_TRUNCATED] = HISTORY_KEEP_TRUNCATED,
        [HISTORY_HASHED] = HISTORY_KEEP_HASHED,
    };
    uint8_t bytes[HISTORY_ORDER_SIZE_MAX];
    for (int i = 0; i < HISTORY_FORM_COUNT; i++) {
        struct merge_form *form = &fate->forms[i];
        struct history_kept kept;
        if (history_keep_value(fate->rules, value->kind, value->key, keeps[i], bytes, &kept) ==
            ERR_OK) {
            history_order(value->kind, kept.form, kept.key, form->bytes);
            form->order = span_make(form->bytes, kept.key.size);
            form->known = true;
        }
    }
}

void merge_fate_init(struct merge_fate *fate, const struct merge_options *options)
{
    const struct history_rules *rules = options->rules;
    *fate = (struct merge_fate){ .rules = rules, .forget = options->forget };
    for (int kind = 0; kind < VALUE_KIND_COUNT; kind++) {
        uint32_t keep_s = days_ago(options->now_s, rules->days[kind]);
        fate->keep_s[kind] = keep_s > options->oldest_s ? keep_s : options->oldest_s;
    }
    fate->day_s = history_span_start(HISTORY_DAY, days_ago(options->now_s, rules->hour_days));
    fate->month_s = history_span_start(HISTORY_MONTH, days_ago(options->now_s, rules->day_days));
    if (fate->forget != NULL && fate->forget->value != NULL &&
        fate->forget->value->kind != VALUE_CIDR) {
        forms_init(fate, fate->forget->value);
    }
}

bool merge_fate_drops(const struct merge_fate *fate, enum value_kind kind)
{
    return fate->rules->keep[kind] == HISTORY_KEEP_NOT;
}

bool merge_fate_changes(const struct merge_fate *fate, enum value_kind kind, enum history_form *ret)
{
    switch (fate->rules->keep[kind]) {
    case HISTORY_KEEP_TRUNCATED:
        *ret = HISTORY_TRUNCATED;
        return true;
    case HISTORY_KEEP_HASHED:
        /* Without a secret nothing can be hashed; what is there waits until there is one. */
        *ret = fate->rules->hash_secret_known ? HISTORY_HASHED : *ret;
        return fate->rules->hash_secret_known;
    default:
        return false;
    }
}

/* ---- what is forgotten ---- */

/* Whether the leading bits of two addresses are the same. */
static bool bits_equal(const uint8_t *a, const uint8_t *b, unsigned bits)
{
    size_t whole = bits / BYTE_BITS;
    unsigned rest = bits % BYTE_BITS;
    if (memcmp(a, b, whole) != 0) {
        return false;
    }
    return rest == 0 || (a[whole] ^ b[whole]) >> (BYTE_BITS - rest) == 0;
}

/* An address in the range, or a network with which it shares addresses. */
static bool range_holds(struct span range, const struct history_entry *entry)
{
    bool four = range.data[0] == CIDR_FAMILY_IPV4;
    unsigned bits = range.data[1];
    unsigned kept = four ? HISTORY_TRUNCATE_IPV4 : HISTORY_TRUNCATE_IPV6;
    struct span address = span_from(range, CIDR_HEAD_SIZE);
    if (entry->kind != (four ? VALUE_IPV4 : VALUE_IPV6) || entry->order.size != address.size ||
        entry->form == HISTORY_HASHED) {
        return false;
    }
    bits = entry->form == HISTORY_TRUNCATED && kept < bits ? kept : bits;
    return bits_equal(address.data, entry->order.data, bits);
}

/* In the order of segments a name below another begins with it and a dot. */
static bool is_below(struct span order, struct span above)
{
    return order.size > above.size && order.data[above.size] == '.' &&
           span_starts_with(order, above);
}

static bool value_holds(const struct merge_fate *fate, const struct history_entry *entry)
{
    const struct history_forget *forget = fate->forget;
    const struct merge_form *form = &fate->forms[entry->form];
    const struct merge_form *whole = &fate->forms[HISTORY_WHOLE];
    if (forget->value->kind == VALUE_CIDR) {
        return range_holds(forget->value->key, entry);
    }
    if (entry->kind != forget->value->kind) {
        return false;
    }
    bool names = entry->kind == VALUE_DOMAIN && entry->form != HISTORY_HASHED &&
                 forget->scope != VALUE_SCOPE_EXACT;
    if (names && is_below(entry->order, whole->order)) {
        return true;
    }
    bool itself = forget->scope != VALUE_SCOPE_SUBDOMAINS_ONLY || entry->form == HISTORY_TRUNCATED;
    return itself && form->known && span_equal(entry->order, form->order);
}

bool merge_fate_forgets(const struct merge_fate *fate, const struct history_entry *entry)
{
    const struct history_forget *forget = fate->forget;
    if (forget == NULL || (forget->kind != VALUE_NONE && forget->kind != entry->kind)) {
        return false;
    }
    return forget->value == NULL || value_holds(fate, entry);
}

bool merge_fate_forgets_host(const struct merge_fate *fate, struct span host)
{
    uint8_t bytes[HISTORY_NAME_SIZE_MAX];
    struct span wanted = fate->forget->host;
    if (wanted.size == 0 || span_equal(host, wanted)) {
        return true;
    }
    return span_equal(host, history_host_name(fate->rules, wanted, bytes));
}

/* ---- where rows go ---- */

struct merge_place merge_fate_place(struct merge_fate *fate, const struct history_row *row)
{
    if (row->start_s < fate->month_s) {
        bool known = row->start_s >= fate->month.start_s && row->start_s < fate->month_end_s;
        if (!known) {
            fate->month.width = HISTORY_MONTH;
            fate->month.start_s = history_span_start(HISTORY_MONTH, row->start_s);
            fate->month_end_s = history_span_end(HISTORY_MONTH, row->start_s);
        }
        return fate->month;
    }
    if (row->width == HISTORY_HOUR && row->start_s < fate->day_s) {
        return (struct merge_place){ .start_s = history_span_start(HISTORY_DAY, row->start_s),
                                     .width = HISTORY_DAY };
    }
    return (struct merge_place){ .start_s = row->start_s, .width = row->width };
}
