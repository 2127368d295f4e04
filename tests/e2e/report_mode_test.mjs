// `scripts/run` as a stranger types it: this machine's real updates on the screen, nothing of ours with more of root than the broker needs, and a
// clean end. A second start keeps the data and is quick.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import { after, test } from 'node:test';
import { Api } from './lib/api.mjs';
import { openBrowser, signIn } from './lib/browser.mjs';
import { cleanUp, freePort, Program, repository, runToEnd, temporaryFolder } from './lib/processes.mjs';

after(cleanUp);

function ours(data) {
  return fs.readdirSync('/proc').filter((pid) => /^\d+$/.test(pid)).flatMap((pid) => {
    try {
      const exe = fs.readlinkSync(`/proc/${pid}/exe`);
      if (!exe.startsWith(path.join(data, 'stage/'))) return [];
      const status = fs.readFileSync(`/proc/${pid}/status`, 'utf8');
      const of = (field) => status.match(new RegExp(`^${field}:\\s+(\\S+)`, 'm'))[1];
      return [{ program: path.basename(exe), uid: Number(of('Uid')), rights: of('CapEff') }];
    } catch {
      return [];
    }
  });
}

// name/arch/version of everything apt itself would offer.
function aptsOpinion() {
  const lines = runToEnd(['apt', 'list', '--upgradable'], { env: { PATH: process.env.PATH, LC_ALL: 'C.UTF-8' } }).stdout.split('\n');
  return lines.flatMap((line) => {
    const match = line.match(/^([^/]+)\/\S+ (\S+) (\S+) \[upgradable from: (\S+)\]/);
    return match ? [`${match[1]} ${match[3]} ${match[4]} ${match[2]}`] : [];
  }).sort();
}

async function everyUpdate(api) {
  const rows = [];
  let cursor = '';
  do {
    const page = await api.get(`/api/v1/updates/rows?limit=500${cursor ? `&cursor=${encodeURIComponent(cursor)}` : ''}`);
    rows.push(...page.items);
    cursor = page.next_cursor;
  } while (cursor);
  return rows;
}

test('this machine is on the screen, its plugins without root and sealed, and goes away cleanly', async () => {
  const data = temporaryFolder('report');
  const command = [path.join(repository, 'scripts/run'), '--data', data, '--port', String(await freePort())];
  const run = new Program('scripts/run', command, { env: process.env });
  const [, link] = await run.says(/(https:\/\/\S+\/setup#token=\S+)/, 400_000);
  await run.says(/Ctrl-C stops everything/);
  const url = new URL(link).origin;

  const running = ours(data);
  // The broker may become another user and end processes, and nothing else that only root may.
  assert.deepEqual(running.filter(({ uid }) => uid === 0),
    [{ program: 'redflag-broker', uid: 0, rights: '00000000000800e0' }], 'more of ours has root than the broker');
  assert.ok(running.some(({ program }) => program === 'redflag-kernel'));
  assert.ok(!running.some(({ program }) => program === 'redflag-executor'));

  const api = new Api(url, path.join(data, 'server/ca.pem'));
  await api.setUp(new URLSearchParams(new URL(link).hash.slice(1)).get('token'));
  const shown = (await everyUpdate(api)).map((row) => `${row.name} ${row.arch} ${row.installed_version} ${row.candidate_version}`);
  assert.deepEqual(shown.sort(), aptsOpinion());
  const [agent] = (await api.get('/api/v1/agents')).items;
  assert.equal((await api.get(`/api/v1/agents/${agent.id}`)).isolation, 'full');
  const overview = await api.get('/api/v1/overview');
  assert.equal(overview.updates.available, shown.length);

  const { browser, page, picture } = await openBrowser({ dark: true });
  try {
    await page.goto(url);
    await signIn(page);
    await page.getByRole('heading', { name: 'Overview', level: 1 }).waitFor();
    await picture('overview-dark');
  } finally {
    await browser.close();
  }

  await run.stop('SIGINT', 30_000);
  assert.deepEqual(ours(data), [], 'a process was left behind');

  const again = new Program('scripts/run', [...command, '--until-ready'], { env: process.env });
  const exit = await again.ended;
  assert.equal(exit.code, 0, again.output);
  assert.doesNotMatch(again.output, /setup#token/, 'the administrator must still be there');
  assert.deepEqual(ours(data), []);
});
