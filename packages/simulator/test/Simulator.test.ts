import { Draw, type Endpoint, Fault, OperationPlan, Simulator } from "@bulk-operations/simulator"
import { assert, describe, it } from "@effect/vitest"
import { Context, DateTime, Duration, Effect, Fiber, Layer, Option, Redacted, Schema } from "effect"
import { FetchHttpClient, HttpClient } from "effect/http"
import { TestClock } from "effect/testing"
import * as Api from "./Api.ts"

const memory = (options?: Simulator.Options) => Effect.provide(Simulator.layerHttpClient(options))
const sockets = (options?: Simulator.ServerOptions) =>
  Effect.provide(Layer.merge(Simulator.layerServer(options), FetchHttpClient.layer))

const body = (id: string) => Effect.map(Api.call("GET", Api.operation(id)), ({ body }) => body)
const statusOf = (...args: Parameters<typeof Api.request>) => Effect.map(Api.request(...args), ({ status }) => status)

describe("an operation", () => {
  it.effect("is pending, then running, then completed, as the clock goes on", () =>
    Effect.gen(function*() {
      yield* TestClock.setTime(Date.UTC(2026, 0, 1, 8))
      const id = yield* (yield* Simulator.Simulator).startOperation()
      assert.deepStrictEqual(yield* body(id), Api.success({ id, status: "pending" }))
      yield* TestClock.adjust("500 millis")
      assert.deepStrictEqual(yield* body(id), Api.success({ id, status: "running" }))
      yield* TestClock.adjust("1 hour")
      const completed = "2026-01-01T08:00:03Z"
      assert.deepStrictEqual(yield* body(id), Api.success({ id, status: "completed", completed }))
    }).pipe(memory()))

  it.effect("fails with the text it is planned to fail with", () =>
    Effect.gen(function*() {
      const id = yield* (yield* Simulator.Simulator).startOperation({ duration: 0 })
      const completed = "1970-01-01T00:00:00Z"
      assert.deepStrictEqual(
        yield* body(id),
        Api.success({ id, status: "failed", completed, error: "list is full" })
      )
    }).pipe(memory({ outcome: OperationPlan.failed("list is full") })))

  it.effect("that never ends can be moved on by hand, step by step", () =>
    Effect.gen(function*() {
      const { complete, createList, fail, run, state } = yield* Simulator.Simulator
      const status = Effect.map(state, ({ operations }) => operations.map(({ operation }) => operation.status))
      const listId = yield* createList({ name: "blocked", kind: "ip" })
      const first = yield* Api.write("POST", listId, [{ ip: "192.0.2.1" }])
      yield* TestClock.adjust("1000 hours")
      assert.deepStrictEqual(yield* status, ["pending"])
      yield* run(first)
      assert.deepStrictEqual(yield* status, ["running"])
      yield* complete(first)
      assert.deepStrictEqual(yield* status, ["completed"])
      assert.strictEqual((yield* state).lists[0]?.items.length, 1)
      const second = yield* Api.write("PUT", listId, [])
      yield* fail(second, "no reason")
      assert.deepStrictEqual(yield* status, ["completed", "failed"])
      assert.strictEqual((yield* state).lists[0]?.items.length, 1)
    }).pipe(memory({ duration: "Infinity", pendingFor: "Infinity" })))

  it.effect("that is not under way cannot be moved on by hand, and the error says why", () =>
    Effect.gen(function*() {
      const { complete, createList, startOperation } = yield* Simulator.Simulator
      const refusal = (id: string) => Effect.map(Effect.flip(complete(id)), ({ message }) => message)
      assert.strictEqual(
        yield* refusal("none"),
        "Operation none cannot be moved on by hand: no operation has this id."
      )
      const ended = yield* startOperation({ duration: 0 })
      assert.strictEqual(
        yield* refusal(ended),
        `Operation ${ended} cannot be moved on by hand: it has ended already.`
      )
      const listId = yield* createList({ name: "blocked", kind: "ip" })
      yield* Api.write("PUT", listId, [])
      const waiting = yield* Api.write("PUT", listId, [])
      assert.strictEqual(
        yield* refusal(waiting),
        `Operation ${waiting} cannot be moved on by hand: it waits behind another operation of its list, ` +
          `which comes first.`
      )
    }).pipe(memory({ duration: "Infinity", limits: { pendingOperations: 2 } })))

  it.effect("writes its time in the form asked for", () =>
    Effect.gen(function*() {
      yield* TestClock.setTime(Date.UTC(2026, 0, 31, 20, 0, 0, 123))
      const id = yield* (yield* Simulator.Simulator).startOperation({ duration: 0 })
      const completed = "2026-02-01T04:00:00.123999999+08:00"
      assert.deepStrictEqual(yield* body(id), Api.success({ id, status: "completed", completed }))
    }).pipe(memory({ timestamps: { fractionDigits: 9, offset: "+08:00" } })))
})

