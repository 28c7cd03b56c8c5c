import { describe, expect, it } from 'vitest';
import { createBulkVerifier } from '../../node/identity/verifier.js';
import { currencyCodes, currencyExponent } from '../../protocol/currencies.js';
import { isNiagaError } from '../../protocol/errors.js';
import {
  apply,
  decode,
  encode,
  formatMoney,
  indexOf,
  isIndexOf,
  keyPairFromSeed,
  KINDS,
  MESSAGE_KINDS,
  openProof,
  openRecord,
  parseIndex,
  parseMoney,
  placeOf,
  postedTerms,
  readShardKey,
  shardKey,
  shardOf,
  sign,
  signedBytes,
  stateOf,
  termsOfText,
  verifyEvidence,
  verifySignature,
  type CardIndex,
  type Delegation,
  type IndexedItem,
  type Kind,
  type MessageKind,
  type SignedRecord,
  type TradeState,
  type Verify,
} from '../../protocol/index.js';
import { bytesOf, fromDagJson, VECTOR_FILES, vectors, type Case, type RecordFile } from '../support/vectors.js';

const kinds = Object.keys(KINDS) as Kind[];
/** OpenSSL behind the same checks, thirty times as fast; that both give the same verdicts is held elsewhere. */
const fast = createBulkVerifier();

const TAKEN = 'taken';
/** What is said to something: that it is taken, or the code of the refusal. */
function verdictOf(run: () => unknown): string {
  try {
    run();
    return TAKEN;
  } catch (error) {
    if (isNiagaError(error)) return error.code;
    throw error;
  }
}

/** The cases that get another verdict than stated; none should. */
function wrongOnes<C extends Case>(cases: readonly C[], run: (one: C) => unknown): string[] {
  return cases.flatMap((one) => {
    const stated = one.valid ? TAKEN : one.code;
    const verdict = verdictOf(() => run(one));
    return verdict === stated ? [] : [`${one.description}: ${verdict} instead of ${stated ?? 'a refusal'}`];
  });
}

/** Opens envelopes as the page says: on the file's network, at its time, knowing its delegations. */
function openerOf(file: RecordFile, kind: Kind, verify: Verify = fast) {
  const { network, now } = file;
  const known = new Map<string, SignedRecord<Delegation>>();
  for (const envelope of Object.values(file.delegations)) {
    const record = openRecord(bytesOf(envelope), { network, now, kinds: ['delegation'], verify });
    known.set(record.id.toString(), record);
  }
  return (bytes: Uint8Array) =>
    openRecord(bytes, { network, now, kinds: [kind], verify, delegation: (id) => known.get(id.toString()) });
}

describe.each(kinds)('vectors of the kind %s', (kind) => {
  const file = vectors<RecordFile>(kind);
  const open = openerOf(file, kind);
  const valid = file.cases.filter((one) => one.valid);

  it('get exactly the stated verdicts', () => {
    expect(wrongOnes(file.cases, ({ bytes }) => open(bytesOf(bytes)))).toEqual([]);
  });

  it('have the stated ids, and their payloads can be written again in the same bytes', () => {
    for (const { description, id, bytes, payload } of valid) {
      const record = open(bytesOf(bytes));
      expect(record.id.toString(), description).toBe(id);
      if (payload !== undefined) expect(encode(fromDagJson(payload)), description).toEqual(record.payloadBytes);
    }
  });

  it('show every way in which a record of this kind is refused', () => {
    const codes = new Set(file.cases.map(({ code }) => code));
    const everywhere = ['MALFORMED', 'TOO_LARGE', 'NETWORK', 'KIND', 'SIGNATURE', 'CRITICAL', 'SCHEMA', 'TIME'];
    const authors = KINDS[kind].capability === 'root' ? [] : ['MISSING', 'EXPIRED', 'CAPABILITY'];
    for (const code of everywhere) expect(codes).toContain(`RECORD_${code}`);
    for (const code of ['MISMATCH', ...authors]) expect(codes).toContain(`DELEGATION_${code}`);
  });
});

it('signing with the keys of the page gives the same signatures', () => {
  const seeds = Array.from({ length: 10 }, (_, place) => keyPairFromSeed(new Uint8Array(32).fill(place + 1)));
  const file = vectors<RecordFile>('accept');
  const open = openerOf(file, 'accept', verifySignature);
  for (const { description, bytes } of file.cases.filter((one) => one.valid)) {
    const record = open(bytesOf(bytes));
    const keys = seeds.find(({ publicKey }) => Buffer.from(publicKey).equals(record.payload.device));
    expect(keys, description).toBeDefined();
    if (keys !== undefined)
      expect(sign(signedBytes(record.payloadBytes), keys.secretKey), description).toEqual(record.signature);
  }
});

