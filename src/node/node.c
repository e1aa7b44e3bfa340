// SPDX-License-Identifier: EUPL-1.2
#include "node/node.h"

#include <errno.h>
#include <fcntl.h>
#include <pwd.h>
#include <sodium.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/must.h"
#include "crypt/random_uuid.h"
#include "os/clock.h"
#include "os/random.h"

enum { SMALL_FILE_SIZE_MAX = CONFIG_SIZE_MAX, WORLD_SIZE_MAX = 64 };

#define CONFIG_PATH   SPAN("linie.conf")
#define IDENTITY_PATH SPAN("identity.json")
#define KEY_PATH      SPAN("keys/node.key")
#define PUBLIC_PATH   SPAN("keys/node.pub")
#define PRIVACY_PATH  SPAN("keys/privacy.key")
#define REAL          SPAN("real")

/* ---- paths ---- */

static enum err join(struct op *op, struct span a, struct span b, struct span *ret)
{
    struct buf path;
    buf_init(&path, 2 * DISK_PATH_SIZE_MAX);
    buf_add(&path, a);
    buf_add_byte(&path, '/');
    buf_add(&path, b);
    enum err err = path.err == ERR_OK ? op_copy(op, buf_span(&path), ret)
                                      : op_fail(op, ERR_LIMIT, "a path is too long");
    buf_done(&path);
    return err;
}

