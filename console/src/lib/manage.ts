// What a change of a node's mode or priority will do, in words, before it is done.

import { quoted } from './commands'
import { t } from './texts'
import type { Mode, Plane, PlaneNode } from './types'
import { duration } from './units'

export interface Wish {
  priority: number
  /** The mode to ask for, or undefined to leave it as it is. */
  mode: Mode | undefined
}

export interface Check {
  good: boolean
  text: string
}

/** What else speaks for or against moving the lead; undefined where it is not known here. */
export interface Around {
  /** What is wrong with the store, as the node sees it that is talked to; or empty. */
  trouble?: string | undefined
  /** How many operations run. */
  running?: number | undefined
}

export interface Outlook {
  /** What will happen, in order. */
  will: string[]
  checks: Check[]
  /** Whether the lead will go from one node to another. */
  moves: 'none' | 'to' | 'from'
}

const FARTHEST_MS = 90 * 86_400_000
const STANDS: ReadonlySet<string> = new Set(['MASTER', 'HOT_STANDBY', 'STANDBY'])
export const MODES: readonly Mode[] = [
  'AUTO',
  'MASTER',
  'STANDBY',
  'HOT_STANDBY',
  'HOT_BACKUP',
  'DISABLED',
]

/** A priority as it was typed, or undefined if it is no whole number. */
export function readPriority(text: string): number | undefined {
  const trimmed = text.trim()
  if (!/^[+-]?\d{1,15}$/.test(trimmed)) return undefined
  return Number(trimmed)
}

/** A node's name, with its id where others have the same, as after it was started anew. */
export function distinct(node: PlaneNode, all: PlaneNode[]): string {
  const alone = all.filter(({ name }) => name === node.name).length < 2
  return alone ? node.name : `${node.name} (${node.nodeId})`
}

/** The names of those that would take over, in order, if a node had another priority and mode. */
export function line(plane: Plane, changed: PlaneNode, wish: Wish): string[] {
  const stands = (node: PlaneNode): boolean => {
    if (node.nodeId === changed.nodeId && wish.mode) {
      return wish.mode !== 'HOT_BACKUP' && wish.mode !== 'DISABLED'
    }
    return STANDS.has(node.status) && !node.leaving
  }
  const leads = (node: PlaneNode): boolean =>
    node.nodeId === changed.nodeId
      ? staysMaster(node, wish)
      : node.isMaster && wish.mode !== 'MASTER'
  const priority = (node: PlaneNode) =>
    node.nodeId === changed.nodeId ? wish.priority : node.priority
  return Object.values(plane.nodes)
    .filter((node) => stands(node) && !leads(node))
    .sort((a, b) => priority(b) - priority(a) || (a.next ?? 1e9) - (b.next ?? 1e9))
    .map((node) => node.name)
}

function staysMaster(node: PlaneNode, wish: Wish): boolean {
  if (wish.mode === 'MASTER') return true
  return node.isMaster && (wish.mode === undefined || wish.mode === 'AUTO')
}

/** Who takes the lead from a node that gives it up: it does not follow itself. */
function heirOf(node: PlaneNode, following: string[]): string {
  return following.find((name) => name !== node.name) ?? ''
}

/** What will happen. */
export function outlook(
  plane: Plane,
  node: PlaneNode,
  wish: Wish,
  ageMs: number | null,
  around: Around = {},
): Outlook {
  const will: string[] = []
  const master = plane.nodes[plane.masterId]
  const following = line(plane, node, wish)
  const gives = wish.mode !== undefined && node.isMaster && !staysMaster(node, wish)
  const heir = gives ? heirOf(node, following) : ''
  // Who leads then follows nobody.
  const after = following.filter((name) => name !== heir)
  if (wish.priority !== node.priority) will.push(t.manage.setPriority(node.priority, wish.priority))
  let moves: Outlook['moves'] = 'none'
  if (wish.mode) {
    will.push(t.manage.setMode(wish.mode, t.modes[wish.mode]))
    if (wish.mode === 'MASTER' && !node.isMaster) {
      moves = 'to'
      will.push(
        master ? t.manage.promote(master.name, node.name) : t.manage.promoteForce(node.name),
        t.manage.writes,
      )
    } else if (gives) {
      moves = 'from'
      will.push(t.manage.demote(node.name, heir), t.manage.writes)
    }
    if (wish.mode === 'STANDBY') will.push(t.manage.hidden(node.name))
    if (wish.mode === 'DISABLED') will.push(t.manage.disabled(node.name))
  }
  if (will.length) {
    will.push(after.length ? t.manage.order(after.join(', ')) : t.manage.orderNobody)
  }
  const found = checks(plane, node, moves, ageMs)
  if (moves === 'from') {
    found.push({
      good: heir !== '',
      text: heir ? t.manage.checkHeir(heir) : t.manage.checkNoHeir,
    })
  }
  if (moves !== 'none') found.push(...checksAround(master, around, moves === 'to' || heir !== ''))
  if (will.length && !after.length && (moves !== 'from' || heir)) {
    found.push({ good: false, text: t.manage.checkNobodyThen })
  }
  return { will, checks: found, moves }
}

