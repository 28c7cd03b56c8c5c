import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import type { NodeOptions } from '../../node/index.js';

const SCRIPT = fileURLToPath(new URL('./node-group.mjs', import.meta.url));

/** Several nodes in a process of their own, that go together. */
export class NodeGroup {
  readonly #child: ChildProcess;
  readonly #lines: AsyncIterator<string>;
  nodes: { peerId: string; trader: string; addresses: string[] }[] = [];

  constructor(options: { homes: readonly string[]; bootstrap: readonly string[]; upkeep?: NodeOptions['upkeep'] }) {
    const child = spawn(process.execPath, [SCRIPT, JSON.stringify(options)], { stdio: ['pipe', 'pipe', 'inherit'] });
    this.#child = child;
    this.#lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  }

  async ready(): Promise<this> {
    this.nodes = (await this.#answer()) as NodeGroup['nodes'];
    return this;
  }

  async publish(at: number, items: readonly unknown[]): Promise<{ listing: string | null; status: string }[]> {
    this.#child.stdin?.write(`${JSON.stringify({ at, publish: items })}\n`);
    return (await this.#answer()) as { listing: string | null; status: string }[];
  }

  signal(signal: NodeJS.Signals): void {
    this.#child.kill(signal);
  }

  async kill(): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return;
    const ended = once(this.#child, 'exit');
    this.#child.kill('SIGKILL');
    await ended;
  }

  async #answer(): Promise<unknown> {
    const line = await this.#lines.next();
    if (line.done === true) throw new Error('the nodes ended');
    return JSON.parse(line.value);
  }
}