/* Ids of exercises become names of folders. */
static bool world_is_valid(struct span world)
{
    if (world.size == 0 || world.size > WORLD_SIZE_MAX) {
        return false;
    }
    for (size_t i = 0; i < world.size; i++) {
        uint8_t c = world.data[i];
        bool letter = (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-';
        if (!letter) {
            return false;
        }
    }
    return true;
}

static enum err world_folder(struct op *op, struct span world, struct span *ret)
{
    if (!world_is_valid(world)) {
        return op_fail(op, ERR_FORMAT,
                       "a world is \"real\" or an exercise's id of 1 to 64 of a-z, 0-9 and '-'");
    }
    if (span_equal(world, REAL)) {
        *ret = REAL;
        return ERR_OK;
    }
    return join(op, SPAN("exercises"), world, ret);
}

static enum err file_read(struct op *op, struct disk *disk, struct span path, struct span *ret)
{
    struct span map;
    TRY(disk_map(op, disk, path, &map));
    enum err err = ERR_OK;
    if (map.size > SMALL_FILE_SIZE_MAX) {
        err = op_fail(op, ERR_LIMIT, "%.*s: larger than %d bytes", SPAN_FMT(path),
                      SMALL_FILE_SIZE_MAX);
    } else {
        err = op_copy(op, map, ret);
    }
    disk_unmap(disk, map);
    return err;
}

/* ---- whose it is ---- */

/* The owner's name as sudo takes it. */
static void owner_name(uid_t owner, char *ret, size_t size)
{
    const struct passwd *user = getpwuid(owner);
    if (user != NULL) {
        snprintf(ret, size, "%s", user->pw_name);
    } else {
        snprintf(ret, size, "#%u", (unsigned)owner);
    }
}

/* Who became root by sudo needs only to leave that out. */
static bool owner_called_sudo(uid_t owner)
{
    uint64_t caller = 0;
    const char *text = getenv("SUDO_UID");
    return text != NULL && span_to_u64(span_of(text), &caller) == ERR_OK && caller == owner;
}

enum err node_check_owner(struct op *op, struct span dir)
{
    enum { NAME_SIZE = 256 };
    char owner[NAME_SIZE];
    char user[NAME_SIZE];
    struct stat status;
    struct span path;
    TRY(op_copy(op, dir, &path));
    const char *name = (const char *)path.data;
    bool ours = stat(name, &status) != 0 || status.st_uid == geteuid();
    if (ours || faccessat(AT_FDCWD, name, W_OK, AT_EACCESS) != 0) {
        return ERR_OK;
    }
    owner_name(status.st_uid, owner, sizeof owner);
    owner_name(geteuid(), user, sizeof user);
    if (owner_called_sudo(status.st_uid)) {
        return op_fail(
            op, ERR_DENIED,
            "%.*s belongs to %s, and files of %s in it would be of no use to %s: run the "
            "command without sudo",
            SPAN_FMT(dir), owner, user, owner);
    }
    return op_fail(op, ERR_DENIED,
                   "%.*s belongs to %s, and files of %s in it would be of no use to %s: run the "
                   "command as its owner, with 'sudo -u %s%s linie ...'",
                   SPAN_FMT(dir), owner, user, owner, owner[0] == '#' ? "\\" : "", owner);
}

/* ---- making ---- */

static enum err identity_write(struct op *op, struct disk *disk, struct span owner,
                               struct span *ret)
{
    struct buf text;
    struct buf id;
    struct json_writer w;
    const struct uuid uuid = uuid_random();
    int64_t now_us = os_clock_us();
    buf_init(&text, SMALL_FILE_SIZE_MAX);
    buf_init(&id, STORE_NAME_SIZE_MAX);
    buf_add(&id, SPAN("identity--"));
    uuid_add(&id, &uuid);
    json_writer_init(&w, &text);
    json_begin_object(&w);
    json_member_string(&w, SPAN("type"), SPAN("identity"));
    json_member_string(&w, SPAN("spec_version"), SPAN("2.1"));
    json_member_string(&w, SPAN("id"), buf_span(&id));
    json_member_time(&w, SPAN("created"), now_us);
    json_member_time(&w, SPAN("modified"), now_us);
    json_member_string(&w, SPAN("name"), owner);
    json_member_string(&w, SPAN("identity_class"), SPAN("organization"));
    json_end_object(&w);
    enum err err = disk_replace(op, disk, IDENTITY_PATH, buf_span(&text));
    if (err == ERR_OK) {
        err = op_copy(op, buf_span(&text), ret);
    }
    buf_done(&text);
    buf_done(&id);
    return err;
}

static enum err key_write(struct op *op, struct disk *disk, struct span path, struct span key)
{
    struct buf hex;
    buf_init(&hex, 1024); /* keys are far smaller */
    buf_add_hex(&hex, key);
    buf_add_byte(&hex, '\n');
    enum err err = disk_replace(op, disk, path, buf_span(&hex));
    sodium_memzero(hex.data, hex.size);
    buf_done(&hex);
    return err;
}

/* The node's signing key (Ed25519) and the key of its keyed hashes. */
static enum err keys_make(struct op *op, struct disk *disk)
{
    uint8_t public_key[crypto_sign_PUBLICKEYBYTES];
    uint8_t secret_key[crypto_sign_SECRETKEYBYTES];
    uint8_t privacy[OBSERVE_SECRET_SIZE];
    if (sodium_init() < 0) {
        return op_fail(op, ERR_IO, "libsodium cannot be used");
    }
    crypto_sign_keypair(public_key, secret_key);
    os_random(privacy, sizeof privacy);
    TRY(disk_make_folder(op, disk, SPAN("keys")));
    enum err err = key_write(op, disk, KEY_PATH, span_make(secret_key, sizeof secret_key));
    if (err == ERR_OK) {
        err = key_write(op, disk, PUBLIC_PATH, span_make(public_key, sizeof public_key));
    }
    if (err == ERR_OK) {
        err = key_write(op, disk, PRIVACY_PATH, span_make(privacy, sizeof privacy));
    }
    sodium_memzero(secret_key, sizeof secret_key);
    sodium_memzero(privacy, sizeof privacy);
    return err;
}

static enum err config_write(struct op *op, struct disk *disk, struct span owner)
{
    struct buf text;
    buf_init(&text, CONFIG_SIZE_MAX);
    config_add_default(&text, owner);
    enum err err = disk_replace(op, disk, CONFIG_PATH, buf_span(&text));
    buf_done(&text);
    return err;
}

/* The folder itself: made where absent, refused where something is in it. */
static enum err folder_make(struct op *op, struct span dir, struct disk **ret)
{
    struct span path;
    TRY(op_copy(op, dir, &path));
    if (mkdir((const char *)path.data, 0700) != 0 && errno != EEXIST) {
        return op_fail(op, errno == EACCES || errno == EPERM ? ERR_DENIED : ERR_IO,
                       "cannot make %.*s: %s", SPAN_FMT(dir), strerror(errno));
    }
    struct span *names = NULL;
    size_t count = 0;
    TRY(node_check_owner(op, dir));
    TRY(disk_open_real(op, dir, ret));
    TRY(disk_list(op, *ret, SPAN(""), &names, &count));
    if (count > 0) {
        return op_fail(op, ERR_EXISTS, "%.*s is not empty: a node begins in an empty folder",
                       SPAN_FMT(dir));
    }
    if (chmod((const char *)path.data, 0700) != 0) {
        return op_fail(op, ERR_DENIED, "cannot close %.*s to others: %s", SPAN_FMT(dir),
                       strerror(errno));
    }
    return ERR_OK;
}

static enum err world_make(struct op *op, struct disk *disk, struct span dir, struct span world,
                           struct span identity)
{
    struct span folder;
    struct span path;
    struct disk *world_disk = NULL;
    TRY(world_folder(op, world, &folder));
    if (!span_equal(world, REAL)) {
        TRY(disk_make_folder(op, disk, SPAN("exercises")));
    }
    TRY(disk_make_folder(op, disk, folder));
    TRY(join(op, dir, folder, &path));
    TRY(disk_open_real(op, path, &world_disk));
    const struct store_options options = { .world = world, .write = true };
    enum err err = disk_make_folder(op, world_disk, SPAN("index"));
    if (err == ERR_OK) {
        err = store_create(op, world_disk, &options, identity);
    }
    disk_close(world_disk);
    return err;
}

/* The configuration comes last: it is by this file that a folder is known as a node. */
static enum err create_steps(struct op *op, struct disk *disk, struct span dir, struct span owner)
{
    struct span identity;
    TRY(keys_make(op, disk));
    TRY(identity_write(op, disk, owner, &identity));
    TRY(world_make(op, disk, dir, REAL, identity));
    return config_write(op, disk, owner);
}

enum err node_create(struct op *op, struct span dir, struct span owner)
{
    struct disk *disk = NULL;
    enum err err = folder_make(op, dir, &disk);
    if (err == ERR_OK) {
        err = create_steps(op, disk, dir, owner);
    }
    disk_close(disk);
    return err;
}

enum err node_create_world(struct op *op, struct span dir, struct span world)
{
    struct disk *disk = NULL;
    struct span identity;
    TRY(node_check_owner(op, dir));
    TRY(disk_open_real(op, dir, &disk));
    enum err err = file_read(op, disk, IDENTITY_PATH, &identity);
    if (err == ERR_OK) {
        err = world_make(op, disk, dir, world, identity);
    }
    disk_close(disk);
    return err;
}

/* ---- opening ---- */

enum err node_open_store(struct op *op, struct node *node, bool write)
{
    const struct store_options options = {
        .world = node->world,
        .write = write,
        .fold_hosts_max = node->config->fold_hosts_max,
        .rules = &node->config->judging,
    };
    TRY(store_open(op, node->world_disk, &options, &node->store, &node->opened));
    node->writer = write;
    return ERR_OK;
}

static enum err config_load(struct op *op, struct node *node)
{
    struct span text;
    struct span path;
    enum err err = file_read(op, node->disk, CONFIG_PATH, &text);
    if (err == ERR_ABSENT) {
        bool here = span_equal(node->dir, SPAN("."));
        op_fault_clear(op);
        return op_fail(op, ERR_ABSENT,
                       "%.*s is no node: name one with --node DIR or $LINIE_NODE, or make one with "
                       "'linie init DIR'",
                       SPAN_FMT(here ? SPAN("the folder you are in") : node->dir));
    }
    TRY(err);
    TRY(join(op, node->dir, CONFIG_PATH, &path));
    node->config_text = text;
    return config_read(op, path, text, node->config);
}

static enum err open_steps(struct op *op, struct node *node, enum node_mode mode)
{
    struct span folder;
    TRY(node_check_owner(op, node->dir));
    enum err err = disk_open_real(op, node->dir, &node->disk);
    if (err == ERR_ABSENT) {
        op_fault_clear(op);
        return op_fail(op, ERR_ABSENT, "there is no folder %.*s: make a node with 'linie init DIR'",
                       SPAN_FMT(node->dir));
    }
    TRY(err);
    TRY(config_load(op, node));
    TRY(world_folder(op, node->world, &folder));
    TRY(join(op, node->dir, folder, &node->world_path));
    err = disk_open_real(op, node->world_path, &node->world_disk);
    if (err == ERR_ABSENT) {
        op_fault_clear(op);
        return op_fail(op, ERR_ABSENT,
                       "%.*s has no exercise \"%.*s\": make it with 'linie init --world %.*s'",
                       SPAN_FMT(node->dir), SPAN_FMT(node->world), SPAN_FMT(node->world));
    }
    TRY(err);
    return mode == NODE_FILES ? ERR_OK : node_open_store(op, node, mode == NODE_WRITE);
}

enum err node_open(struct op *op, struct span dir, struct span world, enum node_mode mode,
                   struct node **ret)
{
    struct node *node = op_alloc(op, sizeof *node);
    if (node == NULL) {
        return ERR_LIMIT;
    }
    node->config = op_alloc(op, sizeof *node->config);
    if (node->config == NULL) {
        return ERR_LIMIT;
    }
    node->dir = dir;
    node->world = world;
    enum err err = open_steps(op, node, mode);
    if (err != ERR_OK) {
        node_close(node);
        return err;
    }
    *ret = node;
    return ERR_OK;
}

void node_close(struct node *node)
{
    if (node == NULL) {
        return;
    }
    history_close(node->history);
    store_close(node->store);
    disk_close(node->world_disk);
    disk_close(node->disk);
    node->history = NULL;
    node->store = NULL;
    node->world_disk = NULL;
    node->disk = NULL;
}

enum err node_privacy_secret(struct op *op, struct node *node, uint8_t *ret)
{
    struct span hex;
    TRY(file_read(op, node->disk, PRIVACY_PATH, &hex));
    if (hex_parse(span_trim(hex), ret, OBSERVE_SECRET_SIZE) != ERR_OK) {
        return op_fail(op, ERR_CORRUPT, "keys/privacy.key is not a key of %d bytes",
                       OBSERVE_SECRET_SIZE);
    }
    return ERR_OK;
}
