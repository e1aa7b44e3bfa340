// SPDX-License-Identifier: EUPL-1.2
/*
 * Documents that carry STIX objects: a bundle (STIX 2.1, section 8; also a 2.0 one), a TAXII
 * envelope ({"objects": [...]} without a type), or one object alone. The objects come with their
 * exact bytes, so that they can be kept and passed on unchanged.
 */
#ifndef STIX_BUNDLE_H
#define STIX_BUNDLE_H

#include "base/op.h"
#include "format/json.h"

enum stix_bundle_form {
    STIX_BUNDLE_BUNDLE = 0,
    STIX_BUNDLE_ENVELOPE, /* of TAXII 2.1 */
    STIX_BUNDLE_OBJECT,   /* one object alone */
};

struct stix_bundle_item {
    struct span text;        /* the object's exact bytes, a piece of the document */
    struct json_value value; /* to be read and checked by stix_object_read() */
};

struct stix_bundle {
    enum stix_bundle_form form;
    struct span id;           /* of a bundle; empty where it has none. It means nothing: bundles are
                                 not kept */
    struct span spec_version; /* "2.0" where the bundle says so, as 2.0 has it; else empty */
    const struct stix_bundle_item *items;
    size_t count; /* 0: a bundle without objects, which is fine */
};

/**
 * Read a document and find its objects. The objects themselves are not checked, so that one faulty
 * object does not cost the others.
 *
 * op        work in hand; the values live in its memory
 * text      the document; borrowed as long as the items are used
 * ret       untouched on error
 *
 * Errors    ERR_FORMAT not JSON, not an object, `objects` is not a list, or a property of the
 * bundle is written twice; ERR_LIMIT too deep, too large, or no memory
 */
MUST_USE
enum err stix_bundle_read(struct op *op, struct span text, struct stix_bundle *ret);

#endif
