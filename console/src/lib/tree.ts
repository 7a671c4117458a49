// The rows of a tree as they stand below each other, with what is folded left out.

import { childrenOf, type Entity } from './things'

export interface Row {
  entity: Entity
  level: number
  /** Whether it has children, and shows them. */
  open: boolean | undefined
  place: number
  of: number
}

/**
 * Rows from a top on.
 *
 * @param isOpen whether an entity shows its children
 * @param words if not empty, only entities whose name has them, and what is above these
 */
export function rowsOf(
  top: string,
  entities: Entity[],
  isOpen: (entity: Entity, level: number) => boolean,
  words: string,
): Row[] {
  const children = childrenOf(entities)
  const root = entities.find((one) => one.id === top)
  if (!root) return []
  const wanted = words.trim().toLowerCase()
  const kept = wanted ? matching(entities, wanted) : undefined
  const rows: Row[] = []
  const add = (entity: Entity, level: number, place: number, of: number) => {
    const below = (children.get(entity.id) ?? []).filter((one) => !kept || kept.has(one.id))
    const open = below.length ? kept !== undefined || isOpen(entity, level) : undefined
    rows.push({ entity, level, open, place, of })
    if (open) below.forEach((one, index) => add(one, level + 1, index + 1, below.length))
  }
  add(root, 1, 1, 1)
  return rows
}

function matching(entities: Entity[], wanted: string): Set<string> {
  const byId = new Map(entities.map((one) => [one.id, one]))
  const kept = new Set<string>()
  for (const one of entities) {
    if (!one.name.toLowerCase().includes(wanted)) continue
    for (let at: Entity | undefined = one; at && !kept.has(at.id);) {
      kept.add(at.id)
      at = at.parent ? byId.get(at.parent) : undefined
    }
  }
  return kept
}
