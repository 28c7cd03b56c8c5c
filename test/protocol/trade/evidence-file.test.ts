import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { viewEvidence } from '../../../node/api/evidence-view.js';
import { createBulkVerifier } from '../../../node/identity/verifier.js';
import { commit } from '../../../protocol/private.js';
import { recordId } from '../../../protocol/ids.js';
import { signRecord, type SignedRecord, type Signer } from '../../../protocol/record.js';
import { DEFAULT_DURATIONS } from '../../../protocol/trade/index.js';
import { verifyEvidenceFile, writeEvidenceFile } from '../../../protocol/trade/evidence-file.js';
import { PAGE_LANGUAGES } from '../../../protocol/trade/evidence-words.js';
import { encodeUtf8 } from '../../../protocol/utf8.js';
import { rootOf, traderOf } from '../signers.js';

const NETWORK = 'main';
const BEGIN = Date.UTC(2026, 0, 1);
const DAY = 24 * 60 * 60 * 1000;
const verify = createBulkVerifier();
const EVIL = '</td><script>alert(1)</script><img src=x onerror=alert(2)>&amp;"\'';

const [buyer, seller, outsider] = [1, 2, 3].map((seed) => traderOf(seed, BEGIN, ['publish', 'trade', 'profile'])) as [
  Signer,
  Signer,
  Signer,
];
let clock = BEGIN;
const options = () => ({ network: NETWORK, created: ++clock, inlineDelegation: true });
const price = { amount: 8_500_000, currency: 'IDR' };
const salt = new Uint8Array(16).fill(7);
const address = encodeUtf8('Jl. Mawar 3, Bandung');
const terms = {
  lines: [{ listing: recordId(Uint8Array.of(0xa0)), slot: 'listing/x', title: `Kopi ${EVIL}`, quantity: 1, price }],
  total: price,
  settlement: { method: 'direct' as const },
  delivery: { method: 'shipping' as const, address: commit(salt, address) },
  deadlines: DEFAULT_DURATIONS,
  expires: BEGIN + DAY,
};
const offer = signRecord('offer', { heads: [], buyer: buyer.trader, seller: seller.trader, terms }, buyer, options());
const step = (last: SignedRecord) => ({ trade: offer.id, heads: [last.id] });
const accept = signRecord('accept', { ...step(offer), answers: offer.id }, seller, options());
const shipped = signRecord('shipped', { ...step(accept), note: EVIL }, seller, options());
const chat = (by: Signer, to: Signer) =>
  signRecord('chat', { to: to.trader, trade: offer.id, text: EVIL }, by, options());

function bundle(more: object = {}, by: Signer = buyer): Uint8Array {
  const messages = [offer, accept, shipped].map(({ bytes }) => bytes);
  const draft = { trade: offer.id, messages, receipts: [], listings: [], delegations: [], profiles: [], ...more };
  return signRecord('evidence', draft, by, options()).bytes;
}

const check = (file: Uint8Array) => verifyEvidenceFile(file, { verify });
const text = (file: Uint8Array) => new TextDecoder().decode(file);

describe.each(PAGE_LANGUAGES)('an evidence file in "%s"', (language) => {
  const file = writeEvidenceFile(bundle({ chat: [chat(seller, buyer).bytes] }), language, { verify });

  it('holds, and is a page that loads nothing, runs nothing, and lets no stranger’s text be anything but text', () => {
    expect(check(file)).toMatchObject({ valid: true, problems: [], state: { word: 'shipped' } });
    const page = text(file);
    const tags = new Set([...page.matchAll(/<([a-z!][a-z0-9]*)/g)].map(([, tag]) => tag));
    expect(tags).not.toContain('img');
    expect(page.match(/<script/g)).toEqual(['<script']);
    expect(page).toContain('<script type="application/vnd.niaga.evidence">');
    expect(page).not.toMatch(/ (src|href|on[a-z]+)=[^;]*>(?!.*&)/);
    expect(page).toContain("default-src 'none'");
    expect(page).toContain(`<html lang="${language}">`);
  });

  it('does not hold with any one byte changed, wherever it is', { timeout: 240_000 }, () => {
    fc.assert(
      fc.property(fc.nat(file.length - 1), fc.integer({ min: 1, max: 255 }), (at, by) => {
        const changed = file.slice();
        changed[at] = (changed[at] ?? 0) ^ by;
        expect(check(changed).valid).toBe(false);
      }),
      { numRuns: 400 },
    );
  });

  it('does not hold when it is cut short, has bytes behind it, or another page', () => {
    for (const cut of [1, 500, file.length - 1]) expect(check(file.slice(0, cut)).valid).toBe(false);
    expect(check(Uint8Array.from([...file, 10])).valid).toBe(false);
    const forged = encodeUtf8(text(file).replace(language === 'en' ? 'delivered' : 'dikirim', 'completed'));
    const report = check(forged);
    expect(report.problems).toMatchObject([{ code: 'EVIDENCE_INVALID', where: 'page' }]);
    expect(report.state?.word).toBe('shipped');
  });
});

