// Who uses this page. A session that ends takes nothing away: the form comes, and the page stays.

import { api, Failure } from './api'
import type { Session } from './types'

type State = 'asking' | 'out' | 'in'

/** At most so long between two renewals: the pass for other nodes lives for minutes only. */
const RENEW_MS = 100_000
const NOBODYS: Session = { user: '', csrf: '', pass: '', passMs: 0, renewMs: 0 }

class SessionKeeper {
  state = $state<State>('asking')
  user = $state('')
  /** Whether it has ended while the page was in use. */
  ended = $state(false)
  /** Why nobody can be asked, if that is so. */
  trouble = $state('')
  onIn: () => void = () => undefined
  #timer: ReturnType<typeof setTimeout> | undefined
  /** The other tabs of this browser that have pages of this node. */
  #tabs = new BroadcastChannel('brookline-session')

  /** Asks whether there is a session already. */
  async begin(): Promise<void> {
    api.onLocked = () => this.#locked()
    api.renewed = (refused) => this.#renewed(refused)
    this.#tabs.onmessage = () => void this.look()
    for (let pause = 300; this.state === 'asking'; pause = Math.min(pause * 2, 3000)) {
      try {
        this.#enter(await asked())
      } catch (error) {
        if (error instanceof Failure && error.reason === 'session') this.state = 'out'
        else this.trouble = error instanceof Error ? error.message : String(error)
      }
      if (this.state === 'asking') await new Promise((resolve) => setTimeout(resolve, pause))
    }
  }

  /** Looks whether somebody has logged in, or out, in another tab: all of a browser have one cookie. */
  async look(): Promise<void> {
    if (this.state === 'asking' || api.base !== '') return
    const before = api.session
    try {
      const found = await asked()
      if (api.session === before) this.#take(found)
    } catch {
      // One that is over has brought the form by now.
    }
  }

  /** Reads the session anew since a token was refused; returns whether there is another one now. */
  async #renewed(refused: string | undefined): Promise<boolean> {
    if (api.base !== '') return false
    const found = await asked().catch(() => undefined)
    if (!found) return false
    this.#take(found)
    return api.session?.csrf !== refused
  }

  /** Logs in; the failure says why not. */
  async login(user: string, password: string): Promise<void> {
    const { data } = await api.post<Session>('/v1/login', { json: { user, password }, retries: 1 })
    // Another node gives a page of this one no cookie.
    this.#enter({ ...data, byPass: api.base !== '' })
    if (api.base === '') this.#tabs.postMessage('in')
  }

  async logout(): Promise<void> {
    clearTimeout(this.#timer)
    try {
      const { data } = await api.post<{ sessionId: string | null }>('/v1/logout')
      if (data.sessionId === null) await this.#forgetBasic()
    } finally {
      // Its own node may be gone.
      location.assign(`${api.base}/`)
    }
  }

  /** Has the browser forget a name and a password, which it would go on to show by itself. */
  async #forgetBasic(): Promise<void> {
    clearTimeout(this.#timer)
    // The 401 that does so is no session that has ended.
    api.session = undefined
    await api.post('/v1/logout/unauthorize', { retries: 0 }).catch(() => undefined)
    await this.#endAgain()
    this.#tabs.postMessage('out')
  }

  /** Ends a session that a request which was under way has begun with what the browser had learned. */
  async #endAgain(): Promise<void> {
    const found = await asked().catch(() => undefined)
    if (found?.user !== this.user) return
    api.session = found
    await api.post('/v1/logout', { retries: 0 }).catch(() => undefined)
    api.session = undefined
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

  /** Goes on with what a session is now; another user's, and one after the form, is begun. */
  #take(session: Session): void {
    if (this.state !== 'in' || session.user !== this.user) return this.#enter(session)
    // What the cookie of its own node wants, another node does not know.
    const { csrf = '', byPass } = api.session ?? {}
    api.session = { ...session, csrf: session.csrf || csrf, byPass }
    this.#plan(api.session)
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
      const found = await asked()
      // Who has logged in meanwhile has another session, and who is locked out logs in first.
      if (this.state === 'in' && api.session === before) this.#take(found)
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
    api.session = undefined
    clearTimeout(this.#timer)
  }
}

/** The session as its node knows it; of a node that wants no login it is nobody's. */
async function asked(): Promise<Session> {
  try {
    return (await api.get<Session>('/v1/session', { retries: 0 })).data
  } catch (error) {
    if (error instanceof Failure && error.body?.data?.login === 'none') return NOBODYS
    throw error
  }
}

export const session = new SessionKeeper()
