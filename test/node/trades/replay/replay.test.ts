import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { TELL_METHOD } from '../../../../node/devices/wire.js';
import { COLLECT_METHOD, DELIVER_METHOD, DEPOSIT_METHOD } from '../../../../node/mail/wire.js';
import type { Services } from '../../../../node/services.js';
import { PUT_METHOD, putAnswerSchema, TRADER_RECORD_KINDS } from '../../../../node/trader-records/wire.js';
import type { MessageRecord } from '../../../../node/trades/journal.js';
import { equalBytes, parseId } from '../../../../protocol/ids.js';
import { KINDS } from '../../../../protocol/kinds.js';
import { commit } from '../../../../protocol/private.js';
import { signRecord } from '../../../../protocol/record.js';
import { MESSAGE_KINDS, writeWanted } from '../../../../protocol/trade/index.js';
import {
  asked,
  deliver,
  forgetParked,
  letters,
  otherDevice,
  receiptsOf,
  rowsOf,
  signedBy,
  type Attack,
} from './attacks.js';
import {
  everyOtherDevice,
  everyOtherKind,
  everyOtherNetwork,
  everyOtherParcel,
  everyOtherTrade,
  knownTo,
  OTHER_KINDS,
  recordOf,
} from './in-place-of.js';
import { logOf, missingKinds, openMarket, type Market } from './market.js';
import { readBody } from '../../../../node/network/bodies.js';

/** Thousands of signatures, on a machine that runs other tests beside. */
const TIMEOUT = 300_000;
const SALT = new Uint8Array(32).fill(8);

let market: Market;
let victims: Record<'seller' | 'buyer' | 'arbiter', Services>;

beforeAll(async () => {
  market = await openMarket();
  const { seller, buyer, arbiter } = market;
  victims = { seller, buyer, arbiter };
}, TIMEOUT);

afterAll(() => market.stop());

/** Gives a node all of it, from the other side and from a stranger; what of it was taken, or got a receipt that is new. */
async function acceptedOf(attacks: readonly Attack[], to: Services, senders: readonly Services[]): Promise<string[]> {
  const accepted: string[] = [];
  const old = await receiptsOf(to);
  for (const by of senders) {
    for (const letter of letters(attacks)) {
      const verdicts = await deliver(letter, { by: by.identity, via: market.stranger, to, now: market.now() });
      letter.forEach(({ what, doubled }, at) => {
        const { receipt, taken } = verdicts[at] ?? {};
        const isNew = receipt !== undefined && !old.has(Buffer.from(receipt).toString('base64'));
        if (doubled !== true && (isNew || taken === true)) accepted.push(what);
      });
      await forgetParked(to);
    }
  }
  return accepted;
}

/** The node of whoever else is in these trades and may write to that node. */
const partner = (to: Services): Services => (to === market.seller ? market.buyer : market.seller);

describe('a message in place of another', () => {
  it('stands for every kind there is', async () => {
    expect(await missingKinds(market)).toEqual([]);
    expect(OTHER_KINDS.length + MESSAGE_KINDS.length).toBe(Object.keys(KINDS).length);
  });

  it('of another kind, trade, network or device is never taken', { timeout: TIMEOUT }, async () => {
    const figures: Record<string, { tried: number; accepted: number }> = {};
    const count = async (way: string, attacks: readonly Attack[], to: Services, by: Services): Promise<void> => {
      const accepted = await acceptedOf(attacks, to, [by, market.stranger]);
      expect(accepted).toEqual([]);
      const figure = (figures[way] ??= { tried: 0, accepted: 0 });
      figure.tried += 2 * attacks.length;
      figure.accepted += accepted.length;
    };
    for (const to of Object.values(victims)) {
      const known = await knownTo(to, market);
      const before = await rowsOf(to);
      await count('parcel', await everyOtherParcel(partner(to), market), to, partner(to));
      for (const by of Object.values(victims)) {
        const theirs = known.filter(({ record }) => equalBytes(record.payload.trader, by.identity.trader));
        const ways = {
          kind: everyOtherKind(theirs),
          trade: everyOtherTrade(theirs, by, market),
          network: await everyOtherNetwork(theirs, by, market),
          device: await everyOtherDevice(theirs, by, market),
        };
        for (const [way, attacks] of Object.entries(ways)) await count(way, attacks, to, by === to ? partner(to) : by);
      }
      expect(await rowsOf(to)).toEqual(before);
    }
    console.log(`replay: ${JSON.stringify(figures)}`);
  });

  it('is no letter, no mailbox’s token, and no record of a trader', { timeout: TIMEOUT }, async () => {
    const { buyer, seller, stranger } = market;
    const before = await rowsOf(buyer);
    const delegation = seller.identity.delegation.bytes;
    const byKind = new Map(
      (await knownTo(seller, market)).map(({ record }) => [record.payload.kind as string, record.bytes]),
    );
    for (const kind of OTHER_KINDS) byKind.set(kind, await recordOf(kind, seller, market));
    const taken: string[] = [];
    let tried = 0;
    for (const [kind, bytes] of byKind) {
      const isKept = TRADER_RECORD_KINDS.some((one) => one === kind);
      const to = buyer.identity.trader;
      const token = { record: bytes, signature: new Uint8Array(64) };
      const places: [string, unknown, boolean][] = [
        [DELIVER_METHOD, bytes, false],
        [COLLECT_METHOD, bytes, false],
        [DEPOSIT_METHOD, { to, letter: bytes, token }, false],
        [PUT_METHOD, { record: bytes, delegation }, isKept],
      ];
      for (const [method, body, own] of places) {
        if (own) continue;
        tried++;
        const answer = await asked(stranger, buyer, method, body);
        const refused =
          answer === undefined || (method === PUT_METHOD && readBody(putAnswerSchema, answer, method).result !== 'ok');
        if (!refused) taken.push(`${kind} for ${method}`);
      }
    }
    console.log(`replay: records in place of requests: ${tried} tried, ${taken.length} accepted`);
    expect(taken).toEqual([]);
    expect(await rowsOf(buyer)).toEqual(before);
  });
});

