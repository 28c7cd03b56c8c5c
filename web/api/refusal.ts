/** What the node said no with, or why it was not reached. */
export class Refusal extends Error {
  /** A code of the node's table of errors, or `OFFLINE`. */
  readonly code: string;
  readonly where: string | undefined;
  readonly next: string | undefined;

  constructor(code: string, message: string, more: { where?: string | undefined; next?: string | undefined } = {}) {
    super(message);
    this.name = 'Refusal';
    this.code = code;
    this.where = more.where;
    this.next = more.next;
  }
}

/** The node does not answer: it was stopped, or the computer that it runs on sleeps. */
export const OFFLINE = 'OFFLINE';

export function refusalOf(thrown: unknown): Refusal {
  if (thrown instanceof Refusal) return thrown;
  // The protocol's own rules, where a part of the page goes by them, say no in the same way.
  if (thrown instanceof Error && 'code' in thrown && typeof thrown.code === 'string')
    return new Refusal(thrown.code, thrown.message);
  return new Refusal('INTERNAL', thrown instanceof Error ? thrown.message : String(thrown));
}

/** The error in a problem document or in the last line of a stream. */
export function refusalIn(body: unknown, fallback: string): Refusal {
  if (typeof body !== 'object' || body === null) return new Refusal('INTERNAL', fallback);
  const { code, message, where, next } = body as Record<string, unknown>;
  const text = (value: unknown): string | undefined => (typeof value === 'string' ? value : undefined);
  return new Refusal(text(code) ?? 'INTERNAL', text(message) ?? fallback, { where: text(where), next: text(next) });
}
