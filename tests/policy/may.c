// SPDX-License-Identifier: EUPL-1.2
#include "policy/may.h"

#include "tests/testing.h"

enum { DAY_2026 = 20454 }; /* 2026-01-01 */

#define WORDS                                                                                      \
    "[kind \"army\"]\nname = army\n[kind \"office\"]\nname = office\n[act \"scan\"]\nname = "      \
    "scan\n"                                                                                       \
    "[act \"alter\"]\nname = alter\n[purpose \"defence\"]\nname = d\ndefensive = yes\ndefault = "  \
    "yes\n[party \"cert\"]\nname = C\nkind = army\nconstituency = looked-after\n[party "           \
    "\"town\"]\n"                                                                                  \
    "name = T\nkind = office\n[party \"port\"]\nname = P\nkind = office\n[group "                  \
    "\"looked-after\"]\nname = G\nmember = town from 2020-01-01\n[situation \"flood\"]\nname = "   \
    "F\n"                                                                                          \
    "decides = the mayor\n[decider \"all\"]\nact = any\nrole = the minister\n"

struct fixture {
    struct op op;
    const struct policy_day *day;
};

static void begin(struct fixture *it, const char *rules)
{
    const struct policy_book *book = NULL;
    const struct book_file files[] = {
        { .name = SPAN("words"), .text = SPAN(WORDS) },
        { .name = SPAN("rules"), .text = span_of(rules) },
    };
    testing_op_begin(&it->op);
    check_err(policy_book_read(&it->op, files, 2, &book), ERR_OK);
    check_err(policy_day_make(&it->op, book, SPAN("cert"), DAY_2026, &it->day), ERR_OK);
}

static struct policy_may ask(struct fixture *it, const char *act, const char *network)
{
    struct policy_may may = { 0 };
    const struct policy_act_asked asked = {
        .party = SPAN("cert"),
        .act = span_of(act),
        .network = span_of(network),
    };
    check_err(policy_may_act(&it->op, it->day, &asked, &may), ERR_OK);
    return may;
}

#define SCAN                                                                                       \
    "[mandate \"own\"]\nwho = cert\nact = scan\neffect = allow\nnetwork = own, constituency\n"     \
    "title = its own\n[mandate \"others\"]\nwho = kind:army\nact = scan\neffect = consent\n"       \
    "by = the owner\ntitle = of others\nnetwork = any\n[mandate \"never\"]\nwho = any\nact = "     \
    "alter\n"                                                                                      \
    "effect = forbid\ntitle = nobody alters\n"

TEST(what_is_allowed_on_ones_own_networks_needs_consent_on_those_of_others)
{
    struct fixture it;
    begin(&it, SCAN);

    assert_int_equal(ask(&it, "scan", "own").answer, POLICY_MAY);
    assert_int_equal(ask(&it, "scan", "town").answer, POLICY_MAY); /* of the constituency */
    struct policy_may port = ask(&it, "scan", "port");
    assert_int_equal(port.answer, POLICY_MAY_WITH);
    assert_int_equal(port.block_count, 1);
    check_span(policy_block_text(port.blocks[0], BOOK_KEY_BY), "the owner");
    assert_int_equal(ask(&it, "alter", "own").answer, POLICY_MAY_NOT);

    op_end(&it.op);
}

TEST(leave_opens_what_asks_for_it_as_long_as_it_holds_and_there_alone)
{
    struct fixture it;
    begin(&it, SCAN "[leave \"x\"]\nfor = others\nby = the port's director\nnetwork = port\n"
                    "valid-from = 2025-12-01\nvalid-to = 2026-01-01\n");

    assert_int_equal(ask(&it, "scan", "port").answer, POLICY_MAY);
    assert_int_equal(ask(&it, "scan", "kind:office").answer, POLICY_MAY_WITH);

    op_end(&it.op);
    begin(&it, SCAN "[leave \"x\"]\nfor = others\nby = the port's director\nnetwork = port\n"
                    "valid-from = 2025-12-01\nvalid-to = 2025-12-31\n");
    assert_int_equal(ask(&it, "scan", "port").answer, POLICY_MAY_WITH);
    op_end(&it.op);
}

