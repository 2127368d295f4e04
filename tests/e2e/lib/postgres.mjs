// A PostgreSQL of its own that can be killed and brought back.
import path from 'node:path';
import { repository, runToEnd, temporaryFolder } from './processes.mjs';

const script = path.join(repository, 'tests/support/postgres');

export class Postgres {
  constructor(name) {
    // In the temporary folder's own top: a socket's path is short.
    this.folder = path.join(temporaryFolder(name), 'pg');
  }

  start() {
    runToEnd([script, 'start', this.folder]);
  }

  // As a crash: no farewell, nothing finished.
  kill() {
    runToEnd([script, 'kill', this.folder]);
  }

  stop() {
    runToEnd([script, 'stop', this.folder]);
  }

  query(sql, database = 'postgres') {
    return runToEnd(['psql', '-X', '-q', '-tA', '-h', this.folder, '-U', 'postgres', '-d', database, '-c', sql]).stdout.trim();
  }

  makeDatabase(name) {
    this.query(`CREATE DATABASE ${name}`);
    return `postgresql:///${name}?user=postgres&host=${this.folder}`;
  }
}
