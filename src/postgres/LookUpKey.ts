import type { TerminalId } from "../domain/Ids.ts"

/** Where the credential for look-ups of a terminal is sealed for. */
export const lookUpKeyPlace = (id: TerminalId) => `terminals.lookup_key ${id}`
