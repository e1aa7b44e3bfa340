// SPDX-License-Identifier: EUPL-1.2
#include "tests/store/sim_vfs.h"

#include <sqlite3.h>

#include "base/buf.h"
#include "tests/testing.h"

enum {
    SECTOR_SIZE = 512,
    TEMPORARY_SIZE_MAX = 64 * 1024 * 1024,
    TIME_MS_BEGIN = 1700000000, /* any */
};

static struct {
    sqlite3_vfs vfs;
    struct disk *disk;
    struct op op;
    uint64_t random;
    int64_t time_ms;
    bool dead;
    bool syncs_folder;
} sim;

struct vfs_file {
    sqlite3_file base;
    struct disk_file *file; /* NULL: a temporary one, in memory */
    struct buf bytes;
    bool folder_unsynced; /* a new journal or WAL, whose name is synced with its first bytes */
};

static struct vfs_file *file_of(sqlite3_file *base)
{
    return (struct vfs_file *)base;
}

static int code_of(enum err err, int otherwise)
{
    switch (err) {
    case ERR_OK:
        return SQLITE_OK;
    case ERR_FULL:
        return SQLITE_FULL;
    case ERR_LIMIT:
        return SQLITE_NOMEM;
    default:
        return otherwise;
    }
}

/* The op of the next call; each starts without a fault. */
static struct op *fresh_op(void)
{
    op_fault_clear(&sim.op);
    return &sim.op;
}

/* Errors of it are passed over by SQLite's VFS for Unix too: not every system can sync a folder. */
static enum err root_sync(void)
{
    sim.syncs_folder = true;
    enum err err = disk_sync_folder(fresh_op(), sim.disk, SPAN(""));
    sim.syncs_folder = false;
    return err;
}

/* ---- a file ---- */

static int file_close(sqlite3_file *base)
{
    struct vfs_file *file = file_of(base);
    disk_file_close(file->file);
    buf_done(&file->bytes);
    return SQLITE_OK;
}

static int temporary_read(struct vfs_file *file, void *target, size_t size, uint64_t offset,
                          size_t *ret_read)
{
    struct span bytes = buf_span(&file->bytes);
    size_t begin = offset < bytes.size ? (size_t)offset : bytes.size;
    size_t left = bytes.size - begin;
    *ret_read = left < size ? left : size;
    span_copy(target, size, span_slice(bytes, begin, begin + *ret_read));
    return SQLITE_OK;
}

/* What lies behind the end reads as zeros, and the caller is told. */
static int file_read(sqlite3_file *base, void *target, int size, sqlite3_int64 offset)
{
    struct vfs_file *file = file_of(base);
    size_t got = 0;
    int code = SQLITE_OK;
    if (sim.dead) {
        return SQLITE_IOERR_READ;
    }
    if (file->file == NULL) {
        code = temporary_read(file, target, (size_t)size, (uint64_t)offset, &got);
    } else {
        code =
            code_of(disk_read(fresh_op(), file->file, (uint64_t)offset, target, (size_t)size, &got),
                    SQLITE_IOERR_READ);
    }
    if (code == SQLITE_OK && got < (size_t)size) {
        memset((uint8_t *)target + got, 0, (size_t)size - got);
        return SQLITE_IOERR_SHORT_READ;
    }
    return code;
}

static int temporary_write(struct vfs_file *file, struct span bytes, uint64_t offset)
{
    size_t end = (size_t)offset + bytes.size;
    while (file->bytes.size < end && file->bytes.err == ERR_OK) {
        buf_add_byte(&file->bytes, 0);
    }
    if (file->bytes.err != ERR_OK) {
        return SQLITE_FULL;
    }
    span_copy(file->bytes.data + offset, bytes.size, bytes);
    return SQLITE_OK;
}

static int file_write(sqlite3_file *base, const void *bytes, int size, sqlite3_int64 offset)
{
    struct vfs_file *file = file_of(base);
    struct span span = span_make(bytes, (size_t)size);
    if (sim.dead) {
        return SQLITE_IOERR_WRITE;
    }
    if (file->file == NULL) {
        return temporary_write(file, span, (uint64_t)offset);
    }
    return code_of(disk_write(fresh_op(), file->file, (uint64_t)offset, span), SQLITE_IOERR_WRITE);
}

static int file_truncate(sqlite3_file *base, sqlite3_int64 size)
{
    struct vfs_file *file = file_of(base);
    if (sim.dead) {
        return SQLITE_IOERR_TRUNCATE;
    }
    if (file->file == NULL) {
        file->bytes.size = (size_t)size < file->bytes.size ? (size_t)size : file->bytes.size;
        return SQLITE_OK;
    }
    return code_of(disk_truncate(fresh_op(), file->file, (uint64_t)size), SQLITE_IOERR_TRUNCATE);
}

