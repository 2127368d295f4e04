// @vitest-environment node
// Nobody is offered what the server refuses: the roles that controls ask for are those of the API's document, and whatever
// changes something stands behind one of them.
import { readdir, readFile } from 'node:fs/promises';

import { beforeAll, expect, test } from 'vitest';

import { rights } from '../../src/api/rights';

type Right = keyof typeof rights;

const roles: Record<string, string> = { technician: 'technician', approver: 'approver', 'scoped-admin': 'admin', admin: 'admin' };

// Done in a dialog that the control of another one opens.
const together: Record<string, Right> = {
  removeApprovalPolicy: 'changeApprovalPolicy',
  removeClient: 'renameClient',
  removeGroup: 'changeGroup',
  removeMaintenanceWindow: 'changeMaintenanceWindow',
  removeProfile: 'changeProfile',
  removeSite: 'renameSite',
  setSiteTimeZone: 'renameSite',
  withdrawPolicyApproval: 'approvePolicy',
  withdrawScheduleApproval: 'approveSchedule',
};

// What is opened by controls of other files, each of which asks.
const opened_by: Record<string, string[]> = {
  'screens/agents/move-dialog.tsx': ['screens/agent/agent-screen.tsx', 'screens/agents/agents-screen.tsx'],
  'screens/profiles/profile-dialog.tsx': ['screens/agent/agent-settings.tsx', 'screens/profiles/place-settings.tsx'],
  'screens/rules/policy-dialog.tsx': ['screens/rules/policies.tsx'],
  'screens/rules/policy-preview.tsx': ['screens/rules/policies.tsx'],
  'screens/updates/approval.ts': ['screens/updates/approvable-rows.tsx', 'screens/updates/update-rows-screen.tsx', 'screens/updates/updates-screen.tsx'],
  'screens/updates/ignoring.ts': ['screens/updates/approvable-rows.tsx', 'screens/updates/updates-screen.tsx'],
};

// Screens that only who administers something sees, and there only what that person may change.
const behind_screen: Record<string, { screen: string; right: Right }> = {
  'screens/settings/people.tsx': { screen: 'screens/settings/settings-screen.tsx', right: 'listUsers' },
  'screens/settings/services.tsx': { screen: 'screens/settings/settings-screen.tsx', right: 'listUsers' },
};

// Controls about many things, or a new one whose place is still to be chosen: offered to who may somewhere.
const somewhere: Record<string, number> = {
  'parts/edited-list.tsx': 1,
  'screens/agents/agents-screen.tsx': 2,
  'screens/enrolment/tokens.tsx': 1,
  'screens/operations/held-orders.tsx': 2,
  'screens/schedules/schedules-screen.tsx': 1,
  'screens/updates/approvable-rows.tsx': 2,
  'screens/updates/update-rows-screen.tsx': 1,
  'screens/updates/updates-screen.tsx': 2,
};

interface Operation {
  operationId: string;
  'x-permission': string;
}

const source = new URL('../../src/', import.meta.url);
const operations = new Map<string, Operation>(); // by method and path
const action_rights = new Map<string, Right>(); // by the name of the function that asks the server
const files = new Map<string, string>();

beforeAll(async () => {
  const document = JSON.parse(await readFile(new URL('../../../api/openapi.json', import.meta.url), 'utf8')) as { paths: Record<string, Record<string, Operation>> };
  for (const [path, methods] of Object.entries(document.paths)) {
    for (const [method, operation] of Object.entries(methods)) operations.set(`${method.toUpperCase()} ${path}`, operation);
  }
  for (const file of await readdir(source, { recursive: true })) {
    if (/\.tsx?$/.test(file)) files.set(file, await readFile(new URL(file, source), 'utf8'));
  }
  const [, ...actions] = (files.get('api/actions.ts') ?? '').split(/^export (?:async )?function /m);
  for (const text of actions) {
    const [, method, path] = /api\.([A-Z]+)\(\s*'([^']+)'/.exec(text) ?? [];
    const id = operations.get(`${method} ${path}`)?.operationId ?? '';
    if (id in rights) action_rights.set(nameOf(text), id as Right);
  }
  for (const text of actions) {
    if (text.includes('api.')) continue;
    for (const [other, right] of action_rights) if (text.includes(`${other}(`)) action_rights.set(nameOf(text), right);
  }
});

const nameOf = (action: string) => /^\w+/.exec(action)?.[0] ?? '';
const textOf = (file: string) => files.get(file) ?? '';
const asksFor = (file: string, right: Right) => new RegExp(`rights\\.${right}\\b`).test(textOf(file));

function actionsIn(text: string): string[] {
  const imported = /import \{([^}]+)\} from '[./]+api\/actions'/.exec(text)?.[1] ?? '';
  return imported.split(',').map((name) => name.trim()).filter((name) => action_rights.has(name));
}

test('what controls ask for is what the document says', () => {
  const said = [...operations.values()].flatMap(({ operationId, 'x-permission': permission }) => (roles[permission] ? [[operationId, roles[permission]]] : []));
  expect(rights).toEqual(Object.fromEntries(said));
  for (const [right, other] of Object.entries(together)) expect(rights[right as Right], right).toBe(rights[other]);
});

test('whatever changes something stands behind the right that the server demands', () => {
  const unguarded: string[] = [];
  let seen = 0;
  for (const [file, text] of files) {
    for (const action of actionsIn(text)) {
      seen += 1;
      const needed = action_rights.get(action) as Right;
      const right = together[needed] ?? needed;
      const openers = opened_by[file] ?? [];
      const screen = behind_screen[file];
      const whole = screen !== undefined && rights[screen.right] === rights[right] && asksFor(screen.screen, screen.right);
      if (asksFor(file, right) || (openers.length > 0 && openers.every((opener) => asksFor(opener, right))) || whole) continue;
      unguarded.push(`${file}: ${action}`);
    }
  }
  expect(unguarded).toEqual([]);
  expect(seen).toBeGreaterThan(50);
});

test('what only an administrator of everything may is asked for there', () => {
  for (const [file, text] of files) {
    for (const action of actionsIn(text)) {
      const needed = action_rights.get(action) as Right;
      const permission = [...operations.values()].find(({ operationId }) => operationId === needed)?.['x-permission'];
      if (permission !== 'admin') continue;
      expect(text, `${file}: ${action}`).toMatch(new RegExp(`needs=\\{rights\\.${together[needed] ?? needed}\\}\\s+at="everywhere"`));
    }
  }
});

test('a control that is about one thing asks at its place', () => {
  const placeless: Record<string, number> = {};
  for (const [file, text] of files) {
    for (const [tag] of text.matchAll(/<GuardedButton\b(?:=>|[^>])*>/g)) {
      if (!/\sat=/.test(tag)) placeless[file] = (placeless[file] ?? 0) + 1;
    }
  }
  expect(placeless).toEqual(somewhere);
});

test('no screen names a role of its own', () => {
  const own = [...files].filter(([, text]) => /needs="|useMay(There)?\('|mayThere\([^)]*'/.test(text)).map(([file]) => file);
  expect(own).toEqual([]);
});
