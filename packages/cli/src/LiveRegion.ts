/**
 * Lines at the bottom of a terminal that are redrawn in place; everything else is printed above them.
 *
 * A frame is never higher than the window, and each line is erased separately: lines that scroll out of the window, or
 * are erased as a region, end up in the history of terminals such as tmux.
 */
import * as CliOutput from "effect/cli/CliOutput"
import * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"
import * as Stream from "effect/Stream"
import * as Terminal from "effect/Terminal"

/** The size of a window. */
export interface Size {
  readonly columns: number
  readonly rows: number
}

export interface LiveRegion {
  /** Redraws the region. */
  readonly draw: Effect.Effect<void>
  /** Prints a text above the region. */
  readonly print: (text: string) => Effect.Effect<void>
  /** Prints a text with the next frame: for synchronous callers. */
  readonly printLater: (text: string) => void
}

/** The drawn frame: the width of each line, to compute its height after a resize. */
export type Drawn = ReadonlyArray<number>

const csi = "\u001b["
// oxlint-disable-next-line no-control-regex
const sgr = /(\u001b\[[0-9;]*m)/

/** Truncates a line to a number of columns, and ends its colours. */
export const fit = (line: string, columns: number): string => {
  if (CliOutput.displayWidth(line) <= columns) return line
  let out = ""
  let width = 0
  for (const part of line.split(sgr)) {
    if (sgr.test(part)) {
      out += part
      continue
    }
    for (const character of part) {
      const next = CliOutput.displayWidth(character)
      if (width + next > columns - 1) return `${out}…${line.includes(csi) ? `${csi}0m` : ""}`
      width += next
      out += character
    }
  }
  return out
}

/** How many rows a frame takes after the terminal has wrapped lines that are now too long. */
export const height = (drawn: Drawn, { columns, rows }: Size): number =>
  Math.min(rows, drawn.reduce((sum, width) => sum + rowsOf(width, columns), 0))

const rowsOf = (width: number, columns: number) => Math.max(1, Math.ceil(width / columns))

/** The text that replaces the previous frame by `lines`, with `above` printed over them. */
export const frame = (
  before: Drawn,
  above: ReadonlyArray<string>,
  lines: ReadonlyArray<string>,
  size: Size
): { readonly text: string; readonly drawn: Drawn } => {
  // One column is left free: after writing the last one, a terminal's cursor may be on either line.
  const shown = lines.slice(0, size.rows - 1).map((line) => fit(line, size.columns - 1))
  const printed = above.flatMap((text) => text.split("\n"))
  // With nothing to show, the cursor still needs a row.
  const all = shown.length === 0 ? [...printed, ""] : [...printed, ...shown]
  const widths = all.map(CliOutput.displayWidth)
  const up = Math.max(0, height(before, size) - 1)
  const left = Math.max(0, up + 1 - widths.reduce((sum, width) => sum + rowsOf(width, size.columns), 0))
  const text = `${csi}?2026h\r${up > 0 ? `${csi}${up}A` : ""}` +
    // Printed text may be wrapped; after a line that is exactly full, the cursor is still on its last character.
    all.map((line, i) => `${csi}2K${line}${(widths[i] ?? 0) % size.columns === 0 ? "" : `${csi}K`}`).join("\r\n") +
    `\r\n${csi}2K`.repeat(left) + (left > 0 ? `${csi}${left}A` : "") +
    `\r${csi}?2026l`
  return { text, drawn: shown.map(CliOutput.displayWidth) }
}

/** A region that shows the result of `lines` until its scope closes; the last frame stays. */
export const make = (
  lines: (size: Size) => ReadonlyArray<string>
): Effect.Effect<LiveRegion, never, Terminal.Terminal | Scope.Scope> =>
  Effect.gen(function*() {
    const terminal = yield* Terminal.Terminal
    const write = (text: string) => Effect.ignore(terminal.display(text))
    let drawn: Drawn = []
    let later: Array<string> = []

    const size = Effect.map(Effect.all([terminal.columns, terminal.rows]), ([columns, rows]): Size => ({
      columns: columns > 0 ? columns : 80,
      rows: rows > 0 ? rows : 24
    }))
    const draw = Effect.flatMap(size, (size) =>
      Effect.suspend(() => {
        const above = later
        const next = lines(size)
        if (next.length === 0 && drawn.length === 0 && above.length === 0) return Effect.void
        later = []
        const { drawn: now, text } = frame(drawn, above, next, size)
        drawn = now
        return write(text)
      }))

    yield* Effect.acquireRelease(
      write(`${csi}?25l`),
      () => Effect.andThen(draw, Effect.suspend(() => write(`${drawn.length > 0 ? "\n" : ""}${csi}?25h`)))
    )
    const resized = yield* terminal.size
    yield* Effect.forkScoped(Stream.runForEach(Stream.drop(Stream.fromQueue(resized), 1), () => draw))
    yield* Effect.forkScoped(Effect.forever(Effect.andThen(draw, Effect.sleep("120 millis"))))

    return {
      draw,
      print: (text) =>
        Effect.suspend(() => {
          later.push(text)
          return draw
        }),
      printLater: (text) => {
        later.push(text)
      }
    }
  })
