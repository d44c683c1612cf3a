/**
 * What waiting costs: writes the table of README.md and docs/waiting.md, and docs/costs.svg, from `PollSchedule.explain`.
 *
 * `npm run docs` writes them. With `--check`, as in `npm test`, it only says where they are out of date.
 */
import { PollSchedule } from "@bulk-operations/poll"
import { Console, Duration, Effect } from "effect"
import { readFileSync, writeFileSync } from "node:fs"
import { logUniform, sample } from "../benchmarks/economy/durations.ts"
import { awsWaiter, terraform } from "../benchmarks/economy/peers.ts"
import { chart } from "../benchmarks/harness/chart.ts"

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

const table = Effect.gen(function*() {
  const rows = yield* Effect.forEach(
    contenders,
    ([name, schedule]) =>
      Effect.map(PollSchedule.explain(schedule, durations), (explained) => {
        const cells = explained.map(({ meanLateness, polls, worstLateness }) =>
          Duration.isFinite(worstLateness)
            ? `${Math.round(polls)} · ${seconds(meanLateness)} · ${seconds(worstLateness)}`
            : `${Math.round(polls)} · gives up`
        )
        return `| ${[name, ...cells].join(" | ")} |`
      })
  )
  return [
    `| requests · mean · worst lateness | ${durations.join(" | ")} |`,
    `| --- |${" --- |".repeat(durations.length)}`,
    ...rows
  ].join("\n")
})

// Operations of unknown duration.
const unknownDurations = sample(logUniform, 60).map(Duration.seconds)

const overUnknown = Effect.fnUntraced(function*(schedule: PollSchedule.PollSchedule) {
  const explained = yield* PollSchedule.explain(schedule, unknownDurations)
  const mean = (of: (row: PollSchedule.Explanation) => number) =>
    explained.reduce((sum, row) => sum + of(row), 0) / explained.length
  return {
    requests: mean(({ polls }) => polls),
    lateness: mean((row) => 100 * Duration.toSeconds(row.meanLateness) / Duration.toSeconds(row.duration))
  }
})

const curve = (of: (knob: Duration.Duration) => PollSchedule.PollSchedule, knobs: ReadonlyArray<Duration.Input>) =>
  Effect.forEach(knobs, (knob) => overUnknown(of(Duration.fromInputUnsafe(knob))))

const figure = Effect.gen(function*() {
  return chart({
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

// The formatter pads tables; that is no difference.
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
