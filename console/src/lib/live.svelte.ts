// What the page knows of the plane: read once, and kept true by the stream.

import { api, Failure, segment } from './api'
import { streamQuery, type Detail, type Output, type Progress } from './detail'
import { merged } from './history'
import { Link, Locked, type Standing, type World } from './link'
import { addressOf, NO_MASTERSHIP, others, pulsed, reachable, viewOf, type Away } from './plane'
import { Replica } from './replica'
import { session } from './session.svelte'
import { answers, pieces, sleep } from './stream'
import { t } from './texts'
import { fromDetails, fromSummary, taskFrom, type App, type Entity, type Task } from './things'
import { alterApp, alterEntity, alterTask, isAtOrAbove } from './things'
import { Trails } from './trails'
import type {
  ApplicationSummary,
  Change,
  Changes,
  EntityDetail,
  Hello,
  Mastership,
  Plane,
  Pulse,
  TaskSummary,
} from './types'

/** How often to ask where no stream comes through. */
export const ASK_MS = 5000
/** A store may show so much later, at least, that a node had given a sign of life. */
const LATE_MS = 2000

class Live {
  standing = $state.raw<Standing>({ state: 'connecting', sinceMs: Date.now() })
  hello = $state.raw<Hello>()
  /** Whether something holds the stream back, so that the page asks instead. */
  held = $state(false)
  /** Whether a node has spoken yet. */
  ready = $derived(this.hello !== undefined || this.held)
  /** The plane as the node sees it that is talked to, and when it said so. */
  plane = $state.raw<Plane>()
  planeAt = $state(0)
  #viewAt = 0
  /** What is told of the plane, and what is asked, has numbers; and that of the one that counts. */
  #planes = 0
  #planeCounts = 0
  /** Since when this page has seen that who leads is as it is. */
  phaseAt = $state(0)
  masterId = $derived(this.plane?.masterId ?? '')
  /** The last entry of the log, and when it was written, as a pulse said it. */
  last = $state.raw<Pulse['last']>()
  history = $state.raw<Mastership[]>([])
  /** Rises when everything is to be read anew. */
  generation = $state(0)
  /** Name of the node from which this page came. */
  home = $state('')
  /** Of the same: since when this page goes on through another one. */
  away = $state.raw<Away>()
  #homeId = ''
  base = $state('')
  readable = $state(true)

  apps = new Replica<App>()
  entities = new Replica<Entity>()
  sensors = new Replica<{ name: string; value: unknown }>()
  tasks = new Replica<Task>()
  /** Whether the node has more tasks of these than were read. */
  moreTasks = $state(false)
  /** What running tasks wait for, and how much they have written, by the node that runs them. */
  progress = $state.raw<Progress>({})
  /** How the numbers among the sensors went. */
  trails = new Trails()
  /** They rise with each change of what they are named after; `shape` is the tree without states, `config` what the entity that is looked at has or inherits, `cut` what waits for a decision. */
  versions = $state({ apps: 0, entities: 0, shape: 0, sensors: 0, tasks: 0, config: 0, cut: 0 })

  #application = ''
  #detail: Detail = {}
  #link: Link
  #dirty = new Set<keyof Live['versions']>()
  #asks: ReturnType<typeof setInterval> | undefined
  /** Nothing grows older on the page after this moment, until the plane is heard of again. */
  #restsAt = Infinity

