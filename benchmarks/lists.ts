/**
 * Lists: what it costs to read a long list to its end, and to check, encode and compare many items in memory.
 *
 * A contender imports what it uses, so that its memory is its own.
 */
import { accountId, apiToken, type Contenders, type Make } from "./harness/contender.ts"
import { measure, once, startCounterpart } from "./harness/processes.ts"
import { type Benchmark, figure, middle, ratios, spread, table } from "./harness/report.ts"

// Everything was seen, or the figure means nothing.
const check = (seen: number, expected: number): void => {
  if (seen !== expected) throw new Error(`saw ${seen}, not ${expected}`)
}

// The package's own pagination, nothing checked.
const official: Make = async ({ baseUrl = "" }) => {
  const { default: Cloudflare } = await import("cloudflare")
  const { rules } = new Cloudflare({ apiToken, baseURL: baseUrl })
  return {
    run: async (count) => {
      let seen = 0
      const pages = rules.lists.items.list(String(count), { account_id: accountId, per_page: 500 })
      for await (const item of pages) if ("ip" in item) seen++
      check(seen, count)
    }
  }
}

// Every item checked, its kind told apart, its times left for whoever reads them.
const ours = (transport: "undici" | "fetch"): Make => async ({ baseUrl = "" }) => {
  const { BulkOperations, CloudflareApi, Credentials, RequestBudget } = await import("@bulk-operations/core")
  const { ListItems } = await import("@bulk-operations/lists")
  const { BulkOperationPoller } = await import("@bulk-operations/poll")
  const { Layer, ManagedRuntime, Redacted, Stream } = await import("effect")
  const { FetchHttpClient } = await import("effect/http")
  const client = transport === "fetch"
    ? FetchHttpClient.layer
    : (await import("@effect/platform-node/NodeHttpClient")).layerUndici
  const runtime = ManagedRuntime.make(
    ListItems.layer.pipe(
      Layer.provide(BulkOperationPoller.layer),
      Layer.provide(BulkOperations.layer),
      Layer.provide(CloudflareApi.layer({
        credentials: Credentials.apiToken(Redacted.make(apiToken)),
        accountId,
        baseUrl
      })),
      Layer.provide(client),
      Layer.provideMerge(RequestBudget.layer({ limit: Number.POSITIVE_INFINITY }))
    )
  )
  const items = await runtime.runPromise(ListItems.ListItems)
  return {
    run: async (count) => {
      const counted = items.stream(String(count)).pipe(
        Stream.runFold(() => 0, (seen, { kind }) => kind === "ip" ? seen + 1 : seen)
      )
      check(await runtime.runPromise(counted), count)
    }
  }
}

// What this library does with items in memory.
const inMemory = async () => {
  const { InvalidItems, ListItem } = await import("@bulk-operations/lists")
  const { Result } = await import("effect")
  const item = (n: number) =>
    ListItem.ip(
      n % 2 === 0
        ? `10.${n >>> 16}.${(n >>> 8) & 255}.${n & 255}`
        : `2001:db8:${(n >>> 16).toString(16)}::${(n & 0xffff).toString(16)}`,
      { comment: `seen scanning, report ${n}` }
    )
  const items = (from: number, count: number) => Array.from({ length: count }, (_, n) => item(from + n))
  return { items, checked: (from: number, count: number) => Result.getOrThrow(InvalidItems.check(items(from, count))) }
}

// As the body of a write is made.
const encode: Make = async () => {
  const { checked } = await inMemory()
  const { HttpClientRequest } = await import("effect/http")
  return {
    run: async (count) => {
      const items = checked(0, count).map((item) => (item.kind === "ip" ? { ip: item.ip, comment: item.comment } : {}))
      const { body } = HttpClientRequest.bodyJsonUnsafe(HttpClientRequest.post("/items"), items)
      check(body._tag === "Uint8Array" ? items.length : 0, count)
    }
  }
}

const compare: Make = async () => {
  const { checked, items } = await inMemory()
  const { SyncPlan } = await import("@bulk-operations/lists")
  return {
    run: async (count) => {
      const held = items(0, count).map((item, n) => ({ ...item, id: String(n) }))
      const { added, deleted } = SyncPlan.make(checked(count / 100, count), held)
      check(added.length + deleted.length, count / 50)
    }
  }
}

const oursName = "ours on undici"
const officialName = "cloudflare (official)"

const readers: Contenders = {
  [oursName]: ours("undici"),
  "ours on fetch": ours("fetch"),
  [officialName]: official
}

const works: Contenders = {
  "check, normalize and encode 100,000 items": encode,
  "check 100,000 items and compare them with 100,000": compare
}

export const contenders: Contenders = { ...readers, ...works }

const entry = (name: string, setup: Readonly<Record<string, string>> = {}) => ({
  module: import.meta.filename,
  name,
  setup
})

const read = async (quick: boolean) => {
  const { origin, stop } = await startCounterpart()
  const entries = Object.keys(readers).map((name) => entry(name, { baseUrl: `${origin}/client/v4` }))
  const order = { count: quick ? 25_000 : 100_000, concurrency: 1 }
  const measured = await measure(entries, { warmUp: order, order, rounds: quick ? 3 : 5 })
  const long = { count: quick ? 100_000 : 1_000_000, concurrency: 1 }
  const memory = new Map<string, number>()
  for (const entry of entries) memory.set(entry.name, (await once(entry, long)).memory)
  stop()
  return measured.map((one) => ({ ...one, memory: memory.get(one.name) ?? Number.NaN }))
}

const work = async () => {
  const worked = []
  for (const name of Object.keys(works)) {
    worked.push({ name, ...await once(entry(name), { count: 100_000, concurrency: 1 }) })
  }
  return worked.map(({ memory, name, wall }) => ({ name, memory, seconds: wall / 1e6 }))
}

export const run: Benchmark = async ({ quick }) => {
  const reads = await read(quick)
  const worked = await work()
  const of = (name: string) => reads.find((one) => one.name === name) ?? { cpu: [], memory: Number.NaN }
  return {
    markdown: [
      table(
        ["reading a list, 500 a page", "CPU µs per item", "× official", "items per second", "peak MiB"],
        reads.map(({ cpu, memory, name, wall }) => [
          name,
          spread(cpu),
          spread(ratios(cpu, of(officialName).cpu)),
          figure(1e6 / middle(wall)),
          figure(memory)
        ])
      ),
      table(
        ["in memory", "seconds", "peak MiB"],
        worked.map(({ memory, name, seconds }) => [name, figure(seconds), figure(memory)])
      )
    ].join("\n\n"),
    limits: [
      {
        what: "CPU of ours on undici, times the official package",
        measured: middle(ratios(of(oursName).cpu, of(officialName).cpu)),
        limit: 1.2
      },
      {
        what: "peak memory of ours on undici, times the official package's",
        measured: of(oursName).memory / of(officialName).memory,
        limit: 1.5
      },
      ...worked.flatMap(({ memory, name, seconds }) => [
        { what: `seconds to ${name}`, measured: seconds, limit: 5 },
        { what: `MiB to ${name}`, measured: memory, limit: 512 }
      ])
    ]
  }
}
