// SPDX-License-Identifier: EUPL-1.2
#include "store/pack.h"

#include "base/memory.h"
#include "base/must.h"
#include "base/wire.h"

/*
 * A member is laid out as: kind, scope, flags, confidence, tlp, scheme size (a byte each), key size
 * (2 bytes), then the times that the flags name (8 bytes each), the context's size (2 bytes) where
 * there is one, key, scheme, context. Version 1 had no contexts.
 *
 * The writer keeps the members in one buffer, in that form, and an open-addressing table of their
 * offsets. Bytes that were replaced by longer or shorter ones are marked dead; finishing
 * leaves them out.
 */
enum {
    PACK_VERSION = 2,
    FLAG_FIRST_SEEN = 1,
    FLAG_VALID_FROM = 2,
    FLAG_VALID_UNTIL = 4,
    FLAG_CONTEXT = 8,
    FLAG_ALL = 15,
    KIND_DEAD = 255, /* in the writer's buffer only */
    TABLE_SIZE_MIN = 1024,
    MEMBER_SIZE_MAX =
        8 + 3 * 8 + 2 + VALUE_KEY_SIZE_MAX + VALUE_SCHEME_SIZE_MAX + PACK_CONTEXT_SIZE_MAX,
};

static const uint8_t magic[8] = { 'L', 'I', 'N', 'I', 'E', 'P', 'K', PACK_VERSION };

struct slot {
    uint32_t hash;
    uint32_t offset; /* of the member in the buffer, plus 1; 0 is empty */
};

struct pack_writer {
    struct hash_secret secret;
    struct buf members;
    struct slot *table;
    size_t table_size; /* a power of two */
    size_t used;       /* slots taken */
    uint64_t live;
    bool gathers; /* contexts of one value stand side by side */
};

enum err pack_writer_new(struct op *op, const struct hash_secret *secret, struct pack_writer **ret)
{
    struct pack_writer *writer = memory_new(sizeof *writer);
    if (writer == NULL) {
        return op_fail(op, ERR_LIMIT, "out of memory for a packed set");
    }
    writer->secret = *secret;
    buf_init(&writer->members, PACK_SIZE_MAX);
    writer->table_size = TABLE_SIZE_MIN;
    writer->table = memory_new_array(writer->table_size, sizeof *writer->table);
    if (writer->table == NULL) {
        pack_writer_free(writer);
        return op_fail(op, ERR_LIMIT, "out of memory for a packed set");
    }
    *ret = writer;
    return ERR_OK;
}

void pack_writer_free(struct pack_writer *writer)
{
    if (writer == NULL) {
        return;
    }
    buf_done(&writer->members);
    memory_free(writer->table);
    memory_free(writer);
}

/* One member from the front of `r`, which walks over bytes of a pack or of a writer. */
static bool member_read(struct wire_reader *r, struct pack_member *ret)
{
    uint8_t kind = wire_u8(r);
    uint8_t scope = wire_u8(r);
    uint8_t flags = wire_u8(r);
    ret->confidence = wire_u8(r);
    ret->tlp = wire_u8(r);
    uint8_t scheme_size = wire_u8(r);
    uint16_t key_size = wire_u16(r);
    ret->first_seen_us = (flags & FLAG_FIRST_SEEN) != 0 ? wire_i64(r) : TIME_US_NONE;
    ret->valid_from_us = (flags & FLAG_VALID_FROM) != 0 ? wire_i64(r) : TIME_US_NONE;
    ret->valid_until_us = (flags & FLAG_VALID_UNTIL) != 0 ? wire_i64(r) : TIME_US_NONE;
    uint16_t context_size = (flags & FLAG_CONTEXT) != 0 ? wire_u16(r) : 0;
    ret->value.key = wire_take(r, key_size);
    ret->value.scheme = wire_take(r, scheme_size);
    ret->context = wire_take(r, context_size);
    bool said = (flags & FLAG_CONTEXT) == 0 || context_size >= sizeof "[]" - 1;
    bool known = said && (kind < VALUE_KIND_COUNT || kind == KIND_DEAD) && kind != VALUE_NONE &&
                 scope < VALUE_SCOPE_COUNT && flags <= FLAG_ALL && key_size <= VALUE_KEY_SIZE_MAX &&
                 scheme_size <= VALUE_SCHEME_SIZE_MAX && context_size <= PACK_CONTEXT_SIZE_MAX;
    ret->value.kind = (enum value_kind)kind;
    ret->scope = (enum value_scope)scope;
    return known && r->err == ERR_OK;
}

static void time_flag(uint8_t *flags, uint8_t flag, int64_t time_us)
{
    if (time_us != TIME_US_NONE) {
        *flags |= flag;
    }
}

