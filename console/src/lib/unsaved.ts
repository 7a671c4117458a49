// What is typed and kept nowhere else: before the page goes, the browser asks.

class Unsaved {
  #asked = new Set<() => boolean>()

  start(): void {
    window.addEventListener('beforeunload', (event) => {
      if (this.holds()) event.preventDefault()
    })
  }

  /** Has the browser ask as long as something is so; returns what ends that. */
  while(holds: () => boolean): () => void {
    this.#asked.add(holds)
    return () => this.#asked.delete(holds)
  }

  /** Whether something would be lost. */
  holds(): boolean {
    return [...this.#asked].some((one) => one())
  }
}

export const unsaved = new Unsaved()
