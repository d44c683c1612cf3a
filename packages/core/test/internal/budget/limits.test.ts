import { assert, describe, it } from "@effect/vitest"
import { Headers } from "effect/http"
import * as Limits from "../../../src/internal/budget/limits.ts"

const policy = (text: string) => Limits.policy(Headers.fromInput({ "ratelimit-policy": text }))
const remaining = (text: string) => Limits.remaining(Headers.fromInput({ "ratelimit": text }))

const named = (name: string, limit: number, window: number) => ({ name: JSON.stringify(name), limit, window })

const left = (name: string, requests: number, reset: number) => ({ name: JSON.stringify(name), requests, reset })

describe("the limits in an answer", () => {
  it("are none without headers", () => {
    assert.deepStrictEqual(Limits.policy(Headers.empty), [])
    assert.deepStrictEqual(Limits.remaining(Headers.empty), [])
  })

  for (
    const [text, limits] of [
      ["\"burst\";q=100;w=60", [named("burst", 100, 60_000)]],
      ["\"a\";q=1200;w=300, \"daily\";q=10;w=86400", [named("a", 1200, 300_000), named("daily", 10, 86_400_000)]],
      ["  \"a\" ;  q=1 ; w=2  ", [named("a", 1, 2000)]],
      ["\"a\";w=2;q=1", [named("a", 1, 2000)]],
      ["\"a,b\";q=1;w=2,\"c\\\",d\";q=3;w=4", [named("a,b", 1, 2000), named("c\",d", 3, 4000)]],
      ["\"x;q=9\";q=1;w=2", [named("x;q=9", 1, 2000)]],
      ["\"bytes\";q=50;qu=\"content-bytes\";w=60", []],
      ["\"requests\";q=50;qu=\"requests\";w=60", [named("requests", 50, 60_000)]],
      ["\"x\";q=0;w=60", []],
      ["\"x\";q=1;w=0", []],
      ["\"x\";q=-5;w=-1", []],
      ["\"x\";q=;w=60", []],
      ["\"x\";q=1.5;w=60", []],
      ["\"x\";q=5", []],
      ["soon", []],
      ["", []]
    ] as const
  ) {
    it(`Ratelimit-Policy: ${text}`, () => assert.deepStrictEqual(policy(text), limits))
  }

  for (
    const [text, left] of [
      ["\"default\";r=50;t=30", [{ name: "\"default\"", requests: 50, reset: 30_000 }]],
      ["\"default\";r=0;t=30", [{ name: "\"default\"", requests: 0, reset: 30_000 }]],
      ["\"default\";r=-3;t=30", []],
      ["\"default\";r=0;t=0", []],
      ["\"default\";r=5", []]
    ] as const
  ) {
    it(`Ratelimit: ${text}`, () => assert.deepStrictEqual(remaining(text), left))
  }

  it("are sixteen at most", () => {
    const text = Array.from({ length: 100 }, (_, index) => `"${index}";q=1;w=1`).join(", ")
    assert.lengthOf(policy(text), 16)
  })
})

