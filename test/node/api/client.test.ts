import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it, vi } from 'vitest';
import { createClient } from '../../../node/api/client.js';
import type { ApiEvent } from '../../../node/api/index.js';
import { NiagaError } from '../../../protocol/errors.js';
import { serve } from './serve.js';
import { PATIENCE } from '../../support/patience.js';

const published = (line = 0) => ({
  line,
  sku: `s${line}`,
  listing: null,
  status: 'published' as const,
  replicas: 3,
  quorum: true,
});

describe('a call', () => {
  it('gives back what the handler gave', async () => {
    const step = { trade: 'bafy', state: 'offered', note: '“Halo” ☕ \u2028' };
    await using served = await serve({ offer: async () => step });
    await expect(createClient(served).call('offer', { listing: 'x', quantity: 2 })).resolves.toEqual(step);
  });

  it('throws the error that the handler threw, with all it says', async () => {
    const thrown = new NiagaError('STOCK_SHORT', 'Only 2 are left.', {
      where: 'quantity',
      next: 'Ask for 2.',
      details: { left: 2 },
    });
    await using served = await serve({
      offer: async () => {
        throw thrown;
      },
    });
    const error: unknown = await createClient(served)
      .call('offer', { listing: 'x' })
      .catch((caught: unknown) => caught);
    expect(error).toBeInstanceOf(NiagaError);
    expect((error as NiagaError).toJSON()).toEqual(thrown.toJSON());
  });

  it('says that no node is there when nobody listens', async () => {
    const served = await serve();
    await served[Symbol.asyncDispose]();
    await expect(createClient(served).call('status', {})).rejects.toMatchObject({
      code: 'NODE_UNREACHABLE',
      next: 'niaga start',
    });
  });

  it('says so when what listens is not a node, or goes away', async () => {
    const other = createServer((request, response) => {
      if (request.url === '/v1/status') response.writeHead(404).end('<h1>Not found</h1>');
      else request.socket.destroy();
    });
    await new Promise<void>((resolve) => other.listen(0, '127.0.0.1', resolve));
    const client = createClient({
      url: `http://127.0.0.1:${(other.address() as AddressInfo).port}`,
      token: 'x'.repeat(43),
    });
    await expect(client.call('status', {})).rejects.toMatchObject({ code: 'NODE_UNREACHABLE' });
    await expect(client.call('tradeList', {})).rejects.toMatchObject({ code: 'NODE_UNREACHABLE' });
    other.close();
  });

  it('tells a body that is too large, though the answer comes before all of it was sent', async () => {
    await using served = await serve();
    const value = 'x'.repeat(40 * 1024 * 1024);
    const outputs = createClient(served).stream('publish', { items: [{ line: 1, value }] });
    await expect(outputs.next()).rejects.toMatchObject({ code: 'INPUT_TOO_LARGE' });
  });

  it('that is aborted ends the handler and rejects with the reason', async () => {
    const [begun, ended] = [vi.fn(), vi.fn()];
    await using served = await serve({
      status: (_, { signal }) =>
        new Promise(() => {
          begun();
          signal.addEventListener('abort', ended);
        }),
    });
    const controller = new AbortController();
    const call = createClient(served).call('status', {}, { signal: controller.signal });
    await vi.waitFor(() => expect(begun).toHaveBeenCalledOnce(), PATIENCE);
    controller.abort(new Error('Ctrl-C'));
    await expect(call).rejects.toThrow('Ctrl-C');
    await vi.waitFor(() => expect(ended).toHaveBeenCalledOnce(), PATIENCE);
  });
});

describe('a stream', () => {
  it('gives each output as soon as it is known', async () => {
    let release = (): void => undefined;
    await using served = await serve({
      publish: async function* ({ items }) {
        for (const { line } of items) {
          yield published(line);
          await new Promise<void>((resolve) => {
            release = resolve;
          });
        }
      },
    });
    const items = [1, 2, 3].map((line) => ({ line, value: {} }));
    const seen = [];
    for await (const output of createClient(served).stream('publish', { items })) {
      seen.push(output.line);
      await sleep(20);
      release();
    }
    expect(seen).toEqual([1, 2, 3]);
  });

  it('of many outputs comes whole and in order, whatever the reader’s pace', async () => {
    await using served = await serve({
      publish: async function* ({ items }) {
        for (const { line = 0 } of items) yield { ...published(line), sku: 'é☕'.repeat(line % 50) };
      },
    });
    const items = Array.from({ length: 5_000 }, (_, index) => ({ line: index + 1, value: 0 }));
    let count = 0;
    for await (const output of createClient(served).stream('publish', { items })) {
      count += 1;
      expect(output).toMatchObject({ line: count, sku: 'é☕'.repeat(count % 50) });
      if (count % 1_000 === 0) await sleep(5);
    }
    expect(count).toBe(5_000);
  });

  it('keeps an error that belongs to an output apart from one that ends it', async () => {
    const error = { code: 'INPUT_MISSING', message: 'There is no title.', where: 'title' };
    await using served = await serve({
      publish: async function* () {
        yield { line: 1, sku: null, listing: null, status: 'invalid', replicas: 0, quorum: false, error };
        throw new NiagaError('STORE_FAILED', 'The disk is full.', { next: 'Make room.' });
      },
    });
    const outputs = createClient(served).stream('publish', { items: [] });
    expect((await outputs.next()).value).toMatchObject({ line: 1, error });
    await expect(outputs.next()).rejects.toMatchObject({ code: 'STORE_FAILED', next: 'Make room.' });
  });

  it('that fails before its first output fails with its own status', async () => {
    const events: ApiEvent[] = [];
    await using served = await serve(
      {
        publish: async function* () {
          yield* [];
          throw new NiagaError('IDENTITY_SEALED', 'Sealed.');
        },
      },
      { onEvent: (event) => events.push(event) },
    );
    await expect(createClient(served).stream('publish', { items: [] }).next()).rejects.toMatchObject({
      code: 'IDENTITY_SEALED',
    });
    expect(events).toMatchObject([{ operation: 'publish', code: 'IDENTITY_SEALED' }]);
  });

  it('that is left early ends the handler', async () => {
    const events: ApiEvent[] = [];
    const print = vi.spyOn(console, 'info');
    let returned = false;
    let aborted = false;
    await using served = await serve(
      {
        publish: async function* (_, { signal }) {
          signal.addEventListener('abort', () => {
            aborted = true;
          });
          try {
            for (let line = 1; ; line++) {
              yield published(line);
              await sleep(5);
            }
          } finally {
            returned = true;
          }
        },
      },
      { onEvent: (event) => events.push(event) },
    );
    for await (const output of createClient(served).stream('publish', { items: [] })) if (output.line === 3) break;
    await vi.waitFor(() => expect([returned, aborted, events.length]).toEqual([true, true, 1]), PATIENCE);
    // The HTTP adapter may write to the console; standard output belongs to data.
    expect(print).not.toHaveBeenCalled();
    print.mockRestore();
  });
});
