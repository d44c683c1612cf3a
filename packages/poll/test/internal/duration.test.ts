import { assert, describe, it } from "@effect/vitest"
import { Duration, Option } from "effect"
import * as Durations from "../../src/internal/duration.ts"

const unknownForm: Duration.Input = JSON.parse("\"10m\"")

describe("a duration given by a program", () => {
  it("is read in every form", () => {
    assert.strictEqual(Durations.notNegative("timeout", 0), 0)
    assert.strictEqual(Durations.notNegative("timeout", "2 seconds"), 2000)
    assert.strictEqual(Durations.notNegative("timeout", Duration.infinity), Infinity)
    assert.strictEqual(Durations.positive("interval", "Infinity"), Infinity)
    assert.strictEqual(Durations.positive("interval", 0.5), 0.5)
    assert.strictEqual(Durations.atLeast("ratio", 1, 1), 1)
  })

  for (
    const [given, message] of [
      [
        () => Durations.notNegative("timeout", Number.NaN),
        "timeout is NaN, which is no duration. Give milliseconds, a Duration, or a text such as " +
        "\"10 minutes\" or \"500 millis\"."
      ],
      [
        () => Durations.positive("interval", unknownForm),
        "interval is \"10m\", which is no duration. Give milliseconds, a Duration, or a text such as " +
        "\"10 minutes\" or \"500 millis\"."
      ],
      [
        () => Durations.positive("interval", JSON.parse("null")),
        "interval is null, which is no duration. Give milliseconds, a Duration, or a text such as " +
        "\"10 minutes\" or \"500 millis\"."
      ],
      [() => Durations.notNegative("timeout", -1), "timeout is -1. It must not be negative."],
      [() => Durations.notNegative("timeout", "-1 seconds"), "timeout is -1 seconds. It must not be negative."],
      [() => Durations.positive("interval", Duration.seconds(-5)), "interval is -5s. It must be longer than zero."],
      [() => Durations.positive("requestCost", 0), "requestCost is 0. It must be longer than zero."],
      [() => Durations.atLeast("ratio", 1, 0.99), "ratio is 0.99. It must be 1 or more."],
      [() => Durations.atLeast("ratio", 1, Number.NaN), "ratio is NaN. It must be 1 or more."]
    ] as const
  ) {
    it(`that is invalid is refused with what is valid: ${message}`, () => {
      let thrown: unknown
      try {
        given()
      } catch (error) {
        thrown = error
      }
      assert.instanceOf(thrown, RangeError)
      assert.propertyVal(thrown, "message", message)
    })
  }
})

describe("parse", () => {
  it.each([
    ["500ms", 500],
    ["30s", 30_000],
    ["1h30m", 5_400_000],
    ["1.5d", 129_600_000],
    ["10 minutes", 600_000],
    ["Infinity", Infinity],
    ["infinity", Infinity]
  ])("reads %j", (text, millis) => {
    assert.strictEqual(Option.getOrUndefined(Option.map(Durations.parse(text), Duration.toMillis)), millis)
  })

  it.each(["", "10", "s", "1h30", "-", "soon", "10m ago"])("reads nothing in %j", (text) => {
    assert.isTrue(Option.isNone(Durations.parse(text)))
  })
})
