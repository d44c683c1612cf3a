import { Simulator } from "@bulk-operations/simulator"
import { SimulatorServer } from "@bulk-operations/simulator/node"
import { assert, describe, it } from "@effect/vitest"
import Cloudflare from "cloudflare"
import { Effect, type Schema, Stream } from "effect"

// What users of Cloudflare's Terraform provider reported about Lists happens here as well, to clients as wrong as theirs.
const account_id = Simulator.accountId

const official = Effect.map(
  Simulator.Simulator,
  ({ baseUrl }) => new Cloudflare({ apiToken: "a-token", baseURL: baseUrl }).rules.lists
)

type Written = Cloudflare.Rules.Lists.ItemCreateParams["body"][number]

const read = (listId: string) =>
  Effect.flatMap(
    official,
    (lists) => Stream.runCollect(Stream.fromAsyncIterable(lists.items.list(listId, { account_id }), (cause) => cause))
  )

/** What an item says, without what the API added to it. */
const said = (item: object): Schema.Json => {
  const { created_on: _, id: __, modified_on: ___, ...rest } = { created_on: "", id: "", modified_on: "", ...item }
  return JSON.parse(JSON.stringify(rest))
}

/** Makes the list equal to the wanted items, as such a provider does, and returns whether it had to change. */
const apply = Effect.fnUntraced(function*(listId: string, wanted: ReadonlyArray<Written>) {
  const there = (yield* read(listId)).map(said)
  if (JSON.stringify(there) === JSON.stringify(wanted)) return "no changes"
  const lists = yield* official
  yield* Effect.promise(() => lists.items.update(listId, { account_id, body: [...wanted] }))
  return "changed"
})

const flags = {
  include_subdomains: false,
  preserve_path_suffix: false,
  preserve_query_string: false,
  status_code: 301,
  subpath_matching: false
} as const

const target_url = "https://example.net/new"

const cases: ReadonlyArray<{
  readonly issue: string
  readonly kind: Simulator.Kind
  readonly wrong: ReadonlyArray<Written>
  readonly right: ReadonlyArray<Written>
}> = [
  {
    issue: "an address with /32 (#6242)",
    kind: "ip",
    wrong: [{ ip: "10.31.0.2/32" }],
    right: [{ ip: "10.31.0.2" }]
  },
  {
    issue: "IPv6 in another form (#6244)",
    kind: "ip",
    wrong: [{ ip: "2001:0DB8::1" }],
    right: [{ ip: "2001:db8::1" }]
  },
  {
    issue: "a network with bits of a host",
    kind: "ip",
    wrong: [{ ip: "192.0.2.5/24" }],
    right: [{ ip: "192.0.2.0/24" }]
  },
  {
    issue: "addresses in another order",
    kind: "ip",
    wrong: [{ ip: "192.0.2.10" }, { ip: "192.0.2.9" }],
    right: [{ ip: "192.0.2.9" }, { ip: "192.0.2.10" }]
  },
  {
    issue: "a source without a path (#2538)",
    kind: "redirect",
    wrong: [{ redirect: { ...flags, source_url: "example.com", target_url } }],
    right: [{ redirect: { ...flags, source_url: "example.com/", target_url } }]
  },
  {
    issue: "a redirect without its flags",
    kind: "redirect",
    wrong: [{ redirect: { source_url: "example.com/", target_url } }],
    right: [{ redirect: { ...flags, source_url: "example.com/", target_url } }]
  },
  {
    issue: "a wildcard without exclude_exact_hostname",
    kind: "hostname",
    wrong: [{ hostname: { url_hostname: "*.example.com" } }],
    right: [{ hostname: { url_hostname: "*.example.com", exclude_exact_hostname: true } }]
  }
]

describe("a client that compares the items it wrote with those it reads", () => {
  for (const { issue, kind, right, wrong } of cases) {
    it.live(`writes again on every run with ${issue}, but not with the stored form`, () =>
      Effect.gen(function*() {
        const { createList } = yield* Simulator.Simulator
        const id = yield* createList({ name: "applied", kind })
        const runs = (wanted: ReadonlyArray<Written>) => Effect.forEach([1, 2, 3], () => apply(id, wanted))
        assert.deepStrictEqual(yield* runs(wrong), ["changed", "changed", "changed"])
        assert.deepStrictEqual((yield* runs(right)).slice(1), ["no changes", "no changes"])
      }).pipe(Effect.provide(SimulatorServer.layer({ duration: 0 }))))
  }

  it.live("cannot find an item by the form it wrote, and finds another one too (#6242, #3359)", () =>
    Effect.gen(function*() {
      const { createList } = yield* Simulator.Simulator
      const lists = yield* official
      const id = yield* createList({ name: "applied", kind: "ip", items: [{ ip: "10.31.0.20" }] })
      yield* Effect.promise(() => lists.items.create(id, { account_id, body: [{ ip: "10.31.0.2/32" }] }))
      const found = (search: string) =>
        Effect.promise(async () => (await lists.items.list(id, { account_id, search })).result.map(said))
      assert.deepStrictEqual(yield* found("10.31.0.2/32"), [])
      assert.deepStrictEqual(yield* found("10.31.0.2"), [{ ip: "10.31.0.2" }, { ip: "10.31.0.20" }])
    }).pipe(Effect.provide(SimulatorServer.layer({ duration: 0 }))))
})
