// The client of the REST API: which node it asks, in whose name, and what a refusal means.

import { parse, stringify } from './exact'
import {
  Failure,
  isNotDone,
  isOfOldSession,
  isUnanswered,
  ofAnother,
  unsure,
  wordOn,
} from './failure'
import { Keys, type Kept } from './keys'
import type { ApiError, Session } from './types'

export { Failure } from './failure'
export type { Reason } from './failure'

export interface Answer<T> {
  data: T
  /** The entry of the log after which this is so. */
  seq: number
  headers: Headers
  status: number
}

interface Sent {
  method?: string
  form?: Record<string, string>
  json?: unknown
  text?: { type: string; body: string }
  signal?: AbortSignal
  retries?: number
  /** Whether the answer is wanted as bytes. */
  bytes?: boolean
  /** Who has asked for this write, if that was earlier: in another's name it is not sent. */
  user?: string | undefined
}

/** How a request is sent, again and again. */
interface Attempts {
  key: string
  /** Throws if it must not be sent any more. */
  check: () => void
  /** An attempt may have done it. */
  doubt: () => void
}

const PATIENCE_MS = 30_000
/** So long may a node take to say whether a session is over. */
const OVER_MS = 5000
/** A page leaves a node that ends within so long. */
const LEAVE_MS = 1000
const SAFE = new Set(['GET', 'HEAD'])
/** What the node that is talked to does, or sends on, whatever it does with other writes. */
const HERE = /^\/v1\/(log(in|out)(\/|$)|server\/ha\/)/
/** What is sent there is not kept. */
const SECRET = new Set(['/v1/login'])

/** Asks nodes. It keeps what was seen, so that no answer is older than an answer before it. */
export class Api {
  #base = ''
  #moving = new AbortController()
  #keys = new Keys(randomKey)
  /** How many writes are under way. */
  writing = 0
  session: Session | undefined
  /** The last entry that this page has written. */
  seen = 0
  /** The last entry that the page was told of. */
  told: () => number = () => -1
  /** The node to which writes go, where the one that is talked to would only name it. */
  leader: () => string | undefined = () => undefined
  /** Whether something was asked to which no node gave an answer. */
  missed = false
  onLocked: () => void = () => undefined
  /** Reads the session anew, as its token was refused; returns whether there is another token now. */
  renewed: (refused: string | undefined) => Promise<boolean> = () => Promise.resolve(false)

  /** Address of the node that is talked to; empty for the one that this page came from. */
  get base(): string {
    return this.#base
  }

