import { isNiagaError } from '../../protocol/errors.js';
import type { Logger } from '../logger.js';
import type { Network } from '../network/index.js';
import { checkClock } from './clock.js';

const second = 1_000;
const hour = 3_600 * second;
/** After the first connection others follow: the middle one of their clocks counts. */
const SETTLED = 2 * second;
/** A clock that drifts, or is set by hand, is noticed by then. */
const EVERY = hour;

interface ClockWatchDeps {
  readonly network: Pick<Network, 'request' | 'connections' | 'on'>;
  readonly now: () => number;
  readonly logger: Pick<Logger, 'warn' | 'info'>;
}

/**
 * Says in the log when the clock of this machine is not that of the others, and when it is again: until then others refuse what is
 * signed here, or this node refuses what they sign. Nothing is lost by it: all of it is sent again.
 */
export class ClockWatch {
  readonly #deps: ClockWatchDeps;
  #off: (() => void) | undefined;
  #timer: NodeJS.Timeout | undefined;
  #said = '';

  constructor(deps: ClockWatchDeps) {
    this.#deps = deps;
  }

  start(): Promise<void> {
    this.#off ??= this.#deps.network.on('peer:connect', () => {
      this.#off?.();
      this.#in(SETTLED);
    });
    return Promise.resolve();
  }

  stop(): Promise<void> {
    this.#off?.();
    this.#off = undefined;
    clearTimeout(this.#timer);
    return Promise.resolve();
  }

  #in(time: number): void {
    if (this.#off === undefined) return;
    this.#timer = setTimeout(() => void this.#look(), time).unref();
  }

  async #look(): Promise<void> {
    const { network, now, logger } = this.#deps;
    try {
      const { verdict, found, next } = await checkClock(network, now);
      const wrong = verdict !== 'ok' && network.connections().length > 0;
      const says = wrong ? found : '';
      if (says !== '' && says !== this.#said) logger.warn({ next }, found);
      if (says === '' && this.#said !== '') logger.info({}, found);
      this.#said = says;
    } catch (error) {
      // The network is being stopped.
      if (!isNiagaError(error)) throw error;
    }
    this.#in(EVERY);
  }
}
