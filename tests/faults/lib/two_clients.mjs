// One server, two clients with a machine each, and everybody who may ask it for something.
import { randomBytes } from 'node:crypto';
import https from 'node:https';
import path from 'node:path';
import { Api } from '../../e2e/lib/api.mjs';
import { Fleet } from '../../e2e/lib/fleet.mjs';
import { LoneAgent } from './raw_tls.mjs';

const kPassword = 'correct horse battery staple';
const alphabet = '0123456789ABCDEFGHJKMNPQRSTVWXYZ';
// Of the form of an id, and of nothing that is there.
export const newId = () => `01${Array.from(randomBytes(24), (byte) => alphabet[byte % 32]).join('')}`;

const now = () => new Date().toISOString();

// What a machine that can install says of itself, and two updates.
function firstWords(hostname) {
  const update = (name) => ({ record: 'update/1', scope: 'main', manager: 'apt', key: `${name}:amd64`, name, arch: 'amd64',
    installed_version: '1', candidate_version: '2', category: 'security', severity: 'high' });
  return { items: [
    { kind: 'agent_status', id: newId(), at: now(), hostname, agent_version: '0.1.0', mode: 'act', isolation: 'weak', boot_id: 'boot',
      os_name: 'Debian', os_version: '12', kernel: '6.1', config: { state: 'ok', text: '' },
      plugins: [['apt', 'rf.updater/1'], ['system', 'rf.action/1']].map(([id, can]) => (
        { id, version: '1.0.0', name: id, interfaces: ['rf.scanner/1', can], state: 'ok', text: '', breaker: 'closed' })) },
    scanOf(Array.from({ length: 30 }, (_, number) => update(`${hostname}-package-${number}`)))] };
}

function scanOf(records) {
  return { kind: 'scan', id: newId(), at: now(), plugin: 'apt', plugin_version: '1.0.0', interface: 'rf.scanner/1', purpose: 'updates',
    trigger: 'schedule', boot_id: 'boot', started_at: now(), duration_ms: 1, status: 'ok', complete: true,
    scopes: [{ key: 'main', status: 'ok' }], records, reports: [] };
}

export class TwoClients {
  async start(name) {
    this.fleet = new Fleet(name);
    // Everybody asks everything at once.
    this.fleet.settings = 'rate_limits: {agent: 100000, enrolment: 100000, enrolment_failed: 100000, people: 100000}\n';
    await this.fleet.startServer();
    this.admin = await this.fleet.signIn();
    this.sides = { A: await this.makeSide('A'), B: await this.makeSide('B') };
    await this.makePrincipals();
  }

  async makeSide(letter) {
    const client = await this.admin.post('/api/v1/clients', { name: `Client ${letter}` });
    const site = await this.admin.post(`/api/v1/clients/${client.id}/sites`, { name: `Main site of ${letter}` });
    const other = await this.admin.post(`/api/v1/clients/${client.id}/sites`, { name: `Second site of ${letter}` });
    const agent = new LoneAgent(this.fleet);
    const hostname = `machine-of-${letter.toLowerCase()}`;
    const token = await this.admin.post('/api/v1/enrolment-tokens', { seats: 100, expires_in_s: 3600, site_id: site.id, accept: 'auto' });
    await agent.enrol(token.bundle, hostname);
    const answer = await agent.post('/agent/v1/upload', JSON.stringify(firstWords(hostname)));
    if (answer.json?.acknowledged?.length !== 2) throw new Error(`upload: ${answer.status} ${answer.body}`);
    const rows = (await this.admin.get(`/api/v1/agents/${agent.id}/updates?limit=500`)).items;
    return { letter, client, site, other, agent, hostname, token, rows };
  }

  async person(name, ...grants) {
    await this.admin.post('/api/v1/users', { username: name, password: kPassword, grants });
    const api = new Api(this.fleet.url, path.join(this.fleet.data, 'ca.pem'));
    await api.signIn(name, kPassword);
    return { name, grants, api, headers: () => ({ cookie: api.cookie, 'x-csrf-token': api.csrf }) };
  }

  async service(name, ...grants) {
    const account = await this.admin.post('/api/v1/service-accounts', { name, grants });
    const { token } = await this.admin.post(`/api/v1/service-accounts/${account.id}/tokens`, { name: 'test', expires_in_s: 3600 });
    return { name, grants, service: true, account, token, headers: () => ({ authorization: `Bearer ${token}` }) };
  }

  async makePrincipals() {
    const of = (role, side, site) => ({ role, client_id: side?.client.id ?? null, site_id: site?.id ?? null });
    const { A, B } = this.sides;
    this.principals = [
      { name: 'nobody', grants: [], headers: () => ({}) },
      { name: 'agent', grants: [], agent: true, headers: (method, target, body) => A.agent.sign(method, target, body) },
      await this.person('viewer', of('viewer')),
      await this.person('technician', of('technician')),
      await this.person('approver', of('approver')),
      await this.person('admin', of('admin')),
      await this.person('technician-of-a', of('technician', A)),
      await this.person('technician-of-b', of('technician', B)),
      await this.person('approver-of-a', of('approver', A)),
      await this.person('admin-of-a', of('admin', A)),
      await this.person('admin-of-b-who-looks-at-a', of('admin', B), of('viewer', A)),
      await this.person('admin-of-a-site-of-a', of('admin', A, A.site)),
      await this.service('service-of-a', of('technician', A)),
      await this.service('admin-service-of-a', of('admin', A)),
    ];
  }

  // Reads the principal's event stream into `into.text`; `into.ended` when the server has ended it.
  stream(principal, into, opened) {
    const request = https.get(new URL('/api/v1/events', this.fleet.url), { ca: this.admin.ca, agent: false, headers: principal.headers('GET', '/api/v1/events', '') }, (response) => {
      response.setEncoding('utf8');
      response.on('data', (chunk) => { into.text += chunk; });
      response.on('close', () => { into.ended = true; });
      opened(into);
    });
    request.on('error', () => { into.ended = true; });
    into.close = () => request.destroy();
  }

  principal(name) {
    return this.principals.find((one) => one.name === name);
  }
}

const ranks = ['viewer', 'technician', 'approver', 'admin'];
export const rank = (role) => ranks.indexOf(role);

// The highest rank of a principal over a place; -1: it does not see it.
export function rankOver(principal, place) {
  return Math.max(-1, ...principal.grants.filter((grant) => grant.client_id === null
    || (place && grant.client_id === place.client && (grant.site_id === null || grant.site_id === place.site))).map((grant) => rank(grant.role)));
}
export const highest = (principal) => Math.max(-1, ...principal.grants.map((grant) => rank(grant.role)));
