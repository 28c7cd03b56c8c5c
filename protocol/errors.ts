/**
 * The one table of errors. A code is stable: programs may switch on it. `status` is the HTTP status of the local API,
 * `exit` the exit code of the command line (DESIGN: 0 ok, 1 failed, 2 usage, 3 no node or no identity, 4 not allowed,
 * 5 not found, 6 locked, 7 timed out).
 */
export const ERRORS = {
  // Usage and input
  USAGE: { status: 400, exit: 2, meaning: 'The command or request is not of the form that it needs.' },
  INPUT_INVALID: { status: 422, exit: 1, meaning: 'A field of the input has a value that it may not have.' },
  INPUT_MISSING: { status: 422, exit: 1, meaning: 'A field that the input needs is missing.' },
  INPUT_UNKNOWN_FIELD: {
    status: 422,
    exit: 1,
    meaning: 'The input has a field that Niaga does not know (refused with --strict).',
  },
  INPUT_SYNTAX: { status: 400, exit: 1, meaning: 'The input is not well-formed JSON, NDJSON, CSV or XML.' },
  INPUT_ENCODING: { status: 400, exit: 1, meaning: 'The input is not UTF-8 text.' },
  INPUT_TOO_LARGE: { status: 413, exit: 1, meaning: 'A line, file or request is larger than allowed.' },
  INPUT_FILE: { status: 400, exit: 2, meaning: 'A path names something that cannot be read as a file.' },
  FILE_NOT_FOUND: { status: 404, exit: 5, meaning: 'There is no file at that path.' },
  FILE_EXISTS: { status: 409, exit: 1, meaning: 'The file to be written exists already.' },
  MONEY_INVALID: {
    status: 422,
    exit: 1,
    meaning:
      'An amount of money is not of the form "150000 IDR", negative, too large, or has more decimals than its currency.',
  },
  CURRENCY_UNKNOWN: { status: 422, exit: 1, meaning: 'The currency is not a code of ISO 4217.' },

  CARD_FULL: {
    status: 413,
    exit: 1,
    meaning: 'The card of a listing has no room for all words that the listing could be found by.',
  },

  // Records
  RECORD_ENCODING: { status: 422, exit: 1, meaning: 'The value cannot be written as strict DAG-CBOR.' },
  RECORD_MALFORMED: { status: 400, exit: 1, meaning: 'The bytes are not the strict DAG-CBOR form of a record.' },
  RECORD_TOO_LARGE: { status: 413, exit: 1, meaning: 'The record is larger or deeper than its kind allows.' },
  RECORD_SIGNATURE: { status: 400, exit: 1, meaning: 'The signature does not verify.' },
  RECORD_NETWORK: { status: 400, exit: 1, meaning: 'The record belongs to another network.' },
  RECORD_KIND: { status: 400, exit: 1, meaning: 'The record is of another kind than the one expected here.' },
  RECORD_SCHEMA: { status: 400, exit: 1, meaning: 'A field of the record is missing or has the wrong shape.' },
  RECORD_CRITICAL: {
    status: 400,
    exit: 1,
    meaning: 'The record marks a field as critical that this version does not understand.',
  },
  RECORD_ID: { status: 400, exit: 1, meaning: 'The record is not the one that its id names.' },
  RECORD_TIME: { status: 400, exit: 1, meaning: 'The record claims a time in the future.' },
  RECORD_OLD: { status: 409, exit: 1, meaning: 'A newer version of the record is known.' },
  RECORD_CORRUPT: { status: 500, exit: 1, meaning: 'A stored record is not what was written.' },
  DELEGATION_MISSING: { status: 400, exit: 1, meaning: 'The delegation that the record names is not known.' },
  DELEGATION_MISMATCH: { status: 400, exit: 1, meaning: 'The delegation is for another trader or device.' },
  DELEGATION_EXPIRED: { status: 400, exit: 1, meaning: 'The delegation of the signing device has expired.' },
  DELEGATION_CAPABILITY: {
    status: 400,
    exit: 1,
    meaning: 'The delegation does not let the device sign this kind of record.',
  },
  DELEGATION_REVOKED: { status: 400, exit: 1, meaning: 'The signing device was revoked.' },
  WRITER_OTHER: {
    status: 409,
    exit: 4,
    meaning: 'Another device of the trader holds the writer’s lease: only that one signs stock and steps of trades.',
  },
  WRITER_INVALID: { status: 422, exit: 1, meaning: 'The writer’s lease may not follow the one before it.' },
  CAPSULE_INVALID: {
    status: 422,
    exit: 1,
    meaning: 'The sealed list of open trades cannot be opened with these words.',
  },

  // Trades
  TRADE_ROLE: { status: 403, exit: 4, meaning: 'This party may not take that step.' },
  TRADE_STATE: { status: 409, exit: 4, meaning: 'The trade is in a state in which that step is not possible.' },
  TRADE_TURN: { status: 409, exit: 4, meaning: 'It is the other side that must answer now.' },
  TRADE_HEADS: { status: 409, exit: 1, meaning: 'The message names messages before it that are not in the log.' },
  TRADE_TERMS: { status: 422, exit: 1, meaning: 'The terms of the offer contradict each other or the listing.' },
  TRADE_EQUIVOCATION: { status: 409, exit: 1, meaning: 'One device signed two conflicting messages.' },
  TRADE_FULL: { status: 409, exit: 1, meaning: 'The log of the trade has reached its limit.' },
  TRADE_EXPIRED: { status: 409, exit: 4, meaning: 'The offer has expired.' },
  TRADE_OWN_LISTING: { status: 409, exit: 4, meaning: 'One cannot trade with oneself.' },
  TRADE_NOT_FOUND: { status: 404, exit: 5, meaning: 'There is no trade with that id here.' },
  PRIVATE_MISMATCH: { status: 422, exit: 1, meaning: 'The private value is not the one that the log commits to.' },
  PROOF_INVALID: {
    status: 422,
    exit: 1,
    meaning: 'The two messages do not prove that somebody contradicted themselves.',
  },
  PRIVATE_UNKNOWN: { status: 409, exit: 1, meaning: 'The log of the trade does not commit to that value.' },
  CONTENT_UNREADABLE: {
    status: 422,
    exit: 1,
    meaning: 'A delivered file does not open with the key that its seller gave.',
  },
  CHAT_REFUSED: { status: 403, exit: 4, meaning: 'The recipient does not take such a message from this trader.' },
  STOCK_SHORT: { status: 409, exit: 4, meaning: 'There is not enough stock.' },
  EVIDENCE_INVALID: { status: 422, exit: 1, meaning: 'The evidence file does not hold.' },

  // Catalogue and search
  LISTING_NOT_FOUND: {
    status: 404,
    exit: 5,
    meaning: 'There is no listing with that id here, and no reachable node knows it.',
  },
  LISTING_REMOVED: { status: 410, exit: 5, meaning: 'The seller has removed the listing.' },
  LISTING_ON_REQUEST: { status: 422, exit: 2, meaning: 'The listing has no fixed price; the offer must name one.' },
  LISTING_CHANGED: { status: 409, exit: 1, meaning: 'The listing has changed since it was seen.' },
  PICTURE_INVALID: {
    status: 422,
    exit: 1,
    meaning: 'The file is no JPEG, PNG or still WebP picture, is cut or damaged, or has too many pixels.',
  },
  PICTURE_NOT_FOUND: { status: 404, exit: 5, meaning: 'There is no picture with that id here.' },
  PICTURE_LIMIT: { status: 409, exit: 1, meaning: 'The node keeps as many own pictures as it can.' },
  CARD_MISSING: { status: 409, exit: 1, meaning: 'The card that a delta changes is not held there.' },
  QUERY_EMPTY: { status: 422, exit: 2, meaning: 'The search has no words to look for.' },
  QUERY_INVALID: { status: 422, exit: 2, meaning: 'A filter of the search contradicts another or has a wrong value.' },
  CURSOR_EXPIRED: { status: 410, exit: 5, meaning: 'The search that the next page belongs to is no longer kept.' },
  ID_INVALID: { status: 422, exit: 2, meaning: 'The text is not an id of the expected form.' },
  ID_AMBIGUOUS: { status: 409, exit: 2, meaning: 'The shortened id fits more than one.' },

  INDEX_FALSE: {
    status: 422,
    exit: 1,
    meaning: 'The index of the card is not that of its listing: it claims words that the listing does not have.',
  },
  INDEX_FAR: {
    status: 409,
    exit: 1,
    meaning: 'The index node is far from a word of the card, and knows others that are nearer.',
  },
  WATCH_NOT_FOUND: { status: 404, exit: 5, meaning: 'There is no watch with that id here.' },
  WATCH_LIMIT: { status: 409, exit: 1, meaning: 'The node keeps as many watches as it can.' },

  // Traders
  TRADER_NOT_FOUND: {
    status: 404,
    exit: 5,
    meaning: 'No reachable node knows anything of that trader, or not what is asked for.',
  },
  TRADER_BLOCKED: { status: 403, exit: 4, meaning: 'A block list in use here names that trader.' },
  BLOCK_LIMIT: { status: 409, exit: 1, meaning: 'The block list, or the number of lists subscribed to, is full.' },
  EVIDENCE_NOT_FOUND: { status: 404, exit: 5, meaning: 'There is no evidence about that listing here.' },

  // Home, identity, store
  IDENTITY_EXISTS: { status: 409, exit: 1, meaning: 'The home has an identity already.' },
  IDENTITY_MISSING: { status: 409, exit: 3, meaning: 'The home has no identity yet.' },
  IDENTITY_SEALED: { status: 403, exit: 4, meaning: 'The keys are sealed with a passphrase.' },
  WORDS_INVALID: {
    status: 422,
    exit: 2,
    meaning: 'The words are not the 24 words of a root key, or not in their order.',
  },
  WORDS_OTHER: { status: 409, exit: 4, meaning: 'The words are those of another trader than the one of this home.' },
  ROOT_MISSING: { status: 409, exit: 4, meaning: 'The root key is not on this machine, and no words were given.' },
  PAIRING_INVALID: {
    status: 422,
    exit: 2,
    meaning: 'The text is no pairing request or answer, or not one for this machine.',
  },
  DEVICE_NOT_FOUND: { status: 404, exit: 5, meaning: 'This trader has no device of that name.' },
  RESTORE_PENDING: {
    status: 409,
    exit: 4,
    meaning: 'The trade was restored and not yet compared with the other side’s copy: it can be read only.',
  },
  BACKUP_SEALED: { status: 403, exit: 4, meaning: 'The passphrase is not the one that the backup was made with.' },
  BACKUP_INVALID: { status: 422, exit: 1, meaning: 'The file is not a backup, or it was cut or changed.' },
  CONFIG_INVALID: { status: 422, exit: 2, meaning: 'A setting is not known or has a value that it may not have.' },
  HOME_EXISTS: { status: 409, exit: 1, meaning: 'There is a home already where one is to be restored.' },
  HOME_UNUSABLE: { status: 500, exit: 1, meaning: 'The home folder cannot be made, read or written.' },
  HOME_NEWER: { status: 500, exit: 1, meaning: 'The home was written by a newer version of Niaga.' },
  HOME_LOCKED: { status: 409, exit: 6, meaning: 'Another process uses this home.' },
  PROCESS_ELSEWHERE: {
    status: 409,
    exit: 6,
    meaning: 'The node’s process is not one of this machine, or of this container.',
  },
  STORE_CORRUPT: { status: 500, exit: 1, meaning: 'The database is damaged.' },
  STORE_FAILED: { status: 500, exit: 1, meaning: 'The disk refused to write or read.' },

  // Network
  NODE_UNREACHABLE: { status: 503, exit: 3, meaning: 'No node answers on this home.' },
  PORT_TAKEN: { status: 409, exit: 1, meaning: 'The address to listen on is in use.' },
  ADDRESS_INVALID: { status: 422, exit: 2, meaning: 'The text is not an address that Niaga can use.' },
  PEER_UNREACHABLE: { status: 503, exit: 7, meaning: 'The other node cannot be reached.' },
  PEER_REFUSED: { status: 502, exit: 1, meaning: 'The other node refused the request.' },
  PEER_PROTOCOL: { status: 502, exit: 1, meaning: 'The other node sent something that is not the protocol.' },
  RATE_LIMITED: { status: 429, exit: 1, meaning: 'Too many requests.' },
  TIMED_OUT: { status: 504, exit: 7, meaning: 'It took longer than allowed.' },
  STOPPED: { status: 503, exit: 3, meaning: 'The node is stopping.' },

  WEBHOOK_NOT_FOUND: { status: 404, exit: 5, meaning: 'There is no webhook with that id here.' },
  WEBHOOK_LIMIT: { status: 409, exit: 1, meaning: 'The node keeps as many webhooks as it can.' },

  // API
  API_TOKEN: { status: 401, exit: 4, meaning: 'The request has no valid token.' },
  API_SCOPE: { status: 403, exit: 4, meaning: 'The token does not allow this operation.' },
  API_ORIGIN: { status: 403, exit: 4, meaning: 'The request comes from a place that may not use the API.' },
  API_PLAIN: { status: 403, exit: 4, meaning: 'A token would cross the network unsealed: TLS is needed.' },
  API_CODE: {
    status: 403,
    exit: 4,
    meaning: 'The code of the link is not known: it was used, is too old, or the node has started anew.',
  },
  TLS_INVALID: { status: 400, exit: 2, meaning: 'The TLS certificate or its key cannot be used.' },
  SPENDING_LIMIT: { status: 403, exit: 4, meaning: 'An agent may not spend so much: its owner has set a limit.' },
  CONFIRM_INVALID: {
    status: 409,
    exit: 4,
    meaning: 'The confirmation is not one of this step: it was used, is too old, or what would happen has changed.',
  },
  CONFIRM_REFUSED: { status: 403, exit: 4, meaning: 'The person who was asked did not agree.' },
  TOKEN_NAME: { status: 409, exit: 1, meaning: 'There is a token of that name, or the name may not be used.' },
  TOKEN_NOT_FOUND: { status: 404, exit: 5, meaning: 'There is no token of that name.' },
  TOKEN_LIMIT: { status: 409, exit: 1, meaning: 'The node keeps as many tokens as it can.' },
  IDEMPOTENCY_MISMATCH: { status: 422, exit: 1, meaning: 'The Idempotency-Key was used for another request.' },
  IDEMPOTENCY_BUSY: { status: 409, exit: 1, meaning: 'The request with this Idempotency-Key is being worked on.' },
  IDEMPOTENCY_UNKNOWN: {
    status: 409,
    exit: 1,
    meaning: 'The request with this Idempotency-Key was begun before, and how it ended is not known.',
  },
  API_METHOD: { status: 405, exit: 2, meaning: 'The path is asked for with another HTTP method than it takes.' },
  API_MEDIA_TYPE: { status: 415, exit: 2, meaning: 'The body of the request is not said to be JSON.' },
  OPERATION_UNKNOWN: { status: 404, exit: 2, meaning: 'There is no such operation.' },
  INTERNAL: { status: 500, exit: 1, meaning: 'Something that should not happen happened.' },
} as const satisfies Record<string, { status: number; exit: number; meaning: string }>;

