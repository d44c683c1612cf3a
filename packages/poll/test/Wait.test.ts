import { BulkOperation, CloudflareError } from "@bulk-operations/core"
import { Wait } from "@bulk-operations/poll"
import { assert, describe, it } from "@effect/vitest"
import { Duration, Effect, Option, Result, Schema } from "effect"
import { badGateway, call, notFound, rateLimited } from "./Scripted.ts"

const id = BulkOperation.OperationId.make("op")
const running: BulkOperation.BulkOperation = { id, status: "running" }
const completed: BulkOperation.Terminal = { id, status: "completed", completed: Option.none() }
const failed: BulkOperation.Terminal = { id, status: "failed", completed: Option.none(), error: Option.some("no") }

const errorOf = (reason: CloudflareError.Reason) => new CloudflareError.CloudflareError({ reason })
const transient = errorOf(badGateway)
const forbidden = errorOf(new CloudflareError.Forbidden({ ...call, status: 403 }))
const unauthorized = errorOf(new CloudflareError.Unauthorized({ ...call, status: 401 }))
const gone = errorOf(notFound)

// Began at 1 s, with 10 s to go.
const begun = (options?: Partial<Parameters<typeof Wait.make>[0]>) =>
  Wait.make({ now: 1000, timeout: "10 seconds", tolerance: "4 seconds", ...options })

const see = (wait: Wait.Wait, at: number, operation: BulkOperation.BulkOperation) =>
  Wait.observe(wait, at, Result.succeed(operation))

const meet = (wait: Wait.Wait, at: number, error: CloudflareError.CloudflareError) =>
  Wait.observe(wait, at, Result.fail(error))

const goesOn = (decision: Wait.Decision): Wait.Wait => {
  assert.strictEqual(decision._tag, "Waiting")
  return decision.wait
}

const endingOf = (decision: Wait.Decision): Wait.Ending => {
  assert(decision._tag === "Ended")
  return decision.ending
}

const byTimeout: Wait.Ending = { _tag: "TimedOut", endedBy: "timeout" }

describe("make", () => {
  it("begins now, with a deadline, and tolerates nothing by default", () => {
    assert.deepStrictEqual(Wait.make({ now: 5, timeout: "1 second" }), {
      startedAt: 5,
      deadline: 1005,
      tolerance: 0,
      notFoundGrace: 0,
      forbiddenGrace: 0,
      polls: 0,
      last: undefined,
      transient: undefined,
      extendedTo: undefined
    })
  })

  it("accepts durations in every form", () => {
    const wait = begun({
      timeout: "Infinity",
      tolerance: 7,
      notFoundGrace: Duration.seconds(8),
      forbiddenGrace: "9 seconds"
    })
    assert.strictEqual(wait.deadline, Infinity)
    assert.deepStrictEqual([wait.tolerance, wait.notFoundGrace, wait.forbiddenGrace], [7, 8000, 9000])
  })

  it.each(["timeout", "tolerance", "notFoundGrace", "forbiddenGrace"])("refuses an invalid %s", (option) => {
    assert.throws(() => begun({ [option]: -1 }), RangeError, `${option} is -1. It must not be negative.`)
    assert.throws(() => begun({ [option]: Number.NaN }), RangeError, `${option} is NaN, which is no duration.`)
  })
})

