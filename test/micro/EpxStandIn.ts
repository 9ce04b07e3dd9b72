import { Layer } from "effect"
import { Dialer } from "../../src/epx/Connections.ts"
import { Transfer } from "../simulation/Transfer.ts"
import { approval } from "./Approval.ts"

/** EPX without a socket: it approves whatever it is asked, at once. */
export const epxStandIn = Layer.succeed(Dialer, () => ({
  dispatch: ({ body }, handler) => {
    const transfer = new Transfer(handler)
    const xml = Buffer.from(approval(new URLSearchParams(String(body))))
    queueMicrotask(() => {
      if (!transfer.start()) return
      transfer.begin(200, { "content-type": "text/xml" })
      transfer.data(xml)
      transfer.end()
    })
    return true
  },
  destroy: () => []
}))
