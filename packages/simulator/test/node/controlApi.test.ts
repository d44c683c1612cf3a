import { Simulator } from "@bulk-operations/simulator"
import { SimulatorServer } from "@bulk-operations/simulator/node"
import { assert, describe, it } from "@effect/vitest"
import { Effect, Layer, Schema } from "effect"
import { FetchHttpClient, HttpClient, HttpClientRequest, type HttpMethod } from "effect/http"
import { TestClock } from "effect/testing"
import * as Api from "../Api.ts"

const served = (options: SimulatorServer.Options = {}) =>
  Effect.provide(Layer.merge(SimulatorServer.layer({ control: true, ...options }), FetchHttpClient.layer))

const decodeJson = Schema.decodeUnknownOption(Schema.fromJsonString(Schema.Json))

/** What the control API answers: its status, and its body as JSON where it is JSON. */
const tell = Effect.fnUntraced(
  function*(method: HttpMethod.HttpMethod, path: string, body?: string, headers: Record<string, string> = {}) {
    const { baseUrl } = yield* Simulator.Simulator
    const request = HttpClientRequest.make(method)(`${baseUrl.replace("/client/v4", "/simulator")}${path}`, { headers })
    const response = yield* HttpClient.execute(
      body === undefined ? request : HttpClientRequest.bodyText(request, body, "application/json")
    )
    const text = yield* response.text
    const json = decodeJson(text)
    return { status: response.status, body: json._tag === "Some" ? json.value : text, text, headers: response.headers }
  }
)

const told = (...args: Parameters<typeof tell>) => Effect.map(tell(...args), ({ body, status }) => [status, body])

const Created = Schema.Struct({ id: Schema.String })
const idOf = (body: unknown) => Effect.map(Schema.decodeUnknownEffect(Created)(body), ({ id }) => id)

const status = (id: string) => Effect.map(Api.call("GET", Api.operation(id)), ({ body }) => JSON.stringify(body))

const usage = [
  "Commands of the simulator. Bodies are JSON.",
  "",
  "GET    /simulator                          this page",
  `POST   /simulator/faults                   requests meet a fault: {"fault": "htmlError", "status": 502, "times": 3}`,
  "DELETE /simulator/faults                   no faults any longer",
  `POST   /simulator/plans                    how the next writes go: [{"duration": "10s", "outcome": {"failed": "full"}}]`,
  `POST   /simulator/lists                    a list at once: {"name": "blocked", "kind": "ip", "items": []}`,
  `POST   /simulator/operations               an operation of someone else's: {"duration": "1m"}`,
  "POST   /simulator/operations/:id/begin     from pending to running",
  "POST   /simulator/operations/:id/complete  ends it now",
  `POST   /simulator/operations/:id/fail      ends it now, without effect: {"error": "list is full"}`,
  "GET    /simulator/requests                 the requests received, without credentials",
  "GET    /simulator/state                    all lists with their items, and all operations",
  "",
  "Faults: latency, stall, reset, truncatedJson, htmlError, wrongShape, editedOperation, unknownStatus, otherOperation, " +
  "unauthorized, malformedCredentials, forbidden, notFound, rateLimited, clockSkew, passing, everyKind.",
  "With each: on (endpoints), after, times, probability.",
  ""
]

