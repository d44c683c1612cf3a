/**
 * All refusals of the API in the simulator: HTTP status, code and text, and how certain they are.
 *
 * "Seen" is from an answer that someone recorded or reported verbatim; "chosen" is our choice without a source.
 */
import type * as Duration from "effect/Duration"
import type { Problem } from "./credentials.ts"
import type { Refusal } from "./reply.ts"

const refusal = (status: number, code: number, message: string): Refusal => ({ status, error: { code, message } })

/** Seen for credentials without a permission. */
export const forbidden = refusal(403, 10000, "Authentication error")

/**
 * Seen by a probe of the live API for an unknown token and for a malformed one; Cloudflare's exact rule is unknown.
 * Chosen for a request without credentials, after another product of Cloudflare.
 */
export const authentication: Readonly<{ [problem in Problem]: Refusal }> = {
  missing: refusal(400, 9106, "Authentication failed (status: 400)"),
  malformed: refusal(400, 9106, "Authentication failed (status: 400)"),
  unknown: refusal(401, 10000, "Authentication error")
}

/** The answers of the endpoints that verify a token. Seen. */
export const verification: Readonly<{ [problem in Problem]: Refusal }> = {
  missing: authentication.missing,
  malformed: {
    status: 400,
    error: {
      code: 6003,
      message: "Invalid request headers",
      error_chain: [{ code: 6111, message: "Invalid format for Authorization header" }]
    }
  },
  unknown: refusal(401, 1000, "Invalid API Token")
}

/** Code and text seen, also for an account id that is cut; the status is 404 in newer answers, 400 in older ones. */
export const noRoute = (path: string) =>
  refusal(404, 7003, `Could not route to ${path}, perhaps your object identifier is invalid?`)

/** Code seen for lists and operations; status and text chosen. */
export const listNotFound = refusal(404, 10001, "list not found")
export const itemNotFound = refusal(404, 10001, "list item not found")
export const operationNotFound = refusal(404, 10001, "operation not found")

/** Seen: a body that is not JSON, has another shape, or has keys that do not belong there. */
export const invalidJson = refusal(400, 10026, "filters.api.invalid_json")

/** Code seen; status and text chosen. */
export const nameTaken = refusal(400, 10021, "list name already exists")

/** Code and text seen; status chosen. */
export const listInUse = refusal(400, 10031, "filters.api.ip_list_in_use")

/** Code and gist seen, for a `per_page` above 500. */
export const invalidCursor = refusal(400, 10027, "invalid or expired cursor")

/** Seen for addresses. Chosen: the value is in its stored form. */
export const duplicateItem = (kind: string, value: string) =>
  refusal(400, 10028, `${value} is not a valid value for ${kind} because filters.api.duplicate_item_value`)

/**
 * Code, wording and position seen, for a prefix that is too short; for other values, the text after `filters.api.` is
 * chosen.
 */
export const invalidValue = (what: string, position: number, why: string) =>
  refusal(400, 10035, `invalid value for ${what} at position ${position}: filters.api.${why}`)

// Codes, rules and texts (as titles of pages) of these are documented; their status is chosen.
export const sourceTooLong = refusal(400, 10043, "Source URL in redirect is too long")
export const targetTooLong = refusal(400, 10044, "Target URL in redirect is too long")
export const invalidSource = refusal(400, 10045, "Invalid redirect source URL")
export const invalidTarget = refusal(400, 10046, "Invalid redirect target URL")
export const statusCode = refusal(400, 10047, "Invalid redirect status code")
export const pathSuffix = refusal(400, 10048, "Preserve path suffix requires subpath matching enabled")
export const sourceScheme = refusal(400, 10049, "Invalid scheme in redirect source URL")
export const sourceUserInfo = refusal(400, 10050, "Invalid redirect source URL with user info")
export const sourceAuthority = refusal(400, 10051, "Missing authority in redirect source URL")
export const sourcePort = refusal(400, 10052, "Invalid redirect source URL with port")
export const sourceQuery = refusal(400, 10053, "Invalid redirect source URL with query string")
export const sourceFragment = refusal(400, 10054, "Invalid redirect source URL with fragment")
export const queryString = refusal(400, 10055, "Query string settings incompatible with redirect target URL")
export const mixedKinds = refusal(400, 10056, "The add list items operation contains different types of list items")
export const otherKind = refusal(400, 10058, "List items incompatible with list type")
export const repeatedPaths = refusal(400, 10059, "Maximum number of repeated URL source paths exceeded")
export const targetScheme = refusal(400, 10060, "Missing scheme in redirect target URL")

/** Status documented, code and text seen for limited writes; for a pending operation they are inferred. */
export const operationPending = refusal(429, 10040, "you have been ratelimited please wait and try again")

/** Seen. */
export const tooManyRequests = (retryAfter?: Duration.Duration): Refusal => ({
  ...refusal(429, 971, "Please wait and consider throttling your request speed"),
  ...(retryAfter === undefined ? {} : { retryAfter })
})
