// Steps that are taken one after the other: a moment to call them off, how they go, how they end.

import { Failure } from './api'
import { outcomeOf } from './trouble'

export type Field = 'priority' | 'mode'

export interface Act {
  text: string
  /** The field of the form that it carries out. */
  field: Field
  /** Carries it out; breaks off when the signal says so. */
  run(signal: AbortSignal): Promise<void>
}

export interface Step {
  text: string
  state: 'waiting' | 'running' | 'done' | 'failed'
  tookMs?: number
}

/** For how long nothing is sent, so that it can be called off. */
export const GRACE_MS = 5000

const REFUSED = new Set([400, 409, 422])

export class Course {
  phase = $state<'form' | 'grace' | 'going' | 'done' | 'failed' | 'left'>('form')
  steps = $state<Step[]>([])
  failure = $state.raw<unknown>()
  /** What the node said against what was typed. */
  faults = $state<Partial<Record<Field, string>>>({})
  startsAt = $state(0)
  began = $state(0)
  tookMs = $state(0)
  /** What had been begun when nobody waited for it any more. */
  leftAt = $state('')
  #off = new AbortController()
  #timer: ReturnType<typeof setTimeout> | undefined

  /** Begins; if it is to be possible to call it off, after a while. */
  start(acts: Act[], grace: boolean): void {
    this.faults = {}
    this.failure = undefined
    this.steps = acts.map(({ text }) => ({ text, state: 'waiting' }))
    if (!grace) return void this.#run(acts)
    this.phase = 'grace'
    this.startsAt = Date.now() + GRACE_MS
    this.#now = () => void this.#run(acts)
    this.#timer = setTimeout(() => this.#now(), GRACE_MS)
  }
  #now: () => void = () => undefined

  /** Does not wait any longer before it begins. */
  hurry(): void {
    clearTimeout(this.#timer)
    this.#now()
  }

  /** Calls it off while nothing has been sent. */
  callOff(): void {
    clearTimeout(this.#timer)
    if (this.phase === 'grace') this.phase = 'form'
  }

  /** Does not wait for the end of what was begun, and begins nothing more. */
  leave(): void {
    this.#off.abort()
  }

  async #run(acts: Act[]): Promise<void> {
    this.phase = 'going'
    this.#off = new AbortController()
    this.began = Date.now()
    for (const [index, act] of acts.entries()) {
      const step = this.steps[index]
      if (!step) continue
      const start = Date.now()
      step.state = 'running'
      try {
        await act.run(this.#off.signal)
      } catch (error) {
        step.state = 'failed'
        this.#fail(act, error)
        return
      }
      step.state = 'done'
      step.tookMs = Date.now() - start
    }
    this.tookMs = Date.now() - this.began
    this.phase = 'done'
  }

  #fail(act: Act, error: unknown): void {
    if (this.#off.signal.aborted) {
      this.phase = 'left'
      this.leftAt = act.text
    } else if (outcomeOf(error) === 'unknown') {
      // Whatever else is said of the last attempt: one before it may have done it.
      this.phase = 'failed'
      this.failure = error
    } else if (error instanceof Failure && REFUSED.has(error.status)) {
      this.phase = 'form'
      this.faults = { [act.field]: error.message }
    } else if (error instanceof Failure && error.reason === 'session') {
      // The form to log in lies over it; it is sent again by who comes back.
      this.phase = 'form'
    } else {
      this.phase = 'failed'
      this.failure = error
    }
  }
}
