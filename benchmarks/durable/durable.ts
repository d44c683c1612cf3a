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

type Order = Pick<Task, "shape" | "waits"> & {
  readonly seconds: number
  /** Whether the process is killed once all waits have begun, and another one started. */
  readonly kill?: boolean
}

interface Measured extends Begun, Cost {
  /** In all tables, when all waits have ended. */
  readonly rows: number
}

const measure = async ({ kill = false, seconds, shape, waits }: Order): Promise<Measured> => {
  const folder = mkdtempSync(join(tmpdir(), "durable-"))
  const filename = join(folder, "waits.db")
  const task: Task = { shape, waits, filename, seconds }
  let process = Processes.start(child, [JSON.stringify(task)])
  let begun = await Processes.answer<Begun>(process)
  if (kill) {
    process.kill("SIGKILL")
    await once(process, "exit")
    process = Processes.start(child, [JSON.stringify({ ...task, startedAt: begun.startedAt })])
    begun = await Processes.answer<Begun>(process)
  }
  const cost = await Processes.answer<Cost>(process)
  await once(process, "exit")
  const rows = rowsOf(filename)
  rmSync(folder, { recursive: true })
  return { ...begun, ...cost, rows }
}

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

const measureBoth = async (waits: number, seconds: number) => {
  const rows: Array<readonly [string, Measured]> = []
  for (const [shape, name] of shapes) rows.push([name, await measure({ shape, waits, seconds })])
  return rows
}

const tableOf = (waits: number, measured: Awaited<ReturnType<typeof measureBoth>>) =>
  table(
    ["for each wait", "polls", "rows", "writes", "CPU ms", "heap kB"],
    measured.map(([name, { bytes, cpu, polls, rows, writes }]) => [
      name,
      ...[polls / waits, rows / waits, writes / waits, cpu, bytes / 1000].map(figure)
    ])
  )

const limitsOf = ({ rows, writes }: Measured, waits: number, killed: Measured): ReadonlyArray<Limit> => [
  { what: "rows of a wait", measured: rows / waits, limit: 4 },
  { what: "writes of a wait", measured: writes / waits, limit: 8 },
  { what: "seconds until a new process polls for what a killed one left", measured: killed.begunAt / 1000, limit: 5 }
]

const quickly = async (): Promise<Report> => {
  const killed = await measure({ shape: "ours", waits: 10, seconds: 2, kill: true })
  return { markdown: "", limits: limitsOf(await measure({ shape: "ours", waits: 10, seconds: 2 }), 10, killed) }
}

const thoroughly = async (): Promise<Report> => {
  const short = await measureBoth(10, 3)
  const long = await measureBoth(10, 60)
  const many: Order = { shape: "ours", waits: 1000, seconds: 60 }
  const killed = await measure({ shape: "ours", waits: 1, seconds: 10, kill: true })
  const killedMany = await measure({ ...many, kill: true })
  return {
    markdown: [
      "### Operations of 3 seconds",
      tableOf(10, short),
      "### Operations of a minute",
      tableOf(10, long),
      "### 1,000 waits at once, for operations of a minute",
      tableOf(1000, [["ours", await measure(many)]]),
      "### After kill -9",
      `A new process has the end of one wait ${
        figure(killed.begunAt / 1000)
      } s after it was started, and those of 1,000 ` +
      `waits after ${figure(killedMany.begunAt / 1000)} s. The operations had ended before.`
    ].join("\n\n"),
    limits: limitsOf(short[0]?.[1] ?? killed, 10, killed)
  }
}

export const run: Benchmark = ({ quick }) => quick ? quickly() : thoroughly()
