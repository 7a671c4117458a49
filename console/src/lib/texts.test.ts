import { parse } from 'svelte/compiler'
import { afterEach, describe, expect, test, vi } from 'vitest'
import page from '../../index.html?raw'
import { count } from './texts'
import type * as Texts from './texts'

const parts = import.meta.glob<string>('../**/*.svelte', {
  query: '?raw',
  import: 'default',
  eager: true,
})
const scripts = import.meta.glob<string>(['./*.ts', '!./*.test.ts'], {
  query: '?raw',
  import: 'default',
  eager: true,
})

/** Attributes that are read by people. */
const READ = ['title', 'aria-label', 'aria-description', 'alt', 'placeholder', 'data-label', 'lang']
const WORD = /\p{L}{2}/u
const WORDS = /\p{L}{2,} \p{L}{2,}/u

/** Words in the markup of a part of a page; a command is no word. */
function wordsIn(node: unknown, found: string[] = []): string[] {
  if (Array.isArray(node)) for (const one of node) wordsIn(one, found)
  if (typeof node !== 'object' || node === null || Array.isArray(node)) return found
  const { type, name, data, value } = node as Record<string, unknown>
  if (type === 'StyleDirective' || (type === 'RegularElement' && name === 'code')) return found
  if (type === 'Attribute' && !READ.includes(String(name)) && !isComputed(value)) return found
  if (type === 'Text' && WORD.test(String(data))) found.push(String(data))
  const text = type === 'TemplateElement' ? (value as { cooked: string }).cooked : value
  if (type === 'Literal' || type === 'TemplateElement') {
    if (WORDS.test(String(text))) found.push(String(text))
  } else for (const part of Object.values(node)) wordsIn(part, found)
  return found
}

function isComputed(value: unknown): boolean {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

describe('all words and the language that they are in are in one file', () => {
  test('none is in the markup', () => {
    expect(Object.keys(parts).length).toBeGreaterThan(20)
    const words = Object.entries(parts).map(([name, text]) => [
      name,
      wordsIn(parse(text, { modern: true }).fragment),
    ])
    expect(words.filter(([, found]) => found?.length)).toEqual([])
  })

  test('they would be found there', () => {
    const markup = `<p title="All of it">{many ? 'So many of them' : \`and \${n} more of them\`}</p>
      <p class="notice bad">None</p><code>brookline deploy FILE</code>`
    const found = wordsIn(parse(markup, { modern: true }).fragment)
    expect(found).toEqual(['All of it', 'So many of them', ' more of them', 'None'])
  })

  test('none is in the page that runs no script', () => {
    const said = page.replaceAll(/<[^>]*>|\{\{\w+\}\}/g, '')
    expect(said).not.toMatch(WORD)
    expect(page).toMatch(/^<html lang="\{\{language\}\}">$/m)
  })

  test('no script names a language', () => {
    expect(Object.keys(scripts).length).toBeGreaterThan(20)
    const naming = Object.entries({ ...parts, ...scripts }).filter(([, text]) =>
      /\.toLocale\w*String\(|Format\(['"`]|(?<!\w)navigator\.language/.test(text),
    )
    expect(naming.map(([name]) => name)).toEqual([])
  })
})

describe('in another language', () => {
  afterEach(() => {
    vi.doUnmock('./texts')
    vi.resetModules()
  })

  test('numbers, durations and dates follow the texts', async () => {
    vi.resetModules()
    vi.doMock('./texts', async (original) => ({
      ...(await original<typeof Texts>()),
      LANGUAGE: 'de',
      DATES: 'de',
    }))
    const { absolute, bytes, duration, figure, relative } = await import('./units')
    expect(figure(1234567)).toBe('1.234.567')
    expect(figure(0.25)).toBe('0,25')
    expect(duration(1400)).toBe('1,4 s')
    expect(bytes(5120)).toBe('5,1 kB')
    expect(relative(0, 3 * 86_400_000)).toBe('vor 3 Tagen')
    expect(absolute(Date.UTC(2026, 0, 15, 12))).toMatch(/^15\.01\.2026, /)
  })
})

test('one thing is one thing', () => {
  expect(count(1, 'node')).toBe('1 node')
  expect(count(10_000, 'entity', 'entities')).toBe('10,000 entities')
})
