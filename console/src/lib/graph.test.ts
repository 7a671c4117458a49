import { expect, test } from 'vitest'
import { HEIGHT, laidOut, type Edge } from './graph'

const part = (from: string, to: string): Edge => ({ from, to, kind: 'part' })
const takes = (from: string, to: string): Edge => ({ from, to, kind: 'takes' })

test('boxes do not lie on each other, and all lie in the drawing', () => {
  const widths = new Map(['app', 'web', 'db', 'disk', 'log'].map((id) => [id, 100]))
  const edges = [part('app', 'web'), part('app', 'db'), part('db', 'disk'), part('app', 'log')]
  const drawn = laidOut(widths, [...edges, takes('web', 'db'), takes('web', 'disk')])
  expect(drawn.boxes).toHaveLength(5)
  for (const one of drawn.boxes) {
    expect(one.x).toBeGreaterThanOrEqual(0)
    expect(one.x + one.width).toBeLessThanOrEqual(drawn.width)
    expect(one.y + HEIGHT).toBeLessThanOrEqual(drawn.height)
    for (const other of drawn.boxes) {
      const apart = Math.abs(one.x - other.x) >= 100 || Math.abs(one.y - other.y) >= HEIGHT
      expect(one === other || apart).toBe(true)
    }
  }
})

test('each line goes from one box to another, also two between the same', () => {
  const widths = new Map([
    ['a', 80],
    ['b', 80],
  ])
  const { lines } = laidOut(widths, [part('a', 'b'), takes('b', 'a'), takes('a', 'gone')])
  expect(lines.map((one) => [one.from, one.to, one.kind])).toEqual([
    ['a', 'b', 'part'],
    ['b', 'a', 'takes'],
  ])
  for (const { path } of lines) expect(path).toMatch(/^M[\d.]+ [\d.]+( [QL][\d. ]+)+$/)
})

test('a line that goes around boxes lies in the drawing as well', () => {
  const names = ['db', 'one', 'two', 'three']
  const widths = new Map(['app', ...names].map((id) => [id, 80]))
  const edges = names.map((id) => part('app', id))
  const drawn = laidOut(widths, [...edges, ...names.slice(1).map((id) => takes(id, 'db'))])
  const ys = drawn.lines.flatMap(({ path }) =>
    [...path.matchAll(/([-\d.]+) ([-\d.]+)/g)].map((one) => Number(one[2])),
  )
  expect(Math.min(...ys)).toBeGreaterThanOrEqual(0)
  expect(Math.max(...ys)).toBeLessThanOrEqual(drawn.height)
})

test('nothing needs no room', () => {
  expect(laidOut(new Map(), []).boxes).toEqual([])
})
