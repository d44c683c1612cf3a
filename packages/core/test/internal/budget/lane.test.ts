import { assert, describe, it } from "@effect/vitest"
import * as Lane from "../../../src/internal/budget/lane.ts"
import type * as Order from "../../../src/internal/budget/order.ts"

// Ten at once, then one in ten milliseconds.
const terms: Lane.Terms = { limit: { limit: 100, window: 900 }, share: 1 }

const waiterOf = (rank: Order.Rank = "poll") => {
  let wakes = 0
  const waiter: Lane.Waiter = { rank, checksAt: 0, wake: () => void wakes++ }
  return { waiter, wakes: () => wakes }
}

const use = (lane: Lane.Lane, requests: number) => {
  for (let count = 0; count < requests; count++) lane.count(0, terms)
}

const untilOf = (turn: Lane.Turn) => turn !== "ask" && "until" in turn ? turn.until : undefined

const plain: Lane.Answer = { status: 200, path: "/a", codes: [], retryAfter: undefined, policy: [], remaining: [] }

describe("a waiter", () => {
  it("sends at once where there is budget", () => {
    assert.deepStrictEqual(Lane.make().turn(waiterOf().waiter, 5, terms, false), { sentAt: 5 })
  })

  it("checks its turn when there is budget, and wakes the next when it has sent", () => {
    const lane = Lane.make()
    use(lane, 10)
    const [first, second] = [waiterOf(), waiterOf()]
    assert.deepStrictEqual(lane.turn(first.waiter, 0, terms, false), { until: 10 })
    assert.strictEqual(untilOf(lane.turn(second.waiter, 0, terms, false)), 10 + 2000)
    assert.deepStrictEqual(lane.turn(first.waiter, 10, terms, false), { sentAt: 10 })
    assert.strictEqual(second.wakes(), 1)
    assert.deepStrictEqual(lane.turn(second.waiter, 10, terms, false), { until: 20 })
  })

  it("that leaves gives its place to the next, and wakes it", () => {
    const lane = Lane.make()
    use(lane, 10)
    const [first, second, third] = [waiterOf(), waiterOf(), waiterOf()]
    for (const { waiter } of [first, second, third]) lane.turn(waiter, 0, terms, false)
    lane.leave(third.waiter, 1)
    assert.strictEqual(first.wakes(), 0)
    lane.leave(first.waiter, 1)
    assert.strictEqual(second.wakes(), 1)
    assert.deepStrictEqual(lane.turn(second.waiter, 10, terms, false), { sentAt: 10 })
  })

  it("of a higher rank goes first, though it came later", () => {
    const lane = Lane.make()
    use(lane, 10)
    const [bulk, last] = [waiterOf("bulk"), waiterOf("lastPoll")]
    lane.turn(bulk.waiter, 0, terms, false)
    assert.deepStrictEqual(lane.turn(last.waiter, 0, terms, false), { until: 10 })
    assert.isDefined(untilOf(lane.turn(bulk.waiter, 10, terms, false)))
    assert.deepStrictEqual(lane.turn(last.waiter, 10, terms, false), { sentAt: 10 })
  })

  it("that has died silently is dropped by the others a second after it should have checked its turn", () => {
    const lane = Lane.make()
    use(lane, 10)
    const [dead, alive] = [waiterOf(), waiterOf()]
    lane.turn(dead.waiter, 0, terms, false)
    // It knows itself when to check again, so nothing has to wake it.
    assert.strictEqual(untilOf(lane.turn(alive.waiter, 0, terms, false)), 10 + 2000)
    assert.isDefined(untilOf(lane.turn(alive.waiter, 1010, terms, false)))
    assert.deepStrictEqual(lane.turn(alive.waiter, 1011, terms, false), { sentAt: 1011 })
    assert.strictEqual(lane.left(1011, terms).waiting, 0)
  })

  it("that was woken and does not check its turn is dropped a second after that", () => {
    const lane = Lane.make()
    use(lane, 90)
    const [dead, alive] = [waiterOf(), waiterOf()]
    lane.turn(dead.waiter, 0, terms, false)
    assert.strictEqual(dead.waiter.checksAt, 810)
    lane.turn(alive.waiter, 0, terms, false)
    lane.observe(0, plain, 5, terms)
    assert.strictEqual(lane.turn(alive.waiter, 1005, terms, false) !== "ask" && lane.left(1005, terms).waiting, 2)
    assert.deepStrictEqual(lane.turn(alive.waiter, 1006, terms, false), { sentAt: 1006 })
  })

  it("that was only late joins again", () => {
    const lane = Lane.make()
    use(lane, 10)
    const [late, other] = [waiterOf(), waiterOf()]
    lane.turn(late.waiter, 0, terms, false)
    assert.deepStrictEqual(lane.turn(other.waiter, 5000, terms, false), { sentAt: 5000 })
    assert.deepStrictEqual(lane.turn(late.waiter, 5000, terms, false), { sentAt: 5000 })
  })

  it("is woken by an answer, which may end what it waits for", () => {
    const lane = Lane.make()
    const flying = Array.from({ length: 8 }, () => lane.turn(waiterOf().waiter, 0, terms, false))
    assert.deepStrictEqual(flying[7], { sentAt: 0 })
    const next = waiterOf()
    assert.deepStrictEqual(lane.turn(next.waiter, 0, terms, false), { until: 1000 })
    lane.observe(0, plain, 50, terms)
    assert.strictEqual(next.wakes(), 1)
    assert.deepStrictEqual(lane.turn(next.waiter, 50, terms, false), { sentAt: 50 })
  })

  it("is woken when a request ends without an answer, too", () => {
    const lane = Lane.make()
    for (let count = 0; count < 8; count++) lane.turn(waiterOf().waiter, 0, terms, false)
    const next = waiterOf()
    lane.turn(next.waiter, 0, terms, false)
    lane.observe(0, undefined, 50, terms)
    assert.deepStrictEqual(lane.turn(next.waiter, 50, terms, false), { sentAt: 50 })
  })
})

