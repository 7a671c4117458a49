import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { api, type Failure } from './api'
import { session } from './session.svelte'

const PASS = { user: 'admin', csrf: 'c', pass: 'p', passMs: 60_000, renewMs: 900_000 }

let ended: boolean
let asked: string[]
/** What the node says a session is, as long as it has not ended. */
let told: typeof PASS
/** Whose answer is held back, if one is. */
let late: Promise<Response> | undefined
/** What a write waits for before it is answered. */
let held: Promise<void> | undefined
/** What becomes of a write. */
let written: (csrf: string | null) => Response

const json = (body: unknown, status: number) =>
  new Response(JSON.stringify(body), { status, headers: { 'content-type': 'application/json' } })
const refused = () => json({ message: 'the token is wrong', data: { csrf: 'wrong' } }, 403)

beforeEach(() => {
  vi.useFakeTimers()
  ended = false
  asked = []
  told = PASS
  late = undefined
  held = undefined
  written = () => json({}, 200)
  vi.stubGlobal('fetch', (url: string, { method, headers }: RequestInit) => {
    asked.push(url)
    if (late && url === '/v1/session') return late
    if (ended && url === '/v1/session') return Promise.resolve(json({}, 401))
    const isWrite = method === 'POST' && url !== '/v1/login'
    if (!isWrite) return Promise.resolve(json(told, 200))
    const answer = written(new Headers(headers).get('X-CSRF-TOKEN'))
    return held ? held.then(() => answer) : Promise.resolve(answer)
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

test('a session that another tab has begun is found behind the form', async () => {
  await session.login('admin', 'secret')
  ended = true
  await vi.advanceTimersByTimeAsync(30_000)
  expect(session.state).toBe('out')
  asked = []
  await session.look()
  expect([session.state, asked]).toEqual(['out', ['/v1/session']])
  ended = false
  told = { ...PASS, csrf: 'of the other tab' }
  await session.look()
  expect([session.state, session.ended, api.session?.csrf]).toEqual([
    'in',
    false,
    'of the other tab',
  ])
})

test('a change whose token is that of a session before is sent again with that of now', async () => {
  await session.login('admin', 'secret')
  told = { ...PASS, csrf: 'new' }
  asked = []
  written = (csrf) => (csrf === 'new' ? json({}, 200) : refused())
  await api.post('/v1/applications')
  expect(asked).toEqual(['/v1/applications', '/v1/session', '/v1/applications'])
  written = refused
  await expect(api.post('/v1/applications')).rejects.toThrow('the token is wrong')
})

test('what one user has asked for is not done in the name of another', async () => {
  await session.login('admin', 'secret')
  told = { ...PASS, user: 'ann', csrf: "ann's" }
  written = (csrf) => (csrf === "ann's" ? json({}, 200) : refused())
  asked = []
  const failure = await api.post('/v1/applications').catch((error: unknown) => error)
  expect(asked).toEqual(['/v1/applications', '/v1/session'])
  expect((failure as Failure).message).toContain('ann has logged in meanwhile')
  expect((failure as Failure).body?.data?.outcome).toBe('not-done')
  expect(session.user).toBe('ann')
  await api.post('/v1/applications')
  expect(asked).toHaveLength(3)
})

test('a token that was refused is compared with that of now, also if it was taken over already', async () => {
  await session.login('admin', 'secret')
  told = { ...PASS, csrf: 'new' }
  let answer: () => void = () => undefined
  written = (csrf) => (csrf === 'new' ? json({}, 200) : refused())
  held = new Promise((resolve) => (answer = resolve))
  const sent = api.post('/v1/applications')
  await session.look()
  expect(api.session?.csrf).toBe('new')
  answer()
  await expect(sent).resolves.toMatchObject({ status: 200 })
})

describe('who logs out of a browser that has learned a password', () => {
  const left: string[] = []
  beforeEach(async () => {
    left.length = 0
    vi.stubGlobal('location', { assign: (url: string) => left.push(url) })
    await session.login('admin', 'secret')
    written = () => json({ sessionId: null }, 200)
    asked = []
  })

  test('is out again of a session that was begun with it meanwhile', async () => {
    await session.logout()
    expect(asked).toEqual(['/v1/logout', '/v1/logout/unauthorize', '/v1/session', '/v1/logout'])
    expect([left, api.session]).toEqual([['/'], undefined])
  })

  test('is out once if there is none', async () => {
    ended = true
    await session.logout()
    expect(asked).toEqual(['/v1/logout', '/v1/logout/unauthorize', '/v1/session'])
    expect(left).toEqual(['/'])
  })

  test('begins no session by renewing that of before', async () => {
    let answer: () => void = () => undefined
    held = new Promise((resolve) => (answer = resolve))
    const out = session.logout()
    await vi.advanceTimersByTimeAsync(120_000)
    expect(asked).toEqual(['/v1/logout'])
    answer()
    ended = true
    await out
    asked = []
    await vi.advanceTimersByTimeAsync(120_000)
    expect(asked).toEqual([])
  })
})

describe('a page that begins', () => {
  beforeEach(() => {
    vi.resetModules()
  })
  const begun = async () => {
    const anew = await import('./session.svelte')
    await anew.session.begin()
    return anew.session
  }

  test('asks its node, whatever cookies a script can read', async () => {
    vi.stubGlobal('document', { cookie: '' })
    const { state, user } = await begun()
    expect([state, user]).toEqual(['in', 'admin'])
    expect(asked).toEqual(['/v1/session'])
  })

  test('brings the form if there is no session', async () => {
    ended = true
    expect((await begun()).state).toBe('out')
    expect(asked).toEqual(['/v1/session'])
  })

  test('needs none only where the node says so', async () => {
    late = Promise.resolve(json({ message: 'no', data: { login: 'none' } }, 401))
    const { state, user } = await begun()
    expect([state, user]).toEqual(['in', ''])
  })
})
