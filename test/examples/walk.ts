import { join } from 'node:path';
import { expect } from 'vitest';
import { createNode, type NiagaNode, type NodeOptions } from '../../node/index.js';
import { niaga } from '../cli/cli.js';
import { blocksOf } from './documents.js';

const TIME_LIMIT = 60_000;
const LOOK_EVERY = 20;
/** Exit code of a command that is typed wrongly: nothing that comes later makes it right. */
const USAGE = 2;
/** They run until they are told to end, or end the process of a node: tests of their own type them (test/cli/process.test.ts, test/cli/shell.test.ts, test/cli/mcp). */
const OF_PROCESSES: readonly (string | undefined)[] = ['start', 'stop', 'shell', 'mcp'];
/** Who types what a document gives to nobody. */
const OWNER = 'seller';

/** The words of a typed line as a shell would give them: quotes taken off, a comment left out. */
export function wordsOf(line: string): string[] {
  const words: string[] = [];
  for (const [, double, single, plain] of line.matchAll(/"([^"]*)"|'([^']*)'|(#.*$|[^\s"']+)/g)) {
    if (plain?.startsWith('#') === true) break;
    words.push(double ?? single ?? plain ?? '');
  }
  return words;
}

/** People with a node each, who type what a document says: `sh seller` is what the seller types. */
export class Walk implements AsyncDisposable {
  readonly #nodes = new Map<string, NiagaNode>();
  readonly #folder: string;
  /** What words in capitals stand for: what was shown last, or what a document's reader chooses. */
  readonly shown = new Map<string, string>();

  private constructor(folder: string) {
    this.#folder = folder;
  }

  static async start(folder: string, people: readonly string[]): Promise<Walk> {
    const walk = new Walk(folder);
    const local: NodeOptions = {
      listen: ['/ip4/127.0.0.1/tcp/0'],
      mdns: false,
      api: '127.0.0.1:0',
      lan: '127.0.0.1:0',
    };
    let bootstrap: string[] = [];
    for (const who of people) {
      const node = await createNode({ ...local, home: walk.homeOf(who), name: who, bootstrap });
      walk.#nodes.set(who, node);
      walk.shown.set(who.toUpperCase(), node.trader);
      bootstrap = [...bootstrap, ...node.addresses()];
    }
    return walk;
  }

  homeOf(who: string): string {
    return join(this.#folder, who);
  }

  /** Types each line of a document's `sh` blocks; each must end well. Gives how many were typed. */
  async type(document: string): Promise<number> {
    let typed = 0;
    for (const { language, who, text } of blocksOf(document)) {
      if (language !== 'sh') continue;
      for (const line of text.split('\n')) {
        const [program, ...words] = wordsOf(line).map((word) => this.#filled(word));
        if (program === undefined || program === 'npm' || program === 'alias') continue;
        if (OF_PROCESSES.includes(words[0])) continue;
        expect(program, `${line}: only niaga is typed here`).toBe('niaga');
        await this.#tillDone(line, words, who === '' ? OWNER : who);
        typed++;
      }
    }
    return typed;
  }

  /** What waits for somebody else's step is tried again: a command that fails has changed nothing. */
  async #tillDone(line: string, words: readonly string[], who: string): Promise<void> {
    expect(this.#nodes.has(who), `${line}: nobody types it`).toBe(true);
    const env = { NIAGA_HOME: this.homeOf(who), NO_COLOR: '1' };
    for (const end = Date.now() + TIME_LIMIT; ;) {
      await this.#settled();
      const { code, out, err } = await niaga(words, { env });
      if (code === 0) return this.#look(out + err);
      const mayCome = words[0] === 'trade' && code !== USAGE && Date.now() < end;
      if (!mayCome) expect.fail(`${who}: ${line}: exit code ${code}\n${out}${err}`);
      await new Promise((resolve) => setTimeout(resolve, LOOK_EVERY));
    }
  }

  #filled(word: string): string {
    return word.replace(/\b[A-Z]{4,}\b/g, (name) => this.shown.get(name) ?? name);
  }

  /** A person copies the ids that are shown. */
  #look(text: string): void {
    for (const name of ['trade', 'listing']) {
      const [, value] = new RegExp(`^ *${name}: (\\w+)$`, 'm').exec(text) ?? [];
      if (value !== undefined) this.shown.set(name.toUpperCase(), value);
    }
  }

  /** A person looks until the other's step has come. */
  async #settled(): Promise<void> {
    const end = Date.now() + TIME_LIMIT;
    while (Date.now() < end) {
      const lists = await Promise.all([...this.#nodes.values()].map((node) => node.tradeList({})));
      if (lists.every(({ items }) => items.every(({ pending }) => pending === 0))) return;
      await new Promise((resolve) => setTimeout(resolve, LOOK_EVERY));
    }
    throw new Error('What one said never reached the others.');
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all([...this.#nodes.values()].map((node) => node.stop()));
  }
}