describe("the control API", () => {
  it.effect("injects faults for the chosen requests, and clears them", () =>
    Effect.gen(function*() {
      const fault = { fault: "htmlError", status: 503, times: 1, on: ["lists.list"] }
      assert.deepStrictEqual(yield* told("POST", "/faults", JSON.stringify(fault)), [204, ""])
      assert.deepStrictEqual(yield* told("POST", "/faults", `{"fault":"forbidden","after":1}`), [204, ""])
      const statuses = Effect.forEach([1, 2, 3], () => Api.status("GET", Api.lists))
      assert.deepStrictEqual(yield* statuses, [503, 403, 403])
      const cleared = yield* tell("DELETE", "/faults")
      assert.deepStrictEqual([cleared.status, cleared.body], [204, ""])
      assert.notProperty(cleared.headers, "content-type")
      assert.deepStrictEqual(yield* statuses, [200, 200, 200])
    }).pipe(served()))

  it.effect("accepts every fault and its arguments", () =>
    Effect.gen(function*() {
      const faults = [
        { fault: "latency", by: "0s" },
        { fault: "stall", at: "in", carriedOut: true },
        { fault: "stall" },
        { fault: "reset", at: "before" },
        { fault: "truncatedJson" },
        { fault: "htmlError", status: 504, carriedOut: true },
        { fault: "wrongShape", body: [] },
        { fault: "wrongShape" },
        { fault: "editedOperation", edit: { completed: null }, without: ["error"] },
        { fault: "unknownStatus", status: "paused" },
        { fault: "unknownStatus" },
        { fault: "otherOperation" },
        { fault: "unauthorized" },
        { fault: "malformedCredentials" },
        { fault: "forbidden", probability: 0.5 },
        { fault: "notFound" },
        { fault: "rateLimited" },
        { fault: "rateLimited", retryAfter: "2 seconds" },
        { fault: "clockSkew", by: "-90s" },
        { fault: "clockSkew", by: "36500d" },
        { fault: "editedOperation", edit: { status: "paused" } },
        { fault: "editedOperation", without: ["completed"] },
        { fault: "passing" },
        { fault: "everyKind" }
      ]
      for (const fault of faults) {
        assert.deepStrictEqual(yield* told("POST", "/faults", JSON.stringify(fault)), [204, ""], fault.fault)
      }
    }).pipe(served()))

  it.effect("injects editedOperation, which changes and removes keys", () =>
    Effect.gen(function*() {
      yield* tell("POST", "/operations", `{"id":"one","duration":"0s","outcome":{"failed":"full"}}`)
      yield* tell("POST", "/faults", `{"fault":"editedOperation","edit":{"status":"paused"},"without":["error"]}`)
      const { body } = yield* Api.call("GET", Api.operation("one"))
      assert.deepStrictEqual(body, Api.success({ id: "one", status: "paused", completed: "1970-01-01T00:00:00Z" }))
    }).pipe(served()))

  it.effect("creates lists with given ids, and says why it cannot", () =>
    Effect.gen(function*() {
      const list = { id: "a-list", name: "blocked", kind: "ip", items: [{ id: "an-item", ip: "192.0.2.1/32" }] }
      assert.deepStrictEqual(yield* told("POST", "/lists", JSON.stringify(list)), [201, { id: "a-list" }])
      assert.strictEqual(yield* Api.status("GET", `${Api.lists}/a-list/items/an-item`), 200)
      const error = "Another list has the id a-list already. Give a different one, or leave it out to get a new one."
      assert.deepStrictEqual(yield* told("POST", "/lists", JSON.stringify(list)), [409, { error }])
      const taken = "The list cannot be created, Cloudflare would refuse it: list name already exists (10021)"
      const { id: _, ...other } = list
      assert.deepStrictEqual(yield* told("POST", "/lists", JSON.stringify(other)), [400, { error: taken }])
      const account = JSON.stringify({ ...other, accountId: "short" })
      assert.strictEqual((yield* tell("POST", "/lists", account)).status, 400)
    }).pipe(served()))

  it.effect("starts operations, and advances them by hand", () =>
    Effect.gen(function*() {
      const started = yield* tell("POST", "/operations")
      assert.strictEqual(started.status, 201)
      const first = yield* idOf(started.body)
      const body = `{"duration":"Infinity","pendingFor":"2h"}`
      const second = yield* idOf((yield* tell("POST", "/operations", body)).body)
      yield* TestClock.adjust("1 hour")
      assert.include(yield* status(first), `"completed"`)
      assert.include(yield* status(second), `"pending"`)
      assert.deepStrictEqual(yield* told("POST", `/operations/${second}/begin`), [204, ""])
      assert.include(yield* status(second), `"running"`)
      assert.deepStrictEqual(yield* told("POST", `/operations/${second}/fail`, `{"error":"list is full"}`), [204, ""])
      assert.include(yield* status(second), `"error":"list is full"`)
      const ended = `{"duration":"0s","outcome":"completed"}`
      assert.include(yield* status(yield* idOf((yield* tell("POST", "/operations", ended)).body)), `"completed"`)
      const third = yield* idOf((yield* tell("POST", "/operations", body)).body)
      assert.deepStrictEqual(yield* told("POST", `/operations/${third}/complete`), [204, ""])
      assert.include(yield* status(third), `"completed"`)
      const over = `Operation ${third} cannot be advanced by hand: it has ended already.`
      assert.deepStrictEqual(yield* told("POST", `/operations/${third}/begin`), [409, { error: over }])
      const unknown = "Operation none cannot be advanced by hand: no operation has this id."
      assert.deepStrictEqual(yield* told("POST", "/operations/none/complete"), [404, { error: unknown }])
    }).pipe(served()))

  it.effect("plans the next writes", () =>
    Effect.gen(function*() {
      const { createList, state } = yield* Simulator.Simulator
      const id = yield* createList({ name: "blocked", kind: "ip" })
      const plans = `[{"outcome":{"failed":"full"}},{"duration":"1m","outcome":"completed","readableAfter":"1s"}]`
      assert.deepStrictEqual(yield* told("POST", "/plans", plans), [204, ""])
      yield* Api.write("PUT", id, [])
      yield* Api.write("PUT", id, [])
      const { operations } = yield* state
      assert.deepStrictEqual(operations.map(({ operation }) => operation.status), ["failed", "running"])
    }).pipe(served({ duration: 0, pendingFor: 0 })))

  it.effect("returns the received requests, without credentials, and the whole state", () =>
    Effect.gen(function*() {
      yield* tell("POST", "/lists", `{"id":"a-list","name":"blocked","kind":"ip"}`)
      yield* tell("POST", "/faults", `{"fault":"latency","by":"0s","times":1}`)
      const operation = yield* Api.write("PUT", "a-list", [{ ip: "192.0.2.1" }])
      yield* Api.status("GET", "/nowhere")
      const { body } = yield* tell("GET", "/requests")
      const text = JSON.stringify(body)
      assert.include(text, `"endpoint":"lists.items.update"`)
      assert.include(text, `"body":"[{\\"ip\\":\\"192.0.2.1\\"}]","faults":["latency"],"status":200`)
      assert.include(text, `"receivedAt":"1970-01-01T00:00:00.000Z"`)
      assert.include(text, `"endpoint":null`)
      assert.include(text, `"content-type":"application/json"`)
      assert.notInclude(text, "a-token")
      assert.notInclude(text, "/simulator")
      const { body: state } = yield* tell("GET", "/state")
      const times = { created_on: "1970-01-01T00:00:00Z", modified_on: "1970-01-01T00:00:00Z" }
      const read = JSON.stringify(state)
      assert.include(read, `"id":"a-list","name":"blocked","kind":"ip","items":[{"id":"`)
      assert.include(read, `"ip":"192.0.2.1",${JSON.stringify(times).slice(1)}`)
      assert.include(read, `"listId":"a-list","acceptedAt":"1970-01-01T00:00:00.000Z","operation":{"id":"${operation}"`)
      assert.include(read, `"accountId":"${Simulator.accountId}"`)
    }).pipe(served({ duration: 0 })))

  it.effect("says what is wrong with a request's body", () =>
    Effect.gen(function*() {
      const errors = [
        ["/faults", "{", "The body has to be JSON."],
        ["/faults", "[]", /^Expected a fault: one of latency, stall, .*, everyKind$/],
        ["/faults", `{"fault":"toString"}`, /^Expected a fault: one of latency/],
        ["/faults", `{"fault":"htmlError"}`, `Expected a fault htmlError: Missing key at ["status"]`],
        ["/faults", `{"fault":"notFound","on":"nowhere"}`, /^Expected a choice of requests: .* at \["on"\]/],
        ["/faults", `{"fault":"notFound","extra":1}`, /^Expected a fault notFound: .* at \["extra"\]/],
        ["/faults", `{"fault":"notFound","probability":2}`, /^Expected a choice of requests: .* at \["probability"\]/],
        ["/faults", `{"fault":"notFound","times":-1}`, /^Expected a choice of requests: .* at \["times"\]/],
        ["/plans", `{"duration":"1s"}`, /^Expected a list of plans: Expected array/],
        [
          "/operations",
          `{"duration":"soon"}`,
          /Expected a duration such as 30s, 1h30m, "2 hours" or Infinity at \["duration"\]$/
        ],
        [
          "/operations",
          `{"duration":3}`,
          /^Expected a plan of an operation: Expected a duration such as 30s, .*\["duration"\]$/
        ],
        ["/operations", `{"duration":"-1s"}`, /Expected a duration that is not negative at \["duration"\]$/],
        ["/operations", `{"id":"a b"}`, /^No client could request this operation by the id "a b": /],
        ["/faults", `{"fault":"latency","by":"soon"}`, /Expected a duration such as 30s, .* at \["by"\]$/],
        ["/faults", `{"fault":"latency","by":"-1s"}`, /Expected a duration that is not negative at \["by"\]$/],
        ["/faults", `{"fault":"rateLimited","retryAfter":"-1s"}`, /not negative at \["retryAfter"\]$/],
        ["/faults", `{"fault":"rateLimited","retryAfter":"Infinity"}`, /that ends at \["retryAfter"\]$/],
        ["/faults", `{"fault":"clockSkew","by":"Infinity"}`, /no more than 36500 days at \["by"\]$/],
        ["/faults", `{"fault":"clockSkew","by":"-40000d"}`, /no more than 36500 days at \["by"\]$/],
        ["/lists", `{"kind":"ip"}`, `Expected a list: Missing key at ["name"]`],
        ["/operations/none/fail", "{}", `Expected a reason to fail: Missing key at ["error"]`]
      ] as const
      for (const [path, body, expected] of errors) {
        const { body: answer, status } = yield* tell("POST", path, body)
        assert.strictEqual(status, 400)
        const error = yield* Schema.decodeUnknownEffect(Schema.Struct({ error: Schema.String }))(answer)
        if (typeof expected === "string") assert.strictEqual(error.error, expected)
        else assert.match(error.error, expected)
      }
    }).pipe(served()))

  it.effect("lists its commands", () =>
    Effect.gen(function*() {
      const { headers, status, text } = yield* tell("GET", "")
      assert.deepStrictEqual(text.split("\n"), usage)
      assert.deepStrictEqual([status, headers["content-type"]], [200, "text/plain; charset=UTF-8"])
      const error = "There is nothing at PUT /simulator/nowhere. GET /simulator lists all commands."
      const nowhere = yield* tell("PUT", "/nowhere")
      assert.deepStrictEqual([nowhere.status, nowhere.body], [404, { error }])
      assert.strictEqual(nowhere.headers["content-type"], "application/json; charset=UTF-8")
      assert.strictEqual(nowhere.headers["server"], "bulk-operations-simulator")
      assert.strictEqual((yield* tell("GET", "?x=1")).status, 200)
    }).pipe(served()))

  it.effect("answers at its exact paths only", () =>
    Effect.gen(function*() {
      for (const path of ["/State", "//state"]) assert.strictEqual((yield* tell("GET", path)).status, 404)
      assert.strictEqual((yield* tell("GET", "s")).status, 400)
      assert.strictEqual(yield* Api.status("GET", "/simulator/state"), 404)
      const { requests } = yield* Simulator.Simulator
      assert.deepStrictEqual((yield* requests).map(({ url }) => url), ["/simulators", "/client/v4/simulator/state"])
    }).pipe(served()))

  it.effect("accepts operation ids of any length", () =>
    Effect.gen(function*() {
      const id = "a".repeat(900)
      yield* tell("POST", "/operations", JSON.stringify({ id, duration: "Infinity" }))
      assert.deepStrictEqual(yield* told("POST", `/operations/${id}/complete`), [204, ""])
    }).pipe(served()))

  it.effect("is off by default", () =>
    Effect.gen(function*() {
      assert.include(JSON.stringify(yield* told("GET", "/state")), "9106")
    }).pipe(served({ control: false })))

  it.effect("refuses pages of another origin, unless cors is on", () =>
    Effect.gen(function*() {
      const origin = { origin: "https://app.example" }
      const error = "A page of another origin may drive the simulator only where `cors` is on."
      const refused = told("POST", "/operations", "{}", origin)
      assert.deepStrictEqual(yield* refused.pipe(served()), [403, { error }])
      const allowed = yield* tell("POST", "/operations", "{}", origin).pipe(served({ cors: true }))
      assert.deepStrictEqual([allowed.status, allowed.headers["access-control-allow-origin"]], [201, "*"])
      const preflight = { ...origin, "access-control-request-method": "POST" }
      assert.strictEqual(
        (yield* tell("OPTIONS", "/operations", undefined, preflight).pipe(served({ cors: true }))).status,
        204
      )
    }))
})
