// Parts that are loaded later: when they are needed, or when the page has nothing else to do, since
// the node that has them may be gone by then.

const QUIET_MS = 4000

export function loadEditor() {
  return import('./editor')
}

export function loadPlot() {
  return import('./plot')
}

export function loadGraph() {
  return import('./graph')
}

/** Loads what may be needed later. */
export function loadAhead(): void {
  setTimeout(() => {
    for (const load of [loadPlot, loadGraph, loadEditor]) load().catch(() => undefined)
  }, QUIET_MS)
}
