// SPDX-License-Identifier: EUPL-1.2
/*
 * What of a pattern can be watched without evaluating it: the single values any one of which makes
 * it true on its own.
 *
 * These are the values compared by "=" or IN, joined by OR, on: the value of ipv4-addr, ipv6-addr,
 * domain-name, url and email-addr; the MD5, SHA-1, SHA-256 and SHA-512 in the hashes of file,
 * artifact and x509-certificate; the name of a file; the number of an autonomous-system; the value
 * of an email-message's from_ref and sender_ref; the value of a network-traffic's src_ref and
 * dst_ref, and the User-Agent of its http-request-ext. Ranges come from ISSUBSET too; LIKE and
 * MATCHES count on url, domain-name, the name of a file and the User-Agent. And two kinds of AND:
 *
 * - Several hashes of one object: they name one file, so the strongest of them stands for all. A
 *   file with that SHA-256 has the other hashes too, as far as whoever wrote the pattern told the
 *   truth about the file and nobody can make a second file with the same hash; this is why it is
 *   the strongest that is taken. With MD5 or SHA-1 alone a made-up twin could match; it would be
 *   found by either of the hashes as well. SHA-512 stands behind the others, since sensors log it
 *   hardly ever, and a hash that no log holds is no hit.
 * - One end of a network-traffic: dst_ref.value = '198.51.100.7' with dst_ref.type, which only says
 *   of which kind the value is; with dst_port, which makes it an address with a port; and then also
 *   with protocols, which are not looked at. The same with src_ref.
 *
 * WITHIN changes nothing for a single observation. Everything else is not watched, and the reason
 * says what it is and where. JA3, JA4 and HASSH have no property in STIX.
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
    const char *kind;  /* "ipv4-addr", "ipv6-addr", "cidr", "ip-port", "domain-name", "url",
                          "email-addr", "md5", "sha1", "sha256", "sha512", "cert-sha1",
                          "cert-sha256", "file-name", "user-agent", "asn" */
    struct span value; /* as written, without escapes; not yet checked or canonical, but a hash has
                          its digits, and an address with a port is "address|port" */
    size_t offset;     /* byte of the pattern where it begins */
    enum stix_pattern_end end;
    enum stix_pattern_comparison comparison; /* LIKE and MATCHES: the value is such a pattern;
                                                else EQUAL */
    bool strongest_of_and;                   /* stands for several hashes of one object */
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
 * pattern   from stix_pattern_parse(); most values are pieces of it
 * ret       untouched on error
 *
 * Errors    ERR_UNSUPPORTED none can be watched; the fault says why, for the user; ERR_LIMIT no
 *           memory
 */
MUST_USE
enum err stix_pattern_values(struct op *op, const struct stix_pattern *pattern,
                             struct stix_pattern_values *ret);

#endif
