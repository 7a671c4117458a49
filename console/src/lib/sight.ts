// Whether anybody looks at this page. A browser has six connections for a site, all its windows
// together, and a stream takes one for good: so a page that nobody sees gives its stream back.

import { Failure } from './api'
import { live } from './live.svelte'

/** A page that is hidden for less keeps its stream. */
export const REST_MS = 3000
/** How often a page that rests asks how its plane is, by a request that is over at once. */
export const GLANCE_MS = 60_000
/** For so long it may look for another node, if its own does not answer that. */
const MOVE_MS = 12_000
/** For so long a node may take to answer it. */
const PATIENCE_MS = 3000

export class Sight {
  #rest: ReturnType<typeof setTimeout> | undefined
  #glances: ReturnType<typeof setInterval> | undefined

  start(): void {
    document.addEventListener('visibilitychange', () => this.#look())
    this.#look()
  }

  #look(): void {
    clearInterval(this.#glances)
    if (document.visibilityState !== 'hidden') {
      clearTimeout(this.#rest)
      live.wake()
      return
    }
    this.#restIn(REST_MS)
    this.#glances = setInterval(() => void this.#glance(), GLANCE_MS)
  }

  #restIn(ms: number): void {
    clearTimeout(this.#rest)
    this.#rest = setTimeout(() => live.rest(), ms)
  }

  /** Learns of nodes that join, and goes on through another node while its session can be renewed. */
  async #glance(): Promise<void> {
    if (live.standing.state !== 'resting') return
    if (await this.#asks()) return
    if (document.visibilityState !== 'hidden') return
    live.wake()
    this.#restIn(MOVE_MS)
  }

  /** Asks how the plane is; tells whether the node has answered at all. */
  async #asks(): Promise<boolean> {
    try {
      await live.readPlane({ retries: 0, signal: AbortSignal.timeout(PATIENCE_MS) })
      return true
    } catch (error) {
      return error instanceof Failure && error.reason !== 'unreachable'
    }
  }
}

export const sight = new Sight()
