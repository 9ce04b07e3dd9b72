/** Something to be measured; what it returns is used, so that no compiler leaves it out. */
export interface Subject {
  readonly name: string
  readonly run: () => unknown
}