describe("observe", () => {
  it("continues while the operation is under way, and counts the poll", () => {
    const wait = goesOn(see(begun(), 2000, running))
    assert.strictEqual(wait.polls, 1)
    assert.strictEqual(wait.last, running)
    assert.strictEqual(goesOn(see(wait, 3000, running)).polls, 2)
  })

  for (const operation of [completed, failed]) {
    it(`ends with an operation that has ${operation.status}, even long after the deadline`, () => {
      for (const at of [1000, 10_999, 11_000, 99_000]) {
        const decision = see(begun(), at, operation)
        assert.deepStrictEqual(endingOf(decision), { _tag: "Terminal", operation })
        assert.strictEqual(decision.wait.polls, 1)
        assert.strictEqual(decision.wait.last, operation)
      }
    })
  }

  it("times out with an operation that is under way at the deadline, not a millisecond before", () => {
    goesOn(see(begun(), 10_999, running))
    const decision = see(begun(), 11_000, running)
    assert.deepStrictEqual(endingOf(decision), byTimeout)
    assert.strictEqual(decision.wait.last, running)
  })

  it("extends the wait once if the process was stopped while an outdated answer was waiting", () => {
    for (const answer of [Result.succeed(running), Result.fail(transient)]) {
      const extended = goesOn(Wait.observe(begun(), 11_101, answer, 10_999))
      assert.strictEqual(extended.extendedTo, 13_101)
      assert.strictEqual(extended.polls, 1)
      assert.deepStrictEqual(Wait.observe(extended, 13_102, answer, 11_101)._tag, "Ended")
      assert.strictEqual(Wait.observe(begun(), 11_101, answer, 11_000)._tag, "Ended")
      assert.strictEqual(Wait.observe(begun(), 11_100, answer, 10_999)._tag, "Ended")
      assert.strictEqual(Wait.observe(begun(), 11_101, answer)._tag, "Ended")
    }
  })

  it("extends the wait once if the process was stopped with an error until the tolerance had passed", () => {
    const first = goesOn(meet(begun(), 2000, transient))
    const late = (at: number, sentAt: number, error = transient) => Wait.observe(first, at, Result.fail(error), sentAt)
    const extended = goesOn(late(6101, 5999))
    assert.strictEqual(extended.extendedTo, 8101)
    const refused: Wait.Ending = { _tag: "Refused", error: transient }
    assert.deepStrictEqual(endingOf(Wait.observe(extended, 6200, Result.fail(transient), 6101)), refused)
    // Not by an answer that was on its way, to a poll from after it, or to one from after the deadline.
    assert.deepStrictEqual(endingOf(late(6100, 5999)), refused)
    assert.deepStrictEqual(endingOf(late(6101, 6000)), refused)
    const tolerant = goesOn(meet(begun({ tolerance: "10 seconds" }), 2000, transient))
    assert.deepStrictEqual(endingOf(Wait.observe(tolerant, 12_101, Result.fail(transient), 11_000)), refused)
  })

  it("does not extend the wait for a permanent error, nor for its first error", () => {
    const first = goesOn(meet(begun({ notFoundGrace: "1 second" }), 1500, transient))
    assert.deepStrictEqual(endingOf(Wait.observe(first, 9000, Result.fail(forbidden), 1600)), {
      _tag: "Refused",
      error: forbidden
    })
    const fresh = Wait.observe(begun({ notFoundGrace: "1 second" }), 3000, Result.fail(gone), 1000)
    assert.deepStrictEqual(endingOf(fresh), { _tag: "Refused", error: gone })
  })

  it("tolerates transient errors until the tolerance has passed since the first", () => {
    const first = goesOn(meet(begun(), 2000, transient))
    assert.deepStrictEqual(first.transient, { since: 2000, error: transient })
    assert.strictEqual(first.polls, 1)
    const other = errorOf(rateLimited())
    const second = goesOn(meet(first, 5999, other))
    assert.deepStrictEqual(second.transient, { since: 2000, error: other })
    assert.deepStrictEqual(endingOf(meet(second, 6000, transient)), { _tag: "Refused", error: transient })
  })

  it("restarts the tolerance when the operation was seen in between", () => {
    const first = goesOn(meet(begun(), 2000, transient))
    const seen = goesOn(see(first, 4000, running))
    assert.strictEqual(seen.transient, undefined)
    const again = goesOn(meet(seen, 6000, transient))
    assert.strictEqual(again.transient?.since, 6000)
    assert.strictEqual(again.last, running)
  })

  it("ends at once with a transient error if the tolerance is zero", () => {
    assert.deepStrictEqual(endingOf(meet(begun({ tolerance: 0 }), 1000, transient)), {
      _tag: "Refused",
      error: transient
    })
  })

  it("times out at the deadline with the latest transient error", () => {
    const decision = meet(begun({ tolerance: "1 hour" }), 11_000, transient)
    assert.deepStrictEqual(endingOf(decision), byTimeout)
    assert.strictEqual(decision.wait.transient?.error, transient)
    goesOn(meet(begun({ tolerance: "1 hour" }), 10_999, transient))
  })

  for (const error of [gone, forbidden, unauthorized]) {
    it(`ends at once with an error without a grace: ${error.reason._tag}`, () => {
      assert.deepStrictEqual(endingOf(meet(begun(), 1000, error)), { _tag: "Refused", error })
      assert.deepStrictEqual(endingOf(meet(begun({ tolerance: "1 hour" }), 1000, error)), { _tag: "Refused", error })
    })
  }

  it("ends at once with an error that no grace covers", () => {
    const error = errorOf(new CloudflareError.InvalidRequest(call))
    const lenient = begun({ tolerance: "1 hour", notFoundGrace: "1 hour", forbiddenGrace: "1 hour" })
    assert.deepStrictEqual(endingOf(meet(lenient, 1000, error)), { _tag: "Refused", error })
  })

  it("tolerates NotFound for notFoundGrace from the start, while the operation was never seen", () => {
    const wait = begun({ notFoundGrace: "3 seconds" })
    const first = goesOn(meet(wait, 2500, gone))
    goesOn(meet(first, 3999, gone))
    assert.deepStrictEqual(endingOf(meet(first, 4000, gone)), { _tag: "Refused", error: gone })
  })

  it("restarts notFoundGrace when an operation that was seen is gone", () => {
    const seen = goesOn(see(begun({ notFoundGrace: "3 seconds" }), 2000, running))
    const first = goesOn(meet(seen, 6000, gone))
    goesOn(meet(first, 8999, gone))
    assert.deepStrictEqual(endingOf(meet(first, 9000, gone)), { _tag: "Refused", error: gone })
  })

  for (const error of [forbidden, unauthorized]) {
    it(`tolerates ${error.reason._tag} for forbiddenGrace from the start, not later`, () => {
      const wait = begun({ forbiddenGrace: "3 seconds" })
      goesOn(meet(wait, 3999, error))
      assert.deepStrictEqual(endingOf(meet(wait, 4000, error)), { _tag: "Refused", error })
      const seen = goesOn(see(wait, 2000, running))
      assert.deepStrictEqual(endingOf(meet(seen, 4000, error)), { _tag: "Refused", error })
    })
  }
})

