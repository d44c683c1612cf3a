/**
 * The counterpart: a plain `node:http` server in a process of its own. The list whose id is a number has that many
 * addresses, each with its times, in pages as Cloudflare has them.
 */
import { createServer } from "node:http"

const item = (n: number) => ({
  id: n.toString(16).padStart(32, "0"),
  ip: `10.${n >>> 16}.${(n >>> 8) & 255}.${n & 255}`,
  created_on: "2026-01-01T08:00:00Z",
  modified_on: "2026-01-10T14:00:00Z",
  comment: `seen scanning, report ${n}`
})

const pages = new Map<string, string>()

const page = (count: number, from: number, perPage: number) => {
  const key = `${count} ${from} ${perPage}`
  const known = pages.get(key)
  if (known !== undefined) return known
  const end = Math.min(count, from + perPage)
  const made = JSON.stringify({
    result: Array.from({ length: end - from }, (_, index) => item(from + index)),
    result_info: { cursors: end < count ? { after: String(end) } : {} },
    success: true,
    errors: [],
    messages: []
  })
  if (pages.size < 5000) pages.set(key, made)
  return made
}

const server = createServer({ keepAliveTimeout: 60_000 }, (request, response) => {
  const { pathname, searchParams } = new URL(request.url ?? "", "http://127.0.0.1")
  const count = Number(/lists\/(\d+)\/items$/.exec(pathname)?.[1])
  const body = page(count, Number(searchParams.get("cursor") ?? 0), Number(searchParams.get("per_page") ?? 25))
  response.writeHead(200, {
    "content-type": "application/json; charset=UTF-8",
    "content-length": Buffer.byteLength(body)
  })
  response.end(body)
})

server.listen(0, "127.0.0.1", () => process.send?.(server.address()))
process.on("disconnect", () => process.exit())
