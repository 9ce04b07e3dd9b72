import { Option } from "effect"

/** What a URL says once its encoding is undone, of one that is not well formed too. */
export const urlText = (url: string): string => {
  if (!/[%+]/.test(url)) return url
  const text = Option.getOrElse(Option.liftThrowable(decodeURIComponent)(url), () => asciiText(url))
  // In a query a plus sign is a space.
  return text.includes("+") ? `${text} | ${text.replaceAll("+", " ")}` : text
}

const asciiText = (url: string): string =>
  url.replace(/%([0-7][0-9a-f])/gi, (_, code: string) => String.fromCharCode(Number.parseInt(code, 16)))
