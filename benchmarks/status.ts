/**
 * One status get: what asking Cloudflare once costs with what one would use instead, with what is under it, and with this
 * library, against a server in a process of its own.
 */
import { BulkOperations, CloudflareApi, Credentials } from "@bulk-operations/core"
import * as NodeHttpClient from "@effect/platform-node/NodeHttpClient"
import Cloudflare from "cloudflare"
import { Effect, Layer, ManagedRuntime, Redacted, References } from "effect"
import { FetchHttpClient, HttpClient, HttpClientRequest } from "effect/http"
import { request } from "undici"
import {
  accountId,
  apiToken,
  type Contenders,
  type Make,
  ofEffect,
  ofPromise,
  operationId
} from "./harness/contender.ts"
import { measure, type Measured, startCounterpart } from "./harness/processes.ts"
import { type Benchmark, figure, type Limit, middle, ratios, spread, table } from "./harness/report.ts"

const headers = { authorization: `Bearer ${apiToken}` }

const urlAt = (baseUrl: string) => `${baseUrl}/accounts/${accountId}/rules/lists/bulk_operations/${operationId}`

// Every contender has to come as far as this: the answer, parsed, about this operation, under way.
const check = (operation: { readonly id: string; readonly status: string } | undefined): void => {
  if (operation?.id !== operationId || operation.status !== "running") throw new Error("a wrong answer")
}

const undici: Make = ({ baseUrl = "" }) => {
  const url = urlAt(baseUrl)
  return ofPromise(async () => {
    const { body } = await request(url, { headers })
    check(JSON.parse(await body.text()).result)
  })
}

// The least one can do with Effect's `HttpClient`, without tracing. What it costs above the floor is Effect's own share.
const unchecked = (transport: Layer.Layer<HttpClient.HttpClient>): Make => async ({ baseUrl = "" }) => {
  const runtime = ManagedRuntime.make(transport)
  const client = await runtime.runPromise(HttpClient.HttpClient)
  const get = client.execute(HttpClientRequest.get(urlAt(baseUrl), { headers })).pipe(
    Effect.flatMap((response) => response.text),
    Effect.map((text) => check(JSON.parse(text).result)),
    Effect.provideService(References.TracerEnabled, false),
    Effect.provideService(HttpClient.TracerDisabledWhen, () => true)
  )
  return ofEffect(runtime, () => get)
}

const official: Make = ({ baseUrl = "" }) => {
  const client = new Cloudflare({ apiToken, baseURL: baseUrl })
  return ofPromise(async () => {
    check(await client.rules.lists.bulkOperations.get(operationId, { account_id: accountId }))
  })
}

const ours = (transport: Layer.Layer<HttpClient.HttpClient>, tracing: boolean): Make => async ({ baseUrl = "" }) => {
  const runtime = ManagedRuntime.make(
    BulkOperations.layer.pipe(
      Layer.provide(CloudflareApi.layer({
        credentials: Credentials.apiToken(Redacted.make(apiToken)),
        accountId,
        baseUrl
      })),
      Layer.provide(transport),
      Layer.merge(Layer.succeed(References.TracerEnabled, tracing))
    )
  )
  const operations = await runtime.runPromise(BulkOperations.BulkOperations)
  return ofEffect(runtime, () => Effect.map(operations.get(operationId), check))
}

export const floorName = "undici.request + JSON.parse"
const officialName = "cloudflare (official)"
const oursName = (transport: string, tracing: string) => `ours on ${transport}, tracing ${tracing}`

export const contenders: Contenders = {
  [floorName]: undici,
  "Effect's HttpClient on undici, nothing checked": unchecked(NodeHttpClient.layerUndici),
  "Effect's HttpClient on fetch, nothing checked": unchecked(FetchHttpClient.layer),
  [officialName]: official,
  [oursName("undici", "off")]: ours(NodeHttpClient.layerUndici, false),
  [oursName("undici", "on")]: ours(NodeHttpClient.layerUndici, true),
  [oursName("fetch", "off")]: ours(FetchHttpClient.layer, false),
  [oursName("fetch", "on")]: ours(FetchHttpClient.layer, true)
}

const cpuOf = (name: string, measured: ReadonlyArray<Measured>): ReadonlyArray<number> =>
  measured.find((contender) => contender.name === name)?.cpu ?? []

const section = (title: string, measured: ReadonlyArray<Measured>) => {
  const rows = measured.map(({ cpu, name, wall }) => [
    name,
    spread(cpu),
    spread(ratios(cpu, cpuOf(floorName, measured))),
    spread(ratios(cpu, cpuOf(officialName, measured))),
    figure(middle(wall))
  ])
  return [`### ${title}`, table(["per get", "CPU µs", "× undici.request", "× official", "wall µs"], rows)]
}

// Cloudflare allows four requests a second: it is enough to cost about what one would use instead, and little more where
// each request is traced, which the official package does not do. README.md says why the aims are not reached.
const limitsOf = (answers: "sized" | "chunked", measured: ReadonlyArray<Measured>): ReadonlyArray<Limit> => {
  const timesOfficial = (transport: string, tracing: string, limit: number, aim = limit): Limit => ({
    what: `${oursName(transport, tracing)}, times ${officialName}, ${answers}`,
    measured: middle(ratios(cpuOf(oursName(transport, tracing), measured), cpuOf(officialName, measured))),
    limit,
    ...(aim < limit && { aim })
  })
  const sized = answers === "sized"
  return [
    timesOfficial("undici", "off", sized ? 1 : 1.25, 1),
    timesOfficial("fetch", "off", 1.5, 1),
    timesOfficial("undici", "on", sized ? 1.25 : 1.35, 1.25),
    timesOfficial("fetch", "on", 1.75)
  ]
}

const measureAt = (baseUrl: string, quick: boolean) => {
  const entries = Object.keys(contenders).map((name) => ({ module: import.meta.filename, name, setup: { baseUrl } }))
  return measure(entries, {
    warmUp: { count: quick ? 2500 : 15_000, concurrency: 50 },
    order: { count: quick ? 400 : 1500, concurrency: 50 },
    rounds: quick ? 5 : 15
  })
}

export const run: Benchmark = async ({ quick }) => {
  const { origin, stop } = await startCounterpart()
  const sized = await measureAt(`${origin}/client/v4`, quick)
  const chunked = quick ? [] : await measureAt(`${origin}/chunked/client/v4`, quick)
  stop()
  return {
    markdown: [
      ...section("Answers with a content-length (sized)", sized),
      ...section("Answers without a content-length (chunked)", chunked),
      "### Limits"
    ].join("\n\n"),
    limits: [...limitsOf("sized", sized), ...(quick ? [] : limitsOf("chunked", chunked))]
  }
}
