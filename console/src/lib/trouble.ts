// A request that failed, in words: what is known of it, and no more.

import { Failure } from './api'
import { t } from './texts'

/** Whether it was done, where that is said or known not to be known. */
export function outcomeOf(failure: unknown): 'not-done' | 'unknown' | undefined {
  return failure instanceof Failure ? failure.body?.data?.outcome : undefined
}

/** What happened; whether it was done is said beside it. */
export function worded(failure: unknown): string {
  if (!(failure instanceof Failure)) {
    return failure instanceof Error ? failure.message : String(failure)
  }
  const { message, reason } = failure
  if (reason === 'unreachable') return t.failures.unreachable
  if (reason === 'session') return t.failures.session
  if (reason !== 'unavailable') return message
  const isDoubtful = outcomeOf(failure) === 'unknown'
  return isDoubtful ? t.failures.doubtful(message) : t.failures.unavailable(message)
}
