/**
 * What Cloudflare wraps its answers in.
 *
 * The documented envelope is `{ success, errors, messages, result }`. Recorded answers leave out any of the last three,
 * list errors as bare strings, without a code, or with an older `error_chain`: they are read as far as they can be, so
 * that nothing Cloudflare said is lost.
 */
import * as Option from "effect/Option"
import * as Schema from "effect/Schema"
import { ApiError } from "../CloudflareError.ts"

/** Any JSON object; whether it is a success is for `success` to say. */
export const Envelope = Schema.Struct({
  success: Schema.optionalKey(Schema.Unknown),
  errors: Schema.optionalKey(Schema.Unknown),
  result: Schema.optionalKey(Schema.Unknown)
})

const Code = Schema.optionalKey(Schema.NullOr(Schema.Finite))

const WireError = Schema.Struct({
  code: Code,
  message: Schema.String,
  documentation_url: Schema.optionalKey(Schema.NullOr(Schema.String)),
  source: Schema.optionalKey(Schema.NullOr(Schema.Struct({ pointer: Schema.optionalKey(Schema.String) }))),
  error_chain: Schema.optionalKey(Schema.NullOr(Schema.Array(Schema.Struct({ code: Code, message: Schema.String }))))
})

const decodeList = Schema.decodeUnknownOption(Schema.Array(Schema.Unknown))
const decodeWireError = Schema.decodeUnknownOption(WireError)

const coded = (code: number | null | undefined) => (typeof code === "number" ? { code } : {})

/** Cloudflare's errors in an answer; one of an unknown shape is kept as the text it came in. */
export const apiErrors = (errors: unknown, readable: (text: string) => string): ReadonlyArray<ApiError> =>
  Option.getOrElse(decodeList(errors), () => []).map((error) =>
    Option.match(decodeWireError(error), {
      onNone: () => new ApiError({ message: readable(typeof error === "string" ? error : JSON.stringify(error)) }),
      onSome: ({ code, documentation_url, error_chain, message, source }) =>
        new ApiError({
          ...coded(code),
          message: readable(message),
          ...(source?.pointer && { pointer: readable(source.pointer) }),
          ...(documentation_url && { documentationUrl: readable(documentation_url) }),
          ...(error_chain &&
            { causes: error_chain.map((cause) => ({ ...coded(cause.code), message: readable(cause.message) })) })
        })
    })
  )

/** What a person can read of a body that is no envelope: the title of a page, else how the text begins. */
export const excerpt = (text: string): string => {
  const title = /<title[^>]*>([^<]*)<\/title>/i.exec(text)?.[1]?.trim()
  if (title) return `an HTML page titled "${title.slice(0, 200)}"`
  const flat = text.trim().replace(/\s+/g, " ")
  return flat === "" ? "an empty body" : flat.length > 200 ? `${flat.slice(0, 200)}…` : flat
}
