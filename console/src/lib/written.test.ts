import { expect, test } from 'vitest'
import { Exact } from './exact'
import { isUnedited, meant, written } from './written'

test.each([
  ['small', 'small'],
  ['', ''],
  ['$brooklyn:config("my.colour")', '$brooklyn:config("my.colour")'],
  ['two\nlines', 'two\nlines'],
  [5, '5'],
  ['5', '"5"'],
  [new Exact('9007199254740993'), '9007199254740993'],
  ['9007199254740993', '"9007199254740993"'],
  [{ a: new Exact('9007199254740993') }, '{\n  "a": 9007199254740993\n}'],
  [true, 'true'],
  ['true', '"true"'],
  [null, 'null'],
  ['null', '"null"'],
  ['"quoted"', '"\\"quoted\\""'],
  [{ a: [1] }, '{\n  "a": [\n    1\n  ]\n}'],
  ['{"a": 1}', '"{\\"a\\": 1}"'],
])('%j stands in the field so that it stays what it is', (value, typed) => {
  expect(written(value)).toBe(typed)
  expect(meant(typed)).toEqual(value)
  expect(isUnedited(typed, value)).toBe(true)
})

test.each([
  ['what was not set stays so', '', undefined, true],
  ['an empty text can be set', '""', undefined, false],
  ['blanks change no JSON', ' {"a":1} ', { a: 1 }, true],
  ['a text that reads as a number is none', '5', '5', false],
  ['nor is a number a text', '"5"', 5, false],
  ['another text', 'large', 'small', false],
  ['a number that is written in another way', '1.50', 1.5, true],
  ['a number of many digits', '9007199254740993', new Exact('9007199254740993'), true],
  ['the next one', '9007199254740992', new Exact('9007199254740993'), false],
])('%s', (_, typed, value, unedited) => expect(isUnedited(typed, value)).toBe(unedited))
