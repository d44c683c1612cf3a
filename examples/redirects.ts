/** Fills a redirect list from CSV, in the form of Cloudflare's dashboard: first a dry run, then the write. */
import { ListItem, ListItems, Lists } from "@bulk-operations/lists"
import { ItemFile } from "@bulk-operations/lists/files"
import * as NodeRuntime from "@effect/platform-node/NodeRuntime"
import { Console, Effect, Stream } from "effect"
import * as Simulated from "./simulated.ts"

// SOURCE,TARGET[,STATUS,PRESERVE_QUERY_STRING,INCLUDE_SUBDOMAINS,SUBPATH_MATCHING,PRESERVE_PATH_SUFFIX]
const csv = `source_url,target_url,status
example.com/blog,https://blog.example.com/,301
example.com/docs,https://docs.example.com/,308,TRUE,FALSE,TRUE,TRUE
"example.com/a,b","https://example.com/c,d",302
`

const describe = ListItem.ListItem.matchOrElse({
  redirect: ({ redirect }) => `${redirect.status_code} ${redirect.source_url} -> ${redirect.target_url}`
}, ListItem.show)

const program = Effect.gen(function*() {
  const [lists, items] = [yield* Lists.Lists, yield* ListItems.ListItems]
  const { id } = yield* lists.create({ name: "moved", kind: "redirect" })
  const wanted = yield* Effect.fromResult(ItemFile.parse(csv, { format: "csv", kind: "redirect" }))

  const { added } = yield* items.sync(id, wanted, { dryRun: true })
  yield* Console.log(`${added} redirects would be added`)

  const operation = yield* items.replaceAndWait(id, wanted, { wait: { timeout: "10 minutes" } })
  yield* Console.log(`replaced: ${operation.status}`)
  yield* Stream.runForEach(items.stream(id), (item) => Console.log(describe(item)))
})

program.pipe(Effect.provide(Simulated.layerLists), NodeRuntime.runMain)
