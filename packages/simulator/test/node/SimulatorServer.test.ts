import { Fault, Simulator } from "@bulk-operations/simulator"
import { SimulatorServer } from "@bulk-operations/simulator/node"
import { assert, describe, it } from "@effect/vitest"
import { Cause, Duration, Effect, Fiber, Layer, Logger, Option, Schema, Stream, Tracer } from "effect"
import { FetchHttpClient, HttpClient, HttpClientRequest } from "effect/http"
import { TestClock } from "effect/testing"
import * as Api from "../Api.ts"

const sockets = (options?: SimulatorServer.Options) =>
  Effect.provide(Layer.merge(SimulatorServer.layer(options), FetchHttpClient.layer))

const Page = Schema.Struct({
  result: Schema.Array(Schema.Struct({ redirect: Schema.Struct({ source_url: Schema.String }) })),
  result_info: Schema.Struct({
    cursors: Schema.Struct({ before: Schema.optionalKey(Schema.String), after: Schema.optionalKey(Schema.String) })
  })
})

const redirect = (path: string) => ({
  redirect: { source_url: `example.com/${path}`, target_url: "https://example.net/" }
})

/** What is logged: its level, and its parts. */
const recorded = () => {
  const lines: Array<string> = []
  const logger = Logger.make(({ cause, logLevel, message }) => {
    const parts = Array.isArray(message) ? message : [message]
    const causes = cause.reasons.length === 0 ? [] : [Cause.pretty(cause)]
    lines.push([logLevel, ...parts, ...causes].map(String).join(" "))
  })
  return { lines, logger: Logger.layer([logger]) }
}

