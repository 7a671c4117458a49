import { expect, test } from 'vitest'
import { Latest } from './latest'

/** Reads that are answered when they are told to. */
class Slow {
  pending: { resolve: (value: string) => void; reject: (error: Error) => void }[] = []
  begun = 0
  taken: unknown[] = []
  latest = new Latest<string>(
    () => {
      this.begun += 1
      return new Promise((resolve, reject) => this.pending.push({ resolve, reject }))
    },
    (value) => this.taken.push(value),
    (error) => this.taken.push(error),
  )

  async answer(value: string | Error): Promise<void> {
    const one = this.pending.shift()
    if (value instanceof Error) one?.reject(value)
    else one?.resolve(value)
    await new Promise((resolve) => setTimeout(resolve))
  }
}

test('one request at a time, and one more for all that was asked meanwhile', async () => {
  const slow = new Slow()
  for (let n = 0; n < 5; n += 1) slow.latest.ask()
  expect(slow.begun).toBe(1)
  await slow.answer('old')
  expect(slow.begun).toBe(2)
  await slow.answer('new')
  expect([slow.begun, slow.taken]).toEqual([2, ['old', 'new']])
  slow.latest.ask()
  expect(slow.begun).toBe(3)
})

test('one that fails is told, and does not keep the next from being asked', async () => {
  const slow = new Slow()
  slow.latest.ask()
  slow.latest.ask()
  const fault = new Error('no')
  await slow.answer(fault)
  await slow.answer('new')
  expect(slow.taken).toEqual([fault, 'new'])
})

test('an answer that comes after the end does not count, and nothing more is asked', async () => {
  const slow = new Slow()
  slow.latest.ask()
  slow.latest.ask()
  slow.latest.end()
  await slow.answer('late')
  expect([slow.begun, slow.taken]).toEqual([1, []])
})
