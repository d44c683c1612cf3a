/** Durations as people type them: `500ms`, `30s`, `1h30m`, `1d`, or in Effect's form: `2 hours`, `Infinity`. */
import * as Duration from "effect/Duration"
import * as Option from "effect/Option"
import * as Schema from "effect/Schema"
import * as SchemaTransformation from "effect/SchemaTransformation"

const units: Readonly<Record<string, number>> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 }

const short = /^(-?)((?:\d+(?:\.\d+)?(?:ms|s|m|h|d))+)$/

const spellOut = (text: string): string => {
  if (text.toLowerCase() === "infinity") return "Infinity"
  const [, sign, parts] = short.exec(text) ?? []
  if (parts === undefined) return text
  const millis = Array.from(
    parts.matchAll(/([\d.]+)(\D+)/g),
    ([, number, unit = ""]) => Number(number) * (units[unit] ?? Number.NaN)
  )
  return `${sign}${millis.reduce((sum, one) => sum + one, 0)} millis`
}

const decode = Schema.decodeOption(Schema.DurationFromString)

export const examples = "30s, 1h30m, \"2 hours\" or Infinity"

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
