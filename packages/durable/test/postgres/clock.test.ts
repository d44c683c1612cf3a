/**
 * Runners whose time of day is wrong.
 */
import { assert, describe, it } from "@effect/vitest"
import { Duration, Effect, Fiber, Option, Result } from "effect"
import * as Cluster from "./cluster.ts"
import * as Postgres from "./server.ts"

const hour = 3_600_000

const title = Postgres.titled("a runner on PostgreSQL whose clock differs from that of whoever began the wait")

describe.skipIf(!Postgres.hasPostgres)(`${title}`, () => {
  it.live(
    "by an hour ahead: it polls once more and times waits out that early, and sees others end late",
    () =>
      Effect.gen(function*() {
        const { begin, polls, runner, settled } = yield* Cluster.make
        yield* runner({ clockAhead: hour })
        yield* settled(1)
        const { ids: [id], results } = yield* begin([Infinity], { timeout: "30 minutes" })
        const [result] = yield* Fiber.join(results)
        console.log(result, yield* polls)
        const other = yield* begin([3000], { timeout: "2 hours", requestCost: "1 millis" })
        console.log(yield* Fiber.join(other.results), yield* polls)
      }),
    90_000
  )

  it.live("by an hour behind", () =>
    Effect.gen(function*() {
      const { begin, polls, runner, settled } = yield* Cluster.make
      yield* runner({ clockAhead: -hour })
      yield* settled(1)
      const { results } = yield* begin([5000, Infinity], { timeout: "2 seconds" })
      yield* Effect.sleep("9 seconds")
      console.log(yield* Fiber.join(results).pipe(Effect.timeoutOption(100)), yield* polls)
    }), 90_000)
})
