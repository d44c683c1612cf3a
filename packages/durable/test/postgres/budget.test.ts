/**
 * The request budget of two processes that have a PostgreSQL in common.
 */
import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import * as Cluster from "./cluster.ts"
import * as Postgres from "./server.ts"

// 40 in 4 seconds, of which 32 are for polls.
const budget = { limit: 40, window: 4000, share: 0.8 }
const share = budget.limit * budget.share

/** The most polls in any window, wherever it begins. */
const most = (polls: ReadonlyArray<Cluster.Poll>) =>
  Math.max(...polls.map(({ at }) => polls.filter((poll) => poll.at >= at && poll.at < at + budget.window).length))

/** How many polls two runners make in a window, that would make many more. */
const mostOf = Effect.fnUntraced(function*(isShared: boolean) {
  const { begin, runner, settled } = yield* Cluster.make
  const own = { budget: { ...budget, isShared } }
  const both = yield* Effect.all([runner(own), runner(own)])
  yield* settled(2)
  const { polledBy, polls } = yield* begin(Array.from({ length: 30 }, () => Infinity), {
    requestCost: "10 millis",
    timeout: "1 minute"
  })
  yield* polledBy(...both)
  // Whoever does not hear of PostgreSQL for a second counts alone: on a machine that has much to do, that may happen.
  // Each loss and each return is one line.
  const lines = () => both.map(({ logged }) => logged().split("The store of the request budget is").length - 1)
  const measure = Effect.gen(function*() {
    const [since, before] = [yield* Cluster.now, lines()]
    yield* Effect.sleep(2 * budget.window)
    const isSteady = lines().every((count, index) => count === before[index] && count % 2 === 0)
    return { isSteady, polls: most((yield* polls).filter(({ at }) => at >= since)) }
  })
  const measured = yield* Effect.repeat(measure, { until: ({ isSteady }) => isSteady, times: 4 })
  process.stderr.write(
    `two runners with ${isShared ? "one budget" : "a budget each"}: ${measured.polls} polls in 4 seconds\n`
  )
  return measured.polls
})

describe.skipIf(!Postgres.hasPostgres)(`${Postgres.titled("the request budget of two runners on PostgreSQL")}`, () => {
  it.live("is shared if it is counted there", () =>
    Effect.gen(function*() {
      const polls = yield* mostOf(true)
      // Timers of two processes are late by some milliseconds on a machine that has much to do.
      assert.isAtMost(polls, share + 6)
      assert.isAtLeast(polls, share / 2)
    }), 90_000)

  it.live("is one for each if it is not", () =>
    Effect.gen(function*() {
      assert.isAbove(yield* mostOf(false), 1.5 * share)
    }), 90_000)
})
