/**
 * Decode: what it costs to read an operation out of a parsed answer, beside zod.
 *
 * Both refuse what is no id, another status, and a date that is none; both give the time of completion as a date.
 */
import { BulkOperation } from "@bulk-operations/core"
import { Result, Schema } from "effect"
import { z } from "zod"
import type { Make } from "./harness/contender.ts"
import { type Benchmark, type Limit, middle, ratios, spread, table } from "./harness/report.ts"
import { measure } from "./harness/rounds.ts"

const answers: Readonly<Record<string, object>> = {
  running: { id: "4da8780eeb215e6cb7f48dd981c4ea02", status: "running" },
  completed: { id: "4da8780eeb215e6cb7f48dd981c4ea02", status: "completed", completed: "2026-10-28T09:15:42.123456Z" }
}

const ours = () => {
  const decode = Schema.decodeUnknownResult(BulkOperation.BulkOperation)
  return (answer: unknown) => Result.isSuccess(decode(answer))
}

const withZod = () => {
  const id = z.string().regex(/^[^\s/\\\p{C}]+$/u)
  const time = z.union([
    z.iso.datetime({ offset: true }).transform((text) => new Date(text)),
    z.literal("").transform(() => undefined)
  ]).nullish()
  const operation = z.discriminatedUnion("status", [
    z.object({ id, status: z.literal("pending") }),
    z.object({ id, status: z.literal("running") }),
    z.object({ id, status: z.literal("completed"), completed: time }),
    z.object({ id, status: z.literal("failed"), completed: time, error: z.string().nullish() })
  ])
  return (answer: unknown) => operation.safeParse(answer).success
}

export const make: Make = ({ answer = "", reader }) => {
  const accepts = reader === "zod" ? withZod() : ours()
  const text = JSON.stringify(answers[answer])
  if (!accepts(JSON.parse(text))) throw new Error(`${reader} refuses ${text}`)
  if (accepts({ ...answers[answer], status: "paused" })) throw new Error(`${reader} takes anything`)
  // Several objects, as from several answers, so that nothing can be remembered of one.
  const parsed: ReadonlyArray<unknown> = Array.from({ length: 64 }, () => JSON.parse(text))
  return {
    run: (count) => {
      let accepted = 0
      for (let done = 0; done < count; done++) if (accepts(parsed[done & 63])) accepted++
      return accepted === count ? Promise.resolve() : Promise.reject(new Error(`${reader} refuses ${text}`))
    }
  }
}

const limits: Readonly<Record<string, number>> = { running: 2.5, completed: 3.5 }

export const run: Benchmark = async ({ quick }) => {
  const names = Object.keys(answers)
  const entries = names.flatMap((answer) =>
    ["zod", "ours"].map((reader) => ({ name: reader, module: import.meta.filename, setup: { answer, reader } }))
  )
  const order = { count: quick ? 25_000 : 200_000, concurrency: 1 }
  const [measured = []] = await measure(entries, { warmUp: order, orders: [order], rounds: quick ? 5 : 21 })
  const nanos = names.map((answer, index) => {
    const [zod = [], ours = []] = measured.slice(2 * index).map(({ cpu }) => cpu.map((micros) => micros * 1000))
    return { answer, zod, ours }
  })
  return {
    markdown: table(
      ["ns per operation", "zod", "ours (Effect Schema)", "× zod"],
      nanos.map(({ answer, ours, zod }) => [answer, spread(zod), spread(ours), spread(ratios(ours, zod))])
    ),
    limits: nanos.map(({ answer, ours, zod }): Limit => ({
      what: `ours, times zod, on a ${answer} operation`,
      measured: middle(ratios(ours, zod)),
      limit: limits[answer] ?? 1
    }))
  }
}
