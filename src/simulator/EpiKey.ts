/** The published EPI-Key of every terminal: it signs look-ups, and it is worthless as a secret. */
export const testEpiKey = "SIMULATORTESTEPIKEY0000000001"
