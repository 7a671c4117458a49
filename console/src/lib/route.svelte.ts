// Which page is shown, by the address; and where the addresses of AMP's console lead to.

export type Page =
  | { name: 'home' }
  | { name: 'about' }
  | { name: 'deploy' }
  | { name: 'interrupted' }
  | { name: 'application'; app: string; entity: string; tab: string }
  | { name: 'activity'; task: string }
  | { name: 'missing'; path: string }

export const TABS = [
  'summary',
  'sensors',
  'config',
  'effectors',
  'activities',
  'relations',
] as const

/** The page at a path. */
export function pageAt(path: string): Page {
  const parts = path.split('/').filter(Boolean).map(decoded)
  const [first, second, third, fourth, fifth] = parts
  if (first === undefined || (first === 'index.html' && parts.length === 1)) return { name: 'home' }
  if (parts.length === 1 && (first === 'about' || first === 'deploy' || first === 'interrupted')) {
    return { name: first }
  }
  if (first === 'login') return { name: 'home' }
  if (first === 'activities' && second && parts.length === 2) {
    return { name: 'activity', task: second }
  }
  if (first === 'applications' && second && (third === undefined || third === 'entities')) {
    return {
      name: 'application',
      app: second,
      entity: fourth ?? second,
      tab: TABS.find((tab) => tab === fifth) ?? 'summary',
    }
  }
  return { name: 'missing', path }
}

function decoded(part: string): string {
  try {
    return decodeURIComponent(part)
  } catch {
    return part
  }
}

/** The address of an entity's page. */
export function entityPath(app: string, entity: string, tab = ''): string {
  const path = `/applications/${encodeURIComponent(app)}`
  if (entity === app && !tab) return path
  return (
    `${path}/entities/${encodeURIComponent(entity)}` + (tab && tab !== 'summary' ? `/${tab}` : '')
  )
}

export function taskPath(task: string): string {
  return `/activities/${encodeURIComponent(task)}`
}

const MODULES: Record<string, string> = {
  'brooklyn-ui-home': '/',
  'brooklyn-ui-blueprint-composer': '/deploy',
  'brooklyn-ui-catalog': '/',
  'brooklyn-ui-location-manager': '/',
  'brooklyn-ui-login': '/',
  'brooklyn-ui-app-inspector': '/',
}

/**
 * Where an address of AMP's console leads to, or undefined if it is none.
 *
 * Its pages are told apart by what follows `#!`, which no server sees.
 */
export function fromAmp(path: string, hash: string): string | undefined {
  const module = path.split('/').find(Boolean) ?? ''
  const inside = hash.startsWith('#!') ? hash.slice(2) : ''
  if (!(module in MODULES) && !(inside && (path === '/' || path === '/index.html')))
    return undefined
  const place = inside.split('?')[0] ?? ''
  const entity = /^\/application\/([^/]+)\/entity\/([^/]+)(?:\/(\w+))?(?:\/(\w+))?/.exec(place)
  if (entity) {
    const [, app = '', id = '', tab = '', detail = ''] = entity
    if (tab === 'activities' && detail) return taskPath(detail)
    return entityPath(app, id, TABS.find((known) => known === tab) ?? '')
  }
  const app = /^\/application\/([^/]+)/.exec(place)
  if (app?.[1]) return entityPath(app[1], app[1])
  if (place.startsWith('/about')) return '/about'
  if (place.startsWith('/deploy')) return '/deploy'
  return MODULES[module] ?? '/'
}

class Route {
  path = $state('/')
  /** The part of the page that was asked for, if any; the page brings it into sight. */
  anchor = ''
  page: Page = $derived(pageAt(this.path))

  /** Follows the address from now on; links of ours are followed without loading the page anew. */
  start(): void {
    const set = () => {
      const ours = fromAmp(location.pathname, location.hash)
      if (ours !== undefined) history.replaceState(null, '', ours)
      this.anchor = decoded(location.hash.slice(1))
      this.path = location.pathname
    }
    window.addEventListener('popstate', set)
    window.addEventListener('hashchange', set)
    document.addEventListener('click', (event) => this.#click(event))
    set()
  }

  go(address: string): void {
    const [path = '/', anchor = ''] = address.split('#')
    if (path !== location.pathname) history.pushState(null, '', path)
    this.path = path
    this.anchor = decoded(anchor)
    window.scrollTo(0, 0)
    requestAnimationFrame(() => document.querySelector<HTMLElement>('main h1')?.focus())
  }

  /** Changes the address within a page: nothing is scrolled, the focus stays. */
  turn(path: string): void {
    if (path !== location.pathname) history.pushState(null, '', path)
    this.path = path
  }

  #click(event: MouseEvent): void {
    if (event.defaultPrevented || event.button !== 0) return
    if (event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return
    const link = (event.target as Element | null)?.closest?.('a')
    const href = link?.getAttribute('href')
    if (!link || !href?.startsWith('/') || href.startsWith('/v1/') || link.hasAttribute('target'))
      return
    event.preventDefault()
    if (link.dataset['within'] === undefined) this.go(href)
    else this.turn(href)
  }
}

export const route = new Route()
