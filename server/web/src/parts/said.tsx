import { notifications } from '@mantine/notifications';

import { ApiProblem } from '../api/problem';

// What happened, in the corner; what went wrong stays until it is closed.
export function sayDone(message: string): void {
  notifications.show({ message, color: 'teal', autoClose: 6000, closeButtonProps: { 'aria-label': 'Close' } });
}

export function sayFailed(title: string, error: unknown): void {
  const codes = error instanceof ApiProblem ? ` (${error.code}${error.requestId ? `, request ${error.requestId}` : ''})` : '';
  const message = `${error instanceof Error ? error.message : 'An unknown error.'}${codes}`;
  notifications.show({ title, message, color: 'red', autoClose: false, closeButtonProps: { 'aria-label': 'Close' } });
}
