import { Simulator } from "@bulk-operations/simulator"
import { assert, describe, it } from "@effect/vitest"
import { Effect, Schema } from "effect"
import { TestClock } from "effect/testing"
import * as Api from "../Api.ts"

const memory = (options?: Simulator.Options) => Effect.provide(Simulator.layerHttpClient(options))

const answer = (...args: Parameters<typeof Api.call>) =>
  Effect.map(Api.call(...args), ({ body, status }) => ({ body, status }))

const invalidJson = { status: 400, body: Api.refusal(10026, "filters.api.invalid_json") }

describe("lists", () => {
  it.effect("are returned with their number of items and the times of their changes", () =>
    Effect.gen(function*() {
      const { createList } = yield* Simulator.Simulator
      const id = yield* createList({ name: "blocked", kind: "ip", references: 2 })
      yield* TestClock.adjust("1 minute")
      yield* Api.write("POST", id, [{ ip: "192.0.2.1" }])
      const list = { id, name: "blocked", kind: "ip", num_items: 0, num_referencing_filters: 2 }
      const created_on = "1970-01-01T00:00:00Z"
      assert.deepStrictEqual(
        yield* answer("GET", `${Api.lists}/${id}`),
        { status: 200, body: Api.success({ ...list, created_on, modified_on: created_on }) }
      )
      yield* TestClock.adjust("1 minute")
      assert.deepStrictEqual(
        yield* answer("GET", `${Api.lists}/${id}`),
        { status: 200, body: Api.success({ ...list, num_items: 1, created_on, modified_on: "1970-01-01T00:01:03Z" }) }
      )
    }).pipe(memory()))

  it.effect("have the description of the latest update", () =>
    Effect.gen(function*() {
      const { createList } = yield* Simulator.Simulator
      const id = yield* createList({ name: "blocked", kind: "ip", description: "a note" })
      yield* answer("PUT", `${Api.lists}/${id}`, { body: { description: "another" } })
      const { body } = yield* answer("GET", `${Api.lists}/${id}`)
      assert.include(JSON.stringify(body), `"description":"another"`)
    }).pipe(memory()))

  it.effect("keep their description if an update has none", () =>
    Effect.gen(function*() {
      const { createList } = yield* Simulator.Simulator
      const id = yield* createList({ name: "blocked", kind: "ip", description: "a note" })
      const { body } = yield* answer("PUT", `${Api.lists}/${id}`, { body: {} })
      assert.include(JSON.stringify(body), `"description":"a note"`)
    }).pipe(memory()))

  it.effect("are refused with a wrong name, kind or description, and with unknown keys", () =>
    Effect.gen(function*() {
      const list = { name: "blocked", kind: "ip" }
      const wrong = [
        { ...list, name: "" },
        { ...list, name: "a-b" },
        { ...list, name: "a".repeat(51) },
        { ...list, kind: "other" },
        { ...list, description: "a".repeat(501) },
        { ...list, items: [] },
        { kind: "ip" },
        [list]
      ]
      for (const body of wrong) assert.deepStrictEqual(yield* answer("POST", Api.lists, { body }), invalidJson)
      const { createList } = yield* Simulator.Simulator
      const id = yield* createList({ name: "blocked", kind: "ip" })
      assert.deepStrictEqual(yield* answer("PUT", `${Api.lists}/${id}`, { body: list }), invalidJson)
    }).pipe(memory()))

  it.effect("belong to their account", () =>
    Effect.gen(function*() {
      const { createList } = yield* Simulator.Simulator
      const id = yield* createList({ name: "blocked", kind: "ip", accountId: Api.otherAccountId })
      const notFound = { status: 404, body: Api.refusal(10001, "list not found") }
      assert.deepStrictEqual(yield* answer("GET", `${Api.lists}/${id}`), notFound)
      assert.deepInclude(yield* answer("GET", `/accounts/${Api.otherAccountId}/rules/lists/${id}`), { status: 200 })
    }).pipe(memory()))
})

const items = (id: string) => `${Api.lists}/${id}/items`

const from = (...hosts: ReadonlyArray<number>) =>
  hosts.map((host) => ({
    redirect: { source_url: `h${host}.example/a`, target_url: "https://example.net" }
  }))

