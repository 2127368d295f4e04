import { sentence } from '../format/words';
import type { ProblemDocument } from './types';

// The server answered, and the answer was no.
export class ApiProblem extends Error {
  readonly status: number;
  readonly code: string;
  readonly field: string | null;
  readonly requestId: string | null;
  readonly retryAfterS: number | null;

  constructor(document: ProblemDocument, retryAfterS: number | null = null) {
    super(sentence(document.detail || document.title));
    this.name = 'ApiProblem';
    this.status = document.status;
    this.code = document.code;
    this.field = document.field ?? null;
    this.requestId = document.request_id || null;
    this.retryAfterS = retryAfterS;
  }
}

// No answer at all: the server is away or the network is.
export class Unreachable extends Error {
  constructor() {
    super('The server does not answer.');
    this.name = 'Unreachable';
  }
}

function isProblem(body: unknown): body is ProblemDocument {
  return typeof body === 'object' && body !== null && 'code' in body && 'title' in body;
}

// Whatever stands between us and the server (a proxy's error page, say) still becomes one kind of error.
export function problemFrom(response: Response, body: unknown): ApiProblem {
  const retryAfter = Number.parseInt(response.headers.get('Retry-After') ?? '', 10);
  const document: ProblemDocument = isProblem(body)
    ? { ...body, status: response.status }
    : {
        type: 'about:blank',
        title: response.statusText || `HTTP ${response.status}`,
        status: response.status,
        detail: `The answer was not one of RedFlag's (HTTP ${response.status}).`,
        code: `http.${response.status}`,
        request_id: response.headers.get('X-Request-Id') ?? '',
      };
  return new ApiProblem(document, Number.isNaN(retryAfter) ? null : retryAfter);
}

export function isAway(error: unknown): boolean {
  return error instanceof Unreachable || (error instanceof ApiProblem && [502, 503, 504].includes(error.status));
}

export function isForbidden(error: unknown): boolean {
  return error instanceof ApiProblem && error.status === 403;
}

export function isSignedOut(error: unknown): boolean {
  return error instanceof ApiProblem && error.status === 401;
}
