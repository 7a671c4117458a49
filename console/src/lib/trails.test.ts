import { expect, test } from 'vitest'
import { Exact } from './exact'
import { Trails } from './trails'

test('a number has a trail once it has changed', () => {
  const trails = new Trails()
  trails.note('load', 1, 1000)
  trails.note('load', 1, 2000)
  expect(trails.of('load')).toBeUndefined()
  trails.note('load', 5, 3000)
  trails.note('load', 3, 4000)
  const trail = trails.of('load')
  expect([trail?.at, trail?.values]).toEqual([
    [1000, 3000, 4000],
    [1, 5, 3],
  ])
  expect([trail?.least, trail?.most, trail?.last]).toEqual([1, 5, 3])
})

test('a number of more digits than are drawn has one, too', () => {
  const trails = new Trails()
  trails.note('bytes', new Exact('9007199254740993'), 1)
  trails.note('bytes', new Exact('9107199254740993'), 2)
  expect(trails.of('bytes')?.values).toEqual([9007199254740992, 9107199254740992])
})

test.each([null, undefined, 'up', '5', true, NaN, Infinity, {}])('%j has none', (value) => {
  const trails = new Trails()
  trails.note('one', value, 1)
  trails.note('one', 7, 2)
  expect(trails.of('one')).toBeUndefined()
})

test('a trail is bounded, and keeps what is new', () => {
  const trails = new Trails()
  for (let number = 0; number < 5000; number += 1) trails.note('n', number, number)
  const trail = trails.of('n')
  expect(trail?.values.length).toBeLessThanOrEqual(700)
  expect(trail?.last).toBe(4999)
})

test('what belongs to another entity is forgotten', () => {
  const trails = new Trails()
  trails.note('n', 1, 1)
  trails.note('n', 2, 2)
  trails.clear()
  expect(trails.of('n')).toBeUndefined()
})
