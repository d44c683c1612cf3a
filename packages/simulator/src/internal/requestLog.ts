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

interface Entry {
  readonly request: Omit<ReceivedRequest, "status">
  status: ReceivedRequest["status"]
}

export const make = (capacity: number): RequestLog => {
  const entries: Array<Entry> = []
  return {
    add: (request) => {
      const entry: Entry = { request, status: Option.none() }
      entries.push(entry)
      // Not one by one, which would move all entries for each request.
      if (entries.length > 2 * capacity) entries.splice(0, entries.length - capacity)
      return (status) => {
        entry.status = Option.some(status)
      }
    },
    latest: () =>
      Array.from(
        entries.slice(Math.max(0, entries.length - capacity)),
        ({ request, status }) => ({ ...request, status })
      )
  }
}
