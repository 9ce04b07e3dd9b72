import { createServer, type RequestListener, type Server } from "node:http"
import { assert, describe, it } from "@effect/vitest"
import { type LoadJob, runLoad } from "./Load.ts"

/** Runs the job against servers of this process, one for each listener. */
const among = async (listeners: ReadonlyArray<RequestListener>, job: Omit<LoadJob, "url" | "apiKey">) => {
  const servers = listeners.map((listener) => createServer(listener))
  const urls = await Promise.all(servers.map(open))
  try {
    const [url = "", ...moreUrls] = urls
    return await runLoad({ ...job, url, moreUrls, apiKey: "key" })
  } finally {
    for (const server of servers) {
      server.closeAllConnections()
      server.close()
    }
  }
}

const open = async (server: Server): Promise<string> => {
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve))
  const address = server.address()
  assert(typeof address === "object" && address !== null)
  return `http://127.0.0.1:${address.port}`
}

const against = (listener: RequestListener, job: Omit<LoadJob, "url" | "apiKey">) => among([listener], job)

const capture: RequestListener = (request, response) => {
  let body = ""
  request.on("data", (chunk) => {
    body += chunk
  })
  request.on("end", () => {
    const { amount } = JSON.parse(body)
    response.writeHead(201).end(JSON.stringify({ id: `pay_${amount}`, status: "captured", amount_captured: amount }))
  })
}

const sales = { kind: "sale", brics: ["a"] } as const
const brief = { requests: sales, warmup: 20, measure: 200, drain: 1_000 }

describe("Load", () => {
  it("sends at the given rate and adds up what the answers say", async () => {
    let cents = 0
    const keys = new Set<string>()
    const result = await against(
      (request, response) => {
        keys.add(String(request.headers["idempotency-key"]))
        request.on("data", (chunk) => {
          cents += JSON.parse(String(chunk)).amount
        })
        capture(request, response)
      },
      { ...brief, arrivals: { kind: "open", perSecond: 500, maxInFlight: 100 } }
    )
    assert.deepStrictEqual(result.errors, {})
    // 220 ms at 500 a second: the count follows from the schedule, not from the clock.
    assert.deepStrictEqual(result.answers, { count: 110, cents })
    assert.strictEqual(keys.size, 110)
  })

  it("counts the wait of requests that a stalled server kept from being sent in time", async () => {
    let blocked = false
    const result = await against(
      (request, response) => {
        // Server and load share this thread, so that nothing can be sent meanwhile.
        const until = performance.now() + 100
        while (!blocked && performance.now() < until);
        blocked = true
        capture(request, response)
      },
      { ...brief, warmup: 0, arrivals: { kind: "open", perSecond: 500, maxInFlight: 200 } }
    )
    assert.strictEqual(result.answers.count, 100)
    assert.isAtLeast(result.latency.p50, 5)
    assert.isAtLeast(result.latency.p90, 50)
  })

  it("keeps the closed model at its number of requests", async () => {
    let inFlight = 0
    let most = 0
    const result = await against(
      (request, response) => {
        most = Math.max(most, ++inFlight)
        response.on("finish", () => inFlight--)
        setTimeout(() => capture(request, response), 5)
      },
      { ...brief, arrivals: { kind: "closed", inFlight: 7 } }
    )
    assert.strictEqual(most, 7)
    assert.isAbove(result.rate, 0)
    assert.deepStrictEqual(result.errors, {})
  })

  it("shows what it could not send rather than slow down", async () => {
    const result = await against((request, response) => void setTimeout(() => capture(request, response), 150), {
      ...brief,
      arrivals: { kind: "open", perSecond: 500, maxInFlight: 3 }
    })
    const { not_sent_too_many_in_flight: notSent = 0, ...others } = result.errors
    assert.deepStrictEqual(others, {})
    assert.strictEqual(notSent + result.answers.count, 110)
    assert.isAtLeast(notSent, 100)
  })

  it.each<[string, number, object]>([
    ["http_503_gateway_unavailable", 503, { code: "gateway_unavailable" }],
    ["http_500", 500, {}],
    ["http_202", 202, { id: "pay_1", status: "processing", amount_captured: 0 }],
    ["status_declined", 201, { id: "pay_1", status: "declined", amount_captured: 0 }],
    ["other_amount", 201, { id: "pay_1", status: "captured", amount_captured: 1 }],
    ["not_a_payment", 201, { id: 5 }]
  ])("counts %s as an error and not as an answer", async (kind, status, body) => {
    const result = await against((_, response) => response.writeHead(status).end(JSON.stringify(body)), {
      ...brief,
      measure: 20,
      arrivals: { kind: "open", perSecond: 100, maxInFlight: 10 }
    })
    assert.deepStrictEqual(result.errors, { [kind]: 4 })
    assert.deepStrictEqual(result.answers, { count: 0, cents: 0 })
  })

  it("tells refusals from other failures", async () => {
    const statuses = [503, 429, 401, 500, 404, 202]
    let next = 0
    const { errors, refusals } = await against(
      (_, response) => response.writeHead(statuses[next++] ?? 500).end(JSON.stringify({ code: "no" })),
      { ...brief, arrivals: { kind: "closed", inFlight: 1, total: 6 } }
    )
    assert.strictEqual(refusals.count, 3)
    assert.deepStrictEqual(Object.keys(errors).sort(), statuses.map((status) => `http_${status}_no`).sort())
  })

  it("ends after a total, and takes turns among several servers", async () => {
    const asked = { first: 0, second: 0 }
    const count =
      (name: keyof typeof asked): RequestListener =>
      (request, response) => {
        asked[name]++
        capture(request, response)
      }
    const { answers } = await among([count("first"), count("second")], {
      ...brief,
      measure: 60_000,
      arrivals: { kind: "closed", inFlight: 3, total: 20 }
    })
    assert.strictEqual(answers.count, 20)
    assert.deepStrictEqual(asked, { first: 10, second: 10 })
  })

  it("gives up on answers that do not come", async () => {
    const result = await against(() => {}, {
      ...brief,
      measure: 20,
      drain: 50,
      arrivals: { kind: "open", perSecond: 100, maxInFlight: 10 }
    })
    assert.strictEqual(result.answers.count, 0)
    assert.strictEqual(
      Object.values(result.errors).reduce((a, b) => a + b, 0),
      4
    )
  })
})
