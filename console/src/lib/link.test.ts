import { beforeEach, describe, expect, test } from 'vitest'
import { Link, Locked, type Listener, type Standing, type World } from './link'

type Script = (string | Error | 'hang')[]

const hello = (seq: number, more = {}) =>
  `event: hello\nid: ${seq}@p\ndata: ${JSON.stringify({ plane: 'p', seq, beatMs: 1200, pollMs: 1000, resumed: false, ...more })}\n\n`
const change = (seq: number) =>
  `event: changes\nid: ${seq}@p\ndata: ${JSON.stringify({ seq, changes: [] })}\n\n`
const said = (name: string, data: object) => `event: ${name}\ndata: ${JSON.stringify(data)}\n\n`

class Fake implements World, Listener {
  scripts: Script[] = []
  nodes: string[] = []
  opened: [string, string][] = []
  standings: Standing[] = []
  seen: unknown[] = []
  resets: string[] = []
  silent: (() => void) | undefined
  /** What is done when a stream says nothing more; else it is found to be silent. */
  hangs: (() => void) | undefined
  done: () => void = () => undefined
  finished = new Promise<void>((resolve) => (this.done = resolve))
  #now = 0

  async open(base: string, lastId: string, signal: AbortSignal): Promise<AsyncIterable<string>> {
    this.opened.push([base, lastId])
    const script = this.scripts.shift()
    if (!script) {
      this.done()
      throw new Locked()
    }
    if (script[0] instanceof Error) throw script[0]
    return this.#play(script, signal)
  }

  async *#play(script: Script, signal: AbortSignal): AsyncIterable<string> {
    for (const piece of script) {
      if (piece instanceof Error) throw piece
      if (piece === 'hang') {
        await new Promise((resolve) => {
          signal.addEventListener('abort', resolve)
          ;(this.hangs ?? this.silent)?.()
        })
        throw new Error('aborted')
      }
      yield piece
    }
  }

  alive = false
  heldBack: boolean[] = []
  answers = () => Promise.resolve(this.alive)
  held = (back: boolean) => void this.heldBack.push(back)
  patience: number[] = []
  others = () => this.nodes
  now = () => this.#now++
  sleep = (ms: number, signal: AbortSignal): Promise<void> => {
    this.patience.push(ms)
    if (ms < 3000 || signal.aborted) return Promise.resolve()
    return new Promise((resolve) => {
      this.silent = resolve
      signal.addEventListener('abort', () => resolve())
    })
  }
  stands = (standing: Standing) => void this.standings.push(standing)
  hello = () => undefined
  reset = (reason: string) => void this.resets.push(reason)
  event = (_: string, data: unknown) => void this.seen.push(data)
}

let world: Fake

beforeEach(() => {
  world = new Fake()
})

async function run(...scripts: Script[]): Promise<Link> {
  world.scripts = scripts
  const link = new Link(world, world)
  link.start()
  await world.finished
  return link
}

const seqs = () => world.seen.map((data) => (data as { seq: number }).seq)

test('it resumes by the last id, and each entry counts once', async () => {
  await run(
    [hello(10), change(11), change(12)],
    [hello(12, { resumed: true }), change(12), change(13)],
  )
  expect(world.opened.map(([, id]) => id)).toEqual(['', '12@p', '13@p'])
  expect(seqs()).toEqual([11, 12, 13])
  expect(world.resets).toEqual([])
})

test('an entry that comes too late is passed over', async () => {
  await run([hello(10), change(12), change(11)])
  expect(seqs()).toEqual([12])
})

test('a connection that is not resumed says that everything is to be read anew', async () => {
  await run([hello(10), change(11)], [hello(20)])
  expect(world.resets).toEqual(['not-resumed'])
})

test('a reset is told, and the stream goes on from there', async () => {
  await run([
    hello(10),
    `event: reset\nid: 30@p\ndata: {"reason": "rebuilt", "seq": 30}\n\n`,
    change(29),
    change(31),
  ])
  expect(world.resets).toEqual(['rebuilt'])
  expect(seqs()).toEqual([31])
})

