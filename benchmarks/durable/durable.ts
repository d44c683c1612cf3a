/**
 * Durable: what a wait writes and costs, and how soon a new process has the waits of one that was killed. In a file, beside
 * the same wait as an activity for each poll.
 */
import { once } from "node:events"
import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { DatabaseSync } from "node:sqlite"
import { fileURLToPath } from "node:url"
import * as Processes from "../harness/processes.ts"
import { type Benchmark, figure, type Limit, type Report, table } from "../harness/report.ts"
import type { Begun, Cost, Task } from "./child.ts"

const child = fileURLToPath(new URL("child.ts", import.meta.url))

type Order = Pick<Task, "shape" | "waits" | "seconds">

const withFile = async <A>(use: (filename: string) => Promise<A>): Promise<A> => {
  const folder = mkdtempSync(join(tmpdir(), "durable-"))
  const result = await use(join(folder, "waits.db"))
  rmSync(folder, { recursive: true })
  return result
}

const start = (task: Task) => Processes.start(child, [JSON.stringify(task)])

interface Measured extends Cost {
  /** In both tables, when all waits have ended. */
  readonly rows: number
}

const toTheEnd = (order: Order): Promise<Measured> =>
  withFile(async (filename) => {
    const process = start({ ...order, filename })
    await Processes.answer<Begun>(process)
    const cost = await Processes.answer<Cost>(process)
    await once(process, "exit")
    return { ...cost, rows: rowsOf(filename) }
  })

// Kills a process once it has polled for each of its waits, and another one when it has done so, too.
const takeover = (waits: number) =>
  withFile(async (filename) => {
    const begin = async (startedAt?: number) => {
      const process = start({ shape: "ours", waits, filename, seconds: 3600, ...(startedAt && { startedAt }) })
      const begun = await Processes.answer<Begun>(process)
      process.kill("SIGKILL")
      await once(process, "exit")
      return begun
    }
    const before = await begin()
    return { before, after: await begin(before.startedAt) }
  })

const rowsOf = (filename: string) => {
  const database = new DatabaseSync(filename, { readOnly: true })
  const tables = database.prepare(
    "SELECT name FROM sqlite_schema WHERE type = 'table' AND name IN ('cluster_messages', 'cluster_replies')"
  ).all()
  const rows = tables.map(({ name }) =>
    Number(database.prepare(`SELECT count(*) AS n FROM ${String(name)}`).get()?.["n"])
  )
  database.close()
  return rows.reduce((sum, count) => sum + count, 0)
}

const shapes = [["ours", "ours"], ["byActivities", "an activity for each poll"]] as const

const waits = 20

const both = async (seconds: number) => {
  const rows: Array<readonly [string, Measured]> = []
  for (const [shape, name] of shapes) rows.push([name, await toTheEnd({ shape, waits, seconds })])
  return rows
}

const tableOf = (measured: Awaited<ReturnType<typeof both>>) =>
  table(
    ["for each wait", "polls", "rows", "writes", "CPU ms"],
    measured.map(([name, { cpu, polls, rows, writes }]) => [
      name,
      ...[polls / waits, rows / waits, writes / waits, cpu].map(figure)
    ])
  )

const limitsOf = ({ rows, writes }: Measured, { after }: { readonly after: Begun }): ReadonlyArray<Limit> => [
  { what: "rows of a wait", measured: rows / waits, limit: 4 },
  { what: "writes of a wait", measured: writes / waits, limit: 8 },
  {
    what: "CPU seconds until a new process polls for what a killed one left",
    measured: after.cpuToBegin / 1000,
    limit: 4
  }
]

const quickly = async (): Promise<Report> => ({
  markdown: "",
  limits: limitsOf(await toTheEnd({ shape: "ours", waits, seconds: 3 }), await takeover(1))
})

const thoroughly = async (): Promise<Report> => {
  const short = await both(3)
  const long = await both(60)
  const one = await takeover(1)
  const many = await takeover(1000)
  return {
    markdown: [
      "### Operations of 3 seconds",
      tableOf(short),
      "### Operations of a minute",
      tableOf(long),
      "### 1,000 waits, and kill -9",
      `Each of 1,000 waits takes ${figure(many.before.cpu)} ms of CPU to begin, its first poll included, and ` +
      `${
        figure(many.before.bytes / 1000)
      } kB of heap while it is under way. After a kill, a new process has polled for ` +
      `all of them ${figure(many.after.begunAt / 1000)} s after it was started; where there is one wait, after ` +
      `${figure(one.after.begunAt / 1000)} s.`
    ].join("\n\n"),
    limits: short.slice(0, 1).flatMap(([, measured]) => limitsOf(measured, one))
  }
}

export const run: Benchmark = ({ quick }) => quick ? quickly() : thoroughly()
