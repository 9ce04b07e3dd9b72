import { Effect, FileSystem, Option } from "effect"
import { keysOf } from "../../Backing.ts"
import type { Settings } from "../../Settings.ts"
import { type Finding, failed, ok } from "./Finding.ts"

const check = "keys"

export type Keys = Effect.Success<ReturnType<typeof keysOf>>

interface Found {
  /** None where there are none yet, or where the configuration says already that they are wrong. */
  readonly keys: Option.Option<Keys>
  readonly findings: ReadonlyArray<Finding>
}

const found = (keys: Option.Option<Keys>, ...findings: ReadonlyArray<Finding>): Found => ({ keys, findings })

/** The keys that the service would run with. Those of development are not made here. */
export const findKeys = Effect.fnUntraced(function* (settings: Settings, problems: ReadonlyArray<string>) {
  const fs = yield* FileSystem.FileSystem
  if (problems.some((problem) => /^(ENCRYPTION_KEYS|FINGERPRINT_KEY)\b/.test(problem))) return found(Option.none())
  const path = `${settings.LOCAL_DIRECTORY}/keys.json`
  const areSet = settings.encryptionKeys.length > 0 && Option.isSome(settings.fingerprintKey)
  if (!areSet && !(yield* Effect.orElseSucceed(fs.exists(path), () => false))) {
    return found(Option.none(), ok(check, `What is not set is made by the first start, in ${path}.`))
  }
  // What is wrong with the file is not told: that could show the keys.
  const keys = yield* Effect.option(keysOf(settings))
  return Option.match(keys, {
    onNone: () =>
      found(keys, failed(check, `${path} holds no keys.`, "Restore it: what it has sealed opens with nothing else.")),
    onSome: ({ encryptionKeys: [first, ...rest] }) => {
      const others = rest.length === 0 ? "" : `; ${rest.map(({ id }) => `"${id}"`).join(", ")} still opens old ones`
      return found(keys, ok(check, `"${first.id}" seals new rows${others}${areSet ? "" : ` (${path})`}.`))
    }
  })
})
