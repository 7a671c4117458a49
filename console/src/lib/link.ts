// The one connection behind every live view: it stays open, moves to another node, and resumes.

import { parse } from './exact'
import { EventParser } from './sse'
import type { Hello } from './types'

/** How the connection stands. `sinceMs` is when it became so. */
export type Standing =
  | { state: 'connecting'; sinceMs: number }
  | { state: 'live'; sinceMs: number; base: string }
  | { state: 'lost'; sinceMs: number; why: string; tries: number; next: string }
  /** Given back for as long as nobody looks, and until it is there again; no fault of anybody. */
  | { state: 'resting'; sinceMs: number }
  | { state: 'locked'; sinceMs: number }

/** A node does not let this page in any more. */
export class Locked extends Error {}

/** What the link asks of the world, so that tests can be the world. */
export interface World {
  /** Opens the stream of a node; the pieces of text end when the connection does. */
  open(base: string, lastId: string, signal: AbortSignal): Promise<AsyncIterable<string>>
  /** Whether a node answers questions, though nothing comes by its stream. */
  answers(base: string): Promise<boolean>
  /** Addresses of the other nodes that may be tried, the likeliest first. */
  others(): string[]
  sleep(ms: number, signal: AbortSignal): Promise<void>
  now(): number
}

export interface Listener {
  stands(standing: Standing): void
  hello(hello: Hello, base: string): void
  /** What the page has is no basis any more. */
  reset(reason: string): void
  /** Whether something between the page and its nodes, such as a proxy, holds the stream back. */
  held(back: boolean): void
  event(name: string, data: unknown): void
}

const PAUSES_MS = [0, 200, 400, 800, 1500]
/** After a rest its own node is tried twice, as ever, and another one once, before an alarm. */
const QUIET_TRIES = 2
const SILENT_BEATS = 3
const SILENT_POLLS = 5
const LEAST_SILENCE_MS = 1000
const FIRST_WORD_MS = 8000
/** So long at least the node that has just spoken has for the first word on another connection. */
const NEXT_WORD_MS = 2000
/** For so long a connection on which nothing has come is kept though something else is wanted; the next one twice as long. */
const UNHEARD_MS = 500
const HOME = ''

/** Keeps a stream open. */
export class Link {
  #world: World
  #listener: Listener
  #lastId = ''
  #lastSeq = -1
  #plane = ''
  #base = HOME
  #running = false
  /** Aborted to end the rest; undefined while nobody wants one. */
  #rest: AbortController | undefined
  #again = new AbortController()
  #silenceMs = FIRST_WORD_MS
  /** The next word must have come by then, on whichever connection. */
  #byMs = 0
  /** Whether anything has come on the connection before. */
  #spoke = false
  /** When the connection was begun on which nothing has come yet; undefined while there is none. */
  #begunMs: number | undefined
  /** For how long it is left alone at least. */
  #unheardMs = UNHEARD_MS
  /** Whether something else is wanted than what was asked for by it. */
  #wanted = false
  /** How often a node has answered of which nothing came; more than `#patience` of it is too often. */
  #held = 0
  #patience = 0
  /** How often something has come in time. */
  #beats = 0

  constructor(world: World, listener: Listener) {
    this.#world = world
    this.#listener = listener
  }

  /** The last entry of the log up to which all was told. */
  get seq(): number {
    return this.#lastSeq
  }

