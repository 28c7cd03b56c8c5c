import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { courier, isReceipted } from '../../../protocol/mail/index.js';

type Correspondence = courier.Correspondence;
type Effect = courier.Effect;
type Event = courier.Event;

const HOUR = 60 * 60 * 1000;
const KINDS = ['trade', 'chat', 'log'] as const;

/** What travels: a direct try with its answer, or a letter. */
interface Letter {
  readonly kinds: ReadonlyMap<string, string>;
}

/**
 * One trader and another with a network between them that loses, repeats and reorders, and two processes that die at any time. Only
 * what is on disk outlives them: `outbox` and `done` here, `kept` there.
 */
class World {
  now = 1;
  /** The sender's disk. */
  readonly outbox = new Map<string, courier.Waiting>();
  readonly done = new Map<string, string>();
  /** The recipient's disk: its handler's log, and what it has signed for. */
  readonly log: string[] = [];
  readonly kept = new Set<string>();
  here: Correspondence = courier.resumed(new Map());
  there: Correspondence = courier.resumed(new Map());
  /** Direct tries that have not arrived or been answered. */
  readonly direct: Letter[] = [];
  readonly deposits: string[][] = [];
  readonly mailbox: Letter[] = [];
  /** Receipts on their way back by letter. */
  readonly receipts: string[] = [];
  readonly handing: { readonly id: string; readonly kind: string; readonly answers: boolean }[] = [];
  posted = 0;

  post(kind: string): void {
    const id = `${kind}-${this.posted++}`;
    const waiting = { kind, since: this.now };
    this.outbox.set(id, waiting);
    this.#sender({ type: 'posted', id, waiting });
  }

  /** A parcel is written and the process dies before it is told. */
  postAndDie(kind: string): void {
    this.outbox.set(`${kind}-${this.posted++}`, { kind, since: this.now });
    this.crashSender();
  }

  /** A direct try arrives, whole or as a copy, and its answer comes back or not. */
  arrive(at: number, { repeat, answered }: { repeat: boolean; answered: boolean }): void {
    const letter = this.direct[at % Math.max(1, this.direct.length)];
    if (letter === undefined) return;
    if (!repeat) this.direct.splice(this.direct.indexOf(letter), 1);
    const verdicts = new Map<string, courier.Verdict>();
    for (const [id, kind] of letter.kinds) {
      const result = this.#takeAll(id, kind, false);
      if (result === 'receipt') verdicts.set(id, { type: 'receipted' });
      if (result === 'taken') verdicts.set(id, { type: 'taken' });
    }
    if (repeat || this.here.direct === undefined) return;
    if (answered && verdicts.size > 0) this.#sender({ type: 'answered', verdicts });
    else this.#sender({ type: 'unreached' });
  }

  lose(at: number): void {
    if (this.direct.length === 0) return;
    this.direct.splice(at % this.direct.length, 1);
    if (this.here.direct !== undefined) this.#sender({ type: 'unreached' });
  }

