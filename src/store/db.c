// SPDX-License-Identifier: EUPL-1.2
#include "store/db.h"

#include <errno.h>

#include "base/buf.h"
#include "base/must.h"

enum { PATH_SIZE_MAX = 4096 };

static enum err err_from_sqlite(int code)
{
    switch (code & 0xFF) { /* the primary code; the rest of the bits say more about it */
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
        return ERR_AGAIN;
    case SQLITE_FULL:
        return ERR_FULL;
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
        return ERR_CORRUPT;
    case SQLITE_CONSTRAINT:
        return ERR_EXISTS;
    case SQLITE_NOMEM:
    case SQLITE_TOOBIG:
        return ERR_LIMIT;
    case SQLITE_CANTOPEN:
        return ERR_ABSENT;
    case SQLITE_READONLY:
    case SQLITE_PERM:
    case SQLITE_AUTH:
        return ERR_DENIED;
    default:
        return ERR_IO;
    }
}

/* Where the memory that processes share (linie.db-shm) finds no room, SQLite calls that a failure
 * of the disk. */
static bool disk_is_full(const struct db *db, int code)
{
    int number = db->handle == NULL ? 0 : sqlite3_system_errno(db->handle);
    bool no_room = number == ENOSPC || number == EDQUOT;
    return (code & 0xFF) == SQLITE_FULL || ((code & 0xFF) == SQLITE_IOERR && no_room);
}

static enum err fail(struct op *op, const struct db *db, int code)
{
    const char *text = db->handle == NULL ? sqlite3_errstr(code) : sqlite3_errmsg(db->handle);
    if (disk_is_full(db, code)) {
        return op_fail(op, ERR_FULL, "database: No space left on device: make room, and try again");
    }
    return op_fail(op, err_from_sqlite(code), "database: %s", text);
}

/* FULL syncs the database's log with each transaction. The truth does not need that: under NORMAL a
 * power loss takes the last transactions back but tears none (the log has checksums, and is synced
 * before it is copied into the file), and the journal gives them again; the crash tests pass with
 * NORMAL, too. FULL stays for two things. The number of the last entry applied is the only witness
 * when a journal has lost its end (store_applied()), and must not be lost with it. And files of
 * sets that an older transaction names are removed as soon as no newer one does: a database that
 * was taken back would name what is gone, for which readers are refused and all is made anew. It
 * costs a sync a transaction: 17 of the database's against 6, 0.03 to 0.05 s of 1.5 s, in a watch
 * of 60,000 lines that all are hits. */
/* The cache fills as the database grows: it is all that grows in a store with few hits. 1 MB is
 * half of SQLite's own; that costs a tenth of the CPU time of a watch with 1 % hits
 * (docs/BENCH.md). */
#define PRAGMAS_WRITE                                                                              \
    "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON;"              \
    "PRAGMA cache_size = -1000;"
#define PRAGMAS_READ "PRAGMA query_only = ON; PRAGMA schema_version;"

static int pragmas_run(struct db *db, enum db_access access, const char *vfs)
{
    int code = SQLITE_OK;
    if (vfs != NULL) { /* without shared memory, WAL wants to be alone */
        code = sqlite3_exec(db->handle, "PRAGMA locking_mode = EXCLUSIVE", NULL, NULL, NULL);
    }
    if (code == SQLITE_OK) {
        code = sqlite3_exec(db->handle, access == DB_WRITE ? PRAGMAS_WRITE : PRAGMAS_READ, NULL,
                            NULL, NULL);
    }
    return code;
}

/* A file beside the database: "linie.db-wal". */
static bool is_beside(struct span path, const char *ending)
{
    sqlite3_vfs *vfs = sqlite3_vfs_find(NULL);
    struct buf text;
    int there = 0;
    buf_init(&text, PATH_SIZE_MAX);
    buf_add(&text, path);
    buf_add(&text, span_of(ending));
    buf_add_byte(&text, '\0');
    int code = text.err != ERR_OK
                   ? SQLITE_ERROR
                   : vfs->xAccess(vfs, (const char *)text.data, SQLITE_ACCESS_EXISTS, &there);
    buf_done(&text);
    return code == SQLITE_OK && there != 0;
}

/* The name by which SQLite is told how to open a file: https://www.sqlite.org/uri.html. Two slashes
 * at its start would begin the name of a host. */
