// B5 F1: orders without end to two machines, while the line is cut, replies are lost, and agents, their executors and the
// server are killed at random. The judge is outside of all of them: an action that signs, on disk, each time it is carried out.
//   REDFLAG_FIRE_S         how long, in seconds (default 120)
//   REDFLAG_FIRE_COMMANDS  instead: until so many were ordered (scripts/test --long: 10000)
//   REDFLAG_FIRE_ENGINES   on which databases, one after the other (default sqlite; scripts/test --long: sqlite,postgresql)
//   REDFLAG_SEED           repeats a run's choices
import assert from 'node:assert/strict';
import { createHash, randomInt } from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';
import { after, test } from 'node:test';
import { agentShows, Fleet } from '../e2e/lib/fleet.mjs';
import { Postgres } from '../e2e/lib/postgres.mjs';
import { build, cleanUp, runToEnd, sleep, until } from '../e2e/lib/processes.mjs';
import { random } from './lib/random.mjs';
import { Wire } from './lib/wire.mjs';

after(cleanUp);

const fireMs = Number(process.env.REDFLAG_FIRE_S ?? 120) * 1000;
const wanted = Number(process.env.REDFLAG_FIRE_COMMANDS ?? Infinity);
const seed = Number(process.env.REDFLAG_SEED ?? randomInt(2 ** 31));
const next = random(seed);
const below = (n) => Math.floor(next() * n);

const kFewest = 100;  // commands that mean anything
const kAhead = 150;  // orders that a machine has not ended yet
const kUnderWay = 'scheduled,queued,delivered,accepted,running,lost';

function drop(kind, id, into) {
  fs.mkdirSync(into, { recursive: true });
  for (const ending of ['so', 'json']) fs.copyFileSync(path.join(build, kind, `${id}.${ending}`), path.join(into, `${id}.${ending}`));
  return createHash('sha256').update(fs.readFileSync(path.join(into, `${id}.so`))).digest('hex');
}

class Machine {
  constructor(fleet, name, plugins, sha256) {
    this.signatures = path.join(fleet.folder, `${name}-signatures`);
    fs.mkdirSync(this.signatures);
    this.agent = fleet.enrol(name, `version: 1
mode: act
isolation: best
schedule: {every: 1h, jitter: 0s}
plugins:
  test.witness: {settings: {folder: "${this.signatures}"}, capabilities: ["write:{folder}"], sha256: ${sha256}}
policy:
  allow:
    - {action: test.witness/sign, when: always}
`, { plugins, act: true });
    this.wire = new Wire(fleet.port);
    this.busy = false;  // one harm at a time
  }

  async start(fleet) {
    this.agent.reroute(fleet.port, await this.wire.listen());
    await this.agent.startExecutor();
    this.agent.start();
  }

  // How often each mark was signed.
  signed() {
    const file = path.join(this.signatures, 'signed');
    const times = new Map();
    const text = fs.existsSync(file) ? fs.readFileSync(file, 'utf8') : '';
    for (const mark of text.split('\n').filter(Boolean)) times.set(mark, (times.get(mark) ?? 0) + 1);
    return times;
  }
}

const kHarms = {
  async cut({ wire }) {
    wire.set('cut');
    await sleep(below(1500));
    wire.set('pass');
  },
  async mute({ wire }) {  // what was committed meanwhile has no reply
    wire.set('mute');
    await sleep(below(1500));
    wire.set('cut');
    wire.set('pass');
  },
  async agent({ agent }) {
    await agent.process.stop('SIGKILL');
    await sleep(below(400));
    agent.start();
  },
  async executor({ agent }) {
    await agent.executor.stop('SIGKILL');
    await sleep(below(400));
    await agent.startExecutor();
  },
  async both({ agent }) {
    await Promise.all([agent.process.stop('SIGKILL'), agent.executor.stop('SIGKILL')]);
    agent.start();
    await sleep(below(400));
    await agent.startExecutor();
  },
};

class Fire {
  constructor(fleet, machines) {
    Object.assign(this, { fleet, machines, counts: { server: 0 }, under: [], burning: true });
    for (const name of Object.keys(kHarms)) this.counts[name] = 0;
  }

  async burn() {
    while (this.burning) {
      await sleep(300 + below(2200));
      const choice = below(12);
      if (choice < 2) {
        await this.killServer();
      } else {
        const machine = this.machines[below(this.machines.length)];
        const name = Object.keys(kHarms)[choice % Object.keys(kHarms).length];
        if (machine.busy) continue;
        machine.busy = true;
        this.counts[name] += 1;
        this.under.push(kHarms[name](machine).finally(() => { machine.busy = false; }));
      }
    }
    await Promise.all(this.under);
  }

  async killServer() {
    this.counts.server += 1;
    await this.fleet.server.stop('SIGKILL');
    await sleep(below(400));
    await this.fleet.startServer();
  }
}

// The technician, behind a proxy that sends again what got no answer, and some of what did.
class Technician {
  constructor(fleet, api, machines) {
    Object.assign(this, { fleet, api, machines, told: new Map(), retried: 0, doubled: 0, cancelled: 0, marks: 0 });
  }

