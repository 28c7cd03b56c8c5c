import { CID } from 'multiformats/cid';
import { createBoundedCache } from '../../protocol/bounded-cache.js';
import { isNiagaError, NiagaError } from '../../protocol/errors.js';
import { deviceToPeerId, equalBytes, traderToText } from '../../protocol/ids.js';
import {
  isReceipted,
  OLDEST_LETTER,
  PARCEL_KINDS,
  parcelId,
  readRefusal,
  unseal,
  writeRefusal,
  type Letter,
  type ParcelKind,
} from '../../protocol/mail/index.js';
import { delegationEnded, hasEnded, openRecord, signRecord } from '../../protocol/record.js';
import { createKeyedMutex } from '../concurrency.js';
import { openArrived } from '../identity/index.js';
import { publicError } from '../network/methods.js';
import type { Write } from '../store/index.js';
import type { Contacts } from './contacts.js';
import { inTrains } from './trains.js';
import type { Acknowledged, Incoming, MailDeps, OwnReceipt, ParcelHandler } from './index.js';
import type { OutboxTables } from './outbox.js';
import type { Postman } from './postman.js';
import type { Counted, ReceiptQuota } from './receipt-quota.js';
import type { DeliveryVerdict } from './wire.js';

/** Parcels of which it is remembered that their authors know that they were read. */
const READ_REMEMBERED = 10_000;

export interface InboxDeps extends Pick<
  MailDeps,
  'networkName' | 'identity' | 'devices' | 'verify' | 'now' | 'logger' | 'onRefused'
> {
  readonly tables: OutboxTables;
  readonly contacts: Contacts;
  readonly postman: Postman;
  readonly handlers: ReadonlyMap<string, ParcelHandler>;
  readonly quota: ReceiptQuota;
  /** The sealing keys, the newest first. */
  readonly secrets: () => readonly Uint8Array[];
  /** Whether this trader has other devices, with keys of their own. */
  readonly hasOthers: () => boolean;
}

/** What comes from other traders: verified, handed over once, and receipted when it is on disk. */
export class Inbox {
  readonly #deps: InboxDeps;
  readonly #lock = createKeyedMutex();
  readonly #read = createBoundedCache<true>(READ_REMEMBERED);

  constructor(deps: InboxDeps) {
    this.#deps = deps;
  }

  /**
   * A letter over the direct stream: one verdict a parcel, and who has to be told how this trader is answered.
   * @throws NiagaError RECORD_…, DELEGATION_… where the letter does not hold; RECORD_ID where it is for another trader;
   *   DELEGATION_EXPIRED also where this device can sign for nothing any more: its author goes on trying, as if nobody were here
   */
  async deliver(bytes: Uint8Array): Promise<{ results: DeliveryVerdict[]; asks: Uint8Array | undefined }> {
    this.#checkMaySign();
    const letter = this.#open(bytes);
    const results = await this.#take(letter, false);
    // A stranger of whom nothing is taken learns nothing.
    const asks = letter.reply !== undefined && isNews(letter, results) ? letter.trader.slice() : undefined;
    return { results, asks };
  }

  /**
   * A letter from a mailbox.
   * @returns whether it is not needed there any more: also where it cannot be opened, unless another own device may open it
   * @throws NiagaError DELEGATION_EXPIRED where this device can sign for nothing any more: the letter stays; what the disk throws
   */
  async unseal(sealed: Uint8Array): Promise<boolean> {
    this.#checkMaySign();
    const { secrets, logger, onRefused, hasOthers } = this.#deps;
    const content = unseal(sealed, secrets());
    if (content === undefined) {
      if (hasOthers()) return false;
      onRefused('RECORD_MALFORMED');
      logger.debug({}, 'a letter opens with none of the sealing keys');
      return true;
    }
    let letter: Letter;
    try {
      letter = this.#open(content.slice());
    } catch (error) {
      if (!isNiagaError(error)) throw error;
      onRefused(error.code);
      logger.debug({ code: error.code }, 'a letter does not hold');
      return true;
    }
    await this.#take(letter, true);
    return true;
  }

  acknowledge({ from, ...parcel }: Acknowledged): OwnReceipt & { send(): void } {
    return this.#receipt(from, parcel, true);
  }

