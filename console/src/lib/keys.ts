// The keys of writes of which nobody knows whether they were done.

/** For so long it is the same write if it is sent again; later it is wanted anew. */
const KEPT_MS = 5 * 60_000

interface Kept {
  key: string
  place: string
  /** When it was sent last. */
  at: number
}

/** A write: where it goes, and all that was sent. */
export interface Write {
  place: string
  what: string
}

/**
 * Keeps the key of a write until it is known what became of it.
 *
 * A write that is done makes what was unknown before it at the same place a thing of the past: whoever
 * sends that again wants it anew, and not the answer of then.
 */
export class Keys {
  #kept = new Map<string, Kept>()
  #make: () => string

  constructor(make: () => string) {
    this.#make = make
  }

  /** The key under which to send a write now. */
  begin({ place, what }: Write): string {
    const at = Date.now()
    const kept = this.#kept.get(what)
    const key = kept && at - kept.at < KEPT_MS ? kept.key : this.#make()
    this.#kept.set(what, { key, place, at })
    return key
  }

  /** It was done. */
  done({ place, what }: Write): void {
    this.#kept.delete(what)
    for (const [other, kept] of this.#kept) if (kept.place === place) this.#kept.delete(other)
  }

  /** It certainly was not done. */
  refused({ what }: Write): void {
    this.#kept.delete(what)
  }

  /** Nobody knows. */
  unknown({ place, what }: Write, key: string): void {
    this.#kept.set(what, { key, place, at: Date.now() })
  }
}
