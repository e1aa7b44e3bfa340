// SPDX-License-Identifier: EUPL-1.2
/*
 * What Linie reads of a STIX object: the common properties (STIX 2.1, section 3.2) and those of an
 * indicator. The object itself is kept byte for byte elsewhere; types, properties and extensions
 * that are not named here are left alone.
 */
#ifndef STIX_OBJECT_H
#define STIX_OBJECT_H

#include "base/op.h"
#include "base/time.h"
#include "format/json.h"

enum {
    STIX_CONFIDENCE_NONE = -1,
    STIX_CONFIDENCE_MAX = 100,
    STIX_LIST_COUNT_MAX = 4096, /* of labels, of markings */
    STIX_KEY_COUNT_MAX = 256,   /* properties of one object */
};

struct stix_list {
    const struct span *items;
    size_t count;
};

/* All spans lie in the memory of the op that parsed the document. Absent text has size 0. */
struct stix_object {
    struct span type;
    struct span id;
    struct span spec_version; /* "2.1" or "2.0"; where it is not written, what the standard implies:
                                 2.1 for a cyber-observable, else 2.0 */
    int64_t created_us;       /* TIME_US_NONE: absent */
    int64_t modified_us;      /* TIME_US_NONE: the object has no versions */
    struct span modified;     /* as written: it may tell versions apart within a microsecond */
    struct span created_by_ref;
    bool revoked;
    int confidence; /* 0 .. STIX_CONFIDENCE_MAX, or STIX_CONFIDENCE_NONE */
    struct span lang;
    struct stix_list labels;
    struct stix_list marking_refs;          /* object_marking_refs: of the whole object */
    struct stix_list granular_marking_refs; /* of parts of it, whichever they are */
};

struct stix_indicator {
    struct span name;
    struct span pattern;
    struct span pattern_type; /* "stix", "yara", ...; what 2.0 implies is "stix" */
    int64_t valid_from_us;
    int64_t valid_until_us; /* TIME_US_NONE: no end */
    struct stix_list indicator_types;
};

/**
 * Read and check the common properties of an object: those required are there, each has its type,
 * the id's type is the object's, times are STIX timestamps, modified is not before created.
 *
 * A property that is written twice is refused: two programs could read two different objects (one
 * TLP:CLEAR, one TLP:RED) out of the same bytes, and RFC 7493, on which STIX builds, forbids it.
 *
 * op        work in hand
 * value     the object
 * ret       untouched on error
 *
 * Errors    ERR_FORMAT a rule is broken (the fault names the id and the property);
 *           ERR_UNSUPPORTED a spec_version other than 2.0 and 2.1; ERR_LIMIT too many properties or
 *           entries in a list, or no memory
 */
MUST_USE
enum err stix_object_read(struct op *op, struct json_value value, struct stix_object *ret);

/**
 * Read and check what an indicator has beside the common properties. The pattern is not parsed.
 *
 * op        work in hand
 * value     the object
 * object    of stix_object_read(), with the type "indicator"
 * ret       untouched on error
 *
 * Errors    ERR_FORMAT a rule is broken (the fault names the id and the property); ERR_LIMIT too
 *           many entries in a list, or no memory
 */
MUST_USE
enum err stix_indicator_read(struct op *op, struct json_value value,
                             const struct stix_object *object, struct stix_indicator *ret);

/**
 * Check that no property of an object is written twice.
 *
 * op        work in hand
 * value     the object; only its own properties are looked at, not those within them
 *
 * Errors    ERR_FORMAT one is (the fault names it); ERR_LIMIT more than STIX_KEY_COUNT_MAX
 */
MUST_USE
enum err stix_object_check_keys(struct op *op, struct json_value value);

#endif
