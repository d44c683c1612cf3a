/**
 * The schedules as a picture: requests against lateness.
 */
import { type Chart, chart } from "../harness/chart.ts"
import { ours } from "./contenders.ts"
import { betterThan, relative, requests } from "./front.ts"
import type { Entry, Field } from "./schedules.ts"

/** Lateness in % of the duration, one picture for each distribution. */
export const draw = (fields: ReadonlyArray<Field>): string => chart(...fields.map(picture))

const picture = (field: Field): Chart => {
  const pointOf = ({ score }: Entry) => ({ requests: score.requests, lateness: 100 * score.relative })
  const sorted = field.entries.filter(({ score }) => score.givenUp === 0).toSorted((left, right) =>
    left.score.requests - right.score.requests
  )
  const curve = (family: Entry["family"]) => sorted.filter((entry) => entry.family === family).map(pointOf)
  return {
    title: `Requests against lateness, ${field.distribution.name}`,
    x: "requests per operation (mean)",
    y: "late by, % of the duration (mean)",
    curves: [
      { name: "quadratic, 30 ms to 30 s", points: curve("quadratic") },
      { name: "a fixed interval, 0.5 s to 2 min", points: curve("fixed") }
    ],
    front: {
      name: "front: none is better in both",
      points: sorted.filter((entry) => betterThan(entry, field.entries, [requests, relative]).length === 0).map(pointOf)
    },
    points: sorted.flatMap((entry) =>
      entry.label === undefined ? [] : [{ ...pointOf(entry), name: entry.label, ...colourOf(entry) }]
    )
  }
}

const colourOf = ({ family, name }: Entry) =>
  family === undefined ? {} : { colour: family === "fixed" ? "#6e7781" : name === ours.name ? "#0a3069" : "#1f6feb" }
