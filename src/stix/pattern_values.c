// SPDX-License-Identifier: EUPL-1.2
#include "stix/pattern_values.h"

#include "base/must.h"
#include "base/text.h"
#include "stix/hashes.h"

enum { REASON_SIZE_MAX = 1024, PATH_SIZE_MAX = 96, PATH_SHOWN_SIZE_MAX = 8 * PATH_SIZE_MAX };

/* What a property holds. */
enum content {
    CONTENT_VALUE = 0, /* of the kind the rule names */
    CONTENT_ADDRESS,   /* of the kind the rule names, or a range of them */
    CONTENT_END,       /* an address, a range or a name: the value itself tells */
    CONTENT_HASHES,    /* the next step of the path names the algorithm */
    CONTENT_HEADER,    /* a text, or a list of them */
    CONTENT_NUMBER,
};

struct rule {
    const char *object_type;
    const char *path; /* keys with points between */
    enum content content;
    const char *kind;
    enum stix_pattern_end end;
};

static const struct rule rules[] = {
    { "ipv4-addr", "value", CONTENT_ADDRESS, "ipv4-addr", STIX_PATTERN_END_ANY },
    { "ipv6-addr", "value", CONTENT_ADDRESS, "ipv6-addr", STIX_PATTERN_END_ANY },
    { "domain-name", "value", CONTENT_VALUE, "domain-name", STIX_PATTERN_END_ANY },
    { "url", "value", CONTENT_VALUE, "url", STIX_PATTERN_END_ANY },
    { "email-addr", "value", CONTENT_VALUE, "email-addr", STIX_PATTERN_END_ANY },
    { "email-message", "from_ref.value", CONTENT_VALUE, "email-addr", STIX_PATTERN_END_ANY },
    { "email-message", "sender_ref.value", CONTENT_VALUE, "email-addr", STIX_PATTERN_END_ANY },
    { "network-traffic", "src_ref.value", CONTENT_END, NULL, STIX_PATTERN_END_SOURCE },
    { "network-traffic", "dst_ref.value", CONTENT_END, NULL, STIX_PATTERN_END_DESTINATION },
    { "network-traffic", "extensions.http-request-ext.request_header.User-Agent", CONTENT_HEADER,
      "user-agent", STIX_PATTERN_END_ANY },
    { "network-traffic", "extensions.http-request-ext.request_header.user-agent", CONTENT_HEADER,
      "user-agent", STIX_PATTERN_END_ANY },
    { "autonomous-system", "number", CONTENT_NUMBER, "asn", STIX_PATTERN_END_ANY },
    { "file", "name", CONTENT_VALUE, "file-name", STIX_PATTERN_END_ANY },
    { "file", "hashes", CONTENT_HASHES, NULL, STIX_PATTERN_END_ANY },
    { "artifact", "hashes", CONTENT_HASHES, NULL, STIX_PATTERN_END_ANY },
    { "x509-certificate", "hashes", CONTENT_HASHES, NULL, STIX_PATTERN_END_ANY },
};

enum { RULE_COUNT = sizeof rules / sizeof rules[0] };

struct collector {
    struct op *op;
    struct stix_pattern_value *list; /* has room for every literal of the pattern */
    size_t count;
    bool left_out; /* some construct is not watched */
    bool no_memory;
    struct buf reason; /* the first one */
};

/* Notes the first construct that is not watched. */
__attribute__((format(printf, 3, 4))) static void leave_out(struct collector *c, size_t offset,
                                                            const char *format, ...)
{
    if (c->left_out) {
        return;
    }
    c->left_out = true;
    va_list args;
    va_start(args, format);
    buf_add_vformat(&c->reason, format, args);
    va_end(args);
    buf_add_format(&c->reason, " (byte %zu)", offset);
}

/* Whether a path is the keys of `keys`, up to `ret_rest`, which is what of the path follows them.
 */
static bool path_begins(const struct stix_pattern_step *path, const char *keys,
                        const struct stix_pattern_step **ret_rest)
{
    struct span rest = span_of(keys);
    struct span key = { NULL, 0 };
    while (span_next(&rest, '.', &key)) {
        if (path == NULL || path->kind != STIX_PATTERN_KEY || !span_equal(path->key, key)) {
            return false;
        }
        path = path->next;
    }
    *ret_rest = path;
    return true;
}

