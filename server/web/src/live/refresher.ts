import { hashKey, type QueryClient } from '@tanstack/react-query';

const wait_ms = 400;
const wait_for_long_lists_ms = 10_000;
const long_list_pages = 4;
const not_pictures = new Set(['session', 'setup', 'approval-preview']); // no event changes these

// Collects what events touched and asks again once, so that a busy fleet does not become a flood of requests.
// A list of which somebody has scrolled through many pages is asked for again less often.
export class Refresher {
  private readonly pending_ = new Map<string, string[]>();
  private timer_: ReturnType<typeof setTimeout> | null = null;
  private long_lists_due_ms_ = 0;

  constructor(
    private readonly queries_: QueryClient,
    private readonly now_: () => number = Date.now,
  ) {}

  touch(keys: string[][]): void {
    for (const key of keys) this.pending_.set(hashKey(key), key);
    if (this.pending_.size > 0) this.timer_ ??= setTimeout(() => this.flush(), wait_ms);
  }

  // Something was missed: everything on the screen is asked for again.
  all(): void {
    this.pending_.clear();
    void this.queries_.invalidateQueries({ predicate: ({ queryKey }) => !not_pictures.has(String(queryKey[0])) });
  }

  stop(): void {
    if (this.timer_ !== null) clearTimeout(this.timer_);
    this.timer_ = null;
    this.pending_.clear();
  }

  private flush(): void {
    this.timer_ = null;
    const keys = [...this.pending_.values()];
    this.pending_.clear();
    const longListsToo = this.now_() >= this.long_lists_due_ms_;
    const late: string[][] = [];
    for (const queryKey of keys) {
      void this.queries_.invalidateQueries({
        queryKey,
        predicate: (query) => {
          if (longListsToo || !isLong(query.state.data)) return true;
          late.push(queryKey);
          return false;
        },
      });
    }
    if (longListsToo) this.long_lists_due_ms_ = this.now_() + wait_for_long_lists_ms;
    for (const key of late) this.pending_.set(hashKey(key), key);
    if (late.length > 0) this.timer_ ??= setTimeout(() => this.flush(), this.long_lists_due_ms_ - this.now_());
  }
}

function isLong(data: unknown): boolean {
  const pages = (data as { pages?: unknown[] } | undefined)?.pages;
  return Array.isArray(pages) && pages.length > long_list_pages;
}
