/**
 * One status get: what asking Cloudflare once costs, against a server in a process of its own.
 */
import { measure, type Measured, startCounterpart } from "../harness/processes.ts"
import { type Benchmark, figure, type Limit, middle, ratios, spread, table } from "../harness/report.ts"
import { contenders, floorName, officialName, oursName } from "./contenders.ts"

const cpuOf = (name: string, measured: ReadonlyArray<Measured>): ReadonlyArray<number> =>
  measured.find((contender) => contender.name === name)?.cpu ?? []

const section = (title: string, measured: ReadonlyArray<Measured>) => {
  const rows = measured.map(({ cpu, name, wall }) => [
    name,
    spread(cpu),
    spread(ratios(cpu, cpuOf(floorName, measured))),
    spread(ratios(cpu, cpuOf(officialName, measured))),
    figure(middle(wall))
  ])
  return [`### ${title}`, table(["per get", "CPU µs", "× undici.request", "× official", "wall µs"], rows)]
}

// Cloudflare allows four requests a second: it is enough to cost about what one would use instead, and little more where
// each request is traced, which the official package does not do. README.md says why the aims are not reached.
const limitsOf = (answers: "sized" | "chunked", measured: ReadonlyArray<Measured>): ReadonlyArray<Limit> => {
  const timesOfficial = (transport: string, tracing: string, limit: number, aim = limit): Limit => ({
    what: `${oursName(transport, tracing)}, times ${officialName}, ${answers}`,
    measured: middle(ratios(cpuOf(oursName(transport, tracing), measured), cpuOf(officialName, measured))),
    limit,
    ...(aim < limit && { aim })
  })
  const sized = answers === "sized"
  return [
    timesOfficial("undici", "off", sized ? 1 : 1.25, 1),
    timesOfficial("fetch", "off", sized ? 1.2 : 1.4, 1),
    timesOfficial("undici", "on", sized ? 1.25 : 1.35, 1.25),
    timesOfficial("fetch", "on", 1.4)
  ]
}

const measureAt = (baseUrl: string, quick: boolean) => {
  const module = `${import.meta.dirname}/contenders.ts`
  const entries = Object.keys(contenders).map((name) => ({ module, name, setup: { baseUrl } }))
  return measure(entries, {
    warmUp: { count: quick ? 2500 : 15_000, concurrency: 50 },
    order: { count: quick ? 400 : 1500, concurrency: 50 },
    rounds: quick ? 5 : 15
  })
}

export const run: Benchmark = async ({ quick }) => {
  const { origin, stop } = await startCounterpart()
  const sized = await measureAt(`${origin}/client/v4`, quick)
  const chunked = quick ? [] : await measureAt(`${origin}/chunked/client/v4`, quick)
  stop()
  return {
    markdown: [
      ...section("Answers with a content-length (sized)", sized),
      ...section("Answers without a content-length (chunked)", chunked),
      "### Limits"
    ].join("\n\n"),
    limits: [...limitsOf("sized", sized), ...(quick ? [] : limitsOf("chunked", chunked))]
  }
}