describe('what a party discloses', () => {
  const opened = { commitment: commit(salt, address), salt, value: address };

  it('holds where the log commits to it, and where a party signed it', () => {
    const report = check(bundle({ values: [opened], chat: [chat(buyer, seller).bytes, chat(seller, buyer).bytes] }));
    expect(report).toMatchObject({ valid: true, problems: [] });
    expect([report.values.length, report.chat.length]).toEqual([1, 2]);
    expect(text(writeEvidenceFile(bundle({ values: [opened] }), 'en', { verify }))).toContain('Jl. Mawar 3, Bandung');
  });

  it.each([
    ['another value', { values: [{ ...opened, value: encodeUtf8('Jl. Melati 4') }] }],
    [
      'a value that nothing in the log commits to',
      { values: [{ ...opened, value: salt, commitment: commit(salt, salt) }] },
    ],
    ['a message of an outsider', { chat: [chat(outsider, buyer).bytes] }],
  ])('does not hold with %s', (_, more) => {
    expect(check(bundle(more))).toMatchObject({ valid: false, problems: [{ code: 'EVIDENCE_INVALID' }] });
  });
});

describe('fields that a kind does not have', () => {
  it('break no file, and are not printed as what its author states', () => {
    const beside = { amount: null, reason: 'never-said-reason', text: 'never-said-text', terms: null, stars: null };
    const received = signRecord('received', { ...step(shipped), ...beside }, buyer, options());
    const messages = [offer, accept, shipped, received].map(({ bytes }) => bytes);
    const file = writeEvidenceFile(bundle({ messages }), 'en', { verify });
    expect(check(file)).toMatchObject({ valid: true, problems: [], state: { word: 'received' } });
    expect(text(file)).not.toContain('never-said');
  });
});

describe('names in an evidence file', () => {
  const named = (by: Signer, name: string, seq = 1) => {
    const { delegation, ...signer } = by;
    const draft = { slot: 'profile' as const, seq, item: { name } };
    const profile = signRecord('profile', draft, by, { network: NETWORK, created: BEGIN + seq });
    return { profile: profile.bytes, delegation: delegation?.bytes ?? signer.device };
  };
  const withNames = (...all: ReturnType<typeof named>[]) =>
    bundle({ profiles: all.map(({ profile }) => profile), delegations: all.map(({ delegation }) => delegation) });

  it.each(PAGE_LANGUAGES)(
    'are those that the traders signed, and stand in the page and in what is said of it: %s',
    (language) => {
      const file = writeEvidenceFile(withNames(named(buyer, `Sari ${EVIL}`), named(seller, 'Warung Kopi')), language, {
        verify,
      });
      const report = check(file);
      expect(report).toMatchObject({ valid: true, problems: [] });
      expect(report.profiles.map(({ role, record }) => [role, record.payload.item.name])).toEqual([
        ['buyer', `Sari ${EVIL}`],
        ['seller', 'Warung Kopi'],
      ]);
      expect(text(file)).toContain('<b><bdi>Warung Kopi</bdi></b>');
      expect(text(file).match(/<script/g)).toEqual(['<script']);
      const view = viewEvidence(file);
      expect(view.names).toEqual({ buyer: `Sari ${EVIL}`, seller: 'Warung Kopi' });
      expect(view.says.join('\n')).toContain('called itself "Warung Kopi"');
    },
  );

  it('do not hold where somebody else has signed them, or two are given for one', () => {
    const problem = { valid: false, profiles: [], problems: [{ code: 'EVIDENCE_INVALID', where: 'profiles' }] };
    expect(check(withNames(named(outsider, 'Sari')))).toMatchObject(problem);
    expect(check(withNames(named(buyer, 'Sari'), named(buyer, 'Rini', 2)))).toMatchObject(problem);
    const forged = { ...named(buyer, 'Sari'), delegation: named(seller, '').delegation };
    expect(check(withNames(forged))).toMatchObject({ valid: false, problems: [{ where: 'profiles[0]' }] });
  });

  it('are not taken from a device that was revoked', () => {
    const revocation = signRecord('revocation', { revoked: buyer.device, stands: [] }, rootOf(1), {
      network: NETWORK,
      created: BEGIN + DAY,
    });
    const { profile, delegation } = named(buyer, 'Bank Besar');
    const more = { profiles: [profile], delegations: [delegation], revocations: [revocation.bytes] };
    expect(check(bundle(more))).toMatchObject({ valid: true, profiles: [] });
  });
});

describe('what contradicts itself in a log', () => {
  it('is told with the device that signed both', () => {
    const declined = signRecord('decline', { ...step(offer), answers: offer.id }, seller, options());
    const messages = [offer, accept, declined].map(({ bytes }) => bytes);
    const file = writeEvidenceFile(bundle({ messages }), 'en', { verify });
    expect(check(file)).toMatchObject({ valid: true, state: { equivocations: [{ role: 'seller' }] } });
    expect(text(file)).toMatch(/Contradicts itself<.*Seller: (accepts \/ declines|declines \/ accepts)/);
    const said = viewEvidence(file).says.find((line) => line.includes('contradicted itself'));
    for (const { id } of [accept, declined]) expect(said).toContain(id.toString());
  });
});

describe('revocations in an evidence file', () => {
  const revoke = (stands: readonly { trade: typeof offer.id; last: typeof offer.id }[]) =>
    signRecord('revocation', { revoked: seller.device, stands }, rootOf(2), { network: NETWORK, created: BEGIN + DAY });

  it('are told with how many messages of the device stand, and how many do not', () => {
    const report = check(bundle({ revocations: [revoke([{ trade: offer.id, last: accept.id }]).bytes] }));
    expect(report).toMatchObject({ valid: true, revoked: [{ since: BEGIN + DAY, stand: 1, fall: 1 }] });
    expect(check(bundle()).revoked).toEqual([]);
  });
});
