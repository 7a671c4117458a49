// JSON in which no number loses a digit: one that the language cannot hold is kept as it is written.

/** A number, as it is written. */
export class Exact {
  readonly digits: string

  constructor(digits: string) {
    this.digits = digits
  }

  toString(): string {
    return this.digits
  }

  /** What stands for it until `stringify` has put the digits there. */
  toJSON(): string {
    return mark + this.digits
  }
}

/** Nobody else's text begins with it. */
const mark = `${crypto.getRandomValues(new Uint32Array(4)).join('-')}:`
const MARKED = new RegExp(`"${mark}([^"]+)"`, 'g')

/** In JSON: a character that is written in another way, where a text begins or ends, or a number. */
const TOKEN = /\\.|"|-?\d[\d.eE+-]*/g
/** Whole numbers of fewer digits are held, and servers write no fraction that is not. */
const WHOLE = /^-?\d{16,}$/
const MANY = /(?:^|[\s:,[])-?[1-9]\d{15,}(?![\d.eE])/

/** The value of a JSON text. A whole number that would become another one is an `Exact`. */
export function parse(text: string): unknown {
  return MANY.test(text) ? kept(text, (one) => WHOLE.test(one)) : (JSON.parse(text) as unknown)
}

/** The same of what somebody has typed: any number that would be written in another way is one. */
export function parseTyped(text: string): unknown {
  return kept(text, () => true)
}

/** The JSON text of a value; empty if there is none. */
export function stringify(value: unknown, indent = 0): string {
  return (JSON.stringify(value, null, indent) ?? '').replace(MARKED, '$1')
}

function kept(text: string, isMeant: (token: string) => boolean): unknown {
  const held = JSON.parse(text) as unknown
  let inText = false
  const marked = text.replace(TOKEN, (token) => {
    if (token === '"') inText = !inText
    const isLost = !inText && /\d/.test(token) && isMeant(token) && String(Number(token)) !== token
    return isLost ? `"${mark}${token}"` : token
  })
  if (marked === text) return held
  return JSON.parse(marked, (_, value: unknown) =>
    typeof value === 'string' && value.startsWith(mark)
      ? new Exact(value.slice(mark.length))
      : value,
  ) as unknown
}
