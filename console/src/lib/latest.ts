// Something that is read anew whenever it may have changed, by one request at a time.

/**
 * Reads once per asking, and at most once more for all that was asked meanwhile. So what is shown at the
 * end is no older than the last asking, however often and quickly it changes.
 */
export class Latest<T> {
  #read: () => Promise<T>
  #take: (value: T) => void
  #fail: (error: unknown) => void
  #running = false
  #again = false
  #ended = false

  constructor(read: () => Promise<T>, take: (value: T) => void, fail: (error: unknown) => void) {
    this.#read = read
    this.#take = take
    this.#fail = fail
  }

  ask(): void {
    this.#again = true
    if (!this.#running) void this.#run()
  }

  /** Nothing is read any more, and an answer under way does not count. */
  end(): void {
    this.#ended = true
  }

  async #run(): Promise<void> {
    this.#running = true
    while (this.#again && !this.#ended) {
      this.#again = false
      try {
        const value = await this.#read()
        if (!this.#ended) this.#take(value)
      } catch (error) {
        if (!this.#ended) this.#fail(error)
      }
    }
    this.#running = false
  }
}
