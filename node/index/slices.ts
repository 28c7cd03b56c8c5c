/** Milliseconds of work in one piece: requests of others wait no longer than that. */
const SLICE = 5;
/** Milliseconds of rest after each: work in the background takes half of the processor at most. */
const PAUSE = 5;

/** Goes through many things in slices, so that everything else goes on beside it. @throws the signal's reason */
export async function* slices<T>(items: Iterable<T>, signal: AbortSignal): AsyncGenerator<T> {
  let begun = performance.now();
  for (const item of items) {
    if (performance.now() - begun > SLICE) {
      await new Promise((resolve) => setTimeout(resolve, PAUSE));
      signal.throwIfAborted();
      begun = performance.now();
    }
    yield item;
  }
}
