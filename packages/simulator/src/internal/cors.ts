/**
 * What lets a page of another origin call the simulator.
 *
 * Source: fetch.spec.whatwg.org. `Authorization` is never meant by a `*`, so the headers that are asked for are repeated.
 */
import type * as Headers from "effect/http/Headers"

/** On every answer. */
export const headers = {
  "access-control-allow-origin": "*",
  "access-control-expose-headers": "*"
}

/** Whether a browser asks beforehand what it may send. */
export const isPreflight = (method: string, headers: Headers.Headers): boolean =>
  method === "OPTIONS" && headers["origin"] !== undefined && headers["access-control-request-method"] !== undefined

/** What it may: everything. */
export const preflight = (requested: Headers.Headers): Readonly<Record<string, string>> => ({
  ...headers,
  "access-control-allow-methods": "GET, POST, PUT, DELETE",
  "access-control-allow-headers": requested["access-control-request-headers"] ?? "*",
  "access-control-allow-private-network": "true",
  "access-control-max-age": "600"
})
