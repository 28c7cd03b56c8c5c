import type { Logger } from '../logger.js';
import { isNiagaError } from '../../protocol/errors.js';
import type { Certificate } from './index.js';

const minute = 60_000;
/** A certificate is renewed weeks before its end; who looks on while it is wants to see it taken. */
const DEFAULT_LOOK_EVERY = minute;

export interface KeptCertificateOptions {
  /** What is to be shown now. @throws NiagaError TLS_INVALID, HOME_UNUSABLE */
  readonly find: () => Promise<Certificate>;
  readonly logger: Pick<Logger, 'info' | 'warn'>;
  /** Milliseconds from one look to the next. Default {@link DEFAULT_LOOK_EVERY}. */
  readonly every?: number | undefined;
}

/** The certificate that a running node shows: one that was renewed is taken without a restart. */
export interface KeptCertificate {
  readonly current: Certificate;
  /** Calls the listener after each change. Gives back the end of it. */
  onChange(listener: (certificate: Certificate) => void): () => void;
  /** Ends the looking. Idempotent. */
  stop(): Promise<void>;
}

/** @throws NiagaError what `find` says the first time; later that is logged, and the one before is shown */
export async function keepCertificate({ find, logger, every = DEFAULT_LOOK_EVERY }: KeptCertificateOptions) {
  let current = await find();
  let told = '';
  let looking: Promise<void> | undefined;
  const listeners = new Set<(certificate: Certificate) => void>();
  const look = async (): Promise<void> => {
    try {
      const found = await find();
      told = '';
      if (found.cert === current.cert && found.key === current.key) return;
      current = found;
      logger.info({ fingerprint: found.fingerprint }, 'the certificate was renewed');
      for (const listener of listeners) listener(found);
    } catch (error) {
      // Of two files that are being written one is still the old: the next look finds both. What stays wrong is said once.
      const why = isNiagaError(error) ? error.message : String(error);
      if (why !== told) logger.warn({ why }, 'the certificate cannot be renewed: the one before is shown');
      told = why;
    }
  };
  const timer = setInterval(() => {
    looking ??= look().finally(() => (looking = undefined));
  }, every);
  const kept: KeptCertificate = {
    get current() {
      return current;
    },
    onChange(listener) {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
    async stop() {
      clearInterval(timer);
      await looking;
    },
  };
  return kept;
}
