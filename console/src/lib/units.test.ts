import { afterEach, describe, expect, test, vi } from 'vitest'
import { bytes, duration, figure, relative } from './units'

describe('durations', () => {
  test.each([
    [-3, '0 ms'],
    [412, '412 ms'],
    [1400, '1.4 s'],
    [9960, '10 s'],
    [59_600, '1 min'],
    [125_000, '2 min 5 s'],
    [11_400_000, '3 h 10 min'],
    [352_800_000, '4 d 2 h'],
  ])('%i ms is %s', (ms, text) => expect(duration(ms)).toBe(text))
})

describe('moments', () => {
  test.each([
    [0, 'now'],
    [-9_000, 'now'],
    [-30_000, '30 sec. ago'],
    [-119_000, '1 min. ago'],
    [-7_200_000, '2 hr. ago'],
    [-86_400_000, 'yesterday'],
  ])('%i ms from now is %s', (ms, text) => expect(relative(1e12 + ms, 1e12)).toBe(text))
})

test.each([
  [0, '0 B'],
  [999, '999 B'],
  [5120, '5.1 kB'],
  [999_600, '1.0 MB'],
  [104_857_600, '105 MB'],
])('%i bytes are %s', (size, text) => expect(bytes(size)).toBe(text))

test.each([
  [0, '0'],
  [1234567, '1,234,567'],
  [0.1 + 0.2, '0.3'],
  [-12.3456789, '-12.3457'],
])('%d reads as %s', (number, text) => expect(figure(number)).toBe(text))

describe('moments in full, in the zone of who looks', () => {
  afterEach(() => {
    vi.unstubAllEnvs()
    vi.resetModules()
  })

  test.each([
    ['UTC', '15 Jan 2026, 23:30:05 UTC', '23:30:05'],
    ['Asia/Kolkata', '16 Jan 2026, 05:00:05 GMT+5:30', '05:00:05'],
    ['America/New_York', '15 Jan 2026, 18:30:05 GMT-5', '18:30:05'],
  ])('in %s', async (zone, text, time) => {
    vi.stubEnv('TZ', zone)
    vi.resetModules()
    const { absolute, clock } = await import('./units')
    const at = Date.UTC(2026, 0, 15, 23, 30, 5)
    expect(absolute(at)).toBe(text)
    expect(clock(at)).toBe(time)
  })

  test('its name follows the season', async () => {
    vi.stubEnv('TZ', 'Europe/Paris')
    vi.resetModules()
    const { absolute } = await import('./units')
    expect(absolute(Date.UTC(2026, 0, 15, 12))).toBe('15 Jan 2026, 13:00:00 CET')
    expect(absolute(Date.UTC(2026, 6, 15, 12))).toBe('15 Jul 2026, 14:00:00 CEST')
  })
})
