const form = /^(\d{1,10})\.(\d{2})$/

/** Whole cents of an EPX amount such as `12.00`; `undefined` when it is not one. */
export const parseCents = (text: string): number | undefined => {
  const parts = form.exec(text)
  return parts === null ? undefined : Number(parts[1]) * 100 + Number(parts[2])
}

/** `1999` is `19.99`. */
export const printCents = (cents: number): string => {
  const digits = cents < 100 ? `00${cents}`.slice(-3) : `${cents}`
  return `${digits.slice(0, -2)}.${digits.slice(-2)}`
}
