const second = 1000;
const minute = 60 * second;
const MiB = 1024 * 1024;

/** How an index node keeps watch over its neighbours and hands cards on. Times are milliseconds; shorter ones are for tests. */
export interface HandoverOptions {
  /** A neighbour that was silent for so long is asked for a sign of life. Default {@link PROBE_AFTER}. */
  readonly probeAfter: number;
  /** Default {@link PROBE_TIMEOUT}. */
  readonly probeTimeout: number;
  /** One that failed once is asked again after this, and gone when it fails again. Default {@link PROBE_AGAIN}. */
  readonly probeAgain: number;
  /** So long after a start, who is met for the first time counts as having been there. Default {@link GRACE}. */
  readonly grace: number;
  /** After a change of the neighbourhood others are waited for. Default {@link SETTLE}. */
  readonly settle: number;
  /** A holder hands over so much later for each one that is nearer to the receiver. Default {@link RANK_DELAY}. */
  readonly rankDelay: number;
  /** While questions are asked, a pass and a check wait for so long at most. Default {@link PUT_OFF}. */
  readonly putOff: number;
  /** What could not be brought is tried again after this. Default {@link RETRY}. */
  readonly retry: number;
  /** How often those cards are looked for whose daily check is due. Default {@link CHECK_EVERY}. */
  readonly checkEvery: number;
  /** A card that came is compared for the first time after this. Default {@link FRESH_AFTER}. */
  readonly freshAfter: number;
  /** How often it is looked which are due. Default {@link FRESH_EVERY}. */
  readonly freshEvery: number;
  /** Default {@link BYTES_PER_SECOND}. */
  readonly bytesPerSecond: number;
  /** What one receiver may draw an hour. Default {@link BYTES_PER_RECEIVER}. */
  readonly bytesPerReceiver: number;
  /** What one receiver may take of a pass or a check; the rest is left for later. Default {@link TIME_PER_RECEIVER}. */
  readonly timePerReceiver: number;
  /** One that takes longer for an answer, while others wait for their turn, gets the rest later. Default {@link SLOW_ANSWER}. */
  readonly slowAnswer: number;
}

/**
 * With two failures in a row a node that was stopped without a goodbye is found out after 20 + 8 + 5 + 8 seconds at most. Twenty
 * neighbours make one question of some bytes a second.
 */
const PROBE_AFTER = 20 * second;
/** A process that is busy, or starts, can be silent for seconds; to copy its cards is dearer than to wait. */
const PROBE_TIMEOUT = 8 * second;
const PROBE_AGAIN = 5 * second;
/** A node that starts meets its neighbours within seconds; they are not new, and whoever was there before hands over to this one. */
const GRACE = 10 * second;
/** Nodes that die together are found out within seconds of each other. */
const SETTLE = 2 * second;
/** Long enough for the first holder to have offered, so that the next ones find nothing lacking. */
const RANK_DELAY = 2 * second;
const RETRY = 30 * second;
/** Copies that are lacking a few seconds longer cost nobody an answer; a pass in the middle of a search does. */
const PUT_OFF = 5 * second;
/** A day has 144 of them: each has its share of the cards. */
const CHECK_EVERY = 10 * minute;
/** A seller who stays is done by then, and has not to share the network with its own cards' being compared. */
const FRESH_AFTER = 5 * minute;
/** Each holder waits so much longer than the one before it. */
const FRESH_EVERY = minute;
/** A slow line has 1 MiB/s upwards. 4,000 cards, the share of a node that holds many, take about three seconds. */
const BYTES_PER_SECOND = MiB;

/** Twice a full node's store. A receiver that comes and goes, or wants everything each time, gets no more. */
const BYTES_PER_RECEIVER = 64 * MiB;

/** A slow line brings ten thousand cards in it. One that never answers in time must not hold up those behind it for hours. */
const TIME_PER_RECEIVER = 2 * minute;
/** A busy node writes a batch to its disk in less. */
const SLOW_ANSWER = 5 * second;

/** Neighbours watched: those nearest to this node. Who shares a place with it is among the nearest twenty with hardly an exception. */
export const WATCHED = 40;
/** The nearest ones are asked as often as said; those behind them so many times less often. */
export const FAR_FACTOR = 3;
/** A neighbour that is gone is asked again after doubling times up to this. */
export const LAST_PROBE = 5 * minute;
/** Probes at once: when half of the neighbours are frozen, each takes its whole time, and they must not wait for one another. */
export const CONCURRENT_PROBES = 20;
/** Receivers at once; each gets one batch after the other. */
export const CONCURRENT_TARGETS = 3;
/** Later ranks wait no longer than the fifth: beyond it nobody is left who could have been first. */
export const LAST_RANK = 5;
/** Cards of one offer: about 60 kB, and a sixteenth of a put's most bytes for each when all are wanted. */
export const OFFER_CARDS = 500;
/** A batch that must be written to a slow disk, on the way behind others. */
export const DELIVERY_TIMEOUT = 30 * second;
/** A receiver that has more than it takes at the moment is left alone for this long, so many times. */
export const BUSY_WAIT = 15 * second;
export const BUSY_TRIES = 4;

export function handoverOptions(options: Partial<HandoverOptions> = {}): HandoverOptions {
  return {
    probeAfter: PROBE_AFTER,
    probeTimeout: PROBE_TIMEOUT,
    probeAgain: PROBE_AGAIN,
    grace: GRACE,
    settle: SETTLE,
    rankDelay: RANK_DELAY,
    putOff: PUT_OFF,
    retry: RETRY,
    checkEvery: CHECK_EVERY,
    freshAfter: FRESH_AFTER,
    freshEvery: FRESH_EVERY,
    bytesPerSecond: BYTES_PER_SECOND,
    bytesPerReceiver: BYTES_PER_RECEIVER,
    timePerReceiver: TIME_PER_RECEIVER,
    slowAnswer: SLOW_ANSWER,
    ...options,
  };
}
