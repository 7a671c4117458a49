// Why something is red, reason by reason, each with one thing to do next; from what is known of it.

import { stringify } from './exact'
import { entityPath, taskPath } from './route.svelte'
import { t } from './texts'
import type { Entity } from './things'
import type { TaskSummary } from './types'

/** What to do next, and where that is done. */
export interface Step {
  text: string
  href: string
}

export interface Reason {
  /** Who says so: a key of the entity's problems, or of what keeps it from being up. */
  about: string
  text: string
  next: Step
}

/** What is known of the entity that is the cause. */
export interface Facts {
  app: string
  cause: Entity
  children: Entity[]
  sensors: Record<string, unknown>
  /** Names of what it can be told to do. */
  effectors: string[]
  /** Whether interrupted work on it waits for a decision. */
  waits: boolean
  /** Its last task that failed or was interrupted. */
  failed?: TaskSummary | undefined
  /** All that is below that task. */
  parts: TaskSummary[]
}

export const PROBLEMS = 'service.problems'
export const NOT_UP = 'service.notUp.indicators'
const PROCESS = 'service.process.isRunning'
const CHILDREN = 'service-lifecycle-indicators-from-children-and-members'
const LIFE = ['start', 'stop', 'restart']
const PORT_TAKEN = /address already in use|port \d+ is (?:already )?(?:in use|taken)|EADDRINUSE/i

/** What is wrong with the cause, or else why it is not up. */
export function reasonsOf(facts: Facts): { kind: 'problems' | 'notUp'; reasons: Reason[] } {
  const problems = mapOf(facts.sensors[PROBLEMS])
  const kind = problems.length ? 'problems' : 'notUp'
  const said = problems.length ? problems : mapOf(facts.sensors[NOT_UP])
  const reasons = said.map(([about, value]) => {
    const text = typeof value === 'string' ? value : stringify(value)
    return { about, text, next: nextOf(facts, about, text) }
  })
  return { kind, reasons }
}

/** What to do about the task that failed, after what was said about the reasons. */
export function nextOfTask(facts: Facts, reasons: Reason[]): Step | undefined {
  if (!facts.failed) return undefined
  if (facts.failed.interrupted && facts.waits) return decide()
  const wrote = output(facts)
  const isSaid = reasons.some(({ next }) => next.href === wrote.href)
  return isSaid ? again(facts, facts.failed.displayName) : wrote
}

/** What to do if nothing says why. */
export function lastResort({ app, cause }: Facts): Step {
  return { text: t.why.activities, href: entityPath(app, cause.id, 'activities') }
}

function nextOf(facts: Facts, about: string, text: string): Step {
  const { app, cause } = facts
  if (about === 'interrupted') return facts.waits ? decide() : again(facts, 'start')
  const taken = PORT_TAKEN.exec(text) ?? (LIFE.includes(about) ? takenIn(facts.failed) : null)
  if (taken) return { text: t.why.port, href: entityPath(app, cause.id, 'config') }
  if (LIFE.includes(about)) return facts.failed ? output(facts) : lastResort(facts)
  if (about === 'check') return { text: t.why.check, href: entityPath(app, cause.id, 'config') }
  if (about === PROCESS) return invoke(facts, 'restart')
  if (about === CHILDREN) return child(facts)
  return { text: t.why.sensors, href: entityPath(app, cause.id, 'sensors') }
}

function decide(): Step {
  return { text: t.why.decide, href: '/interrupted' }
}

function takenIn(task: TaskSummary | undefined): RegExpExecArray | null {
  return typeof task?.result === 'string' ? PORT_TAKEN.exec(task.result) : null
}

/** To read what the step wrote that failed: to stderr, or else to another stream. */
function output({ failed, parts }: Facts): Step {
  const ended = [...(failed ? [failed] : []), ...parts].filter((one) => one.isError)
  const written = (name?: string) =>
    ended.findLast((one) =>
      Object.entries(one.streams).some(
        ([stream, { metadata }]) => metadata.size > 0 && (!name || stream === name),
      ),
    )
  const task = written('stderr') ?? written()
  if (task) {
    const names = Object.keys(task.streams).filter((one) => task.streams[one]?.metadata.size)
    const stream = names.includes('stderr') ? 'stderr' : (names[0] ?? '')
    return {
      text: t.why.output(task.displayName, stream),
      href: `${taskPath(task.id)}#${encodeURIComponent(stream)}`,
    }
  }
  const last = ended.at(-1) ?? failed
  return { text: t.why.task(last?.displayName ?? ''), href: taskPath(last?.id ?? '') }
}

/** To do again what failed. */
function again(facts: Facts, task: string): Step {
  const wanted = task === 'stop' ? 'stop' : 'restart'
  const step = invoke(facts, wanted)
  return { ...step, text: t.why.mended(step.text) }
}

function invoke({ app, cause, effectors }: Facts, wanted: string): Step {
  const name = [wanted, 'start'].find((one) => effectors.includes(one))
  return {
    text: name ? t.why.invoke(name, cause.name) : t.why.effectors(cause.name),
    href: entityPath(app, cause.id, 'effectors'),
  }
}

/** To look at the child that is in trouble. */
function child({ app, cause, children }: Facts): Step {
  const bad =
    children.find((one) => one.state === 'ON_FIRE') ??
    children.find((one) => one.isUp === false) ??
    children.find((one) => one.state !== 'RUNNING')
  if (bad) return { text: t.why.child(bad.name), href: entityPath(app, bad.id) }
  return { text: t.why.children, href: entityPath(app, cause.id, 'effectors') }
}

function mapOf(value: unknown): [string, unknown][] {
  return value !== null && typeof value === 'object' ? Object.entries(value) : []
}
