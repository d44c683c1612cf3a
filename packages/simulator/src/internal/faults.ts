/** Decides which faults a request meets. */
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Random from "effect/Random"
import * as Draw from "../Draw.ts"
import type { Endpoint } from "../Endpoint.ts"
import type { Fault, When } from "../Fault.ts"
import * as OptionChecks from "./optionChecks.ts"

/** The faults of one request. */
export interface Met {
  /** How long the answer is delayed. */
  readonly latency: Duration.Duration
  /** The clock skew in milliseconds. */
  readonly skew: number
  /** The fault that damages or replaces the answer, if any. */
  readonly spoiler: Fault | undefined
  readonly all: ReadonlyArray<Fault>
}

export interface Faults {
  readonly inject: (fault: Draw.Draw<Fault>, when: When) => void
  readonly clear: () => void
  readonly meet: (endpoint: Endpoint | undefined) => Effect.Effect<Met>
}

interface Rule {
  readonly fault: Draw.Draw<Fault>
  readonly when: When
  /** Requests to its endpoints so far, and how many of them it met. */
  seen: number
  met: number
}

const isIncluded = (on: When["on"], endpoint: Endpoint | undefined): boolean =>
  on === undefined || (endpoint !== undefined && (typeof on === "string" ? on === endpoint : on.includes(endpoint)))

const applies = ({ _tag }: Fault, endpoint: Endpoint | undefined): boolean =>
  _tag !== "EditedOperation" || endpoint === "lists.bulkOperations.get"

const isSpoiler = ({ _tag }: Fault): boolean => _tag !== "Latency" && _tag !== "ClockSkew"

const none: Effect.Effect<Met> = Effect.succeed({ latency: Duration.zero, skew: 0, spoiler: undefined, all: [] })

export const make = (random: Random.Random): Faults => {
  const rules: Array<Rule> = []

  const drawFrom = Effect.fnUntraced(function*(rule: Rule) {
    const { after = 0, probability = 1, times = Infinity } = rule.when
    rule.seen++
    if (rule.seen <= after || rule.met >= times) return undefined
    return probability < 1 && (yield* Random.next) >= probability ? undefined : yield* Draw.draw(rule.fault)
  })

  const meetRules = Effect.fnUntraced(function*(endpoint: Endpoint | undefined) {
    let latency = Duration.zero
    let skew = 0
    const all: Array<Fault> = []
    for (const rule of rules.filter(({ when }) => isIncluded(when.on, endpoint))) {
      const fault = yield* drawFrom(rule)
      if (fault === undefined || !applies(fault, endpoint) || (isSpoiler(fault) && all.some(isSpoiler))) continue
      rule.met++
      all.push(fault)
      if (fault._tag === "Latency") {
        latency = Duration.sum(
          latency,
          Duration.millis(OptionChecks.notNegative("latency", yield* Draw.draw(fault.by)))
        )
      }
      if (fault._tag === "ClockSkew") skew += Duration.toMillis(fault.by)
    }
    return { latency, skew, spoiler: all.find(isSpoiler), all }
  }, Effect.provideService(Random.Random, random))

  return {
    inject: (fault, when) => {
      rules.push({ fault, when, seen: 0, met: 0 })
    },
    clear: () => {
      rules.length = 0
    },
    meet: (endpoint) => rules.length === 0 ? none : meetRules(endpoint)
  }
}
