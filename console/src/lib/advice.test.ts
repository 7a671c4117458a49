import { expect, test } from 'vitest'
import { lastResort, nextOfTask, reasonsOf, type Facts } from './advice'
import type { Entity } from './things'
import type { TaskSummary } from './types'

const CHILDREN = 'service-lifecycle-indicators-from-children-and-members'

const entity = (id: string, more: Partial<Entity> = {}): Entity => ({
  id,
  app: 'a',
  parent: 'a',
  name: id,
  type: 't',
  state: 'ON_FIRE',
  isUp: false,
  created: 0,
  ...more,
})

const task = (id: string, streams: Record<string, number> = {}, more: Partial<TaskSummary> = {}) =>
  ({
    id,
    displayName: id,
    isError: true,
    streams: Object.fromEntries(
      Object.entries(streams).map(([name, size]) => [name, { link: '', metadata: { size } }]),
    ),
    ...more,
  }) as TaskSummary

const facts = (more: Partial<Facts>): Facts => ({
  app: 'a',
  cause: entity('web'),
  children: [],
  sensors: {},
  effectors: ['start', 'stop', 'restart'],
  waits: false,
  parts: [],
  ...more,
})

const problem = (about: string, text: string, more: Partial<Facts> = {}) =>
  reasonsOf(facts({ sensors: { 'service.problems': { [about]: text } }, ...more })).reasons[0]?.next

test('a start that failed leads to what its last failed step wrote to stderr', () => {
  const more = {
    failed: task('start'),
    parts: [task('install', { stdout: 9 }, { isError: false }), task('launch', { stderr: 7 })],
  }
  expect(problem('start', 'exit 3', more)?.href).toBe('/activities/launch#stderr')
  const all = facts({ sensors: { 'service.problems': { start: 'exit 3' } }, ...more })
  const { reasons } = reasonsOf(all)
  expect(nextOfTask(all, reasons)?.href).toBe('/applications/a/entities/web/effectors')
  expect(nextOfTask(all, reasons)?.text).toContain('restart')
})

test('without output it leads to the step itself, and with other output to that', () => {
  const failed = task('start')
  const silent = { failed, parts: [task('launch', { stderr: 0 })] }
  expect(problem('start', 'x', silent)?.href).toBe('/activities/launch')
  const other = { failed, parts: [task('launch', { stdout: 5, stderr: 0 })] }
  expect(problem('start', 'x', other)?.href).toBe('/activities/launch#stdout')
  expect(problem('start', 'x')?.href).toBe('/applications/a/entities/web/activities')
})

test('a port that another process has leads to the config', () => {
  const text = 'bind: Address already in use'
  expect(problem('start', text)?.text).toContain('port')
  const failed = task('start', { stderr: 4 }, { result: text })
  expect(problem('start', 'exit 1', { failed })?.href).toBe('/applications/a/entities/web/config')
})

test('a check that failed, a process that ended and a reason of others have their own', () => {
  expect(problem('check', 'no route')?.href).toBe('/applications/a/entities/web/config')
  const ended = { 'service.notUp.indicators': { 'service.process.isRunning': 'not running' } }
  const { kind, reasons } = reasonsOf(facts({ sensors: ended }))
  expect(kind).toBe('notUp')
  expect(reasons[0]?.next).toEqual({
    text: 'invoke restart of web',
    href: '/applications/a/entities/web/effectors',
  })
  expect(problem('policy', 'too slow')?.href).toBe('/applications/a/entities/web/sensors')
})

test('interrupted work leads to the decision, and once that is taken, to a new start', () => {
  expect(problem('interrupted', 'x', { waits: true })?.href).toBe('/interrupted')
  expect(problem('interrupted', 'x')?.href).toBe('/applications/a/entities/web/effectors')
  const failed = task('pay', {}, { interrupted: true })
  expect(nextOfTask(facts({ failed, waits: true }), [])?.href).toBe('/interrupted')
})

test('trouble below leads to the child that has it', () => {
  const children = [entity('up', { state: 'RUNNING', isUp: true }), entity('down')]
  expect(problem(CHILDREN, 'down not up', { children })?.href).toBe('/applications/a/entities/down')
  expect(problem(CHILDREN, 'none')?.href).toBe('/applications/a/entities/web/effectors')
})

test('where nothing says why, there is something to do as well', () => {
  expect(reasonsOf(facts({})).reasons).toEqual([])
  expect(lastResort(facts({})).href).toBe('/applications/a/entities/web/activities')
})