describe("limit", () => {
  it("is the deadline without transient errors", () => {
    assert.strictEqual(Wait.limit(begun()), 11_000)
    assert.strictEqual(Wait.limit(goesOn(see(begun(), 2000, running))), 11_000)
  })

  it("is the end of the tolerance, or the deadline if that comes first", () => {
    assert.strictEqual(Wait.limit(goesOn(meet(begun(), 2000, transient))), 6000)
    assert.strictEqual(Wait.limit(goesOn(meet(begun(), 9000, transient))), 11_000)
  })

  it("is the end of the grace that covers the error", () => {
    const wait = begun({ notFoundGrace: "3 seconds", forbiddenGrace: "5 seconds" })
    assert.strictEqual(Wait.limit(goesOn(meet(wait, 2000, gone))), 4000)
    assert.strictEqual(Wait.limit(goesOn(meet(wait, 2000, forbidden))), 6000)
    const seen = goesOn(see(wait, 2000, running))
    assert.strictEqual(Wait.limit(goesOn(meet(seen, 5000, gone))), 8000)
  })

  it("is the end of an extension", () => {
    assert.strictEqual(Wait.limit(goesOn(Wait.expire(begun(), 30_000))), 32_000)
  })
})

describe("retryAfter", () => {
  it("is the delay that the last answer asked for, or zero", () => {
    const asked = goesOn(meet(begun(), 2000, errorOf(rateLimited("3 seconds"))))
    assert.strictEqual(Wait.retryAfter(asked), 3000)
    assert.strictEqual(Wait.retryAfter(goesOn(meet(asked, 3000, transient))), 0)
    assert.strictEqual(Wait.retryAfter(goesOn(see(asked, 3000, running))), 0)
    assert.strictEqual(Wait.retryAfter(begun()), 0)
  })
})

describe("nextPollAt", () => {
  const asked = goesOn(meet(begun({ tolerance: "1 hour" }), 2000, errorOf(rateLimited("3 seconds"))))

  for (
    const [name, wait, at, gap, expected] of [
      ["after the gap", begun(), 2000, 500, 2500],
      ["not before a Retry-After is over", asked, 2000, 500, 5000],
      ["after the gap where that is longer than the Retry-After", asked, 2000, 4000, 6000],
      ["not after the deadline", begun(), 2000, 60_000, 11_000],
      ["not after the end of the tolerance", goesOn(meet(begun(), 2000, transient)), 2000, 60_000, 6000],
      ["never, where nothing sets a time", begun({ timeout: "Infinity" }), 2000, Infinity, Infinity]
    ] as const
  ) {
    it(`is ${name}`, () => assert.strictEqual(Wait.nextPollAt(wait, at, gap), expected))
  }
})

