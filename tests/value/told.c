// SPDX-License-Identifier: EUPL-1.2
#include "tests/value/told.h"

enum { TOLD_SIZE_MAX = 64 + VALUE_TEXT_SIZE_MAX };

static struct value_buf read_buf;
static struct value_buf again_buf;

static size_t hot_key(enum value_kind *kind, struct span raw, uint8_t *key)
{
    size_t size = 0;
    switch (*kind) {
    case VALUE_IPV4:
    case VALUE_IPV6:
        size = value_key_address(raw, key);
        *kind = size == VALUE_IPV4_SIZE ? VALUE_IPV4 : VALUE_IPV6;
        return size;
    case VALUE_DOMAIN:
        return value_key_domain(raw, key);
    case VALUE_URL:
        return value_key_url(raw, key);
    case VALUE_EMAIL:
        return value_key_email(raw, key);
    case VALUE_JA3:
    case VALUE_JA3S:
    case VALUE_HASSH:
    case VALUE_CERT_SHA1:
    case VALUE_CERT_SHA256:
        return value_key_fingerprint(*kind, raw, key);
    case VALUE_JA4:
        return value_key_ja4(raw, key);
    case VALUE_USER_AGENT:
        return value_key_user_agent(raw, key);
    case VALUE_FILE_NAME:
        return value_key_file_name(raw, key);
    case VALUE_ASN:
        return value_key_asn(raw, key);
    default:
        return value_key_digest(raw, key, kind);
    }
}

static bool is_digest(enum value_kind kind)
{
    return kind == VALUE_MD5 || kind == VALUE_SHA1 || kind == VALUE_SHA256 || kind == VALUE_SHA512;
}

/* The hot function of addresses with a port takes them apart: it must give the same key. */
static void check_hot_port(const struct value *value)
{
    static uint8_t key[VALUE_KEY_SIZE_MAX];
    unsigned port = (unsigned)value->key.data[0] << 8 | value->key.data[1];
    size_t size = value_key_ip_port(span_from(value->key, 2), port, key);
    assert_true(port > 0);
    assert_true(span_equal(span_make(key, size), value->key));
}

/* The hot function and value_parse() say the same of the same bytes. */
static void check_hot(enum value_kind kind, struct span raw, enum err err,
                      const struct value *value)
{
    static uint8_t key[VALUE_KEY_SIZE_MAX];
    if (kind == VALUE_CIDR) {
        return;
    }
    if (kind == VALUE_IP_PORT) {
        if (err == ERR_OK) {
            check_hot_port(value);
        }
        return;
    }
    enum value_kind hot_kind = kind;
    size_t size = hot_key(&hot_kind, raw, key);
    bool other_digest = size > 0 && is_digest(kind) && hot_kind != kind;
    if (err != ERR_OK) {
        assert_true(size == 0 || other_digest);
        return;
    }
    assert_int_equal(hot_kind, value->kind);
    assert_true(span_equal(span_make(key, size), value->key));
}

/* Reading a value's text gives the value. */
static void check_again(const struct value *value, struct span text)
{
    struct value again;
    check_err(value_parse(value->kind, text, &again_buf, &again), ERR_OK);
    assert_int_equal(again.kind, value->kind);
    assert_true(span_equal(again.key, value->key));
    assert_true(span_equal(again.scheme, value->scheme));
}

static void check_sizes(const struct value *value)
{
    assert_in_range(value->key.size, 1, VALUE_KEY_SIZE_MAX);
    assert_true(value->scheme.size <= VALUE_SCHEME_SIZE_MAX);
    assert_true(value->kind != VALUE_DOMAIN || value->key.size <= VALUE_DOMAIN_SIZE_MAX);
    assert_true(value->kind != VALUE_EMAIL || value->key.size <= VALUE_EMAIL_SIZE_MAX);
}

static const char *tell(enum err err, const struct value *value, const char *scope)
{
    static char text[TOLD_SIZE_MAX];
    static struct buf buf = { .size_max = TOLD_SIZE_MAX };
    if (err != ERR_OK) {
        return err_name(err);
    }
    check_sizes(value);
    buf_clear(&buf);
    buf_add_format(&buf, "%s ", value_kind_name(value->kind));
    size_t begin = buf.size;
    value_add_text(&buf, value);
    check_again(value, span_from(buf_span(&buf), begin));
    buf_add(&buf, span_of(scope));
    buf_add_byte(&buf, 0);
    assert_int_equal(buf.err, ERR_OK);
    span_copy(text, sizeof text, buf_span(&buf));
    buf_done(&buf);
    return text;
}

const char *told(enum value_kind kind, struct span raw)
{
    struct value value = { .kind = VALUE_NONE };
    enum err err = value_parse(kind, raw, &read_buf, &value);
    assert_true(err == ERR_OK || value.kind == VALUE_NONE);
    check_hot(kind, raw, err, &value);
    return tell(err, &value, "");
}

static const char *scope_words(enum value_scope scope)
{
    static const char *const words[VALUE_SCOPE_COUNT] = {
        [VALUE_SCOPE_EXACT] = "",
        [VALUE_SCOPE_SUBDOMAINS] = " and below",
        [VALUE_SCOPE_SUBDOMAINS_ONLY] = " below",
        [VALUE_SCOPE_ANY_QUERY] = " with any query",
        [VALUE_SCOPE_PREFIX] = " and what begins so",
    };
    return words[scope];
}

const char *told_line(struct span raw)
{
    struct value value = { .kind = VALUE_NONE };
    enum value_scope scope = VALUE_SCOPE_EXACT;
    enum err err = value_recognise(raw, &read_buf, &value, &scope);
    assert_true(err == ERR_OK || value.kind == VALUE_NONE);
    return tell(err, &value, scope_words(scope));
}

const char *told_cell(enum value_kind kind, struct span raw)
{
    struct value value = { .kind = VALUE_NONE };
    enum value_scope scope = VALUE_SCOPE_EXACT;
    enum err err = value_recognise_as(kind, raw, &read_buf, &value, &scope);
    assert_true(err == ERR_OK || value.kind == VALUE_NONE);
    return tell(err, &value, scope_words(scope));
}

void check_told(enum value_kind kind, const struct told_row *rows, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        const char *got = told(kind, span_of(rows[i].raw));
        if (strcmp(got, rows[i].told) != 0) {
            print_error("\"%s\" is told as \"%s\", not \"%s\"\n", rows[i].raw, got, rows[i].told);
            fail();
        }
    }
}