  async read(from: Uint8Array, ids: readonly CID[], about: CID | undefined): Promise<void> {
    const { tables } = this.#deps;
    const name = traderToText(from);
    const writes: Write[] = [];
    const sends: (() => void)[] = [];
    for (const id of ids) {
      const key = `${name}/${id.toString()}`;
      if (this.#read.get(key) === true) continue;
      const kept = await tables.kept(name, id.toString());
      this.#read.set(key, true);
      if (kept === undefined || kept.read === true) continue;
      const posted = this.#post(from, 'receipt', this.#sign(id, about, true));
      writes.push(tables.keep(name, id.toString(), { ...kept, read: true }), ...posted.writes);
      sends.push(posted.send);
    }
    if (writes.length === 0) return;
    await tables.write(writes, { sync: false });
    for (const send of sends) send();
  }

  #checkMaySign(): void {
    const { identity, now } = this.#deps;
    const { expires } = identity.delegation.payload;
    if (now() > expires) throw delegationEnded('receipt', expires);
  }

  #open(bytes: Uint8Array): Letter {
    const { now, identity } = this.#deps;
    const { payload } = openArrived(bytes, 'letter', this.#deps);
    if (!equalBytes(payload.to, identity.trader))
      throw new NiagaError('RECORD_ID', 'The letter is for another trader.', { where: 'to' });
    if (equalBytes(payload.trader, identity.trader))
      throw new NiagaError('RECORD_ID', 'The letter is this trader’s own.');
    if (payload.created < now() - OLDEST_LETTER)
      throw new NiagaError('RECORD_OLD', 'The letter is older than mailboxes keep letters.');
    return payload;
  }

