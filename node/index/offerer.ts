import { parseId } from '../../protocol/ids.js';
import { isNiagaError } from '../../protocol/errors.js';
import { shardKey, shardOf } from '../../protocol/search/posting-keys.js';
import type { Logger } from '../logger.js';
import { readAnswer, writeBody } from '../network/bodies.js';
import type { Network } from '../network/index.js';
import { PATIENCE } from './refresher.js';
import type { ShardBits } from './shard-bits.js';
import { sideBySide } from './slices.js';
import type { Targets } from './targets.js';
import { OFFER_METHOD, offerAnswerSchema } from './wire.js';

/** Nodes that are asked at once. */
const CONCURRENT_NODES = 6;
const OFFER_TIMEOUT = 15_000;
/** Records whose nodes are looked up together. */
const PLAN_TOGETHER = 250;
/** Of one request: records, and about so many bytes of their names. */
const MAX_RECORDS = 500;
const MAX_NAME_BYTES = 500_000;
/** A name's place in the list. */
const PLACE_BYTES = 4;

/** The newest record of an own slot, with the keys under which it is to be found. */
export interface OfferedRecord {
  readonly listing: string;
  readonly seq: number;
  readonly keys: readonly string[];
}

interface OffererDeps {
  readonly network: Network;
  readonly targets: Targets;
  readonly bits: ShardBits;
  /** The node could not be reached. */
  readonly onFailed: (peer: string) => void;
  readonly logger: Logger;
}

/** A record and the names under which one node should hold it. */
type Named = readonly [record: OfferedRecord, names: readonly string[]];

/** Asks index nodes by ids whether they hold own records of which no lease speaks: cards that end soon, and ends. */
export class Offerer {
  readonly #deps: OffererDeps;

  constructor(deps: OffererDeps) {
    this.#deps = deps;
  }

  /**
   * @returns by listing the nodes that should hold its record, and do not or could not be asked; those without any are left out
   * @throws the signal's reason; what a look-up throws
   */
  async offer(
    records: AsyncIterable<OfferedRecord>,
    signal: AbortSignal,
  ): Promise<ReadonlyMap<string, ReadonlySet<string>>> {
    const byPeer = new Map<string, Named[]>();
    let some: OfferedRecord[] = [];
    for await (const record of records) {
      some.push(record);
      if (some.length < PLAN_TOGETHER) continue;
      await this.#plan(some, byPeer, signal);
      some = [];
    }
    await this.#plan(some, byPeer, signal);
    const lacking = new Map<string, Set<string>>();
    const ask = async ([peer, named]: readonly [string, readonly Named[]]): Promise<void> => {
      for (const listing of await this.#lackingAt(peer, named, signal))
        lacking.set(listing, (lacking.get(listing) ?? new Set<string>()).add(peer));
    };
    await sideBySide([...byPeer], CONCURRENT_NODES, ask, PATIENCE);
    return lacking;
  }

  async #plan(records: readonly OfferedRecord[], byPeer: Map<string, Named[]>, signal: AbortSignal): Promise<void> {
    signal.throwIfAborted();
    const { bits, targets } = this.#deps;
    const plans = records.map((record) => ({
      record,
      names: record.keys.map((key) => shardKey(key, shardOf(record.listing, bits.of(key)))),
    }));
    const found = await targets.of(
      plans.flatMap(({ names }) => names),
      signal,
    );
    let at = 0;
    for (const { record, names } of plans) {
      const namesOf = new Map<string, string[]>();
      for (const { name, targets: own } of found.slice(at, (at += names.length))) {
        for (const peer of new Set(own.flatMap(({ peers }) => peers)))
          namesOf.set(peer, [...(namesOf.get(peer) ?? []), name]);
      }
      for (const [peer, own] of namesOf) byPeer.set(peer, [...(byPeer.get(peer) ?? []), [record, own]]);
    }
  }

  async #lackingAt(peer: string, named: readonly Named[], signal: AbortSignal): Promise<string[]> {
    const lacking: string[] = [];
    const batches = batchesOf(named);
    for (const [at, batch] of batches.entries()) {
      signal.throwIfAborted();
      try {
        lacking.push(...(await this.#ask(peer, batch, signal)));
      } catch (error) {
        signal.throwIfAborted();
        this.#deps.logger.debug({ peer, error: String(error) }, 'a node did not say which cards it lacks');
        if (!(isNiagaError(error) && error.details?.['remote'] === true)) this.#deps.onFailed(peer);
        return [...lacking, ...batches.slice(at).flatMap((left) => left.map(([{ listing }]) => listing))];
      }
    }
    return lacking;
  }

  async #ask(peer: string, batch: readonly Named[], signal: AbortSignal): Promise<string[]> {
    const places = new Map<string, number>();
    const placeOf = (name: string): number => {
      const place = places.get(name) ?? places.size;
      places.set(name, place);
      return place;
    };
    const cards = batch.map(([{ listing, seq }, names]) => [parseId(listing), seq, names.map(placeOf)]);
    const body = writeBody({ keys: [...places.keys()], cards });
    const options = { timeout: OFFER_TIMEOUT, retry: true, signal };
    const { network } = this.#deps;
    const answer = await network.request(peer, OFFER_METHOD, body, options);
    const { wanted } = readAnswer(network, { peer, method: OFFER_METHOD, schema: offerAnswerSchema }, answer);
    return [...new Set(wanted)].flatMap((at) => batch[at]?.[0].listing ?? []);
  }
}

function batchesOf(named: readonly Named[]): Named[][] {
  const batches: Named[][] = [];
  let bytes = 0;
  for (const one of named) {
    const size = one[1].reduce((sum, name) => sum + name.length + PLACE_BYTES, 0);
    const last = batches.at(-1);
    if (last === undefined || last.length >= MAX_RECORDS || bytes + size > MAX_NAME_BYTES) {
      batches.push([one]);
      bytes = size;
    } else {
      last.push(one);
      bytes += size;
    }
  }
  return batches;
}
