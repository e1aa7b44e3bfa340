// SPDX-License-Identifier: EUPL-1.2
/*
 * Identifiers of STIX objects: "type--uuid" (STIX 2.1, section 2.9), and the name from which the
 * id of a packed set's member is made.
 */
#ifndef STIX_ID_H
#define STIX_ID_H

#include "base/op.h"
#include "base/uuid.h"

enum {
    STIX_TYPE_SIZE_MIN = 3,
    STIX_TYPE_SIZE_MAX = 250,
    STIX_ID_SIZE_MAX = STIX_TYPE_SIZE_MAX + 2 + UUID_TEXT_SIZE,
};

struct stix_id {
    struct span type; /* piece of the text that was read */
    struct uuid uuid;
};

/* The namespace of ids that Linie makes from names (UUIDv5): 6b1b1179-84cf-4fd1-90e3-c09e7da68287,
 * drawn at random once. Fixed for ever: two nodes with one feed make the same ids. It is not the
 * namespace of STIX, which section 2.9 keeps for cyber-observables. */
extern const struct uuid STIX_MEMBER_NAMESPACE;

/**
 * Read an id: the type, "--", and a UUID in lower case.
 *
 * The bits for version and variant of the UUID are not looked at: published collections (ATT&CK
 * among them) hold ids in which they are wrong, and such an object is as useful as any other.
 *
 * text      the whole id; borrowed as long as ret is used
 * ret       untouched on error
 *
 * Errors    ERR_FORMAT not an id
 */
MUST_USE
enum err stix_id_parse(struct span text, struct stix_id *ret);

/**
 * Whether a name can be the type of an object: 3 to 250 of a-z, 0-9 and '-', first a letter, no two
 * hyphens together (STIX 2.1, on type names).
 *
 * type      looked at
 */
bool stix_type_is_valid(struct span type);

/**
 * Append an id.
 *
 * buf       receives "type--uuid"
 * type      valid by stix_type_is_valid()
 * uuid      appended in lower case
 */
void stix_id_add(struct buf *buf, struct span type, const struct uuid *uuid);

/* What makes a member of a packed set the same on every node. */
struct stix_member {
    struct span source; /* id of the source's identity object */
    struct span set;    /* name of the set */
    struct span kind;   /* Linie's own word: "ipv4", "sha256", ... */
    struct span value;  /* in canonical form */
};

/**
 * Append the name from which a member's UUID is made, under STIX_MEMBER_NAMESPACE: the JSON array
 * [source, set, kind, value] in canonical form (RFC 8785), so that no two members share a name.
 *
 * op        work in hand
 * buf       receives the name
 * member    each part must be UTF-8
 *
 * Errors    ERR_FORMAT a part is not UTF-8; ERR_LIMIT no room in buf
 */
MUST_USE
enum err stix_member_name(struct op *op, struct buf *buf, const struct stix_member *member);

#endif
