// SPDX-License-Identifier: EUPL-1.2
#include "crypt/random_uuid.h"

#include "os/random.h"

struct uuid uuid_random(void)
{
    struct uuid uuid;
    os_random(uuid.bytes, sizeof uuid.bytes);
    uuid.bytes[6] = (uint8_t)((uuid.bytes[6] & 0x0F) | 0x40); /* version 4 */
    uuid.bytes[8] = (uint8_t)((uuid.bytes[8] & 0x3F) | 0x80); /* the variant of RFC 4122 */
    return uuid;
}
