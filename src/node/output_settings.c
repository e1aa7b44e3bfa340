// SPDX-License-Identifier: EUPL-1.2
#include "node/output_settings.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "crypt/hmac.h"
#include "node/roles.h"
#include "os/descriptor.h"

enum { SECRET_SIZE_MAX = 4096, MODE_OF_OTHERS = 077, FOLDER_MODE = 0700 };

/* Standard Webhooks, "Symmetric": a secret that is written so is the bytes that the rest stands
 * for. */
#define WEBHOOK_PREFIX SPAN("whsec_")

/* Relative paths begin at the node's folder, as its real path has it. */
static enum err path_whole(struct op *op, const struct node *node, struct span *path)
{
    char real[PATH_MAX];
    struct span dir;
    struct buf whole;
    if (path->size == 0 || path->data[0] == '/') {
        return ERR_OK;
    }
    TRY(op_copy(op, node->dir, &dir));
    if (realpath((const char *)dir.data, real) == NULL) {
        return op_fail(op, ERR_IO, "%.*s: %s", SPAN_FMT(dir), strerror(errno));
    }
    buf_init(&whole, PATH_MAX + FETCH_TEXT_SIZE_MAX);
    buf_add(&whole, span_of(real));
    buf_add_byte(&whole, '/');
    buf_add(&whole, *path);
    enum err err = op_copy(op, buf_span(&whole), path);
    buf_done(&whole);
    return err;
}

/* ---- secrets ---- */

static enum err secret_mode_check(struct op *op, struct span path, int fd)
{
    struct stat status;
    if (fstat(fd, &status) != 0) {
        return op_fail(op, ERR_IO, "%.*s: %s", SPAN_FMT(path), strerror(errno));
    }
    if ((status.st_mode & MODE_OF_OTHERS) != 0 ||
        (status.st_uid != geteuid() && status.st_uid != 0)) {
        return op_fail(op, ERR_DENIED,
                       "%.*s can be used by others than the node's owner: 'chmod 600' it",
                       SPAN_FMT(path));
    }
    return ERR_OK;
}

/* Line ends at its end do not count, as with the key of a backup. */
static enum err secret_read(struct op *op, const struct node *node, struct span path,
                            struct span *ret)
{
    int fd = -1;
    struct span secret = { NULL, 0 };
    if (path.size == 0) {
        return ERR_OK;
    }
    TRY(path_whole(op, node, &path));
    TRY(descriptor_open(op, AT_FDCWD, path, &fd));
    enum err err = secret_mode_check(op, path, fd);
    if (err == ERR_OK) {
        err = descriptor_read_all(op, fd, SECRET_SIZE_MAX, &secret);
    }
    close(fd);
    TRY(err);
    while (secret.size > 0 &&
           (secret.data[secret.size - 1] == '\n' || secret.data[secret.size - 1] == '\r')) {
        secret.size--;
    }
    if (secret.size == 0) {
        return op_fail(op, ERR_FORMAT, "%.*s is empty", SPAN_FMT(path));
    }
    return op_copy(op, secret, ret);
}

enum err output_settings_pem(struct op *op, const struct node *node, struct span path, bool secret,
                             struct span *ret)
{
    int fd = -1;
    enum { PEM_SIZE_MAX = 256 * 1024 };
    if (path.size == 0) {
        return ERR_OK;
    }
    TRY(path_whole(op, node, &path));
    TRY(descriptor_open(op, AT_FDCWD, path, &fd));
    enum err err = secret ? secret_mode_check(op, path, fd) : ERR_OK;
    if (err == ERR_OK) {
        err = descriptor_read_all(op, fd, PEM_SIZE_MAX, ret);
    }
    close(fd);
    return err;
}

static enum err webhook_secret(struct op *op, struct span *secret)
{
    size_t size = 0;
    if (!span_starts_with(*secret, WEBHOOK_PREFIX)) {
        return ERR_OK;
    }
    uint8_t *bytes = op_alloc(op, SECRET_SIZE_MAX);
    if (bytes == NULL) {
        return ERR_LIMIT;
    }
    if (crypt_base64_read(span_from(*secret, WEBHOOK_PREFIX.size), bytes, SECRET_SIZE_MAX, &size) !=
        ERR_OK) {
        return op_fail(op, ERR_FORMAT, "\"secret-file\" begins with whsec_, but no base64 follows");
    }
    *secret = span_make(bytes, size);
    return ERR_OK;
}

/* ---- folders ---- */

static bool is_below(struct span path, struct span folder)
{
    bool root = span_equal(folder, SPAN("/"));
    return root || span_equal(path, folder) ||
           (span_starts_with(path, folder) && path.data[folder.size] == '/');
}

