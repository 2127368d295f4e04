// Between the agent and its server, with the server's own certificate: hands everything on, and may alter what the agent
// fetches. What a server in other hands, or a broken proxy that ends TLS, can do to orders.
import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import https from 'node:https';
import path from 'node:path';

export class Middleman {
  constructor(fleet) {
    this.fleet = fleet;
    this.alter = (envelopes) => envelopes;
    this.during = async () => {};  // told the steps of each upload (head, half, sent, answered), what is in it, and the answer's status; waited for
    this.duringHandover = async () => {};  // the same for the hand-over of a key (asked, answered)
    this.answers = new Map();  // instead of the server's, by the path of a GET; null: there is no such thing
    this.fetches = 0;
    this.doorbells = new Set();
    this.rung = 0;  // doorbells that ever were
    const tls = path.join(fleet.data, 'tls');
    this.server = https.createServer({ key: fs.readFileSync(path.join(tls, 'server.key')), cert: fs.readFileSync(path.join(tls, 'server.pem')) },
      (request, response) => this.handOn(request, response));
    this.server.on('tlsClientError', () => {});
  }

  async listen() {
    await new Promise((resolve) => this.server.listen(0, '127.0.0.1', resolve));
    return this.server.address().port;
  }

  handOn(request, response) {
    const own = this.answers.get(request.url);
    if (own !== undefined) return response.writeHead(own === null ? 404 : 200, { 'content-type': 'application/json' }).end(own ?? '{}');
    const uploads = request.url === '/agent/v1/upload';
    const handsOver = request.url === '/agent/v1/key';
    const upstream = https.request({ host: '127.0.0.1', port: this.fleet.port, method: request.method, path: request.url,
      headers: request.headers, rejectUnauthorized: false, agent: false }, (answer) => {
      answer.on('error', () => response.destroy());
      if (request.url === '/agent/v1/commands/fetch' && answer.statusCode === 200) return this.answerFetch(answer, response);
      if (request.url === '/agent/v1/doorbell' && answer.statusCode === 200) {
        this.doorbells.add(response);
        this.rung += 1;
      }
      const handBack = () => {
        response.writeHead(answer.statusCode, answer.headers);
        response.flushHeaders();  // a doorbell may be silent for a minute
        answer.on('close', () => answer.complete || response.destroy());
        answer.pipe(response);
      };
      if (uploads) return this.during('answered', response, request.items, answer.statusCode).then(handBack);
      return handsOver ? this.duringHandover('answered', response).then(handBack) : handBack();
    });
    upstream.on('error', () => response.destroy());
    for (const stream of [request, response]) stream.on('error', () => upstream.destroy());
    response.on('close', () => {
      this.doorbells.delete(response);
      upstream.destroy();
    });
    if (uploads) this.upload(request, upstream, response);
    else if (handsOver) this.duringHandover('asked', response).then(() => request.pipe(upstream));
    else request.pipe(upstream);
  }

  upload(request, upstream, response) {
    const chunks = [];
    request.on('data', (chunk) => chunks.push(chunk));
    request.on('end', async () => {
      const body = Buffer.concat(chunks);
      const half = body.length >> 1;
      request.items = JSON.parse(spawnSync('zstd', ['-dc'], { input: body, maxBuffer: 1 << 26 }).stdout).items;
      await this.during('head', response, request.items);
      upstream.write(body.subarray(0, half));
      await this.during('half', response, request.items);
      upstream.end(body.subarray(half));
      await this.during('sent', response, request.items);
    });
  }

  answerFetch(answer, response) {
    const chunks = [];
    answer.on('data', (chunk) => chunks.push(chunk));
    answer.on('end', () => {
      const commands = this.alter(JSON.parse(Buffer.concat(chunks)).commands);
      const body = Buffer.from(typeof commands === 'string' ? commands : JSON.stringify({ commands }));
      this.fetches += 1;
      response.writeHead(200, { ...answer.headers, 'content-length': body.length });
      response.end(body);
    });
  }

  // Makes the agent fetch now.
  ring() {
    for (const response of this.doorbells) response.write('event: ring\ndata: {}\n\n');
  }

  // The same now and then, until this is asked to stop: an agent asks by itself only once an hour.
  ringOften() {
    const timer = setInterval(() => this.ring(), 5_000);
    return () => clearInterval(timer);
  }

  close() {
    this.server.closeAllConnections();
    this.server.close();
  }
}
