/**
 * The floor: a bare loop of timers, without deadline, errors or cancellation.
 */
import type { MakeWaits } from "../operations.ts"

export const make: MakeWaits = ({ intervalMillis, operations }) =>
  Promise.resolve((operationId, onEnd) => {
    const poll = () => {
      if (operations.poll(operationId).status === "completed") onEnd()
      else setTimeout(poll, intervalMillis)
    }
    poll()
  })
