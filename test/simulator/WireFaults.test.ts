import { gunzipSync } from "node:zlib"
import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { TestClock } from "effect/testing"
import type { Simulator } from "../../src/simulator/Simulator.ts"
import {
  ask,
  connect,
  entriesOf,
  type Form,
  fieldsOf,
  keyText,
  post,
  type Reception,
  sale,
  timeoutReversal,
  until
} from "./support/Client.ts"
import { withSimulator } from "./support/Fresh.ts"

type Service = Simulator["Service"]

const net = (simulator: Service) => Effect.map(simulator.ledger(), ([ledger]) => ledger?.net ?? 0)

const plain = { ...sale, TRAN_NBR: "9999", USER_DATA_1: "pay_other", AMOUNT: "5.00" }

/** A later request that is answered: whatever came before it has been handled by then. */
const barrier = (simulator: Service) =>
  Effect.gen(function* () {
    assert.strictEqual((yield* ask(simulator, plain)).AUTH_RESP, "00")
    yield* ask(simulator, timeoutReversal(plain))
  })

const text = ({ body }: Reception) => body.toString("utf8")

/** The document as it would have been: reset, the generator and the clock give the same one again. */
const undisturbed = (simulator: Service) =>
  Effect.gen(function* () {
    yield* simulator.reset()
    const { body } = yield* post(simulator, sale)
    return body.toString("utf8")
  })

/** The two ways in which a test asks for a fault. */
const channels: ReadonlyArray<{
  readonly channel: string
  readonly ask: (simulator: Service, effect: string) => Effect.Effect<Form, unknown>
}> = [
  {
    channel: "by scenario",
    ask: (simulator, effect) => Effect.as(simulator.scenarios.add({ match: { TRAN_NBR: "1001" }, effect }), sale)
  },
  { channel: "in band", ask: (_, effect) => Effect.succeed({ ...sale, USER_DATA_10: `SIM_${effect}` }) }
]

interface Expectation {
  readonly effect: string
  readonly charged: boolean
  readonly told: "answer" | "unreadable" | "nothing"
  readonly check: (reception: Reception, undisturbed: string) => void
}

const isPage = (status: number, body: string) => (reception: Reception) => {
  assert.strictEqual(reception.status, status)
  assert.include(text(reception), body)
}

const isHtml = (status: number) => (reception: Reception) => {
  isPage(status, "<html>")(reception)
  assert.strictEqual(reception.headers["content-type"], "text/html")
}

const isReset = ({ end, raw }: Reception) => {
  assert.strictEqual(end, "ECONNRESET")
  assert.strictEqual(raw.length, 0)
}

const isDocument = (change: (document: string) => string) => (reception: Reception, undisturbed: string) => {
  assert.strictEqual(reception.status, 200)
  assert.strictEqual(text(reception), change(undisturbed))
}

const without = (field: string) =>
  isDocument((document) => document.replace(new RegExp(`<FIELD KEY="${field}">[^<]*</FIELD>`), ""))

const isRetryable = (status: number, body: string) => (reception: Reception) => {
  isPage(status, body)(reception)
  assert.strictEqual(reception.headers["retry-after"], "1")
}

