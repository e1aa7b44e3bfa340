// SPDX-License-Identifier: EUPL-1.2
// links: base
/*
 * Text from any bytes: what is repaired or made printable is well-formed, well-formed text is left
 * as it is, and both are done with after one pass.
 */
#include "base/must.h"
#include "base/text.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* No byte that a terminal would obey: C0, DEL, and C1 in its two-byte form (C2 80 .. C2 9F). */
static bool is_tame(struct span text)
{
    for (size_t i = 0; i < text.size; i++) {
        uint8_t byte = text.data[i];
        bool is_c1 = byte == 0xC2 && i + 1 < text.size && text.data[i + 1] < 0xA0;
        if (byte < 0x20 || byte == 0x7F || is_c1) {
            return false;
        }
    }
    return true;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct span input = span_make(data, size);
    size_t valid = text_valid_size(input);
    must(valid <= size);
    must(text_valid_size(span_slice(input, 0, valid)) == valid);

    struct buf repaired;
    buf_init(&repaired, 3 * size + 1); /* U+FFFD takes 3 bytes */
    text_add_repaired(&repaired, input);
    must(repaired.err == ERR_OK);
    must(text_valid_size(buf_span(&repaired)) == repaired.size);
    must((valid == size) == span_equal(buf_span(&repaired), input));

    struct buf printable;
    buf_init(&printable, 8 * size + 16); /* "\u{202e}" takes 8 for 3 */
    text_add_printable(&printable, input);
    must(printable.err == ERR_OK);
    must(text_valid_size(buf_span(&printable)) == printable.size);
    must(is_tame(buf_span(&printable)));

    struct buf again;
    buf_init(&again, printable.size + 16);
    text_add_printable(&again, buf_span(&printable));
    must(span_equal(buf_span(&again), buf_span(&printable)));
    buf_done(&repaired);
    buf_done(&printable);
    buf_done(&again);
    return 0;
}
