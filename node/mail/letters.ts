import { CID } from 'multiformats/cid';
import { MAX_LETTER_BYTES, MAX_PARCELS, type courier, type Reply } from '../../protocol/mail/index.js';
import { signRecord, type Draft } from '../../protocol/record.js';
import type { Contacts } from './contacts.js';
import type { MailDeps } from './index.js';

const KiB = 1024;
/** What a letter has around its parcels: header, the own mailboxes, and a token with its delegation. */
const LETTER_OVERHEAD = 4 * KiB;
const PARCEL_OVERHEAD = 128;

/** A letter that is ready to go, and the parcels that fitted. */
interface Composed {
  readonly bytes: Uint8Array;
  readonly ids: readonly string[];
  /** What the recipient will have heard of the own mailboxes. */
  readonly mark: string;
}

export interface LettersDeps extends Pick<MailDeps, 'identity' | 'now'> {
  readonly contacts: Contacts;
  /** What others are told of how to answer. */
  readonly reply: () => Pick<Reply, 'sealing' | 'mailboxes'>;
}

/** Writes letters to other traders. */
export class Letters {
  readonly #deps: LettersDeps;

  constructor(deps: LettersDeps) {
    this.#deps = deps;
  }

  /** A letter without parcels: how this trader is answered while it is away. */
  replyTo(to: Uint8Array): Uint8Array {
    return this.#sign(to, [], this.#deps.contacts.replyTo(to, this.#deps.reply()).reply);
  }

  /**
   * Signs a letter of as many of these as fit.
   * @param whole it is all that may arrive for weeks, and says again how it is answered
   */
  compose(
    to: Uint8Array,
    all: readonly { readonly id: string; readonly waiting: courier.Waiting; readonly bytes: Uint8Array }[],
    whole: boolean,
  ): Composed {
    const { contacts, reply } = this.#deps;
    const parcels: { kind: string; bytes: Uint8Array; about?: CID }[] = [];
    const ids: string[] = [];
    let room = MAX_LETTER_BYTES - LETTER_OVERHEAD;
    for (const { id, waiting, bytes } of all) {
      const { kind, about } = waiting;
      room -= bytes.length + PARCEL_OVERHEAD;
      if (parcels.length === MAX_PARCELS || (room < 0 && parcels.length > 0)) break;
      parcels.push({ kind, bytes, ...(about === undefined ? {} : { about: CID.parse(about) }) });
      ids.push(id);
    }
    const own = contacts.replyTo(to, reply());
    // Who has heard it needs not hear it again.
    const bytes = this.#sign(to, parcels, own.heard && !whole ? undefined : own.reply);
    return { bytes, ids, mark: own.mark };
  }

  #sign(to: Uint8Array, parcels: Draft<'letter'>['parcels'], reply: Reply | undefined): Uint8Array {
    const { identity, now } = this.#deps;
    const draft = { to, parcels, ...(reply === undefined ? {} : { reply }) };
    return signRecord('letter', draft, identity, { network: identity.network, created: now(), inlineDelegation: true })
      .bytes;
  }
}
