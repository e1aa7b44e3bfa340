// SPDX-License-Identifier: EUPL-1.2
// The hits that SQL finds in a log, and what they cost: one thread of DuckDB, the list loaded
// beforehand. Prints "NAME FIGURE" lines as the other programs of bench/ do.
//
//   node hits.mjs eve|zeek-json LOG LIST ROUNDS
//
// SQL is asked for what it can be asked for without code of its own: IPv4 addresses, names with
// each name above them, and digests, in the fields where such stand. Ranges, IPv6 in its many
// writings and URLs made of several fields are left out, which is in DuckDB's favour.
import { DuckDBInstance } from '@duckdb/node-api';

// Columns of a log, and which of them hold addresses and digests, or names.
const FORMATS = {
  'zeek-json': {
    columns: `{'id.orig_h': 'VARCHAR', 'id.resp_h': 'VARCHAR', 'id_orig_h': 'VARCHAR',
      'id_resp_h': 'VARCHAR', 'query': 'VARCHAR',
      'answers': 'VARCHAR[]', 'host': 'JSON', 'server_name': 'VARCHAR', 'path': 'JSON',
      'helo': 'VARCHAR', 'src': 'VARCHAR', 'dst': 'VARCHAR', 'fingerprint': 'VARCHAR',
      'md5': 'VARCHAR', 'sha1': 'VARCHAR', 'sha256': 'VARCHAR', 'cert_chain_fps': 'VARCHAR[]',
      'tx_hosts': 'VARCHAR[]', 'rx_hosts': 'VARCHAR[]', 'san.dns': 'VARCHAR[]'}`,
    values: `["id.orig_h", "id.resp_h", id_orig_h, id_resp_h, src, dst, fingerprint, md5, sha1, sha256, helo, server_name,
      host->>'$', path->>'$'] || coalesce(answers, []) || coalesce(cert_chain_fps, []) ||
      coalesce(tx_hosts, []) || coalesce(rx_hosts, []) || coalesce(try_cast(path as VARCHAR[]), [])`,
    names: `[query, host->>'$', server_name, helo] || coalesce(answers, []) ||
      coalesce("san.dns", [])`,
  },
  eve: {
    columns: `{'src_ip': 'VARCHAR', 'dest_ip': 'VARCHAR', 'dns': 'JSON',
      'http': 'STRUCT(hostname VARCHAR)', 'tls': 'STRUCT(sni VARCHAR, fingerprint VARCHAR,
      subjectaltname VARCHAR[])', 'quic': 'STRUCT(sni VARCHAR)',
      'fileinfo': 'STRUCT(md5 VARCHAR, sha1 VARCHAR, sha256 VARCHAR)',
      'files': 'STRUCT(md5 VARCHAR, sha1 VARCHAR, sha256 VARCHAR)[]',
      'smtp': 'STRUCT(helo VARCHAR)'}`,
    values: `[src_ip, dest_ip, dns->>'$.rdata', http.hostname, replace(tls.fingerprint, ':', ''),
      fileinfo.md5, fileinfo.sha1, fileinfo.sha256, smtp.helo] ||
      coalesce(dns->>'$.answers[*].rdata', []) || coalesce(dns->>'$.grouped.A[*]', []) ||
      coalesce(dns->>'$.additionals[*].rdata', []) || coalesce(dns->>'$.answer.answers[*].rdata', []) ||
      coalesce(list_transform(files, lambda f: f.md5), []) ||
      coalesce(list_transform(files, lambda f: f.sha256), [])`,
    names: `[http.hostname, tls.sni, quic.sni, smtp.helo, dns->>'$.rrname', dns->>'$.rdata'] ||
      coalesce(dns->>'$.queries[*].rrname', []) || coalesce(dns->>'$.answers[*].rrname', []) ||
      coalesce(dns->>'$.answers[*].rdata', []) || coalesce(dns->>'$.authorities[*].rrname', []) ||
      coalesce(dns->>'$.authorities[*].rdata', []) || coalesce(dns->>'$.additionals[*].rrname', []) ||
      coalesce(dns->>'$.grouped.CNAME[*]', []) || coalesce(dns->>'$.query[*].rrname', []) ||
      coalesce(tls.subjectaltname, [])`,
  },
};

const quoted = (text) => `'${text.replaceAll("'", "''")}'`;

function query(format, log) {
  const { columns, values, names } = FORMATS[format];
  return `
    WITH lines AS (
      SELECT row_number() OVER () AS line, ${values} AS vals, ${names} AS names
      FROM read_ndjson(${quoted(log)}, columns = ${columns}, maximum_object_size = 4000000)),
    seen AS (
      SELECT line, lower(unnest(list_distinct(vals))) AS value FROM lines
      UNION ALL
      SELECT line, array_to_string(labels[first:], '.') AS value FROM (
        SELECT line, labels, unnest(range(1, len(labels))) AS first FROM (
          SELECT line, string_split(rtrim(lower(unnest(list_distinct(names))), '.'), '.') AS labels
          FROM lines)))
    SELECT kind, count(DISTINCT (line, value))::INTEGER AS hits
    FROM seen JOIN indicators USING (value) GROUP BY kind ORDER BY kind`;
}

async function main([format, log, list, rounds]) {
  const instance = await DuckDBInstance.create(':memory:', { threads: '1' });
  const db = await instance.connect();
  await db.run('SET preserve_insertion_order = false');
  await db.run(`CREATE TABLE indicators AS
    SELECT DISTINCT lower(value) AS value,
      CASE WHEN regexp_full_match(value, '[0-9.]+') THEN 'ipv4'
           WHEN regexp_full_match(value, '[0-9a-fA-F]+') THEN 'digest' ELSE 'domain' END AS kind
    FROM read_csv(${quoted(list)}, header = false, columns = {'value': 'VARCHAR'}, delim = '\t',
      quote = '', escape = '')
    WHERE value NOT LIKE '%/%' AND value NOT LIKE '%:%' AND value NOT LIKE '%@%'`);
  let best = Infinity;
  let rows = [];
  for (let round = 0; round < Number(rounds); round++) {
    const begin = process.cpuUsage();
    rows = (await db.runAndReadAll(query(format, log))).getRowObjects();
    const took = process.cpuUsage(begin);
    best = Math.min(best, (took.user + took.system) / 1e6);
  }
  for (const { kind, hits } of rows) {
    console.log(`${kind} ${hits}`);
  }
  console.log(`cpu_s ${best.toFixed(3)}`);
}

await main(process.argv.slice(2));
