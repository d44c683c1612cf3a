import { Draw } from "@bulk-operations/simulator"
import { assert, describe, it } from "@effect/vitest"
import { Duration, Effect, Random } from "effect"

const draws = <A>(draw: Effect.Effect<A>) => Effect.replicateEffect(draw, 10_000).pipe(Random.withSeed("draws"))
const millis = (draw: Effect.Effect<Duration.Duration>) =>
  Effect.map(draws(draw), (all) => all.map((duration) => Duration.toMillis(duration)).toSorted((a, b) => a - b))

describe("between", () => {
  it.effect("draws evenly within its bounds", () =>
    Effect.gen(function*() {
      const drawn = yield* millis(Draw.between("1 second", "3 seconds"))
      assert.isTrue(drawn.every((ms) => ms >= 1000 && ms < 3000))
      assert.approximately(drawn.filter((ms) => ms < 2000).length, 5000, 250)
    }))
})

describe("logNormal", () => {
  it.effect("draws 50 % below the median, 68 % within a factor of spread, and 2.5 % above its square", () =>
    Effect.gen(function*() {
      const drawn = yield* millis(Draw.logNormal({ median: "10 seconds", spread: 3 }))
      assert.approximately(drawn.filter((ms) => ms < 10_000).length, 5000, 250)
      assert.approximately(drawn.filter((ms) => ms > 10_000 / 3 && ms < 30_000).length, 6827, 250)
      assert.approximately(drawn.filter((ms) => ms > 90_000).length, 250, 75)
    }))
})

describe("oneOf", () => {
  it.effect("draws each value in proportion to its weight, and none of weight zero", () =>
    Effect.gen(function*() {
      const drawn = yield* draws(Draw.oneOf([1, "a"], [0, "b"], [3, "c"]))
      const count = (value: string) => drawn.filter((other) => other === value).length
      assert.approximately(count("a"), 2500, 250)
      assert.strictEqual(count("b"), 0)
      assert.approximately(count("c"), 7500, 250)
    }))
})
