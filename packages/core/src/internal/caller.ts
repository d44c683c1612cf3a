/** The caller: its authentication headers, and a `Show` that redacts them from texts. */
import * as Config from "effect/Config"
import * as ConfigProvider from "effect/ConfigProvider"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Redacted from "effect/Redacted"
import * as Schema from "effect/Schema"
import * as Credentials from "../Credentials.ts"
import * as Key from "./budget/key.ts"
import * as Causes from "./causes.ts"
import type { Failure } from "./failure.ts"
import * as PlainText from "./plainText.ts"

/** A caller with valid credentials. */
export interface Caller {
  readonly headers: Readonly<Record<string, string>>
  /** Shows texts without the secret. */
  readonly show: PlainText.Show
  /** The key of the budget for the caller's requests to a base URL. */
  readonly budgetKey: (baseUrl: URL) => string
}

/** Why there is no caller. */
export type Refused = Pick<Failure, "reason" | "detail">

const decode = Schema.decodeUnknownEffect(Schema.toType(Credentials.Credentials))

/** The caller with the current credentials, or what is wrong with them. */
export const resolve = (
  credentials: Effect.Effect<Credentials.Credentials, unknown>
): Effect.Effect<Caller, Refused> =>
  credentials.pipe(
    Effect.mapError((error) => Causes.describe(error) || "their effect failed without a reason"),
    Effect.flatMap((credentials) =>
      decode(credentials).pipe(
        Effect.map(() => callerOf(credentials)),
        Effect.mapError(({ message }) => message),
        // A wiped token throws when it is read.
        Effect.catchDefect((defect) => Effect.fail(Causes.describe(defect)))
      )
    ),
    Effect.mapError((detail) => ({ reason: "Unauthorized", detail }))
  )

const callerOf = (credentials: Credentials.Credentials): Caller => {
  const secret = Redacted.value(credentials._tag === "ApiToken" ? credentials.token : credentials.key)
  return {
    headers: credentials._tag === "ApiToken"
      ? { authorization: `Bearer ${secret}` }
      : { "x-auth-email": credentials.email, "x-auth-key": secret },
    show: PlainText.showWithout(secret),
    budgetKey: ({ href }) => Key.of(credentials, href)
  }
}

/** The credentials in the environment. */
export const config = () =>
  Config.all({
    token: Config.option(Config.schema(Credentials.Secret, "CLOUDFLARE_API_TOKEN")),
    email: Config.option(Config.schema(Credentials.Email, "CLOUDFLARE_EMAIL")),
    key: Config.option(Config.schema(Credentials.Secret, "CLOUDFLARE_API_KEY"))
  }).pipe(Config.mapEffect(({ email, key, token }): Effect.Effect<Credentials.Credentials, Config.ConfigError> => {
    if (Option.isSome(token)) return Effect.succeed(Credentials.apiToken(token.value))
    if (Option.isSome(email) && Option.isSome(key)) {
      return Effect.succeed(Credentials.globalKey({ email: email.value, key: key.value }))
    }
    if (Option.isSome(email)) return Effect.fail(missing("CLOUDFLARE_API_KEY", " beside CLOUDFLARE_EMAIL"))
    if (Option.isSome(key)) return Effect.fail(missing("CLOUDFLARE_EMAIL", " beside CLOUDFLARE_API_KEY"))
    return Effect.fail(missing("CLOUDFLARE_API_TOKEN", "; you can set CLOUDFLARE_EMAIL and CLOUDFLARE_API_KEY instead"))
  }))

const missing = (name: string, instead: string) =>
  new Config.ConfigError(
    new ConfigProvider.SourceError({ message: `${name} is missing or empty${instead}` })
  )
