/** Reports that the command was interrupted while operations were under way. */
import * as Effect from "effect/Effect"
import { Output } from "../Output.ts"

const textOf = (operations: number) =>
  operations === 0
    ? "Interrupted. No operation of this command is known to be under way."
    : `Interrupted. ${operations === 1 ? "The operation continues" : `${operations} operations continue`}.`

/** Reports the operations that continue, and the command that waits for them. */
export const report = Effect.fnUntraced(function*(ids: ReadonlyArray<string>, resume: string) {
  const output = yield* Output
  const text = textOf(ids.length)
  const [id] = ids
  if (!output.isJson) return yield* output.note(id === undefined ? text : `${text} To wait again:\n  ${resume}`)
  yield* output.interrupted({
    message: text,
    ...(id !== undefined && { resume }),
    ...(id !== undefined && ids.length === 1 && { operationId: id })
  })
})
