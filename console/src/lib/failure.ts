// A request that was not answered as was hoped, and how much it says of what became of a write.

import { t } from './texts'
import type { ApiError, Fault } from './types'

export type Reason = 'unreachable' | 'session' | 'refused' | 'unavailable' | 'missing' | 'broken'

/** A request that was not answered as was hoped. */
export class Failure extends Error {
  reason: Reason
  status: number
  body: ApiError | undefined
  /** In how many seconds to try again, if the node said so. */
  retryS = 0

  constructor(reason: Reason, message: string, status = 0, body?: ApiError) {
    super(message)
    this.reason = reason
    this.status = status
    this.body = body
  }

  get faults(): Fault[] {
    return this.body?.data?.faults ?? []
  }
}

/** What a refusal says of a write: it was never done, not by this attempt, or nobody knows. */
export type Word = 'never' | 'not-now' | 'unknown'

/** A refusal by who would know if the same had been done before, under the same key. */
const TOLD_BY_WHO_KNOWS = new Set([400, 404, 409, 412, 422])
/** Of these writes no node remembers whether they were done. */
const FORGOTTEN = /^\/v1\/(log(in|out)|server)(\/|$)/

/** What is known of a write to a path because an attempt failed. */
export function wordOn(path: string, error: unknown): Word {
  if (!(error instanceof Failure)) return 'unknown'
  const { status, body } = error
  const outcome = body?.data?.outcome
  if (outcome === 'not-done') return 'not-now'
  if (outcome === 'unknown' || status === 0 || status >= 500) return 'unknown'
  const knows = TOLD_BY_WHO_KNOWS.has(status) && body?.message && !FORGOTTEN.test(path)
  return knows ? 'never' : 'not-now'
}

export function isUnanswered(error: unknown): error is Failure {
  return error instanceof Failure && error.reason === 'unreachable'
}

export function isNotDone(error: unknown): boolean {
  return error instanceof Failure && error.body?.data?.outcome === 'not-done'
}

/** Whether the page has another session's token: somebody has logged in anew in another tab. */
export function isOfOldSession(error: unknown): boolean {
  return error instanceof Failure && error.status === 403 && error.body?.data?.csrf !== undefined
}

/** What one user has asked for is done neither in the name of who uses the page now, nor in nobody's. */
export function ofAnother(now: string | undefined): Failure {
  const message = now === undefined ? t.failures.session : t.failures.otherUser(now)
  const body = { message, data: { outcome: 'not-done' as const } }
  if (now === undefined) return new Failure('session', message, 401, body)
  return new Failure('refused', message, 403, body)
}

/** The failure of a write that may have been carried out all the same. */
export function unsure(error: unknown): unknown {
  if (!(error instanceof Failure)) return error
  const { reason, message, status, body, retryS } = error
  const data = { ...body?.data, outcome: 'unknown' as const }
  const failure = new Failure(reason, message, status, { ...body, message, data })
  failure.retryS = retryS
  return failure
}
