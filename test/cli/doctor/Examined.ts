import { ConfigProvider, Effect } from "effect"
import { examineSettings } from "../../../src/Settings.ts"

/** What this environment comes to. */
export const examined = (env: Readonly<Record<string, string>>) =>
  Effect.provideService(examineSettings, ConfigProvider.ConfigProvider, ConfigProvider.fromUnknown(env))
