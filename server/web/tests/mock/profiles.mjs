// Settings that are wished for the made-up fleet's agents, and how far they are so.
import { makeId } from './data/ids.mjs';

const duration = { type: 'string', pattern: '^[0-9]{1,9}[smhd]$', 'x-expected': 'a duration like 90s, 15m, 6h or 2d' };
const size = { type: ['string', 'integer'], 'x-expected': 'a size like 64KiB, 128MiB or 2GiB' };
const whole = (maximum) => ({ type: 'integer', minimum: 1, maximum });
const closed = (properties, more = {}) => ({ type: 'object', additionalProperties: false, ...more, properties });

const settings_schema = closed({
  breaker: closed({ failures: whole(100), open: duration, open_max: duration }, { title: 'Breaker', description: 'When a plugin that fails is left alone, and for how long' }),
  limits: closed({ cpu: duration, memory: size, records: whole(1_000_000), time: duration }, { title: 'Limits', description: 'What one run of one plugin may use' }),
  log: closed({ level: { enum: ['debug', 'info', 'warning', 'error'] } }, { title: 'Log' }),
  plugins: { type: 'object', title: 'Plugins', description: 'By id, as JSON: {"apt": {"every": "2h", "settings": {"refresh": "private"}}}', additionalProperties: { type: 'object' } },
  schedule: closed({ every: duration, jitter: duration, max_parallel: whole(32) }, { title: 'Schedule', description: 'When plugins look' }),
});

const no_place = { client_id: null, client_name: null, site_id: null, site_name: null, group_id: null, group_name: null, agent_id: null, hostname: null };
const counts = (of = {}) => ({ as_desired: 0, pending: 0, refused: 0, local: 0, unknown: 0, not_applicable: 0, ...of });

export class MockProfiles {
  constructor(fleet) {
    this.fleet = fleet;
    const made = { problem: null, created_at: fleet.at(86400 * 20), created_by: 'mara', changed_at: fleet.at(86400 * 2), changed_by: 'jo' };
    const [client] = fleet.clients;
    this.rows = fleet.agents.length === 0 ? [] : [
      { id: makeId('PRFL', 1), ...no_place, name: 'Usual', level: 'everything', settings: { schedule: { every: '6h' }, log: { level: 'info' } }, ...made },
      { id: makeId('PRFL', 2), ...no_place, client_id: client.id, client_name: client.name, name: 'Dentists look more often than anybody else needs to', level: 'client',
        settings: { schedule: { every: '2h' }, plugins: { apt: { settings: { refresh: 'private' } } } }, ...made },
      { id: makeId('PRFL', 3), ...no_place, client_id: client.id, client_name: client.name, group_id: makeId('GRUP', 1), group_name: 'Databases', name: 'Databases are left alone', level: 'group',
        settings: { schedule: { every: '12h', max_parallel: 1 } }, ...made },
    ];
  }

  place(query) {
    const site = query.get('site_id');
    const group = query.get('group_id');
    // The groups that are made beforehand are the first client's.
    const client = group ? this.fleet.clients[0] : this.fleet.clients.find((each) => each.id === query.get('client_id') || each.sites.some((one) => one.id === site));
    const own = this.rows.find((row) => row.client_id === (client?.id ?? null) && row.site_id === (site ?? null) && row.group_id === group && row.agent_id === null) ?? null;
    const agents = group ? 12 : this.fleet.agents.filter((agent) => (!client || agent.client.id === client.id) && (!site || agent.site.id === site)).length;
    const items = this.wished(client?.id, group).map(({ key, value, row }) => ({
      key, value, level: row.level, group_name: row.group_name, profile_id: row.id, profile_name: row.name,
      drift: counts(key.startsWith('plugins') ? { as_desired: agents - 4, not_applicable: 4 } : { as_desired: Math.max(0, agents - 9), pending: 3, refused: 2, local: 3, unknown: 1 }),
    }));
    return { profile: own, agents, drift: counts(items.length > 0 ? { as_desired: Math.max(0, agents - 9), pending: 3, refused: 2, local: 3, unknown: 1 } : {}), items };
  }