describe("plans", () => {
  const listWith = (item: string) =>
    Effect.gen(function*() {
      const { createList } = yield* Simulator.Simulator
      return yield* createList({ name: "blocked", kind: "ip", items: [{ ip: item }] })
    })

  it.effect("planNext holds for the next writes, one each, and the options for those after", () =>
    Effect.gen(function*() {
      const { planNext, state } = yield* Simulator.Simulator
      const listId = yield* listWith("192.0.2.1")
      yield* planNext({ outcome: OperationPlan.failed("once") }, { duration: "1 minute" })
      for (const wait of ["0 seconds", "1 minute", "0 seconds"] as const) {
        yield* Api.write("POST", listId, [])
        yield* TestClock.adjust(wait)
      }
      const ends = (yield* state).operations.map(({ operation }) => operation.status)
      assert.deepStrictEqual(ends, ["failed", "completed", "completed"])
    }).pipe(memory({ duration: 0 })))

  it.effect("a write that is refused takes no plan", () =>
    Effect.gen(function*() {
      const { complete, planNext, startOperation, state } = yield* Simulator.Simulator
      const listId = yield* listWith("192.0.2.1")
      yield* planNext({ outcome: OperationPlan.failed("once") })
      const other = yield* startOperation()
      assert.strictEqual(yield* statusOf("POST", `${Api.lists}/${listId}/items`, { body: [] }), 429)
      yield* complete(other)
      yield* Api.write("POST", listId, [])
      yield* TestClock.adjust("1 hour")
      assert.strictEqual((yield* state).operations[1]?.operation.status, "failed")
    }).pipe(memory()))

  const drawn = (seed: string) =>
    Effect.gen(function*() {
      const { startOperation, state } = yield* Simulator.Simulator
      for (let n = 0; n < 200; n++) yield* startOperation()
      yield* TestClock.adjust("1 day")
      return (yield* state).operations.map(({ operation: { status, ...rest } }) => ({
        status,
        duration: "completed" in rest ? Option.map(rest.completed, (at) => at.epochMilliseconds) : Option.none()
      }))
    }).pipe(memory({
      seed,
      duration: Draw.between("1 second", "10 seconds"),
      outcome: Draw.oneOf([3, OperationPlan.completed], [1, OperationPlan.failed("list is full")])
    }))

  it.effect("that are left to chance come out the same with the same seed, and differ with another", () =>
    Effect.gen(function*() {
      // The clock of the test goes on between the runs.
      const one = yield* drawn("one")
      yield* TestClock.setTime(0)
      assert.deepStrictEqual(yield* drawn("one"), one)
      yield* TestClock.setTime(0)
      assert.notDeepEqual(yield* drawn("two"), one)
      assert.approximately(one.filter(({ status }) => status === "failed").length, 50, 20)
    }))
})

