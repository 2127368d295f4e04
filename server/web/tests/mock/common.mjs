// What the areas of the made-up server share: refusals, pages, words for states.

export class Refusal extends Error {
  constructor(status, code, detail, field) {
    super(detail);
    this.status = status;
    this.code = code;
    this.field = field;
  }
}

// Every other state is open, and open ones are what lists show unless states are named.
export const closed_states = ['verified', 'superseded', 'resolved_elsewhere', 'ignored'];

// Machines that get no orders until somebody has looked.
export const in_doubt = ['pending', 'cloned', 'restored'];

// What a list asks of a machine and its own page shows.
export const isFilling = (agent) => agent.last_scan !== null && Number(agent.id.slice(-1)) === 3;
export const waitsForRestart = (agent) => agent.last_scan !== null && Number(agent.id.slice(-1)) % 4 === 1;

export function has(text, search) {
  return text.toLowerCase().includes(search.toLowerCase());
}

export function page(rows, query) {
  const start = Number(query.get('cursor') ?? 0);
  const limit = Number(query.get('limit') ?? 100);
  return {
    items: rows.slice(start, start + limit),
    next_cursor: start + limit < rows.length ? String(start + limit) : null,
    total: rows.length,
  };
}

export function wantedStates(query) {
  return query.get('state')?.split(',') ?? null;
}

export function refuse(status, code, text, field) {
  throw new Refusal(status, code, text, field);
}

export function needProof(mock) {
  if (!mock.proven) throw new Refusal(403, 'session.step_up_required', 'Prove again that it is you: with your password or a code.');
}
