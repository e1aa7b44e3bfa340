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

#include "node/session.h"

/* What is followed under one name. */
struct follow_source {
    struct span name; /* of the section in the configuration; else the path */
    struct input_named named;
};

/**
 * Follow until somebody asks to stop. Where the watch process breaks, it is started again.
 *
 * session   begun with options.follow
 * folder    where relative paths start: an open folder
 * sources   borrowed until return
 * count     how many
 *
 * Errors    ERR_CANCELLED somebody asked to stop; ERR_ABSENT nothing more can come, without a
 * fault; ERR_IO or others: the run cannot go on
 */
MUST_USE
enum err follow_run(struct session *session, int folder, const struct follow_source *sources,
                    size_t count);

#endif
