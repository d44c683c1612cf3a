/**
 * Bundle: how many bytes the smallest program that gets a status brings along, and the smallest one that waits.
 */
import { fileURLToPath } from "node:url"
import { type Benchmark, figure, type Limit, type Report, table } from "../harness/report.ts"
import * as Budget from "./budget.ts"
import { type Bundle, bundle, effect } from "./bundler.ts"
import { pass, type Trial } from "./trial.ts"

interface Program {
  readonly name: string
  readonly path: string
  /** What it comes to when it is run. */
  readonly status: Trial["status"]
}

const program = (name: string, path: string, status: Trial["status"] = "running"): Program => ({
  name,
  path: fileURLToPath(new URL(path, import.meta.url)),
  status
})

const waiting = (name: string, path: string) => program(name, path, "completed")

const get = {
  official: program("official `cloudflare`", "programs/get/official.ts"),
  partial: program("official, a client of one resource", "programs/get/official-partial.ts"),
  distilled: program("distilled", "../distilled/programs/get.js"),
  ours: program("ours", "programs/get/ours.ts")
}

const wait = {
  official: waiting("official `cloudflare`, a loop by hand", "programs/wait/official.ts"),
  partial: waiting("official, a client of one resource, a loop by hand", "programs/wait/official-partial.ts"),
  distilled: waiting("distilled, `Effect.repeat` by hand", "../distilled/programs/wait.js"),
  ours: waiting("ours", "programs/wait/ours.ts")
}

const alone = {
  runtime: program("Effect's runtime", "programs/effect/runtime.ts"),
  http: program("… and a request", "programs/effect/http.ts"),
  schema: program("… and a schema for the answer", "programs/effect/schema.ts"),
  distilled: program("the same on distilled's Effect", "../distilled/programs/schema.js")
}

interface Bundled {
  readonly whole: Bundle
  readonly withoutEffect: Bundle
}

type Bundles = ReadonlyMap<Program, Bundled>

const bundleAll = async (programs: ReadonlyArray<Program>): Promise<Bundles> => {
  const bundles = new Map<Program, Bundled>()
  for (const program of programs) {
    bundles.set(program, {
      whole: await bundle(program.path),
      withoutEffect: await bundle(program.path, [effect])
    })
  }
  await pass(Array.from(bundles, ([{ status }, { whole }]) => ({ code: whole.code, status })))
  return bundles
}

const gzipped = (bundles: Bundles, program: Program, part: keyof Bundled = "whole") =>
  bundles.get(program)?.[part].size.gzipped ?? NaN

// A get of ours carries what distilled does not have: the budget that all requests of a process share, and errors that
// say what to do. A wait adds a poller, and weighs what the whole official package does.
const limitsOf = (bundles: Bundles): ReadonlyArray<Limit> => {
  const ratio = (ours: Program, other: Program, part?: keyof Bundled) =>
    gzipped(bundles, ours, part) / gzipped(bundles, other, part)
  return [
    { what: "ours that gets, times official", measured: ratio(get.ours, get.official), limit: 1 },
    { what: "ours that waits, times official", measured: ratio(wait.ours, wait.official), limit: 1.1 },
    { what: "ours that gets, times distilled", measured: ratio(get.ours, get.distilled), limit: 1.5 },
    {
      what: "ours that gets, times distilled, both without Effect",
      measured: ratio(get.ours, get.distilled, "withoutEffect"),
      limit: 2
    }
  ]
}

const kilobytes = (bytes: number) => figure(bytes / 1000)

const tableOf = (bundles: Bundles, programs: Readonly<Record<string, Program>>, official: Program) =>
  table(
    ["", "minified kB", "gzipped kB", "× official", "gzipped kB without Effect"],
    Object.values(programs).map((program) => [
      program.name,
      kilobytes(bundles.get(program)?.whole.size.minified ?? NaN),
      kilobytes(gzipped(bundles, program)),
      figure(gzipped(bundles, program) / gzipped(bundles, official)),
      kilobytes(gzipped(bundles, program, "withoutEffect"))
    ])
  )

const onTop = (bundles: Bundles) => {
  const more = (program: Program, than: Program) => kilobytes(gzipped(bundles, program) - gzipped(bundles, than))
  return `To an application that makes requests with Effect and decodes the answers, ours adds ${
    more(get.ours, alone.schema)
  } kB gzipped for a get and ${more(wait.ours, alone.schema)} kB for a wait; distilled, to one on its Effect, ${
    more(get.distilled, alone.distilled)
  } kB for a get.`
}

const budgetTable = async () =>
  table(
    ["", "minified kB", "gzipped kB"],
    Object.entries(await Budget.measure()).map(([name, size]) => [
      name,
      kilobytes(size.minified),
      kilobytes(size.gzipped)
    ])
  )

const quickly = async (): Promise<Report> => {
  const bundles = await bundleAll([get.official, get.distilled, get.ours, wait.official, wait.ours])
  return { markdown: "", limits: limitsOf(bundles) }
}

const thoroughly = async (): Promise<Report> => {
  const bundles = await bundleAll([get, wait, alone].flatMap((programs) => Object.values(programs)))
  return {
    markdown: [
      "### A program that gets a status",
      tableOf(bundles, get, get.official),
      "### A program that waits",
      tableOf(bundles, wait, wait.official),
      "### What Effect weighs",
      tableOf(bundles, alone, get.official),
      onTop(bundles),
      "### What the budget is about",
      await budgetTable()
    ].join("\n\n"),
    limits: limitsOf(bundles)
  }
}

export const run: Benchmark = ({ quick }) => quick ? quickly() : thoroughly()