test('half an event before the connection broke is not applied, and comes again', async () => {
  const whole = change(11)
  await run(
    [hello(10), whole.slice(0, 20), new Error('reset by peer')],
    [hello(10, { resumed: true }), whole],
  )
  expect(world.opened[1]).toEqual(['', '10@p'])
  expect(seqs()).toEqual([11])
})

test('its own node is tried once more, then the others, likeliest first', async () => {
  world.nodes = ['http://n2', 'http://n3']
  await run([hello(10)], [new Error('refused')], [new Error('refused')], [hello(10)])
  expect(world.opened.map(([base]) => base).slice(0, 4)).toEqual(['', '', 'http://n2', 'http://n3'])
})

test('a node that leaves names who is next', async () => {
  world.nodes = ['http://n2']
  const leaving = said('leaving', { reason: 'shutdown', nodes: [{ uri: 'http://n3/' }] })
  await run([hello(10), change(11), leaving], [hello(11, { resumed: true })])
  expect(world.opened[1]).toEqual(['http://n3', '11@p'])
})

test('a connection that is silent for three beats is dead, and its node is not tried first', async () => {
  world.nodes = ['http://n2']
  await run([hello(10), 'hang'], [hello(10, { resumed: true })])
  const lost = world.standings.find((one) => one.state === 'lost')
  expect(lost).toMatchObject({ why: 'silent' })
  expect(world.opened.map(([base]) => base).slice(0, 2)).toEqual(['', 'http://n2'])
})

test.each([
  [{ beatMs: 5000, pollMs: 1000 }, 5000],
  [{ beatMs: 5000, pollMs: 10_000 }, 15_000],
  [{ beatMs: 5000, pollMs: 100 }, 1000],
])('how long it may be silent follows from what comes on it', async (times, ms) => {
  await run([hello(10, times), change(11)])
  expect(world.patience).toContain(ms)
})

test('a session that ended locks it until it is started anew', async () => {
  const locked = new Promise<void>((resolve) => {
    world.stands = (standing) => {
      world.standings.push(standing)
      if (standing.state === 'locked') resolve()
    }
  })
  world.scripts = [[hello(10), change(11), said('cut', { reason: 'session-ended' })]]
  const link = new Link(world, world)
  link.start()
  await locked
  await Promise.resolve()
  world.scripts = [[hello(11, { resumed: true }), change(12)]]
  await new Promise((resolve) => setTimeout(resolve))
  link.start()
  await world.finished
  expect(world.opened[1]).toEqual(['', '11@p'])
  expect(seqs()).toEqual([11, 12])
})

test('it says since when the connection is lost, however often it tries', async () => {
  await run([hello(10)], [new Error('a')], [new Error('b')])
  const lost = world.standings.filter((one) => one.state === 'lost')
  expect(new Set(lost.map((one) => one.sinceMs)).size).toBe(1)
})

test('what cannot be read ends the connection, not the page', async () => {
  await run(
    [hello(10), 'event: changes\ndata: {"seq\n\n'],
    [hello(10, { resumed: true }), change(11)],
  )
  expect(seqs()).toEqual([11])
})

const beat = said('beat', { seq: 10 })

test('a node that answers while its stream says nothing is behind something that holds it back', async () => {
  world.alive = true
  await run(['hang'], ['hang'], [hello(10), 'hang'], [hello(10), beat])
  expect(world.heldBack).toEqual([true, false])
})

test('a silence of a stream that has worked is not yet held back, three in a row are', async () => {
  const dumb = [hello(10), 'hang']
  world.alive = true
  await run([hello(10), beat, 'hang'], dumb, [hello(10), beat, 'hang'], dumb, [hello(10), beat])
  expect(world.heldBack).toEqual([])
  world = new Fake()
  world.alive = true
  await run([hello(10), beat, 'hang'], dumb, dumb, [hello(10), beat])
  expect(world.heldBack).toEqual([true, false])
})

