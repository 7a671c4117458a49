// The same as the page does, on the command line.

import { stringify } from './exact'

/** A word as a shell takes it for one. */
export function quoted(word: string): string {
  return /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`
}

/** What is written after KEY=; a secret is had from a file. */
function assigned(key: string, value: unknown, isSecret: boolean): string {
  const text = isSecret ? '@FILE' : typeof value === 'string' ? value : stringify(value)
  return quoted(`${key}=${text}`)
}

function whose(app: string, entity: string): string {
  return entity === app ? app : `${app} ${entity}`
}

/** Calls an effector; `params` by name, those of `secrets` not shown. */
export function invokeCommand(
  app: string,
  entity: string,
  effector: string,
  params: Record<string, unknown> = {},
  secrets: string[] = [],
): string {
  const given = Object.entries(params).map(
    ([name, value]) => ` -P ${assigned(name, value, secrets.includes(name))}`,
  )
  return `brookline invoke ${whose(app, entity)} ${quoted(effector)}${given.join('')}`
}

/** Changes config. */
export function configCommand(
  app: string,
  entity: string,
  assignment: { key: string; value: unknown; isSecret: boolean },
): string {
  const { key, value, isSecret } = assignment
  return `brookline config ${whose(app, entity)} --set ${assigned(key, value, isSecret)}`
}

/** Shows what the log of the plane says of a time. */
export function journalCommand(since: number, until: number): string {
  const [from, to] = [since, until].map((at) => new Date(at).toISOString().replace(/\.\d+/, ''))
  return `brookline journal show --since ${from} --until ${to}`
}

export function cancelCommand(task: string): string {
  return `brookline activity cancel ${task}`
}
