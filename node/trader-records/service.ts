import type { CID } from 'multiformats/cid';
import { isNiagaError, NiagaError } from '../../protocol/errors.js';
import { equalBytes, traderToText } from '../../protocol/ids.js';
import { compareVersions, openRecord } from '../../protocol/record.js';
import type { Published, TraderItem, TraderRecord, TraderRecords, TraderRecordsDeps } from './index.js';
import { KeptRecords } from './kept-records.js';
import { OwnRecords } from './own-records.js';
import { keepersOf, listPlaces, nodesAt, nodesOf } from './places.js';
import {
  GET_METHOD,
  getAnswerSchema,
  getSchema,
  LIST_METHOD,
  listAnswerSchema,
  listSchema,
  MAX_LIST,
  MAX_LISTED,
  MAX_MESSAGE,
  PUT_METHOD,
  putAnswerSchema,
  recordSchema,
  type ListedKind,
  type TraderRecordKind,
} from './wire.js';
import { readAnswer, readBody, writeBody } from '../network/bodies.js';

/** A node that takes longer for one record is as good as gone. */
const REQUEST_TIMEOUT = 5_000;
const EXPIRY_CHECK = 60 * 60 * 1000;

/** A record of a trader as it comes. */
interface Found {
  readonly record: Uint8Array;
  readonly delegation: Uint8Array;
}

export class TraderRecordService implements TraderRecords {
  readonly #deps: TraderRecordsDeps;
  readonly #kept: KeptRecords;
  readonly #own: OwnRecords;
  #timer: NodeJS.Timeout | undefined;
  #serving = false;