  async #take(letter: Letter, sealed: boolean): Promise<DeliveryVerdict[]> {
    const { contacts } = this.#deps;
    const from = letter.trader.slice();
    const results = await inTrains(letter.parcels, ({ kind, bytes, about }) =>
      this.#parcel(from, { kind, bytes: bytes.slice(), about }, sealed),
    );
    // Of a stranger of whom nothing was taken nothing is remembered.
    if (contacts.get(from) !== undefined || isNews(letter, results)) {
      const by = deviceToPeerId(letter.device);
      contacts.meet(from, by);
      if (letter.reply !== undefined) {
        contacts.learn(from, letter.reply, { by, at: letter.created });
        if (letter.reply.token !== undefined) contacts.hold(from, letter.reply.token);
      }
    }
    return results;
  }

  async #parcel(from: Uint8Array, parcel: Letter['parcels'][number], sealed: boolean): Promise<DeliveryVerdict> {
    const { postman, onRefused } = this.#deps;
    const { kind, bytes } = parcel;
    let id: CID | undefined;
    try {
      const known = PARCEL_KINDS.find((one) => one === kind);
      if (known === undefined)
        throw new NiagaError('OPERATION_UNKNOWN', 'Parcels of that kind are not known here.', { where: 'kind' });
      const of = (id = parcelId(known, bytes));
      switch (known) {
        case 'receipt':
          postman.receipt(from, bytes);
          return { taken: true };
        case 'refusal': {
          const refusal = readRefusal(bytes);
          postman.refusal(from, refusal.of.toString(), refusal);
          return { taken: true };
        }
        default:
          return await this.#lock(`${traderToText(from)}/${of.toString()}`, () =>
            this.#hand(from, known, of, parcel, sealed),
          );
      }
    } catch (error) {
      // What has to do with this machine, its disk say, may pass: a sealed letter then stays where it is.
      if (!isNiagaError(error)) throw error;
      onRefused(error.code);
      const verdict = { ...publicError(error), ...detailsOf(error) };
      if (sealed && id !== undefined && isReceipted(kind)) await this.#refuse(from, id, verdict);
      return verdict;
    }
  }

  async #hand(
    from: Uint8Array,
    kind: ParcelKind,
    id: CID,
    { bytes, about }: Letter['parcels'][number],
    sealed: boolean,
  ): Promise<DeliveryVerdict> {
    const { tables, postman, handlers, quota } = this.#deps;
    const name = traderToText(from);
    const text = id.toString();
    const kept = isReceipted(kind) ? await tables.keptAs(kind, name, text) : undefined;
    const came = postman.apply(from, { type: 'came', id: text, kind, kept: kept !== undefined });
    if (kept !== undefined) {
      const receipt = this.#anew(kept.receipt);
      // Its author has not got the receipt.
      if (sealed && came.some(({ type }) => type === 'receipt')) await this.#postNow(from, 'receipt', receipt);
      return { receipt };
    }
    const handled = (isKept: boolean) => postman.apply(from, { type: 'handled', id: text, kind, kept: isKept });
    let counted: Counted | undefined;
    try {
      if (isReceipted(kind)) counted = await quota.take(from);
      const handler = handlers.get(kind);
      if (handler === undefined)
        throw new NiagaError('OPERATION_UNKNOWN', `Parcels of the kind "${kind}" are not taken here.`, {
          where: 'kind',
        });
      const issued: { receipt?: OwnReceipt & { send(): void } } = {};
      const incoming: Incoming = {
        id,
        kind,
        from,
        bytes,
        about,
        receipt: (named = about) =>
          (issued.receipt ??= this.#receipt(from, { id, kind, about: named }, sealed, counted?.writes())),
      };
      await handler.take(incoming);
      const receipt =
        issued.receipt?.bytes ?? (isReceipted(kind) ? await this.#again(from, id, about, sealed) : undefined);
      handled(true);
      issued.receipt?.send();
      return receipt === undefined ? { taken: true } : { receipt };
    } catch (error) {
      counted?.back();
      handled(false);
      throw error;
    }
  }

  /** Signs a receipt. `posted`: it goes as a parcel of its own, since nobody waits for the answer. */
  #receipt(
    from: Uint8Array,
    { id, kind, about }: Omit<Acknowledged, 'from'>,
    posted: boolean,
    counted: readonly Write[] = [],
  ): OwnReceipt & { send(): void } {
    const { tables, now } = this.#deps;
    const bytes = this.#sign(id, about, false);
    const keep = tables.keep(traderToText(from), id.toString(), { receipt: bytes, at: now(), kind });
    if (!posted) return { bytes, writes: [keep, ...counted], send: () => undefined };
    const post = this.#post(from, 'receipt', bytes);
    return { bytes, writes: [keep, ...counted, ...post.writes], send: post.send };
  }

  /** A receipt for what is here already, in a parcel of other bytes: nothing of it is kept, since each time comes to the same. */
  async #again(from: Uint8Array, id: CID, about: CID | undefined, posted: boolean): Promise<Uint8Array> {
    const bytes = this.#sign(id, about, false);
    if (posted) await this.#postNow(from, 'receipt', bytes);
    return bytes;
  }

  /** A receipt as it is given again: the answer to a delivery says nothing of its own to vouch for one whose delegation has ended. */
  #anew(receipt: Uint8Array): Uint8Array {
    const { networkName: network, verify, now } = this.#deps;
    const record = openRecord(receipt, { network, kinds: ['receipt'], verify });
    const { of, trade } = record.payload;
    return hasEnded(record, now()) ? this.#sign(of, trade, false) : receipt;
  }

  #sign(of: CID, about: CID | undefined, read: boolean): Uint8Array {
    const { identity, now } = this.#deps;
    const draft = { of, ...(about === undefined ? {} : { trade: about }), ...(read ? ({ read: true } as const) : {}) };
    return signRecord('receipt', draft, identity, { network: identity.network, created: now(), inlineDelegation: true })
      .bytes;
  }

  #post(to: Uint8Array, kind: ParcelKind, bytes: Uint8Array): { writes: Write[]; send: () => void } {
    const { tables, postman, now } = this.#deps;
    const id = parcelId(kind, bytes).toString();
    const waiting = { kind, since: now() };
    return {
      writes: tables.post(traderToText(to), id, waiting, bytes),
      send: () => postman.posted(to, id, waiting, bytes),
    };
  }

  async #postNow(to: Uint8Array, kind: ParcelKind, bytes: Uint8Array): Promise<void> {
    const { writes, send } = this.#post(to, kind, bytes);
    await this.#deps.tables.write(writes, { sync: false });
    send();
  }

  async #refuse(from: Uint8Array, of: CID, verdict: DeliveryVerdict): Promise<void> {
    const { code = 'INTERNAL', message = code, missing, retryAt } = verdict;
    const refusal = {
      of,
      code,
      message,
      ...(missing === undefined ? {} : { missing }),
      ...(retryAt === undefined ? {} : { retryAt }),
    };
    await this.#postNow(from, 'refusal', writeRefusal(refusal));
  }
}

/** Whether something was taken that is not only about the delivery of something else: a receipt costs nobody anything. */
function isNews({ parcels }: Letter, results: readonly DeliveryVerdict[]): boolean {
  return results.some(({ receipt, taken }, at) => {
    const kind = parcels[at]?.kind;
    return receipt !== undefined || (taken === true && kind !== 'receipt' && kind !== 'refusal');
  });
}

/** What a refusal says for programs: ids of messages that are missing, and when another try may succeed. */
function detailsOf({ details }: NiagaError): Pick<DeliveryVerdict, 'missing' | 'retryAt'> {
  const missing = Array.isArray(details?.['missing'])
    ? details['missing'].flatMap((id: unknown) => (typeof id === 'string' ? [CID.parse(id)] : [])).slice(0, 64)
    : [];
  const retryAt = details?.['retryAt'];
  return { ...(missing.length === 0 ? {} : { missing }), ...(typeof retryAt === 'number' ? { retryAt } : {}) };
}