describe("expire", () => {
  it("continues before the limit", () => {
    const wait = begun()
    assert.deepStrictEqual(Wait.expire(wait, 10_999), { _tag: "Waiting", wait })
    assert.deepStrictEqual(Wait.expire(wait, 10_999, true), { _tag: "Waiting", wait })
  })

  it("times out at the deadline", () => {
    for (const now of [11_000, 11_001, 11_100]) {
      assert.deepStrictEqual(endingOf(Wait.expire(begun(), now)), byTimeout)
    }
    assert.deepStrictEqual(endingOf(Wait.expire(begun(), 11_000, true)), byTimeout)
  })

  it("ends with the latest transient error when the tolerance has passed", () => {
    const wait = goesOn(meet(begun(), 2000, transient))
    goesOn(Wait.expire(wait, 5999))
    assert.deepStrictEqual(endingOf(Wait.expire(wait, 6000)), { _tag: "Refused", error: transient })
  })

  it("times out if tolerance and deadline end together", () => {
    assert.deepStrictEqual(endingOf(Wait.expire(goesOn(meet(begun(), 7000, transient)), 11_000)), byTimeout)
  })

  it("extends the wait by two seconds for a last poll if the process was stopped beyond the limit", () => {
    const wait = goesOn(Wait.expire(begun(), 11_101))
    assert.strictEqual(wait.extendedTo, 13_101)
    goesOn(Wait.expire(wait, 13_100))
    assert.deepStrictEqual(endingOf(Wait.expire(wait, 13_101)), byTimeout)
  })

  it("extends the wait if the limit passed before its last poll was sent", () => {
    assert.strictEqual(goesOn(Wait.expire(begun(), 11_001, true)).extendedTo, 13_001)
  })

  it("extends the wait only once, however late it is", () => {
    const wait = goesOn(Wait.expire(begun(), 20_000))
    assert.deepStrictEqual(endingOf(Wait.expire(wait, 90_000, true)), byTimeout)
  })

  it("ends with the transient error after an extension of its tolerance", () => {
    const wait = goesOn(Wait.expire(goesOn(meet(begun(), 2000, transient)), 9000))
    assert.strictEqual(wait.extendedTo, 11_000)
    assert.deepStrictEqual(endingOf(Wait.expire(wait, 11_000)), { _tag: "Refused", error: transient })
  })

  it("ends its extension when an answer came", () => {
    const wait = goesOn(Wait.expire(goesOn(meet(begun(), 2000, transient)), 7000))
    assert.strictEqual(goesOn(see(wait, 7500, running)).extendedTo, undefined)
    assert.deepStrictEqual(endingOf(meet(wait, 7500, transient)), { _tag: "Refused", error: transient })
    const lenient = goesOn(Wait.expire(goesOn(meet(begun({ forbiddenGrace: "3 seconds" }), 2000, forbidden)), 5000))
    assert.strictEqual(goesOn(meet(lenient, 5500, transient)).extendedTo, undefined)
  })
})

describe("a wait, whatever it observes", () => {
  const Step = Schema.Struct({
    after: Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: 4000 })),
    what: Schema.Literals(["running", "completed", "transient", "rate limited", "gone", "forbidden", "nothing"])
  })
  const answers = {
    "running": Result.succeed(running),
    "completed": Result.succeed(completed),
    "transient": Result.fail(transient),
    "rate limited": Result.fail(errorOf(rateLimited("2 seconds"))),
    "gone": Result.fail(gone),
    "forbidden": Result.fail(forbidden),
    "nothing": undefined
  }

  it.effect.prop(
    "continues only before its limit, never polls after it, counts every answer and keeps its settings",
    { steps: Schema.Array(Step).check(Schema.isMaxLength(20)), grace: Schema.Literals([0, 2000, 20_000]) },
    ({ grace, steps }) =>
      Effect.sync(() => {
        let wait = begun({ notFoundGrace: grace, forbiddenGrace: grace })
        let now = 1000
        let answered = 0
        for (const { after, what } of steps) {
          now += after
          const answer = answers[what]
          const decision = answer === undefined ? Wait.expire(wait, now) : Wait.observe(wait, now, answer)
          if (answer !== undefined) answered += 1
          assert.strictEqual(decision.wait.polls, answered)
          assert.strictEqual(decision.wait.deadline, 11_000)
          if (what === "completed") {
            assert.deepStrictEqual(endingOf(decision), { _tag: "Terminal", operation: completed })
          }
          if (decision._tag === "Ended") return
          wait = decision.wait
          assert.isBelow(now, Wait.limit(wait))
          const next = Wait.nextPollAt(wait, now, after)
          assert.isAtLeast(next, now)
          assert.isAtMost(next, Wait.limit(wait))
          if (wait.extendedTo === undefined) assert.isAtMost(Wait.limit(wait), wait.deadline)
        }
      }),
    { arbitrary: { runs: 300 } }
  )
})
