import { describe, expect, it } from 'vitest';
import { compareDistance } from '../../../protocol/keyspace.js';
import { placeOf, readShardKey } from '../../../protocol/search/posting-keys.js';
import { createFake, createSeller, FakeNode, nearestTo, nodesWith, type Fake } from './support.js';

const seller = createSeller(Date.now());
const card = seller.card('a', 'Payung lipat merah');
const NAME = 'term:payung';

/** Each knows one in thirty, and names those that are nearer than itself. */
function nameNearer(nodes: readonly FakeNode[]): void {
  nodes.forEach((node, number) => {
    node.closer = ({ keys: [name = ''] }) => {
      const { key, shard } = readShardKey(name);
      const { kadId } = placeOf('main', key, 0, shard);
      const known = nodes.filter((_, other) => (other * 7 + number * 13) % 30 === 0);
      const near = nearestTo(name, 0, nodes).slice(0, 8);
      const all = near.includes(node) ? near : nearestTo(name, 0, known).slice(0, 5);
      const nearer = all.filter((other) => compareDistance(other.kadId, node.kadId, kadId) < 0);
      return nearer.slice(0, 5);
    };
  });
}

const find = (fake: Fake) => fake.find('payung', { timeoutMs: 2_500 });

describe('a search in a large network', () => {
  it('follows several steps of what answers name over long ways', async () => {
    const nodes = nodesWith(1_500, (node) => (node.delay = 320));
    for (const salt of [0, 1]) {
      for (const node of nearestTo(NAME, salt, nodes).slice(0, 5)) if (node.cards.length === 0) node.take(seller, card);
    }
    nameNearer(nodes);
    const far = nearestTo(NAME, 0, nodes).slice(300, 360);
    const { hits } = await find(createFake(nodes, { known: far, small: false }));
    expect(hits).toHaveLength(1);
  });

  it('is not complete while none of the nearest that were named has answered, though others hold the key', async () => {
    const nodes = nodesWith(300);
    const nearest = nearestTo(NAME, 0, nodes);
    const far = nearest.slice(100, 160);
    // Somebody holds another card under the word; those who hold this one are slow.
    for (const node of far) node.take(seller, seller.card('b', 'Payung pantai'));
    for (const node of nearest.slice(0, 5)) {
      node.take(seller, card);
      node.state = 'frozen';
    }
    for (const node of far) node.closer = () => nearest.slice(0, 5);
    const { hits, coverage } = await find(createFake(nodes, { known: far, small: false }));
    expect(hits).toHaveLength(1);
    expect(coverage.verdict).toBe('partial');
  });
});

describe('neighbours that a liar makes up', () => {
  const world = (): FakeNode[] => {
    const nodes = nodesWith(10, (node) => node.take(seller, card));
    const invented = nearestTo(
      NAME,
      0,
      Array.from({ length: 2_000 }, (_, number) => new FakeNode(`made-up-${number}`)),
    ).slice(0, 32);
    for (const node of nodes) node.closer = () => invented;
    return nodes;
  };

  it('neither hide a listing nor make its search incomplete', async () => {
    const fake = createFake(world());
    for (let search = 0; search < 3; search++) {
      const { hits, coverage, matched } = await find(fake);
      expect(hits).toHaveLength(1);
      expect(coverage.verdict).toBe('complete');
      expect(matched).toBe(1);
    }
  });

  it('are taken over up to ten from one answer', async () => {
    const nodes = world();
    const fake = createFake(nodes);
    for (const node of nodes.slice(1)) node.closer = () => [];
    const [liar] = nodes;
    fake.known.clear();
    if (liar !== undefined) fake.known.set(liar.id, liar.ref);
    await find(fake);
    expect(fake.learnt).toHaveLength(10);
  });

  it('are asked for no longer, nor known, once they turned out not to be there', async () => {
    const fake = createFake(world());
    // Each liar has some of its own before it is found out.
    for (let search = 0; search < 3; search++) await find(fake);
    const { asked } = (await find(fake)).coverage;
    expect(asked).toBeLessThanOrEqual(10);
    expect([...fake.known.values()].filter(({ lastSeen }) => lastSeen === 0)).toEqual([]);
  });

  it('are asked for no longer, nor known, where only questions that are asked again and again meet them', async () => {
    const [liar] = world();
    const fake = createFake(liar === undefined ? [] : [liar]);
    for (let time = 0; time < 3; time++) await fake.search.changes({ words: ['payung'] });
    expect(fake.learnt.length).toBeGreaterThan(0);
    expect([...fake.known.values()].filter(({ lastSeen }) => lastSeen === 0)).toEqual([]);
    const learnt = fake.learnt.length;
    await fake.search.changes({ words: ['payung'] });
    expect(fake.learnt).toHaveLength(learnt);
  });
});

