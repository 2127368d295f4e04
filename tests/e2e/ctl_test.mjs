// redflagctl against a real server: what it prints is what the API says, and what it orders is there afterwards.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { TwoClients } from '../faults/lib/two_clients.mjs';
import { cleanUp, kPatience, Program, program, temporaryFolder, until } from './lib/processes.mjs';

after(cleanUp);

const two = new TwoClients();
const homes = {};

const environment = (home) => ({ PATH: process.env.PATH, HOME: home });

function ctl(home, words, input = '') {
  const ended = spawnSync(program('redflagctl'), words, { env: environment(home), input, encoding: 'utf8', timeout: 60_000 * kPatience });
  return { code: ended.status, out: ended.stdout, said: ended.stderr };
}

const login = (home, token, ca = path.join(two.fleet.data, 'ca.pem')) =>
  ctl(home, ['login', '--server', two.fleet.url, '--ca', ca], `${token}\n`);

function json(home, words, input) {
  const ended = ctl(home, [...words, '--format', 'json'], input);
  assert.equal(ended.code, 0, ended.said);
  return JSON.parse(ended.out);
}

before(async () => {
  await two.start('ctl');
  const all = await two.service('script', { role: 'admin', client_id: null, site_id: null });
  homes.all = temporaryFolder('ctl-all');
  assert.equal(login(homes.all, all.token).code, 0);
  homes.ofA = temporaryFolder('ctl-a');
  assert.equal(login(homes.ofA, two.principal('service-of-a').token).code, 0);
});

test('signing in tries the token and keeps it where only its owner reads it', () => {
  const file = path.join(homes.all, '.config/redflag/redflagctl.json');
  assert.equal(fs.statSync(file).mode & 0o777, 0o600);
  const home = temporaryFolder('ctl-none');
  const wrong = login(home, 'rf_0000');
  assert.equal(wrong.code, 1);
  assert.doesNotMatch(wrong.said + wrong.out, /rf_0000/);
  assert.equal(fs.existsSync(path.join(home, '.config')), false);
  const unknown = ctl(home, ['agents', 'list']);
  assert.equal(unknown.code, 1);
  assert.match(unknown.said, /redflagctl login/);
});

test('a server that another authority vouches for is not spoken to', () => {
  const home = temporaryFolder('ctl-ca');
  const ca = path.join(home, 'other.pem');
  const made = spawnSync('openssl', ['req', '-x509', '-newkey', 'ed25519', '-nodes', '-keyout', path.join(home, 'key'), '-out', ca, '-subj', '/CN=other', '-days', '2'], { encoding: 'utf8' });
  assert.equal(made.status, 0, made.stderr);
  const refused = login(home, two.principal('service-of-a').token, ca);
  assert.equal(refused.code, 3, refused.said);
  assert.match(refused.said, /certificate/i);
  assert.equal(ctl(home, ['login', '--server', two.fleet.url.replace('https', 'http')], 'x\n').code, 1);
});

test('lists are the API\'s own, as a table or as JSON, and as many rows as were asked for', async () => {
  const table = ctl(homes.all, ['agents', 'list']);
  assert.equal(table.code, 0, table.said);
  assert.match(table.out.split('\n')[0], /^HOSTNAME +CLIENT +CONNECTION +MODE +ID/);
  assert.match(table.out, new RegExp(`machine-of-a +Client A .*${two.sides.A.agent.id}`));
  const listed = json(homes.all, ['agents', 'list']).items.map((agent) => agent.hostname).sort();
  assert.deepEqual(listed, ['machine-of-a', 'machine-of-b']);
  assert.equal(json(homes.all, ['updates', 'rows', '--limit', '7']).items.length, 7);
  const whole = json(homes.all, ['updates', 'rows', '--all']);
  assert.equal(whole.items.length, whole.total);
  const narrow = ctl(homes.all, ['updates', 'rows', '--limit', '1', '--columns', 'name,state']);
  assert.match(narrow.out, /^NAME +STATE\n\S+ +available\n$/);
});

test('one thing is shown whole', async () => {
  const shown = ctl(homes.all, ['agents', 'show', two.sides.B.agent.id]);
  assert.match(shown.out, /^hostname: machine-of-b$/m);
  assert.match(shown.out, /^plugins:\n {2}- /m);
});

