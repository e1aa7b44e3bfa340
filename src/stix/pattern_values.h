// SPDX-License-Identifier: EUPL-1.2
/*
 * What of a pattern can be watched without evaluating it: the single values any one of which makes
 * it true on its own.
 *
 * These are the values compared by "=" or IN, joined by OR, on: the value of ipv4-addr, ipv6-addr,
 * domain-name, url and email-addr; the MD5, SHA-1 and SHA-256 in the hashes of file, artifact and
 * x509-certificate; the value of an email-message's from_ref and sender_ref; the value of a
 * network-traffic's src_ref and dst_ref. Ranges come from ISSUBSET too. And two kinds of AND:
 *
 * - Several hashes of one object: they name one file, so the strongest of them stands for all. A
 *   file with that SHA-256 has the other hashes too, as far as whoever wrote the pattern told the
 *   truth about the file and nobody can make a second file with the same hash; this is why it is
 *   the strongest that is taken. With MD5 or SHA-1 alone a made-up twin could match; it would be
 *   found by either of the hashes as well.
 * - network-traffic:dst_ref.type = 'domain-name' with the dst_ref.value (or src_ref): the type only
 *   says of which kind the value is.
 *
 * WITHIN changes nothing for a single observation. Everything else is not watched, and the reason
 * says what it is and where.
 */
#ifndef STIX_PATTERN_VALUES_H
#define STIX_PATTERN_VALUES_H

#include "stix/pattern.h"

/* At which end of a connection the value must stand. */
enum stix_pattern_end {
    STIX_PATTERN_END_ANY = 0,
    STIX_PATTERN_END_SOURCE,      /* network-traffic:src_ref */
    STIX_PATTERN_END_DESTINATION, /* network-traffic:dst_ref */
};

struct stix_pattern_value {
    const char *kind;  /* "ipv4-addr", "ipv6-addr", "cidr", "domain-name", "url", "email-addr",
                          "md5", "sha1", "sha256" */
    struct span value; /* as written, without escapes; not yet checked or canonical, but a hash has
                          its digits */
    size_t offset;     /* byte of the pattern where it begins */
    enum stix_pattern_end end;
    bool strongest_of_and; /* stands for several hashes of one object */
};

struct stix_pattern_values {
    const struct stix_pattern_value *list; /* in the order of the text */
    size_t count;                          /* at least 1 */
    bool partial;                          /* other branches of the pattern are not watched */
    struct span reason; /* where partial: the first construct that is not, and its byte */
};

/**
 * The values of a pattern.
 *
 * op        work in hand; the list lives in its memory
 * pattern   from stix_pattern_parse(); the values are pieces of it
 * ret       untouched on error
 *
 * Errors    ERR_UNSUPPORTED none can be watched; the fault says why, for the user; ERR_LIMIT no
 *           memory
 */
MUST_USE
enum err stix_pattern_values(struct op *op, const struct stix_pattern *pattern,
                             struct stix_pattern_values *ret);

#endif