it('a search is not complete by the few that are left of those that hold a key', async () => {
  const nodes = nodesWith(10, (node) => node.take(seller, card));
  for (const node of nodes.slice(2)) node.state = 'dead';
  const fake = createFake(nodes);
  for (let search = 0; search < 2; search++) expect((await find(fake)).coverage.verdict).not.toBe('complete');
});

describe('nodes that have failed twice', () => {
  const world = () => {
    const nodes = nodesWith(19, (node) => node.take(seller, card));
    const gone = [0, 1].flatMap((salt) => nearestTo(NAME, salt, nodes).slice(0, 4));
    for (const node of gone) node.state = 'dead';
    const fake = createFake(nodes);
    for (const node of gone) fake.known.set(node.id, { ...node.ref, failing: true });
    return { nodes, gone, fake };
  };

  it('count no more where those who took their places do not name them either', async () => {
    const { hits, coverage } = await find(world().fake);
    expect(hits).toHaveLength(1);
    expect(coverage.verdict).toBe('complete');
  });

  it('count as long as anybody who answers names them: it may be that only this reader does not reach them', async () => {
    const { nodes, gone, fake } = world();
    for (const node of nodes) node.closer = () => gone;
    for (let search = 0; search < 2; search++) expect((await find(fake)).coverage.verdict).toBe('partial');
  });
});

it('a node that has failed twice keeps its place under every word of a search once any answer names it', async () => {
  const nodes = nodesWith(19);
  const gone = [0, 1].flatMap((salt) => nearestTo(NAME, salt, nodes).slice(0, 3));
  const left = nodes.filter((node) => !gone.includes(node));
  const holders = (name: string, salt: number) => nearestTo(name, salt, left).slice(0, 5);
  // Those who are asked for the other word alone know them, and say so when all others have answered. A node that has both is asked for both.
  const isOther = (node: FakeNode) => [0, 1].every((salt) => !holders(NAME, salt).includes(node));
  const words = [...'bdgkmnprst'].flatMap((first) => [...'bdgkmnprst'].map((second) => `${first}u${second}oka`));
  const word = words.find((each) =>
    [0, 1].every((salt) => holders(`term:${each}`, salt).filter(isOther).length > holders(NAME, salt).length - 3),
  );
  if (word === undefined) throw new Error('no word has holders of its own');
  const others = left.filter(isOther);
  for (const node of nodes) node.take(seller, seller.card('both', `Payung ${word}`));
  for (const node of gone) node.state = 'dead';
  for (const node of others) node.delay = 50;
  const fake = createFake(nodes);
  for (const node of gone) fake.known.set(node.id, { ...node.ref, failing: true });
  const verdicts = async () => {
    const { coverage } = await fake.find(`payung ${word}`);
    return Object.fromEntries(coverage.keys.map(({ key, verdict }) => [key, verdict]));
  };
  expect(await verdicts()).toMatchObject({ [NAME]: 'complete' });
  for (const node of others) node.closer = () => gone;
  expect(await verdicts()).toMatchObject({ [NAME]: 'partial' });
  expect(others.some((node) => node.asked.length > 0)).toBe(true);
});

it('index nodes are told how many of one seller are wanted, where that is more than is usual', async () => {
  const nodes = nodesWith(3, (node) => node.take(seller, card));
  const fake = createFake(nodes);
  await fake.find('payung', { perSeller: 50 });
  expect(nodes[0]?.asked.map(({ perSeller }) => perSeller)).toEqual([50]);
  await fake.find('payung', { perSeller: 2 });
  expect(nodes[0]?.asked.map(({ perSeller }) => perSeller)).toEqual([50, 10]);
});

it('three times as many are asked for and opened as are to be shown, for what merged counts move up', async () => {
  const nodes = nodesWith(1, (node) => node.take(seller, card));
  const fake = createFake(nodes);
  for (const limit of [5, 20, 50, 100]) await fake.find('payung', { limit });
  expect(nodes[0]?.asked.map(({ limit, cards }) => [limit, cards])).toEqual([
    [50, 30],
    [60, 60],
    [150, 150],
    [150, 150],
  ]);
});