static void member_write(struct buf *buf, const struct pack_member *member)
{
    uint8_t flags = 0;
    time_flag(&flags, FLAG_FIRST_SEEN, member->first_seen_us);
    time_flag(&flags, FLAG_VALID_FROM, member->valid_from_us);
    time_flag(&flags, FLAG_VALID_UNTIL, member->valid_until_us);
    flags |= member->context.size > 0 ? FLAG_CONTEXT : 0;
    wire_add_u8(buf, (uint8_t)member->value.kind);
    wire_add_u8(buf, (uint8_t)member->scope);
    wire_add_u8(buf, flags);
    wire_add_u8(buf, member->confidence);
    wire_add_u8(buf, member->tlp);
    wire_add_u8(buf, (uint8_t)member->value.scheme.size);
    wire_add_u16(buf, (uint16_t)member->value.key.size);
    const int64_t times[] = { member->first_seen_us, member->valid_from_us,
                              member->valid_until_us };
    for (size_t i = 0; i < sizeof times / sizeof times[0]; i++) {
        if (times[i] != TIME_US_NONE) {
            wire_add_i64(buf, times[i]);
        }
    }
    if (member->context.size > 0) {
        wire_add_u16(buf, (uint16_t)member->context.size);
    }
    buf_add(buf, member->value.key);
    buf_add(buf, member->value.scheme);
    buf_add(buf, member->context);
}

static void member_at(const struct pack_writer *writer, uint32_t offset, struct pack_member *ret)
{
    struct wire_reader r = wire_reader_of(span_from(buf_span(&writer->members), offset));
    bool read = member_read(&r, ret);
    must(read);
}

/* All that makes a member differ is in the hash: a feed that holds one URL under a million schemes
 * must not find them in one place. */
static uint32_t member_hash(const struct pack_writer *writer, const struct pack_member *member)
{
    const uint64_t spread = 0x9E3779B97F4A7C15u; /* odd, so that no product is lost */
    uint64_t hash = hash_bytes(&writer->secret, member->value.key);
    hash += ((uint64_t)member->value.kind * VALUE_SCOPE_COUNT + (uint64_t)member->scope) * spread;
    if (member->value.scheme.size > 0) {
        hash ^= hash_bytes(&writer->secret, member->value.scheme) * spread;
    }
    return (uint32_t)(hash >> 32);
}

static void table_put(struct slot *table, size_t table_size, struct slot slot)
{
    size_t at = slot.hash & (table_size - 1);
    while (table[at].offset != 0) {
        at = (at + 1) & (table_size - 1);
    }
    table[at] = slot;
}

static enum err table_grow(struct op *op, struct pack_writer *writer)
{
    size_t size = writer->table_size * 2;
    struct slot *table = memory_new_array(size, sizeof *table);
    if (table == NULL) {
        return op_fail(op, ERR_LIMIT, "out of memory for a packed set");
    }
    for (size_t i = 0; i < writer->table_size; i++) {
        if (writer->table[i].offset != 0) {
            table_put(table, size, writer->table[i]);
        }
    }
    memory_free(writer->table);
    writer->table = table;
    writer->table_size = size;
    return ERR_OK;
}

static bool member_same(const struct pack_member *a, const struct pack_member *b)
{
    return a->value.kind == b->value.kind && a->scope == b->scope &&
           span_equal(a->value.key, b->value.key) && span_equal(a->value.scheme, b->value.scheme);
}

static struct slot *table_find(const struct pack_writer *writer, const struct pack_member *member,
                               uint32_t hash, struct pack_member *ret_there)
{
    size_t at = hash & (writer->table_size - 1);
    while (writer->table[at].offset != 0) {
        struct slot *slot = &writer->table[at];
        if (slot->hash == hash) {
            member_at(writer, slot->offset - 1, ret_there);
            if (member_same(member, ret_there)) {
                return slot;
            }
        }
        at = (at + 1) & (writer->table_size - 1);
    }
    return NULL;
}

/* "[a]" and "[b]" are "[a,b]", where that fits and b is not there already. */
static struct span contexts_join(struct span there, struct span fresh, uint8_t *room)
{
    struct span inner = span_slice(fresh, 1, fresh.size - 1);
    if (span_find_span(there, inner) != SPAN_NOT_FOUND ||
        there.size + inner.size + 1 > PACK_CONTEXT_SIZE_MAX) {
        return there;
    }
    span_copy(room, PACK_CONTEXT_SIZE_MAX, span_slice(there, 0, there.size - 1));
    room[there.size - 1] = ',';
    span_copy(room + there.size, inner.size, inner);
    room[there.size + inner.size] = ']';
    return span_make(room, there.size + inner.size + 1);
}

static void member_inherit(struct pack_member *member, const struct pack_member *there)
{
    member->context = member->context.size == 0 ? there->context : member->context;
    if (member->confidence == PACK_CONFIDENCE_UNKNOWN) {
        member->confidence = there->confidence;
    }
    bool there_first =
        there->first_seen_us != TIME_US_NONE &&
        (member->first_seen_us == TIME_US_NONE || there->first_seen_us < member->first_seen_us);
    if (there_first) {
        member->first_seen_us = there->first_seen_us;
    }
}

/* A member that was written at the end, at `offset`, takes the place of an older one: the very
 * bytes where the sizes are equal, so that adding a feed again and again costs no memory. */
