import { type Endpoint, Fault, Simulator, type SimulatorError } from "@bulk-operations/simulator"
import { SimulatorServer } from "@bulk-operations/simulator/node"
import { assert, describe, it } from "@effect/vitest"
import { Context, DateTime, Effect, Fiber, Layer, Option, Schema, Struct } from "effect"
import { FetchHttpClient, HttpClient } from "effect/http"
import { TestClock } from "effect/testing"
import * as Api from "./Api.ts"

const memory = (options?: Simulator.Options) => Effect.provide(Simulator.layerHttpClient(options))
const sockets = (options?: SimulatorServer.Options) =>
  Effect.provide(Layer.merge(SimulatorServer.layer(options), FetchHttpClient.layer))

const at = (endpoint: Endpoint.Endpoint) => Option.some(endpoint)

describe("createList", () => {
  it.effect("says why Cloudflare would refuse the list", () =>
    Effect.gen(function*() {
      const { createList } = yield* Simulator.Simulator
      const refusal = (list: Simulator.NewList) => Effect.map(Effect.flip(createList(list)), ({ message }) => message)
      const prefix = "The list cannot be created, Cloudflare would refuse it: "
      assert.strictEqual(yield* refusal({ name: "a b", kind: "ip" }), `${prefix}filters.api.invalid_json (10026)`)
      assert.strictEqual(
        yield* refusal({ name: "blocked", kind: "ip", items: [{ ip: "192.0.2.300" }] }),
        `${prefix}invalid value for ip at position 0: filters.api.not an IP address or CIDR (10035)`
      )
      yield* createList({ name: "blocked", kind: "ip" })
      assert.strictEqual(
        yield* refusal({ name: "blocked", kind: "asn" }),
        `${prefix}list name already exists (10021)`
      )
    }).pipe(memory()))
})

const refusal = (effect: Effect.Effect<string, SimulatorError.SimulatorError>) =>
  Effect.map(Effect.flip(effect), ({ message, reason }) => [reason._tag, message])
const taken = (what: string) => [
  "IdRefused",
  `Another ${what} has the id one already. Give a different one, or leave it out to get a new one.`
]
const unusable = (what: string, id: string) => [
  "IdRefused",
  `No client could request this ${what} by the id ${
    JSON.stringify(id)
  }: an id has one or more characters, no spaces, ` +
  `slashes or control characters, and is not "." or "..". Leave it out to get a new one.`
]
const items = (...ids: ReadonlyArray<string>) => ids.map((id, n) => ({ id, ip: `192.0.2.${n}` }))

describe("ids", () => {
  it.effect("are used for the list, its items and the operation; a missing id is generated", () =>
    Effect.gen(function*() {
      const { createList, startOperation, state } = yield* Simulator.Simulator
      const items = [{ id: "second", ip: "192.0.2.2" }, { ip: "192.0.2.3/32" }, { id: "first", ip: "192.0.2.1/32" }]
      assert.strictEqual(yield* createList({ id: "a-list", name: "blocked", kind: "ip", items }), "a-list")
      assert.strictEqual(yield* startOperation({ id: "an-operation", duration: 0 }), "an-operation")
      const { lists: [list], operations } = yield* state
      assert.deepStrictEqual(operations.map(({ operation }) => operation.id), ["an-operation"])
      const [first, second, third] = list?.items ?? []
      assert.deepInclude(first, { id: "first", ip: "192.0.2.1" })
      assert.deepInclude(second, { id: "second", ip: "192.0.2.2" })
      assert.match(String(third?.["id"]), /^[0-9a-f]{32}$/)
      const { body } = yield* Api.call("GET", `${Api.lists}/a-list/items/second`)
      assert.include(JSON.stringify(body), "192.0.2.2")
    }).pipe(memory()))

  it.effect("are refused if they are taken, or if no client could request them", () =>
    Effect.gen(function*() {
      const { createList, startOperation, state } = yield* Simulator.Simulator
      const list = { name: "blocked", kind: "ip" } as const
      yield* createList({ ...list, id: "one" })
      yield* startOperation({ id: "one", duration: 0 })
      assert.deepStrictEqual(yield* refusal(createList({ ...list, name: "other", id: "one" })), taken("list"))
      assert.deepStrictEqual(yield* refusal(createList({ ...list, name: "other", id: "" })), unusable("list", ""))
      const twice = createList({ ...list, name: "other", items: items("one", "one") })
      assert.deepStrictEqual(yield* refusal(twice), taken("item"))
      const none = createList({ ...list, name: "other", items: items("") })
      assert.deepStrictEqual(yield* refusal(none), unusable("item", ""))
      assert.deepStrictEqual(yield* refusal(startOperation({ id: "one" })), taken("operation"))
      const other = startOperation({ id: "one", accountId: Api.otherAccountId })
      assert.deepStrictEqual(yield* refusal(other), taken("operation"))
      for (const id of ["", "a b", "a/b", "..", "\n", "\ud800"]) {
        assert.deepStrictEqual(yield* refusal(startOperation({ id })), unusable("operation", id))
      }
      yield* startOperation({ id: "zwölf-🐈", duration: 0 })
      const { lists, operations } = yield* state
      assert.deepStrictEqual([lists.length, operations.length], [1, 2])
    }).pipe(memory()))

  it.effect("are generated in the form of Cloudflare's", () =>
    Effect.gen(function*() {
      const { createList } = yield* Simulator.Simulator
      const ids: Array<string> = []
      for (let n = 0; n < 50; n++) ids.push(yield* createList({ name: `list_${n}`, kind: "ip" }))
      for (const id of ids) assert.match(id, /^[0-9a-f]{12}4[0-9a-f]{3}[89ab][0-9a-f]{15}$/)
      assert.deepStrictEqual([...new Set(ids.map((id) => id.charAt(16)))].toSorted(), ["8", "9", "a", "b"])
      assert.strictEqual(new Set(ids).size, 50)
    }).pipe(memory()))
})

