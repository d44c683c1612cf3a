/** The credential of a request, if any, and the request without it. */
import * as Headers from "effect/http/Headers"
import * as Redacted from "effect/Redacted"
import * as Result from "effect/Result"

/** An API token, or an email address with the global API key. */
export type Credential =
  | { readonly token: string | Redacted.Redacted }
  | { readonly email: string; readonly key: string | Redacted.Redacted }

/** A credential in a form for comparing and counting. Never shown. */
export type Identity = string

const value = (secret: string | Redacted.Redacted) => typeof secret === "string" ? secret : Redacted.value(secret)

const tokenIdentity = (token: string): Identity => `token ${token}`
const keyIdentity = (email: string, key: string): Identity => `key ${email} ${key}`

const identity = (credential: Credential): Identity =>
  "token" in credential
    ? tokenIdentity(value(credential.token))
    : keyIdentity(credential.email, value(credential.key))

/** Why a credential is refused. */
export type Problem = "missing" | "malformed" | "unknown"

/** The credential of a request; a token takes precedence over a key, as in the official clients. */
export const read = (headers: Headers.Headers): Result.Result<Identity, Problem> => {
  const authorization = headers["authorization"]
  if (authorization !== undefined) {
    const token = /^Bearer +(\S+)$/i.exec(authorization)?.[1]
    return token === undefined ? Result.fail("malformed") : Result.succeed(tokenIdentity(token))
  }
  const email = headers["x-auth-email"]
  const key = headers["x-auth-key"]
  return email && key ? Result.succeed(keyIdentity(email, key)) : Result.fail("missing")
}

export interface Known {
  /** Any if undefined. */
  readonly accepted: ReadonlyArray<Credential> | undefined
  readonly malformed: ReadonlyArray<Credential>
}

/** Checks an identity. */
export const check = (known: Known): (who: Identity) => Result.Result<Identity, Problem> => {
  const accepted = known.accepted && new Set(known.accepted.map(identity))
  const malformed = new Set(known.malformed.map(identity))
  return (who) => {
    if (malformed.has(who)) return Result.fail("malformed")
    return accepted === undefined || accepted.has(who) ? Result.succeed(who) : Result.fail("unknown")
  }
}

/** A token, rather than a key. */
export const isToken = (who: Identity): boolean => who.startsWith(tokenIdentity(""))

const secretNames = [
  "authorization",
  "proxy-authorization",
  "cookie",
  "x-auth-email",
  "x-auth-key",
  "x-auth-user-service-key"
]

/** The headers without credentials. */
export const withoutSecrets = (headers: Headers.Headers): Headers.Headers => Headers.removeMany(headers, secretNames)
