/**
 * The simulator behind a real server, on Node.
 *
 * Stands apart from the rest, which runs anywhere.
 *
 * @example
 * import { Simulator } from "@bulk-operations/simulator"
 * import { SimulatorServer } from "@bulk-operations/simulator/node"
 * import { Effect } from "effect"
 *
 * const program = Effect.gen(function*() {
 *   const { baseUrl } = yield* Simulator.Simulator
 *   return baseUrl.endsWith("/client/v4") // any client of Cloudflare's API can be pointed at it
 * })
 * await Effect.runPromise(program.pipe(Effect.provide(SimulatorServer.layer({ duration: "10 seconds" })))) // => true
 */
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import type { Application } from "../internal/application.ts"
import * as ControlApi from "../internal/controlApi.ts"
import type { Request } from "../internal/exchange.ts"
import * as Loopback from "../internal/loopback.ts"
import * as Make from "../internal/make.ts"
import * as NodeServer from "../internal/nodeServer.ts"
import * as Simulator from "../Simulator.ts"
import type * as SimulatorError from "../SimulatorError.ts"

/** The simulated world, and where its server listens. */
export interface Options extends Simulator.Options {
  /** A free one by default. */
  readonly port?: number
  /** `127.0.0.1` by default. */
  readonly host?: string
  /** Needed for a `host` that is not loopback, where other machines may reach it. */
  readonly allowRemote?: boolean
  /**
   * Whether the simulator can be told over HTTP, under `/simulator`, what the `Simulator` service can do: for programs in
   * other languages. `false` by default.
   */
  readonly control?: boolean
  /** Whether each request is logged with the status of its answer. `false` by default. */
  readonly log?: boolean
}

const logged = (handle: Application["handle"]): Application["handle"] => (request) =>
  Effect.tap(
    handle(request),
    ({ delivery, status }) =>
      Effect.log(`${request.method} ${request.url} ${delivery.sent === "nothing" ? "no answer" : status}`)
  )

/** Serves the simulator until the layer's scope closes. Fails if it cannot listen. */
export const layer = (options: Options = {}): Layer.Layer<Simulator.Simulator, SimulatorError.SimulatorError> =>
  Layer.effect(
    Simulator.Simulator,
    Effect.gen(function*() {
      const { cors = false, host = "127.0.0.1", port = 0 } = options
      if (options.allowRemote !== true) yield* Loopback.check(host)
      const { application, control } = yield* Make.make(options)
      const controlled = ControlApi.make(control, { cors })
      const handle = (request: Request) =>
        options.control === true && ControlApi.isControl(request.url)
          ? controlled(request)
          : application.handle(request)
      const origin = yield* NodeServer.serve(options.log === true ? logged(handle) : handle, { host, port })
      return Simulator.Simulator.of({ ...control, baseUrl: `${origin}/client/v4` })
    })
  )
