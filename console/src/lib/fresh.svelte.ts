// Loads the page anew when a node has joined that it may not ask, and nobody is at it.

import { api } from './api'
import { live } from './live.svelte'
import { notices } from './notices.svelte'
import { addressOf } from './plane'
import { mayReload, policy, type Moment } from './policy'
import { answers } from './stream'
import type { PlaneNode } from './types'

const LOOK_MS = 2000
/** Where the page notes for which newcomers it was loaded anew. */
const TRIED = 'brookline-loaded-anew-for'

class Fresh {
  /** Nodes that have joined since the page was loaded. */
  newcomers: PlaneNode[] = $derived.by(() =>
    Object.values(live.plane?.nodes ?? {}).filter(
      (node) =>
        node.status !== 'TERMINATED' && addressOf(node) !== '' && !policy.allows(addressOf(node)),
    ),
  )
  #typed = false
  #used = Date.now()

  start(): void {
    const use = () => (this.#used = Date.now())
    for (const name of ['pointerdown', 'keydown', 'wheel', 'focusin']) {
      document.addEventListener(name, use, { capture: true, passive: true })
    }
    document.addEventListener('input', () => this.note(), { capture: true })
    setInterval(() => void this.#look(), LOOK_MS)
  }

  /** Something was typed, or came otherwise into an editor. */
  note(): void {
    this.#typed = true
  }

  /** What was typed so far is sent, such as a password. */
  forget(): void {
    this.#typed = false
  }

  reload(): void {
    location.reload()
  }

  async #look(): Promise<void> {
    if (!mayReload(this.#moment())) return
    // Nothing tells a page that rests whether its node is still there.
    if (live.standing.state === 'resting' && !(await answers(''))) return
    if (!mayReload(this.#moment())) return
    try {
      sessionStorage.setItem(TRIED, JSON.stringify([...tried(), ...this.#addresses()]))
    } catch {
      // Without a note of it, it might be loaded anew for ever.
      return
    }
    this.reload()
  }

  #moment(): Moment {
    const { state } = live.standing
    return {
      newcomers: this.newcomers.length > 0,
      home: live.base === '' && (state === 'live' || state === 'resting'),
      typed: this.#typed,
      told: notices.list.length > 0,
      writing: api.writing > 0,
      tried: this.#addresses().every((one) => tried().has(one)),
      dialog: document.querySelector('dialog[open]') !== null,
      hidden: document.hidden,
      restedMs: Date.now() - this.#used,
    }
  }

  #addresses(): string[] {
    return this.newcomers.map(addressOf)
  }
}

function tried(): Set<string> {
  try {
    return new Set(JSON.parse(sessionStorage.getItem(TRIED) ?? '[]') as string[])
  } catch {
    return new Set()
  }
}

export const fresh = new Fresh()
