/** The smoke program in a Worker that builds its layers for each request, as it should. */
import * as Effect from "effect/Effect"
import { type Env, layer, program } from "./smoke.ts"

export default {
  fetch: async (_: Request, env: Env) => Response.json(await Effect.runPromise(Effect.provide(program, layer(env))))
}
