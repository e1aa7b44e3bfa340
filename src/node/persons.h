// SPDX-License-Identifier: EUPL-1.2
/*
 * Which questions are of persons, so that a second one has to approve them (decision 0038): those
 * for kinds that the configuration names, and for kinds by which as much would be learned.
 */
#ifndef NODE_PERSONS_H
#define NODE_PERSONS_H

#include "history/hunt.h"
#include "node/config_history.h"

/**
 * Whether a question needs a second person.
 *
 * config    the section [history]
 * question  any
 */
bool persons_asks(const struct config_history *config, const struct hunt_question *question);

#endif
