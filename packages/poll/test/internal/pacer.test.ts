import { assert, describe, it } from "@effect/vitest"
import { Effect, Schema } from "effect"
import { TestClock } from "effect/testing"
import * as Alarm from "../../src/internal/alarm.ts"
import * as Pacer from "../../src/internal/pacer.ts"
import { forking } from "../Scripted.ts"

interface Poll extends Pacer.Place {
  readonly name: string
}

const named = (name: string): Poll => ({ name, at: 0, order: 0, slot: -1, dueAt: 0 })

interface Launched {
  readonly poll: Poll
  readonly priority: Pacer.Priority
  readonly turnstile: Pacer.Turnstile
}

// A budget that lets one poll through whenever a test says so.
const pacing = Effect.gen(function*() {
  const { clock, fork } = yield* forking
  const waiting: Array<Launched> = []
  const sent: Array<string> = []
  const queues: Array<{ readonly size: number; readonly sent: number }> = []
  let isShort = true
  const pacer = Pacer.make<Poll>({
    clock,
    fork,
    launch: (poll, priority, turnstile) => {
      if (isShort) {
        waiting.push({ poll, priority, turnstile })
        return turnstile.delayed()
      }
      sent.push(poll.name)
      turnstile.admitted()
      turnstile.ended()
    },
    onQueue: (queue) => queues.push(queue)
  })
  /** Admits the first poll that waits, and lets the next ones wait 10 milliseconds. */
  const admit = Effect.gen(function*() {
    const first = waiting.shift()
    if (first !== undefined) {
      sent.push(first.poll.name)
      first.turnstile.admitted()
      first.turnstile.ended()
    }
    yield* TestClock.adjust("10 millis")
    return first?.poll
  })
  /** What becomes of a poll whose wait leaves. */
  const leave = (poll: Poll) => {
    const index = waiting.findIndex((one) => one.poll === poll)
    if (index !== -1) { for (const { turnstile } of waiting.splice(index, 1)) turnstile.ended() }
    pacer.cancel(poll)
  }
  return {
    admit,
    leave,
    now: () => Alarm.monotonicMillis(clock),
    pacer,
    queues,
    sent,
    shorten: (short: boolean) => {
      isShort = short
    },
    waiting
  }
})

describe("a last poll", () => {
  it.effect("stays ahead of all other polls, whatever its schedule says meanwhile", () =>
    Effect.gen(function*() {
      const { admit, pacer, waiting } = yield* pacing
      const [one, other] = [named("one"), named("other")]
      pacer.urgent(one, 1000)
      pacer.urgent(other, 2000)
      pacer.after(other, 500)
      assert.deepStrictEqual(waiting.map(({ poll, priority }) => [poll.name, priority]), [["one", "lastPoll"]])
      yield* admit
      assert.deepStrictEqual(waiting.map(({ poll, priority }) => [poll.name, priority]), [["other", "lastPoll"]])
      pacer.stop()
    }))

  it.effect("does not wait for the polls of schedules, nor they for it", () =>
    Effect.gen(function*() {
      const { pacer, waiting } = yield* pacing
      for (const name of ["a", "b"]) pacer.after(named(name), 0)
      for (const name of ["c", "d"]) pacer.urgent(named(name), 1000)
      assert.deepStrictEqual(waiting.map(({ poll }) => poll.name), ["a", "c"])
      pacer.stop()
    }))
})

describe("a last poll that is requested again", () => {
  it.effect("uses its earliest limit", () =>
    Effect.gen(function*() {
      const { admit, pacer, sent } = yield* pacing
      const [first, one, other] = [named("first"), named("one"), named("other")]
      pacer.urgent(first, 100)
      pacer.urgent(one, 2000)
      pacer.urgent(other, 1500)
      pacer.urgent(one, 1000)
      pacer.urgent(one, 5000)
      yield* admit
      yield* admit
      yield* admit
      assert.deepStrictEqual(sent, ["first", "one", "other"])
      pacer.stop()
    }))
})

describe("the timer", () => {
  it.effect("is stopped when the last poll leaves the queue, and not before", () =>
    Effect.gen(function*() {
      const { clock, fork, sleepers } = yield* forking
      const launched: Array<string> = []
      const pacer = Pacer.make<Poll>({
        clock,
        fork,
        launch: ({ name }, _, { admitted, ended }) => {
          launched.push(name)
          admitted()
          ended()
        },
        onQueue: () => {}
      })
      const [one, other] = [named("one"), named("other")]
      pacer.after(one, 1000)
      pacer.after(other, 2000)
      yield* TestClock.adjust("1 millis")
      pacer.cancel(one)
      yield* TestClock.adjust("1 millis")
      assert.isAbove(sleepers(), 0)
      pacer.cancel(other)
      yield* TestClock.adjust("1 millis")
      assert.strictEqual(sleepers(), 0)
      yield* TestClock.adjust("1 minute")
      assert.deepStrictEqual(launched, [])
    }))
})

