// SPDX-License-Identifier: EUPL-1.2
/*
 * Inputs that are followed for as long as the run lasts: files as they grow, are rotated, truncated
 * and deleted; folders and globs in which files come and go; pipes whose writers come and go.
 *
 * What lies there is looked through now and then, and as soon as the kernel tells of a change. Of
 * many thousand files only those are open that changed last.
 */
#ifndef NODE_FOLLOW_H
#define NODE_FOLLOW_H

#include "base/hash.h"
#include "node/intakes.h"
#include "node/session.h"

/* What is followed under one name. */
struct follow_source {
    struct span name; /* of the section in the configuration; else the path */
    struct input_named named;
    bool listens;       /* named.path is an address: its lines come from a pipe of `intakes` */
    uint32_t silence_s; /* with fewer lines than expected within so long, it is silent; 0: never */
    uint32_t expect;    /* lines; 0 stands for 1 */
};

struct follow_before_file;

/* Which inputs a run has read, for the one that follows it. Begins all zero. */
struct follow_before {
    struct hash_secret secret;
    struct follow_before_file *list; /* in the order of their keys */
    size_t count;
};

struct follow_options {
    int folder;                          /* where relative paths start: an open folder */
    const struct follow_source *sources; /* borrowed until return */
    size_t count;
    struct intakes *intakes;
    struct follow_before *before; /* of the run before; where another one follows: of this run */
    /* Asked some times a second. True: this run ends, another one with other options follows. */
    bool (*reload)(void *context);
    void *context;
};

/**
 * Follow until somebody asks to stop. Where the watch process breaks, it is started again.
 *
 * session   begun with options.follow
 * options   what is followed; borrowed until return
 *
 * Errors    ERR_CANCELLED somebody asked to stop; ERR_ABSENT nothing more can come, without a
 * fault; ERR_STALE another run follows, without a fault; ERR_IO or others: the run cannot go on
 */
MUST_USE
enum err follow_run(struct session *session, const struct follow_options *options);

/**
 * Give memory back.
 *
 * before    all zero, or filled in by follow_run()
 */
void follow_before_done(struct follow_before *before);

#endif
