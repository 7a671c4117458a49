import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { Api, Failure } from './api'

interface Sent {
  url: string
  key: string | null
  least: string | null
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
    const headers = new Headers(init.headers)
    const least = headers.get('Brookline-Sequence')
    sent.push({ url, key: headers.get('Idempotency-Key'), least })
    const reply = replies.shift() ?? json('done')
    if (reply instanceof Error) return Promise.reject(reply)
    return typeof reply === 'function' ? reply(init.signal as AbortSignal) : Promise.resolve(reply)
  })
})
afterEach(() => {
  vi.unstubAllGlobals()
  vi.useRealTimers()
})

const keys = () => sent.map((one) => one.key)

test('numbers come and go with all of their digits', async () => {
  const bodies: unknown[] = []
  const headers = { 'content-type': 'application/json' }
  vi.stubGlobal('fetch', (_: string, init: RequestInit) => {
    bodies.push(init.body)
    return Promise.resolve(new Response('{"big": 9007199254740993}', { headers }))
  })
  const { data } = await new Api().get('/v1/config')
  await new Api().post('/v1/config', { json: data })
  expect(bodies).toEqual([null, '{"big":9007199254740993}'])
})

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
  await api.post('/v1/server/ha/priority', { json: 2 })
  await api.post('/v1/applications', { json: 1 })
  await api.post('/v1/applications', { json: 1 })
  const [first, other, again, later] = keys()
  expect(again).toBe(first)
  expect(new Set([first, other, later]).size).toBe(3)
})

test('what is wanted again after something else was done in its place is another write', async () => {
  const api = new Api()
  const set = (value: string) => api.post('/v1/config/a', { json: { value } })
  replies = [undecided()]
  await expect(set('A')).rejects.toBeInstanceOf(Failure)
  await set('B')
  await set('A')
  expect(new Set(keys()).size).toBe(3)
})

test('what is deployed meanwhile leaves another deploy the same write', async () => {
  const api = new Api()
  const deploy = (name: string) => api.post('/v1/applications', { json: { name } })
  replies = [undecided()]
  await expect(deploy('X')).rejects.toBeInstanceOf(Failure)
  await deploy('Y')
  await deploy('X')
  const [first, other, again] = keys()
  expect(again).toBe(first)
  expect(other).not.toBe(first)
})

test('what was refused in its place leaves it the same write', async () => {
  const api = new Api()
  const set = (value: string) => api.post('/v1/config/a', { json: { value } })
  replies = [undecided(), json({ message: 'no' }, 400)]
  await expect(set('A')).rejects.toBeInstanceOf(Failure)
  await expect(set('B')).rejects.toBeInstanceOf(Failure)
  await set('A')
  const [first, , again] = keys()
  expect(again).toBe(first)
})

test('one of which nobody knows while another is done in its place is the same when tried again', async () => {
  const api = new Api()
  const set = (value: string) => api.post('/v1/config/a', { json: { value } })
  let answered: (answer: Response) => void = () => undefined
  replies = [() => new Promise((resolve) => (answered = resolve))]
  const unknown = set('A')
  await set('B')
  answered(undecided())
  await expect(unknown).rejects.toBeInstanceOf(Failure)
  await set('A')
  const [first, , again] = keys()
  expect(again).toBe(first)
})

test('what is wanted again minutes later is another write', async () => {
  vi.useFakeTimers({ toFake: ['Date'] })
  const api = new Api()
  replies = [undecided(), undecided()]
  const send = () => api.post('/v1/applications', { json: 1 })
  await expect(send()).rejects.toBeInstanceOf(Failure)
  vi.advanceTimersByTime(4 * 60_000)
  await expect(send()).rejects.toBeInstanceOf(Failure)
  vi.advanceTimersByTime(6 * 60_000)
  await send()
  const [first, soon, late] = keys()
  expect(soon).toBe(first)
  expect(late).not.toBe(first)
})

test('writes under way are counted, and reads are not', async () => {
  const api = new Api()
  replies = [undecided(), new Error('gone')]
  const read = api.get('/v1/applications', { retries: 0 }).catch(() => undefined)
  expect(api.writing).toBe(0)
  const write = api.post('/v1/applications', { retries: 0 }).catch(() => undefined)
  expect(api.writing).toBe(1)
  await Promise.all([read, write])
  expect(api.writing).toBe(0)
})

test('what certainly was not done has a new key', async () => {
  const api = new Api()
  replies = [json({ message: 'no', data: { outcome: 'not-done' } }, 503)]
  await expect(api.post('/v1/applications', { json: 1 })).rejects.toBeInstanceOf(Failure)
  await api.post('/v1/applications', { json: 1 })
  expect(new Set(keys()).size).toBe(2)
})

