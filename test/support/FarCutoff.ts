import type { Simulator } from "../../src/simulator/Simulator.ts"

/** A cut-off in twelve hours, whenever this is: near one, nothing can be voided and batches close. */
export const farCutoff = () => ({
  zone: "Etc/UTC",
  time: `${String((new Date().getUTCHours() + 12) % 24).padStart(2, "0")}:00`
})

/** To be called again after a reset. */
export const keepBatchesOpen = (simulator: Simulator["Service"]) => {
  const { time, zone } = farCutoff()
  return simulator.patchProfile({ settlement_time_zone: zone, settlement_cut_off: time })
}
