import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { live } from './live.svelte'
import { GLANCE_MS, REST_MS, Sight } from './sight'

let page: EventTarget & { visibilityState: string }
let said: string[]
let answering: boolean

beforeEach(() => {
  vi.useFakeTimers()
  page = Object.assign(new EventTarget(), { visibilityState: 'visible' })
  vi.stubGlobal('document', page)
  vi.stubGlobal('location', { origin: 'http://n1' })
  vi.stubGlobal('fetch', (url: string) => {
    said.push(url)
    const plane = { ownId: 'n1', masterId: '', nodes: {} }
    const headers = { 'content-type': 'application/json' }
    return answering
      ? Promise.resolve(new Response(JSON.stringify(plane), { headers }))
      : Promise.reject(new TypeError('gone'))
  })
  vi.spyOn(live, 'rest').mockImplementation(() => {
    said.push('rest')
    live.standing = { state: 'resting', sinceMs: 0 }
  })
  vi.spyOn(live, 'wake').mockImplementation(() => {
    said.push('wake')
    live.standing = { state: 'live', sinceMs: 0, base: '' }
  })
  answering = true
  said = []
})
afterEach(() => {
  vi.useRealTimers()
  vi.restoreAllMocks()
  vi.unstubAllGlobals()
})

function show(state: 'visible' | 'hidden'): void {
  page.visibilityState = state
  page.dispatchEvent(new Event('visibilitychange'))
}

/** Begins in sight, and is hidden then. */
function hidden(): void {
  new Sight().start()
  said = []
  show('hidden')
}

test('a page that is hidden for a moment keeps its stream', async () => {
  hidden()
  await vi.advanceTimersByTimeAsync(REST_MS - 1)
  show('visible')
  await vi.advanceTimersByTimeAsync(2 * GLANCE_MS)
  expect(said).toEqual(['wake'])
})

test('one that stays hidden rests, and goes on at once when it is shown', async () => {
  hidden()
  await vi.advanceTimersByTimeAsync(REST_MS)
  expect(said).toEqual(['rest'])
  show('visible')
  expect(said).toEqual(['rest', 'wake'])
})

test('one that was hidden from the first rests, too', async () => {
  page.visibilityState = 'hidden'
  new Sight().start()
  await vi.advanceTimersByTimeAsync(REST_MS)
  expect(said).toEqual(['rest'])
})

test('one that rests asks for the plane once a minute, by one request', async () => {
  hidden()
  await vi.advanceTimersByTimeAsync(2 * 60_000)
  expect(said).toEqual(['rest', '/v1/server/ha/states', '/v1/server/ha/states'])
})

test('one whose node has gone looks for another one, and rests again', async () => {
  hidden()
  answering = false
  await vi.advanceTimersByTimeAsync(2 * GLANCE_MS - 1)
  expect(said).toEqual(['rest', '/v1/server/ha/states', 'wake', 'rest'])
})

test('one that is locked out asks for nothing', async () => {
  hidden()
  await vi.advanceTimersByTimeAsync(REST_MS)
  live.standing = { state: 'locked', sinceMs: 0 }
  await vi.advanceTimersByTimeAsync(2 * GLANCE_MS)
  expect(said).toEqual(['rest'])
})
