import { randomBytes } from 'node:crypto';
import type { CID } from 'multiformats/cid';
import { keyPairFromSeed } from '../../protocol/ed25519.js';
import { isNiagaError } from '../../protocol/errors.js';
import { deviceToPeerId, equalBytes, parseTrader, peerIdToDevice, traderToText } from '../../protocol/ids.js';
import { LETTER_LIFETIME, OLDEST_LETTER, type Reply } from '../../protocol/mail/index.js';
import { signRecord } from '../../protocol/record.js';
import { openArrived } from '../identity/index.js';
import { cborCodec, type Table } from '../store/index.js';
import type { MailDeps } from './index.js';
import type { MailOptions } from './options.js';

const DAY = 24 * 60 * 60 * 1000;
/** A token outlives the letters that are left under it; a new one is given when half of its time is over. */
const TOKEN_LIFETIME = 2 * LETTER_LIFETIME;
/**
 * Who was not heard of for so long, and with whom nothing is under way, is forgotten: the tokens of both sides are over, a letter from
 * before that says another way is not taken any more, and where letters go the profile says. A stranger costs two kilobytes of memory.
 */
const FORGOTTEN_AFTER = Math.max(TOKEN_LIFETIME, OLDEST_LETTER) + DAY;
/** Devices of one trader. */
const MAX_PEERS = 4;
const MAX_ADDRESSES = 8;

interface Token {
  /** Its envelope, the seed of the key that it names, and when it ends. */
  readonly record: Uint8Array;
  readonly seed: Uint8Array;
  readonly expires: number;
  /** The peer id of the device that signed it, where that is another trader's. */
  readonly by?: string;
  /** The delegation that it was signed under, where it was signed here. */
  readonly under?: CID;
}

/** What is known of a trader with whom there was mail. */
export interface ContactRow {
  /** The last heard of first. */
  readonly peers: readonly { readonly id: string; readonly addresses: readonly string[] }[];
  /** Where and how it is answered while it is away, by its own word, and when it said so (its clock). */
  readonly sealing?: Uint8Array;
  readonly mailboxes?: readonly string[];
  readonly learned: number;
  /** The peer id of the device that said so. */
  readonly saidBy?: string;
  /** Its permission to leave letters for it; and the one that it got from here. */
  readonly held?: Token;
  readonly issued?: Token;
  /** What it was told of the own mailboxes the last time that it certainly heard of them. */
  readonly told?: string;
  /** When it was last heard of or written to, to the day. Rows of earlier versions lack it. */
  readonly at?: number;
}

export interface ContactsDeps extends Pick<
  MailDeps,
  'store' | 'network' | 'networkName' | 'identity' | 'devices' | 'verify' | 'now' | 'logger'
> {
  readonly options: MailOptions;
}

/**
 * The traders with whom there was mail of late: their devices, mailboxes and tokens. All of them are in memory, two kilobytes each. What a
 * device said is not known any more from the moment on in which this node hears that it was revoked: a thief would have letters
 * sealed to himself.
 */
export class Contacts {
  readonly #deps: ContactsDeps;
  readonly #table: Table<ContactRow>;
  readonly #rows = new Map<string, ContactRow>();
  readonly #byPeer = new Map<string, string>();

  constructor(deps: ContactsDeps) {
    this.#deps = deps;
    this.#table = deps.store.table('mail-contacts', cborCodec<ContactRow>());
  }

  async load(): Promise<void> {
    this.#rows.clear();
    this.#byPeer.clear();
    for await (const [trader, row] of this.#table.range()) {
      this.#rows.set(trader, row);
      for (const { id } of row.peers) this.#byPeer.set(id, trader);
      this.#deps.network.directory.learn(this.#standing(parseTrader(trader), row).peers, { needed: true });
    }
  }

  get(trader: Uint8Array): ContactRow | undefined {
    const row = this.#rows.get(traderToText(trader));
    return row === undefined ? undefined : this.#standing(trader, row);
  }

