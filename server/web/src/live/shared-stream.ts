import type { LiveEvent } from './event';
import { EventStream, type StreamListener, type StreamStatus } from './stream';

const name = 'redflag-events';

type Message =
  | { say: 'event'; event: LiveEvent }
  | { say: 'status'; status: StreamStatus }
  | { say: 'gap' }
  | { say: 'hello' };

// One stream for all tabs of a browser: HTTP/1.1 allows a browser six connections to a server, and each open stream
// holds one. The tab that has the lock keeps the stream and passes on what it hears; when it closes, the next tab has it.
// Returns what ends it.
export function shareStream(url: string, listener: StreamListener): () => void {
  if (!('locks' in navigator) || !('BroadcastChannel' in window)) {
    const own = new EventStream(url, listener);
    own.start();
    return () => own.stop();
  }
  const channel = new BroadcastChannel(name);
  const ended = new AbortController();
  let keeper = false;
  let followed = false;
  let status: StreamStatus = 'connecting';

  channel.onmessage = ({ data }: MessageEvent<Message>) => {
    if (data.say === 'hello' && keeper) channel.postMessage({ say: 'status', status } satisfies Message);
    if (keeper || data.say === 'hello') return;
    followed = true;
    if (data.say === 'event') listener.onEvent(data.event);
    if (data.say === 'status') listener.onStatus(data.status);
    if (data.say === 'gap') listener.onGap();
  };
  channel.postMessage({ say: 'hello' } satisfies Message);

  const tell = (message: Message) => channel.postMessage(message);
  const stream = new EventStream(url, {
    onEvent: (event) => (listener.onEvent(event), tell({ say: 'event', event })),
    onStatus: (next) => ((status = next), listener.onStatus(next), tell({ say: 'status', status: next })),
    onGap: () => (listener.onGap(), tell({ say: 'gap' })),
  });
  const keep = () =>
    new Promise<void>((release) => {
      if (ended.signal.aborted) return release();
      keeper = true;
      stream.start();
      if (followed) listener.onGap(); // what the last keeper still heard is unknown
      ended.signal.addEventListener('abort', () => release(), { once: true });
    });
  navigator.locks.request(name, { signal: ended.signal }, keep).catch((reason: unknown) => {
    if (!ended.signal.aborted) throw reason;
  });

  return () => {
    ended.abort();
    stream.stop();
    channel.close();
  };
}
