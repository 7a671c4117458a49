import { expect, test } from 'vitest'
import { Exact, parse, parseTyped, stringify } from './exact'

const BIG = '9007199254740993'

test.each([
  [BIG, BIG],
  [`-${BIG}`, `-${BIG}`],
  ['123456789012345678901234567890', '123456789012345678901234567890'],
  ['10000000000000000000000', '10000000000000000000000'],
  [`{"a": [1, ${BIG}, {"${BIG}": ${BIG}}]}`, `{"a":[1,${BIG},{"${BIG}":${BIG}}]}`],
  [`["${BIG}", "a\\"${BIG}", "\\\\", ${BIG}]`, `["${BIG}","a\\"${BIG}","\\\\",${BIG}]`],
  [
    '[9007199254740992, 1764165600000, 0.1, 20.0, 1e22]',
    '[9007199254740992,1764165600000,0.1,20,1e+22]',
  ],
])('%s loses no digit', (text, same) => {
  expect(stringify(parse(text))).toBe(same)
  expect(stringify(parse(stringify(parse(text))))).toBe(same)
})

test('a number that is held is one', () => {
  expect(parse('[9007199254740992, 0.30000000000000004]')).toEqual([
    9007199254740992, 0.30000000000000004,
  ])
  expect(parse(`[${BIG}]`)).toEqual([new Exact(BIG)])
  expect(`${String(parse(BIG))}`).toBe(BIG)
})

test.each(['1.0', '1e5', '0.10000000000000000000001', '1e400', '-0', BIG])(
  '%s is sent as it is typed',
  (typed) => {
    expect(stringify(parseTyped(typed))).toBe(typed)
    expect(stringify(parseTyped(`{"a": [${typed}]}`))).toBe(`{"a":[${typed}]}`)
  },
)

test.each([
  ...[
    `0${BIG}`,
    `${BIG}a`,
    `a${BIG}`,
    `${BIG}.`,
    `${BIG}-1`,
    `"${BIG}`,
    `${BIG} ${BIG}`,
    `.${BIG}`,
  ],
  ...['01', '1.', '+1', '--1', '', 'NaN', `[${BIG}`, `{${BIG}: 1}`],
])('%j is no JSON, as before', (text) => {
  expect(() => JSON.parse(text) as unknown).toThrow(SyntaxError)
  expect(() => parse(text)).toThrow(SyntaxError)
  expect(() => parseTyped(text)).toThrow(SyntaxError)
})

test('texts may be long, and full of what is escaped', () => {
  const text = `[${BIG}, "${'x'.repeat(10_000_000)}${'\\n'.repeat(1_000_000)}", ${BIG}]`
  expect(stringify(parse(text))).toBe(text.replaceAll(', ', ','))
})

test('what is no value has no text', () => expect(stringify(undefined)).toBe(''))
test('a text can be indented', () => expect(stringify([parse(BIG)], 2)).toBe(`[\n  ${BIG}\n]`))
