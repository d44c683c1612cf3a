import { assert, describe, it } from "@effect/vitest"
import { Duration, Option } from "effect"
import * as DurationText from "../src/DurationText.ts"

describe("DurationText", () => {
  it.each([
    ["30s", 30_000],
    ["10m", 600_000],
    ["1h30m", 5_400_000],
    ["1h 30m", 5_400_000],
    ["1.5s", 1500],
    ["250ms", 250],
    ["2 hours", 7_200_000],
    ["5 minutes", 300_000],
    ["1 sec", 1000],
    ["3 days", 259_200_000],
    ["10 millis", 10],
    ["infinity", Infinity]
  ])("reads %s", (text, millis) => {
    assert.deepStrictEqual(Option.map(DurationText.parse(text), Duration.toMillis), Option.some(millis))
  })

  it.each(["", "600", "-5s", "5x", "s", "m5", "1h30", "ten minutes"])("refuses %j", (text) => {
    assert.deepStrictEqual(DurationText.parse(text), Option.none())
  })

  it.each([
    [0, "0.0s"],
    [399, "0.4s"],
    [9949, "9.9s"],
    [9950, "10s"],
    [59_499, "59s"],
    [60_000, "1m00s"],
    [3_599_000, "59m59s"],
    [3_720_000, "1h02m"],
    [183_600_000, "2d03h"],
    [Infinity, "forever"]
  ])("shows %d milliseconds as %s", (millis, text) => {
    assert.strictEqual(DurationText.format(Duration.millis(millis)), text)
  })

  it.each([1, 1500, 60_000, 5_400_000, 86_400_000, Infinity])(
    "parses %d milliseconds from its own output",
    (millis) => {
      const text = DurationText.asArgument(Duration.millis(millis))
      assert.deepStrictEqual(Option.map(DurationText.parse(text), Duration.toMillis), Option.some(millis))
    }
  )
})
