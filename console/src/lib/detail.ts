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

/** What a page looks at in detail; it has a stream of its own. */
export interface Detail {
  entity?: string
  task?: string
  output?: string
  /** How many bytes of the output the page has. */
  from?: () => number
  onOutput?: (output: Output) => void
}

/** What the page's main stream asks for: the plane, and all applications or the entities of one. */
export function mainQuery(application: string): string {
  if (!application) return 'topics=plane,applications'
  // The applications' list keeps still meanwhile; it is read anew afterwards.
  return `topics=plane,entities&application=${segment(application)}`
}

/** What the second stream asks for: one entity with its sensors and tasks, or one task. */
export function detailQuery({ entity, task, output, from }: Detail): string {
  if (task) {
    const more = output ? `&output=${segment(output)}&from=${from?.() ?? 0}` : ''
    return `topics=tasks&task=${segment(task)}${more}`
  }
  return `topics=entities,tasks&sensors=*&entity=${segment(entity ?? '')}`
}
