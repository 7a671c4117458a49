// Where the boxes and lines of a drawing lie; a part of its own, loaded when it is needed.

import { Graph, layout } from '@dagrejs/dagre'

export interface Edge {
  from: string
  to: string
  kind: 'part' | 'takes'
}

export interface Box {
  id: string
  x: number
  y: number
  width: number
}

interface Point {
  x: number
  y: number
}

export interface Drawing {
  width: number
  height: number
  boxes: Box[]
  lines: (Edge & { path: string })[]
}

export const HEIGHT = 34
const MARGIN = 8

/** Lays out boxes of a width each, and the lines between them. */
export function laidOut(widths: Map<string, number>, edges: Edge[]): Drawing {
  const graph = new Graph({ multigraph: true })
  graph.setGraph({ rankdir: 'LR', nodesep: 14, ranksep: 60, marginx: MARGIN, marginy: MARGIN })
  for (const [id, width] of widths) graph.setNode(id, { width, height: HEIGHT })
  const known = edges.filter((one) => widths.has(one.from) && widths.has(one.to))
  known.forEach((one, index) => {
    // What an entity is a part of decides where it stands, more than what it takes.
    graph.setEdge(one.from, one.to, { weight: one.kind === 'part' ? 3 : 1 }, String(index))
  })
  layout(graph)
  const ways: Point[][] = known.map(
    (one, index) => graph.edge(one.from, one.to, String(index)).points ?? [],
  )
  const { width = 0, height = 0 } = graph.graph()
  // Lines that go around boxes are not counted in the height.
  const ys = ways.flat().map((point) => point.y)
  const above = ys.reduce((most, y) => Math.max(most, MARGIN - y), 0)
  const below = ys.reduce((most, y) => Math.max(most, y + MARGIN), height)
  const boxes = [...widths].map(([id, width]) => {
    const { x, y } = graph.node(id)
    return { id, width, x: x - width / 2, y: y - HEIGHT / 2 + above }
  })
  const lines = known.map((one, index) => {
    const points = (ways[index] ?? []).map(({ x, y }) => ({ x, y: y + above }))
    return { ...one, path: pathOf(points) }
  })
  return { width, height: below + above, boxes, lines }
}

/** A line through points, with round corners. */
function pathOf(points: Point[]): string {
  const [first, ...rest] = points
  if (!first) return ''
  let path = `M${first.x} ${first.y}`
  rest.forEach((point, index) => {
    const next = rest[index + 1]
    path += next
      ? ` Q${point.x} ${point.y} ${(point.x + next.x) / 2} ${(point.y + next.y) / 2}`
      : ` L${point.x} ${point.y}`
  })
  return path
}
