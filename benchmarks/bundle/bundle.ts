/**
 * Bundle: how many bytes the smallest program that gets a status brings along, and the smallest one that waits.
 */
import { Simulator } from "@bulk-operations/simulator"
import { SimulatorServer } from "@bulk-operations/simulator/node"
import { Effect } from "effect"
import { type Benchmark, figure, table } from "../harness/report.ts"
import * as Budget from "./budget.ts"
import { bundle, effect, type Size } from "./bundler.ts"

/** What a program exports as `run`: it polls one operation, or waits for it. */
export type Run = (order: {
  readonly baseUrl: string
  readonly apiToken: string
  readonly accountId: string
  readonly operationId: string
}) => Promise<{ readonly status: string }>

// By file, and what it is.
const programs = {
  "get/official": "official `cloudflare`, a get",
  "get/ours": "ours, a get",
  "get/effect": "Effect alone, a request and a schema for the answer",
  "wait/official": "official `cloudflare`, a loop by hand",
  "wait/ours": "ours, a wait"
}

// Runs a bundle, so that nothing counts as small because it does not work.
const tryOut = Effect.fnUntraced(
  function*(path: string, code: string) {
    const { baseUrl, startOperation } = yield* Simulator.Simulator
    const operationId = yield* startOperation({ duration: "1 second", pendingFor: 0 })
    const { run }: { readonly run: Run } = yield* Effect.promise(() =>
      import(`data:text/javascript,${encodeURIComponent(code)}`)
    )
    const { status } = yield* Effect.promise(() =>
      run({ baseUrl, apiToken: "any-token", accountId: Simulator.accountId, operationId })
    )
    const expected = path.startsWith("get/") ? "running" : "completed"
    if (status !== expected) throw new Error(`${path}: ${status} instead of ${expected}`)
  },
  Effect.provide(SimulatorServer.layer())
)

const kilobytes = (bytes: number) => figure(bytes / 1000)

const sizesOf = (name: string, { gzipped, minified }: Size) => [name, kilobytes(minified), kilobytes(gzipped)]

export const run: Benchmark = async () => {
  const gzipped: Record<string, number> = {}
  const rows: Array<ReadonlyArray<string>> = []
  for (const [path, name] of Object.entries(programs)) {
    const file = `${import.meta.dirname}/programs/${path}.ts`
    const { code, size } = await bundle(file)
    await Effect.runPromise(tryOut(path, code))
    const withoutEffect = await bundle(file, [effect])
    gzipped[path] = size.gzipped
    rows.push([...sizesOf(name, size), kilobytes(withoutEffect.size.gzipped)])
  }
  const of = (path: keyof typeof programs) => gzipped[path] ?? Number.NaN
  return {
    markdown: [
      table(["", "minified kB", "gzipped kB", "gzipped kB without Effect"], rows),
      `To an application that makes requests with Effect and decodes the answers, ours adds ${
        kilobytes(of("get/ours") - of("get/effect"))
      } kB gzipped for a get and ${kilobytes(of("wait/ours") - of("get/effect"))} kB for a wait.`,
      "What the budget is about:",
      table(
        ["", "minified kB", "gzipped kB"],
        Object.entries(await Budget.measure()).map(([name, size]) => sizesOf(name, size))
      )
    ].join("\n\n"),
    limits: [
      { what: "ours that gets, times official", measured: of("get/ours") / of("get/official"), limit: 1 },
      { what: "ours that waits, times official", measured: of("wait/ours") / of("wait/official"), limit: 1.1 }
    ]
  }
}
