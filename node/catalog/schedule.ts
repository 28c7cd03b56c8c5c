const minute = 60 * 1000;
const hour = 60 * minute;

/** A card that was published a moment ago and found no quorum, as at a node that has only begun to meet the others, is brought out again after this, … */
const FIRST_RESUME = 5_000;
/** … and from then on twice as late each time. Cards that lack copies are looked after this often; seldomer each time that nothing came of it … */
const RESUME_INTERVAL = minute;
/** … but at least this often. */
const MAX_RESUME_INTERVAL = hour;
/** A lease stands for 30 days (own-cards.ts). Told every day, it shows when the seller was last there, and brings back what a node has lost. */
const REFRESH_INTERVAL = 24 * hour;
/** Whether a day is over is looked at this often: timers stand still while a laptop sleeps. */
export const REFRESH_CHECK = 10 * minute;
/** New nodes come in groups: what is to be done because of them begins this long after the first one … */
const PEER_DELAY = 1_000;
/** … and, where nodes come and go all the time, no more often than this. */
const PEER_INTERVAL = 10_000;
/** Cards of a network with few nodes are brought to new ones by a lease no more often than this: nodes hand cards over themselves, too. */
const THIN_INTERVAL = 10 * minute;
/** Peers that were met and are remembered for it. */
const MAX_MET = 10_000;

interface ScheduleDeps {
  /** Brings out what is not held as widely as it should be; gives how much is still not. */
  readonly resume: () => Promise<number>;
  /** Says by a lease that all cards stand. */
  readonly refresh: () => Promise<void>;
  /** Whether there are cards that are held by fewer nodes than they would be in a larger network. */
  readonly isThin: () => boolean;
  /** Resolves when the node has joined its network, or will not soon. */
  readonly joined: () => Promise<void>;
  /** Calls the listener when nodes were met; gives back the end of it. */
  readonly onPeer: ((listener: (peer?: string) => void) => () => void) | undefined;
  /** Nodes that could hold cards. Default: always more than before. */
  readonly peers: (() => number) | undefined;
  readonly now: () => number;
}

const NEVER = { at: Number.NEGATIVE_INFINITY, running: Number.NEGATIVE_INFINITY };

/** When own cards are looked after. What one time fails is done the next time. */
export class Schedule {
  readonly #deps: ScheduleDeps;
  readonly #met = new Set<string>();
  #running = false;
  #resumeTimer: NodeJS.Timeout | undefined;
  #refreshTimer: NodeJS.Timeout | undefined;
  #peerTimer: NodeJS.Timeout | undefined;
  #came = false;
  #peersDone = Number.NEGATIVE_INFINITY;
  /** When the last lease was signed, by the clock, which can be set, and by one that stands still while a laptop sleeps. */
  #refreshed = NEVER;
  /** Nodes that could hold cards then. */
  #peersThen = 0;
  #wait = RESUME_INTERVAL;
  #left = 0;
  #off: () => void = () => undefined;

  constructor(deps: ScheduleDeps) {
    this.#deps = deps;
  }

  start(): void {
    this.#running = true;
    this.#refreshTimer = setInterval(() => void this.#check(), REFRESH_CHECK).unref();
    this.#off = this.#deps.onPeer?.((peer) => this.#peersCame(peer)) ?? this.#off;
    void this.#begin();
  }

  stop(): void {
    this.#running = false;
    this.#off();
    this.#off = () => undefined;
    clearTimeout(this.#resumeTimer);
    clearInterval(this.#refreshTimer);
    clearTimeout(this.#peerTimer);
    this.#peerTimer = undefined;
    this.#refreshed = NEVER;
  }

  /** A card was brought out by hand and has no quorum, although there are nodes that could hold it. */
  lacks(): void {
    if (!this.#running || this.#wait <= FIRST_RESUME) return;
    clearTimeout(this.#resumeTimer);
    this.#wait = FIRST_RESUME;
    this.#resumeTimer = setTimeout(() => void this.#resume(), this.#wait).unref();
  }

  async #begin(): Promise<void> {
    await this.#deps.joined();
    // What the last run of this node left undone comes first: nobody can find it yet.
    await this.#resume();
    await this.#refreshIfDue();
  }

  async #resume(): Promise<void> {
    clearTimeout(this.#resumeTimer);
    if (!this.#running) return;
    const left = await this.#deps.resume().catch(() => undefined);
    if (!this.#running) return;
    const isStuck = left === undefined || (left > 0 && left >= this.#left);
    this.#wait = isStuck ? Math.min(MAX_RESUME_INTERVAL, 2 * this.#wait) : RESUME_INTERVAL;
    this.#left = left ?? this.#left;
    this.#resumeTimer = setTimeout(() => void this.#resume(), this.#wait).unref();
  }

  async #check(): Promise<void> {
    await this.#refreshIfDue();
    await this.#refreshIfThin();
  }

  async #refreshIfDue(): Promise<void> {
    const { at, running } = this.#refreshed;
    const since = Math.max(this.#deps.now() - at, performance.now() - running);
    if (this.#running && since >= REFRESH_INTERVAL) await this.#refresh();
  }

  /** Where cards have fewer copies than they should, new nodes take some. Anybody can make up new nodes: only so many leases are signed. */
  async #refreshIfThin(): Promise<void> {
    const { isThin, peers } = this.#deps;
    if (!this.#running || performance.now() - this.#refreshed.running < THIN_INTERVAL) return;
    if (peers !== undefined && peers() <= this.#peersThen) return;
    if (isThin()) await this.#refresh();
  }

  async #refresh(): Promise<void> {
    const before = this.#refreshed;
    this.#refreshed = { at: this.#deps.now(), running: performance.now() };
    this.#peersThen = this.#deps.peers?.() ?? 0;
    await this.#deps.refresh().catch(() => {
      this.#refreshed = before;
    });
  }

  /** What was published while nobody was there, or too few, goes out as soon as there are others. */
  #peersCame(peer: string | undefined): void {
    if (peer !== undefined) {
      if (this.#met.has(peer)) return;
      if (this.#met.size >= MAX_MET) this.#met.clear();
      this.#met.add(peer);
    }
    this.#came = true;
    if (this.#peerTimer !== undefined) return;
    const wait = Math.max(PEER_DELAY, this.#peersDone + PEER_INTERVAL - performance.now());
    this.#peerTimer = setTimeout(() => void this.#afterPeers(), wait).unref();
  }

  async #afterPeers(): Promise<void> {
    this.#came = false;
    // Who has just come may not be known to all that chooses the nodes of a card yet.
    this.#wait = FIRST_RESUME;
    await this.#resume();
    await this.#refreshIfThin();
    this.#peerTimer = undefined;
    this.#peersDone = performance.now();
    if (this.#running && this.#came) this.#peersCame(undefined);
  }
}
