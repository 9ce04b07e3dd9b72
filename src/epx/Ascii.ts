/** Letters that do not decompose into an ASCII letter and a mark. */
const plain: Readonly<Record<string, string>> = {
  ß: "ss",
  Æ: "AE",
  æ: "ae",
  Œ: "OE",
  œ: "oe",
  Ø: "O",
  ø: "o",
  Đ: "D",
  đ: "d",
  Ð: "D",
  ð: "d",
  Þ: "Th",
  þ: "th",
  Ł: "L",
  ł: "l",
  ı: "i",
  "’": "'",
  "‘": "'",
  "–": "-",
  "—": "-"
}

/** Text in ASCII, accents dropped; a character without an ASCII likeness becomes a space. */
const transliterate = (text: string): string =>
  /^[ -~]*$/.test(text)
    ? text
    : text
        // Keeps the half of 12½ from becoming a digit of the house number.
        .replace(/\p{No}/gu, " $&")
        .normalize("NFKD")
        .replace(/\p{Mark}/gu, "")
        .replace(/[^ -~]/gu, (char) => plain[char] ?? " ")

/** `text` as a field of at most `length` ASCII characters; whatever matches `foreign` becomes a space. */
export const fieldText = (text: string, foreign: RegExp, length: number): string =>
  transliterate(text).replace(foreign, " ").replace(/ +/g, " ").trim().slice(0, length).trim()