  /** Runs from now on; a link that runs already is opened anew. */
  start(): void {
    if (this.#running) return this.renew()
    this.#running = true
    void this.#run().finally(() => (this.#running = false))
  }

  /**
   * Opens it anew, with what is wanted now and the last id. Nothing of the connection before counts
   * from here on: it would be passed over the second time, and has less in it than is wanted now.
   * The node gets no new time to speak by each: one that stands still would not be noticed by who
   * goes on choosing. Nor is one that has just been opened given up unheard: who chooses faster than
   * a node speaks would never hear it, and would take it for silent.
   */
  renew(): void {
    if (this.#wanted) return
    const leftMs = (this.#begunMs ?? -Infinity) + this.#unheardMs - this.#world.now()
    if (leftMs <= 0) return this.#giveUp()
    this.#wanted = true
    const again = this.#again
    void this.#world.sleep(leftMs, again.signal).then(() => {
      if (this.#wanted && again === this.#again && !again.signal.aborted) this.#giveUp()
    })
  }

  /** Ends the connection, or the pause before the next one. */
  #giveUp(): void {
    const isUnheard = this.#begunMs !== undefined
    if (isUnheard) this.#unheardMs = Math.min(2 * this.#unheardMs, NEXT_WORD_MS)
    this.#again.abort()
  }

  /** Gives the connection back until `wake`. */
  rest(): void {
    if (this.#rest) return
    this.#rest = new AbortController()
    this.#again.abort()
  }

  /** Goes on where it was. */
  wake(): void {
    this.#rest?.abort()
    this.#rest = undefined
  }

  async #run(): Promise<void> {
    let tries = 0
    let lostAt = 0
    let restsSince = 0
    let renewed = false
    this.#listener.stands({ state: 'connecting', sinceMs: this.#world.now() })
    for (;;) {
      if (this.#rest) {
        restsSince ||= lostAt || this.#world.now()
        this.#listener.stands({ state: 'resting', sinceMs: restsSince })
        await aborted(this.#rest.signal)
        tries = lostAt = 0
        renewed = false
        continue
      }
      this.#again = new AbortController()
      const again = this.#again
      this.#await(renewed)
      const outcome = await this.#once(again, () => {
        tries = lostAt = restsSince = 0
      })
      if (outcome.kind === 'locked') {
        this.#listener.stands({ state: 'locked', sinceMs: this.#world.now() })
        return
      }
      renewed = outcome.kind === 'wanted'
      if (outcome.kind === 'wanted') continue
      lostAt ||= this.#world.now()
      if (outcome.why === 'silent') void this.#suspect(this.#base)
      this.#base = this.#choose(tries, outcome)
      const { why } = outcome
      // What was given back is not lost yet if its node has gone meanwhile: another one may be there.
      if (!restsSince || tries >= QUIET_TRIES) {
        this.#listener.stands({ state: 'lost', sinceMs: lostAt, why, tries, next: this.#base })
      }
      const pause = outcome.pauseMs ?? PAUSES_MS[Math.min(tries, PAUSES_MS.length - 1)] ?? 0
      tries += 1
      await this.#world.sleep(pause, again.signal)
    }
  }