it('every file of envelopes belongs to a kind, and invalid cases outnumber valid ones everywhere', () => {
  for (const name of VECTOR_FILES) {
    const { cases } = vectors(name.replace('.json', ''));
    const valid = cases.filter((one) => one.valid);
    expect(valid.length, name).toBeGreaterThan(0);
    expect(cases.length - valid.length, name).toBeGreaterThan(valid.length);
    expect(new Set(cases.map(({ description }) => description)).size, `${name}: descriptions`).toBe(cases.length);
  }
  expect(VECTOR_FILES).toEqual(expect.arrayContaining(kinds.map((kind) => `${kind}.json`)));
});

interface EnvelopeFile extends RecordFile {
  readonly signed: readonly { description: string; payload: string; bytes: string }[];
}

describe('vectors of envelopes', () => {
  const file = vectors<EnvelopeFile>('envelope');

  it('get exactly the stated verdicts', () => {
    const open = openerOf(file, 'profile', verifySignature);
    expect(wrongOnes(file.cases, ({ bytes }) => open(bytesOf(bytes)))).toEqual([]);
  });

  it('say what is signed', () => {
    for (const { description, payload, bytes } of file.signed) {
      expect(signedBytes(bytesOf(payload)), description).toEqual(bytesOf(bytes));
    }
  });
});

interface Bundle extends Case {
  readonly bytes: string;
  readonly word: string | null;
  readonly problems: readonly string[];
}

it('evidence files come to the stated state and problems', () => {
  const { bundles } = vectors<RecordFile & { bundles: readonly Bundle[] }>('evidence');
  for (const { description, valid, bytes, word, problems } of bundles) {
    const report = verifyEvidence(bytesOf(bytes));
    expect(report.valid, description).toBe(valid);
    expect(report.state?.word ?? null, description).toBe(word);
    expect(
      report.problems.map(({ code }) => code),
      description,
    ).toEqual(problems);
  }
});

it('strict DAG-CBOR is taken, and everything else refused', () => {
  const { cases, limits } = vectors<{
    limits: { maxBytes: number; maxDepth: number };
    cases: (Case & { bytes: string })[];
  }>('cbor');
  expect(wrongOnes(cases, ({ bytes }) => decode(bytesOf(bytes), limits))).toEqual([]);
  for (const { bytes, description } of cases.filter((one) => one.valid)) {
    expect(encode(decode(bytesOf(bytes))), description).toEqual(bytesOf(bytes));
  }
});

it('signatures get exactly the stated verdicts, from both verifiers', () => {
  const { cases } = vectors<{ cases: (Case & Record<'publicKey' | 'message' | 'signature', string>)[] }>('ed25519');
  for (const { description, valid, publicKey, message, signature } of cases) {
    const question = [bytesOf(publicKey), bytesOf(message), bytesOf(signature)] as const;
    expect(verifySignature(...question), description).toBe(valid);
    expect(fast(...question), description).toBe(valid);
  }
});

interface MoneyCase extends Case {
  readonly input: unknown;
  readonly currency?: string;
  readonly money?: { amount: number; currency: string };
  readonly text?: string;
}

it('money means what is stated', () => {
  const { cases, exponents } = vectors<{ cases: MoneyCase[]; exponents: Record<string, number> }>('money');
  expect(wrongOnes(cases, ({ input, currency }) => parseMoney(input, { currency }))).toEqual([]);
  for (const { description, input, currency, money, text } of cases.filter((one) => one.valid)) {
    const read = parseMoney(input, { currency });
    expect(read, description).toEqual(money);
    expect(formatMoney(read), description).toBe(text);
  }
  expect(currencyCodes()).toEqual(Object.keys(exponents));
  for (const [code, exponent] of Object.entries(exponents)) expect(currencyExponent(code), code).toBe(exponent);
});

interface SearchFile {
  readonly texts: readonly { description: string; text: string; terms: string[] }[];
  readonly items: readonly {
    description: string;
    item: IndexedItem;
    maxBytes?: number;
    index: CardIndex;
    posted: string[];
  }[];
  readonly cases: readonly (Case & { index: unknown })[];
  readonly lies: readonly (Case & { item: number; index: CardIndex })[];
}

describe('vectors of search terms', () => {
  const { texts, items, cases, lies } = vectors<SearchFile>('search-terms');

  it('texts have the stated terms', () => {
    for (const { description, text, terms } of texts) expect(termsOfText(text), description).toEqual(terms);
  });

  it('items have the stated index, which is taken for theirs', () => {
    for (const { description, item, maxBytes, index, posted } of items) {
      expect(indexOf(item, maxBytes === undefined ? {} : { maxBytes }), description).toEqual(index);
      expect(postedTerms(index), description).toEqual(posted);
      expect(isIndexOf(parseIndex(index), item), description).toBe(true);
    }
  });

  it('an index of the wrong form is refused, and one of another item is seen', () => {
    expect(wrongOnes(cases, ({ index }) => parseIndex(index))).toEqual([]);
    for (const { description, item, index } of lies) {
      expect(
        verdictOf(() => parseIndex(index)),
        description,
      ).toBe(TAKEN);
      expect(isIndexOf(index, items[item]?.item ?? { title: '' }), description).toBe(false);
    }
  });
});

