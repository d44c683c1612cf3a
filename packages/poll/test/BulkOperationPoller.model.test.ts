/**
 * Many waits at once, against a model: what every wait must come to, and which polls must be made, follows from the answers
 * that were given. The model is a loop over these answers. It knows nothing of queues, timers and fibers.
 */
import { BulkOperation, BulkOperations, CloudflareError, RequestBudget } from "@bulk-operations/core"
import { BulkOperationPoller, PollSchedule } from "@bulk-operations/poll"
import { assert, describe, it } from "@effect/vitest"
import { Clock, DateTime, Duration, Effect, Exit, Fiber, Layer, Option, Result, Schedule, Schema, Stream } from "effect"
import { TestClock } from "effect/testing"
import * as Stepper from "../src/internal/stepper.ts"
import * as Scripted from "./Scripted.ts"

// Who waits, how, from when and until when: seconds, and few moments, so that much meets.
const Moment = Schema.Literals([0, 2, 5, 10, 15, 22, 30, 45, 60, 75, 100])
const Person = Schema.Struct({
  operation: Schema.Literals(["a", "b"]),
  joins: Moment,
  leavesAfter: Schema.NullOr(Moment),
  schedule: Schema.Literals(["dense", "sparse", "default", "Go", "two polls"]),
  startedAt: Schema.NullOr(Moment),
  streams: Schema.Boolean,
  timeout: Schema.NullOr(Moment),
  tolerance: Schema.Literals([0, 10, 60]),
  notFoundGrace: Schema.Literals([0, 12, 50]),
  forbiddenGrace: Schema.Literals([0, 12, 50])
})
type Person = typeof Person.Type

// How long the operations last, when Cloudflare does not say so and why, how long answers take, and by how much the clock is set.
const World = Schema.Struct({
  lasts: Moment,
  transient: Schema.NullOr(Schema.Struct({
    from: Moment,
    lasts: Moment,
    reason: Schema.Literals(["bad gateway", "rate limited", "not found", "forbidden"])
  })),
  latency: Schema.Literals([0, 100, 300]),
  clockIsSetAt: Moment,
  clockIsSetBy: Schema.Literals(["0 millis", "1 hour", "-1 hour"])
})
type World = typeof World.Type

const schedules: Readonly<Record<Person["schedule"], PollSchedule.PollSchedule>> = {
  "dense": PollSchedule.spaced("3 seconds"),
  "sparse": PollSchedule.spaced("40 seconds"),
  "default": PollSchedule.quadratic(),
  "Go": PollSchedule.cloudflareGo,
  "two polls": PollSchedule.spaced("5 seconds").pipe(Schedule.upTo({ times: 1 }))
}
const transientGap = 4000

const reasons = {
  "bad gateway": Scripted.badGateway,
  "rate limited": Scripted.rateLimited("7 seconds"),
  "not found": Scripted.notFound,
  "forbidden": new CloudflareError.Forbidden({ ...Scripted.call, status: 403 })
}

interface Poll {
  readonly operation: string
  readonly sentAt: number
  answeredAt: number
  readonly answer: Result.Result<BulkOperation.BulkOperation, CloudflareError.CloudflareError>
}

interface Life {
  readonly person: Person
  readonly joinedAt: number
  /** What the wall clock said then. */
  readonly wallAt: number
  readonly endedAt: number
  readonly ending: string
  readonly told: ReadonlyArray<string>
}

const answerOf = ({ lasts, transient }: World, operation: string, now: number): Poll["answer"] => {
  const second = now / 1000
  if (transient !== null && second >= transient.from && second < transient.from + transient.lasts) {
    return Result.fail(new CloudflareError.CloudflareError({ reason: reasons[transient.reason] }))
  }
  const id = BulkOperation.OperationId.make(operation)
  return Result.succeed(
    second < lasts ? { id, status: "running" } : { id, status: "completed", completed: Option.none() }
  )
}

// What really happens

