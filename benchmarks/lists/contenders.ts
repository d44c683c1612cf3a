/**
 * Who reads a list to its end, and what this library does with items in memory. Each process loads only what it needs.
 */
import type { Make } from "../harness/contender.ts"

const accountId = "023e105f4ecef8ad9ca31a8372d0c353"
const apiToken = "v1.0-e24fd090c02efcfecb4de8f4ff246fd5c75b48946fdf0ce26c59f91d0d90797b"

// Everything was seen, or the figure means nothing.
const check = (seen: number, expected: number): void => {
  if (seen !== expected) throw new Error(`saw ${seen}, not ${expected}`)
}

interface Page {
  readonly result: ReadonlyArray<object>
  readonly result_info: { readonly cursors: { readonly after?: string } }
}

// The floor: page after page, nothing checked.
const undici: Make = async ({ baseUrl = "" }) => {
  const { request } = await import("undici")
  const headers = { authorization: `Bearer ${apiToken}` }
  return {
    run: async (count) => {
      const url = `${baseUrl}/accounts/${accountId}/rules/lists/${count}/items?per_page=500`
      let seen = 0
      for (let after: string | undefined = ""; after !== undefined;) {
        const { body } = await request(after === "" ? url : `${url}&cursor=${after}`, { headers })
        const page: Page = JSON.parse(await body.text())
        for (const item of page.result) if ("ip" in item) seen++
        after = page.result_info.cursors.after
      }
      check(seen, count)
    }
  }
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
const ours: Make = async ({ baseUrl = "", transport }) => {
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
      const sum = Stream.runFold(
        items.stream(String(count)),
        () => 0,
        (seen, item) => seen + (item.kind === "ip" ? 1 : 0)
      )
      check(await runtime.runPromise(sum), count)
    }
  }
}

const inMemory: Make = async ({ work }) => {
  const { InvalidItems, ListItem, SyncPlan } = await import("@bulk-operations/lists")
  const { Result } = await import("effect")
  const { HttpClientRequest } = await import("effect/http")
  const item = (n: number) =>
    ListItem.ip(
      n % 2 === 0
        ? `10.${n >>> 16}.${(n >>> 8) & 255}.${n & 255}`
        : `2001:db8:${(n >>> 16).toString(16)}::${(n & 0xffff).toString(16)}`,
      { comment: `seen scanning, report ${n}` }
    )
  const items = (from: number, count: number) => Array.from({ length: count }, (_, n) => item(from + n))
  // As the body of a write is made.
  const encode = (count: number) => {
    const checked = Result.getOrThrow(InvalidItems.check(items(0, count)))
    const { body } = HttpClientRequest.bodyJsonUnsafe(
      HttpClientRequest.post("/items"),
      checked.map((item) => (item.kind === "ip" ? { ip: item.ip, comment: item.comment } : {}))
    )
    check(body._tag === "Uint8Array" ? 1 : 0, 1)
  }
  const compare = (count: number) => {
    const held = items(0, count).map((item, n) => ({ ...item, id: String(n) }))
    const { added, deleted } = SyncPlan.make(Result.getOrThrow(InvalidItems.check(items(count / 100, count))), held)
    check(added.length + deleted.length, count / 50)
  }
  const works = work === "encode" ? encode : compare
  return { run: (count) => Promise.resolve(works(count)) }
}

const contenders: Readonly<Record<string, Make>> = { undici, official, ours, inMemory }

export const make: Make = (setup) => {
  const contender = contenders[setup["contender"] ?? ""]
  if (contender === undefined) throw new Error(`there is no ${setup["contender"]}`)
  return contender(setup)
}
