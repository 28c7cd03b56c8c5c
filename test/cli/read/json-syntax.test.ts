import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { MAX_JSON_DEPTH, findJsonFault } from '../../../cli/read/json-syntax.js';

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}

describe('findJsonFault', () => {
  it('agrees with JSON.parse', () => {
    const token = fc.constantFrom(
      ...['{', '}', '[', ']', ',', ':', '"a"', '"', '\\', '\\u00e9', '\\n', "'", ' ', '\n', '\t', '\u0001', '\ufeff'],
      ...[
        '0',
        '01',
        '-',
        '-1',
        '1.5',
        '1.',
        '.5',
        '1e5',
        '1e',
        '+1',
        'true',
        'nul',
        'null',
        'false',
        'NaN',
        'Infinity',
        'x',
        '//',
      ],
    );
    const soup = fc.array(token, { maxLength: 12 }).map((tokens) => tokens.join(''));
    const nearly = fc
      .tuple(fc.json({ maxDepth: 4 }), fc.nat(), fc.constantFrom('delete', 'double', 'keep'), token)
      .map(([json, place, change, piece]) => {
        const at = place % (json.length + 1);
        const rest = change === 'delete' ? json.slice(at + 1) : json.slice(at);
        return json.slice(0, at) + (change === 'double' ? piece : '') + rest;
      });
    fc.assert(
      fc.property(fc.oneof(soup, nearly, fc.json()), (text) => {
        expect(findJsonFault(text) === undefined).toBe(isJson(text));
      }),
      { numRuns: 5_000 },
    );
  });

  it('finds the elements of a list at the top', () => {
    fc.assert(
      fc.property(fc.array(fc.jsonValue({ maxDepth: 3 })), fc.constantFrom(0, 2), (list, indent) => {
        const text = JSON.stringify(list, null, indent);
        const elements: unknown[] = [];
        findJsonFault(text, { onElement: (start, end) => elements.push(JSON.parse(text.slice(start, end))) });
        expect(elements).toEqual(JSON.parse(text));
      }),
    );
  });

  it.each<[string, number, RegExp]>([
    ['', 0, /ends too early/],
    ['{"a":1', 6, /ends too early/],
    ['{"a":1,}', 7, /comma stands before the closing }/],
    ['[1,]', 3, /expected before the closing \]/],
    ["{'a':1}", 1, /name in double quotes/],
    ['{"a":\'b\'}', 5, /double quotes, not in single/],
    ['{a:1}', 1, /name in double quotes/],
    ['{"a" 1}', 5, /colon/],
    ['{"a":1 "b":2}', 7, /comma or } is expected/],
    ['[1 2]', 3, /comma or \] is expected/],
    ['{"a":NaN}', 5, /NaN is not a number of JSON/],
    ['{"a":-Infinity}', 5, /-Infinity is not a number/],
    ['{"a":01}', 5, /number is not of the form/],
    ['{"a":"b', 5, /no closing quote/],
    ['{"a":"b\n"}', 7, /written \\n/],
    ['{"a":"\\x"}', 6, /escape/],
    ['{"a":1}}', 7, /more text after the end/],
    ['{"a":nul}', 5, /value is expected/],
  ])('says of %j where and what is wrong', (text, offset, what) => {
    const fault = findJsonFault(text);
    expect(fault?.offset).toBe(offset);
    expect(fault?.what).toMatch(what);
  });

  it('names the field whose value is at fault', () => {
    expect(findJsonFault('{"a":{"price":NaN}}')?.field).toBe('price');
    expect(findJsonFault('{"a":[NaN]}')?.field).toBeUndefined();
    expect(findJsonFault('{"a":1,"b"2}')?.field).toBeUndefined();
  });

  it('finds the numbers that are beyond all doubles', () => {
    const huge: string[] = [];
    const text = `[1e308, 1e400, -1E400, "1e400", ${'9'.repeat(400)}, {"e400": 0e999}]`;
    findJsonFault(text, { onHuge: (start, end) => huge.push(text.slice(start, end)) });
    expect(huge).toEqual(['1e400', '-1E400', '9'.repeat(400)]);
  });

  it('refuses what is too deep, and takes what is not', () => {
    const nested = (depth: number) => '['.repeat(depth) + ']'.repeat(depth);
    expect(findJsonFault(nested(MAX_JSON_DEPTH))).toBeUndefined();
    expect(findJsonFault(nested(MAX_JSON_DEPTH + 1))).toMatchObject({ offset: MAX_JSON_DEPTH });
    expect(findJsonFault('{"a":'.repeat(1_000_000))?.what).toMatch(/deep/);
  });
});
