// SPDX-License-Identifier: EUPL-1.2
/*
 * The derived database. It is never migrated: a database of another version is made anew from the
 * journal. Times are microseconds; NULL stands for "none". Foreign keys are for our own tables
 * only: a STIX reference normally dangles.
 */
#ifndef STORE_SCHEMA_H
#define STORE_SCHEMA_H

#define STORE_SCHEMA_VERSION 8

#define STORE_SCHEMA                                                                               \
    "CREATE TABLE meta (key TEXT PRIMARY KEY, value) WITHOUT ROWID;"                               \
    "CREATE TABLE sets (id INTEGER PRIMARY KEY, purpose INTEGER NOT NULL,"                         \
    " source_id TEXT NOT NULL, source TEXT NOT NULL,"                                              \
    " name TEXT NOT NULL, tlp INTEGER NOT NULL, pap INTEGER NOT NULL, confidence INTEGER NOT "     \
    "NULL,"                                                                                        \
    " valid_until INTEGER,"                                                                        \
    " updated INTEGER NOT NULL, count INTEGER NOT NULL, pack TEXT NOT NULL,"                       \
    " even_if INTEGER NOT NULL, context TEXT NOT NULL,"                                            \
    " effect INTEGER NOT NULL, below INTEGER NOT NULL, indicator TEXT NOT NULL,"                   \
    " inside TEXT NOT NULL, reason TEXT NOT NULL, UNIQUE (purpose, source_id, name));"             \
    "CREATE TABLE objects (id INTEGER PRIMARY KEY, stix_id TEXT NOT NULL, type TEXT NOT NULL,"     \
    " name TEXT NOT NULL, source TEXT NOT NULL, created_by TEXT NOT NULL, tlp INTEGER NOT NULL, "  \
    "pap INTEGER NOT NULL,"                                                                        \
    " created INTEGER, modified INTEGER, revoked INTEGER NOT NULL, removed INTEGER NOT NULL,"      \
    " latest INTEGER NOT NULL, confidence INTEGER NOT NULL, valid_from INTEGER,"                   \
    " valid_until INTEGER, value_count INTEGER NOT NULL, unwatched TEXT NOT NULL,"                 \
    " digest BLOB NOT NULL, content BLOB NOT NULL, entry INTEGER NOT NULL, part INTEGER NOT "      \
    "NULL);"                                                                                       \
    "CREATE INDEX objects_by_id ON objects (stix_id, source, latest, modified);"                   \
    "CREATE INDEX objects_by_digest ON objects (digest);"                                          \
    "CREATE INDEX objects_by_entry ON objects (entry);"                                            \
    "CREATE INDEX objects_current ON objects (stix_id, modified, content)"                         \
    " WHERE latest AND part = -1;"                                                                 \
    "CREATE INDEX definitions ON objects (stix_id, name) WHERE type = 'marking-definition';"       \
    "CREATE INDEX revocations_by_source ON objects (stix_id, source, modified)"                    \
    " WHERE revoked AND latest;"                                                                   \
    "CREATE INDEX revocations_by_creator ON objects (stix_id, created_by, modified)"               \
    " WHERE revoked AND latest;"                                                                   \
    "CREATE INDEX revocations ON objects (stix_id, modified) WHERE revoked AND latest;"            \
    "CREATE TABLE removals (stix_id TEXT PRIMARY KEY) WITHOUT ROWID;"                              \
    "CREATE TABLE meant (stix_id TEXT PRIMARY KEY, even_if INTEGER NOT NULL) WITHOUT ROWID;"       \
    "CREATE TABLE pattern_values (object INTEGER NOT NULL REFERENCES objects (id)"                 \
    " ON DELETE CASCADE, kind INTEGER NOT NULL, key BLOB NOT NULL, scheme TEXT NOT NULL,"          \
    " scope INTEGER NOT NULL);"                                                                    \
    "CREATE INDEX pattern_values_by_object ON pattern_values (object);"

/* What the watch found, and what the node tells of itself. (A string of C has no more than 4095
 * characters.) */