static const struct rule *find_rule(const struct stix_pattern_node *test,
                                    const struct stix_pattern_step **ret_rest)
{
    for (size_t i = 0; i < RULE_COUNT; i++) {
        if (span_equal(test->object_type, span_of(rules[i].object_type)) &&
            path_begins(test->path, rules[i].path, ret_rest)) {
            return &rules[i];
        }
    }
    return NULL;
}

static bool type_is_known(struct span object_type)
{
    for (size_t i = 0; i < RULE_COUNT; i++) {
        if (span_equal(object_type, span_of(rules[i].object_type))) {
            return true;
        }
    }
    return false;
}

/* The algorithm that a path into the hashes of an object names: NULL where it is no such path. */
static const struct stix_hash *hash_of_test(const struct stix_pattern_node *test)
{
    const struct stix_pattern_step *rest = NULL;
    const struct rule *rule = find_rule(test, &rest);
    if (rule == NULL || rule->content != CONTENT_HASHES) {
        return NULL;
    }
    if (rest == NULL || rest->kind != STIX_PATTERN_KEY || rest->next != NULL) {
        return NULL;
    }
    return stix_hash_find(rest->key);
}

/* The path of a test is what is not watched: its object type, or else its property. */
static void leave_out_path(struct collector *c, const struct stix_pattern_node *test)
{
    if (c->left_out) {
        return;
    }
    bool known = type_is_known(test->object_type);
    struct buf path;
    struct buf shown; /* the beginning of a long one */
    buf_init(&path, STIX_PATTERN_SIZE_MAX * 2);
    buf_init(&shown, PATH_SHOWN_SIZE_MAX);
    if (known) {
        stix_pattern_print_path(&path, test);
    } else {
        buf_add(&path, test->object_type);
    }
    size_t size = path.size < PATH_SIZE_MAX ? path.size : PATH_SIZE_MAX;
    text_add_printable(&shown, span_slice(buf_span(&path), 0, size));
    leave_out(c, test->offset, "%s %.*s", known ? "property" : "object type",
              SPAN_FMT(buf_span(&shown)));
    buf_done(&path);
    buf_done(&shown);
}

static bool is_dotted_number(struct span text)
{
    for (size_t i = 0; i < text.size; i++) {
        if (text.data[i] != '.' && (text.data[i] < '0' || text.data[i] > '9')) {
            return false;
        }
    }
    return text.size > 0;
}

/* What stands at the end of a connection: an address or a name. Only the look is judged; whether an
 * address is one is checked by those who take the value. */
static const char *kind_by_look(struct span value)
{
    ptrdiff_t slash = span_find(value, '/');
    struct span host = slash == SPAN_NOT_FOUND ? value : span_slice(value, 0, (size_t)slash);
    if (span_find(host, ':') != SPAN_NOT_FOUND) {
        return "ipv6-addr";
    }
    return is_dotted_number(host) ? "ipv4-addr" : "domain-name";
}

static bool is_pattern(enum stix_pattern_comparison comparison)
{
    return comparison == STIX_PATTERN_LIKE || comparison == STIX_PATTERN_MATCHES;
}

static void add_value(struct collector *c, const struct stix_pattern_node *test,
                      const struct rule *rule, const char *kind,
                      const struct stix_pattern_literal *literal)
{
    c->list[c->count] = (struct stix_pattern_value){
        .kind = kind,
        .value = literal->text,
        .offset = literal->offset,
        .end = rule->end,
        .comparison = is_pattern(test->comparison) ? test->comparison : STIX_PATTERN_EQUAL,
    };
    c->count++;
}

/* The kind of a hash; a certificate's has one of its own where there is one. */
static const char *kind_of_hash(const struct stix_pattern_node *test)
{
    static const char *const of_certificates[][2] = { { "sha1", "cert-sha1" },
                                                      { "sha256", "cert-sha256" } };
    struct span kind = span_of(hash_of_test(test)->kind);
    bool certificate = span_equal(test->object_type, SPAN("x509-certificate"));
    for (size_t i = 0; certificate && i < 2; i++) {
        if (span_equal(kind, span_of(of_certificates[i][0]))) {
            return of_certificates[i][1];
        }
    }
    return hash_of_test(test)->kind;
}

