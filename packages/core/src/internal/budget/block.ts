/**
 * Whether Cloudflare blocks the caller, and until when nothing may be sent.
 *
 * A 429 may concern one path (another operation of the account is pending) or everything (the caller has sent too
 * much). Its code may tell; otherwise two 429s for different paths without another answer between them mean everything.
 * All times are monotonic milliseconds.
 */

/** The state of a block. */
export interface Block {
  /** The last 429 that no other answer has followed. */
  readonly suspicion: { readonly path: string; readonly at: number } | undefined
  /** How many 429s in a row have answered requests during a block; zero outside of one. */
  readonly failures: number
  /** Until when to back off, unless an answer says that the block is over. */
  readonly backOffUntil: number
  /** Until when Cloudflare asked to send nothing. */
  readonly askedUntil: number
}

/** An answer to a request. */
export interface Answer {
  readonly status: number
  /** The path of the request. */
  readonly path: string
  /** When the request was sent. */
  readonly sentAt: number
  /** Cloudflare's codes. */
  readonly codes: ReadonlyArray<number>
  /** How long Cloudflare asks to wait, if it does. */
  readonly retryAfter: number | undefined
  /** Whether the headers say that no request is left. */
  readonly isExhausted: boolean
}

/** The longest time that an answer stops all requests: Cloudflare blocks for five minutes. */
export const longest = 5 * 60_000

const slowest = 20_000

// Codes of the limit of the whole API: 971 today, 10100 before 2023.
const apiWide: ReadonlySet<number> = new Set([971, 10100])

// A pending operation, or the limit on writes: a 429 from Lists itself, which shows that the API does not block.
const ofLists = 10040

/** No block. */
export const none: Block = {
  suspicion: undefined,
  failures: 0,
  backOffUntil: Number.NEGATIVE_INFINITY,
  askedUntil: Number.NEGATIVE_INFINITY
}

/** Until when nothing may be sent. */
export const until = (block: Block): number => Math.max(block.backOffUntil, block.askedUntil)

/** Whether the last answer was a 429, so that only one request at a time should be in flight. */
export const isSuspected = ({ suspicion }: Block, now: number): boolean =>
  suspicion !== undefined && now - suspicion.at < longest

/** Sends nothing for `millis`, as Cloudflare asked. */
export const silence = (block: Block, millis: number, now: number): Block => ({
  ...block,
  askedUntil: Math.max(block.askedUntil, now + Math.min(longest, millis))
})

// Doubling up to 20 seconds sends 18 requests into five minutes.
const backOff = (failures: number) => Math.min(slowest, 1000 * 2 ** (failures - 1))

/** The state after an answer. */
export const observe = (block: Block, answer: Answer, now: number): Block => {
  const { suspicion } = block
  // An answer to a request from before the last 429 does not show the state after it.
  const isNews = suspicion === undefined || answer.sentAt >= suspicion.at
  const isApiWide = answer.isExhausted || answer.codes.some((code) => apiWide.has(code))
  if (answer.status !== 429 || (!isApiWide && answer.codes.includes(ofLists))) {
    return isNews && answer.status < 500 ? { ...block, ...ended } : block
  }
  const asked = isApiWide && answer.retryAfter !== undefined ? silence(block, answer.retryAfter, now) : block
  if (!isNews) return asked
  const suspected = { ...asked, suspicion: { path: answer.path, at: now } }
  const isSecond = isSuspected(block, now) && suspicion?.path !== answer.path
  return isApiWide || isSecond || block.failures > 0 ? blocked(suspected, answer.retryAfter, now) : suspected
}

const ended = { suspicion: undefined, failures: 0, backOffUntil: Number.NEGATIVE_INFINITY }

const blocked = (block: Block, retryAfter: number | undefined, now: number): Block => {
  const failures = block.failures + 1
  const wait = Math.max(backOff(failures), Math.min(longest, retryAfter ?? 0))
  return { ...block, failures, backOffUntil: now + wait }
}
