// SPDX-License-Identifier: EUPL-1.2
#include "policy/known_lists.h"

#include "tests/testing.h"

TEST(list_of_whom_many_share_lowers_and_all_others_silence)
{
    static const struct {
        const char *name;
        const char *category;
        enum rank_effect effect;
    } rows[] = {
        { "List of known Akamai IP ranges", "", RANK_LOWERED },
        { "List of known Amazon AWS IP address ranges", "", RANK_LOWERED },
        { "List of known Cloudflare IP ranges", "", RANK_LOWERED },
        { "List of known Fastly IP address ranges", "", RANK_LOWERED },
        { "List of known GCP (Google Cloud Platform) IP address ranges", "", RANK_LOWERED },
        { "List of known Microsoft Azure Datacenter IP Ranges", "", RANK_LOWERED },
        { "List of known dynamic DNS domains", "", RANK_LOWERED },
        { "List of disposable email domains", "", RANK_LOWERED },
        { "University domains", "", RANK_LOWERED },
        { "Specialized list of vpn-ipv4 addresses belonging to common VPN providers", "",
          RANK_LOWERED },
        { "Top 20,000 domains from Cloudflare Radar", "", RANK_SILENCED },
        { "Top 10K most-used sites from Tranco", "", RANK_SILENCED },
        { "List of known hashes with common false-positives", "", RANK_SILENCED },
        { "List of known IPv4 public DNS resolvers", "", RANK_SILENCED },
        { "List of RFC 1918 CIDR blocks", "false_positive", RANK_SILENCED },
        { "List of known google domains", "", RANK_SILENCED },
        { "Anything", "known", RANK_LOWERED },
        { "", "", RANK_SILENCED },
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        enum rank_effect effect =
            rank_effect_of_list(span_of(rows[i].name), span_of(rows[i].category));

        assert_int_equal(effect, rows[i].effect);
    }
}
