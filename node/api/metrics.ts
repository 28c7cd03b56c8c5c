import type { ErrorCode } from '../../protocol/errors.js';
import type { ApiEvent } from './app.js';

/** One figure, or one for each set of labels. */
export interface Metric {
  /** `niaga_listings`, `niaga_api_requests_total`: as Prometheus names them. */
  readonly name: string;
  readonly help: string;
  readonly type: 'counter' | 'gauge' | 'untyped';
  readonly values: readonly { readonly labels?: Readonly<Record<string, string>>; readonly value: number }[];
}

/** The figures as text of Prometheus. */
export type ReadMetrics = () => string | Promise<string>;

const FORMAT = 'text/plain; version=0.0.4; charset=utf-8';

export function metricsResponse(text: string): Response {
  return new Response(text, { headers: { 'content-type': FORMAT } });
}

/** The text format of Prometheus: https://prometheus.io/docs/instrumenting/exposition_formats/ */
export function metricsText(metrics: readonly Metric[]): string {
  return metrics
    .flatMap(({ name, help, type, values }) => [
      `# HELP ${name} ${escape(help)}`,
      `# TYPE ${name} ${type}`,
      ...values.map(({ labels, value }) => `${name}${labelText(labels)} ${value}`),
    ])
    .map((line) => `${line}\n`)
    .join('');
}

function labelText(labels: Readonly<Record<string, string>> = {}): string {
  const pairs = Object.entries(labels).map(([name, value]) => `${name}="${escape(value).replaceAll('"', '\\"')}"`);
  return pairs.length === 0 ? '' : `{${pairs.join(',')}}`;
}

function escape(text: string): string {
  return text.replaceAll('\\', '\\\\').replaceAll('\n', '\\n');
}

/** Counts what the API answers. */
export interface ApiCounters {
  count(event: ApiEvent): void;
  metrics(listeners: number): Metric[];
}

interface Tally {
  count: number;
  seconds: number;
}

/** By operation and code: both come from tables, so there are only so many. */
export function createApiCounters(): ApiCounters {
  const tallies = new Map<string, Map<ErrorCode | null, Tally>>();
  return {
    count({ operation, code, tookMs }) {
      const name = operation ?? '';
      let ofOperation = tallies.get(name);
      if (ofOperation === undefined) tallies.set(name, (ofOperation = new Map<ErrorCode | null, Tally>()));
      let tally = ofOperation.get(code);
      if (tally === undefined) ofOperation.set(code, (tally = { count: 0, seconds: 0 }));
      tally.count += 1;
      tally.seconds += tookMs / 1_000;
    },
    metrics(listeners) {
      const values = (of: (tally: Tally) => number) =>
        [...tallies].flatMap(([operation, codes]) =>
          [...codes].map(([code, tally]) => ({ labels: { operation, code: code ?? '' }, value: of(tally) })),
        );
      return [
        {
          name: 'niaga_api_requests_total',
          help: 'Answers of the API by operation and error code; no operation: none was named, no code: no error',
          type: 'counter',
          values: values(({ count }) => count),
        },
        {
          name: 'niaga_api_seconds_total',
          help: 'Seconds that these answers took together',
          type: 'counter',
          values: values(({ seconds }) => seconds),
        },
        {
          name: 'niaga_api_listeners',
          help: 'Who listens to events now',
          type: 'gauge',
          values: [{ value: listeners }],
        },
      ];
    },
  };
}
