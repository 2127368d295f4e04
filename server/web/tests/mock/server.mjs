// Serves the built application and a made-up fleet, in the shapes of ../../../api/openapi.json, so that screens can be looked
// at and tested without a server. `npm run mock` starts it by itself.

import { createServer } from 'node:http';
import { readFile } from 'node:fs/promises';
import { dirname, extname, join, normalize } from 'node:path';
import { fileURLToPath } from 'node:url';

import { answer } from './answer.mjs';
import { Refusal } from './common.mjs';
import { makeId } from './data/ids.mjs';
import { Mock } from './state.mjs';

// The policy the real server sends with every page.
export const content_security_policy =
  "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; font-src 'self'; connect-src 'self'; " +
  "base-uri 'none'; form-action 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types 'none'";

const types = { '.html': 'text/html; charset=utf-8', '.js': 'text/javascript', '.css': 'text/css', '.svg': 'image/svg+xml' };

async function readBody(request) {
  const parts = [];
  for await (const part of request) parts.push(part);
  return parts.length > 0 ? JSON.parse(Buffer.concat(parts).toString()) : {};
}

async function sendFile(mock, path, response) {
  const wanted = extname(path) ? normalize(path) : '/index.html';
  const content = await readFile(join(mock.dist, wanted)).catch(() => null);
  if (!content) return response.writeHead(404).end();
  response.writeHead(200, {
    'Content-Type': types[extname(wanted)] ?? 'application/octet-stream',
    'Content-Security-Policy': content_security_policy,
    'X-Content-Type-Options': 'nosniff',
  });
  response.end(content);
}

async function handle(mock, request, response) {
  const url = new URL(request.url, 'http://mock.example');
  if (!url.pathname.startsWith('/api/')) return sendFile(mock, url.pathname, response);
  if (mock.away) return request.socket.destroy();
  mock.requests.push(`${request.method} ${url.pathname}`);
  if (url.pathname === '/api/v1/events' && mock.role !== null) {
    response.writeHead(200, { 'Content-Type': 'text/event-stream', 'Cache-Control': 'no-store' });
    response.write('retry: 500\n\n');
    mock.streams.add(response);
    response.on('close', () => mock.streams.delete(response));
    return;
  }
  if (mock.hold && url.pathname !== '/api/v1/session') return;
  try {
    const body = request.method === 'GET' ? {} : await readBody(request);
    const [status, found] = answer(mock, request.method, url.pathname, url.searchParams, body, request.headers);
    response.writeHead(status, { 'Content-Type': 'application/json' }).end(found && JSON.stringify(found));
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    const problem = { type: 'about:blank', title: error.code, status: error.status, detail: error.message, code: error.code, request_id: makeId('RQST', 7), ...(error.field && { field: error.field }) };
    response.writeHead(error.status, { 'Content-Type': 'application/problem+json' }).end(JSON.stringify(problem));
  }
}

export async function startMock({ dist, port = 0, size = 180 }) {
  const mock = new Mock({ dist, size });
  const server = createServer((request, response) => {
    handle(mock, request, response).catch((error) => {
      console.error(error);
      response.destroy();
    });
  });
  await new Promise((resolve) => server.listen(port, '127.0.0.1', resolve));
  return {
    mock,
    url: `http://127.0.0.1:${server.address().port}`,
    close: () => {
      mock.cutStreams();
      server.closeAllConnections();
      return new Promise((resolve) => server.close(resolve));
    },
  };
}

const here = dirname(fileURLToPath(import.meta.url));
if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const dist = process.env.REDFLAG_WEB_DIST ?? join(here, '..', '..', 'dist');
  const { url } = await startMock({ dist, port: Number(process.env.PORT ?? 8765), size: 3000 });
  console.log(`A made-up fleet is at ${url}`);
}
