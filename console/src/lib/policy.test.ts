import { expect, test } from 'vitest'
import { connectable, mayReload } from './policy'

test('the sites that a page may ask are read from its policy', () => {
  const said =
    "default-src 'none'; connect-src 'self' http://127.0.0.1:1 https://n2:8443; base-uri 'none'"
  expect(connectable(said)).toEqual(new Set(['http://127.0.0.1:1', 'https://n2:8443']))
  expect(connectable("default-src 'none'; connect-src 'self'")).toEqual(new Set())
})

test('without a word about it nothing is known to be forbidden', () => {
  expect(connectable(null)).toBeUndefined()
  expect(connectable("default-src 'self'")).toBeUndefined()
})

const MOMENT = {
  newcomers: true,
  home: true,
  typed: false,
  writing: false,
  told: false,
  tried: false,
  dialog: false,
  hidden: true,
  restedMs: 0,
}

test('a page is loaded anew for a new node when nobody is at it', () => {
  expect(mayReload(MOMENT)).toBe(true)
  expect(mayReload({ ...MOMENT, hidden: false })).toBe(false)
  expect(mayReload({ ...MOMENT, hidden: false, restedMs: 300_000 })).toBe(true)
})

test.each([
  { typed: true },
  { writing: true },
  { told: true },
  { tried: true },
  { dialog: true },
  { home: false },
  { newcomers: false },
])('it is not while %o', (more) => {
  expect(mayReload({ ...MOMENT, restedMs: 1e9, ...more })).toBe(false)
})
