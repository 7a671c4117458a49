import { expect, test } from 'vitest'
import { alterEntity, byInterest, fromSummary, isAtOrAbove, toneOf, whyRed } from './things'
import type { Entity, Task } from './things'

const entity = (id: string, parent: string | null, state: string): Entity => ({
  id,
  app: 'a',
  parent,
  name: id,
  type: 't',
  state,
  isUp: null,
  created: 0,
})

test('the cause of a red application is the deepest red entity', () => {
  const entities = [
    entity('a', null, 'ON_FIRE'),
    entity('db', 'a', 'RUNNING'),
    entity('web', 'a', 'ON_FIRE'),
    entity('web-1', 'web', 'RUNNING'),
    entity('web-2', 'web', 'ON_FIRE'),
    entity('cache', 'a', 'ON_FIRE'),
  ]
  const { chain, others } = whyRed('a', entities)
  expect(chain.map((one) => one.id)).toEqual(['a', 'web', 'web-2'])
  expect(others.map((one) => one.id)).toEqual(['cache'])
})

test('an entity inherits the config of itself and of all above it', () => {
  const chain = new Map(
    [entity('a', null, ''), entity('web', 'a', ''), entity('web-1', 'web', '')].map((one) => [
      one.id,
      one,
    ]),
  )
  const inherited = ['a', 'web', 'web-1', 'db'].filter((one) => isAtOrAbove(one, 'web', chain))
  expect(inherited).toEqual(['a', 'web'])
  expect(isAtOrAbove('a', undefined, chain)).toBe(false)
})

test('an application that is red by itself is the cause itself', () => {
  const { chain } = whyRed('a', [entity('a', null, 'ON_FIRE'), entity('b', 'a', 'RUNNING')])
  expect(chain.map((one) => one.id)).toEqual(['a'])
})

test('a state of an entity that is not known makes none', () => {
  const change = { type: 'state', id: 'x', application: 'a', state: 'RUNNING', isUp: true } as const
  expect(alterEntity(change)(undefined)).toBeUndefined()
})

test("a list's statuses are states", () => {
  const app = (status: string) => fromSummary({ id: 'a', spec: { name: 'A' }, status }).state
  expect(['ERROR', 'RUNNING', 'ACCEPTED', 'UNKNOWN'].map(app)).toEqual([
    'ON_FIRE',
    'RUNNING',
    'CREATED',
    null,
  ])
})

test('what runs comes first, then the latest', () => {
  const task = (id: string, status: Task['status'], submitted: number) =>
    ({ id, status, submitted }) as Task
  const sorted = [task('a', 'failed', 3), task('b', 'running', 1), task('c', 'failed', 5)]
  expect(sorted.sort(byInterest).map((one) => one.id)).toEqual(['b', 'c', 'a'])
})

test('only what was completed is good', () => {
  const tone = (status: Task['status']) => toneOf({ status } as Task)
  expect(toneOf(undefined)).toBe('busy')
  expect(tone('running')).toBe('busy')
  expect(tone('completed')).toBe('good')
  expect(tone('cancelled')).toBe('warn')
  expect(tone('interrupted')).toBe('bad')
  expect(tone('failed')).toBe('bad')
})
