// SPDX-License-Identifier: EUPL-1.2
/*
 * The ready mappings on lines of our own making, as the programs write them. What they say was
 * worked out by hand.
 */
#include "tests/observe/mapped.h"

TEST(postfix_lines_tell_who_sent_to_whom_by_which_host)
{
    struct mapped_test t;
    mapped_test_begin(&t, "postfix");

    check_mapped(&t,
                 "Nov 21 20:34:05 mx postfix/smtpd[411]: connect from mail.example.net[198.51"
                 ".100.7]",
                 "time 2026-11-21T20:34:05.000Z\n"
                 "from 198.51.100.7 by mx in postfix/smtpd\n"
                 "client domain mail.example.net\n"
                 "originator ipv4 198.51.100.7\n");
    check_mapped(&t,
                 "Nov 21 20:34:05 mx postfix/smtpd[411]: 4XYZ0001: client=mail.example.net[19"
                 "8.51.100.7], sasl_method=LOGIN, sasl_username=john",
                 "time 2026-11-21T20:34:05.000Z\n"
                 "from 198.51.100.7 by mx in postfix/smtpd\n"
                 "client domain mail.example.net\n"
                 "originator ipv4 198.51.100.7\n");
    check_mapped(&t,
                 "Nov 21 20:34:05 mx postfix/qmgr[411]: 4XYZ0001: from=<Someone@example.net>,"
                 " size=123, nrcpt=1 (queue active)",
                 "time 2026-11-21T20:34:05.000Z\n"
                 "by mx in postfix/qmgr\n"
                 "sender email someone@example.net\n"
                 "sender domain example.net\n");
    check_mapped(&t,
                 "Nov 21 20:34:05 mx postfix/qmgr[411]: 4XYZ0001: from=<>, size=123, nrcpt=1 "
                 "(queue active)",
                 "time 2026-11-21T20:34:05.000Z\n"
                 "by mx in postfix/qmgr\n");
    check_mapped(&t,
                 "Nov 21 20:34:05 mx postfix/smtp[411]: 4XYZ0001: to=<john@example.org>, orig"
                 "_to=<root>, relay=mx.example.org[203.0.113.5]:25, delay=0.5, delays=0/0/0/0"
                 ".5, dsn=2.0.0, status=sent (250 2.0.0 Ok: queued as ABC)",
                 "time 2026-11-21T20:34:05.000Z\n"
                 "to 203.0.113.5:25 was done by mx in postfix/smtp\n"
                 "recipient email john@example.org\n"
                 "recipient domain example.org\n"
                 "relay domain mx.example.org\n"
                 "responder ipv4 203.0.113.5\n"
                 "responder ip-port 203.0.113.5:25\n");
    check_mapped(&t,
                 "Nov 21 20:34:05 mx postfix/local[411]: 4XYZ0001: to=<john@example.org>, rel"
                 "ay=local, delay=0.5, delays=0/0/0/0.5, dsn=5.1.1, status=bounced (unknown u"
                 "ser: \"john\")",
                 "time 2026-11-21T20:34:05.000Z\n"
                 "was failed by mx in postfix/local\n"
                 "recipient email john@example.org\n"
                 "recipient domain example.org\n");
    mapped_test_end(&t);
}

