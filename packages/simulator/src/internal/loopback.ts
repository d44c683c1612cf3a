/** Whether a host is a loopback address. */
import * as Effect from "effect/Effect"
import * as NetAddress from "effect/net/NetAddress"
import * as Result from "effect/Result"
import * as SimulatorError from "../SimulatorError.ts"

const isLoopback = (host: string): boolean => {
  const address = NetAddress.ipFromString(host)
  return Result.isSuccess(address) ? NetAddress.isLoopback(address.success) : host === "localhost"
}

export const check = (host: string): Effect.Effect<void, SimulatorError.SimulatorError> =>
  isLoopback(host)
    ? Effect.void
    : Effect.fail(new SimulatorError.SimulatorError({ reason: new SimulatorError.NotLoopback({ host }) }))