describe("one pending operation per account", () => {
  it.effect("refuses a second write of the account with 429 and 10040 until the first has ended", () =>
    Effect.gen(function*() {
      const { createList } = yield* Simulator.Simulator
      const listId = yield* createList({ name: "blocked", kind: "ip" })
      const other = yield* createList({ name: "allowed", kind: "ip" })
      yield* Api.write("POST", listId, [])
      for (const id of [listId, other]) {
        const { body, status } = yield* Api.call("PUT", `${Api.lists}/${id}/items`, { body: [] })
        assert.strictEqual(status, 429)
        assert.deepStrictEqual(body, Api.refusal(10040, "you have been ratelimited please wait and try again"))
      }
      yield* TestClock.adjust("3 seconds")
      assert.strictEqual(yield* statusOf("PUT", `${Api.lists}/${other}/items`, { body: [] }), 200)
    }).pipe(memory()))

  it.effect("leaves other accounts alone", () =>
    Effect.gen(function*() {
      const { createList, startOperation } = yield* Simulator.Simulator
      yield* startOperation({ accountId: "another" })
      const listId = yield* createList({ name: "blocked", kind: "ip" })
      assert.strictEqual(yield* statusOf("PUT", `${Api.lists}/${listId}/items`, { body: [] }), 200)
    }).pipe(memory()))

  it.effect("switched off, the operations of a list take effect one after another", () =>
    Effect.gen(function*() {
      const { createList, planNext, state } = yield* Simulator.Simulator
      const listId = yield* createList({ name: "blocked", kind: "ip" })
      yield* planNext({ duration: "10 seconds" }, { duration: "1 second" }, { duration: "1 second" })
      yield* Api.write("PUT", listId, [{ ip: "192.0.2.1" }])
      yield* Api.write("PUT", listId, [{ ip: "192.0.2.2" }])
      yield* Api.write("POST", listId, [{ ip: "192.0.2.3" }])
      const now = Effect.map(state, ({ lists: [list], operations }) => [
        operations.map(({ operation }) => operation.status),
        list?.items.map(({ ip }) => ip)
      ])
      yield* TestClock.adjust("9 seconds")
      assert.deepStrictEqual(yield* now, [["running", "pending", "pending"], []])
      yield* TestClock.adjust("1 second")
      assert.deepStrictEqual(yield* now, [["completed", "pending", "pending"], ["192.0.2.1"]])
      yield* TestClock.adjust("1 second")
      assert.deepStrictEqual(yield* now, [["completed", "completed", "pending"], ["192.0.2.2"]])
      yield* TestClock.adjust("1 second")
      const all = ["completed", "completed", "completed"]
      assert.deepStrictEqual(yield* now, [all, ["192.0.2.2", "192.0.2.3"]])
    }).pipe(memory({ limits: { pendingOperations: Infinity } })))

  it.effect("fails the operation of a list that was deleted meanwhile", () =>
    Effect.gen(function*() {
      const { createList } = yield* Simulator.Simulator
      const listId = yield* createList({ name: "blocked", kind: "ip" })
      const id = yield* Api.write("POST", listId, [])
      yield* Api.request("DELETE", `${Api.lists}/${listId}`)
      yield* TestClock.adjust("3 seconds")
      const completed = "1970-01-01T00:00:03Z"
      const failed = { id, status: "failed", completed, error: "list not found" }
      assert.deepStrictEqual(yield* body(id), Api.success(failed))
    }).pipe(memory()))
})

describe("the limit on requests", () => {
  it.effect("refuses the 1,201st request within 5 minutes, and all for 5 minutes after it", () =>
    Effect.gen(function*() {
      for (let n = 0; n < 1200; n++) assert.strictEqual(yield* statusOf("GET", Api.lists), 200)
      yield* TestClock.adjust("4 minutes")
      const { body, headers, status } = yield* Api.call("GET", Api.lists)
      assert.strictEqual(status, 429)
      assert.strictEqual(headers["retry-after"], "300")
      assert.deepStrictEqual(body, Api.refusal(971, "Please wait and consider throttling your request speed"))
      const other = { headers: { authorization: "Bearer another-token" } }
      assert.strictEqual(yield* statusOf("GET", Api.lists, other), 200)
      yield* TestClock.adjust("299500 millis")
      assert.strictEqual((yield* Api.request("GET", Api.lists)).headers["retry-after"], "1")
      yield* TestClock.adjust("500 millis")
      assert.strictEqual(yield* statusOf("GET", Api.lists), 200)
    }).pipe(memory()))

  it.effect("is told in Ratelimit and Ratelimit-Policy on every answer", () =>
    Effect.gen(function*() {
      const limits = (path: string) =>
        Effect.map(Api.request("GET", path), ({ headers }) => [headers["ratelimit"], headers["ratelimit-policy"]])
      assert.deepStrictEqual(yield* limits(Api.lists), [`"default";r=2;t=60`, `"default";q=3;w=60`])
      yield* TestClock.adjust("20 seconds")
      assert.deepStrictEqual(yield* limits("/nowhere"), [`"default";r=1;t=40`, `"default";q=3;w=60`])
      yield* TestClock.adjust("40 seconds")
      assert.deepStrictEqual(yield* limits(Api.lists), [`"default";r=2;t=60`, `"default";q=3;w=60`])
    }).pipe(memory({ limits: { requests: 3, window: "1 minute" } })))

  it.effect("switched off, refuses nothing and is not told", () =>
    Effect.gen(function*() {
      for (let n = 0; n < 1300; n++) {
        const { headers, status } = yield* Api.request("GET", Api.lists)
        assert.strictEqual(status, 200)
        assert.notProperty(headers, "ratelimit")
      }
    }).pipe(memory({ limits: { requests: Infinity } })))
})

