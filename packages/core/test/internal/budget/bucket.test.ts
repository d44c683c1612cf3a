import { assert, describe, it } from "@effect/vitest"
import { Schema } from "effect"
import * as Bucket from "../../../src/internal/budget/bucket.ts"
import { between, mostInAnyWindow } from "./sending.ts"

const Limit = Schema.Struct({ limit: between(1, 2000), window: between(1000, 600_000) })
const Share = between(1, 100)
const Gaps = Schema.Array(between(0, 20_000)).check(Schema.isMaxLength(50))

// Sends as often as asked, and each as soon as it is allowed.
const sendAll = (rate: Bucket.Rate, gaps: ReadonlyArray<number>, bursts: number) => {
  let [now, emptyAt] = [0, Number.NEGATIVE_INFINITY]
  const sent: Array<number> = []
  for (const gap of gaps) {
    now += gap
    for (let count = 0; count < bursts; count++) {
      now = Math.max(now, Bucket.readyAt(emptyAt, rate))
      emptyAt = Bucket.fill(emptyAt, now, rate)
      sent.push(now)
    }
  }
  return sent
}

// Times are sums: what is a window apart may be a little less in numbers.
const almost = 1 - 1e-9

describe("a rate", () => {
  it.prop(
    "admits no more than the share of the limit in any window",
    [Limit, Share, Gaps],
    ([limit, share, gaps]) => {
      const rate = Bucket.rateOf(limit, share / 100)
      const sent = sendAll(rate, gaps, 40)
      const most = mostInAnyWindow(sent, limit.window * almost)
      assert.isAtMost(most, Math.max(1, Math.floor((share / 100) * limit.limit)))
      return true
    }
  )

  it.prop("admits a tenth of the share at once after a quiet time", [Limit, Share], ([limit, share]) => {
    const rate = Bucket.rateOf(limit, share / 100)
    const atOnce = Math.max(1, Math.floor(Math.floor((share / 100) * limit.limit) / 10))
    const full = Bucket.fill(Number.NEGATIVE_INFINITY, 0, rate, atOnce)
    assert.strictEqual(Bucket.room(Number.NEGATIVE_INFINITY, 0, rate), atOnce)
    assert.strictEqual(Bucket.room(full, 0, rate), 0)
    assert.strictEqual(Bucket.room(full, limit.window, rate), atOnce)
    return true
  })

  it("spends the whole share, not much less", () => {
    const rate = Bucket.rateOf({ limit: 1200, window: 300_000 }, 0.8)
    const sent = sendAll(rate, [0], 2000)
    assert.isAtLeast(mostInAnyWindow(sent, 300_000 * almost), 955)
  })

  it("is infinite if the limit is", () => {
    const rate = Bucket.rateOf({ limit: Number.POSITIVE_INFINITY, window: 1000 }, 0.8)
    const emptyAt = Bucket.fill(Number.NEGATIVE_INFINITY, 5, rate, 1e6)
    assert.isAtMost(Bucket.readyAt(emptyAt, rate), 5)
    assert.strictEqual(Bucket.room(emptyAt, 5, rate), Number.POSITIVE_INFINITY)
  })

  for (
    const [limit, share] of [[0, 0.8], [-5, 0.8], [1200, 0], [1200, -1], [1200, Number.NaN], [Number.NaN, 0.8], [
      1,
      1
    ]] as const
  ) {
    it(`is one request per window at least, and no more, for a limit of ${limit} and a share of ${share}`, () => {
      assert.deepStrictEqual(Bucket.rateOf({ limit, window: 1000 }, share), {
        interval: 1000,
        tolerance: 1000,
        window: 1000
      })
    })
  }

  it("is never above the limit, whatever the share", () => {
    assert.deepStrictEqual(Bucket.rateOf({ limit: 100, window: 900 }, 3), Bucket.rateOf({ limit: 100, window: 900 }, 1))
    assert.deepStrictEqual(Bucket.rateOf({ limit: 100, window: 900 }, 1), { interval: 10, tolerance: 100, window: 900 })
  })
})

describe("a bucket", () => {
  const rate = Bucket.rateOf({ limit: 100, window: 900 }, 1)

  it("fills with each request and drains with time", () => {
    assert.strictEqual(Bucket.fill(-50, 0, rate), 10)
    assert.strictEqual(Bucket.fill(10, 5, rate, 3), 40)
    assert.strictEqual(Bucket.room(45, 0, rate), 5)
    assert.strictEqual(Bucket.room(45, 20, rate), 7)
    assert.strictEqual(Bucket.room(500, 0, rate), 0)
    assert.strictEqual(Bucket.readyAt(100, rate), 10)
    assert.strictEqual(Bucket.readyAt(200, rate), 110)
  })

  it("holds no more than a window, however much the application sends", () => {
    assert.strictEqual(Bucket.fill(0, 0, rate, 1000), 900)
    assert.strictEqual(Bucket.fill(900, 100, rate, 1000), 1000)
  })

  it("is shared by different shares: together they are never above the greater", () => {
    const window = 300_000
    const [much, little] = [0.8, 0.7].map((share) => Bucket.rateOf({ limit: 1200, window }, share))
    if (much === undefined || little === undefined) return assert.fail()
    let emptyAt = 0
    const sent = Array.from({ length: 3000 }, (_, index) => {
      const rate = index % 2 === 0 ? much : little
      const at = Math.max(0, Bucket.readyAt(emptyAt, rate))
      emptyAt = Bucket.fill(emptyAt, at, rate)
      return at
    }).toSorted((a, b) => a - b)
    assert.isAtMost(mostInAnyWindow(sent, window * almost), 960)
  })
})
