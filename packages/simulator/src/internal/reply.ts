/** An answer of the API before it is sent: a status, headers and an envelope. */
import * as Duration from "effect/Duration"
import type * as Schema from "effect/Schema"

export interface Reply {
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  readonly body: Json | Text
}

export interface Json {
  readonly _tag: "Json"
  readonly value: Schema.Json
}

export interface Text {
  readonly _tag: "Text"
  readonly contentType: string
  readonly text: string
}

export const json = (status: number, value: Schema.Json, headers: Readonly<Record<string, string>> = {}): Reply => ({
  status,
  headers,
  body: { _tag: "Json", value }
})

/** As recorded on answers of Lists. */
export const jsonType = "application/json; charset=UTF-8"

/** The body as it is sent. */
export const asText = ({ body }: Reply): Text =>
  body._tag === "Text" ? body : { _tag: "Text", contentType: jsonType, text: JSON.stringify(body.value) }

// The keys are in the order of recorded answers.
export const success = (
  result: Schema.Json,
  resultInfo?: Schema.Json,
  messages: ReadonlyArray<Schema.Json> = []
): Reply =>
  json(200, {
    result,
    success: true,
    errors: [],
    messages,
    ...(resultInfo === undefined ? {} : { result_info: resultInfo })
  })

export interface ApiError {
  readonly code: number
  readonly message: string
  readonly error_chain?: ReadonlyArray<{ readonly code: number; readonly message: string }>
}

export interface Refusal {
  readonly status: number
  readonly error: ApiError
  readonly retryAfter?: Duration.Duration
}

export const refusal = ({ error, retryAfter, status }: Refusal): Reply =>
  json(
    status,
    { result: null, success: false, errors: [{ ...error }], messages: [] },
    // Whole seconds, rounded up, and on 429 only: developers.cloudflare.com/fundamentals/api/reference/limits
    retryAfter === undefined ? {} : { "retry-after": String(Math.ceil(Duration.toSeconds(retryAfter))) }
  )
