// What a node sends, piece by piece, and whether it answers at all.

/** The text of an answer as it comes. */
export async function* pieces(body: ReadableStream<Uint8Array>): AsyncIterable<string> {
  const reader = body.getReader()
  const decoder = new TextDecoder()
  try {
    for (;;) {
      const { done, value } = await reader.read()
      if (done) return
      yield decoder.decode(value, { stream: true })
    }
  } finally {
    await reader.cancel().catch(() => undefined)
  }
}

/** Whether a node answers a question. */
export async function answers(base: string): Promise<boolean> {
  try {
    const signal = AbortSignal.timeout(3000)
    const said = await fetch(`${base}/healthz/live`, { credentials: 'omit', signal })
    return said.ok
  } catch {
    return false
  }
}