TEST(postfix_tells_who_was_rejected)
{
    struct mapped_test t;
    mapped_test_begin(&t, "postfix");

    check_mapped(&t,
                 "Nov 21 20:34:05 mx postfix/smtpd[411]: NOQUEUE: reject: RCPT from unknown[2"
                 "03.0.113.9]: 554 5.7.1 <x@example.org>: Relay access denied; from=<a@exampl"
                 "e.net> to=<x@example.org> proto=ESMTP helo=<bad.example.net>",
                 "time 2026-11-21T20:34:05.000Z\n"
                 "from 203.0.113.9 was denied by mx in postfix/smtpd\n"
                 "originator ipv4 203.0.113.9\n"
                 "text email x@example.org\n"
                 "text domain example.org\n"
                 "sender email a@example.net\n"
                 "sender domain example.net\n"
                 "recipient email x@example.org\n"
                 "recipient domain example.org\n"
                 "helo domain bad.example.net\n");
    check_mapped(&t,
                 "Nov 21 20:34:05 mx postfix/postscreen[411]: NOQUEUE: reject: RCPT from [203"
                 ".0.113.9]:47407: 550 5.7.1 Service unavailable; client [203.0.113.9] blocke"
                 "d using zen.example; from=<a@example.net>, to=<x@example.org>, proto=ESMTP,"
                 " helo=<bad.example.net>",
                 "time 2026-11-21T20:34:05.000Z\n"
                 "from 203.0.113.9:47407 was denied by mx in postfix/postscreen\n"
                 "originator ipv4 203.0.113.9\n"
                 "text ipv4 203.0.113.9\n"
                 "text domain zen.example\n"
                 "sender email a@example.net\n"
                 "sender domain example.net\n"
                 "recipient email x@example.org\n"
                 "recipient domain example.org\n"
                 "helo domain bad.example.net\n"
                 "originator ip-port 203.0.113.9:47407\n");
    check_mapped(&t,
                 "Nov 21 20:34:05 mx postfix/smtpd[411]: warning: hostname bad.example.net do"
                 "es not resolve to address 203.0.113.9: Name or service not known",
                 "time 2026-11-21T20:34:05.000Z\n"
                 "by mx in postfix/smtpd\n"
                 "text domain bad.example.net\n"
                 "text ipv4 203.0.113.9\n");
    check_mapped(&t,
                 "Nov 21 20:34:05 mx postfix/smtpd[411]: disconnect from unknown[203.0.113.9]"
                 " ehlo=1 quit=1 commands=2",
                 "time 2026-11-21T20:34:05.000Z\n"
                 "from 203.0.113.9 by mx in postfix/smtpd\n"
                 "originator ipv4 203.0.113.9\n");
    check_mapped(&t, "Nov 21 20:34:05 mx postfix/qmgr[411]: 4XYZ0001: removed",
                 "time 2026-11-21T20:34:05.000Z\n"
                 "by mx in postfix/qmgr\n");
    mapped_test_end(&t);
}

TEST(postfix_writes_clients_with_ports_and_how_they_went)
{
    struct mapped_test t;
    mapped_test_begin(&t, "postfix");

    check_mapped(&t, "Nov 21 20:34:05 mx postfix/smtpd[411]: connect from unknown[unknown]",
                 "time 2026-11-21T20:34:05.000Z\n"
                 "by mx in postfix/smtpd\n");
    check_mapped(&t,
                 "Nov 21 20:34:05 mx postfix/smtpd[411]: lost connection after CONNECT from "
                 "unknown[unknown]",
                 "time 2026-11-21T20:34:05.000Z\n"
                 "by mx in postfix/smtpd\n");
    check_mapped(
        &t,
        "Nov 21 20:34:05 mx postfix/smtpd[411]: connect from mail.example.net[198.51.100.7]:47407",
        "time 2026-11-21T20:34:05.000Z\n"
        "from 198.51.100.7:47407 by mx in postfix/smtpd\n"
        "client domain mail.example.net\n"
        "originator ipv4 198.51.100.7\n"
        "originator ip-port 198.51.100.7:47407\n");
    check_mapped(&t,
                 "Nov 21 20:34:05 mx postfix/smtpd[411]: disconnect from "
                 "unknown[203.0.113.9]:47407 ehlo=1 auth=0/1 quit=1 commands=2/3",
                 "time 2026-11-21T20:34:05.000Z\n"
                 "from 203.0.113.9:47407 by mx in postfix/smtpd\n"
                 "originator ipv4 203.0.113.9\n"
                 "originator ip-port 203.0.113.9:47407\n");
    mapped_test_end(&t);
}

