import { Draw, Fault, Simulator } from "@bulk-operations/simulator"
import { SimulatorServer } from "@bulk-operations/simulator/node"
import { assert, describe, it } from "@effect/vitest"
import { Duration, Effect, Fiber, Layer, Option, Stream } from "effect"
import { FetchHttpClient, HttpClientError } from "effect/http"
import { TestClock } from "effect/testing"
import * as Api from "./Api.ts"

const ways = [
  { way: "in memory", layer: Simulator.layerHttpClient },
  { way: "over sockets", layer: (options: Simulator.Options) => Layer.merge(SimulatorServer.layer(options), fetch) }
]

const fetch = FetchHttpClient.layer

// The status of an operation that has completed, spoiled by the fault.
const meet = Effect.fnUntraced(function*(fault: Draw.Draw<Fault.Fault>, when?: Fault.When) {
  const { inject, startOperation } = yield* Simulator.Simulator
  const id = yield* startOperation()
  yield* inject(fault, when)
  return { id, path: Api.operation(id) }
})

const errorOf = <A, E, R>(effect: Effect.Effect<A, E, R>) =>
  Effect.map(Effect.flip(effect), (error) => HttpClientError.isHttpClientError(error) ? error.reason._tag : error)

const forAnHour = Effect.fnUntraced(function*<A, E, R>(effect: Effect.Effect<A, E, R>) {
  const fiber = yield* Effect.forkChild(Effect.timeoutOption(effect, "1 hour"))
  yield* TestClock.adjust("1 hour")
  return yield* Fiber.join(fiber)
})

