import { builtinModules } from 'node:module';
import { describe, expect, it } from 'vitest';
import ts from 'typescript';
import { importsIn, importsOf, loadedBy, packageOf, parse, sourcesIn, type Import } from '../support/imports.js';

/** Arrows only point up: protocol ← node ← cli, web. Who imports what, held by reading the sources. */

const FOLDERS = ['protocol', 'node', 'cli', 'web', 'test', 'examples', 'bench', 'scripts', 'dist'] as const;

const say = ({ file, target, form }: Import) => `${file} → ${target} (${form})`;

/** Imports of other folders of ours. */
function crossing(from: (typeof FOLDERS)[number], to: readonly string[] = FOLDERS): Import[] {
  return importsIn(from).filter(({ target }) => {
    const folder = target.split('/')[0] ?? '';
    return folder !== from && FOLDERS.some((one) => one === folder) && to.includes(folder) && target.includes('.');
  });
}

function isBuiltin(target: string): boolean {
  return target.startsWith('node:') || builtinModules.includes(target);
}

const isBare = (target: string) => !/^(\.|[^@][^/]*\/.*\.(ts|json)$)/.test(target);

describe('protocol', () => {
  it('imports nothing of ours', () => {
    expect(crossing('protocol').map(say)).toEqual([]);
  });

  it('imports no builtin of Node.js, and of packages only those that run in browsers', () => {
    const bare = importsIn('protocol').filter(({ target }) => isBare(target));
    expect(bare.filter(({ target }) => isBuiltin(target)).map(say)).toEqual([]);
    expect([...new Set(bare.map(({ target }) => packageOf(target)))].sort()).toEqual([
      '@noble/curves',
      '@noble/hashes',
      '@orama/stemmers',
      'multiformats',
      'tweetnacl',
      'zod',
    ]);
  });

  it('reads no clock and draws no random number: both are given to it', () => {
    const impure = sourcesIn('protocol')
      .filter((file) => file.endsWith('.ts'))
      .flatMap((file) => impureIn(file));
    expect(impure).toEqual([]);
  });
});

const IMPURE = ['Date.now', 'Math.random', 'performance.now', 'crypto.getRandomValues', 'nacl.randomBytes'];

function impureIn(file: string): string[] {
  const found: string[] = [];
  const visit = (node: ts.Node): void => {
    const text = ts.isPropertyAccessExpression(node) ? node.getText() : '';
    if (IMPURE.includes(text)) found.push(`${file}: ${text}`);
    if (ts.isNewExpression(node) && node.expression.getText() === 'Date' && (node.arguments?.length ?? 0) === 0) {
      found.push(`${file}: new Date()`);
    }
    if (ts.isIdentifier(node) && ['Buffer', 'process', 'globalThis', 'window'].includes(node.text)) {
      found.push(`${file}: ${node.text}`);
    }
    ts.forEachChild(node, visit);
  };
  visit(parse(file));
  return found;
}

describe('node', () => {
  it('imports of ours only protocol', () => {
    expect(
      crossing('node')
        .filter(({ target }) => !target.startsWith('protocol/'))
        .map(say),
    ).toEqual([]);
  });
});

/** What the command line takes of node/ before a command is known: the table, the client, and where things stand. */
const CLI_LOADS = [
  'node/api/abort.ts',
  'node/api/address.ts',
  'node/api/client.ts',
  'node/api/input.ts',
  'node/api/operation.ts',
  'node/api/operations.ts',
  'node/api/rows/export.ts',
  'node/home/locate.ts',
  'node/home/takes-writes.ts',
  'node/home/write-file-atomic.ts',
  'node/options.ts',
  'node/pid-namespace.ts',
  'node/version.ts',
];

