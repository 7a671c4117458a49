import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
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

test('whether there are more activities is not said of the one chosen after it', async () => {
  const asked = new Map<string, (tasks: object[]) => void>()
  vi.stubGlobal('fetch', (url: string, { signal }: RequestInit) => {
    return new Promise<Response>((resolve, reject) => {
      signal?.addEventListener('abort', () => reject(new Error('aborted')))
      const entity = /entities\/(\w+)\/activities/.exec(url)?.[1]
      if (entity) asked.set(entity, (tasks) => resolve(Response.json(tasks)))
    })
  })
  const task = (id: string) => ({ id, streams: {} })
  live.look({ entity: 'a' })
  const first = live.readTasks('/v1/applications/app/entities/a/activities', 1)
  live.look({ entity: 'b' })
  const second = live.readTasks('/v1/applications/app/entities/b/activities', 1)
  asked.get('b')?.([task('one')])
  await second
  asked.get('a')?.([task('two'), task('three')])
  await first
  expect(live.tasks.values().map(({ id }) => id)).toEqual(['one'])
  expect(live.moreTasks).toBe(false)
})

test('what nobody answered is read again once there is a connection', async () => {
  const hello = { plane: 'p', seq: 5, readable: true, resumed: true, beatMs: 5000, pollMs: 1000 }
  const said = new TextEncoder().encode(`event: hello\ndata: ${JSON.stringify(hello)}\n\n`)
  let speak: ReadableStreamDefaultController<Uint8Array> | undefined
  vi.stubGlobal('fetch', (url: string, { signal }: RequestInit) => {
    if (!url.startsWith('/v1/events')) return Promise.reject(new TypeError('no network'))
    signal?.addEventListener('abort', () => speak?.error(new Error('aborted')))
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

describe('all that a page looks at comes by one stream', () => {
  const hello = {
    plane: 'p',
    seq: 5,
    readable: true,
    resumed: true,
    beatMs: 60_000,
    pollMs: 60_000,
  }
  let open: { url: URL; lastId: string; speak: (text: string) => void }[]

  beforeEach(() => {
    open = []
    vi.stubGlobal('fetch', (url: string, { headers, signal }: RequestInit) => {
      if (!url.startsWith('/v1/events')) return Promise.reject(new TypeError('no network'))
      let control: ReadableStreamDefaultController<Uint8Array> | undefined
      const body = new ReadableStream<Uint8Array>({ start: (one) => void (control = one) })
      const lastId = (headers as Record<string, string>)['Last-Event-ID'] ?? ''
      const speak = (text: string) => control?.enqueue(new TextEncoder().encode(text))
      const one = { url: new URL(url, 'http://n1'), lastId, speak }
      open.push(one)
      signal?.addEventListener('abort', () => {
        open = open.filter((other) => other !== one)
        control?.error(new Error('aborted'))
      })
      return Promise.resolve(new Response(body))
    })
    vi.stubGlobal('requestAnimationFrame', (show: () => void) => show())
  })
  afterEach(() => {
    live.wake()
    live.follow('')
  })

  /** The stream that is open, once it is for what is wanted. */
  async function opened(...wanted: string[]) {
    const is = () => wanted.every((part) => open[0]?.url.search.includes(part))
    // One on which nothing has come yet is left alone for a while.
    await vi.waitUntil(() => open.length === 1 && is(), { timeout: 4000 })
    const [one] = open
    if (!one) throw new Error('none is open')
    return one
  }

  const greet = (seq: number) =>
    `event: hello\nid: ${seq}@p\ndata: ${JSON.stringify({ ...hello, seq })}\n\n`
  const told = (seq: number, ...changes: object[]) =>
    `event: changes\nid: ${seq}@p\ndata: ${JSON.stringify({ seq, changes })}\n\n`
  const load = (entity: string, value: number) => ({
    type: 'sensors',
    id: entity,
    application: 'app',
    set: { load: value },
    removed: [],
  })

  test('a tree, and one entity of it in detail; another one by the same, from where it was', async () => {
    live.start()
    live.follow('app')
    live.look({ entity: 'a' })
    const first = await opened('topics=plane,entities,tasks', 'application=app', 'detail=a')
    first.speak(greet(20) + told(21, load('a', 1)))
    await vi.waitUntil(() => api.told() === 21)
    live.look({ entity: 'b' })
    const second = await opened('detail=b')
    expect(second.lastId).toBe('21@p')
    live.look({ task: 't', output: 'stdout', from: () => 7 })
    live.follow('')
    const third = await opened('topics=plane,applications,tasks', 'task=t&output=stdout&from=7')
    expect(third.lastId).toBe('21@p')
  })

  test('none while nobody looks; then what was missed, once, and marked as old until it is here', async () => {
    live.start()
    live.follow('app')
    live.look({ entity: 'a' })
    const first = await opened('detail=a')
    first.speak(greet(30) + told(31, load('a', 1)))
    await vi.waitUntil(() => !live.stale && api.told() === 31)
    live.rest()
    await vi.waitUntil(() => open.length === 0 && live.standing.state === 'resting')
    expect(live.stale).toBe(true)
    live.look({ entity: 'b' })
    live.rest()
    await new Promise((resolve) => setTimeout(resolve, 20))
    expect(open).toEqual([])
    live.wake()
    const second = await opened('detail=b')
    expect([second.lastId, live.stale]).toEqual(['31@p', true])
    const generation = live.generation
    second.speak(greet(31) + told(31, load('b', 1)) + told(32, load('b', 2)))
    await vi.waitUntil(() => api.told() === 32)
    expect([live.stale, live.generation]).toEqual([false, generation])
  })

  test('nothing grows older while nobody looks, until the plane is heard of again', async () => {
    live.start()
    const first = await opened('topics=plane')
    const node = { nodeId: 'n1', name: 'n1', heartbeatAgeMs: 100 }
    const plane = { planeId: 'p', ownId: 'n1', masterId: 'n1', nodes: { n1: node } }
    first.speak(`${greet(40)}event: plane\ndata: ${JSON.stringify(plane)}\n\n`)
    await vi.waitUntil(() => live.plane?.masterId === 'n1')
    const later = Date.now() + 600_000
    expect(live.ageMs(node, later)).toBeGreaterThan(500_000)
    live.rest()
    await vi.waitUntil(() => live.standing.state === 'resting')
    expect(live.ageMs(node, later)).toBeLessThan(100_000)
    live.wake()
    const second = await opened('topics=plane')
    second.speak(greet(40))
    await vi.waitUntil(() => live.standing.state === 'live')
    expect(live.ageMs(node, later)).toBeLessThan(100_000)
  })

  test('what the stream told of the plane is not undone by an answer that is older', async () => {
    live.start()
    const first = await opened('topics=plane')
    const plane = (...names: string[]) => ({
      planeId: 'p',
      ownId: 'n1',
      masterId: 'n1',
      nodes: Object.fromEntries(names.map((name) => [name, { nodeId: name, name }])),
    })
    const names = () => Object.keys(live.plane?.nodes ?? {})
    const tell = (told: object) => first.speak(`event: plane\ndata: ${JSON.stringify(told)}\n\n`)
    first.speak(greet(50))
    tell(plane('n1', 'n3'))
    await vi.waitUntil(() => names().length === 2)
    const asked: ((said: object) => void)[] = []
    vi.stubGlobal('fetch', (url: string) =>
      url.endsWith('/ha/states')
        ? new Promise((tell) => asked.push((said) => tell(Response.json(said))))
        : Promise.reject(new TypeError('no network')),
    )
    const answer = async (said: object) => {
      await vi.waitUntil(() => asked.length)
      asked.pop()?.(said)
    }
    const read = live.readPlane()
    tell(plane('n1'))
    await vi.waitUntil(() => names().length === 1)
    await answer(plane('n1', 'n3'))
    await read
    expect(names()).toEqual(['n1'])
    const again = live.readPlane()
    await answer(plane('n1', 'n2'))
    await again
    expect(names()).toEqual(['n1', 'n2'])
    const [old, late] = [live.readPlane(), live.readPlane()]
    await vi.waitUntil(() => asked.length === 2)
    await answer(plane('n1', 'n4'))
    await late
    await answer(plane('n1', 'n2'))
    await old
    expect(names()).toEqual(['n1', 'n4'])
  })
})
