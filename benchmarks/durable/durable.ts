/**
 * Durable: what a wait writes and costs, and how soon a new process has the waits of one that was killed. In a file, beside
 * the same wait as an activity for each poll.
 */
import { once } from "node:events"
import { mkdtempDisposable } from "node:fs/promises"
import { tmpdir } from "node:os"
import { DatabaseSync } from "node:sqlite"
import * as Processes from "../harness/processes.ts"
import { type Benchmark, figure, table } from "../harness/report.ts"
import type { Begun, Cost, Task } from "./child.ts"

const start = (task: Task) => Processes.start(`${import.meta.dirname}/child.ts`, [JSON.stringify(task)])

// In both tables of the engine.
const rowsIn = (filename: string) => {
  using database = new DatabaseSync(filename, { readOnly: true })
  const counted = database.prepare(
    "SELECT (SELECT count(*) FROM cluster_messages) + (SELECT count(*) FROM cluster_replies) AS rows"
  ).get()
  return Number(counted?.["rows"])
}

const waits = 20

// Of each wait, from its beginning to its end.
const toTheEnd = async (contender: Task["contender"], seconds: number) => {
  await using folder = await mkdtempDisposable(`${tmpdir()}/durable-`)
  const filename = `${folder.path}/waits.db`
  const child = start({ contender, waits, seconds, filename })
  await Processes.answer<Begun>(child)
  const { cpu, polls, writes } = await Processes.answer<Cost>(child)
  await once(child, "exit")
  return { contender, polls: polls / waits, rows: rowsIn(filename) / waits, writes: writes / waits, cpu }
}

// Kills a process once it has polled for each of its waits, and another one when it has done so, too.
const takeover = async (waits: number) => {
  await using folder = await mkdtempDisposable(`${tmpdir()}/durable-`)
  const begin = async (before?: Begun) => {
    const child = start({
      contender: "ours",
      waits,
      seconds: 3600,
      filename: `${folder.path}/waits.db`,
      ...(before && { startedAt: before.startedAt })
    })
    const begun = await Processes.answer<Begun>(child)
    child.kill("SIGKILL")
    await once(child, "exit")
    return begun
  }
  const before = await begin()
  return { before, after: await begin(before) }
}

type Measured = Awaited<ReturnType<typeof toTheEnd>>

const tableOf = (...measured: ReadonlyArray<Measured>) =>
  table(
    ["for each wait", "polls", "rows", "writes", "CPU ms"],
    measured.map(({ contender, cpu, polls, rows, writes }) => [
      contender,
      ...[polls, rows, writes, cpu].map(figure)
    ])
  )

const thoroughly = async (ours: Measured, one: Begun) => {
  const byActivities = "an activity for each poll"
  const short = tableOf(ours, await toTheEnd(byActivities, 3))
  const long = tableOf(await toTheEnd("ours", 60), await toTheEnd(byActivities, 60))
  const { after, before } = await takeover(1000)
  return [
    "### Operations of 3 seconds",
    short,
    "### Operations of a minute",
    long,
    "### 1,000 waits, and kill -9",
    `Each of 1,000 waits takes ${figure(before.cpu)} ms of CPU to begin, its first poll included, and ${
      figure(before.bytes / 1000)
    } kB of heap while it is under way. After a kill, a new process has polled for all of them ${
      figure(after.begunAt / 1000)
    } s after it was started; where there is one wait, after ${figure(one.begunAt / 1000)} s.`
  ].join("\n\n")
}

export const run: Benchmark = async ({ quick }) => {
  const ours = await toTheEnd("ours", 3)
  const one = await takeover(1)
  return {
    markdown: quick ? "" : await thoroughly(ours, one.after),
    limits: [
      { what: "rows of a wait", measured: ours.rows, limit: 4 },
      { what: "writes of a wait", measured: ours.writes, limit: 8 },
      {
        what: "CPU seconds until a new process polls for what a killed one left",
        measured: one.after.cpuToBegin / 1000,
        limit: 4
      }
    ]
  }
}
