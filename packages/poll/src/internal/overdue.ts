/**
 * Detects that due polls pile up because the request budget is too small.
 *
 * While waits are merely slowed down, the queue still empties now and then, and after a rush it shrinks. If it has not
 * been empty for a minute and has grown in the second half of it, the budget cannot carry its polls, however long the
 * gaps.
 */

/** The state of the queue since it was last empty. Times are monotonic milliseconds. */
export interface Overdue {
  readonly since: number
  /** How many polls the budget had admitted by then. */
  readonly sentBefore: number
  /** The length of the queue half a minute later. */
  readonly sizeAtHalf: number | undefined
}

/** The queue now: how many polls wait in it, and how many have been admitted so far. */
export interface Queue {
  readonly size: number
  readonly sent: number
}

// A temporary rush does not last this long.
const patience = 60_000

/** The new state; undefined if the queue is empty. */
export const observe = (before: Overdue | undefined, now: number, { sent, size }: Queue): Overdue | undefined => {
  if (size === 0) return undefined
  const { sentBefore, since, sizeAtHalf } = before ?? { since: now, sentBefore: sent, sizeAtHalf: undefined }
  return { since, sentBefore, sizeAtHalf: sizeAtHalf ?? (now - since >= patience / 2 ? size : undefined) }
}

/** How many seconds the queue has not been empty. */
export const seconds = (overdue: Overdue | undefined, now: number): number =>
  overdue === undefined ? 0 : (now - overdue.since) / 1000

/** The warning, if operations are started faster than the budget can poll them. */
export const warning = (overdue: Overdue | undefined, now: number, { sent, size }: Queue): string | undefined => {
  if (overdue?.sizeAtHalf === undefined || now - overdue.since < patience || size < overdue.sizeAtHalf) return undefined
  const perSecond = (sent - overdue.sentBefore) / seconds(overdue, now)
  return `Request budget too small: ${size} polls queued, ${perSecond.toFixed(1)} polls per second. ` +
    "Nothing is lost, but completion will be detected late."
}
