/**
 * Polling economy: what waiting costs in requests and lateness, for one wait by its schedule, for one after the other by
 * what was learned, and for many under one budget. All of it is on virtual time: the same on every machine.
 */
import { Effect } from "effect"
import { writeFileSync } from "node:fs"
import type { Benchmark } from "../harness/report.ts"
import * as Budget from "./budget/budget.ts"
import * as Learned from "./learned.ts"
import { draw } from "./picture.ts"
import * as Schedules from "./schedules.ts"

export const run: Benchmark = async ({ quick }) => {
  const size = quick ? 300 : 4000
  const fields = await Effect.runPromise(Schedules.fields(size))
  const schedules = Schedules.report(fields, size)
  const learned = await Effect.runPromise(Learned.report({ quick }))
  const budget = await Effect.runPromise(Budget.run({ quick }))
  if (!quick) writeFileSync(new URL("economy.svg", import.meta.url), draw(fields))
  return {
    markdown: [
      "### Schedules",
      schedules.markdown,
      "![Requests against lateness in % of the duration](economy/economy.svg)",
      "### A schedule that learns",
      learned.markdown,
      "### One budget for many waits",
      budget.markdown
    ].join("\n\n"),
    limits: [...schedules.limits, ...learned.limits, ...budget.limits]
  }
}