static void uri_write(struct buf *uri, struct span path, const char *parameter)
{
    const struct span plain = SPAN("/._-");
    buf_add(uri, SPAN("file:"));
    for (size_t i = 0; i < path.size; i++) {
        uint8_t byte = path.data[i];
        bool letter = (byte | 0x20) >= 'a' && (byte | 0x20) <= 'z';
        bool digit = byte >= '0' && byte <= '9';
        bool again = byte == '/' && i > 0 && path.data[i - 1] == '/';
        if (again) {
            continue;
        }
        if (letter || digit || span_find(plain, byte) != SPAN_NOT_FOUND) {
            buf_add_byte(uri, byte);
        } else {
            buf_add_format(uri, "%%%02x", byte);
        }
    }
    buf_add_format(uri, "?mode=ro&%s=1", parameter);
    buf_add_byte(uri, '\0');
}

/* Where a log lies beside the database, it is read through its index without making one; where none
 * does, all is in the database, and nothing but that is looked at. */
static enum err open_in_place(struct op *op, struct span path, sqlite3 **ret, int *ret_code)
{
    struct buf uri;
    bool has_log = is_beside(path, "-wal");
    if (!is_beside(path, "")) {
        return op_fail(op, ERR_ABSENT,
                       "there is no database, and none can be made where nothing may be written");
    }
    if (has_log && !is_beside(path, "-shm")) {
        return op_fail(op, ERR_DENIED,
                       "the database was not closed in order, and cannot be mended where nothing "
                       "may be written: copy the node to a place where it may");
    }
    buf_init(&uri, 3 * PATH_SIZE_MAX);
    uri_write(&uri, path, has_log ? "readonly_shm" : "immutable");
    enum err err = uri.err == ERR_OK ? ERR_OK : op_fail(op, ERR_LIMIT, "a path is too long");
    if (err == ERR_OK) {
        *ret_code = sqlite3_open_v2((const char *)uri.data, ret,
                                    SQLITE_OPEN_READONLY | SQLITE_OPEN_URI | SQLITE_OPEN_NOMUTEX |
                                        SQLITE_OPEN_EXRESCODE,
                                    NULL);
    }
    buf_done(&uri);
    return err;
}

/* SQLite's temporary files (large sorts, large changes) lie beside the database: what is in them is
 * the owner's, and a jailed store reaches nothing else. The setting is one for the process. */
static enum err temporary_files_place(struct op *op, struct span path)
{
    ptrdiff_t slash = span_find_last(path, '/');
    struct span folder = slash == SPAN_NOT_FOUND ? SPAN(".") : span_slice(path, 0, (size_t)slash);
    char *copy = sqlite3_mprintf("%.*s", SPAN_FMT(folder));
    if (copy == NULL) {
        return op_fail(op, ERR_LIMIT, "out of memory for a database");
    }
    sqlite3_free(sqlite3_temp_directory);
    sqlite3_temp_directory = copy;
    return ERR_OK;
}

enum err db_open(struct op *op, struct span path, enum db_access access, const char *vfs,
                 struct db *ret)
{
    struct db db = { 0 };
    int code = SQLITE_OK;
    if (access == DB_WRITE && vfs == NULL) {
        TRY(temporary_files_place(op, path));
    }
    int flags =
        access == DB_WRITE ? SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE : SQLITE_OPEN_READONLY;
    if (access == DB_READ_IN_PLACE) {
        TRY(open_in_place(op, path, &db.handle, &code));
    } else {
        code = sqlite3_open_v2((const char *)path.data, &db.handle,
                               flags | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE, vfs);
    }
    if (code == SQLITE_OK) {
        sqlite3_busy_timeout(db.handle, DB_BUSY_MS);
        code = pragmas_run(&db, access, vfs);
    }
    if (code != SQLITE_OK && access == DB_READ && vfs == NULL && disk_is_full(&db, code)) {
        sqlite3_close(db.handle); /* what is there can be read on a full disk, too */
        return db_open(op, path, DB_READ_IN_PLACE, NULL, ret);
    }
    if (code != SQLITE_OK) {
        enum err err = fail(op, &db, code);
        sqlite3_close(db.handle);
        return err;
    }
    *ret = db;
    return ERR_OK;
}

void db_close(struct db *db)
{
    for (size_t i = 0; i < db->count; i++) {
        must(!db->statements[i].busy);
        sqlite3_finalize(db->statements[i].statement);
    }
    int code = sqlite3_close(db->handle);
    must(code == SQLITE_OK);
    *db = (struct db){ 0 };
}

