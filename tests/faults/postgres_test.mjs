// The real server on PostgreSQL, and what happens when PostgreSQL crashes under it.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import { after, test } from 'node:test';
import { agentShows, Fleet } from '../e2e/lib/fleet.mjs';
import { Postgres } from '../e2e/lib/postgres.mjs';
import { cleanUp, freePort, program, runToEnd, sleep, temporaryFolder, until } from '../e2e/lib/processes.mjs';

const kYaml = `version: 1
mode: report
isolation: best
schedule: {every: 1m, jitter: 0s}
plugins: {system: {}}
`;

const postgres = new Postgres('postgres');
after(async () => {
  postgres.stop();
  await cleanUp();
});

const statusOf = async (api, path) => (await api.request('GET', path, undefined, { allowProblem: true })).status;

// Makes tokens until it is told to stop; answers the ids that were acknowledged, and every other answer.
function writer(api) {
  const acknowledged = [];
  const refused = [];
  let stopped = false;
  const run = (async () => {
    while (!stopped) {
      const answer = await api.request('POST', '/api/v1/enrolment-tokens', { seats: 1, expires_in_s: 3600 }, { allowProblem: true });
      if (answer.status === 201) acknowledged.push(answer.body.id);
      else refused.push(answer);
      await sleep(answer.status === 201 ? 5 : 50);
    }
  })();
  return { acknowledged, refused, stop: () => { stopped = true; return run; } };
}

test('E8: PostgreSQL crashes and comes back: 503 meanwhile, nothing acknowledged is lost, nobody has to help', async () => {
  postgres.start();
  const fleet = new Fleet('on-postgres', { database: postgres.makeDatabase('redflag') });
  await fleet.startServer();
  const api = await fleet.signIn();
  const agent = fleet.enrol('agent', kYaml);
  agent.start();
  await agentShows(api, agent.id, 'its first scan', (a) => a.last_scan && a.connection === 'connected', 60_000);

  const tokens = writer(api);
  for (let round = 1; round <= 3; round += 1) {
    const before = tokens.acknowledged.length;
    await until(() => tokens.acknowledged.length >= before + 5, 'acknowledged writes');
    await agent.process.stop();
    postgres.kill();
    agent.start();  // it has something to say, and nobody to say it to

    const problem = await api.request('GET', '/api/v1/agents', undefined, { allowProblem: true });
    assert.equal(problem.status, 503);
    assert.equal(problem.body.code, 'store.unavailable');
    assert.ok(Number(problem.headers['retry-after']) > 0, 'no Retry-After');
    assert.equal(await statusOf(api, '/healthz'), 200);
    assert.equal(await statusOf(api, '/readyz'), 503);
    await until(() => (agent.status()?.spool?.items ?? 0) > 0, 'something in the spool', 60_000, () => agent.process.output);

    postgres.start();
    await until(async () => (await statusOf(api, '/readyz')) === 200, 'the server to recover by itself', 15_000);
    await until(() => (agent.status()?.spool?.items ?? 1) === 0, 'an empty spool', 90_000, () => agent.process.output);
  }
  await until(() => tokens.acknowledged.length > 0 && tokens.refused.length > 0, 'both kinds of answers');
  await tokens.stop();

  for (const answer of tokens.refused) {
    assert.equal(answer.status, 503, JSON.stringify(answer.body));
    assert.match(answer.body.code, /^store\.(unavailable|outcome_unknown|busy)$/);
  }
  const stored = new Set(postgres.query('SELECT token_id FROM enrolment_tokens', 'redflag').split('\n'));
  assert.deepEqual(tokens.acknowledged.filter((id) => !stored.has(id)), [], 'acknowledged and lost');

  const back = new Date().toISOString();
  await api.post('/api/v1/commands', { type: 'scan', agent_ids: [agent.id], parameters: {} });
  const last = await agentShows(api, agent.id, 'its next scan', (a) => a.last_scan.at > back && a.connection === 'connected', 120_000);
  assert.equal(last.last_scan.status, 'ok');
  assert.equal(postgres.query('SELECT count(*) - count(DISTINCT scan_id) FROM scans', 'redflag'), '0', 'a scan is stored twice');
  assert.equal(fleet.server.exit, null, 'the server has ended');
});

