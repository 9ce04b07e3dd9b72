/** The same text for the same request, however its JSON was written. */
export const canonical = (request: object): string => JSON.stringify(sorted(request))

const sorted = (value: unknown): unknown =>
  typeof value === "object" && value !== null && !Array.isArray(value)
    ? Object.fromEntries(
        Object.entries(value)
          .toSorted(([a], [b]) => (a < b ? -1 : 1))
          .map(([key, member]) => [key, sorted(member)])
      )
    : value
