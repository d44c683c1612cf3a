/**
 * Lists: what it costs to read a long list, and to check, encode and compare many items.
 */
import { measure, once, startCounterpart } from "../harness/processes.ts"
import { type Benchmark, figure, middle, ratios, spread, table } from "../harness/report.ts"

const ours = "ours on undici"
const official = "cloudflare (official)"
const readers = [ours, "ours on fetch", official]

// What is done in memory, and the seconds it may take.
const works = [
  { name: "check, normalize and encode 100,000 items", atMost: 5 },
  { name: "check 100,000 items and compare them with 100,000", atMost: 10 }
]

const entry = (name: string, setup: Readonly<Record<string, string>> = {}) => ({
  module: `${import.meta.dirname}/contenders.ts`,
  name,
  setup
})

const read = async (quick: boolean) => {
  const { origin, stop } = await startCounterpart()
  const entries = readers.map((name) => entry(name, { baseUrl: `${origin}/client/v4` }))
  const order = { count: quick ? 25_000 : 100_000, concurrency: 1 }
  const measured = await measure(entries, { warmUp: order, order, rounds: quick ? 3 : 5 })
  const long = { count: quick ? 100_000 : 1_000_000, concurrency: 1 }
  const memory = new Map<string, number>()
  for (const entry of entries) memory.set(entry.name, (await once(entry, long)).memory)
  stop()
  return measured.map((one) => ({ ...one, memory: memory.get(one.name) ?? Number.NaN }))
}

const work = async () => {
  const worked = []
  for (const work of works) {
    const { memory, wall } = await once(entry(work.name), { count: 100_000, concurrency: 1 })
    worked.push({ ...work, seconds: wall / 1e6, memory })
  }
  return worked
}

export const run: Benchmark = async ({ quick }) => {
  const reads = await read(quick)
  const worked = await work()
  const of = (name: string) => reads.find((one) => one.name === name) ?? { cpu: [], memory: Number.NaN }
  return {
    markdown: [
      table(
        ["reading a list, 500 a page", "CPU µs per item", "× official", "items per second", "peak MiB"],
        reads.map(({ cpu, memory, name, wall }) => [
          name,
          spread(cpu),
          spread(ratios(cpu, of(official).cpu)),
          figure(1e6 / middle(wall)),
          figure(memory)
        ])
      ),
      table(
        ["in memory", "seconds", "peak MiB"],
        worked.map(({ memory, name, seconds }) => [name, figure(seconds), figure(memory)])
      )
    ].join("\n\n"),
    limits: [
      {
        what: "CPU of ours on undici, times the official package",
        measured: middle(ratios(of(ours).cpu, of(official).cpu)),
        limit: 1.2
      },
      {
        what: "peak memory of ours on undici, times the official package's",
        measured: of(ours).memory / of(official).memory,
        limit: 1.5
      },
      ...worked.flatMap(({ atMost, memory, name, seconds }) => [
        { what: `seconds to ${name}`, measured: seconds, limit: atMost },
        { what: `MiB to ${name}`, measured: memory, limit: 512 }
      ])
    ]
  }
}
