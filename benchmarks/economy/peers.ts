/**
 * When others poll again: the formulas of clients that wait for long operations, as schedules.
 *
 * Where two peers have the same one, it is here once. A fixed interval needs no formula: `@azure/core-lro` and alchemy
 * poll every 2 seconds, CrowdSec's Cloudflare bouncer every second, Demisto's Cloudflare integration every 10.
 */
import { PollSchedule } from "@bulk-operations/poll"
import { Duration, Effect, Random, Schedule } from "effect"

/** 1, 2, 4, 8, 16, 30, 30, … seconds, for ever. Source: `PollListBulkOperation` of Cloudflare's Terraform provider v5. */
export const terraform = PollSchedule.geometric({ start: "1 second", ratio: 2, cap: "30 seconds" })

/** 0.2, 0.4, … 6.4, 10, 10, … seconds. Source: `StateChangeConf.WaitForState` of HashiCorp's terraform-plugin-sdk v2. */
export const terraformPluginSdk = PollSchedule.geometric({ start: "200 millis", ratio: 2, cap: "10 seconds" })

/**
 * Anything from 2 seconds to 2, 4, … 64, and then exactly 120 seconds, as the waiters of the AWS SDK for JavaScript do.
 *
 * Source: `exponentialBackoffWithJitter` of `@smithy/util-waiter`, with its defaults `minDelay: 2` and `maxDelay: 120`.
 */
export const awsWaiter = Schedule.modifyDelay(
  Schedule.forever,
  ({ attempt }) =>
    attempt > Math.log2(120 / 2) + 1
      ? Effect.succeed(Duration.seconds(120))
      : Effect.map(Random.next, (drawn) => Duration.seconds(2 + drawn * (2 ** attempt - 2)))
)

/**
 * 0.1 seconds, and 1.3 times more each time, up to a minute.
 *
 * Source: `Operation.startPolling_` of google-gax for Node, with `createDefaultBackoffSettings`.
 */
export const gaxNode = PollSchedule.geometric({ start: "100 millis", ratio: 1.3, cap: "1 minute" })

// Anything from nothing to a bound that grows.
const fullJitter = (ratio: number, capSeconds: number) =>
  Schedule.modifyDelay(
    Schedule.forever,
    ({ attempt }) =>
      Effect.map(Random.next, (drawn) => Duration.seconds(drawn * Math.min(capSeconds, ratio ** (attempt - 1))))
  )

/** Up to 1, 1.5, 2.25, … 20 seconds, for 15 minutes. Source: `DEFAULT_POLLING` of google-api-core for Python. */
export const googleApiCore = Schedule.upTo(fullJitter(1.5, 20), { duration: "15 minutes" })

/** Up to 1, 2, 4, … 60 seconds. Source: `Operation.Wait` of cloud.google.com/go/longrunning, with `gax.Backoff`. */
export const googleGo = fullJitter(2, 60)
