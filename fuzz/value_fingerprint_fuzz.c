// SPDX-License-Identifier: EUPL-1.2
// links: value base
/*
 * Fingerprints, names, numbers and addresses with a port: both ways of reading agree, the key keeps
 * its kind's size and case, and gives itself again.
 */
#include "fuzz/value_again.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static size_t hot_key(enum value_kind kind, struct span raw, uint8_t *key)
{
    enum value_kind found = VALUE_NONE;
    size_t size = 0;
    switch (kind) {
    case VALUE_JA4:
        return value_key_ja4(raw, key);
    case VALUE_USER_AGENT:
        return value_key_user_agent(raw, key);
    case VALUE_FILE_NAME:
        return value_key_file_name(raw, key);
    case VALUE_ASN:
        return value_key_asn(raw, key);
    case VALUE_SHA512:
        size = value_key_digest(raw, key, &found);
        return found == VALUE_SHA512 ? size : 0;
    default:
        return value_key_fingerprint(kind, raw, key);
    }
}

static void check_text_key(const struct value *value)
{
    bool name = value->kind == VALUE_FILE_NAME;
    must(span_equal(span_trim(value->key), value->key));
    for (size_t i = 0; i < value->key.size; i++) {
        uint8_t byte = value->key.data[i];
        must(!name || (byte != '/' && byte != '\\' && (byte < 'A' || byte > 'Z')));
    }
}

static void check_ip_port(const struct value *value)
{
    uint8_t key[VALUE_IPV6_PORT_SIZE];
    must(value->key.size == VALUE_IPV4_PORT_SIZE || value->key.size == VALUE_IPV6_PORT_SIZE);
    unsigned port = (unsigned)value->key.data[0] << 8 | value->key.data[1];
    size_t size = value_key_ip_port(span_from(value->key, 2), port, key);
    must(port != 0);
    must(span_equal(span_make(key, size), value->key));
}

static void check_value(const struct value *value)
{
    static struct buf text = { .size_max = VALUE_TEXT_SIZE_MAX };
    if (value->kind == VALUE_USER_AGENT || value->kind == VALUE_FILE_NAME) {
        check_text_key(value);
    }
    if (value->kind == VALUE_IP_PORT) {
        check_ip_port(value);
    }
    buf_clear(&text);
    value_must_come_again(value, &text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct value_buf value_buf;
    static uint8_t key[VALUE_KEY_SIZE_MAX];
    struct span raw = span_make(data, size);
    for (enum value_kind kind = VALUE_SHA512; kind <= VALUE_ASN; kind++) {
        struct value value;
        bool read = value_parse(kind, raw, &value_buf, &value) == ERR_OK;
        if (kind != VALUE_IP_PORT) {
            size_t hot_size = hot_key(kind, raw, key);
            must(read == (hot_size > 0));
            must(!read || span_equal(span_make(key, hot_size), value.key));
        }
        if (read) {
            check_value(&value);
        }
    }
    return 0;
}
