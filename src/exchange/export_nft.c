// SPDX-License-Identifier: EUPL-1.2
/*
 * nftables: a table of its own with a set for each kind of address. Loading the file replaces the
 * table in one step and touches no other.
 */
#include "base/must.h"
#include "exchange/export_inner.h"

enum { CIDR_FAMILY_IPV4 = 4 };

/* Values of one set. */
struct nft_set {
    const char *name;
    const char *type;
    enum value_kind kind; /* addresses of this kind, and ranges of its family */
    size_t key_size;      /* of an address with a port */
};

static const struct nft_set sets[] = {
    { "blocked4", "type ipv4_addr; flags interval; auto-merge;", VALUE_IPV4, 0 },
    { "blocked6", "type ipv6_addr; flags interval; auto-merge;", VALUE_IPV6, 0 },
    { "blocked4_port", "type ipv4_addr . inet_service;", VALUE_IP_PORT, VALUE_IPV4_PORT_SIZE },
    { "blocked6_port", "type ipv6_addr . inet_service;", VALUE_IP_PORT, VALUE_IPV6_PORT_SIZE },
};

enum { SET_COUNT = sizeof sets / sizeof sets[0] };

static bool fits(const struct export_options *options, const struct export_item *item)
{
    (void)options;
    switch (item->value.kind) {
    case VALUE_IPV4:
    case VALUE_IPV6:
    case VALUE_CIDR:
    case VALUE_IP_PORT:
        return true;
    default:
        return false;
    }
}

static bool is_in(const struct nft_set *set, const struct value *value)
{
    if (set->kind == VALUE_IP_PORT) {
        return value->kind == VALUE_IP_PORT && value->key.size == set->key_size;
    }
    if (value->kind == VALUE_CIDR) {
        bool ipv4 = value->key.data[0] == CIDR_FAMILY_IPV4;
        return ipv4 == (set->kind == VALUE_IPV4);
    }
    return value->kind == set->kind;
}

static void add_element(struct buf *out, const struct value *value)
{
    if (value->kind != VALUE_IP_PORT) {
        value_add_text(out, value);
        return;
    }
    const struct value address = {
        .kind = value->key.size == VALUE_IPV4_PORT_SIZE ? VALUE_IPV4 : VALUE_IPV6,
        .key = span_from(value->key, 2),
    };
    value_add_text(out, &address);
    buf_add_format(out, " . %u", (unsigned)value->key.data[0] << 8 | value->key.data[1]);
}

static void add_set(struct buf *out, const struct nft_set *set, const struct export_list *list)
{
    bool first = true;
    buf_add_format(out, "\tset %s {\n\t\t%s\n", set->name, set->type);
    for (size_t i = 0; i < list->count; i++) {
        if (is_in(set, &list->items[i].value)) {
            buf_add(out, first ? SPAN("\t\telements = {\n\t\t\t") : SPAN(",\n\t\t\t"));
            add_element(out, &list->items[i].value);
            first = false;
        }
    }
    buf_add(out, first ? SPAN("\t}\n") : SPAN("\n\t\t}\n\t}\n"));
}

/* Who is inside is told at once that it may not; who is outside learns nothing. */
static void add_chains(struct buf *out)
{
    static const char *const hooks[] = { "output", "forward" };
    for (size_t i = 0; i < sizeof hooks / sizeof hooks[0]; i++) {
        buf_add_format(out,
                       "\tchain %s {\n"
                       "\t\ttype filter hook %s priority filter; policy accept;\n"
                       "\t\tip daddr @blocked4 counter reject\n"
                       "\t\tip6 daddr @blocked6 counter reject\n"
                       "\t\tip daddr . th dport @blocked4_port counter reject\n"
                       "\t\tip6 daddr . th dport @blocked6_port counter reject\n",
                       hooks[i], hooks[i]);
        buf_add(out, i == 0 ? SPAN("\t}\n")
                            : SPAN("\t\tip saddr @blocked4 counter drop\n"
                                   "\t\tip6 saddr @blocked6 counter drop\n\t}\n"));
    }
    buf_add(out, SPAN("\tchain input {\n"
                      "\t\ttype filter hook input priority filter; policy accept;\n"
                      "\t\tip saddr @blocked4 counter drop\n"
                      "\t\tip6 saddr @blocked6 counter drop\n\t}\n"));
}

static void write(const struct export_list *list, struct export_file *files, size_t *ret_count)
{
    struct buf *out = export_file_add(files, ret_count, "linie.nft");
    export_add_head(out, "#", list->options);
    /* Made where absent, so that it can be deleted, and made anew: all in one transaction. */
    buf_add(out, SPAN("table inet linie\ndelete table inet linie\ntable inet linie {\n"));
    for (size_t i = 0; i < SET_COUNT; i++) {
        add_set(out, &sets[i], list);
    }
    if (list->options->chains) {
        add_chains(out);
    }
    buf_add(out, SPAN("}\n"));
}

const struct export_writer export_nft = { .fits = fits, .write = write };
