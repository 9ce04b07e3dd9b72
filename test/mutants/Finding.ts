/** What the tests said of the project as it was. */
export type Finding =
  | { readonly _tag: "Passed"; readonly tests: ReadonlyArray<string> }
  | { readonly _tag: "Killed"; readonly by: string }
  /** It proves nothing: no test ran, or the project could not even be loaded. */
  | { readonly _tag: "Broken"; readonly why: string }

/** The last lines that say something. */
export const endOf = (output: string): string =>
  output
    .split("\n")
    .filter((line) => line.trim() !== "")
    .slice(-5)
    .join("\n")
