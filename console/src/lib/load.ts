// Parts that are loaded later: when they are needed, or when the page has nothing else to do, since
// the node that has them may be gone by then.

const QUIET_MS = 4000

export function loadEditor() {
  return import('./editor')
}

/** Loads what may be needed later. */
export function loadAhead(): void {
  setTimeout(() => void loadEditor().catch(() => undefined), QUIET_MS)
}
