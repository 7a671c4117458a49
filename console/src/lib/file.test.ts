import { expect, test } from 'vitest'
import { textOf } from './file'

const latin = (text: string) => Uint8Array.from(text, (one) => one.charCodeAt(0))
const utf8 = (text: string) => new TextEncoder().encode(text)

test('text in UTF-8 is taken as it is, without a mark of the order of bytes', () => {
  expect(textOf(utf8('name: café\n'))).toBe('name: café\n')
  expect(textOf(utf8('\ufeffname: café\n'))).toBe('name: café\n')
  expect(textOf(utf8(''))).toBe('')
})

test('where a file is no text in UTF-8 is said', () => {
  expect(textOf(latin('name: caf\xe9\nservices:\n'))).toEqual({ line: 1, column: 10 })
  expect(textOf(latin('name: x\n# \xe9t\xe9\n'))).toEqual({ line: 2, column: 3 })
  expect(textOf(latin('\xff\xfen\0a\0'))).toEqual({ line: 1, column: 1 })
})

test('a character that is cut off at the end is no text', () => {
  expect(textOf(utf8('né').subarray(0, 2))).toEqual({ line: 1, column: 2 })
})
