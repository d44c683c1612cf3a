/** Routes output: results to stdout, everything else to stderr; with `--json`, only events to stdout. */
import * as TerminalCapabilities from "effect/cli/TerminalCapabilities"
import * as Console from "effect/Console"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Formatter from "effect/Formatter"
import * as Layer from "effect/Layer"
import * as Logger from "effect/Logger"
import * as Stdio from "effect/Stdio"
import type { Event } from "./Event.ts"
import { ExitCode } from "./ExitCode.ts"
import type { LiveRegion } from "./LiveRegion.ts"

/** Colours, or none. */
export interface Paint {
  readonly good: (text: string) => string
  readonly bad: (text: string) => string
  readonly busy: (text: string) => string
  readonly dim: (text: string) => string
}

const paint = (code: number) => (text: string) => `\u001b[${code}m${text}\u001b[0m`

/** Colours if the terminal supports them. */
export const painter = (canColor: boolean): Paint =>
  canColor
    ? { good: paint(32), bad: paint(31), busy: paint(36), dim: paint(2) }
    : { good: String, bad: String, busy: String, dim: String }

/** What a program is told of an interruption. */
export interface Interruption {
  readonly message: string
  /** The operation that continues, if it is a single one. */
  readonly operationId?: string
  /** The command to resume with. */
  readonly resume?: string
}

export class Output extends Context.Service<Output, {
  /** Whether lines can be redrawn in place. */
  readonly isLive: boolean
  readonly isJson: boolean
  readonly paint: Paint
  /** Writes a result: its text, or its event with `--json`. */
  readonly result: (text: string, event: Event) => Effect.Effect<void>
  /** Writes something other than a result. */
  readonly note: (text: string) => Effect.Effect<void>
  /** Writes something only for programs. */
  readonly event: (event: Event) => Effect.Effect<void>
  /** Writes the error of an interruption, only for programs, and only once. */
  readonly interrupted: (interruption: Interruption) => Effect.Effect<void>
  /** Prints lines above a region from now on, or normally again if `undefined`. */
  readonly above: (region: LiveRegion | undefined) => Effect.Effect<void>
}>()("@bulk-operations/cli/Output") {}

// Logs come at any time, so they are queued while a region is drawn.
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
    let isInterrupted = false
    const event = (event: Event) =>
      Effect.suspend(() => isJson && !isReaderGone ? Console.log(JSON.stringify(event)) : Effect.void)
    const output = Output.of({
      isLive: canAnimate && !isJson,
      isJson,
      paint: painter(canColor && !isJson),
      event,
      result: (text, of) =>
        isJson ? event(of) : Effect.suspend(() => region === undefined ? Console.log(text) : region.print(text)),
      note: (text) =>
        Effect.suspend(() => {
          // The reader is gone.
          if (isReaderGone) return Effect.void
          return region === undefined || !isTerminal ? Console.error(text) : region.print(text)
        }),
      interrupted: (interruption) =>
        Effect.suspend(() => {
          if (isInterrupted) return Effect.void
          isInterrupted = true
          return event({ type: "error", error: "Interrupted", exitCode: ExitCode.interrupted, ...interruption })
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
