/**
 * Where what is said goes: results to stdout, all else to stderr; with `--json` events to stdout and nothing else.
 */
import * as TerminalCapabilities from "effect/cli/TerminalCapabilities"
import * as Console from "effect/Console"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Formatter from "effect/Formatter"
import * as Layer from "effect/Layer"
import * as Logger from "effect/Logger"
import * as Stdio from "effect/Stdio"
import type { Event } from "./Event.ts"
import type { LiveRegion } from "./LiveRegion.ts"

/** Colours, or none. */
export interface Paint {
  readonly good: (text: string) => string
  readonly bad: (text: string) => string
  readonly busy: (text: string) => string
  readonly dim: (text: string) => string
}

const paint = (code: number) => (text: string) => `\u001b[${code}m${text}\u001b[0m`

/** Colours where a terminal shows them, and none elsewhere. */
export const painter = (canColor: boolean): Paint =>
  canColor
    ? { good: paint(32), bad: paint(31), busy: paint(36), dim: paint(2) }
    : { good: String, bad: String, busy: String, dim: String }

export class Output extends Context.Service<Output, {
  /** Whether lines can be drawn again in place. */
  readonly isLive: boolean
  readonly isJson: boolean
  readonly paint: Paint
  /** A result: its text, or with `--json` the event. */
  readonly result: (text: string, event: Event) => Effect.Effect<void>
  /** Something that is no result. */
  readonly note: (text: string) => Effect.Effect<void>
  /** Something that only a program wants to know. */
  readonly event: (event: Event) => Effect.Effect<void>
  /** From now on, until the region is gone, lines are printed above it. */
  readonly above: (region: LiveRegion | undefined) => Effect.Effect<void>
}>()("@bulk-operations/cli/Output") {}

// Logs come at any time, so that they wait here while lines are drawn again in place.
const logger = (region: () => LiveRegion | undefined) =>
  Logger.make(({ date, logLevel, message }) => {
    const parts = Array.isArray(message) ? message : [message]
    const text = parts.map((part) => typeof part === "string" ? part : Formatter.format(part)).join(" ")
    const line = `${date.toISOString()} ${logLevel.toLowerCase()}: ${text}`
    const live = region()
    if (live === undefined) process.stderr.write(`${line}\n`)
    else live.printLater(line)
  })

/** With or without `--json`. */
export const layer = (isJson: boolean): Layer.Layer<Output, never, Stdio.Stdio> =>
  Layer.effectContext(Effect.gen(function*() {
    const { canAnimate, canColor } = yield* TerminalCapabilities.TerminalCapabilities
    const isTerminal = yield* (yield* Stdio.Stdio).stderrIsTerminal
    let region: LiveRegion | undefined
    let isReaderGone = false
    process.stdout.on("error", () => {
      isReaderGone = true
    })
    const event = (event: Event) => isJson ? Console.log(JSON.stringify(event)) : Effect.void
    const output = Output.of({
      isLive: canAnimate && !isJson,
      isJson,
      paint: painter(canColor && !isJson),
      event,
      result: (text, of) =>
        isJson ? event(of) : Effect.suspend(() => region === undefined ? Console.log(text) : region.print(text)),
      note: (text) =>
        Effect.suspend(() => {
          // Nobody is left to be told.
          if (isReaderGone) return Effect.void
          return region === undefined || !isTerminal ? Console.error(text) : region.print(text)
        }),
      above: (next) =>
        Effect.sync(() => {
          region = next
        })
    })
    return Context.make(Output, output).pipe(
      Context.add(Logger.CurrentLoggers, new Set([logger(() => region)]))
    )
  }))
