import { createRequire } from 'node:module';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { createContext, Script, type Context } from 'node:vm';
import { TextDecoder, TextEncoder } from 'node:util';
import { beforeAll, describe, expect, it } from 'vitest';
import { bytesOf, vectors, type Case, type RecordFile } from '../support/vectors.js';

/** niaga/protocol in one file for browsers, run where there is nothing of Node.js. */

const ENTRY = fileURLToPath(new URL('../../dist/protocol/index.js', import.meta.url));

interface Chunk {
  readonly type: string;
  readonly code: string;
  readonly imports: readonly string[];
}
interface Bundler {
  rolldown(options: object): Promise<{ generate(options: object): Promise<{ output: readonly Chunk[] }> }>;
}

/** With the bundler that the test runner brings along, found through it. */
async function bundle(): Promise<Chunk> {
  const vitest = createRequire(createRequire(import.meta.url).resolve('vitest'));
  const vite = createRequire(vitest.resolve('vite'));
  const bundler = (await import(pathToFileURL(vite.resolve('rolldown')).href)) as Bundler;
  const input = await bundler.rolldown({ input: ENTRY, platform: 'browser', logLevel: 'silent' });
  const { output } = await input.generate({ format: 'iife', name: 'niaga' });
  const [chunk] = output;
  if (chunk === undefined || output.length > 1) throw new Error('the bundle is not one file');
  return chunk;
}

/** The language itself and the two Web APIs that the protocol asks for, whose bytes are of the same realm. */
const BROWSER = `
  var self = globalThis;
  var TextEncoder = class {
    encode(text) { return new Uint8Array(host.encode(text)); }
    encodeInto(text, bytes) { return host.encodeInto(text, bytes); }
  };
  var TextDecoder = class {
    constructor(label, options) { this.decode = host.decoder(label, options); }
  };
  function bytesOf(hex) {
    return Uint8Array.from({ length: hex.length / 2 }, (_, at) => parseInt(hex.slice(2 * at, 2 * at + 2), 16));
  }
`;

function browser(): Context {
  const encoder = new TextEncoder();
  const host = {
    encode: (text: string) => encoder.encode(text),
    encodeInto: (text: string, bytes: Uint8Array) => encoder.encodeInto(text, bytes),
    decoder: (label: string, options: object) => {
      const decoder = new TextDecoder(label, options);
      return (bytes: Uint8Array) => decoder.decode(bytes);
    },
  };
  const context = createContext({ host });
  new Script(BROWSER).runInContext(context);
  return context;
}

/** Opens the envelopes of a file; gives their ids or the codes of the refusals. */
const OPEN = `
  function openAll({ about, network, now, delegations, cases }) {
    const open = (hex, kind, more) => niaga.openRecord(bytesOf(hex), { network, now, kinds: [kind], ...more });
    const known = Object.values(delegations).map((hex) => open(hex, 'delegation'));
    const delegation = (id) => known.find((one) => one.id.equals(id));
    return cases.map(({ bytes }) => {
      try {
        return String(open(bytes, about, { delegation }).id);
      } catch (error) {
        return error.code ?? String(error.stack);
      }
    });
  }
`;

/** One case of every verdict that a file has: outside of a vm all of them are tried. */
function oneOfEach(file: RecordFile): RecordFile {
  const cases = new Map(file.cases.filter(({ bytes }) => typeof bytes === 'string').map((one) => [one.code, one]));
  return { ...file, cases: [...cases.values()] };
}

describe('niaga/protocol in a browser', () => {
  let chunk: Chunk;
  let context: Context;
  const run = (code: string): unknown => new Script(code).runInContext(context);

  beforeAll(async () => {
    chunk = await bundle();
    context = browser();
    run(chunk.code);
    run(OPEN);
  });

  it('is one file that asks for nothing of Node.js', () => {
    expect(chunk.imports).toEqual([]);
    expect(chunk.code).not.toMatch(/["'](node:\w+|crypto|buffer|fs|util)["']/);
    const missing = ['process', 'Buffer', 'require', 'module', 'global', 'crypto'];
    expect(run(`[${missing.map((name) => `typeof ${name}`).join(', ')}].join()`)).toBe(
      missing.map(() => 'undefined').join(),
    );
  });

  it.each(['delegation', 'listing', 'accept'])('gives the vectors of the kind %s their verdicts', (kind) => {
    const file = oneOfEach(vectors<RecordFile>(kind));
    expect(file.cases.length).toBeGreaterThan(5);
    context['file'] = JSON.stringify(file);
    const stated = file.cases.map(({ id, code }) => id ?? code);
    expect(JSON.parse(String(run('JSON.stringify(openAll(JSON.parse(file)))')))).toEqual(stated);
  });

  it('gives every signature its verdict', () => {
    const { cases } = vectors<{ cases: (Case & Record<'publicKey' | 'message' | 'signature', string>)[] }>('ed25519');
    for (const one of cases) {
      Object.assign(context, one);
      const verdict = run('niaga.verifySignature(...[publicKey, message, signature].map(bytesOf))');
      expect(verdict, one.description).toBe(one.valid);
    }
  });

  it('encodes and decodes', () => {
    const { cases } = vectors<{ cases: (Case & { bytes: string })[] }>('cbor');
    for (const { description, bytes } of cases.filter((one) => one.valid)) {
      context['bytes'] = bytes;
      const again = run('niaga.encode(niaga.decode(bytesOf(bytes)))') as Uint8Array;
      expect(Buffer.from(again), description).toEqual(Buffer.from(bytesOf(bytes)));
    }
  });

  it('finds the terms of a text', () => {
    expect(run("niaga.termsOfText('Kopi Gayo 250 g').join(' ')")).toBe('kopi gayo 250g 250');
  });
});
