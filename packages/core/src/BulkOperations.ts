/** Polls a bulk operation once. */
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as HttpClientRequest from "effect/http/HttpClientRequest"
import * as Layer from "effect/Layer"
import * as Result from "effect/Result"
import * as Schema from "effect/Schema"
import { AccountId, BulkOperation, OperationId } from "./BulkOperation.ts"
import { CloudflareApi } from "./CloudflareApi.ts"
import { CloudflareError, InvalidRequest } from "./CloudflareError.ts"

/** The bulk operations of Cloudflare Lists. */
export class BulkOperations extends Context.Service<BulkOperations, {
  /** The default account of calls. */
  readonly accountId: string | undefined

  /**
   * Returns the current state of an operation.
   *
   * A failed operation is a success of this call. Invalid ids fail with `InvalidRequest` before anything is sent. An
   * answer about another operation fails with `UnexpectedResponse`.
   *
   * Source: `GET /accounts/{account_id}/rules/lists/bulk_operations/{operation_id}` of Cloudflare's API.
   */
  readonly get: (
    operationId: string,
    options?: { readonly accountId?: string | undefined }
  ) => Effect.Effect<BulkOperation, CloudflareError>
}>()("@bulk-operations/core/BulkOperations") {}

const pathOf = (accountId: string, operationId: string) =>
  `/accounts/${accountId}/rules/lists/bulk_operations/${operationId}`

const refuse = (detail: string) =>
  new CloudflareError({
    reason: new InvalidRequest({ method: "GET", path: pathOf("{account_id}", "{operation_id}"), errors: [], detail })
  })

const readId = (name: string, schema: Schema.Decoder<string>) => {
  const decode = Schema.decodeUnknownResult(schema)
  // Untyped programs may pass anything.
  return (id: unknown) =>
    Result.mapError(
      decode(id),
      ({ message }) =>
        refuse(`${name}: ${message}${typeof id === "string" ? "" : `, got ${id === null ? "null" : typeof id}`}`)
    )
}

const readAccountId = readId("account_id", AccountId)
const readOperationId = readId("operation_id", OperationId)

/**
 * The service over `CloudflareApi`.
 *
 * @example
 * import { BulkOperations, CloudflareApi } from "@bulk-operations/core"
 * import { Duration, Effect, Layer } from "effect"
 *
 * // Like `layer`, but with a timeout for each poll.
 * export const layer: Layer.Layer<BulkOperations.BulkOperations, never, CloudflareApi.CloudflareApi> = Layer.effect(
 *   BulkOperations.BulkOperations,
 *   Effect.map(BulkOperations.make, (operations) => ({
 *     ...operations,
 *     get: (id, options) =>
 *       Effect.updateService(operations.get(id, options), CloudflareApi.RequestPolicy, (policy) => ({
 *         ...policy,
 *         timeout: Duration.seconds(5)
 *       }))
 *   }))
 * )
 */
export const make = Effect.gen(function*() {
  const api = yield* CloudflareApi

  const get = Effect.fn("BulkOperations.get")(function*(
    operationId: string,
    options?: { readonly accountId?: string | undefined }
  ): Effect.fn.Return<BulkOperation, CloudflareError> {
    const accountId = options?.accountId ?? api.accountId
    yield* Effect.annotateCurrentSpan({
      ...(accountId !== undefined && { "cloudflare.account_id": accountId }),
      "cloudflare.operation_id": operationId
    })
    if (accountId === undefined) return yield* refuse("no account: pass accountId, or set CLOUDFLARE_ACCOUNT_ID")
    const account = yield* Effect.fromResult(readAccountId(accountId))
    const id = yield* Effect.fromResult(readOperationId(operationId))
    const request = HttpClientRequest.get(pathOf(encodeURIComponent(account), encodeURIComponent(id)))
    const { result: operation, unexpected } = yield* api.answer(request, BulkOperation)
    if (operation.id !== id) {
      return yield* unexpected(`the answer is about another operation, ${JSON.stringify(operation.id)}`)
    }
    yield* Effect.annotateCurrentSpan("cloudflare.operation_status", operation.status)
    return operation
  })

  return BulkOperations.of({ accountId: api.accountId, get })
})

/** The service over `CloudflareApi`. */
export const layer: Layer.Layer<BulkOperations, never, CloudflareApi> = Layer.effect(BulkOperations, make)
