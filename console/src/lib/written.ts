// A value of config as it is typed into a field: JSON, or a bare text.

import { parse, parseTyped, stringify } from './exact'

/** What is typed as a value. */
export function meant(typed: string): unknown {
  try {
    return parseTyped(typed)
  } catch {
    return typed
  }
}

/** A value as it is put into a field: what would be taken for another one is quoted. */
export function written(value: unknown): string {
  if (value === undefined || isHidden(value)) return ''
  if (typeof value === 'string' && meant(value) === value) return value
  return stringify(value, 2)
}

/** Whether nothing else is typed than what was put into the field, or what means the same. */
export function isUnedited(typed: string, value: unknown): boolean {
  return typed === written(value) || isSame(meant(typed), value)
}

/** Whether a value is a secret or holds one, which is not shown. */
export function isHidden(value: unknown): boolean {
  return (JSON.stringify(value) ?? '').includes('<suppressed>')
}

/** Whether two values are the same, however their numbers are written. */
export function isSame(one: unknown, other: unknown): boolean {
  return plain(one) === plain(other)
}

function plain(value: unknown): string {
  return value === undefined ? '' : stringify(parse(stringify(value)))
}
