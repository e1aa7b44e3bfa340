// SPDX-License-Identifier: EUPL-1.2
#include "os/person.h"

#include <pwd.h>
#include <stdio.h>
#include <string.h>

#include "tests/testing.h"

enum { STRANGER = 4000000 }; /* a user whom no system has */

/* Somebody whom every system has, beside root. */
static const struct passwd *other(void)
{
    return getpwuid(1);
}

static void check_name(const struct os_person_facts *facts, const char *wanted)
{
    char name[OS_PERSON_NAME_SIZE];
    os_person_name(facts, name);
    assert_string_equal(name, wanted);
}

TEST(person_is_who_logged_in_whatever_user_the_process_is_by_now)
{
    const struct os_person_facts facts = { .logged_in = true, .login = 1, .user = STRANGER };
    check_name(&facts, other()->pw_name);
}

TEST(person_who_did_not_log_in_is_the_real_user_and_not_the_effective_one)
{
    const struct os_person_facts facts = { .user = 1, .effective = 0 };
    check_name(&facts, other()->pw_name);
}

TEST(what_the_environment_says_of_sudo_is_believed_of_root_alone_and_not_against_the_login)
{
    struct os_person_facts facts = { .sudo_user = other()->pw_name, .sudo_uid = "1" };
    check_name(&facts, other()->pw_name);

    facts.user = STRANGER;
    check_name(&facts, "uid 4000000");
    facts.user = 0;
    facts.effective = STRANGER;
    check_name(&facts, "root");
    facts.effective = 0;
    facts.logged_in = true;
    facts.login = STRANGER;
    check_name(&facts, "uid 4000000");
}

TEST(name_and_number_that_sudo_gives_must_be_of_one_user)
{
    struct os_person_facts facts = { .sudo_user = "root", .sudo_uid = "1" };
    check_name(&facts, "root");
    facts.sudo_user = other()->pw_name;
    facts.sudo_uid = "0";
    check_name(&facts, "root");
    facts.sudo_uid = "-1";
    check_name(&facts, "root");
    facts.sudo_uid = NULL;
    check_name(&facts, "root");
}

TEST(person_in_a_user_namespace_may_be_anybody_and_is_told_so)
{
    const struct os_person_facts facts = { .foreign = true,
                                           .logged_in = true,
                                           .login = 1,
                                           .sudo_user = other()->pw_name,
                                           .sudo_uid = "1" };
    check_name(&facts, "root" OS_PERSON_UNPROVEN);
}

TEST(this_process_has_a_name)
{
    char name[OS_PERSON_NAME_SIZE] = "";
    os_person(name);
    assert_int_not_equal(strlen(name), 0);
}
