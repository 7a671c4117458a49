import { expect, test } from 'vitest'
import { isUnderWay, merged, takeOver } from './history'
import { NO_MASTERSHIP } from './plane'
import type { Mastership } from './types'

const of = (epoch: number, more: Partial<Mastership> = {}): Mastership => ({
  ...NO_MASTERSHIP,
  epoch,
  node: 'a',
  name: 'n1',
  reason: '',
  startedUtc: epoch,
  ...more,
})

test('a mastership that was told while the list was being read stays', () => {
  expect(merged([of(3), of(2)], [of(2), of(1)]).map((one) => one.epoch)).toEqual([3, 2, 1])
})

test('one that has ended does not go on by an answer of before', () => {
  const ended = of(2, { activeUtc: 5, endedUtc: 9 })
  expect(merged([ended], [of(2, { activeUtc: 5 })])).toEqual([ended])
  expect(merged([of(2, { activeUtc: 5 })], [ended])).toEqual([ended])
})

test('of two that are as far the later word counts', () => {
  expect(merged([of(2)], [of(2, { reason: 'kill' })])[0]?.reason).toBe('kill')
})

test('a take-over that is not over has no figures yet', () => {
  expect(takeOver(of(2))).toBe('…')
  expect(isUnderWay(of(2))).toBe(true)
  expect(takeOver(of(2, { activeUtc: 5, replayMs: 12 }))).toBe('12 ms')
  expect(takeOver(of(2, { endedUtc: 5 }))).toBe('–')
  expect(isUnderWay(of(2, { endedUtc: 5 }))).toBe(false)
})
