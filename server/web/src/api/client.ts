import createClient from 'openapi-fetch';

import type { paths } from '../generated/api';
import { problemFrom, Unreachable } from './problem';
import { afterProof, needsProof } from './proof';
import { readable } from './readable';

let csrfToken = '';

// From the Session; kept in memory only.
export function rememberCsrfToken(token: string): void {
  csrfToken = token;
}

export const api = createClient<paths>({
  credentials: 'same-origin',
  querySerializer: { array: { style: 'form', explode: false } },
});

// A request's body can be read once: what may have to be sent again is kept beside it.
const copies = new WeakMap<Request, Request>();

api.use({
  onRequest({ request }) {
    if (request.method === 'GET') return request;
    if (csrfToken !== '') request.headers.set('X-CSRF-Token', csrfToken);
    copies.set(request, request.clone());
    return request;
  },
  async onResponse({ request, response }) {
    const copy = copies.get(request);
    return copy && (await needsProof(response)) ? afterProof(response, copy) : response;
  },
});

interface Answer<Data> {
  data?: Data;
  error?: unknown;
  response: Response;
}

// The data, or an ApiProblem, or Unreachable: queries know no other outcome.
export async function answerOf<Data>(pending: Promise<Answer<Data>>): Promise<Data> {
  let answer: Answer<Data>;
  try {
    answer = await pending;
  } catch (failure) {
    if (failure instanceof DOMException && failure.name === 'AbortError') throw failure;
    throw new Unreachable();
  }
  if (!answer.response.ok) throw problemFrom(answer.response, readable(answer.error));
  return readable(answer.data as Data);
}
