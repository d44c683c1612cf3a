import { assert, describe, it } from "@effect/vitest"
import { Schema } from "effect"
import { bins, ends, longest, type Observation, placeOf } from "../../src/internal/bins.ts"
import * as Hazard from "../../src/internal/hazard.ts"

const between = (minimum: number, maximum: number) => Schema.Int.check(Schema.isBetween({ minimum, maximum }))

const after = (...observations: ReadonlyArray<Observation>) => observations.reduce(Hazard.observe, Hazard.nothing)

const times = (count: number, observation: Observation) => Array.from({ length: count }, () => observation)

const took = (seconds: number): Observation => ({ from: 1000 * seconds, to: 1000 * seconds + 1000 })
const notBy = (seconds: number): Observation => ({ from: 1000 * seconds, to: Number.POSITIVE_INFINITY })

// When one polls who polls in the middle of what is drawn, up to some seconds.
const polls = (beliefs: Hazard.Beliefs, until: number, expected?: number) => {
  const hazard = Hazard.hazard(beliefs, expected === undefined ? undefined : 1000 * expected)
  const ages: Array<number> = []
  for (let age = 0; age < 1000 * until;) {
    age = Hazard.nextPoll(hazard, { age, cost: 250, phase: 0.5, isFirst: age === 0 })
    ages.push(age / 1000)
  }
  return ages
}

// How late the end of an operation is seen that takes so many seconds.
const lateness = (beliefs: Hazard.Beliefs, duration: number) => (polls(beliefs, duration).at(-1) ?? 0) - duration

const size = ({ memories }: Hazard.Beliefs) => memories.map(({ ended, reached }) => ended.length + reached.length)

const within = (ages: ReadonlyArray<number>, from: number, to: number) =>
  ages.filter((age) => age >= from && age < to).length

// The lateness to be expected at an age, summed up in small steps, for an operation under way at `age`.
const expectedLateness = ({ chances }: Hazard.Hazard, age: number, until: number) => {
  const steps = 2000
  const step = (until - age) / steps
  let alive = age > 0 ? 1 : 1 - (chances[0] ?? 1)
  let late = 0
  for (let index = 0; index < steps; index++) {
    const from = age + index * step
    const to = from + step
    const bin = Math.max(0, Math.floor(placeOf(Math.max(1e-9, (from + to) / 2))))
    const chance = bin === 0 ? age > 0 ? 1 - 1 / Math.sqrt(1.2) : 0 : chances[bin] ?? 0
    const before = alive
    alive *= (1 - chance) ** (Math.log(to / Math.max(from, 1e-9)) / Math.log(1.2) * (chance === 0 ? 0 : 1))
    late += step * (1 - (before + alive) / 2)
  }
  return late
}

// The chance that an operation outlives an age, given that it outlived bin 0.
const outliving = (chances: ReadonlyArray<number>, age: number) => {
  const place = placeOf(age)
  return bins.slice(1).reduce(
    (alive, bin) => alive * (1 - (chances[bin] ?? 0)) ** Math.min(1, Math.max(0, place - bin)),
    1
  )
}

