/**
 * The floor: a bare loop of timers, without deadline, errors or cancellation.
 */
import type { MakeWaits } from "../operations.ts"

export const make: MakeWaits = ({ intervalMillis, operations }) =>
  Promise.resolve((operationId, onEnd) => {
    const look = () => {
      if (operations.look(operationId).status === "completed") onEnd()
      else setTimeout(look, intervalMillis)
    }
    look()
  })
