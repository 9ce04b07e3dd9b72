import { Schema } from "effect"

const byte = "(?:25[0-5]|2[0-4][0-9]|1[0-9]{2}|[1-9]?[0-9])"
const v4 = new RegExp(`^${byte}(?:\\.${byte}){3}$`)

// Clients load this too, and have no `isIP`.
const isV6 = (text: string) =>
  /^[0-9A-Fa-f:.]{2,45}$/.test(text) && text.includes(":") && URL.canParse(`http://[${text}]/`)

/** An IPv4 or IPv6 address as text, without a zone. */
export const NetworkAddress = Schema.String.check(
  Schema.isMaxLength(45),
  Schema.makeFilter((text) => v4.test(text) || isV6(text) || "Expected an IPv4 or IPv6 address")
)

/**
 * What one buyer has of the network: an IPv4 address, or the first half of an IPv6 address, whose second half everybody
 * chooses as they like.
 */
export const networkOf = (address: string): string => {
  if (!address.includes(":")) return address
  const groups = groupsOf(address)
  const [high = 0, low = 0] = groups.slice(6)
  return groups.slice(0, 6).join(":") === "0:0:0:0:0:65535"
    ? [high >> 8, high & 255, low >> 8, low & 255].join(".")
    : groups
        .slice(0, 4)
        .map((group) => group.toString(16))
        .join(":")
}

/** Its eight numbers, however it is written. */
const groupsOf = (address: string): ReadonlyArray<number> => {
  const numbers = (text: string) =>
    text.split(":").flatMap((group) => (group === "" ? [] : [Number.parseInt(group, 16)]))
  const [before = "", after] = (URL.parse(`http://[${address}]/`)?.hostname ?? "").slice(1, -1).split("::")
  const [head, tail] = [numbers(before), numbers(after ?? "")]
  return [...head, ...Array.from({ length: 8 - head.length - tail.length }, () => 0), ...tail]
}
