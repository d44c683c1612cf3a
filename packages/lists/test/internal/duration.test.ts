import { assert, describe, it } from "@effect/vitest"
import { Duration } from "effect"
import * as Durations from "../../src/internal/duration.ts"

describe("a duration that a program passed in", () => {
  it("may have every form", () => {
    for (const input of [2000, "2 seconds", Duration.seconds(2)] as const) {
      assert.deepStrictEqual(Durations.notNegative("patience", input), Duration.seconds(2))
    }
    assert.deepStrictEqual(Durations.notNegative("patience", "Infinity"), Duration.infinity)
    assert.deepStrictEqual(Durations.notNegative("patience", 0), Duration.zero)
  })

  it.each<[string, Duration.Input]>([
    ["patience is -1. It must not be negative.", -1],
    ["patience is NaN, which is no duration. Give milliseconds, a Duration, or a text such as", Number.NaN],
    ["patience is -5s. It must not be negative.", Duration.seconds(-5)],
    ["patience is \"5m\", which is no duration.", JSON.parse("\"5m\"")],
    ["patience is null, which is no duration.", JSON.parse("null")]
  ])("is refused: %s", (text, input) => {
    assert.throws(() => Durations.notNegative("patience", input), RangeError, text)
  })
})
