import { expect, test } from 'vitest'
import { Failure } from './api'
import { outcomeOf, worded } from './trouble'

const unavailable = (outcome?: 'not-done' | 'unknown') =>
  new Failure('unavailable', 'the store is gone', 503, {
    message: 'the store is gone',
    ...(outcome ? { data: { outcome } } : {}),
  })

test('what may have been done is not called impossible', () => {
  expect(worded(unavailable('unknown'))).toBe('Nobody can say now how it ended: the store is gone')
  expect(outcomeOf(unavailable('unknown'))).toBe('unknown')
})

test('what was not done is', () => {
  expect(worded(unavailable('not-done'))).toBe('Nobody can do that now: the store is gone')
  expect(worded(unavailable())).toBe('Nobody can do that now: the store is gone')
  expect(outcomeOf(unavailable())).toBeUndefined()
})

test('other failures speak for themselves', () => {
  expect(worded(new Failure('refused', 'no such mode', 400))).toBe('no such mode')
  expect(worded(new Error('thrown'))).toBe('thrown')
  expect(worded('said')).toBe('said')
})