TEST(postfix_tells_of_clients_that_went_away)
{
    struct mapped_test t;
    mapped_test_begin(&t, "postfix");

    check_mapped(&t,
                 "Nov 21 20:34:05 mx postfix/smtpd[411]: lost connection after AUTH from "
                 "unknown[203.0.113.9]",
                 "time 2026-11-21T20:34:05.000Z\n"
                 "from 203.0.113.9 by mx in postfix/smtpd\n"
                 "originator ipv4 203.0.113.9\n");
    check_mapped(&t,
                 "Nov 21 20:34:05 mx postfix/smtpd[411]: lost connection after DATA (123 bytes) "
                 "from bad.example.net[203.0.113.9]:47407",
                 "time 2026-11-21T20:34:05.000Z\n"
                 "from 203.0.113.9:47407 by mx in postfix/smtpd\n"
                 "client domain bad.example.net\n"
                 "originator ipv4 203.0.113.9\n"
                 "originator ip-port 203.0.113.9:47407\n");
    check_mapped(
        &t, "Nov 21 20:34:05 mx postfix/smtpd[411]: timeout after EHLO from unknown[203.0.113.9]",
        "time 2026-11-21T20:34:05.000Z\n"
        "from 203.0.113.9 by mx in postfix/smtpd\n"
        "originator ipv4 203.0.113.9\n");
    check_mapped(&t,
                 "Nov 21 20:34:05 mx postfix/smtpd[411]: too many errors after AUTH from "
                 "unknown[2001:db8::9]",
                 "time 2026-11-21T20:34:05.000Z\n"
                 "from 2001:db8::9 by mx in postfix/smtpd\n"
                 "originator ipv6 2001:db8::9\n");
    check_mapped(
        &t,
        "Nov 21 20:34:05 mx postfix/smtpd[411]: 4XYZ0001: "
        "client=mail.example.net[198.51.100.7]:47407, sasl_method=LOGIN, sasl_username=john",
        "time 2026-11-21T20:34:05.000Z\n"
        "from 198.51.100.7:47407 by mx in postfix/smtpd\n"
        "client domain mail.example.net\n"
        "originator ipv4 198.51.100.7\n"
        "originator ip-port 198.51.100.7:47407\n");
    check_mapped(&t,
                 "Nov 21 20:34:05 mx postfix/smtpd[411]: 4XYZ0001: "
                 "client=mail.example.net[198.51.100.7]:47407",
                 "time 2026-11-21T20:34:05.000Z\n"
                 "from 198.51.100.7:47407 by mx in postfix/smtpd\n"
                 "client domain mail.example.net\n"
                 "originator ipv4 198.51.100.7\n"
                 "originator ip-port 198.51.100.7:47407\n");
    mapped_test_end(&t);
}

TEST(postfix_tells_of_log_ins_and_connections_that_failed)
{
    struct mapped_test t;
    mapped_test_begin(&t, "postfix");

    check_mapped(&t,
                 "Nov 21 20:34:05 mx postfix/smtpd[411]: warning: unknown[203.0.113.9]: SASL LOGIN "
                 "authentication failed: UGFzc3dvcmQ6",
                 "time 2026-11-21T20:34:05.000Z\n"
                 "from 203.0.113.9 was failed by mx in postfix/smtpd\n"
                 "originator ipv4 203.0.113.9\n");
    check_mapped(
        &t,
        "Nov 21 20:34:05 mx postfix/smtpd[411]: warning: bad.example.net[203.0.113.9]: SASL PLAIN "
        "authentication failed: authentication failure, sasl_username=john@example.org",
        "time 2026-11-21T20:34:05.000Z\n"
        "from 203.0.113.9 was failed by mx in postfix/smtpd\n"
        "client domain bad.example.net\n"
        "originator ipv4 203.0.113.9\n"
        "alias email john@example.org\n"
        "alias domain example.org\n");
    check_mapped(
        &t,
        "Nov 21 20:34:05 mx postfix/submission/smtpd[411]: warning: unknown[203.0.113.9]:47407: "
        "SASL LOGIN authentication failed: (reason unavailable), sasl_username=john",
        "time 2026-11-21T20:34:05.000Z\n"
        "from 203.0.113.9:47407 was failed by mx in postfix/submission/smtpd\n"
        "originator ipv4 203.0.113.9\n"
        "originator ip-port 203.0.113.9:47407\n");
    check_mapped(&t,
                 "Nov 21 20:34:05 mx postfix/smtpd[411]: warning: unknown[203.0.113.9]: SASL LOGIN "
                 "authentication aborted",
                 "time 2026-11-21T20:34:05.000Z\n"
                 "from 203.0.113.9 was failed by mx in postfix/smtpd\n"
                 "originator ipv4 203.0.113.9\n");
    check_mapped(&t,
                 "Nov 21 20:34:05 mx postfix/smtp[411]: connect to "
                 "mx.example.net[198.51.100.7]:25: Connection refused",
                 "time 2026-11-21T20:34:05.000Z\n"
                 "to 198.51.100.7:25 was failed by mx in postfix/smtp\n"
                 "relay domain mx.example.net\n"
                 "responder ipv4 198.51.100.7\n"
                 "responder ip-port 198.51.100.7:25\n");
    check_mapped(&t,
                 "Nov 21 20:34:05 mx postfix/smtp[411]: connect to mx.example.net[2001:db8::7]:25: "
                 "Network is unreachable",
                 "time 2026-11-21T20:34:05.000Z\n"
                 "to 2001:db8::7:25 was failed by mx in postfix/smtp\n"
                 "relay domain mx.example.net\n"
                 "responder ipv6 2001:db8::7\n"
                 "responder ip-port [2001:db8::7]:25\n");
    check_mapped(&t,
                 "Nov 21 20:34:05 mx postfix/lmtp[411]: connect to "
                 "mx.example.org[private/dovecot-lmtp]: No such file or directory",
                 "time 2026-11-21T20:34:05.000Z\n"
                 "was failed by mx in postfix/lmtp\n"
                 "relay domain mx.example.org\n");
    mapped_test_end(&t);
}

