/**
 * Decode: what it costs to read an operation out of a parsed answer.
 */
import { fileURLToPath } from "node:url"
import { type Benchmark, type Limit, spread, table } from "../harness/report.ts"
import { measure } from "../harness/rounds.ts"
import { ratio, summarize } from "../harness/statistics.ts"

const module = fileURLToPath(new URL("contenders.ts", import.meta.url))
const contenders = ["by hand", "zod", "valibot", "ours"]
const answers = ["running", "completed"]

export const run: Benchmark = async ({ quick }) => {
  const entries = answers.flatMap((answer) =>
    contenders.map((contender) => ({ name: contender, module, setup: { answer, contender } }))
  )
  const order = { count: quick ? 25_000 : 200_000, concurrency: 1 }
  const [measured = []] = await measure(entries, { warmUp: order, orders: [order], rounds: quick ? 5 : 21 })
  const nanos = measured.map(({ cpu }) => cpu.map((micros) => micros * 1000))
  const at = (answer: number, contender: number) => nanos[answer * contenders.length + contender] ?? []
  const limits = answers.map((answer, index): Limit => ({
    what: `ours, times zod, on a ${answer} operation`,
    measured: ratio(at(index, 3), at(index, 1)).median,
    limit: index === 0 ? 2 : 3
  }))
  return {
    markdown: table(
      ["ns per operation", ...answers],
      contenders.map((contender, row) => [
        contender === "ours" ? "ours (Effect Schema)" : contender,
        ...answers.map((_, index) => spread(summarize(at(index, row))))
      ])
    ),
    limits
  }
}