describe("items", () => {
  const read = Effect.fnUntraced(function*() {
    const { state } = yield* Simulator.Simulator
    return (yield* state).lists[0]?.items ?? []
  })

  it.effect("keep id, place and created_on when they are appended again", () =>
    Effect.gen(function*() {
      const { createList } = yield* Simulator.Simulator
      const id = yield* createList({ name: "blocked", kind: "ip", items: [{ ip: "192.0.2.1" }, { ip: "192.0.2.2" }] })
      const [before] = yield* read()
      yield* TestClock.adjust("1 minute")
      yield* Api.write("POST", id, [{ ip: "192.0.2.1", comment: "again" }])
      const [after, ...others] = yield* read()
      assert.deepStrictEqual(after, { ...before, comment: "again", modified_on: "1970-01-01T00:01:00Z" })
      assert.strictEqual(others.length, 1)
    }).pipe(memory({ duration: 0 })))

  it.effect("are all new after a replacement", () =>
    Effect.gen(function*() {
      const { createList } = yield* Simulator.Simulator
      const id = yield* createList({ name: "blocked", kind: "ip", items: [{ ip: "192.0.2.1" }] })
      const [before] = yield* read()
      yield* Api.write("PUT", id, [{ ip: "192.0.2.1" }])
      const [after, ...others] = yield* read()
      assert.notStrictEqual(after?.["id"], before?.["id"])
      assert.strictEqual(others.length, 0)
    }).pipe(memory({ duration: 0 })))

  it.effect("that do not exist are deleted without an error", () =>
    Effect.gen(function*() {
      const { createList, state } = yield* Simulator.Simulator
      const id = yield* createList({ name: "blocked", kind: "ip", items: [{ ip: "192.0.2.1" }] })
      yield* Api.write("DELETE", id, { items: [{ id: "none" }] })
      assert.strictEqual((yield* read()).length, 1)
      assert.strictEqual((yield* state).operations[0]?.operation.status, "completed")
    }).pipe(memory({ duration: 0 })))

  it.effect("are listed and found in the form in which they are stored, ascending", () =>
    Effect.gen(function*() {
      const { createList } = yield* Simulator.Simulator
      const id = yield* createList({ name: "blocked", kind: "ip" })
      const written = ["2001:DB8::/32", "10.31.0.2/32", "192.0.2.77/24", "9.0.0.1", "192.0.2.0/25"]
      yield* Api.write("POST", id, written.map((ip) => ({ ip })))
      const ips = (query: string) =>
        Effect.map(Api.call("GET", `${items(id)}?${query}`), ({ body }) => JSON.stringify(body).match(/"ip":"[^"]*"/g))
      const stored = ["9.0.0.1", "10.31.0.2", "192.0.2.0/24", "192.0.2.0/25", "2001:db8::/32"]
      assert.deepStrictEqual(yield* ips(""), stored.map((ip) => `"ip":"${ip}"`))
      assert.deepStrictEqual(yield* ips("search=10.31.0.2"), [`"ip":"10.31.0.2"`])
      assert.isNull(yield* ips("search=10.31.0.2/32"))
    }).pipe(memory({ duration: 0 })))

  it.effect("are refused if 16 redirects of the account already have the same source path", () =>
    Effect.gen(function*() {
      const { createList } = yield* Simulator.Simulator
      const six = [1, 2, 3, 4, 5, 6]
      const one = yield* createList({ name: "one", kind: "redirect", items: from(...six) })
      const two = yield* createList({ name: "two", kind: "redirect", items: from(...six, 7, 8, 9, 10) })
      yield* createList({ name: "three", kind: "redirect", items: from(...six), accountId: Api.otherAccountId })
      const refused = {
        status: 400,
        body: Api.refusal(10059, "Maximum number of repeated URL source paths exceeded")
      }
      assert.deepStrictEqual(yield* answer("POST", items(one), { body: from(7) }), refused)
      assert.deepStrictEqual(yield* answer("PUT", items(one), { body: from(...six, 7) }), refused)
      assert.deepInclude(yield* answer("POST", items(one), { body: from(6) }), { status: 200 })
      assert.deepInclude(yield* answer("PUT", items(two), { body: from(11, 12, 13, 14, 15, 16, 17, 18, 19, 20) }), {
        status: 200
      })
    }).pipe(memory({ duration: 0 })))

  it.effect("may share a source path without limit if samePath is Infinity", () =>
    Effect.gen(function*() {
      const { createList } = yield* Simulator.Simulator
      const id = yield* createList({ name: "one", kind: "redirect" })
      const body = Array.from({ length: 20 }, (_, n) => ({
        redirect: { source_url: `h${n}.example`, target_url: "https://example.net" }
      }))
      assert.deepInclude(yield* answer("POST", items(id), { body }), { status: 200 })
    }).pipe(memory({ limits: { samePath: Infinity } })))

  it.effect("that are not redirects do not count towards the limit of source paths", () =>
    Effect.gen(function*() {
      const { createList } = yield* Simulator.Simulator
      const id = yield* createList({ name: "one", kind: "hostname" })
      const body = Array.from({ length: 20 }, (_, n) => ({ hostname: { url_hostname: `h${n}.example` } }))
      assert.deepInclude(yield* answer("POST", items(id), { body }), { status: 200 })
    }).pipe(memory()))

  it.effect("are returned one by one", () =>
    Effect.gen(function*() {
      const { createList } = yield* Simulator.Simulator
      const id = yield* createList({ name: "blocked", kind: "ip", items: [{ ip: "192.0.2.1", comment: "a note" }] })
      const [item] = yield* read()
      const itemId = yield* Schema.decodeUnknownEffect(Schema.String)(item?.["id"])
      const times = { created_on: "1970-01-01T00:00:00Z", modified_on: "1970-01-01T00:00:00Z" }
      assert.deepStrictEqual(
        yield* answer("GET", `${items(id)}/${itemId}`),
        { status: 200, body: Api.success({ id: itemId, ip: "192.0.2.1", comment: "a note", ...times }) }
      )
      const notFound = { status: 404, body: Api.refusal(10001, "list item not found") }
      assert.deepStrictEqual(yield* answer("GET", `${items(id)}/none`), notFound)
    }).pipe(memory()))

  it.effect("are refused in a wrong shape, and then start no operation", () =>
    Effect.gen(function*() {
      const { createList, state } = yield* Simulator.Simulator
      const id = yield* createList({ name: "blocked", kind: "ip" })
      const wrong = [
        answer("POST", items(id), { body: { items: [] } }),
        answer("PUT", items(id), { body: "192.0.2.1" }),
        answer("POST", items(id)),
        answer("DELETE", items(id), { body: [{ id: "none" }] }),
        answer("DELETE", items(id), { body: { items: [] } }),
        answer("DELETE", items(id), { body: {} })
      ]
      for (const request of wrong) assert.deepStrictEqual(yield* request, invalidJson)
      assert.deepStrictEqual((yield* state).operations, [])
    }).pipe(memory()))

  it.effect("of a list that does not exist cannot be read or written", () =>
    Effect.gen(function*() {
      const notFound = { status: 404, body: Api.refusal(10001, "list not found") }
      assert.deepStrictEqual(yield* answer("GET", items("none")), notFound)
      assert.deepStrictEqual(yield* answer("POST", items("none"), { body: [] }), notFound)
    }).pipe(memory()))
})

describe("operations", () => {
  it.effect("that do not exist, or belong to another account, are not found", () =>
    Effect.gen(function*() {
      const { startOperation } = yield* Simulator.Simulator
      const notFound = { status: 404, body: Api.refusal(10001, "operation not found") }
      assert.deepStrictEqual(yield* answer("GET", Api.operation("none")), notFound)
      const id = yield* startOperation({ accountId: Api.otherAccountId })
      assert.deepStrictEqual(yield* answer("GET", Api.operation(id)), notFound)
    }).pipe(memory()))
})

describe("an unknown path or method", () => {
  it.effect("is refused as Cloudflare refuses it", () =>
    Effect.gen(function*() {
      const path = "/accounts/an-account/rules"
      const message = `Could not route to /client/v4${path}, perhaps your object identifier is invalid?`
      assert.deepStrictEqual(yield* answer("GET", `${path}?a=b`), { status: 404, body: Api.refusal(7003, message) })
      assert.strictEqual(yield* Api.status("DELETE", Api.lists), 404)
    }).pipe(memory()))
})
