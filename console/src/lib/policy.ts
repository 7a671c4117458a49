// Which nodes this page may ask: those that its node knew of when the page was loaded.

/** The sites that a policy lets a page connect to; undefined where it does not say. */
export function connectable(header: string | null): Set<string> | undefined {
  for (const part of (header ?? '').split(';')) {
    const [name, ...sites] = part.trim().split(/\s+/)
    if (name === 'connect-src') return new Set(sites.filter((site) => site !== "'self'"))
  }
  return undefined
}

/** So long nobody has done anything, with the page in sight. */
const REST_MS = 5 * 60_000

export interface Moment {
  /** Whether there are nodes that the page may not ask. */
  newcomers: boolean
  /** Whether the page's own node answers, so that it can be loaded from there. */
  home: boolean
  typed: boolean
  /** Whether something is being sent whose answer would be missed. */
  writing: boolean
  /** Whether something is told that nobody has taken away. */
  told: boolean
  /** Whether it was loaded anew for all of them already: then their site is never allowed. */
  tried: boolean
  dialog: boolean
  hidden: boolean
  restedMs: number
}

/** Whether nobody would notice if the page was loaded anew. */
export function mayReload(moment: Moment): boolean {
  if (!moment.newcomers || moment.tried || !moment.home) return false
  if (moment.typed || moment.writing || moment.told || moment.dialog) return false
  return moment.hidden || moment.restedMs >= REST_MS
}

/** The origin of an address, whether it names a usual port or not; empty if it is none. */
export function originOf(address: string): string {
  try {
    return new URL(address).origin
  } catch {
    return ''
  }
}

class Policy {
  #sites: Set<string> | undefined

  /** Finds out; the page itself cannot see the headers that it came with, so it asks again. */
  async read(): Promise<void> {
    try {
      const said = await fetch('/', { method: 'HEAD', headers: { Accept: 'text/html' } })
      this.#sites = connectable(said.headers.get('content-security-policy'))
    } catch {
      // Then a node that may not be asked is found by asking it.
    }
  }

  /** Whether the browser lets this page ask a node. */
  allows(address: string): boolean {
    const origin = originOf(address)
    if (!origin) return false
    return origin === location.origin || this.#sites?.has(origin) !== false
  }
}

export const policy = new Policy()
