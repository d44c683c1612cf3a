/**
 * Runners whose time of day differs from that of the process that started a wait.
 */
import { assert, describe, it } from "@effect/vitest"
import { Duration, Effect, Fiber, Option, Result } from "effect"
import * as Cluster from "./cluster.ts"
import * as Postgres from "./server.ts"

const hour = Duration.hours(1)

const cluster = Effect.fnUntraced(function*(clockAhead: number) {
  const { begin, runner, settled } = yield* Cluster.make
  yield* runner({ clockAhead })
  yield* settled(1)
  return begin
})

describe.skipIf(!Postgres.hasPostgres)(`${Postgres.titled("a runner on PostgreSQL with a wrong clock")}`, () => {
  it.live("an hour ahead times a wait out an hour early, after two seconds", () =>
    Effect.gen(function*() {
      const begin = yield* cluster(Duration.toMillis(hour))
      const { polls, results } = yield* begin([Infinity], { timeout: "30 minutes" })
      const [result] = yield* Fiber.join(results)
      const error = result?.pipe(Result.getFailure, Option.getOrUndefined)
      assert.strictEqual(error?._tag, "PollTimeout")
      assert.include([1, 2], (yield* polls).length)

      // With another timeout, it polls with the gaps of an operation that is an hour old: 3.8 seconds.
      const later = yield* begin([2000], { timeout: "2 hours", requestCost: "1 millis" })
      assert.isTrue((yield* Fiber.join(later.results)).every(Result.isSuccess))
      const [gap, ...more] = Cluster.gaps(yield* later.polls)
      assert.deepStrictEqual(more, [])
      assert.isAtLeast(gap ?? 0, 3000)
    }), 90_000)

  it.live("an hour behind times a wait out an hour late", () =>
    Effect.gen(function*() {
      const begin = yield* cluster(-Duration.toMillis(hour))
      const { polls, results } = yield* begin([4000], { timeout: "1 second" })
      assert.isTrue((yield* Fiber.join(results)).every(Result.isSuccess))
      assert.isAtMost((yield* polls).length, 8)
    }), 90_000)
})
