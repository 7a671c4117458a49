import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { api } from './api'
import { session } from './session.svelte'

const PASS = { user: 'admin', csrf: 'c', pass: 'p', passMs: 60_000, renewMs: 900_000 }

let ended: boolean
let asked: string[]
/** Whose answer is held back, if one is. */
let late: Promise<Response> | undefined

const json = (body: unknown, status: number) =>
  new Response(JSON.stringify(body), { status, headers: { 'content-type': 'application/json' } })

beforeEach(() => {
  vi.useFakeTimers()
  ended = false
  asked = []
  late = undefined
  vi.stubGlobal('document', { cookie: 'CSRF-TOKEN=c' })
  vi.stubGlobal('fetch', (url: string) => {
    asked.push(url)
    if (late && url === '/v1/session') return late
    return Promise.resolve(ended && url === '/v1/session' ? json({}, 401) : json(PASS, 200))
  })
})
afterEach(() => {
  vi.useRealTimers()
  vi.unstubAllGlobals()
})

test('a session is renewed until it has ended, and not behind the form to log in', async () => {
  await session.begin()
  await vi.advanceTimersByTimeAsync(65_000)
  expect(asked).toEqual(['/v1/session', '/v1/session', '/v1/session'])
  ended = true
  await vi.advanceTimersByTimeAsync(30_000)
  expect([session.state, session.ended]).toEqual(['out', true])
  asked = []
  await vi.advanceTimersByTimeAsync(600_000)
  expect(asked).toEqual([])
  ended = false
  await session.login('admin', 'secret')
  await vi.advanceTimersByTimeAsync(30_000)
  expect(asked).toEqual(['/v1/login', '/v1/session'])
})

test('who has logged in meanwhile does not get the session of before again', async () => {
  await session.login('admin', 'secret')
  let answer: (reply: Response) => void = () => undefined
  late = new Promise((resolve) => (answer = resolve))
  await vi.advanceTimersByTimeAsync(30_000)
  await session.login('other', 'secret')
  const mine = api.session
  answer(json({ ...PASS, pass: 'old' }, 200))
  await vi.advanceTimersByTimeAsync(0)
  expect(api.session).toBe(mine)
})
