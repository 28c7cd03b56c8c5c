import { Writable } from 'node:stream';
import { pino } from 'pino';
import { describe, expect, it } from 'vitest';
import { LOG_AREAS } from '../../node/api/rows/log.js';
import { createLogs } from '../../node/logs/index.js';

function logging(level: string) {
  const lines: Record<string, unknown>[] = [];
  const stream = new Writable({
    write(chunk: Buffer, _encoding, done) {
      lines.push(JSON.parse(chunk.toString()) as Record<string, unknown>);
      done();
    },
  });
  const root = pino({ level }, stream);
  return { root, logs: createLogs(root), lines };
}

describe('what is logged', () => {
  it('is of each area as much as was said last, whatever was said at the start', () => {
    const { root, logs, lines } = logging('warn');
    const say = (): void => {
      for (const area of LOG_AREAS) logs.of(area).debug({ area2: area }, 'fine');
      for (const area of LOG_AREAS) logs.of(area).warn({ area2: area }, 'odd');
    };
    say();
    expect(lines.map(({ msg }) => msg)).toEqual(LOG_AREAS.map(() => 'odd'));
    lines.length = 0;
    logs.set(['mail', 'network'], 'debug');
    logs.set(['trades'], 'silent');
    say();
    expect(lines.filter(({ msg }) => msg === 'fine').map(({ area }) => area)).toEqual(['mail', 'network']);
    expect(lines.filter(({ msg }) => msg === 'odd')).toHaveLength(LOG_AREAS.length - 1);
    expect(logs.list().filter(({ level }) => level !== 'warn')).toEqual([
      { area: 'mail', level: 'debug' },
      { area: 'network', level: 'debug' },
      { area: 'trades', level: 'silent' },
    ]);
    // What the program itself writes with its logger is its own business.
    expect(root.level).toBe('warn');
    logs.set([], 'error');
    expect(new Set(logs.list().map(({ level }) => level))).toEqual(new Set(['error']));
  });

  it('names no secret, should one be given to a logger by mistake', () => {
    const { logs, lines } = logging('trace');
    expect(logs.list()[0]?.level).toBe('debug');
    logs.of('api').error({ token: 'rahasia', of: { passphrase: 'rahasia', seed: 'rahasia' } }, 'x');
    expect(lines).toHaveLength(1);
    expect(JSON.stringify(lines)).not.toContain('rahasia');
  });
});
