/**
 * Mutants that survived, as a person reads them, and the reasons that docs/mutation.md gives for some.
 *
 * Lines move, so a reason belongs to the mutation in its file, and of several alike to the nearest.
 */
export interface Survivor {
  readonly file: string
  readonly line: number
  /** What the code says, and what it could say as well: one line, cut. */
  readonly mutation: string
}

export interface Explained extends Survivor {
  readonly reason: string
}

export interface Position {
  readonly line: number
  readonly column: number
}

const width = 70

/** A position that counts from one, as reports do, from zero. */
export const fromOne = ({ column, line }: Position): Position => ({ line: line - 1, column: column - 1 })

/** The text of `source` between two positions, both counted from zero. */
export const between = (source: string, start: Position, end: Position) => {
  const lines = source.split("\n").slice(start.line, end.line + 1)
  const last = lines.length - 1
  return lines
    .map((line, index) => line.slice(index === 0 ? start.column : 0, index === last ? end.column : undefined))
    .join("\n")
}

const oneLine = (text: string) => text.replace(/\s+/g, " ").trim()

// Starts shortly before the difference, where the whole is too long.
const excerpt = (text: string, difference: number) => {
  const start = text.length <= width ? 0 : Math.max(0, Math.min(difference - 20, text.length - width))
  const end = start + width
  return `${start > 0 ? "… " : ""}${text.slice(start, end)}${end < text.length ? " …" : ""}`
}

export const describe = (original: string, replacement: string) => {
  const before = oneLine(original)
  const after = oneLine(replacement)
  const difference = before.split("").findIndex((character, index) => character !== after[index])
  return `${excerpt(before, difference)} → ${excerpt(after, difference)}`
}

/** The survivors that have a reason, with it, and those that have none. */
export const explain = (survivors: ReadonlyArray<Survivor>, known: ReadonlyArray<Explained>) => {
  const left = new Set(survivors)
  const explained: Array<Explained> = []
  for (const { file, line, mutation, reason } of known) {
    const alike = [...left].filter((survivor) => survivor.file === file && survivor.mutation === mutation)
    const [nearest] = alike.toSorted((a, b) => Math.abs(a.line - line) - Math.abs(b.line - line))
    if (nearest === undefined) continue
    left.delete(nearest)
    explained.push({ ...nearest, reason })
  }
  return { explained: explained.toSorted(inOrder), unexplained: [...left].toSorted(inOrder) }
}

const inOrder = (a: Survivor, b: Survivor) => (a.file === b.file ? a.line - b.line : a.file < b.file ? -1 : 1)

const code = (text: string) => {
  const longest = Math.max(0, ...(text.match(/`+/g) ?? []).map((run) => run.length))
  const fence = "`".repeat(longest + 1)
  const space = longest > 0 ? " " : ""
  return `${fence}${space}${text.replaceAll("|", "\\|")}${space}${fence}`
}

const text = (cell: string) => cell.replace(/^(`+) ?(.*?) ?\1$/, "$2").replaceAll("\\|", "|")

const row = ({ file, line, mutation, reason = "" }: Survivor & { readonly reason?: string }) =>
  `| ${code(`${file}:${line}`)} | ${code(mutation)} | ${reason} |`

/** A table of survivors, in the order of their places. */
export const table = (survivors: ReadonlyArray<Survivor | Explained>) =>
  ["| where | mutation | why it survives |", "| --- | --- | --- |", ...survivors.toSorted(inOrder).map(row)].join("\n")

/** The rows of a table that give a reason. */
export const parse = (markdown: string): ReadonlyArray<Explained> =>
  markdown.split("\n").flatMap((line) => {
    const [, where = "", mutation = "", reason = ""] = line.split(/(?<!\\)\|/).map((cell) => cell.trim())
    const [, file, at] = /^`(.+):(\d+)`$/.exec(where) ?? []
    return file === undefined || reason === "" ? [] : [{ file, line: Number(at), mutation: text(mutation), reason }]
  })