describe("an answer", () => {
  it("that leaves no more than the share of others stops those who make room until the reset", () => {
    const lane = Lane.make()
    const remaining = [{ name: "any", requests: 50, reset: 400 }]
    lane.observe(0, { ...plain, remaining }, 5, { ...terms, share: 0.5 })
    assert.deepStrictEqual(lane.turn(waiterOf().waiter, 5, terms, false), { until: 405 })
  })

  it("429 that leaves nothing is about everything", () => {
    const lane = Lane.make()
    lane.observe(0, { ...plain, status: 429, remaining: [{ name: "any", requests: 0, reset: 400 }] }, 5, terms)
    assert.deepStrictEqual(lane.turn(waiterOf().waiter, 5, terms, false), { until: 1005 })
  })
})

describe("the store of a budget", () => {
  it("is asked by the first alone, and once", () => {
    const lane = Lane.make()
    const [first, second] = [waiterOf(), waiterOf()]
    assert.strictEqual(lane.turn(first.waiter, 0, terms, true), "ask")
    assert.isDefined(untilOf(lane.turn(second.waiter, 1, terms, true)))
    assert.deepStrictEqual(lane.turn(first.waiter, 1, terms, true), { until: 1000 })
    lane.reserve(10, 2, terms)
    assert.strictEqual(first.wakes(), 1)
    assert.deepStrictEqual(lane.turn(first.waiter, 2, terms, true), { sentAt: 2 })
    assert.strictEqual(lane.turn(second.waiter, 2, terms, true), "ask")
  })

  it("says when, and is not asked where it would be too early anyway", () => {
    const lane = Lane.make()
    const { waiter } = waiterOf()
    lane.turn(waiter, 0, terms, true)
    lane.reserve(150, 2, terms)
    assert.deepStrictEqual(lane.turn(waiter, 2, terms, true), { until: 50 })
    use(lane, 20)
    assert.deepStrictEqual(lane.turn(waiter, 50, terms, true), { until: 110 })
    assert.deepStrictEqual(lane.turn(waiter, 110, terms, true), { sentAt: 110 })
    assert.deepStrictEqual(lane.turn(waiterOf().waiter, 110, terms, true), { until: 120 })
  })

  it("has what it reserved for one that left used by the next", () => {
    const lane = Lane.make()
    const [first, second] = [waiterOf(), waiterOf()]
    lane.turn(first.waiter, 0, terms, true)
    lane.turn(second.waiter, 0, terms, true)
    lane.leave(first.waiter, 1)
    lane.reserve(10, 2, terms)
    assert.strictEqual(second.wakes(), 2)
    assert.deepStrictEqual(lane.turn(second.waiter, 3, terms, true), { sentAt: 3 })
  })

  it("is asked anew where nobody has used what it reserved for a while", () => {
    for (const [now, turn] of [[20, { sentAt: 20 }], [21, "ask"]] as const) {
      const lane = Lane.make()
      const { waiter } = waiterOf()
      lane.turn(waiter, 0, terms, true)
      lane.leave(waiter, 1)
      lane.reserve(110, 2, terms)
      assert.deepStrictEqual(lane.turn(waiterOf().waiter, now, terms, true), turn)
    }
  })

  it("holds up nobody for longer than a window, whatever it replies", () => {
    const lane = Lane.make()
    const { waiter } = waiterOf()
    lane.turn(waiter, 0, terms, true)
    lane.reserve(1e12, 5, terms)
    assert.deepStrictEqual(lane.turn(waiter, 5, terms, true), { until: 905 })
  })

  it("holds up nobody when it is lost", () => {
    const lane = Lane.make()
    const { waiter } = waiterOf()
    lane.turn(waiter, 0, terms, true)
    lane.reserve(undefined, 5, terms)
    assert.deepStrictEqual(lane.turn(waiter, 5, terms, false), { sentAt: 5 })
    assert.strictEqual(lane.turn(waiter, 6, terms, true), "ask")
  })

  it("is full when it holds a window", () => {
    const lane = Lane.make()
    assert.isFalse(lane.isStoreFull(0, terms))
    lane.learnStore(900)
    assert.isTrue(lane.isStoreFull(0, terms))
    assert.isFalse(lane.isStoreFull(1, terms))
  })
})

