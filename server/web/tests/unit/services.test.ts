import { expect, test } from 'vitest';

import { outdatedServices } from '../../src/format/services';

test('services that run replaced code say whether an order may restart them', () => {
  const rows = [
    { fields: { name: 'nginx.service', needs_restart: true, reason: 'nginx', packages: ['libssl3'] } },
    { fields: { name: 'dbus.service', needs_restart: true, needs_reboot: true } },
    { fields: { name: 'backup.service', state: 'failed' } },
  ];
  expect(outdatedServices(rows)).toEqual([
    { name: 'nginx.service', reason: 'nginx', packages: ['libssl3'], needs_reboot: false },
    { name: 'dbus.service', reason: '', packages: [], needs_reboot: true },
  ]);
});
