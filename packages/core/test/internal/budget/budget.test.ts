import { assert, describe, it } from "@effect/vitest"
import * as Budget from "../../../src/internal/budget/budget.ts"
import type * as Order from "../../../src/internal/budget/order.ts"

// Ten at once, then one in ten milliseconds.
const terms: Budget.Terms = { limit: { limit: 100, window: 900 }, share: 1 }

const waiterOf = (rank: Order.Rank = "poll") => {
  let wakes = 0
  const waiter: Budget.Waiter = { rank, checksAt: 0, wake: () => void wakes++ }
  return { waiter, wakes: () => wakes }
}

const use = (budget: Budget.Budget, requests: number) => {
  for (let count = 0; count < requests; count++) budget.count(0, terms)
}

const untilOf = (turn: Budget.Turn) => turn !== "ask" && "until" in turn ? turn.until : undefined

const plain: Budget.Answer = { status: 200, path: "/a", codes: [], retryAfter: undefined, policy: [], remaining: [] }

describe("a waiter", () => {
  it("sends at once if there is budget", () => {
    assert.deepStrictEqual(Budget.make().turn(waiterOf().waiter, 5, terms, false), { sentAt: 5 })
  })

  it("checks its turn when there is budget, and wakes the next when it has sent", () => {
    const budget = Budget.make()
    use(budget, 10)
    const [first, second] = [waiterOf(), waiterOf()]
    assert.deepStrictEqual(budget.turn(first.waiter, 0, terms, false), { until: 10 })
    assert.strictEqual(untilOf(budget.turn(second.waiter, 0, terms, false)), 10 + 2000)
    assert.deepStrictEqual(budget.turn(first.waiter, 10, terms, false), { sentAt: 10 })
    assert.strictEqual(second.wakes(), 1)
    assert.deepStrictEqual(budget.turn(second.waiter, 10, terms, false), { until: 20 })
  })

  it("that leaves gives its place to the next, and wakes it", () => {
    const budget = Budget.make()
    use(budget, 10)
    const [first, second, third] = [waiterOf(), waiterOf(), waiterOf()]
    for (const { waiter } of [first, second, third]) budget.turn(waiter, 0, terms, false)
    budget.leave(third.waiter, 1)
    assert.strictEqual(first.wakes(), 0)
    budget.leave(first.waiter, 1)
    assert.strictEqual(second.wakes(), 1)
    assert.deepStrictEqual(budget.turn(second.waiter, 10, terms, false), { sentAt: 10 })
  })

  it("of a higher rank goes first, even if it came later", () => {
    const budget = Budget.make()
    use(budget, 10)
    const [bulk, last] = [waiterOf("bulk"), waiterOf("lastPoll")]
    budget.turn(bulk.waiter, 0, terms, false)
    assert.deepStrictEqual(budget.turn(last.waiter, 0, terms, false), { until: 10 })
    assert.isDefined(untilOf(budget.turn(bulk.waiter, 10, terms, false)))
    assert.deepStrictEqual(budget.turn(last.waiter, 10, terms, false), { sentAt: 10 })
  })

  it("that died silently is dropped by the others a second after it should have checked its turn", () => {
    const budget = Budget.make()
    use(budget, 10)
    const [dead, alive] = [waiterOf(), waiterOf()]
    budget.turn(dead.waiter, 0, terms, false)
    // It knows itself when to check again, so nothing has to wake it.
    assert.strictEqual(untilOf(budget.turn(alive.waiter, 0, terms, false)), 10 + 2000)
    assert.isDefined(untilOf(budget.turn(alive.waiter, 1010, terms, false)))
    assert.deepStrictEqual(budget.turn(alive.waiter, 1011, terms, false), { sentAt: 1011 })
    assert.strictEqual(budget.left(1011, terms).waiting, 0)
  })

  it("that was woken but does not check its turn is dropped a second later", () => {
    const budget = Budget.make()
    use(budget, 90)
    const [dead, alive] = [waiterOf(), waiterOf()]
    budget.turn(dead.waiter, 0, terms, false)
    assert.strictEqual(dead.waiter.checksAt, 810)
    budget.turn(alive.waiter, 0, terms, false)
    budget.observe(0, plain, 5, terms)
    assert.strictEqual(budget.turn(alive.waiter, 1005, terms, false) !== "ask" && budget.left(1005, terms).waiting, 2)
    assert.deepStrictEqual(budget.turn(alive.waiter, 1006, terms, false), { sentAt: 1006 })
  })

  it("that was only late joins the queue again", () => {
    const budget = Budget.make()
    use(budget, 10)
    const [late, other] = [waiterOf(), waiterOf()]
    budget.turn(late.waiter, 0, terms, false)
    assert.deepStrictEqual(budget.turn(other.waiter, 5000, terms, false), { sentAt: 5000 })
    assert.deepStrictEqual(budget.turn(late.waiter, 5000, terms, false), { sentAt: 5000 })
  })

  it("is woken by an answer, which may free a place", () => {
    const budget = Budget.make()
    const flying = Array.from({ length: 8 }, () => budget.turn(waiterOf().waiter, 0, terms, false))
    assert.deepStrictEqual(flying[7], { sentAt: 0 })
    const next = waiterOf()
    assert.deepStrictEqual(budget.turn(next.waiter, 0, terms, false), { until: 1000 })
    budget.observe(0, plain, 50, terms)
    assert.strictEqual(next.wakes(), 1)
    assert.deepStrictEqual(budget.turn(next.waiter, 50, terms, false), { sentAt: 50 })
  })

  it("gets no place from the answer to a call of the application", () => {
    const budget = Budget.make()
    for (let count = 0; count < 8; count++) budget.turn(waiterOf().waiter, 0, terms, false)
    const next = waiterOf()
    budget.turn(next.waiter, 0, terms, false)
    budget.observe(7, plain, 50, terms)
    assert.deepStrictEqual(budget.turn(next.waiter, 50, terms, false), { until: 1000 })
  })

  it("is also woken when a request ends without an answer", () => {
    const budget = Budget.make()
    for (let count = 0; count < 8; count++) budget.turn(waiterOf().waiter, 0, terms, false)
    const next = waiterOf()
    budget.turn(next.waiter, 0, terms, false)
    budget.observe(0, undefined, 50, terms)
    assert.deepStrictEqual(budget.turn(next.waiter, 50, terms, false), { sentAt: 50 })
  })
})

