// SPDX-License-Identifier: EUPL-1.2
/*
 * What a service tells whoever started it (sd_notify(3)): that it is ready, is at work, reads its
 * configuration again, or stops. A datagram to the socket that $NOTIFY_SOCKET names.
 */
#ifndef OS_SERVICE_H
#define OS_SERVICE_H

#include "base/op.h"

/**
 * Tell the service manager something. Nothing is waited for.
 *
 * state     lines as in sd_notify(3): "READY=1", "WATCHDOG=1", "STOPPING=1", ...
 *
 * Returns whether it was told: false where nobody asked to be, or nobody hears.
 */
bool service_tell(const char *state);

/**
 * How long the service may be silent before it counts as hung (sd_watchdog_enabled(3)).
 *
 * Returns microseconds; 0 where nobody watches this process.
 */
int64_t service_watchdog_us(void);

#endif