describe("nextPoll", () => {
  it.prop(
    "is that of quadratic without data, at any age",
    { age: between(0, 200_000_000), cost: between(1, 100_000) },
    ({ age, cost }) => {
      const next = Hazard.nextPoll(Hazard.unknown, { age, cost, phase: 0.3, isFirst: false })
      assert.closeTo(next, (Math.sqrt(age) + Math.sqrt(cost)) ** 2, 1e-3)
    }
  )

  const observation = Schema.Struct({
    from: between(0, longest),
    width: between(1, 10_000),
    ended: Schema.Boolean
  })

  it.prop(
    "is after the age and finite, whatever was observed",
    {
      observations: Schema.Array(observation).check(Schema.isMaxLength(30)),
      age: between(0, 10 * longest),
      cost: between(1, 100_000),
      phase: between(0, 99)
    },
    ({ age, cost, observations, phase }) => {
      const beliefs = after(...observations.map(({ ended, from, width }) => ({
        from,
        to: ended ? from + width : Number.POSITIVE_INFINITY
      })))
      for (const isFirst of [true, false]) {
        const next = Hazard.nextPoll(Hazard.hazard(beliefs), { age, cost, phase: phase / 100, isFirst })
        assert.isAbove(next, age)
        assert.isFinite(next)
      }
    }
  )

  it.prop(
    "is at the age where the expected lateness is worth a request, whatever was observed",
    {
      seconds: Schema.Array(between(0, 600)).check(Schema.isMaxLength(12)),
      age: Schema.Literals([0, 150, 4000, 33_000, 400_000]),
      cost: between(50, 5000),
      phase: between(0, 99),
      isFirst: Schema.Boolean
    },
    ({ age, cost, isFirst, phase, seconds }) => {
      const hazard = Hazard.hazard(after(...seconds.map(took)))
      const drawn = phase / 100
      const next = Hazard.nextPoll(hazard, { age, cost, isFirst, phase: drawn })
      const most = (Math.sqrt(age) + 6 * Math.sqrt(cost)) ** 2
      assert.isAtMost(next, most * (1 + 1e-9))
      const ignorance = hazard.chances[0] ?? 1
      const worth = cost * (1 + 0.3 * (1 - ignorance) * (2 * drawn - 1)) * (isFirst ? (1 - drawn * ignorance) ** 2 : 1)
      const late = expectedLateness(hazard, age, next)
      if (next < most * (1 - 1e-9)) assert.closeTo(late, worth, 0.01 * worth + 1)
      else assert.isAtMost(late, 1.01 * worth + 1)
    },
    { arbitrary: { runs: 60 } }
  )

  it("is soon where many operations end at once, because their lateness is worth a request", () => {
    const hazard = Hazard.hazard(
      after(...Array.from({ length: 30 }, (_, index) => index % 3 === 0 ? took(20) : { from: 0, to: 50 }))
    )
    const next = Hazard.nextPoll(hazard, { age: 0, cost: 40, isFirst: false, phase: 0.5 })
    assert.isBelow(hazard.chances[0] ?? 1, 0.9)
    assert.closeTo(next, 40 / (hazard.chances[0] ?? 1), 1e-6)
  })

  it("is exactly when the expected lateness becomes worth a request", () => {
    // A fair coin: 4 seconds or 20.
    const beliefs = after(...Array.from({ length: 60 }, (_, index) => took(index % 2 === 0 ? 4 : 20)))
    const ages = polls(beliefs, 21)
    assert.isAtLeast(within(ages, 4, 6.5), 2)
    assert.isAtMost(within(ages, 6.5, 18), 4)
    assert.isAtLeast(within(ages, 18, 21), 2)
  })

  it("detects an operation between two known durations less than a minute late", () => {
    assert.isBelow(lateness(after(...times(50, took(90))), 5), 6)
    assert.isBelow(lateness(after(...times(50, took(3600))), 60), 60)
  })
})

