/** The smoke program in a Worker with one runtime for its module, which all of its requests share. */
import * as ManagedRuntime from "effect/ManagedRuntime"
import { type Env, layer, program } from "./smoke.ts"

// The bindings come with the first request, and stay the same.
const make = (env: Env) => ManagedRuntime.make(layer(env))
let runtime: ReturnType<typeof make> | undefined

export default {
  fetch: async (_: Request, env: Env) => {
    runtime ??= make(env)
    return Response.json(await runtime.runPromise(program))
  }
}