for (const { layer, way } of ways) {
  const provided = Effect.provide(layer({ duration: 0 }))

  describe(`faults ${way}`, () => {
    for (const status of [502, 503, 504, 520] as const) {
      it.effect(`htmlError answers an HTML page with status ${status}`, () =>
        Effect.gen(function*() {
          const { path } = yield* meet(Fault.htmlError(status))
          const response = yield* Api.request("GET", path)
          assert.strictEqual(response.status, status)
          assert.strictEqual(response.headers["content-type"], "text/html; charset=UTF-8")
          assert.match(yield* response.text, new RegExp(`^<!DOCTYPE html>[^]*<title>api.cloudflare.com . ${status}: `))
        }).pipe(provided))
    }

    it.effect("truncatedJson answers the first half of the body", () =>
      Effect.gen(function*() {
        const { id, path } = yield* meet(Fault.truncatedJson)
        const response = yield* Api.request("GET", path)
        const text = yield* response.text
        assert.strictEqual(response.status, 200)
        assert.throws(() => JSON.parse(text), SyntaxError)
        const whole = JSON.stringify(Api.success({ id, status: "completed", completed: "1970-01-01T00:00:00Z" }))
        assert.strictEqual(text, whole.slice(0, Math.floor(whole.length / 2)))
      }).pipe(provided))

    it.effect("wrongShape answers a success with another result, or with the given body", () =>
      Effect.gen(function*() {
        const { path } = yield* meet(Fault.wrongShape(), { times: 1 })
        assert.deepInclude(yield* Api.call("GET", path), { status: 200, body: Api.success({ unheard: "of" }) })
        yield* (yield* Simulator.Simulator).inject(Fault.wrongShape([]))
        assert.deepInclude(yield* Api.call("GET", path), { status: 200, body: [] })
      }).pipe(provided))

    it.effect("unknownStatus, otherOperation and editedOperation change answers about operations only", () =>
      Effect.gen(function*() {
        const { id, path } = yield* meet(Fault.unknownStatus("paused"), { times: 1 })
        const { inject } = yield* Simulator.Simulator
        yield* inject(Fault.otherOperation("another"), { times: 1 })
        yield* inject(Fault.editedOperation({ completed: undefined, error: "" }))
        const completed = "1970-01-01T00:00:00Z"
        assert.deepStrictEqual((yield* Api.call("GET", Api.lists)).body, Api.success([]))
        assert.deepStrictEqual(
          (yield* Api.call("GET", path)).body,
          Api.success({ id, status: "paused", completed })
        )
        assert.deepStrictEqual(
          (yield* Api.call("GET", path)).body,
          Api.success({ id: "another", status: "completed", completed })
        )
        assert.deepStrictEqual((yield* Api.call("GET", path)).body, Api.success({ id, status: "completed", error: "" }))
      }).pipe(provided))

    it.effect("unauthorized, forbidden, notFound and malformedCredentials answer as Cloudflare refuses", () =>
      Effect.gen(function*() {
        const { path } = yield* meet(Fault.unauthorized, { times: 1 })
        const { inject } = yield* Simulator.Simulator
        yield* inject(Fault.forbidden, { times: 1 })
        yield* inject(Fault.notFound, { times: 1 })
        yield* inject(Fault.malformedCredentials, { times: 1 })
        const get = Effect.map(Api.call("GET", path), ({ body, status }) => ({ body, status }))
        assert.deepStrictEqual(yield* get, { status: 401, body: Api.refusal(10000, "Authentication error") })
        assert.deepStrictEqual(yield* get, { status: 403, body: Api.refusal(10000, "Authentication error") })
        assert.deepStrictEqual(yield* get, { status: 404, body: Api.refusal(10001, "operation not found") })
        const message = "Authentication failed (status: 400)"
        assert.deepStrictEqual(yield* get, { status: 400, body: Api.refusal(9106, message) })
        assert.strictEqual((yield* get).status, 200)
      }).pipe(provided))

    it.effect("rateLimited answers 429, with Retry-After in whole seconds or without", () =>
      Effect.gen(function*() {
        const { path } = yield* meet(Fault.rateLimited({ retryAfter: "1500 millis" }), { times: 1 })
        yield* (yield* Simulator.Simulator).inject(Fault.rateLimited())
        const body = Api.refusal(971, "Please wait and consider throttling your request speed")
        const first = yield* Api.call("GET", path)
        assert.deepInclude(first, { status: 429, body })
        assert.strictEqual(first.headers["retry-after"], "2")
        const second = yield* Api.call("GET", path)
        assert.deepInclude(second, { status: 429, body })
        assert.notProperty(second.headers, "retry-after")
      }).pipe(provided))

    it.effect("reset before the body fails the request, and reset in the body fails reading it", () =>
      Effect.gen(function*() {
        const { path } = yield* meet(Fault.reset("before"), { times: 1 })
        yield* (yield* Simulator.Simulator).inject(Fault.reset("in"))
        assert.strictEqual(yield* errorOf(Api.request("GET", path)), "TransportError")
        const response = yield* Api.request("GET", path)
        assert.strictEqual(response.status, 200)
        assert.strictEqual(yield* errorOf(response.text), "DecodeError")
      }).pipe(provided))

    it.effect("reset in the body first sends all headers and half of the body", () =>
      Effect.gen(function*() {
        const { path } = yield* meet(Fault.reset("in"), { times: 1 })
        const { headers, stream } = yield* Api.request("GET", path)
        const chunks: Array<string> = []
        yield* Effect.exit(
          Stream.runForEach(Stream.decodeText(stream), (chunk) => Effect.sync(() => chunks.push(chunk)))
        )
        const whole = yield* Api.call("GET", path)
        const text = JSON.stringify(whole.body)
        assert.strictEqual(chunks.join(""), text.slice(0, Math.ceil(text.length / 2)))
        for (const name of ["content-type", "content-length", "server", "date"]) {
          assert.strictEqual(headers[name], whole.headers[name])
        }
      }).pipe(provided))

    it.effect("reset after the body sends the whole answer, and the next request works", () =>
      Effect.gen(function*() {
        const { path } = yield* meet(Fault.reset("after"))
        for (const _ of [1, 2, 3]) assert.strictEqual((yield* Api.call("GET", path)).status, 200)
      }).pipe(provided))

    it.effect("stall never answers, and the client can abort the request", () =>
      Effect.gen(function*() {
        const { path } = yield* meet(Fault.stall(), { times: 1 })
        yield* (yield* Simulator.Simulator).inject(Fault.stall({ at: "in" }))
        assert.deepStrictEqual(yield* forAnHour(Api.request("GET", path)), Option.none())
        const response = yield* Api.request("GET", path)
        assert.deepStrictEqual(yield* forAnHour(response.text), Option.none())
        yield* (yield* Simulator.Simulator).clearFaults
        assert.strictEqual((yield* Api.call("GET", path)).status, 200)
      }).pipe(provided))

    it.effect("clockSkew shifts Date and completed, ahead or behind", () =>
      Effect.gen(function*() {
        yield* TestClock.setTime(Date.UTC(2026, 0, 1, 8))
        const { id, path } = yield* meet(Fault.clockSkew("90 seconds"), { times: 1 })
        const ahead = yield* Api.call("GET", path)
        assert.strictEqual(ahead.headers["date"], "Thu, 01 Jan 2026 08:01:30 GMT")
        assert.deepStrictEqual(ahead.body, Api.success({ id, status: "completed", completed: "2026-01-01T08:01:30Z" }))
        yield* (yield* Simulator.Simulator).inject(Fault.clockSkew("-1 hour"))
        const behind = yield* Api.call("GET", path)
        assert.strictEqual(behind.headers["date"], "Thu, 01 Jan 2026 07:00:00 GMT")
        assert.deepStrictEqual(behind.body, Api.success({ id, status: "completed", completed: "2026-01-01T07:00:00Z" }))
      }).pipe(provided))

    it.effect("a write that meets a fault is lost, or carried out without an answer if carriedOut is set", () =>
      Effect.gen(function*() {
        const { createList, inject, state } = yield* Simulator.Simulator
        const id = yield* createList({ name: "blocked", kind: "ip" })
        const operations = Effect.map(state, ({ operations }) => operations.length)
        const post = Effect.exit(Api.request("POST", `${Api.lists}/${id}/items`, { body: [] }))
        const lost = [Fault.reset("before"), Fault.htmlError(502)]
        const unheard = [
          Fault.reset("before", { carriedOut: true }),
          Fault.htmlError(502, { carriedOut: true }),
          Fault.reset("in"),
          Fault.truncatedJson
        ]
        for (const fault of [...lost, ...unheard]) yield* inject(fault, { times: 1 })
        for (const _ of lost) yield* post
        assert.strictEqual(yield* operations, 0)
        for (const _ of unheard) yield* post
        assert.strictEqual(yield* operations, unheard.length)
      }).pipe(provided))
  })
}

