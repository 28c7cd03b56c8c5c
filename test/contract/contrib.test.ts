import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import { parseWords } from '../../cli/program.js';

const path = (name: string) => fileURLToPath(new URL(`../../contrib/${name}`, import.meta.url));
const silent = { out: () => undefined, err: () => undefined };

it('the unit of systemd starts a node with options that there are', async () => {
  const unit = await readFile(path('niaga.service'), 'utf8');
  const [, words = ''] = /^ExecStart=\/usr\/bin\/env niaga (.*)$/m.exec(unit) ?? [];
  expect(parseWords(words.split(' '), '', silent)).toMatchObject({ key: 'start' });
});

it('the image starts a node and asks it for its health with commands that there are', async () => {
  const text = await readFile(path('Dockerfile'), 'utf8');
  const [health, start] = [...text.matchAll(/CMD (\[.*\])$/gm)].map(([, list = '']) => JSON.parse(list) as string[]);
  expect(parseWords(start ?? [], '', silent)).toMatchObject({ key: 'start' });
  expect(health?.[0]).toBe('niaga');
  expect(parseWords(health?.slice(1) ?? [], '', silent)).toMatchObject({ key: 'status', quiet: true });
  // What is built is what the package says.
  expect(text).toContain('dist/bin/niaga.js');
});
