import { assert, describe, it } from "@effect/vitest"
import { Duration, Option, Schema } from "effect"
import { DurationText } from "../../src/internal/durationText.ts"

const millis = (text: string) =>
  Option.getOrUndefined(Option.map(Schema.decodeOption(DurationText)(text), Duration.toMillis))

describe("a duration", () => {
  it.each([
    ["500ms", 500],
    ["30s", 30_000],
    ["1.25s", 1250],
    ["10m", 600_000],
    ["2h", 7_200_000],
    ["1d", 86_400_000],
    ["-3s", -3000],
    ["1h30m", 5_400_000],
    ["-1m30s", -90_000],
    ["2 hours", 7_200_000],
    ["Infinity", Infinity],
    ["infinity", Infinity]
  ])("is written %s", (text, expected) => {
    assert.strictEqual(millis(text), expected)
  })

  it.each(["", "30", "s", "1.s", "30 s.", "1h30", "soon", "a 30s"])("is not written %j", (text) => {
    assert.isUndefined(millis(text))
  })
})