  /** Talks to another node from now on; what is under way at the one before goes there, too. */
  set base(base: string) {
    if (base === this.#base) return
    this.#base = base
    this.#moving.abort()
    this.#moving = new AbortController()
  }

  /** A path as an address at the node that is talked to. */
  url(path: string): string {
    return this.base + path
  }

  async get<T>(path: string, more: Sent = {}): Promise<Answer<T>> {
    return this.send<T>(path, more)
  }

  async post<T>(path: string, more: Sent = {}): Promise<Answer<T>> {
    return this.send<T>(path, { method: 'POST', ...more })
  }

  /**
   * Sends a request. A write carries a key, and goes to the next node with the same key if its node
   * goes: it is done once. If nobody knows in the end whether it was, the same write has the same key
   * when it is sent again soon. No attempt is made in another name than that of who asked for it.
   */
  async send<T>(path: string, sent: Sent = {}): Promise<Answer<T>> {
    const method = sent.method ?? 'GET'
    if (SECRET.has(path)) return this.#tried<T>(method, path, sent, once())
    if (SAFE.has(method)) return this.#asked<T>(method, path, sent)
    const { form, json, text } = sent
    const place = JSON.stringify([method, path])
    const user = sent.user ?? this.session?.user
    // Nodes keep what was done by user and key.
    const kept = this.#keys.begin({ place, what: JSON.stringify([user, place, form, json, text]) })
    this.writing += 1
    try {
      const answer = await this.#tried<T>(method, path, sent, {
        key: kept.key,
        check: () => this.#isStill(user),
        doubt: () => (kept.doubtful = true),
      })
      this.#keys.done(kept)
      return answer
    } catch (error) {
      throw this.#settled(kept, path, error)
    } finally {
      this.writing -= 1
    }
  }

  #isStill(user: string | undefined): void {
    const now = this.session?.user
    if (now !== user) throw ofAnother(now)
  }

  /** What a write that failed ends with: it is called not done only if no attempt may have done it. */
  #settled(kept: Kept, path: string, error: unknown): unknown {
    const word = wordOn(path, error)
    if (word === 'never' || (word === 'not-now' && !this.#keys.isDoubtful(kept))) {
      this.#keys.refused(kept)
      return error
    }
    this.#keys.unknown(kept)
    return unsure(error)
  }

  async #asked<T>(method: string, path: string, sent: Sent): Promise<Answer<T>> {
    try {
      return await this.#tried<T>(method, path, sent, once())
    } catch (error) {
      if (isUnanswered(error)) this.missed = true
      throw error
    }
  }

  async #tried<T>(
    method: string,
    path: string,
    sent: Sent,
    { key, check, doubt }: Attempts,
  ): Promise<Answer<T>> {
    let tries = sent.retries ?? 4
    let renewed = false
    for (let pause = 150; ; pause *= 2) {
      check()
      const base = this.base
      const csrf = this.session?.csrf
      try {
        return await this.#once<T>(method, path, sent, key)
      } catch (error) {
        if (wordOn(path, error) === 'unknown') doubt()
        if (isOfOldSession(error) && !renewed && !sent.signal?.aborted) {
          renewed = true
          const isNew = await this.renewed(csrf)
          check()
          if (isNew) continue
        }
        if (tries <= 0 || sent.signal?.aborted) throw error
        const again = isUnanswered(error) || (isNotDone(error) && (await this.#left(base)))
        if (!again) throw error
        tries -= 1
        await new Promise((resolve) => setTimeout(resolve, pause))
      }
    }
  }

  /** Whether the page leaves a node, at once or soon: one that ends refuses what comes to it. */
  async #left(base: string): Promise<boolean> {
    if (this.base === base) {
      const { signal } = this.#moving
      await new Promise((resolve) => {
        signal.addEventListener('abort', resolve, { once: true })
        setTimeout(resolve, LEAVE_MS)
      })
    }
    return this.base !== base
  }

  async #once<T>(method: string, path: string, sent: Sent, key: string): Promise<Answer<T>> {
    const base = this.#placeOf(method, path)
    const { headers, body } = encoded(sent)
    if (!SAFE.has(method)) headers['Idempotency-Key'] = key
    // What is about a node itself is done by it, whatever it does with other changes.
    if (path.startsWith('/v1/server/ha/')) headers['Brooklyn-Allow-Non-Master-Access'] = 'true'
    // An answer that is older than what was told would lack what came between, for good.
    const least = Math.max(this.seen, this.told())
    if (least > 0 && SAFE.has(method)) headers['Brookline-Sequence'] = String(least)
    let response: Response
    try {
      response = await fetch(base + path, {
        method,
        ...this.credentials(base, headers, !SECRET.has(path)),
        body: body ?? null,
        cache: 'no-store',
        signal: AbortSignal.any([
          sent.signal ?? AbortSignal.timeout(PATIENCE_MS),
          this.#moving.signal,
        ]),
      })
    } catch (error) {
      if (sent.signal?.aborted) throw error
      throw new Failure('unreachable', error instanceof Error ? error.message : String(error))
    }
    return this.#read<T>(response, method, base, sent.bytes === true)
  }

  #placeOf(method: string, path: string): string {
    const here = SAFE.has(method) || HERE.test(path)
    return (here ? undefined : this.leader()) ?? this.base
  }

  /** Headers and credentials for a request to a node; to log in there is no pass to be shown. */
  credentials(base: string, headers: Record<string, string>, bears = true): RequestInit {
    const all: Record<string, string> = { ...headers, 'X-Requested-With': 'XMLHttpRequest' }
    const { pass, csrf, byPass } = this.session ?? {}
    if (bears && pass && (base !== '' || byPass)) all['Authorization'] = `Bearer ${pass}`
    if (base === '') {
      if (csrf) all['X-CSRF-TOKEN'] = csrf
      return { headers: all, credentials: 'same-origin' }
    }
    return { headers: all, credentials: 'omit', mode: 'cors' }
  }

  async #read<T>(
    response: Response,
    method: string,
    base: string,
    raw: boolean,
  ): Promise<Answer<T>> {
    const body = await bodyOf(response)
    const bytes = raw && response.ok
    const text = bytes ? '' : new TextDecoder().decode(body)
    const data = bytes ? body : parsed(text, response.headers.get('content-type') ?? '')
    if (!response.ok) {
      const failure = this.#failure(response.status, data, text)
      failure.retryS = Number(response.headers.get('Retry-After') ?? 0)
      const refused = failure.reason === 'session'
      const mine = this.session
      // Who has logged in meanwhile has another one.
      if (refused && mine && (await this.isOver(base)) && this.session === mine) this.onLocked()
      throw failure
    }
    const seq = Number(response.headers.get('Brookline-Sequence') ?? -1)
    if (!SAFE.has(method) && seq > this.seen) this.seen = seq
    return { data: data as T, seq, headers: response.headers, status: response.status }
  }

  /**
   * Tells whether a node that refused the session refuses it for good.
   *
   * One that is starting knows no sessions yet; so it is asked again once it takes part.
   */
  async isOver(base: string): Promise<boolean> {
    try {
      const ready = await fetch(`${base}/healthz/ready`, {
        credentials: 'omit',
        cache: 'no-store',
        signal: AbortSignal.timeout(OVER_MS),
      })
      if (!ready.ok) return false
      const session = await fetch(`${base}/v1/session`, {
        ...this.credentials(base, {}),
        cache: 'no-store',
        signal: AbortSignal.timeout(OVER_MS),
      })
      return session.status === 401 || session.status === 403
    } catch {
      return false
    }
  }

  #failure(status: number, data: unknown, text: string): Failure {
    const body = (typeof data === 'object' && data !== null ? data : {}) as ApiError
    const message = body.message || text.slice(0, 300) || `HTTP ${status}`
    const ended = 'SESSION_INVALIDATED' in body || 'SESSION_AGE_EXCEEDED' in body
    if (status === 401 || (status === 403 && ended)) {
      return new Failure('session', message, status, body)
    }
    if (status === 404) return new Failure('missing', message, status, body)
    if (status === 503) return new Failure('unavailable', message, status, body)
    return new Failure(status >= 500 ? 'broken' : 'refused', message, status, body)
  }
}

