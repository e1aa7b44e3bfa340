// SPDX-License-Identifier: EUPL-1.2
#include "tests/observe/observing.h"

struct told {
    const char *line;
    enum observe_outcome outcome;
};

static void check_outcomes(enum observe_format format, const struct told *told, size_t count)
{
    struct observing o;
    observing_begin(&o, format, "");
    for (size_t i = 0; i < count; i++) {
        assert_int_equal(observing_read(&o, span_of(told[i].line)), OBSERVE_FAULT_NONE);
        if (o.line.outcome != told[i].outcome) {
            print_error("%s: %s, expected %s\n", told[i].line, observe_outcome_name(o.line.outcome),
                        observe_outcome_name(told[i].outcome));
            fail();
        }
    }
    observing_end(&o);
}

TEST(zeek_tells_what_became_of_a_connection)
{
    static const struct told told[] = {
        { "{\"_path\":\"conn\",\"conn_state\":\"SF\"}", OBSERVE_OUTCOME_DONE },
        { "{\"_path\":\"conn\",\"conn_state\":\"S1\"}", OBSERVE_OUTCOME_DONE },
        { "{\"_path\":\"conn\",\"conn_state\":\"RSTO\"}", OBSERVE_OUTCOME_DONE },
        { "{\"_path\":\"conn\",\"conn_state\":\"S0\"}", OBSERVE_OUTCOME_FAILED },
        { "{\"_path\":\"conn\",\"conn_state\":\"REJ\"}", OBSERVE_OUTCOME_FAILED },
        { "{\"_path\":\"conn\",\"conn_state\":\"RSTOS0\"}", OBSERVE_OUTCOME_FAILED },
        { "{\"_path\":\"conn\",\"conn_state\":\"SH\"}", OBSERVE_OUTCOME_FAILED },
        { "{\"_path\":\"conn\",\"conn_state\":\"OTH\"}", OBSERVE_OUTCOME_UNKNOWN },
        { "{\"_path\":\"conn\",\"conn_state\":7}", OBSERVE_OUTCOME_UNKNOWN },
        { "{\"_path\":\"conn\"}", OBSERVE_OUTCOME_UNKNOWN },
        { "{\"_path\":\"dns\",\"rcode_name\":\"NOERROR\"}", OBSERVE_OUTCOME_DONE },
        { "{\"_path\":\"dns\",\"rcode_name\":\"NXDOMAIN\"}", OBSERVE_OUTCOME_FAILED },
        { "{\"_path\":\"ssl\",\"established\":true}", OBSERVE_OUTCOME_DONE },
        { "{\"_path\":\"ssl\",\"established\":false}", OBSERVE_OUTCOME_FAILED },
        { "{\"_path\":\"ssh\",\"auth_success\":false}", OBSERVE_OUTCOME_FAILED },
        { "{\"_path\":\"socks\",\"status\":\"succeeded\"}", OBSERVE_OUTCOME_DONE },
        { "{\"_path\":\"notice\",\"dropped\":true}", OBSERVE_OUTCOME_DENIED },
        { "{\"_path\":\"notice\",\"dropped\":false}", OBSERVE_OUTCOME_UNKNOWN },
    };
    check_outcomes(OBSERVE_FORMAT_ZEEK_JSON, told, sizeof told / sizeof told[0]);
}

TEST(zeek_tells_it_in_columns_too)
{
    static const struct told told[] = {
        { "#path\tssl", OBSERVE_OUTCOME_UNKNOWN },
        { "#fields\tserver_name\testablished", OBSERVE_OUTCOME_UNKNOWN },
        { "a.example\tT", OBSERVE_OUTCOME_DONE },
        { "a.example\tF", OBSERVE_OUTCOME_FAILED },
        { "a.example\t-", OBSERVE_OUTCOME_UNKNOWN },
    };
    check_outcomes(OBSERVE_FORMAT_ZEEK_TSV, told, sizeof told / sizeof told[0]);
}

#define FLOW(members) "{\"event_type\":\"flow\",\"flow\":{" members "}}"
#define TCP(flags)                                                                                 \
    "{\"event_type\":\"flow\",\"flow\":{\"state\":\"closed\",\"pkts_toclient\":1},"                \
    "\"tcp\":{\"tcp_flags_tc\":\"" flags "\"}}"

TEST(suricata_tells_what_became_of_a_flow_and_what_it_did)
{
    static const struct told told[] = {
        { FLOW("\"state\":\"established\",\"pkts_toclient\":3"), OBSERVE_OUTCOME_DONE },
        { FLOW("\"state\":\"closed\",\"pkts_toclient\":3"), OBSERVE_OUTCOME_DONE },
        { FLOW("\"state\":\"bypassed\""), OBSERVE_OUTCOME_DONE },
        { FLOW("\"state\":\"new\",\"pkts_toclient\":0"), OBSERVE_OUTCOME_FAILED },
        { FLOW("\"state\":\"new\",\"pkts_toclient\":1"), OBSERVE_OUTCOME_UNKNOWN },
        { FLOW("\"state\":\"established\",\"action\":\"drop\""), OBSERVE_OUTCOME_DENIED },
        { TCP("1a"), OBSERVE_OUTCOME_DONE },
        { TCP("14"), OBSERVE_OUTCOME_FAILED },
        { "{\"event_type\":\"alert\",\"alert\":{\"action\":\"allowed\"}}", OBSERVE_OUTCOME_DONE },
        { "{\"event_type\":\"alert\",\"alert\":{\"action\":\"blocked\"}}", OBSERVE_OUTCOME_DENIED },
        { "{\"event_type\":\"alert\",\"alert\":{\"action\":\"allowed\"},\"verdict\":{\"action\":"
          "\"drop\"}}",
          OBSERVE_OUTCOME_DENIED },
        { "{\"event_type\":\"drop\",\"drop\":{\"len\":40}}", OBSERVE_OUTCOME_DENIED },
        { "{\"event_type\":\"dns\",\"dns\":{\"rcode\":\"NXDOMAIN\"}}", OBSERVE_OUTCOME_FAILED },
        { "{\"event_type\":\"dns\",\"dns\":{\"rcode\":\"NOERROR\"}}", OBSERVE_OUTCOME_DONE },
        { "{\"event_type\":\"http\",\"http\":{}}", OBSERVE_OUTCOME_UNKNOWN },
    };
    check_outcomes(OBSERVE_FORMAT_EVE, told, sizeof told / sizeof told[0]);
}
