/**
 * Keeps a blocklist in sync with a text file, such as those of FireHOL and Spamhaus: run it every hour.
 *
 * `node examples/blocklist.ts <file>`; without a file it creates one. It uses an embedded Cloudflare, so it runs
 * anywhere.
 */
import { Advice, ListItems, Lists } from "@bulk-operations/lists"
import { ItemFile } from "@bulk-operations/lists/files"
import * as NodeFileSystem from "@effect/platform-node/NodeFileSystem"
import * as NodeRuntime from "@effect/platform-node/NodeRuntime"
import { Console, Effect, FileSystem, Layer, Stream } from "effect"
import * as Simulated from "./simulated.ts"

// The list with this name, created if there is none yet.
const listNamed = Effect.fn("listNamed")(function*(name: string) {
  const lists = yield* Lists.Lists
  const found = (yield* lists.list()).find((list) => list.name === name)
  return found ?? (yield* lists.create({ name, kind: "ip", description: "Kept in sync with a file" }))
})

const blocklist = Effect.fn("blocklist")(function*(path: string) {
  const files = yield* FileSystem.FileSystem
  const items = yield* ListItems.ListItems

  // If lines are wrong, each is reported with its number, and nothing is sent.
  const wanted = yield* Stream.runCollect(ItemFile.read(files.stream(path), { format: "lines", kind: "ip" }))
  for (const { advice, item } of Advice.of(wanted)) yield* Console.log(`${item}: ${advice}`)

  // A truncated file must not empty half of the list.
  const { id, name } = yield* listNamed("blocked")
  const report = yield* items.sync(id, wanted, { maxDeletions: 0.2 })
  yield* Console.log(`${name}: ${report.added} added, ${report.deleted} deleted, ${report.unchanged} unchanged`)
})

const program = Effect.gen(function*() {
  const files = yield* FileSystem.FileSystem
  const [given] = process.argv.slice(2)
  if (given !== undefined) return yield* blocklist(given)
  const path = yield* files.makeTempFileScoped({ suffix: ".txt" })
  const addresses = Array.from({ length: 20 }, (_, n) => `198.51.100.${n}`)
  yield* files.writeFileString(path, ["# scanners", ...addresses, "203.0.113.0/24 ; SBL1", "192.168.1.1"].join("\n"))
  yield* blocklist(path)
  yield* files.writeFileString(path, [...addresses.slice(2), "203.0.113.0/24", "2001:DB8::/32"].join("\n"))
  yield* blocklist(path)
  yield* files.writeFileString(path, "198.51.100.5\n<<<<<<< HEAD\n198.51.100.05\n198.51.100.5/32\n")
  yield* Effect.catchTag(blocklist(path), "InvalidFile", (error) => Console.log(error.message))
  yield* files.writeFileString(path, "198.51.100.5\n")
  yield* Effect.catchTag(blocklist(path), "TooManyDeletions", (error) => Console.log(error.message))
})

program.pipe(
  Effect.scoped,
  Effect.provide(Layer.merge(Simulated.layerLists, NodeFileSystem.layer)),
  NodeRuntime.runMain
)
