import { assert, describe, it } from "@effect/vitest"
import { Schema } from "effect"
import * as Order from "../../../src/internal/budget/order.ts"
import { between } from "./sending.ts"

const Waiting = Schema.Struct({ lastPoll: between(0, 2), poll: between(0, 2), bulk: between(0, 2) })

const turns = (waiting: Order.PerRank, count: number) => {
  let passed = Order.none
  return Array.from({ length: count }, () => {
    const rank = Order.next(waiting, passed)
    if (rank !== undefined) passed = Order.passOver(waiting, passed, rank)
    return rank
  })
}

const part = (waiting: Order.PerRank, rank: Order.Rank) =>
  turns(waiting, 1000).filter((turn) => turn === rank).length / 1000

describe("turns", () => {
  it("go to the highest rank that waits", () => {
    assert.strictEqual(Order.next({ lastPoll: 1, poll: 1, bulk: 1 }, Order.none), "lastPoll")
    assert.strictEqual(Order.next({ lastPoll: 0, poll: 1, bulk: 1 }, Order.none), "poll")
    assert.strictEqual(Order.next({ lastPoll: 0, poll: 0, bulk: 1 }, Order.none), "bulk")
    assert.strictEqual(Order.next(Order.none, { lastPoll: 9, poll: 9, bulk: 9 }), undefined)
  })

  it("go to last polls at most every second time while polls wait", () => {
    assert.strictEqual(part({ lastPoll: 1, poll: 1, bulk: 0 }, "lastPoll"), 0.5)
  })

  it("all go to last polls if nothing else waits", () => {
    assert.strictEqual(part({ lastPoll: 1, poll: 0, bulk: 0 }, "lastPoll"), 1)
  })

  it("go to bulk reading one time in ten", () => {
    assert.strictEqual(part({ lastPoll: 0, poll: 1, bulk: 1 }, "bulk"), 0.1)
    assert.strictEqual(part({ lastPoll: 1, poll: 1, bulk: 1 }, "bulk"), 0.1)
    assert.strictEqual(part({ lastPoll: 1, poll: 0, bulk: 1 }, "bulk"), 0.1)
  })

  it("pass over no rank that does not wait", () => {
    assert.deepStrictEqual(Order.passOver({ lastPoll: 0, poll: 1, bulk: 0 }, Order.none, "poll"), Order.none)
  })

  it.prop(
    "go to a rank that waits, and none starves, whatever comes and goes",
    [Schema.Array(Waiting)],
    ([story]) => {
      let passed = Order.none
      const since: Record<Order.Rank, number> = { lastPoll: 0, poll: 0, bulk: 0 }
      for (const waiting of story) {
        const turn = Order.next(waiting, passed)
        assert.strictEqual(turn === undefined, Order.ranks.every((rank) => waiting[rank] === 0))
        if (turn === undefined) {
          passed = Order.none
        } else {
          assert.isAbove(waiting[turn], 0)
          passed = Order.passOver(waiting, passed, turn)
        }
        for (const rank of Order.ranks) {
          since[rank] = waiting[rank] === 0 || turn === rank ? 0 : since[rank] + 1
          assert.isAtMost(since[rank], { lastPoll: 2, poll: 2, bulk: 9 }[rank])
        }
      }
      return true
    }
  )
})