static void member_replace(struct pack_writer *writer, struct slot *slot, uint32_t offset)
{
    uint32_t old = slot->offset - 1;
    struct pack_member there;
    struct span rest = span_from(buf_span(&writer->members), old);
    struct wire_reader r = wire_reader_of(rest);
    bool read = member_read(&r, &there);
    must(read);
    size_t old_size = rest.size - r.rest.size;
    struct span fresh = span_from(buf_span(&writer->members), offset);
    if (fresh.size == old_size) {
        span_copy(writer->members.data + old, old_size, fresh);
        writer->members.size = offset;
    } else {
        writer->members.data[old] = KIND_DEAD;
        slot->offset = offset + 1;
    }
}

static enum err member_enter(struct op *op, struct pack_writer *writer, uint32_t hash,
                             uint32_t offset)
{
    if ((writer->used + 1) * 4 > writer->table_size * 3) {
        TRY(table_grow(op, writer));
    }
    table_put(writer->table, writer->table_size, (struct slot){ hash, offset + 1 });
    writer->used++;
    return ERR_OK;
}

void pack_writer_gather(struct pack_writer *writer)
{
    writer->gathers = true;
}

enum err pack_writer_add(struct op *op, struct pack_writer *writer,
                         const struct pack_member *member, bool *ret_new)
{
    uint8_t joined[PACK_CONTEXT_SIZE_MAX];
    must(member->context.size == 0 || member->context.size >= sizeof "[]" - 1);
    must(member->context.size <= PACK_CONTEXT_SIZE_MAX);
    must(member->value.key.size <= VALUE_KEY_SIZE_MAX);
    must(member->value.scheme.size <= VALUE_SCHEME_SIZE_MAX);
    uint32_t hash = member_hash(writer, member);
    uint32_t offset = (uint32_t)writer->members.size;
    struct pack_member there;
    struct pack_member merged = *member;
    if (buf_reserve(&writer->members, MEMBER_SIZE_MAX) == NULL) {
        return op_fail(op, ERR_LIMIT, "the set is too large: a packed set holds at most %d bytes",
                       PACK_SIZE_MAX);
    }
    struct slot *slot = table_find(writer, member, hash, &there);
    if (slot == NULL) {
        TRY(member_enter(op, writer, hash, offset));
        member_write(&writer->members, &merged);
    } else {
        if (writer->gathers && member->context.size > 0 && there.context.size > 0) {
            merged.context = contexts_join(there.context, member->context, joined);
        }
        member_inherit(&merged, &there);
        member_write(&writer->members, &merged);
        member_replace(writer, slot, offset);
    }
    must(writer->members.err == ERR_OK);
    writer->live += slot == NULL ? 1 : 0;
    if (ret_new != NULL) {
        *ret_new = slot == NULL;
    }
    return ERR_OK;
}

bool pack_writer_has(const struct pack_writer *writer, const struct pack_member *member)
{
    struct pack_member there;
    return table_find(writer, member, member_hash(writer, member), &there) != NULL;
}

enum err pack_writer_finish(struct op *op, struct pack_writer *writer, struct buf *ret,
                            uint64_t *ret_count)
{
    buf_add(ret, span_make(magic, sizeof magic));
    wire_add_u64(ret, writer->live);
    struct wire_reader r = wire_reader_of(buf_span(&writer->members));
    while (r.rest.size > 0) {
        struct span before = r.rest;
        struct pack_member member;
        bool read = member_read(&r, &member);
        must(read);
        if ((int)member.value.kind != KIND_DEAD) {
            buf_add(ret, span_slice(before, 0, before.size - r.rest.size));
        }
    }
    if (ret->err != ERR_OK) {
        return op_fail(op, ERR_LIMIT, "out of memory for a packed set");
    }
    *ret_count = writer->live;
    return ERR_OK;
}

enum err pack_reader_open(struct op *op, struct span bytes, struct pack_reader *ret)
{
    struct wire_reader r = wire_reader_of(bytes);
    struct span found = wire_take(&r, sizeof magic);
    uint64_t count = wire_u64(&r);
    if (r.err != ERR_OK ||
        !span_starts_with(span_make(magic, sizeof magic), span_slice(found, 0, sizeof magic - 1))) {
        return op_fail(op, ERR_CORRUPT, "packed set: not a packed set");
    }
    if (found.data[sizeof magic - 1] > PACK_VERSION) {
        return op_fail(op, ERR_UNSUPPORTED,
                       "packed set: version %d is newer than this program's %d",
                       found.data[sizeof magic - 1], PACK_VERSION);
    }
    *ret = (struct pack_reader){ .rest = r.rest, .left = count };
    return ERR_OK;
}

bool pack_next(struct pack_reader *reader, struct pack_member *ret)
{
    if (reader->err != ERR_OK || reader->left == 0) {
        return false;
    }
    struct wire_reader r = wire_reader_of(reader->rest);
    if (!member_read(&r, ret) || (int)ret->value.kind == KIND_DEAD) {
        reader->err = ERR_CORRUPT;
        return false;
    }
    reader->rest = r.rest;
    reader->left--;
    return true;
}
