/**
 * The costs of schedules: writes the table of README.md and docs/waiting.md, and docs/costs.svg, from
 * `PollSchedule.explain`.
 *
 * `npm run docs` writes them. With `--check`, as in `npm test`, it only reports which are out of date.
 */
import { PollHistory, PollSchedule } from "@bulk-operations/poll"
import { Console, DateTime, Duration, Effect } from "effect"
import { readFileSync, writeFileSync } from "node:fs"
import { around, logUniform, type Quantile, sample } from "../benchmarks/economy/durations.ts"
import { awsWaiter, terraform } from "../benchmarks/economy/peers.ts"
import { draw } from "./chart.ts"

const contenders: ReadonlyArray<readonly [name: string, schedule: PollSchedule.PollSchedule]> = [
  ["`PollSchedule.quadratic()`, the default", PollSchedule.quadratic()],
  ["official Go client, `cloudflareGo`", PollSchedule.cloudflareGo],
  ["Cloudflare's Terraform provider", terraform],
  ["every 2 seconds", PollSchedule.spaced("2 seconds")],
  ["AWS waiter", awsWaiter]
]

const durations = ["5 seconds", "30 seconds", "2 minutes", "10 minutes", "1 hour"] as const

const seconds = (duration: Duration.Duration) => {
  const value = Duration.toSeconds(duration)
  return Number.isFinite(value) ? `${value.toFixed(value < 9.95 ? 1 : 0)} s` : "never"
}

const startOf = (hour: number) => DateTime.makeUnsafe(3_600_000 * hour)

// A history of `count` operations, one an hour, that completed in whole seconds.
const after = (count: number, durations: Quantile) => {
  const all = sample(durations, count)
  const history = all.reduce((history, _, hour) => {
    // Shuffled, so that the short ones do not all come first.
    const seconds = Math.floor(all[(7 * hour) % count] ?? 0)
    const startedAt = startOf(hour)
    const completed = DateTime.add(startedAt, { seconds })
    return PollHistory.record(history, { startedAt, completed, seenAt: DateTime.add(completed, { seconds: 2 }) })
  }, PollHistory.empty)
  return Effect.provideService(PollHistory.CurrentHazard, Effect.succeed(PollHistory.hazard(history)))
}

// Similar durations: two thirds are within a fifth of the given one.
const alike = (duration: Duration.Input) => around(Duration.toSeconds(Duration.fromInputUnsafe(duration)), 0.2)

const experienced = [5, 50] as const

// The cost of an operation after `count` similar ones.
const learned = Effect.fnUntraced(function*(count: number, duration: Duration.Input) {
  const those = alike(duration)
  const rows = yield* PollSchedule.explain(PollSchedule.learned(), sample(those, 15).map(Duration.seconds)).pipe(
    after(count, those)
  )
  const mean = (of: (row: PollSchedule.Explanation) => number) =>
    rows.reduce((sum, row) => sum + of(row), 0) / rows.length
  return {
    duration: Duration.fromInputUnsafe(duration),
    polls: mean(({ polls }) => polls),
    meanLateness: Duration.seconds(mean((row) => Duration.toSeconds(row.meanLateness))),
    worstLateness: Duration.seconds(Math.max(...rows.map((row) => Duration.toSeconds(row.worstLateness)))),
    operations: count
  }
})

const nameOf = (count: number) => `\`PollSchedule.learned()\`, after ${count} alike`

const rowOf = (name: string, explained: ReadonlyArray<PollSchedule.Explanation>) => {
  const cells = explained.map(({ meanLateness, polls, worstLateness }) =>
    Duration.isFinite(worstLateness)
      ? `${Math.round(polls)} · ${seconds(meanLateness)} · ${seconds(worstLateness)}`
      : `${Math.round(polls)} · gives up`
  )
  return `| ${[name, ...cells].join(" | ")} |`
}

