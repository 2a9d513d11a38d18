/** Work in slices: each turn ends after a few milliseconds, so that a pan or a key never waits for a tile. */

const SLICE_MS = 10;
/** Until the first view is drawn nobody pans: every frame in between is time lost. */
const FIRST_SLICE_MS = 50;

type Work = Iterator<void, void, void>;
interface Waiting {
  work: Work;
  done: () => void;
  dropped: boolean;
}

const waiting: Waiting[] = [];
const channel = new MessageChannel();
let running = false;
let slice = FIRST_SLICE_MS;

/** From the first view on, short turns. */
export function viewIsDrawn(): void {
  slice = SLICE_MS;
}

channel.port1.onmessage = () => {
  const end = performance.now() + slice;
  while (waiting.length && performance.now() < end) {
    const own = waiting[0]!;
    if (own.dropped || own.work.next().done) {
      waiting.shift();
      if (!own.dropped) own.done();
    }
  }
  running = waiting.length > 0;
  // a frame between slices while there is something to see, at once where the page is hidden
  if (running) document.hidden ? channel.port2.postMessage(0) : nextFrame();
};

function nextFrame(): void {
  requestAnimationFrame(() => channel.port2.postMessage(0));
}

/** Does the work in its turn; the answer drops what is left of it. */
export function inTurn(work: Work, done: () => void): () => void {
  const own: Waiting = { work, done, dropped: false };
  waiting.push(own);
  if (!running) {
    running = true;
    channel.port2.postMessage(0);
  }
  return () => {
    own.dropped = true;
  };
}
