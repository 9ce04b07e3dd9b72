import { Option } from "effect"
import type { Settings } from "../../Settings.ts"
import { type Finding, failed, ok, warning } from "./Finding.ts"

const check = "configuration"

/** What is wrong with the environment, all of it, and what is allowed and yet a likely mistake. */
export const judgeConfiguration = (settings: Settings, problems: ReadonlyArray<string>): ReadonlyArray<Finding> => {
  const wrong = problems.map((problem) =>
    failed(check, `${problem}.`, 'See "Configuration" in README.md for what it takes.')
  )
  const sure =
    wrong.length === 0 ? [ok(check, `APP_ENV is ${settings.APP_ENV}, and every variable can be used.`)] : wrong
  return [...sure, ...listeners(settings), ...sides(settings), ...lookUps(settings)]
}

const listeners = ({ HOST, OPS_HOST, OPS_PORT, PORT }: Settings) =>
  PORT === OPS_PORT && HOST === OPS_HOST
    ? [failed(check, `PORT and OPS_PORT are both ${PORT}.`, "Give each listener a port of its own.")]
    : []

const sides = ({ EPX_LIVE_URL, EPX_TEST_URL }: Settings) =>
  Option.isSome(EPX_LIVE_URL) && Option.exists(EPX_TEST_URL, ({ host }) => host === EPX_LIVE_URL.value.host)
    ? [
        warning(
          check,
          `EPX_TEST_URL and EPX_LIVE_URL both lead to ${EPX_LIVE_URL.value.host}.`,
          "Either test keys move real money there, or live keys none: correct one of them."
        )
      ]
    : []

const lookUps = (settings: Settings) =>
  (["TEST", "LIVE"] as const).flatMap((side) =>
    Option.isSome(settings[`EPX_${side}_URL`]) && Option.isNone(settings[`EPX_${side}_LOOKUP_URL`])
      ? [
          warning(
            check,
            `EPX_${side}_LOOKUP_URL is not set, so nothing is looked up there.`,
            "Set it, or refunds whose answer is lost wait for a person."
          )
        ]
      : []
  )