describe("a budget that answers later", () => {
  // It takes half a second to say that a poll has to wait, and a poll takes a second.
  const slowly = Effect.gen(function*() {
    const { clock, fork } = yield* forking
    const launched: Array<Launched> = []
    const pacer = Pacer.make<Poll>({
      clock,
      fork,
      launch: (poll, priority, turnstile) => {
        launched.push({ poll, priority, turnstile })
      },
      onQueue: () => {}
    })
    const one = named("one")
    pacer.after(one, 0)
    const turnstile = launched[0]?.turnstile ?? { delayed: () => {}, admitted: () => {}, ended: () => {} }
    return { launched, pacer, turnstile }
  })

  it.effect("stops paced time from when it delays a poll until it admits it", () =>
    Effect.gen(function*() {
      const { pacer, turnstile } = yield* slowly
      const later = named("later")
      pacer.after(later, 10_000)
      yield* TestClock.adjust("500 millis")
      turnstile.delayed()
      yield* TestClock.adjust("3 seconds")
      turnstile.admitted()
      yield* TestClock.adjust("200 millis")
      assert.strictEqual(pacer.remaining(later), 9300)
      pacer.stop()
    }))

  it.effect("that reports a delay or an admission twice is counted once", () =>
    Effect.gen(function*() {
      const { pacer, turnstile } = yield* slowly
      const later = named("later")
      pacer.after(later, 10_000)
      turnstile.delayed()
      turnstile.delayed()
      turnstile.admitted()
      yield* TestClock.adjust("1 second")
      assert.strictEqual(pacer.remaining(later), 9000)
      turnstile.ended()
      yield* TestClock.adjust("1 second")
      assert.strictEqual(pacer.remaining(later), 8000)
      pacer.stop()
    }))

  it.effect("lets the next poll follow once a poll is admitted, before it is answered", () =>
    Effect.gen(function*() {
      const { launched, pacer, turnstile } = yield* slowly
      turnstile.delayed()
      pacer.after(named("next"), 0)
      assert.lengthOf(launched, 1)
      turnstile.admitted()
      yield* TestClock.adjust("1 millis")
      assert.deepStrictEqual(launched.map(({ poll }) => poll.name), ["one", "next"])
      pacer.stop()
    }))
})

describe("a poll delayed by the budget", () => {
  it.effect("stops paced time until it is admitted, so that gaps keep their proportions", () =>
    Effect.gen(function*() {
      const { admit, pacer } = yield* pacing
      const [short, long] = [named("short"), named("long")]
      pacer.after(short, 1000)
      pacer.after(long, 3000)
      pacer.after(named("first"), 0)
      yield* TestClock.adjust("1 minute")
      assert.deepStrictEqual([pacer.remaining(short), pacer.remaining(long)], [1000, 3000])
      yield* admit
      assert.deepStrictEqual([pacer.remaining(short), pacer.remaining(long)], [990, 2990])
      pacer.stop()
    }))

  it.effect("is followed by the next if its wait leaves", () =>
    Effect.gen(function*() {
      const { admit, leave, pacer, sent } = yield* pacing
      const polls = ["a", "b", "c"].map(named)
      for (const poll of polls) pacer.after(poll, 0)
      polls.slice(0, 2).forEach(leave)
      yield* TestClock.adjust("10 millis")
      yield* admit
      assert.deepStrictEqual(sent, ["c"])
      pacer.stop()
    }))

  it.effect("is admitted even if polls queued behind it leave", () =>
    Effect.gen(function*() {
      const { admit, leave, pacer, sent } = yield* pacing
      const polls = ["a", "b", "c", "d"].map(named)
      for (const poll of polls) pacer.after(poll, 0)
      polls.slice(1, 3).forEach(leave)
      yield* admit
      yield* admit
      assert.deepStrictEqual(sent, ["a", "d"])
      pacer.stop()
    }))

  it.effect("counts as queued, and as sent once it is admitted", () =>
    Effect.gen(function*() {
      const { admit, leave, pacer, queues } = yield* pacing
      const polls = ["a", "b", "c"].map(named)
      for (const poll of polls) pacer.after(poll, 0)
      assert.deepStrictEqual(queues.at(-1), { size: 2, sent: 0 })
      polls.slice(0, 1).forEach(leave)
      yield* TestClock.adjust("10 millis")
      assert.deepStrictEqual(queues.at(-1), { size: 1, sent: 0 })
      yield* admit
      yield* admit
      assert.deepStrictEqual(queues.at(-1), { size: 0, sent: 2 })
      pacer.stop()
    }))
})

