import { describe, expect, it } from 'vitest';
import { reportError } from '../../cli/errors.js';
import { ERRORS, NiagaError, type ErrorCode } from '../../protocol/errors.js';

function report(thrown: unknown, json: boolean, env: Record<string, string> = {}): { code: number; text: string } {
  let text = '';
  const stderr = { write: (part: string) => ((text += part), true) } as unknown as NodeJS.WriteStream;
  return { code: reportError(thrown, json, { stderr, env }), text };
}

describe('an error', () => {
  it('ends the command with the exit code of the table, for every code', () => {
    for (const code of Object.keys(ERRORS) as ErrorCode[]) {
      expect(report(new NiagaError(code, 'x'), false).code, code).toBe(ERRORS[code].exit);
      expect([1, 2, 3, 4, 5, 6, 7]).toContain(ERRORS[code].exit);
    }
  });

  it('says what, where and what next', () => {
    const error = new NiagaError('FILE_EXISTS', 'The file is there.', { where: 'a.niaga', next: 'use --force' });
    expect(report(error, false).text).toBe('error: The file is there.\n  where: a.niaga\n  next: use --force\n');
    expect(report(error, true).text).toBe(
      '{"error":{"code":"FILE_EXISTS","message":"The file is there.","where":"a.niaga","next":"use --force"}}\n',
    );
  });

  it('does not say twice where it was', () => {
    expect(report(new NiagaError('FILE_NOT_FOUND', 'There is no a.csv.', { where: 'a.csv' }), false).text).toBe(
      'error: There is no a.csv.\n',
    );
  });

  it('carries no escape sequence to the terminal', () => {
    const error = new NiagaError('PEER_REFUSED', 'It said \u001b[2J\u009b2Jfoo\nerror: all is lost', {
      where: '\u202eabc',
    });
    expect(report(error, false).text).toBe('error: It said foo error: all is lost\n  where: abc\n');
  });

  it('that nobody foresaw is one line without a stack, unless asked for', () => {
    const thrown = new TypeError('x is not a function\nsecond line');
    const { code, text } = report(thrown, false);
    expect(code).toBe(1);
    expect(text).toMatch(/^error: Something unexpected happened: x is not a function\n {2}next: .*\n$/);
    expect(JSON.parse(report(thrown, true).text)).toMatchObject({ error: { code: 'INTERNAL' } });
    expect(report(thrown, false, { NIAGA_DEBUG: '1' }).text).toContain('errors.test.ts');
    expect(report('a string', false).text).toContain('a string');
  });
});
