/**
 * The counterpart: a plain `node:http` server in a process of its own, which answers like Cloudflare does.
 *
 * `/client/v4/…` has a `content-length`, `/chunked/client/v4/…` has none. Every operation is running.
 */
import { createServer } from "node:http"

const answer = (id: string) =>
  JSON.stringify({ result: { id, status: "running" }, success: true, errors: [], messages: [] })

const headers = {
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

const server = createServer({ keepAliveTimeout: 60_000 }, (request, response) => {
  const url = request.url ?? ""
  const body = answer(url.slice(url.lastIndexOf("/") + 1))
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
