// The overview.
import { loading, text } from './common.mjs';

export const scenes = [
  { name: 'overview', path: '/', ready: text('security updates are open') },
  { name: 'overview-no-agents', path: '/', ready: text('No machine is enrolled yet'), state: { size: 0 } },
  { name: 'overview-error', path: '/', ready: text('store.failed'), state: { fail: 500 } },
  { name: 'overview-loading', path: '/', ready: loading, state: { hold: true } },
];
