/**
 * The counterpart: a plain `node:http` server in a process of its own, which answers like Cloudflare does.
 *
 * Every operation is running. The list whose id is a number has that many addresses, in pages as Cloudflare has them.
 * What is asked for below `/chunked` is answered without a `content-length`.
 */
import { createServer } from "node:http"

const statusHeaders = {
  "content-type": "application/json",
  "api-version": "2026-10-28",
  "cache-control": "no-store, no-cache, must-revalidate, post-check=0, pre-check=0",
  "cf-auditlog-id": "0193a4d4-6a5b-7c1e-9c7b-1f2e3d4c5b6a",
  "cf-cache-status": "DYNAMIC",
  "cf-ray": "8e5b2c1d0a3f4b6c-FRA",
  "expires": "Sun, 25 Jan 1981 05:00:00 GMT",
  "pragma": "no-cache",
  "ratelimit": "\"default\";r=1153;t=211",
  "ratelimit-policy": "\"default\";q=1200;w=300",
  "server": "cloudflare",
  "set-cookie": "__cflb=0H28vgHxwvgAQtjUGU4vq74ZFe3sNVUZZ2kFp1mQnRt; SameSite=Lax; path=/; HttpOnly",
  "strict-transport-security": "max-age=31536000",
  "vary": "accept-encoding",
  "x-content-type-options": "nosniff",
  "x-frame-options": "SAMEORIGIN"
}

const enveloped = (answer: object) => JSON.stringify({ ...answer, success: true, errors: [], messages: [] })

const statusOf = (id: string) => enveloped({ result: { id, status: "running" } })

// Without a limit on requests, which a client would keep to.
const pageHeaders = { "content-type": "application/json" }

const item = (n: number) => ({
  id: n.toString(16).padStart(32, "0"),
  ip: `10.${n >>> 16}.${(n >>> 8) & 255}.${n & 255}`,
  created_on: "2026-01-01T08:00:00Z",
  modified_on: "2026-01-10T14:00:00Z",
  comment: `seen scanning, report ${n}`
})

const makePage = (count: number, from: number, perPage: number) => {
  const end = Math.min(count, from + perPage)
  return enveloped({
    result: Array.from({ length: end - from }, (_, index) => item(from + index)),
    result_info: { cursors: end < count ? { after: String(end) } : {} }
  })
}

// Made once each, so that to make them is no part of what is measured.
const pages = new Map<string, string>()

const pageOf = (count: string, query: string) => {
  const key = `${count} ${query}`
  const known = pages.get(key)
  if (known !== undefined) return known
  const parameters = new URLSearchParams(query)
  const page = makePage(Number(count), Number(parameters.get("cursor")), Number(parameters.get("per_page") ?? 25))
  if (pages.size < 5000) pages.set(key, page)
  return page
}

const server = createServer({ keepAliveTimeout: 60_000 }, ({ url = "" }, response) => {
  const [, count, query = ""] = /lists\/(\d+)\/items\??(.*)$/.exec(url) ?? []
  const body = count === undefined ? statusOf(url.slice(url.lastIndexOf("/") + 1)) : pageOf(count, query)
  const headers = count === undefined ? statusHeaders : pageHeaders
  if (url.startsWith("/chunked/")) {
    response.writeHead(200, headers)
    response.write(body)
    response.end()
  } else {
    response.writeHead(200, { ...headers, "content-length": Buffer.byteLength(body) })
    response.end(body)
  }
})

server.listen(0, "127.0.0.1", () => process.send?.(server.address()))
process.on("disconnect", () => process.exit())
