// Who led when, from what was read and what was told meanwhile.

import { t } from './texts'
import type { Mastership } from './types'
import { duration } from './units'

/** How far a mastership has come. */
function stage(one: Mastership): number {
  return one.endedUtc !== null ? 2 : one.activeUtc !== null ? 1 : 0
}

/** Masterships, the newest first: one of each epoch, the one that has come further; else that of `more`. */
export function merged(known: Mastership[], more: Mastership[]): Mastership[] {
  const byEpoch = new Map(known.map((one) => [one.epoch, one]))
  for (const one of more) {
    const old = byEpoch.get(one.epoch)
    if (!old || stage(one) >= stage(old)) byEpoch.set(one.epoch, one)
  }
  return [...byEpoch.values()].sort((a, b) => b.epoch - a.epoch)
}

/** Whether the take-over is not over yet, so that its figures are still to come. */
export function isUnderWay(one: Mastership): boolean {
  return stage(one) === 0
}

/** How long the take-over took, if it came to its end. */
export function takeOver(one: Mastership): string {
  if (isUnderWay(one)) return t.about.toCome
  return one.activeUtc === null ? '–' : duration(one.replayMs)
}