describe('a write that went unanswered once', () => {
  const notDone = () => json({ message: 'nobody leads', data: { outcome: 'not-done' } }, 503)
  const lost = () => new TypeError('reset')
  const send = (api: Api) => api.post('/v1/applications', { json: 1 })
  const failed = async (api: Api) => {
    const failure = await send(api).catch((error: unknown) => error)
    expect(failure).toBeInstanceOf(Failure)
    return failure as Failure
  }

  test.each([
    ['by a node that cannot do it', notDone],
    ['to who is not logged in any more', () => json({ message: 'log in' }, 401)],
    ['to a session that has ended', () => json({ SESSION_INVALIDATED: true }, 403)],
    ['by a node that does not lead', () => json({ message: 'no', data: { state: 'x' } }, 403)],
    ['to who has asked too often', () => json({ message: 'later' }, 429)],
    ['by something in between', () => new Response('No such page', { status: 404 })],
  ])(
    'is not called undone when it is refused %s, and keeps its key',
    async (_, refusal) => {
      const api = new Api()
      replies = [lost(), refusal()]
      expect((await failed(api)).body?.data?.outcome).toBe('unknown')
      replies = [refusal()]
      expect((await failed(api)).body?.data?.outcome).toBe('unknown')
      await send(api)
      expect(sent).toHaveLength(4)
      expect(new Set(keys()).size).toBe(1)
      await send(api)
      expect(new Set(keys()).size).toBe(2)
    },
    20_000,
  )

  test('was never done if who would know refuses it', async () => {
    const api = new Api()
    replies = [lost(), json({ message: 'it has faults' }, 400)]
    expect((await failed(api)).body?.data?.outcome).toBeUndefined()
    await send(api)
    expect(keys()[1]).toBe(keys()[0])
    expect(keys()[2]).not.toBe(keys()[0])
  })

  test('is not known to be undone where nobody remembers what was done', async () => {
    const api = new Api()
    replies = [lost(), json({ message: 'nothing is planned' }, 404)]
    const path = '/v1/server/ha/switchover/planned'
    const failure = await api.send(path, { method: 'DELETE' }).catch((error: unknown) => error)
    expect((failure as Failure).body?.data?.outcome).toBe('unknown')
  })

  test('is in doubt for who sends the same meanwhile, too', async () => {
    const api = new Api()
    let answered: (answer: Response) => void = () => undefined
    replies = [() => new Promise((resolve) => (answered = resolve)), notDone()]
    const first = failed(api)
    expect((await failed(api)).body?.data?.outcome).toBe('unknown')
    answered(undecided())
    await first
    await send(api)
    expect(new Set(keys()).size).toBe(1)
  })
})

describe('a write that one user has asked for', () => {
  const of = (user: string) => ({ user, csrf: `${user}'s`, pass: '', passMs: 0, renewMs: 0 })
  const outcome = (failure: unknown) => [
    (failure as Failure).reason,
    (failure as Failure).body?.data?.outcome,
  ]
  const failed = (answer: Promise<unknown>) => answer.catch((error: unknown) => error)
  let api: Api
  /** Who uses the page once the answer of an attempt is lost. */
  const lostTo = (user: string | undefined) => () => {
    api.session = user === undefined ? undefined : of(user)
    return Promise.reject(new TypeError('reset'))
  }

  beforeEach(() => {
    api = new Api()
    api.session = of('admin')
  })

  test('is not sent again in the name of another, and is in doubt', async () => {
    replies = [lostTo('ann')]
    const failure = await failed(api.post('/v1/applications', { json: 1 }))
    expect(sent).toHaveLength(1)
    expect((failure as Failure).message).toContain('ann has logged in meanwhile')
    expect(outcome(failure)).toEqual(['refused', 'unknown'])
    await api.post('/v1/applications', { json: 1 })
    api.session = of('admin')
    await api.post('/v1/applications', { json: 1 })
    const [first, anns, again] = keys()
    expect(again).toBe(first)
    expect(anns).not.toBe(first)
  })

  test('is not sent again in the name of nobody', async () => {
    replies = [lostTo(undefined)]
    const failure = await failed(api.post('/v1/applications'))
    expect(sent).toHaveLength(1)
    expect(outcome(failure)).toEqual(['session', 'unknown'])
  })

  test('is sent again in a session that the same one has begun anew', async () => {
    replies = [lostTo('admin')]
    await api.post('/v1/applications')
    expect(new Set(keys()).size).toBe(1)
    expect(sent).toHaveLength(2)
  })

  test('is not sent at all if another uses the page by then', async () => {
    const asked = api.session?.user
    await api.post('/v1/applications', { user: asked })
    api.session = of('ann')
    const failure = await failed(api.post('/v1/applications', { user: asked }))
    expect(outcome(failure)).toEqual(['refused', 'not-done'])
    api.session = undefined
    expect(outcome(await failed(api.post('/v1/applications', { user: asked })))).toEqual([
      'session',
      'not-done',
    ])
    expect(sent).toHaveLength(1)
  })

  test('whose token is refused is compared with whose page it is by then', async () => {
    api.renewed = () => Promise.resolve(true)
    replies = [
      () => {
        api.session = of('ann')
        return Promise.resolve(json({ message: 'no', data: { csrf: 'wrong' } }, 403))
      },
    ]
    expect(outcome(await failed(api.post('/v1/applications')))).toEqual(['refused', 'not-done'])
    expect(sent).toHaveLength(1)
  })
})

