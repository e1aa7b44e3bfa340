// SPDX-License-Identifier: EUPL-1.2
/*
 * Which person a process works for, by what the kernel says, not by what the environment says.
 */
#ifndef OS_PERSON_H
#define OS_PERSON_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { OS_PERSON_NAME_SIZE = 256 };

#define OS_PERSON_UNPROVEN " (unproven)" /* behind the name of who may be somebody else */

/* What is known of a process. */
struct os_person_facts {
    bool foreign;          /* it is in a user namespace of its own, where ids are what it says */
    bool logged_in;        /* the kernel knows who logged in (/proc/self/loginuid) */
    uint32_t login;        /* who that was */
    uint32_t user;         /* the real user */
    uint32_t effective;    /* as whom it works */
    const char *sudo_user; /* what the environment says; NULL: nothing */
    const char *sudo_uid;
};

/**
 * The name of who a process works for.
 *
 * Who logged in, where the kernel keeps that (pam_loginuid(8) sets it; su(1) and sudo(8) leave it
 * alone); else, of root alone, whom sudo names, since root could become anybody anyway; else the
 * real user. In a user namespace of its own a process may have whatever id it likes: then the real
 * user's name has OS_PERSON_UNPROVEN behind it, as that of no user has.
 *
 * facts     of the process
 * ret       receives the name, or "uid" and a number where the system has none
 */
void os_person_name(const struct os_person_facts *facts, char ret[OS_PERSON_NAME_SIZE]);

/**
 * The name of who this process works for, as os_person_name() tells it.
 *
 * ret       receives it
 */
void os_person(char ret[OS_PERSON_NAME_SIZE]);

#endif
