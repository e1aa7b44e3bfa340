// SPDX-License-Identifier: EUPL-1.2
/*
 * Lines of logs where inside hosts are pseudonyms: their addresses are too, wherever in the line
 * they stand.
 */
#ifndef NODE_PSEUDONYMS_H
#define NODE_PSEUDONYMS_H

#include "history/rules.h"
#include "watch/inside.h"

struct pseudonyms {
    const struct history_rules *rules; /* with the secret of hosts */
    const struct inside *inside;       /* networks whose addresses are pseudonyms */
    struct span host;                  /* the line's inside host, which is one too; may be empty */
};

/**
 * Append a line, with the pseudonym of each inside host in the place of its address.
 *
 * An address is known in any text around it, with a port, in brackets, in a URL, as a member of
 * JSON, as a name for reverse lookups (in-addr.arpa, ip6.arpa), and with dashes for dots, as names
 * that are given by DHCP have it. It is not known where it is written in another way (an escape of
 * its digits, one number, base 64), nor is the name of a computer, a user or a network card: the
 * privacy rule drops their fields. What stands before the mark of a line that was cut may be a part
 * of an address, and is left out.
 *
 * buf         receives the text
 * pseudonyms  how
 * line        any bytes
 */
void pseudonyms_add_line(struct buf *buf, const struct pseudonyms *pseudonyms, struct span line);

#endif
