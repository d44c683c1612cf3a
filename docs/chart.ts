/**
 * A plain SVG chart on logarithmic axes.
 */

/** Where something stands on the chart. */
export interface Point {
  readonly requests: number
  readonly lateness: number
}

const width = 720
const height = 460
const margin = { top: 48, right: 150, bottom: 52, left: 64 }
const colours = ["#1f6feb", "#8b949e"]

const text = (at: readonly [number, number], content: string, more = "") =>
  `<text x="${at[0]}" y="${at[1]}" ${more}>${content}</text>`

// Where values stand on a logarithmic axis, and which round ones are marked.
const axis = (values: ReadonlyArray<number>, from: number, to: number) => {
  const low = Math.log10(Math.min(...values)) - 0.08
  const high = Math.log10(Math.max(...values)) + 0.08
  const place = (value: number) => Number((from + (Math.log10(value) - low) / (high - low) * (to - from)).toFixed(1))
  const ticks = [0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 50, 100, 200, 500, 1000].filter((tick) =>
    Math.log10(tick) > low && Math.log10(tick) < high
  )
  return { place, ticks }
}

/** The chart as a document. */
export const chart = (options: {
  readonly title: string
  readonly x: string
  readonly y: string
  readonly curves: ReadonlyArray<{ readonly name: string; readonly points: ReadonlyArray<Point> }>
  readonly points: ReadonlyArray<Point & { readonly name: string }>
}): string => {
  const all = [...options.curves.flatMap(({ points }) => points), ...options.points]
  const x = axis(all.map(({ requests }) => requests), margin.left, width - margin.right)
  const y = axis(all.map(({ lateness }) => lateness), height - margin.bottom, margin.top)
  const bottom = height - margin.bottom
  const right = width - margin.right
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" font-family="system-ui, sans-serif" font-size="12">`,
    `<rect width="${width}" height="${height}" fill="#ffffff"/>`,
    text([margin.left, 26], options.title, "font-size=\"15\" font-weight=\"600\""),
    ...x.ticks.flatMap((tick) => [
      `<line x1="${x.place(tick)}" y1="${margin.top}" x2="${x.place(tick)}" y2="${bottom}" stroke="#eaeef2"/>`,
      text([x.place(tick), bottom + 18], String(tick), "text-anchor=\"middle\" fill=\"#57606a\"")
    ]),
    ...y.ticks.flatMap((tick) => [
      `<line x1="${margin.left}" y1="${y.place(tick)}" x2="${right}" y2="${y.place(tick)}" stroke="#eaeef2"/>`,
      text([margin.left - 8, y.place(tick) + 4], String(tick), "text-anchor=\"end\" fill=\"#57606a\"")
    ]),
    text([(margin.left + right) / 2, height - 12], options.x, "text-anchor=\"middle\""),
    text([16, height / 2], options.y, `text-anchor="middle" transform="rotate(-90 16 ${height / 2})"`),
    ...options.curves.flatMap(({ name, points }, index) => {
      const colour = colours[index % colours.length] ?? "#000000"
      const path = points.map((point) => `${x.place(point.requests)},${y.place(point.lateness)}`).join(" ")
      return [
        `<polyline points="${path}" fill="none" stroke="${colour}" stroke-width="2"/>`,
        `<line x1="${right - 250}" y1="${margin.top + 14 + 18 * index}" x2="${right - 226}" y2="${
          margin.top + 14 + 18 * index
        }" stroke="${colour}" stroke-width="2"/>`,
        text([right - 220, margin.top + 18 + 18 * index], name)
      ]
    }),
    ...options.points.flatMap((point) => [
      `<circle cx="${x.place(point.requests)}" cy="${y.place(point.lateness)}" r="4.5" fill="#cf222e"/>`,
      text([x.place(point.requests) + 8, y.place(point.lateness) - 6], point.name)
    ]),
    "</svg>",
    ""
  ].join("\n")
}
