import { Effect, Schema } from "effect"
import { Event } from "../../src/Event.ts"

const decode = Schema.decodeEffect(Schema.fromJsonString(Event), { onExcessProperty: "error" })

/** Every line of an output as the schema has it; one that is no event fails the test. */
export const events = (stdout: string) =>
  Effect.orDie(Effect.forEach(stdout.split("\n").filter((line) => line !== ""), (line) => decode(line)))
