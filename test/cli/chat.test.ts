import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { folderWith, niaga, serveHome } from './cli.js';

const TRADE = { trade: 'T', state: 'offered' };

describe('what is personal', () => {
  it('is read from a file or standard input, never from an argument', async () => {
    const inputs: unknown[] = [];
    await using at = await serveHome({
      offer: async (input) => {
        inputs.push(input);
        return TRADE;
      },
    });
    await using folder = await folderWith({ phone: '+62 812\n' });
    const phone = join(folder.path, 'phone');
    const ran = await niaga(['offer', 'L', '--address', '-', '--phone', phone, '--json', '--home', at.home], {
      stdin: 'Jl. Mawar 3\nBandung\n',
    });
    expect(ran).toMatchObject({ code: 0, err: '' });
    expect(inputs).toMatchObject([{ listing: 'L', address: 'Jl. Mawar 3\nBandung', phone: '+62 812' }]);
    const typed = await niaga(['offer', 'L', '--address', 'Jl. Mawar 3', '--json', '--home', at.home]);
    expect(typed.code).toBe(5);
    expect(JSON.parse(typed.err)).toMatchObject({
      error: { code: 'FILE_NOT_FOUND', next: expect.stringContaining('--address -') as string },
    });
    expect(inputs).toHaveLength(1);
  });

  it('goes as a file with its name alone, and not when it is too large', async () => {
    const inputs: unknown[] = [];
    await using at = await serveHome({
      tradePay: async (input) => {
        inputs.push(input);
        return TRADE;
      },
    });
    await using folder = await folderWith({ 'bill.jpg': 'picture', large: new Uint8Array(1024 * 1024 + 1) });
    const pay = (name: string) =>
      niaga(['trade', 'pay', 'T', '--proof', join(folder.path, name), '--json', '--home', at.home]);
    expect((await pay('bill.jpg')).code).toBe(0);
    expect(inputs).toMatchObject([{ proof: { name: 'bill.jpg', content: Buffer.from('picture').toString('base64') } }]);
    const refused = await pay('large');
    expect([refused.code, JSON.parse(refused.err)]).toMatchObject([1, { error: { code: 'INPUT_TOO_LARGE' } }]);
  });
});

describe('chat', () => {
  it('makes one message of the words, or of standard input', async () => {
    const texts: string[] = [];
    await using at = await serveHome({
      chatSend: async ({ text }) => {
        texts.push(text);
        return { id: 'M', with: 'z6Mk', own: true, time: 0, text, delivery: 'queued' };
      },
    });
    await niaga(['chat', 'send', 'T', 'masih', 'ada?', '--home', at.home]);
    await niaga(['chat', 'send', 'T', '-', '--home', at.home], { stdin: 'dua baris\nini\n' });
    expect(texts).toEqual(['masih ada?', 'dua baris\nini']);
  });

  it('saves a file that came, and writes over nothing unless told', async () => {
    const content = Buffer.from('picture').toString('base64');
    await using at = await serveHome({ fileSave: async ({ file }) => ({ file, name: 'bill.jpg', content }) });
    await using folder = await folderWith({ there: 'precious' });
    const save = (name: string) =>
      niaga(['file', 'save', 'T', 'F', '--out', join(folder.path, name), '--home', at.home]);
    expect((await save('new')).code).toBe(0);
    expect(await readFile(join(folder.path, 'new'), 'utf8')).toBe('picture');
    expect((await save('there')).code).toBe(1);
    expect(await readFile(join(folder.path, 'there'), 'utf8')).toBe('precious');
  });
});
