// What was interrupted and waits for a decision: read on every page, and anew when it may have changed.

import { api } from './api'
import { Latest } from './latest'
import { live } from './live.svelte'
import type { Interrupted } from './types'

class Undecided {
  /** Undefined if it is not known here. */
  list = $state.raw<Interrupted[]>()
  /** Whether it could not be read. */
  failed = $state(false)
  #latest = new Latest(
    () => api.get<Interrupted[]>('/v1/interrupted'),
    ({ data }) => {
      this.list = data
      this.failed = false
    },
    () => (this.failed = true),
  )

  /** Follows it for as long as the component lives that calls this. */
  follow(): void {
    $effect(() => {
      // A change of masters cuts work off; somebody decides about it, or it goes with its application.
      void [live.generation, live.masterId, live.versions.cut]
      if (this.list?.length) void live.versions.apps
      if (live.ready && live.readable) this.#latest.ask()
      else this.list = undefined
    })
  }
}

export const undecided = new Undecided()
