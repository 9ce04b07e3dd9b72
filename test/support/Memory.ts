import { statfsSync } from "node:fs"
import { tmpdir } from "node:os"
import { Option } from "effect"

/** A directory that lies in memory, where the machine has one with room for a few databases; else the temporary one. */
export const memoryDirectory = (): string =>
  Option.match(Option.liftThrowable(statfsSync)("/dev/shm"), {
    onNone: tmpdir,
    onSome: ({ bavail, bsize }) => (Number(bavail) * Number(bsize) >= 2 ** 30 ? "/dev/shm" : tmpdir())
  })
