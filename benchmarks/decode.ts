/**
 * Decode: what it costs to read an operation out of a parsed answer, beside zod.
 *
 * Both refuse what is no id, another status, and a date that is none; both give the time of completion as a date.
 */
import { BulkOperation } from "@bulk-operations/core"
import { Result, Schema } from "effect"
import { z } from "zod"
import type { Contender, Contenders } from "./harness/contender.ts"
import { measure } from "./harness/processes.ts"
import { type Benchmark, type Limit, middle, ratios, spread, table } from "./harness/report.ts"

type Accepts = (answer: unknown) => boolean

const ours = (): Accepts => {
  const decode = Schema.decodeUnknownResult(BulkOperation.BulkOperation)
  return (answer) => Result.isSuccess(decode(answer))
}

const withZod = (): Accepts => {
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
  return (answer) => operation.safeParse(answer).success
}

const contender = (accepts: Accepts, text: string): Contender => {
  if (!accepts(JSON.parse(text))) throw new Error(`${text} is refused`)
  if (accepts({ ...JSON.parse(text), status: "paused" })) throw new Error("anything is accepted")
  // Several objects, as from several answers, so that nothing can be remembered of one.
  const parsed: ReadonlyArray<unknown> = Array.from({ length: 64 }, () => JSON.parse(text))
  return {
    run: (count) => {
      let accepted = 0
      for (let done = 0; done < count; done++) if (accepts(parsed[done & 63])) accepted++
      return accepted === count ? Promise.resolve() : Promise.reject(new Error(`${text} is refused`))
    }
  }
}

export const contenders: Contenders = {
  zod: ({ text = "" }) => contender(withZod(), text),
  ours: ({ text = "" }) => contender(ours(), text)
}

const id = "4da8780eeb215e6cb7f48dd981c4ea02"
const answers = [
  { answer: { id, status: "running" }, limit: 2.5 },
  { answer: { id, status: "completed", completed: "2026-10-28T09:15:42.123456Z" }, limit: 3.5 }
]

export const run: Benchmark = async ({ quick }) => {
  const entries = answers.flatMap(({ answer }) =>
    Object.keys(contenders).map((name) => ({
      module: import.meta.filename,
      name,
      setup: { text: JSON.stringify(answer) }
    }))
  )
  const order = { count: quick ? 25_000 : 200_000, concurrency: 1 }
  const measured = await measure(entries, { warmUp: order, order, rounds: quick ? 5 : 21 })
  const nanos = answers.map(({ answer: { status }, limit }, index) => {
    const [zod = [], ours = []] = measured.slice(2 * index).map(({ cpu }) => cpu.map((micros) => micros * 1000))
    return { status, limit, zod, ours }
  })
  return {
    markdown: table(
      ["ns per operation", "zod", "ours (Effect Schema)", "× zod"],
      nanos.map(({ ours, status, zod }) => [status, spread(zod), spread(ours), spread(ratios(ours, zod))])
    ),
    limits: nanos.map(({ limit, ours, status, zod }): Limit => ({
      what: `ours, times zod, on a ${status} operation`,
      measured: middle(ratios(ours, zod)),
      limit
    }))
  }
}
