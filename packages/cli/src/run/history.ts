/** The file of `--history`: durations of operations by account, in JSON. */
import * as PollHistory from "@bulk-operations/poll/PollHistory"
import * as Effect from "effect/Effect"
import * as FileSystem from "effect/FileSystem"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import * as Path from "effect/Path"
import * as KeyValueStore from "effect/persistence/KeyValueStore"
import type { PlatformError } from "effect/PlatformError"
import * as Schema from "effect/Schema"
import * as Semaphore from "effect/Semaphore"
import { UsageError } from "../Failure.ts"

const Entries = Schema.fromJsonString(Schema.Record(Schema.String, PollHistory.History))
const decode = Schema.decodeEffect(Entries)
const encode = Schema.encodeEffect(Entries)
const Entry = Schema.fromJsonString(PollHistory.History)
const decodeEntry = Schema.decodeEffect(Entry)
const encodeEntry = Schema.encodeEffect(Entry)

type Entries = typeof Entries.Type

/** The content of the file; empty if it does not exist. */
export const read = Effect.fnUntraced(
  function*(path: string): Effect.fn.Return<Entries, UsageError, FileSystem.FileSystem> {
    const files = yield* FileSystem.FileSystem
    const text = yield* files.readFileString(path).pipe(
      Effect.catchIf((error: PlatformError) => error.reason._tag === "NotFound", () => Effect.succeed("{}")),
      Effect.mapError(({ reason }) => new UsageError({ message: `Cannot read --history ${path}: ${reason._tag}` }))
    )
    return yield* Effect.mapError(
      decode(text),
      () =>
        new UsageError({
          message: `--history ${path} is not a history of this program. Use another file, or delete it.`
        })
    )
  }
)

// Writes a temporary file first: if the process is stopped in between, the previous file stays intact.
const write = Effect.fnUntraced(function*(path: string, entries: Entries) {
  const files = yield* FileSystem.FileSystem
  const paths = yield* Path.Path
  yield* files.makeDirectory(paths.dirname(path), { recursive: true })
  const beside = `${path}.${process.pid}.tmp`
  yield* files.writeFileString(beside, yield* encode(entries))
  yield* files.rename(beside, path)
})

const failure = (method: string, key?: string) => (cause: { readonly message: string }) =>
  new KeyValueStore.KeyValueStoreError({ method, message: cause.message, cause, ...(key !== undefined && { key }) })

const store = Effect.fnUntraced(function*(path: string) {
  const context = yield* Effect.context<FileSystem.FileSystem | Path.Path>()
  const oneAtATime = yield* Semaphore.make(1)
  const load = Effect.provideContext(read(path), context)
  const change = (method: string, change: (entries: Entries) => Effect.Effect<Entries, Schema.SchemaError>) =>
    oneAtATime.withPermit(
      Effect.flatMap(Effect.flatMap(load, change), (entries) => Effect.provideContext(write(path, entries), context))
    ).pipe(
      Effect.tapError(({ message }) => Effect.logWarning(`Cannot write --history ${path}: ${message}`)),
      Effect.mapError(failure(method))
    )
  return KeyValueStore.makeStringOnly({
    get: (key) =>
      load.pipe(
        Effect.flatMap((entries) => {
          const entry = entries[key]
          return entry === undefined ? Effect.undefined : encodeEntry(entry)
        }),
        Effect.mapError(failure("get", key))
      ),
    set: (key, text) =>
      change("set", (entries) => Effect.map(decodeEntry(text), (entry) => ({ ...entries, [key]: entry }))),
    remove: (key) =>
      change(
        "remove",
        (entries) => Effect.succeed(Object.fromEntries(Object.entries(entries).filter(([k]) => k !== key)))
      ),
    clear: change("clear", () => Effect.succeed({})),
    size: Effect.mapBoth(load, { onSuccess: (entries) => Object.keys(entries).length, onFailure: failure("size") }),
    keys: Effect.mapBoth(load, { onSuccess: Object.keys, onFailure: failure("keys") })
  })
})

/** Histories in a file, if one is given. A file with other content is an immediate error. */
export const layer = (path: Option.Option<string>) =>
  Option.isNone(path) ? PollHistory.layer : PollHistory.layerStore().pipe(
    Layer.provide(Layer.effect(KeyValueStore.KeyValueStore, Effect.andThen(read(path.value), store(path.value))))
  )
