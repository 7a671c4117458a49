// Times, durations and sizes as people read them, in the language of the texts.

// Only within functions: `texts` is made with these.
import { DATES, LANGUAGE, t } from './texts'

function makeFormats() {
  return {
    relative: new Intl.RelativeTimeFormat(LANGUAGE, { numeric: 'auto', style: 'short' }),
    absolute: new Intl.DateTimeFormat(DATES, { dateStyle: 'medium', timeStyle: 'medium' }),
    zone: new Intl.DateTimeFormat(DATES, { timeZoneName: 'short', hour: 'numeric' }),
    clock: new Intl.DateTimeFormat(DATES, { timeStyle: 'medium' }),
    whole: new Intl.NumberFormat(LANGUAGE),
    tenth: new Intl.NumberFormat(LANGUAGE, { minimumFractionDigits: 1, maximumFractionDigits: 1 }),
    figure: new Intl.NumberFormat(LANGUAGE, { maximumSignificantDigits: 6 }),
  }
}

let made: ReturnType<typeof makeFormats> | undefined
function formats(): ReturnType<typeof makeFormats> {
  return (made ??= makeFormats())
}

const STEPS: readonly [Intl.RelativeTimeFormatUnit, number][] = [
  ['second', 60],
  ['minute', 60],
  ['hour', 24],
  ['day', 30],
  ['month', 12],
  ['year', Infinity],
]

/** A moment as "3 min. ago"; below ten seconds "now". */
export function relative(atMs: number, nowMs: number): string {
  let amount = (atMs - nowMs) / 1000
  if (Math.abs(amount) < 10) return t.now
  for (const [unit, size] of STEPS) {
    if (Math.abs(amount) < size) return formats().relative.format(Math.trunc(amount), unit)
    amount /= size
  }
  return absolute(atMs)
}

/** A moment in full, in the viewer's zone, which is named. */
export function absolute(atMs: number): string {
  const zone = formats()
    .zone.formatToParts(atMs)
    .find((part) => part.type === 'timeZoneName')
  return `${formats().absolute.format(atMs)} ${zone?.value ?? ''}`.trim()
}

/** The time of the day. */
export function clock(atMs: number): string {
  return formats().clock.format(atMs)
}

/** A duration as "412 ms", "1.4 s", "2 min 5 s", "3 h 10 min", "4 d 2 h". */
export function duration(ms: number): string {
  const u = t.units
  if (ms < 1000) return `${Math.max(0, Math.round(ms))} ${u.ms}`
  const seconds = ms / 1000
  if (seconds < 9.95) return `${formats().tenth.format(seconds)} ${u.s}`
  if (seconds < 59.5) return `${Math.round(seconds)} ${u.s}`
  const whole = Math.round(seconds)
  if (whole < 3600) return pair(whole, 60, u.min, u.s)
  if (whole < 86400) return pair(Math.floor(whole / 60), 60, u.h, u.min)
  return pair(Math.floor(whole / 3600), 24, u.d, u.h)
}

function pair(small: number, size: number, large: string, unit: string): string {
  const rest = small % size
  return `${Math.floor(small / size)} ${large}` + (rest ? ` ${rest} ${unit}` : '')
}

/** A number of bytes as "5.1 kB". */
export function bytes(count: number): string {
  const units = t.units.bytes
  let amount = count
  let at = 0
  while (amount >= 999.5 && at < units.length - 1) {
    amount /= 1000
    at += 1
  }
  return at === 0 || amount >= 99.5
    ? `${Math.round(amount)} ${units[at]}`
    : `${formats().tenth.format(amount)} ${units[at]}`
}

/** A number as people read it: not more digits than anybody looks at. */
export function figure(number: number): string {
  if (Number.isInteger(number) && Math.abs(number) < 1e15) return formats().whole.format(number)
  return formats().figure.format(Number(number.toPrecision(6)))
}
