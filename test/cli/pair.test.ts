import { expect, it } from 'vitest';
import { niaga, serveHome } from './cli.js';

const VIEW = {
  name: 'telepon',
  url: `https://192.168.1.10:4181/#code=${'c'.repeat(43)}&cert=${'f'.repeat(43)}`,
  expires: 1,
  fingerprint: Array.from({ length: 32 }, () => 'AB').join(':'),
};

it('niaga pair prints the link alone into a pipe, and a QR code before it on a terminal', async () => {
  let asked: unknown;
  await using at = await serveHome({ pair: async (input) => ((asked = input), VIEW) });
  const piped = await niaga(['pair', 'telepon', '--scope', 'read', '--home', at.home]);
  expect([piped.code, piped.out]).toEqual([0, `${VIEW.url}\n`]);
  expect(asked).toEqual({ name: 'telepon', scope: ['read'] });
  expect(piped.err).toContain(VIEW.fingerprint);
  expect(piped.err).toContain('niaga token revoke telepon');
  const shown = await niaga(['pair', '--home', at.home], { columns: 80 });
  expect(asked).toEqual({ name: 'phone', scope: ['read', 'publish', 'trade'] });
  const lines = shown.out.trimEnd().split('\n');
  expect(lines.at(-1)).toBe(VIEW.url);
  const modules = lines.slice(0, -1).map((line) => line.replaceAll(/\u001b\[[\d;]*m/g, ''));
  expect(new Set(modules.join(''))).toEqual(new Set(['█', '▀', '▄', ' ']));
  // A square that a terminal of 80 columns shows whole: two rows of it in a line.
  expect(new Set(modules.map((line) => line.length)).size).toBe(1);
  expect(modules[0]?.length).toBeLessThan(80);
  expect(Math.abs(2 * modules.length - (modules[0]?.length ?? 0))).toBeLessThanOrEqual(1);
  const json = await niaga(['pair', '--home', at.home, '--json']);
  expect(JSON.parse(json.out)).toEqual(VIEW);
});
