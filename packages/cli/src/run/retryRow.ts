/** The display of a write that is retried: a live line on a terminal, or a line when that begins. */
import type { Retrying } from "@bulk-operations/lists/WritePolicy"
import * as DateTime from "effect/DateTime"
import * as Option from "effect/Option"
import * as DurationText from "../DurationText.ts"
import type { Event } from "../Event.ts"
import type { Paint } from "../Output.ts"
import { spinnerAt } from "./waitRow.ts"

const reasons: { readonly [Reason in Retrying["reason"]]: string } = {
  operationPending: "Another operation of this account is pending",
  writeLimit: "The limit on writes of this account is reached",
  requestLimit: "Cloudflare asked to slow down",
  answerLost: "The answer to the write was lost"
}

const iso = (at: DateTime.Utc) => DateTime.formatIso(DateTime.startOf(at, "second")).replace(".000Z", "Z")

/** Why a write is retried, and until when. */
export const text = ({ reason, until }: Retrying): string =>
  `${reasons[reason]}; retrying${Option.match(until, { onNone: () => "", onSome: (at) => ` until ${iso(at)}` })}.`

/** The same for programs. */
export const event = ({ action, listId, reason, until }: Retrying): Event => ({
  type: "retry",
  listId,
  action,
  reason,
  ...(Option.isSome(until) && { until: DateTime.formatIso(until.value) })
})

/** The same as a live line. */
export const line = ({ reason, until }: Retrying, now: number, paint: Paint): string => {
  const left = Option.match(until, {
    onNone: () => "",
    onSome: (at) => `  ${DurationText.format(Math.max(0, DateTime.toEpochMillis(at) - now))} left`
  })
  return `${paint.bad(spinnerAt(now))} ${reasons[reason]}; retrying${left}`
}