test('one that stood still, and answers when its stream goes on again, holds nothing back', async () => {
  const waiting: ((alive: boolean) => void)[] = []
  world.answers = () => new Promise((resolve) => waiting.push(resolve))
  await run([hello(10), beat, 'hang'], ['hang'], ['hang'], [hello(10), beat])
  expect(waiting).toHaveLength(3)
  for (const answer of waiting) answer(true)
  await new Promise((resolve) => setTimeout(resolve))
  expect(world.heldBack).toEqual([])
})

test('a node that does not answer either is not held back', async () => {
  await run(['hang'], ['hang'], [hello(10)])
  expect(world.heldBack).toEqual([])
})

describe('it knows up to which entry it was told all', () => {
  const entries = [hello(10), change(12)]

  test('also of those that tell nothing', async () => {
    const beat = `id: 15@p\n${said('beat', {})}`
    expect((await run([...entries, beat])).seq).toBe(15)
  })

  test('also where a node is behind', async () => {
    const behind = said('hello', { plane: 'p', seq: 8, beatMs: 1200, pollMs: 1000, resumed: true })
    expect((await run(entries, [behind, said('beat', {})])).seq).toBe(12)
  })

  test('of this plane, and not of one before', async () => {
    expect((await run(entries, [hello(3, { plane: 'q' })])).seq).toBe(3)
  })
})

describe('what is wanted changes', () => {
  /** Plays scripts, and acts once the stream says nothing more. */
  async function acting(act: (link: Link) => void, ...scripts: Script[]) {
    world.scripts = scripts
    const link = new Link(world, world)
    world.hangs = () => act(link)
    link.start()
    await world.finished
    return link
  }

  test('the stream is begun anew with the last id, and is not lost meanwhile', async () => {
    await acting(
      (link) => link.renew(),
      [hello(10), change(11), 'hang'],
      [hello(11, { resumed: true }), change(12)],
    )
    expect(world.opened.slice(0, 2)).toEqual([
      ['', ''],
      ['', '11@p'],
    ])
    expect(seqs()).toEqual([11, 12])
    expect(world.resets).toEqual([])
    const before = world.standings.findIndex((one) => one.state === 'lost')
    expect(world.standings.slice(0, before).map((one) => one.state)).toEqual([
      'connecting',
      'live',
      'live',
    ])
  })

  test('what still comes of the connection before does not count: it lacks what is wanted now', async () => {
    world.event = (_, data) => {
      world.seen.push(data)
      if (world.seen.length === 1) link.renew()
    }
    world.scripts = [
      [hello(10), change(11) + change(12)],
      [hello(11, { resumed: true }), change(12), change(13)],
    ]
    const link = new Link(world, world)
    link.start()
    await world.finished
    expect(world.opened[1]).toEqual(['', '11@p'])
    expect(seqs()).toEqual([11, 12, 13])
  })

  test('while the connection is lost: it is asked for at once where it was to be tried', async () => {
    world.nodes = ['http://n2']
    const pauses: AbortSignal[] = []
    const sleep = world.sleep
    world.sleep = (ms, signal) => {
      if (ms !== 400) return sleep(ms, signal)
      pauses.push(signal)
      return new Promise((resolve) => {
        signal.addEventListener('abort', () => resolve())
        queueMicrotask(() => link.renew())
      })
    }
    world.scripts = [
      [hello(10), change(11)],
      [new Error('refused')],
      [new Error('refused')],
      [hello(11, { resumed: true }), change(11), change(12)],
    ]
    const link = new Link(world, world)
    link.start()
    await world.finished
    expect(pauses.map((one) => one.aborted)).toContain(true)
    expect(world.opened[3]?.[1]).toBe('11@p')
    expect(seqs()).toEqual([11, 12])
    expect(world.resets).toEqual([])
  })
})