describe("an answer", () => {
  it("that leaves only the share of others stops waiters until the reset", () => {
    const budget = Budget.make()
    const remaining = [{ name: "any", requests: 50, reset: 400 }]
    budget.observe(0, { ...plain, remaining }, 5, { ...terms, share: 0.5 })
    assert.deepStrictEqual(budget.turn(waiterOf().waiter, 5, terms, false), { until: 405 })
  })

  it("with 429 that leaves nothing blocks all requests", () => {
    const budget = Budget.make()
    budget.observe(0, { ...plain, status: 429, remaining: [{ name: "any", requests: 0, reset: 400 }] }, 5, terms)
    assert.deepStrictEqual(budget.turn(waiterOf().waiter, 5, terms, false), { until: 1005 })
  })
})

describe("the store of a budget", () => {
  it("is asked once, by the first waiter only", () => {
    const budget = Budget.make()
    const [first, second] = [waiterOf(), waiterOf()]
    assert.strictEqual(budget.turn(first.waiter, 0, terms, true), "ask")
    assert.isDefined(untilOf(budget.turn(second.waiter, 1, terms, true)))
    assert.deepStrictEqual(budget.turn(first.waiter, 1, terms, true), { until: 1000 })
    budget.reserve(10, 2, terms)
    assert.strictEqual(first.wakes(), 1)
    assert.deepStrictEqual(budget.turn(first.waiter, 2, terms, true), { sentAt: 2 })
    assert.strictEqual(budget.turn(second.waiter, 2, terms, true), "ask")
  })

  it("says when to send, and is not asked while it is too early anyway", () => {
    const budget = Budget.make()
    const { waiter } = waiterOf()
    budget.turn(waiter, 0, terms, true)
    budget.reserve(150, 2, terms)
    assert.deepStrictEqual(budget.turn(waiter, 2, terms, true), { until: 50 })
    use(budget, 20)
    assert.deepStrictEqual(budget.turn(waiter, 50, terms, true), { until: 110 })
    assert.deepStrictEqual(budget.turn(waiter, 110, terms, true), { sentAt: 110 })
    assert.deepStrictEqual(budget.turn(waiterOf().waiter, 110, terms, true), { until: 120 })
  })

  it("lets the next waiter use its reservation for one that left", () => {
    const budget = Budget.make()
    const [first, second] = [waiterOf(), waiterOf()]
    budget.turn(first.waiter, 0, terms, true)
    budget.turn(second.waiter, 0, terms, true)
    budget.leave(first.waiter, 1)
    budget.reserve(10, 2, terms)
    assert.strictEqual(second.wakes(), 2)
    assert.deepStrictEqual(budget.turn(second.waiter, 3, terms, true), { sentAt: 3 })
  })

  it("is asked again if its reservation was not used for a while", () => {
    for (const [now, turn] of [[20, { sentAt: 20 }], [21, "ask"]] as const) {
      const budget = Budget.make()
      const { waiter } = waiterOf()
      budget.turn(waiter, 0, terms, true)
      budget.leave(waiter, 1)
      budget.reserve(110, 2, terms)
      assert.deepStrictEqual(budget.turn(waiterOf().waiter, now, terms, true), turn)
    }
  })

  it("delays requests by a window at most, whatever it replies", () => {
    const budget = Budget.make()
    const { waiter } = waiterOf()
    budget.turn(waiter, 0, terms, true)
    budget.reserve(1e12, 5, terms)
    assert.deepStrictEqual(budget.turn(waiter, 5, terms, true), { until: 905 })
  })

  it("delays no request when it is lost", () => {
    const budget = Budget.make()
    const { waiter } = waiterOf()
    budget.turn(waiter, 0, terms, true)
    budget.reserve(undefined, 5, terms)
    assert.strictEqual(budget.left(5, terms).requests, 10)
    assert.deepStrictEqual(budget.turn(waiter, 5, terms, false), { sentAt: 5 })
    assert.strictEqual(budget.turn(waiter, 6, terms, true), "ask")
  })

  it("is full once it holds a window", () => {
    const budget = Budget.make()
    assert.isFalse(budget.isStoreFull(0, terms))
    budget.learnStore(900)
    assert.isTrue(budget.isStoreFull(0, terms))
    assert.isFalse(budget.isStoreFull(1, terms))
  })
})

