// Who uses this page. A session that ends takes nothing away: the form comes, and the page stays.

import { api, Failure } from './api'
import type { Session } from './types'

type State = 'asking' | 'out' | 'in'

/** At most so long between two renewals: the pass for other nodes lives for minutes only. */
const RENEW_MS = 100_000

class SessionKeeper {
  state = $state<State>('asking')
  user = $state('')
  /** Whether it has ended while the page was in use. */
  ended = $state(false)
  /** Why nobody can be asked, if that is so. */
  trouble = $state('')
  onIn: () => void = () => undefined
  #timer: ReturnType<typeof setTimeout> | undefined

  /** Asks whether there is a session already. */
  async begin(): Promise<void> {
    api.onLocked = () => this.#locked()
    for (let pause = 300; this.state === 'asking'; pause = Math.min(pause * 2, 3000)) {
      try {
        // Without this cookie there is no session, and nothing to ask for.
        if (!document.cookie.includes('CSRF-TOKEN=')) throw new Failure('session', '', 401)
        this.#enter((await api.get<Session>('/v1/session', { retries: 0 })).data)
      } catch (error) {
        if (await this.#needsNone(error)) return
        if (this.#refused(error)) this.state = 'out'
        else this.trouble = error instanceof Error ? error.message : String(error)
      }
      if (this.state === 'asking') await new Promise((resolve) => setTimeout(resolve, pause))
    }
  }

  /** Tells whether the server wants no login at all. */
  async #needsNone(error: unknown): Promise<boolean> {
    if (!this.#refused(error)) return false
    try {
      const { data } = await api.get<string | null>('/v1/server/user', { retries: 0 })
      this.#enter({ user: data ?? '', csrf: '', pass: '', passMs: 0, renewMs: 0 })
      return true
    } catch {
      return false
    }
  }

  #refused(error: unknown): boolean {
    return error instanceof Failure && (error.reason === 'session' || error.reason === 'missing')
  }

  /** Logs in; the failure says why not. */
  async login(user: string, password: string): Promise<void> {
    const { data } = await api.post<Session>('/v1/login', { json: { user, password }, retries: 1 })
    // Another node gives a page of this one no cookie.
    this.#enter({ ...data, byPass: api.base !== '' })
  }

  async logout(): Promise<void> {
    try {
      await api.post('/v1/logout')
    } finally {
      // Its own node may be gone.
      location.assign(`${api.base}/`)
    }
  }

  #enter(session: Session): void {
    api.session = session
    this.user = session.user
    this.state = 'in'
    this.ended = false
    this.trouble = ''
    this.onIn()
    this.#plan(session)
  }

  #plan(session: Session): void {
    clearTimeout(this.#timer)
    if (session.passMs) {
      const soon = Math.min(RENEW_MS, session.passMs / 2, session.renewMs)
      this.#timer = setTimeout(() => void this.#renew(), soon)
    }
  }

  async #renew(): Promise<void> {
    const before = api.session
    try {
      const { data } = await api.get<Session>('/v1/session', { retries: 0 })
      // Who has logged in meanwhile has another session, and who is locked out logs in first.
      if (this.state !== 'in' || api.session !== before) return
      // What the cookie of its own node wants, another node does not know.
      const { csrf = '', byPass } = before ?? {}
      api.session = { ...data, csrf: data.csrf || csrf, byPass }
      this.#plan(api.session)
    } catch {
      if (this.state !== 'in' || api.session !== before) return
      // The next request that matters says what is wrong.
      clearTimeout(this.#timer)
      this.#timer = setTimeout(() => void this.#renew(), 5000)
    }
  }

  #locked(): void {
    if (this.state === 'in') {
      this.state = 'out'
      this.ended = true
    }
    clearTimeout(this.#timer)
  }
}

export const session = new SessionKeeper()
