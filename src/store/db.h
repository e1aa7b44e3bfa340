// SPDX-License-Identifier: EUPL-1.2
/*
 * SQLite, so that code above reads straight: a query is prepared from a literal, values are bound
 * and columns read in order, and the first error is kept and looked at once, with db_end().
 *
 *     struct db_query q = db_query(op, db, "SELECT count FROM folds WHERE indicator = ?");
 *     db_bind_text(&q, indicator);
 *     while (db_next(&q)) {
 *         count = db_i64(&q);
 *     }
 *     TRY(db_end(&q));
 */
#ifndef STORE_DB_H
#define STORE_DB_H

#include <sqlite3.h>

#include "base/op.h"
#include "base/time.h"

enum { DB_STATEMENT_COUNT_MAX = 48, DB_BUSY_MS = 5000 };

struct db {
    sqlite3 *handle;
    size_t count;
    struct {
        const char *sql; /* a literal: known by its address */
        sqlite3_stmt *statement;
        bool busy;
    } statements[DB_STATEMENT_COUNT_MAX]; /* prepared once, used again */
};

struct db_query {
    struct op *op;
    struct db *db;
    sqlite3_stmt *statement;
    size_t slot; /* in db->statements; DB_STATEMENT_COUNT_MAX where it is not kept */
    int bound;
    int column;
    enum err err;
};

/* What opening a database may do to its folder. */
enum db_access {
    DB_WRITE,         /* write, and make what is absent */
    DB_READ,          /* read beside a writer: SQLite's log and its index may be made */
    DB_READ_IN_PLACE, /* read where nothing may be made. A writer is only seen where it was at work
                         before: one that begins later may make the reader fail */
};

/**
 * Open a database file.
 *
 * op        work in hand
 * path      of the file, NUL-terminated
 * access    for what
 * vfs       name of a registered VFS of SQLite that is used in place of the system's files (the
 *           simulated disk of the tests), by one process alone; NULL for the system's
 * ret       caller's memory; to give back with db_close()
 *
 * Errors    ERR_ABSENT; ERR_DENIED its log cannot be read in place; ERR_CORRUPT no SQLite file, or
 * a damaged one; ERR_IO; ERR_LIMIT no memory
 */
MUST_USE
enum err db_open(struct op *op, struct span path, enum db_access access, const char *vfs,
                 struct db *ret);

/**
 * Close a database.
 *
 * db        opened, or all zero
 */
void db_close(struct db *db);

/**
 * Run statements that give no rows (a schema, BEGIN, COMMIT).
 *
 * op        work in hand
 * db        open
 * sql       one or more statements
 *
 * Errors    ERR_AGAIN another process holds it; ERR_FULL; ERR_IO; ERR_CORRUPT; ERR_LIMIT
 */
MUST_USE
enum err db_run(struct op *op, struct db *db, const char *sql);

/**
 * Begin a query. It must be ended with db_end(), whatever happens.
 *
 * op        work in hand
 * db        open
 * sql       one statement; a string literal
 */
struct db_query db_query(struct op *op, struct db *db, const char *sql);

/**
 * Bind the next parameter. Bytes are borrowed until db_end().
 *
 * q         begun
 * value     bound; a span without data binds NULL
 */
void db_bind_i64(struct db_query *q, int64_t value);
void db_bind_text(struct db_query *q, struct span value);
void db_bind_blob(struct db_query *q, struct span value);

/**
 * Bind the next parameter: a time, or NULL for TIME_US_NONE.
 *
 * q         begun
 * time_us   bound
 */
void db_bind_time(struct db_query *q, int64_t time_us);

/**
 * The next column of the present row as a time; TIME_US_NONE for NULL.
 *
 * q         on a row
 */
int64_t db_time(struct db_query *q);

/**
 * Go to the next row.
 *
 * q         begun
 *
 * Returns false at the end, and after an error.
 */
bool db_next(struct db_query *q);

/**
 * The next column of the present row.
 *
 * q         on a row
 */
int64_t db_i64(struct db_query *q);

/**
 * The next column of the present row, copied into the op's memory; empty for NULL.
 *
 * q         on a row
 */
struct span db_text(struct db_query *q);

/**
 * The next column of the present row; valid until db_next() or db_end(); empty for NULL.
 *
 * q         on a row
 */
struct span db_borrow(struct db_query *q);

/**
 * End a query.
 *
 * q         begun
 *
 * Errors    the first of the query: ERR_AGAIN; ERR_FULL; ERR_IO; ERR_CORRUPT; ERR_LIMIT; ERR_EXISTS
 *           a uniqueness rule was broken
 */
MUST_USE
enum err db_end(struct db_query *q);

/**
 * Run a query that has been bound to its end, without looking at rows, and end it.
 *
 * q         begun
 *
 * Errors    as db_end()
 */
MUST_USE
enum err db_finish(struct db_query *q);

#endif