describe("latency", () => {
  it.effect("delays the answer, which shows the state at the time of the request", () =>
    Effect.gen(function*() {
      const { inject, startOperation } = yield* Simulator.Simulator
      const id = yield* startOperation({ duration: "1 second", pendingFor: 0 })
      yield* inject(Fault.latency("2 seconds"))
      const fiber = yield* Effect.forkChild(Api.call("GET", Api.operation(id)))
      yield* TestClock.adjust("1999 millis")
      assert.isUndefined(fiber.pollUnsafe())
      yield* TestClock.adjust("1 millis")
      assert.deepStrictEqual((yield* Fiber.join(fiber)).body, Api.success({ id, status: "running" }))
    }).pipe(Effect.provide(Simulator.layerHttpClient())))

  it.effect("adds up, and combines with other faults", () =>
    Effect.gen(function*() {
      const { path } = yield* meet(Fault.latency("1 second"))
      const { inject, requests } = yield* Simulator.Simulator
      const second = Fault.latency(Draw.between("1 second", "1 second"))
      yield* inject(second)
      yield* inject(Fault.notFound)
      const fiber = yield* Effect.forkChild(Effect.timed(Api.call("GET", path)))
      yield* TestClock.adjust("1 minute")
      const [duration, { status }] = yield* Fiber.join(fiber)
      assert.strictEqual(Duration.toMillis(duration), 2000)
      assert.strictEqual(status, 404)
      const [{ faults } = { faults: [] }] = yield* requests
      assert.deepStrictEqual(faults, [Fault.latency("1 second"), second, Fault.notFound])
    }).pipe(Effect.provide(Simulator.layerHttpClient())))
})

