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

/** Absent once it is forgotten. */
type Entry = {
  readonly request: Omit<ReceivedRequest, "status">
  readonly size: number
  status: ReceivedRequest["status"]
} | undefined

export interface Capacity {
  readonly requests: number
  /** Of URLs, headers and bodies. */
  readonly bytes: number
}

/** A character counts as one byte, which holds for all but texts in other scripts. */
const sizeOf = ({ body, headers, url }: Omit<ReceivedRequest, "status">): number => {
  let size = url.length + body.length
  for (const name in headers) size += name.length + (headers[name]?.length ?? 0)
  return size
}

export const make = (capacity: Capacity): RequestLog => {
  const entries: Array<Entry> = []
  let forgotten = 0
  let bytes = 0

  // The latest one stays, however large it is.
  const isOverfull = () => {
    const kept = entries.length - forgotten
    return kept > capacity.requests || (kept > 1 && bytes > capacity.bytes)
  }

  const forget = () => {
    const oldest = entries[forgotten]
    if (oldest === undefined) return
    bytes -= oldest.size
    entries[forgotten++] = undefined
    // Not one by one, which would move all entries for each request.
    if (forgotten > entries.length / 2) {
      entries.splice(0, forgotten)
      forgotten = 0
    }
  }

  return {
    add: (request) => {
      const entry = { request, status: Option.none<number>(), size: sizeOf(request) }
      entries.push(entry)
      bytes += entry.size
      while (isOverfull()) forget()
      return (status) => {
        entry.status = Option.some(status)
      }
    },
    latest: () => entries.flatMap((entry) => entry === undefined ? [] : [{ ...entry.request, status: entry.status }])
  }
}
