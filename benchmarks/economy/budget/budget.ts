/**
 * One budget for many waits: what becomes of them when there are more than 1,200 requests in five minutes can serve.
 */
import { Effect } from "effect"
import { mean, quantile } from "simple-statistics"
import { figure, type Limit, type Options, type Report, table } from "../../harness/report.ts"

import * as Contenders from "./contenders.ts"
import * as Days from "./days.ts"
import { anHourOf, type Load, steady } from "./load.ts"
import * as Trial from "./trial.ts"

// Too few waits to be short of anything, and then ever more.
const roomy = [steady(10, 60, 240)]
const short = [steady(100, 60, 120), steady(300, 60, 120), anHourOf(1000), anHourOf(10_000)]

// With gaps that are not delayed in common it is 1; where far more is started than can be polled, little is left to gain.
const mostOf = ({ again, lanes }: Load) => again ? 0.4 : lanes().length < 5000 ? 0.6 : 1

const all = [
  Contenders.ours,
  Contenders.oursAlone,
  Contenders.firstCome,
  Contenders.oursWithoutBudget,
  Contenders.independentQuadratic,
  Contenders.independentEvery2
]

interface Round {
  readonly load: Load
  readonly trials: ReadonlyArray<{ readonly contender: Contenders.Contender; readonly trial: Trial.Trial }>
}

const runRound = (load: Load, contenders: ReadonlyArray<Contenders.Contender>) =>
  Effect.map(
    Effect.forEach(
      contenders,
      (contender) => Effect.map(Trial.run(load, contender), (trial) => ({ contender, trial }))
    ),
    (trials): Round => ({ load, trials })
  )

export const run = Effect.fnUntraced(function*({ quick }: Options): Effect.fn.Return<Report> {
  const contenders = quick ? [Contenders.ours, Contenders.firstCome] : all
  const shortRounds = yield* Effect.forEach(
    quick ? [steady(100, 20, 20), steady(300, 20, 20)] : short,
    (load) => runRound(load, contenders)
  )
  const rounds = [...quick ? [] : yield* Effect.forEach(roomy, (load) => runRound(load, contenders)), ...shortRounds]
  const days = yield* Days.run(quick)
  const lost = rounds.flatMap(({ load, trials }) =>
    trials.flatMap(({ contender, trial }) => {
      const count = trial.outcomes.filter(({ lateness }) => lateness === undefined).length
      return count === 0 ? [] : [`${count} of ${contender.name}, ${load.name}`]
    })
  )
  return {
    markdown: [
      "An account that allows 1,200 requests in any five minutes, and answers 429 to all for the next five after one more. " +
      "Operations last from 1 second to 30 minutes, log-uniform, and every wait begins with its operation. A steady wait " +
      "starts another operation as soon as it saw the last one end; those of the first hour are left out. The " +
      "budget of ours is 80 % of what is allowed, unless its share is 1. The first-come queue has the same budget and " +
      "the same schedule, and its polls take their turn in the order in which they are due. Independent waits know " +
      "nothing of each other, and when refused wait for as long as they are told. Blocked is the part of the time in " +
      "which everything else that the account does is refused too: who makes requests until they are refused gets more of " +
      "them answered than who leaves a share to others, and that is what it costs.",
      ...rounds.flatMap((round) => [
        `#### ${round.load.name}`,
        table(
          ["", "429s", "blocked %", "requests per operation", "mean s", "median s", "p95 s", "mean %", "median %"],
          round.trials.map(({ contender, trial }) => [contender.name, ...figures(trial)])
        ),
        `Less late than ours on average: in seconds ${ahead(round, inSeconds)}; in % ${ahead(round, inPercent)}.`
      ]),
      "#### What else may come",
      "Two processes share the budget by a store. A block that comes from elsewhere answers 429 and says no more. Calls of the " +
      "application are sent at once, and polls make room for them. `learned` waits longer for its first poll, and a short " +
      "budget makes that longer still: less late on average, but later for what takes a second or two.",
      days.markdown,
      lost.length === 0 ? "No wait of anyone was lost." : `Waits that gave up: ${lost.join("; ")}.`
    ].join("\n\n"),
    limits: [
      { what: "429s of ours, under all loads", measured: refusedOf(rounds, Contenders.ours), limit: 0 },
      ...shortRounds.map((round): Limit => ({
        what: `mean % of ours, times that of the first-come queue, ${round.load.name}`,
        measured: relativeOf(round, Contenders.ours) / relativeOf(round, Contenders.firstCome),
        limit: mostOf(round.load)
      })),
      ...days.limits
    ]
  }
})

const seen = ({ outcomes }: Trial.Trial) =>
  outcomes.flatMap(({ duration, lateness }) => lateness === undefined ? [] : [{ duration, lateness }])

const inSeconds = (trial: Trial.Trial) => seen(trial).map(({ lateness }) => lateness)

const inPercent = (trial: Trial.Trial) => seen(trial).map(({ duration, lateness }) => 100 * lateness / duration)

const figures = (trial: Trial.Trial) => {
  const late = inSeconds(trial)
  const percent = inPercent(trial)
  return [
    trial.refused.toLocaleString("en"),
    figure(100 * trial.blocked),
    ...[
      mean(trial.outcomes.map(({ requests }) => requests)),
      mean(late),
      quantile(late, 0.5),
      quantile(late, 0.95),
      mean(percent),
      quantile(percent, 0.5)
    ].map(figure)
  ]
}

// Who is less late than ours on average, and by what part.
const ahead = (round: Round, late: (trial: Trial.Trial) => ReadonlyArray<number>) => {
  const ours = mean(trialOf(round, Contenders.ours).flatMap(late))
  const said = round.trials.flatMap(({ contender, trial }) => {
    const lead = 1 - mean(late(trial)) / ours
    return lead > 0.005 ? [`${contender.name} (by ${figure(100 * lead)} %)`] : []
  })
  return said.length === 0 ? "nobody" : said.join(", ")
}

const trialOf = ({ trials }: Round, contender: Contenders.Contender) =>
  trials.flatMap((one) => one.contender === contender ? [one.trial] : [])

const refusedOf = (rounds: ReadonlyArray<Round>, contender: Contenders.Contender) =>
  rounds.flatMap((round) => trialOf(round, contender)).reduce((sum, { refused }) => sum + refused, 0)

const relativeOf = (round: Round, contender: Contenders.Contender) => mean(trialOf(round, contender).flatMap(inPercent))