static void collect_literal(struct collector *c, const struct stix_pattern_node *test,
                            const struct rule *rule, const struct stix_pattern_literal *literal)
{
    bool number = rule->content == CONTENT_NUMBER;
    if (literal->kind != (number ? STIX_PATTERN_INTEGER : STIX_PATTERN_STRING)) {
        leave_out(c, literal->offset, "a value that is not a %s", number ? "number" : "string");
        return;
    }
    const char *kind = rule->kind;
    if (rule->content == CONTENT_HASHES) {
        kind = kind_of_hash(test);
    } else if (rule->content == CONTENT_END) {
        kind = kind_by_look(literal->text);
    }
    bool address = rule->content == CONTENT_ADDRESS || rule->content == CONTENT_END;
    bool name = span_equal(span_of(kind), SPAN("domain-name"));
    if (test->comparison == STIX_PATTERN_ISSUBSET && (!address || name)) {
        leave_out(c, test->offset, "ISSUBSET of what is not an address");
        return;
    }
    if (address && !name && span_find(literal->text, '/') != SPAN_NOT_FOUND) {
        kind = "cidr";
    }
    add_value(c, test, rule, kind, literal);
}

/* Whether a path may go on behind what its rule names. */
static bool rest_fits(const struct rule *rule, const struct stix_pattern_step *rest)
{
    if (rest == NULL || rule->content == CONTENT_HASHES) {
        return true;
    }
    return rule->content == CONTENT_HEADER && rest->kind != STIX_PATTERN_KEY && rest->next == NULL;
}

/* Whether values of a rule can be watched by LIKE and MATCHES. */
static bool rule_has_patterns(const struct rule *rule)
{
    static const char *const kinds[] = { "url", "domain-name", "file-name", "user-agent" };
    for (size_t i = 0; rule->kind != NULL && i < sizeof kinds / sizeof kinds[0]; i++) {
        if (span_equal(span_of(rule->kind), span_of(kinds[i]))) {
            return true;
        }
    }
    return false;
}

/* The rule by which the values of a test are watched, or NULL with the reason noted. */
static const struct rule *rule_of_test(struct collector *c, const struct stix_pattern_node *test)
{
    const struct stix_pattern_step *rest = NULL;
    const struct rule *rule = find_rule(test, &rest);
    if (rule == NULL || !rest_fits(rule, rest)) {
        leave_out_path(c, test);
        return NULL;
    }
    if (rule->content == CONTENT_HASHES) {
        const struct stix_hash *hash = hash_of_test(test);
        if (hash == NULL || hash->kind == NULL) {
            leave_out_path(c, test);
            return NULL;
        }
    }
    return rule;
}

static void collect_test(struct collector *c, const struct stix_pattern_node *test)
{
    const struct rule *rule = rule_of_test(c, test);
    if (rule == NULL) {
        return;
    }
    bool watched = test->comparison == STIX_PATTERN_EQUAL || test->comparison == STIX_PATTERN_IN ||
                   test->comparison == STIX_PATTERN_ISSUBSET ||
                   (is_pattern(test->comparison) && rule_has_patterns(rule));
    if (!watched) {
        leave_out(c, test->offset, "%s", stix_pattern_comparison_name(test->comparison));
        return;
    }
    if (test->negated) {
        leave_out(c, test->offset, "NOT %s", stix_pattern_comparison_name(test->comparison));
        return;
    }
    if (test->literals == NULL) {
        leave_out(c, test->offset, "IN an empty set");
    }
    for (const struct stix_pattern_literal *i = test->literals; i != NULL; i = i->next) {
        collect_literal(c, test, rule, i);
    }
}

static bool is_plain_equality(const struct stix_pattern_node *test)
{
    return test->kind == STIX_PATTERN_TEST && test->comparison == STIX_PATTERN_EQUAL &&
           !test->negated && test->literals->kind == STIX_PATTERN_STRING;
}

/* The strongest hash among the tests of an AND; see the head of pattern_values.h. */
struct strongest {
    struct span object_type;                                       /* that all tests are about */
    const struct stix_pattern_node *tests[STIX_HASH_STRENGTH_MAX]; /* the watched algorithms */
    bool sound;
};

static void weigh(struct strongest *s, const struct stix_pattern_node *node)
{
    if (node->kind == STIX_PATTERN_TEST_AND) {
        for (const struct stix_pattern_node *i = node->first; i != NULL; i = i->next) {
            weigh(s, i);
        }
        return;
    }
    const struct stix_hash *hash = is_plain_equality(node) ? hash_of_test(node) : NULL;
    if (hash == NULL) {
        s->sound = false;
        return;
    }
    if (s->object_type.size == 0) {
        s->object_type = node->object_type;
    }
    if (!span_equal(s->object_type, node->object_type)) {
        s->sound = false;
        return;
    }
    if (hash->kind == NULL) {
        return;
    }
    const struct stix_pattern_node **place = &s->tests[hash->strength - 1];
    /* Two hashes by one algorithm are two files, and no object is both. */
    if (*place != NULL && !span_equal_nocase((*place)->literals->text, node->literals->text)) {
        s->sound = false;
        return;
    }
    *place = node;
}

