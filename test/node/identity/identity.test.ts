import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { DELEGATION_LIFETIME } from '../../../node/identity/identity.js';
import { createIdentity, hasIdentity, openIdentity, type Identity } from '../../../node/identity/index.js';
import { openRecord, signRecord, type SignedRecord } from '../../../protocol/record.js';

const NETWORK = 'test';
const NOW = Date.UTC(2026, 0, 1);
const DAY = 24 * 60 * 60 * 1000;
const LATER = NOW + DELEGATION_LIFETIME / 2 + DAY;

async function newHome() {
  const root = await mkdtemp(join(tmpdir(), 'niaga-identity-'));
  onTestFinished(() => rm(root, { recursive: true, force: true }));
  const identityFolder = join(root, 'identity');
  return { identityFolder, root: join(identityFolder, 'root.json'), device: join(identityFolder, 'device.json') };
}

async function newIdentity(passphrase?: string) {
  const home = await newHome();
  const secret = passphrase === undefined ? {} : { passphrase };
  const made = await createIdentity({ home, network: NETWORK, name: 'Warung Sari', now: NOW, ...secret });
  return { home, made };
}

const open = (home: { identityFolder: string }, given: { passphrase?: string; now?: number } = {}) =>
  openIdentity({ home, network: NETWORK, ...given });

/** Something that only the identity's device may sign. */
function sign(identity: Identity, created: number): SignedRecord {
  return signRecord('tombstone', { slot: 'card/kopi', seq: 1 }, identity, { network: NETWORK, created });
}

function reopen(record: SignedRecord, identity: Identity, now?: number): SignedRecord {
  return openRecord(record.bytes, {
    network: NETWORK,
    kinds: ['tombstone'],
    delegation: (id) => identity.delegationOf(id),
    ...(now === undefined ? {} : { now }),
  });
}

describe('an identity', () => {
  it('is made once, and is the same whenever it is opened', async () => {
    const { home, made } = await newIdentity();
    const identity = await open(home, { now: NOW });
    expect(identity).toMatchObject({ name: 'Warung Sari', traderText: made.trader, peerId: made.peerId });
    expect((await open(home)).deviceSeed).toEqual(identity.deviceSeed);
    expect(identity.delegation.payload).toMatchObject({ created: NOW, expires: NOW + DELEGATION_LIFETIME });
    expect(reopen(sign(identity, NOW), identity, NOW).payload.trader).toEqual(identity.trader);
    await expect(createIdentity({ home, network: NETWORK, now: NOW })).rejects.toMatchObject({
      code: 'IDENTITY_EXISTS',
    });
    for (const file of [home.root, home.device]) expect((await stat(file)).mode & 0o777).toBe(0o600);
  });

  it('is missing where there is none, and refused on another network', async () => {
    await expect(open(await newHome())).rejects.toMatchObject({ code: 'IDENTITY_MISSING' });
    const { home } = await newIdentity();
    await expect(openIdentity({ home, network: 'other' })).rejects.toMatchObject({ code: 'RECORD_NETWORK' });
  });

  it('opens with its passphrase alone, and keeps nothing readable without', { timeout: 30_000 }, async () => {
    const { home, made } = await newIdentity('rahasia');
    await expect(open(home)).rejects.toMatchObject({ code: 'IDENTITY_SEALED' });
    await expect(open(home, { passphrase: 'Rahasia' })).rejects.toMatchObject({ code: 'IDENTITY_SEALED' });
    const identity = await open(home, { passphrase: 'rahasia', now: LATER });
    expect(identity.traderText).toBe(made.trader);
    // The root key is sealed with the same passphrase, and renews all the same.
    expect(identity.delegation.payload.created).toBe(LATER);
    const seed = Buffer.from(identity.deviceSeed).toString('base64');
    for (const file of [home.root, home.device]) {
      const text = await readFile(file, 'utf8');
      expect(text).not.toContain('"plain"');
      expect(text).not.toContain(seed);
    }
  });

  it('goes on with the root that a creation left which was cut off', async () => {
    const { home, made } = await newIdentity();
    await rm(home.device);
    expect(await hasIdentity(home)).toBe(false);
    const again = await createIdentity({ home, network: NETWORK, now: NOW });
    expect(again.trader).toBe(made.trader);
    expect(again.peerId).not.toBe(made.peerId);
    expect((await open(home)).traderText).toBe(made.trader);
  });

  it('says that a key file is damaged without telling what stands in it', async () => {
    const { home } = await newIdentity();
    await writeFile(home.device, '{"seed": {"plain": "c2VjcmV0"');
    const error: unknown = await open(home).catch((caught: unknown) => caught);
    expect(error).toMatchObject({ code: 'HOME_UNUSABLE' });
    expect(JSON.stringify(error)).not.toContain('c2VjcmV0');
  });

  it('does not sign under the delegation of another device or trader', async () => {
    const [{ home }, { home: other }] = [await newIdentity(), await newIdentity()];
    const [own, foreign] = await Promise.all(
      [home, other].map(async ({ device }) => JSON.parse(await readFile(device, 'utf8')) as Record<string, unknown>),
    );
    for (const field of ['delegation', 'seed', 'trader']) {
      await writeFile(home.device, JSON.stringify({ ...own, [field]: foreign?.[field] }));
      await expect(open(home)).rejects.toMatchObject({ code: 'DELEGATION_MISMATCH' });
    }
  });
});

describe('a delegation', () => {
  it('is renewed when half of its time is over, and the old one still opens what was signed under it', async () => {
    const { home } = await newIdentity();
    const first = await open(home, { now: NOW + DELEGATION_LIFETIME / 2 - DAY });
    expect(first.delegations).toHaveLength(1);
    const old = sign(first, NOW);
    const identity = await open(home, { now: LATER });
    expect(identity.delegation.payload).toMatchObject({ created: LATER, expires: LATER + DELEGATION_LIFETIME });
    expect(identity.delegations.map(({ id }) => id.toString())).toEqual([
      identity.delegation.id.toString(),
      first.delegation.id.toString(),
    ]);
    expect([identity.peerId, identity.traderText]).toEqual([first.peerId, first.traderText]);
    expect(reopen(old, identity).id.toString()).toBe(old.id.toString());
    const again = await open(home, { now: LATER + DAY });
    expect(again.delegations).toHaveLength(2);
    expect(reopen(old, again).id.toString()).toBe(old.id.toString());
    // Long after the first one ended a node that was never off for long still signs what others take.
    const year = NOW + DELEGATION_LIFETIME + 30 * DAY;
    expect(() => reopen(sign(again, year), again, year)).not.toThrow();
    expect(() => reopen(sign(first, NOW), first, year)).toThrow(
      expect.objectContaining({ code: 'DELEGATION_EXPIRED' }),
    );
  });

  it('is renewed where a wrong clock dated it ahead', async () => {
    const { home } = await newIdentity();
    const early = NOW - 1_000 * DAY;
    const identity = await open(home, { now: early });
    expect(identity.delegation.payload.created).toBe(early);
    expect(() => reopen(sign(identity, early), identity, early)).not.toThrow();
  });

  it('stays as it is where the root key is kept elsewhere, and is not made by a foreign one', async () => {
    const [{ home }, { home: other }] = [await newIdentity(), await newIdentity()];
    await writeFile(home.root, await readFile(other.root));
    await expect(open(home, { now: LATER })).rejects.toMatchObject({ code: 'DELEGATION_MISMATCH' });
    await rm(home.root);
    expect((await open(home, { now: LATER })).delegation.payload.created).toBe(NOW);
  });
});
