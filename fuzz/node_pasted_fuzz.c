// SPDX-License-Identifier: EUPL-1.2
// links: observe crypt value format os base
/*
 * Prose comes from whoever writes mails. What must hold for any bytes:
 *
 *   - every value that is found has the shape of its kind, and is one that its text gives again;
 *   - a value of ours between any two other lines is found, defanged too.
 */
#include "base/must.h"
#include "node/pasted.h"

enum { MEMORY_MAX = 64 * 1024 * 1024, TEXT_SIZE_MAX = 64 * 1024 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct seen {
    uint64_t count;
    bool ours; /* evil.example was among them */
    bool our_address;
};

static void value_must_be_sound(const struct value *value, enum value_scope scope)
{
    static struct value_buf bytes;
    struct value again;
    enum value_scope scope_again;
    struct buf text;
    must(value->kind != VALUE_NONE);
    must(value->kind < VALUE_KIND_COUNT);
    must(value->key.size > 0);
    must(value->key.size <= VALUE_KEY_SIZE_MAX);
    if (scope != VALUE_SCOPE_EXACT && scope != VALUE_SCOPE_SUBDOMAINS) {
        return; /* written with its marks */
    }
    buf_init(&text, VALUE_TEXT_SIZE_MAX);
    value_add_text(&text, value);
    must(text.err == ERR_OK);
    must(value_recognise_as(value->kind, buf_span(&text), &bytes, &again, &scope_again) == ERR_OK);
    must(span_equal(again.key, value->key));
    buf_done(&text);
}

static enum err on_value(void *context, const struct value *value, enum value_scope scope)
{
    static const uint8_t address[] = { 192, 0, 2, 7 };
    struct seen *seen = context;
    value_must_be_sound(value, scope);
    seen->count++;
    seen->ours = seen->ours || span_equal(value->key, SPAN("evil.example"));
    seen->our_address =
        seen->our_address || span_equal(value->key, span_make(address, sizeof address));
    return ERR_OK;
}

static struct seen found(struct op *op, struct span text,
                         enum err (*find)(struct op *op, struct span text,
                                          const struct pasted_visitor *visitor))
{
    struct seen seen = { .count = 0 };
    const struct pasted_visitor visitor = { .visit = on_value, .context = &seen };
    must(find(op, text, &visitor) == ERR_OK);
    return seen;
}

static void with_ours(struct op *op, struct span input)
{
    struct buf text;
    buf_init(&text, TEXT_SIZE_MAX);
    buf_add(&text, input);
    buf_add(&text, SPAN("\nSeen: hxxp://evil[.]example, evil[.]example and (192.0.2[.]7).\n"));
    buf_add(&text, input);
    if (text.err == ERR_OK) {
        struct seen all = found(op, buf_span(&text), pasted_prose);
        struct seen lines = found(op, buf_span(&text), pasted_lines);
        must(all.ours);
        must(all.our_address);
        must(lines.ours);
        must(lines.our_address);
    }
    buf_done(&text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const struct actor actor = { .name = SPAN("fuzz") };
    struct op op;
    op_begin(&op, &actor, MEMORY_MAX);
    struct span input = span_make(data, size);
    (void)found(&op, input, pasted_prose);
    (void)found(&op, input, pasted_lines);
    with_ours(&op, input);
    op_end(&op);
    return 0;
}