const scanOf = (side) => ['commands', 'create', '--type', 'scan', '--agent-ids', side.agent.id, '--parameters', '{"plugins":["apt"]}'];

test('an order is made, seen, streamed and withdrawn', async () => {
  const events = new Program('redflagctl events', [program('redflagctl'), 'events', 'follow'], { env: environment(homes.all) });
  const ordered = [];
  await until(() => {
    // Whatever is ordered before the stream stands is not told by it.
    const { items: [command] } = json(homes.all, scanOf(two.sides.B));
    assert.equal(ctl(homes.all, ['commands', 'cancel', command.id]).code, 0);
    ordered.push(command.id);
    return ordered.some((id) => events.output.includes(id));
  }, 'an event about a command', 20_000, () => events.output);
  const { items: [{ id }] } = json(homes.all, scanOf(two.sides.A));
  for (const line of events.output.trim().split('\n')) JSON.parse(line);
  await events.stop();
  assert.equal((await two.admin.get(`/api/v1/commands/${id}`)).state, 'queued');
  assert.equal(ctl(homes.all, ['commands', 'cancel', id]).code, 0);
  assert.equal((await two.admin.get(`/api/v1/commands/${id}`)).state, 'cancelled');
  assert.match(ctl(homes.all, ['commands', 'show', id]).out, /^transitions:$/m);
});

test('what is no list is printed as it comes, and what no token may do is no command', () => {
  const lines = ctl(homes.all, ['audit', 'export']).out.trim().split('\n').map((line) => JSON.parse(line));
  assert.ok(lines.at(-1).head.signature);
  assert.equal(ctl(homes.all, ['account', 'sessions']).code, 2);
  assert.equal(ctl(homes.all, ['users', 'create']).code, 2);
});

test('a whole body comes from a file or from standard input', async () => {
  const row = two.sides.A.rows.pop();
  const body = JSON.stringify({ update_ids: [row.id] });
  const preview = json(homes.all, ['approvals', 'create', '--preview', '--body', '-'], body);
  assert.ok(preview, 'a preview');
  const file = path.join(homes.all, 'approval.json');
  fs.writeFileSync(file, body);
  json(homes.all, ['approvals', 'create', '--body', file]);
  const rows = await two.admin.get(`/api/v1/agents/${two.sides.A.agent.id}/updates?limit=500`);
  assert.equal(rows.items.find((one) => one.id === row.id).state, 'approved');
  assert.equal(ctl(homes.all, ['approvals', 'create', '--body', `${file}.not`]).code, 2);
});

test('the server\'s no is told with its code, and what is not to be seen is not there', () => {
  const foreign = ctl(homes.ofA, ['agents', 'show', two.sides.B.agent.id]);
  assert.equal(foreign.code, 1);
  assert.match(foreign.said, /^redflagctl: agent\.not_found: /);
  const forbidden = ctl(homes.ofA, ['enrolment-tokens', 'create', '--seats', '1', '--expires-in-s', '600']);
  assert.equal(forbidden.code, 1);
  assert.match(forbidden.said, /role\.insufficient/);
  const malformed = ctl(homes.all, ['enrolment-tokens', 'create', '--seats', '0', '--expires-in-s', '600']);
  assert.equal(malformed.code, 1);
  assert.match(malformed.said, /seats/);
});

test('bash completes nouns, verbs and options', () => {
  const script = path.join(homes.all, 'completion');
  fs.writeFileSync(script, ctl(homes.all, ['completion']).out);
  const complete = (...words) => {
    const line = `source ${script}; COMP_WORDS=(redflagctl ${words.map((word) => `'${word}'`).join(' ')}); COMP_CWORD=${words.length}; _redflagctl; echo "\${COMPREPLY[@]}"`;
    return spawnSync('bash', ['-c', line], { encoding: 'utf8' }).stdout.trim().split(' ');
  };
  assert.ok(complete('ag').includes('agents'));
  assert.deepEqual(complete('agents', 'hi'), ['history']);
  assert.ok(complete('updates', 'rows', '--').includes('--agent-id'));
});
