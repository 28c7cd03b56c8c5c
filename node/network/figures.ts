import type { Registry } from 'prom-client';
import type { Libp2pOptions } from 'libp2p';

/** What libp2p counts itself. The library that holds it is loaded by nodes that are asked for it, and by no others. */
export class Figures {
  #registry: Registry | undefined;

  /** For a new libp2p node, which begins at nothing. A set for each node: several may run in one process. */
  async begin(): Promise<NonNullable<Libp2pOptions['metrics']>> {
    const [{ prometheusMetrics }, { Registry }] = await Promise.all([
      import('@libp2p/prometheus-metrics'),
      import('prom-client'),
    ]);
    const registry = new Registry();
    this.#registry = registry;
    // What is counted of the process is counted in node/metrics.ts.
    return prometheusMetrics({ registry, collectDefaultMetrics: false });
  }

  /** As text of Prometheus, like our own: no empty lines, and an end. */
  async text(): Promise<string> {
    const text = await this.#registry?.metrics();
    return text === undefined ? '' : `${text.replaceAll(/\n+/g, '\n').trimEnd()}\n`;
  }
}
