import { OFFLINE, refusalOf } from './refusal.js';

/**
 * The last answers of the node, kept in this browser: they are shown, with their age, while the node does not answer. Signing out
 * deletes them, and so does signing in to the node of somebody else.
 */
const CACHE = 'niaga-kept';
/** Whose answers they are. */
const TRADER = 'niaga.trader';
/** The oldest give way. */
const MOST = 300;
const TIME = 'niaga-time';

/** What people look up on the way: their orders, what they wrote, what they sell, listings that they opened. */
const KEPT: ReadonlySet<string> = new Set([
  'status',
  'peers',
  'trade.list',
  'trade.show',
  'chat.show',
  'listing.list',
  'listing.show',
  'trader.show',
  'trader.ratings',
  'watch.list',
  'arbiter.list',
  'identity.devices',
  'block.list',
]);

/** Of questions that were answered from here: how old the answers are. */
const ages = new WeakMap<AbortSignal, number>();

/** When the oldest answer to what was asked with a signal came, milliseconds UTC; undefined: all came from the node just now. */
export function ageOf(signal: AbortSignal): number | undefined {
  return ages.get(signal);
}

/** Whether there may be something to show without the node. */
export function anythingKept(): boolean {
  return localStorage.getItem(TRADER) !== null;
}

/** Says whose node this is. What was kept of another one is deleted. */
export async function keepFor(trader: string): Promise<void> {
  if (localStorage.getItem(TRADER) !== trader) await forgetKept();
  localStorage.setItem(TRADER, trader);
}

export async function forgetKept(): Promise<void> {
  localStorage.removeItem(TRADER);
  await stored()?.delete(CACHE);
}

/** What the node answers, kept; where it does not answer, what it said last, if anything. @throws what `ask` throws */
export async function orKept(
  name: string,
  input: unknown,
  ask: () => Promise<unknown>,
  signal?: AbortSignal,
): Promise<unknown> {
  if (!KEPT.has(name)) return ask();
  const address = `/kept/${name}?${encodeURIComponent(JSON.stringify(input))}`;
  try {
    const value = await ask();
    // Nobody waits for it, and a full disk is no reason not to show what came.
    void keep(address, value).catch(() => undefined);
    return value;
  } catch (thrown) {
    const found =
      refusalOf(thrown).code === OFFLINE && anythingKept()
        ? await stored()?.match(address, { cacheName: CACHE })
        : undefined;
    if (found === undefined) throw thrown;
    const time = Number(found.headers.get(TIME));
    if (signal !== undefined) ages.set(signal, Math.min(time, ages.get(signal) ?? time));
    return found.json() as Promise<unknown>;
  }
}

async function keep(address: string, value: unknown): Promise<void> {
  // An answer that comes when somebody has signed out is nobody's.
  if (!anythingKept()) return;
  const cache = await stored()?.open(CACHE);
  if (cache === undefined) return;
  await cache.put(address, new Response(JSON.stringify(value), { headers: { [TIME]: String(Date.now()) } }));
  const all = await cache.keys();
  await Promise.all(all.slice(0, Math.max(0, all.length - MOST)).map((oldest) => cache.delete(oldest)));
}

/** A browser has it on this machine and behind TLS. */
function stored(): CacheStorage | undefined {
  return 'caches' in globalThis ? caches : undefined;
}
