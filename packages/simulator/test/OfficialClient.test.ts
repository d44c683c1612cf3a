import { Fault, OperationPlan, Simulator } from "@bulk-operations/simulator"
import { SimulatorServer } from "@bulk-operations/simulator/node"
import { assert, describe, it } from "@effect/vitest"
import Cloudflare from "cloudflare"
import { Effect, Option, Stream } from "effect"

const account_id = Simulator.accountId

const official = Effect.fnUntraced(
  function*(options: { readonly maxRetries?: number; readonly timeout?: number } = {}) {
    const { baseUrl } = yield* Simulator.Simulator
    const { rules } = new Cloudflare({ apiToken: "a-token", baseURL: baseUrl, ...options })
    return rules.lists
  }
)

const ask = <A>(f: () => PromiseLike<A>) => Effect.promise(() => Promise.resolve(f()))

const refusal = (f: () => PromiseLike<unknown>) =>
  Effect.promise(() =>
    Promise.resolve(f()).then(
      () => assert.fail("the request was not refused"),
      (error: unknown) => error instanceof Cloudflare.APIError ? error : assert.fail(String(error))
    )
  )

const collect = <A>(pages: () => AsyncIterable<A>) =>
  Stream.runCollect(Stream.suspend(() => Stream.fromAsyncIterable(pages(), (cause) => cause)))

const addresses = (items: ReadonlyArray<object>) => items.map((item) => "ip" in item && item.ip)

const instant = SimulatorServer.layer({ duration: 0 })

describe("the official client on lists", () => {
  it.live("creates, gets, lists, updates and deletes a list", () =>
    Effect.gen(function*() {
      const lists = yield* official()
      const created = yield* ask(() => lists.create({ account_id, kind: "ip", name: "blocked", description: "a note" }))
      assert.deepInclude(created, { kind: "ip", name: "blocked", description: "a note", num_items: 0 })
      assert.deepStrictEqual(yield* ask(() => lists.get(created.id, { account_id })), created)
      assert.deepStrictEqual(yield* collect(() => lists.list({ account_id })), [created])
      const updated = yield* ask(() => lists.update(created.id, { account_id, description: "another note" }))
      assert.strictEqual(updated.description, "another note")
      assert.deepStrictEqual(yield* ask(() => lists.delete(created.id, { account_id })), { id: created.id })
      assert.deepStrictEqual(yield* collect(() => lists.list({ account_id })), [])
    }).pipe(Effect.provide(instant)))

  it.live("fails with NotFoundError for a missing list", () =>
    Effect.gen(function*() {
      const lists = yield* official()
      const error = yield* refusal(() => lists.get("2c0fc9fa937b11eaa1b71c4d701ab86e", { account_id }))
      assert.instanceOf(error, Cloudflare.NotFoundError)
      assert.deepStrictEqual(error.errors.map(({ code }) => code), [10001])
    }).pipe(Effect.provide(instant)))

  it.live("fails with BadRequestError for a taken name and for a list in use", () =>
    Effect.gen(function*() {
      const lists = yield* official()
      const { createList } = yield* Simulator.Simulator
      const id = yield* createList({ name: "blocked", kind: "ip", references: 1 })
      const taken = yield* refusal(() => lists.create({ account_id, kind: "asn", name: "blocked" }))
      assert.instanceOf(taken, Cloudflare.BadRequestError)
      assert.deepStrictEqual(taken.errors.map(({ code }) => code), [10021])
      const inUse = yield* refusal(() => lists.delete(id, { account_id }))
      assert.deepStrictEqual(inUse.errors, [{ code: 10031, message: "filters.api.ip_list_in_use" }])
    }).pipe(Effect.provide(instant)))
})

