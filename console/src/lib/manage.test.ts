import { describe, expect, test } from 'vitest'
import {
  commands,
  distinct,
  line,
  isSwitchover,
  outlook,
  readMoment,
  readPriority,
  whyNot,
} from './manage'
import { inLine } from './texts'
import type { Mode, Plane, PlaneNode } from './types'

const node = (name: string, more: Partial<PlaneNode> = {}): PlaneNode => ({
  nodeId: name,
  nodeUri: `http://${name}/`,
  status: 'HOT_STANDBY',
  priority: 0,
  name,
  host: 'here',
  mode: 'AUTO',
  version: '1.0',
  epoch: 0,
  tail: 1,
  heartbeatAgeMs: 100,
  lagMs: 10,
  ready: true,
  next: 0,
  address: '',
  thisNode: false,
  isMaster: false,
  leaving: false,
  alarm: '',
  ...more,
})
const n1 = node('n1', { status: 'MASTER', isMaster: true, next: null })
const n2 = node('n2')
const n3 = node('n3', { next: 1 })
const plane: Plane = {
  planeId: 'p',
  ownId: 'n1',
  masterId: 'n1',
  nodes: { n1, n2, n3 },
  heartbeatTimeoutMs: 30_000,
}
const ask = (of: PlaneNode, priority: number, mode?: Mode) =>
  outlook(plane, of, { priority, mode }, 100)

test.each([
  ['10', 10],
  [' -5 ', -5],
  ['+3', 3],
  ['', undefined],
  ['1.5', undefined],
  ['ten', undefined],
  ['1e3', undefined],
])('%j is the priority %s', (text, value) => expect(readPriority(text)).toBe(value))

describe('who would take over', () => {
  test('as the node says, if nothing changes', () =>
    expect(line(plane, n3, { priority: 0, mode: undefined })).toEqual(['n2', 'n3']))
  test('a higher priority comes first', () =>
    expect(line(plane, n3, { priority: 5, mode: undefined })).toEqual(['n3', 'n2']))
  test('a backup never', () =>
    expect(line(plane, n2, { priority: 9, mode: 'HOT_BACKUP' })).toEqual(['n3']))
  test('the old master, once another leads', () =>
    expect(line(plane, n2, { priority: 0, mode: 'MASTER' })).toContain('n1'))
})

test('nothing happens if nothing is changed', () => {
  expect(ask(n2, 0)).toMatchObject({ will: [], moves: 'none' })
})

test('a promotion moves the lead, and says who hands over', () => {
  const { will, moves } = ask(n2, 0, 'MASTER')
  expect(moves).toBe('to')
  expect(will.join(' ')).toContain('n1 is asked to hand over to n2')
})

test('a master that is made something else hands over to the next, never to itself', () => {
  const { will, moves } = ask(n1, 99, 'STANDBY')
  expect(moves).toBe('from')
  expect(will.join(' ')).toContain('n1 hands over, and n2 takes the lead')
})

test('a master without an heir leaves the plane without one, which is said and checked', () => {
  const alone = { ...plane, nodes: { n1 } }
  const { will, checks } = outlook(alone, n1, { priority: 0, mode: 'HOT_BACKUP' }, 100)
  expect(will.join(' ')).toContain('no master')
  expect(checks.some((check) => !check.good)).toBe(true)
})

describe('who follows once a master of two nodes has handed over', () => {
  const two = { ...plane, nodes: { n1, n2 } }
  test('nobody, if it becomes a backup', () => {
    const { will, checks } = outlook(two, n1, { priority: 0, mode: 'HOT_BACKUP' }, 100)
    expect(will.join(' ')).toContain('n2 takes the lead')
    expect(will.at(-1)).toBe('Then nobody would take over if the master ended.')
    expect(checks.filter((check) => !check.good).map((check) => check.text)).toEqual([
      'Nobody would follow after that',
    ])
  })
  test('it does itself, if it stands by', () => {
    const { will, checks } = outlook(two, n1, { priority: 0, mode: 'HOT_STANDBY' }, 100)
    expect(will.at(-1)).toMatch(/: n1\.$/)
    expect(checks.every((check) => check.good)).toBe(true)
  })
  test('nobody either, if the other one is made a backup', () => {
    const { checks } = outlook(two, n2, { priority: 0, mode: 'HOT_BACKUP' }, 100)
    expect(checks.map((check) => check.good)).toEqual([true, false])
  })
})

