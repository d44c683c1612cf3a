/**
 * Waits on two processes, one of which is lost.
 */
import { assert, describe, it, layer } from "@effect/vitest"
import { Effect, Fiber, Result } from "effect"
import * as Cluster from "./cluster.ts"
import * as Postgres from "./server.ts"

// Enough that none of two runners is without any.
const durations = Array.from({ length: 16 }, (_, index) => 6000 + 200 * index)

const requestCost = "100 millis"

// A machine that has much to do takes its time.
const slack = 6000

/** The operations that `lost` polled last before `since`, and how long after it all of them were polled by another. */
const takenOver = (polls: ReadonlyArray<Cluster.Poll>, lost: Cluster.Runner, since: number) => {
  const own = Object.values(Object.groupBy(polls, ({ id }) => id)).flatMap((polls = []) => {
    const isOwn = polls.findLast(({ at }) => at <= since)?.by === lost.name
    return isOwn ? [(polls.find(({ at, by }) => at > since && by !== lost.name)?.at ?? Number.NaN) - since] : []
  })
  return { operations: own.length, within: Math.max(...own) }
}

const report = (what: string, within: number, expiration: number) =>
  process.stderr.write(`after ${what}: taken over within ${within} ms, at shardLockExpiration ${expiration} ms\n`)

const { refreshAssignmentsInterval, shardLockExpiration } = Cluster.sharding

describe.skipIf(!Postgres.hasPostgres)(`${Postgres.titled("two runners on PostgreSQL")}`, () => {
  // The same two for all of these: the last one loses one of them for good.
  layer(Cluster.TwoRunners.layer, { excludeTestServices: true, timeout: "60 seconds" })("when one", (it) => {
    it.effect(
      "stands still for a while: the other takes its waits over, and none ends twice",
      () =>
        Effect.gen(function*() {
          const { begin, both: [lost, other], settled } = yield* Cluster.TwoRunners
          yield* settled
          const { endings, polledBy, polls, results } = yield* begin(durations, { requestCost })
          yield* polledBy(lost, other)
          yield* lost.signal("SIGSTOP")
          const since = yield* Cluster.now
          yield* Effect.sleep(shardLockExpiration + 1500)
          yield* lost.signal("SIGCONT")
          assert.isTrue((yield* Fiber.join(results)).every(Result.isSuccess))
          // What it still holds in memory would have ended by then.
          yield* Effect.sleep("2 seconds")
          assert.deepStrictEqual(yield* endings, { waits: 16, times: 16 })
          const { operations, within } = takenOver(yield* polls, lost, since)
          report("SIGSTOP", within, shardLockExpiration)
          assert.isAtLeast(operations, 1)
          assert.isAtMost(within, shardLockExpiration + refreshAssignmentsInterval + slack)
        }),
      90_000
    )

    it.effect(
      "is cut off from PostgreSQL for a while: the other takes its waits over, and none ends twice",
      () =>
        Effect.gen(function*() {
          const { begin, both: [lost, other], settled, ways: [way] } = yield* Cluster.TwoRunners
          yield* settled
          const { endings, polledBy, polls, results } = yield* begin(durations, { requestCost })
          yield* polledBy(lost, other)
          yield* way.cut
          const since = yield* Cluster.now
          yield* Effect.sleep(2 * shardLockExpiration)
          yield* way.restore
          assert.isTrue((yield* Fiber.join(results)).every(Result.isSuccess))
          assert.deepStrictEqual(yield* endings, { waits: 16, times: 16 })
          const { operations, within } = takenOver(yield* polls, lost, since)
          report("losing PostgreSQL", within, shardLockExpiration)
          assert.isAtLeast(operations, 1)
          assert.isAtMost(within, shardLockExpiration + refreshAssignmentsInterval + slack)
        }),
      90_000
    )

    it.effect(
      "and the other lose their PostgreSQL for a while: all waits end once when it is back",
      () =>
        Effect.gen(function*() {
          const { begin, both, settled, ways } = yield* Cluster.TwoRunners
          yield* settled
          // Some end while it is gone, before the runners give up their locks.
          const { endings, polledBy, polls, results } = yield* begin(durations.map((duration) => duration - 4500), {
            requestCost
          })
          yield* polledBy(...both)
          yield* Effect.forEach(ways, ({ cut }) => cut)
          yield* Effect.sleep(2 * shardLockExpiration)
          const back = yield* Cluster.now
          yield* Effect.forEach(ways, ({ restore }) => restore)
          assert.isTrue((yield* Fiber.join(results)).every(Result.isSuccess))
          assert.deepStrictEqual(yield* endings, { waits: 16, times: 16 })
          assert.isAtLeast(Math.min(...Cluster.gaps(yield* polls)), 200)
          // Nobody polls without locks.
          assert.deepStrictEqual((yield* polls).filter(({ at }) => at > back - 1000 && at < back), [])
        }),
      90_000
    )

    it.effect("is killed: the other takes its waits over, and all end once", () =>
      Effect.gen(function*() {
        const { begin, both: [lost, other], settled } = yield* Cluster.TwoRunners
        yield* settled
        const { endings, polledBy, polls, results } = yield* begin(durations, { requestCost })
        yield* polledBy(lost, other)
        yield* lost.signal("SIGKILL")
        const since = yield* Cluster.now
        assert.isTrue((yield* Fiber.join(results)).every(Result.isSuccess))
        assert.deepStrictEqual(yield* endings, { waits: 16, times: 16 })
        const { operations, within } = takenOver(yield* polls, lost, since)
        report("SIGKILL", within, shardLockExpiration)
        assert.isAtLeast(operations, 1)
        assert.isAtMost(within, shardLockExpiration + refreshAssignmentsInterval + slack)
        assert.isAtLeast(Math.min(...Cluster.gaps(yield* polls)), 200)
      }), 90_000)
  })

  it.live(
    "when one is terminated: it hands its waits over without waiting for its locks to expire",
    () =>
      Effect.gen(function*() {
        const { begin, runner, settled } = yield* Cluster.make
        const sharding = { ...Cluster.sharding, shardLockExpiration: 30_000 }
        const [lost, other] = yield* Effect.all([runner({ sharding }), runner({ sharding })])
        yield* settled(2)
        const { endings, polledBy, polls, results } = yield* begin(durations, { requestCost })
        yield* polledBy(lost, other)
        yield* lost.signal("SIGTERM")
        const since = yield* Cluster.now
        yield* lost.exited
        const exited = (yield* Cluster.now) - since
        assert.isTrue((yield* Fiber.join(results)).every(Result.isSuccess))
        assert.deepStrictEqual(yield* endings, { waits: 16, times: 16 })
        const { operations, within } = takenOver(yield* polls, lost, since)
        report(`SIGTERM, exited within ${exited} ms`, within, sharding.shardLockExpiration)
        assert.isAtLeast(operations, 1)
        assert.isAtMost(exited, 1000 + slack)
        assert.isAtMost(within, 1000 + slack)
        assert.isAtLeast(Math.min(...Cluster.gaps(yield* polls)), 200)
      }),
    90_000
  )
})
