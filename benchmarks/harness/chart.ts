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
const red = "#cf222e"
const dashed = "stroke=\"#1a7f37\" stroke-dasharray=\"4 3\""
const halo = " paint-order=\"stroke\" stroke=\"#ffffff\" stroke-width=\"3\""

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

interface Box {
  readonly left: number
  readonly right: number
  readonly top: number
  readonly bottom: number
}

const overlap = (one: Box, other: Box) =>
  one.left < other.right && other.left < one.right && one.top < other.bottom && other.top < one.bottom

const around = (x: number, y: number): Box => ({ left: x - 5, right: x + 5, top: y - 5, bottom: y + 5 })

// Where a label may stand, seen from its point: beside it, or further off, the best place first.
const places = [1, 2, 3, 4].flatMap((far) => [
  { far, dx: 8 * far, dy: -6 - 14 * (far - 1), anchor: "start" },
  { far, dx: 8 * far, dy: 14 + 14 * (far - 1), anchor: "start" },
  { far, dx: -8 * far, dy: -6 - 14 * (far - 1), anchor: "end" },
  { far, dx: -8 * far, dy: 14 + 14 * (far - 1), anchor: "end" }
])

// Puts each label where it covers no point and no other label; one that is further off gets a line to its point.
const labels = (
  points: ReadonlyArray<{ readonly x: number; readonly y: number; readonly name: string }>,
  taken: ReadonlyArray<Box>,
  style: string
) => {
  const boxes = [...taken, ...points.map(({ x, y }) => around(x, y))]
  return points.map(({ name, x, y }) => {
    const boxOf = ({ anchor, dx, dy }: typeof places[number]): Box => {
      const long = 6.4 * name.length
      const left = x + dx - (anchor === "end" ? long : 0)
      return { left, right: left + long, top: y + dy - 10, bottom: y + dy + 3 }
    }
    const fits = (box: Box) =>
      box.left > margin.left && box.right < width && box.top > margin.top && box.bottom < height - margin.bottom &&
      !boxes.some((other) => overlap(box, other))
    const best = places.find((place) => fits(boxOf(place))) ?? places[0]
    if (best === undefined) return ""
    boxes.push(boxOf(best))
    const at = [x + best.dx, y + best.dy] as const
    const line = best.far === 1
      ? ""
      : `<line x1="${x}" y1="${y}" x2="${at[0]}" y2="${at[1] - 4}" stroke="#57606a" stroke-width="0.7"/>`
    return line + text(at, name, (best.anchor === "end" ? "text-anchor=\"end\"" : "") + style)
  })
}

// From point to point, at right angles: what lies above and to the right of it is beaten.
const stairs = (points: ReadonlyArray<readonly [x: number, y: number]>) =>
  points.flatMap(([x, y], index) => index === 0 ? [`${x},${y}`] : [`${x},${points[index - 1]?.[1]}`, `${x},${y}`])
    .join(" ")

/** Several charts as one document, one below the other. */
export const stacked = (charts: ReadonlyArray<string>): string =>
  [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height * charts.length}">`,
    ...charts.map((one, index) =>
      one.replace("<svg ", `<svg y="${height * index}" width="${width}" height="${height}" `)
    ),
    "</svg>",
    ""
  ].join("\n")

/** The chart as a document. */
export const chart = (options: {
  readonly title: string
  readonly x: string
  readonly y: string
  readonly curves: ReadonlyArray<{ readonly name: string; readonly points: ReadonlyArray<Point> }>
  readonly points: ReadonlyArray<Point & { readonly name: string; readonly colour?: string }>
  /** Those that no other point beats in both, from left to right. */
  readonly front?: { readonly name: string; readonly points: ReadonlyArray<Point> }
}): string => {
  const all = [...options.curves.flatMap(({ points }) => points), ...options.points]
  const x = axis(all.map(({ requests }) => requests), margin.left, width - margin.right)
  const y = axis(all.map(({ lateness }) => lateness), height - margin.bottom, margin.top)
  const bottom = height - margin.bottom
  const right = width - margin.right
  const legend = [
    ...options.curves.map(({ name }, index) => ({ name, stroke: `stroke="${colours[index % colours.length]}"` })),
    ...(options.front === undefined ? [] : [{ name: options.front.name, stroke: dashed }])
  ]
  const inLegend = (index: number) => {
    const at = margin.top + 14 + 18 * index
    return [
      `<line x1="${right - 250}" y1="${at}" x2="${right - 226}" y2="${at}" ${legend[index]?.stroke} stroke-width="2"/>`,
      text([right - 220, at + 4], legend[index]?.name ?? "")
    ]
  }
  const names = labels(
    options.points.map((point) => ({ x: x.place(point.requests), y: y.place(point.lateness), name: point.name })),
    [{ left: right - 255, right, top: margin.top, bottom: margin.top + 8 + 18 * legend.length }],
    options.front === undefined ? "" : halo
  )
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
    ...options.curves.flatMap(({ points }, index) => {
      const path = points.map((point) => `${x.place(point.requests)},${y.place(point.lateness)}`).join(" ")
      return [`<polyline points="${path}" fill="none" ${legend[index]?.stroke} stroke-width="2"/>`, ...inLegend(index)]
    }),
    ...(options.front === undefined ? [] : [
      `<polyline points="${
        stairs(options.front.points.map((point) => [x.place(point.requests), y.place(point.lateness)]))
      }" fill="none" ${dashed} stroke-width="1.3"/>`,
      ...inLegend(options.curves.length)
    ]),
    ...options.points.flatMap((point, index) => [
      `<circle cx="${x.place(point.requests)}" cy="${y.place(point.lateness)}" r="4.5" fill="${point.colour ?? red}"/>`,
      names[index] ?? ""
    ]),
    "</svg>",
    ""
  ].join("\n")
}