describe("the official client on items", () => {
  it.live("appends, updates, replaces and deletes items", () =>
    Effect.gen(function*() {
      const lists = yield* official()
      const { id } = yield* ask(() => lists.create({ account_id, kind: "ip", name: "blocked" }))
      const items = collect(() => lists.items.list(id, { account_id }))
      yield* ask(() => lists.items.create(id, { account_id, body: [{ ip: "192.0.2.1" }, { ip: "192.0.2.2" }] }))
      yield* ask(() => lists.items.create(id, { account_id, body: [{ ip: "192.0.2.2", comment: "a scanner" }] }))
      const [first, second] = yield* items
      assert.deepInclude(first, { ip: "192.0.2.1" })
      assert.deepInclude(second, { ip: "192.0.2.2", comment: "a scanner" })
      const itemId = first?.id ?? ""
      assert.deepStrictEqual(yield* ask(() => lists.items.get(itemId, { account_id, list_id: id })), first)
      yield* ask(() => lists.items.delete(id, { account_id, items: [{ id: itemId }] }))
      assert.deepStrictEqual(yield* collect(() => lists.items.list(id, { account_id })), [second])
      yield* ask(() => lists.items.update(id, { account_id, body: [{ ip: "2001:db8::/32" }] }))
      const replaced = yield* collect(() => lists.items.list(id, { account_id }))
      assert.deepStrictEqual(addresses(replaced), ["2001:db8::/32"])
    }).pipe(Effect.provide(instant)))

  it.live("writes and reads items of all four kinds", () =>
    Effect.gen(function*() {
      const lists = yield* official()
      const redirect = { source_url: "example.com/old", target_url: "https://example.com/new" }
      const defaults = {
        include_subdomains: false,
        preserve_path_suffix: false,
        preserve_query_string: false,
        status_code: 301,
        subpath_matching: false
      }
      const hostname = { url_hostname: "*.example.com", exclude_exact_hostname: true }
      const written = [
        { kind: "ip", item: { ip: "192.0.2.0/24", comment: "an address" } },
        { kind: "asn", item: { asn: 64_496, comment: "a network" } },
        { kind: "hostname", item: { hostname } },
        { kind: "redirect", item: { redirect }, read: { redirect: { ...defaults, ...redirect } } }
      ] as const
      for (const { kind, item, ...rest } of written) {
        const { id } = yield* ask(() => lists.create({ account_id, kind, name: kind }))
        yield* ask(() => lists.items.create(id, { account_id, body: [item] }))
        const [read] = yield* collect(() => lists.items.list(id, { account_id }))
        assert.deepInclude({ ...read }, "read" in rest ? rest.read : item)
      }
    }).pipe(Effect.provide(instant)))

  it.live("reads page after page by the cursor, and searches", () =>
    Effect.gen(function*() {
      const { createList, requests } = yield* Simulator.Simulator
      const lists = yield* official()
      const ips = Array.from({ length: 55 }, (_, n) => `192.0.2.${n}`)
      const id = yield* createList({ name: "blocked", kind: "ip", items: ips.map((ip) => ({ ip })) })
      assert.deepStrictEqual(addresses(yield* collect(() => lists.items.list(id, { account_id }))), ips)
      assert.strictEqual((yield* requests).length, 3)
      assert.deepStrictEqual(addresses(yield* collect(() => lists.items.list(id, { account_id, per_page: 20 }))), ips)
      assert.strictEqual((yield* requests).length, 6)
      const found = yield* collect(() => lists.items.list(id, { account_id, per_page: 4, search: "192.0.2.1" }))
      assert.deepStrictEqual(addresses(found), ips.filter((ip) => ip.startsWith("192.0.2.1")))
    }).pipe(Effect.provide(instant)))

  it.live("fails with BadRequestError for invalid items, which says why", () =>
    Effect.gen(function*() {
      const lists = yield* official()
      const { id } = yield* ask(() => lists.create({ account_id, kind: "ip", name: "blocked" }))
      const write = (body: Cloudflare.Rules.Lists.ItemCreateParams["body"]) =>
        Effect.map(refusal(() => lists.items.create(id, { account_id, body })), (error) => {
          assert.instanceOf(error, Cloudflare.BadRequestError)
          return error.errors
        })
      assert.deepStrictEqual(yield* write([{ ip: "192.0.2.1" }, { ip: "192.0.2.1/32" }]), [{
        code: 10028,
        message: "192.0.2.1 is not a valid value for ip because filters.api.duplicate_item_value"
      }])
      assert.deepStrictEqual(yield* write([{ asn: 64_496 }]), [{
        code: 10058,
        message: "List items incompatible with list type"
      }])
      assert.deepStrictEqual(yield* write([{ ip: "192.0.2.1" }, { ip: "127.0.0.257" }]), [{
        code: 10035,
        message: "invalid value for ip at position 1: filters.api.not an IP address or CIDR"
      }])
      const page = yield* refusal(() => lists.items.list(id, { account_id, per_page: 501 }))
      assert.deepStrictEqual(page.errors, [{ code: 10027, message: "invalid or expired cursor" }])
    }).pipe(Effect.provide(instant)))

  it.live("cannot delete items without naming any, although its types allow it", () =>
    Effect.gen(function*() {
      const lists = yield* official()
      const { id } = yield* ask(() => lists.create({ account_id, kind: "ip", name: "blocked" }))
      const error = yield* refusal(() => lists.items.delete(id, { account_id }))
      assert.deepStrictEqual(error.errors, [{ code: 10026, message: "filters.api.invalid_json" }])
    }).pipe(Effect.provide(instant)))
})