// A CA and a certificate by it for `name`, in `folder`, the key for PostgreSQL alone.
function certify(folder, name) {
  const openssl = (...argv) => runToEnd(['openssl', ...argv]);
  const at = (file) => path.join(folder, file);
  fs.mkdirSync(folder, { recursive: true });
  openssl('req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-days', '2', '-subj', '/CN=a CA',
    '-keyout', at('ca.key'), '-out', at('ca.pem'));
  openssl('req', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-subj', '/CN=database',
    '-keyout', at('server.key'), '-out', at('server.csr'));
  fs.writeFileSync(at('san'), `subjectAltName=${name}\n`);
  openssl('x509', '-req', '-in', at('server.csr'), '-CA', at('ca.pem'), '-CAkey', at('ca.key'), '-CAcreateserial', '-days', '2',
    '-extfile', at('san'), '-out', at('server.pem'));
  return { ca: at('ca.pem'), certificate: at('server.pem'), key: at('server.key') };
}

function serveOverTls(database, port, { certificate, key }) {
  const data = path.join(database.folder, 'data');
  for (const [from, to] of [[certificate, 'server.crt'], [key, 'server.key']])
    runToEnd(['install', '-o', 'postgres', '-m', '0600', from, path.join(data, to)]);
  fs.appendFileSync(path.join(data, 'postgresql.conf'), `\nssl = on\nlisten_addresses = '127.0.0.1'\nport = ${port}\n`);
  fs.writeFileSync(path.join(data, 'pg_hba.conf'), 'local all all trust\nhostssl all all 127.0.0.1/32 trust\n');
  database.kill();
  database.start();
}

test('the database over TLS: verify-full takes the certificate that was meant and no other', async () => {
  const database = new Postgres('postgres-tls');
  database.start();
  try {
    database.makeDatabase('redflag');
    const folder = temporaryFolder('certificates');
    const right = certify(path.join(folder, 'right'), 'IP:127.0.0.1');
    const stranger = certify(path.join(folder, 'stranger'), 'IP:127.0.0.1');
    const elsewhere = certify(path.join(folder, 'elsewhere'), 'DNS:db.example.org');
    const port = await freePort();
    const url = (ca) => `postgresql://postgres@127.0.0.1:${port}/redflag?sslmode=verify-full&sslrootcert=${ca}`;
    const init = (name, ca) => runToEnd([program('redflag-server'), 'init', '--data', path.join(folder, name), '--database', url(ca)],
      { allowFailure: true });

    serveOverTls(database, port, right);
    const wrongCa = init('wrong-ca', stranger.ca);
    assert.notEqual(wrongCa.status, 0);
    assert.match(wrongCa.stderr, /certificate verify failed/);

    const fleet = new Fleet('over-tls', { database: url(right.ca) });
    await fleet.startServer();
    const api = await fleet.signIn();
    assert.equal((await api.request('GET', '/readyz')).status, 200);
    const lines = runToEnd(['psql', '-X', '-tA', '-h', database.folder, '-p', String(port), '-U', 'postgres', '-d', 'redflag', '-c',
      "SELECT s.ssl, s.version FROM pg_stat_ssl s JOIN pg_stat_activity a USING (pid) WHERE a.client_addr = '127.0.0.1'"]).stdout.trim().split('\n');
    assert.ok(lines.every((line) => /^t\|TLSv1\.[23]$/.test(line)), lines.join('; '));
    await fleet.server.stop();

    serveOverTls(database, port, elsewhere);
    const wrongName = init('wrong-name', elsewhere.ca);
    assert.notEqual(wrongName.status, 0);
    assert.match(wrongName.stderr, /certificate for "db.example.org".* does not match host name/);
  } finally {
    database.stop();
  }
});
