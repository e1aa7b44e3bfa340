// SPDX-License-Identifier: EUPL-1.2
// The questions of linie-bench-hunt, put to DuckDB over the same rows: one thread, all in memory or in
// its cache. Prints "NAME FIGURE" lines as the other programs of bench/ do; milliseconds of CPU time.
//
//   node hunt.mjs TABLE QUESTIONS DOMAIN NETWORK ROUNDS
//
// In DuckDB's favour the table is sorted as the questions need it, a domain stands in it backwards, so
// that names below one are a range, and a network is a prefix of text.
import { rmSync, statSync } from 'node:fs';
import { DuckDBInstance } from '@duckdb/node-api';

const quoted = (text) => `'${text.replaceAll("'", "''")}'`;
const backwards = (text) => [...text].reverse().join('');
const SUMS = 'count(*)::DOUBLE AS postings, coalesce(sum(count), 0)::DOUBLE AS lines';

// Names below a domain have it as their first labels: for each number of labels that a question has, one
// hash join, which is quicker than a join by ranges.
function many(labels) {
  const exact = `SELECT question, count FROM seen JOIN questions USING (kind, key)`;
  const below = labels.map(
    (n) => `SELECT question, count FROM (
        SELECT array_to_string(string_split(key, '.')[1:${n}], '.') AS top, key, count
        FROM seen WHERE kind = 'domain') AS s
      JOIN questions AS q ON q.kind = 'domain' AND q.labels = ${n} AND q.key = s.top AND s.key <> s.top`,
  );
  return `SELECT ${SUMS}, count(DISTINCT question)::DOUBLE AS found
    FROM (${[exact, ...below].join(' UNION ALL ')})`;
}

async function load(db, table, questions) {
  await db.run(`CREATE TABLE seen AS
    SELECT kind, CASE WHEN kind = 'domain' THEN reverse(value) ELSE value END AS key,
      hour, first, last, count, host
    FROM read_csv(${quoted(table)}, header = false, delim = '\t', quote = '', escape = '',
      columns = {'kind': 'VARCHAR', 'value': 'VARCHAR', 'hour': 'UINTEGER', 'first': 'UINTEGER',
        'last': 'UINTEGER', 'count': 'UINTEGER', 'host': 'USMALLINT'})
    ORDER BY kind, key, hour, host`);
  await db.run(`CREATE TABLE questions AS
    SELECT row_number() OVER () AS question, planted, kind,
      CASE WHEN kind = 'domain' THEN reverse(value) ELSE value END AS key,
      len(string_split(value, '.')) AS labels
    FROM read_csv(${quoted(questions)}, header = false, delim = '\t', quote = '', escape = '',
      columns = {'planted': 'INTEGER', 'kind': 'VARCHAR', 'scope': 'VARCHAR', 'hex': 'VARCHAR',
        'value': 'VARCHAR'})`);
  await db.run('CHECKPOINT');
}

const median = (figures) => figures.toSorted((a, b) => a - b)[Math.floor(figures.length / 2)];

async function timed(db, query) {
  const begin = process.cpuUsage();
  const wall = process.hrtime.bigint();
  const rows = (await db.runAndReadAll(query)).getRowObjects();
  const took = process.cpuUsage(begin);
  const wallMs = Number(process.hrtime.bigint() - wall) / 1e6;
  return { rows, ms: (took.user + took.system) / 1e3, wallMs };
}

async function measure(db, name, query, rounds) {
  const times = [];
  const walls = [];
  let rows = (await timed(db, query)).rows;
  for (let round = 0; round < rounds; round++) {
    const one = await timed(db, query);
    times.push(one.ms);
    walls.push(one.wallMs);
    rows = one.rows;
  }
  console.log(`${name}_ms ${median(times).toFixed(3)}`);
  console.log(`${name}_wall_ms ${median(walls).toFixed(3)}`);
  for (const [what, figure] of Object.entries(rows[0])) {
    console.log(`${name}_${what} ${figure}`);
  }
}

async function measureOne(db) {
  const planted = await db.runAndReadAll(
    `SELECT kind, key FROM questions WHERE planted = 1 AND kind <> 'domain'`);
  const times = [];
  for (const { kind, key } of planted.getRowObjects()) {
    const query = `SELECT * FROM seen WHERE kind = ${quoted(kind)} AND key = ${quoted(key)}`;
    await timed(db, query);
    times.push((await timed(db, query)).ms);
  }
  console.log(`one_ms ${median(times).toFixed(3)}`);
}

async function main([table, questions, domain, network, roundsText]) {
  const rounds = Number(roundsText);
  const file = `${table}.duckdb`;
  rmSync(file, { force: true });
  const instance = await DuckDBInstance.create(file, { threads: '1' });
  const db = await instance.connect();
  await load(db, table, questions);
  const labels = (await db.runAndReadAll(
    `SELECT DISTINCT labels::INTEGER AS n FROM questions WHERE kind = 'domain'`)).getRowObjects();
  await measure(db, 'many', many(labels.map(({ n }) => n)), rounds);
  await measureOne(db);
  const key = quoted(backwards(domain));
  await measure(db, 'below', `SELECT ${SUMS} FROM seen WHERE kind = 'domain' AND
    (key = ${key} OR (key >= ${key} || '.' AND key < ${key} || '/'))`, rounds);
  const inside = `kind = 'ipv4' AND key >= ${quoted(network)} AND
    key < ${quoted(network.replace(/\.$/, '/'))}`;
  await measure(db, 'range', `SELECT count(*)::DOUBLE AS addresses FROM (
    SELECT DISTINCT key FROM seen WHERE ${inside} LIMIT 10000)`, rounds);
  await measure(db, 'range_all', `SELECT ${SUMS} FROM seen WHERE ${inside}`, rounds);
  console.log(`bytes ${statSync(file).size}`);
  instance.closeSync();
  rmSync(file, { force: true });
}

await main(process.argv.slice(2));
