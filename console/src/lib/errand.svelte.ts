// What is sent from a form or a page that may be left before the answer comes.

import { api, Failure } from './api'
import { notices, type Notice, type Told } from './notices.svelte'
import { taskPath } from './route.svelte'
import { t } from './texts'
import { outcomeOf } from './trouble'

/** Something that is sent, and what comes of it. */
export interface Sending<T> {
  /** What it is, in words. */
  what: string
  /** Sends it; a write that is sent after something else says who had asked for it. */
  send: (user: string | undefined) => Promise<T>
  /** It was done, and whoever sent it has waited. */
  done: (answer: T) => void
  /** It was not, as far as is known, and whoever sent it has waited. */
  failed: (failure: unknown) => void
  /** What is told of it if it was done, and nobody has waited. */
  told: (answer: T) => Told
  /** Where it can be mended if it was not. */
  where?: Notice['link']
}

/** Whoever sends something by it may leave: a notice tells then what becomes of it. */
export class Errand {
  busy = $state(false)
  #leave: (() => void) | undefined

  async send<T>(sending: Sending<T>): Promise<void> {
    let notice = 0
    const leave = () =>
      (notice = notices.tell({ text: t.errand.underway(sending.what), tone: 'busy' }))
    this.#leave = leave
    this.busy = true
    const waited = () => {
      if (this.#leave === leave) this.#end()
      return notice === 0
    }
    let answer: T
    try {
      answer = await sending.send(api.session?.user)
    } catch (failure) {
      if (waited()) return sending.failed(failure)
      return notices.change(notice, untold(sending, failure))
    }
    if (waited()) sending.done(answer)
    else notices.change(notice, sending.told(answer))
  }

  /** Whoever has sent something does not wait for it any longer. */
  leave(): void {
    this.#leave?.()
    this.#end()
  }

  #end(): void {
    this.#leave = undefined
    this.busy = false
  }
}

/** Of a task that was begun. */
export function begunOf(what: string, task: { id: string }): Told {
  const link = { href: taskPath(task.id), text: t.errand.open }
  return { text: t.errand.begun(what), tone: 'good', link }
}

/** Faults that are told of; a notice is no list. */
const MOST = 5

function untold<T>({ what, where }: Sending<T>, failure: unknown): Told {
  const isUnknown = outcomeOf(failure) === 'unknown'
  const faults = failure instanceof Failure ? failure.faults : []
  return {
    text: isUnknown ? t.errand.unknown(what) : t.errand.failed(what),
    tone: 'bad',
    failure,
    lines: faults.slice(0, MOST).map(({ line, column, message }) => {
      return line ? `${t.deploy.at(line, column ?? 1)}: ${message}` : message
    }),
    ...(where ? { link: where } : {}),
  }
}