  // Until it is answered; the same key each time.
  async post(address, body, key, good) {
    for (const end = Date.now() + 60_000; ;) {
      try {
        const answer = await this.api.request('POST', address, body, { allowProblem: true, headers: { 'idempotency-key': key } });
        if (good(answer.status)) return answer;
        if (Date.now() > end) throw new Error(`POST ${address}: ${answer.status} ${JSON.stringify(answer.body)}`);
      } catch (error) {
        if (Date.now() > end) throw error;
      }
      this.retried += 1;
      await sleep(100);
    }
  }

  async order() {
    const mark = `m${this.marks += 1}`;
    const body = { type: 'test.sign', agent_ids: this.machines.map(({ agent }) => agent.id), parameters: { mark, work_ms: below(30) } };
    const key = `${seed}-${mark}`;
    const twice = below(5) === 0;
    const ask = () => this.post('/api/v1/commands', body, key, (status) => status === 201);
    const answers = await Promise.all(twice ? [ask(), ask()] : [ask()]);
    const ids = answers.map(({ body: { items } }) => items.map(({ id }) => id));
    if (twice) {
      this.doubled += 1;
      assert.deepEqual(ids[1], ids[0], 'the same request twice is two orders');
    }
    answers[0].body.items.forEach((item) => this.told.set(item.id, { mark, agent: item.agent_id }));
    if (below(25) === 0) await this.cancel(ids[0][0]);
  }

  async cancel(id) {
    const { status } = await this.post(`/api/v1/commands/${id}/cancel`, undefined, `${seed}-cancel-${id}`, (code) => code === 200 || code === 409);
    if (status === 200) this.cancelled += 1;
  }

  async open(states = kUnderWay) {
    try {
      return (await this.api.get(`/api/v1/commands?limit=1&state=${states}`)).total;
    } catch {
      return Infinity;  // the server is away
    }
  }

  async work(over) {
    while (this.told.size < wanted && !over()) {
      const open = await this.open();
      if (open > kAhead * this.machines.length) await sleep(100);
      else await Promise.all([this.order(), this.order(), this.order(), this.order()]);
    }
  }
}

// What the judge asks once the server has ended, and not through it.
class SqliteFile {
  constructor(fleet) {
    this.file = path.join(fleet.data, 'redflag.db');
  }

  rows(query) {
    return JSON.parse(runToEnd(['sqlite3', '-json', '-readonly', this.file, query]).stdout || '[]');
  }

  judge() {
    assert.equal(runToEnd(['sqlite3', this.file, 'PRAGMA integrity_check; PRAGMA foreign_key_check']).stdout.trim(), 'ok');
  }
}

class PostgresDatabase {
  constructor() {
    this.server = new Postgres('fire-database');
    this.server.start();
    this.url = this.server.makeDatabase('fire');
  }

  rows(query) {
    return JSON.parse(this.server.query(`SELECT coalesce(json_agg(row_to_json(r)), '[]') FROM (${query}) r`, 'fire'));
  }

  // Each index against its table: a row that one of them has and the other has not is an exception.
  judge() {
    this.server.query('CREATE EXTENSION amcheck', 'fire');
    const [{ checked }] = this.rows(`SELECT count(*) AS checked FROM (SELECT bt_index_check(c.oid, true) FROM pg_class c
      JOIN pg_am a ON a.oid = c.relam JOIN pg_namespace n ON n.oid = c.relnamespace
      WHERE a.amname = 'btree' AND c.relkind = 'i' AND n.nspname = 'public') one`);
    assert.ok(checked > 10, `${checked} indexes`);
  }

  stop() {
    this.server.stop();
  }
}

// What must hold of the store, whatever was done to it.
function judgeStore(database) {
  database.judge();
  const broken = database.rows(`SELECT t.command_id, t.seq FROM command_transitions t LEFT JOIN command_transitions p
    ON p.client_id = t.client_id AND p.command_id = t.command_id AND p.seq = t.seq - 1 WHERE t.from_state <> coalesce(p.to_state, '')`);
  assert.deepEqual(broken, [], 'a life with a gap');
  const elsewhere = database.rows(`SELECT c.command_id FROM commands c WHERE c.state <> (SELECT t.to_state FROM command_transitions t
    WHERE t.client_id = c.client_id AND t.command_id = c.command_id ORDER BY t.seq DESC LIMIT 1)`);
  assert.deepEqual(elsewhere, [], 'a state that no transition led to');
  const told = database.rows(`SELECT c.command_id FROM commands c LEFT JOIN (SELECT command_id, count(*) AS times FROM history
    WHERE kind = 'command.succeeded' GROUP BY command_id) h ON h.command_id = c.command_id WHERE c.state = 'succeeded' AND coalesce(h.times, 0) <> 1`);
  assert.deepEqual(told, [], 'a success that history does not tell once');
  assert.deepEqual(database.rows("SELECT command_id FROM commands WHERE settlement = 'pending'"), [], 'an end that was not settled');
  const standing = database.rows("SELECT agent_id, identity_state FROM agents WHERE identity_state <> 'active'");
  assert.deepEqual(standing, [], 'a machine that lost nothing but its life is taken for a copy');
}

