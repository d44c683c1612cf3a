/**
 * Waits in a Cloudflare Workflow: for as long as it takes, through deployments and restarts, without a running Worker.
 *
 * In wrangler.jsonc:
 *
 *     "workflows": [{ "name": "waits", "binding": "WAITS", "class_name": "WaitForOperation" }]
 */
import { BulkOperations, CloudflareApi } from "@bulk-operations/core"
import { WorkflowWait } from "@bulk-operations/durable/cloudflare"
import { PollOptions } from "@bulk-operations/poll"
import type { Workflow } from "@cloudflare/workers-types/index.ts"
import { WorkflowEntrypoint, type WorkflowEvent, type WorkflowStep } from "cloudflare:workers"
import { ConfigProvider, DateTime, Effect, Layer, Predicate, Record } from "effect"
import { FetchHttpClient } from "effect/http"

interface Params {
  readonly operationId: string
  readonly startedAt: number
}

// A Worker's variables and secrets: CLOUDFLARE_API_TOKEN, CLOUDFLARE_ACCOUNT_ID and so on.
interface Env {
  readonly WAITS: Workflow<Params>
  readonly [variable: string]: unknown
}

const live = (env: Env) =>
  Layer.merge(BulkOperations.layer.pipe(Layer.provide(CloudflareApi.layerConfig)), PollOptions.layerConfig).pipe(
    Layer.provide(FetchHttpClient.layer),
    Layer.provide(ConfigProvider.layer(ConfigProvider.fromEnv({ env: Record.filter(env, Predicate.isString) })))
  )

export class WaitForOperation extends WorkflowEntrypoint<Env, Params> {
  override run({ payload }: WorkflowEvent<Params>, step: WorkflowStep) {
    const startedAt = DateTime.makeUnsafe(payload.startedAt)
    const wait = WorkflowWait.waitIn(step, payload.operationId, { startedAt }).pipe(
      Effect.map(({ id, status }) => ({ id, status }))
    )
    // Its result or error becomes the output or error of the instance.
    return WorkflowWait.runPromise(Effect.provide(wait, live(this.env)))
  }
}

// `POST /<operation id>` starts a wait, and `GET /<operation id>` returns its status.
export default {
  fetch: async (request: Request, { WAITS }: Env): Promise<Response> => {
    const operationId = new URL(request.url).pathname.slice(1)
    const id = WorkflowWait.instanceId(operationId)
    const instance = request.method === "POST"
      ? await WAITS.create({ id, params: { operationId, startedAt: Date.now() } })
      : await WAITS.get(id)
    return Response.json(await instance.status())
  }
}
