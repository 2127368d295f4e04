// The main job, as a technician does it: `scripts/run --sandbox`, the one-time link, approve in the browser, and dpkg's own
// database shows the new version. The sandbox is a Debian root with a signed repository of its own.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { after, test } from 'node:test';
import { Api } from './lib/api.mjs';
import { openBrowser } from './lib/browser.mjs';
import { cleanUp, freePort, kPatience, Program, program, repository, runToEnd, temporaryFolder, until } from './lib/processes.mjs';

after(cleanUp);

const kPassword = 'correct horse battery staple';

const installedVersion = (root, name) =>
  runToEnd(['dpkg-query', `--admindir=${root}/var/lib/dpkg`, '-W', '-f', '${db:Status-Abbrev}${Version}', name],
    { allowFailure: true }).stdout.trim();

async function approve(page, url, name, version) {
  await page.goto(`${url}/updates?search=${name}`);
  await page.getByRole('checkbox', { name: `Select ${name} ${version}` }).check();
  await page.getByRole('button', { name: 'Approve…' }).click();
  await page.getByRole('button', { name: /^Approve (1 update|this update|\d+ updates)$/ }).click();
}

async function updateOf(api, name) {
  // What is verified is no longer waiting: it is listed only when asked for.
  for (const filter of ['', '&state=verified']) {
    const rows = await api.get(`/api/v1/updates/rows?name=${name}${filter}`);
    const found = rows.items.find((row) => row.name === name);
    if (found) return found;
  }
  return undefined;
}

async function updateReaches(api, name, state, timeoutMs = 90_000) {
  let row;
  return until(async () => {
    row = await updateOf(api, name);
    if (row?.state === 'failed' && state !== 'failed') throw new Error(`${name} failed: ${JSON.stringify(row.reason)}`);
    return row?.state === state ? row : null;
  }, `${name} to be ${state}`, timeoutMs, () => JSON.stringify(row));
}

// redflagctl with a service account's token, as a script has it.
async function scriptOf(api, url, data) {
  const account = await api.post('/api/v1/service-accounts', { name: 'script', grants: [{ role: 'approver', client_id: null, site_id: null }] });
  const { token } = await api.post(`/api/v1/service-accounts/${account.id}/tokens`, { name: 'test', expires_in_s: 3600 });
  const env = { PATH: process.env.PATH, HOME: temporaryFolder('ctl-home') };
  const run = (words, input = '') => {
    const ended = spawnSync(program('redflagctl'), words, { env, input, encoding: 'utf8', timeout: 60_000 * kPatience });
    assert.equal(ended.status, 0, ended.stderr);
    return ended.stdout;
  };
  run(['login', '--server', url, '--ca', path.join(data, 'server/ca.pem')], `${token}\n`);
  return run;
}