describe('a node that stands still while one goes on choosing', () => {
  /** Opens nothing that speaks, but what is told before; whoever looks chooses again and again. */
  class Still implements World {
    nowMs = 0
    opened: [string, number][] = []
    states: [string, number][] = []
    /** What the first connections say; those after them take a request and say nothing. */
    first: string[] = []
    /** After so long any connection speaks; undefined for one that never does. */
    speaksAfterMs: number | undefined
    #timers: { at: number; ring: () => void }[] = []

    now = () => this.nowMs
    answers = () => Promise.resolve(false)
    others = () => ['http://n2']

    async open(base: string, _: string, signal: AbortSignal): Promise<AsyncIterable<string>> {
      this.opened.push([base, this.nowMs])
      if (this.speaksAfterMs !== undefined) return this.#late(this.speaksAfterMs, signal)
      const said = this.first.shift()
      if (said === undefined) await this.#end(signal)
      return this.#play(said ?? '', signal)
    }

    async *#play(said: string, signal: AbortSignal): AsyncIterable<string> {
      yield said
      await this.#end(signal)
    }

    async *#late(ms: number, signal: AbortSignal): AsyncIterable<string> {
      await Promise.race([this.sleep(ms, new AbortController().signal), this.#end(signal)])
      yield hello(10, { beatMs: 5000, pollMs: 1000 })
      await this.#end(signal)
    }

    #end(signal: AbortSignal): Promise<never> {
      return new Promise((_, reject) => {
        signal.addEventListener('abort', () => reject(new Error('aborted')))
      })
    }

    sleep(ms: number, signal: AbortSignal): Promise<void> {
      return new Promise((resolve) => {
        this.#timers.push({ at: this.nowMs + ms, ring: resolve })
        signal.addEventListener('abort', () => resolve())
      })
    }

    /** Lets time pass. */
    async pass(ms: number): Promise<void> {
      const until = this.nowMs + ms
      for (;;) {
        await new Promise((resolve) => setTimeout(resolve))
        const next = this.#timers.filter(({ at }) => at <= until).sort((a, b) => a.at - b.at)[0]
        if (!next) break
        this.#timers.splice(this.#timers.indexOf(next), 1)
        this.nowMs = Math.max(this.nowMs, next.at)
        next.ring()
      }
      this.nowMs = until
    }
  }

  let still: Still
  let link: Link

  function begin(...first: string[]): void {
    still = new Still()
    still.first = first
    link = new Link(still, {
      stands: ({ state }) => void still.states.push([state, still.nowMs]),
      hello: () => undefined,
      reset: () => undefined,
      held: () => undefined,
      event: () => undefined,
    })
    link.start()
  }

  /** Chooses something else every so often, until the time is over. */
  async function choosing(everyMs: number, ms: number): Promise<void> {
    for (const until = still.nowMs + ms; still.nowMs < until;) {
      await still.pass(everyMs)
      link.renew()
    }
    await still.pass(0)
  }

  const greeting = hello(10, { beatMs: 5000, pollMs: 1000 })

  const lostAt = () => still.states.find(([state]) => state === 'lost')?.[1]

  test('is found to be silent as if one did not, and another one is tried', async () => {
    begin(greeting)
    await choosing(300, 12_000)
    expect(lostAt()).toBe(5000)
    const other = still.opened.find(([base]) => base === 'http://n2')
    expect(other?.[1]).toBe(5000)
  })

  test('is silent since its last word, whichever connection that came by', async () => {
    begin(greeting, greeting, greeting + beat)
    await choosing(300, 9000)
    expect(lostAt()).toBe(600 + 5000)
  })

  test('has time for a first word, once, where it would have next to none', async () => {
    begin(hello(10, { beatMs: 5000, pollMs: 100 }))
    await still.pass(900)
    link.renew()
    await choosing(300, 6000)
    expect(lostAt()).toBe(900 + 2000)
  })

  test.each([100, 700, 1500])(
    'is none that takes %i ms for its first word, though a key is held',
    async (ms) => {
      begin(greeting)
      await still.pass(200)
      still.speaksAfterMs = ms
      await choosing(30, 7000)
      expect(lostAt()).toBeUndefined()
      expect(still.opened.length).toBeLessThan(7000 / ms + 5)
      // What was wanted last is asked for, and no more once it is.
      const last = still.nowMs
      still.speaksAfterMs = 100
      await still.pass(2500)
      expect(still.opened.at(-1)?.[1]).toBeGreaterThanOrEqual(last)
      expect(still.states.at(-1)).toEqual(['live', (still.opened.at(-1)?.[1] ?? 0) + 100])
    },
  )

  test('has the whole time for it once somebody looks again', async () => {
    begin(greeting)
    await still.pass(4000)
    link.rest()
    await still.pass(60_000)
    link.wake()
    await still.pass(7900)
    expect(still.states.map(([state]) => state)).toEqual(['connecting', 'live', 'resting'])
    await still.pass(200)
    expect(still.opened.map(([base]) => base)).toEqual(['', '', 'http://n2'])
  })
})

