// The keys of writes of which nobody knows whether they were done.

/** For so long it is the same write if it is sent again; later it is wanted anew. */
const KEPT_MS = 5 * 60_000
/** Where a write sets what another has set before; elsewhere the one has nothing to do with the other. */
const SETS = /\/config\/[^/]*$/

/** A write: where it goes, and all that was sent. */
export interface Write {
  place: string
  what: string
}

/** A write under its key, for as long as it may be sent again under it. */
export interface Kept extends Write {
  key: string
  /** When it was sent last. */
  at: number
  /** Whether it may have been done by an attempt that is over. */
  doubtful: boolean
  /** How many attempts are under way. */
  underWay: number
  /** Whether it is known to have been done. */
  known: boolean
}

/**
 * Keeps the key of a write until it is known what became of it.
 *
 * A value that is set makes what was unknown before it at the same place a thing of the past: whoever
 * sends that again wants it anew, and not the answer of then.
 */
export class Keys {
  #kept = new Map<string, Kept>()
  #make: () => string

  constructor(make: () => string) {
    this.#make = make
  }

  /** A write that is sent now; each such call is followed by one of `done`, `refused`, `unknown`. */
  begin({ place, what }: Write): Kept {
    const at = Date.now()
    this.#forget(at - KEPT_MS)
    const made = { place, what, at, doubtful: false, underWay: 0, known: false }
    const kept = this.#kept.get(what) ?? { ...made, key: this.#make() }
    kept.at = at
    kept.underWay += 1
    this.#kept.set(what, kept)
    return kept
  }

  /** How many writes are kept. */
  get size(): number {
    return this.#kept.size
  }

  /** Forgets what was sent last before a time. */
  #forget(before: number): void {
    for (const [what, one] of this.#kept) if (one.at <= before) this.#kept.delete(what)
  }

  /** It was done. */
  done(kept: Kept): void {
    kept.underWay -= 1
    kept.known = true
    this.#kept.delete(kept.what)
    if (!SETS.test(kept.place)) return
    for (const [other, one] of this.#kept) if (one.place === kept.place) this.#kept.delete(other)
  }

  /** It certainly was not done, by no attempt. */
  refused(kept: Kept): void {
    kept.underWay -= 1
    if (this.#kept.get(kept.what) === kept) this.#kept.delete(kept.what)
  }

  /** Whether another attempt may have done it, or may do it yet. */
  isDoubtful(kept: Kept): boolean {
    return kept.doubtful || kept.underWay > 1
  }

  /** Nobody knows. */
  unknown(kept: Kept): void {
    kept.underWay -= 1
    kept.doubtful = true
    kept.at = Date.now()
    if (!kept.known) this.#kept.set(kept.what, kept)
  }
}
