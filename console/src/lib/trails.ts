// How numbers went since the page looks at them; nodes keep no history of sensors.

import { Exact } from './exact'

/** Points that are kept of one. */
const MOST = 600

export class Trail {
  /** Moments in ms, and the value from then on. */
  at: number[] = []
  values: number[] = []

  add(at: number, value: number): void {
    this.at.push(at)
    this.values.push(value)
    // Several at a time, so that not all are moved for each.
    if (this.at.length > MOST + 100) {
      this.at.splice(0, this.at.length - MOST)
      this.values.splice(0, this.values.length - MOST)
    }
  }

  get last(): number | undefined {
    return this.values.at(-1)
  }

  get least(): number {
    return Math.min(...this.values)
  }

  get most(): number {
    return Math.max(...this.values)
  }
}

export class Trails {
  #trails = new Map<string, Trail>()

  /** Notes a value; what is no number has no trail. */
  note(name: string, noted: unknown, at: number): void {
    const value = noted instanceof Exact ? Number(noted.digits) : noted
    if (typeof value !== 'number' || !Number.isFinite(value)) return
    const trail = this.#trails.get(name) ?? new Trail()
    this.#trails.set(name, trail)
    if (trail.last !== value) trail.add(at, value)
  }

  /** The trail of a number that has changed since. */
  of(name: string): Trail | undefined {
    const trail = this.#trails.get(name)
    return trail && trail.values.length > 1 ? trail : undefined
  }

  clear(): void {
    this.#trails.clear()
  }
}
