// What the scanners of one machine reported beside updates, and its history.
import { has, page } from './common.mjs';
import { makeId } from './data/ids.mjs';

function recordKinds() {
  return { items: [{ kind: 'org.example.certificate/1', count: 3 }, { kind: 'package/1', count: 240 }, { kind: 'service/1', count: 4 }] };
}

function listRecords(mock, query) {
  const { at } = mock.fleet;
  const packages = Array.from({ length: 240 }, (_, n) => ({
    kind: 'package/1',
    plugin: 'apt',
    scope: '',
    at: at(900),
    fields: {
      manager: 'apt', key: `package-${n}:amd64`, name: `package-${n}`, arch: 'amd64', version: `1.${n}-1+deb12u1`,
      installed_bytes: 4096 * (n + 1), installed_at: at(86400 * (n + 1)),
    },
  }));
  const services = ['ssh.service', 'nginx.service', 'dbus.service'].map((name, n) => ({
    kind: 'service/1',
    plugin: 'system',
    scope: '',
    at: at(900),
    fields: {
      name, state: 'running', needs_restart: true, ...(name === 'dbus.service' ? { needs_reboot: true } : {}), packages: n === 0 ? ['libssl3', 'zlib1g'] : [],
      reason: `${name.slice(0, 5)} still runs what was replaced: /usr/lib/x86_64-linux-gnu/libssl.so.3`,
    },
  }));
  services.push({
    kind: 'service/1',
    plugin: 'system',
    scope: 'units',
    at: at(900),
    fields: { name: 'backup.service', state: 'failed', reason: 'Nightly backup <b>to tape</b>: exit-code, status 2' },
  });
  const certificates = ['mail.example.org', 'www.example.org', '<b>hostile</b>'].map((name, n) => ({
    kind: 'org.example.certificate/1',
    plugin: 'org.example.tls',
    scope: '/etc/ssl',
    at: at(900),
    fields: { name, days_left: 12 * n, issuer: 'Example CA', names: [name, `alt.${name}`] },
  }));
  const all = { 'package/1': packages, 'service/1': services }[query.get('kind')] ?? certificates;
  return page(all.filter((row) => has(JSON.stringify(row.fields), query.get('search') ?? '')), query);
}

function historyOf(mock, id, query) {
  const { at } = mock.fleet;
  const rows = Array.from({ length: 64 }, (_, n) => ({
    seq: 1000 - n,
    at: at(120 + n * 4000),
    subsystem: ['scan', 'commands', 'link', 'breaker'][n % 4],
    actor: n % 4 === 1 ? 'mara' : 'agent',
    kind: ['scan.finished', 'command.created', 'agent.connected', 'breaker.opened'][n % 4],
    text: ['Scan of apt ended: 9 updates, complete.', 'Ordered: install 3 updates.', 'Connected from 192.0.2.17.', 'The breaker of system opened after 3 crashes.'][n % 4],
    code: n % 4 === 3 ? 'host.signal' : null,
    severity: n % 4 === 3 ? (n % 8 === 3 ? 'error' : 'warning') : 'info',
    command_id: n % 4 === 1 ? (mock.fleet.commands[0]?.id ?? null) : null,
    scan_id: n % 4 === 0 ? makeId('SCAN', n) : null,
  }));
  return page(rows, query);
}

export const routes = {
  'GET agents/{id}/record-kinds': () => [200, recordKinds()],
  'GET agents/{id}/records': (mock, { query }) => [200, listRecords(mock, query)],
  'GET agents/{id}/history': (mock, { id, query }) => [200, historyOf(mock, id, query)],
};
