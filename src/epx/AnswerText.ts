import { Result } from "effect"

const utf8 = new TextDecoder("utf-8", { fatal: true })
const windows1252 = new TextDecoder("windows-1252")

/**
 * The text of an answer. EPX names no character set: its own sample reads windows-1252, so what is not valid UTF-8 is
 * read as that. A byte order mark is dropped.
 */
export const answerText = (body: Uint8Array): string =>
  Result.getOrElse(
    Result.try(() => utf8.decode(body)),
    () => windows1252.decode(body)
  )