describe('nobody looks', () => {
  let link: Link

  /** Has it rest once its first stream is silent, and lets it go on when that is said. */
  async function resting(meanwhile: () => void, ...scripts: Script[]) {
    world.scripts = scripts
    link = new Link(world, world)
    world.hangs = () => link.rest()
    const stands = world.stands
    world.stands = (standing) => {
      stands(standing)
      if (standing.state === 'resting') setTimeout(meanwhile)
    }
    link.start()
    await world.finished
  }

  test('the connection is given back, and nothing is opened until somebody does', async () => {
    let opened = 0
    await resting(
      () => {
        opened = world.opened.length
        link.renew()
        link.rest()
        setTimeout(() => {
          expect(world.opened.length).toBe(opened)
          link.wake()
        })
      },
      [hello(10), change(11), 'hang'],
      [hello(11, { resumed: true }), change(11), change(12)],
    )
    expect(opened).toBe(1)
    expect(world.opened[1]).toEqual(['', '11@p'])
    expect(seqs()).toEqual([11, 12])
    expect(world.resets).toEqual([])
    const states = world.standings.map((one) => one.state)
    expect(states.slice(0, 4)).toEqual(['connecting', 'live', 'resting', 'live'])
  })

  test('what was told too long ago is to be read anew', async () => {
    const reset = `event: reset\nid: 99@p\ndata: {"reason": "too-far-back", "seq": 99}\n\n`
    await resting(
      () => link.wake(),
      [hello(10), 'hang'],
      [hello(99, { resumed: true }), reset, change(100)],
    )
    expect(world.resets).toEqual(['too-far-back'])
    expect(seqs()).toEqual([100])
  })

  const refused = [new Error('refused')]

  test('a node that has gone meanwhile is no alarm where another one is there', async () => {
    world.nodes = ['http://n2']
    await resting(() => link.wake(), [hello(10), 'hang'], refused, refused, [
      hello(12, { resumed: true }),
    ])
    const states = world.standings.map((one) => one.state)
    expect(states.slice(0, 4)).toEqual(['connecting', 'live', 'resting', 'live'])
    expect(world.opened.map(([base]) => base).slice(1, 4)).toEqual(['', '', 'http://n2'])
  })

  test('if none is there, the connection is lost since then, and not since nobody looks', async () => {
    world.nodes = ['http://n2']
    await resting(() => link.wake(), [hello(10), 'hang'], refused, refused, refused, [hello(12)])
    const states = world.standings.map((one) => one.state)
    expect(states.slice(0, 5)).toEqual(['connecting', 'live', 'resting', 'lost', 'live'])
    const [rest, lost] = world.standings.slice(2)
    expect(lost?.sinceMs).toBeGreaterThan(rest?.sinceMs ?? Infinity)
  })

  test('one that is told to rest before it has begun opens nothing until it is woken', async () => {
    world.scripts = [[hello(10), change(11)]]
    link = new Link(world, world)
    link.rest()
    link.start()
    await new Promise((resolve) => setTimeout(resolve))
    expect(world.opened).toEqual([])
    link.wake()
    await world.finished
    expect(seqs()).toEqual([11])
  })
})
