// What could not be read of the thing that a page shows, and why: nothing is said of it as if it were known.

/** Follows the latest read of each part of a thing. */
export class Unread<Part extends string> {
  #ends = $state.raw<Partial<Record<Part, { of: string; failure: unknown }>>>({})
  #latest = new Map<Part, Promise<unknown>>()

  /** Notes how a read ends, unless a later one of the same part has been begun by then. */
  follow(of: string, part: Part, read: Promise<unknown>): void {
    this.#latest.set(part, read)
    const note = (failure: unknown) => {
      if (this.#latest.get(part) === read) this.#ends = { ...this.#ends, [part]: { of, failure } }
    }
    read.then(() => note(undefined), note)
  }

  /** Why a part of a thing could not be read at last, if that is so. */
  why(of: string, part: Part): unknown {
    const end = this.#ends[part]
    return end?.of === of ? end.failure : undefined
  }
}
