/**
 * The same operation read in four ways. All of them refuse what is no id, another status, and a date that is none; all
 * of them give the time of completion as a date.
 */
import { BulkOperation } from "@bulk-operations/core"
import { Result, Schema } from "effect"
import * as v from "valibot"
import { z } from "zod"
import type { Make } from "../harness/contender.ts"

const id = /^[^\s/\\\p{C}]+$/u
const rfc3339 = /^\d{4}-\d{2}-\d{2}[Tt]\d{2}:\d{2}:\d{2}(?:\.\d+)?(?:[Zz]|[+-]\d{2}:\d{2})$/

const ours = () => {
  const decode = Schema.decodeUnknownResult(BulkOperation.BulkOperation)
  return (answer: unknown) => Result.isSuccess(decode(answer))
}

type Read = {
  readonly id: string
  readonly status: string
  readonly completed?: Date | undefined
  readonly error?: string
}

const byHand = () => {
  const date = (text: unknown) => {
    if (text === undefined || text === null || text === "") return undefined
    if (typeof text !== "string" || !rfc3339.test(text)) throw new TypeError("not a date")
    const date = new Date(text)
    if (Number.isNaN(date.getTime())) throw new TypeError("not a date")
    return date
  }
  const read = (answer: unknown): Read => {
    if (typeof answer !== "object" || answer === null) throw new TypeError("not an object")
    const operation: {
      readonly id?: unknown
      readonly status?: unknown
      readonly completed?: unknown
      readonly error?: unknown
    } = answer
    if (typeof operation.id !== "string" || !id.test(operation.id)) throw new TypeError("not an id")
    switch (operation.status) {
      case "pending":
      case "running":
        return { id: operation.id, status: operation.status }
      case "completed":
        return { id: operation.id, status: operation.status, completed: date(operation.completed) }
      case "failed":
        return {
          id: operation.id,
          status: operation.status,
          completed: date(operation.completed),
          error: typeof operation.error === "string" ? operation.error : ""
        }
    }
    throw new TypeError("not a status")
  }
  return (answer: unknown) => read(answer).id !== ""
}

const withZod = () => {
  const Id = z.string().regex(id)
  const Time = z.union([
    z.iso.datetime({ offset: true }).transform((text) => new Date(text)),
    z.literal("").transform(() => undefined)
  ])
    .nullish()
  const Operation = z.discriminatedUnion("status", [
    z.object({ id: Id, status: z.literal("pending") }),
    z.object({ id: Id, status: z.literal("running") }),
    z.object({ id: Id, status: z.literal("completed"), completed: Time }),
    z.object({ id: Id, status: z.literal("failed"), completed: Time, error: z.string().nullish() })
  ])
  return (answer: unknown) => Operation.safeParse(answer).success
}

const withValibot = () => {
  const Id = v.pipe(v.string(), v.regex(id))
  const Time = v.nullish(v.union([
    v.pipe(v.string(), v.regex(rfc3339), v.transform((text) => new Date(text)), v.date()),
    v.pipe(v.literal(""), v.transform(() => undefined))
  ]))
  const Operation = v.variant("status", [
    v.object({ id: Id, status: v.literal("pending") }),
    v.object({ id: Id, status: v.literal("running") }),
    v.object({ id: Id, status: v.literal("completed"), completed: Time }),
    v.object({ id: Id, status: v.literal("failed"), completed: Time, error: v.nullish(v.string()) })
  ])
  return (answer: unknown) => v.safeParse(Operation, answer).success
}

const contenders: Readonly<Record<string, () => (answer: unknown) => boolean>> = {
  ours,
  "by hand": byHand,
  zod: withZod,
  valibot: withValibot
}

/** The answers that are read. */
export const answers: Readonly<Record<string, object>> = {
  running: { id: "4da8780eeb215e6cb7f48dd981c4ea02", status: "running" },
  completed: { id: "4da8780eeb215e6cb7f48dd981c4ea02", status: "completed", completed: "2026-10-28T09:15:42.123456Z" }
}

export const make: Make = ({ answer = "", contender = "" }) => {
  const accepts = contenders[contender]?.()
  const text = JSON.stringify(answers[answer])
  if (accepts === undefined || !accepts(JSON.parse(text))) throw new Error(`${contender} refuses ${text}`)
  if (contender !== "by hand" && accepts({ ...answers[answer], status: "paused" })) {
    throw new Error(`${contender} takes anything`)
  }
  // Several objects, as from several answers, so that nothing can be remembered of one.
  const parsed: ReadonlyArray<unknown> = Array.from({ length: 64 }, () => JSON.parse(text))
  return {
    run: (count) => {
      let accepted = 0
      for (let done = 0; done < count; done++) if (accepts(parsed[done & 63])) accepted++
      return accepted === count ? Promise.resolve() : Promise.reject(new Error(`${contender} refuses ${text}`))
    }
  }
}
