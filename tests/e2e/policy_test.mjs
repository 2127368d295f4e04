// B11: what this machine's own policy does not allow is refused by the executor, reported, and shown — however well it is signed.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import { after, test } from 'node:test';
import { Api } from './lib/api.mjs';
import { openBrowser, signIn } from './lib/browser.mjs';
import { cleanUp, freePort, Program, repository, runToEnd, temporaryFolder, until } from './lib/processes.mjs';

after(cleanUp);

test('an approved update that local policy denies is refused, and the screen says why', async () => {
  const data = temporaryFolder('policy');
  const run = new Program('scripts/run', [path.join(repository, 'scripts/run'), '--sandbox', '--data', data, '--port', String(await freePort())],
    { env: process.env });
  const [, link] = await run.says(/(https:\/\/\S+\/setup#token=\S+)/, 400_000);
  await run.says(/Ctrl-C stops everything/);
  const url = new URL(link).origin;
  const yaml = path.join(data, 'agent-sandbox/agent.yaml');
  fs.writeFileSync(yaml, fs.readFileSync(yaml, 'utf8')
    .replace('  deny:\n', '  deny:\n    - {packages: ["redflag-demo*"], reason: "the owner does these by hand"}\n'));

  const api = new Api(url, path.join(data, 'server/ca.pem'));
  await api.setUp(new URLSearchParams(new URL(link).hash.slice(1)).get('token'));
  const update = async () => (await api.get('/api/v1/updates/rows?name=redflag-demo-lib')).items[0];
  await api.post('/api/v1/approvals', { update_ids: [(await update()).id] });
  const refused = await until(async () => {
    const row = await update();
    return row.state === 'failed' ? row : null;
  }, 'the refusal', 60_000);
  assert.match(refused.reason.text, /by hand/);
  const version = runToEnd(['dpkg-query', `--admindir=${data}/sandbox/root/var/lib/dpkg`, '-W', '-f', '${Version}', 'redflag-demo-lib']);
  assert.equal(version.stdout, '2.0');

  const { browser, page, picture } = await openBrowser();
  try {
    await page.goto(`${url}/operations/${refused.command_id}`);
    await signIn(page);
    await page.getByText('by hand').first().waitFor();
    await picture('refused');
  } finally {
    await browser.close();
  }
  await run.stop('SIGINT', 30_000);
});
