/**
 * The order of requests that can wait.
 *
 * The highest waiting rank goes first, unless a lower rank has been passed over as often as its patience allows. So
 * none starves, however many of a higher rank keep coming.
 */

/** The ranks, highest first. */
export const ranks = ["lastPoll", "poll", "bulk"] as const
export type Rank = (typeof ranks)[number]

/** A number for each rank. */
export type PerRank = { readonly [R in Rank]: number }

/** Zero for each rank. */
export const none: PerRank = { lastPoll: 0, poll: 0, bulk: 0 }

// How often a rank is passed over before it goes first: last polls take at most every second request while polls wait,
// and one in ten is left to bulk reading.
const patience: PerRank = { lastPoll: Number.POSITIVE_INFINITY, poll: 1, bulk: 9 }

const fromLast = ranks.toReversed()

/** The waiting rank whose turn it is. */
export const next = (waiting: PerRank, passed: PerRank): Rank | undefined =>
  fromLast.find((rank) => waiting[rank] > 0 && passed[rank] >= patience[rank]) ??
    ranks.find((rank) => waiting[rank] > 0)

/** How often each rank was passed over after the turn of `chosen`. A rank that does not wait is not passed over. */
export const passOver = (waiting: PerRank, passed: PerRank, chosen: Rank): PerRank => {
  const after = (rank: Rank) => rank === chosen || waiting[rank] === 0 ? 0 : passed[rank] + 1
  return { lastPoll: after("lastPoll"), poll: after("poll"), bulk: after("bulk") }
}
