/** The smoke program as a process, on Node, Bun and Deno. Prints its report as JSON. */
import * as Effect from "effect/Effect"
import { layer, program } from "./smoke.ts"

const { CLOUDFLARE_ACCOUNT_ID = "", CLOUDFLARE_API_TOKEN = "", CLOUDFLARE_BASE_URL = "" } = process.env
const live = layer({ CLOUDFLARE_ACCOUNT_ID, CLOUDFLARE_API_TOKEN, CLOUDFLARE_BASE_URL })
console.log(JSON.stringify(await Effect.runPromise(Effect.provide(program, live))))