function judgeCommands(database, technician, machines) {
  const commands = database.rows("SELECT command_id, agent_id, state, reason_code, reason_text, results, parameters FROM commands WHERE type = 'test.sign'")
    .map(({ parameters, ...command }) => ({ ...command, mark: JSON.parse(parameters).mark }));
  assert.deepEqual(commands.map(({ command_id: id }) => id).sort(), [...technician.told.keys()].sort(), 'acknowledged is not what is in the store');
  const states = {};
  const wrong = [];
  const other = [];
  for (const machine of machines) {
    const signed = machine.signed();
    for (const command of commands.filter(({ agent_id: id }) => id === machine.agent.id)) {
      const times = signed.get(command.mark) ?? 0;
      signed.delete(command.mark);
      states[command.state] = (states[command.state] ?? 0) + 1;
      const ends = ['succeeded', 'failed', 'refused', 'expired', 'cancelled'].includes(command.state);
      if (!ends || times !== (command.state === 'succeeded' ? 1 : 0)) wrong.push({ ...command, times });
      if (!['succeeded', 'cancelled'].includes(command.state)) other.push(`${command.state}: ${command.reason_code}: ${command.reason_text}`);
      if (command.state === 'succeeded') assert.deepEqual(JSON.parse(command.results), [{ mark: command.mark }]);
    }
    assert.deepEqual([...signed.keys()], [], 'signed without an order');
  }
  assert.deepEqual(wrong, [], 'not once, or not as it was reported');
  if (other.length > 0) console.log(other.join('\n'));
  return states;
}

const engines = (process.env.REDFLAG_FIRE_ENGINES ?? 'sqlite').split(',');

for (const engine of engines) {
  test(`B5 F1: under fire every command is carried out exactly once or reported as not carried out, on ${engine} (REDFLAG_SEED=${seed})`, async () => {
    const postgres = engine === 'postgresql' ? new PostgresDatabase() : undefined;
    try {
      await underFire(new Fleet(`fire-${engine}`, { database: postgres?.url }), postgres);
    } finally {
      postgres?.stop();
    }
  });
}

async function underFire(fleet, postgres) {
  fleet.settings = 'rate_limits: {agent: 100000, people: 100000}\n';
  const plugins = path.join(fleet.folder, 'plugins');
  const sha256 = drop('test_plugins', 'test.witness', plugins);
  fleet.moreCommandTypes = [path.join(fleet.folder, 'command_types')];
  drop('test_command_types', 'test.sign', fleet.moreCommandTypes[0]);
  await fleet.startServer();
  const api = await fleet.signIn();
  const machines = ['one', 'two'].map((name) => new Machine(fleet, name, plugins, sha256));
  const technician = new Technician(fleet, api, machines);
  const fire = new Fire(fleet, machines);
  try {
    for (const machine of machines) {
      await machine.start(fleet);
      await agentShows(api, machine.agent.id, 'the witness', (shown) => shown.connection === 'connected' &&
        shown.plugins.some(({ id, state }) => id === 'test.witness' && state === 'ok'), 60_000);
    }
    const burning = fire.burn();
    const end = Date.now() + fireMs;
    try {
      // What a slow machine has not come to in its time it comes to a little later.
      const all = () => technician.told.size >= kFewest && Object.values(fire.counts).every((times) => times > 0);
      await Promise.race([technician.work(() => wanted === Infinity && Date.now() > end && all()), burning]);
    } finally {
      fire.burning = false;
      await burning;
    }
    await until(async () => (await technician.open()) === 0, 'every command to end', 180_000,
      () => [JSON.stringify((postgres ?? new SqliteFile(fleet)).rows(`SELECT agent_id, state, count(*) AS n FROM commands GROUP BY agent_id, state`)),
        fleet.server.output.slice(-3000), ...machines.map(({ agent }) => JSON.stringify(agent.status()?.link) + agent.process.output.slice(-1500) +
          agent.executor.output.slice(-1500))].join('\n'));
    for (const { agent } of machines) {
      await until(() => agent.status()?.spool?.items === 0, 'an empty spool', 60_000, () => agent.process.output.slice(-2000));
    }
    await fleet.server.stop();
    const database = postgres ?? new SqliteFile(fleet);
    judgeStore(database);
    const states = judgeCommands(database, technician, machines);
    console.log(`${technician.told.size} commands ${JSON.stringify(states)}; harms ${JSON.stringify(fire.counts)}; ` +
      `${technician.retried} requests sent again, ${technician.doubled} doubled, ${technician.cancelled} cancelled`);
    assert.ok(technician.told.size >= kFewest, `only ${technician.told.size} commands: too few to mean anything`);
    for (const [harm, times] of Object.entries(fire.counts)) assert.ok(times > 0, `${harm} never happened`);
  } finally {
    for (const { wire } of machines) wire.close();
  }
}