describe("credentials", () => {
  const asked = (headers: Record<string, string>) =>
    Effect.map(Api.call("GET", Api.lists, { headers }), ({ body, status }) => ({ body, status }))
  const missing = { status: 403, body: Api.refusal(10000, "Authentication error") }
  const unknown = { status: 401, body: Api.refusal(9109, "Invalid access token") }

  it.effect("are needed, and by default any will do", () =>
    Effect.gen(function*() {
      assert.deepStrictEqual(yield* asked({}), missing)
      assert.deepStrictEqual(yield* asked({ "x-auth-email": "user@example.com" }), missing)
      const malformed = yield* asked({ authorization: "Basic abc" })
      assert.deepInclude(malformed, { status: 400 })
      assert.strictEqual((yield* asked({ authorization: "Bearer any" })).status, 200)
      assert.strictEqual((yield* asked({ "x-auth-email": "user@example.com", "x-auth-key": "any" })).status, 200)
    }).pipe(memory()))

  it.effect("can be restricted to some", () =>
    Effect.gen(function*() {
      assert.strictEqual((yield* asked({ authorization: "Bearer the-token" })).status, 200)
      assert.deepStrictEqual(yield* asked({ authorization: "Bearer another" }), unknown)
      assert.strictEqual((yield* asked({ "x-auth-email": "user@example.com", "x-auth-key": "the-key" })).status, 200)
      assert.deepStrictEqual(yield* asked({ "x-auth-email": "user@example.com", "x-auth-key": "another" }), unknown)
    }).pipe(memory({
      credentials: [{ token: Redacted.make("the-token") }, { email: "user@example.com", key: "the-key" }]
    })))
})

describe("the requests received", () => {
  const at = (endpoint: Endpoint.Endpoint) => Option.some(endpoint)

  it.effect("are told with their endpoint, body, faults and answer", () =>
    Effect.gen(function*() {
      const { createList, inject, requests } = yield* Simulator.Simulator
      const id = yield* createList({ name: "blocked", kind: "ip" })
      yield* inject(Fault.notFound, { on: "lists.get" })
      yield* TestClock.adjust("1 second")
      yield* Api.request("POST", `${Api.lists}/${id}/items?x=1`, { body: [] })
      yield* Api.request("GET", `${Api.lists}/${id}`)
      yield* Api.request("GET", "/nowhere")
      const receivedAt = DateTime.makeUnsafe(1000)
      assert.deepStrictEqual((yield* requests).map(({ headers: _, ...rest }) => rest), [
        {
          receivedAt,
          method: "POST",
          url: `/client/v4${Api.lists}/${id}/items?x=1`,
          endpoint: at("lists.items.create"),
          body: "[]",
          faults: [],
          status: Option.some(200)
        },
        {
          receivedAt,
          method: "GET",
          url: `/client/v4${Api.lists}/${id}`,
          endpoint: at("lists.get"),
          body: "",
          faults: [Fault.notFound],
          status: Option.some(404)
        },
        {
          receivedAt,
          method: "GET",
          url: "/client/v4/nowhere",
          endpoint: Option.none(),
          body: "",
          faults: [],
          status: Option.some(404)
        }
      ])
    }).pipe(memory()))

  it.effect("never tell a credential", () =>
    Effect.gen(function*() {
      const secrets = {
        authorization: "Bearer secret-1",
        "proxy-authorization": "secret-2",
        cookie: "secret-3",
        "x-auth-email": "secret-4",
        "x-auth-key": "secret-5",
        "x-auth-user-service-key": "secret-6"
      }
      yield* Api.request("GET", Api.lists, { headers: { ...secrets, "x-other": "kept" } })
      yield* Api.request("GET", Api.lists, { headers: { authorization: "secret-7" } })
      const { inject, requests, state } = yield* Simulator.Simulator
      yield* inject(Fault.stall())
      yield* Effect.forkChild(Api.request("GET", Api.lists, { headers: secrets }))
      yield* TestClock.adjust("1 second")
      const told = JSON.stringify([yield* requests, yield* state])
      assert.include(told, "kept")
      assert.notInclude(told, "secret")
    }).pipe(memory({ credentials: [{ token: "secret-1" }] })))

  it.effect("have no status before they are answered", () =>
    Effect.gen(function*() {
      const { inject, requests } = yield* Simulator.Simulator
      yield* inject(Fault.latency("1 second"))
      const fiber = yield* Effect.forkChild(Api.request("GET", Api.lists))
      const statuses = Effect.map(requests, (all) => all.map(({ status }) => status))
      yield* TestClock.adjust("999 millis")
      assert.deepStrictEqual(yield* statuses, [Option.none()])
      yield* TestClock.adjust("1 millis")
      yield* Fiber.join(fiber)
      assert.deepStrictEqual(yield* statuses, [Option.some(200)])
    }).pipe(memory()))

  it.effect("are kept up to a number", () =>
    Effect.gen(function*() {
      for (let n = 0; n < 25; n++) yield* Api.request("GET", `${Api.lists}?n=${n}`)
      const { requests } = yield* Simulator.Simulator
      const kept = (yield* requests).map(({ status, url }) => [url.split("=")[1], status])
      assert.deepStrictEqual(kept, ["20", "21", "22", "23", "24"].map((n) => [n, Option.some(200)]))
    }).pipe(memory({ keepRequests: 5 })))
})