const play = Effect.fnUntraced(function*(world: World, people: ReadonlyArray<Person>) {
  const clock = yield* Clock.Clock
  const now = () => clock.currentTimeMillisUnsafe()
  const wall = yield* Scripted.settable
  const polls: Array<Poll> = []
  const operations = Layer.succeed(BulkOperations.BulkOperations, {
    accountId: "account",
    get: (operation) =>
      Effect.suspend(() => {
        const poll = { operation, sentAt: now(), answeredAt: Infinity, answer: answerOf(world, operation, now()) }
        polls.push(poll)
        return Effect.delay(Effect.suspend(() => Effect.fromResult(poll.answer)), world.latency).pipe(
          Effect.onExit((exit) => Effect.sync(() => poll.answeredAt = Exit.hasInterrupts(exit) ? Number.NaN : now()))
        )
      })
  })
  const live = Effect.fnUntraced(
    function*(person: Person, index: number): Effect.fn.Return<Life, never, BulkOperationPoller.BulkOperationPoller> {
      // Nobody joins or leaves in the very millisecond in which something happens for another.
      yield* Effect.sleep(person.joins * 1000 + 7 * index + 3)
      const joinedAt = now()
      const wallAt = wall.clock.currentTimeMillisUnsafe()
      const told: Array<string> = []
      const poller = yield* BulkOperationPoller.BulkOperationPoller
      const options = {
        schedule: schedules[person.schedule],
        transientSchedule: Schedule.spaced(transientGap),
        tolerance: person.tolerance * 1000,
        notFoundGrace: person.notFoundGrace * 1000,
        forbiddenGrace: person.forbiddenGrace * 1000,
        timeout: person.timeout === null ? "20 minutes" as const : person.timeout * 1000,
        startedAt: person.startedAt === null ? undefined : DateTime.makeUnsafe(wallAt - person.startedAt * 1000)
      }
      const waited = person.streams
        ? Stream.runForEach(
          poller.changes(person.operation, options),
          ({ status }) => Effect.sync(() => told.push(status))
        )
        : Effect.asVoid(poller.wait(person.operation, options))
      const ending = Effect.match(waited, {
        onSuccess: () => "completed",
        onFailure: (error) => error._tag === "PollTimeout" ? error.endedBy : error._tag
      })
      const left = { duration: (person.leavesAfter ?? 10_000) * 1000 + 1, orElse: () => Effect.succeed("left") }
      return { person, joinedAt, wallAt, told, ending: yield* Effect.timeoutOrElse(ending, left), endedAt: now() }
    }
  )
  const lives = yield* Effect.gen(function*() {
    const fibers = yield* Effect.forEach(people, (person, index) => Effect.forkChild(live(person, index)))
    yield* TestClock.adjust(world.clockIsSetAt * 1000 + 1)
    yield* wall.set(world.clockIsSetBy)
    yield* TestClock.adjust("1 hour")
    return yield* Effect.forEach(fibers, Fiber.join)
  }).pipe(
    Effect.provide(BulkOperationPoller.layer.pipe(
      Layer.provide(operations),
      Layer.provide(RequestBudget.layer({ limit: Infinity }))
    )),
    Effect.provideService(Clock.Clock, wall.clock)
  )
  return { lives, polls }
})

// What has to happen

/** When polls must have been made by, and what a wait must have come to. */
interface Fate {
  readonly wanted: ReadonlyArray<number>
  readonly endings: ReadonlyArray<string>
  readonly earliest: number
  readonly latest: number
  /** From when its schedule may have been stepped by a last poll or not. */
  readonly unsureFrom: number
  /** Until when it tolerated errors, spell by spell. */
  readonly tolerated: ReadonlyArray<number>
}

// From when the last poll may be made, which steps a schedule as well: answers take 300 ms at most, with their deviation.
const lastPollZone = 1000

