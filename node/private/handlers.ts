import { randomBytes } from 'node:crypto';
import { NiagaError } from '../../protocol/errors.js';
import { quote } from '../../protocol/quote.js';
import { CODE_BYTES, pickupCode, PRIVATE_KINDS, saltOfCode, type PrivateKind } from '../../protocol/trade/index.js';
import type { Handlers } from '../api/handlers.js';
import type { ForgottenView } from '../api/rows/private.js';
import type { Chat } from '../chat/index.js';
import { fromBase64 } from '../identity/key-file.js';
import type { Store } from '../store/index.js';
import type { Trades } from '../trades/index.js';
import type { NewValue, PrivateValues } from './index.js';

interface PrivateHandlersDeps {
  readonly privateValues: PrivateValues;
  readonly chat: Chat;
  readonly trades: Pick<Trades, 'idOf' | 'open'>;
  readonly store: Pick<Store, 'scrub'>;
}

/** Tables in which private values, files and messages lie, or lay on their way; with their names, as each is another service's. */
const PRIVATE_TABLES = ['private', 'private-prepared', 'private-pending', 'file-parts', 'mail-parcels'] as const;
const CHAT_TABLES = ['chat-messages', 'chat-threads', 'events'] as const;

/** What a node does for the commands about what a trade keeps private. */
export function privateHandlers({
  privateValues,
  chat,
  trades,
  store,
}: PrivateHandlersDeps): Pick<Handlers, 'tradeDisclose' | 'tradeForget'> {
  return {
    tradeDisclose: async ({ trade: text, what }) => {
      const trade = trades.idOf(text);
      return { trade, values: await privateValues.disclose(trade, kindsOf(what)) };
    },
    tradeForget: async ({ trade: text, chat: withChat }) => {
      const trade = trades.idOf(text);
      const values = await privateValues.forget(trade);
      const open = await trades.open(trade);
      const messages = withChat && open !== undefined ? await chat.forget(open.trade) : 0;
      // Once more where it was forgotten before: that may have been interrupted here.
      await store.scrub([...PRIVATE_TABLES, ...(withChat ? CHAT_TABLES : [])]);
      return { trade, values, messages, remains: remainsOf(values) };
    },
  };
}

function kindsOf(names: readonly string[]): PrivateKind[] | undefined {
  const kinds = names.map((name) => {
    const kind = PRIVATE_KINDS.find((each) => each === name);
    if (kind !== undefined) return kind;
    throw new NiagaError('USAGE', `${quote(name)} is nothing that a trade keeps private.`, {
      where: 'what',
      next: `There are: ${PRIVATE_KINDS.join(', ')}`,
    });
  });
  return kinds.length === 0 ? undefined : kinds;
}

function remainsOf(values: ForgottenView['values']): string {
  const sent = values.flatMap(({ what, sentTo }) => sentTo.map((role) => `${what} (${role})`));
  const theirs = sent.length === 0 ? '' : ` The others may still hold what they were sent: ${sent.join(', ')}.`;
  return `The signed log stays, with commitments that nobody can open any more from here.${theirs} Backups of this home and other machines of yours keep what they have.`;
}

/**
 * Takes a step that commits to private values: they are on disk before it, and gone again where it is not taken.
 * @param step gets the commitments in the order of the values; undefined stands for one that was not given
 */
export async function committing<T>(
  privateValues: Pick<PrivateValues, 'prepare' | 'discard'>,
  values: readonly (NewValue | undefined)[],
  step: (commitments: readonly (Uint8Array | undefined)[]) => Promise<T>,
): Promise<T> {
  const given = values.filter((value) => value !== undefined);
  if (given.length === 0) return step([]);
  const commitments = await privateValues.prepare(given);
  const left = [...commitments];
  try {
    return await step(values.map((value) => (value === undefined ? undefined : left.shift())));
  } catch (error) {
    await privateValues.discard(commitments);
    throw error;
  }
}

/** A file as it comes into the node. */
export interface NamedFile {
  readonly name: string;
  /** In base64. */
  readonly content: string;
}

/** A file that is personal, as a value. */
export function fileValue(what: NewValue['what'], file: NamedFile | undefined): NewValue | undefined {
  return file === undefined ? undefined : { what, value: fromBase64(file.content), name: file.name };
}

/** What a buyer says of itself, as it comes into the node. */
interface Contacts {
  readonly address?: string | undefined;
  readonly phone?: string | undefined;
  /** Make a code for picking up. */
  readonly code?: boolean | undefined;
}

/** Takes a step with commitments in place of what the buyer says of itself. */
export function committingContacts<Given extends Contacts, T>(
  privateValues: Pick<PrivateValues, 'prepare' | 'discard'>,
  { address, phone, code, ...rest }: Given,
  step: (input: Omit<Given, keyof Contacts> & { readonly [K in keyof Contacts]: Uint8Array | undefined }) => Promise<T>,
): Promise<T> {
  const values = [textValue('address', address), textValue('phone', phone), code === true ? codeValue() : undefined];
  return committing(privateValues, values, ([where, call, shown]) =>
    step({ ...rest, address: where, phone: call, code: shown }),
  );
}

function codeValue(): NewValue {
  const code = pickupCode(new Uint8Array(randomBytes(CODE_BYTES)));
  return { what: 'code', value: new TextEncoder().encode(code), salt: saltOfCode(code) };
}

/** A text that is personal, as a value. */
function textValue(what: NewValue['what'], text: string | undefined): NewValue | undefined {
  return text === undefined ? undefined : { what, value: new TextEncoder().encode(text.trim()) };
}
