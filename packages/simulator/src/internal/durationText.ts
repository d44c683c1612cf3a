/**
 * A duration as people type it: `500ms`, `30s`, `10m`, `2h`, `1d`, or as Effect writes it: `2 hours`, `Infinity`.
 */
import * as Schema from "effect/Schema"
import * as SchemaTransformation from "effect/SchemaTransformation"

const units: Readonly<Record<string, string>> = { ms: "millis", s: "seconds", m: "minutes", h: "hours", d: "days" }

const spellOut = (text: string): string =>
  text.replace(/^(-?\d+(?:\.\d+)?)(ms|s|m|h|d)$/, (_, number: string, unit: string) => `${number} ${units[unit]}`)

export const DurationText = Schema.String.pipe(
  Schema.decodeTo(
    Schema.DurationFromString,
    SchemaTransformation.transform({ decode: spellOut, encode: (text: string) => text })
  )
)

export const examples = "30s, 10m, \"2 hours\" or Infinity"