/** What single commands load when they run: those that do something themselves, without a running node. */
const CLI_LOADS_LATER = [
  'cli/commands/backup.ts → node/backup/index.ts (dynamic)',
  'cli/commands/backup.ts → node/home/index.ts (dynamic)',
  'cli/commands/backup.ts → node/identity/key-folder.ts (dynamic)',
  'cli/commands/backup.ts → node/store/index.ts (dynamic)',
  'cli/commands/config.ts → node/home/index.ts (dynamic)',
  'cli/commands/detach.ts → node/home/index.ts (dynamic)',
  'cli/commands/doctor.ts → node/doctor/offline.ts (dynamic)',
  'cli/commands/doctor.ts → node/home/index.ts (dynamic)',
  'cli/commands/doctor.ts → node/home/write-file-atomic.ts (dynamic)',
  'cli/commands/evidence-file.ts → node/api/evidence-view.ts (dynamic)',
  'cli/commands/identity-words.ts → node/home/index.ts (dynamic)',
  'cli/commands/identity-words.ts → node/identity/index.ts (dynamic)',
  'cli/commands/identity.ts → node/home/index.ts (dynamic)',
  'cli/commands/identity.ts → node/identity/index.ts (dynamic)',
  'cli/commands/init.ts → node/home/index.ts (dynamic)',
  'cli/commands/init.ts → node/identity/index.ts (dynamic)',
  'cli/commands/start.ts → node/index.ts (dynamic)',
  'cli/mcp/cost.ts → node/trades/terms.ts (dynamic)',
];

describe('cli', () => {
  const imports = crossing('cli', ['node', 'web', 'test', 'examples', 'bench', 'scripts', 'dist']);

  it('imports of ours only protocol and node', () => {
    expect(imports.filter(({ target }) => !target.startsWith('node/')).map(say)).toEqual([]);
  });

  it('takes types of the API only, and of what a command loads itself', () => {
    const types = imports.filter(({ form }) => form === 'type');
    const own = new Set(CLI_LOADS_LATER);
    const foreign = types.filter(
      (one) => !one.target.startsWith('node/api/') && !own.has(say({ ...one, form: 'dynamic' })),
    );
    expect(foreign.map(say)).toEqual([]);
  });

  it('loads the operation table, the client and paths, and a node only in the commands that are one', () => {
    const loaded = imports.filter(({ form }) => form === 'value').map(({ target }) => target);
    expect(loaded.filter((target) => !CLI_LOADS.includes(target))).toEqual([]);
    const later = new Set(imports.filter(({ form }) => form === 'dynamic').map(say));
    expect([...later].sort()).toEqual(CLI_LOADS_LATER);
  });

  it('starts without libp2p, the store, the server or the protocol’s cryptography', () => {
    const loaded = [...loadedBy('cli/main.ts')];
    expect(loaded).toContain('node/api/operations.ts');
    const heavy = ['libp2p', '@libp2p', 'level', 'hono', 'pino', 'tweetnacl', '@noble', '@ipld', 'multiformats'];
    expect(loaded.filter((one) => heavy.some((name) => one === name || one.startsWith(`${name}/`)))).toEqual([]);
    expect(loaded.filter((one) => /^node\/(network|store|index|search|trades|catalog|identity)\//.test(one))).toEqual(
      [],
    );
  });
});

it('nothing that is published imports tests, examples, benchmarks or scripts', () => {
  for (const folder of ['protocol', 'node', 'cli'] as const) {
    expect(crossing(folder, ['test', 'examples', 'bench', 'scripts', 'dist']).map(say)).toEqual([]);
  }
});

it('examples and scripts use what is published or built, never the sources', () => {
  const outside = [...importsIn('examples'), ...importsIn('scripts'), ...importsIn('bench')];
  expect(outside.filter(({ target }) => /^(protocol|node|cli|web|test)\//.test(target)).map(say)).toEqual([]);
});

it('the reader of imports sees every form of them', () => {
  const forms = new Set(importsOf('cli/commands/init.ts').map(({ form }) => form));
  expect(forms).toEqual(new Set(['value', 'type', 'dynamic']));
  expect(isBuiltin('node:fs')).toBe(true);
  expect(isBare('protocol/cbor.ts')).toBe(false);
  expect(isBare('@noble/hashes/sha2.js')).toBe(true);
});