  wished(client_id, group_id = null) {
    const found = {};
    for (const row of this.rows.filter((each) => each.agent_id === null && (each.group_id === null || each.group_id === group_id) && (each.client_id === null || each.client_id === client_id))) {
      for (const [group, values] of Object.entries(row.settings)) {
        if (group === 'plugins') found['plugins.apt.settings.refresh'] = { value: 'private', row };
        else for (const [name, value] of Object.entries(values)) found[`${group}.${name}`] = { value, row };
      }
    }
    return Object.keys(found).sort().map((key) => ({ key, ...found[key] }));
  }

  ofAgent(id) {
    const agent = this.fleet.agents.find((each) => each.id === id);
    const none = { wished: null, level: null, group_name: null, profile_id: null, profile_name: null, drift: null, text: null, told: true, line: null, opened: true };
    const [usual, dentists, databases] = this.rows;
    const by = (row) => ({ level: row.level, group_name: row.group_name, profile_id: row.id, profile_name: row.name });
    const items = [
      { key: 'limits.memory', value: '128MiB', from: 'default', ...none },
      { key: 'log.level', value: 'info', from: 'default', ...none, wished: 'info', ...by(usual), drift: 'as_desired' },
      { key: 'plugins.apt.settings.login', value: null, from: 'yaml', ...none, told: false, line: 14, opened: false },
      { key: 'plugins.apt.settings.refresh', value: 'never', from: 'plugin', ...none, opened: false, wished: 'private', ...by(dentists), drift: 'refused',
        text: 'policy.server_may_set of the machine does not include plugins.apt.settings.refresh' },
      { key: 'schedule.every', value: '9h', from: 'yaml', ...none, line: 6, wished: '2h', ...by(dentists), drift: 'local', text: 'agent.yaml of the machine sets it itself, line 6, and that counts' },
      { key: 'schedule.jitter', value: '10m', from: 'server', ...none },
      { key: 'schedule.max_parallel', value: 1, from: 'server', ...none, wished: 1, ...by(databases), drift: 'as_desired' },
    ];
    return { profile: null, reported_at: agent ? this.fleet.at(300) : null, drift: 'refused', command_id: this.fleet.commands[0]?.id ?? null, items };
  }

  add(body, preview) {
    if (preview) {
      const values = [{ key: 'schedule.every', before: '6h', after: '2h', drift: counts({ pending: 41, refused: 2, local: 1 }) }, { key: 'log.level', before: null, after: 'debug', drift: counts({ pending: 41, refused: 2, local: 1 }) }];
      return [200, { agents: 44, refuse: 3, values, refusing: ['till-01', 'till-02', 'a-machine-with-an-unreasonably-long-name.practice.example.net'] }];
    }
    const row = { id: makeId('PRFL', 10 + this.rows.length), ...no_place, level: 'everything', problem: null, ...body, created_at: this.fleet.at(0), created_by: 'mara', changed_at: this.fleet.at(0), changed_by: 'mara' };
    this.rows.push(row);
    return [201, row];
  }

  change(id, body) {
    return [200, Object.assign(this.rows.find((row) => row.id === id), body)];
  }

  remove(id) {
    this.rows = this.rows.filter((row) => row.id !== id);
    return [204];
  }
}

export const routes = {
  'GET profiles': (mock) => [200, { items: mock.profiles.rows }],
  'GET profiles/{id}': (mock, { id, query }) => [200, id === 'schema' ? { schema: settings_schema } : mock.profiles.place(query)],
  'POST profiles': (mock, { query, body }) => mock.profiles.add(body, query.get('preview') === '1'),
  'PUT profiles/{id}': (mock, { id, body }) => mock.profiles.change(id, body),
  'DELETE profiles/{id}': (mock, { id }) => mock.profiles.remove(id),
  'GET agents/{id}/settings': (mock, { id }) => [200, mock.profiles.ofAgent(id)],
};
