// SPDX-License-Identifier: EUPL-1.2
/*
 * What the store and the intake process say to each other. First the store: a SOURCE and its PIPE
 * for each input, then START. From then on only the intake process speaks.
 */
#ifndef INTAKE_MESSAGE_H
#define INTAKE_MESSAGE_H

#include "base/wire.h"
#include "intake/address.h"

enum {
    INTAKE_SOURCE_COUNT_MAX = 64,
    INTAKE_PEM_SIZE_MAX = 256 * 1024, /* of certificates, of a key */
};

enum intake_message_type {
    INTAKE_MESSAGE_SOURCE = 1, /* an intake_source; the socket goes along */
    INTAKE_MESSAGE_PIPE,       /* nothing: the end of the pipe to which its lines go goes along */
    INTAKE_MESSAGE_START,      /* nothing */
    INTAKE_MESSAGE_COUNTS,     /* an intake_counts */
};

/* Where lines come in. Spans are PEM; empty where there are none. */
struct intake_source {
    enum intake_kind kind;
    struct span certificate; /* of TLS */
    struct span key;
    struct span authorities; /* by one of which the certificates of senders must be signed */
};

/* What happened at a source since it was told last. */
struct intake_counts {
    uint16_t source; /* by the order of the SOURCEs */
    uint64_t messages;
    uint64_t cut;     /* of these: longer than INTAKE_MESSAGE_SIZE_MAX */
    uint64_t refused; /* connections: there were too many */
    uint64_t broken;  /* connections that ended by a fault: no TLS, no fit certificate */
    uint32_t lost;    /* datagrams for which there was no room, since the socket was made; it
                       * begins again at 0 after the largest number */
};

/**
 * Write and read a SOURCE.
 *
 * buf       receives the body
 * source    borrowed
 * body      not trusted
 * ret       borrows from `body`; untouched on error
 *
 * Errors    ERR_FORMAT it is none
 */
void intake_message_add_source(struct buf *buf, const struct intake_source *source);
MUST_USE
enum err intake_message_read_source(struct span body, struct intake_source *ret);

/**
 * Write and read COUNTS.
 *
 * buf       receives the body
 * counts    borrowed
 * body      not trusted
 * ret       untouched on error
 *
 * Errors    ERR_FORMAT they are none
 */
void intake_message_add_counts(struct buf *buf, const struct intake_counts *counts);
MUST_USE
enum err intake_message_read_counts(struct span body, struct intake_counts *ret);

#endif
