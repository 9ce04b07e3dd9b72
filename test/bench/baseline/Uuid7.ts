import { randomBytes } from "node:crypto"

const blockSize = 16 * 512
let block = Buffer.alloc(0)
let used = 0

/** A time-ordered UUID (RFC 9562, version 7). Random bytes are drawn in blocks: single draws cost more than the rest. */
export const uuid7 = (): string => {
  if (used + 16 > block.length) {
    block = randomBytes(blockSize)
    used = 0
  }
  const bytes = block.subarray(used, used + 16)
  used += 16
  bytes.writeUIntBE(Date.now(), 0, 6)
  bytes.writeUInt8((bytes.readUInt8(6) & 0x0f) | 0x70, 6)
  bytes.writeUInt8((bytes.readUInt8(8) & 0x3f) | 0x80, 8)
  const hex = bytes.toString("hex")
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`
}
