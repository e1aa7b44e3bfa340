// SPDX-License-Identifier: EUPL-1.2
#include "os/person.h"

#include <fcntl.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/span.h"

enum { SMALL_FILE_SIZE = 256 };

/* The first of all user namespaces maps every id to itself (user_namespaces(7)). */
#define EVERY_ID_COUNT UINT32_MAX

static bool file_read(const char *path, char *ret, size_t size)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    ssize_t got = fd >= 0 ? read(fd, ret, size - 1) : -1;
    if (fd >= 0) {
        close(fd);
    }
    ret[got > 0 ? got : 0] = '\0';
    return got > 0;
}

static bool number_read(struct span *rest, uint32_t *ret)
{
    uint64_t number = 0;
    struct span word = SPAN("");
    while (word.size == 0 && span_next(rest, ' ', &word)) {
        word = span_trim(word);
    }
    if (span_to_u64(word, &number) != ERR_OK || number > UINT32_MAX) {
        return false;
    }
    *ret = (uint32_t)number;
    return true;
}

/* Where the kernel has no user namespaces there is no such file, and ids are true. */
static bool is_foreign(void)
{
    char text[SMALL_FILE_SIZE];
    uint32_t inner = 0;
    uint32_t outer = 0;
    uint32_t count = 0;
    if (!file_read("/proc/self/uid_map", text, sizeof text)) {
        return access("/proc/self/uid_map", F_OK) == 0 || access("/proc/self", F_OK) != 0;
    }
    struct span rest = span_of(text);
    bool read =
        number_read(&rest, &inner) && number_read(&rest, &outer) && number_read(&rest, &count);
    return !read || inner != 0 || outer != 0 || count != EVERY_ID_COUNT;
}

static bool login_read(uint32_t *ret)
{
    char text[SMALL_FILE_SIZE];
    if (!file_read("/proc/self/loginuid", text, sizeof text)) {
        return false;
    }
    struct span rest = span_of(text);
    return number_read(&rest, ret) && *ret != UINT32_MAX; /* that is: nobody logged in */
}

static void name_of(uint32_t uid, char *ret, size_t size)
{
    const struct passwd *user = getpwuid((uid_t)uid);
    if (user != NULL) {
        snprintf(ret, size, "%s", user->pw_name);
    } else {
        snprintf(ret, size, "uid %u", (unsigned)uid);
    }
}

/* Both of its variables have to speak of one user. */
static bool sudo_read(const struct os_person_facts *facts, uint32_t *ret)
{
    uint64_t uid = 0;
    if (facts->user != 0 || facts->effective != 0 || facts->sudo_user == NULL ||
        facts->sudo_uid == NULL || span_to_u64(span_of(facts->sudo_uid), &uid) != ERR_OK ||
        uid >= UINT32_MAX) {
        return false;
    }
    const struct passwd *user = getpwuid((uid_t)uid);
    if (user == NULL || strcmp(user->pw_name, facts->sudo_user) != 0) {
        return false;
    }
    *ret = (uint32_t)uid;
    return true;
}

void os_person_name(const struct os_person_facts *facts, char ret[OS_PERSON_NAME_SIZE])
{
    uint32_t uid = facts->user;
    char name[OS_PERSON_NAME_SIZE - sizeof OS_PERSON_UNPROVEN];
    if (facts->logged_in && !facts->foreign) {
        uid = facts->login;
    } else if (!facts->foreign) {
        (void)sudo_read(facts, &uid); /* else it stays the user */
    }
    name_of(uid, name, sizeof name);
    snprintf(ret, OS_PERSON_NAME_SIZE, "%s%s", name, facts->foreign ? OS_PERSON_UNPROVEN : "");
}

void os_person(char ret[OS_PERSON_NAME_SIZE])
{
    struct os_person_facts facts = {
        .foreign = is_foreign(),
        .user = getuid(),
        .effective = geteuid(),
        .sudo_user = getenv("SUDO_USER"),
        .sudo_uid = getenv("SUDO_UID"),
    };
    facts.logged_in = login_read(&facts.login);
    os_person_name(&facts, ret);
}