async function bodyOf(response: Response): Promise<Uint8Array> {
  try {
    return new Uint8Array(await response.arrayBuffer())
  } catch (error) {
    // The node went in the middle of its answer.
    throw new Failure('unreachable', error instanceof Error ? error.message : String(error))
  }
}

function parsed(text: string, type: string): unknown {
  if (!text) return null
  if (!type.includes('json')) return text
  try {
    return parse(text)
  } catch {
    // A text that an effector returns comes without quotes, though the type says JSON.
    return text
  }
}

function encoded(sent: Sent): { headers: Record<string, string>; body?: BodyInit } {
  if (sent.form) {
    const type = 'application/x-www-form-urlencoded'
    return { headers: { 'Content-Type': type }, body: new URLSearchParams(sent.form).toString() }
  }
  if (sent.text) return { headers: { 'Content-Type': sent.text.type }, body: sent.text.body }
  if (sent.json !== undefined) {
    return { headers: { 'Content-Type': 'application/json' }, body: stringify(sent.json) }
  }
  return { headers: {} }
}

/** What is sent under a key of its own, whoever uses the page. */
function once(): Attempts {
  const nothing = () => undefined
  return { key: randomKey(), check: nothing, doubt: nothing }
}

/** A key that nobody else has; `randomUUID` is missing where the connection is not safe. */
export function randomKey(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(16))
  return [...bytes].map((byte) => byte.toString(16).padStart(2, '0')).join('')
}

/** A part of a path. */
export function segment(text: string): string {
  return encodeURIComponent(text)
}

export const api = new Api()
