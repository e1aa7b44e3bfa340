// SPDX-License-Identifier: EUPL-1.2
#include "policy/known_lists.h"

/* Words in the names of lists of those whom many share, in lower case, as
 * https://github.com/MISP/misp-warninglists names them: "List of known Akamai IP ranges". */
static const char *const shared[] = {
    "akamai",       "amazon aws",  "azure",        "cdn",        "cloudflare ip", "datacenter",
    "digitalocean", "dynamic dns", "disposable",   "fastly",     "gcp",           "google cloud",
    "hosting",      "linode",      "office 365",   "office365",  "oracle cloud",  "parking",
    "sinkhole",     "stackpath",   "tor exit",     "university", "url shortener", "vpn",
    "wikimedia",    "free email",  "smtp sending", "zscaler",    "censys",        "shodan",
};

static uint8_t lower(uint8_t byte)
{
    return byte >= 'A' && byte <= 'Z' ? (uint8_t)(byte - 'A' + 'a') : byte;
}

static bool holds(struct span name, struct span word)
{
    for (size_t at = 0; at + word.size <= name.size; at++) {
        size_t i = 0;
        while (i < word.size && lower(name.data[at + i]) == word.data[i]) {
            i++;
        }
        if (i == word.size) {
            return true;
        }
    }
    return false;
}

/* MISP's category "known" says who it is, not that it is harmless. */
enum rank_effect rank_effect_of_list(struct span name, struct span category)
{
    if (span_equal(category, SPAN("known"))) {
        return RANK_LOWERED;
    }
    for (size_t i = 0; i < sizeof shared / sizeof shared[0]; i++) {
        if (holds(name, span_of(shared[i]))) {
            return RANK_LOWERED;
        }
    }
    return RANK_SILENCED;
}