TEST(postfix_tells_of_mail_that_milters_and_cleanup_refused)
{
    struct mapped_test t;
    mapped_test_begin(&t, "postfix");

    check_mapped(&t,
                 "Nov 21 20:34:05 mx postfix/cleanup[411]: 4XYZ0001: milter-reject: END-OF-MESSAGE "
                 "from mail.example.net[198.51.100.7]: 5.7.1 Spam message rejected; "
                 "from=<a@example.net> to=<x@example.org> proto=ESMTP helo=<bad.example.net>",
                 "time 2026-11-21T20:34:05.000Z\n"
                 "from 198.51.100.7 was denied by mx in postfix/cleanup\n"
                 "client domain mail.example.net\n"
                 "originator ipv4 198.51.100.7\n"
                 "sender email a@example.net\n"
                 "sender domain example.net\n"
                 "recipient email x@example.org\n"
                 "recipient domain example.org\n"
                 "helo domain bad.example.net\n");
    check_mapped(&t,
                 "Nov 21 20:34:05 mx postfix/smtpd[411]: NOQUEUE: milter-reject: CONNECT from "
                 "unknown[203.0.113.9]: 550 5.7.1 Command rejected; proto=SMTP",
                 "time 2026-11-21T20:34:05.000Z\n"
                 "from 203.0.113.9 was denied by mx in postfix/smtpd\n"
                 "originator ipv4 203.0.113.9\n");
    check_mapped(
        &t,
        "Nov 21 20:34:05 mx postfix/smtpd[411]: NOQUEUE: reject: MAIL from "
        "unknown[203.0.113.9]:47407: 450 4.1.8 <a@bad.example.net>: Sender address rejected: "
        "Domain not found; from=<a@bad.example.net> proto=ESMTP helo=<bad.example.net>",
        "time 2026-11-21T20:34:05.000Z\n"
        "from 203.0.113.9:47407 was denied by mx in postfix/smtpd\n"
        "originator ipv4 203.0.113.9\n"
        "text email a@bad.example.net\n"
        "text domain bad.example.net\n"
        "sender email a@bad.example.net\n"
        "sender domain bad.example.net\n"
        "helo domain bad.example.net\n"
        "originator ip-port 203.0.113.9:47407\n");
    mapped_test_end(&t);
}

TEST(postfix_tells_of_mail_that_cleanup_refused)
{
    struct mapped_test t;
    mapped_test_begin(&t, "postfix");

    check_mapped(
        &t,
        "Nov 21 20:34:05 mx postfix/cleanup[411]: 4XYZ0001: reject: header Subject: Cheap pills "
        "from mail.example.net[198.51.100.7]; from=<a@example.net> to=<x@example.org> proto=ESMTP "
        "helo=<bad.example.net>: 5.7.1 message content rejected",
        "time 2026-11-21T20:34:05.000Z\n"
        "from 198.51.100.7 was denied by mx in postfix/cleanup\n"
        "client domain mail.example.net\n"
        "originator ipv4 198.51.100.7\n"
        "sender email a@example.net\n"
        "sender domain example.net\n"
        "recipient email x@example.org\n"
        "recipient domain example.org\n"
        "helo domain bad.example.net\n");
    check_mapped(
        &t,
        "Nov 21 20:34:05 mx postfix/cleanup[411]: 4XYZ0001: reject: header Subject: News from afar "
        "from mail.example.net[198.51.100.7]; from=<a@example.net> to=<x@example.org> proto=ESMTP "
        "helo=<bad.example.net>: 5.7.1 message content rejected",
        "time 2026-11-21T20:34:05.000Z\n"
        "was denied by mx in postfix/cleanup\n"
        "text domain mail.example.net\n"
        "text ipv4 198.51.100.7\n"
        "sender email a@example.net\n"
        "sender domain example.net\n"
        "recipient email x@example.org\n"
        "recipient domain example.org\n"
        "helo domain bad.example.net\n");
    check_mapped(
        &t,
        "Nov 21 20:34:05 mx postfix/cleanup[411]: 4XYZ0001: reject: body http://evil.example/x "
        "from local; from=<a@example.net> to=<x@example.org>: 5.7.1 message content rejected",
        "time 2026-11-21T20:34:05.000Z\n"
        "was denied by mx in postfix/cleanup\n"
        "text url evil.example/x\n"
        "text domain evil.example\n"
        "sender email a@example.net\n"
        "sender domain example.net\n"
        "recipient email x@example.org\n"
        "recipient domain example.org\n");
    check_mapped(&t,
                 "Nov 21 20:34:05 mx postfix/cleanup[411]: 4XYZ0001: warning: header Subject: hi "
                 "from mail.example.net[198.51.100.7]; from=<a@example.net> to=<x@example.org> "
                 "proto=ESMTP helo=<bad.example.net>: noted",
                 "time 2026-11-21T20:34:05.000Z\n"
                 "from 198.51.100.7 by mx in postfix/cleanup\n"
                 "client domain mail.example.net\n"
                 "originator ipv4 198.51.100.7\n"
                 "sender email a@example.net\n"
                 "sender domain example.net\n"
                 "recipient email x@example.org\n"
                 "recipient domain example.org\n"
                 "helo domain bad.example.net\n");
    mapped_test_end(&t);
}

