/**
 * Whose schedules are compared: those that docs/waiting.md speaks of, and the formulas of others.
 */
import { PollSchedule } from "@bulk-operations/poll"
import type { Duration } from "effect"
import * as Peers from "./peers.ts"

export interface Contender {
  readonly name: string
  readonly schedule: PollSchedule.PollSchedule
  /** What it is called in the figure, where it has a point of its own there, and a row in the table. */
  readonly label?: string
  /** Which curve of the figure it is a point of. */
  readonly family?: "quadratic" | "fixed"
}

const quadratic = (requestCost: Duration.Input): Contender => ({
  name: `quadratic, ${String(requestCost).replace("millis", "ms").replace(/seconds?/, "s")}`,
  schedule: PollSchedule.quadratic({ requestCost }),
  family: "quadratic"
})

const every = (seconds: number): Contender => ({
  name: `every ${seconds} s`,
  schedule: PollSchedule.spaced(seconds * 1000),
  family: "fixed"
})

/** The one that a wait follows unless it is told otherwise. */
export const ours: Contender = {
  name: "quadratic, 250 ms (default)",
  label: "the default",
  schedule: PollSchedule.quadratic(),
  family: "quadratic"
}

const named: ReadonlyArray<Contender> = [
  { ...quadratic("100 millis"), label: "requestCost 100 ms" },
  ours,
  { ...quadratic("10 seconds"), label: "requestCost 10 s" },
  { ...every(1), name: "every 1 s (CrowdSec)", label: "every 1 s" },
  { ...every(2), name: "every 2 s (Azure, alchemy)", label: "every 2 s" },
  { ...every(5), label: "every 5 s" },
  { ...every(10), name: "every 10 s (Demisto)", label: "every 10 s" },
  { ...every(30), label: "every 30 s" },
  {
    name: "geometric, 1 s × 1.5 to 30 s",
    label: "geometric",
    schedule: PollSchedule.geometric({ start: "1 second", ratio: 1.5, cap: "30 seconds" })
  },
  { name: "cloudflare-go", label: "cloudflare-go", schedule: PollSchedule.cloudflareGo },
  { name: "Terraform provider", label: "Terraform", schedule: Peers.terraform },
  { name: "Terraform SDK", label: "Terraform SDK", schedule: Peers.terraformPluginSdk },
  { name: "alchemy, 90 times", label: "alchemy", schedule: Peers.alchemy },
  { name: "AWS waiter", label: "AWS waiter", schedule: Peers.awsWaiter },
  { name: "Google gax, Node", label: "gax, Node", schedule: Peers.gaxNode },
  { name: "Google api-core, Python", label: "api-core, Python", schedule: Peers.googleApiCore },
  { name: "Google longrunning, Go", label: "longrunning, Go", schedule: Peers.googleGo }
]

// What the curves are drawn of. They count for the front as well, so that ours is not on it just because no
// interval beside it was tried.
const between: ReadonlyArray<Contender> = [
  ...([
    "30 millis",
    "60 millis",
    "170 millis",
    "350 millis",
    "500 millis",
    "700 millis",
    "1 second",
    "2 seconds",
    "3 seconds",
    "5 seconds",
    "20 seconds",
    "30 seconds"
  ] as const).map((requestCost) => quadratic(requestCost)),
  ...[0.5, 1.5, 2.5, 3, 4, 6, 7, 8, 9, 11, 12, 15, 20, 25, 45, 60, 120].map((seconds) => every(seconds))
]

export const contenders: ReadonlyArray<Contender> = [...named, ...between]
