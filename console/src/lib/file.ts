// The text of a file that somebody opens.

export interface Place {
  line: number
  column: number
}

/** The text of a file in UTF-8; or the place where it is none, since it would be sent otherwise than it is. */
export function textOf(bytes: Uint8Array): string | Place {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes)
  } catch {
    return placeAfter(beginning(bytes))
  }
}

/** The longest beginning that is text in UTF-8. */
function beginning(bytes: Uint8Array): string {
  let text = ''
  let [good, bad] = [0, bytes.length + 1]
  while (bad - good > 1) {
    const middle = Math.floor((good + bad) / 2)
    try {
      const decoder = new TextDecoder('utf-8', { fatal: true })
      // As a stream, for a character may be cut in two there.
      text = decoder.decode(bytes.subarray(0, middle), { stream: true })
      good = middle
    } catch {
      bad = middle
    }
  }
  return text
}

function placeAfter(text: string): Place {
  const lines = text.split('\n')
  return { line: lines.length, column: (lines.at(-1) ?? '').length + 1 }
}
