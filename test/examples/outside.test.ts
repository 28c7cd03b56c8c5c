import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openApi } from '../../node/api/openapi.js';
import { createNode, type NiagaNode } from '../../node/index.js';
import { ITEM_NAMES } from '../../protocol/listing/aliases.js';
import { problemsOf } from '../support/json-schema.js';
import { temporaryFolder } from '../support/processes.js';

const PROGRAM = fileURLToPath(new URL('../../examples/outside/trade.mjs', import.meta.url));
const TIME_LIMIT = 120_000;

describe('a program written from the OpenAPI document alone', () => {
  let folder: Awaited<ReturnType<typeof temporaryFolder>>;
  const nodes: NiagaNode[] = [];

  beforeAll(async () => {
    folder = await temporaryFolder();
    const local = { listen: ['/ip4/127.0.0.1/tcp/0'], mdns: false, api: '127.0.0.1:0' };
    const seller = await createNode({ ...local, home: join(folder.path, 'seller'), name: 'Warung Sari' });
    nodes.push(seller);
    const bootstrap = seller.addresses();
    nodes.push(await createNode({ ...local, home: join(folder.path, 'buyer'), name: 'Dewi', bootstrap }));
  });
  afterAll(async () => {
    await Promise.all(nodes.map((node) => node.stop()));
    await folder.remove();
  });

  it('imports nothing but what Node has', async () => {
    const source = await readFile(PROGRAM, 'utf8');
    const imported = [...source.matchAll(/from '([^']+)'/g)].map(([, name]) => name);
    expect(imported.filter((name) => name?.startsWith('node:') !== true)).toEqual([]);
    expect(source).not.toMatch(/import\(|require/);
  });

  it('does a full trade between two nodes, from the listing to both ratings', { timeout: TIME_LIMIT }, async () => {
    const files = ['seller', 'buyer'].map((name) => join(folder.path, name, 'main', 'api.json'));
    const { stdout, stderr } = await promisify(execFile)(process.execPath, [PROGRAM, ...files], {
      timeout: TIME_LIMIT,
    });
    expect(stderr).toBe('');
    expect(stdout.trim().split('\n')).toEqual([
      'published teh-1',
      "found Teh Melati Pekalongan 100 g { amount: '1800000', currency: 'IDR' }",
      'tradeAccept accepted',
      'tradePay paid',
      'tradeConfirm payment-confirmed',
      'tradeShip shipped',
      'tradeReceive received',
      'tradeApprove completed',
      'tradeRate completed',
      'tradeRate completed',
      'both hold the same 9 messages',
    ]);
  });

  it('was told by events what the document says of them', async () => {
    const { components } = openApi('') as { components: { schemas: Record<string, Record<string, unknown>> } };
    const seen = new Set<string>();
    for (const node of nodes) {
      for await (const event of node.events({})) {
        expect(problemsOf(components.schemas['Event'] ?? {}, event), JSON.stringify(event)).toEqual([]);
        seen.add(event.type);
      }
    }
    expect(seen).toContain('trade-changed');
    const wrong = { seq: 1, time: 1, type: 'trade-changed', data: { trade: 1 } };
    expect(problemsOf(components.schemas['Event'] ?? {}, wrong)).not.toEqual([]);
  });
});

interface PublishInput {
  readonly properties: {
    readonly items: { readonly items: { readonly properties: { readonly value: Record<string, unknown> } } };
  };
}

describe('a listing in the OpenAPI document', () => {
  const { paths } = openApi('') as {
    paths: Record<string, { post: { requestBody: { content: Record<string, { schema: PublishInput }> } } }>;
  };
  const form = paths['/v1/publish']?.post.requestBody.content['application/json']?.schema.properties.items.items
    .properties.value as Record<string, unknown> & { properties: Record<string, { description?: string }> };

  it('has every field by its name, and says the other names that are understood', () => {
    expect(Object.keys(form.properties).sort()).toEqual([...new Set(ITEM_NAMES.values())].sort());
    const told = Object.entries(form.properties).flatMap(([name, { description = '' }]) => [
      name.toLowerCase(),
      ...[...description.matchAll(/`(\w+)`/g)].map(([, other = '']) => other.toLowerCase()),
    ]);
    expect(told.sort()).toEqual([...ITEM_NAMES.keys()].sort());
  });

  it('takes the whole catalogue of the demo, and not what is no listing', async () => {
    const file = fileURLToPath(new URL('../../examples/catalogue/toko-gawai.ndjson', import.meta.url));
    const lines = (await readFile(file, 'utf8')).trim().split('\n');
    for (const line of lines) {
      const named = Object.entries(JSON.parse(line) as object).map(([name, value]: [string, unknown]) => [
        ITEM_NAMES.get(name.toLowerCase()),
        value,
      ]);
      expect(problemsOf(form, Object.fromEntries(named)), line).toEqual([]);
    }
    expect(problemsOf(form, { title: 'Kopi' })).not.toEqual([]);
    expect(problemsOf(form, { sku: 'kopi-1', title: 5 })).not.toEqual([]);
  });
});
