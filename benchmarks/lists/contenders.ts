/**
 * Who reads a list to its end, and what this library does with items in memory. Each process loads only what it needs.
 */
import { accountId, apiToken, type Contenders, type Make } from "../harness/contender.ts"

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

export const contenders: Contenders = {
  "ours on undici": ours("undici"),
  "ours on fetch": ours("fetch"),
  "cloudflare (official)": official,
  "check, normalize and encode 100,000 items": encode,
  "check 100,000 items and compare them with 100,000": compare
}
