// Rows G7 and G9: what another user of the same machine can reach of agent, executor and server.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { Fleet } from '../e2e/lib/fleet.mjs';
import { cleanUp, Program, program, runToEnd, until } from '../e2e/lib/processes.mjs';

after(cleanUp);

const kStranger = 'daemon';
const kStrangerId = Number(runToEnd(['id', '-u', kStranger]).stdout);
let fleet;
let agent;

function asStranger(script, ...argv) {
  return runToEnd(['node', '-e', script, ...argv], { user: kStranger, allowFailure: true }).stdout.trim();
}

function* filesBelow(folder) {
  for (const entry of fs.readdirSync(folder, { withFileTypes: true })) {
    const file = path.join(folder, entry.name);
    if (entry.isDirectory()) yield* filesBelow(file);
    else yield file;
  }
}

before(async () => {
  fleet = new Fleet('local');
  await fleet.startServer();
  agent = fleet.enrol('agent', 'version: 1\nmode: act\nisolation: best\nplugins: {system: {}}\n', { act: true });
  // The walls are those of the files and sockets themselves, not of a folder above them.
  fs.chmodSync(agent.folder, 0o755);
  await agent.startExecutor();
  agent.start();
  await until(() => agent.status() !== null, 'the agent', 20_000);
});

test('G7: a stranger can neither connect to the sockets nor put his own in their place', async () => {
  const sockets = [path.join(agent.folder, 'state/run/agent.sock'), agent.executorSocket];
  const script = `
    const net = require('net');
    const fs = require('fs');
    const socket = process.argv[1];
    const say = (what) => { console.log(what); process.exit(0); };
    try { fs.unlinkSync(socket); say('removed it'); } catch (error) { if (!['EACCES', 'EPERM'].includes(error.code)) say(error.code); }
    try { fs.symlinkSync('/tmp', socket + '.new'); say('made a link beside it'); } catch (error) { if (!['EACCES', 'EPERM'].includes(error.code)) say(error.code); }
    net.connect(socket).on('error', (error) => say(error.code)).on('connect', () => say('connected'));
  `;
  for (const socket of sockets) {
    assert.ok(fs.existsSync(socket), socket);
    assert.equal(asStranger(script, socket), 'EACCES', socket);
  }
  // Even where the file lets him in, the executor listens to one user only.
  fs.chmodSync(agent.executorSocket, 0o666);
  const talk = `
    const body = Buffer.from(JSON.stringify({op: 'status'}));
    const head = Buffer.alloc(4);
    head.writeUInt32LE(body.length);
    const socket = require('net').connect(process.argv[1], () => socket.write(Buffer.concat([head, body])));
    socket.on('data', () => { console.log('answered'); process.exit(0); });
    for (const end of ['close', 'error']) socket.on(end, () => { console.log('cut off'); process.exit(0); });
  `;
  assert.equal(asStranger(talk, agent.executorSocket), 'cut off');
  fs.chmodSync(agent.executorSocket, 0o660);
  await agent.executor.says(new RegExp(`user ${kStrangerId} .* is not listened to`));
  assert.notEqual(agent.status(), null);
  const api = await fleet.signIn();
  const told = async () => (await api.get(`/api/v1/audit?kind=security&agent_id=${agent.id}`)).items.find((entry) => entry.kind === 'security.connection');
  await until(told, 'the audit log', 20_000);
  const entry = await told();
  assert.deepEqual([entry.subsystem, entry.severity, entry.code], ['security', 'error', 'connection']);
  assert.match(entry.text, new RegExp(`executor cut a local connection off: user ${kStrangerId} \\(process \\d+\\) is not listened to; 1 in all`));
});

test('G9: keys and stores are their owner\'s alone, and no secret is in an argument, an environment or a log', async () => {
  for (const folder of [path.join(agent.folder, 'state'), agent.executorState, fleet.data]) {
    assert.equal(fs.statSync(folder).mode & 0o077, 0, folder);
  }
  const secret = [path.join(agent.folder, 'state/identity'), agent.executorState, path.join(fleet.data, 'keys')]
    .flatMap((folder) => [...filesBelow(folder)]).concat([...filesBelow(path.join(fleet.data, 'tls'))].filter((file) => file.endsWith('.key')))
    .concat(path.join(fleet.data, 'redflag.db'));
  assert.ok(secret.length >= 8, secret.join('\n'));
  for (const file of secret) assert.equal(fs.statSync(file).mode & 0o077, 0, file);

  const words = [fs.readFileSync(path.join(fleet.data, 'keys/command.key'), 'utf8').trim(), fleet.setupToken];
  for (const { pid, name } of [fleet.server, agent.process, agent.executor]) {
    for (const about of ['cmdline', 'environ']) {
      const text = fs.readFileSync(`/proc/${pid}/${about}`, 'utf8');
      for (const word of words) assert.ok(!text.includes(word), `${name}: a secret in ${about}`);
    }
  }
  const stored = runToEnd(['sqlite3', '-readonly', path.join(fleet.data, 'redflag.db'), '.dump']).stdout;
  for (const word of words) assert.ok(!stored.includes(word), 'a secret is in the store as it is');
  for (const { output, name } of [fleet.server, agent.process, agent.executor]) assert.ok(!output.includes(words[0]), `${name}: a key in the log`);
});

// A process of the same user may look into another one's memory, and make it dump it, unless that one forbids it.
test('G9: the memory of the agent is closed to other processes of its user', async () => {
  const folder = path.join(fleet.folder, 'lesser');
  fs.mkdirSync(folder, { mode: 0o700 });
  fs.chownSync(folder, kStrangerId, kStrangerId);
  const lesser = new Program('the agent of an ordinary user', [program('redflag-agent'), '--state', path.join(folder, 'state'), 'run'], { user: kStranger });
  await lesser.says(/redflag-agent \S+ runs/);
  const look = "try { require('fs').readFileSync('/proc/' + process.argv[1] + '/environ'); console.log('open'); } catch (error) { console.log(error.code); }";
  assert.equal(asStranger(look, String(lesser.pid)), 'EACCES');
  await lesser.stop();
});
