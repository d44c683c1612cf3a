import { assert, describe, it } from "@effect/vitest"
import { Schema } from "effect"
import * as Block from "../../../src/internal/budget/block.ts"
import { between } from "./sending.ts"

const answer = (status: number, path: string, sentAt: number, more: Partial<Block.Answer> = {}): Block.Answer => ({
  status,
  path,
  sentAt,
  codes: [],
  retryAfter: undefined,
  isExhausted: false,
  ...more
})

// Each answer comes 100 ms after its request.
const after = (...answers: ReadonlyArray<Block.Answer>) =>
  answers.reduce((block, next) => Block.observe(block, next, next.sentAt + 100), Block.none)

describe("a 429 for one path", () => {
  it("delays no other request", () => {
    const block = after(answer(429, "/a", 0))
    assert.isAtMost(Block.until(block), 0)
    assert.isTrue(Block.isSuspected(block, 100))
  })

  it("delays no other request with a Retry-After either, nor when it is repeated", () => {
    assert.isAtMost(Block.until(after(answer(429, "/a", 0, { retryAfter: 60_000 }))), 0)
    assert.isAtMost(Block.until(after(answer(429, "/a", 0), answer(429, "/a", 200), answer(429, "/a", 400))), 0)
  })

  it("from Lists, because an operation is pending, is an answer like any other", () => {
    const pending = { codes: [10040] }
    const block = after(answer(429, "/lists/a", 0, pending), answer(429, "/lists/b", 200, pending))
    assert.deepStrictEqual(block, Block.none)
    assert.isFalse(Block.isSuspected(after(answer(429, "/a", 0), answer(429, "/lists/a", 200, pending)), 300))
  })

  it("is no longer suspected after five minutes, or after another answer to a later request", () => {
    assert.isFalse(Block.isSuspected(after(answer(429, "/a", 0)), 300_100))
    assert.isFalse(Block.isSuspected(after(answer(429, "/a", 0), answer(200, "/b", 100)), 200))
    assert.isFalse(Block.isSuspected(after(answer(429, "/a", 0), answer(404, "/b", 100)), 200))
    assert.isTrue(Block.isSuspected(after(answer(429, "/a", 0), answer(200, "/b", 99)), 200))
    for (const status of [500, 502]) {
      assert.isTrue(Block.isSuspected(after(answer(429, "/a", 0), answer(status, "/b", 100)), 200))
    }
  })
})

describe("a block", () => {
  it("is recognised by 429s for two paths without another answer in between", () => {
    assert.strictEqual(Block.until(after(answer(429, "/a", 0), answer(429, "/b", 100))), 200 + 1000)
    assert.isAtMost(Block.until(after(answer(429, "/a", 0), answer(200, "/c", 100), answer(429, "/b", 300))), 0)
    assert.isAtMost(Block.until(after(answer(429, "/a", 0), answer(429, "/b", 300_101))), 0)
    assert.isAbove(Block.until(after(answer(429, "/a", 0), answer(429, "/b", 300_000 - 1))), 0)
  })

  it("is extended by each further 429, even for the same path", () => {
    assert.strictEqual(Block.until(after(answer(429, "/a", 0, { codes: [971] }), answer(429, "/a", 1200))), 1300 + 2000)
  })

  it("is not recognised by requests sent before the first 429 arrived", () => {
    assert.isAtMost(Block.until(after(answer(429, "/a", 0), answer(429, "/b", 99))), 0)
  })

  for (const code of [971, 10100]) {
    it(`is recognised by the code ${code} at once`, () => {
      assert.strictEqual(Block.until(after(answer(429, "/a", 0, { codes: [1000, code] }))), 1100)
    })
  }

  it("is recognised by a 429 with nothing left in its headers", () => {
    assert.strictEqual(Block.until(after(answer(429, "/a", 0, { isExhausted: true }))), 1100)
  })

  it("doubles its pause each time, up to 20 seconds", () => {
    let block = Block.none
    const gaps = Array.from({ length: 8 }, (_, index) => {
      const now = Math.max(0, Block.until(block))
      block = Block.observe(block, answer(429, `/${index}`, now), now)
      return Block.until(block) - now
    })
    assert.deepStrictEqual(gaps.slice(1), [1000, 2000, 4000, 8000, 16_000, 20_000, 20_000])
  })

  it("ends with the first other answer to a request sent since it began", () => {
    const block = after(answer(429, "/a", 0), answer(429, "/b", 100), answer(200, "/c", 1200))
    assert.deepStrictEqual(block, Block.none)
  })

  it("does not end with the answer to an earlier request", () => {
    const block = after(answer(429, "/a", 0), answer(429, "/b", 100))
    assert.deepStrictEqual(Block.observe(block, answer(200, "/c", 150), 250), block)
  })

  it("counts many simultaneous 429s as one", () => {
    const first = after(answer(429, "/a", 0), answer(429, "/b", 100))
    const all = Array.from({ length: 50 }, (_, index) => answer(429, `/${index}`, 110))
      .reduce((block, next) => Block.observe(block, next, 250), first)
    assert.strictEqual(Block.until(all), Block.until(first))
  })
})

describe("a Retry-After", () => {
  it("of the whole API delays all requests for that long, whatever is answered meanwhile", () => {
    const block = after(answer(429, "/a", 0, { codes: [971], retryAfter: 60_000 }))
    assert.strictEqual(Block.until(block), 60_100)
    assert.strictEqual(Block.until(Block.observe(block, answer(200, "/b", 200), 300)), 60_100)
  })

  it("also counts in the answer to an older request", () => {
    const block = after(answer(429, "/a", 100), answer(429, "/b", 50, { codes: [971], retryAfter: 60_000 }))
    assert.strictEqual(Block.until(block), 60_150)
  })

  it("of a recognised block delays all requests as well", () => {
    assert.strictEqual(Block.until(after(answer(429, "/a", 0), answer(429, "/b", 100, { retryAfter: 30_000 }))), 30_200)
  })

  it("delays requests by five minutes at most, and never shortens an earlier delay", () => {
    assert.strictEqual(Block.until(after(answer(429, "/a", 0, { codes: [971], retryAfter: 1e12 }))), 300_100)
    assert.strictEqual(Block.until(after(answer(429, "/a", 0), answer(429, "/b", 100, { retryAfter: 1e12 }))), 300_200)
    assert.strictEqual(Block.until(Block.silence(Block.silence(Block.none, 5000, 0), 10, 100)), 5000)
  })
})

describe("a block of five minutes without a Retry-After", () => {
  const Latencies = Schema.Array(between(1, 3000)).check(Schema.isMinLength(1), Schema.isMaxLength(20))

  it.prop("is met by 30 requests at most, and its end is detected within 20 seconds", [Latencies], ([latencies]) => {
    let [block, now, requests, paths] = [Block.none, 0, 0, 0]
    // Eight were under way when it began.
    for (; requests < 8; requests++) block = Block.observe(block, answer(429, `/${requests}`, -10), 0)
    while (now < 300_000) {
      const latency = latencies[requests % latencies.length] ?? 0
      block = Block.observe(block, answer(429, `/${paths++ % 3}`, now), now + latency)
      requests++
      now = Math.max(now + latency, Block.until(block))
    }
    assert.isAtMost(requests, 30)
    assert.isAtMost(now, 300_000 + 20_000 + 3000)
    return true
  })
})