static bool collect_strongest_hash(struct collector *c, const struct stix_pattern_node *node)
{
    struct strongest s = { .sound = true };
    weigh(&s, node);
    size_t strength = sizeof s.tests / sizeof s.tests[0];
    while (strength > 0 && s.tests[strength - 1] == NULL) {
        strength--;
    }
    if (!s.sound || strength == 0) {
        return false;
    }
    const size_t count = c->count;
    collect_test(c, s.tests[strength - 1]);
    must(c->count == count + 1);
    c->list[count].strongest_of_and = true;
    return true;
}

/* What an AND says of one end of a network-traffic. */
struct endpoint {
    const struct stix_pattern_node *value;
    const struct stix_pattern_node *type;
    const struct stix_pattern_node *port;
    bool protocols;
    bool sound; /* nothing else, and nothing twice */
};

static bool path_is(const struct stix_pattern_node *test, const char *keys)
{
    const struct stix_pattern_step *rest = NULL;
    return path_begins(test->path, keys, &rest) && rest == NULL;
}

static void endpoint_take(struct endpoint *endpoint, const struct stix_pattern_node **place,
                          const struct stix_pattern_node *test, enum stix_pattern_literal_kind kind)
{
    endpoint->sound = endpoint->sound && *place == NULL && test->literals->kind == kind;
    *place = test;
}

/* The paths of an end: its value, type and port. */
static bool endpoint_take_end(struct endpoint *endpoint, const struct stix_pattern_node *test,
                              const char *const paths[3])
{
    if (path_is(test, paths[0])) {
        endpoint_take(endpoint, &endpoint->value, test, STIX_PATTERN_STRING);
    } else if (path_is(test, paths[1])) {
        endpoint_take(endpoint, &endpoint->type, test, STIX_PATTERN_STRING);
    } else if (path_is(test, paths[2])) {
        endpoint_take(endpoint, &endpoint->port, test, STIX_PATTERN_INTEGER);
    } else {
        return false;
    }
    return true;
}

static void endpoint_read(struct endpoint *endpoint, const struct stix_pattern_node *node,
                          const char *const paths[3])
{
    if (node->kind == STIX_PATTERN_TEST_AND) {
        for (const struct stix_pattern_node *i = node->first; i != NULL; i = i->next) {
            endpoint_read(endpoint, i, paths);
        }
        return;
    }
    const struct stix_pattern_step *rest = NULL;
    bool equality = node->kind == STIX_PATTERN_TEST && node->comparison == STIX_PATTERN_EQUAL &&
                    !node->negated && span_equal(node->object_type, SPAN("network-traffic"));
    if (!equality) {
        endpoint->sound = false;
    } else if (!endpoint_take_end(endpoint, node, paths)) {
        bool protocols = path_begins(node->path, "protocols", &rest) && rest != NULL &&
                         rest->kind != STIX_PATTERN_KEY;
        endpoint->protocols = endpoint->protocols || protocols;
        endpoint->sound = endpoint->sound && protocols;
    }
}

/* "198.51.100.7|443", in the op's memory. */
static void add_address_with_port(struct collector *c, const struct endpoint *endpoint,
                                  enum stix_pattern_end end)
{
    const struct stix_pattern_literal *address = endpoint->value->literals;
    struct buf text;
    struct span copy;
    buf_init(&text, STIX_PATTERN_SIZE_MAX + sizeof "|65535");
    buf_add(&text, address->text);
    buf_add_byte(&text, '|');
    buf_add_u64(&text, (uint64_t)endpoint->port->literals->value);
    if (text.err == ERR_OK && op_copy(c->op, buf_span(&text), &copy) == ERR_OK) {
        c->list[c->count] = (struct stix_pattern_value){
            .kind = "ip-port", .value = copy, .offset = address->offset, .end = end
        };
        c->count++;
    } else {
        c->no_memory = true;
    }
    buf_done(&text);
}

