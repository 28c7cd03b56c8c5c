import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import type { Services } from '../../node/services.js';
import { NodeGroup } from '../support/node-group.js';
import { temporaryFolder } from '../support/processes.js';
import { keysOf, missingCopies, startMember, untilKnown } from './members.js';

const DAY = 24 * 60 * 60 * 1000;
/** As the defaults, in tenths of the time. */
const upkeep = {
  handover: {
    probeAfter: 1_500,
    probeTimeout: 1_000,
    probeAgain: 400,
    grace: 1_000,
    settle: 300,
    rankDelay: 300,
    retry: 1_000,
    checkEvery: 500,
    freshAfter: 1_000,
    freshEvery: 300,
  },
};
const patience = { timeout: 40_000, interval: 250 };
const WORDS = [
  'kopi',
  'teh',
  'beras',
  'gula',
  'garam',
  'kecap',
  'sambal',
  'batik',
  'sarung',
  'payung',
  'sepatu',
  'tas',
];

let folder: { path: string; remove: () => Promise<void> };
let killed: NodeGroup;
let frozen: NodeGroup;
const members: Services[] = [];
let offset = 0;
const now = (): number => Date.now() + offset;
let listings: string[] = [];

function start(name: string): Promise<Services> {
  const bootstrap = members[0]?.network.addresses() ?? [];
  return startMember(folder.path, name, { bootstrap, upkeep, now });
}

async function find(member: Services, at: number): Promise<string[]> {
  const { hits } = await member.search.search({ words: [WORDS[at] ?? '', 'pilihan'], limit: 20, timeoutMs: 2_500 });
  return hits.map(({ listing }) => listing);
}

/** A search may end before those have answered that a busy machine keeps waiting, as it may for those that are frozen. */
const finds = (member: Services, at: number): Promise<void> =>
  vi.waitFor(async () => expect(await find(member, at)).toContain(listings[at]), patience);

beforeAll(async () => {
  folder = await temporaryFolder();
  members.push(await start('member-0'));
  const bootstrap = members[0]?.network.addresses() ?? [];
  const homes = (group: string) => [0, 1].map((number) => join(folder.path, `${group}-${number}`));
  killed = new NodeGroup({ homes: homes('killed'), bootstrap, upkeep });
  frozen = new NodeGroup({ homes: homes('frozen'), bootstrap, upkeep });
  members.push(...(await Promise.all([1, 2, 3, 4, 5].map((number) => start(`member-${number}`)))));
  await Promise.all([killed.ready(), frozen.ready()]);
  await untilKnown(members, members.length + 4);
});

afterAll(async () => {
  await Promise.all([killed.kill(), frozen.kill(), ...members.map((member) => member.stop())]);
  await folder.remove();
});

describe('ten nodes, of which one publishes', () => {
  it('hold everything in all its copies again after four have gone at once, the seller too, by SIGKILL and SIGSTOP', async () => {
    const items = WORDS.map((word, at) => ({
      sku: word,
      title: `${word} pilihan nomor ${at + 1}`,
      price: '10000 IDR',
    }));
    listings = (await killed.publish(0, items)).map(({ listing }) => listing ?? '');
    const keys = await vi.waitFor(() => keysOf(members, listings), patience);
    expect(keys.size).toBeGreaterThan(3 * WORDS.length);
    killed.signal('SIGKILL');
    frozen.signal('SIGSTOP');
    expect((await missingCopies(members, keys)).length).toBeGreaterThan(10);
    await vi.waitFor(async () => expect(await missingCopies(members, keys)).toEqual([]), patience);
    // All of them side by side: a search waits as long as it may for those that are frozen.
    const search = async (member: Services, place: number): Promise<void> => {
      for (let at = place; at < WORDS.length; at += members.length) await finds(member, at);
    };
    await Promise.all(members.map(search));
  });

  it('give a node that joins its share', async () => {
    const keys = keysOf(members, listings);
    const newcomer = await start('newcomer');
    members.push(newcomer);
    await vi.waitFor(async () => expect(await missingCopies(members, keys)).toEqual([]), patience);
    expect(newcomer.index.count()).toBe(WORDS.length);
    await finds(newcomer, 0);
  });

  it('find what a seller who is gone for three days published, also from nodes that came since, and nothing after its end', async () => {
    offset = 3 * DAY;
    const keys = keysOf(members, listings);
    const late = await start('late');
    members.push(late);
    await vi.waitFor(async () => expect(await missingCopies(members, keys)).toEqual([]), patience);
    for (const at of [0, 5, 11]) await finds(late, at);
    offset = 31 * DAY;
    for (const at of [0, 5, 11]) expect(await find(late, at)).toEqual([]);
  });
});