describe('a device that was revoked', () => {
  it(
    'is heard by nobody: no parcel in its letters, no message of its own in letters of others',
    { timeout: TIMEOUT },
    async () => {
      const { network } = market.buyer.identity;
      let tried = 0;
      for (const to of Object.values(victims)) {
        const by = partner(to);
        const stolen = await otherDevice(by.identity, network, market.now());
        const root = await by.identity.root();
        if (root === undefined || stolen.delegation === undefined) throw new Error('the root is not at hand');
        const revoked = { revoked: stolen.device, stands: [] };
        const word = signRecord('revocation', revoked, root, { network, created: market.now() });
        await asked(market.stranger, to, TELL_METHOD, { records: [stolen.delegation.bytes, word.bytes] });
        const before = await rowsOf(to);
        const receipts = await receiptsOf(to);
        const options = { network, created: market.now(), inlineDelegation: true };
        const chat = signRecord('chat', { to: to.identity.trader, text: 'Transfer ke sini' }, stolen, options).bytes;
        const [trade = ''] = market.trades;
        const about = parseId(trade);
        const wanted = writeWanted({ trade: about, commitments: [commit(SALT, SALT)], asked: market.now() });
        const messages = (await knownTo(to, market)).map(({ record: { bytes, payload } }) => ({
          what: `${payload.kind} signed anew`,
          kind: 'trade',
          bytes: signedBy(bytes, stolen, { trader: stolen.trader, device: stolen.device }),
        }));
        const attacks: Attack[] = [{ what: 'chat', kind: 'chat', bytes: chat }, ...messages];
        const letterOfItsOwn = [...attacks, { what: 'wanted', kind: 'wanted', bytes: wanted, about }];
        for (const letter of letters(letterOfItsOwn)) {
          const told = deliver(letter, { by: { ...stolen, network }, via: market.stranger, to, now: market.now() });
          await expect(told).rejects.toMatchObject({ code: 'DELEGATION_REVOKED' });
        }
        expect(await acceptedOf(attacks, to, [by])).toEqual([]);
        expect(await rowsOf(to)).toEqual(before);
        expect(await receiptsOf(to)).toEqual(receipts);
        tried += letterOfItsOwn.length + attacks.length;
      }
      console.log(`replay: ${tried} tried by a revoked device, 0 accepted`);
    },
  );
});

describe('a message at another position', () => {
  it(
    'is not taken before those that it names, and changes nothing when it comes again, nor after the end',
    { timeout: TIMEOUT },
    async () => {
      const { seller, arbiter } = market;
      const log = await logOf(market.buyer, market.trades[0] ?? '');
      await market.buyer.stop();
      const { buyer, other } = await market.lonely();
      const trade = log.trade.toString();
      const size = async (): Promise<number> => (await buyer.trades.open(trade))?.records.length ?? 0;
      /** Own messages, which this machine has lost, come as copies from the other side. */
      const give = async (records: readonly MessageRecord[], kind: 'trade' | 'log'): Promise<readonly boolean[]> => {
        const accepted: boolean[] = [];
        for (const { identity } of [seller, arbiter]) {
          const isOwn = equalBytes(identity.trader, seller.identity.trader);
          const theirs = records.filter(({ payload }) => {
            const byOther = [seller, arbiter].some((one) => equalBytes(one.identity.trader, payload.trader));
            return byOther ? equalBytes(payload.trader, identity.trader) : isOwn;
          });
          const attacks = theirs.map(({ bytes, payload }) => ({
            what: payload.kind,
            bytes,
            kind: equalBytes(payload.trader, identity.trader) ? kind : 'log',
          }));
          for (const letter of letters(attacks)) {
            const verdicts = await deliver(letter, { by: identity, via: other, to: buyer, now: market.now() });
            accepted.push(...verdicts.map(({ receipt, taken }) => receipt !== undefined || taken === true));
          }
        }
        return accepted;
      };
      let [early, again] = [0, 0];
      for (const [place, record] of log.records.entries()) {
        const here = new Set(log.records.slice(0, place).map(({ id }) => id.toString()));
        const tooEarly = log.records
          .slice(place + 1)
          .filter(
            ({ payload }) => payload.heads.length > 0 && payload.heads.some((head) => !here.has(head.toString())),
          );
        for (const kind of ['log', 'trade'] as const) {
          expect(await give(tooEarly, kind)).toEqual(tooEarly.map(() => false));
          early += tooEarly.length;
          await forgetParked(buyer);
        }
        expect(await size()).toBe(place);
        expect(await give([record], 'trade')).toEqual([true]);
        expect(await size()).toBe(place + 1);
        const rows = await rowsOf(buyer);
        const before = log.records.slice(0, place + 1);
        for (const kind of ['log', 'trade'] as const) await give(before, kind);
        again += 2 * before.length;
        expect(await rowsOf(buyer)).toEqual(rows);
      }
      console.log(`replay: ${early} tried before their parents, 0 accepted; ${again} tried again, 0 with an effect`);
      expect(JSON.stringify((await logOf(buyer, trade)).heads)).toBe(JSON.stringify(log.heads));
    },
  );
});
