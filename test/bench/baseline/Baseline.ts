import { createCipheriv, createHash, randomBytes } from "node:crypto"
import Fastify from "fastify"
import { Pool as Postgres } from "pg"
import { Pool as Http } from "undici"
import { announce, asProcess } from "../ChildSide.ts"
import { type FourPartKey, type GatewayAnswer, sendSale } from "./BaselineGateway.ts"
import { paymentSchema, type SaleBody, saleSchema, toPayment } from "./BaselinePayment.ts"
import { claim, createSchema, findById, findByKey, settle } from "./BaselineStore.ts"
import { uuid7 } from "./Uuid7.ts"

/** Given in the environment variable BASELINE, as JSON. */
export interface BaselineSettings {
  readonly database: { readonly host: string; readonly port: number; readonly user: string; readonly database: string }
  readonly connections: number
  readonly gatewayUrl: string
  readonly gatewayConnections: number
  readonly key: FourPartKey
  readonly apiKey: string
}

/**
 * The plain baseline: the sale as one would write it by hand for speed, without a framework of our own. It does the
 * durable work of the service and nothing of what keeps a payment safe when something fails.
 */
const serve = async (settings: BaselineSettings) => {
  const postgres = new Postgres({
    ...settings.database,
    max: settings.connections,
    idleTimeoutMillis: 0,
    // Otherwise Postgres, once it has analyzed the tables, makes a plan for each run of a named statement.
    options: "-c plan_cache_mode=force_generic_plan"
  })
  postgres.on("error", (error) => process.stderr.write(`${error.message}\n`))
  await createSchema(postgres)
  const gateway = new Http(settings.gatewayUrl, { connections: settings.gatewayConnections })
  const merchants = new Map([[sha256(settings.apiKey).toString("base64"), uuid7()]])
  const secret = randomBytes(32)

  const app = Fastify({ bodyLimit: 65_536, ajv: { customOptions: { removeAdditional: false, coerceTypes: false } } })

  app.decorateRequest("merchantId", "")
  app.addHook("onRequest", async (request, reply) => {
    const key = request.headers.authorization?.replace(/^Bearer /, "") ?? ""
    const merchantId = merchants.get(sha256(key).toString("base64"))
    if (merchantId === undefined) return reply.code(401).send({ code: "unauthenticated" })
    request.merchantId = merchantId
  })

  app.post<{ Body: SaleBody; Headers: { "idempotency-key": string } }>(
    "/v1/payments",
    { schema: saleSchema },
    async (request, reply) => {
      const { body, merchantId } = request
      const idempotencyKey = request.headers["idempotency-key"]
      const fingerprint = sha256(`POST /v1/payments ${JSON.stringify(body)}`)
      const paymentId = uuid7()
      const transactionId = uuid7()
      const batchId = new Date().toISOString().slice(0, 10).replaceAll("-", "")
      const tranNbr = await claim(postgres, {
        paymentId,
        transactionId,
        merchantId,
        merchNbr: settings.key.merch,
        batchId,
        amount: body.amount,
        idempotencyKey,
        fingerprint,
        customerId: body.customer_id ?? null,
        orderRef: body.order_ref ?? null,
        metadata: JSON.stringify(body.metadata ?? {})
      })
      if (tranNbr === undefined) {
        const earlier = await findByKey(postgres, merchantId, idempotencyKey)
        if (earlier === undefined || !earlier.fingerprint.equals(fingerprint)) {
          return reply.code(422).send({ code: "idempotency_key_reused" })
        }
        return reply.code(earlier.transaction_status === "submitting" ? 202 : 201).send(toPayment(earlier))
      }

      const sale = { amount: body.amount, batchId, tranNbr, bric: body.source.bric, paymentId, transactionId }
      const answer = await sendSale(gateway, settings.key, sale).catch(() => null)
      const settled = await settle(postgres, {
        transactionId,
        eventId: uuid7(),
        statuses: statusesAfter(answer),
        captured: answer?.code === "00" ? body.amount : 0,
        answer,
        sealedBric: typeof answer?.bric === "string" ? seal(secret, answer.bric) : null
      })
      if (settled === undefined) throw new Error("decided twice")
      return reply.code(answer === null ? 202 : 201).send(toPayment(settled))
    }
  )

  app.get<{ Params: { id: string } }>("/v1/payments/:id", { schema: paymentSchema }, async (request, reply) => {
    const found = await findById(postgres, request.merchantId, request.params.id)
    return found === undefined ? reply.code(404).send({ code: "not_found" }) : toPayment(found)
  })

  announce(await app.listen({ host: "127.0.0.1", port: 0, backlog: 1_024 }))
}

/** Of the transaction and of the payment. */
const statusesAfter = (answer: GatewayAnswer | null): readonly [string, string] => {
  if (answer === null) return ["unknown", "unknown"]
  return answer.code === "00" ? ["approved", "captured"] : ["declined", "declined"]
}

const sha256 = (text: string): Buffer => createHash("sha256").update(text).digest()

const seal = (secret: Buffer, plain: string): Buffer => {
  const iv = randomBytes(12)
  const cipher = createCipheriv("aes-256-gcm", secret, iv)
  return Buffer.concat([iv, cipher.update(plain, "utf8"), cipher.final(), cipher.getAuthTag()])
}

declare module "fastify" {
  interface FastifyRequest {
    merchantId: string
  }
}

asProcess(import.meta.url, () => serve(JSON.parse(process.env.BASELINE ?? "{}")))
