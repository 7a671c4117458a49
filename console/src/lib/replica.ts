// A list of things that was read once, and follows the stream of changes since.

interface Held<T> {
  seq: number
  value: T | undefined
}

/** How a change alters a thing; undefined if it takes it away. */
export type Alter<T> = (old: T | undefined) => T | undefined

/**
 * Things by id, as of an entry of the log and what came after it.
 *
 * A change counts if it is later than what is held of its thing, and than the answer that was read.
 * So one that comes twice, late or in another order alters nothing. What comes while an answer is
 * under way waits for it.
 */
export class Replica<T> {
  #held = new Map<string, Held<T>>()
  #base = -1
  #waiting: { seq: number; id: string; alter: Alter<T> }[] = []
  /** How many reads were begun ever; each has its number. */
  #begun = 0
  /** The read whose answer is waited for; 0 if none is. */
  #reading = 0

  /** Whether an answer has been read. */
  get loaded(): boolean {
    return this.#base >= 0
  }

  /** The entry after which what was read is so; nothing that is told of before it counts. */
  get asOf(): number {
    return this.#base
  }

  get(id: string): T | undefined {
    return this.#held.get(id)?.value
  }

  /** All that is there, in the order in which it came. */
  values(): T[] {
    const found: T[] = []
    for (const { value } of this.#held.values()) if (value !== undefined) found.push(value)
    return found
  }

  /**
   * Reads anew, and takes the answer; of two that overlap, the one that was begun last, and what
   * went wrong with the other does not count either.
   *
   * @param read returns the things by id, and the entry after which they are so
   */
  async read(read: () => Promise<{ seq: number; things: Map<string, T> }>): Promise<boolean> {
    this.#begun += 1
    const mine = this.#begun
    this.#reading = mine
    try {
      const { seq, things } = await read()
      if (mine !== this.#reading) return false
      this.#install(seq, things)
      return true
    } catch (error) {
      if (mine !== this.#reading) return false
      throw error
    } finally {
      if (mine === this.#reading) this.#reading = 0
    }
  }

  #install(seq: number, things: Map<string, T>): void {
    const later = [...this.#waiting]
    this.#held = new Map([...things].map(([id, value]) => [id, { seq, value }]))
    this.#base = seq
    this.#waiting = []
    this.#reading = 0
    for (const one of later) this.#apply(one.seq, one.id, one.alter)
  }

  /** Takes a change; tells whether it altered anything. */
  offer(seq: number, id: string, alter: Alter<T>): boolean {
    if (this.#reading > 0) this.#waiting.push({ seq, id, alter })
    return this.loaded && this.#apply(seq, id, alter)
  }

  #apply(seq: number, id: string, alter: Alter<T>): boolean {
    const held = this.#held.get(id)
    if (seq <= this.#base || (held && seq <= held.seq)) return false
    const value = alter(held?.value)
    if (held === undefined && value === undefined) return false
    // What was taken away is remembered, lest something older brings it back.
    this.#held.set(id, { seq, value })
    return true
  }

  /** Forgets everything, and what is being read, until it is read anew. */
  clear(): void {
    this.#held.clear()
    this.#waiting = []
    this.#base = -1
    this.#reading = 0
  }
}
