/**
 * The headers that let a page of another origin call the simulator.
 *
 * Source: fetch.spec.whatwg.org. `*` does not cover `Authorization`, so the requested headers are repeated.
 */
import type * as Headers from "effect/http/Headers"
import type { Answer, Request } from "./exchange.ts"
import * as Spoil from "./spoil.ts"

/** On every answer. */
export const headers = {
  "access-control-allow-origin": "*",
  "access-control-expose-headers": "*"
}

/** Whether the request is a browser's preflight. */
export const isPreflight = (method: string, headers: Headers.Headers): boolean =>
  method === "OPTIONS" && headers["origin"] !== undefined && headers["access-control-request-method"] !== undefined

/** Allows everything. */
export const preflight = (request: Request): Answer => ({
  status: 204,
  headers: {
    ...headers,
    "access-control-allow-methods": "GET, POST, PUT, DELETE",
    "access-control-allow-headers": request.headers["access-control-request-headers"] ?? "*",
    "access-control-allow-private-network": "true",
    "access-control-max-age": "600"
  },
  contentType: "text/plain",
  body: "",
  delivery: Spoil.delivery(undefined)
})
