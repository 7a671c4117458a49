import { afterEach, expect, test, vi } from 'vitest'
import { Keys } from './keys'

afterEach(() => vi.useRealTimers())

test('what was in doubt for too long is not kept', () => {
  vi.useFakeTimers({ toFake: ['Date'] })
  let made = 0
  const keys = new Keys(() => String(++made))
  for (const what of ['a', 'b']) keys.unknown(keys.begin({ place: 'there', what }))
  expect(keys.size).toBe(2)
  vi.advanceTimersByTime(6 * 60_000)
  const kept = keys.begin({ place: 'there', what: 'c' })
  expect(keys.size).toBe(1)
  keys.done(kept)
  expect(keys.size).toBe(0)
})
