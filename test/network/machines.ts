import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'vitest';
import { createHandlers } from '../../node/handlers.js';
import { openHome } from '../../node/home/index.js';
import { acceptPairing, delegate, requestPairing } from '../../node/identity/index.js';
import { readRequest, writeAnswer } from '../../node/identity/pairing.js';
import type { Root } from '../../node/identity/root.js';
import { ownWords } from '../../node/identity/words.js';
import { bindOperations, type BoundOperations } from '../../node/operations.js';
import { startServices, type Services } from '../../node/services.js';
import { nextEpoch, WRITER_LIFETIME } from '../../protocol/identity/writer.js';
import { signRecord } from '../../protocol/record.js';

export const NETWORK = 'test';
/** A minute: other tests run beside. */
const TRIES = 1_200;

/** A node of a trader, with its services and the operations that people use. */
export interface Machine extends BoundOperations {
  readonly services: Services;
  readonly folder: string;
  readonly identity: Services['identity'];
  readonly now: () => number;
}

const running: Services[] = [];
const folders: string[] = [];

/** Ends all machines of a test and removes what they wrote. */
export async function stopAll(): Promise<void> {
  await Promise.all(running.splice(0).map((services) => services.stop()));
  await Promise.all(folders.splice(0).map((folder) => rm(folder, { recursive: true, force: true })));
}

export async function newFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'niaga-devices-'));
  folders.push(folder);
  return folder;
}

export async function start(
  options: { folder?: string; name?: string; by?: Machine; now?: () => number } = {},
): Promise<Machine> {
  const { now = Date.now } = options;
  const folder = options.folder ?? (await newFolder());
  const services = await startServices(await openHome(folder, NETWORK), {
    name: options.name,
    now,
    listen: ['/ip4/127.0.0.1/tcp/0'],
    bootstrap: options.by?.services.network.addresses() ?? [],
    mdns: false,
    upkeep: { capsule: 100 },
  });
  running.push(services);
  const handlers = createHandlers({ services, version: '', startedAt: Date.now(), apiUrl: () => '' });
  const bound = bindOperations(handlers, new AbortController().signal);
  return { ...bound, services, folder, identity: services.identity, now };
}

export async function stop(machine: Machine): Promise<void> {
  running.splice(running.indexOf(machine.services), 1);
  await machine.services.stop();
}

/** Resolves when the question has the wanted answer; an error is one that it does not have yet. */
export async function until<T>(ask: () => Promise<T>, wanted: (answer: T) => boolean): Promise<T> {
  let last: unknown;
  for (let tries = 0; tries < TRIES; tries++) {
    last = await ask().catch((error: unknown) => error);
    if (!(last instanceof Error) && wanted(last as T)) return last as T;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  throw new Error(`it never came: ${JSON.stringify(last)}`);
}

/** Resolves when a machine knows so many nodes, itself among them. */
export const knows = (machine: Machine, many: number) =>
  until(
    () => machine.status({}),
    ({ known }) => known >= many,
  );

/** A seller, a buyer who knows everybody, and a third node, with whom lies what is for somebody who is away. */
export async function market(name?: string): Promise<{ seller: Machine; buyer: Machine; third: Machine }> {
  const seller = await start({ ...(name === undefined ? {} : { name }) });
  const [buyer, third] = [await start({ by: seller }), await start({ by: seller })];
  await knows(buyer, 3);
  return { seller, buyer, third };
}

export const shows = (machine: Machine, trade: string, state: string) =>
  until(
    () => machine.tradeShow({ trade }),
    (view) => view.state === state,
  );

export async function publish(machine: Machine, value: unknown): Promise<string> {
  for await (const { listing, error } of machine.publish({ items: [{ value }] })) {
    expect(error).toBeUndefined();
    return listing ?? '';
  }
  throw new Error('no answer');
}

export const rootOf = async ({ folder }: Machine): Promise<Root> =>
  ownWords(await openHome(folder, NETWORK), undefined);

/** Gives a machine another delegation, as its half-yearly renewal does. */
export async function renew(machine: Machine): Promise<void> {
  const { identity, services } = machine;
  const renewed = delegate(await rootOf(machine), identity.device, { network: NETWORK, now: machine.now() });
  await services.devices.submit([renewed.bytes]);
  await until(
    () => Promise.resolve(identity.delegation.id),
    (id) => id.equals(renewed.id),
  );
}

/** A second machine of a trader, as the two commands make it. */
export async function pair(first: Machine): Promise<Machine> {
  const folder = await newFolder();
  const home = await openHome(folder, NETWORK);
  const root = await rootOf(first);
  const now = first.now();
  const { request } = await requestPairing(home, { network: NETWORK, label: 'Telepon', now });
  const { device, label } = readRequest(request, NETWORK);
  const lease = {
    epoch: nextEpoch(undefined, now),
    holder: first.identity.device,
    expires: now + WRITER_LIFETIME,
    stands: [],
  };
  const records = [
    delegate(root, device, { network: NETWORK, now, label }).bytes,
    signRecord('writer', lease, root, { network: NETWORK, created: now }).bytes,
  ];
  await first.services.devices.submit(records);
  await acceptPairing(home, writeAnswer(records), { network: NETWORK });
  const second = await start({ folder, by: first, now: first.now });
  await until(
    () => first.identityDevices({}),
    ({ devices }) => devices.length === 2,
  );
  return second;
}
