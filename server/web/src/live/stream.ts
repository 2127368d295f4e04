import { event_kinds, readEvent, type EventKind, type LiveEvent } from './event';

export type StreamStatus = 'connecting' | 'live' | 'away';

export interface StreamListener {
  onEvent(event: LiveEvent): void;
  onStatus(status: StreamStatus): void;
  // The stream is back, but events in between may be lost.
  onGap(): void;
}

const first_delay_ms = 1000;
const longest_delay_ms = 30_000;

// One EventSource. The browser reconnects by itself and sends Last-Event-ID after a cut connection; after an error answer
// it gives up, and then this starts a new one, later and later, and reports a gap.
export class EventStream {
  private source_: EventSource | null = null;
  private timer_: ReturnType<typeof setTimeout> | null = null;
  private failures_ = 0;
  private gap_ = false;

  constructor(
    private readonly url_: string,
    private readonly listener_: StreamListener,
    private readonly random_: () => number = Math.random,
  ) {}

  start(): void {
    this.timer_ = null;
    const source = new EventSource(this.url_);
    this.source_ = source;
    source.onopen = () => this.opened();
    source.onerror = () => this.failed(source);
    for (const kind of event_kinds) source.addEventListener(kind, (message) => this.received(kind, message));
  }

  stop(): void {
    this.source_?.close();
    this.source_ = null;
    if (this.timer_ !== null) clearTimeout(this.timer_);
    this.timer_ = null;
  }

  private opened(): void {
    this.failures_ = 0;
    this.listener_.onStatus('live');
    if (this.gap_) this.listener_.onGap();
    this.gap_ = false;
  }

  private failed(source: EventSource): void {
    this.listener_.onStatus('away');
    if (source.readyState !== EventSource.CLOSED) return;
    this.gap_ = true;
    const delay = Math.min(longest_delay_ms, first_delay_ms * 2 ** this.failures_);
    this.failures_ += 1;
    this.timer_ = setTimeout(() => this.start(), delay * (0.5 + this.random_() / 2));
  }

  private received(kind: EventKind, message: MessageEvent<string>): void {
    const event = readEvent(kind, message.data);
    if (event) this.listener_.onEvent(event);
  }
}
