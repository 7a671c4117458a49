import { describe, expect, test } from 'vitest'
import * as pages from './pages'

const KEPT = [
  { begin: 0, end: 400_000 },
  { begin: 1_000_000, end: 1_500_000 },
]

const bytes = (text: string) => new TextEncoder().encode(text)

test('what is kept is read from the header, and is all of it where there is none', () => {
  expect(pages.readKept('0-4, 10-12', 12)).toEqual([
    { begin: 0, end: 4 },
    { begin: 10, end: 12 },
  ])
  expect(pages.readKept(null, 12)).toEqual([{ begin: 0, end: 12 }])
  expect(pages.readKept('', 0)).toEqual([])
})

test('pages go back to the beginning, over what is not kept', () => {
  const found = []
  for (let page = pages.lastPage(KEPT); page; page = pages.pageBefore(KEPT, page.begin)) {
    found.push([page.begin, page.end])
  }
  expect(found).toEqual([
    [1_300_000, 1_500_000],
    [1_100_000, 1_300_000],
    [1_000_000, 1_100_000],
    [200_000, 400_000],
    [0, 200_000],
  ])
})

test('pages go forward to the end, over what is not kept', () => {
  const found = []
  for (let page = pages.pageAfter(KEPT, 0); page; page = pages.pageAfter(KEPT, page.end)) {
    found.push([page.begin, page.end])
  }
  expect(found).toEqual([
    [0, 200_000],
    [200_000, 400_000],
    [1_000_000, 1_200_000],
    [1_200_000, 1_400_000],
    [1_400_000, 1_500_000],
  ])
})

test('a page is cut to whole lines where no page is shown yet, except where nothing is kept', () => {
  const kept = [{ begin: 0, end: 20 }]
  const page = { begin: 5, end: 16 }
  const text = bytes('lf\nwhole\nha')
  expect(pages.textOf(text, page, kept, 'begin')).toEqual({
    begin: 8,
    end: 16,
    text: 'whole\nha',
  })
  expect(pages.textOf(text, page, kept, 'end')).toEqual({ begin: 5, end: 14, text: 'lf\nwhole\n' })
  expect(pages.textOf(bytes('no\nha'), { begin: 0, end: 5 }, kept, 'begin').text).toBe('no\nha')
  expect(pages.textOf(bytes('lf\nend'), { begin: 14, end: 20 }, kept, 'end').text).toBe('lf\nend')
  // A line that is longer than a page is shown in parts.
  expect(pages.textOf(bytes('xxxx'), { begin: 4, end: 8 }, kept, 'begin').text).toBe('xxxx')
})

test('characters of several bytes do not shift places', () => {
  const kept = [{ begin: 0, end: 100 }]
  const cut = bytes('ü\nöä\n').subarray(1)
  expect(pages.textOf(cut, { begin: 11, end: 18 }, kept, 'begin')).toEqual({
    begin: 13,
    end: 18,
    text: 'öä\n',
  })
})

test('not more is held than a page can show quickly', () => {
  const text = 'x'.repeat(300_000)
  let held: pages.Piece[] = []
  for (let place = 0; place < 3_000_000; place += text.length) {
    held = pages.after(held, { begin: place, end: place + text.length, text })
  }
  expect(held.map((one) => one.begin)).toEqual([2_100_000, 2_400_000, 2_700_000])
  held = pages.before(held, { begin: 1_800_000, end: 2_100_000, text })
  expect(held.map((one) => one.begin)).toEqual([1_800_000, 2_100_000, 2_400_000])
})

test('small pieces that follow each other are one', () => {
  let held = pages.after([], { begin: 0, end: 2, text: 'a\n' })
  held = pages.after(held, { begin: 2, end: 4, text: 'b\n' })
  expect(held).toEqual([{ begin: 0, end: 4, text: 'a\nb\n' }])
  held = pages.after(held, { begin: 9, end: 11, text: 'c\n' })
  expect(held).toHaveLength(2)
})

test('colours of a terminal are left out', () => {
  expect(pages.plain('\u001b[1;31mred\u001b[0m\r\nplain')).toBe('red\nplain')
})

describe('of what has come', () => {
  const said = { start: 10, end: 18, text: 'ä b\nc d' }

  test.each([
    [10, 10, said.text],
    [0, 10, said.text],
    [13, 13, 'b\nc d'],
    [18, 10, said.text],
    [99, 10, said.text],
  ])('what was read up to %i is left out', (place, begin, text) => {
    expect(pages.pieceOf(said, place)).toEqual({ begin, end: 18, text })
  })

  test('nothing is left out where letters are no bytes', () => {
    const broken = { start: 10, end: 12, text: '\ufffd\ufffd' }
    expect(pages.pieceOf(broken, 11)).toEqual({ begin: 10, end: 12, text: broken.text })
  })
})

test('what is kept grows with the end', () => {
  expect(pages.grown(KEPT, { begin: 1_500_000, end: 1_500_007 })[1]?.end).toBe(1_500_007)
  expect(pages.grown(KEPT, { begin: 1_600_000, end: 1_600_007 })).toHaveLength(3)
  expect(pages.grown([], { begin: 0, end: 7 })).toEqual([{ begin: 0, end: 7 }])
})

describe('what has just come', () => {
  const piece = (begin: number, end: number) => ({ begin, end, text: 'x'.repeat(end - begin) })
  const full = [piece(0, pages.MOST / 2), piece(pages.MOST / 2, pages.MOST - 10)]

  test('is shown at the end of what is read', () => {
    const found = pages.taken(full, piece(pages.MOST - 10, pages.MOST), false)
    expect([found[0]?.begin, found.at(-1)?.end]).toEqual([0, pages.MOST])
  })

  test('does not push out what somebody reads further up', () => {
    expect(pages.taken(full, piece(pages.MOST - 10, pages.MOST + 90), false)).toEqual(full)
    expect(pages.taken(full, piece(pages.MOST - 10, pages.MOST + 90), true)[0]?.begin).toBe(
      pages.MOST / 2,
    )
  })

  test('after a gap is shown only to who follows', () => {
    expect(pages.taken([piece(0, 10)], piece(20, 30), false)).toEqual([piece(0, 10)])
    expect(pages.taken([piece(0, 10)], piece(20, 30), true)).toHaveLength(2)
    expect(pages.taken([], piece(20, 30), false)).toEqual([piece(20, 30)])
  })

  test('and was there already does not come twice', () => {
    expect(pages.taken([piece(0, 10)], piece(5, 10), true)).toEqual([piece(0, 10)])
  })
})
