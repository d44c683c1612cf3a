/** Requests to the Lists endpoints: their paths, and the refusal of invalid ids before anything is sent. */
import { AccountId } from "@bulk-operations/core/BulkOperation"
import type { CloudflareApi } from "@bulk-operations/core/CloudflareApi"
import { CloudflareError, InvalidRequest } from "@bulk-operations/core/CloudflareError"
import * as Effect from "effect/Effect"
import type * as HttpMethod from "effect/http/HttpMethod"
import * as Result from "effect/Result"
import * as Schema from "effect/Schema"

// Ids have no documented format, so all ids follow the rules of account ids.
const decodeId = Schema.decodeUnknownResult(AccountId)

const listsPath = "/accounts/{account_id}/rules/lists"

/** The path of the items of a list, where its ids are not known to be valid. */
export const itemsPath = `${listsPath}/{list_id}/items`

/** An `InvalidRequest` that was not sent. */
export const refuse = (method: HttpMethod.HttpMethod, detail: string, path = listsPath) =>
  new CloudflareError({ reason: new InvalidRequest({ method, path, errors: [], detail }) })

/** The account of a call. */
export const account = (
  api: CloudflareApi["Service"],
  accountId: string | undefined,
  method: HttpMethod.HttpMethod
): Effect.Effect<AccountId, CloudflareError> => {
  const id = accountId ?? api.accountId
  if (id === undefined) return Effect.fail(refuse(method, "no account: pass accountId, or set CLOUDFLARE_ACCOUNT_ID"))
  return Effect.fromResult(Result.mapError(decodeId(id), ({ message }) => refuse(method, `account_id: ${message}`)))
}

/** The account of a call about a list. Both are recorded in the call's span. */
export const accountOf = Effect.fnUntraced(function*(
  api: CloudflareApi["Service"],
  options: { readonly accountId?: string | undefined } | undefined,
  listId: string,
  method: HttpMethod.HttpMethod
): Effect.fn.Return<AccountId, CloudflareError> {
  const accountId = yield* account(api, options?.accountId, method)
  yield* Effect.annotateCurrentSpan({ "cloudflare.account_id": accountId, "cloudflare.list_id": listId })
  return accountId
})

/** A path below the lists of an account. Constant parts and ids alternate. */
export const path = (
  method: HttpMethod.HttpMethod,
  accountId: AccountId,
  ids: { readonly list_id?: string; readonly item_id?: string } = {}
): Effect.Effect<string, CloudflareError> => {
  for (const [name, id] of Object.entries(ids)) {
    const decoded = decodeId(id)
    if (Result.isFailure(decoded)) return Effect.fail(refuse(method, `${name}: ${decoded.failure.message}`))
  }
  const list = ids.list_id === undefined ? "" : `/${encodeURIComponent(ids.list_id)}`
  const item = ids.item_id === undefined ? "" : `/items/${encodeURIComponent(ids.item_id)}`
  return Effect.succeed(`/accounts/${encodeURIComponent(accountId)}/rules/lists${list}${item}`)
}