describe("observe", () => {
  it("makes longer durations likely after an operation without a detected end", () => {
    const ages = polls(after(...times(20, notBy(30))), 300)
    assert.isAtMost(within(ages, 0, 25), 3)
    assert.isAtLeast(within(ages, 30, 300), 10)
  })

  it("follows a change within three operations", () => {
    const before = times(50, took(90))
    assert.isBelow(lateness(after(...before, ...times(3, took(5))), 5), 2)
  })

  it("stays bounded: its state does not grow with the operations", () => {
    const many = after(...times(1000, took(15)))
    assert.deepStrictEqual(size(many), size(Hazard.nothing))
    many.memories.forEach(({ ended, reached }) =>
      [...ended, ...reached].forEach((operations) => assert.isBelow(operations, 75))
    )
  })

  it.each<[string, Observation]>([
    ["an end within a second", took(15)],
    ["an end at once", { from: 0, to: 50 }],
    ["an end in the first bins", { from: 90, to: 130 }],
    ["an end between two late polls", { from: 40_000, to: 70_000 }],
    ["an end that was not detected", notBy(40)],
    ["an end that was not detected for most of a day", notBy(80_000)]
  ])("weighs each memory by how likely it held what came: %s", (_, observation) => {
    const before = after(...times(3, took(20)), took(70))
    const foretold = before.memories.map((memory, index) => {
      const alone = before.memories.map((one, other) => ({ ...one, weight: other === index ? 1 : 0 }))
      const { chances } = Hazard.hazard({ operations: before.operations, memories: alone })
      const left = observation.to === Number.POSITIVE_INFINITY ? 0 : outliving(chances, observation.to)
      return memory.weight * (outliving(chances, observation.from) - left)
    })
    const sum = foretold.reduce((all, one) => all + one)
    Hazard.observe(before, observation).memories.forEach(({ weight }, index) => {
      const expected = sum === 0 ? before.memories[index]?.weight ?? 0 : (foretold[index] ?? 0) / sum
      assert.closeTo(weight, 0.988 * expected + 0.003, 1e-6)
    })
  })

  it("treats an end known to the millisecond as one within a hundredth of a bin", () => {
    const at = ends[30] ?? 0
    const exact = Hazard.observe(after(...times(5, took(20))), { from: at, to: at })
    const near = Hazard.observe(after(...times(5, took(20))), { from: at, to: at * 1.2 ** 0.01 })
    exact.memories.forEach(({ weight }, index) => assert.closeTo(weight, near.memories[index]?.weight ?? 0, 1e-6))
  })

  it("keeps its weights a distribution without zeros", () => {
    let beliefs = Hazard.nothing
    for (const observation of [...times(200, took(15)), notBy(86_400), took(0), took(80_000), ...times(50, took(1))]) {
      beliefs = Hazard.observe(beliefs, observation)
      const weights = beliefs.memories.map(({ weight }) => weight)
      assert.closeTo(weights.reduce((sum, weight) => sum + weight), 1, 1e-9)
      weights.forEach((weight) => assert.isAtLeast(weight, 0.002))
    }
  })
})

// Slow memories of operations of 5 and of 90 seconds.
const weighing = (weights: ReadonlyArray<number>): Hazard.Beliefs => ({
  operations: 50,
  memories: [after(), after(), after(...times(50, took(5))), after(...times(50, took(90)))].map((
    beliefs,
    index
  ) => ({
    reached: beliefs.memories[index]?.reached ?? [],
    ended: beliefs.memories[index]?.ended ?? [],
    weight: weights[index] ?? 0
  }))
})
const gapEnd = (beliefs: Hazard.Beliefs) =>
  Hazard.nextPoll(Hazard.hazard(beliefs), { age: 30_000, cost: 250, phase: 0.5, isFirst: false })

describe("hazard", () => {
  it("with an expectation alone, polls little before it and more often around it", () => {
    const expecting = polls(Hazard.nothing, 60, 30)
    const ignorant = polls(Hazard.nothing, 60)
    assert.isAtMost(within(expecting, 0, 15), within(ignorant, 0, 15) - 3)
    assert.isAbove(within(expecting, 20, 45), within(ignorant, 20, 45))
  })

  it("outweighs an expectation after ten operations", () => {
    const beliefs = after(...times(10, took(5)))
    const misled = polls(beliefs, 7, 600)
    assert.isAtMost((misled.at(-1) ?? 0) - (polls(beliefs, 7).at(-1) ?? 0), 1)
    assert.isAtLeast(within(misled, 4, 7), 2)
  })

  it("gives a history little weight once an operation has outlived its likely durations", () => {
    const undecided = gapEnd(weighing([0, 0, 0.5, 0.5]))
    assert.closeTo(undecided, gapEnd(weighing([0, 0, 0, 1])), 500)
  })

  it("keeps a quarter of the weight independent of the expectation", () => {
    const { chances } = Hazard.hazard(Hazard.nothing, 3_600_000)
    for (const bin of bins.slice(1, 10)) {
      assert.isAtLeast((chances[bin] ?? 0) / (Hazard.unknown.chances[bin] ?? 1), 0.35)
    }
  })

  it("returns probabilities", () => {
    const beliefs = after(...times(30, took(15)), ...times(5, notBy(100)))
    Hazard.hazard(beliefs, 20_000).chances.forEach((chance) => {
      assert.isAbove(chance, 0)
      assert.isAtMost(chance, 1)
    })
  })
})