describe("what is left", () => {
  it("counts what was sent, by this process or by others", () => {
    const lane = Lane.make()
    assert.deepStrictEqual(lane.left(0, terms).requests, 10)
    use(lane, 3)
    assert.deepStrictEqual(lane.left(0, terms).requests, 7)
    lane.learnStore(80)
    assert.deepStrictEqual(lane.left(0, terms).requests, 2)
  })

  it("says who waits, until when, and what blocks", () => {
    const lane = Lane.make()
    use(lane, 15)
    assert.strictEqual(lane.left(0, terms).readyAt, 60)
    lane.turn(waiterOf().waiter, 0, terms, false)
    lane.turn(waiterOf("bulk").waiter, 0, terms, false)
    lane.observe(0, { ...plain, status: 429, codes: [971], retryAfter: 400 }, 0, terms)
    assert.deepStrictEqual(lane.left(0, terms), { requests: 0, waiting: 2, blockedUntil: 1000, readyAt: 1000 })
  })
})

describe("a budget", () => {
  it("is forgotten when nothing was sent and nobody waits", () => {
    const lane = Lane.make()
    lane.count(5, terms)
    assert.isFalse(lane.isForgotten(5))
    assert.isTrue(lane.isForgotten(6))
    use(lane, 20)
    lane.turn(waiterOf().waiter, 0, terms, false)
    assert.isFalse(lane.isForgotten(6))
  })
})
