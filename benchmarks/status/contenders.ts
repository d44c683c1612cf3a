/**
 * Who gets a status: what one would use instead, what is under it, and this library.
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
} from "../harness/contender.ts"

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
const unchecked: Make = async ({ baseUrl = "" }) => {
  const runtime = ManagedRuntime.make(NodeHttpClient.layerUndici)
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
export const officialName = "cloudflare (official)"
export const oursName = (transport: string, tracing: string) => `ours on ${transport}, tracing ${tracing}`

export const contenders: Contenders = {
  [floorName]: undici,
  "Effect's HttpClient on undici, nothing checked": unchecked,
  [officialName]: official,
  [oursName("undici", "off")]: ours(NodeHttpClient.layerUndici, false),
  [oursName("undici", "on")]: ours(NodeHttpClient.layerUndici, true),
  [oursName("fetch", "off")]: ours(FetchHttpClient.layer, false),
  [oursName("fetch", "on")]: ours(FetchHttpClient.layer, true)
}
