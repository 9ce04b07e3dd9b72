import { assert, it } from "@effect/vitest"
import { gaugesOf } from "./Reading.ts"

const scrape = `# HELP calls_in_flight Calls
# TYPE calls_in_flight gauge
calls_in_flight 1
epx_calls_in_flight{environment="test",lane="charges"} 2
epx_calls_in_flight{environment="test",lane="resolver"} 3
epx_calls_queued{environment="test",lane="charges"} 0
db_pool_in_use{pool="plain"} 4
db_pool_waiting{pool="plain"} 0
db_pool_size{pool="plain"} 8
cache_size{cache="api_keys"} 7
`

it("adds up what is in flight, over all labels", () => {
  assert.deepStrictEqual(gaugesOf(scrape), { cached: 7, inFlight: 10 })
})

it("takes no missing gauge for one at rest", () => {
  assert.throws(() => gaugesOf(scrape.replaceAll("epx_calls_queued", "epx_calls_waiting")), /epx_calls_queued/)
})