describe("which requests meet a fault", () => {
  const statuses = Effect.fnUntraced(function*(count: number, path: string = Api.lists) {
    const get = Effect.map(Api.request("GET", path), ({ status }) => status)
    return yield* Effect.all(Array.from({ length: count }, () => get))
  })
  const memory = Effect.provide(Simulator.layerHttpClient())

  it.effect("times: the first n requests, such as 404 for an operation that cannot be found yet", () =>
    Effect.gen(function*() {
      yield* (yield* Simulator.Simulator).inject(Fault.notFound, { times: 2 })
      assert.deepStrictEqual(yield* statuses(4), [404, 404, 200, 200])
    }).pipe(memory))

  it.effect("after: from the n-th request on, such as 401 for a token that was revoked", () =>
    Effect.gen(function*() {
      yield* (yield* Simulator.Simulator).inject(Fault.unauthorized, { after: 2 })
      assert.deepStrictEqual(yield* statuses(4), [200, 200, 401, 401])
    }).pipe(memory))

  it.effect("on: only at these endpoints", () =>
    Effect.gen(function*() {
      const { inject, startOperation } = yield* Simulator.Simulator
      const path = Api.operation(yield* startOperation())
      yield* inject(Fault.forbidden, { on: "lists.bulkOperations.get", times: 1 })
      yield* inject(Fault.unauthorized, { on: ["lists.get", "lists.list"], times: 1 })
      assert.deepStrictEqual([...yield* statuses(2), ...yield* statuses(2, path)], [401, 200, 403, 200])
    }).pipe(memory))

  it.effect("the fault injected first wins, and the next one waits for the next request", () =>
    Effect.gen(function*() {
      const { inject } = yield* Simulator.Simulator
      yield* inject(Fault.notFound, { times: 1 })
      yield* inject(Fault.forbidden, { times: 1 })
      assert.deepStrictEqual(yield* statuses(3), [404, 403, 200])
    }).pipe(memory))

  it.effect("clearFaults: none from then on", () =>
    Effect.gen(function*() {
      const { clearFaults, inject } = yield* Simulator.Simulator
      yield* inject(Fault.notFound)
      assert.deepStrictEqual(yield* statuses(1), [404])
      yield* clearFaults
      assert.deepStrictEqual(yield* statuses(1), [200])
    }).pipe(memory))

  const spoiled = (seed: string) =>
    Effect.gen(function*() {
      yield* (yield* Simulator.Simulator).inject(Fault.htmlError(503), { probability: 0.3 })
      return yield* statuses(1000)
    }).pipe(Effect.provide(Simulator.layerHttpClient({ seed })))

  it.effect("probability: about that share of requests, the same ones with the same seed", () =>
    Effect.gen(function*() {
      const first = yield* spoiled("one")
      assert.approximately(first.filter((status) => status === 503).length, 300, 60)
      assert.deepStrictEqual(yield* spoiled("one"), first)
      assert.notDeepEqual(yield* spoiled("two"), first)
    }))

  it.effect("anyOf: each meets any of the faults, and every kind occurs", () =>
    Effect.gen(function*() {
      const { inject, requests, startOperation } = yield* Simulator.Simulator
      const path = Api.operation(yield* startOperation())
      yield* inject(Fault.anyOf(Fault.everyKind), { probability: 0.5 })
      for (let n = 0; n < 500; n++) {
        const fiber = yield* Effect.forkChild(Effect.flatMap(Api.request("GET", path), (response) => response.text))
        yield* TestClock.adjust("1 hour")
        yield* Fiber.interrupt(fiber)
      }
      const kinds = new Set((yield* requests).flatMap(({ faults }) => faults.map(({ _tag }) => _tag)))
      assert.deepStrictEqual([...kinds].toSorted(), [...new Set(Fault.everyKind.map(({ _tag }) => _tag))].toSorted())
      assert.strictEqual(kinds.size, 13)
    }).pipe(Effect.provide(Simulator.layerHttpClient({ limits: { requests: Infinity } }))))
})
