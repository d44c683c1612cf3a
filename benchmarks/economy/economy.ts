/**
 * Polling economy: what waiting costs in requests and lateness, for one wait by its schedule, for one after the other by
 * what was learned, and for many under one budget. All of it is on virtual time: the same on every machine.
 */
import { Effect } from "effect"
import { writeFileSync } from "node:fs"
import type { Benchmark } from "../harness/report.ts"
import * as Budget from "./budget/budget.ts"
import * as Files from "./files.ts"
import * as Learned from "./learned.ts"
import * as Schedules from "./schedules.ts"

export const run: Benchmark = async ({ quick }) => {
  const size = quick ? 300 : 4000
  const fields = await Effect.runPromise(Schedules.fields(size))
  const schedules = await Effect.runPromise(Schedules.report(fields, size, { quick }))
  const learned = await Effect.runPromise(Learned.report({ quick }))
  const budget = await Effect.runPromise(Budget.run({ quick }))
  if (!quick) {
    const { percent, seconds } = Files.pictures(fields)
    write("economy.csv", Files.csv(fields))
    write("economy.svg", percent)
    write("economy-seconds.svg", seconds)
  }
  return {
    markdown: [
      "### Schedules",
      schedules.markdown,
      "![Requests against lateness in % of the duration](economy/economy.svg)",
      "![Requests against lateness in seconds](economy/economy-seconds.svg)",
      "All figures, those of the curves as well, are in [economy.csv](economy/economy.csv).",
      "### A schedule that learns",
      learned.markdown,
      "### One budget for many waits",
      budget.markdown
    ].join("\n\n"),
    limits: [...schedules.limits, ...learned.limits, ...budget.limits]
  }
}

const write = (name: string, content: string) => writeFileSync(new URL(name, import.meta.url), content)