describe("what is left", () => {
  it("counts the requests of this process and of others", () => {
    const budget = Budget.make()
    assert.deepStrictEqual(budget.left(0, terms).requests, 10)
    use(budget, 3)
    assert.deepStrictEqual(budget.left(0, terms).requests, 7)
    budget.learnStore(80)
    assert.deepStrictEqual(budget.left(0, terms).requests, 2)
  })

  it("shows how many wait, until when, and the block", () => {
    const budget = Budget.make()
    use(budget, 15)
    assert.strictEqual(budget.left(0, terms).readyAt, 60)
    budget.turn(waiterOf().waiter, 0, terms, false)
    budget.turn(waiterOf("bulk").waiter, 0, terms, false)
    budget.observe(0, { ...plain, status: 429, codes: [971], retryAfter: 400 }, 0, terms)
    assert.deepStrictEqual(budget.left(0, terms), { requests: 0, waiting: 2, blockedUntil: 1000, readyAt: 1000 })
  })
})

describe("a budget", () => {
  it("is forgotten when it is unused and nothing waits", () => {
    const budget = Budget.make()
    budget.count(5, terms)
    assert.isFalse(budget.isForgotten(5))
    assert.isTrue(budget.isForgotten(6))
    use(budget, 20)
    budget.turn(waiterOf().waiter, 0, terms, false)
    assert.isFalse(budget.isForgotten(6))
  })
})
