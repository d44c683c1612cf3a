/**
 * The requests that were received, and what they were answered. It remembers the latest, without their credentials.
 */
import type * as DateTime from "effect/DateTime"
import * as Option from "effect/Option"
import type { Endpoint } from "../Endpoint.ts"
import type { Fault } from "../Fault.ts"

/** One request as the simulator received it, without its credential. */
export interface ReceivedRequest {
  readonly receivedAt: DateTime.Utc
  readonly method: string
  /** Path and query. */
  readonly url: string
  /** None where path and method are not those of an endpoint. */
  readonly endpoint: Option.Option<Endpoint>
  /** All but those that tell who is asking. */
  readonly headers: Readonly<Record<string, string | undefined>>
  readonly body: string
  /** What it met with, in the order in which the faults were injected. */
  readonly faults: ReadonlyArray<Fault>
  /** The status of its answer; none as long as no answer is on its way. */
  readonly status: Option.Option<number>
}

export interface RequestLog {
  /** Remembers a request, and gives what notes its answer. */
  readonly add: (request: Omit<ReceivedRequest, "status">) => (status: number) => void
  /** The latest requests, oldest first. */
  readonly latest: () => ReadonlyArray<ReceivedRequest>
}

export const make = (capacity: number): RequestLog => {
  const entries: Array<ReceivedRequest> = []
  // Requests keep their number when older ones are forgotten.
  let forgotten = 0
  return {
    add: (request) => {
      const number = forgotten + entries.push({ ...request, status: Option.none() }) - 1
      // Not one by one, which would move all entries for each request.
      if (entries.length > 2 * capacity) forgotten += entries.splice(0, entries.length - capacity).length
      return (status) => {
        if (number >= forgotten) entries[number - forgotten] = { ...request, status: Option.some(status) }
      }
    },
    latest: () => entries.slice(-capacity)
  }
}
