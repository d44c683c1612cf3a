/**
 * `@smithy/util-waiter`, which the waiters of the AWS SDK are made of.
 */
import { createWaiter, WaiterState } from "@smithy/util-waiter"
import type { MakeWaits } from "../operations.ts"

export const make: MakeWaits = ({ intervalMillis, operations }) => {
  const seconds = intervalMillis / 1000
  const options = { client: operations, maxWaitTime: 3600, minDelay: seconds, maxDelay: seconds }
  return Promise.resolve((operationId, onEnd) => {
    void createWaiter(options, operationId, (client, id) => {
      const operation = client.poll(id)
      return Promise.resolve({
        state: operation.status === "completed" ? WaiterState.SUCCESS : WaiterState.RETRY,
        reason: { ...operation, $metadata: { httpStatusCode: 200 } }
      })
    }).then(onEnd)
  })
}
