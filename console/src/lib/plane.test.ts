import { afterEach, describe, expect, test, vi } from 'vitest'
import { addressOf, others, pulsed, returned, sentenceOf, viewOf } from './plane'
import type { Plane, PlaneNode, View } from './types'

const view = (phase: View['phase'], more: Partial<View> = {}): View => ({
  phase,
  name: 'n1',
  says: '',
  ...more,
})

test.each([
  [view('led', { sinceMs: 5 }), 'n1 leads since'],
  [view('led'), 'n1 leads'],
  [view('silent', { silentMs: 3000 }), 'Master silent: nothing from n1 for 12 s'],
  [view('gone'), 'n1 has ended; the next in line takes over'],
  [view('taking-over', { name: 'n2' }), 'n2 takes over'],
  [view('vacant', { to: 'n2' }), 'Nobody leads; n2 is next'],
  [view('vacant'), 'Nobody leads, and nobody is next'],
  [view('alone'), 'Nobody leads, and nobody has yet'],
  [view('unknown'), 'This node has not read the store yet'],
])('%o reads: %s', (one, text) => expect(sentenceOf(one, 12_000)).toBe(text))

test('a pulse tells ages, and nothing of nodes that are not known', () => {
  const n1 = { nodeId: 'a', name: 'n1', heartbeatAgeMs: 900, lagMs: 3, tail: 7 } as PlaneNode
  const plane = { nodes: { a: n1, b: { ...n1, nodeId: 'b' } } } as unknown as Plane
  const { nodes } = pulsed(plane, { nodes: { a: [20, 0, 8], z: [1, 1, 1] } })
  expect(nodes['a']).toEqual({ ...n1, heartbeatAgeMs: 20, lagMs: 0, tail: 8 })
  expect(nodes['b']).toBe(plane.nodes['b'])
  expect(Object.keys(nodes)).toEqual(['a', 'b'])
})

test('without the stream the table of nodes says who leads', () => {
  const n1 = { nodeId: 'a', name: 'n1' } as PlaneNode
  const plane: Plane = {
    planeId: 'p',
    ownId: 'a',
    masterId: 'a',
    nodes: { a: n1 },
    heartbeatTimeoutMs: 1,
  }
  expect(viewOf(plane)).toMatchObject({ phase: 'led', name: 'n1' })
  expect(viewOf({ ...plane, masterId: '' }).phase).toBe('unknown')
})

test('what the stream has told of the same mastership is not forgotten without it', () => {
  const n1 = { nodeId: 'a', name: 'n1', epoch: 3 } as PlaneNode
  const plane = { masterId: 'a', nodes: { a: n1 } } as unknown as Plane
  const before = { phase: 'led', node: 'a', name: 'n1', epoch: 3, sinceMs: 7, says: '' } as const
  expect(viewOf(plane, before)).toBe(before)
  for (const other of [{ epoch: 2 }, { node: 'b' }, { phase: 'silent' as const }]) {
    expect(viewOf(plane, { ...before, ...other }).sinceMs).toBeUndefined()
  }
})

test('an address has no slash at its end', () => {
  const node = { nodeUri: 'http://n1:8081/', address: 'http://inside/' }
  expect(addressOf(node)).toBe('http://n1:8081')
  expect(addressOf({ ...node, nodeUri: null })).toBe('http://inside')
  expect(addressOf(undefined)).toBe('')
})

afterEach(() => vi.unstubAllGlobals())

test('the page of a node at a usual port does not take its own node for another', () => {
  vi.stubGlobal('location', { origin: 'https://n1' })
  const node = (nodeUri: string, next: number | null) => ({ nodeUri, next, status: 'STANDBY' })
  const nodes = {
    a: node('https://n1:443/', null),
    b: node('https://n2:443/', 1),
    c: node('https://n3', 0),
    d: node('', 2),
  }
  const plane = { nodes } as unknown as Plane
  expect(others(plane)).toEqual(['https://n3', 'https://n2:443'])
})

describe('a node that the page has left', () => {
  const away = { nodeId: 'a', name: 'n1', atMs: 100_000, lateMs: 2000 }
  const left = { nodeId: 'a', name: 'n1', status: 'MASTER', heartbeatAgeMs: 50 } as PlaneNode
  const seen = (...nodes: PlaneNode[]) =>
    ({ nodes: Object.fromEntries(nodes.map((one) => [one.nodeId, one])) }) as unknown as Plane

  test('is gone until a heartbeat of it is seen that cannot be from before', () => {
    expect(returned(away, seen({ ...left, heartbeatAgeMs: 5000 }), 101_000)).toBe(false)
    expect(returned(away, seen(left), 101_900)).toBe(false)
    expect(returned(away, seen({ ...left, heartbeatAgeMs: 8000 }), 110_000)).toBe(false)
    expect(returned(away, seen({ ...left, heartbeatAgeMs: 7000 }), 110_000)).toBe(true)
    expect(returned(away, seen({ ...left, heartbeatAgeMs: null }), 110_000)).toBe(false)
  })

  test('is there again at once if it was started anew', () => {
    const anew = { ...left, nodeId: 'b', status: 'HOT_STANDBY' } as const
    const ended = { ...left, status: 'TERMINATED' } as const
    expect(returned(away, seen(ended, anew), 100_500)).toBe(true)
    expect(returned(away, seen(ended, { ...anew, name: 'n2' }), 100_500)).toBe(false)
  })

  test.each([{ status: 'FAILED' }, { status: 'TERMINATED' }, { leaving: true }] as const)(
    'is not while it is %o, whatever is heard of it',
    (more) => expect(returned(away, seen({ ...left, ...more }), 110_000)).toBe(false),
  )
})