const fateOf = Effect.fnUntraced(function*(
  { joinedAt, person, wallAt }: Life,
  { transient }: World,
  answered: ReadonlyArray<Poll>,
  seen: { readonly operation: BulkOperation.BulkOperation; readonly at: number } | undefined
): Effect.fn.Return<Fate> {
  const leavesAt = joinedAt + (person.leavesAfter ?? 10_000) * 1000 + 1
  const deadline = joinedAt + (person.timeout ?? 1200) * 1000
  const offset = wallAt - joinedAt
  const { firstPollAt, step } = yield* Stepper.join(schedules[person.schedule], person.operation, {
    now: wallAt,
    startedAt: person.startedAt === null ? undefined : wallAt - person.startedAt * 1000,
    seen: seen && { operation: seen.operation, at: seen.at + offset }
  })
  const wanted: Array<number> = []
  let pollAt = firstPollAt - offset
  let gap = pollAt - joinedAt
  let isTransientGap = false
  let heldFor = 0
  let hasEnded = false
  let isSeen = seen !== undefined
  let toleratedUntil: number | undefined
  const tolerated: Array<number> = []
  let unsureFrom = Infinity
  const limit = () => Math.min(deadline, toleratedUntil ?? Infinity)
  // The first of a spell of errors says until when they are tolerated.
  const tolerates = (since: number) => {
    switch (transient?.reason) {
      case "not found":
        return (isSeen ? since : joinedAt) + person.notFoundGrace * 1000
      case "forbidden":
        return joinedAt + person.forbiddenGrace * 1000
      default:
        return since + person.tolerance * 1000
    }
  }
  // A poll is wanted unless the schedule is stepped before its time.
  const settle = (now: number) => {
    if (
      unsureFrom === Infinity && pollAt <= Math.min(now, leavesAt) && pollAt < limit() - lastPollZone &&
      wanted.at(-1) !== pollAt
    ) {
      wanted.push(pollAt)
    }
  }
  const ended = (at: number, ...endings: ReadonlyArray<string>): Fate => ({
    wanted,
    endings,
    earliest: at,
    latest: at,
    unsureFrom,
    tolerated
  })

  for (const { answer, answeredAt: at, sentAt } of answered) {
    if (at > Math.min(leavesAt, limit() + 1)) break
    settle(at)
    // An error that others met before is none of its own: it polls for itself once its time has come.
    if (sentAt < joinedAt && Result.isFailure(answer)) {
      if (pollAt <= at) pollAt = at
      settle(at)
      continue
    }
    const isLast = at >= limit() - lastPollZone
    if (Result.isSuccess(answer)) {
      isSeen = true
      toleratedUntil = undefined
      if (answer.success.status === "completed") return ended(at, "completed")
    } else {
      if (toleratedUntil === undefined) tolerated.push(toleratedUntil = tolerates(at))
      if (at >= toleratedUntil) return ended(at, "CloudflareError")
    }
    if (at >= deadline) return ended(at, "timeout")
    const isOver = isTransientGap && toleratedUntil === undefined
    const retryAfter = Result.isFailure(answer) ? Duration.toMillis(answer.failure.retryAfter ?? 0) : 0
    if (!isOver && pollAt - at > gap / 2) {
      // Its last poll, where it has made one, is its own and has stepped it.
      if (isLast) unsureFrom = Math.min(unsureFrom, at)
      if (at + retryAfter > pollAt) {
        gap += at + retryAfter - pollAt
        heldFor += at + retryAfter - pollAt
        pollAt = at + retryAfter
      }
      continue
    }
    // It stands for the poll at the end of the gap.
    const stepsAt = isOver ? at : Math.max(at, pollAt - heldFor)
    heldFor = 0
    if (Result.isSuccess(answer)) {
      const next: number | undefined = hasEnded ? undefined : yield* step(stepsAt + offset, answer.success)
      hasEnded = next === undefined
      if (hasEnded && stepsAt <= at) {
        if (unsureFrom === Infinity) return ended(at, "schedule")
        break
      }
      if (hasEnded && isLast) unsureFrom = Math.min(unsureFrom, at)
      if (next !== undefined) gap = next
    } else gap = Math.max(transientGap, retryAfter)
    isTransientGap = Result.isFailure(answer)
    pollAt = hasEnded ? stepsAt : stepsAt + gap
  }
  settle(Math.min(leavesAt, limit()))
  if (unsureFrom < Infinity && person.schedule === "two polls") {
    return {
      wanted,
      endings: ["schedule", "timeout", "left", "CloudflareError"],
      earliest: joinedAt,
      latest: leavesAt,
      unsureFrom,
      tolerated
    }
  }
  if (leavesAt <= limit()) return ended(leavesAt, "left")
  // What was sent at the very end may still be answered by an answer that takes no time.
  const endings = limit() < deadline ? "CloudflareError" : "timeout"
  return leavesAt === limit() + 1
    ? { wanted, endings: [endings, "left"], earliest: limit(), latest: limit() + 1, unsureFrom, tolerated }
    : { wanted, endings: [endings], earliest: limit(), latest: limit() + 1, unsureFrom, tolerated }
})

