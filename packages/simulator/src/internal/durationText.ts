/** Durations as people type them: `500ms`, `30s`, `10m`, `2h`, `1d`, or in Effect's form: `2 hours`, `Infinity`. */
import * as Duration from "effect/Duration"
import * as Option from "effect/Option"
import * as Schema from "effect/Schema"
import * as SchemaTransformation from "effect/SchemaTransformation"

const units: Readonly<Record<string, string>> = { ms: "millis", s: "seconds", m: "minutes", h: "hours", d: "days" }

const spellOut = (text: string): string =>
  text.replace(/^(-?\d+(?:\.\d+)?)(ms|s|m|h|d)$/, (_, number: string, unit: string) => `${number} ${units[unit]}`)

const decode = Schema.decodeOption(Schema.DurationFromString)

export const examples = "30s, 10m, \"2 hours\" or Infinity"

const expected = `a duration such as ${examples}`

export const DurationText = Schema.String.annotate({ message: `Expected ${expected}` }).check(
  Schema.makeFilter((text) => Option.isSome(decode(spellOut(text))), { expected })
).pipe(
  Schema.decodeTo(
    Schema.DurationFromString,
    SchemaTransformation.transform({ decode: spellOut, encode: (text: string) => text })
  )
)

export const NotNegative = DurationText.check(
  Schema.makeFilter((duration) => !Duration.isNegative(duration), { expected: "a duration that is not negative" })
)
