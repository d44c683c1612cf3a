/**
 * As much of a terminal as the command uses: what stands on the screen, and what has left it at its top.
 */
export interface Screen {
  readonly rows: ReadonlyArray<string>
  readonly history: ReadonlyArray<string>
  readonly isCursorShown: boolean
}

// oxlint-disable-next-line no-control-regex
const token = /\u001b\[(\??)(\d*)([A-Za-z])|[\r\n]|[^\u001b\r\n]/gu

/** What a window of this size shows after this output. Anything that a terminal of the eighties lacks is an error. */
export const show = (output: string, columns: number, height: number): Screen => {
  const rows: Array<Array<string>> = Array.from({ length: height }, () => [])
  const history: Array<string> = []
  let [row, column, isCursorShown] = [0, 0, true]
  const line = () => rows[row] ?? []
  const down = () => {
    if (row < height - 1) row++
    else {
      history.push((rows.shift() ?? []).join("").trimEnd())
      rows.push([])
    }
  }
  for (const [text, isPrivate, number = "", command] of output.matchAll(token)) {
    if (text === "\r") column = 0
    else if (text === "\n") down()
    else if (command === undefined) {
      if (column === columns) {
        column = 0
        down()
      }
      const at = line()
      while (at.length < column) at.push(" ")
      at[column++] = text
    } else if (isPrivate === "?") {
      if (number === "25") isCursorShown = command === "h"
    } else if (command === "A") row = Math.max(0, row - Number(number || 1))
    else if (command === "K") {
      if (number === "2") line().length = 0
      else line().length = Math.min(line().length, Math.min(column, columns - 1))
    } else if (command !== "m") throw new Error(`A terminal does not do ${JSON.stringify(text)} here`)
  }
  return { rows: rows.map((row) => row.join("").trimEnd()), history, isCursorShown }
}
