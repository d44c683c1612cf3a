/**
 * Whose schedules are compared: those that docs/waiting.md speaks of, and the formulas of others.
 */
import { PollSchedule } from "@bulk-operations/poll"
import * as Peers from "./peers.ts"

export interface Contender {
  readonly name: string
  readonly schedule: PollSchedule.PollSchedule
}

const quadratic = (millis: number): Contender => ({
  name: `quadratic, ${millis < 1000 ? `${millis} ms` : `${millis / 1000} s`}`,
  schedule: PollSchedule.quadratic({ requestCost: millis })
})

const every = (seconds: number): Contender => ({
  name: `every ${seconds} s`,
  schedule: PollSchedule.spaced(seconds * 1000)
})

/** The one that a wait follows unless it is told otherwise. */
export const ours: Contender = { name: "**quadratic, 250 ms (default)**", schedule: PollSchedule.quadratic() }

/** Those that have a row in the table. */
export const named: ReadonlyArray<Contender> = [
  quadratic(100),
  ours,
  quadratic(10_000),
  { ...every(1), name: "every 1 s (CrowdSec)" },
  { ...every(2), name: "every 2 s (Azure, alchemy)" },
  every(5),
  { ...every(10), name: "every 10 s (Demisto)" },
  every(30),
  {
    name: "geometric, 1 s × 1.5 to 30 s",
    schedule: PollSchedule.geometric({ start: "1 second", ratio: 1.5, cap: "30 seconds" })
  },
  { name: "cloudflare-go", schedule: PollSchedule.cloudflareGo },
  { name: "Terraform provider", schedule: Peers.terraform },
  { name: "Terraform SDK", schedule: Peers.terraformPluginSdk },
  { name: "AWS waiter", schedule: Peers.awsWaiter },
  { name: "Google gax, Node", schedule: Peers.gaxNode },
  { name: "Google api-core, Python", schedule: Peers.googleApiCore },
  { name: "Google longrunning, Go", schedule: Peers.googleGo }
]

const costsBetween = [30, 60, 170, 350, 500, 700, 1000, 2000, 3000, 5000, 20_000, 30_000]
const intervalsBetween = [0.5, 1.5, 2.5, 3, 4, 6, 7, 8, 9, 11, 12, 15, 20, 25, 45, 60, 120]

/** These count for the front as well, so that ours is not on it just because no interval beside it was tried. */
export const contenders: ReadonlyArray<Contender> = [
  ...named,
  ...costsBetween.map(quadratic),
  ...intervalsBetween.map(every)
]
