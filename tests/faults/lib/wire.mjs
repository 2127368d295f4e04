// A TCP forwarder between the agent and its server, which can be cut; `mute`: what the server answers does not arrive.
import net from 'node:net';

export class Wire {
  constructor(target) {
    this.target = target;
    this.mode = 'pass';
    this.sockets = new Set();
    this.server = net.createServer((client) => this.forward(client));
  }

  async listen() {
    await new Promise((resolve) => this.server.listen(0, '127.0.0.1', resolve));
    return this.server.address().port;
  }

  forward(client) {
    if (this.mode === 'cut') return client.destroy();
    const upstream = net.connect(this.target, '127.0.0.1');
    for (const socket of [client, upstream]) {
      this.sockets.add(socket);
      socket.on('error', () => {});
      socket.on('close', () => {
        this.sockets.delete(socket);
        client.destroy();
        upstream.destroy();
      });
    }
    client.pipe(upstream);
    upstream.on('data', (bytes) => this.mode === 'mute' || client.write(bytes));
    upstream.on('end', () => client.end());
    return undefined;
  }

  set(mode) {
    this.mode = mode;
    if (mode === 'cut') for (const socket of this.sockets) socket.destroy();
  }

  close() {
    this.set('cut');
    this.server.close();
  }
}