  constructor() {
    this.#link = new Link(this.#world(), {
      stands: (standing) => this.#stands(standing),
      hello: (hello, base) => this.#greeted(hello, base),
      reset: (reason) => this.#reset(reason),
      held: (back) => this.#heldBack(back),
      event: (name, data) => this.#event(name, data),
    })
    api.told = () => this.#link.seq
    api.leader = () => this.sendsTo
  }

  /** Whether what is shown may be old: nothing has come for a while. */
  get stale(): boolean {
    return this.standing.state !== 'live' && !this.held
  }

  get me() {
    return this.plane?.nodes[this.plane.ownId]
  }

  /** Why nothing can be changed here, or empty. */
  get refuses(): string {
    const { plane, master, me } = this
    if (!me || me.isMaster) return ''
    if (plane?.nonMasterWrites === 'refuse') return t.banner.refuses
    const stuck = plane?.nonMasterWrites === 'redirect' && master && this.sendsTo === undefined
    return stuck ? t.banner.redirects(master.name) : ''
  }

  /** Where the page sends changes itself, since its node only names the master; or undefined. */
  get sendsTo(): string | undefined {
    if (this.plane?.nonMasterWrites !== 'redirect' || this.me?.isMaster) return undefined
    return reachable(addressOf(this.master), api.session?.pass)
  }

  get master() {
    return this.plane?.masterId ? this.plane.nodes[this.plane.masterId] : undefined
  }

  start(): void {
    this.#link.start()
  }

  /** Gives the stream back for as long as nobody looks. */
  rest(): void {
    this.#link.rest()
  }

  /** Goes on where it was. */
  wake(): void {
    this.#link.wake()
    if (this.held) this.#askAll()
  }

  /** Follows the entities of one application. */
  follow(application: string): void {
    if (application === this.#application) return
    this.#application = application
    this.entities.clear()
    this.#link.renew()
  }

  /** Looks at something in detail; empty to stop. */
  look(detail: Detail): void {
    const same = JSON.stringify(detail) === JSON.stringify(this.#detail)
    const other = detail.entity !== this.#detail.entity || detail.task !== this.#detail.task
    this.#detail = detail
    if (same) return
    if (other) {
      this.sensors.clear()
      this.trails.clear()
      this.progress = {}
      this.tasks.clear()
      this.moreTasks = false
    }
    this.#link.renew()
  }

  async readApps(): Promise<void> {
    await this.#read('apps', this.apps, async () => {
      const { data, seq } = await api.get<ApplicationSummary[]>('/v1/applications')
      return { seq, things: new Map(data.map((one) => [one.id, fromSummary(one)])) }
    })
  }

  async readEntities(application: string): Promise<void> {
    await this.#read('entities', this.entities, async () => {
      const path = `/v1/applications/fetch?application=${segment(application)}`
      const { data, seq } = await api.get<EntityDetail[]>(path)
      const top = data.find((one) => one.id === application)
      if (!top) throw new Failure('missing', `no application ${application}`, 404)
      return { seq, things: fromDetails(top) }
    })
  }

  async readSensors(application: string, entity: string): Promise<void> {
    const path = `/v1/applications/${segment(application)}/entities/${segment(entity)}`
    const counts = await this.#read('sensors', this.sensors, async () => {
      const { data, seq } = await api.get<Record<string, unknown>>(
        `${path}/sensors/current-state?suppressSecrets=true`,
      )
      const things = Object.entries(data).map(([name, value]) => [name, { name, value }] as const)
      return { seq, things: new Map(things) }
    })
    if (!counts) return
    for (const { name, value } of this.sensors.values()) this.trails.note(name, value, Date.now())
  }

  /** Reads so many tasks, and one more to know whether there are more. */
  async readTasks(path: string, most: number): Promise<void> {
    let more = false
    const counts = await this.#read('tasks', this.tasks, async () => {
      const asked = `${path}?limit=${most + 1}`
      const { data, seq } = await api.get<TaskSummary[] | Record<string, TaskSummary>>(asked)
      const list = Array.isArray(data) ? data : Object.values(data)
      more = list.length > most
      return { seq, things: new Map(list.map((one) => [one.id, taskFrom(one)])) }
    })
    if (counts) this.moreTasks = more
  }

  async readHistory(): Promise<void> {
    const { data } = await api.get<Mastership[]>('/v1/server/ha/history')
    this.history = merged(this.history, data)
  }

  /**
   * Reads the plane at once, as after a change of it; the stream brings it anyway. What the stream,
   * or a later answer, has told meanwhile stands: this one may be older, and nothing would put that right.
   */
  async readPlane(more: { retries?: number; signal?: AbortSignal } = {}): Promise<void> {
    const mine = ++this.#planes
    const { data } = await api.get<Plane>('/v1/server/ha/states', more)
    if (mine < this.#planeCounts) return
    this.#planeCounts = mine
    const told = this.held || this.standing.state === 'resting'
    const view = told ? viewOf(data, this.plane?.view) : this.plane?.view
    this.#set({ ...data, ...(view ? { view } : {}) })
  }

  /** How long ago a node's heartbeat was seen, at a moment. */
  ageMs(node: { heartbeatAgeMs: number | null }, now: number): number | null {
    return node.heartbeatAgeMs === null
      ? null
      : node.heartbeatAgeMs + Math.max(0, Math.min(now, this.#restsAt) - this.planeAt)
  }

  /** For how long nothing has been heard of a silent master, at a moment. */
  silentMs(now: number): number {
    const told = this.plane?.view?.silentMs
    const until = Math.min(now, this.#restsAt)
    return told === undefined ? 0 : told + Math.max(0, until - this.#viewAt)
  }

  async #read<T>(
    name: keyof Live['versions'],
    replica: Replica<T>,
    read: () => Promise<{ seq: number; things: Map<string, T> }>,
  ): Promise<boolean> {
    if (!(await replica.read(read))) return false
    this.versions[name] += 1
    if (name === 'entities') this.versions.shape += 1
    return true
  }

  #world(): World {
    return {
      open: (base, lastId, signal) => this.#open(base, lastId, signal),
      answers: (base) => answers(base),
      others: () => others(this.plane),
      now: () => Date.now(),
      sleep,
    }
  }

  async #open(base: string, lastId: string, signal: AbortSignal) {
    const headers: Record<string, string> = { Accept: 'text/event-stream' }
    if (lastId) headers['Last-Event-ID'] = lastId
    const path = `/v1/events?${streamQuery(this.#application, this.#detail)}`
    const response = await fetch(base + path, {
      ...api.credentials(base, headers),
      cache: 'no-store',
      signal,
    })
    if (response.status === 401 || response.status === 403) {
      if (!(await api.isOver(base))) throw new Error('starting')
      throw new Locked()
    }
    if (!response.ok || !response.body) throw new Error(`HTTP ${response.status}`)
    return pieces(response.body)
  }

  /** Asks for what the stream would have brought, until it brings it again. */
  #heldBack(back: boolean): void {
    this.held = back
    this.last = undefined
    clearInterval(this.#asks)
    if (!back) return this.#reset()
    this.#asks = setInterval(() => this.#askAll(), ASK_MS)
    this.#askAll()
  }

  #askAll(): void {
    if (document.hidden) return
    this.generation += 1
    void this.readPlane().catch(() => undefined)
    void this.readHistory().catch(() => undefined)
  }

  #stands(standing: Standing): void {
    if (standing.state === 'resting') this.#restsAt = standing.sinceMs
    this.standing = standing
    if (standing.state === 'locked') api.onLocked()
  }

  #greeted(hello: Hello, base: string): void {
    const moved = base !== this.base
    this.hello = hello
    this.readable = hello.readable
    this.base = base
    api.base = base
    this.#placed(hello, base)
    // What no node answered is asked once more, now that one is there.
    if (api.missed) this.#reset()
    if (!this.history.length || moved) void this.readHistory().catch(() => undefined)
  }

  /** Notes through which node it goes. */
  #placed({ node, name, pollMs }: Hello, base: string): void {
    if (base === '') {
      this.home = name
      this.#homeId = node
      this.away = undefined
    } else if (this.home && !this.away) {
      const lateMs = Math.max(LATE_MS, 3 * pollMs)
      this.away = { nodeId: this.#homeId, name: this.home, atMs: Date.now(), lateMs }
    }
  }

  #reset(reason = ''): void {
    if (reason === 'other-plane') {
      api.seen = 0
      this.history = []
    }
    // A node says so, and no more, when it begins or ceases to keep a copy that can be read.
    if (reason === 'rebuilt') this.readable = true
    if (reason === 'not-readable') this.readable = false
    api.missed = false
    this.generation += 1
    void this.readHistory().catch(() => undefined)
  }

  #set(plane: Plane): void {
    this.plane = plane
    this.planeAt = Date.now()
    this.#restsAt = Infinity
  }

  #event(name: string, data: unknown): void {
    if (name === 'plane') {
      const before = this.plane?.view?.phase
      this.#planeCounts = ++this.#planes
      this.#set(data as Plane)
      if (this.plane?.view?.phase !== before) this.phaseAt = this.planeAt
      this.#viewAt = this.planeAt
    } else if (name === 'pulse') this.#pulse(data as Pulse)
    else if (name === 'changes') this.#changes(data as Changes)
    else if (name === 'output') this.#detail.onOutput?.(data as Output)
    else if (name === 'progress') this.#progress(data as { tasks: Progress })
  }

  #progress({ tasks }: { tasks: Progress }): void {
    this.progress = { ...this.progress, ...tasks }
  }

  #pulse(pulse: Pulse): void {
    this.last = pulse.last ?? this.last
    if (this.plane) this.#set(pulsed(this.plane, pulse))
  }

  #changes({ seq, changes }: Changes): void {
    for (const change of changes) this.#change(seq, change)
    if (this.#dirty.size) requestAnimationFrame(() => this.#show())
  }

  #show(): void {
    for (const name of this.#dirty) this.versions[name] += 1
    this.#dirty.clear()
  }

  #change(seq: number, change: Change): void {
    const mark = (name: keyof Live['versions'], altered: boolean) => {
      if (altered) this.#dirty.add(name)
    }
    switch (change.type) {
      case 'application':
      case 'entity':
      case 'state':
        if (change.id === change.application) {
          mark('apps', this.apps.offer(seq, change.id, alterApp(change)))
        }
        if (change.application === this.#application) {
          const altered = this.entities.offer(seq, change.id, alterEntity(change))
          mark('entities', altered)
          if (change.type !== 'state') mark('shape', altered)
        }
        if (change.type !== 'state' && change.config?.length) {
          mark('config', isAtOrAbove(change.id, this.#detail.entity, this.entities))
        }
        return
      case 'sensors':
        if (change.id !== this.#detail.entity) return
        for (const [name, value] of Object.entries(change.set)) {
          const altered = this.sensors.offer(seq, name, () => ({ name, value }))
          if (altered) this.trails.note(name, value, Date.now())
          mark('sensors', altered)
        }
        for (const name of change.removed) {
          mark(
            'sensors',
            this.sensors.offer(seq, name, () => undefined),
          )
        }
        return
      case 'task':
        mark('tasks', this.tasks.offer(seq, change.id, alterTask(change)))
        return
      case 'interrupted':
        mark('cut', true)
        return
      case 'mastership':
        this.history = merged(this.history, [{ ...NO_MASTERSHIP, ...change }])
    }
  }
}

export const live = new Live()

session.onIn = () => {
  live.generation += 1
  live.start()
}