describe("the official client on bulk operations", () => {
  it.live("gets operations in each of their states", () =>
    Effect.gen(function*() {
      const { begin, complete, fail, startOperation } = yield* Simulator.Simulator
      const lists = yield* official()
      const id = yield* startOperation({ pendingFor: "Infinity" })
      const get = ask(() => lists.bulkOperations.get(id, { account_id }))
      assert.deepStrictEqual(yield* get, { id, status: "pending" })
      yield* begin(id)
      assert.deepStrictEqual(yield* get, { id, status: "running" })
      yield* complete(id)
      const completed = yield* get
      assert.deepInclude(completed, { id, status: "completed" })
      assert.match("completed" in completed ? completed.completed : "", /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/)
      const other = yield* startOperation()
      yield* fail(other, "list is full")
      const failed = yield* ask(() => lists.bulkOperations.get(other, { account_id }))
      assert.deepInclude(failed, { id: other, status: "failed", error: "list is full" })
    }).pipe(Effect.provide(SimulatorServer.layer({ duration: "Infinity" }))))

  it.live("reads unchanged items until the operation ends, and afterwards if it failed", () =>
    Effect.gen(function*() {
      const { complete, createList, planNext, state } = yield* Simulator.Simulator
      const lists = yield* official()
      const id = yield* createList({ name: "blocked", kind: "ip", items: [{ ip: "192.0.2.1" }] })
      const body = [{ ip: "192.0.2.2" }]
      const items = collect(() => lists.items.list(id, { account_id }))
      const before = yield* items
      const { operation_id } = yield* ask(() => lists.items.create(id, { account_id, body }))
      assert.deepStrictEqual(yield* items, before)
      yield* complete(operation_id)
      const after = yield* items
      assert.strictEqual(after.length, 2)
      yield* planNext({ duration: 0, outcome: OperationPlan.failed("list is full") })
      yield* ask(() => lists.items.update(id, { account_id, body: [] }))
      assert.deepStrictEqual((yield* state).operations.map(({ operation }) => operation.status), [
        "completed",
        "failed"
      ])
      assert.deepStrictEqual(yield* items, after)
    }).pipe(Effect.provide(SimulatorServer.layer({ duration: "Infinity" }))))

  it.live("fails with RateLimitError while an operation is pending", () =>
    Effect.gen(function*() {
      const { createList, startOperation } = yield* Simulator.Simulator
      const lists = yield* official({ maxRetries: 0 })
      const id = yield* createList({ name: "blocked", kind: "ip" })
      yield* startOperation()
      const error = yield* refusal(() => lists.items.update(id, { account_id, body: [] }))
      assert.instanceOf(error, Cloudflare.RateLimitError)
      const message = "you have been ratelimited please wait and try again"
      assert.deepStrictEqual(error.errors, [{ code: 10040, message }])
    }).pipe(Effect.provide(SimulatorServer.layer())))
})

