// The audit log.
import { page } from './common.mjs';
import { makeId } from './data/ids.mjs';

function listAudit(mock, query) {
  const { at, clients } = mock.fleet;
  const texts = [
    ['people', 'people.role_changed', 'mara', 'made tom an approver', null, 'info', 1],
    ['security', 'security.refused', 'unknown', 'POST /api/v1/session: 401 sign_in.failed as "root", 4231 times more', 'sign_in.failed', 'warning', 4231],
    ['command', 'command.ordered', 'mara', 'ordered: install 3 updates on <b>web-01</b>', null, 'info', 1],
    ['enrolment', 'enrolment.refused', 'agent', 'evil\u202etxt from 198.51.100.7: seats exhausted', 'enrolment.seats_exhausted', 'warning', 1],
    ['enrolment', 'enrolment.token_made', 'mara', 'made an enrolment token with 5 seats', null, 'info', 1],
    ['security', 'agent.clone', 'agent', 'two machines use the identity of db-02', 'agent.clone', 'error', 1],
  ];
  const rows = Array.from({ length: 420 }, (_, n) => {
    const [subsystem, kind, actor, text, code, severity, times] = texts[n % texts.length];
    return {
      seq: 420 - n, at: at(60 + n * 1900), client_id: n % 3 ? clients[n % clients.length].id : null, agent_id: subsystem === 'command' ? mock.fleet.agents[0]?.id ?? null : null,
      subsystem, actor, peer: n % 2 ? '198.51.100.7' : '2001:db8::7', request_id: makeId('RQST', n), kind, text, code, severity, times,
      command_id: subsystem === 'command' ? (mock.fleet.commands[0]?.id ?? null) : null,
      previous: '9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08', hash: '60303ae22b998861bce3b28f33eec1be758a213c86c93c076dbe9f558c11c752',
    };
  });
  const equal = (name, value) => !query.get(name) || query.get(name) === value;
  return page(rows.filter((row) => equal('actor', row.actor) && equal('severity', row.severity) && equal('client_id', row.client_id) && (!query.get('kind') || row.kind.startsWith(query.get('kind'))) && (!query.get('from') || row.at >= query.get('from'))), query);
}

function auditHead(mock) {
  return {
    head: { kind: 'redflag-audit-head/1', seq: 420, hash: '60303ae22b998861bce3b28f33eec1be758a213c86c93c076dbe9f558c11c752', at_ms: Date.now(), key_id: '0123456789abcdef', public_key: 'A'.repeat(43), signature: 'B'.repeat(86) },
    verification: mock.tampered
      ? { at: mock.fleet.at(600), whole: false, text: 'record 211 was changed' }
      : { at: mock.fleet.at(600), whole: true, text: '420 records, up to record 420' },
  };
}

export const routes = {
  'GET audit': (mock, { query }) => [200, listAudit(mock, query)],
  'GET audit/{id}': (mock) => [200, auditHead(mock)],
};
