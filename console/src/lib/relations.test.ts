import { expect, test } from 'vitest'
import { around, shortened } from './relations'
import type { Entity } from './things'

const entity = (id: string, parent: string | null): Entity => ({
  id,
  app: 'app',
  parent,
  name: id,
  type: '',
  state: null,
  isUp: null,
  created: 0,
})
const takes = (source: string, target: string) => ({ source, target, key: 'k', value: 'v' })
const few = [entity('app', null), entity('web', 'app'), entity('db', 'app')]
const many = [
  ...few,
  entity('disk', 'db'),
  ...Array.from({ length: 500 }, (_, number) => entity(`e${number}`, 'app')),
]
const ids = (found: Entity[]) => found.map((one) => one.id)

test('of few all are drawn', () => {
  expect(around(few, [], 'web')).toBe(few)
})

test('of many those that need each other, with what they are parts of', () => {
  const references = [takes('web', 'disk'), takes('e7', 'web'), takes('e8', 'e9')]
  expect(ids(around(many, references, 'web'))).toEqual(['app', 'web', 'db', 'disk', 'e7'])
  expect(ids(around(many, references, 'e9'))).toEqual(['app', 'e8', 'e9'])
  expect(ids(around(many, [], 'e1'))).toEqual(['app', 'e1'])
})

test('not more than can be read', () => {
  const references = many.slice(4).map((one) => takes(one.id, 'web'))
  expect(around(many, references, 'web', 50).length).toBe(50)
})

test('circles end', () => {
  const references = [takes('web', 'db'), takes('db', 'web'), takes('web', 'web')]
  expect(ids(around(many, references, 'db'))).toEqual(['app', 'web', 'db'])
})

test('long names are shortened', () => {
  expect(shortened('a name that is longer than anybody reads')).toBe('a name that is longer t…')
  expect(shortened('short')).toBe('short')
})
