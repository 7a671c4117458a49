// What speaks for or against moving the lead beside the nodes: the store, and what runs.

import { api } from './api'
import { Latest } from './latest'
import { live } from './live.svelte'
import type { Around } from './manage'
import type { StoreSummary, TaskSummary } from './types'

/** Operations that are counted at most. */
const MOST = 2000

/** Reads it for as long as the component lives that calls this, and anew with each `mode` chosen. */
export function around(mode: () => string): { readonly now: Around } {
  let trouble = $state<string>()
  let running = $state<number>()
  const alarm = $derived(live.master?.alarm)
  const store = new Latest(
    () => api.get<StoreSummary>('/v1/server/store'),
    ({ data }) => (trouble = data.trouble),
    () => (trouble = undefined),
  )
  const tasks = new Latest(
    () => api.get<TaskSummary[]>(`/v1/activities?running=true&limit=${MOST}`),
    ({ data }) => (running = data.length),
    () => (running = undefined),
  )
  $effect(() => () => {
    store.end()
    tasks.end()
  })
  $effect(() => {
    void [live.generation, alarm, mode()]
    if (!live.ready) return
    store.ask()
    if (live.readable) tasks.ask()
  })
  return {
    get now() {
      return { trouble, running }
    },
  }
}
