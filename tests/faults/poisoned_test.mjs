// Row D7 with the real server and a real browser: an agent that says of its machine, of updates, of its log and of its failures
// what a browser would run. Every page shows it as text, under the application's own policy.
import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { openBrowser, signIn } from '../e2e/lib/browser.mjs';
import { Fleet } from '../e2e/lib/fleet.mjs';
import { cleanUp } from '../e2e/lib/processes.mjs';
import { LoneAgent } from './lib/raw_tls.mjs';
import { newId } from './lib/two_clients.mjs';

after(cleanUp);

const now = () => new Date().toISOString();
// Each in its own words, so that it can be told which page ran it.
const poison = (where) => `<img src=x onerror="window.hostile='${where}'"><script>window.hostile='${where}'</script>`;
const formula = '=HYPERLINK("https://evil.example","x")';

const status = { kind: 'agent_status', id: newId(), at: now(), hostname: poison('host'), agent_version: poison('v').slice(0, 64), mode: 'act', isolation: 'weak',
  boot_id: 'boot', os_name: poison('os'), os_version: poison('version'), kernel: poison('kernel'), config: { state: 'invalid', text: poison('config') },
  plugins: [{ id: 'apt', version: '1', name: poison('plugin'), interfaces: ['rf.scanner/1', 'rf.updater/1'], state: 'ok', text: '', breaker: 'closed' },
    { id: 'org.evil', version: '1', name: poison('refused plugin'), interfaces: [], state: 'refused', text: poison('refusal') }] };
const update = (name, more = {}) => ({ record: 'update/1', scope: 'main', manager: 'apt', key: `${name}:amd64`, name, arch: 'amd64', installed_version: '1',
  candidate_version: '2', category: 'security', severity: 'high', ...more });
const scan = { kind: 'scan', id: newId(), at: now(), plugin: 'apt', plugin_version: '1', interface: 'rf.scanner/1', purpose: 'updates', trigger: 'schedule',
  boot_id: 'boot', started_at: now(), duration_ms: 1, status: 'ok', complete: true, scopes: [{ key: 'main', status: 'ok' }], reports: [],
  records: [update(poison('package'), { candidate_version: poison('candidate'), installed_version: poison('installed') }),
    update(formula, { advisories: [poison('advisory')], cves: [poison('cve')], origin: poison('origin') })] };

test('D7: what a poisoned agent says of itself is text on every page, and nothing of it is run', async () => {
  const fleet = new Fleet('poisoned');
  await fleet.startServer();
  const api = await fleet.signIn();
  const agent = new LoneAgent(fleet);
  await agent.enrol();
  const upload = async (items) => {
    const answer = await agent.post('/agent/v1/upload', JSON.stringify({ items }));
    assert.deepEqual([answer.status, answer.json?.rejected], [200, []], answer.body);
  };
  await upload([status, scan,
    { kind: 'breaker', id: newId(), at: now(), plugin: 'apt', plugin_version: '1', interface: 'rf.scanner/1', from: 'closed', to: 'open', class: 'crash', code: poison('code').slice(0, 128), text: poison('breaker') },
    { kind: 'refusal', id: newId(), at: now(), code: poison('refused').slice(0, 64), text: poison('why'), by: 'kernel' }]);
  const { id } = (await api.post('/api/v1/commands', { type: 'collect_diagnostics', agent_ids: [agent.id], parameters: {} })).items[0];
  assert.equal((await agent.post('/agent/v1/commands/fetch', '{}')).json.commands.length, 1);
  const of = (more) => ({ kind: 'command_state', id: newId(), at: now(), command_id: id, by: 'kernel', ...more });
  await upload([of({ state: 'accepted' }), of({ state: 'running' }),
    { kind: 'command_log', id: newId(), at: now(), command_id: id, lines: [{ at: now(), text: poison('line') }, { at: now(), text: '\u001b]0;taken\u0007\u202e' }], progress: poison('progress'), percent: 3 }]);
  const [row] = (await api.get('/api/v1/updates/rows?limit=10')).items;

  const { browser, page, problems, picture } = await openBrowser();
  const dialogs = [];
  page.on('dialog', (dialog) => { dialogs.push(dialog.message()); dialog.dismiss(); });
  await page.addInitScript(() => {
    window.violations = [];
    document.addEventListener('securitypolicyviolation', (event) => window.violations.push(`${event.violatedDirective} ${event.blockedURI}`));
  });
  const shown = async (target, ...words) => {
    await page.goto(`${fleet.url}${target}`);
    for (const word of words) await page.getByText(word, { exact: false }).first().waitFor();
    const said = await page.evaluate(() => ({ hostile: window.hostile, images: document.querySelectorAll('img[src="x"], script:not([src])').length, violations: window.violations, title: document.title }));
    assert.deepEqual([said.hostile, said.images, said.violations], [undefined, 0, []], target);
    assert.match(said.title, /RedFlag$/, target);
  };
  try {
    await page.goto(`${fleet.url}/agents`);
    await signIn(page);
    await page.getByText("window.hostile='host'").first().waitFor();
    await picture('poisoned-agents');
    const machine = `/agents/${agent.id}`;
    await shown('/', 'Needs a person');
    await shown(machine, "window.hostile='host'", "window.hostile='os'", "window.hostile='kernel'");
    await picture('poisoned-agent');
    await shown(`${machine}?tab=updates`, "window.hostile='package'", formula);
    await shown(`${machine}?tab=history`, "window.hostile='breaker'", "window.hostile='why'");
    for (const tab of ['records', 'metrics', 'log']) await shown(`${machine}?tab=${tab}`, "window.hostile='host'");
    await shown('/updates', "window.hostile='package'");
    await shown('/updates/rows', "window.hostile='candidate'", formula);
    await shown('/updates/rules', 'Approval policies');
    await shown('/operations', "window.hostile='host'");
    await shown(`/operations/${id}`, "window.hostile='line'");
    await picture('poisoned-operation');
    await shown('/errors', "window.hostile='breaker'");
    await shown('/audit', "window.hostile='why'");
    await shown('/settings/security', 'Second person');
    for (const target of ['/schedules', '/enrolment', '/account', '/settings']) await shown(target, 'RedFlag');
    assert.deepEqual(dialogs, []);
    assert.deepEqual(problems, []);
  } finally {
    await browser.close();
  }
  // What people take away is JSON, one record a line, whatever is in it.
  const lines = (await api.request('GET', '/api/v1/audit/export')).body.trim().split('\n');
  assert.ok(lines.map((line) => JSON.parse(line)).some((record) => record.text?.includes("window.hostile='why'")));
  const evidence = await api.request('GET', `/api/v1/updates/${row.id}`);
  assert.match(evidence.headers['content-type'], /^application\/json/);
  assert.equal(evidence.headers['x-content-type-options'], 'nosniff');
});