static int file_sync(sqlite3_file *base, int flags)
{
    struct vfs_file *file = file_of(base);
    (void)flags;
    if (sim.dead) {
        return SQLITE_IOERR_FSYNC;
    }
    if (file->file == NULL) {
        return SQLITE_OK;
    }
    int code = code_of(disk_sync(fresh_op(), file->file), SQLITE_IOERR_FSYNC);
    if (code == SQLITE_OK && file->folder_unsynced) {
        (void)root_sync();
        file->folder_unsynced = false;
    }
    return code;
}

static int file_size(sqlite3_file *base, sqlite3_int64 *ret_size)
{
    struct vfs_file *file = file_of(base);
    uint64_t size = file->bytes.size;
    if (sim.dead) {
        return SQLITE_IOERR_FSTAT;
    }
    if (file->file != NULL) {
        enum err err = disk_size(fresh_op(), file->file, &size);
        if (err != ERR_OK) {
            return SQLITE_IOERR_FSTAT;
        }
    }
    *ret_size = (sqlite3_int64)size;
    return SQLITE_OK;
}

/* One process: nobody to be kept away. */
static int file_lock(sqlite3_file *base, int level)
{
    (void)base;
    (void)level;
    return sim.dead ? SQLITE_IOERR_LOCK : SQLITE_OK;
}

static int file_unlock(sqlite3_file *base, int level)
{
    (void)base;
    (void)level;
    return SQLITE_OK;
}

static int file_is_reserved(sqlite3_file *base, int *ret)
{
    (void)base;
    *ret = 0;
    return SQLITE_OK;
}

static int file_control(sqlite3_file *base, int what, void *argument)
{
    (void)base;
    (void)what;
    (void)argument;
    return SQLITE_NOTFOUND;
}

static int file_sector_size(sqlite3_file *base)
{
    (void)base;
    return SECTOR_SIZE;
}

/* As SQLite's VFS for Unix promises, and the simulated disk keeps: a write that tears changes
 * nothing beside it in its sector. Without this SQLite writes its log in another way than in real
 * life: it fills each transaction up to a sector's end, in part behind the sync, so that bytes of a
 * transaction that is durable are lost with the next one's failed sync, and what comes after them
 * with the power. */
static int file_characteristics(sqlite3_file *base)
{
    (void)base;
    return SQLITE_IOCAP_POWERSAFE_OVERWRITE;
}

static const sqlite3_io_methods file_methods = {
    .iVersion = 1, /* no shared memory, no mapping */
    .xClose = file_close,
    .xRead = file_read,
    .xWrite = file_write,
    .xTruncate = file_truncate,
    .xSync = file_sync,
    .xFileSize = file_size,
    .xLock = file_lock,
    .xUnlock = file_unlock,
    .xCheckReservedLock = file_is_reserved,
    .xFileControl = file_control,
    .xSectorSize = file_sector_size,
    .xDeviceCharacteristics = file_characteristics,
};

/* ---- the files ---- */

static enum err path_open(const char *path, int flags, struct disk_file **ret)
{
    bool write = (flags & SQLITE_OPEN_READWRITE) != 0;
    bool make = (flags & SQLITE_OPEN_CREATE) != 0;
    bool alone = make && (flags & SQLITE_OPEN_EXCLUSIVE) != 0;
    struct disk_file *there = NULL;
    if (!make) { /* DISK_WRITE makes what is absent */
        TRY(disk_file_open(fresh_op(), sim.disk, span_of(path), DISK_READ, &there));
        disk_file_close(there);
    }
    enum disk_mode mode = write ? DISK_WRITE : DISK_READ;
    return disk_file_open(fresh_op(), sim.disk, span_of(path), alone ? DISK_CREATE_NEW : mode, ret);
}

static int vfs_open(sqlite3_vfs *vfs, sqlite3_filename path, sqlite3_file *base, int flags,
                    int *ret_flags)
{
    struct vfs_file *file = file_of(base);
    (void)vfs;
    *file = (struct vfs_file){ .file = NULL };
    buf_init(&file->bytes, TEMPORARY_SIZE_MAX);
    if (sim.dead) {
        return SQLITE_CANTOPEN;
    }
    if (path != NULL && path_open(path, flags, &file->file) != ERR_OK) {
        return SQLITE_CANTOPEN;
    }
    int journals = SQLITE_OPEN_MAIN_JOURNAL | SQLITE_OPEN_SUPER_JOURNAL | SQLITE_OPEN_WAL;
    file->folder_unsynced = (flags & SQLITE_OPEN_CREATE) != 0 && (flags & journals) != 0;
    file->base.pMethods = &file_methods;
    if (ret_flags != NULL) {
        *ret_flags = flags;
    }
    return SQLITE_OK;
}

