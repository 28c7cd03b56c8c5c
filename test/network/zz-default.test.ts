import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import type { Services } from '../../node/services.js';
import { NodeGroup } from '../support/node-group.js';
import { temporaryFolder } from '../support/processes.js';
import { keysOf, missingCopies, startMember, untilKnown } from './zz-members.js';

const DAY = 24 * 60 * 60 * 1000;
/** As the defaults, in tenths of the time. */
const upkeep = {};
const patience = { timeout: 150_000, interval: 2000 };
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
  it('hold everything in all its copies again after four have gone at once, the seller too, by SIGKILL and SIGSTOP', { timeout: 240_000 }, async () => {
    const items = WORDS.map((word, at) => ({
      sku: word,
      title: `${word} pilihan nomor ${at + 1}`,
      price: '10000 IDR',
    }));
    listings = (await killed.publish(0, items)).map(({ listing }) => listing ?? '');
    const keys = await vi.waitFor(() => keysOf(members, listings), patience);
    expect(keys.size).toBeGreaterThan(3 * WORDS.length);
    const all = [...members.flatMap(({network}) => network.directory.get(network.peerId) ?? []), ...[...killed.nodes, ...frozen.nodes].flatMap(({peerId}) => members[0]!.network.directory.get(peerId) ?? [])];
    console.log('refs', all.length);
    await new Promise((r) => setTimeout(r, 4000));
    console.log('before', await missingCopies(members, keys, all));
    killed.signal('SIGKILL');
    frozen.signal('SIGSTOP');
    const t0 = performance.now(); const lost = await missingCopies(members, keys); console.log('missing', lost.length);
 const timer = setInterval(async () => { const m = await missingCopies(members, keys); console.log('left', Math.round((performance.now()-t0)/1000), m.length < 8 ? m : m.length, members.map(({network}) => network.connections().length)); }, 15000);    await vi.waitFor(async () => expect(await missingCopies(members, keys)).toEqual([]), patience).finally(() => clearInterval(timer));
    console.log('restored', performance.now() - t0);
    for (const at of WORDS.keys()) {
      expect(await find(members[at % members.length] as Services, at)).toContain(listings[at]);
    }
  });

  it('give a node that joins its share', async () => {
    const keys = keysOf(members, listings);
    const newcomer = await start('newcomer');
    members.push(newcomer);
    await vi.waitFor(async () => expect(await missingCopies(members, keys)).toEqual([]), patience);
    expect(newcomer.index.count()).toBe(WORDS.length);
    expect(await find(newcomer, 0)).toContain(listings[0]);
  });

  it('find what a seller who is gone for three days published, also from nodes that came since, and nothing after its end', async () => {
    offset = 3 * DAY;
    const keys = keysOf(members, listings);
    const late = await start('late');
    members.push(late);
    await vi.waitFor(async () => expect(await missingCopies(members, keys)).toEqual([]), patience);
    for (const at of [0, 5, 11]) expect(await find(late, at)).toContain(listings[at]);
    offset = 31 * DAY;
    for (const at of [0, 5, 11]) expect(await find(late, at)).toEqual([]);
  });
});