#define STORE_SCHEMA_WATCH                                                                         \
    "CREATE TABLE inputs (number INTEGER PRIMARY KEY, device INTEGER NOT NULL,"                    \
    " inode INTEGER NOT NULL, made INTEGER, path TEXT NOT NULL, format TEXT NOT NULL,"             \
    " sensor TEXT NOT NULL, position INTEGER NOT NULL, lines INTEGER NOT NULL,"                    \
    " observations INTEGER NOT NULL, size INTEGER NOT NULL, ended INTEGER NOT NULL,"               \
    " waiting INTEGER NOT NULL, mark BLOB NOT NULL);"                                              \
    "CREATE INDEX inputs_by_file ON inputs (device, inode, number);"                               \
    "CREATE TABLE input_faults (input INTEGER NOT NULL REFERENCES inputs (number) ON DELETE "      \
    "CASCADE,"                                                                                     \
    " reason TEXT NOT NULL, count INTEGER NOT NULL, PRIMARY KEY (input, reason)) WITHOUT ROWID;"   \
    "CREATE TABLE stretches (input INTEGER NOT NULL REFERENCES inputs (number) ON DELETE CASCADE," \
    " begin INTEGER NOT NULL, end INTEGER NOT NULL, first INTEGER NOT NULL, last INTEGER NOT "     \
    "NULL, PRIMARY KEY (input, begin)) WITHOUT ROWID;"                                             \
    "CREATE TABLE folds (id INTEGER PRIMARY KEY, indicator TEXT NOT NULL, inside TEXT NOT NULL,"   \
    " start INTEGER NOT NULL, length INTEGER NOT NULL, value TEXT NOT NULL,"                       \
    " kind INTEGER NOT NULL, last INTEGER NOT NULL, count INTEGER NOT NULL, tlp INTEGER NOT NULL," \
    " noisy INTEGER NOT NULL, open INTEGER NOT NULL, changed INTEGER NOT NULL,"                    \
    " sighting_created INTEGER NOT NULL, sighting_modified INTEGER NOT NULL, fold TEXT NOT NULL,"  \
    " hit TEXT NOT NULL, rank INTEGER NOT NULL, list TEXT NOT NULL,"                               \
    " state INTEGER NOT NULL DEFAULT 0, state_time INTEGER, state_actor TEXT NOT NULL DEFAULT ''," \
    " assignee TEXT NOT NULL DEFAULT '', UNIQUE (indicator, start, length, inside));"              \
    "CREATE INDEX folds_by_hit ON folds (hit);"                                                    \
    "CREATE INDEX folds_counted ON folds (rank, state, open, count);"                              \
    "CREATE TABLE hit_changes (indicator TEXT NOT NULL, start INTEGER NOT NULL,"                   \
    " length INTEGER NOT NULL, inside TEXT NOT NULL, entry INTEGER NOT NULL,"                      \
    " PRIMARY KEY (indicator, start, length, inside, entry)) WITHOUT ROWID;"                       \
    "CREATE INDEX folds_by_value ON folds (value);"                                                \
    "CREATE INDEX folds_open ON folds (start + length) WHERE open;"                                \
    "CREATE TABLE evidence (indicator TEXT NOT NULL, start INTEGER NOT NULL,"                      \
    " length INTEGER NOT NULL, inside TEXT NOT NULL, number INTEGER NOT NULL,"                     \
    " entry INTEGER NOT NULL, part INTEGER NOT NULL,"                                              \
    " PRIMARY KEY (indicator, start, length, inside, number)) WITHOUT ROWID;"                      \
    "CREATE INDEX evidence_by_entry ON evidence (entry);"                                          \
    "CREATE TABLE events (entry INTEGER PRIMARY KEY, time INTEGER NOT NULL,"                       \
    " count INTEGER NOT NULL);"                                                                    \
    "CREATE TABLE notices (entry INTEGER PRIMARY KEY, type TEXT NOT NULL, subject TEXT NOT NULL,"  \
    " text TEXT NOT NULL, ends TEXT NOT NULL, time INTEGER NOT NULL, tlp INTEGER NOT NULL,"        \
    " stays INTEGER NOT NULL, open INTEGER NOT NULL);"                                             \
    "CREATE INDEX notices_open ON notices (subject) WHERE open;"                                   \
    "CREATE TABLE asked (entry INTEGER PRIMARY KEY, act INTEGER NOT NULL,"                         \
    " time INTEGER NOT NULL, about INTEGER NOT NULL);"                                             \
    "CREATE INDEX asked_about ON asked (about) WHERE about > 0;"                                   \
    "CREATE INDEX asked_rules ON asked (entry) WHERE act = 4 AND about = 0;"

#endif
