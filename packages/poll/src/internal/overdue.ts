/**
 * Whether polls that are due pile up behind the request budget.
 *
 * While gaps are delayed the queue still empties now and then, and after a rush it grows shorter. One that has stood for a
 * minute and grown in its second half has more polls in it than the budget carries, however long the gaps.
 */

/** What was seen of the queue since it was empty. Times are monotonic milliseconds. */
export interface Overdue {
  readonly since: number
  /** How many polls the budget had let through by then. */
  readonly sentBefore: number
  /** How long the queue was half a minute later. */
  readonly sizeAtHalf: number | undefined
}

/** The queue at a moment: how many polls wait in it, and how many have been let through so far. */
export interface Queue {
  readonly size: number
  readonly sent: number
}

// No passing rush lasts for so long.
const patience = 60_000

/** What is known of the queue as it is now; nothing where it is empty. */
export const observe = (before: Overdue | undefined, now: number, { sent, size }: Queue): Overdue | undefined => {
  if (size === 0) return undefined
  const { sentBefore, since, sizeAtHalf } = before ?? { since: now, sentBefore: sent, sizeAtHalf: undefined }
  return { since, sentBefore, sizeAtHalf: sizeAtHalf ?? (now - since >= patience / 2 ? size : undefined) }
}

/** For how many seconds the queue has not been empty. */
export const seconds = (overdue: Overdue | undefined, now: number): number =>
  overdue === undefined ? 0 : (now - overdue.since) / 1000

/** What to warn of where operations are started faster than the budget can poll them. */
export const warning = (overdue: Overdue | undefined, now: number, { sent, size }: Queue): string | undefined => {
  if (overdue?.sizeAtHalf === undefined || now - overdue.since < patience || size < overdue.sizeAtHalf) return undefined
  const perSecond = (sent - overdue.sentBefore) / seconds(overdue, now)
  return `Request budget too small: ${size} polls queued, ${perSecond.toFixed(1)} polls per second. ` +
    "Nothing is lost, but completion will be detected late."
}