describe('a session that is refused', () => {
  const session = { user: 'admin', csrf: 'c', pass: '', passMs: 0, renewMs: 0 }

  test('locks out nobody who has begun another meanwhile', async () => {
    const api = new Api()
    api.session = session
    let locked = 0
    api.onLocked = () => (locked += 1)
    const over = () => {
      api.session = { ...session, csrf: 'new' }
      return Promise.resolve(json({}, 401))
    }
    replies = [json({}, 401), json({}), over]
    await expect(api.get('/v1/applications')).rejects.toBeInstanceOf(Failure)
    expect([sent.length, locked]).toEqual([3, 0])
    replies = [json({}, 401), json({}), json({}, 401)]
    await expect(api.get('/v1/applications')).rejects.toBeInstanceOf(Failure)
    expect(locked).toBe(1)
  })

  test.each([0, 1])('is not taken for over by a node that does not answer', async (before) => {
    const late = vi.spyOn(AbortSignal, 'timeout').mockReturnValue(AbortSignal.abort())
    const answered = Array.from({ length: before }, () => json({}))
    const hanging = (signal?: AbortSignal) =>
      signal?.aborted ? Promise.reject(signal.reason as Error) : Promise.resolve(over())
    const over = () => json({}, before ? 401 : 200)
    replies = [...answered, hanging, json({}, 401)]
    expect(await new Api().isOver('')).toBe(false)
    expect(sent).toHaveLength(before + 1)
    late.mockRestore()
  })
})

test('of a fault of the node nobody knows how far it came', async () => {
  const api = new Api()
  replies = [json({ message: 'internal error' }, 500)]
  const failure = await api.post('/v1/applications').catch((error: unknown) => error)
  expect((failure as Failure).body?.data?.outcome).toBe('unknown')
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

test('an answer is wanted that is as new as what the page wrote and what it was told', async () => {
  const api = new Api()
  await api.get('/v1/applications')
  let told = 7
  api.told = () => told
  await api.get('/v1/applications')
  replies = [new Response('1', { headers: { 'Brookline-Sequence': '12' } })]
  await api.post('/v1/applications', { json: 1 })
  await api.get('/v1/applications')
  told = 15
  await api.get('/v1/applications')
  expect(sent.map((one) => one.least)).toEqual([null, '7', null, '12', '15'])
})

test('of a write that nobody answers it is said that it may have been done', async () => {
  const api = new Api()
  replies = [new TypeError('no network')]
  const failure = await api
    .post('/v1/applications', { retries: 0 })
    .catch((error: unknown) => error)
  expect((failure as Failure).body?.data?.outcome).toBe('unknown')
  expect(api.missed).toBe(false)
})

test('of a write that a proxy answers it is said so, too, and the same is sent with its key', async () => {
  const api = new Api()
  replies = [new Response('Bad Gateway', { status: 502 }), json({})]
  const failure = await api.post('/v1/applications').catch((error: unknown) => error)
  expect((failure as Failure).body?.data?.outcome).toBe('unknown')
  await api.post('/v1/applications')
  expect(sent[0]?.key).toBe(sent[1]?.key)
})

test('what nobody answered is noted, to be asked again', async () => {
  const api = new Api()
  replies = [new TypeError('no network')]
  await expect(api.get('/v1/applications', { retries: 0 })).rejects.toThrow(Failure)
  expect(api.missed).toBe(true)
})

describe('what a node refuses that nobody can do there', () => {
  const refused = () => json({ message: 'nobody leads', data: { outcome: 'not-done' } }, 503)

  test('goes to the one to which the page goes on', async () => {
    const api = new Api()
    replies = [refused()]
    setTimeout(() => (api.base = 'http://n2'), 20)
    await api.post('/v1/applications', { json: 1 })
    expect(sent.map((one) => one.url)).toEqual(['/v1/applications', 'http://n2/v1/applications'])
    expect(sent[0]?.key).toBe(sent[1]?.key)
  })

  test('goes there also if the page has left already', async () => {
    const api = new Api()
    replies = [
      () => {
        api.base = 'http://n2'
        return Promise.resolve(refused())
      },
    ]
    await api.get('/v1/applications')
    expect(sent.map((one) => one.url)).toEqual(['/v1/applications', 'http://n2/v1/applications'])
  })

  test('is refused on a page that stays', async () => {
    const api = new Api()
    replies = [refused()]
    await expect(api.post('/v1/applications')).rejects.toThrow('nobody leads')
    expect(sent).toHaveLength(1)
  })
})

test('where a node only names the master, writes go there, and all else stays', async () => {
  const api = new Api()
  api.leader = () => 'http://n1'
  await api.post('/v1/applications', { json: 1 })
  await api.get('/v1/applications')
  await api.post('/v1/logout')
  await api.post('/v1/server/ha/nodes/n3/priority', { json: 2 })
  expect(sent.map((one) => one.url)).toEqual([
    'http://n1/v1/applications',
    '/v1/applications',
    '/v1/logout',
    '/v1/server/ha/nodes/n3/priority',
  ])
})
