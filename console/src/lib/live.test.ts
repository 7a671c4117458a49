import { afterEach, beforeEach, expect, test, vi } from 'vitest'
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
