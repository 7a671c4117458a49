import { expect, test } from 'vitest'
import { isUnedited, meant, written } from './written'

test.each([
  ['small', 'small'],
  ['', ''],
  ['$brooklyn:config("my.colour")', '$brooklyn:config("my.colour")'],
  ['two\nlines', 'two\nlines'],
  [5, '5'],
  ['5', '"5"'],
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
])('%s', (_, typed, value, unedited) => expect(isUnedited(typed, value)).toBe(unedited))
