// SPDX-License-Identifier: EUPL-1.2
#ifndef CRYPT_RANDOM_UUID_H
#define CRYPT_RANDOM_UUID_H

#include "base/uuid.h"

/**
 * A random UUID, version 4 (RFC 4122, section 4.4).
 */
struct uuid uuid_random(void);

#endif