TEST(postfix_tells_why_smtpd_refused)
{
    struct mapped_test t;
    mapped_test_begin(&t, "postfix");

    check_mapped(&t,
                 "Nov 21 20:34:05 mx postfix/smtpd[411]: NOQUEUE: reject: RCPT from "
                 "unknown[203.0.113.9]: 554 5.7.1 Service unavailable; Client host [203.0.113.9] "
                 "blocked using zen.example; https://www.example.com/q; from=<a@example.net> "
                 "to=<x@example.org> proto=ESMTP helo=<[203.0.113.9]>",
                 "time 2026-11-21T20:34:05.000Z\n"
                 "from 203.0.113.9 was denied by mx in postfix/smtpd\n"
                 "originator ipv4 203.0.113.9\n"
                 "text ipv4 203.0.113.9\n"
                 "text domain zen.example\n"
                 "text url www.example.com/q\n"
                 "text domain www.example.com\n"
                 "sender email a@example.net\n"
                 "sender domain example.net\n"
                 "recipient email x@example.org\n"
                 "recipient domain example.org\n");
    check_mapped(
        &t,
        "Nov 21 20:34:05 mx postfix/smtpd[411]: NOQUEUE: reject_warning: RCPT from "
        "unknown[203.0.113.9]: 554 5.7.1 No; from=<> to=<x@example.org> proto=ESMTP helo=<x>",
        "time 2026-11-21T20:34:05.000Z\n"
        "from 203.0.113.9 by mx in postfix/smtpd\n"
        "originator ipv4 203.0.113.9\n"
        "recipient email x@example.org\n"
        "recipient domain example.org\n");
    mapped_test_end(&t);
}