enum err db_run(struct op *op, struct db *db, const char *sql)
{
    int code = sqlite3_exec(db->handle, sql, NULL, NULL, NULL);
    return code == SQLITE_OK ? ERR_OK : fail(op, db, code);
}

/* A kept statement for this literal, if there is one at rest. */
static bool statement_reuse(struct db_query *q, const char *sql)
{
    struct db *db = q->db;
    for (size_t i = 0; i < db->count; i++) {
        if (db->statements[i].sql == sql && !db->statements[i].busy) {
            db->statements[i].busy = true;
            q->statement = db->statements[i].statement;
            q->slot = i;
            return true;
        }
    }
    return false;
}

static void statement_keep(struct db_query *q, const char *sql)
{
    struct db *db = q->db;
    if (db->count == DB_STATEMENT_COUNT_MAX) {
        return; /* not kept: db_end() gives it back */
    }
    q->slot = db->count;
    db->statements[db->count].sql = sql;
    db->statements[db->count].statement = q->statement;
    db->statements[db->count].busy = true;
    db->count++;
}

struct db_query db_query(struct op *op, struct db *db, const char *sql)
{
    struct db_query q = { .op = op, .db = db, .slot = DB_STATEMENT_COUNT_MAX };
    if (statement_reuse(&q, sql)) {
        return q;
    }
    int code =
        sqlite3_prepare_v3(db->handle, sql, -1, SQLITE_PREPARE_PERSISTENT, &q.statement, NULL);
    if (code != SQLITE_OK) {
        q.err = fail(op, db, code);
        return q;
    }
    statement_keep(&q, sql);
    return q;
}

static void note(struct db_query *q, int code)
{
    if (code != SQLITE_OK && q->err == ERR_OK) {
        q->err = fail(q->op, q->db, code);
    }
}

void db_bind_i64(struct db_query *q, int64_t value)
{
    q->bound++;
    if (q->err == ERR_OK) {
        note(q, sqlite3_bind_int64(q->statement, q->bound, value));
    }
}

void db_bind_text(struct db_query *q, struct span value)
{
    q->bound++;
    if (q->err == ERR_OK) {
        note(q, sqlite3_bind_text64(q->statement, q->bound, (const char *)value.data, value.size,
                                    SQLITE_STATIC, SQLITE_UTF8));
    }
}

void db_bind_blob(struct db_query *q, struct span value)
{
    q->bound++;
    if (q->err == ERR_OK) {
        note(q, sqlite3_bind_blob64(q->statement, q->bound, value.data, value.size, SQLITE_STATIC));
    }
}

void db_bind_time(struct db_query *q, int64_t time_us)
{
    if (time_us == TIME_US_NONE) {
        db_bind_text(q, (struct span){ NULL, 0 });
    } else {
        db_bind_i64(q, time_us);
    }
}

int64_t db_time(struct db_query *q)
{
    bool none = sqlite3_column_type(q->statement, q->column) == SQLITE_NULL;
    int64_t time_us = db_i64(q);
    return none ? TIME_US_NONE : time_us;
}

bool db_next(struct db_query *q)
{
    if (q->err != ERR_OK) {
        return false;
    }
    q->column = 0;
    int code = sqlite3_step(q->statement);
    if (code == SQLITE_ROW) {
        return true;
    }
    if (code != SQLITE_DONE) {
        note(q, code);
    }
    return false;
}

int64_t db_i64(struct db_query *q)
{
    int column = q->column;
    q->column++;
    return sqlite3_column_int64(q->statement, column);
}

struct span db_borrow(struct db_query *q)
{
    int column = q->column;
    q->column++;
    const void *bytes = sqlite3_column_blob(q->statement, column);
    return span_make(bytes, (size_t)sqlite3_column_bytes(q->statement, column));
}

struct span db_text(struct db_query *q)
{
    struct span copy = { NULL, 0 };
    struct span borrowed = db_borrow(q);
    if (borrowed.data == NULL || q->err != ERR_OK) {
        return copy;
    }
    q->err = op_copy(q->op, borrowed, &copy);
    return copy;
}

enum err db_end(struct db_query *q)
{
    if (q->statement != NULL && q->slot < DB_STATEMENT_COUNT_MAX) {
        sqlite3_reset(q->statement);
        sqlite3_clear_bindings(q->statement);
        q->db->statements[q->slot].busy = false;
    } else {
        sqlite3_finalize(q->statement);
    }
    q->statement = NULL;
    return q->err;
}

enum err db_finish(struct db_query *q)
{
    while (db_next(q)) {
    }
    return db_end(q);
}
