import type { Brand } from "./Card.ts"

/**
 * Days in which an authorization can be captured. Card networks' rules for payments without the card present; EPX
 * itself refuses a capture after 30 days (`ED`), and issuers drop holds after 3 to 10.
 */
const days: Partial<Record<Brand, number>> = { discover: 10, diners: 10, unionpay: 10 }

/** In seconds. */
export const authorizationLife = (brand: Brand | null): number => ((brand && days[brand]) ?? 7) * 86_400