function checks(
  plane: Plane,
  node: PlaneNode,
  moves: Outlook['moves'],
  ageMs: number | null,
): Check[] {
  const found: Check[] = []
  const limit = plane.heartbeatTimeoutMs / 3
  const age = ageMs === null ? t.about.never : t.about.ago(ageMs)
  found.push({ good: ageMs !== null && ageMs < limit, text: t.manage.checkAlive(age) })
  if (node.alarm) found.push({ good: false, text: t.manage.checkAlarm(node.alarm) })
  if (moves === 'to') {
    found.push({
      good: node.ready,
      text: node.ready ? t.manage.checkReady : t.manage.checkNotReady,
    })
    if (node.lagMs !== null) {
      found.push({ good: node.lagMs < limit, text: t.manage.checkLag(duration(node.lagMs)) })
    }
    const version = plane.nodes[plane.masterId]?.version ?? node.version
    const same = version === node.version
    found.push({
      good: same,
      text: same ? t.manage.checkVersion : t.manage.checkOtherVersion(node.version, version),
    })
  }
  return found
}

/** What the store and running work say about moving the lead. */
function checksAround(
  master: PlaneNode | undefined,
  { trouble, running }: Around,
  followed: boolean,
): Check[] {
  const found: Check[] = []
  // The master beats by writing: while it raises no alarm, the store takes what it writes.
  const wrong = master?.alarm || trouble
  if (wrong) found.push({ good: false, text: t.manage.checkStoreNot(wrong) })
  else if (master && trouble !== undefined)
    found.push({ good: true, text: t.manage.checkStore(master.name) })
  if (running === 0) found.push({ good: true, text: t.manage.checkIdle })
  else if (running)
    found.push({
      good: followed,
      text: followed ? t.manage.checkRunning(running) : t.manage.checkRunningWaits(running),
    })
  return found
}

/** Why a node cannot be asked for a mode now, or empty. */
export function whyNot(node: PlaneNode, mode: Mode): string {
  if (node.leaving) return t.manage.isLeaving(node.name)
  if (mode === 'MASTER' && node.isMaster) return t.manage.leadsAlready(node.name)
  return ''
}

/** A moment as it was typed, in the viewer's zone: 0 for now, or undefined if it cannot be planned for. */
export function readMoment(text: string, now: number): number | undefined {
  if (!text) return 0
  const at = new Date(text).getTime()
  return at > now && at < now + FARTHEST_MS ? at : undefined
}

/** The same on the command line; `at` is 0 for now. */
export function commands(node: PlaneNode, wish: Wish, reason = '', at = 0): string[] {
  const found: string[] = []
  const why = reason ? ` --reason ${quoted(reason)}` : ''
  if (wish.priority !== node.priority) {
    found.push(`brookline ha priority ${node.name} ${wish.priority}`)
  }
  if (wish.mode === 'MASTER' && at) {
    const when = new Date(at).toISOString().replace(/\.\d+/, '')
    found.push(`brookline ha switchover --to ${node.name} --at ${when}${why}`)
  } else if (wish.mode === 'MASTER') found.push(`brookline ha promote ${node.name}${why}`)
  else if (wish.mode) found.push(`brookline ha mode ${node.name} ${wish.mode.toLowerCase()}${why}`)
  return found
}

/** Whether a mode is reached by having the master hand over, which any node asks of it. */
export function isSwitchover(plane: Plane | undefined, node: PlaneNode, mode: Mode): boolean {
  // A node that does not stand now has to become one that does, first, which it does itself.
  const led = plane?.nodes[plane.masterId] !== undefined
  return mode === 'MASTER' && led && !node.isMaster && node.next !== null
}
