import type { components } from '../generated/api';

export type BrowserError = components['schemas']['BrowserErrors']['errors'][number];
// kept: the server is away, or nobody is signed in. refused: it will never take them.
export type Sent = 'taken' | 'kept' | 'refused';

const storage_key = 'redflag.errors';
const kept_kinds = 20;
const most_times = 10_000;
const waits_ms = [1000, 5000]; // between the three tries

// An error with what else this page has to know of it.
type Kept = BrowserError & {
  // It may be with the server already, so that it is sent again as it is or not at all.
  sent?: true;
};

// Lengths in bytes are the server's business; these leave room for every character that takes more than one.
const limits = { name: 33, message: 1300, page: 160, stack: 2700 };

function sameKind(one: BrowserError, other: BrowserError): boolean {
  return one.name === other.name && one.message === other.message && one.page === other.page;
}

function add(kinds: Kept[], error: BrowserError): Kept[] {
  const known = kinds.find((each) => !each.sent && sameKind(each, error));
  if (!known) return [...kinds, error].slice(-kept_kinds);
  const times = Math.min(most_times, known.times + error.times);
  return kinds.map((each) => (each === known ? { ...each, times } : each));
}

export function describe(thrown: unknown, page: string): BrowserError {
  const { name, message, stack } =
    thrown instanceof Error ? thrown : { name: 'Thrown', message: String(thrown), stack: undefined };
  return {
    id: crypto.randomUUID(),
    name: (name || 'Error').slice(0, limits.name),
    message: message.slice(0, limits.message),
    page: page.slice(0, limits.page),
    times: 1,
    ...(stack ? { stack: stack.slice(0, limits.stack) } : {}),
  };
}

// What nobody expected, on its way to the server's errors: counted by kind, tried three times, kept over a reload while the
// server is away. It never throws itself.
export class ErrorReporter {
  private kinds_: Kept[];
  private sending_ = false;

  constructor(
    private readonly send_: (errors: BrowserError[]) => Promise<Sent>,
    private readonly storage_: Pick<Storage, 'getItem' | 'setItem' | 'removeItem'>,
  ) {
    this.kinds_ = this.restored();
  }

  note(error: BrowserError): void {
    this.kinds_ = add(this.kinds_, error);
    this.keep();
    void this.flush();
  }

  // Also when the server is back, or somebody has signed in.
  async flush(): Promise<void> {
    if (this.sending_) return;
    this.sending_ = true;
    try {
      for (let tries = 0; this.kinds_.length > 0; tries += 1) {
        const taken = this.kinds_.map((each): Kept => ({ ...each, sent: true }));
        this.kinds_ = taken;
        this.keep();
        const sent = await this.send_(taken.map(withoutMark)).catch((): Sent => 'kept');
        if (sent !== 'kept') {
          this.forget(taken);
          tries = -1;
          continue;
        }
        const wait_ms = waits_ms[tries];
        if (wait_ms === undefined) return;
        await new Promise((resolve) => setTimeout(resolve, wait_ms));
      }
    } finally {
      this.sending_ = false;
    }
  }

  // What came meanwhile stays.
  private forget(sent: Kept[]): void {
    this.kinds_ = this.kinds_.filter((each) => !sent.some((one) => one.id === each.id));
    this.keep();
  }

  private keep(): void {
    try {
      if (this.kinds_.length === 0) this.storage_.removeItem(storage_key);
      else this.storage_.setItem(storage_key, JSON.stringify(this.kinds_));
    } catch (full) {
      console.warn('Errors are kept for this page alone.', full);
    }
  }

  private restored(): Kept[] {
    try {
      const kept: unknown = JSON.parse(this.storage_.getItem(storage_key) ?? '[]');
      if (!Array.isArray(kept)) return [];
      return kept.filter(isBrowserError).slice(-kept_kinds);
    } catch (unreadable) {
      console.warn('Errors that were kept cannot be read.', unreadable);
      return [];
    }
  }
}

function withoutMark({ id, name, message, page, times, stack }: Kept): BrowserError {
  return { id, name, message, page, times, ...(stack ? { stack } : {}) };
}

function isBrowserError(value: unknown): value is Kept {
  if (typeof value !== 'object' || value === null) return false;
  const { id, name, message, page, times } = value as Record<string, unknown>;
  return typeof id === 'string' && typeof name === 'string' && typeof message === 'string' && typeof page === 'string' && typeof times === 'number' && times >= 1;
}