describe('where the lead would move', () => {
  const about = (more: Parameters<typeof outlook>[4], of = plane) =>
    outlook(of, n2, { priority: 0, mode: 'MASTER' }, 100, more).checks
  test('the store has to take what is written', () => {
    expect(about({ trouble: '' })).toContainEqual({
      good: true,
      text: 'The store answers, and takes what n1 writes',
    })
    expect(about({ trouble: 'disk full' })).toContainEqual({
      good: false,
      text: 'The store may not be written: disk full',
    })
    const alarmed = { ...plane, nodes: { n1: { ...n1, alarm: 'no answer' }, n2 } }
    expect(about({ trouble: '' }, alarmed)).toContainEqual({
      good: false,
      text: 'The store may not be written: no answer',
    })
  })
  test('running work is counted, and goes on unless nobody follows', () => {
    expect(about({ running: 0 }).at(-1)).toEqual({ good: true, text: 'No operation runs' })
    expect(about({ running: 2 }).at(-1)?.text).toMatch(/^2 operations run and are handed over/)
    const alone = { ...plane, nodes: { n1 } }
    const { checks } = outlook(alone, n1, { priority: 0, mode: 'HOT_BACKUP' }, 1, { running: 1 })
    expect(checks.at(-1)?.text).toMatch(/^1 operation runs, and nobody takes over/)
    expect(checks.at(-1)?.good).toBe(false)
  })
  test('what is not known is not said', () => {
    expect(
      about({})
        .map((check) => check.text)
        .join(),
    ).not.toMatch(/store|operation/i)
  })
})

test('a silent node, a stale copy and another version are held against a candidate', () => {
  const weak = node('n2', { ready: false, lagMs: 60_000, version: '0.9' })
  const { checks } = outlook(plane, weak, { priority: 0, mode: 'MASTER' }, 40_000)
  expect(checks.map((check) => check.good)).toEqual([false, false, false, false])
})

test('the same can be done on the command line', () => {
  expect(commands(n2, { priority: 3, mode: 'MASTER' })).toEqual([
    'brookline ha priority n2 3',
    'brookline ha promote n2',
  ])
  expect(commands(n1, { priority: 0, mode: 'HOT_BACKUP' })).toEqual([
    'brookline ha mode n1 hot_backup',
  ])
  expect(commands(n2, { priority: 0, mode: 'MASTER' }, "n1's disk")).toEqual([
    `brookline ha promote n2 --reason 'n1'\\''s disk'`,
  ])
  expect(commands(n2, { priority: 0, mode: 'MASTER' }, 'disk', 1_700_000_000_000)).toEqual([
    'brookline ha switchover --to n2 --at 2023-11-14T22:13:20Z --reason disk',
  ])
})

test('a moment to plan for is to come, and within three months', () => {
  const now = new Date('2026-11-25T12:00').getTime()
  expect(readMoment('', now)).toBe(0)
  expect(readMoment('2026-11-25T22:10', now)).toBe(now + 610 * 60_000)
  expect(readMoment('2026-11-25T11:59', now)).toBeUndefined()
  expect(readMoment('2027-11-25T11:59', now)).toBeUndefined()
  expect(readMoment('25.', now)).toBeUndefined()
})

test('a mode that is not possible now is refused with the reason', () => {
  expect(whyNot(n1, 'MASTER')).toBe('n1 leads already.')
  expect(whyNot(node('n4', { leaving: true }), 'AUTO')).toContain('about to end')
  expect(whyNot(n2, 'MASTER')).toBe('')
})

test.each<[string, PlaneNode, Mode, boolean]>([
  ['the lead', n2, 'MASTER', true],
  ['the lead again', n1, 'MASTER', false],
  ['another mode', n2, 'HOT_BACKUP', false],
  ['the lead, of a node that does not stand', { ...n2, next: null }, 'MASTER', false],
])('the master is asked to hand over for %s: %#', (_, of, mode, handsOver) => {
  expect(isSwitchover(plane, of, mode)).toBe(handsOver)
})

test('where nobody leads a node takes the lead itself', () => {
  expect(isSwitchover({ ...plane, masterId: '' }, n2, 'MASTER')).toBe(false)
})

test('nodes of one name are told apart', () => {
  const again = node('n1', { nodeId: 'x' })
  expect(distinct(n1, [n1, n2])).toBe('n1')
  expect(distinct(again, [n1, n2, again])).toBe('n1 (x)')
})

test('a node that takes over is not said to stand aside', () => {
  const taking = { ...n2, status: 'INITIALIZING' as const, next: null }
  expect(inLine(taking)).toBe('does not stand')
  expect(inLine(taking, { phase: 'taking-over', node: 'n2', says: '' })).toBe('takes over')
  expect(inLine(n3, { phase: 'taking-over', node: 'n2', says: '' })).toBe('2.')
})
