import { expect, test } from 'vitest'
import { Replica } from './replica'

interface Thing {
  state: string
}

const to = (state: string) => () => ({ state })
const gone = () => undefined
const only = (state: string) => (old: Thing | undefined) => old && { state }

async function loaded(seq = 10): Promise<Replica<Thing>> {
  const replica = new Replica<Thing>()
  const things = new Map([
    ['a', { state: 'RUNNING' }],
    ['b', { state: 'RUNNING' }],
  ])
  await replica.read(async () => ({ seq, things }))
  return replica
}

test('a change after the answer counts', async () => {
  const replica = await loaded()
  expect(replica.offer(11, 'a', to('ON_FIRE'))).toBe(true)
  expect(replica.get('a')).toEqual({ state: 'ON_FIRE' })
})

test('a change that the answer has already does not', async () => {
  const replica = await loaded()
  expect(replica.offer(10, 'a', to('STARTING'))).toBe(false)
  expect(replica.get('a')).toEqual({ state: 'RUNNING' })
})

test('a change that comes twice counts once', async () => {
  const replica = await loaded()
  let times = 0
  const alter = (old: Thing | undefined) => {
    times += 1
    return old
  }
  replica.offer(11, 'a', alter)
  replica.offer(11, 'a', alter)
  expect(times).toBe(1)
})

test('of changes in any order the latest of each thing stays', async () => {
  const changes: [number, string, string][] = [
    [11, 'a', 'STOPPING'],
    [12, 'b', 'ON_FIRE'],
    [13, 'a', 'STOPPED'],
  ]
  for (const order of [changes, [...changes].reverse()]) {
    const replica = await loaded()
    for (const [seq, id, state] of order) replica.offer(seq, id, to(state))
    expect(replica.values()).toEqual([{ state: 'STOPPED' }, { state: 'ON_FIRE' }])
  }
})

test('what was taken away does not come back by an older change', async () => {
  const replica = await loaded()
  replica.offer(15, 'a', gone)
  replica.offer(14, 'a', to('RUNNING'))
  expect(replica.get('a')).toBeUndefined()
  expect(replica.values()).toHaveLength(1)
})

test('what comes while the answer is under way is not lost', async () => {
  const replica = new Replica<Thing>()
  let answer: (seq: number) => void = () => undefined
  const reading = replica.read(
    () =>
      new Promise((resolve) => {
        answer = (seq) => resolve({ seq, things: new Map([['a', { state: 'STARTING' }]]) })
      }),
  )
  replica.offer(9, 'a', to('CREATED'))
  replica.offer(11, 'a', only('RUNNING'))
  replica.offer(12, 'c', to('STARTING'))
  answer(10)
  expect(await reading).toBe(true)
  expect(replica.get('a')).toEqual({ state: 'RUNNING' })
  expect(replica.get('c')).toEqual({ state: 'STARTING' })
})

test('of two answers that overlap the one asked for last counts', async () => {
  const replica = await loaded()
  let first: () => void = () => undefined
  const old = replica.read(
    () =>
      new Promise((resolve) => {
        first = () => resolve({ seq: 11, things: new Map() })
      }),
  )
  const things = new Map([['z', { state: 'RUNNING' }]])
  expect(await replica.read(async () => ({ seq: 12, things }))).toBe(true)
  first()
  expect(await old).toBe(false)
  expect(replica.get('z')).toEqual({ state: 'RUNNING' })
})

/** Begins a read; answers it when told to. */
function begin(replica: Replica<Thing>) {
  let answer: (seq: number, id: string) => void = () => undefined
  const done = replica.read(
    () =>
      new Promise((resolve) => {
        answer = (seq, id) => resolve({ seq, things: new Map([[id, { state: 'RUNNING' }]]) })
      }),
  )
  return { done, answer: (seq: number, id: string) => answer(seq, id) }
}

test('an answer that was asked for before all was forgotten does not count', async () => {
  const replica = await loaded()
  const old = begin(replica)
  replica.clear()
  const mine = begin(replica)
  old.answer(11, 'old')
  expect(await old.done).toBe(false)
  expect(replica.loaded).toBe(false)
  replica.offer(13, 'later', to('STARTING'))
  mine.answer(12, 'new')
  expect(await mine.done).toBe(true)
  expect(replica.get('old')).toBeUndefined()
  expect(replica.get('new')).toEqual({ state: 'RUNNING' })
  expect(replica.get('later')).toEqual({ state: 'STARTING' })
})

test('of three answers that overlap, two of them begun before another was read, the last counts', async () => {
  const replica = new Replica<Thing>()
  const first = begin(replica)
  const second = begin(replica)
  second.answer(11, 'second')
  expect(await second.done).toBe(true)
  const third = begin(replica)
  first.answer(10, 'first')
  expect(await first.done).toBe(false)
  third.answer(12, 'third')
  expect(await third.done).toBe(true)
  expect([replica.get('first'), replica.get('second')]).toEqual([undefined, undefined])
  expect(replica.get('third')).toEqual({ state: 'RUNNING' })
})

test('an answer that fails leaves what was there, and changes go on', async () => {
  const replica = await loaded()
  await expect(replica.read(() => Promise.reject(new Error('no')))).rejects.toThrow('no')
  expect(replica.offer(11, 'a', to('ON_FIRE'))).toBe(true)
  expect(replica.get('a')).toEqual({ state: 'ON_FIRE' })
})

test('one that fails is nothing to whom another answer came, or who has forgotten all', async () => {
  const replica = new Replica<Thing>()
  let fail: () => void = () => undefined
  const failing = () =>
    replica.read(() => new Promise((_, reject) => (fail = () => reject(new Error('no')))))
  const first = failing()
  expect(await replica.read(async () => ({ seq: 10, things: new Map() }))).toBe(true)
  fail()
  expect(await first).toBe(false)
  expect(replica.asOf).toBe(10)
  const second = failing()
  replica.clear()
  fail()
  expect(await second).toBe(false)
})

test('a patch of something unknown makes nothing', async () => {
  const replica = await loaded()
  expect(replica.offer(11, 'x', only('RUNNING'))).toBe(false)
  expect(replica.get('x')).toBeUndefined()
})
