import fs from 'node:fs';
import net from 'node:net';
import path from 'node:path';

// The files of the trust repository as an agent's kernel hands them to its executor.
export function handedTrust(agent) {
  const folder = path.join(agent.folder, 'state/trust');
  const read = (...names) => fs.readFileSync(path.join(folder, ...names), 'utf8');
  const present = JSON.parse(read('metadata', 'root.json')).signed.version;
  const metadata = Object.fromEntries(fs.readdirSync(path.join(folder, 'roots')).filter((name) => parseInt(name, 10) <= present)
    .map((name) => [name, read('roots', name)]));
  for (const role of ['timestamp', 'snapshot', 'targets']) {
    const text = read('metadata', `${role}.json`);
    metadata[`${role}.json`] = text;
    metadata[`${JSON.parse(text).signed.version}.${role}.json`] = text;
  }
  return { metadata, content: read('content', 'trust%2Fcommands.json') };
}

// A kernel in other hands: it hands the executor whatever it likes.
export class FalseKernel {
  constructor(agent) {
    this.agent = agent;
    this.socket = net.connect(agent.executorSocket);
    this.waiting = [];
    this.data = Buffer.alloc(0);
    this.socket.on('error', () => {});
    this.socket.on('data', (chunk) => {
      this.data = Buffer.concat([this.data, chunk]);
      while (this.data.length >= 4 && this.data.length >= 4 + this.data.readUInt32LE()) {
        const size = this.data.readUInt32LE();
        this.waiting.shift()?.(JSON.parse(this.data.subarray(4, 4 + size).toString()));
        this.data = this.data.subarray(4 + size);
      }
    });
    this.socket.on('close', () => this.waiting.splice(0).forEach((resolve) => resolve('cut off')));
  }

  send(text) {
    const body = Buffer.from(text);
    const head = Buffer.alloc(4);
    head.writeUInt32LE(body.length);
    const answer = new Promise((resolve) => this.waiting.push(resolve));
    this.socket.write(Buffer.concat([head, body]));
    return answer;
  }

  // With what the true kernel knows of the trust repository, or with other files of it.
  submit(envelope, trust = handedTrust(this.agent)) {
    return this.send(JSON.stringify({ op: 'submit', envelope, trust }));
  }
}
