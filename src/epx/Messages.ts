/** What a payer may read. No message reveals a suspicion of fraud. */
export const messages = {
  ok: "The payment was approved.",
  part: "Only part of the amount was approved.",
  generic: "The payment was declined. Please use another payment method or contact your bank.",
  funds: "The bank declined the payment because of insufficient funds or a spending limit.",
  expired: "The card is expired or was replaced. Please update it and try again.",
  number: "The card or account number is not valid.",
  cvv: "The security code is missing or does not match.",
  address: "The billing address could not be verified.",
  authenticate: "The bank asks for additional authentication.",
  later: "The bank cannot be reached right now. Please try again later.",
  stop: "The bank was told to stop these payments.",
  ours: "The payment could not be processed. You were not charged.",
  unknown: "The result of this payment is being confirmed. Please do not pay again."
} as const

export type MessageKey = keyof typeof messages
