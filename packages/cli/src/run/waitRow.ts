/** The display of one wait: a live line on a terminal, or the change since the last line. */
import { isTerminal } from "@bulk-operations/core/BulkOperation"
import type { CloudflareError } from "@bulk-operations/core/CloudflareError"
import type { PollProgress } from "@bulk-operations/poll/PollProgress"
import * as CliOutput from "effect/cli/CliOutput"
import * as DateTime from "effect/DateTime"
import * as Option from "effect/Option"
import * as DurationText from "../DurationText.ts"
import type { Event } from "../Event.ts"
import type { Paint } from "../Output.ts"

/** The last known state of a wait. Times are wall-clock milliseconds. */
export interface WaitRow {
  readonly id: string
  readonly since: number
  readonly progress: PollProgress | undefined
}

const causes: { readonly [Tag in CloudflareError["reason"]["_tag"]]?: string } = {
  RateLimited: "asked to slow down",
  ServerError: "Cloudflare failed",
  TransportError: "no connection",
  Timeout: "no answer in time",
  MalformedResponse: "unreadable answer",
  Blocked: "stopped by a firewall"
}

/** A transient error in a few words. */
export const cause = ({ reason }: CloudflareError): string =>
  `${causes[reason._tag] ?? reason._tag}${reason.status === undefined ? "" : ` (HTTP ${reason.status})`}`

const statusOf = ({ progress }: WaitRow) =>
  Option.getOrUndefined(Option.map(progress?.operation ?? Option.none(), ({ status }) => status))

const causeOf = ({ progress }: WaitRow): string | undefined =>
  progress === undefined
    ? undefined
    : progress.isThrottled
    ? "waits for the request budget"
    // Other errors are about to end the wait.
    : Option.getOrUndefined(
      Option.map(Option.filter(progress.transientError, ({ isRetryable }) => isRetryable), cause)
    )

/** The change in words; undefined if nothing relevant has changed, or if the operation has ended. */
export const change = (before: WaitRow, after: WaitRow): string | undefined => {
  if (Option.exists(after.progress?.operation ?? Option.none(), isTerminal)) return undefined
  const [status, now] = [statusOf(before), statusOf(after)]
  const [met, meets] = [causeOf(before), causeOf(after)]
  if (meets !== undefined && meets !== met) return `${meets}${now === undefined ? "" : `, last seen ${now}`}`
  if (now !== undefined && now !== status) return now
  return met !== undefined && meets === undefined ? `answers again: ${now ?? "not seen"}` : undefined
}

const iso = (at: Option.Option<DateTime.Utc>) => Option.getOrUndefined(Option.map(at, DateTime.formatIso))

/** The same for programs. */
export const event = (id: string, progress: PollProgress): Event => {
  const status = Option.getOrUndefined(progress.operation)?.status
  const [nextPollAt, deadline] = [iso(progress.nextPollAt), iso(progress.deadline)]
  const transientError = Option.getOrUndefined(progress.transientError)?.message
  return {
    type: "progress",
    id,
    ...(status !== undefined && { status }),
    polls: progress.polls,
    elapsedSeconds: DurationText.seconds(progress.elapsed),
    ...(nextPollAt !== undefined && { nextPollAt }),
    ...(deadline !== undefined && { deadline }),
    ...(transientError !== undefined && { transientError }),
    isThrottled: progress.isThrottled
  }
}

const shortId = (id: string) => id.length > 14 ? `${id.slice(0, 12)}…` : id
const spinner = "⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏"

/** The frame of the spinner after so many milliseconds. */
export const spinnerAt = (millis: number): string =>
  spinner[Math.floor(Math.max(0, millis) / 120) % spinner.length] ?? ""

const plural = (n: number, one: string) => `${n} ${one}${n === 1 ? "" : "s"}`

/** The least number of columns for a transient error before other parts are dropped. */
const leastError = 18

/** The line of a wait. A narrow window drops the least important parts, and the region truncates the rest. */
export const line = (row: WaitRow, now: number, columns: number, paint: Paint): string => {
  const { id, progress, since } = row
  const left = (at: Option.Option<DateTime.Utc>) =>
    Option.map(at, (at) => DurationText.format(Math.max(0, DateTime.toEpochMillis(at) - now)))
  const next = Option.match(left(progress?.nextPollAt ?? Option.none()), {
    onNone: () => progress === undefined ? "" : "polling",
    onSome: (left) => left === "0.0s" ? "polling" : `next in ${left}`
  })
  const until = Option.match(left(progress?.deadline ?? Option.none()), {
    onNone: () => "",
    onSome: (left) => `${left} left`
  })
  const met = causeOf(row)
  const status = statusOf(row) ?? (met === undefined ? "polling" : "unknown")
  const elapsed = DurationText.format(now - since).padStart(6)
  const polls = plural(progress?.polls ?? 0, "poll").padStart(8)
  const parts = [status.padEnd(9), elapsed]
  const variants = [
    [id, ...parts, polls, next.padEnd(13), until.padEnd(11)],
    [shortId(id), ...parts, polls, next.padEnd(13), until.padEnd(11)],
    [shortId(id), ...parts, polls, next.padEnd(13)],
    [shortId(id), ...parts, polls],
    [shortId(id), ...parts],
    [shortId(id).slice(0, 8), status]
  ].map((parts) => parts.join("  "))
  const room = columns - 3 - (met === undefined ? 0 : Math.min(met.length, leastError) + 2)
  const text = variants.find((text) => CliOutput.displayWidth(text.trimEnd()) <= room) ?? variants.at(-1) ?? id
  return `${(met === undefined ? paint.busy : paint.bad)(spinnerAt(now - since))} ${
    met === undefined ? text.trimEnd() : `${text}  ${paint.bad(met)}`
  }`
}
