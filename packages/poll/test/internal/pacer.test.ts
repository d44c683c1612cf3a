import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { TestClock } from "effect/testing"
import type * as Heap from "../../src/internal/heap.ts"
import * as Pacer from "../../src/internal/pacer.ts"
import { forking } from "../Scripted.ts"

interface Poll extends Heap.Node {
  readonly name: string
}

const named = (name: string): Poll => ({ name, at: 0, order: 0, slot: -1 })

describe("a last poll", () => {
  it.effect("keeps its place before all others, whatever its schedule asks for meanwhile", () =>
    Effect.gen(function*() {
      const { clock, fork } = yield* forking
      const launched: Array<readonly [string, Pacer.Priority]> = []
      const turnstiles: Array<Pacer.Turnstile> = []
      const pacer = Pacer.make<Poll>({
        clock,
        fork,
        launch: ({ name }, priority, turnstile) => {
          launched.push([name, priority])
          turnstiles.push(turnstile)
          turnstile.delayed()
        },
        onQueue: () => {}
      })
      const [one, other] = [named("one"), named("other")]
      pacer.urgent(one, 1000)
      pacer.urgent(other, 2000)
      pacer.after(other, 500)
      assert.deepStrictEqual(launched, [["one", "lastPoll"]])
      turnstiles.forEach(({ passed }) => passed())
      yield* TestClock.adjust("10 millis")
      assert.deepStrictEqual(launched, [["one", "lastPoll"], ["other", "lastPoll"]])
      pacer.stop()
    }))
})
