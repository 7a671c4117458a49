import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { Failure } from './api'
import { Course, GRACE_MS, type Act } from './course.svelte'

const done: string[] = []

function act(text: string, run: Act['run'] = () => Promise.resolve()): Act {
  return {
    text,
    field: text === 'priority' ? 'priority' : 'mode',
    run: (signal) => {
      done.push(text)
      return run(signal)
    },
  }
}

const hangs: Act['run'] = (signal) =>
  new Promise((_, reject) => signal.addEventListener('abort', () => reject(new Error('off'))))

beforeEach(() => {
  done.length = 0
  vi.useFakeTimers()
})
afterEach(() => vi.useRealTimers())

test('steps are taken in order, and it says when all are done', async () => {
  const course = new Course()
  course.start([act('priority'), act('mode')], false)
  await vi.runAllTimersAsync()
  expect(done).toEqual(['priority', 'mode'])
  expect([course.phase, ...course.steps.map((one) => one.state)]).toEqual(['done', 'done', 'done'])
})

test('what is called off in time was never begun', async () => {
  const course = new Course()
  course.start([act('mode')], true)
  await vi.advanceTimersByTimeAsync(GRACE_MS - 1)
  expect([course.phase, done]).toEqual(['grace', []])
  course.callOff()
  await vi.runAllTimersAsync()
  expect([course.phase, done]).toEqual(['form', []])
})

test('it begins when its time has come, or at once for who does not want to wait', async () => {
  for (const hurry of [false, true]) {
    const course = new Course()
    course.start([act('mode')], true)
    if (hurry) course.hurry()
    else await vi.advanceTimersByTimeAsync(GRACE_MS)
    await vi.runAllTimersAsync()
    expect(course.phase).toBe('done')
  }
  expect(done).toEqual(['mode', 'mode'])
})

test('who leaves is told what had been begun, and nothing more is begun', async () => {
  const course = new Course()
  course.start([act('priority', hangs), act('mode')], false)
  await vi.advanceTimersByTimeAsync(0)
  course.leave()
  await vi.runAllTimersAsync()
  expect([course.phase, course.leftAt, done]).toEqual(['left', 'priority', ['priority']])
})

test('a session that has ended takes nothing away', async () => {
  const course = new Course()
  const ended = () => Promise.reject(new Failure('session', 'who are you', 401))
  course.start([act('mode', ended)], false)
  await vi.runAllTimersAsync()
  expect([course.phase, course.faults, course.failure]).toEqual(['form', {}, undefined])
})

test('a refusal is brought to its field, other trouble is not', async () => {
  const course = new Course()
  const refuse = () => Promise.reject(new Failure('refused', 'it starts', 409))
  course.start([act('priority'), act('mode', refuse)], false)
  await vi.runAllTimersAsync()
  expect([course.phase, course.faults]).toEqual(['form', { mode: 'it starts' }])
  course.start([act('mode', () => Promise.reject(new Failure('unreachable', 'no')))], false)
  await vi.runAllTimersAsync()
  expect([course.phase, course.faults]).toEqual(['failed', {}])
})

test.each([
  ['refused', 409],
  ['session', 401],
] as const)('what may have been done is never called undone: %s', async (reason, status) => {
  const course = new Course()
  const doubtful = new Failure(reason, 'no', status, {
    message: 'no',
    data: { outcome: 'unknown' },
  })
  course.start([act('mode', () => Promise.reject(doubtful))], false)
  await vi.runAllTimersAsync()
  expect([course.phase, course.faults, course.failure]).toEqual(['failed', {}, doubtful])
})
