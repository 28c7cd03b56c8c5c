import { join } from 'node:path';
import { createHandlers } from '../../node/handlers.js';
import { openHome } from '../../node/home/index.js';
import { ASK_METHOD, askAnswerSchema } from '../../node/index/wire.js';
import { responsible } from '../../node/index/responsible.js';
import type { NodeOptions } from '../../node/index.js';
import { startServices, type Services } from '../../node/services.js';
import { cardKeys } from '../../protocol/catalog/make-card.js';
import { placeOf, SALTS } from '../../protocol/search/posting-keys.js';
import { EMPTY_QUERY } from '../../protocol/search/query.js';
import { temporaryFolder } from '../support/processes.js';
import { readBody, writeBody } from '../../node/network/bodies.js';

/** Keys of one question. */
const KEYS = 32;

/** A node whose services are at hand. */
export async function startMember(folder: string, name: string, options: NodeOptions): Promise<Services> {
  const home = await openHome(join(folder, name), 'main');
  return startServices(home, { listen: ['/ip4/127.0.0.1/tcp/0'], mdns: false, ...options });
}

/** Nodes that know each other, and what ends them; the options are the first's, and the others begin with its address. */
export async function startMembers<Name extends string>(
  names: readonly [Name, ...Name[]],
  options: NodeOptions = {},
): Promise<Record<Name, Services> & { stop: () => Promise<void> }> {
  const { path, remove } = await temporaryFolder();
  const [name, ...others] = names;
  const first = await startMember(path, name, options);
  const bootstrap = first.network.addresses();
  const members = [first, ...(await Promise.all(others.map((other) => startMember(path, other, { bootstrap }))))];
  await untilKnown(members, members.length);
  const stop = async (): Promise<void> => {
    await Promise.all(members.map((member) => member.stop()));
    await remove();
  };
  const byName = Object.fromEntries(names.map((one, at) => [one, members[at]])) as Record<Name, Services>;
  return { ...byName, stop };
}

/** What its API answers, in process. */
export const handlersOf = (services: Services) =>
  createHandlers({ services, apiUrl: () => '', startedAt: 0, version: '0.0.0' });

/** Resolves when each of these knows all `count` nodes of the network. */
export async function untilKnown(members: readonly Services[], count: number): Promise<void> {
  for (const { network } of members) {
    for (let tries = 0; network.directory.size + 1 < count; tries++) {
      if (tries > 600) throw new Error(`a node knows ${network.directory.size + 1} of ${count}`);
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }
}

/** For each key that the cards of these listings have, how many of them have it. */
export function keysOf(members: readonly Services[], listings: readonly string[]): Map<string, number> {
  const keys = new Map<string, number>();
  for (const listing of listings) {
    const held = members.map(({ index }) => index.record(listing)).find((record) => record !== undefined);
    if (held === undefined) throw new Error(`nobody holds ${listing}`);
    for (const key of cardKeys(held.card.payload)) keys.set(key, (keys.get(key) ?? 0) + 1);
  }
  return keys;
}

/** How many cards a member holds under each key, by its own answer. */
async function heldBy({ network }: Services, keys: readonly string[]): Promise<Map<string, number>> {
  const held = new Map<string, number>();
  for (let start = 0; start < keys.length; start += KEYS) {
    const asked = keys.slice(start, start + KEYS);
    const question = { query: EMPTY_QUERY, keys: asked, filters: {}, limit: 1, cards: 0 };
    const answer = await network.request(network.peerId, ASK_METHOD, writeBody(question));
    const { held: counts } = readBody(askAnswerSchema, answer, 'answer');
    asked.forEach((key, at) => held.set(key, counts[at] ?? 0));
  }
  return held;
}

/** Copies that are missing at those of the members that should have them while there is nobody but the members. */
export async function missingCopies(
  members: readonly Services[],
  keys: ReadonlyMap<string, number>,
): Promise<string[]> {
  const refs = members.flatMap(({ network }) => network.directory.get(network.peerId) ?? []);
  const missing: string[] = [];
  for (const member of members) {
    const held = await heldBy(member, [...keys.keys()]);
    for (const [key, count] of keys) {
      const isHolder = SALTS.some((salt) =>
        responsible(refs, placeOf('main', key, salt).kadId).some(({ id }) => id === member.network.peerId),
      );
      if (isHolder && (held.get(key) ?? 0) < count) missing.push(`${key} at ${member.network.peerId}`);
    }
  }
  return missing;
}