static bool collect_endpoint(struct collector *c, const struct stix_pattern_node *node,
                             enum stix_pattern_end end)
{
    enum { PORT_MAX = 65535 };
    static const char *const paths[][3] = {
        [STIX_PATTERN_END_SOURCE] = { "src_ref.value", "src_ref.type", "src_port" },
        [STIX_PATTERN_END_DESTINATION] = { "dst_ref.value", "dst_ref.type", "dst_port" },
    };
    struct endpoint endpoint = { .sound = true };
    endpoint_read(&endpoint, node, paths[end]);
    if (!endpoint.sound || endpoint.value == NULL) {
        return false;
    }
    struct span kind = span_of(kind_by_look(endpoint.value->literals->text));
    if (endpoint.type != NULL && !span_equal(endpoint.type->literals->text, kind)) {
        return false;
    }
    if (endpoint.port == NULL) {
        if (!endpoint.protocols) {
            collect_test(c, endpoint.value);
        }
        return !endpoint.protocols;
    }
    bool address = !span_equal(kind, SPAN("domain-name")) &&
                   span_find(endpoint.value->literals->text, '/') == SPAN_NOT_FOUND;
    int64_t port = endpoint.port->literals->value;
    if (address && port > 0 && port <= PORT_MAX) {
        add_address_with_port(c, &endpoint, end);
        return true;
    }
    return false;
}

static void collect_tests(struct collector *c, const struct stix_pattern_node *node)
{
    switch (node->kind) {
    case STIX_PATTERN_TEST:
        collect_test(c, node);
        break;
    case STIX_PATTERN_TEST_OR:
        for (const struct stix_pattern_node *i = node->first; i != NULL; i = i->next) {
            collect_tests(c, i);
        }
        break;
    default:
        must(node->kind == STIX_PATTERN_TEST_AND);
        if (!collect_strongest_hash(c, node) &&
            !collect_endpoint(c, node, STIX_PATTERN_END_DESTINATION) &&
            !collect_endpoint(c, node, STIX_PATTERN_END_SOURCE)) {
            leave_out(c, node->offset, "AND of tests, none of which decides alone");
        }
        break;
    }
}

static void collect_observations(struct collector *c, const struct stix_pattern_node *node)
{
    switch (node->kind) {
    case STIX_PATTERN_OBSERVATION:
    case STIX_PATTERN_TEST:
    case STIX_PATTERN_TEST_OR:
    case STIX_PATTERN_TEST_AND:
        collect_tests(c, node->first);
        break;
    case STIX_PATTERN_OR:
        for (const struct stix_pattern_node *i = node->first; i != NULL; i = i->next) {
            collect_observations(c, i);
        }
        break;
    case STIX_PATTERN_WITHIN:
        collect_observations(c, node->first);
        break;
    case STIX_PATTERN_AND:
        leave_out(c, node->offset, "AND of observations");
        break;
    case STIX_PATTERN_FOLLOWEDBY:
        leave_out(c, node->offset, "FOLLOWEDBY");
        break;
    case STIX_PATTERN_REPEATS:
        leave_out(c, node->offset, "qualifier REPEATS");
        break;
    case STIX_PATTERN_START_STOP:
        leave_out(c, node->offset, "qualifier START STOP");
        break;
    }
}

static enum err give(struct op *op, const struct collector *c, struct stix_pattern_values *ret)
{
    struct span reason = buf_span(&c->reason);
    if (c->no_memory) {
        return ERR_LIMIT;
    }
    if (c->count == 0) {
        return op_fail(op, ERR_UNSUPPORTED,
                       "the pattern holds no value that can be watched on its own: %.*s",
                       SPAN_FMT(reason));
    }
    struct stix_pattern_values values = { .list = c->list, .count = c->count };
    if (c->left_out) {
        values.partial = true;
        TRY(op_copy(op, reason, &values.reason));
    }
    *ret = values;
    return ERR_OK;
}

enum err stix_pattern_values(struct op *op, const struct stix_pattern *pattern,
                             struct stix_pattern_values *ret)
{
    struct collector c = { .op = op,
                           .list = op_alloc(op, pattern->literal_count * sizeof *c.list) };
    if (c.list == NULL) {
        return ERR_LIMIT;
    }
    buf_init(&c.reason, REASON_SIZE_MAX);
    collect_observations(&c, pattern->root);
    enum err err = give(op, &c, ret);
    buf_done(&c.reason);
    return err;
}