describe("the server", () => {
  it.effect("listens on a free port of 127.0.0.1, and its base URL ends like Cloudflare's", () =>
    Effect.gen(function*() {
      assert.match((yield* Simulator.Simulator).baseUrl, /^http:\/\/127\.0\.0\.1:\d+\/client\/v4$/)
      assert.strictEqual(yield* Api.status("GET", Api.lists), 200)
    }).pipe(sockets()))

  it.effect("sends the simulator's own time in Date", () =>
    Effect.gen(function*() {
      yield* TestClock.setTime(Date.UTC(1994, 10, 6, 8, 49, 37))
      assert.strictEqual((yield* Api.request("GET", Api.lists)).headers["date"], "Sun, 06 Nov 1994 08:49:37 GMT")
      yield* TestClock.adjust("1 hour")
      assert.strictEqual((yield* Api.request("GET", Api.lists)).headers["date"], "Sun, 06 Nov 1994 09:49:37 GMT")
    }).pipe(sockets()))

  it.effect("acts as a remote service: it adds no spans to the traces of the program around it", () =>
    Effect.gen(function*() {
      const spans: Array<string> = []
      const tracer = Tracer.make({
        span: (options) => {
          spans.push(`${options.kind} ${options.name}`)
          return new Tracer.NativeSpan(options)
        }
      })
      yield* Api.status("GET", Api.lists).pipe(
        Effect.provide(SimulatorServer.layer()),
        Effect.withTracer(tracer)
      )
      assert.deepStrictEqual(spans, ["client GET"])
    }).pipe(Effect.provide(FetchHttpClient.layer)))

  it.effect("refuses to listen where others could reach it, and says what to do", () =>
    Effect.gen(function*() {
      const error = yield* Effect.flip(Layer.build(SimulatorServer.layer({ host: "0.0.0.0" })))
      assert.strictEqual(error.reason._tag, "NotLoopback")
      assert.strictEqual(
        error.message,
        "The simulator accepts any credential, so it listens on loopback only, and 0.0.0.0 is not loopback. " +
          "Leave out `host`, or set `allowRemote: true` if other machines should reach it."
      )
    }))

  it.effect("treats no name as loopback except localhost", () =>
    Effect.gen(function*() {
      const error = yield* Effect.flip(Layer.build(SimulatorServer.layer({ host: "localhost.example" })))
      assert.strictEqual(error.reason._tag, "NotLoopback")
    }))

  it.effect("listens on other addresses with allowRemote", () =>
    Effect.gen(function*() {
      assert.match((yield* Simulator.Simulator).baseUrl, /^http:\/\/127\.0\.0\.1:\d+\/client\/v4$/)
      assert.strictEqual(yield* Api.status("GET", Api.lists), 200)
    }).pipe(sockets({ host: "0.0.0.0", allowRemote: true })))

  it.effect("listens on localhost", () =>
    Effect.gen(function*() {
      assert.strictEqual(yield* Api.status("GET", Api.lists), 200)
    }).pipe(sockets({ host: "localhost" })))

  it.effect("says that a port is taken", () =>
    Effect.gen(function*() {
      const port = Number(new URL((yield* Simulator.Simulator).baseUrl).port)
      const error = yield* Effect.flip(Layer.build(SimulatorServer.layer({ port })))
      assert.strictEqual(error.reason._tag, "CannotListen")
      assert.include(error.message, `The simulator cannot listen on 127.0.0.1, port ${port}: `)
      assert.include(error.message, "EADDRINUSE")
      assert.include(error.message, "Leave out `port` to get one that is free.")
    }).pipe(sockets()))

  it.effect("accepts the cursor of the longest possible redirect", () =>
    Effect.gen(function*() {
      const { createList } = yield* Simulator.Simulator
      const longest = "€".repeat(32_768 - "example.com/".length)
      const id = yield* createList({ name: "moved", kind: "redirect", items: [redirect(longest), redirect("a")] })
      const page = (query: string) =>
        Effect.flatMap(
          Api.call("GET", `${Api.lists}/${id}/items?per_page=1${query}`),
          ({ body }) => Schema.decodeUnknownEffect(Page)(body)
        )
      const last = yield* page(`&cursor=${(yield* page("")).result_info.cursors.after}`)
      assert.strictEqual(last.result[0]?.redirect.source_url, `example.com/${longest}`)
      const first = yield* page(`&cursor=${last.result_info.cursors.before}`)
      assert.strictEqual(first.result[0]?.redirect.source_url, "example.com/a")
    }).pipe(sockets()))

  it.effect("reads a body that arrives in parts, even if a character is cut", () =>
    Effect.gen(function*() {
      const { baseUrl, requests } = yield* Simulator.Simulator
      const bytes = new TextEncoder().encode("[\"€\"]")
      yield* HttpClientRequest.post(`${baseUrl}${Api.lists}`).pipe(
        HttpClientRequest.bodyStream(Stream.make(bytes.subarray(0, 3), bytes.subarray(3))),
        HttpClient.execute
      )
      assert.deepStrictEqual((yield* requests).map(({ body }) => body), ["[\"€\"]"])
    }).pipe(sockets()))

  it.effect("treats a missing body as an empty one", () =>
    Effect.gen(function*() {
      yield* Api.status("GET", Api.lists)
      assert.deepStrictEqual((yield* (yield* Simulator.Simulator).requests).map(({ body }) => body), [""])
    }).pipe(sockets()))

  it.effect("sends an answer whole before the connection breaks, however large it is", () =>
    Effect.gen(function*() {
      const { createList, inject } = yield* Simulator.Simulator
      const target_url = `https://example.net/${"a".repeat(30_000)}`
      const items = Array.from(
        { length: 300 },
        (_, n) => ({ redirect: { source_url: `example.com/${n}`, target_url } })
      )
      const id = yield* createList({ name: "moved", kind: "redirect", items })
      yield* inject(Fault.reset("after"))
      const { body } = yield* Api.call("GET", `${Api.lists}/${id}/items?per_page=500`)
      assert.lengthOf(JSON.stringify(body).match(/"target_url"/g) ?? [], 300)
    }).pipe(sockets()))

  it.effect("resets a connection that breaks before anything has come", () =>
    Effect.gen(function*() {
      const { baseUrl, inject } = yield* Simulator.Simulator
      yield* inject(Fault.reset("before"))
      const code = yield* Effect.promise(() =>
        fetch(baseUrl).then(() => "answered", (error: { readonly cause?: { readonly code?: string } }) =>
          error.cause?.code)
      )
      assert.strictEqual(code, "ECONNRESET")
    }).pipe(sockets()))

  it.effect("drops a request when its client disconnects", () =>
    Effect.gen(function*() {
      const { clearFaults, inject, requests } = yield* Simulator.Simulator
      yield* inject(Fault.latency("1 minute"))
      const fiber = yield* Effect.forkChild(Api.status("GET", Api.lists))
      yield* Effect.repeat(requests, { until: (all) => all.length === 1 })
      yield* Fiber.interrupt(fiber)
      yield* clearFaults
      yield* Api.status("GET", Api.lists)
      yield* TestClock.adjust("1 minute")
      yield* Api.status("GET", Api.lists)
      const statuses = (yield* requests).map(({ status }) => status)
      assert.deepStrictEqual(statuses, [Option.none(), Option.some(200), Option.some(200)])
    }).pipe(sockets()))

  it.effect("logs each request with the status of its answer, with log", () =>
    Effect.gen(function*() {
      const { lines, logger } = recorded()
      yield* Effect.gen(function*() {
        const { inject } = yield* Simulator.Simulator
        yield* inject(Fault.reset("before"), { on: "lists.create" })
        yield* Api.status("GET", `${Api.lists}?page=1`)
        yield* Effect.exit(Api.status("POST", Api.lists, { body: {} }))
        yield* Api.status("GET", Api.operation("none"))
      }).pipe(Effect.provide(Layer.provideMerge(SimulatorServer.layer({ log: true }), logger)))
      assert.deepStrictEqual(lines, [
        `Info GET /client/v4${Api.lists}?page=1 200`,
        `Info POST /client/v4${Api.lists} no answer`,
        `Info GET /client/v4${Api.operation("none")} 404`
      ])
    }).pipe(Effect.provide(FetchHttpClient.layer)))

  it.effect("logs only its own failures by default", () =>
    Effect.gen(function*() {
      const { lines, logger } = recorded()
      yield* Effect.gen(function*() {
        const { clearFaults, inject, requests } = yield* Simulator.Simulator
        yield* Api.status("GET", Api.lists)
        yield* inject(Effect.die(new Error("a draw that dies")))
        assert.strictEqual((yield* Effect.exit(Api.status("GET", Api.lists)))._tag, "Failure")
        yield* clearFaults
        yield* inject(Fault.stall())
        const fiber = yield* Effect.forkChild(Effect.exit(Api.status("GET", Api.lists)))
        yield* Effect.repeat(requests, { until: (all) => all.length === 2 })
        yield* Fiber.interrupt(fiber)
      }).pipe(Effect.provide(Layer.provideMerge(SimulatorServer.layer(), logger)))
      assert.strictEqual(lines.length, 1)
      assert.match(String(lines[0]), /^Error The simulator failed on GET \S+ .*a draw that dies/)
    }).pipe(Effect.provide(FetchHttpClient.layer)))

  it.live("closes at once with its scope, even while a client waits for an answer", () =>
    Effect.gen(function*() {
      const fiber = yield* Effect.gen(function*() {
        yield* (yield* Simulator.Simulator).inject(Fault.stall())
        const fiber = yield* Effect.forkDetach(Effect.exit(Api.request("GET", Api.lists)))
        yield* Effect.repeat((yield* Simulator.Simulator).requests, { until: (all) => all.length > 0 })
        return fiber
      }).pipe(Effect.provide(SimulatorServer.layer()))
      const [took, exit] = yield* Effect.timed(Fiber.join(fiber))
      assert.strictEqual(exit._tag, "Failure")
      assert.isBelow(Duration.toMillis(took), 1000)
    }).pipe(Effect.provide(FetchHttpClient.layer)))
})
