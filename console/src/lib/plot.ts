// Lines of numbers over time; a part of its own, loaded when it is needed.

import uPlot from 'uplot'
import 'uplot/dist/uPlot.min.css'
import type { Trail } from './trails'
import { clock, figure } from './units'

export interface Plot {
  /** Shows a trail up to a moment. */
  show(trail: Trail, now: number): void
  end(): void
}

/** A value holds until the next one. */
function pointsOf(trail: Trail, now: number): uPlot.AlignedData {
  const last = trail.values.at(-1) ?? null
  return [
    [...trail.at.map((ms) => ms / 1000), Math.max(now, trail.at.at(-1) ?? 0) / 1000],
    [...trail.values, last],
  ]
}

const clocks = (_: uPlot, splits: number[]) => splits.map((seconds) => clock(seconds * 1000))
const figures = (_: uPlot, splits: number[]) => splits.map(figure)

function make(box: HTMLElement, options: Partial<uPlot.Options>, height: number): Plot {
  // As the styles have it now: they follow the system, from day to night.
  const colour = (name: string) => () => getComputedStyle(box).getPropertyValue(name)
  const stepped = uPlot.paths.stepped?.({ align: 1 })
  const axis = { stroke: colour('color'), grid: { stroke: colour('border-top-color'), width: 1 } }
  const plot = new uPlot(
    {
      width: box.clientWidth,
      height,
      legend: { show: false },
      series: [
        {},
        {
          stroke: colour('outline-color'),
          width: 1.5,
          points: { show: false },
          ...(stepped ? { paths: stepped } : {}),
        },
      ],
      axes: [
        { ...axis, ticks: axis.grid, space: 90, values: clocks },
        { ...axis, ticks: axis.grid, size: 64, values: figures },
      ],
      ...options,
    },
    [[], []],
    box,
  )
  const resize = new ResizeObserver(() => plot.setSize({ width: box.clientWidth, height }))
  resize.observe(box)
  return {
    show: (trail, now) => plot.setData(pointsOf(trail, now)),
    end: () => {
      resize.disconnect()
      plot.destroy()
    },
  }
}

/** A line as high as a line of text. */
export function makeSpark(box: HTMLElement): Plot {
  const bare = { axes: [{ show: false }, { show: false }], cursor: { show: false } }
  return make(box, { ...bare, padding: [3, 2, 3, 2] }, box.clientHeight)
}

/** A line with axes. */
export function makeChart(box: HTMLElement): Plot {
  return make(box, { cursor: { y: false }, padding: [10, 12, 0, 0] }, 220)
}