const table = Effect.gen(function*() {
  const [first, ...others] = yield* Effect.forEach(
    contenders,
    ([name, schedule]) => Effect.map(PollSchedule.explain(schedule, durations), (explained) => rowOf(name, explained))
  )
  const learnedRows = yield* Effect.forEach(
    experienced,
    (count) =>
      Effect.map(
        Effect.forEach(durations, (duration) => learned(count, duration)),
        (explained) => rowOf(nameOf(count), explained)
      )
  )
  return [
    `| requests · mean · worst lateness | ${durations.join(" | ")} |`,
    `| --- |${" --- |".repeat(durations.length)}`,
    first,
    ...learnedRows,
    ...others
  ].join("\n")
})

// Operations of unknown duration.
const unknownDurations = sample(logUniform, 60).map(Duration.seconds)

const overUnknown = (schedule: PollSchedule.PollSchedule) =>
  Effect.map(PollSchedule.explain(schedule, unknownDurations), pointOf)

const overLearned = (count: number) =>
  Effect.map(Effect.forEach(unknownDurations, (duration) => learned(count, duration)), pointOf)

const pointOf = (explained: ReadonlyArray<PollSchedule.Explanation>) => {
  const mean = (of: (row: PollSchedule.Explanation) => number) =>
    explained.reduce((sum, row) => sum + of(row), 0) / explained.length
  return {
    requests: mean(({ polls }) => polls),
    lateness: mean((row) => 100 * Duration.toSeconds(row.meanLateness) / Duration.toSeconds(row.duration))
  }
}

const curve = (of: (knob: Duration.Duration) => PollSchedule.PollSchedule, knobs: ReadonlyArray<Duration.Input>) =>
  Effect.forEach(knobs, (knob) => overUnknown(of(Duration.fromInputUnsafe(knob))))

const figure = Effect.gen(function*() {
  return draw({
    title: "Requests against lateness, operations of 1 s to 30 min (log-uniform)",
    x: "requests per operation (mean)",
    y: "late by, % of the duration (mean)",
    curves: [
      {
        name: "quadratic, requestCost 30 ms to 30 s",
        points: yield* curve((requestCost) => PollSchedule.quadratic({ requestCost }), [
          "30 millis",
          "60 millis",
          "125 millis",
          "250 millis",
          "500 millis",
          "1 second",
          "2 seconds",
          "5 seconds",
          "12 seconds",
          "30 seconds"
        ])
      },
      {
        name: "a fixed interval, 1 s to 2 min",
        points: yield* curve(PollSchedule.spaced, [
          "1 second",
          "2 seconds",
          "5 seconds",
          "10 seconds",
          "20 seconds",
          "45 seconds",
          "2 minutes"
        ])
      }
    ],
    points: [
      { name: "the default", ...(yield* overUnknown(PollSchedule.quadratic())) },
      { name: "learned, after 5 alike", ...(yield* overLearned(5)) },
      { name: "learned, after 50 alike", ...(yield* overLearned(50)) },
      { name: "Terraform", ...(yield* overUnknown(terraform)) },
      { name: "every 2 s", ...(yield* overUnknown(PollSchedule.spaced("2 seconds"))) },
      { name: "AWS waiter", ...(yield* overUnknown(awsWaiter)) }
    ]
  })
})

const between = (page: string, content: string) =>
  page.replace(
    /(<!-- costs -->\n)[^]*?(<!-- \/costs -->)/,
    (_, begin: string, end: string) => `${begin}\n${content}\n\n${end}`
  )

// The formatter pads tables; ignore that.
const unpadded = (text: string) => text.replace(/ {2,}/g, " ").replace(/-{2,}/g, "-")

const program = Effect.gen(function*() {
  const costs = yield* table
  const written = [
    ["docs/costs.svg", yield* figure],
    ...["README.md", "docs/waiting.md"].map((page) => [page, between(readFileSync(page, "utf8"), costs)])
  ] as const
  for (const [file = "", content = ""] of written) {
    if (!process.argv.includes("--check")) {
      writeFileSync(file, content)
    } else if (unpadded(readFileSync(file, "utf8")) !== unpadded(content)) {
      yield* Console.error(`${file} does not say what the schedules cost: run npm run docs`)
      process.exitCode = 1
    }
  }
})

await Effect.runPromise(program)
