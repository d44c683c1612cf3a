/** The histories in a process's memory. */
import * as Model from "./hazard.ts"
import * as Data from "./history.ts"

/** One history, and the hazard learned from it. */
export interface Kept {
  readonly path: string
  history: Data.History
  beliefs: Model.Beliefs
  /** The last computed hazard, until something is learned. */
  answer: { readonly expected: number | undefined; readonly hazard: Model.Hazard } | undefined
}

/** The only mutable state of `PollHistory`. */
export interface Histories {
  readonly history: (path: string) => Data.History
  readonly hazard: (path: string, expected: number | undefined) => Model.Hazard
  readonly record: (path: string, sighting: Data.Sighting) => void
}

// The least recently used one is forgotten first.
const most = 256

export const make = (listeners: {
  /** Called with each new history. */
  readonly onNew: (kept: Kept) => void
  readonly onChange: (kept: Kept) => void
}): Histories => {
  const all = new Map<string, Kept>()

  // A map keeps the order of insertion.
  const of = (path: string): Kept => {
    const known = all.get(path)
    const kept = known ?? { path, history: Data.empty, beliefs: Model.nothing, answer: undefined }
    all.delete(path)
    all.set(path, kept)
    if (known === undefined) {
      if (all.size > most) all.delete(all.keys().next().value ?? path)
      listeners.onNew(kept)
    }
    return kept
  }

  return {
    history: (path) => of(path).history,
    hazard: (path, expected) => {
      const kept = of(path)
      if (kept.answer === undefined || kept.answer.expected !== expected) {
        kept.answer = { expected, hazard: Model.hazard(kept.beliefs, expected) }
      }
      return kept.answer.hazard
    },
    record: (path, sighting) => {
      const kept = of(path)
      const history = Data.record(kept.history, sighting)
      const observation = history.operations.at(-1)
      if (history === kept.history || observation === undefined) return
      kept.history = history
      kept.beliefs = Data.learn(kept.beliefs, observation)
      kept.answer = undefined
      listeners.onChange(kept)
    }
  }
}

/** Merges a stored history. */
export const add = (kept: Kept, history: Data.History): void => {
  kept.history = Data.merge(kept.history, history)
  kept.beliefs = Data.beliefs(kept.history)
  kept.answer = undefined
}
