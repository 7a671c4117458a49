// What is told on every page until somebody takes it away.

export type Tone = 'busy' | 'good' | 'warn' | 'bad'

export interface Notice {
  id: number
  tone: Tone
  text: string
  /** More of it, line by line. */
  lines?: string[]
  link?: { href: string; text: string }
  /** Why it did not work, if it did not. */
  failure?: unknown
}

export type Told = Omit<Notice, 'id'>

class Notices {
  list = $state.raw<Notice[]>([])
  #last = 0

  /** Tells something; returns its number. */
  tell(told: Told): number {
    this.#last += 1
    this.list = [...this.list, { ...told, id: this.#last }]
    return this.#last
  }

  /** Tells in the same place what has become of it; anew, if it was taken away. */
  change(id: number, told: Told): void {
    if (!this.list.some((one) => one.id === id)) return void this.tell(told)
    this.list = this.list.map((one) => (one.id === id ? { ...told, id } : one))
  }

  drop(id: number): void {
    this.list = this.list.filter((one) => one.id !== id)
  }
}

export const notices = new Notices()