describe("the official client on failures", () => {
  const get = Effect.gen(function*() {
    const id = yield* (yield* Simulator.Simulator).startOperation()
    const lists = yield* official()
    const operation = yield* ask(() => lists.bulkOperations.get(id, { account_id }))
    return operation.status
  })

  it.live("retries after 429 once Retry-After has passed", () =>
    Effect.gen(function*() {
      const { inject, requests } = yield* Simulator.Simulator
      yield* inject(Fault.rateLimited({ retryAfter: "1 second" }), { times: 1 })
      assert.strictEqual(yield* get, "completed")
      const [first, second, ...others] = yield* requests
      assert.deepStrictEqual(others, [])
      const apart = Number(second?.receivedAt.epochMilliseconds) - Number(first?.receivedAt.epochMilliseconds)
      assert.isAtLeast(apart, 950)
    }).pipe(Effect.provide(instant)))

  for (const fault of [Fault.htmlError(502), Fault.htmlError(520), Fault.reset("before"), Fault.rateLimited()]) {
    it.live(`retries after ${JSON.stringify(fault)}`, () =>
      Effect.gen(function*() {
        const { inject, requests } = yield* Simulator.Simulator
        yield* inject(fault, { times: 1 })
        assert.strictEqual(yield* get, "completed")
        assert.strictEqual((yield* requests).length, 2)
      }).pipe(Effect.provide(instant)))
  }

  it.live("fails with InternalServerError for an HTML page, and includes the page", () =>
    Effect.gen(function*() {
      const { inject } = yield* Simulator.Simulator
      yield* inject(Fault.htmlError(503))
      const lists = yield* official({ maxRetries: 0 })
      const error = yield* refusal(() => lists.list({ account_id }))
      assert.instanceOf(error, Cloudflare.InternalServerError)
      assert.strictEqual(error.status, 503)
      assert.include(error.message, "<title>api.cloudflare.com | 503: Service temporarily unavailable</title>")
    }).pipe(Effect.provide(instant)))

  it.live("fails with APIConnectionTimeoutError if no answer comes", () =>
    Effect.gen(function*() {
      yield* (yield* Simulator.Simulator).inject(Fault.stall())
      const lists = yield* official({ maxRetries: 0, timeout: 50 })
      const error = yield* refusal(() => lists.list({ account_id }))
      assert.instanceOf(error, Cloudflare.APIConnectionTimeoutError)
    }).pipe(Effect.provide(instant)))

  it.live("hangs on a body that stalls, in spite of its timeout", () =>
    Effect.gen(function*() {
      yield* (yield* Simulator.Simulator).inject(Fault.stall({ at: "in" }))
      // Time enough for the head of the answer, on a busy machine too.
      const lists = yield* official({ maxRetries: 0, timeout: 500 })
      const list = ask(() => lists.list({ account_id }))
      assert.deepStrictEqual(yield* Effect.timeoutOption(list, "700 millis"), Option.none())
    }).pipe(Effect.provide(instant)))

  it.live("retries a write that was refused because an operation is pending", () =>
    Effect.gen(function*() {
      const { createList, startOperation, state } = yield* Simulator.Simulator
      const lists = yield* official()
      const id = yield* createList({ name: "blocked", kind: "ip" })
      yield* startOperation({ duration: "200 millis" })
      yield* ask(() => lists.items.update(id, { account_id, body: [{ ip: "192.0.2.1" }] }))
      assert.strictEqual((yield* state).lists[0]?.items.length, 1)
    }).pipe(Effect.provide(instant)))

  it.live("fails with AuthenticationError for an unknown token, and with PermissionDeniedError for 403", () =>
    Effect.gen(function*() {
      const { baseUrl } = yield* Simulator.Simulator
      const list = (apiToken: string) =>
        refusal(() => new Cloudflare({ apiToken, baseURL: baseUrl }).rules.lists.list({ account_id }))
      const unknown = yield* list("another-token")
      assert.instanceOf(unknown, Cloudflare.AuthenticationError)
      assert.deepStrictEqual(unknown.errors, [{ code: 10000, message: "Authentication error" }])
      yield* (yield* Simulator.Simulator).inject(Fault.forbidden)
      const forbidden = yield* list("the-token")
      assert.instanceOf(forbidden, Cloudflare.PermissionDeniedError)
      assert.deepStrictEqual(forbidden.errors, [{ code: 10000, message: "Authentication error" }])
    }).pipe(Effect.provide(SimulatorServer.layer({ credentials: [{ token: "the-token" }] }))))

  it.live("authenticates with an email address and a key", () =>
    Effect.gen(function*() {
      const { baseUrl } = yield* Simulator.Simulator
      const client = (apiKey: string) =>
        new Cloudflare({ apiEmail: "user@example.com", apiKey, apiToken: null, baseURL: baseUrl }).rules.lists
      assert.deepStrictEqual(yield* collect(() => client("the-key").list({ account_id })), [])
      const error = yield* refusal(() => client("another-key").list({ account_id }))
      assert.instanceOf(error, Cloudflare.AuthenticationError)
    }).pipe(Effect.provide(SimulatorServer.layer({ credentials: [{ email: "user@example.com", key: "the-key" }] }))))
})
