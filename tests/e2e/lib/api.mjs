// A technician's API client: TLS with the server's own CA, session cookie and CSRF token.
import { randomUUID } from 'node:crypto';
import fs from 'node:fs';
import https from 'node:https';
import { kPatience } from './processes.mjs';

const kAnswerMs = 20_000 * kPatience;

export class Api {
  constructor(base, caFile) {
    this.base = base;
    this.ca = fs.readFileSync(caFile);
    this.cookie = '';
    this.csrf = '';
  }

  // {status, body, headers}; a status of 400 or more throws unless `allowProblem`, but for a proof that is asked for
  // again: that is given, as the browser's dialog does.
  async request(method, path, body, options = {}) {
    const answer = await this.send(method, path, body, options);
    if (answer.status < 400 || options.allowProblem) return answer;
    if (answer.body?.code === 'session.step_up_required' && this.password) {
      await this.send('POST', '/api/v1/session/step-up', { password: this.password });
      const again = await this.send(method, path, body, options);
      if (again.status < 400) return again;
    }
    throw new Error(`${method} ${path}: ${answer.status} ${JSON.stringify(answer.body)}`);
  }

  send(method, path, body, { headers = {} } = {}) {
    const url = new URL(path, this.base);
    const text = body === undefined ? undefined : JSON.stringify(body);
    return new Promise((resolve, reject) => {
      const request = https.request(url, {
        method, ca: this.ca, agent: false,
        headers: {
          accept: 'application/json',
          ...(text === undefined ? {} : { 'content-type': 'application/json', 'content-length': Buffer.byteLength(text) }),
          ...(text === undefined && method !== 'GET' ? { 'content-length': 0 } : {}),
          ...(this.cookie ? { cookie: this.cookie } : {}),
          ...(method === 'GET' ? {} : { 'x-csrf-token': this.csrf, 'idempotency-key': randomUUID() }),
          ...headers,
        },
      }, (response) => {
        let data = '';
        response.setEncoding('utf8');
        response.on('data', (chunk) => { data += chunk; });
        response.on('end', () => {
          const cookie = response.headers['set-cookie']?.find((line) => line.startsWith('__Host-redflag='));
          if (cookie) this.cookie = cookie.split(';')[0];
          const answer = { status: response.statusCode, headers: response.headers, body: data && /[/+]json\b/.test(response.headers['content-type'] ?? '') ? JSON.parse(data) : data };
          resolve(answer);
        });
      });
      request.setTimeout(kAnswerMs, () => request.destroy(new Error(`${method} ${path}: no answer within ${kAnswerMs} ms`)));
      request.on('error', reject);
      request.end(text);
    });
  }

  async get(path) {
    return (await this.request('GET', path)).body;
  }

  async post(path, body) {
    return (await this.request('POST', path, body)).body;
  }

  async setUp(token, username = 'alex', password = 'correct horse battery staple') {
    const session = await this.post('/api/v1/setup', { token, username, password });
    this.password = password;
    this.csrf = session.csrf_token;
    return session;
  }

  async signIn(username = 'alex', password = 'correct horse battery staple') {
    const session = await this.post('/api/v1/session', { username, password });
    this.password = password;
    this.csrf = session.csrf_token;
    return session;
  }
}
