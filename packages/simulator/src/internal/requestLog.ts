/** The latest received requests with the status of their answers, without credentials. */
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
  /** None if path and method match no endpoint. */
  readonly endpoint: Option.Option<Endpoint>
  /** All headers except credentials. */
  readonly headers: Readonly<Record<string, string | undefined>>
  readonly body: string
  /** The faults it met, in the order of injection. */
  readonly faults: ReadonlyArray<Fault>
  /** The status of its answer; none until one is sent. */
  readonly status: Option.Option<number>
}

export interface RequestLog {
  /** Adds a request, and returns a function that records the status of its answer. */
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

/** Counts a character as one byte, which is exact for ASCII. */
const sizeOf = ({ body, headers, url }: Omit<ReceivedRequest, "status">): number => {
  let size = url.length + body.length
  for (const name in headers) size += name.length + (headers[name]?.length ?? 0)
  return size
}

export const make = (capacity: Capacity): RequestLog => {
  const entries: Array<Entry> = []
  let forgotten = 0
  let bytes = 0

  // The latest request is always kept, however large it is.
  const isOverfull = () => {
    const kept = entries.length - forgotten
    return kept > capacity.requests || (kept > 1 && bytes > capacity.bytes)
  }

  const forget = () => {
    const oldest = entries[forgotten]
    if (oldest === undefined) return
    bytes -= oldest.size
    entries[forgotten++] = undefined
    // Removed in batches: one by one would move all entries for each request.
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
