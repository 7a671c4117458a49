import { expect, test } from 'vitest'
import { Unread } from './unread.svelte'

const settled = () => new Promise((resolve) => setTimeout(resolve))
const gone = new Error('gone')

test('a part that could not be read says why, of its thing only', async () => {
  const unread = new Unread<'sensors' | 'tasks'>()
  unread.follow('one', 'sensors', Promise.reject(gone))
  expect(unread.why('one', 'sensors')).toBeUndefined()
  await settled()
  expect(unread.why('one', 'sensors')).toBe(gone)
  expect(unread.why('two', 'sensors')).toBeUndefined()
  expect(unread.why('one', 'tasks')).toBeUndefined()
})

test('it is over when it is read', async () => {
  const unread = new Unread<'tasks'>()
  unread.follow('one', 'tasks', Promise.reject(gone))
  await settled()
  unread.follow('one', 'tasks', Promise.resolve())
  await settled()
  expect(unread.why('one', 'tasks')).toBeUndefined()
})

test('a read that ends late, after one that was begun later, does not count', async () => {
  const unread = new Unread<'tasks'>()
  let answer: () => void = () => undefined
  unread.follow('one', 'tasks', new Promise<void>((resolve) => (answer = resolve)))
  unread.follow('two', 'tasks', Promise.reject(gone))
  await settled()
  answer()
  await settled()
  expect(unread.why('two', 'tasks')).toBe(gone)
})
