// What the made-up server remembers between two requests, and tells the browsers that listen.
import { makeFleet } from './data/fleet.mjs';
import { MockProfiles } from './profiles.mjs';

export class Mock {
  constructor({ dist, size }) {
    this.dist = dist;
    this.size = size;
    this.streams = new Set();
    this.requests = [];
    this.reported = [];
    this.reset({});
  }

  // factor: whether there is a second factor. required: the role asks for one. proven: false, a change that needs a proof
  // asks for it. role: whose session it is, null: signed out. fail: every answer is that status. setup: no user yet.
  // hold: only the session is answered.
  reset({
    role = 'admin', fail = null, setup = false, size = this.size, away = false, hold = false, factor = false, required = false, proven = true,
    tampered = false, elsewhere = false,
  }) {
    Object.assign(this, { role, fail, setup, away, hold, factor, required, proven, tampered, elsewhere });
    Object.assign(this, {
      rates: { people: 900 }, rules: { high: 20, destructive: 1 }, decided: new Set(), half: false, users: null, services: null,
      fleet: makeFleet(size), keys: new Map(), seq: 0,
    });
    this.profiles = new MockProfiles(this.fleet);
    this.defined = null;
    this.cutStreams();
  }

  cutStreams() {
    for (const stream of this.streams) stream.destroy();
    this.streams.clear();
  }

  emit(event, data) {
    this.seq += 1;
    for (const stream of this.streams) stream.write(`id: ${this.seq}\nevent: ${event}\ndata: ${JSON.stringify(data)}\n\n`);
  }
}
