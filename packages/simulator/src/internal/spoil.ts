/** Applies a fault to an answer. */
import * as Predicate from "effect/Predicate"
import * as Record from "effect/Record"
import type * as Schema from "effect/Schema"
import type { Endpoint } from "../Endpoint.ts"
import type { Edit, Fault, HtmlStatus } from "../Fault.ts"
import * as Refusals from "./refusals.ts"
import * as Reply from "./reply.ts"

/** Whether the request reaches the API. */
export const isCarriedOut = (fault: Fault | undefined): boolean => {
  switch (fault?._tag) {
    case "Stall":
    case "Reset":
      return fault.at !== "before" || fault.carriedOut
    case "HtmlError":
      return fault.carriedOut
    case "Unauthorized":
    case "MalformedCredentials":
    case "Forbidden":
    case "NotFound":
    case "RateLimited":
      return false
    default:
      return true
  }
}

/** How an answer is delivered: how much of it, and how it ends. */
export interface Delivery {
  readonly sent: "nothing" | "half" | "all"
  readonly ending: "end" | "stall" | "reset"
}

const sent = { before: "nothing", in: "half", after: "all" } as const

export const delivery = (fault: Fault | undefined): Delivery => {
  switch (fault?._tag) {
    case "Stall":
      return { sent: sent[fault.at], ending: "stall" }
    case "Reset":
      return { sent: sent[fault.at], ending: "reset" }
    default:
      return { sent: "all", ending: "end" }
  }
}

/** The answer of the API with the fault applied. */
export const spoil = (reply: Reply.Reply, endpoint: Endpoint | undefined, fault: Fault | undefined): Reply.Reply => {
  switch (fault?._tag) {
    case "TruncatedJson":
      return truncate(reply)
    case "HtmlError":
      return { status: fault.status, headers: {}, body: edgePage(fault.status) }
    case "WrongShape":
      return Reply.json(200, fault.body)
    case "EditedOperation":
      return editResult(reply, fault.edit)
    case "Unauthorized":
      return Reply.refusal(Refusals.authentication.unknown)
    case "MalformedCredentials":
      return Reply.refusal(Refusals.authentication.malformed)
    case "Forbidden":
      return Reply.refusal(Refusals.forbidden)
    case "NotFound":
      return Reply.refusal(notFound(endpoint))
    case "RateLimited":
      return Reply.refusal(Refusals.tooManyRequests(fault.retryAfter))
    default:
      return reply
  }
}

const truncate = (reply: Reply.Reply): Reply.Reply => {
  const { text, ...body } = Reply.asText(reply)
  return { ...reply, body: { ...body, text: text.slice(0, Math.floor(text.length / 2)) } }
}

const isJsonObject = (json: Schema.Json | undefined): json is Schema.JsonObject => Predicate.isObject(json)

const editResult = (reply: Reply.Reply, edit: Edit): Reply.Reply => {
  const envelope = reply.body._tag === "Json" ? reply.body.value : undefined
  if (!isJsonObject(envelope) || !isJsonObject(envelope["result"])) return reply
  const result = Record.filter({ ...envelope["result"], ...edit }, Predicate.isNotUndefined)
  return Reply.json(reply.status, { ...envelope, result }, reply.headers)
}

const notFound = (endpoint: Endpoint | undefined) => {
  switch (endpoint) {
    case "lists.bulkOperations.get":
      return Refusals.operationNotFound
    case "lists.items.get":
      return Refusals.itemNotFound
    default:
      return Refusals.listNotFound
  }
}

const titles: Readonly<{ [status in HtmlStatus]: string }> = {
  502: "Bad gateway",
  503: "Service temporarily unavailable",
  504: "Gateway time-out",
  520: "Web server is returning an unknown error"
}

// Based on a recorded page for 520.
const edgePage = (status: HtmlStatus): Reply.Text => ({
  _tag: "Text",
  contentType: "text/html; charset=UTF-8",
  text: `<!DOCTYPE html>
<!--[if lt IE 7]> <html class="no-js ie6 oldie" lang="en-US"> <![endif]-->
<!--[if gt IE 8]><!--> <html class="no-js" lang="en-US"> <!--<![endif]-->
<head>
<title>api.cloudflare.com | ${status}: ${titles[status]}</title>
<meta charset="UTF-8" />
</head>
<body>
<h1>${titles[status]} <span>Error code ${status}</span></h1>
</body>
</html>
`
})
