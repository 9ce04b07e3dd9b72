import { DateTime, Option, Schema } from "effect"

/** A time of day such as 23:00. */
export const CutOffTime = Schema.String.check(Schema.isPattern(/^(?:[01]\d|2[0-3]):[0-5]\d$/))

/** The name of a time zone such as America/New_York. */
export const SettlementZone = Schema.String.check(
  Schema.makeFilter((name) => Option.isSome(DateTime.zoneMakeNamed(name)) || "a time zone such as America/New_York")
)

/** When batches close, and where that time of day holds. */
export interface CutOff {
  readonly settlement_cut_off: string
  readonly settlement_time_zone: string
}

/** The first cut-off after an instant. Both are epoch milliseconds. */
export const cutOffAfter = (instant: number, { settlement_cut_off, settlement_time_zone }: CutOff): number => {
  const timeZone = DateTime.zoneMakeNamedUnsafe(settlement_time_zone)
  const [hour = 0, minute = 0] = settlement_cut_off.split(":").map(Number)
  const { year, month, day } = DateTime.toParts(DateTime.setZone(DateTime.makeUnsafe(instant), timeZone))
  // The day is moved before the zone is applied: a day on which the clocks change has no 24 hours.
  const on = (later: number): number => {
    const local = DateTime.add(DateTime.makeUnsafe({ year, month, day, hour, minute }), { days: later })
    return DateTime.toEpochMillis(
      DateTime.makeZonedUnsafe(DateTime.toEpochMillis(local), { timeZone, adjustForTimeZone: true })
    )
  }
  return [0, 1].map(on).find((cutOff) => cutOff > instant) ?? on(2)
}