describe("one in ten queued polls", () => {
  // Others come all the time that have no gap, two for each that is let through.
  const amongNewOnes = Effect.fnUntraced(function*(polls: ReadonlyArray<Poll>, rounds: number) {
    const pace = yield* pacing
    for (const poll of [named("new"), ...polls]) pace.pacer.after(poll, poll.name === "new" ? 0 : 50)
    yield* TestClock.adjust("50 millis")
    for (let round = 0; round < rounds; round++) {
      for (const name of ["new", "new"]) pace.pacer.after(named(name), 0)
      yield* pace.admit
    }
    return pace
  })

  it.effect("is the one that has been due longest by the clock", () =>
    Effect.gen(function*() {
      const { pacer, sent } = yield* amongNewOnes([named("old"), named("other")], 40)
      const places = sent.flatMap((name, index) => name === "new" ? [] : [[name, index]])
      assert.deepStrictEqual(places, [["old", 9], ["other", 19]])
      pacer.stop()
    }))

  it.effect("is replaced at once if its wait leaves before it is admitted", () =>
    Effect.gen(function*() {
      const [old, other] = [named("old"), named("other")]
      const { admit, leave, pacer, sent, waiting } = yield* amongNewOnes([old, other], 9)
      assert.deepStrictEqual(waiting.map(({ poll }) => poll), [old])
      leave(old)
      yield* TestClock.adjust("10 millis")
      yield* admit
      assert.strictEqual(sent.at(-1), "other")
      yield* admit
      assert.strictEqual(sent.at(-1), "new")
      pacer.stop()
    }))

  it.effect("is never sent before its gap has passed", () =>
    Effect.gen(function*() {
      const { admit, pacer, sent } = yield* amongNewOnes([], 5)
      pacer.after(named("later"), 300)
      for (let round = 0; round < 25; round++) {
        pacer.after(named("new"), 0)
        yield* admit
      }
      assert.notInclude(sent, "later")
      pacer.stop()
    }))

  it.effect("is none if no poll is due, however many were admitted", () =>
    Effect.gen(function*() {
      const { admit, pacer, sent, waiting } = yield* pacing
      for (let round = 0; round < 12; round++) {
        pacer.after(named("new"), 0)
        yield* admit
      }
      pacer.after(named("new"), 0)
      pacer.after(named("later"), 300)
      while (waiting.length > 0) yield* admit
      assert.notInclude(sent, "later")
      yield* TestClock.adjust("300 millis")
      assert.strictEqual(waiting[0]?.poll.name, "later")
      pacer.stop()
    }))

  it.effect("is not counted among last polls", () =>
    Effect.gen(function*() {
      const { admit, pacer, sent } = yield* amongNewOnes([named("old")], 0)
      for (let round = 0; round < 80; round++) {
        pacer.urgent(named("last"), 1000)
        pacer.after(named("new"), 0)
        yield* admit
      }
      assert.strictEqual(sent.filter((name) => name !== "last").indexOf("old"), 9)
      pacer.stop()
    }))

  it.effect("is none while the budget is plentiful, and counts from when it is short", () =>
    Effect.gen(function*() {
      const { admit, pacer, queues, sent, shorten } = yield* pacing
      shorten(false)
      pacer.after(named("old"), 50)
      for (let round = 0; round < 40; round++) pacer.after(named("new"), 0)
      assert.notInclude(sent, "old")
      assert.deepStrictEqual(queues.at(-1), { size: 0, sent: 40 })
      shorten(true)
      pacer.after(named("new"), 0)
      yield* TestClock.adjust("60 millis")
      pacer.after(named("newest"), 0)
      yield* admit
      yield* admit
      assert.strictEqual(sent.at(-1), "newest")
      pacer.stop()
    }))

  const Coming = Schema.Array(
    Schema.Struct({
      gap: Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: 500 })),
      before: Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: 20 })),
      leaves: Schema.Boolean
    })
  ).check(Schema.isMaxLength(30))

  it.effect.prop(
    "prevents starvation: each is sent within ten turns for each that was due before it",
    { coming: Coming },
    ({ coming }) =>
      Effect.gen(function*() {
        const { admit, leave, now, pacer, waiting } = yield* pacing
        const open = new Map<Poll, { readonly dueAt: number; turns: number; before: number }>()
        const round = Effect.gen(function*() {
          const made = yield* admit
          if (made !== undefined) open.delete(made)
          for (const [poll, one] of open) {
            if (one.dueAt > now()) continue
            one.turns += 1
            assert.isAtMost(one.turns, 10 * (one.before + 3), poll.name)
          }
        })
        let fleeting: Poll | undefined
        for (const [index, { before, gap, leaves }] of coming.entries()) {
          for (let turn = 0; turn < before; turn++) yield* round
          // A new wait at every turn, and every other one leaves again.
          const poll = named(`${index}`)
          const dueAt = now() + gap
          for (const one of open.values()) if (one.dueAt > dueAt) one.before += 1
          open.set(poll, {
            dueAt,
            turns: 0,
            before: Array.from(open.values()).filter((one) => one.dueAt <= dueAt).length
          })
          pacer.after(poll, gap)
          if (fleeting !== undefined) leave(fleeting)
          fleeting = leaves ? poll : undefined
          if (leaves) open.delete(poll)
          pacer.after(named("new"), 0)
        }
        for (let turn = 0; turn < 200; turn++) {
          pacer.after(named("new"), 0)
          yield* round
        }
        assert.isAtMost(waiting.length, 1)
        pacer.stop()
      })
  )
})
