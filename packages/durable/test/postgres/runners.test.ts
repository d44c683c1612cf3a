/**
 * Waits on two processes, of which one is lost.
 */
import { assert, describe, it } from "@effect/vitest"
import { Effect, Fiber, Result } from "effect"
import * as Cluster from "./cluster.ts"
import * as Postgres from "./server.ts"

// Enough that none of two runners is without any.
const durations = Array.from({ length: 16 }, (_, index) => 6000 + 200 * index)

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

const report = (what: string, within: number, { shardLockExpiration }: typeof Cluster.sharding) =>
  process.stderr.write(
    `after ${what}: taken over within ${within} ms, at shardLockExpiration ${shardLockExpiration} ms\n`
  )

describe.skipIf(!Postgres.hasPostgres)(`${Postgres.titled("two runners on PostgreSQL")}`, () => {
  it.live("of which one is killed: the other takes its waits over, and all end once", () =>
    Effect.gen(function*() {
      const { begin, endings, polled, polls, runner, settled } = yield* Cluster.make
      const [lost, other] = yield* Effect.all([runner(), runner()])
      yield* settled(2)
      const { results } = yield* begin(durations, { requestCost: "100 millis" })
      yield* polled(lost, other)
      yield* lost.signal("SIGKILL")
      const since = yield* Cluster.now
      assert.isTrue((yield* Fiber.join(results)).every(Result.isSuccess))
      assert.deepStrictEqual(yield* endings, { waits: 16, times: 16 })
      const { operations, within } = takenOver(yield* polls, lost, since)
      report("SIGKILL", within, Cluster.sharding)
      assert.isAtLeast(operations, 1)
      assert.isAtMost(
        within,
        Cluster.sharding.shardLockExpiration + Cluster.sharding.refreshAssignmentsInterval + slack
      )
      assert.isAtLeast(Math.min(...Cluster.gaps(yield* polls)), 200)
    }), 90_000)

  it.live(
    "of which one is terminated: it hands its waits over without waiting for its locks to expire",
    () =>
      Effect.gen(function*() {
        const { begin, endings, polled, polls, runner, settled } = yield* Cluster.make
        const sharding = { ...Cluster.sharding, shardLockExpiration: 30_000 }
        const [lost, other] = yield* Effect.all([runner({ sharding }), runner({ sharding })])
        yield* settled(2)
        const { results } = yield* begin(durations, { requestCost: "100 millis" })
        yield* polled(lost, other)
        yield* lost.signal("SIGTERM")
        const since = yield* Cluster.now
        yield* lost.exited
        const exited = (yield* Cluster.now) - since
        assert.isTrue((yield* Fiber.join(results)).every(Result.isSuccess))
        assert.deepStrictEqual(yield* endings, { waits: 16, times: 16 })
        const { operations, within } = takenOver(yield* polls, lost, since)
        report(`SIGTERM, exited within ${exited} ms`, within, sharding)
        assert.isAtLeast(operations, 1)
        assert.isAtMost(exited, 1000 + slack)
        assert.isAtMost(within, 1000 + sharding.refreshAssignmentsInterval + slack)
        assert.isAtLeast(Math.min(...Cluster.gaps(yield* polls)), 200)
      }),
    60_000
  )

  it.live(
    "of which one stands still for a while: the other takes its waits over, and none ends twice",
    () =>
      Effect.gen(function*() {
        const { begin, endings, polled, polls, runner, settled } = yield* Cluster.make
        const [lost, other] = yield* Effect.all([runner(), runner()])
        yield* settled(2)
        const { results } = yield* begin(durations, { requestCost: "100 millis" })
        yield* polled(lost, other)
        yield* lost.signal("SIGSTOP")
        const since = yield* Cluster.now
        yield* Effect.sleep(Cluster.sharding.shardLockExpiration + 1500)
        yield* lost.signal("SIGCONT")
        assert.isTrue((yield* Fiber.join(results)).every(Result.isSuccess))
        // What it still holds in memory would have ended by then.
        yield* Effect.sleep("2 seconds")
        assert.deepStrictEqual(yield* endings, { waits: 16, times: 16 })
        const { operations, within } = takenOver(yield* polls, lost, since)
        report("SIGSTOP", within, Cluster.sharding)
        assert.isAtLeast(operations, 1)
        assert.isAtMost(
          within,
          Cluster.sharding.shardLockExpiration + Cluster.sharding.refreshAssignmentsInterval + slack
        )
      }),
    60_000
  )
})
