import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { Api, Failure } from './api'

interface Sent {
  url: string
  key: string | null
}
type Reply = Response | Error | ((signal: AbortSignal) => Promise<Response>)

let sent: Sent[]
let replies: Reply[]

const json = (body: unknown, status = 200) =>
  new Response(JSON.stringify(body), { status, headers: { 'content-type': 'application/json' } })
const undecided = () => json({ message: 'no answer', data: { outcome: 'unknown' } }, 503)
const hangs = (signal: AbortSignal) =>
  new Promise<Response>((_, reject) =>
    signal.addEventListener('abort', () => reject(signal.reason as Error)),
  )

beforeEach(() => {
  sent = []
  replies = []
  vi.stubGlobal('fetch', (url: string, init: RequestInit) => {
    const key = new Headers(init.headers).get('Idempotency-Key')
    sent.push({ url, key })
    const reply = replies.shift() ?? json('done')
    if (reply instanceof Error) return Promise.reject(reply)
    return typeof reply === 'function' ? reply(init.signal as AbortSignal) : Promise.resolve(reply)
  })
})
afterEach(() => vi.unstubAllGlobals())

const keys = () => sent.map((one) => one.key)

test('a write that is sent again by itself has the same key, and another write another', async () => {
  const api = new Api()
  replies = [new Error('reset')]
  await api.post('/v1/applications', { json: 1 })
  await api.post('/v1/applications', { json: 1 })
  const [first, again, other] = keys()
  expect(first).toBeTruthy()
  expect(again).toBe(first)
  expect(other).not.toBe(first)
})

test('what nobody knows to be done has the same key when somebody tries it once more', async () => {
  const api = new Api()
  replies = [undecided()]
  await expect(api.post('/v1/applications', { json: 1 })).rejects.toBeInstanceOf(Failure)
  await api.post('/v1/applications', { json: 2 })
  await api.post('/v1/applications', { json: 1 })
  await api.post('/v1/applications', { json: 1 })
  const [first, other, again, later] = keys()
  expect(again).toBe(first)
  expect(new Set([first, other, later]).size).toBe(3)
})

test('what certainly was not done has a new key', async () => {
  const api = new Api()
  replies = [json({ message: 'no', data: { outcome: 'not-done' } }, 503)]
  await expect(api.post('/v1/applications', { json: 1 })).rejects.toBeInstanceOf(Failure)
  await api.post('/v1/applications', { json: 1 })
  expect(new Set(keys()).size).toBe(2)
})

test('a request under way at a node that is left goes to the next one, with its key', async () => {
  const api = new Api()
  replies = [hangs]
  const answer = api.post('/v1/applications', { json: 1 })
  await Promise.resolve()
  api.base = 'http://n2'
  expect((await answer).data).toBe('done')
  expect(sent.map((one) => one.url)).toEqual(['/v1/applications', 'http://n2/v1/applications'])
  expect(new Set(keys()).size).toBe(1)
})

test('one that is meant for a certain node stays there', async () => {
  const api = new Api()
  let answered: (answer: Response) => void = () => undefined
  replies = [() => new Promise((resolve) => (answered = resolve))]
  const answer = api.post('/v1/server/ha/priority', { form: { priority: '1' }, at: 'http://n3' })
  await Promise.resolve()
  api.base = 'http://n2'
  answered(json(0))
  expect((await answer).data).toBe(0)
  expect(sent.map((one) => one.url)).toEqual(['http://n3/v1/server/ha/priority'])
})
