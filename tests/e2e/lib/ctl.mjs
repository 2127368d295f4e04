// redflagctl as a script has it: a home of its own, and a service account's token.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import path from 'node:path';
import { kPatience, program, temporaryFolder } from './processes.mjs';

export class Ctl {
  constructor(name) {
    this.env = { PATH: process.env.PATH, HOME: temporaryFolder(`${name}-home`) };
  }

  // `api`: an administrator's, who makes the account.
  async login(api, fleet, role = 'admin') {
    const account = await api.post('/api/v1/service-accounts', { name: 'script', grants: [{ role, client_id: null, site_id: null }] });
    const { token } = await api.post(`/api/v1/service-accounts/${account.id}/tokens`, { name: 'test', expires_in_s: 3600 });
    const { code, said } = this.run(['login', '--server', fleet.url, '--ca', path.join(fleet.data, 'ca.pem')], `${token}\n`);
    assert.equal(code, 0, said);
  }

  run(words, input = '') {
    const ended = spawnSync(program('redflagctl'), words, { env: this.env, input, encoding: 'utf8', timeout: 60_000 * kPatience });
    return { code: ended.status, out: ended.stdout, said: ended.stderr };
  }

  // What it prints, parsed.
  done(...words) {
    const { code, out, said } = this.run([...words, '--format', 'json']);
    assert.equal(code, 0, `${words.join(' ')}: ${said}`);
    return out ? JSON.parse(out) : null;
  }

  // What it says instead.
  refused(...words) {
    const { code, said } = this.run(words);
    assert.equal(code, 1, `${words.join(' ')}: ${said}`);
    return said;
  }
}
