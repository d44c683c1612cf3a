/**
 * Requests to the simulator in scope, with whatever `HttpClient` there is.
 */
import { Simulator } from "@bulk-operations/simulator"
import { Effect, Schema } from "effect"
import { HttpClient, HttpClientRequest, type HttpClientResponse, type HttpMethod } from "effect/http"

export const request = Effect.fnUntraced(function*(
  method: HttpMethod.HttpMethod,
  path: string,
  options: { readonly body?: Schema.Json; readonly headers?: Record<string, string> } = {}
) {
  const { baseUrl } = yield* Simulator.Simulator
  const { body, headers = { authorization: "Bearer a-token" } } = options
  const request = HttpClientRequest.make(method)(`${baseUrl}${path}`, { headers })
  return yield* HttpClient.execute(body === undefined ? request : HttpClientRequest.bodyJsonUnsafe(request, body))
})

const json = Schema.decodeEffect(Schema.fromJsonString(Schema.Json))

const read = Effect.fnUntraced(function*(response: HttpClientResponse.HttpClientResponse) {
  const body = yield* Effect.flatMap(response.text, json)
  return { status: response.status, headers: response.headers, body }
})

/** Status, headers and the JSON of the body. */
export const call = (...args: Parameters<typeof request>) => Effect.flatMap(request(...args), read)

/** The status alone. */
export const status = (...args: Parameters<typeof request>) => Effect.map(request(...args), ({ status }) => status)

export const otherAccountId = "f037e56e89293a057740de681ac9abbe"

export const lists = `/accounts/${Simulator.accountId}/rules/lists`

export const operation = (id: string) => `${lists}/bulk_operations/${id}`

const Written = Schema.Struct({ result: Schema.Struct({ operation_id: Schema.String }) })

/** Writes items and gives the id of the operation. */
export const write = (method: "POST" | "PUT" | "DELETE", listId: string, body: Schema.Json) =>
  call(method, `${lists}/${listId}/items`, { body }).pipe(
    Effect.flatMap(({ body }) => Schema.decodeUnknownEffect(Written)(body)),
    Effect.map(({ result }) => result.operation_id)
  )

export const success = (result: Schema.Json) => ({ result, success: true, errors: [], messages: [] })

export const refusal = (code: number, message: string) => ({
  result: null,
  success: false,
  errors: [{ code, message }],
  messages: []
})
