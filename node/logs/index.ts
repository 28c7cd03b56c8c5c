/**
 * What the node logs, by area: how much of each can be changed while it runs.
 *
 * ```ts
 * const logs = createLogs(pino({ level: 'warn' }));
 * const logger = logs.of('mail');
 * logs.set(['mail'], 'debug');
 * logger.debug({ letters: 3 }, 'a mailbox was emptied');
 * ```
 */
import { pino } from 'pino';
import { LOG_AREAS, LOG_LEVELS, type LogArea, type LogLevel, type LogView } from '../api/rows/log.js';
import type { Logger } from '../logger.js';

/** Nothing secret is given to a logger; a field of such a name that is, by mistake, is not written. */
const SECRET = ['token', 'secret', 'passphrase', 'password', 'words', 'seed', 'secretKey', 'authorization'];
const REDACT = { paths: SECRET.flatMap((name) => [name, `*.${name}`]), censor: '[not logged]' };

export interface Logs {
  of(area: LogArea): Logger;
  /** From now on. No areas: all of them. */
  set(areas: readonly LogArea[], level: LogLevel): void;
  list(): LogView[];
}

/**
 * A logger for each area, all at the level of the given one.
 * @param logger where they write to; its own level stays. Default: nowhere
 */
export function createLogs(logger: pino.Logger = pino({ level: 'silent' })): Logs {
  const redacting = logger.child({}, { redact: REDACT });
  const loggers = new Map(LOG_AREAS.map((area) => [area, redacting.child({ area })]));
  const levelOf = (area: LogArea): LogLevel => {
    const level = loggers.get(area)?.level;
    // Of `trace` there is nothing more, and of `fatal` nothing.
    return LOG_LEVELS.find((each) => each === level) ?? (level === 'trace' ? 'debug' : 'silent');
  };
  return {
    of: (area) => loggers.get(area) ?? logger,
    set(areas, level) {
      for (const [area, each] of loggers) if (areas.length === 0 || areas.includes(area)) each.level = level;
    },
    list: () => LOG_AREAS.map((area) => ({ area, level: levelOf(area) })),
  };
}
