// SPDX-License-Identifier: EUPL-1.2
/*
 * Published MISP events and warninglists: all are read, what is refused is what nobody can watch
 * for. The numbers were counted by another program from the same files.
 */
#include <glob.h>
#include <stdio.h>

#include "exchange/exchange.h"
#include "format/inflate.h"
#include "tests/testing.h"

enum { SIZE_MAX_INFLATED = 32 * 1024 * 1024 };

struct tally {
    uint64_t items;
    uint64_t passed;
    uint64_t refused[EXCHANGE_REFUSAL_COUNT];
    uint64_t patterns;
};

static const char *data_dir(void)
{
    const char *dir = testing_data_dir();
    if (dir == NULL) {
        testing_skip("the real data is not here");
    }
    return dir;
}

static struct span inflated(struct op *op, struct span packed)
{
    struct inflate *stream = NULL;
    struct inflate_output output = { .data = op_alloc(op, SIZE_MAX_INFLATED),
                                     .capacity = SIZE_MAX_INFLATED };
    assert_non_null(output.data);
    check_err(inflate_new(op, INFLATE_GZIP, &stream), ERR_OK);
    check_err(inflate_run(op, stream, &packed, &output), ERR_OK);
    check_err(inflate_end(op, stream), ERR_OK);
    inflate_free(stream);
    return span_make(output.data, output.size);
}

static void count(struct op *op, enum exchange_format format, struct span file, struct tally *tally)
{
    struct exchange_reader *reader = NULL;
    struct exchange_item item;
    struct exchange_fault fault;
    check_err(exchange_open(op, format, NULL, file, &reader), ERR_OK);
    for (;;) {
        enum err err = exchange_next(reader, &item, &fault);
        if (err == ERR_ABSENT) {
            break;
        }
        if (err == ERR_OK) {
            tally->items++;
            tally->patterns += item.scope == VALUE_SCOPE_LIKE || item.scope == VALUE_SCOPE_REGEX;
        } else {
            check_err(err, ERR_FORMAT);
            tally->refused[fault.refusal]++;
        }
    }
    tally->passed += exchange_passed(reader);
    exchange_close(reader);
}

static uint64_t refused(const struct tally *tally)
{
    uint64_t sum = 0;
    for (int i = 0; i < EXCHANGE_REFUSAL_COUNT; i++) {
        sum += tally->refused[i];
    }
    return sum;
}

struct warninglist {
    const char *name;
    uint64_t items;
    uint64_t refused;
};

/* Everything is read but: digests by SHA-224 and ssdeep (empty-hashes, common-ioc-false-positive);
 * and public-dns-hostname has 11 lines that are no names ("static109.excell.175.101.132.109"). Of
 * disposable-email the domains are patterns, the addresses have none. */
TEST(real_warninglists_are_read_and_what_is_refused_is_explained)
{
    static const struct warninglist lists[] = {
        { "akamai", 268, 0 },
        { "amazon-aws", 3847, 0 },
        { "bank-website", 2226, 0 },
        { "cisco_top10k", 10000, 0 },
        { "cloudflare-top20k", 20001, 0 },
        { "cloudflare", 22, 0 },
        { "common-ioc-false-positive", 69, 0 },
        { "disposable-email", 8201, 0 },
        { "dynamic-dns", 35467, 0 },
        { "empty-hashes", 4, 2 },
        { "fastly", 21, 0 },
        { "google-gcp", 471, 0 },
        { "google", 669, 0 },
        { "ipv6-linklocal", 1, 0 },
        { "microsoft-azure", 2683, 0 },
        { "public-dns-hostname", 34772, 11 },
        { "public-dns-v4", 62745, 0 },
        { "public-dns-v6", 269, 0 },
        { "rfc1918", 3, 0 },
        { "rfc5735", 15, 0 },
        { "second-level-tlds", 10231, 0 },
        { "ti-falsepositives", 24645, 0 },
        { "tlds", 1438, 0 },
        { "tranco10k", 10000, 0 },
        { "university_domains", 10578, 0 },
        { "vpn-ipv4", 42426, 0 },
    };
    const char *dir = data_dir();
    for (size_t i = 0; i < sizeof lists / sizeof lists[0]; i++) {
        char path[512];
        struct op op;
        struct tally tally = { .items = 0 };
        testing_op_begin(&op);
        snprintf(path, sizeof path, "%s/misp/warninglists/%s.json.gz", dir, lists[i].name);
        struct span file = inflated(&op, testing_file(&op, path));

        assert_int_equal(exchange_detect(file, SPAN("")), EXCHANGE_FORMAT_WARNINGLIST);
        count(&op, EXCHANGE_FORMAT_WARNINGLIST, file, &tally);

        if (tally.items != lists[i].items || refused(&tally) != lists[i].refused) {
            print_error("%s: %d items, %d refused\n", lists[i].name, (int)tally.items,
                        (int)refused(&tally));
        }
        assert_int_equal(tally.items, lists[i].items);
        assert_int_equal(refused(&tally), lists[i].refused);
        op_end(&op);
    }
}

TEST(real_events_give_their_attributes_for_detection)
{
    static const char *const names[] = { "HTML_event", "existing_event",   "japanese_test",
                                         "long_event", "mainly_objects_1", "malware_exist",
                                         "shadow",     "sighting_1",       "to_delete1" };
    const char *dir = data_dir();
    struct tally tally = { .items = 0 };
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        char path[512];
        struct op op;
        testing_op_begin(&op);
        snprintf(path, sizeof path, "%s/misp/events/%s.json", dir, names[i]);
        struct span file = testing_file(&op, path);

        assert_int_equal(exchange_detect(file, span_of(path)), EXCHANGE_FORMAT_MISP);
        count(&op, EXCHANGE_FORMAT_MISP, file, &tally);
        op_end(&op);
    }

    assert_int_equal(tally.items, 427);
    assert_int_equal(tally.passed, 238);
    assert_int_equal(tally.refused[EXCHANGE_REFUSAL_UNWATCHED], 3); /* imphash, pehash, ssdeep */
    assert_int_equal(tally.refused[EXCHANGE_REFUSAL_VALUE], 1);     /* "107.183.86" as a URL */
    assert_int_equal(refused(&tally), 4);
}