describe("createList", () => {
  it.effect("says why Cloudflare would refuse the list", () =>
    Effect.gen(function*() {
      const { createList } = yield* Simulator.Simulator
      const refusal = (list: Simulator.NewList) => Effect.map(Effect.flip(createList(list)), ({ message }) => message)
      const prefix = "The list cannot be created, Cloudflare would refuse it: "
      assert.strictEqual(yield* refusal({ name: "a b", kind: "ip" }), `${prefix}filters.api.invalid_json (10026)`)
      assert.strictEqual(
        yield* refusal({ name: "blocked", kind: "ip", items: [{ ip: "192.0.2.300" }] }),
        `${prefix}192.0.2.300 is not a valid value for ip because filters.api.invalid_item_value (10028)`
      )
      yield* createList({ name: "blocked", kind: "ip" })
      assert.strictEqual(
        yield* refusal({ name: "blocked", kind: "asn" }),
        `${prefix}list name already exists (10021)`
      )
    }).pipe(memory()))
})

describe("two simulators in one process", () => {
  it.effect("do not disturb each other", () =>
    Effect.gen(function*() {
      const build = Effect.map(Layer.build(Simulator.layerHttpClient()), (context) => ({
        simulator: Context.get(context, Simulator.Simulator),
        client: Context.get(context, HttpClient.HttpClient)
      }))
      const one = yield* build
      const two = yield* build
      yield* one.simulator.createList({ name: "blocked", kind: "ip" })
      yield* one.simulator.inject(Fault.forbidden)
      yield* one.simulator.planNext({ duration: 0 })
      const { status } = yield* Api.request("GET", Api.lists).pipe(
        Effect.provideService(Simulator.Simulator, two.simulator),
        Effect.provideService(HttpClient.HttpClient, two.client)
      )
      assert.strictEqual(status, 200)
      assert.deepStrictEqual((yield* two.simulator.state).lists, [])
      assert.deepStrictEqual(yield* one.simulator.requests, [])
    }))
})

