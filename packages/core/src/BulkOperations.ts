/**
 * Asking Cloudflare for the state of a bulk operation, once.
 */
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as HttpClientRequest from "effect/http/HttpClientRequest"
import * as Layer from "effect/Layer"
import * as References from "effect/References"
import * as Result from "effect/Result"
import * as Schema from "effect/Schema"
import { AccountId, BulkOperation, OperationId } from "./BulkOperation.ts"
import { CloudflareApi } from "./CloudflareApi.ts"
import { CloudflareError, InvalidRequest, UnexpectedResponse } from "./CloudflareError.ts"

/** The bulk operations of Cloudflare Lists. */
export class BulkOperations extends Context.Service<BulkOperations, {
  /** The account of calls that name none. */
  readonly accountId: string | undefined

  /**
   * The operation as it is now.
   *
   * A failed operation is a success of this call; ids that cannot
   * be ids fail with `InvalidRequest` and nothing is sent; an answer about another operation is an `UnexpectedResponse`.
   *
   * Source: `GET /accounts/{account_id}/rules/lists/bulk_operations/{operation_id}` of Cloudflare's API.
   */
  readonly get: (
    operationId: string,
    options?: { readonly accountId?: string | undefined }
  ) => Effect.Effect<BulkOperation, CloudflareError>
}>()("@bulk-operations/core/BulkOperations") {}

const decodeAccountId = Schema.decodeUnknownResult(AccountId)
const decodeOperationId = Schema.decodeUnknownResult(OperationId)

const pathOf = (accountId: string, operationId: string) =>
  `/accounts/${accountId}/rules/lists/bulk_operations/${operationId}`

const refuse = (detail: string) =>
  new CloudflareError({
    reason: new InvalidRequest({ method: "GET", path: pathOf("{account_id}", "{operation_id}"), errors: [], detail })
  })

/** The service over `CloudflareApi`. */
export const make = Effect.gen(function*() {
  const api = yield* CloudflareApi

  const ask = (accountId: string | undefined, operationId: string): Effect.Effect<BulkOperation, CloudflareError> => {
    if (accountId === undefined) return Effect.fail(refuse("no account: pass accountId, or set CLOUDFLARE_ACCOUNT_ID"))
    const account = decodeAccountId(accountId)
    if (Result.isFailure(account)) return Effect.fail(refuse(`account_id: ${account.failure.message}`))
    const operation = decodeOperationId(operationId)
    if (Result.isFailure(operation)) return Effect.fail(refuse(`operation_id: ${operation.failure.message}`))
    const request = HttpClientRequest.get(pathOf(encodeURIComponent(accountId), encodeURIComponent(operationId)))
    return Effect.flatMap(api.request(request, BulkOperation), (answer) => {
      if (answer.id === operationId) return Effect.succeed(answer)
      const { method, url: path } = request
      const detail = `the answer is about another operation, ${JSON.stringify(answer.id)}`
      return Effect.fail(new CloudflareError({ reason: new UnexpectedResponse({ method, path, errors: [], detail }) }))
    })
  }

  // `Effect.fn` would take the stack at every call, and a span that nobody sees costs a tenth of the call.
  const get = (operationId: string, options?: { readonly accountId?: string | undefined }) =>
    Effect.withFiber<BulkOperation, CloudflareError>((fiber) => {
      const accountId = options?.accountId ?? api.accountId
      const asked = ask(accountId, operationId)
      if (!fiber.getRef(References.TracerEnabled)) return asked
      const attributes = {
        ...(accountId !== undefined && { "cloudflare.account_id": accountId }),
        "cloudflare.operation_id": operationId
      }
      return Effect.useSpan("BulkOperations.get", { attributes }, (span) =>
        asked.pipe(
          Effect.tap(({ status }) => Effect.sync(() => span.attribute("cloudflare.operation_status", status))),
          Effect.withParentSpan(span, { captureStackTrace: false })
        ))
    })

  return BulkOperations.of({ accountId: api.accountId, get })
})

/** The service over `CloudflareApi`. */
export const layer: Layer.Layer<BulkOperations, never, CloudflareApi> = Layer.effect(BulkOperations, make)
