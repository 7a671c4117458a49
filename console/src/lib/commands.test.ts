import { expect, test } from 'vitest'
import { Exact } from './exact'
import { cancelCommand, configCommand, invokeCommand, journalCommand, quoted } from './commands'

test.each([
  ['start', 'start'],
  ['a=b c', "'a=b c'"],
  ["it's", `'it'\\''s'`],
  ['$(rm -r x)', "'$(rm -r x)'"],
  ['', "''"],
])('%s is quoted as %s', (word, text) => expect(quoted(word)).toBe(text))

test('an effector of an application, and of an entity in it', () => {
  expect(invokeCommand('a1', 'a1', 'stop')).toBe('brookline invoke a1 stop')
  expect(invokeCommand('a1', 'e2', 'pay', { amount: 5, note: 'for me', to: { a: 1 } })).toBe(
    `brookline invoke a1 e2 pay -P amount=5 -P 'note=for me' -P 'to={"a":1}'`,
  )
})

test('no secret is in a command', () => {
  expect(invokeCommand('a', 'e', 'log-in', { user: 'me', pin: '1234' }, ['pin'])).toBe(
    'brookline invoke a e log-in -P user=me -P pin=@FILE',
  )
  const assignment = { key: 'my.password', value: 'hush', isSecret: true }
  expect(configCommand('a', 'a', assignment)).toBe('brookline config a --set my.password=@FILE')
})

test('config and the end of a task', () => {
  const assignment = { key: 'my.size', value: 'very large', isSecret: false }
  expect(configCommand('a', 'e', assignment)).toBe(
    "brookline config a e --set 'my.size=very large'",
  )
  expect(cancelCommand('t1')).toBe('brookline activity cancel t1')
})

test('numbers are written with all of their digits', () => {
  const big = new Exact('9007199254740995')
  expect(configCommand('a', 'a', { key: 'my.big', value: big, isSecret: false })).toBe(
    'brookline config a --set my.big=9007199254740995',
  )
  expect(invokeCommand('a', 'e', 'pay', { to: { amount: big } })).toBe(
    `brookline invoke a e pay -P 'to={"amount":9007199254740995}'`,
  )
})

test('what the log says of a time', () => {
  expect(journalCommand(1_700_000_000_123, 1_700_000_060_000)).toBe(
    'brookline journal show --since 2023-11-14T22:13:20Z --until 2023-11-14T22:14:20Z',
  )
})