  constructor(deps: TraderRecordsDeps) {
    this.#deps = deps;
    this.#kept = new KeptRecords(deps);
    this.#own = new OwnRecords({
      ...deps,
      bringOut: (record, signal) => this.#bringOut(record, signal),
      newest: (kind, signal) => this.#ask(deps.identity.trader, kind, signal),
    });
  }

  async start(): Promise<void> {
    if (this.#timer !== undefined) return;
    await this.#kept.load();
    this.#serve();
    await this.#own.start();
    this.#timer = setInterval(() => void this.#expire(), EXPIRY_CHECK).unref();
  }

  async stop(): Promise<void> {
    clearInterval(this.#timer);
    this.#timer = undefined;
    await this.#own.stop();
  }

  publish<K extends TraderRecordKind>(kind: K, item: TraderItem<K>): Promise<Published<K>> {
    return this.#own.publish(kind, item);
  }

  newest<K extends TraderRecordKind>(kind: K, signal?: AbortSignal): Promise<TraderRecord<K> | undefined> {
    return this.#ask(this.#deps.identity.trader, kind, signal);
  }

  takeOver(kinds: readonly TraderRecordKind[]): Promise<boolean[]> {
    return this.#own.takeOver(kinds);
  }

  own<K extends TraderRecordKind>(kind: K): TraderRecord<K> | undefined {
    return this.#own.get(kind);
  }

  earlier(record: TraderRecord): readonly CID[] {
    return this.#own.earlier(record);
  }

  async get<K extends TraderRecordKind>(
    trader: Uint8Array,
    kind: K,
    { signal }: { signal?: AbortSignal | undefined } = {},
  ): Promise<TraderRecord<K> | undefined> {
    return equalBytes(trader, this.#deps.identity.trader) ? this.#own.get(kind) : this.#ask(trader, kind, signal);
  }

  #serve(): void {
    if (this.#serving) return;
    this.#serving = true;
    const { network, onRefused } = this.#deps;
    network.handle(
      PUT_METHOD,
      async (body, { peer }) => {
        try {
          await this.#kept.put(readBody(recordSchema, body, PUT_METHOD), peer);
          return writeBody({ result: 'ok' });
        } catch (error) {
          if (!isNiagaError(error) || error.code === 'PEER_PROTOCOL') throw error;
          onRefused(error.code);
          return writeBody({ result: error.code });
        }
      },
      { maxRequest: MAX_MESSAGE },
    );
    network.handle(GET_METHOD, async (body) => {
      const { trader, kind } = readBody(getSchema, body, GET_METHOD);
      const found = await this.#kept.get(trader, kind);
      return writeBody(found === undefined ? {} : { found });
    });
    network.handle(LIST_METHOD, async (body) => {
      const { kind } = readBody(listSchema, body, LIST_METHOD);
      return writeBody({ found: await this.#kept.list(kind, MAX_LISTED) });
    });
  }

  async list<K extends ListedKind>(
    kind: K,
    { signal }: { signal?: AbortSignal | undefined } = {},
  ): Promise<TraderRecord<K>[]> {
    const { network, networkName, onRefused, logger } = this.#deps;
    const options = { timeout: REQUEST_TIMEOUT, retry: true, maxResponse: MAX_LIST, signal };
    const newest = new Map<string, TraderRecord<K>>();
    const refused = (error: unknown, peer: string): void => {
      if (isNiagaError(error) && error.details?.['remote'] !== true && isRefusal(error)) onRefused(error.code);
      logger.debug({ peer, error: String(error) }, 'a node did not list records of traders');
    };
    // One that does not hold, or no more, takes none of the others with it.
    const take = (one: Found, peer: string): void => {
      try {
        const record = this.#openAny(one, kind);
        const trader = traderToText(record.payload.trader);
        const known = newest.get(trader);
        if (known === undefined || compareVersions(record, known) > 0) newest.set(trader, record);
      } catch (error) {
        refused(error, peer);
      }
    };
    const nodes = await nodesAt(this.#deps, listPlaces(networkName, kind), signal);
    const asked = nodes.map(async ({ id }) => {
      try {
        const answer = await network.request(id, LIST_METHOD, writeBody({ kind }), options);
        const { found } = readAnswer(network, { peer: id, method: LIST_METHOD, schema: listAnswerSchema }, answer);
        for (const one of found) take(one, id);
      } catch (error) {
        signal?.throwIfAborted();
        refused(error, id);
      }
    });
    await Promise.all(asked);
    const own = this.#own.get(kind);
    if (own !== undefined) newest.set(traderToText(own.payload.trader), own);
    return [...newest.values()];
  }

  /** Asks all responsible nodes; the newest that verifies wins, and is given to those who had an older one or none. */
  async #ask<K extends TraderRecordKind>(
    trader: Uint8Array,
    kind: K,
    signal?: AbortSignal,
  ): Promise<TraderRecord<K> | undefined> {
    const { network, onRefused, logger } = this.#deps;
    const body = writeBody({ trader, kind });
    const options = { timeout: REQUEST_TIMEOUT, retry: true, maxResponse: MAX_MESSAGE, signal };
    const nodes = await nodesOf(this.#deps, trader, signal);
    let answered = 0;
    let newest: { readonly record: TraderRecord<K>; readonly delegation: Uint8Array } | undefined;
    const have = new Map<string, TraderRecord<K> | undefined>();
    const asked = nodes.map(async ({ id, self }) => {
      try {
        const answer = await network.request(id, GET_METHOD, body, options);
        const { found } = readAnswer(network, { peer: id, method: GET_METHOD, schema: getAnswerSchema }, answer);
        if (!self) answered++;
        const record = found === undefined ? undefined : this.#open(found, trader, kind);
        have.set(id, record);
        if (found === undefined || record === undefined) return;
        if (newest === undefined || compareVersions(record, newest.record) > 0)
          newest = { record, delegation: found.delegation };
      } catch (error) {
        signal?.throwIfAborted();
        if (isNiagaError(error) && error.details?.['remote'] !== true && isRefusal(error)) onRefused(error.code);
        logger.debug({ peer: id, error: String(error) }, 'a node did not give the record of a trader');
      }
    });
    await Promise.all(asked);
    if (newest === undefined && answered === 0) {
      throw new NiagaError('PEER_UNREACHABLE', 'No node that could know of that trader has answered.', {
        next: 'Look at the connections with: niaga status',
      });
    }
    if (newest !== undefined) this.#repair(newest, have);
    return newest?.record;
  }

  /** @throws NiagaError RECORD_…, DELEGATION_…; RECORD_ID where the record is another trader's */
  #open<K extends TraderRecordKind>(found: Found, trader: Uint8Array, kind: K): TraderRecord<K> {
    const record = this.#openAny(found, kind);
    if (!equalBytes(record.payload.trader, trader))
      throw new NiagaError('RECORD_ID', 'The record is of another trader.');
    return record;
  }

  /** @throws NiagaError RECORD_…, DELEGATION_… */
  #openAny<K extends TraderRecordKind>(found: Found, kind: K): TraderRecord<K> {
    const { networkName, verify, delegations, now } = this.#deps;
    const grant = delegations.read(found.delegation);
    return openRecord<K>(found.record.slice(), {
      network: networkName,
      kinds: [kind],
      delegation: () => grant,
      verify,
      now: now(),
    });
  }

  /** In the background: nodes come and go, and the owner may be away. */
  #repair<K extends TraderRecordKind>(
    newest: { readonly record: TraderRecord<K>; readonly delegation: Uint8Array },
    have: ReadonlyMap<string, TraderRecord<K> | undefined>,
  ): void {
    for (const [peer, record] of have) {
      if (record?.id.equals(newest.record.id) === true) continue;
      this.#put(peer, newest.record.bytes, newest.delegation).catch((error: unknown) =>
        this.#deps.logger.debug({ peer, error: String(error) }, 'a node did not take the record of a trader'),
      );
    }
  }

  async #bringOut(
    record: TraderRecord,
    signal: AbortSignal,
  ): Promise<{ readonly replicas: number; readonly older: boolean }> {
    const { network, identity, logger } = this.#deps;
    const delegation = (record.delegation && identity.delegationOf(record.delegation)) ?? identity.delegation;
    let replicas = 0;
    let older = false;
    const nodes = (await keepersOf(this.#deps, identity.trader, record.payload.kind, signal)).filter(
      ({ id }) => id !== network.peerId,
    );
    const sent = nodes.map(async ({ id }) => {
      try {
        const result = await this.#put(id, record.bytes, delegation.bytes, signal);
        if (result === 'ok') replicas++;
        else older ||= result === 'RECORD_OLD';
      } catch (error) {
        signal.throwIfAborted();
        logger.debug({ peer: id, error: String(error) }, 'a node did not take the own record');
      }
    });
    await Promise.all(sent);
    return { replicas, older };
  }

  async #put(peer: string, record: Uint8Array, delegation: Uint8Array, signal?: AbortSignal): Promise<string> {
    const options = { timeout: REQUEST_TIMEOUT, retry: true, signal };
    const { network } = this.#deps;
    const answer = await network.request(peer, PUT_METHOD, writeBody({ record, delegation }), options);
    return readAnswer(network, { peer, method: PUT_METHOD, schema: putAnswerSchema }, answer).result;
  }

  async #expire(): Promise<void> {
    try {
      await this.#kept.expire();
    } catch (error) {
      this.#deps.logger.warn({ error: String(error) }, 'old records of traders could not be removed');
    }
  }
}

/** What does not verify; a node that is not there has refused nothing. */
function isRefusal({ code }: NiagaError): boolean {
  return code.startsWith('RECORD_') || code.startsWith('DELEGATION_') || code === 'PEER_PROTOCOL';
}