  /** A letter is left, or nobody takes it. */
  leave(mailboxes: number): void {
    const ids = this.deposits.shift();
    if (ids === undefined) return;
    const kinds = new Map(ids.flatMap((id) => this.#kindOf(id)));
    if (mailboxes > 0) this.mailbox.push({ kinds });
    this.#sender({ type: 'stored', ids: [...kinds.keys()], mailboxes });
  }

  fetch(at: number, repeat: boolean): void {
    const letter = this.mailbox[at % Math.max(1, this.mailbox.length)];
    if (letter === undefined) return;
    if (!repeat) this.mailbox.splice(this.mailbox.indexOf(letter), 1);
    for (const [id, kind] of letter.kinds) if (this.#takeAll(id, kind, true) === 'receipt') this.receipts.push(id);
  }

  /** The recipient dies while its handler works: before or after the parcel is on disk. */
  dieHanding(at: number, onDisk: boolean): void {
    const letter = [...this.direct, ...this.mailbox][at % Math.max(1, this.direct.length + this.mailbox.length)];
    const [id, kind] = [...(letter?.kinds ?? [])][0] ?? [];
    if (id === undefined || kind === undefined) return;
    const effects = this.#recipient({ type: 'came', id, kind, kept: this.kept.has(id) });
    if (effects.some(({ type }) => type === 'hand') && onDisk) this.#keep(id, kind);
    this.there = courier.resumed(new Map());
  }

  returnReceipt(at: number, repeat: boolean): void {
    const id = this.receipts[at % Math.max(1, this.receipts.length)];
    if (id === undefined) return;
    if (!repeat) this.receipts.splice(this.receipts.indexOf(id), 1);
    this.#sender({ type: 'receipt', id, read: false });
  }

  crashSender(): void {
    // Streams die with the process; letters that lie in a mailbox do not.
    this.direct.length = 0;
    this.deposits.length = 0;
    this.here = courier.resumed(new Map(this.outbox));
    this.#sender({ type: 'alarm' });
  }

  pass(hours: number): void {
    this.now += hours * HOUR;
    this.#sender({ type: 'alarm' });
  }

  slow(): void {
    this.#sender({ type: 'slow' });
  }

  connect(): void {
    this.#sender({ type: 'connected' });
  }

  #kindOf(id: string): [string, string][] {
    const kind = this.here.waiting.get(id)?.kind;
    return kind === undefined ? [] : [[id, kind]];
  }

  #keep(id: string, kind: string): void {
    // One batch: the handler's log and that it was signed for.
    if (!isReceipted(kind)) return;
    this.log.push(id);
    this.kept.add(id);
  }

  #takeAll(id: string, kind: string, sealed: boolean): 'receipt' | 'taken' | 'ignored' {
    void sealed;
    const effects = this.#recipient({ type: 'came', id, kind, kept: this.kept.has(id) });
    if (effects.some(({ type }) => type === 'receipt')) return 'receipt';
    if (!effects.some(({ type }) => type === 'hand')) return 'ignored';
    this.#keep(id, kind);
    const after = this.#recipient({ type: 'handled', id, kind, kept: true });
    return after.some(({ type }) => type === 'receipt') ? 'receipt' : 'taken';
  }

