/** Listings that wait to be fetched; the next sweep finds those beyond it. */
const MAX_WAITING = 10_000;
/** One seller's listings give way to those of others when they are more than this part of all that wait. */
const SELLER_PART = 1 / 16;
/** What comes so soon goes with what is due already: a shop that is published takes some seconds. */
const TOGETHER = 5_000;
/** Peers that said that they have a listing. */
const MAX_HINTS = 4;

/** A listing that is to be fetched. */
export interface Job {
  readonly listing: string;
  readonly seller: string;
  /** By `performance.now()`. */
  readonly due: number;
  readonly tries: number;
  /** Somebody asked for it. */
  readonly wanted: boolean;
  /** Peers that said that they have it. */
  readonly hints: readonly string[];
}

/** The jobs of one seller. */
type SellerJobs = Record<'wanted' | 'unasked', Map<string, Job>>;

/** Jobs that wait, the sellers' in turn. Whoever floods the list waits longer and displaces nobody. */
export class Jobs {
  readonly #most: number;
  readonly #share: number;
  readonly #sellers = new Map<string, SellerJobs>();
  readonly #listings = new Map<string, string>();
  /** Sellers with more than their part. */
  readonly #over = new Set<string>();

  constructor(most = MAX_WAITING) {
    this.#most = most;
    this.#share = most * SELLER_PART;
  }

  get size(): number {
    return this.#listings.size;
  }

  has(listing: string): boolean {
    return this.#listings.has(listing);
  }

  /** Takes a job in, or makes one that waits already more urgent. @returns false where there is no room */
  add(job: Job): boolean {
    const before = this.#remove(job.listing);
    if (before === undefined && this.size >= this.#most && !this.#makeRoom(job)) return false;
    const merged = before === undefined ? job : together(before, job);
    const jobs = this.#sellers.get(job.seller) ?? { wanted: new Map<string, Job>(), unasked: new Map<string, Job>() };
    this.#sellers.set(job.seller, jobs);
    this.#listings.set(job.listing, job.seller);
    jobs[kindOf(merged)].set(job.listing, merged);
    if (countOf(jobs) > this.#share) this.#over.add(job.seller);
    return true;
  }

  /**
   * Takes out the jobs of the seller whose turn it is that are due, with those that soon will be.
   * @param kind those that somebody asked for, or the others
   * @param most at most so many
   * @param isFree sellers for whom this is false are passed over
   */
  take(
    kind: keyof SellerJobs,
    {
      now,
      most,
      isFree,
    }: { readonly now: number; readonly most: number; readonly isFree: (seller: string) => boolean },
  ): { readonly seller: string; readonly jobs: readonly Job[] } | undefined {
    for (const [seller, waiting] of this.#sellers) {
      if (waiting[kind].size === 0 || !isFree(seller)) continue;
      const jobs: Job[] = [];
      let isDue = false;
      for (const job of waiting[kind].values()) {
        if (job.due > now + TOGETHER) continue;
        isDue ||= job.due <= now;
        jobs.push(job);
        if (jobs.length >= most && isDue) break;
      }
      if (!isDue) continue;
      const some = jobs.sort((a, b) => a.due - b.due).slice(0, most);
      for (const { listing } of some) this.#remove(listing);
      // It is the others' turn.
      if (this.#sellers.delete(seller) && countOf(waiting) > 0) this.#sellers.set(seller, waiting);
      return { seller, jobs: some };
    }
    return undefined;
  }

  clear(): void {
    this.#sellers.clear();
    this.#listings.clear();
    this.#over.clear();
  }

  /** What one seller has too much of goes first; what nobody asked for makes room for what somebody did. */
  #makeRoom({ seller, wanted }: Job): boolean {
    const own = this.#sellers.get(seller);
    const isGreedy = own !== undefined && countOf(own) >= this.#share;
    if (isGreedy) return wanted && this.#removeFirst(own.unasked);
    for (const other of this.#over) {
      const jobs = this.#sellers.get(other);
      if (this.#removeFirst(jobs?.unasked) || this.#removeFirst(jobs?.wanted)) return true;
    }
    if (!wanted) return false;
    for (const { unasked } of this.#sellers.values()) if (this.#removeFirst(unasked)) return true;
    return false;
  }

  #removeFirst(jobs: ReadonlyMap<string, Job> | undefined): boolean {
    const first = jobs?.keys().next().value;
    return first !== undefined && this.#remove(first) !== undefined;
  }

  #remove(listing: string): Job | undefined {
    const seller = this.#listings.get(listing);
    const jobs = seller === undefined ? undefined : this.#sellers.get(seller);
    if (seller === undefined || jobs === undefined) return undefined;
    const job = jobs.wanted.get(listing) ?? jobs.unasked.get(listing);
    this.#listings.delete(listing);
    jobs.wanted.delete(listing);
    jobs.unasked.delete(listing);
    if (countOf(jobs) <= this.#share) this.#over.delete(seller);
    if (countOf(jobs) === 0) this.#sellers.delete(seller);
    return job;
  }
}

function together(before: Job, job: Job): Job {
  return {
    ...before,
    due: Math.min(before.due, job.due),
    wanted: before.wanted || job.wanted,
    hints: [...new Set([...before.hints, ...job.hints])].slice(0, MAX_HINTS),
  };
}

function kindOf({ wanted }: Job): keyof SellerJobs {
  return wanted ? 'wanted' : 'unasked';
}

function countOf({ wanted, unasked }: SellerJobs): number {
  return wanted.size + unasked.size;
}