export type ErrorCode = keyof typeof ERRORS;

export interface ErrorOptions {
  /** Where: a field (`lines[0].quantity`), a line of a file, a path. */
  readonly where?: string | undefined;
  /** What to do next, as a sentence or a command to type. */
  readonly next?: string | undefined;
  readonly cause?: unknown;
  /** Figures for programs; never a secret. */
  readonly details?: Readonly<Record<string, unknown>> | undefined;
}

/** The shape in which an error leaves a node: API body and `--json`. */
export interface ErrorBody {
  readonly code: ErrorCode;
  readonly message: string;
  readonly where?: string;
  readonly next?: string;
  readonly details?: Readonly<Record<string, unknown>>;
}

const BRAND = Symbol.for('niaga.error');

/** Every error that people or programs are meant to see. */
export class NiagaError extends Error {
  readonly code: ErrorCode;
  readonly where: string | undefined;
  readonly next: string | undefined;
  readonly details: Readonly<Record<string, unknown>> | undefined;

  constructor(code: ErrorCode, message: string, options: ErrorOptions = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = 'NiagaError';
    this.code = code;
    this.where = options.where;
    this.next = options.next;
    this.details = options.details;
  }

  get [BRAND](): true {
    return true;
  }

  get status(): number {
    return ERRORS[this.code].status;
  }

  get exit(): number {
    return ERRORS[this.code].exit;
  }

  toJSON(): ErrorBody {
    return {
      code: this.code,
      message: this.message,
      ...(this.where === undefined ? {} : { where: this.where }),
      ...(this.next === undefined ? {} : { next: this.next }),
      ...(this.details === undefined ? {} : { details: this.details }),
    };
  }

  /** Also of another copy of this class: the command line is bundled apart from the node that it starts. */
  static override [Symbol.hasInstance](value: unknown): boolean {
    return value instanceof Error && BRAND in value;
  }

  /** The error that a body of the API stands for; an unknown code becomes INTERNAL. */
  static from(body: Partial<ErrorBody>): NiagaError {
    const code: ErrorCode = body.code !== undefined && Object.hasOwn(ERRORS, body.code) ? body.code : 'INTERNAL';
    return new NiagaError(code, body.message ?? ERRORS[code].meaning, body);
  }
}

/** True for a NiagaError, of the given code where one is named. */
export function isNiagaError(error: unknown, code?: ErrorCode): error is NiagaError {
  return error instanceof NiagaError && (code === undefined || error.code === code);
}
