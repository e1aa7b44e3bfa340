// SPDX-License-Identifier: EUPL-1.2
#include "intake/address.h"

#include <stdio.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "tests/testing.h"

static enum intake_kind kind_of(const char *address)
{
    struct op op;
    enum intake_kind kind = INTAKE_NONE;
    testing_op_begin(&op);
    enum err err = intake_address_check(&op, span_of(address), &kind);
    assert_true(err == ERR_OK || err == ERR_FORMAT);
    op_end(&op);
    return kind;
}

TEST(address_says_its_kind)
{
    assert_int_equal(kind_of("udp://0.0.0.0:514"), INTAKE_UDP);
    assert_int_equal(kind_of("tcp://[::]:601"), INTAKE_TCP);
    assert_int_equal(kind_of("tls://[2001:db8::1]:6514"), INTAKE_TLS);
    assert_int_equal(kind_of("unix:///run/x.sock"), INTAKE_UNIX);
    assert_int_equal(kind_of("unixgram:///run/x.sock"), INTAKE_UNIXGRAM);
}

TEST(address_that_is_none_is_refused)
{
    static const char *const wrong[] = {
        "",
        "udp://",
        "udp://0.0.0.0",
        "udp://0.0.0.0:0",
        "udp://0.0.0.0:65536",
        "udp://localhost:514",
        "udp://[127.0.0.1]:514",
        "udp://::1:514",
        "udp://[::1:514",
        "http://0.0.0.0:80",
        "unix://x.sock",
        "unix:///",
        "tls://1.2.3.4:6514/path",
        "unix:///"
        "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
        "a"
        "aaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
    };
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        assert_int_equal(kind_of(wrong[i]), INTAKE_NONE);
    }
}

TEST(local_socket_that_nobody_listens_on_is_replaced_and_one_in_use_is_not)
{
    char path[64];
    char text[96];
    struct op op;
    struct stat status;
    int first = -1;
    int second = -1;
    testing_op_begin(&op);
    snprintf(path, sizeof path, "/tmp/linie-test-%d.sock", (int)getpid());
    snprintf(text, sizeof text, "unix://%s", path);

    check_err(intake_listen(&op, span_of(text), &first), ERR_OK);
    assert_int_equal(stat(path, &status), 0);
    assert_int_equal(status.st_mode & 0777, 0660);
    check_err(intake_listen(&op, span_of(text), &second), ERR_EXISTS);
    op_fault_clear(&op);
    close(first);
    check_err(intake_listen(&op, span_of(text), &second), ERR_OK);
    intake_unlisten(span_of(text));

    assert_int_not_equal(stat(path, &status), 0);
    close(second);
    op_end(&op);
}