const expectations: ReadonlyArray<Expectation> = [
  { effect: "RESET_BEFORE", charged: false, told: "nothing", check: isReset },
  { effect: "RESET_AFTER", charged: true, told: "nothing", check: isReset },
  {
    effect: "TRUNCATED",
    charged: true,
    told: "unreadable",
    check: (reception, document) => {
      assert.strictEqual(reception.end, "ended")
      assert.isUndefined(reception.headers["content-length"])
      assert.isUndefined(reception.headers["transfer-encoding"])
      assert.isTrue(document.startsWith(text(reception)))
      assert.match(text(reception), /<FIELD KEY="AUTH$/)
    }
  },
  {
    effect: "EMPTY_200",
    charged: true,
    told: "unreadable",
    check: ({ status, body }) => assert.deepStrictEqual([status, body.length], [200, 0])
  },
  { effect: "HTML_200", charged: true, told: "unreadable", check: isHtml(200) },
  { effect: "HTML_200_AFTER", charged: true, told: "unreadable", check: isHtml(200) },
  { effect: "HTML_200_BEFORE", charged: false, told: "nothing", check: isHtml(200) },
  { effect: "HTML_502", charged: true, told: "unreadable", check: isHtml(502) },
  { effect: "HTML_502_AFTER", charged: true, told: "unreadable", check: isHtml(502) },
  { effect: "HTML_502_BEFORE", charged: false, told: "nothing", check: isHtml(502) },
  { effect: "HTTP_500", charged: true, told: "unreadable", check: isPage(500, "internal error") },
  { effect: "HTTP_500_AFTER", charged: true, told: "unreadable", check: isPage(500, "internal error") },
  { effect: "HTTP_500_BEFORE", charged: false, told: "nothing", check: isPage(500, "internal error") },
  { effect: "HTTP_503_AFTER", charged: true, told: "unreadable", check: isRetryable(503, "unavailable") },
  { effect: "HTTP_503_BEFORE", charged: false, told: "nothing", check: isRetryable(503, "unavailable") },
  { effect: "HTTP_429_AFTER", charged: true, told: "unreadable", check: isRetryable(429, "too many") },
  { effect: "HTTP_429_BEFORE", charged: false, told: "nothing", check: isRetryable(429, "too many") },
  { effect: "HTTP_504_AFTER", charged: true, told: "unreadable", check: isPage(504, "timeout") },
  {
    effect: "REDIRECT_301",
    charged: false,
    told: "nothing",
    check: ({ status, headers }) => assert.deepStrictEqual([status, headers.location], [301, "https://moved.invalid/"])
  },
  {
    effect: "WRONG_CTYPE",
    charged: true,
    told: "answer",
    check: (reception, document) => {
      assert.strictEqual(reception.headers["content-type"], "text/html")
      isDocument((same) => same)(reception, document)
    }
  },
  {
    effect: "GZIP",
    charged: true,
    told: "answer",
    check: ({ headers, body }, document) => {
      assert.strictEqual(headers["content-encoding"], "gzip")
      assert.strictEqual(gunzipSync(body).toString("utf8"), document)
    }
  },
  { effect: "BOM", charged: true, told: "answer", check: isDocument((document) => `\uFEFF${document}`) },
  {
    effect: "DECLARATION",
    charged: true,
    told: "answer",
    check: isDocument((document) => `<?xml version="1.0" encoding="UTF-8"?>${document}`)
  },
  {
    effect: "INDENT",
    charged: true,
    told: "answer",
    check: (reception, document) => {
      assert.match(text(reception), /^<RESPONSE>\n {2}<FIELDS>\n {4}<FIELD KEY="MSG_VERSION">/)
      isDocument(() => document)({ ...reception, body: Buffer.from(text(reception).replaceAll(/\n */g, "")) }, document)
    }
  },
  {
    effect: "CRLF",
    charged: true,
    told: "answer",
    check: (reception, document) => {
      assert.notMatch(text(reception), /[^\r]\n/)
      const flat = Buffer.from(text(reception).replaceAll(/\r\n */g, ""))
      isDocument(() => document)({ ...reception, body: flat }, document)
    }
  },
  {
    effect: "SHUFFLE",
    charged: true,
    told: "answer",
    check: (reception, document) => {
      assert.notStrictEqual(text(reception), document)
      assert.deepStrictEqual([...entriesOf(text(reception))].sort(), [...entriesOf(document)].sort())
    }
  },
  {
    effect: "EXTRA",
    charged: true,
    told: "answer",
    check: (reception) => {
      assert.include(text(reception), '<FIELD KEY="AUTH_FUTURE"><![CDATA[1 < 2 & 3]]></FIELD>')
      assert.include(text(reception), "a<!-- b -->c")
      assert.match(text(reception), /<FIELD KEY="AUTH_RESP_TEXT"><!\[CDATA\[APPROVAL \d{6}\]\]><\/FIELD>/)
    }
  },
  { effect: "MISSING_AUTH_RESP", charged: true, told: "unreadable", check: without("AUTH_RESP") },
  { effect: "MISSING_AUTH_GUID", charged: true, told: "answer", check: without("AUTH_GUID") },
  { effect: "MISSING_BATCH_ID", charged: true, told: "unreadable", check: without("BATCH_ID") },
  { effect: "MISSING_TRAN_NBR", charged: true, told: "unreadable", check: without("TRAN_NBR") },
  { effect: "NO_NTID", charged: true, told: "answer", check: without("AUTH_TRAN_IDENT") },
  { effect: "NO_PAR", charged: true, told: "answer", check: without("AUTH_PAR") },
  {
    effect: "AMOUNT_4DP",
    charged: true,
    told: "answer",
    check: isDocument((document) => document.replace('_REQUESTED">12.00<', '_REQUESTED">12.0000<'))
  },
  {
    effect: "DUP_KEY",
    charged: true,
    told: "unreadable",
    check: isDocument((document) =>
      document.replace('"AUTH_RESP">00</FIELD>', '"AUTH_RESP">00</FIELD><FIELD KEY="AUTH_RESP">05</FIELD>')
    )
  },
  {
    effect: "SWAPPED",
    charged: true,
    told: "unreadable",
    check: (reception, document) => {
      const swapped = fieldsOf(reception)
      const { AUTH_GUID, ...own } = Object.fromEntries(entriesOf(document))
      assert.deepStrictEqual(swapped, { ...own, TRAN_NBR: "1002", AUTH_GUID: swapped.AUTH_GUID ?? "" })
      assert.notStrictEqual(swapped.AUTH_GUID, AUTH_GUID)
    }
  },
  {
    effect: "WRONG_AMOUNT",
    charged: true,
    told: "unreadable",
    check: isDocument((document) => document.replace('"AUTH_AMOUNT">12.00<', '"AUTH_AMOUNT">11.99<'))
  },
  {
    effect: "LATIN1",
    charged: true,
    told: "answer",
    check: ({ body }) => {
      assert.isTrue(body.includes(Buffer.from("APROBACI\xD3N", "latin1")))
      assert.include(body.toString("utf8"), "\uFFFD")
    }
  },
  {
    effect: "XXE",
    charged: true,
    told: "unreadable",
    check: (reception) => {
      assert.match(text(reception), /^<!DOCTYPE RESPONSE \[<!ENTITY secret SYSTEM "file:/)
      assert.include(text(reception), '"AUTH_RESP_TEXT">&secret;<')
    }
  },
  {
    effect: "BILLION_LAUGHS",
    charged: true,
    told: "unreadable",
    check: (reception) => {
      assert.include(text(reception), '<!ENTITY a30 "&a29;&a29;">')
      assert.include(text(reception), '"AUTH_RESP_TEXT">&a30;<')
    }
  },
  {
    effect: "HUGE",
    charged: true,
    told: "nothing",
    check: ({ status, raw }) => {
      assert.strictEqual(status, 200)
      assert.isAbove(raw.length, 50_000_000)
    }
  }
]

const cases = expectations.flatMap((expectation) => channels.map((channel) => ({ ...expectation, ...channel })))

describe("a fault of the answer or the connection", () => {
  it.effect.each(cases)("$effect $channel", ({ effect, charged, told, check, ask }) =>
    withSimulator((simulator) =>
      Effect.gen(function* () {
        const form = yield* ask(simulator, effect)
        const reception = yield* post(simulator, form)
        assert.strictEqual(yield* net(simulator), charged ? 1200 : 0)
        const transactions = yield* simulator.transactions()
        assert.deepStrictEqual(
          transactions.map((transaction) => transaction.told),
          charged ? [told] : []
        )
        check(reception, yield* undisturbed(simulator))
      })
    )
  )

  const silent = [
    { effect: "TIMEOUT_BEFORE", charged: false, answered: /^$/ },
    { effect: "TIMEOUT_AFTER", charged: true, answered: /^$/ },
    { effect: "HEADERS_ONLY", charged: true, answered: /^HTTP\/1.1 200 OK\r\n.*\r\n\r\n$/s }
  ].flatMap((expectation) => channels.map((channel) => ({ ...expectation, ...channel })))

  it.effect.each(silent)("$effect $channel: silence, until the client goes", ({ effect, charged, answered, ask }) =>
    withSimulator((simulator) =>
      Effect.gen(function* () {
        const form = yield* ask(simulator, effect)
        const connection = yield* connect(simulator)
        yield* connection.send(form)
        yield* until(Effect.map(simulator.requests(), ({ length }) => length > 0))
        if (effect === "HEADERS_ONLY") yield* connection.arrived(1)
        yield* TestClock.adjust("10 minutes")
        yield* barrier(simulator)
        assert.match(connection.received().toString("latin1"), answered)
        assert.isFalse(connection.isClosed())
        assert.strictEqual(yield* net(simulator), charged ? 1200 : 0)
      }).pipe(Effect.scoped)
    )
  )

  it.effect.each(channels)(
    "LATE_COMMIT_30 $channel: charged half a minute later, and never answered",
    ({ ask: select }) =>
      withSimulator((simulator) =>
        Effect.gen(function* () {
          const connection = yield* connect(simulator)
          yield* connection.send(yield* select(simulator, "LATE_COMMIT_30"))
          yield* until(Effect.map(simulator.requests(), ({ length }) => length > 0))
          assert.strictEqual((yield* ask(simulator, timeoutReversal(sale))).AUTH_RESP, "25")
          yield* simulator.clock.advance("29 seconds")
          assert.strictEqual(yield* net(simulator), 0)
          assert.deepStrictEqual(
            (yield* simulator.indefinite("29 seconds")).map(({ reason }) => reason),
            ["in_flight"]
          )
          yield* simulator.clock.advance("1 second")
          assert.strictEqual(yield* net(simulator), 1200)
          assert.strictEqual((yield* ask(simulator, timeoutReversal(sale))).AUTH_RESP, "00")
          assert.strictEqual(yield* net(simulator), 0)
          assert.strictEqual(connection.received().length, 0)
        }).pipe(Effect.scoped)
      )
  )

  it.effect("LATE_COMMIT_30 is found by a reversal that comes when it is due", () =>
    withSimulator((simulator) =>
      Effect.gen(function* () {
        const connection = yield* connect(simulator)
        yield* connection.send({ ...sale, USER_DATA_10: "SIM_LATE_COMMIT_30" })
        yield* until(Effect.map(simulator.requests(), ({ length }) => length > 0))
        yield* simulator.clock.advance("30 seconds")
        assert.strictEqual((yield* ask(simulator, timeoutReversal(sale))).AUTH_RESP, "00")
      }).pipe(Effect.scoped)
    )
  )

  it.effect.each(channels)("SLOW_5000 $channel: charged at once, answered after five seconds", ({ ask: select }) =>
    withSimulator((simulator) =>
      Effect.gen(function* () {
        const connection = yield* connect(simulator)
        yield* connection.send(yield* select(simulator, "SLOW_5000"))
        yield* until(Effect.map(net(simulator), (cents) => cents === 1200))
        yield* TestClock.adjust("4999 millis")
        yield* barrier(simulator)
        assert.strictEqual(connection.received().length, 0)
        yield* TestClock.adjust("1 millis")
        assert.strictEqual(yield* connection.closed, "ended")
        assert.include(connection.received().toString("utf8"), '"AUTH_RESP">00<')
      }).pipe(Effect.scoped)
    )
  )

  it.effect("SLOW_5000 to a client that has gone: told nothing", () =>
    withSimulator((simulator) =>
      Effect.gen(function* () {
        yield* simulator.scenarios.add({ effect: "SLOW_5000" })
        yield* Effect.scoped(
          Effect.gen(function* () {
            const connection = yield* connect(simulator)
            yield* connection.send(sale)
            yield* until(Effect.map(net(simulator), (cents) => cents === 1200))
          })
        )
        yield* barrier(simulator)
        yield* TestClock.adjust("5 seconds")
        const [first] = yield* simulator.transactions({ reference: "pay_0001" })
        assert.strictEqual(first?.told, "nothing")
      })
    )
  )

  it.effect("DRIP: charged, then one byte a second", () =>
    withSimulator((simulator) =>
      Effect.gen(function* () {
        yield* simulator.scenarios.add({ effect: "DRIP" })
        const connection = yield* connect(simulator)
        yield* connection.send(sale)
        const body = () => connection.received().toString("latin1").split("\r\n\r\n")[1] ?? ""
        for (const bytes of ["<", "<R", "<RE", "<RES"]) {
          yield* until(Effect.sync(() => body() === bytes))
          yield* TestClock.adjust("1 second")
        }
        assert.isFalse(connection.isClosed())
        assert.strictEqual(yield* net(simulator), 1200)
      }).pipe(Effect.scoped)
    )
  )

  it.effect("KEEPALIVE_STALE: the next request on the connection meets its end, and nothing happens", () =>
    withSimulator((simulator) =>
      Effect.gen(function* () {
        yield* simulator.scenarios.add({ effect: "KEEPALIVE_STALE" })
        const connection = yield* connect(simulator)
        yield* connection.send(sale)
        yield* until(Effect.sync(() => connection.received().includes("</RESPONSE>")))
        assert.match(connection.received().toString("latin1"), /connection: keep-alive/i)
        const before = connection.received().length
        yield* connection.send({ ...sale, TRAN_NBR: "1002", AMOUNT: "99.00" })
        yield* connection.closed
        assert.strictEqual(connection.received().length, before)
        assert.strictEqual(yield* net(simulator), 1200)
        assert.strictEqual((yield* simulator.requests()).length, 1)
      }).pipe(Effect.scoped)
    )
  )
})

describe("a fault of the listener", () => {
  const refused = (simulator: Service) => Effect.map(post(simulator, sale), ({ end }) => end === "ECONNREFUSED")

  it.effect("CONN_REFUSED closes the port until the scenario is deleted", () =>
    withSimulator((simulator) =>
      Effect.gen(function* () {
        const { id } = yield* simulator.scenarios.add({ effect: "CONN_REFUSED" })
        assert.isTrue(yield* refused(simulator))
        assert.isTrue(yield* refused(simulator))
        assert.isTrue(yield* simulator.scenarios.remove(id))
        assert.strictEqual((yield* ask(simulator, sale)).AUTH_RESP, "00")
        assert.strictEqual(yield* net(simulator), 1200)
      })
    )
  )

  it.effect("CONN_REFUSED_800 closes it for 800 ms", () =>
    withSimulator((simulator) =>
      Effect.gen(function* () {
        yield* simulator.scenarios.add({ effect: "CONN_REFUSED_800" })
        assert.isTrue(yield* refused(simulator))
        yield* TestClock.adjust("799 millis")
        assert.isTrue(yield* refused(simulator))
        yield* TestClock.adjust("1 millis")
        assert.strictEqual((yield* ask(simulator, sale)).AUTH_RESP, "00")
      })
    )
  )

  it.effect.each(channels)(
    "CONN_REFUSED_800 $channel: that request is reset, then the port is closed",
    ({ ask: select }) =>
      withSimulator((simulator) =>
        Effect.gen(function* () {
          const reception = yield* post(simulator, yield* select(simulator, "CONN_REFUSED_800"))
          isReset(reception)
          assert.isTrue(yield* refused(simulator))
          assert.strictEqual(yield* net(simulator), 0)
          yield* TestClock.adjust("800 millis")
          assert.strictEqual((yield* ask(simulator, sale)).AUTH_RESP, "00")
        })
      )
  )

  const trusting = (simulator: Service) => {
    const tls = simulator.tls
    return tls === undefined ? assert.fail("no TLS listener") : tls
  }

  it.effect("answers over TLS with a certificate that its authority vouches for", () =>
    withSimulator(
      (simulator) =>
        Effect.gen(function* () {
          assert.strictEqual((yield* ask(trusting(simulator), sale)).AUTH_RESP, "00")
          const untrusting = yield* post({ url: trusting(simulator).url }, sale)
          assert.deepStrictEqual([untrusting.end, untrusting.raw.length], ["UNABLE_TO_VERIFY_LEAF_SIGNATURE", 0])
        }),
      { tlsPort: 0 }
    )
  )

  const certificates = [
    { effect: "TLS_BAD_CERT", code: "DEPTH_ZERO_SELF_SIGNED_CERT" },
    { effect: "TLS_EXPIRED", code: "CERT_HAS_EXPIRED" },
    { effect: "TLS_WRONG_HOST", code: "ERR_TLS_CERT_ALTNAME_INVALID" }
  ]

  it.effect.each(certificates)("$effect shows so many connections a bad certificate", ({ effect, code }) =>
    withSimulator(
      (simulator) =>
        Effect.gen(function* () {
          yield* simulator.scenarios.add({ effect, times: 2 })
          assert.strictEqual((yield* post(trusting(simulator), sale)).end, code)
          assert.strictEqual((yield* post(trusting(simulator), sale)).end, code)
          assert.strictEqual(yield* net(simulator), 0)
          assert.strictEqual((yield* ask(trusting(simulator), sale)).AUTH_RESP, "00")
          assert.deepStrictEqual(
            (yield* simulator.scenarios.list()).map(({ fired, remaining }) => [fired, remaining]),
            [[2, 0]]
          )
        }),
      { tlsPort: 0 }
    )
  )

  it.effect("RESET_AFTER resets a TLS connection too", () =>
    withSimulator(
      (simulator) =>
        Effect.gen(function* () {
          yield* simulator.scenarios.add({ effect: "RESET_AFTER" })
          isReset(yield* post(trusting(simulator), sale))
          assert.strictEqual(yield* net(simulator), 1200)
        }),
      { tlsPort: 0 }
    )
  )
})

describe("a fault of the reversal", () => {
  it.effect("CCE7_TIMEOUT loses the answer of the sale and of its first reversal", () =>
    withSimulator((simulator) =>
      Effect.gen(function* () {
        const lost = yield* connect(simulator)
        yield* lost.send({ ...sale, USER_DATA_10: "SIM_CCE7_TIMEOUT" })
        yield* until(Effect.map(net(simulator), (cents) => cents === 1200))
        const reversal = yield* connect(simulator)
        yield* reversal.send(timeoutReversal(sale))
        yield* until(Effect.map(net(simulator), (cents) => cents === 0))
        assert.strictEqual((yield* ask(simulator, timeoutReversal(sale))).AUTH_RESP, "25")
        assert.deepStrictEqual([lost.received().length, reversal.received().length], [0, 0])
      }).pipe(Effect.scoped)
    )
  )

  it.effect("CCE7_RESET_BEFORE leaves the charge for the second reversal", () =>
    withSimulator((simulator) =>
      Effect.gen(function* () {
        const lost = yield* connect(simulator)
        yield* lost.send({ ...sale, USER_DATA_10: "SIM_CCE7_RESET_BEFORE" })
        yield* until(Effect.map(net(simulator), (cents) => cents === 1200))
        isReset(yield* post(simulator, timeoutReversal(sale)))
        assert.strictEqual(yield* net(simulator), 1200)
        assert.strictEqual((yield* ask(simulator, timeoutReversal(sale))).AUTH_RESP, "00")
        assert.strictEqual(yield* net(simulator), 0)
      }).pipe(Effect.scoped)
    )
  )

  it.effect("a scenario on TRAN_TYPE CCE7 does it to any reversal", () =>
    withSimulator((simulator) =>
      Effect.gen(function* () {
        yield* ask(simulator, sale)
        yield* simulator.scenarios.add({ match: { TRAN_TYPE: "CCE7" }, effect: "RESET_AFTER", key: keyText })
        isReset(yield* post(simulator, timeoutReversal(sale)))
        assert.strictEqual(yield* net(simulator), 0)
      })
    )
  )

  const arrivals = [
    { effect: "DUPLICATED", answered: "00" },
    { effect: "DUPLICATED_LAST", answered: "RR" }
  ]

  it.effect.each(arrivals)("$effect brings a request twice, and $answered is the answer", ({ effect, answered }) =>
    withSimulator((simulator) =>
      Effect.gen(function* () {
        const { AUTH_RESP } = yield* ask(simulator, { ...sale, USER_DATA_10: `SIM_${effect}` })
        assert.strictEqual(AUTH_RESP, answered)
        const log = yield* simulator.requests()
        assert.deepStrictEqual(
          log.map(({ fault }) => fault),
          [effect, "COPY"]
        )
        assert.strictEqual(yield* net(simulator), 1200)
      })
    )
  )

  it.effect("REVERSAL_DECLINED leaves the hold", () =>
    withSimulator((simulator) =>
      Effect.gen(function* () {
        yield* ask(simulator, { ...sale, USER_DATA_10: "SIM_REVERSAL_DECLINED" })
        assert.strictEqual((yield* ask(simulator, timeoutReversal(sale))).AUTH_RESP, "05")
        assert.strictEqual(yield* net(simulator), 1200)
        assert.strictEqual((yield* ask(simulator, timeoutReversal(sale))).AUTH_RESP, "00")
      })
    )
  )
})
