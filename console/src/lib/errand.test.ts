import { beforeEach, expect, test } from 'vitest'
import { api, Failure } from './api'
import { begunOf, Errand } from './errand.svelte'
import { notices } from './notices.svelte'

const settled = () => new Promise((resolve) => setTimeout(resolve))

let answer: (value: string) => void
let refuse: (failure: unknown) => void
let seen: unknown[]

function begin(errand: Errand): void {
  void errand.send<string>({
    what: 'Stop Shop',
    send: () => new Promise((resolve, reject) => ([answer, refuse] = [resolve, reject])),
    done: (value) => seen.push(value),
    failed: (failure) => seen.push(failure),
    told: (id) => begunOf('Stop Shop', { id }),
  })
}

beforeEach(() => {
  seen = []
  for (const { id } of notices.list) notices.drop(id)
})

const texts = () => notices.list.map(({ text, tone }) => [text, tone])

test('whoever waits is told at the place, and nobody else', async () => {
  const errand = new Errand()
  begin(errand)
  expect(errand.busy).toBe(true)
  answer('t1')
  await settled()
  expect([errand.busy, seen, texts()]).toEqual([false, ['t1'], []])
  begin(errand)
  refuse('no')
  await settled()
  errand.leave()
  expect([errand.busy, seen, texts()]).toEqual([false, ['t1', 'no'], []])
})

test('whoever does not wait sees that it is under way, and then what became of it', async () => {
  const errand = new Errand()
  begin(errand)
  errand.leave()
  expect(errand.busy).toBe(false)
  const underway = 'Stop Shop: it is under way. Here you are told what becomes of it.'
  expect(texts()).toEqual([[underway, 'busy']])
  answer('t1')
  await settled()
  expect(seen).toEqual([])
  expect(texts()).toEqual([['Stop Shop: it has begun.', 'good']])
  expect(notices.list[0]?.link?.href).toBe('/activities/t1')
})

test('what is sent knows who has asked for it', async () => {
  const errand = new Errand()
  const done = (user: string | undefined) => seen.push(user)
  const [failed, told] = [() => undefined, () => begunOf('', { id: '' })]
  api.session = { user: 'admin', csrf: '', pass: '', passMs: 0, renewMs: 0 }
  await errand.send({ what: '', send: (user) => Promise.resolve(user), done, failed, told })
  api.session = undefined
  expect(seen).toEqual(['admin'])
})

test('what failed after it was left is told, also if its notice was taken away', async () => {
  const errand = new Errand()
  begin(errand)
  errand.leave()
  notices.drop(notices.list[0]?.id ?? 0)
  const faults = [{ line: 2, column: 3, message: 'no such type' }]
  const failure = new Failure('refused', 'no', 400, { message: 'no', data: { faults } })
  refuse(failure)
  await settled()
  expect(texts()).toEqual([['Stop Shop: it did not work.', 'bad']])
  expect(notices.list[0]?.failure).toBe(failure)
  expect(notices.list[0]?.lines).toEqual(['line 2, column 3: no such type'])
})

test('of what may have been done it is not said that it did not work', async () => {
  const errand = new Errand()
  begin(errand)
  errand.leave()
  refuse(new Failure('unreachable', '', 0, { message: '', data: { outcome: 'unknown' } }))
  await settled()
  expect(texts()).toEqual([['Stop Shop: it is not known whether it was done.', 'bad']])
})

test('what is sent after something was left has its own end', async () => {
  const errand = new Errand()
  begin(errand)
  errand.leave()
  const answerFirst = answer
  begin(errand)
  answerFirst('t1')
  await settled()
  expect([errand.busy, seen, texts()]).toEqual([true, [], [['Stop Shop: it has begun.', 'good']]])
  answer('t2')
  await settled()
  expect([errand.busy, seen, texts().length]).toEqual([false, ['t2'], 1])
})
