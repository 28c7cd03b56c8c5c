import { createHash } from 'node:crypto';
import { equalBytes } from '../../protocol/ids.js';
import { askBlob } from '../catalog/blob-exchange.js';
import type { Catalog } from '../catalog/index.js';
import type { DelegationBook, Identity } from '../identity/index.js';
import { MAX_PICTURE } from '../keep/wire.js';
import { unlessDamaged } from '../listed.js';
import { readBody, writeBody } from '../network/bodies.js';
import type { Network } from '../network/index.js';
import type { Pictures } from '../pictures/index.js';
import { rawCodec, type Store, type Table, type Write } from '../store/index.js';
import { traderAsking } from './asker.js';
import type { Devices } from './index.js';
import { ANSWER_BYTES, MAX_ANSWER, ROWS_LENGTH, ROWS_METHOD, rowsAnswerSchema, rowsSchema } from './log-wire.js';
import { NiagaError } from '../../protocol/errors.js';

const REQUEST_TIMEOUT = 10_000;
/** The catalogue as it lies on disk, listings and texts before the rows that name them. */
const TABLES = ['listings', 'blobs', 'own-picture-rows', 'own-cards', 'own-deltas', 'reservations', 'catalog'] as const;
const HASH_BYTES = 8;

export interface RowCopiesDeps {
  readonly network: Network;
  readonly identity: Identity;
  readonly delegations: DelegationBook;
  readonly store: Store;
  readonly catalog: Pick<Catalog, 'reload'>;
  readonly pictures: Pick<Pictures, 'fill'>;
  readonly devices: Pick<Devices, 'writer'>;
  /** Whether this device writes: it never takes another's catalogue. */
  readonly mayWrite: () => boolean;
  readonly now: () => number;
}

/** The catalogue of the device that writes, on the other devices of the same trader: row by row as it lies on disk there. */
export class RowCopies {
  readonly #deps: RowCopiesDeps;
  #serving = false;

  constructor(deps: RowCopiesDeps) {
    this.#deps = deps;
  }

  serve(): void {
    if (this.#serving) return;
    this.#serving = true;
    this.#deps.network.handle(ROWS_METHOD, (body, { peer }) => this.#give(body, peer), { maxRequest: MAX_ANSWER });
  }

  /** Makes the catalogue here that of a peer. @throws NiagaError PEER_UNREACHABLE, … */
  async pull(peer: string, signal?: AbortSignal): Promise<void> {
    let changed = false;
    for (const table of TABLES) changed = (await this.#pullTable(peer, table, signal)) || changed;
    if (changed) await this.#deps.catalog.reload();
    const { network, pictures } = this.#deps;
    await pictures.fill((id) => askBlob(network, peer, id, { most: MAX_PICTURE, signal }));
  }

  async #pullTable(peer: string, name: string, signal?: AbortSignal): Promise<boolean> {
    const { network, identity, store } = this.#deps;
    const table = store.table(name, rawCodec);
    let after: string | undefined;
    let changed = false;
    do {
      const have: [string, Uint8Array][] = [];
      for await (const [key, bytes] of table.range({
        limit: ROWS_LENGTH,
        ...(after === undefined ? {} : { gt: after }),
      }))
        have.push([key, shortHash(bytes)]);
      const body = writeBody({
        delegation: identity.delegation.bytes,
        table: name,
        have,
        ...(after === undefined ? {} : { after }),
      });
      const options = { timeout: REQUEST_TIMEOUT, retry: true, maxResponse: MAX_ANSWER, signal };
      const answer = await network.request(peer, ROWS_METHOD, body, options);
      const { rows, gone, until } = readBody(rowsAnswerSchema, answer, `answer to ${ROWS_METHOD}`);
      // The lease may have come here meanwhile: what is written here now is not to be written over.
      if (this.#deps.mayWrite()) return changed;
      const writes: Write[] = [
        ...rows.map(([key, bytes]) => table.put(key, bytes.slice())),
        ...gone.map((key) => table.del(key)),
      ];
      if (writes.length > 0) await store.write(writes);
      changed ||= writes.length > 0;
      if (until !== undefined && after !== undefined && until <= after) break;
      after = until;
    } while (after !== undefined);
    return changed;
  }

  async #give(body: Uint8Array, peer: string): Promise<Uint8Array> {
    const { identity, store } = this.#deps;
    const { delegation, table: name, after, have } = readBody(rowsSchema, body, ROWS_METHOD);
    const asker = traderAsking(delegation, peer, this.#deps);
    if (!equalBytes(asker, identity.trader) || !(TABLES as readonly string[]).includes(name))
      throw new NiagaError('PEER_REFUSED', 'Only another device of this trader reads its catalogue.');
    // Also while it writes no more because it hands over.
    const isWriter = this.#deps.mayWrite() || this.#deps.devices.writer === this.#deps.network.peerId;
    if (!isWriter) throw new NiagaError('WRITER_OTHER', 'Another device writes the catalogue.');
    const theirs = new Map(have);
    const last = have.length < ROWS_LENGTH ? undefined : have.at(-1)?.[0];
    const rows: [string, Uint8Array][] = [];
    let bytes = 0;
    let until = last;
    for await (const [key, row] of store.table(name, rawCodec).range(after === undefined ? {} : { gt: after })) {
      if (last !== undefined && key > last) break;
      const hash = theirs.get(key);
      theirs.delete(key);
      if (hash !== undefined && equalBytes(hash, shortHash(row))) continue;
      rows.push([key, row]);
      bytes += row.length;
      if (bytes < ANSWER_BYTES && rows.length < ROWS_LENGTH) continue;
      until = key;
      break;
    }
    const unseen = [...theirs.keys()].filter((key) => until === undefined || key <= until);
    const gone = await absentOf(store.table(name, rawCodec), unseen);
    return writeBody({ rows, gone, ...(until === undefined ? {} : { until }) });
  }
}

/** Those of these keys that a table does not have. What is damaged here is there: the other machine may have the only good copy. */
async function absentOf(table: Table<Uint8Array>, keys: readonly string[]): Promise<string[]> {
  const absent: string[] = [];
  for (const key of keys) if ((await unlessDamaged(table.has(key))) === false) absent.push(key);
  return absent;
}

function shortHash(bytes: Uint8Array): Uint8Array {
  return new Uint8Array(createHash('sha256').update(bytes).digest().subarray(0, HASH_BYTES));
}
