/** The smoke program in a page. It posts its report to the page's server. */
import * as Effect from "effect/Effect"
import { layer, program } from "./smoke.ts"

const seen = Effect.provide(program, layer(Object.fromEntries(new URLSearchParams(location.search))))
const report = await Effect.runPromise(seen).then((report) => JSON.stringify(report), (error) => String(error))
await fetch("/report", { method: "POST", body: report })