static int vfs_delete(sqlite3_vfs *vfs, const char *path, int sync_folder)
{
    (void)vfs;
    if (sim.dead) {
        return SQLITE_IOERR_DELETE;
    }
    enum err err = disk_remove(fresh_op(), sim.disk, span_of(path));
    if (err == ERR_ABSENT) {
        return SQLITE_IOERR_DELETE_NOENT;
    }
    if (err != ERR_OK) {
        return SQLITE_IOERR_DELETE;
    }
    bool failed = sync_folder != 0 && root_sync() != ERR_OK;
    return failed ? SQLITE_IOERR_DIR_FSYNC : SQLITE_OK;
}

/* As on Unix, an empty file does not exist for SQLite. */
static int vfs_access(sqlite3_vfs *vfs, const char *path, int flags, int *ret)
{
    struct disk_file *file = NULL;
    uint64_t size = 0;
    (void)vfs;
    (void)flags;
    *ret = 0;
    if (sim.dead) {
        return SQLITE_IOERR_ACCESS;
    }
    enum err err = disk_file_open(fresh_op(), sim.disk, span_of(path), DISK_READ, &file);
    if (err == ERR_ABSENT) {
        return SQLITE_OK;
    }
    if (err == ERR_OK) {
        err = disk_size(fresh_op(), file, &size);
        disk_file_close(file);
    }
    *ret = size > 0 ? 1 : 0;
    return err == ERR_OK ? SQLITE_OK : SQLITE_IOERR_ACCESS;
}

static int vfs_full_path(sqlite3_vfs *vfs, const char *path, int size, char *ret)
{
    (void)vfs;
    size_t length = strlen(path);
    if (length >= (size_t)size) {
        return SQLITE_CANTOPEN;
    }
    span_copy(ret, (size_t)size, span_make(path, length + 1));
    return SQLITE_OK;
}

static int vfs_random(sqlite3_vfs *vfs, int size, char *ret)
{
    (void)vfs;
    for (int i = 0; i < size; i++) {
        ret[i] = (char)testing_random(&sim.random);
    }
    return size;
}

static int vfs_sleep(sqlite3_vfs *vfs, int time_us)
{
    (void)vfs;
    return time_us;
}

static int vfs_time_ms(sqlite3_vfs *vfs, sqlite3_int64 *ret)
{
    (void)vfs;
    sim.time_ms++;
    *ret = sim.time_ms;
    return SQLITE_OK;
}

static int vfs_last_error(sqlite3_vfs *vfs, int size, char *ret)
{
    (void)vfs;
    (void)size;
    (void)ret;
    return 0;
}

void sim_vfs_begin(struct disk *disk, uint64_t seed)
{
    testing_op_begin(&sim.op);
    sim.disk = disk;
    sim.random = seed;
    sim.time_ms = TIME_MS_BEGIN;
    sim.dead = false;
    sim.vfs = (sqlite3_vfs){
        .iVersion = 2,
        .szOsFile = sizeof(struct vfs_file),
        .mxPathname = DISK_PATH_SIZE_MAX,
        .zName = SIM_VFS_NAME,
        .xOpen = vfs_open,
        .xDelete = vfs_delete,
        .xAccess = vfs_access,
        .xFullPathname = vfs_full_path,
        .xRandomness = vfs_random,
        .xSleep = vfs_sleep,
        .xGetLastError = vfs_last_error,
        .xCurrentTimeInt64 = vfs_time_ms,
    };
    assert_int_equal(sqlite3_vfs_register(&sim.vfs, 0), SQLITE_OK);
    /* SQLite asks its default VFS for randomness, unless it is given a seed other than 0. */
    sqlite3_test_control(SQLITE_TESTCTRL_PRNG_SEED, (int)(seed & INT32_MAX) | 1, NULL);
}

void sim_vfs_end(void)
{
    assert_int_equal(sqlite3_vfs_unregister(&sim.vfs), SQLITE_OK);
    op_end(&sim.op);
}

void sim_vfs_kill(void)
{
    sim.dead = true;
}

void sim_vfs_revive(void)
{
    sim.dead = false;
}

bool sim_vfs_syncs(void)
{
    return sim.syncs_folder;
}
