// What follows from the plane as a node tells it.

import { originOf, policy } from './policy'
import { t } from './texts'
import type { Plane, Pulse, View } from './types'

/** Where users reach a node. */
export function addressOf(node: { nodeUri: string | null; address: string } | undefined): string {
  return (node?.nodeUri || node?.address || '').replace(/\/+$/, '')
}

/** Who leads, in words; what ticks is given. */
export function sentenceOf(view: View, silentMs: number): string {
  const name = view.name ?? ''
  switch (view.phase) {
    case 'led':
      return view.sinceMs ? t.strip.led(name) : t.strip.leads(name)
    case 'silent':
      return t.strip.silent(name, silentMs)
    case 'gone':
      return t.strip.gone(name)
    case 'taking-over':
      return t.strip.takingOver(name)
    case 'vacant':
      return t.strip.vacant(view.to ?? '')
    case 'cut-off':
      return t.strip.cutOff(view.sinceMs ?? 0)
    case 'alone':
      return t.strip.alone
    default:
      return t.strip.unknown
  }
}

/** Who leads, as far as it can be told without the stream; what that has told of the same goes on. */
export function viewOf(plane: Plane, before?: View): View {
  const master = plane.nodes[plane.masterId]
  if (!master) return { phase: 'unknown', says: '' }
  const { phase, node, epoch } = before ?? {}
  if (before && phase === 'led' && node === master.nodeId && epoch === master.epoch) return before
  return { phase: 'led', node: master.nodeId, name: master.name, says: '' }
}

/** Addresses of living nodes that this page may ask: the master, then in the order of succession. */
export function others(plane: Plane | undefined): string[] {
  if (!plane) return []
  const rank = (id: string) => {
    const node = plane.nodes[id]
    if (!node || node.status === 'TERMINATED') return Infinity
    return node.isMaster ? -1 : (node.next ?? 1000)
  }
  const home = location.origin
  return Object.keys(plane.nodes)
    .filter((id) => rank(id) < Infinity)
    .sort((a, b) => rank(a) - rank(b))
    .map((id) => addressOf(plane.nodes[id]))
    .filter((address) => originOf(address) !== home && policy.allows(address))
}

/** The node that a page came from and has left, and when it did so. */
export interface Away {
  nodeId: string
  name: string
  atMs: number
  /** For so long something that a node did before may still be seen. */
  lateMs: number
}

/** Whether a node that was left is there again: started anew, or heard of since. */
export function returned(away: Away, plane: Plane, planeAt: number): boolean {
  return Object.values(plane.nodes).some((node) => {
    if (node.name !== away.name || node.leaving) return false
    if (node.status === 'FAILED' || node.status === 'TERMINATED') return false
    if (node.nodeId !== away.nodeId) return true
    return planeAt - (node.heartbeatAgeMs ?? Infinity) > away.atMs + away.lateMs
  })
}

/** A node's address as the base of requests by a pass, or undefined if this page cannot send any. */
export function reachable(address: string, pass: string | undefined): string | undefined {
  if (address === '') return undefined
  if (originOf(address) === location.origin) return ''
  return pass && policy.allows(address) ? address : undefined
}

/** What a row of the history says where it says nothing. */
export const NO_MASTERSHIP = {
  from: '',
  evidence: '',
  detectMs: 0,
  electMs: 0,
  replayMs: 0,
  guess: false,
  interrupted: [],
  activeUtc: null,
  endedUtc: null,
  endReason: null,
}

/** The plane with the ages that a pulse tells. */
export function pulsed(plane: Plane, pulse: Pulse): Plane {
  const nodes = { ...plane.nodes }
  for (const [id, [age, lag, tail]] of Object.entries(pulse.nodes)) {
    const node = nodes[id]
    if (!node) continue
    nodes[id] = {
      ...node,
      heartbeatAgeMs: age ?? node.heartbeatAgeMs,
      lagMs: lag ?? null,
      tail: tail ?? node.tail,
    }
  }
  return { ...plane, nodes }
}
