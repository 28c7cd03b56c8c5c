/**
 * A small network for tests: real nodes over TCP on loopback, each with its own data in a temporary folder.
 *
 * ```ts
 * import { createTestnet } from 'niaga/testing';
 *
 * await using testnet = await createTestnet(3);
 * const [seller, buyer] = testnet.nodes;
 * ```
 *
 * @packageDocumentation
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { NiagaError } from '../../protocol/errors.js';
import { createNode, type NiagaNode, type NodeOptions } from '../index.js';

/** Nodes are started this many at a time: each dials others at once. */
const STARTING_TOGETHER = 4;
/** A network on loopback is joined in a second or two; a busy machine takes longer. */
export const DEFAULT_TESTNET_TIMEOUT = 30_000;
const POLL = 50;

export interface TestnetOptions {
  /** Added to the options of each node; `home`, `listen` and `bootstrap` are the testnet's. */
  readonly node?: Omit<NodeOptions, 'home' | 'listen' | 'bootstrap' | 'mdns'>;
  /** Milliseconds until all nodes must know each other. Default {@link DEFAULT_TESTNET_TIMEOUT}. */
  readonly timeout?: number;
}

export interface Testnet extends AsyncDisposable {
  readonly nodes: readonly NiagaNode[];
  /** The folder of each node, in the order of `nodes`. */
  readonly homes: readonly string[];
  /** Starts the node at this place again, with what it has on disk, after it was stopped. */
  restart(at: number): Promise<NiagaNode>;
  /** Stops all nodes and removes their folders. Idempotent. */
  stop(): Promise<void>;
}

/**
 * Starts `count` nodes (1 to 60: one event loop is full at about 30) and waits until all know each other.
 * @throws NiagaError TIMED_OUT where they do not find each other in time; everything is stopped then
 */
export async function createTestnet(count: number, options: TestnetOptions = {}): Promise<Testnet> {
  const root = await mkdtemp(join(tmpdir(), 'niaga-testnet-'));
  const homes = Array.from({ length: count }, (_, at) => join(root, `node-${at}`));
  const nodes: NiagaNode[] = [];
  const start = (at: number): Promise<NiagaNode> => {
    const bootstrap = nodes.find((_, other) => other !== at)?.addresses() ?? [];
    return createNode({ ...options.node, home: homes[at], listen: ['/ip4/127.0.0.1/tcp/0'], mdns: false, bootstrap });
  };
  const stop = async (): Promise<void> => {
    await Promise.all(nodes.map((node) => node.stop()));
    await rm(root, { recursive: true, force: true });
  };
  try {
    if (count > 0) nodes.push(await start(0));
    for (let next = 1; next < count; next += STARTING_TOGETHER) {
      const places = Array.from({ length: Math.min(STARTING_TOGETHER, count - next) }, (_, offset) => next + offset);
      nodes.push(...(await Promise.all(places.map(start))));
    }
    await untilAllKnow(nodes, options.timeout ?? DEFAULT_TESTNET_TIMEOUT);
  } catch (error) {
    await stop();
    throw error;
  }
  const restart = async (at: number): Promise<NiagaNode> => {
    const node = await start(at);
    nodes[at] = node;
    return node;
  };
  return { nodes, homes, restart, stop, [Symbol.asyncDispose]: stop };
}

async function untilAllKnow(nodes: readonly NiagaNode[], timeout: number): Promise<void> {
  const end = Date.now() + timeout;
  for (const node of nodes) {
    while ((await node.status({})).known < nodes.length) {
      if (Date.now() > end)
        throw new NiagaError('TIMED_OUT', `The ${nodes.length} nodes did not find each other in ${timeout} ms.`);
      await new Promise((resolve) => setTimeout(resolve, POLL));
    }
  }
}
