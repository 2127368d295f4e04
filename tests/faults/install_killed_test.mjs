// The executor is killed while dpkg works: dpkg goes on, the next executor takes the installation up again, and one result
// reaches the server.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import { after, test } from 'node:test';
import { cleanUp, until } from '../e2e/lib/processes.mjs';
import { dpkgState, startAptAgent } from './lib/apt_agent.mjs';

after(cleanUp);

const alive = (pid) => fs.existsSync(`/proc/${pid}`);

// dpkg asks the old package's script first: it waits there until it is let go on.
function stopAtPrerm({ root }) {
  fs.writeFileSync(path.join(root, 'var/lib/dpkg/info/redflag-demo-lib.prerm'),
    '#!/bin/sh\necho $PPID >/tmp/begun.part && mv /tmp/begun.part /tmp/begun\nwhile [ ! -e /tmp/go ]; do sleep 0.1; done\n', { mode: 0o755 });
}

test('an executor killed in the middle of dpkg costs nothing', async () => {
  const { machine, api, agent } = await startAptAgent('killed', stopAtPrerm);
  const update = async (state) => (await api.get(`/api/v1/updates/rows?name=redflag-demo-lib${state}`)).items[0];
  const approved = await update('');
  await api.post('/api/v1/approvals', { update_ids: [approved.id] });
  const begun = path.join(machine.root, 'tmp/begun');
  await until(() => fs.existsSync(begun), 'dpkg to be in the middle', 90_000);
  const dpkg = Number(fs.readFileSync(begun, 'utf8'));
  await agent.executor.stop('SIGKILL');
  assert.ok(alive(dpkg), 'dpkg must go on without the executor');

  await agent.startExecutor();
  assert.ok(alive(dpkg), 'and with the next one');
  fs.writeFileSync(path.join(machine.root, 'tmp/go'), '');
  const verified = await until(async () => (await update('&state=verified')), 'the update to be verified', 90_000);
  const command = await api.get(`/api/v1/commands/${verified.command_id}`);
  assert.equal(command.state, 'succeeded');
  assert.equal(dpkgState(machine, 'redflag-demo-lib'), 'ii 2.1');
  await agent.process.stop();
  await agent.executor.stop();
});
