import { ClockJumps } from './clock-jumps.js';
import { serveIndex } from './handlers.js';
import { Handover } from './handover.js';
import { CloserNodes } from './held/closer.js';
import { Nearness } from './held/nearness.js';
import { Holder } from './holder.js';
import type { HeldRecord, Index, IndexDeps } from './index.js';
import { IndexOutlet } from './outlet.js';

const EXPIRY_CHECK = 10 * 60 * 1000;
/** Signatures that were not checked on arrival are checked so often, a few milliseconds each time: a twentieth of the node's time. */
const SIGNATURE_CHECK = 160;

export class IndexService implements Index {
  readonly #deps: IndexDeps;
  readonly #clock: ClockJumps;
  readonly #closer: CloserNodes;
  readonly #holder: Holder;
  readonly #handover: Handover | undefined;
  readonly outlet: IndexOutlet;
  #timer: NodeJS.Timeout | undefined;
  #checks: NodeJS.Timeout | undefined;
  #serving = false;

  constructor(deps: IndexDeps) {
    this.#deps = deps;
    this.#clock = new ClockJumps(deps.now);
    const nearness = new Nearness(deps);
    this.#closer = new CloserNodes(deps);
    this.#holder = new Holder(deps, {
      isNear: (name) => nearness.isNear(name),
      closer: (names) => this.#closer.of(names),
    });
    const { handover } = deps;
    this.#handover =
      handover === false ? undefined : new Handover({ ...deps, source: this.#holder, options: handover });
    this.outlet = new IndexOutlet(deps);
  }

  async start(): Promise<void> {
    if (this.#timer !== undefined) return;
    await this.#holder.load();
    this.#serve();
    this.outlet.start();
    this.#handover?.start();
    this.#timer = setInterval(() => void this.#expire(), EXPIRY_CHECK).unref();
    this.#checks = setInterval(() => this.#holder.checkSome(), SIGNATURE_CHECK).unref();
  }

  async stop(): Promise<void> {
    clearInterval(this.#timer);
    this.#timer = undefined;
    clearInterval(this.#checks);
    this.outlet.stop();
    await this.#handover?.stop();
  }

  count(): number {
    return this.#holder.count();
  }

  statistics(terms: readonly string[]): { documents: number; df: Map<string, number> } {
    return this.#holder.statistics(terms);
  }

  listings(): Iterable<string> {
    return this.#holder.listings();
  }

  record(listing: string): HeldRecord | undefined {
    return this.#holder.record(listing);
  }

  seller(listing: string): string | undefined {
    return this.#holder.seller(listing);
  }

  ended(listing: string): boolean {
    return this.#holder.ended(listing);
  }

  get isBusy(): boolean {
    return this.#holder.isBusy;
  }

  onChange(listener: (listing: string) => void): () => void {
    return this.#holder.onChange(listener);
  }

  drop(listing: string): Promise<void> {
    return this.#holder.drop(listing);
  }

  #serve(): void {
    if (this.#serving) return;
    this.#serving = true;
    const { network } = this.#deps;
    serveIndex({
      network,
      holder: this.#holder,
      closer: this.#closer,
      onOffer: (peer, offer) => this.#handover?.offered(peer, offer),
    });
  }

  async #expire(): Promise<void> {
    if (!this.#clock.isBelieved()) return;
    try {
      await this.#holder.expire();
    } catch (error) {
      this.#deps.logger.warn({ error: String(error) }, 'expired cards could not be removed');
    }
  }
}