TEST(postscreen_tells_whom_it_met)
{
    struct mapped_test t;
    mapped_test_begin(&t, "postfix");

    check_mapped(&t,
                 "Nov 21 20:34:05 mx postfix/postscreen[411]: CONNECT from [203.0.113.9]:47407 to "
                 "[192.0.2.25]:25",
                 "time 2026-11-21T20:34:05.000Z\n"
                 "from 203.0.113.9:47407 to 192.0.2.25:25 by mx in postfix/postscreen\n"
                 "originator ipv4 203.0.113.9\n"
                 "responder ipv4 192.0.2.25\n"
                 "originator ip-port 203.0.113.9:47407\n"
                 "responder ip-port 192.0.2.25:25\n");
    check_mapped(&t,
                 "Nov 21 20:34:05 mx postfix/postscreen[411]: CONNECT from [2001:db8::9]:47407 to "
                 "[2001:db8::25]:25",
                 "time 2026-11-21T20:34:05.000Z\n"
                 "from 2001:db8::9:47407 to 2001:db8::25:25 by mx in postfix/postscreen\n"
                 "originator ipv6 2001:db8::9\n"
                 "responder ipv6 2001:db8::25\n"
                 "originator ip-port [2001:db8::9]:47407\n"
                 "responder ip-port [2001:db8::25]:25\n");
    check_mapped(&t,
                 "Nov 21 20:34:05 mx postfix/postscreen[411]: PREGREET 24 after 0.1 from "
                 "[203.0.113.9]:47407: EHLO bad.example.net\\r\\n",
                 "time 2026-11-21T20:34:05.000Z\n"
                 "from 203.0.113.9:47407 by mx in postfix/postscreen\n"
                 "originator ipv4 203.0.113.9\n"
                 "text domain bad.example.net\n"
                 "originator ip-port 203.0.113.9:47407\n");
    check_mapped(&t,
                 "Nov 21 20:34:05 mx postfix/postscreen[411]: HANGUP after 0.5 from "
                 "[203.0.113.9]:47407 in tests before SMTP handshake",
                 "time 2026-11-21T20:34:05.000Z\n"
                 "from 203.0.113.9:47407 by mx in postfix/postscreen\n"
                 "originator ipv4 203.0.113.9\n"
                 "originator ip-port 203.0.113.9:47407\n");
    check_mapped(&t, "Nov 21 20:34:05 mx postfix/postscreen[411]: DISCONNECT [203.0.113.9]:47407",
                 "time 2026-11-21T20:34:05.000Z\n"
                 "from 203.0.113.9:47407 by mx in postfix/postscreen\n"
                 "originator ipv4 203.0.113.9\n"
                 "originator ip-port 203.0.113.9:47407\n");
    check_mapped(&t, "Nov 21 20:34:05 mx postfix/postscreen[411]: PASS NEW [203.0.113.9]:47407",
                 "time 2026-11-21T20:34:05.000Z\n"
                 "from 203.0.113.9:47407 by mx in postfix/postscreen\n"
                 "originator ipv4 203.0.113.9\n"
                 "originator ip-port 203.0.113.9:47407\n");
    mapped_test_end(&t);
}

TEST(postscreen_tells_what_it_made_of_them)
{
    struct mapped_test t;
    mapped_test_begin(&t, "postfix");

    check_mapped(&t,
                 "Nov 21 20:34:05 mx postfix/postscreen[411]: DNSBL rank 3 for [203.0.113.9]:47407",
                 "time 2026-11-21T20:34:05.000Z\n"
                 "from 203.0.113.9:47407 by mx in postfix/postscreen\n"
                 "originator ipv4 203.0.113.9\n"
                 "originator ip-port 203.0.113.9:47407\n");
    check_mapped(&t,
                 "Nov 21 20:34:05 mx postfix/postscreen[411]: COMMAND PIPELINING from "
                 "[203.0.113.9]:47407 after AUTH: QUIT\\r\\n",
                 "time 2026-11-21T20:34:05.000Z\n"
                 "from 203.0.113.9:47407 by mx in postfix/postscreen\n"
                 "originator ipv4 203.0.113.9\n"
                 "originator ip-port 203.0.113.9:47407\n");
    check_mapped(&t,
                 "Nov 21 20:34:05 mx postfix/postscreen[411]: NOQUEUE: reject: CONNECT from "
                 "[203.0.113.9]:47407: too many connections",
                 "time 2026-11-21T20:34:05.000Z\n"
                 "from 203.0.113.9:47407 was denied by mx in postfix/postscreen\n"
                 "originator ipv4 203.0.113.9\n"
                 "originator ip-port 203.0.113.9:47407\n");
    check_mapped(&t,
                 "Nov 21 20:34:05 mx postfix/postscreen[411]: NOQUEUE: reject: RCPT from "
                 "[203.0.113.9]:47407: 550 5.7.1 Service unavailable; client [203.0.113.9] blocked "
                 "using zen.example; from=<a@example.net>, to=<x@example.org>, proto=ESMTP, "
                 "helo=<bad.example.net>",
                 "time 2026-11-21T20:34:05.000Z\n"
                 "from 203.0.113.9:47407 was denied by mx in postfix/postscreen\n"
                 "originator ipv4 203.0.113.9\n"
                 "text ipv4 203.0.113.9\n"
                 "text domain zen.example\n"
                 "sender email a@example.net\n"
                 "sender domain example.net\n"
                 "recipient email x@example.org\n"
                 "recipient domain example.org\n"
                 "helo domain bad.example.net\n"
                 "originator ip-port 203.0.113.9:47407\n");
    check_mapped(&t, "Nov 21 20:34:05 mx postfix/postscreen[411]: WHITELISTED [203.0.113.9]:47407",
                 "time 2026-11-21T20:34:05.000Z\n"
                 "from 203.0.113.9:47407 by mx in postfix/postscreen\n"
                 "originator ipv4 203.0.113.9\n"
                 "originator ip-port 203.0.113.9:47407\n");
    mapped_test_end(&t);
}
