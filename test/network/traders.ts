import type { Services } from '../../node/services.js';

/** One side waits for what another does; a machine that runs other tests beside takes long. */
const PATIENCE = 40_000;
const POLL = 25;

/** Reads until what is read holds. */
export async function until<T>(read: () => Promise<T>, holds: (value: T) => boolean, what: string): Promise<T> {
  let last: unknown;
  for (const end = Date.now() + PATIENCE; Date.now() < end;) {
    const value = await read();
    if (holds(value)) return value;
    last = value;
    await new Promise((resolve) => setTimeout(resolve, POLL));
  }
  throw new Error(`not in time: ${what}: ${JSON.stringify(last)}`);
}

/** Publishes one listing of coffee; gives its id. */
export async function published(seller: Services, sku: string): Promise<string> {
  const value = { sku, title: 'Kopi Gayo', price: '85000 IDR', quantity: 50 };
  for await (const line of seller.catalog.publish([{ line: 1, value }], {})) return line.listing ?? '';
  throw new Error('nothing was published');
}
