// What a node sends, piece by piece, whether it answers at all, and how to wait for it.

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

/** Waits, until it is called off at the longest. */
export function sleep(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, ms)
    signal.addEventListener('abort', () => {
      clearTimeout(timer)
      resolve()
    })
  })
}
