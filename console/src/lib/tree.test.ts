import { expect, test } from 'vitest'
import type { Entity } from './things'
import { rowsOf } from './tree'

const entity = (id: string, parent: string | null): Entity => ({
  id,
  app: 'a',
  parent,
  name: id.toUpperCase(),
  type: 't',
  state: null,
  isUp: null,
  created: 0,
})
const entities = [entity('a', null), entity('web', 'a'), entity('w1', 'web'), entity('db', 'a')]
const ids = (open: boolean, words = '') =>
  rowsOf('a', entities, () => open, words).map((row) => `${row.level}${row.entity.id}`)

test('rows stand below their parents', () =>
  expect(ids(true)).toEqual(['1a', '2web', '3w1', '2db']))
test('what is folded shows nothing below', () => expect(ids(false)).toEqual(['1a']))
test('a filter keeps what is above its findings, folded or not', () =>
  expect(ids(false, ' W1 ')).toEqual(['1a', '2web', '3w1']))
test('places are counted among brothers', () => {
  const rows = rowsOf('a', entities, () => true, '')
  expect(rows.map(({ place, of }) => [place, of])).toEqual([
    [1, 1],
    [1, 2],
    [1, 1],
    [2, 2],
  ])
})
test('ten thousand entities take no time', () => {
  const many = [entity('a', null)]
  for (let at = 0; at < 10_000; at += 1) many.push(entity(`e${at}`, 'a'))
  expect(rowsOf('a', many, () => true, '')).toHaveLength(10_001)
})
