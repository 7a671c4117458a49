// What a page looks at, and what it asks of the stream for it.

import { segment } from './api'

export interface Output {
  task: string
  stream: string
  start: number
  end: number
  text: string
  ended: boolean
}

export type Progress = Record<
  string,
  { waitsFor: string | null; blockedBy: string | null; streams: Record<string, number> }
>

/** What a page looks at in detail, beside what it shows of the rest. */
export interface Detail {
  entity?: string
  task?: string
  output?: string
  /** How many bytes of the output the page has. */
  from?: () => number
  onOutput?: (output: Output) => void
}

/**
 * What the page asks of its one stream: the plane, all applications or the entities of one, and what
 * it looks at in detail.
 */
export function streamQuery(application: string, detail: Detail): string {
  // The applications' list keeps still meanwhile; it is read anew afterwards.
  const of = application ? `&application=${segment(application)}` : ''
  const topics = `topics=plane,${application ? 'entities' : 'applications'}`
  const { entity, task, output, from } = detail
  if (task) {
    const more = output ? `&output=${segment(output)}&from=${from?.() ?? 0}` : ''
    return `${topics},tasks${of}&task=${segment(task)}${more}`
  }
  if (!entity || !application) return topics + of
  return `${topics},tasks${of}&sensors=*&detail=${segment(entity)}`
}
