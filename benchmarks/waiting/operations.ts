/**
 * Operations in memory: each poll is counted and answered at once, "running" until all of them are done.
 */
import { BulkOperation } from "@bulk-operations/core"
import { Option } from "effect"

export interface Operations {
  readonly poll: (operationId: string) => BulkOperation.BulkOperation
  readonly polls: () => number
  /** From now on every operation has completed. */
  readonly complete: () => void
}

export const make = (operationIds: ReadonlyArray<string>): Operations => {
  const ids = new Map(operationIds.map((id) => [id, BulkOperation.OperationId.make(id)]))
  let polls = 0
  let completed = false
  return {
    poll: (operationId) => {
      const id = ids.get(operationId)
      if (id === undefined) throw new Error(`there is no operation ${operationId}`)
      polls += 1
      return completed ? { id, status: "completed", completed: Option.none() } : { id, status: "running" }
    },
    polls: () => polls,
    complete: () => {
      completed = true
    }
  }
}

/** What a contender exports as `make`: begins to wait for an operation, and tells when it has ended. */
export type MakeWaits = (setup: {
  readonly operations: Operations
  readonly intervalMillis: number
  /** `"off"` for Effect without its tracer. */
  readonly tracing: string
}) => Promise<(operationId: string, onEnd: () => void) => void>
