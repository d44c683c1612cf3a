/** Future events by time, earliest first; at the same time, in the order of insertion. */
export interface Agenda<A> {
  readonly add: (at: number, entry: A) => void
  /** Removes and returns the next event, if it is due by `now`. */
  readonly next: (now: number) => Due<A> | undefined
}

export interface Due<A> {
  readonly at: number
  readonly entry: A
}

export const make = <A>(): Agenda<A> => {
  // Latest first, so that the next one is removed without moving the others.
  const entries: Array<Due<A>> = []

  const placeOf = (at: number) => {
    let from = 0
    let to = entries.length
    while (from < to) {
      const middle = (from + to) >>> 1
      if ((entries[middle]?.at ?? at) > at) from = middle + 1
      else to = middle
    }
    return from
  }

  return {
    add: (at, entry) => {
      entries.splice(placeOf(at), 0, { at, entry })
    },
    next: (now) => {
      const last = entries.at(-1)
      return last !== undefined && last.at <= now ? entries.pop() : undefined
    }
  }
}
