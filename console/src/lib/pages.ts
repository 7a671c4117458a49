// A part of a long text that is read page by page: forwards, backwards, and at its growing end.

/** A part of the whole, from a place to the one behind it, in bytes. */
export interface Range {
  begin: number
  end: number
}

export interface Piece extends Range {
  text: string
}

/** How much is read at once, and how much is held. */
export const PAGE = 200_000
export const MOST = 1_000_000
/** Up to this size what comes is joined to the last piece. */
const JOINED = 50_000

/** What the header says of the parts that are kept: `0-4194304, 102694607-106888911`. */
export function readKept(header: string | null, whole: number): Range[] {
  const found: Range[] = []
  for (const part of (header ?? '').split(',')) {
    const match = /^\s*(\d+)-(\d+)\s*$/.exec(part)
    if (match) found.push({ begin: Number(match[1]), end: Number(match[2]) })
  }
  return found.length || !whole ? found : [{ begin: 0, end: whole }]
}

/** The last page of what is kept. */
export function lastPage(kept: Range[]): Range | undefined {
  return pageBefore(kept, Infinity)
}

/** The page that ends at a place, or where something is kept before it. */
export function pageBefore(kept: Range[], place: number): Range | undefined {
  const range = kept.findLast((one) => one.begin < place)
  if (!range) return undefined
  const end = Math.min(place, range.end)
  return { begin: Math.max(range.begin, end - PAGE), end }
}

/** The page that begins at a place, or where something is kept after it. */
export function pageAfter(kept: Range[], place: number): Range | undefined {
  const range = kept.find((one) => one.end > place)
  if (!range) return undefined
  const begin = Math.max(place, range.begin)
  return { begin, end: Math.min(range.end, begin + PAGE) }
}

/** Which end of a page may lie within a line: where no page is shown yet. */
export type Loose = 'begin' | 'end'

/**
 * Bytes as text, cut to whole lines at its loose end: what is cut off belongs to the next page there.
 * Nothing is cut at the ends of what is kept.
 */
export function textOf(bytes: Uint8Array, at: Range, kept: Range[], loose: Loose): Piece {
  let [from, to] = [0, bytes.length]
  if (loose === 'begin' && kept.every((one) => one.begin !== at.begin)) {
    const line = bytes.indexOf(10)
    if (line >= 0 && line < bytes.length - 1) from = line + 1
  }
  if (loose === 'end' && kept.every((one) => one.end !== at.begin + bytes.length)) {
    const line = bytes.lastIndexOf(10)
    if (line >= 0) to = line + 1
  }
  const text = plain(new TextDecoder().decode(bytes.subarray(from, to)))
  return { begin: at.begin + from, end: at.begin + to, text }
}

// eslint-disable-next-line no-control-regex -- they are what is taken out
const COLOURS = /\u001b\[[0-9;?]*[ -/]*[@-~]|\u001b\][^\u0007\u001b]*(?:\u0007|\u001b\\)/g

/** A text as a terminal would show it, without its colours. */
export function plain(text: string): string {
  return text.replace(COLOURS, '').replaceAll('\r\n', '\n')
}

/** Pieces with another one before them; the end of them goes where they are too many. */
export function before(pieces: Piece[], piece: Piece): Piece[] {
  const found = [piece, ...pieces]
  while (found.length > 1 && size(found) > MOST) found.pop()
  return found
}

/** Pieces with another one after them; the beginning of them goes where they are too many. */
export function after(pieces: Piece[], piece: Piece): Piece[] {
  const found = [...pieces]
  const last = found.at(-1)
  if (last && last.end === piece.begin && last.text.length < JOINED) {
    found[found.length - 1] = { begin: last.begin, end: piece.end, text: last.text + piece.text }
  } else found.push(piece)
  while (found.length > 1 && size(found) > MOST) found.shift()
  return found
}

/**
 * Pieces with what has just come. Who reads further up is not disturbed: nothing goes from the beginning
 * then, and what does not fit is there when the end is wanted.
 */
export function taken(pieces: Piece[], piece: Piece, follow: boolean): Piece[] {
  const end = pieces.at(-1)?.end
  if (end === undefined || (follow && piece.begin >= end)) return after(pieces, piece)
  if (piece.begin !== end) return pieces
  const found = after(pieces, piece)
  return found[0]?.begin === pieces[0]?.begin ? found : pieces
}

/**
 * What has come, as a piece from a place on: what lies before that was read already, by an answer that had
 * more than had come by then.
 */
export function pieceOf(
  output: { start: number; end: number; text: string },
  place: number,
): Piece {
  const { start, end, text } = output
  const bytes = new TextEncoder().encode(text)
  // Of what is no text, nobody knows which letter is which byte.
  const known = start < place && place < end && bytes.length === end - start
  const rest = known ? new TextDecoder().decode(bytes.subarray(place - start)) : text
  return { begin: known ? place : start, end, text: plain(rest) }
}

function size(pieces: Piece[]): number {
  return pieces.reduce((sum, one) => sum + one.end - one.begin, 0)
}

/** What is kept, when the whole has grown by a part. */
export function grown(kept: Range[], part: Range): Range[] {
  const last = kept.at(-1)
  if (last && part.begin <= last.end) {
    return [...kept.slice(0, -1), { begin: last.begin, end: Math.max(last.end, part.end) }]
  }
  return [...kept, { begin: part.begin, end: part.end }]
}
