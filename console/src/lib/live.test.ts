import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { api, Failure } from './api'
import { live } from './live.svelte'

let answers: Map<string, (load: number) => void>

beforeEach(() => {
  answers = new Map()
  vi.stubGlobal('fetch', (url: string, { signal }: RequestInit) => {
    const entity = /entities\/(\w+)\/sensors/.exec(url)?.[1]
    return new Promise<Response>((resolve, reject) => {
      signal?.addEventListener('abort', () => reject(new Error('aborted')))
      if (!entity) return
      const headers = { 'content-type': 'application/json', 'Brookline-Sequence': '5' }
      answers.set(entity, (load) => resolve(new Response(JSON.stringify({ load }), { headers })))
    })
  })
})
afterEach(() => {
  live.look({})
  vi.unstubAllGlobals()
})

test('how the numbers of an entity went is not drawn for the one chosen after it', async () => {
  live.look({ entity: 'a' })
  const first = live.readSensors('app', 'a')
  live.look({ entity: 'b' })
  const second = live.readSensors('app', 'b')
  answers.get('a')?.(20)
  await first
  answers.get('b')?.(80)
  await second
  expect(live.sensors.get('load')?.value).toBe(80)
  expect(live.trails.of('load')).toBeUndefined()
})

test('what nobody answered is read again once there is a connection', async () => {
  const hello = { plane: 'p', seq: 5, readable: true, resumed: true, beatMs: 5000, pollMs: 1000 }
  const said = new TextEncoder().encode(`event: hello\ndata: ${JSON.stringify(hello)}\n\n`)
  let speak: ReadableStreamDefaultController<Uint8Array> | undefined
  vi.stubGlobal('fetch', (url: string) => {
    if (!url.startsWith('/v1/events')) return Promise.reject(new TypeError('no network'))
    return Promise.resolve(new Response(new ReadableStream({ start: (one) => void (speak = one) })))
  })
  await expect(api.get('/v1/applications', { retries: 0 })).rejects.toThrow(Failure)
  const before = live.generation
  live.start()
  await vi.waitUntil(() => speak)
  expect(live.generation).toBe(before)
  speak?.enqueue(said)
  await vi.waitUntil(() => live.generation > before)
})
