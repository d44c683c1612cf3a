/** Interprets Cloudflare's refusals of writes: the codes of the Lists API, with their sources. */
import type { CloudflareError } from "@bulk-operations/core/CloudflareError"

const hasCode = (error: CloudflareError, codes: ReadonlySet<number>): boolean =>
  error.reason.errors.some(({ code }) => code !== undefined && codes.has(code))

// The limit of 1,200 requests in 5 minutes: 971 today, 10100 until 2022 (terraform-provider-cloudflare#5494, #435), and
// 10429, unconfirmed.
const apiLimit: ReadonlySet<number> = new Set([971, 10100, 10429])

/** Whether a 429 is due to the limit of the whole API, not to that of writing to the account's lists. */
export const isApiLimit = (error: CloudflareError): boolean => hasCode(error, apiLimit)

const expiredCursor: ReadonlySet<number> = new Set([10027])

/** Whether a cursor was refused. Recorded answer: 400, "invalid or expired cursor". */
export const isExpiredCursor = (error: CloudflareError): boolean =>
  error.reason._tag === "InvalidRequest" && hasCode(error, expiredCursor)