describe("the requests received", () => {
  it.effect("are recorded with endpoint, body, faults and status", () =>
    Effect.gen(function*() {
      const { createList, inject, requests } = yield* Simulator.Simulator
      const id = yield* createList({ name: "blocked", kind: "ip" })
      yield* inject(Fault.notFound, { on: "lists.get" })
      yield* TestClock.adjust("1 second")
      yield* Api.request("POST", `${Api.lists}/${id}/items?x=1`, { body: [] })
      yield* Api.request("GET", `${Api.lists}/${id}`)
      yield* Api.request("GET", "/nowhere")
      const receivedAt = DateTime.makeUnsafe(1000)
      assert.deepStrictEqual((yield* requests).map(Struct.omit(["headers"])), [
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

  it.effect("never contain a credential", () =>
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
      // Headers hide some values of their own accord when they are written as JSON: these are to be gone altogether.
      const headers = (yield* requests).map((request) => Object.entries(request.headers))
      const told = JSON.stringify([headers, yield* requests, yield* state])
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

  it.effect("have no status if nothing was answered, but one if the answer was cut", () =>
    Effect.gen(function*() {
      const { inject, requests } = yield* Simulator.Simulator
      for (const fault of [Fault.reset("before"), Fault.stall(), Fault.reset("in")]) yield* inject(fault, { times: 1 })
      for (const _ of [1, 2, 3]) yield* Effect.forkChild(Effect.exit(Api.request("GET", Api.lists)))
      yield* TestClock.adjust("1 second")
      const statuses = (yield* requests).map(({ status }) => status)
      assert.deepStrictEqual(statuses, [Option.none(), Option.none(), Option.some(200)])
    }).pipe(memory()))

  it.effect("are kept up to keepRequests", () =>
    Effect.gen(function*() {
      for (let n = 0; n < 25; n++) yield* Api.request("GET", `${Api.lists}?n=${n}`)
      const { requests } = yield* Simulator.Simulator
      const kept = (yield* requests).map(({ status, url }) => [url.split("=")[1], status])
      assert.deepStrictEqual(kept, ["20", "21", "22", "23", "24"].map((n) => [n, Option.some(200)]))
    }).pipe(memory({ keepRequests: 5 })))
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

describe("answers", () => {
  it.effect("are dated by the clock that the simulator was built with, not by the client's", () =>
    Effect.gen(function*() {
      yield* TestClock.setTime(Date.UTC(2026, 0, 1))
      const simulated = yield* Layer.build(Simulator.layerHttpClient())
      const date = Effect.map(Api.request("GET", Api.lists), ({ headers }) => headers["date"])
      const asked = date.pipe(Effect.provide(simulated), Effect.provide(TestClock.layer()))
      assert.strictEqual(yield* asked, "Thu, 01 Jan 2026 00:00:00 GMT")
    }))

  it.effect("have the recorded headers of the API, and fewer for HTML", () =>
    Effect.gen(function*() {
      yield* TestClock.setTime(Date.UTC(2026, 0, 1))
      const { inject } = yield* Simulator.Simulator
      const { headers } = yield* Api.request("GET", Api.lists)
      const { "cf-auditlog-id": auditLogId = "", "cf-ray": ray = "", ...others } = headers
      assert.deepStrictEqual({ ...others }, {
        "cf-cache-status": "DYNAMIC",
        "content-length": "54",
        "content-type": "application/json; charset=UTF-8",
        date: "Thu, 01 Jan 2026 00:00:00 GMT",
        server: "cloudflare",
        vary: "Accept-Encoding",
        "x-content-type-options": "nosniff",
        "x-frame-options": "SAMEORIGIN"
      })
      assert.match(ray, /^[0-9a-f]{16}-SIM$/)
      assert.match(auditLogId, /^019b76da-a800-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/)
      yield* inject(Fault.htmlError(502))
      const { headers: html } = yield* Api.request("GET", Api.lists)
      assert.strictEqual(html["content-type"], "text/html; charset=UTF-8")
      assert.notProperty(html, "cf-auditlog-id")
    }).pipe(memory({ limits: { requests: Infinity } })))

  it.effect("have a ray each, in the same order for the same seed", () =>
    Effect.gen(function*() {
      const ray = Effect.map(Api.request("GET", Api.lists), ({ headers }) => headers["cf-ray"])
      const rays = Effect.all([ray, ray, ray]).pipe(memory({ seed: "one" }))
      const first = yield* rays
      assert.strictEqual(new Set(first).size, 3)
      assert.deepStrictEqual(yield* rays, first)
    }))
})

describe("the simulator in memory and over sockets", () => {
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

  it.effect("gives the same answers to the same requests", () =>
    Effect.gen(function*() {
      const inMemory = yield* story.pipe(memory({ seed: "a story" }))
      yield* TestClock.setTime(0)
      assert.deepStrictEqual(yield* story.pipe(sockets({ seed: "a story" })), inMemory)
      assert.strictEqual(inMemory.length, 9)
    }))
})