describe("the server", () => {
  it.effect("listens on a free port of 127.0.0.1, and its base URL ends like Cloudflare's", () =>
    Effect.gen(function*() {
      assert.match((yield* Simulator.Simulator).baseUrl, /^http:\/\/127\.0\.0\.1:\d+\/client\/v4$/)
      assert.strictEqual(yield* statusOf("GET", Api.lists), 200)
    }).pipe(sockets()))

  it.effect("tells the simulator's own time in Date", () =>
    Effect.gen(function*() {
      yield* TestClock.setTime(Date.UTC(1994, 10, 6, 8, 49, 37))
      assert.strictEqual((yield* Api.request("GET", Api.lists)).headers["date"], "Sun, 06 Nov 1994 08:49:37 GMT")
      yield* TestClock.adjust("1 hour")
      assert.strictEqual((yield* Api.request("GET", Api.lists)).headers["date"], "Sun, 06 Nov 1994 09:49:37 GMT")
    }).pipe(sockets()))

  it.effect("gives each answer a ray of its own, in the same order with the same seed", () =>
    Effect.gen(function*() {
      const ray = Effect.map(Api.request("GET", Api.lists), ({ headers }) => headers["cf-ray"])
      const rays = Effect.all([ray, ray, ray]).pipe(memory({ seed: "one" }))
      const first = yield* rays
      assert.strictEqual(new Set(first).size, 3)
      assert.deepStrictEqual(yield* rays, first)
    }))

  it.effect("refuses to listen where others could reach it, and says what to do", () =>
    Effect.gen(function*() {
      const error = yield* Effect.flip(Layer.build(Simulator.layerServer({ host: "0.0.0.0" })))
      assert.strictEqual(error.reason._tag, "NotLoopback")
      assert.strictEqual(
        error.message,
        "The simulator accepts any credential, so it listens on loopback only, and 0.0.0.0 is not loopback. " +
          "Leave out `host`, or set `allowRemote: true` if other machines are meant to reach it."
      )
    }))

  it.effect("listens elsewhere if it is told that others may reach it", () =>
    Effect.gen(function*() {
      assert.match((yield* Simulator.Simulator).baseUrl, /^http:\/\/127\.0\.0\.1:\d+\/client\/v4$/)
      assert.strictEqual(yield* statusOf("GET", Api.lists), 200)
    }).pipe(sockets({ host: "0.0.0.0", allowRemote: true })))

  it.effect("listens on other names of loopback", () =>
    Effect.gen(function*() {
      assert.strictEqual(yield* statusOf("GET", Api.lists), 200)
    }).pipe(sockets({ host: "localhost" })))

  it.effect("says that a port is taken", () =>
    Effect.gen(function*() {
      const port = Number(new URL((yield* Simulator.Simulator).baseUrl).port)
      const error = yield* Effect.flip(Layer.build(Simulator.layerServer({ port })))
      assert.strictEqual(error.reason._tag, "CannotListen")
      assert.include(error.message, `The simulator cannot listen on 127.0.0.1, port ${port}: `)
      assert.include(error.message, "EADDRINUSE")
      assert.include(error.message, "Leave out `port` to get one that is free.")
    }).pipe(sockets()))

  it.live("closes with its scope, at once, also while a client waits for an answer", () =>
    Effect.gen(function*() {
      const fiber = yield* Effect.gen(function*() {
        yield* (yield* Simulator.Simulator).inject(Fault.stall())
        const fiber = yield* Effect.forkDetach(Effect.exit(Api.request("GET", Api.lists)))
        yield* Effect.repeat((yield* Simulator.Simulator).requests, { until: (all) => all.length > 0 })
        return fiber
      }).pipe(Effect.provide(Simulator.layerServer()))
      const [took, exit] = yield* Effect.timed(Fiber.join(fiber))
      assert.strictEqual(exit._tag, "Failure")
      assert.isBelow(Duration.toMillis(took), 1000)
    }).pipe(Effect.provide(FetchHttpClient.layer)))
})

describe("both ways in", () => {
  const story = Effect.gen(function*() {
    const { inject, planNext, startOperation } = yield* Simulator.Simulator
    const answers: Array<Schema.Json> = []
    const step = (...args: Parameters<typeof Api.call>) =>
      Effect.map(Api.call(...args), ({ body, headers, status }) => {
        const { "cf-ray": ray = "", date = "", ratelimit = "" } = headers
        answers.push({ body, status, date, ray, ratelimit, type: headers["content-type"] ?? "" })
        return body
      })
    const Created = Schema.Struct({ result: Schema.Struct({ id: Schema.String }) })
    const created = yield* step("POST", Api.lists, { body: { name: "blocked", kind: "ip", description: "über" } })
    const { result: { id } } = yield* Schema.decodeUnknownEffect(Created)(created)
    const items = `${Api.lists}/${id}/items`
    yield* planNext({ duration: "1 second" })
    yield* step("POST", items, { body: [{ ip: "192.0.2.1", comment: "naïve" }, { ip: "192.0.2.2" }] })
    yield* step("PUT", items, { body: [] })
    yield* TestClock.adjust("1 second")
    yield* step("GET", `${items}?per_page=1&search=192.`)
    yield* step("GET", Api.operation(yield* startOperation()))
    yield* inject(Fault.rateLimited({ retryAfter: "1 minute" }), { times: 1 })
    yield* step("GET", Api.lists)
    yield* step("DELETE", items, { body: { items: [{ id: "none" }] } })
    yield* step("GET", "/accounts/a%2Fb/rules/lists/%E4%B8%AD")
    yield* step("PATCH", items)
    return answers
  })

  it.effect("answer the same to the same requests", () =>
    Effect.gen(function*() {
      const inMemory = yield* story.pipe(memory({ seed: "a story" }))
      yield* TestClock.setTime(0)
      assert.deepStrictEqual(yield* story.pipe(sockets({ seed: "a story" })), inMemory)
      assert.strictEqual(inMemory.length, 9)
    }))
})
