import { assert, describe, it } from "@effect/vitest"
import { Schema } from "effect"
import * as Agenda from "../../src/internal/agenda.ts"

const Times = Schema.Array(Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: 9 }))).check(Schema.isMaxLength(20))

describe("an agenda", () => {
  it.prop(
    "returns due entries, earliest first, and those of the same time in the order they were added",
    [Times],
    ([times]) => {
      const agenda = Agenda.make<number>()
      for (const [index, at] of times.entries()) agenda.add(at, index)
      const expected = times.map((at, entry) => ({ at, entry })).toSorted((a, b) => a.at - b.at || a.entry - b.entry)
      for (const now of [4, 9]) {
        for (const due of expected.filter(({ at }) => at <= now && (now === 4 || at > 4))) {
          assert.deepStrictEqual(agenda.next(now), due)
        }
        assert.isUndefined(agenda.next(now))
      }
      return true
    }
  )
})
