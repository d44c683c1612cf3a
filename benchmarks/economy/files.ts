/**
 * The schedules as files: all figures as CSV, and requests against lateness as a picture.
 */
import { chart, stacked } from "../harness/chart.ts"
import { ours } from "./contenders.ts"
import { betterThan, fronts, lateness, type Measure, relative, requests } from "./front.ts"
import type { Entry, Field } from "./schedules.ts"

const onFront = (entry: Entry, { entries }: Field, measures: ReadonlyArray<Measure>) =>
  betterThan(entry, entries, measures).length === 0

/** One line for each schedule and distribution. */
export const csv = (fields: ReadonlyArray<Field>): string => {
  const head = [
    "distribution",
    "schedule",
    "requests",
    "lateness_mean_s",
    "lateness_p95_s",
    "lateness_worst_s",
    "lateness_mean_percent",
    "gives_up_percent",
    "front_seconds",
    "front_percent",
    "front_both"
  ]
  const lines = fields.flatMap((field) =>
    field.entries.map((entry) => {
      const { givenUp, mean, p95, requests: looks, worst } = entry.score
      return [
        `"${field.distribution.name}"`,
        `"${entry.name}"`,
        ...[looks, mean, p95, worst, 100 * entry.score.relative, 100 * givenUp].map((value) =>
          Number.isFinite(value) ? value.toFixed(3) : "never"
        ),
        ...fronts.map(([, measures]) => onFront(entry, field, measures) ? "yes" : "no")
      ]
    })
  )
  return [head, ...lines].map((line) => `${line.join(",")}\n`).join("")
}

/** One picture in % of the duration and one in seconds, with both distributions each. */
export const pictures = (fields: ReadonlyArray<Field>): { readonly percent: string; readonly seconds: string } => ({
  percent: stacked(
    fields.map((field) =>
      picture(field, "late by, % of the duration (mean)", relative, ({ score }) => 100 * score.relative)
    )
  ),
  seconds: stacked(
    fields.map((field) => picture(field, "late by, seconds (mean)", lateness, ({ score }) => score.mean))
  )
})

const picture = (field: Field, y: string, measure: Measure, late: (entry: Entry) => number) => {
  const pointOf = (entry: Entry) => ({ requests: entry.score.requests, lateness: late(entry) })
  const sorted = field.entries.filter(({ score }) => score.givenUp === 0).toSorted((left, right) =>
    left.score.requests - right.score.requests
  )
  const curve = (family: Entry["family"]) => sorted.filter((entry) => entry.family === family).map(pointOf)
  return chart({
    title: `Requests against lateness, ${field.distribution.name}`,
    x: "requests per operation (mean)",
    y,
    curves: [
      { name: "quadratic, 30 ms to 30 s", points: curve("quadratic") },
      { name: "a fixed interval, 0.5 s to 2 min", points: curve("fixed") }
    ],
    front: {
      name: "front: none is better in both",
      points: sorted.filter((entry) => onFront(entry, field, [requests, measure])).map(pointOf)
    },
    points: sorted.flatMap((entry) =>
      entry.label === undefined ? [] : [{ ...pointOf(entry), name: entry.label, ...colourOf(entry) }]
    )
  })
}

const colourOf = ({ family, name }: Entry) =>
  family === undefined ? {} : { colour: family === "fixed" ? "#6e7781" : name === ours.name ? "#0a3069" : "#1f6feb" }
