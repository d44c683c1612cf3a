/** Connects to Cloudflare with settings from flags, environment and `.env`, in this order. */
import * as BulkOperations from "@bulk-operations/core/BulkOperations"
import * as CloudflareApi from "@bulk-operations/core/CloudflareApi"
import * as Credentials from "@bulk-operations/core/Credentials"
import * as ListItems from "@bulk-operations/lists/ListItems"
import * as Lists from "@bulk-operations/lists/Lists"
import * as BulkOperationPoller from "@bulk-operations/poll/BulkOperationPoller"
import * as PollOptions from "@bulk-operations/poll/PollOptions"
import * as Prompt from "effect/cli/Prompt"
import * as TerminalCapabilities from "effect/cli/TerminalCapabilities"
import * as Config from "effect/Config"
import * as ConfigProvider from "effect/ConfigProvider"
import * as Effect from "effect/Effect"
import * as FileSystem from "effect/FileSystem"
import * as FetchHttpClient from "effect/http/FetchHttpClient"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import * as Redacted from "effect/Redacted"
import * as Result from "effect/Result"
import * as Schema from "effect/Schema"
import * as Failure from "../Failure.ts"
import { NoCredentials, UsageError } from "../Failure.ts"
import type { SharedFlags } from "../root.ts"
import * as Dotenv from "./dotenv.ts"
import * as History from "./history.ts"
import * as Ids from "./ids.ts"
import * as Watch from "./watch.ts"

const howTo = "Set CLOUDFLARE_API_TOKEN, in the environment or in a file .env, or pass --token-file <path>. " +
  "Or set CLOUDFLARE_EMAIL and CLOUDFLARE_API_KEY."

const secret = (name: string) => Config.option(Config.schema(Credentials.Secret, name))

const credentials = Config.all({
  token: secret("CLOUDFLARE_API_TOKEN"),
  email: Config.option(Config.schema(Credentials.Email, "CLOUDFLARE_EMAIL")),
  key: secret("CLOUDFLARE_API_KEY")
})

// One source at a time: halves of two sources' credentials do not belong together.
const fromSource = (provider: ConfigProvider.ConfigProvider) =>
  credentials.pipe(
    Effect.provideService(ConfigProvider.ConfigProvider, provider),
    Effect.mapError((error) =>
      new NoCredentials({ message: `The credentials cannot be used. ${Failure.ofConfig(error)}\n${howTo}` })
    ),
    Effect.flatMap(({ email, key, token }): Effect.Effect<Option.Option<Credentials.Credentials>, NoCredentials> => {
      if (Option.isSome(token)) return Effect.succeedSome(Credentials.apiToken(token.value))
      if (Option.isSome(email) && Option.isSome(key)) {
        return Effect.succeedSome(Credentials.globalKey({ email: email.value, key: key.value }))
      }
      if (Option.isNone(email) && Option.isNone(key)) return Effect.succeedNone
      const [there, missing] = Option.isSome(email)
        ? ["CLOUDFLARE_EMAIL", "CLOUDFLARE_API_KEY"]
        : ["CLOUDFLARE_API_KEY", "CLOUDFLARE_EMAIL"]
      return Effect.fail(new NoCredentials({ message: `${there} is set, and ${missing} is not. ${howTo}` }))
    })
  )

const checkToken = Schema.decodeUnknownResult(Credentials.Secret)

const asToken = (text: string, from: string) => {
  const token = Redacted.make(text.trim())
  return Result.isSuccess(checkToken(token))
    ? Effect.succeed<Credentials.Credentials>(Credentials.apiToken(token))
    : Effect.fail(
      new NoCredentials({
        message: `There is no valid API token in ${from}: a token has only letters, digits and -._~+/=.`
      })
    )
}

const fromFile = Effect.fnUntraced(function*(path: string) {
  const files = yield* FileSystem.FileSystem
  const text = yield* Effect.mapError(
    files.readFileString(path),
    ({ reason }) => new UsageError({ message: `Cannot read --token-file ${path}: ${reason._tag}` })
  )
  return yield* asToken(text, path)
})

const fromPrompt = Effect.gen(function*() {
  const { canPrompt } = yield* TerminalCapabilities.TerminalCapabilities
  if (!canPrompt) return yield* new NoCredentials({ message: `There is no API token. ${howTo}` })
  const token = yield* Prompt.run(Prompt.Password({ message: "Cloudflare API token" })).pipe(
    Effect.catchTag("QuitError", () => Effect.interrupt)
  )
  return yield* asToken(Redacted.value(token), "what was typed")
})

const resolveCredentials = Effect.fnUntraced(function*(flags: SharedFlags) {
  if (Option.isSome(flags.tokenFile)) return yield* fromFile(flags.tokenFile.value)
  for (const provider of [ConfigProvider.fromEnv(), yield* Dotenv.provider]) {
    const found = yield* fromSource(provider)
    if (Option.isSome(found)) return found.value
  }
  return yield* fromPrompt
})

const setting = (flag: Option.Option<string>, name: string) =>
  Option.isSome(flag) ? Effect.succeed(flag) : Config.option(Config.String(name))

const resolve = Effect.fnUntraced(function*(flags: SharedFlags) {
  const account = yield* setting(flags.account, "CLOUDFLARE_ACCOUNT_ID")
  if (Option.isNone(account)) {
    return yield* new UsageError({ message: "There is no account. Pass --account <id>, or set CLOUDFLARE_ACCOUNT_ID." })
  }
  const accountId = yield* Effect.fromResult(Ids.parse("Account id", account.value))
  const baseUrl = Option.getOrUndefined(yield* setting(flags.baseUrl, "CLOUDFLARE_BASE_URL"))
  return { accountId, baseUrl, credentials: yield* resolveCredentials(flags) }
})

/** Everything that commands need, over an API. Waits are shown live, and learn from the history. */
export const over = <E, R>(
  api: Layer.Layer<CloudflareApi.CloudflareApi, E, R>,
  history: Option.Option<string>
) => {
  const poller = BulkOperationPoller.layer.pipe(
    Layer.provide(History.layer(history)),
    Layer.provideMerge(BulkOperations.layer),
    Layer.provideMerge(api)
  )
  return Layer.mergeAll(Lists.layer, ListItems.layer).pipe(
    Layer.provideMerge(Watch.layer),
    Layer.provideMerge(poller)
  )
}

/** The same with settings from flags and environment. */
export const layer = (flags: SharedFlags, history: Option.Option<string> = Option.none()) =>
  over(
    Layer.unwrap(Effect.map(resolve(flags), CloudflareApi.layer)).pipe(Layer.provide(FetchHttpClient.layer)),
    history
  ).pipe(
    Layer.provideMerge(PollOptions.layerConfig),
    Layer.provide(ConfigProvider.layerAdd(Dotenv.provider))
  )
