// What was scanned reaches the store once, whoever dies and whatever the network does in between.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import net from 'node:net';
import path from 'node:path';
import { after, test } from 'node:test';
import { agentShows, Fleet } from '../e2e/lib/fleet.mjs';
import { cleanUp, runToEnd, sleep, until } from '../e2e/lib/processes.mjs';

after(cleanUp);

const kYaml = `version: 1
mode: report
isolation: best
schedule: {every: 1h, jitter: 0s}
plugins: {system: {}}
`;

// Scans of the agent as the store has them, straight from the file.
function scansInStore(fleet) {
  const out = runToEnd(['sqlite3', '-readonly', path.join(fleet.data, 'redflag.db'),
    "SELECT count(*), count(DISTINCT scan_id) FROM scan WHERE plugin='system'"]).stdout.trim();
  const [all, distinct] = out.split('|').map(Number);
  assert.equal(all, distinct, 'a scan is in the store twice');
  return all;
}

// A TCP forwarder between the agent and its server, which can swallow replies, cut, or refuse.
class Wire {
  constructor(target) {
    this.target = target;
    this.mode = 'pass';
    this.sockets = new Set();
    this.swallowed = 0;
    this.server = net.createServer((client) => this.forward(client));
  }

  async listen() {
    await new Promise((resolve) => this.server.listen(0, '127.0.0.1', resolve));
    return this.server.address().port;
  }

  forward(client) {
    if (this.mode === 'cut') return client.destroy();
    const upstream = net.connect(this.target, '127.0.0.1');
    for (const socket of [client, upstream]) {
      this.sockets.add(socket);
      socket.on('error', () => {});
      socket.on('close', () => {
        this.sockets.delete(socket);
        client.destroy();
        upstream.destroy();
      });
    }
    client.on('data', (chunk) => upstream.write(chunk));
    upstream.on('data', (chunk) => {
      // "reply lost": what the server says after the handshake never arrives, then the line goes dead.
      if (this.mode === 'swallow' && client.bytesWritten > 3000) {
        this.swallowed += 1;
        client.destroy();
      } else client.write(chunk);
    });
    return undefined;
  }

  set(mode) {
    this.mode = mode;
    if (mode !== 'pass') for (const socket of this.sockets) socket.destroy();
  }

  close() {
    this.set('cut');
    this.server.close();
  }
}

// The enrolled agent talks to the wire's port instead of the server's.
function reroute(agent, from, to) {
  const file = path.join(agent.folder, 'state/identity/identity.json');
  fs.writeFileSync(file, fs.readFileSync(file, 'utf8').replaceAll(`:${from}`, `:${to}`), { mode: 0o600 });
}

test('a server that is killed during an upload has the scan once when it is back', async () => {
  const fleet = new Fleet('server-killed');
  await fleet.startServer();
  await fleet.signIn();
  const agent = fleet.enrol('agent', kYaml);
  for (let round = 1; round <= 5; round += 1) {
    agent.start();
    await sleep(150 * round);  // another moment of enrolment, scan and upload each round
    await fleet.server.stop('SIGKILL');
    await fleet.startServer();
    await until(() => scansInStore(fleet) >= 1, 'the scan in the store', 60_000, () => agent.process.output);
    await agent.process.stop();
  }
});

test('an agent that is killed between scan and upload uploads after its restart', async () => {
  const fleet = new Fleet('agent-killed');
  await fleet.startServer();
  await fleet.signIn();
  const agent = fleet.enrol('agent', kYaml);
  await fleet.server.stop();
  agent.start();
  await until(() => (agent.status()?.spool?.items ?? 0) > 0, 'a scan in the spool', 30_000, () => agent.process.output);
  await agent.process.stop('SIGKILL');
  await fleet.startServer();
  assert.equal(scansInStore(fleet), 0);
  agent.start();
  await until(() => scansInStore(fleet) >= 1, 'the scan in the store', 60_000, () => agent.process.output);
});

test('F1: a reply that is lost after the commit leads to one scan, not two', async () => {
  const fleet = new Fleet('reply-lost');
  await fleet.startServer();
  await fleet.signIn();
  const agent = fleet.enrol('agent', kYaml);
  const wire = new Wire(fleet.port);
  reroute(agent, fleet.port, await wire.listen());
  try {
    wire.set('swallow');
    agent.start();
    await until(() => wire.swallowed > 0 && scansInStore(fleet) >= 1, 'a committed scan whose reply was lost', 60_000,
      () => agent.process.output);
    const before = scansInStore(fleet);
    wire.set('pass');
    await until(() => (agent.status()?.spool?.items ?? 1) === 0, 'an empty spool', 90_000, () => agent.process.output);
    assert.equal(scansInStore(fleet), before);
  } finally {
    wire.close();
  }
});

test('F2: a flapping network ends in one connected agent with everything delivered', async () => {
  const fleet = new Fleet('flapping');
  await fleet.startServer();
  const api = await fleet.signIn();
  const agent = fleet.enrol('agent', kYaml);
  const wire = new Wire(fleet.port);
  reroute(agent, fleet.port, await wire.listen());
  try {
    agent.start();
    for (let i = 0; i < 8; i += 1) {
      wire.set('cut');
      await sleep(1000);
      wire.set('pass');
      await sleep(1000);
    }
    await agentShows(api, agent.id, 'the agent to be connected', (now) => now.connection === 'connected', 120_000);
    await until(() => (agent.status()?.spool?.items ?? 1) === 0, 'an empty spool', 60_000, () => agent.process.output);
    assert.ok(scansInStore(fleet) >= 1);
    assert.ok(fs.statSync(path.join(agent.folder, 'agent.log')).size < 64 * 1024, 'the log grew with every flap');
  } finally {
    wire.close();
  }
});
