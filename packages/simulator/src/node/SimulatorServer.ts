/**
 * The simulator behind a real server, on Node.
 *
 * A separate module, because the rest runs on any runtime.
 *
 * @example
 * import { Simulator } from "@bulk-operations/simulator"
 * import { SimulatorServer } from "@bulk-operations/simulator/node"
 * import { Effect } from "effect"
 *
 * const program = Effect.gen(function*() {
 *   const { baseUrl } = yield* Simulator.Simulator
 *   return baseUrl.endsWith("/client/v4") // the base URL for any client of Cloudflare's API
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
import * as OptionChecks from "../internal/optionChecks.ts"
import * as Simulator from "../Simulator.ts"
import type * as SimulatorError from "../SimulatorError.ts"

/** The simulator's options, and where its server listens. */
export interface Options extends Simulator.Options {
  /** A free one by default. */
  readonly port?: number
  /** `127.0.0.1` by default. */
  readonly host?: string
  /** Required for a `host` that is not loopback, because other machines may reach it. */
  readonly allowRemote?: boolean
  /**
   * Whether the simulator can be controlled over HTTP, under `/simulator`, like the `Simulator` service: for programs
   * in other languages. `false` by default.
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
      OptionChecks.upTo("port", 65_535, port)
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
