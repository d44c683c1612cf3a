import { assert, describe, it } from "@effect/vitest"
import { Duration } from "effect"
import * as Durations from "../../src/internal/duration.ts"

describe("a duration that a program passed in", () => {
  it("may have every form", () => {
    for (const input of [2000, "2 seconds", Duration.seconds(2)] as const) {
      assert.deepStrictEqual(Durations.positive("timeout", input), Duration.seconds(2))
    }
    assert.deepStrictEqual(Durations.positive("timeout", "Infinity"), Duration.infinity)
    assert.deepStrictEqual(Durations.notNegative("maxRetryAfter", 0), Duration.zero)
    assert.deepStrictEqual(Durations.finite("window", 0.5), Duration.millis(0.5))
  })

  const wrong: ReadonlyArray<readonly [text: string, check: () => Duration.Duration]> = [
    ["timeout is 0. It must be longer than zero.", () => Durations.positive("timeout", 0)],
    [
      "timeout is NaN, which is no duration. Give milliseconds, a Duration, or a text such as " +
      "\"10 minutes\" or \"500 millis\".",
      () => Durations.positive("timeout", Number.NaN)
    ],
    ["timeout is -5s. It must be longer than zero.", () => Durations.positive("timeout", Duration.seconds(-5))],
    ["timeout is \"5m\", which is no duration.", () => Durations.positive("timeout", JSON.parse("\"5m\""))],
    ["timeout is null, which is no duration.", () => Durations.positive("timeout", JSON.parse("null"))],
    ["maxRetryAfter is -1. It must not be negative.", () => Durations.notNegative("maxRetryAfter", -1)],
    [
      "window is Infinity. It must be longer than zero, and finite.",
      () => Durations.finite("window", Infinity)
    ],
    ["window is 0. It must be longer than zero, and finite.", () => Durations.finite("window", 0)]
  ]

  it.each(wrong)("is refused: %s", (text, check) => {
    assert.throws(check, RangeError, text)
  })
})