  peers(trader: Uint8Array): readonly string[] {
    return this.get(trader)?.peers.map(({ id }) => id) ?? [];
  }

  traderOf(peer: string): Uint8Array | undefined {
    const text = this.#byPeer.get(peer);
    if (text === undefined) return undefined;
    const trader = parseTrader(text);
    return this.#isRevoked(trader, peer) ? undefined : trader;
  }

  /** A device of the trader was heard of; nothing where it was revoked. */
  meet(trader: Uint8Array, peer: string): void {
    if (this.#isRevoked(trader, peer)) return;
    const row = this.get(trader) ?? { peers: [], learned: 0 };
    const addresses = this.#deps.network.directory.get(peer)?.addresses.slice(0, MAX_ADDRESSES) ?? [];
    const before = row.peers[0];
    const isSame = before?.id === peer && (addresses.length === 0 || addresses.join() === before.addresses.join());
    if (isSame && row.at !== undefined && this.#deps.now() - row.at < DAY) return;
    const known = row.peers.find(({ id }) => id === peer)?.addresses ?? [];
    const first = { id: peer, addresses: addresses.length > 0 ? addresses : known };
    const peers = [first, ...row.peers.filter(({ id }) => id !== peer)].slice(0, MAX_PEERS);
    this.#byPeer.set(peer, traderToText(trader));
    this.#save(trader, { ...row, peers });
  }

  /**
   * The trader's own word about where its letters go; an older one than is known changes nothing.
   * @param said by which device (its peer id), and when by that device's clock
   */
  learn(
    trader: Uint8Array,
    { sealing, mailboxes }: Pick<Reply, 'sealing' | 'mailboxes'>,
    said: { readonly by: string; readonly at: number },
  ): void {
    const row = this.get(trader) ?? { peers: [], learned: 0 };
    if (said.at <= row.learned || this.#isRevoked(trader, said.by)) return;
    this.#save(trader, { ...row, sealing: sealing.slice(), mailboxes, learned: said.at, saidBy: said.by });
  }

  /** Keeps a token that came in a letter, where it is what it should be. */
  hold(trader: Uint8Array, { record, seed }: NonNullable<Reply['token']>): void {
    const { now, logger } = this.#deps;
    const row = this.get(trader) ?? { peers: [], learned: 0 };
    if (row.held !== undefined && equalBytes(row.held.record, record)) return;
    try {
      const { payload } = openArrived(record, 'mailbox-token', this.#deps);
      const fits = equalBytes(payload.trader, trader) && equalBytes(payload.key, keyPairFromSeed(seed).publicKey);
      if (!fits || payload.expires <= now()) return;
      const held = { record: record.slice(), seed: seed.slice(), expires: payload.expires };
      this.#save(trader, { ...row, held: { ...held, by: deviceToPeerId(payload.device) } });
    } catch (error) {
      if (!isNiagaError(error)) throw error;
      logger.debug({ code: error.code }, 'a token does not hold');
    }
  }

  /** The token to leave letters for a trader with, while it is good. */
  tokenFor(trader: Uint8Array): Token | undefined {
    const held = this.get(trader)?.held;
    return held !== undefined && held.expires > this.#deps.now() + DAY ? held : undefined;
  }

  /** What a letter to this trader says of how it is answered, and a mark to say later that it was heard. */
  replyTo(
    trader: Uint8Array,
    own: Pick<Reply, 'sealing' | 'mailboxes'>,
  ): { reply: Reply; mark: string; heard: boolean } {
    const row = this.get(trader);
    const issued = this.#issue(trader);
    const mark = Buffer.from(own.sealing).toString('base64') + own.mailboxes.join() + String(issued.expires);
    return {
      reply: { ...own, token: { record: issued.record, seed: issued.seed } },
      mark,
      heard: row?.told === mark,
    };
  }

  /** The trader has certainly heard what that mark stands for. */
  told(trader: Uint8Array, mark: string): void {
    const row = this.get(trader);
    if (row !== undefined && row.told !== mark) this.#save(trader, { ...row, told: mark });
  }

  /** @param needed traders, in text, with whom something is under way */
  async prune(needed: ReadonlySet<string>): Promise<void> {
    const now = this.#deps.now();
    const over = new Set<string>();
    for (const [name, row] of this.#rows) {
      // Rows of earlier versions count from now on.
      if (row.at === undefined) this.#save(parseTrader(name), row);
      else if (now - row.at > FORGOTTEN_AFTER && !needed.has(name)) over.add(name);
    }
    if (over.size === 0) return;
    for (const name of over) this.#rows.delete(name);
    for (const [peer, name] of this.#byPeer) if (over.has(name)) this.#byPeer.delete(peer);
    await this.#deps.store.write(
      [...over].map((name) => this.#table.del(name)),
      { sync: false },
    );
  }

  #issue(trader: Uint8Array): Token {
    const { identity, now, options } = this.#deps;
    const { id: under, payload } = identity.delegation;
    const row = this.get(trader) ?? { peers: [], learned: 0 };
    // No mailbox takes a letter under a token whose delegation has ended.
    const until = (time: number): number => Math.min(now() + time, payload.expires);
    const { issued: before } = row;
    if (before?.under?.equals(under) === true && before.expires >= until(TOKEN_LIFETIME / 2)) return before;
    const seed = new Uint8Array(randomBytes(32));
    const expires = until(TOKEN_LIFETIME);
    const draft = {
      id: new Uint8Array(randomBytes(16)),
      key: keyPairFromSeed(seed).publicKey,
      expires,
      quota: options.depositorBytes,
    };
    const record = signRecord('mailbox-token', draft, identity, {
      network: identity.network,
      created: now(),
      inlineDelegation: true,
    }).bytes;
    const issued = { record, seed, expires, under };
    this.#save(trader, { ...row, issued });
    return issued;
  }

  #isRevoked(trader: Uint8Array, peer: string): boolean {
    return this.#deps.devices.isRevoked(trader, peerIdToDevice(peer));
  }

  /**
   * A contact without what devices said that were revoked since. The token that it got from here is given anew, and all is told it
   * again: a thief may fill the share of the old one, and what he was told the trader itself may never have heard.
   */
  #standing(trader: Uint8Array, row: ContactRow): ContactRow {
    const peers = row.peers.filter(({ id }) => !this.#isRevoked(trader, id));
    // Rows of earlier versions do not say who said it.
    const isGone = (by: string | undefined): boolean =>
      by === undefined ? peers.length < row.peers.length : this.#isRevoked(trader, by);
    const lostWay = row.sealing !== undefined && isGone(row.saidBy);
    const lostToken = row.held !== undefined && isGone(row.held.by);
    if (peers.length === row.peers.length && !lostWay && !lostToken) return row;
    const { sealing, mailboxes, learned, saidBy, held, issued: _, told: __, ...rest } = row;
    const way = {
      learned,
      ...(sealing === undefined ? {} : { sealing }),
      ...(mailboxes === undefined ? {} : { mailboxes }),
      ...(saidBy === undefined ? {} : { saidBy }),
    };
    return {
      ...rest,
      peers,
      ...(lostWay ? { learned: 0 } : way),
      ...(lostToken || held === undefined ? {} : { held }),
    };
  }

  #save(trader: Uint8Array, changed: ContactRow): void {
    const key = traderToText(trader);
    const row = { ...changed, at: this.#deps.now() };
    this.#rows.set(key, row);
    // What a crash undoes is learned again.
    this.#deps.store
      .write([this.#table.put(key, row)], { sync: false })
      .catch((error: unknown) => this.#deps.logger.warn({ error: String(error) }, 'a contact could not be kept'));
  }
}
