/**
 * `@azure/core-lro`, with a deadline by an abort signal.
 */
import { createHttpPoller, type OperationResponse } from "@azure/core-lro"
import type { MakeWaits } from "../operations.ts"

const hour = 3_600_000

export const make: MakeWaits = ({ intervalMillis, operations }) =>
  Promise.resolve((operationId, onEnd) => {
    const response = (): OperationResponse => {
      const { status } = operations.poll(operationId)
      return {
        flatResponse: undefined,
        rawResponse: {
          statusCode: 200,
          headers: { "operation-location": `/bulk_operations/${operationId}` },
          body: { status: status === "completed" ? "succeeded" : status },
          request: { method: "PUT", url: "/items" }
        }
      }
    }
    const poller = createHttpPoller({
      sendInitialRequest: () => Promise.resolve(response()),
      sendPollRequest: () => Promise.resolve(response())
    }, { intervalInMs: intervalMillis })
    void poller.pollUntilDone({ abortSignal: AbortSignal.timeout(hour) }).then(onEnd)
  })