test('an approved update is planned, installed by the executor, and verified by a second scan', async () => {
  const data = temporaryFolder('sandbox');
  const run = new Program('scripts/run', [path.join(repository, 'scripts/run'), '--sandbox', '--data', data, '--port', String(await freePort())],
    { env: process.env });
  const [, link] = await run.says(/(https:\/\/\S+\/setup#token=\S+)/, 400_000);
  await run.says(/Ctrl-C stops everything/);
  const url = new URL(link).origin;
  const root = path.join(data, 'sandbox/root');
  assert.equal(installedVersion(root, 'redflag-demo-lib'), 'ii 2.0');

  const { browser, page, problems, picture } = await openBrowser();
  try {
    await page.goto(link);
    await page.getByLabel('Username').fill('alex');
    await page.getByLabel('Password', { exact: true }).fill(kPassword);
    await page.getByLabel('Password again').fill(kPassword);
    await page.getByRole('button', { name: /Make|Create/ }).click();
    await page.getByRole('heading', { name: 'Overview', level: 1 }).waitFor();
    await picture('overview');

    const api = new Api(url, path.join(data, 'server/ca.pem'));
    await api.signIn('alex', kPassword);
    const kept = await updateOf(api, 'redflag-demo-held');
    assert.equal(kept.blocked_by, 'held');
    assert.equal(kept.approvable, false);
    assert.equal((await updateOf(api, 'redflag-demo-lib')).category, 'security');

    // A plan of exactly what was approved goes straight through.
    await approve(page, url, 'redflag-demo-lib', '2.1');
    const verified = await updateReaches(api, 'redflag-demo-lib', 'verified');
    assert.equal(installedVersion(root, 'redflag-demo-lib'), 'ii 2.1');
    assert.equal(fs.readFileSync(path.join(root, 'usr/share/redflag-demo-lib/version'), 'utf8').trim(), '2.1');
    const command = await api.get(`/api/v1/commands/${verified.command_id}`);
    assert.equal(command.type, 'install_updates');
    assert.equal(command.state, 'succeeded');
    assert.ok(command.log.length > 0, "dpkg's own lines must be there");
    await page.goto(`${url}/operations/${verified.command_id}`);
    await page.getByRole('heading', { name: 'Install updates', level: 1 }).waitFor();
    await picture('install');

    // And back again, by a script's token: exactly the version before, and the next scan offers the update anew.
    const script = await scriptOf(api, url, data);
    const ctl = (...words) => JSON.parse(script([...words, '--format', 'json']));
    const back = (name, from, to) => ctl('commands', 'create', '--type', 'rollback_updates', '--agent-ids', verified.agent_id, '--parameters',
      JSON.stringify({ manager: 'apt', updates: [{ name, arch: 'all', from, to }] })).items[0].id;
    const ended = async (id) => {
      const shown = await until(async () => {
        const found = ctl('commands', 'show', id);
        return ['succeeded', 'failed', 'refused'].includes(found.state) ? found : null;
      }, `the command ${id} to end`, 90_000);
      return shown;
    };
    const rolledBack = await ended(back('redflag-demo-lib', '2.1', '2.0'));
    assert.equal(rolledBack.state, 'succeeded', JSON.stringify(rolledBack.reason));
    assert.equal(installedVersion(root, 'redflag-demo-lib'), 'ii 2.0');
    assert.equal(fs.readFileSync(path.join(root, 'usr/share/redflag-demo-lib/version'), 'utf8').trim(), '2.0');
    const offered = await until(async () => {
      const row = await updateOf(api, 'redflag-demo-lib');
      return row?.state === 'available' && row.installed_version === '2.0' ? row : null;
    }, 'redflag-demo-lib to be offered again', 90_000);
    assert.equal(offered.approvable, true);
    await page.goto(`${url}/operations/${verified.command_id}`);
    await page.getByRole('button', { name: 'Roll back…' }).waitFor();
    await picture('installed');

    // A script sets the window of a group, and an install to a machine of that group waits for it.
    const far = new Date(Date.now() + 12 * 3_600_000).toISOString().slice(11, 16);
    const group = ctl('groups', 'create', '--client-id', (await api.get('/api/v1/clients')).items[0].id, '--name', 'Databases', '--agent-ids', verified.agent_id);
    const window = ctl('maintenance-windows', 'create', '--group-id', group.id, '--name', 'Night', '--rule', JSON.stringify({ repeat: 'daily', time: far }), '--length-minutes', '5');
    assert.deepEqual([window.group_name, window.created_by], ['Databases', 'script']);
    ctl('approvals', 'create', '--update-ids', offered.id);
    const held = await until(() => ctl('commands', 'list', '--type', 'install_updates').items.find((one) => one.state === 'scheduled'), 'the install to wait', 90_000);
    assert.match(ctl('commands', 'show', held.id).waiting_for, /^the window "Night" of the group Databases, which opens at /);
    assert.match((await updateOf(api, 'redflag-demo-lib')).waiting_for, /^the window "Night" of the group Databases, which opens at /);
    assert.deepEqual(ctl('agents', 'show', verified.agent_id).window.place, 'the group Databases');
    assert.equal(installedVersion(root, 'redflag-demo-lib'), 'ii 2.0');
    const { items: audited } = await api.get('/api/v1/audit?kind=window.added');
    assert.deepEqual(audited.map(({ actor, text }) => [actor, text.includes('the group Databases')]), [['script', true]]);
    script(['maintenance-windows', 'delete', window.id]);
    await updateReaches(api, 'redflag-demo-lib', 'verified');
    assert.equal(installedVersion(root, 'redflag-demo-lib'), 'ii 2.1');
    script(['groups', 'delete', group.id]);

    // This one brings a package that nobody approved: it waits for a person.
    await approve(page, url, 'redflag-demo', '1.1');
    const waiting = await updateReaches(api, 'redflag-demo', 'awaiting_confirmation');
    assert.equal(installedVersion(root, 'redflag-demo-data'), '');
    await page.goto(`${url}/operations/${waiting.command_id}`);
    await page.getByText('redflag-demo-data').first().waitFor();
    await picture('confirm');
    await page.getByRole('button', { name: 'Confirm the plan…' }).click();
    await page.getByRole('button', { name: 'Confirm and install' }).click();
    await updateReaches(api, 'redflag-demo', 'verified');
    assert.equal(installedVersion(root, 'redflag-demo'), 'ii 1.1');
    assert.equal(installedVersion(root, 'redflag-demo-data'), 'ii 1.1');
    const impossible = await ended(back('redflag-demo', '1.1', '1.0'));
    assert.equal(impossible.state, 'failed');
    assert.equal(impossible.reason.code, 'apt.version_gone');
    assert.match(impossible.reason.text, /redflag-demo:all 1\.0/);
    assert.equal(installedVersion(root, 'redflag-demo'), 'ii 1.1');

    // A maintainer script that fails is never called a success.
    await approve(page, url, 'redflag-demo-broken', '1.1');
    const failed = await updateReaches(api, 'redflag-demo-broken', 'failed');
    assert.match(failed.reason.code, /apt|install/);
    await page.goto(`${url}/updates`);
    await page.getByRole('heading', { name: 'Updates', level: 1 }).waitFor();
    await picture('updates');
    assert.deepEqual(problems, [], 'errors in the browser');
  } finally {
    await browser.close();
  }

  const children = () => fs.readdirSync('/proc').filter((pid) => /^\d+$/.test(pid)).filter((pid) => {
    try {
      return fs.readlinkSync(`/proc/${pid}/exe`).startsWith(path.join(data, 'stage/'));
    } catch {
      return false;
    }
  });
  assert.ok(children().length >= 3);
  await run.stop('SIGINT', 30_000);
  assert.deepEqual(children(), [], 'a process was left behind');
});