TEST(where_no_rule_decides_the_one_who_must_is_named)
{
    struct fixture it;
    begin(&it, "");

    struct policy_may may = ask(&it, "scan", "own");

    assert_int_equal(may.answer, POLICY_MAY_UNDECIDED);
    assert_int_equal(may.block_count, 1);
    check_span(policy_block_text(may.blocks[0], BOOK_KEY_ROLE), "the minister");
    op_end(&it.op);
}

TEST(one_person_may_not_hold_two_roles_that_exclude_each_other)
{
    struct fixture it;
    struct policy_may may;
    const struct span roles[] = { SPAN("town") };
    begin(&it, SCAN "[exclusion \"two\"]\nroles = cert, town\ntitle = not both\n");
    struct policy_act_asked asked = {
        .party = SPAN("cert"),
        .act = SPAN("scan"),
        .network = SPAN("own"),
    };

    check_err(policy_may_act(&it.op, it.day, &asked, &may), ERR_OK);
    assert_int_equal(may.answer, POLICY_MAY);
    asked.roles = roles;
    asked.role_count = 1;
    check_err(policy_may_act(&it.op, it.day, &asked, &may), ERR_OK);
    assert_int_equal(may.answer, POLICY_MAY_NOT);

    op_end(&it.op);
}

TEST(what_is_not_known_is_told_as_such_and_is_no_answer)
{
    struct fixture it;
    struct policy_may may;
    begin(&it, SCAN);
    const struct policy_act_asked wrong[] = {
        { .party = SPAN("nobody"), .act = SPAN("scan") },
        { .party = SPAN("cert"), .act = SPAN("fly") },
        { .party = SPAN("cert"), .act = SPAN("scan"), .network = SPAN("nowhere") },
        { .party = SPAN("cert"), .act = SPAN("scan"), .data = SPAN("gold") },
        { .party = SPAN("cert"), .act = SPAN("scan"), .purpose = SPAN("fun") },
    };
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        check_err(policy_may_act(&it.op, it.day, &wrong[i], &may), ERR_ABSENT);
        op_fault_clear(&it.op);
    }
    op_end(&it.op);
}

#define LEADS                                                                                      \
    "[lead \"all\"]\nsituation = flood\nleads = town\ntitle = the town\n[lead "                    \
    "\"port\"]\nsituation = "                                                                      \
    "flood\nleads = port\nnetwork = port\ntitle = the port\n"

TEST(who_leads_on_a_network_that_is_named_comes_before_who_leads_on_any)
{
    struct fixture it;
    struct policy_leads leads;
    const struct policy_lead_asked on_port = { .situation = SPAN("flood"),
                                               .network = SPAN("port") };
    const struct policy_lead_asked anywhere = { .situation = SPAN("flood") };
    begin(&it, LEADS);

    check_err(policy_who_leads(&it.op, it.day, &on_port, &leads), ERR_OK);
    assert_true(leads.decided);
    check_span(policy_block_text(leads.blocks[0], BOOK_KEY_LEADS), "port");
    check_err(policy_who_leads(&it.op, it.day, &anywhere, &leads), ERR_OK);
    assert_true(leads.decided);
    check_span(policy_block_text(leads.blocks[0], BOOK_KEY_LEADS), "town");

    op_end(&it.op);
}

TEST(two_who_lead_decide_nothing_and_the_role_that_must_is_named)
{
    struct fixture it;
    struct policy_leads leads;
    const struct policy_lead_asked asked = { .situation = SPAN("flood") };
    begin(&it, "[lead \"a\"]\nsituation = flood\nleads = town\ntitle = a\n[lead \"b\"]\n"
               "situation = flood\nleads = port\ntitle = b\n");

    check_err(policy_who_leads(&it.op, it.day, &asked, &leads), ERR_OK);

    assert_false(leads.decided);
    assert_int_equal(leads.block_count, 2);
    check_span(policy_block_text(leads.situation, BOOK_KEY_DECIDES), "the mayor");
    op_end(&it.op);
}
