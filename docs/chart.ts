/**
 * Requests against lateness on logarithmic axes, as SVG.
 */
import * as ECharts from "echarts"

/** Where something stands on the chart. */
export interface Point {
  readonly requests: number
  readonly lateness: number
}

export interface Chart {
  readonly title: string
  readonly x: string
  readonly y: string
  readonly curves: ReadonlyArray<{ readonly name: string; readonly points: ReadonlyArray<Point> }>
  readonly points: ReadonlyArray<Point & { readonly name: string }>
}

const at = ({ lateness, requests }: Point) => [Number(requests.toFixed(3)), Number(lateness.toFixed(3))]

const axis = (name: string, nameGap: number) => ({
  type: "log" as const,
  name,
  nameLocation: "middle" as const,
  nameGap,
  min: ({ min }: { readonly min: number }) => min / 1.3,
  max: ({ max }: { readonly max: number }) => max * 1.3,
  minorTick: { show: true },
  axisLabel: { showMinLabel: false, showMaxLabel: false },
  splitLine: { lineStyle: { color: "#eaeef2" } }
})

const option = ({ curves, points, title, x, y }: Chart): ECharts.EChartsOption => ({
  animation: false,
  backgroundColor: "#ffffff",
  title: { text: title, left: 60, top: 8, textStyle: { fontSize: 15 } },
  legend: { top: 34, left: 60, icon: "rect", itemWidth: 24, itemHeight: 2, itemGap: 40 },
  grid: { left: 64, right: 130, top: 64, bottom: 56 },
  xAxis: axis(x, 30),
  yAxis: axis(y, 42),
  series: [
    ...curves.map(({ name, points }, index): ECharts.SeriesOption => ({
      type: "line",
      name,
      data: points.map(at),
      showSymbol: false,
      lineStyle: { width: 2 },
      color: index === 0 ? "#1f6feb" : "#8b949e"
    })),
    {
      type: "scatter",
      symbolSize: 8,
      data: points.map((point) => ({ name: point.name, value: at(point) })),
      itemStyle: { color: "#cf222e" },
      label: {
        show: true,
        formatter: "{b}",
        position: "right",
        padding: 4,
        color: "#1f2328",
        textBorderColor: "#fff",
        textBorderWidth: 3
      },
      labelLayout: { moveOverlap: "shiftY" },
      labelLine: { show: true, lineStyle: { color: "#57606a" } }
    }
  ]
})

export const draw = (chart: Chart): string => {
  const canvas = ECharts.init(null, null, { renderer: "svg", ssr: true, width: 760, height: 600 })
  canvas.setOption(option(chart))
  const svg = canvas.renderToSVGString()
  canvas.dispose()
  // Styles are numbered by the charts that the process has drawn.
  return `${svg.replaceAll(/zr\d+-/g, "chart-")}\n`
}
