// SPDX-License-Identifier: EUPL-1.2
/*
 * How quickly the gate decides.
 *
 *     linie-bench-gate PARTIES LABELS ROUNDS
 *
 * Makes a book of so many parties (a group for every tenth, three mandates for each kind, an
 * agreement for every fifth), makes each a recipient, binds so many labels, and asks of each label
 * for each recipient, so many times. Prints "NAME FIGURE" lines; times are CPU time of this thread.
 */
#include <stdio.h>

#include "base/time.h"
#include "bench/bench.h"
#include "policy/decide.h"

enum {
    KINDS = 13,
    TEN = 10,
    AGREEMENT_EVERY = 5,
    TEXT_SIZE_MAX = 64 * 1024 * 1024,
    DAY = 20000, /* 2024-10-04 */
    COUNT_MAX = 100000,
};

/* A key in minisign's form, that nobody holds, but for its last six digits. */
#define KEY                                                                                        \
    "RW"                                                                                           \
    "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"

#define MEMORY_MAX ((size_t)8 * 1024 * 1024 * 1024)

static double cpu_s(void)
{
    static const double ns_per_s = 1e9;
    return (double)bench_cpu_ns() / ns_per_s;
}

static void add_words(struct buf *buf)
{
    buf_add(buf,
            SPAN("[act \"share\"]\nname = give\n[act \"receive\"]\nname = take\n"
                 "[purpose \"defence\"]\nname = defence\ndefensive = yes\ndefault = yes\n"
                 "[classification \"x\"]\nname = x\nlevel = low\nlevel = middle\nlevel = high\n"));
    for (unsigned i = 0; i < KINDS; i++) {
        buf_add_format(
            buf,
            "[kind \"k%u\"]\nname = kind %u\n[mandate \"s%u\"]\nwho = kind:k%u\nact = share"
            "\neffect = allow\ndata = indicator, sighting, threat\ntitle = gives\n"
            "[mandate \"r%u\"]\nwho = kind:k%u\nact = receive\neffect = %s\n"
            "title = takes\n[mandate \"f%u\"]\nwho = kind:k%u\nact = receive\n"
            "effect = forbid\ndata = victim\ntitle = not so\n",
            i, i, i, i, i, i, i % 2 == 0 ? "allow" : "agreement", i, i);
    }
}

static void add_parties(struct buf *buf, unsigned count)
{
    for (unsigned i = 0; i < count; i++) {
        buf_add_format(
            buf,
            "[party \"p%u\"]\nname = party %u\nkind = k%u\ncountry = NL\n"
            "identity = identity--00000000-0000-4000-8000-%012u\nclearance = x:%s\nkey = " KEY
            "%06u\n",
            i, i, i % KINDS, i, i % 3 == 0 ? "high" : "low", i);
    }
    for (unsigned i = 0; i < count / TEN; i++) {
        buf_add_format(buf, "[group \"g%u\"]\nname = group %u\ncommunity = yes\n", i, i);
        for (unsigned j = 0; j < TEN; j++) {
            buf_add_format(buf, "member = p%u\n", i * TEN + j);
        }
        if (i > 0) {
            buf_add_format(buf, "member = group:g%u\n", i - 1);
        }
    }
}

static size_t add_agreements(struct op *op, unsigned count, struct book_file *files,
                             struct span *keys)
{
    size_t added = 0;
    for (unsigned i = 1; i < count; i += AGREEMENT_EVERY) {
        struct buf buf;
        buf_init(&buf, BUFSIZ);
        buf_add_format(
            &buf,
            "[agreement \"a%u\"]\nname = both\nparties = p0, p%u\nacts = share, receive\n"
            "data = any\npurpose = defence\ntlp = AMBER\nvalid-from = 2020-01-01\n"
            "valid-to = 2030-01-01\n",
            i, i);
        struct book_file *file = &files[added];
        must(op_copy(op, buf_span(&buf), &file->text) == ERR_OK);
        buf_clear(&buf);
        buf_add_format(&buf, "a%u.conf", i);
        must(op_copy(op, buf_span(&buf), &file->name) == ERR_OK);
        buf_clear(&buf);
        buf_add_format(&buf, KEY "%06u", i);
        keys[2 * added] = SPAN(KEY "000000");
        must(op_copy(op, buf_span(&buf), &keys[2 * added + 1]) == ERR_OK);
        file->signer_keys = &keys[2 * added];
        file->signer_key_count = 2;
        buf_done(&buf);
        added++;
    }
    return added;
}

static const struct policy_book *make_book(struct op *op, unsigned parties)
{
    struct buf buf;
    buf_init(&buf, TEXT_SIZE_MAX);
    struct book_file *files = op_alloc(op, (parties + 2) * sizeof *files);
    struct span *keys = op_alloc(op, (size_t)2 * (parties + 2) * sizeof *keys);
    must(files != NULL && keys != NULL);
    add_words(&buf);
    add_parties(&buf, parties);
    size_t count = add_agreements(op, parties, files, keys);
    files[count].name = SPAN("book.conf");
    must(op_copy(op, buf_span(&buf), &files[count].text) == ERR_OK);
    const struct policy_book *book = NULL;
    bench_check(policy_book_read(op, files, count + 1, &book), op);
    buf_done(&buf);
    return book;
}

