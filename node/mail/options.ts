import { NiagaError } from '../../protocol/errors.js';

const second = 1000;
const minute = 60 * second;
const KiB = 1024;
const MiB = 1024 * KiB;

/** How a node sees to its mail. Times in milliseconds. */
export interface MailOptions {
  /** Mailboxes that this node names in its profile, where so many nodes are there. */
  readonly mailboxes: number;
  /** How long a mailbox may be away before another takes its place. */
  readonly patience: number;
  /** How long one request waits at a mailbox for a letter. */
  readonly wait: number;
  /** How often the nodes nearest to the own key are asked for letters. */
  readonly round: number;
  /** A direct try that takes longer is accompanied by a letter. */
  readonly slow: number;
  /** How long a stop waits for what is under way; a node has 5 s for all of its end. */
  readonly ending: number;
  /** Bytes of letters that this node keeps for others, in all. */
  readonly keptBytes: number;
  /** Of them for one recipient, for one depositor with a token, and of strangers for one recipient. */
  readonly recipientBytes: number;
  readonly depositorBytes: number;
  readonly strangerBytes: number;
  /** Of strangers for all recipients together. */
  readonly strangersBytes: number;
  /** Parcels that are signed for in a day: of one partner of a trade or of a chat, of one stranger, and of all strangers together. */
  readonly partnerParcels: number;
  readonly strangerParcels: number;
  readonly strangersParcels: number;
}

export const DEFAULT_MAIL_OPTIONS: MailOptions = {
  // One more than the five that are promised: they are still five while one is being replaced.
  mailboxes: 6,
  // A reboot, or a router that is switched off and on, is no reason to move.
  patience: 10 * minute,
  // Under the 30 s that a handler may take.
  wait: 20 * second,
  round: 5 * minute,
  slow: 2 * second,
  ending: 1.5 * second,
  // The quotas: half a gigabyte is nothing on a disk; a recipient's share holds 2,000 letters of the usual size (4 KiB), a
  // counterparty's 500, and what all strangers may leave for one recipient 128.
  keptBytes: 512 * MiB,
  recipientBytes: 8 * MiB,
  depositorBytes: 2 * MiB,
  strangerBytes: 512 * KiB,
  strangersBytes: 64 * MiB,
  // 500 trades, which are what one trader may begin in a day, with all their messages and the pictures of some; a receipt takes up
  // half a KiB for a year. A stranger may begin 200 trades; all strangers together begin 10,000, and write 1,000 messages.
  partnerParcels: 20_000,
  strangerParcels: 200,
  strangersParcels: 20_000,
};

/** @throws NiagaError USAGE for an unknown option or one that is not a number above 0 */
export function mailOptions(given: Partial<MailOptions> = {}): MailOptions {
  for (const [name, value] of Object.entries(given)) {
    if (!Object.hasOwn(DEFAULT_MAIL_OPTIONS, name) || !(value > 0))
      throw new NiagaError('USAGE', `Mail has no option "${name}" with the value ${String(value)}.`, { where: name });
  }
  return { ...DEFAULT_MAIL_OPTIONS, ...given };
}
