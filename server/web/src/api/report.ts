import { answerOf, api } from './client';
import { describe, ErrorReporter, type BrowserError, type Sent } from './error-reporter';
import { ApiProblem, isAway, isForbidden, isSignedOut, Unreachable } from './problem';

async function send(errors: BrowserError[]): Promise<Sent> {
  try {
    await answerOf(api.POST('/api/v1/errors', { body: { errors } }));
    return 'taken';
  } catch (error) {
    const later = isAway(error) || isSignedOut(error) || isForbidden(error) || (error instanceof ApiProblem && error.status === 429);
    return later ? 'kept' : 'refused';
  }
}

const reporter = new ErrorReporter(send, window.localStorage);

export function sendKeptErrors(): void {
  void reporter.flush();
}

// What the server refused or did not answer is said on the screen; what nobody expected is told.
export function report(error: unknown): void {
  if (error instanceof ApiProblem || error instanceof Unreachable) return;
  if (error instanceof DOMException && error.name === 'AbortError') return;
  reporter.note(describe(error, window.location.pathname));
}

export function watchErrors(): void {
  window.addEventListener('error', (event) => report(event.error ?? event.message));
  window.addEventListener('unhandledrejection', (event) => report(event.reason));
  window.addEventListener('online', sendKeptErrors);
}