it('postings stand where it is stated, and nowhere else', () => {
  type PostingCase = Case & Record<'network' | 'key' | 'shard' | 'preimage' | 'kadId', string> & { salt: number };
  for (const one of vectors<{ cases: PostingCase[] }>('posting-keys').cases) {
    const { preimage, kadId } = placeOf(one.network, one.key, one.salt, one.shard);
    expect(Buffer.from(kadId).toString('hex') === one.kadId, one.description).toBe(one.valid);
    expect(Buffer.from(preimage).toString('hex') === one.preimage, one.description).toBe(one.valid);
  }
});

it('listings stand in the shards that are stated', () => {
  const { shards } = vectors<{
    cases: Case[];
    shards: { listing: string; bits: number; shard: string; name: string }[];
  }>('posting-keys');
  for (const { listing, bits, shard, name } of shards) {
    expect(shardOf(listing, bits)).toBe(shard);
    expect(readShardKey(name).shard).toBe(shard);
    expect(shardKey(readShardKey(name).key, shard)).toBe(name);
  }
});

it('proofs lead to the root that is stated, and to no other', () => {
  type ProofCase = Case & { count: number; leaves: [number, string][]; proof: string[]; root: string };
  for (const { description, valid, count, leaves, proof, root } of vectors<{ cases: ProofCase[] }>('merkle').cases) {
    const opened = () =>
      openProof(
        count,
        leaves.map(([place, leaf]) => [place, bytesOf(leaf)] as const),
        proof.map(bytesOf),
      ).root;
    const leads = (): boolean => {
      try {
        return Buffer.from(opened()).toString('hex') === root;
      } catch {
        return false;
      }
    };
    expect(leads(), description).toBe(valid);
  }
});

interface TradeCase extends Case {
  readonly messages: readonly string[];
  readonly ids: readonly string[];
  readonly orders: readonly (readonly number[])[];
  readonly refused: readonly { message: number; code: string }[];
  readonly waiting: readonly number[];
  readonly state: unknown;
}

describe('vectors of trades', () => {
  const { network, cases } = vectors<{ network: string; cases: TradeCase[] }>('trade-states');
  const open = (hex: string) => openRecord<MessageKind>(bytesOf(hex), { network, kinds: MESSAGE_KINDS, verify: fast });

  it.each(cases)(
    '$description: one state in every order',
    ({ messages, ids, orders, refused, waiting, state, code }) => {
      const records = messages.map(open);
      expect(records.map(({ id }) => id.toString())).toEqual(ids);
      const place = ({ id }: { id: { toString(): string } }) => ids.indexOf(id.toString());
      for (const order of orders) {
        const replay = stateOf(order.flatMap((at) => records[at] ?? []));
        expect(replay.state === undefined ? null : stateJson(replay.state)).toEqual(state);
        expect(replay.waiting.map(place).sort((a, b) => a - b)).toEqual(waiting);
        const refusals = replay.refused.map(({ message, refusal }) => ({
          message: place(message),
          code: refusal.code,
        }));
        expect(refusals.sort((a, b) => a.message - b.message)).toEqual(refused);
      }
      expect([...refused.map((one) => one.code), ...waiting.map(() => 'TRADE_HEADS')]).toEqual(
        code === undefined ? [] : [code],
      );
    },
  );

  it('valid ones come to the same state message by message', () => {
    for (const { description, messages, state } of cases.filter((one) => one.valid)) {
      let last: TradeState | undefined;
      for (const record of messages.map(open)) {
        const outcome = apply(last, record);
        expect(outcome.ok, description).toBe(true);
        if (outcome.ok) last = outcome.state;
      }
      expect(last === undefined ? null : stateJson(last), description).toEqual(state);
    }
  });
});

/** What all who hold the same messages must agree on, in the form of the vectors. */
function stateJson(state: TradeState): unknown {
  const { word, contract, payment, delivery, dispute, turn, total, agreement } = state;
  return {
    word,
    regions: { contract: contract.status, payment: payment.status, delivery: delivery.status, dispute: dispute.status },
    turn: turn ?? null,
    total,
    agreement:
      agreement === undefined ? null : { proposal: agreement.proposal.toString(), accept: agreement.accept.toString() },
    heads: state.heads.map(String),
    cancelProposedBy: state.cancelProposedBy,
    equivocations: state.equivocations.map(({ role, messages }) => ({ role, messages: messages.map(String) })),
  };
}