/* Whether a folder is one of those that hold what the node knows, or lies in one. */
static bool is_of_the_node(struct span folder, struct span node)
{
    static const char *const own[] = { "real", "exercises", "keys" };
    if (!is_below(folder, node) || folder.size <= node.size + 1) {
        return false;
    }
    struct span inner = span_from(folder, node.size + 1);
    for (size_t i = 0; i < sizeof own / sizeof own[0]; i++) {
        if (is_below(inner, span_of(own[i]))) {
            return true;
        }
    }
    return false;
}

static enum err reals_find(struct op *op, const struct node *node, const char *folder, char *real,
                           char *real_node)
{
    struct span dir;
    TRY(op_copy(op, node->dir, &dir));
    if (realpath(folder, real) == NULL || realpath((const char *)dir.data, real_node) == NULL) {
        return op_fail(op, errno == ENOENT ? ERR_ABSENT : ERR_IO, "%s: %s", folder,
                       strerror(errno));
    }
    return ERR_OK;
}

/* The fetch role may do in that folder what it likes: nothing of the node may be in or below it. */
static enum err own_check(struct op *op, const struct node *node, const char *folder)
{
    char real[PATH_MAX];
    char real_node[PATH_MAX];
    TRY(reals_find(op, node, folder, real, real_node));
    if (is_of_the_node(span_of(real), span_of(real_node))) {
        return op_fail(op, ERR_DENIED,
                       "%s is for the node alone: an output's file needs a folder of its own, "
                       "out/ for example",
                       real);
    }
    return ERR_OK;
}

static enum err above_check(struct op *op, const struct node *node, const char *folder)
{
    char real[PATH_MAX];
    char real_node[PATH_MAX];
    TRY(reals_find(op, node, folder, real, real_node));
    if (is_below(span_of(real_node), span_of(real))) {
        return op_fail(op, ERR_DENIED,
                       "the node itself lies in %s: an output's file needs a folder of its own, "
                       "out/ for example",
                       real);
    }
    return ERR_OK;
}

/* A process that has its jail may make folders in the node only (decision 0025). */
static enum err folder_fail(struct op *op, const struct node *node, struct span folder, int code)
{
    bool jailed = (code == EACCES || code == EPERM) && roles_are_jailed(node->roles);
    enum err err = code == ENOENT ? ERR_ABSENT : ERR_DENIED;
    if (jailed) {
        return op_fail(op, err,
                       "there is no folder %.*s, and a watch that runs makes none outside of the "
                       "node: make it, or start the watch anew",
                       SPAN_FMT(folder));
    }
    return op_fail(op, err, "cannot make the folder %.*s: %s", SPAN_FMT(folder), strerror(code));
}

/* One of those on the way to it, unless it is there. Nothing is made below the node's own. */
static enum err folder_make_one(struct op *op, const struct node *node, struct span folder)
{
    struct span path;
    struct span above;
    struct stat status;
    TRY(op_copy(op, folder, &path)); /* ended by a NUL */
    if (stat((const char *)path.data, &status) == 0) {
        return ERR_OK;
    }
    TRY(fetch_folder_of(op, path, &above));
    TRY(own_check(op, node, (const char *)above.data));
    bool made = mkdir((const char *)path.data, FOLDER_MODE) == 0 || errno == EEXIST;
    return made ? ERR_OK : folder_fail(op, node, folder, errno);
}

static enum err folder_make(struct op *op, const struct node *node, struct span path)
{
    struct span folder;
    TRY(fetch_folder_of(op, path, &folder));
    for (size_t i = 1; i < folder.size; i++) {
        if (folder.data[i] == '/') {
            TRY(folder_make_one(op, node, span_slice(folder, 0, i)));
        }
    }
    TRY(folder_make_one(op, node, folder));
    TRY(above_check(op, node, (const char *)folder.data));
    return own_check(op, node, (const char *)folder.data);
}

enum err output_settings_make(struct op *op, const struct node *node,
                              const struct config_output *output, struct fetch_output *ret)
{
    struct fetch_output settings = output->to;
    TRY(path_whole(op, node, &settings.path));
    TRY(path_whole(op, node, &settings.ca_file));
    TRY(path_whole(op, node, &settings.cert_file));
    TRY(path_whole(op, node, &settings.key_file));
    TRY(secret_read(op, node, output->password_file, &settings.password));
    TRY(secret_read(op, node, output->secret_file, &settings.secret));
    TRY(webhook_secret(op, &settings.secret));
    if (settings.kind == FETCH_FILE) {
        TRY(folder_make(op, node, settings.path));
    }
    TRY(fetch_output_check(op, &settings));
    *ret = settings;
    return ERR_OK;
}