describe("many waits at once", () => {
  it.effect.prop(
    "end how and when the model says, with exactly its polls, and receive each status once",
    { people: Schema.Array(Person).check(Schema.isMaxLength(10)), world: World },
    ({ people, world }) =>
      Effect.gen(function*() {
        const { lives, polls } = yield* play(world, people)
        for (const operation of ["a", "b"]) {
          const all = polls.filter((poll) => poll.operation === operation)
          const here = lives.filter(({ person }) => person.operation === operation)
          const wanted: Array<number> = []
          const fates = new Map<Life, Fate>()
          for (const life of here) {
            const { endedAt, joinedAt, person, told } = life
            const others = here.filter((other) => other !== life)
            // What is known of the operation is known for as long as somebody waits for it.
            let knownFrom = joinedAt
            for (const other of others.toSorted((a, b) => b.endedAt - a.endedAt)) {
              if (other.joinedAt < knownFrom && other.endedAt >= knownFrom) knownFrom = other.joinedAt
            }
            for (const other of others.toSorted((a, b) => b.endedAt - a.endedAt)) {
              if (other.joinedAt < knownFrom && other.endedAt >= knownFrom) knownFrom = other.joinedAt
            }
            const seen = all.findLast(({ answer, answeredAt }) =>
              answeredAt >= knownFrom && answeredAt < joinedAt && Result.isSuccess(answer)
            )
            const fate = yield* fateOf(
              life,
              world,
              all.filter(({ answeredAt }) => answeredAt >= joinedAt),
              seen && Result.isSuccess(seen.answer)
                ? { operation: seen.answer.success, at: seen.answeredAt }
                : undefined
            )
            const shown = JSON.stringify({
              life,
              fate,
              polls: all.map(({ answeredAt, sentAt }) => [sentAt, answeredAt])
            })
            fates.set(life, fate)
            assert.include(fate.endings, life.ending, shown)
            assert.isAtLeast(endedAt, fate.earliest, shown)
            assert.isAtMost(endedAt, fate.latest, shown)
            for (const at of fate.wanted) {
              wanted.push(at)
              if (at >= endedAt) continue
              // There is a poll then, or one is under way.
              const isMade = all.some(({ answeredAt, sentAt }) =>
                Math.abs(sentAt - at) <= 1 || (sentAt < at && !(answeredAt < at))
              )
              assert.isTrue(isMade, `no poll at ${at}: ${shown}`)
            }
            if (person.streams) {
              const statuses = life.ending === "completed"
                ? [["running", "completed"], ["completed"]]
                : [["running"], []]
              assert.deepInclude(statuses, [...told], shown)
            }
          }
          all.forEach(({ sentAt }, index) => {
            const shown = JSON.stringify({ sentAt, here, wanted })
            // Never two at once, and none for nobody.
            const before = all[index - 1]
            if (before !== undefined && !Number.isNaN(before.answeredAt)) {
              assert.isAtMost(before.answeredAt, sentAt, shown)
            }
            const present = here.filter(({ endedAt, joinedAt }) => joinedAt <= sentAt && sentAt <= endedAt)
            assert.isAbove(present.length, 0, shown)
            // Each has its reason: somebody's schedule, or somebody's end.
            const isNear = (limit: number) => sentAt >= limit - lastPollZone && sentAt <= limit + 1
            const isLast = present.some((life) => {
              const { joinedAt, person } = life
              const { tolerated, unsureFrom } = fates.get(life) ?? assert.fail()
              return isNear(joinedAt + (person.timeout ?? 1200) * 1000) || sentAt >= unsureFrom
                || tolerated.some(isNear)
            })
            assert.isTrue(
              isLast || wanted.some((at) => Math.abs(at - sentAt) <= 1),
              `a poll without a reason: ${shown}`
            )
          })
        }
      }),
    { arbitrary: { runs: 300 }, timeout: 30_000 }
  )
})
