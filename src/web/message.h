// SPDX-License-Identifier: EUPL-1.2
/*
 * What the web role and the store say to each other. The web role reads what strangers ask, so the
 * store believes nothing of what it says.
 *
 *     web                        store
 *     METRICS          -->
 *                      <--       TEXT     the answer, at most WEB_TEXT_SIZE_MAX bytes
 */
#ifndef WEB_MESSAGE_H
#define WEB_MESSAGE_H

#include "os/channel.h"

enum web_message_type { WEB_MESSAGE_METRICS = 1, WEB_MESSAGE_TEXT };

enum { WEB_TEXT_SIZE_MAX = 4 * 1024 * 1024 };

#endif