describe("what was learned", () => {
  const daily = named("daily", 10, 86_400_000)
  const burst = named("burst", 100, 60_000)

  it("is forgotten when the answers of five minutes have not repeated it", () => {
    const once = Limits.learn([], [daily, burst], 0)
    const repeated = Limits.learn(once, [burst], 1000)
    assert.deepStrictEqual(Limits.inForce(repeated, 299_999).map(({ name }) => name), [daily.name, burst.name])
    assert.deepStrictEqual(Limits.inForce(repeated, 300_000).map(({ name }) => name), [burst.name])
    assert.deepStrictEqual(Limits.inForce(repeated, 301_000), [])
    assert.deepStrictEqual(Limits.learn(repeated, [], 300_000).map(({ name }) => name), [burst.name])
    assert.deepStrictEqual(Limits.learn(repeated, [daily], 301_000).map(({ name }) => name), [daily.name])
  })

  it("has one entry for each name", () => {
    const once = Limits.learn([], [daily, burst], 0)
    const hourly = named("hourly", 10, 3_600_000)
    const names = Limits.learn(once, [burst, hourly], 1000).map(({ name }) => name)
    assert.deepStrictEqual(names, [daily.name, burst.name, hourly.name])
  })

  it("keeps its count when it is repeated, and restarts it when it has changed", () => {
    const used = Limits.fill(Limits.learn([], [burst], 0), 0, 1)
    assert.deepStrictEqual(
      Limits.learn(used, [burst], 5).map(({ emptyAt }) => emptyAt),
      used.map(({ emptyAt }) => emptyAt)
    )
    for (const changed of [{ ...burst, limit: 50 }, { ...burst, window: 1 }, { ...burst, name: "other" }]) {
      const learned = Limits.learn(used, [changed], 5).filter(({ name }) => name === changed.name)
      assert.deepStrictEqual(learned, [{ ...changed, emptyAt: 5, until: 5 + Limits.memory }])
    }
  })

  it("delays requests to the pace of the tightest, but not past the time when it is forgotten", () => {
    assert.strictEqual(Limits.readyAt([], 1), Number.NEGATIVE_INFINITY)
    const one = Limits.fill(Limits.learn([], [named("fast", 1200, 300_000), named("slow", 1, 60_000)], 0), 0, 1)
    assert.strictEqual(Limits.readyAt(one, 1), 60_000)
    const absurd = Limits.fill(Limits.learn([], [named("absurd", 1, 1e15)], 0), 0, 1)
    assert.strictEqual(Limits.readyAt(absurd, 1), Limits.memory)
  })

  it("leaves others their share", () => {
    const used = Limits.fill(Limits.learn([], [named("a", 20, 9000)], 0), 0, 0.5)
    // Ten in nine seconds, one of them at once: one a second.
    assert.strictEqual(Limits.readyAt(used, 0.5), 1000)
  })

  it("is bounded", () => {
    let known: ReadonlyArray<Limits.Learned> = []
    for (let index = 0; index < 100; index++) known = Limits.learn(known, [named(`${index}`, 1, 1)], index)
    assert.lengthOf(known, 16)
    assert.strictEqual(known.at(-1)?.name, "\"99\"")
  })
})

describe("what is left", () => {
  const configured = { limit: 1000, window: 300_000 }
  const known = Limits.learn([], [named("small", 40, 60_000), named("large", 400, 60_000)], 0)

  it("causes a pause until the reset if it is no more than the share of others", () => {
    assert.strictEqual(Limits.pause([], [left("any", 251, 5)], configured, 0.75), 0)
    assert.strictEqual(Limits.pause([], [left("any", 250, 5)], configured, 0.75), 5)
    assert.strictEqual(
      Limits.pause([], [left("any", 250, 5), left("any", 0, 9), left("any", 1, 7)], configured, 0.75),
      9
    )
    assert.strictEqual(Limits.pause([], [], configured, 0.75), 0)
  })

  it("is compared with the limit of its name, else with the tightest known limit", () => {
    assert.strictEqual(Limits.pause(known, [left("small", 10, 5)], configured, 0.75), 5)
    assert.strictEqual(Limits.pause(known, [left("small", 11, 5)], configured, 0.75), 0)
    assert.strictEqual(Limits.pause(known, [left("large", 100, 5)], configured, 0.75), 5)
    assert.strictEqual(Limits.pause(known, [left("large", 101, 5)], configured, 0.75), 0)
    assert.strictEqual(Limits.pause(known, [left("other", 10, 5)], configured, 0.75), 5)
    assert.strictEqual(Limits.pause(known, [left("other", 11, 5)], configured, 0.75), 0)
  })

  it("may be used up if others have no share", () => {
    for (const share of [1, 2]) {
      assert.strictEqual(Limits.pause([], [left("any", 1, 5)], configured, share), 0)
      assert.strictEqual(Limits.pause([], [left("any", 0, 5)], configured, share), 5)
    }
  })

  it("is nothing if one limit has nothing left", () => {
    assert.isTrue(Limits.isExhausted([left("a", 5, 1), left("b", 0, 1)]))
    assert.isFalse(Limits.isExhausted([left("a", 5, 1)]))
    assert.isFalse(Limits.isExhausted([]))
  })
})
