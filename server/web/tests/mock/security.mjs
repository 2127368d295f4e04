// The state of security, and limits of requests.

function securityReport(mock) {
  const { at } = mock.fleet;
  const row = (id, area, level, title, text, advice = null, more = {}) => ({ id, area, level, title, text, advice, until: null, count: null, link: null, ...more });
  const day = (n) => at(-86_400 * n);
  return {
    items: [
      row('root', 'trust', 'good', 'Root of trust', 'trust document root, version 1, ends on 2027-02-11, in 310 days', null, { until: day(310) }),
      row('targets', 'trust', 'warning', 'Signed targets', 'trust document targets, version 4, ends on 2026-05-01, in 24 days', 'renew it where the offline keys are: `redflag-server keys renew targets`, sign, publish', { until: day(24) }),
      row('snapshot', 'trust', 'good', 'Snapshot', 'trust document snapshot, version 1790000000, ends on 2026-04-20, in 13 days', null, { until: day(13) }),
      row('timestamp', 'trust', 'good', 'Timestamp', 'trust document timestamp, version 1790000000, ends on 2026-04-09, in 1 days', null, { until: day(1) }),
      row('command_key:0123456789abcdef', 'trust', 'good', 'Command key', 'command key 0123456789abcdef ends on 2026-09-28, in 171 days', null, { until: day(171) }),
      row('offline_keys', 'trust', 'warning', 'Offline keys', '/var/lib/redflag/offline holds offline keys: whoever takes over this server has them', 'take that folder to another machine and delete it here'),
      row('orders', 'trust', 'good', 'Signing of orders', 'orders are signed under restore epoch 0'),
      row('certificate', 'tls', 'critical', 'TLS certificate', 'TLS certificate server.pem ends on 2026-04-12, in 5 days', 'start the server again: it renews its certificate by itself', { until: day(5) }),
      row('authority', 'tls', 'good', 'Own authority', 'certificate authority ca-active.pem ends on 2036-02-09, in 3592 days', null, { until: day(3592) }),
      row('weak_isolation', 'agents', 'note', 'Weakly isolated agents', '17 run plugins with a wall missing', 'start redflag-broker there, or see with `redflag-agent status` which wall it is', { count: 17, link: '/agents?isolation=weak' }),
      row('weak_binding', 'agents', 'note', 'Keys that a copied disk carries along', '3 have a key that is bound to nothing but what is on the disk', 'install the agent with its broker, which reads the machine’s own numbers, or keep copies of these disks as safe as keys', { count: 3, link: '/agents?binding=weak' }),
      row('failed_sign_ins', 'people', 'warning', 'Failed sign-ins', '4,231 in the last 24 hours', 'look in the audit log where they come from, and keep those addresses out before the server', { count: 4231, link: '/audit?kind=security' }),
      row('audit', 'audit', 'good', 'Audit log', 'verified 2026-04-07T04:00Z: 420 records, up to record 420', null, { link: '/audit' }),
    ],
    refusals: [
      { code: 'sign_in.failed', last_day: 4231, last_week: 5102, newest_at: at(60) },
      { code: 'signature.replayed', last_day: 0, last_week: 3, newest_at: at(300_000) },
      { code: 'a.code.that.is.as.long.as.one.could.be.and.still.has.to.fit', last_day: 1, last_week: 1, newest_at: at(4000) },
    ],
  };
}

function listRates(mock) {
  const limit = (policy, text, usual, configured = null) => ({ policy, text, per_minute: mock.rates[policy] ?? configured ?? usual, usual, configured, set: mock.rates[policy] ?? null });
  return [
    limit('agent', 'requests of one agent', 60),
    limit('enrolment', 'enrolments from one address', 120, 300),
    limit('enrolment_failed', 'enrolments from one address that were refused', 5),
    limit('sign_in', 'failed sign-ins to one account from one address', 10),
    limit('people', 'requests of one session or token', 600),
  ];
}

function setRate(mock, policy, perMinute) {
  if (perMinute === null) delete mock.rates[policy];
  else mock.rates[policy] = perMinute;
  return listRates(mock).find((limit) => limit.policy === policy);
}

export const routes = {
  'GET security': (mock) => [200, securityReport(mock)],
  'GET rate-limits': (mock) => [200, { items: listRates(mock) }],
  'PUT rate-limits/{id}': (mock, { id, body }) => [200, setRate(mock, id, body.per_minute)],
  'DELETE rate-limits/{id}': (mock, { id }) => [200, setRate(mock, id, null)],
};
