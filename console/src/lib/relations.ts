// What entities take from each other, and which of them are worth drawing around one.

import type { Entity } from './things'

/** The config of one entity takes something from another. */
export interface Reference {
  source: string
  target: string
  key: string
  value: string
}

/** More than these nobody can read in a drawing. */
export const MOST = 120

/**
 * The entities to draw around one: all, if they are few; else those that it needs, and that need it,
 * the nearest first, and what all of these are parts of.
 */
export function around(
  entities: Entity[],
  references: Reference[],
  chosen: string,
  most = MOST,
): Entity[] {
  if (entities.length <= most) return entities
  const byId = new Map(entities.map((one) => [one.id, one]))
  const near = new Map<string, string[]>()
  for (const { source, target } of references) {
    near.set(source, [...(near.get(source) ?? []), target])
    near.set(target, [...(near.get(target) ?? []), source])
  }
  const kept = new Set<string>()
  const seen = new Set([chosen])
  for (const id of seen) {
    const more = line(byId, id).filter((one) => !kept.has(one))
    if (kept.size + more.length > most) break
    for (const one of more) kept.add(one)
    for (const one of near.get(id) ?? []) seen.add(one)
  }
  return entities.filter((one) => kept.has(one.id))
}

/** An entity and what it is a part of, upwards. */
function line(byId: Map<string, Entity>, id: string): string[] {
  const found: string[] = []
  for (let one = byId.get(id); one; one = one.parent ? byId.get(one.parent) : undefined) {
    found.push(one.id)
  }
  return found
}

/** A name that fits into a drawing. */
export function shortened(name: string, most = 24): string {
  return name.length > most ? `${name.slice(0, most - 1)}…` : name
}