  #recipient(event: Event): readonly Effect[] {
    const { state, effects } = courier.step(this.there, event, this.now);
    this.there = state;
    return effects;
  }

  #sender(event: Event): void {
    const { state, effects } = courier.step(this.here, event, this.now);
    this.here = state;
    for (const effect of effects) {
      if (effect.type === 'send') this.direct.push({ kinds: new Map(effect.ids.flatMap((id) => this.#kindOf(id))) });
      if (effect.type === 'deposit') this.deposits.push([...effect.ids]);
      if (effect.type === 'write') this.outbox.set(effect.id, effect.waiting);
      if (effect.type === 'drop') {
        this.outbox.delete(effect.id);
        if (effect.outcome !== 'passed') this.done.set(effect.id, effect.outcome);
      }
    }
  }
}

const moves = fc.oneof(
  fc.record({ do: fc.constant('post' as const), kind: fc.constantFrom(...KINDS) }),
  fc.record({ do: fc.constant('postAndDie' as const), kind: fc.constantFrom(...KINDS) }),
  fc.record({ do: fc.constant('arrive' as const), at: fc.nat(9), repeat: fc.boolean(), answered: fc.boolean() }),
  fc.record({ do: fc.constant('lose' as const), at: fc.nat(9) }),
  fc.record({ do: fc.constant('leave' as const), mailboxes: fc.nat(5) }),
  fc.record({ do: fc.constant('fetch' as const), at: fc.nat(9), repeat: fc.boolean() }),
  fc.record({ do: fc.constant('dieHanding' as const), at: fc.nat(9), onDisk: fc.boolean() }),
  fc.record({ do: fc.constant('returnReceipt' as const), at: fc.nat(9), repeat: fc.boolean() }),
  fc.record({ do: fc.constant('crash' as const) }),
  fc.record({ do: fc.constant('slow' as const) }),
  fc.record({ do: fc.constant('pass' as const), hours: fc.nat(100) }),
);

function move(world: World, one: typeof moves extends fc.Arbitrary<infer M> ? M : never): void {
  switch (one.do) {
    case 'post':
      return world.post(one.kind);
    case 'postAndDie':
      return world.postAndDie(one.kind);
    case 'arrive':
      return world.arrive(one.at, one);
    case 'lose':
      return world.lose(one.at);
    case 'leave':
      return world.leave(one.mailboxes);
    case 'fetch':
      return world.fetch(one.at, one.repeat);
    case 'dieHanding':
      return world.dieHanding(one.at, one.onDisk);
    case 'returnReceipt':
      return world.returnReceipt(one.at, one.repeat);
    case 'crash':
      return world.crashSender();
    case 'slow':
      return world.slow();
    case 'pass':
      return world.pass(one.hours);
  }
}

/** Nothing is lost any more: everything under way arrives, and both are there. */
function fair(world: World): void {
  for (let round = 0; round < 40; round++) {
    world.pass(1);
    world.connect();
    while (world.deposits.length > 0) world.leave(3);
    while (world.direct.length > 0) world.arrive(0, { repeat: false, answered: true });
    while (world.mailbox.length > 0) world.fetch(0, false);
    while (world.receipts.length > 0) world.returnReceipt(0, false);
  }
}

const receipted = (world: World): number =>
  world.done.size + [...world.outbox.values()].filter(({ kind }) => isReceipted(kind)).length;

describe('a courier', () => {
  it('brings every parcel to its handler exactly once, whatever is lost, repeated or killed before the end', () => {
    fc.assert(
      fc.property(fc.array(moves, { maxLength: 60 }), (schedule) => {
        const world = new World();
        for (const one of schedule) {
          move(world, one);
          expect(new Set(world.log).size).toBe(world.log.length);
          // What is acknowledged is on the other side's disk.
          for (const id of world.done.keys()) expect(world.kept.has(id)).toBe(true);
        }
        const all = receipted(world);
        fair(world);
        expect(world.outbox.size).toBe(0);
        expect(new Set(world.log).size).toBe(world.log.length);
        expect(world.log.length).toBe(all);
        expect(world.done.size).toBe(all);
      }),
      { numRuns: 2_000 },
    );
  });

  it('uses mailboxes alone where both are never there together', () => {
    fc.assert(
      fc.property(fc.array(fc.constantFrom(...KINDS), { minLength: 1, maxLength: 20 }), (kinds) => {
        const world = new World();
        for (const kind of kinds) world.post(kind);
        for (let round = 0; round < 10; round++) {
          while (world.direct.length > 0) world.lose(0);
          while (world.deposits.length > 0) world.leave(5);
          while (world.mailbox.length > 0) world.fetch(0, false);
          while (world.receipts.length > 0) world.returnReceipt(0, false);
          world.pass(1);
        }
        expect(world.outbox.size).toBe(0);
        expect(world.log.length).toBe(kinds.filter((kind) => isReceipted(kind)).length);
      }),
      { numRuns: 200 },
    );
  });

  it('leaves a letter once where it lies in enough mailboxes, and again when nobody has answered for a day', () => {
    const waiting = { kind: 'trade', since: 0 };
    let state = courier.step(courier.resumed(new Map()), { type: 'posted', id: 'a', waiting }, 0).state;
    const deposits: number[] = [];
    for (let now = 0; now < 72 * HOUR; now += HOUR) {
      const failed = courier.step(state, { type: 'unreached' }, now);
      state = failed.state;
      if (failed.effects.some(({ type }) => type === 'deposit')) {
        deposits.push(now / HOUR);
        state = courier.step(state, { type: 'stored', ids: ['a'], mailboxes: 5 }, now).state;
      }
      state = courier.step(state, { type: 'alarm' }, now).state;
    }
    expect(deposits).toEqual([0, 24]);
  });

  it('tries again after a second, however many were posted to somebody who is not there yet', () => {
    let state = courier.resumed(new Map());
    const pauses: number[] = [];
    for (let at = 0; at < 30; at++) {
      state = courier.step(state, { type: 'posted', id: `${at}`, waiting: { kind: 'chat', since: 0 } }, 0).state;
      const failed = courier.step(state, { type: 'unreached' }, 0);
      state = failed.state;
      for (const effect of failed.effects) if (effect.type === 'alarm') pauses.push(effect.at);
    }
    expect(new Set(pauses)).toEqual(new Set([1_000]));
    state = courier.step(state, { type: 'alarm' }, 1_000).state;
    const { effects } = courier.step(state, { type: 'unreached' }, 1_000);
    expect(effects).toContainEqual({ type: 'alarm', at: 3_000 });
  });

  it('stops with what the recipient will never take, keeps trying what it will, and not before the time that it names', () => {
    const post = (id: string): Event => ({ type: 'posted', id, waiting: { kind: 'trade', since: 0 } });
    let state = courier.step(courier.resumed(new Map()), post('never'), 0).state;
    state = courier.step(state, post('later'), 0).state;
    state = courier.step(state, { type: 'unreached' }, 0).state;
    state = courier.step(state, { type: 'alarm' }, 0).state;
    const refused = (final: boolean, retryAt?: number): courier.Verdict => ({
      type: 'refused',
      final,
      code: 'TRADE_STATE',
      message: 'no',
      ...(retryAt === undefined ? {} : { retryAt }),
    });
    const verdicts = new Map([
      ['never', refused(true)],
      ['later', refused(false, HOUR)],
    ]);
    const answered = courier.step(state, { type: 'answered', verdicts }, 10);
    expect(answered.effects).toContainEqual({ type: 'alarm', at: HOUR });
    expect(answered.effects.filter(({ type }) => type === 'send')).toEqual([]);
    expect(courier.step(answered.state, { type: 'alarm' }, HOUR).effects).toEqual([{ type: 'send', ids: ['later'] }]);
    expect(answered.state.waiting.get('never')?.refused).toEqual({ code: 'TRADE_STATE', reason: 'no' });
  });

  it('gives up what was put off for as long as letters live, not before', () => {
    const DAY = 24 * HOUR;
    const waiting = { kind: 'file-part', since: 0, later: { times: 600, at: 0 } };
    const state = courier.resumed(new Map([['part', waiting]]));
    const verdict = { type: 'refused', final: false, code: 'FILE_NOT_FOUND', message: 'no' } as const;
    const at = (now: number) =>
      courier.step(state, { type: 'refusal', id: 'part', verdict }, now).state.waiting.get('part');
    expect(at(29 * DAY)?.refused).toBeUndefined();
    expect(at(31 * DAY)?.refused?.code).toBe('FILE_NOT_FOUND');
    const fresh = courier.resumed(new Map([['part', { kind: 'file-part', since: 0 }]]));
    const back = courier.step(fresh, { type: 'refusal', id: 'part', verdict }, 31 * DAY).state.waiting.get('part');
    expect(back?.refused).toBeUndefined();
  });

  it('is ended by a receipt only, not by word that it was taken', () => {
    const state = courier.step(
      courier.resumed(new Map()),
      { type: 'posted', id: 'a', waiting: { kind: 'trade', since: 0 } },
      0,
    ).state;
    const { state: after } = courier.step(
      state,
      { type: 'answered', verdicts: new Map([['a', { type: 'taken' }]]) },
      0,
    );
    expect(after.waiting.has('a')).toBe(true);
  });
});