/* Labels of every kind that there are: each is bound once. */
static void make_label(struct op *op, unsigned i, unsigned parties, struct policy_label *label)
{
    struct span *texts = op_alloc(op, 4 * sizeof *texts);
    struct policy_list *audience = op_alloc(op, sizeof *audience);
    struct buf buf;
    must(texts != NULL && audience != NULL);
    buf_init(&buf, BUFSIZ);
    buf_add_format(&buf, "identity--00000000-0000-4000-8000-%012u", i % parties);
    must(op_copy(op, buf_span(&buf), &texts[0]) == ERR_OK);
    buf_clear(&buf);
    buf_add_format(&buf, "group:g%u", i % (parties / TEN));
    must(op_copy(op, buf_span(&buf), &texts[1]) == ERR_OK);
    texts[2] = i % 3 == 0 ? SPAN("x:low") : SPAN("x:high");
    buf_done(&buf);
    *audience = (struct policy_list){ &texts[1], 1 };
    *label = (struct policy_label){
        .tlp = (enum policy_tlp)(i % POLICY_TLP_RED),
        .sources = { texts, 1 },
        .classes = { texts + 2, i % 7 == 0 ? 1 : 0 },
        .audiences = audience,
        .audience_count = i % 5 == 0 ? 1 : 0,
        .data = (enum policy_data)(i % 3),
        .personal = i % 11 == 0 ? 1 : 0,
        .world = SPAN("real"),
    };
}

struct bench {
    struct op op;
    unsigned parties;
    unsigned labels;
    const struct policy_book *book;
    const struct policy_day *day;
    const struct policy_recipient **recipients;
    const struct policy_bound **bound;
};

static void make_recipients(struct bench *bench)
{
    struct op *op = &bench->op;
    struct policy_asker *askers = op_alloc(op, bench->parties * sizeof *askers);
    bench->recipients = op_alloc(op, bench->parties * sizeof(void *));
    must(askers != NULL && bench->recipients != NULL);
    bench_check(policy_day_make(op, bench->book, SPAN("p0"), DAY, &bench->day), op);
    for (unsigned i = 0; i < bench->parties; i++) {
        askers[i].party = policy_book_id(bench->book, BOOK_PARTY, i);
        bench_check(policy_recipient_make(op, bench->day, &askers[i], &bench->recipients[i]), op);
    }
}

static void make_labels(struct bench *bench)
{
    struct op *op = &bench->op;
    struct policy_label *labels = op_alloc(op, bench->labels * sizeof *labels);
    bench->bound = op_alloc(op, bench->labels * sizeof(void *));
    must(labels != NULL && bench->bound != NULL);
    for (unsigned i = 0; i < bench->labels; i++) {
        make_label(op, i, bench->parties, &labels[i]);
        bench_check(policy_bind(op, bench->day, &labels[i], &bench->bound[i]), op);
    }
}

static void ask(const struct bench *bench, unsigned rounds)
{
    uint64_t answers[3] = { 0 };
    double begin = cpu_s();
    for (unsigned i = 0; i < rounds * bench->labels; i++) {
        for (unsigned j = 0; j < bench->parties; j++) {
            struct policy_verdict verdict;
            policy_decide(bench->recipients[j], bench->bound[i % bench->labels], TIME_US_NONE,
                          &verdict);
            answers[verdict.answer]++;
        }
    }
    double took_s = cpu_s() - begin;
    double decisions = (double)bench->parties * bench->labels * rounds;
    printf("decisions %.0f\nno %.0f\nreduced %.0f\nwhole %.0f\n", decisions, (double)answers[0],
           (double)answers[1], (double)answers[2]);
    printf("decisions_a_second %.0f\n", decisions / took_s);
}

int main(int argc, char **argv)
{
    struct bench bench;
    if (argc != 4) {
        bench_fail("usage: linie-bench-gate PARTIES LABELS ROUNDS");
    }
    bench.parties = (unsigned)bench_number(argv[1]);
    bench.labels = (unsigned)bench_number(argv[2]);
    if (bench.parties < TEN || bench.parties > COUNT_MAX || bench.labels == 0 ||
        bench.labels > COUNT_MAX) {
        bench_fail("%d to %d parties, 1 to %d labels", TEN, COUNT_MAX, COUNT_MAX);
    }
    op_begin(&bench.op, &(struct actor){ .name = SPAN("bench") }, MEMORY_MAX);
    double begin = cpu_s();
    bench.book = make_book(&bench.op, bench.parties);
    printf("read_book_s %.4f\n", cpu_s() - begin);
    begin = cpu_s();
    make_recipients(&bench);
    printf("make_recipients_s %.4f\n", cpu_s() - begin);
    begin = cpu_s();
    make_labels(&bench);
    printf("bind_labels_s %.4f\n", cpu_s() - begin);
    ask(&bench, (unsigned)bench_number(argv[3]));
    op_end(&bench.op);
    return 0;
}