  /** Sets by when a connection that is about to be opened must bring a word. */
  #await(renewed: boolean): void {
    const now = this.#world.now()
    if (!renewed) {
      this.#byMs = now + FIRST_WORD_MS
      this.#unheardMs = UNHEARD_MS
    } else if (this.#spoke) {
      this.#byMs = Math.max(this.#byMs, now + NEXT_WORD_MS)
    }
    this.#spoke = false
  }

  /** Asks whether it is the node that is silent, or only its stream. */
  async #suspect(base: string): Promise<void> {
    const beats = this.#beats
    // The node may have stood still, and answer when all comes in time again.
    if (!(await this.#world.answers(base)) || beats !== this.#beats) return
    this.#held += 1
    if (this.#held === this.#patience + 1) this.#listener.held(true)
  }

  /** Something came in time. */
  #trust(): void {
    this.#beats += 1
    if (this.#held > this.#patience) this.#listener.held(false)
    this.#held = 0
    // Where it has worked, a silence or two may have been the node's own.
    this.#patience = 2
  }

  /**
   * Where to try next: here once more, then the others and its own node, in turn. One that has been
   * silent takes a connection, too, and says nothing on it.
   */
  #choose(tries: number, { next, why }: Lost): string {
    if (next !== undefined) return next
    if (tries === 0 && why !== 'silent') return this.#base
    const all = [HOME, ...this.#world.others()]
    return all[(all.indexOf(this.#base) + 1) % all.length] ?? HOME
  }

  async #once(again: AbortController, live: () => void): Promise<Outcome> {
    const watchdog = new Watchdog(this.#world, again)
    try {
      const now = this.#world.now()
      watchdog.expect(Math.max(0, this.#byMs - now))
      this.#begunMs = now
      const pieces = await this.#world.open(this.#base, this.#lastId, watchdog.signal)
      const parser = new EventParser()
      for await (const piece of pieces) {
        this.#hear()
        if (this.#wanted) again.abort()
        for (const event of parser.feed(piece)) {
          if (again.signal.aborted) return { kind: 'wanted' }
          const outcome = this.#take(event.event, event.data, event.id, live)
          if (outcome) return outcome
        }
        this.#byMs = this.#world.now() + this.#silenceMs
        watchdog.expect(this.#silenceMs)
      }
      return again.signal.aborted && !watchdog.barked
        ? { kind: 'wanted' }
        : { kind: 'lost', why: watchdog.barked ? 'silent' : 'closed' }
    } catch (error) {
      if (error instanceof Locked) return { kind: 'locked' }
      if (watchdog.barked) return { kind: 'lost', why: 'silent' }
      if (again.signal.aborted) return { kind: 'wanted' }
      return { kind: 'lost', why: error instanceof Error ? error.message : String(error) }
    } finally {
      this.#begunMs = undefined
      this.#wanted = false
      watchdog.end()
    }
  }

  /** Something has come on the connection. */
  #hear(): void {
    this.#spoke = true
    this.#begunMs = undefined
    this.#unheardMs = UNHEARD_MS
    this.#byMs = this.#world.now() + this.#silenceMs
  }

  #take(name: string, text: string, id: string, live: () => void): Outcome | undefined {
    let data: Record<string, unknown>
    try {
      data = parse(text) as Record<string, unknown>
    } catch {
      return { kind: 'lost', why: 'garbled' }
    }
    switch (name) {
      case 'hello':
        live()
        this.#greet(data as unknown as Hello, id)
        return undefined
      case 'reset':
        this.#lastSeq = Number(data['seq'] ?? -1)
        if (id) this.#lastId = id
        this.#listener.reset(String(data['reason'] ?? ''))
        return undefined
      case 'beat':
        this.#trust()
        return this.#pass(name, data, id)
      case 'leaving':
        return { kind: 'lost', why: 'leaving', next: heir(data), pauseMs: 0 }
      case 'cut':
        return cut(data)
      default:
        return this.#pass(name, data, id)
    }
  }

  #greet(hello: Hello, id: string): void {
    const moved = this.#plane !== '' && this.#plane !== hello.plane
    this.#plane = hello.plane
    this.#silenceMs = silence(hello)
    if (!hello.resumed) {
      // Nothing says what was missed meanwhile.
      const known = this.#lastSeq >= 0
      this.#lastSeq = hello.seq
      if (id) this.#lastId = id
      if (known || moved) this.#listener.reset(moved ? 'other-plane' : 'not-resumed')
    }
    this.#reach(id)
    const at = this.#world.now()
    this.#listener.stands({ state: 'live', sinceMs: at, base: this.#base })
    this.#listener.hello(hello, this.#base)
  }

  #pass(name: string, data: Record<string, unknown>, id: string): undefined {
    if (name === 'changes') {
      const seq = Number(data['seq'])
      // The same entry again, after a reconnection: an entry is one event.
      if (seq <= this.#lastSeq) return undefined
      this.#lastSeq = seq
    }
    if (id) this.#lastId = id
    this.#reach(id)
    this.#listener.event(name, data)
    return undefined
  }

  /** All has come up to an id: entries that tell nothing have no event of their own. */
  #reach(id: string): void {
    const seq = /^\d+(?=@)/.exec(id)
    if (seq) this.#lastSeq = Math.max(this.#lastSeq, Number(seq[0]))
  }
}

interface Lost {
  kind: 'lost'
  why: string
  next?: string | undefined
  pauseMs?: number
}
type Outcome = { kind: 'wanted' } | { kind: 'locked' } | Lost

/** For how long nothing may come on a connection that lives. */
function silence({ beatMs, pollMs }: Hello): number {
  const polls = Math.max(pollMs * SILENT_POLLS, LEAST_SILENCE_MS)
  return Math.min(beatMs * SILENT_BEATS, polls)
}

function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve()
    else signal.addEventListener('abort', () => resolve(), { once: true })
  })
}

function heir(data: Record<string, unknown>): string | undefined {
  const nodes = (data['nodes'] ?? []) as { uri?: string | null }[]
  const uri = nodes.find((node) => node.uri)?.uri
  return uri ? uri.replace(/\/+$/, '') : undefined
}

function cut(data: Record<string, unknown>): Outcome {
  const why = String(data['reason'] ?? '')
  if (why === 'session-ended' || why === 'logged-out') return { kind: 'locked' }
  return { kind: 'lost', why, pauseMs: Number(data['retryMs'] ?? 500) }
}

/** Breaks a connection off on which nothing comes. */
class Watchdog {
  barked = false
  #world: World
  #connection = new AbortController()
  #timer = new AbortController()

  constructor(world: World, again: AbortController) {
    this.#world = world
    again.signal.addEventListener('abort', () => this.#connection.abort())
  }

  get signal(): AbortSignal {
    return this.#connection.signal
  }

  expect(ms: number): void {
    this.#timer.abort()
    const timer = new AbortController()
    this.#timer = timer
    void this.#world.sleep(ms, timer.signal).then(() => {
      if (timer.signal.aborted) return
      this.barked = true
      this.#connection.abort()
    })
  }

  end(): void {
    this.#timer.abort()
    this.#connection.abort()
  }
}
