// Applications, entities and tasks as the page holds them, and how changes alter them.

import type { Alter } from './replica'
import type {
  ApplicationSummary,
  Change,
  EntityDetail,
  TaskChange,
  TaskStatus,
  TaskSummary,
} from './types'

export interface App {
  id: string
  name: string
  state: string | null
}

export interface Entity {
  id: string
  app: string
  parent: string | null
  name: string
  type: string
  state: string | null
  isUp: boolean | null
  created: number
}

export interface Task {
  id: string
  name: string
  description: string
  entity: string
  entityName: string
  parent: string | null
  submitted: number | null
  started: number | null
  ended: number | null
  status: TaskStatus
  error: string
  streams: Record<string, number>
}

const STATES: Record<string, string | null> = {
  ACCEPTED: 'CREATED',
  ERROR: 'ON_FIRE',
  UNKNOWN: null,
}

export function fromSummary(summary: ApplicationSummary): App {
  const state = summary.status in STATES ? STATES[summary.status] : summary.status
  return { id: summary.id, name: summary.spec.name, state: state ?? null }
}

/** An entity and all below it, by id. */
export function fromDetails(top: EntityDetail): Map<string, Entity> {
  const found = new Map<string, Entity>()
  const add = (one: EntityDetail) => {
    found.set(one.id, {
      id: one.id,
      app: one.applicationId,
      parent: one.parentId,
      name: one.name,
      type: one.type,
      state: one.serviceState,
      isUp: one.serviceUp,
      created: one.creationTimeUtc,
    })
    one.children?.forEach(add)
  }
  add(top)
  return found
}

export function taskFrom(task: TaskSummary): Task {
  const sizes = Object.entries(task.streams).map(
    ([name, one]) => [name, one.metadata.size] as const,
  )
  return {
    id: task.id,
    name: task.displayName,
    description: task.description,
    entity: task.entityId ?? '',
    entityName: task.entityDisplayName ?? '',
    parent: task.submittedByTask?.metadata.id ?? null,
    submitted: task.submitTimeUtc ?? null,
    started: task.startTimeUtc ?? null,
    ended: task.endTimeUtc ?? null,
    status: statusOf(task),
    error: task.isError && typeof task.result === 'string' ? task.result : '',
    streams: Object.fromEntries(sizes),
  }
}

function statusOf(task: TaskSummary): TaskStatus {
  if (task.interrupted) return 'interrupted'
  if (task.isCancelled) return 'cancelled'
  if (task.isError) return 'failed'
  if (task.endTimeUtc) return 'completed'
  return task.startTimeUtc ? 'running' : 'submitted'
}

type Shown = Exclude<Change, { type: 'sensors' | 'task' | 'interrupted' | 'mastership' }>

export function alterApp(change: Shown): Alter<App> {
  return (old) => {
    if (change.type !== 'state' && change.what === 'removed') return undefined
    if (change.type === 'state') return old && { ...old, state: change.state }
    return {
      id: change.id,
      name: change.name ?? old?.name ?? change.id,
      state: change.state ?? null,
    }
  }
}

export function alterEntity(change: Shown): Alter<Entity> {
  return (old) => {
    if (change.type !== 'state' && change.what === 'removed') return undefined
    if (change.type === 'state') {
      return old && { ...old, state: change.state, isUp: change.isUp }
    }
    return {
      id: change.id,
      app: change.application,
      parent: change.parent ?? null,
      name: change.name ?? old?.name ?? change.id,
      type: change.entityType ?? old?.type ?? '',
      state: change.state ?? null,
      isUp: change.isUp ?? null,
      created: change.created ?? old?.created ?? 0,
    }
  }
}

export function alterTask(change: TaskChange): Alter<Task> {
  return (old) => {
    if (change.what === 'removed') return undefined
    return {
      id: change.id,
      name: change.name ?? old?.name ?? '',
      description: change.description ?? old?.description ?? '',
      entity: change.entity ?? old?.entity ?? '',
      entityName: change.entityName ?? old?.entityName ?? '',
      parent: change.parent ?? null,
      submitted: change.submitted ?? null,
      started: change.started ?? null,
      ended: change.ended ?? null,
      status: change.status ?? old?.status ?? 'submitted',
      error: change.error ?? '',
      streams: change.streams ?? old?.streams ?? {},
    }
  }
}

const RUNNING: ReadonlySet<TaskStatus> = new Set(['submitted', 'running'])

export function isRunning(task: Task): boolean {
  return RUNNING.has(task.status)
}

/** The colour of what is said of a task. */
export function toneOf(task: Task | undefined): 'busy' | 'good' | 'warn' | 'bad' {
  if (!task || isRunning(task)) return 'busy'
  if (task.status === 'completed') return 'good'
  return task.status === 'cancelled' ? 'warn' : 'bad'
}

/** Those that run first, then the latest. */
export function byInterest(a: Task, b: Task): number {
  const running = Number(isRunning(b)) - Number(isRunning(a))
  return running || (b.submitted ?? 0) - (a.submitted ?? 0)
}

/** Children by their parent, in the order of their making. */
export function childrenOf(entities: Entity[]): Map<string, Entity[]> {
  const found = new Map<string, Entity[]>()
  for (const one of entities) {
    const parent = one.parent ?? ''
    const list = found.get(parent)
    if (list) list.push(one)
    else found.set(parent, [one])
  }
  return found
}

/** Whether an entity is another one, or above it, so that the other one inherits its config. */
export function isAtOrAbove(
  id: string,
  other: string | undefined,
  entities: { get(id: string): Entity | undefined },
): boolean {
  for (let at = other; at; at = entities.get(at)?.parent ?? undefined) if (at === id) return true
  return false
}

/** Whether an entity wants attention. */
export function isRed(one: { state: string | null }): boolean {
  return one.state === 'ON_FIRE'
}

/**
 * The chain from an application down to the entity that is the cause: the deepest that is on fire
 * and has nothing on fire below it; of several the oldest.
 */
export function whyRed(top: string, entities: Entity[]): { chain: Entity[]; others: Entity[] } {
  const children = childrenOf(entities)
  const byId = new Map(entities.map((one) => [one.id, one]))
  const leaves: Entity[] = []
  const visit = (one: Entity): boolean => {
    let below = false
    for (const child of children.get(one.id) ?? []) below = visit(child) || below
    if (isRed(one) && !below) leaves.push(one)
    return below || isRed(one)
  }
  const root = byId.get(top)
  if (root) visit(root)
  const [cause, ...others] = leaves
  const chain: Entity[] = []
  for (let one = cause; one; one = one.parent ? byId.get(one.parent) : undefined) chain.unshift(one)
  return { chain, others }
}
