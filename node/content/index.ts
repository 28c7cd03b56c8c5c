/**
 * Digital goods: files that a seller delivers encrypted, and whose keys the buyer gets once the money was seen (node/private brings
 * them). They travel as the files of messages do, so that neither side has to be there with the other.
 *
 * ```ts
 * const contents = createContents({ store, files, mail, trades, privateValues, now: Date.now, logger });
 * await contents.start();
 * await contents.deliver(trade, [{ name: 'buku.pdf', bytes }], (content) => trades.step(trade, { kind: 'shipped', content }));
 * const shown = await contents.show(trade);
 * const file = await contents.open(trade, shown[0].file); // of the buyer, once it is paid
 * ```
 */
import type { ContentView } from '../api/rows/content.js';
import type { Files } from '../files/index.js';
import type { Logger } from '../logger.js';
import type { Mail } from '../mail/index.js';
import type { PrivateValues } from '../private/index.js';
import type { Store } from '../store/index.js';
import type { Trades } from '../trades/index.js';
import type { ShippedContent } from '../trades/steps.js';
import { ContentService } from './service.js';

export interface ContentFile {
  /** What the buyer may call it, without a path. */
  readonly name: string;
  readonly bytes: Uint8Array;
}

export interface Contents {
  start(): Promise<void>;
  stop(): Promise<void>;
  /**
   * Seals files, and keeps them and their keys on disk before the step that names them. They go to the buyer once it is taken.
   * @throws NiagaError INPUT_INVALID for an empty file or a name that is none, INPUT_TOO_LARGE, and what `step` throws
   */
  deliver<T>(
    trade: string,
    files: readonly ContentFile[],
    step: (content: readonly ShippedContent[]) => Promise<T>,
  ): Promise<T>;
  /** The files that were delivered in a trade. */
  show(trade: string): Promise<ContentView[]>;
  /**
   * A file of a trade, opened; undefined for one that the trade does not name.
   * @throws NiagaError TRADE_STATE while it is not paid, FILE_NOT_FOUND while it has not come whole, CONTENT_UNREADABLE
   */
  open(trade: string, file: string): Promise<ContentFile | undefined>;
}

export interface ContentDeps {
  readonly store: Store;
  readonly files: Files;
  readonly mail: Pick<Mail, 'post'>;
  readonly trades: Pick<Trades, 'open' | 'onChange' | 'logs'>;
  readonly privateValues: Pick<PrivateValues, 'prepare' | 'discard' | 'opened'>;
  readonly now: () => number;
  readonly logger: Logger;
}

export function createContents(deps: ContentDeps): Contents {
  return new ContentService(deps);
}
