// SPDX-License-Identifier: EUPL-1.2
/*
 * A response policy zone (draft-vixie-dnsop-dns-rpz): the resolver answers NXDOMAIN where a listed
 * name is asked for, or an answer holds a listed address.
 *
 *   name            CNAME .      the name itself
 *   *.name          CNAME .      all names below it
 *   32.7.100.51.198.rpz-ip       198.51.100.7/32, length first and the address backwards
 *   128.7.zz.db8.2001.rpz-ip     2001:db8::7/128, "zz" where "::" stands
 */
#include "exchange/export_inner.h"

enum {
    NAME_SIZE_MAX = 253,
    CIDR_HEAD_SIZE = 2, /* family and length stand before the address */
    GROUP_COUNT = 8,
};

static bool fits(const struct export_options *options, const struct export_item *item)
{
    switch (item->value.kind) {
    case VALUE_IPV4:
    case VALUE_IPV6:
    case VALUE_CIDR:
        return true;
    case VALUE_DOMAIN:
        /* "*." and "." may come before and behind it. */
        return item->value.key.size + options->zone.size + sizeof "*.." <= NAME_SIZE_MAX;
    default:
        return false;
    }
}

/* A name as a zone file writes it (RFC 1035 section 5.1): what is not plain is escaped. */
static void add_name(struct buf *out, struct span name)
{
    for (size_t i = 0; i < name.size; i++) {
        uint8_t byte = name.data[i];
        bool letter = byte >= 'a' && byte <= 'z';
        bool digit = byte >= '0' && byte <= '9';
        if (letter || digit || byte == '-' || byte == '_' || byte == '.') {
            buf_add_byte(out, byte);
        } else {
            buf_add_format(out, "\\%03u", byte);
        }
    }
}

static void add_domain(struct buf *out, const struct export_kept *item)
{
    if ((item->reach & REACH_SELF) != 0) {
        add_name(out, item->value.key);
        buf_add(out, SPAN(" CNAME .\n"));
    }
    if ((item->reach & REACH_BELOW) != 0) {
        buf_add(out, SPAN("*."));
        add_name(out, item->value.key);
        buf_add(out, SPAN(" CNAME .\n"));
    }
}

/* The longest run of zero groups, of two or more: where "zz" stands. */
static size_t zeros_longest(const unsigned *groups, size_t *ret_begin)
{
    size_t longest = 0;
    for (size_t begin = 0; begin < GROUP_COUNT; begin++) {
        size_t size = 0;
        while (begin + size < GROUP_COUNT && groups[begin + size] == 0) {
            size++;
        }
        if (size > longest) {
            longest = size;
            *ret_begin = begin;
        }
    }
    return longest > 1 ? longest : 0;
}

static void add_ipv6(struct buf *out, const uint8_t *address)
{
    unsigned groups[GROUP_COUNT];
    for (size_t i = 0; i < GROUP_COUNT; i++) {
        groups[i] = (unsigned)address[2 * i] << 8 | address[2 * i + 1];
    }
    size_t begin = GROUP_COUNT;
    size_t zeros = zeros_longest(groups, &begin);
    for (size_t i = GROUP_COUNT; i > 0; i--) {
        size_t at = i - 1;
        bool zero = zeros > 0 && at >= begin && at < begin + zeros;
        if (!zero) {
            buf_add_format(out, ".%x", groups[at]);
        } else if (at == begin) {
            buf_add(out, SPAN(".zz"));
        }
    }
}

static void add_address(struct buf *out, struct span address, unsigned length)
{
    buf_add_u64(out, length);
    if (address.size == VALUE_IPV4_SIZE) {
        for (size_t i = VALUE_IPV4_SIZE; i > 0; i--) {
            buf_add_format(out, ".%u", address.data[i - 1]);
        }
    } else {
        add_ipv6(out, address.data);
    }
    buf_add(out, SPAN(".rpz-ip CNAME .\n"));
}

static void write(const struct export_list *list, struct export_file *files, size_t *ret_count)
{
    struct buf *out = export_file_add(files, ret_count, "linie.rpz");
    export_add_head(out, ";", list->options);
    buf_add(out, SPAN("$ORIGIN "));
    add_name(out, list->options->zone);
    buf_add_format(out,
                   ".\n$TTL 60\n@ SOA localhost. root.localhost. %u 3600 600 86400 60\n"
                   "@ NS localhost.\n",
                   list->options->serial);
    for (size_t i = 0; i < list->count; i++) {
        const struct value *value = &list->items[i].value;
        if (value->kind == VALUE_DOMAIN) {
            add_domain(out, &list->items[i]);
        } else if (value->kind == VALUE_CIDR) {
            add_address(out, span_from(value->key, CIDR_HEAD_SIZE), value->key.data[1]);
        } else {
            add_address(out, value->key, value->kind == VALUE_IPV4 ? 32 : 128); /* whole bits */
        }
    }
}

const struct export_writer export_rpz = { .fits = fits, .write = write };
