import { Simulator } from "@bulk-operations/simulator"
import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { TestClock } from "effect/testing"
import * as Api from "../Api.ts"

const memory = (options?: Simulator.Options) => Effect.provide(Simulator.layerHttpClient(options))

const limits = (path: string) =>
  Effect.map(Api.request("GET", path), ({ headers }) => [headers["ratelimit"], headers["ratelimit-policy"]])

describe("the limit on requests", () => {
  it.effect("refuses the 1,201st request within 5 minutes, and all for 5 minutes after it", () =>
    Effect.gen(function*() {
      for (let n = 0; n < 1200; n++) assert.strictEqual(yield* Api.status("GET", Api.lists), 200)
      yield* TestClock.adjust("4 minutes")
      const { body, headers, status } = yield* Api.call("GET", Api.lists)
      assert.strictEqual(status, 429)
      assert.strictEqual(headers["retry-after"], "300")
      assert.deepStrictEqual(body, Api.refusal(971, "Please wait and consider throttling your request speed"))
      const other = { headers: { authorization: "Bearer another-token" } }
      assert.strictEqual(yield* Api.status("GET", Api.lists, other), 200)
      yield* TestClock.adjust("299500 millis")
      assert.strictEqual((yield* Api.request("GET", Api.lists)).headers["retry-after"], "1")
      yield* TestClock.adjust("500 millis")
      assert.strictEqual(yield* Api.status("GET", Api.lists), 200)
    }).pipe(memory()))

  it.effect("is reported in Ratelimit and Ratelimit-Policy on every answer", () =>
    Effect.gen(function*() {
      assert.deepStrictEqual(yield* limits(Api.lists), [`"default";r=2;t=60`, `"default";q=3;w=60`])
      yield* TestClock.adjust("20 seconds")
      assert.deepStrictEqual(yield* limits("/nowhere"), [`"default";r=1;t=40`, `"default";q=3;w=60`])
      yield* TestClock.adjust("40 seconds")
      assert.deepStrictEqual(yield* limits(Api.lists), [`"default";r=2;t=60`, `"default";q=3;w=60`])
    }).pipe(memory({ limits: { requests: 3, window: "1 minute" } })))

  it.effect("switched off, refuses nothing and is not reported", () =>
    Effect.gen(function*() {
      for (let n = 0; n < 1300; n++) {
        const { headers, status } = yield* Api.request("GET", Api.lists)
        assert.strictEqual(status, 200)
        assert.notProperty(headers, "ratelimit")
      }
    }).pipe(memory({ limits: { requests: Infinity } })))
})
